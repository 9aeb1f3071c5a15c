// SPDX-License-Identifier: Apache-2.0
/*
 * Connections as queues of encoded frames. A dropped connection loses what was on its way to the
 * client; what was on its way to the server, and a copy of the last Submit, may still arrive there.
 */
#include "prop/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/limits.h"

void packet_add(struct packet **list, const struct pl_buf *bytes)
{
    struct packet *p = pl_xmalloc(sizeof *p + bytes->len);

    p->n = bytes->len;
    memcpy(p->bytes, bytes->data, bytes->len);
    DL_APPEND(*list, p);
}

void packet_send(struct packet **list, const struct pl_msg *m)
{
    struct pl_buf b;

    pl_buf_init(&b, 4u * PL_FRAME_MAX_SERVER);
    int rc = pl_msg_encode(m, &b, NULL);
    PL_ASSERT(rc == 0);
    packet_add(list, &b);
    pl_buf_release(&b);
}

struct packet *packet_take(struct packet **list)
{
    struct packet *p = *list;

    if (p != NULL)
        DL_DELETE(*list, p);
    return p;
}

static void packet_drop_all(struct packet **list)
{
    struct packet *p;

    while ((p = packet_take(list)) != NULL)
        free(p);
}

struct conn *conn_new(struct world *w, unsigned client, unsigned node)
{
    struct conn *c = pl_xcalloc(1, sizeof *c);

    c->client = client;
    c->node = node;
    DL_APPEND(w->conns, c);
    return c;
}

void conn_drop(struct world *w, struct conn *c)
{
    struct sim_client *cl = &w->clients[c->client];

    if (cl->conn == c) {
        cl->conn = NULL;
        sync_disconnected(cl->sync);
    }
    c->dead = true;
    packet_drop_all(&c->down);
    if (c->last_submit != NULL) {
        DL_APPEND(c->up, c->last_submit);
        c->last_submit = NULL;
    }
}

void conn_free_all(struct world *w)
{
    struct conn *c;
    struct conn *tmp;

    DL_FOREACH_SAFE (w->conns, c, tmp) {
        DL_DELETE(w->conns, c);
        packet_drop_all(&c->up);
        packet_drop_all(&c->down);
        free(c->last_submit);
        free(c);
    }
}

static bool decode(struct packet *p, enum pl_side reader, struct pl_arena *arena, struct pl_msg *m)
{
    struct pl_err e = {0};

    pl_arena_init(arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(m, (uint32_t)p->bytes[4] << 8 | p->bytes[5], p->bytes + PL_FRAME_HEADER,
                           p->n - PL_FRAME_HEADER, reader, arena, &e);
    if (rc != 0)
        pl_arena_release(arena);
    return rc == 0;
}

bool conn_deliver_up(struct world *w, struct conn *c)
{
    struct packet *p = packet_take(&c->up);
    struct pl_arena arena;
    struct pl_msg m;

    if (p == NULL)
        return false;
    if (!c->cut) {
        if (!decode(p, PL_SIDE_SERVER, &arena, &m)) {
            sim_fail(w, "the server cannot read what client %u sent", c->client);
        } else {
            node_receive(&w->nodes[c->node], c, &m);
            pl_msg_release(&m);
            pl_arena_release(&arena);
        }
    }
    if (!c->dead && p->bytes[5] == PL_MSG_SUBMIT) {
        free(c->last_submit);
        c->last_submit = p;
    } else {
        free(p);
    }
    return true;
}

bool conn_deliver_down(struct world *w, struct conn *c)
{
    struct packet *p = c->dead ? NULL : packet_take(&c->down);
    struct pl_arena arena;
    struct pl_msg m;

    if (p == NULL)
        return false;
    if (!decode(p, PL_SIDE_CLIENT, &arena, &m)) {
        sim_fail(w, "client %u cannot read what the server sent", c->client);
    } else {
        client_receive(&w->clients[c->client], &m);
        pl_msg_release(&m);
        pl_arena_release(&arena);
    }
    free(p);
    return true;
}
