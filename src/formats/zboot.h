/* EFI zboot: a compressed kernel behind a small EFI program (the kernel's
 * drivers/firmware/efi/libstub/zboot-header.S).
 */
#ifndef ZBOOT_H
#define ZBOOT_H

#include "src/base/error.h"
#include "src/base/span.h"

bool zboot_is(struct span file);

/* The compressed kernel in it. NAME, fit to print, names the file in errors: FAIL_FORMAT when it is
 * truncated, FAIL_UNSUPPORTED when the payload is no stream that unpack_format() knows.
 */
bool zboot_payload(struct span file, const char *name, struct span *payload, struct error *e);

#endif
