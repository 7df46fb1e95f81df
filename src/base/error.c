/* SPDX-License-Identifier: MIT */
#include "src/base/error.h"

#include "src/base/strbuf.h"

bool fail(struct error *e, enum code code, const char *format, ...)
{
	struct strbuf t;
	va_list ap;

	if (e->code != FAIL_NONE) {
		e->superseded = true;
		return false;
	}
	e->code = code;
	t = strbuf_fixed(e->text, sizeof(e->text));
	va_start(ap, format);
	strbuf_vprintf(&t, format, ap);
	va_end(ap);
	return false;
}

bool hint(struct error *e, const char *format, ...)
{
	struct strbuf t;
	va_list ap;

	if (e->superseded)
		return false;
	t = strbuf_fixed(e->hint, sizeof(e->hint));
	va_start(ap, format);
	strbuf_vprintf(&t, format, ap);
	va_end(ap);
	return false;
}

bool fail_memory(struct error *e)
{
	return fail(e, FAIL_MEMORY, "go on: out of memory");
}

bool fail_privilege(struct error *e, const char *what)
{
	fail(e, FAIL_PRIVILEGE, "%s: this takes root (CAP_SYS_BOOT)", what);
	return hint(e, "nothing was done: run kexec-lite as root");
}
