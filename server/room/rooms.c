// SPDX-License-Identifier: Apache-2.0
/*
 * All open reviews of this process: finding and making rooms, the loop handles, news from the
 * store, and the end. Work that calls prompted (appends, `left`, answers to server-made revisions)
 * is done in one check handler after the loop has polled, so that what came in one turn shares one
 * append.
 */
#include "room/member_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "store/repo_log.h"
#include "store/store.h"

#define TICK_MS 250u /* retries and idle rooms; heads every ROOM_POLL_MS */

uint64_t rooms_now_ms(const struct rooms *r)
{
    return pl_env_mono_ms(r->env);
}

/* --- asks ---------------------------------------------------------------------------------------
 */

struct ask *ask_new(struct room *room, struct member *m)
{
    struct ask *a = pl_xcalloc(1, sizeof *a);

    a->room = room;
    a->member = m;
    room->asks++;
    return a;
}

struct room *ask_end(struct ask *a, struct member **member)
{
    struct room *room = a->room;

    if (member != NULL)
        *member = a->member;
    PL_ASSERT(room->asks > 0);
    room->asks--;
    free(a);
    return room;
}

/* --- server-made revisions ----------------------------------------------------------------------
 */

void server_change_done(struct room *room, struct server_change *c, int rc, uint64_t rev,
                        const struct pl_err *e)
{
    struct rooms *r = room->rooms;

    DL_DELETE(room->changes, c);
    pl_cs_release(&c->cs);
    c->room = NULL;
    c->rc = rc;
    c->rev = rev;
    if (e != NULL)
        c->err = *e;
    DL_APPEND(r->answered, c);
    rooms_wake_loop(r);
}

static struct server_change *change_new(const struct rooms_act *act, server_rev_cb cb, void *ctx)
{
    struct server_change *c = pl_xcalloc(1, sizeof *c);

    c->user = act->user;
    c->device = act->device;
    c->effect = act->effect;
    c->cb = cb;
    c->ctx = ctx;
    return c;
}

/* Waits in the room for the end of the turn, or for the room to open. */
static void change_enter(struct rooms *r, uint64_t review, struct server_change *c)
{
    struct pl_err e;
    struct room *room = NULL;

    pl_err_init(&e);
    if (r->is_closing)
        (void)pl_fail(&e, PL_E_GOING_AWAY, "the server is being restarted");
    else
        room = rooms_need(r, review, &e);
    if (room == NULL) {
        pl_cs_release(&c->cs);
        c->rc = -e.code;
        c->err = e;
        DL_APPEND(r->answered, c);
        rooms_wake_loop(r);
        return;
    }
    c->room = room;
    DL_APPEND(room->changes, c);
    room_touch(room);
}

void rooms_server_rev(struct rooms *r, const struct rooms_act *act, struct pl_cs *take_cs,
                      server_rev_cb cb, void *ctx)
{
    struct server_change *c = change_new(act, cb, ctx);

    pl_cs_move(&c->cs, take_cs);
    change_enter(r, act->review, c);
}

void rooms_command(struct rooms *r, const struct rooms_act *act, room_judge_cb judge,
                   void *judge_ctx, server_rev_cb cb, void *ctx)
{
    struct server_change *c = change_new(act, cb, ctx);

    pl_cs_init(&c->cs);
    c->judge = judge;
    c->judge_ctx = judge_ctx;
    change_enter(r, act->review, c);
}

static void answer_changes(struct rooms *r)
{
    struct server_change *c;

    while ((c = r->answered) != NULL) {
        DL_DELETE(r->answered, c);
        if (c->cb != NULL)
            c->cb(c->ctx, c->rc, c->rev, c->rc < 0 ? &c->err : NULL);
        free(c);
    }
}

/* --- the end of a loop turn ---------------------------------------------------------------------
 */

static void let_them_go(struct rooms *r)
{
    struct member *m;

    while ((m = r->leaving) != NULL) {
        DL_DELETE(r->leaving, m);
        m->sink.left(m->sink.ctx, m->review, m->left_code, m->left_why);
        member_destroy(m);
    }
}

static void on_handle_closed(uv_handle_t *h)
{
    struct rooms *r = h->data;

    if (--r->handles > 0)
        return;
    void (*freed)(void *) = r->freed;
    void *ctx = r->freed_ctx;
    pl_mem_free(PL_MEM_ROOM, r);
    if (freed != NULL)
        freed(ctx);
}

static void close_handles(struct rooms *r)
{
    uv_close((uv_handle_t *)&r->check, on_handle_closed);
    uv_close((uv_handle_t *)&r->idle, on_handle_closed);
    uv_close((uv_handle_t *)&r->poll, on_handle_closed);
    uv_close((uv_handle_t *)&r->presence, on_handle_closed);
}

static bool is_drained(const struct rooms *r)
{
    struct oplog_stats st;

    for (const struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        if (room->is_appending)
            return false;
        if (!r->store_up || room->oplog == NULL)
            continue;
        oplog_stats(room->oplog, &st);
        if (st.queued > 0 && room->trouble[0] == '\0')
            return false;
    }
    return true;
}

static void settle_end(struct rooms *r)
{
    if (r->is_closing && r->closed != NULL && is_drained(r)) {
        void (*closed)(void *) = r->closed;
        r->closed = NULL;
        closed(r->closed_ctx);
    }
    /* The handles are closed once: nothing wakes them afterwards. */
    if (r->is_freeing && r->rooms_alive == 0 && r->answered == NULL && r->leaving == NULL &&
        !uv_is_closing((uv_handle_t *)&r->check))
        close_handles(r);
}

static void on_check(uv_check_t *h)
{
    struct rooms *r = h->data;
    struct room *room;

    (void)uv_check_stop(&r->check);
    (void)uv_idle_stop(&r->idle);
    struct room *list = r->dirty;
    r->dirty = NULL;
    while ((room = list) != NULL) {
        list = room->next_dirty;
        room->next_dirty = NULL;
        room->is_dirty = false;
        room_look_after(room);
        room_settle(room);
    }
    let_them_go(r);
    answer_changes(r);
    settle_end(r);
}

static void on_idle(uv_idle_t *h)
{
    (void)h;
}

void rooms_wake_loop(struct rooms *r)
{
    if (uv_is_closing((uv_handle_t *)&r->check) || uv_is_active((uv_handle_t *)&r->check))
        return;
    (void)uv_check_start(&r->check, on_check);
    (void)uv_idle_start(&r->idle, on_idle);
}

void room_touch(struct room *room)
{
    struct rooms *r = room->rooms;

    if (!room->is_dirty) {
        room->is_dirty = true;
        room->next_dirty = r->dirty;
        r->dirty = room;
    }
    rooms_wake_loop(r);
}

/* --- timers -------------------------------------------------------------------------------------
 */

static void on_heads(void *ctx, int rc, const uint64_t *reviews, const uint64_t *heads, size_t n)
{
    struct rooms *r = ctx;

    r->polls = false;
    r->rooms_alive--; /* the poll held the registry */
    for (size_t i = 0; rc == 0 && i < n; i++)
        rooms_hint(r, reviews[i], heads[i]);
    rooms_wake_loop(r);
}

static void poll_heads(struct rooms *r)
{
    size_t n = 0;

    r->polled_ms = rooms_now_ms(r);
    if (!r->store_up || r->polls || r->by_review == NULL)
        return;
    uint64_t *ids = pl_xcalloc(HASH_COUNT(r->by_review), sizeof *ids);
    for (const struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        if (room->state == ROOM_OPEN)
            ids[n++] = room->review;
    }
    if (n > 0 && repo_heads(r->store, ids, n, on_heads, r) == 0) {
        r->polls = true;
        r->rooms_alive++;
    }
    free(ids);
}

static void close_if_idle(struct room *room, uint64_t now)
{
    const struct rooms *r = room->rooms;

    if (room->state != ROOM_OPEN || room->idle_since_ms == 0 || room->changes != NULL ||
        room->asks > 0 || oplog_has_work(room->oplog))
        return;
    if (!room->was_used || now - room->idle_since_ms >= r->opt.idle_close_ms)
        room_end(room, PL_E_CLOSED, "nobody was here");
}

static void on_tick(uv_timer_t *t)
{
    struct rooms *r = t->data;
    uint64_t now = rooms_now_ms(r);
    struct room *room;
    struct room *tmp;

    HASH_ITER (hh, r->by_review, room, tmp) {
        if (room->retry_ms != 0 && now >= room->retry_ms) {
            room->retry_ms = 0;
            room_touch(room);
        }
        if (room->fetch_failed) {
            room->fetch_failed = false;
            room_wake_all(room);
        }
        close_if_idle(room, now);
    }
    if (now - r->polled_ms >= ROOM_POLL_MS)
        poll_heads(r);
    if (r->by_review == NULL)
        (void)uv_timer_stop(&r->poll);
}

static void on_presence(uv_timer_t *t)
{
    struct rooms *r = t->data;
    bool any = false;

    for (struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        any = any || room->presence_dirty;
        presence_tick(room);
    }
    if (!any) {
        r->presence_on = false;
        (void)uv_timer_stop(&r->presence);
    }
}

void presence_schedule(struct rooms *r)
{
    if (r->presence_on || r->is_freeing)
        return;
    r->presence_on = true;
    (void)uv_timer_start(&r->presence, on_presence, ROOM_PRESENCE_MS, ROOM_PRESENCE_MS);
}

/* --- registry -----------------------------------------------------------------------------------
 */

struct rooms *rooms_new(uv_loop_t *loop, struct store *s, const struct rooms_options *opt)
{
    struct rooms *r = pl_mem_calloc(PL_MEM_ROOM, 1, sizeof *r);

    r->loop = loop;
    r->store = s;
    r->opt = *opt;
    r->env = pl_env_system();
    r->store_up = store_is_up(s);
    int rc = uv_check_init(loop, &r->check);
    rc |= uv_idle_init(loop, &r->idle);
    rc |= uv_timer_init(loop, &r->poll);
    rc |= uv_timer_init(loop, &r->presence);
    PL_ASSERT(rc == 0); /* these cannot fail */
    r->handles = 4;
    r->check.data = r->idle.data = r->poll.data = r->presence.data = r;
    return r;
}

void rooms_on_open(struct rooms *r, void (*cb)(void *ctx, uint64_t review), void *ctx)
{
    r->opened = cb;
    r->opened_ctx = ctx;
}

struct room *rooms_find(const struct rooms *r, uint64_t review)
{
    struct room *room = NULL;

    HASH_FIND(hh, r->by_review, &review, sizeof review, room);
    return room;
}

struct room *rooms_need(struct rooms *r, uint64_t review, struct pl_err *e)
{
    struct room *room = rooms_find(r, review);

    if (room != NULL)
        return room;
    if (!r->store_up) {
        (void)pl_fail(e, PL_E_UNAVAILABLE, "the database is away");
        return NULL;
    }
    room = room_new(r, review);
    r->rooms_alive++;
    HASH_ADD(hh, r->by_review, review, sizeof room->review, room);
    if (room_load(room, e) != 0) {
        room_end(room, e->code, e->text);
        return NULL;
    }
    if (!uv_is_active((uv_handle_t *)&r->poll)) {
        r->polled_ms = rooms_now_ms(r);
        (void)uv_timer_start(&r->poll, on_tick, TICK_MS, TICK_MS);
    }
    return room;
}

void room_settle(struct room *room)
{
    struct rooms *r = room->rooms;

    if (room->state != ROOM_GONE || room->asks > 0 || room->is_dirty)
        return;
    if (room->oplog != NULL) {
        oplog_free(room->oplog); /* answers what is still queued */
        room->oplog = NULL;
    }
    while (room->changes != NULL) {
        struct pl_err e = room->load_err;
        if (e.code == 0)
            (void)pl_fail(&e, PL_E_UNAVAILABLE, "the review was closed");
        server_change_done(room, room->changes, -e.code, 0, &e);
    }
    if (room->is_dirty)
        return;
    presence_release(room);
    snapshot_unref(room->cached);
    pl_mem_free(PL_MEM_ROOM, room);
    r->rooms_alive--;
    rooms_wake_loop(r);
}

/* --- the store's news ---------------------------------------------------------------------------
 */

void rooms_store_up(struct rooms *r)
{
    r->store_up = true;
    for (struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        room->retry_ms = 0;
        if (!room->must_read && room->state == ROOM_OPEN && !oplog_has_work(room->oplog))
            room_trouble(room, NULL);
        for (struct member *m = room->members; m != NULL; m = m->next) {
            if (m->recheck)
                member_check_rights(m);
            member_wake(m); /* he may have been waiting for a fetch */
        }
        room_touch(room);
    }
}

void rooms_store_down(struct rooms *r)
{
    r->store_up = false;
    for (struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        if (room->state == ROOM_OPEN)
            room_trouble(room, "the database is away");
    }
    rooms_wake_loop(r);
}

void rooms_hint(struct rooms *r, uint64_t review, uint64_t head)
{
    struct room *room = rooms_find(r, review);

    if (room == NULL || head <= room->told_head)
        return;
    room->told_head = head;
    room_touch(room);
}

void rooms_rights_changed(struct rooms *r, uint64_t user, uint64_t device)
{
    for (struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        for (struct member *m = room->members; m != NULL; m = m->next) {
            bool everybody = user == 0 && device == 0;
            if (everybody || (user != 0 && m->user == user) || (device != 0 && m->device == device))
                member_check_rights(m);
        }
    }
}

void rooms_here(struct rooms *r, uint64_t review, void (*cb)(void *ctx, uint64_t user), void *ctx)
{
    const struct room *room = rooms_find(r, review);

    for (const struct member *m = room != NULL ? room->members : NULL; m != NULL; m = m->next) {
        if (m->state == MEMBER_HERE)
            cb(ctx, m->user);
    }
}

const struct pl_doc *rooms_doc(const struct rooms *r, uint64_t review)
{
    const struct room *room = rooms_find(r, review);

    return room != NULL && room->state == ROOM_OPEN ? oplog_doc(room->oplog) : NULL;
}

void rooms_stats(const struct rooms *r, struct rooms_stats *out)
{
    *out =
        (struct rooms_stats){.committed = r->committed, .nacks = r->nacks, .rebases = r->rebases};
    for (const struct room *room = r->by_review; room != NULL; room = room->hh.next) {
        struct oplog_stats st;
        out->rooms++;
        for (const struct member *m = room->members; m != NULL; m = m->next)
            out->members++;
        if (room->oplog == NULL)
            continue;
        oplog_stats(room->oplog, &st);
        out->queued += st.queued;
        out->ring_bytes += st.ring_bytes;
        out->committed += st.committed;
        out->rebases += st.rebases;
    }
}

/* --- the end ------------------------------------------------------------------------------------
 */

void rooms_close(struct rooms *r, void (*cb)(void *ctx), void *ctx)
{
    r->is_closing = true;
    r->closed = cb;
    r->closed_ctx = ctx;
    for (struct room *room = r->by_review; room != NULL; room = room->hh.next)
        room_touch(room);
    rooms_wake_loop(r);
}

void rooms_free(struct rooms *r, void (*cb)(void *ctx), void *ctx)
{
    struct room *room;
    struct room *tmp;

    r->is_closing = true;
    r->is_freeing = true;
    r->freed = cb;
    r->freed_ctx = ctx;
    (void)uv_timer_stop(&r->poll);
    (void)uv_timer_stop(&r->presence);
    HASH_ITER (hh, r->by_review, room, tmp) {
        PL_ASSERT(room->members == NULL);
        room_end(room, PL_E_GOING_AWAY, "the server is being restarted");
    }
    rooms_wake_loop(r);
}
