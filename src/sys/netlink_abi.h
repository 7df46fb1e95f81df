/* SPDX-License-Identifier: MIT */
/* The kernel's numbers for NETLINK_ROUTE, which musl has not: include/uapi/linux/netlink.h,
 * rtnetlink.h, if.h.
 */
#ifndef NETLINK_ABI_H
#define NETLINK_ABI_H

#include <stdint.h>

#define NETLINK_ROUTE 0

#define NLM_F_REQUEST 0x001
#define NLM_F_DUMP    0x300
#define NLM_F_CREATE  0x400

#define NLMSG_ERROR  2
#define NLMSG_DONE   3
#define RTM_NEWLINK  16
#define RTM_GETLINK  18
#define RTM_NEWADDR  20
#define RTM_GETADDR  22
#define RTM_NEWROUTE 24
#define RTM_GETROUTE 26

#define IFF_UP	     1u
#define IFF_LOOPBACK 8u

/* struct nlmsghdr; a message's length is rounded up to 4 */
struct netlink_header {
	uint32_t len; /* with this header */
	uint16_t type, flags;
	uint32_t seq, port;
};

/* struct ifinfomsg */
struct netlink_link {
	uint8_t family, pad;
	uint16_t type;
	int32_t index;
	uint32_t flags, change; /* change: which of flags are to be set */
};

/* struct rtmsg */
struct netlink_route {
	uint8_t family, dst_len, src_len, tos;
	uint8_t table, protocol, scope, type;
	uint32_t flags;
};

#define RTPROT_KERNEL 2

#endif
