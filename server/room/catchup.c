// SPDX-License-Identifier: Apache-2.0
/*
 * Reading the log: a review that is opened (newest snapshot and what follows), what other processes
 * wrote since, and old revisions for a member who is behind the ring.
 *
 * A snapshot whose hash, revision or successors do not fit is dropped from the store and the load
 * begins again without it. A log that does not fit from its beginning fails the load.
 */
#include "room/member_int.h"

#include <string.h>

#include "plimsoll/base/mem.h"

#include "store/repo_log.h"

#define HOLD_MAX (16u * 1024u * 1024u) /* one batch of the log is at most this */

int room_take_batches(struct room *room, const struct log_batch *batches, size_t n,
                      struct pl_err *e)
{
    uint64_t before = oplog_head(room->oplog);

    for (size_t i = 0; i < n; i++) {
        int rc = oplog_catch_up(room->oplog, batches[i].body, batches[i].n, e);
        if (rc != 0)
            return rc;
        if (batches[i].last_rev > before)
            room->snap_tail += batches[i].n;
    }
    return 0;
}

/* --- opening -------------------------------------------------------------------------------------
 */

static void on_dropped(void *ctx, int rc, const struct pl_err *e)
{
    struct room *room = ask_end(ctx, NULL);

    (void)e;
    if (room->state == ROOM_LOADING) {
        struct pl_err err;
        pl_err_init(&err);
        if (rc == 0)
            rc = room_load(room, &err);
        else
            (void)pl_fail(&err, PL_E_UNAVAILABLE, "the review cannot be read now");
        if (rc != 0) {
            room->load_err = err;
            room_end(room, err.code, err.text);
        }
    }
    room_settle(room);
}

/* The snapshot is no good: without it, from the beginning. */
static void load_again(struct room *room)
{
    struct pl_err e;

    pl_err_init(&e);
    LOG_ERR(&room->log, "room.bad_snapshot", KV_U("rev", room->load_snap_rev),
            KV_S("why", room->load_err.text));
    oplog_free(room->oplog);
    room->oplog = NULL;
    struct ask *a = ask_new(room, NULL);
    int rc =
        repo_snapshot_drop(room->rooms->store, room->review, room->load_snap_rev, on_dropped, a);
    if (rc == 0)
        return;
    (void)ask_end(a, NULL);
    room_end(room, -rc, "the review cannot be read now");
}

static int take_snapshot(struct room *room, const struct load_part *part, struct pl_err *e)
{
    struct pl_doc *doc = NULL;

    room->load_snap_rev = part->n_snap > 0 ? part->snap_rev : 0;
    int rc = oplog_snapshot(part, &doc, e);
    if (rc != 0)
        return rc;
    room->oplog = room_oplog_new(room, doc);
    room->snap_rev = room->load_snap_rev;
    room->snap_tail = 0;
    return 0;
}

static int take_part(struct room *room, const struct load_part *part, struct pl_err *e)
{
    if (room->oplog == NULL) {
        int rc = take_snapshot(room, part, e);
        if (rc != 0)
            return rc;
    }
    return room_take_batches(room, part->batches, part->n_batches, e);
}

static void load_done(struct room *room, const struct load_part *part)
{
    bool had_snapshot = room->load_snap_rev > 0;

    if (room->load_bad && had_snapshot && room->load_tries < ROOM_LOAD_TRIES) {
        load_again(room);
        return;
    }
    if (room->load_bad) {
        LOG_ERR(&room->log, "room.bad_log", KV_ERR(&room->load_err));
        room_end(room, PL_E_STORE, "the log of this review cannot be read");
        return;
    }
    room->told_head = part->head;
    pl_err_init(&room->load_err);
    room_opened(room);
}

static void on_load(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct ask *a = ctx;
    struct room *room = a->room;
    bool is_last = rc != 0 || part->done;

    if (room->state == ROOM_LOADING && rc == 0 && !room->load_bad)
        room->load_bad = take_part(room, part, &room->load_err) != 0;
    if (!is_last)
        return;
    (void)ask_end(a, NULL);
    if (room->state == ROOM_LOADING) {
        if (rc == 0) {
            load_done(room, part);
        } else {
            if (e != NULL)
                room->load_err = *e;
            room->load_err.code = -rc;
            room_end(room, -rc, e != NULL ? e->text : "the review cannot be read now");
        }
    }
    room_settle(room);
}

int room_load(struct room *room, struct pl_err *e)
{
    struct ask *a = ask_new(room, NULL);

    room->load_tries++;
    room->load_bad = false;
    room->load_snap_rev = 0;
    int rc = repo_load(room->rooms->store, room->review, 0, on_load, a);
    if (rc == 0)
        return 0;
    (void)ask_end(a, NULL);
    return pl_fail(e, -rc, "the review cannot be read now");
}

/* --- what others wrote
 * ---------------------------------------------------------------------------- */

static void read_failed(struct room *room)
{
    room->is_reading = false;
    room->retry_ms = rooms_now_ms(room->rooms) + ROOM_RETRY_MIN_MS;
}

static void read_done(struct room *room, const struct load_part *part)
{
    uint64_t before = oplog_head(room->oplog);
    struct pl_err e;

    pl_err_init(&e);
    room->is_reading = false;
    if (room_take_batches(room, part->batches, part->n_batches, &e) != 0) {
        LOG_ERR(&room->log, "room.bad_log", KV_ERR(&e));
        room_end(room, PL_E_UNAVAILABLE, "the log must be read again");
        return;
    }
    uint64_t head = oplog_head(room->oplog);
    if (head == before) { /* all is read */
        room->must_read = false;
        room->told_head = head;
        if (!oplog_has_work(room->oplog))
            room_trouble(room, NULL);
        room_complete_joins(room, true);
    } else {
        room_moved(room, before, false);
    }
}

static void on_read(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct room *room = ask_end(ctx, NULL);

    (void)e;
    if (rc != 0)
        read_failed(room);
    else if (room->state == ROOM_OPEN)
        read_done(room, part);
    if (room->state == ROOM_OPEN)
        room_touch(room); /* reads on, or builds */
    room_settle(room);
}

void room_read_on(struct room *room)
{
    PL_ASSERT(!room->is_appending && !room->is_reading);
    struct ask *a = ask_new(room, NULL);
    room->is_reading = true;
    if (repo_fetch(room->rooms->store, room->review, oplog_head(room->oplog), ROOM_FETCH_BYTES,
                   on_read, a) == 0)
        return;
    (void)ask_end(a, NULL);
    read_failed(room);
}

/* --- for a member behind the ring
 * ----------------------------------------------------------------- */

static bool hold_frames(struct member *m, const struct log_batch *b)
{
    struct pl_reader r;
    uint64_t rev = b->first_rev;

    pl_reader_init(&r, b->body, b->n);
    for (; pl_reader_left(&r) > 0; rev++) {
        const uint8_t *frame = r.p;
        uint32_t len = pl_read_u32be(&r);
        if (r.bad || pl_read_bytes(&r, len) == NULL)
            return false;
        if (rev <= m->cursor)
            continue;
        if (m->hold.len == 0)
            m->hold_rev = rev;
        if (pl_buf_add(&m->hold, frame, sizeof len + len) != 0)
            return false;
    }
    return true;
}

static void on_member_read(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct member *m = NULL;
    struct room *room = ask_end(ctx, &m);

    (void)e;
    if (m != NULL) {
        m->ask_fetch = NULL;
        if (rc != 0) {
            room->fetch_failed = true;
        } else {
            bool good = part->n_batches > 0;
            for (size_t i = 0; i < part->n_batches && good; i++)
                good = hold_frames(m, &part->batches[i]);
            if (!good || m->hold.len == 0 || m->hold_rev != m->cursor + 1)
                member_let_go(m, PL_E_UNAVAILABLE, "revisions are missing: start over");
            else
                member_wake(m);
        }
    }
    room_settle(room);
}

void member_fetch(struct member *m)
{
    if (m->ask_fetch != NULL)
        return;
    pl_buf_release(&m->hold);
    pl_buf_init(&m->hold, HOLD_MAX);
    m->hold_off = 0;
    m->ask_fetch = ask_new(m->room, m);
    if (repo_fetch(m->room->rooms->store, m->review, m->cursor, ROOM_FETCH_BYTES, on_member_read,
                   m->ask_fetch) == 0)
        return;
    (void)ask_end(m->ask_fetch, NULL);
    m->ask_fetch = NULL;
    m->room->fetch_failed = true;
}
