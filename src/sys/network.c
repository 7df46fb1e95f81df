/* SPDX-License-Identifier: MIT */
#include "src/sys/network.h"

#include "src/base/span.h"
#include "src/sys/netlink_abi.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 32768      /* the kernel gives no more at once (netlink_recvmsg) */
#define ROUTES_MAX (4u << 20) /* a router that has more is not helped by the rest either */

struct message {
	struct netlink_header head;
	struct netlink_link link; /* of other requests, zeros that mean "all" */
};

_Static_assert(sizeof(struct netlink_route) <= sizeof(struct netlink_link),
	       "a message has room for either");

static void take_link(struct network *n, const struct netlink_link *l)
{
	if (l->flags & IFF_UP && !(l->flags & IFF_LOOPBACK))
		strbuf_append(&n->links, &l->index, sizeof(l->index));
}

static void take_route(struct network *n, const struct message *m, const uint8_t *p, size_t len)
{
	struct netlink_route r;

	memcpy(&r, &m->link, sizeof(r));
	/* those that come with an address come again with it */
	if (m->head.type == RTM_NEWROUTE && r.protocol == RTPROT_KERNEL)
		return;
	if (n->routes.len + len <= ROUTES_MAX)
		strbuf_append(&n->routes, p, len);
}

/* One message of an answer. False: it is the last. */
static bool take_message(struct network *n, const uint8_t *p, size_t len)
{
	struct message m = { 0 };

	memcpy(&m, p, len < sizeof(m) ? len : sizeof(m));
	switch (m.head.type) {
	case RTM_NEWLINK: take_link(n, &m.link); return true;
	case RTM_NEWADDR:
	case RTM_NEWROUTE: take_route(n, &m, p, len); return true;
	default: return m.head.type != NLMSG_DONE && m.head.type != NLMSG_ERROR;
	}
}

/* The length of the message that s starts with, padding included; 0: there is none. */
static size_t message_length(struct span s)
{
	struct netlink_header h;

	if (s.len < sizeof(h))
		return 0;
	memcpy(&h, s.p, sizeof(h));
	if (h.len < sizeof(h) || h.len > s.len)
		return 0;
	return (h.len + 3u) & ~3u;
}

static bool take_messages(struct network *n, struct span s)
{
	size_t len = message_length(s);

	for (; len && len <= s.len; len = message_length(s)) {
		if (!take_message(n, s.p, len))
			return false;
		s = (struct span){ s.p + len, s.len - len };
	}
	return !s.len;
}

/* All that there is of a kind. Answers are ready when they are asked for: nothing here waits. */
static void collect(struct network *n, uint16_t type)
{
	const struct message m = {
		.head = { .len = sizeof(m), .type = type, .flags = NLM_F_REQUEST | NLM_F_DUMP }
	};
	uint8_t answer[ANSWER_MAX];
	ssize_t len = send(n->fd, &m, sizeof(m), 0);

	while (len > 0) {
		len = recv(n->fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (len > 0 && !take_messages(n, (struct span){ answer, (size_t)len }))
			break;
	}
}

static void set_links(const struct network *n, bool up)
{
	struct message m = {
		.head = { .len = sizeof(m), .type = RTM_NEWLINK, .flags = NLM_F_REQUEST },
		.link = { .flags = up ? IFF_UP : 0, .change = IFF_UP }
	};
	size_t at;

	for (at = 0; at < n->links.len; at += sizeof(m.link.index)) {
		memcpy(&m.link.index, n->links.p + at, sizeof(m.link.index));
		send(n->fd, &m, sizeof(m), 0);
	}
}

void network_down(struct network *n)
{
	*n = (struct network){ .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
			       .links = STRBUF_GROWING,
			       .routes = STRBUF_GROWING };
	if (n->fd < 0)
		return;
	collect(n, RTM_GETLINK);
	collect(n, RTM_GETADDR);
	collect(n, RTM_GETROUTE);
	set_links(n, false);
}

/* What is still there is refused, and that does not matter. */
static void send_routes(const struct network *n)
{
	struct span s = strbuf_span(&n->routes);
	struct netlink_header h;
	size_t len;

	for (len = message_length(s); len && len <= s.len; len = message_length(s)) {
		memcpy(&h, s.p, sizeof(h));
		h.flags = NLM_F_REQUEST | NLM_F_CREATE;
		h.seq = h.port = 0;
		memcpy((uint8_t *)(uintptr_t)s.p, &h, sizeof(h));
		send(n->fd, s.p, len, 0);
		s = (struct span){ s.p + len, s.len - len };
	}
}

void network_up(const struct network *n)
{
	set_links(n, true);
	/* twice: a route by way of a gateway is taken only after the one to the gateway */
	send_routes(n);
	send_routes(n);
}

void network_end(struct network *n)
{
	strbuf_free(&n->links);
	strbuf_free(&n->routes);
	if (n->fd >= 0)
		close(n->fd);
}
