/* EDGE: a record of the crash kernel that was loaded: where its pieces lie, and a digest of each.
 * It is kept in /run/kexec-lite.crash until the next reboot, and finds accidents only: who can
 * change the crash kernel can change the record.
 */
#ifndef RECORD_H
#define RECORD_H

#include "src/plan/plan.h"

/* Of the plan that was just loaded; NULL: of nothing, or of what another loader placed. `changing`:
 * the running kernel keeps tree and core header true by itself, so they are left out. A record that
 * cannot be kept is no error: record_compare() says that there is none.
 */
void record_keep(const struct plan *p, bool changing);

/* Reads the crash kernel again, through /proc/kcore, and adds a line about it. What cannot be read
 * is said to be so: arm64's running kernel takes the region out of its own mapping. Errors:
 * FAIL_KERNEL when a piece is not what was loaded.
 */
bool record_compare(struct strbuf *out, struct error *e);

#endif
