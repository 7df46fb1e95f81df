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

static void take_route(struct network *n, const struct message *m, struct span bytes)
{
	struct netlink_route r;

	memcpy(&r, &m->link, sizeof(r));
	/* those that come with an address come again with it */
	if (m->head.type == RTM_NEWROUTE && r.protocol == RTPROT_KERNEL)
		return;
	if (n->routes.len + bytes.len <= ROUTES_MAX)
		strbuf_append(&n->routes, bytes.p, bytes.len);
}

/* One message of an answer. False: it is the last. */
static bool take_message(struct network *n, struct span bytes)
{
	struct message m = { 0 };

	memcpy(&m, bytes.p, bytes.len < sizeof(m) ? bytes.len : sizeof(m));
	switch (m.head.type) {
	case RTM_NEWLINK: take_link(n, &m.link); return true;
	case RTM_NEWADDR:
	case RTM_NEWROUTE: take_route(n, &m, bytes); return true;
	default: return m.head.type != NLMSG_DONE && m.head.type != NLMSG_ERROR;
	}
}

/* Takes a message, with its padding, off the start of s. False: there is none. */
static bool next_message(struct span *s, struct span *message)
{
	struct netlink_header h;
	size_t len;

	if (s->len < sizeof(h))
		return false;
	memcpy(&h, s->p, sizeof(h));
	len = ((size_t)h.len + 3) & ~(size_t)3;
	return h.len >= sizeof(h) && span_sub(*s, 0, len, message) &&
	       span_sub(*s, len, s->len - len, s);
}

static bool take_messages(struct network *n, struct span s)
{
	struct span message;

	while (next_message(&s, &message))
		if (!take_message(n, message))
			return false;
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
	struct span s = strbuf_span(&n->routes), message;
	struct netlink_header h;

	while (next_message(&s, &message)) {
		memcpy(&h, message.p, sizeof(h));
		h.flags = NLM_F_REQUEST | NLM_F_CREATE;
		h.seq = h.port = 0;
		memcpy((uint8_t *)(uintptr_t)message.p, &h, sizeof(h));
		send(n->fd, message.p, message.len, 0);
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
