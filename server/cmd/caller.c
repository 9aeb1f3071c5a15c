// SPDX-License-Identifier: Apache-2.0
/*
 * Calls and seats of a connection. A call is on the caller's list until it is answered; releasing
 * the caller cuts the link, so that a late answer from the database finds nobody and ends quietly.
 */
#include "cmd/caller.h"

#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

#include "room/room.h"

struct call {
    struct caller *caller; /* NULL: gone */
    uint32_t rid;
    struct call *prev, *next;
};

void caller_init(struct caller *c, const struct caller_ops *ops, const struct services *services)
{
    memset(c, 0, sizeof(*c));
    c->ops = ops;
    c->services = services;
    for (size_t i = 0; i < PL_ROOMS_PER_CONNECTION; i++)
        c->seats[i].caller = c;
}

void caller_release(struct caller *c)
{
    for (size_t i = 0; i < PL_ROOMS_PER_CONNECTION; i++) {
        struct seat *s = &c->seats[i];
        if (s->member)
            member_leave(s->member);
        s->member = NULL;
        s->review = 0;
    }
    struct call *k;
    struct call *tmp;
    DL_FOREACH_SAFE (c->calls, k, tmp) {
        DL_DELETE(c->calls, k);
        k->caller = NULL;
    }
    c->n_calls = 0;
}

struct seat *caller_seat(struct caller *c, uint64_t review)
{
    for (size_t i = 0; i < PL_ROOMS_PER_CONNECTION; i++)
        if (c->seats[i].review == review && c->seats[i].member)
            return &c->seats[i];
    return NULL;
}

static void send_error(struct caller *c, uint32_t rid, uint64_t review, int code, const char *text)
{
    struct pl_msg m = {.type = PL_MSG_ERROR};
    m.u.error.rid = rid;
    m.u.error.review = review;
    m.u.error.code = (uint32_t)code;
    m.u.error.text = text;
    c->ops->send(c, &m);
}

void caller_fail(struct caller *c, uint32_t rid, uint64_t review, int code, const char *fmt, ...)
{
    char text[PL_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    send_error(c, rid, review, code, text);
}

struct call *call_begin(struct caller *c, uint32_t rid)
{
    if (c->n_calls >= CALLS_MAX) {
        caller_fail(c, rid, 0, PL_E_BUSY, "%u requests are unanswered; wait for one", c->n_calls);
        return NULL;
    }
    struct call *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    k->caller = c;
    k->rid = rid;
    DL_APPEND(c->calls, k);
    c->n_calls++;
    return k;
}

uint32_t call_rid(const struct call *k)
{
    return k->rid;
}

struct caller *call_caller(const struct call *k)
{
    return k->caller;
}

static void call_end(struct call *k)
{
    if (k->caller) {
        DL_DELETE(k->caller->calls, k);
        k->caller->n_calls--;
    }
    pl_mem_free(PL_MEM_REQUEST, k);
}

void call_reply(struct call *k, const struct pl_msg *m)
{
    if (k->caller)
        k->caller->ops->send(k->caller, m);
    call_end(k);
}

void call_fail(struct call *k, int code, const char *fmt, ...)
{
    char text[PL_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (k->caller)
        send_error(k->caller, k->rid, 0, code, text);
    call_end(k);
}
