// SPDX-License-Identifier: Apache-2.0
/*
 * Who is here and where. The latest word of each member replaces the one before; changes are
 * offered to the others at most ten times a second, and only to those who have been sent everything
 * else: a reader that lags is not burdened with carets. Nothing is stored.
 */
#include "room/member_int.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/limits.h"

static void mark(struct room *room)
{
    room->presence_dirty = true;
    presence_schedule(room->rooms);
}

void presence_arrived(struct member *m)
{
    if (m->client == 0)
        return; /* who only reads has no session to be told apart by */
    m->presence = (struct pl_presence){.review = m->review, .state = PL_PRESENT_READING};
    m->presence_gen = ++m->room->presence_gen;
    mark(m->room);
}

void member_presence(struct member *m, const struct pl_presence *p)
{
    if (m->state != MEMBER_HERE || m->client == 0)
        return;
    if (p->state < PL_PRESENT_READING || p->state > PL_PRESENT_AWAY)
        return;
    m->presence = *p;
    m->presence_pending = true; /* takes effect with the next tick: the latest wins */
    mark(m->room);
}

void presence_left(struct room *room, const struct member *m)
{
    if (m->client == 0 || m->presence_gen == 0)
        return;
    struct gone_peer *g = pl_xcalloc(1, sizeof *g);
    g->client = m->client;
    g->user = m->user;
    g->gen = ++room->presence_gen;
    g->at_ms = rooms_now_ms(room->rooms);
    DL_APPEND(room->gone, g);
    mark(room);
}

static void forget_gone(struct room *room, uint64_t now)
{
    struct gone_peer *g;

    while ((g = room->gone) != NULL && now - g->at_ms > PL_PRESENCE_EXPIRE_MS) {
        DL_DELETE(room->gone, g);
        free(g);
    }
}

void presence_release(struct room *room)
{
    struct gone_peer *g;

    while ((g = room->gone) != NULL) {
        DL_DELETE(room->gone, g);
        free(g);
    }
}

void presence_tick(struct room *room)
{
    struct member *m;

    if (!room->presence_dirty || room->state != ROOM_OPEN)
        return;
    room->presence_dirty = false;
    forget_gone(room, rooms_now_ms(room->rooms));
    DL_FOREACH (room->members, m) {
        if (m->presence_pending) {
            m->presence_pending = false;
            m->presence_gen = ++room->presence_gen;
        }
    }
    DL_FOREACH (room->members, m) {
        if (m->seen_gen < room->presence_gen)
            member_wake(m);
    }
}

static bool add_peer(struct pl_buf *out, const struct pl_peer *peer)
{
    struct pl_msg msg = {.type = PL_MSG_PEER};

    msg.u.peer = *peer;
    return pl_msg_encode(&msg, out, NULL) == 0;
}

static bool is_here(const struct room *room, uint64_t client)
{
    const struct member *m;

    DL_FOREACH (room->members, m) {
        if (m->client == client && m->state == MEMBER_HERE)
            return true;
    }
    return false;
}

static bool pull_gone(struct member *m, struct pl_buf *out)
{
    const struct gone_peer *g;

    DL_FOREACH (m->room->gone, g) {
        const struct pl_peer peer = {
            .review = m->review, .client = g->client, .user = g->user, .gone = true};
        if (g->gen > m->seen_gen && !is_here(m->room, g->client) && !add_peer(out, &peer))
            return false;
    }
    return true;
}

bool presence_pull(struct member *m, struct pl_buf *out, size_t budget)
{
    const struct member *p;
    size_t before = out->len;

    if (m->seen_gen == m->room->presence_gen)
        return true;
    DL_FOREACH (m->room->members, p) {
        if (p == m || p->state != MEMBER_HERE || p->presence_gen <= m->seen_gen)
            continue;
        const struct pl_peer peer = {.review = m->review,
                                     .client = p->client,
                                     .user = p->user,
                                     .name = p->name,
                                     .role = p->role,
                                     .rev = p->presence.rev,
                                     .caret = p->presence.caret,
                                     .state = p->presence.state,
                                     .stage = p->presence.stage};
        /* Cut short, it starts again from the first: seen_gen says only what is whole. */
        if (out->len - before > budget + PL_FRAME_MAX_CLIENT || !add_peer(out, &peer))
            return false;
    }
    if (!pull_gone(m, out))
        return false;
    m->seen_gen = m->room->presence_gen;
    return true;
}
