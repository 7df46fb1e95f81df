/* SPDX-License-Identifier: MIT */
/* Removes secrets from a captured machine. Sizes stay, so plans stay the same. */
#ifndef REDACT_H
#define REDACT_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites in a checked tree: serial numbers, MAC addresses, Wi-Fi and disk keys, UUIDs, seeds,
 * names and boot paths on a network (with zeros), and what redact_cmdline() takes out of bootargs.
 */
void redact_tree(uint8_t *fdt);

/* Overwrites with x, quotes and all, each word of a command line but those that are known to say
 * how a kernel boots, such as mem=, crashkernel= or console=. What a word is for cannot be seen in
 * it: BOOTIF=, rootpw= and a URL with a password in it look like any other.
 */
void redact_cmdline(char *cmdline, size_t len);

/* Overwrites with x the text of those records of a kernel's log (/dev/kmsg) that have not the word.
 */
void redact_log(char *log, size_t len, const char *word);

#endif
