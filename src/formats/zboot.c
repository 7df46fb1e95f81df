/* SPDX-License-Identifier: MIT */
#include "src/formats/zboot.h"

#include "src/base/strbuf.h"
#include "src/formats/unpack.h"

#include <string.h>

#define PAYLOAD_AT  8 /* offset, then size */
#define KIND_AT	    0x18
#define KIND_LENGTH 8

bool zboot_is(struct span file)
{
	return span_equal_at(file, 0, "MZ", 2) && span_equal_at(file, 4, "zimg", 4);
}

bool zboot_payload(struct span file, const char *name, struct span *payload, struct error *e)
{
	char kind[KIND_LENGTH + 1] = "";
	uint32_t at, size;

	if (!span_le32(file, PAYLOAD_AT, &at) || !span_le32(file, PAYLOAD_AT + 4, &size) ||
	    file.len < KIND_AT + KIND_LENGTH || !span_sub(file, at, size, payload))
		return fail(e, FAIL_FORMAT, "load the kernel: truncated EFI zboot payload: %s",
			    name);
	if (unpack_format(*payload))
		return true;
	memcpy(kind, file.p + KIND_AT, KIND_LENGTH);
	return fail(e, FAIL_UNSUPPORTED,
		    "load the kernel: unknown compression in EFI zboot (%.*s): %s", AS_NAME, kind,
		    name);
}
