/* SPDX-License-Identifier: MIT */
/* What the parts of plan_check() share: check.c, check_tree.c, and each target's check.c.
 *
 * Each rule of doc/contracts.md that a plan can break has a check, whose sentence ends with the
 * rule's name: "trust the plan: the kernel is not page aligned (page-aligned)".
 */
#ifndef CHECK_H
#define CHECK_H

#include "src/plan/plan.h"

/* Always false: the failure FAIL_BUG. */
bool broken(struct error *e, const char *rule, const char *what);
bool broken_by(struct error *e, const char *rule, const struct segment *s, const char *what);

/* Is all of the segment, with the room behind it, in the set, which is in order? */
bool is_covered(const struct segment *s, const struct ranges *set);

/* ---- check_tree.c */

/* Does the next tree tell what was asked for, and reserve nothing that a piece lies on? */
bool check_next_tree(const struct plan *p, const struct request *r, struct error *e);

/* Do all pieces lie in memory that the next kernel hears of? Errors: FAIL_MEMORY too. */
bool check_told(const struct plan *p, const struct request *r, struct error *e);

/* ---- check_areas.c */

/* Of a tree that was made of two: is what the machine has reserved, and as kernels want it? Errors:
 * FAIL_MEMORY too.
 */
bool check_areas(const struct plan *p, const struct request *r, struct error *e);

#endif
