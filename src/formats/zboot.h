/* SPDX-License-Identifier: MIT */
/* EFI zboot: a small EFI program, followed by a compressed kernel (the kernel's
 * drivers/firmware/efi/libstub/zboot-header.S).
 */
#ifndef ZBOOT_H
#define ZBOOT_H

#include "src/base/error.h"
#include "src/base/span.h"

bool zboot_is(struct span file);

/* The compressed kernel in it. NAME, fit to print, names the file in errors: FAIL_FORMAT when it is
 * truncated, FAIL_UNSUPPORTED when unpack_format() does not know the payload.
 */
bool zboot_payload(struct span file, const char *name, struct span *payload, struct error *e);

#endif
