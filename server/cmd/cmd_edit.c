// SPDX-License-Identifier: Apache-2.0
/*
 * Opening a review and working in it. Everything after Open goes straight to the member; a message
 * for a review that is not open here is answered with an Error, never ignored.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/services.h"
#include "room/room.h"

static void seat_send(void *ctx, const uint8_t *frame, size_t n)
{
    struct seat *s = ctx;
    s->caller->ops->send_frame(s->caller, frame, n);
}

static void seat_wake(void *ctx)
{
    struct seat *s = ctx;
    s->caller->ops->wake(s->caller);
}

static void seat_left(void *ctx, uint64_t review, int code, const char *why)
{
    struct seat *s = ctx;
    (void)review;
    (void)code;
    (void)why;
    s->member = NULL;
    s->review = 0;
}

static struct seat *free_seat(struct caller *c)
{
    for (size_t i = 0; i < PL_ROOMS_PER_CONNECTION; i++)
        if (!c->seats[i].member)
            return &c->seats[i];
    return NULL;
}

void cmd_open(struct caller *c, struct pl_msg *m)
{
    const struct pl_open *o = &m->u.open;
    struct seat *s = caller_seat(c, o->review);
    if (o->review == 0) {
        caller_fail(c, o->rid, 0, PL_E_INVALID, "0 is not a review");
        return;
    }
    if (s) {
        /* The same connection opens again: it has lost its place, and starts over. */
        member_leave(s->member);
        s->member = NULL;
        s->review = 0;
    } else {
        s = free_seat(c);
    }
    if (!s) {
        caller_fail(c, o->rid, o->review, PL_E_QUOTA, "at most %u reviews can be open at once",
                    PL_ROOMS_PER_CONNECTION);
        return;
    }
    struct member_options opt = {
        .review = o->review,
        .client = o->client,
        .have = o->have,
        .user = c->user,
        .device = c->device,
        .name = c->display_name[0] ? c->display_name : c->user_name,
        .rid = o->rid,
    };
    struct member_sink sink = {
        .send = seat_send,
        .wake = seat_wake,
        .left = seat_left,
        .ctx = s,
    };
    s->review = o->review;
    s->member = member_join(c->services->rooms, &opt, &sink);
    if (!s->member)
        s->review = 0;
}

void cmd_leave(struct caller *c, struct pl_msg *m)
{
    struct seat *s = caller_seat(c, m->u.leave.review);
    if (!s)
        return; /* it was let go at the same moment: both want the same */
    member_leave(s->member);
    s->member = NULL;
    s->review = 0;
}

static struct seat *open_seat(struct caller *c, uint64_t review)
{
    struct seat *s = caller_seat(c, review);
    if (!s)
        caller_fail(c, 0, review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)review);
    return s;
}

void cmd_submit(struct caller *c, struct pl_msg *m)
{
    struct seat *s = open_seat(c, m->u.submit.review);
    if (s)
        member_submit(s->member, &m->u.submit);
}

void cmd_presence(struct caller *c, struct pl_msg *m)
{
    /* No error for a late one: presence means nothing once the room is left. */
    struct seat *s = caller_seat(c, m->u.presence.review);
    if (s)
        member_presence(s->member, &m->u.presence);
}

void cmd_resync(struct caller *c, struct pl_msg *m)
{
    struct seat *s = open_seat(c, m->u.resync.review);
    if (s)
        member_resync(s->member, &m->u.resync);
}
