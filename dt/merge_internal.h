/* SPDX-License-Identifier: MIT */
/* What merge.c and merge_memory.c share. Functions that return int answer 0, or libfdt's error. */
#ifndef MERGE_INTERNAL_H
#define MERGE_INTERNAL_H

#include "dt/merge.h"

/* The child of that name, made when absent. */
int need_node(struct tree *t, int parent, const char *name);

/* Makes a node of t say what another one says, and no more. But it keeps a phandle that it has, and
 * one that t has given away already is left out. -FDT_ERR_BADPHANDLE when own has two for one node.
 */
int merge_node(struct tree *t, int to, const void *own, int node, unsigned depth);

/* A node that t does not have; -FDT_ERR_EXISTS when it does. */
int copy_node(struct tree *t, int to, const void *own, int node);

bool merge_wrote(struct tree *t, int err, struct error *e);

/* ---- merge_memory.c. Errors: FAIL_TREE, FAIL_MEMORY. */

/* same: t is a tree of this machine. */
bool merge_memory(struct tree *t, const void *own, bool same, struct error *e);
bool merge_reservations(struct tree *t, const void *own, struct error *e);

#endif
