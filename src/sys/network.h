/* SPDX-License-Identifier: MIT */
/* EDGE: network interfaces, by NETLINK_ROUTE, which is there in every kernel that has a network. */
#ifndef NETWORK_H
#define NETWORK_H

#include "src/base/strbuf.h"

/* What was up before, to have it again. */
struct network {
	int fd;		      /* -1: no network */
	struct strbuf links;  /* index of each interface that was up, 32 bits each */
	struct strbuf routes; /* addresses and routes, as the kernel's own messages */
};

/* Takes down all interfaces but loopback. Never fails: what cannot be taken down here is stopped by
 * the kernel's own shutdown. End n with network_end().
 */
void network_down(struct network *n);

/* Has those up again that were, with the addresses and routes that went with them. */
void network_up(const struct network *n);
void network_end(struct network *n);

#endif
