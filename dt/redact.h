/* SPDX-License-Identifier: MIT */
/* Removes secrets from a captured machine. Sizes stay, so plans stay the same. */
#ifndef REDACT_H
#define REDACT_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites in a checked tree: serial numbers, MAC addresses, Wi-Fi and disk keys, UUIDs, seeds
 * (with zeros), and the secret words of bootargs.
 */
void redact_tree(uint8_t *fdt);

/* Overwrites with x the values of those words of a command line whose name has pass, key, secret,
 * token, serial or mac in it.
 */
void redact_cmdline(char *cmdline, size_t len);

#endif
