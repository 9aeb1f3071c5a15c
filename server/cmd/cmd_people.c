// SPDX-License-Identifier: Apache-2.0
/*
 * People of a review and of the organisation, and one's own devices.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/limits.h"

#include "cmd/cmd.h"
#include "cmd/people.h"
#include "cmd/services.h"
#include "room/room.h"
#include "store/repo_identity.h"
#include "store/repo_review.h"

struct people_call {
    struct call *call;
    const struct services *services;
    uint64_t review;
    uint64_t by_user, by_device;
};

static void mark_here(void *ctx, uint64_t user)
{
    struct pl_people_reply *r = ctx;
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].user == user)
            r->items[i].here = true;
}

#define ROW_BYTES 48u /* of a person beside his names, and more than that */

static size_t bytes_of(const struct pl_person *rows, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ROW_BYTES + strlen(rows[i].user_name) + strlen(rows[i].display_name);
    return sum;
}

static void on_people(void *ctx, int rc, const struct pl_person *rows, size_t n,
                      const struct pl_err *e)
{
    struct people_call *p = ctx;
    struct caller *c = call_caller(p->call);
    if (rc < 0) {
        call_fail(p->call, -rc, "%s", e->text);
    } else if (n > PL_PEOPLE_MAX || bytes_of(rows, n) > PL_FRAME_MAX_SERVER) {
        call_fail(p->call, PL_E_TOO_LARGE, "there are more people than one answer holds");
    } else {
        struct pl_msg m = {.type = PL_MSG_PEOPLE_REPLY};
        m.u.people_reply.rid = call_rid(p->call);
        m.u.people_reply.n = n;
        m.u.people_reply.items = pl_xcalloc(n + 1, sizeof(*rows));
        for (size_t i = 0; i < n; i++)
            m.u.people_reply.items[i] = rows[i];
        if (c && p->review != 0)
            rooms_here(c->services->rooms, p->review, mark_here, &m.u.people_reply);
        call_reply(p->call, &m);
        free(m.u.people_reply.items);
    }
    pl_mem_free(PL_MEM_REQUEST, p);
}

void cmd_people(struct caller *c, struct pl_msg *m)
{
    struct call *k = call_begin(c, m->u.people.rid);
    if (!k)
        return;
    struct people_call *p = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*p));
    p->call = k;
    p->review = m->u.people.review;
    int rc = repo_people(c->services->store, p->review, c->user, on_people, p);
    if (rc < 0) {
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
        pl_mem_free(PL_MEM_REQUEST, p);
    }
}

static void on_shown(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct call *k = ctx;
    if (rc < 0) {
        call_fail(k, -rc, "the change is in force, but not shown yet: %s", e ? e->text : "");
        return;
    }
    struct pl_msg m = {.type = PL_MSG_DONE};
    m.u.done.rid = call_rid(k);
    m.u.done.rev = rev;
    call_reply(k, &m);
}

static void on_member(void *ctx, int rc, const struct member_result *r, const struct pl_err *e)
{
    struct people_call *p = ctx;
    struct people_call asked = *p; /* who asked may have gone; the change is shown all the same */
    struct call *k = asked.call;
    pl_mem_free(PL_MEM_REQUEST, p);
    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    /* Nothing changed in the table: whoever repeats it may not have seen it shown. */
    struct people_change change = {
        .review = asked.review,
        .user = r->user,
        .user_name = r->user_name,
        .display_name = r->display_name,
        .role = r->role,
        .duty = r->duty,
        .by_user = asked.by_user,
        .by_device = asked.by_device,
    };
    people_show(asked.services, &change, on_shown, k);
}

void cmd_member_set(struct caller *c, struct pl_msg *m)
{
    const struct pl_member_set *s = &m->u.member_set;
    struct call *k = call_begin(c, s->rid);
    if (!k)
        return;
    struct people_call *p = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*p));
    struct member_change change = {
        .review = s->review,
        .by_user = c->user,
        .by_device = c->device,
        .user_name = s->user_name,
        .role = s->role,
        .duty = s->duty,
    };
    p->call = k;
    p->services = c->services;
    p->review = s->review;
    p->by_user = c->user;
    p->by_device = c->device;
    int rc = repo_member_set(c->services->store, &change, on_member, p);
    if (rc < 0) {
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
        pl_mem_free(PL_MEM_REQUEST, p);
    }
}

static void on_devices(void *ctx, int rc, const struct device_row *rows, size_t n,
                       const struct pl_err *e)
{
    struct call *k = ctx;
    struct caller *c = call_caller(k);
    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_WHOAMI_REPLY};
    struct pl_whoami_reply *w = &m.u.whoami_reply;
    w->rid = call_rid(k);
    w->devices = pl_xcalloc(n + 1, sizeof(*w->devices));
    for (size_t i = 0; i < n; i++) {
        if (rows[i].revoked_us != 0)
            continue;
        w->devices[w->n++] = (struct pl_device_row){
            .device = rows[i].device,
            .name = rows[i].device_name,
            .enrolled_us = rows[i].enrolled_us,
            .last_seen_us = rows[i].last_seen_us,
            .expires_us = rows[i].expires_us,
            .current = c && c->device == rows[i].device,
        };
    }
    if (c) {
        w->user = c->user;
        w->user_name = c->user_name;
        w->display_name = c->display_name;
    }
    struct pl_device_row *devices = w->devices;
    call_reply(k, &m);
    free(devices);
}

void cmd_whoami(struct caller *c, struct pl_msg *m)
{
    struct call *k = call_begin(c, m->u.whoami.rid);
    if (!k)
        return;
    int rc = repo_devices(c->services->store, c->user, on_devices, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}
