// SPDX-License-Identifier: Apache-2.0
/*
 * One open review: from loading to its end, and its appends.
 *
 * At most one append is under way. The first try is optimistic; after a loss the next takes the
 * row lock first. An unknown outcome blocks further appends until the log has been read. When the
 * database refuses (disk full), everything stays queued and is tried again with back-off; members
 * are told once.
 */
#include "room/member_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "store/repo_log.h"

struct room *room_new(struct rooms *r, uint64_t review)
{
    struct room *room = pl_mem_calloc(PL_MEM_ROOM, 1, sizeof *room);

    room->rooms = r;
    room->review = review;
    room->state = ROOM_LOADING;
    room->idle_since_ms = rooms_now_ms(r);
    pl_log_ctx_init(&room->log, NULL);
    pl_log_ctx_set(&room->log, KV_U("review", review));
    return room;
}

/* --- answers of the log --------------------------------------------------------------------------
 */

static void on_answer(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                      const char *why)
{
    struct room *room = ctx;

    if (o->client == 0) {
        struct pl_err e;
        pl_err_init(&e);
        if (rev == 0)
            (void)pl_fail(&e, code, "%s", why);
        server_change_done(room, o->ctx, rev > 0 ? 0 : -code, rev, &e);
        return;
    }
    struct member *m = room_member(room, o->client, o->epoch);
    if (rev > 0 || m == NULL)
        return; /* the revision itself is the acknowledgement */
    if (code == PL_E_FENCED) {
        member_let_go(m, code, why);
        return;
    }
    member_nack(m, o->seq, code, why);
    if (code == PL_E_PERM || code == PL_E_REVOKED)
        member_check_rights(m);
}

struct oplog *room_oplog_new(struct room *room, struct pl_doc *take_doc)
{
    const struct rooms_options *o = &room->rooms->opt;
    const struct oplog_options lo = {.review = room->review,
                                     .ring_revs = o->ring_revs,
                                     .ring_bytes = o->ring_bytes,
                                     .queue_bytes = o->queue_bytes,
                                     .env = room->rooms->env};
    const struct oplog_handlers h = {.answer = on_answer, .ctx = room};

    return oplog_new(&lo, take_doc, &h);
}

/* --- life ----------------------------------------------------------------------------------------
 */

static uint32_t doc_status(const struct room *room)
{
    return (uint32_t)pl_entry_int(pl_doc_root(oplog_doc(room->oplog)), PL_F_REVIEW_STATUS, 0);
}

void room_opened(struct room *room)
{
    room->state = ROOM_OPEN;
    room->status = doc_status(room);
    LOG_DEBUG(&room->log, "room.open", KV_U("rev", oplog_head(room->oplog)));
    room_complete_joins(room, false);
    room_touch(room);
    if (room->rooms->opened != NULL)
        room->rooms->opened(room->rooms->opened_ctx, room->review);
}

void room_end(struct room *room, int code, const char *why)
{
    struct rooms *r = room->rooms;

    if (room->state == ROOM_GONE)
        return;
    LOG_DEBUG(&room->log, "room.end", KV_S("why", why));
    room->state = ROOM_GONE;
    HASH_DEL(r->by_review, room);
    while (room->members != NULL)
        member_let_go(room->members, code, why);
    if (room->oplog != NULL) {
        struct oplog_stats st;
        oplog_stats(room->oplog, &st);
        r->committed += st.committed;
        r->rebases += st.rebases;
    }
    room_touch(room); /* settles it at the end of the turn */
}

static void follow_status(struct room *room)
{
    uint32_t status = doc_status(room);

    if (status == room->status)
        return;
    room->status = status;
    for (struct member *m = room->members; m != NULL; m = m->next) {
        if (m->state == MEMBER_HERE && m->status != status) {
            m->status = status;
            member_tell_rights(m);
        }
    }
}

void room_moved(struct room *room, uint64_t before, bool own)
{
    if (room->state != ROOM_OPEN)
        return;
    if (oplog_head(room->oplog) > room->told_head)
        room->told_head = oplog_head(room->oplog);
    follow_status(room);
    snapshot_consider(room, before, own);
    room_complete_joins(room, false);
    room_wake_all(room);
}

void room_trouble(struct room *room, const char *why)
{
    if (why == NULL) {
        room->trouble[0] = '\0';
        room->backoff_ms = 0;
        return;
    }
    bool is_new = room->trouble[0] == '\0';
    (void)pl_strlcpy(room->trouble, why, sizeof room->trouble);
    for (struct member *m = room->members; m != NULL; m = m->next) {
        if (is_new)
            m->was_told = false;
        if (room->oplog != NULL && oplog_has_work(room->oplog))
            member_tell_trouble(m);
    }
}

static void back_off(struct room *room)
{
    room->backoff_ms = room->backoff_ms == 0 ? ROOM_RETRY_MIN_MS : room->backoff_ms * 2;
    if (room->backoff_ms > ROOM_RETRY_MAX_MS)
        room->backoff_ms = ROOM_RETRY_MAX_MS;
    room->retry_ms = rooms_now_ms(room->rooms) + room->backoff_ms;
}

/* --- appends -------------------------------------------------------------------------------------
 */

static void append_committed(struct room *room)
{
    uint64_t before = oplog_head(room->oplog);

    room->lock_first = false;
    oplog_commit(room->oplog);
    room_trouble(room, NULL);
    if (oplog_head(room->oplog) > before)
        repo_hint(room->rooms->store, room->review, oplog_head(room->oplog));
    room_moved(room, before, true);
}

static void append_behind(struct room *room, const struct append_result *res)
{
    uint64_t before = oplog_head(room->oplog);
    struct pl_err e;

    pl_err_init(&e);
    oplog_abort(room->oplog, false);
    room->lock_first = true;
    if (room_take_batches(room, res->batches, res->n_batches, &e) != 0) {
        LOG_ERR(&room->log, "room.bad_log", KV_ERR(&e));
        room_end(room, PL_E_UNAVAILABLE, "the log must be read again");
        return;
    }
    if (res->head > room->told_head)
        room->told_head = res->head;
    if (oplog_head(room->oplog) == before && res->head <= before) {
        /* Behind nothing: the review's row and its log differ. Do not spin. */
        LOG_ERR(&room->log, "room.head_differs", KV_U("head", before), KV_U("stored", res->head));
        back_off(room);
    }
    room_moved(room, before, false);
}

static void append_refused(struct room *room, const struct append_result *res)
{
    if (oplog_refuse(room->oplog, res->verdicts) == 0) {
        LOG_ERR(&room->log, "room.refused_nothing");
        back_off(room);
    }
}

static void append_failed(struct room *room, const struct pl_err *err)
{
    oplog_abort(room->oplog, false);
    LOG_WARN(&room->log, "room.append_failed", KV_S("why", err != NULL ? err->text : ""));
    back_off(room);
    room_trouble(room, "the database does not store anything now; it is tried again");
}

static void append_unknown(struct room *room)
{
    oplog_abort(room->oplog, true);
    room->must_read = true;
    LOG_WARN(&room->log, "room.append_unknown", KV_U("head", oplog_head(room->oplog)));
    room_trouble(room, "the database is away");
}

static void on_append(void *ctx, const struct append_result *res)
{
    struct room *room = ask_end(ctx, NULL);

    room->is_appending = false;
    switch (res->outcome) {
    case APPEND_OK:
        append_committed(room);
        break;
    case APPEND_BEHIND:
        append_behind(room, res);
        break;
    case APPEND_REFUSED:
        append_refused(room, res);
        break;
    case APPEND_UNKNOWN:
        append_unknown(room);
        break;
    case APPEND_FAILED:
        append_failed(room, res->err);
        break;
    }
    room_touch(room);
}

static void append(struct room *room, const struct oplog_batch *b)
{
    struct ask *a = ask_new(room, NULL);
    const struct append_request req = {.review = room->review,
                                       .expect_head = b->expect_head,
                                       .lock_first = room->lock_first,
                                       .n_revs = b->n_revs,
                                       .body = b->body,
                                       .n_body = b->n_body,
                                       .authors = b->authors,
                                       .n_authors = b->n_authors,
                                       .refusals = b->refusals,
                                       .n_refusals = b->n_refusals,
                                       .face = b->face,
                                       .effect = b->effect,
                                       .effect_at = b->effect_at,
                                       .rows = b->rows,
                                       .cb = on_append,
                                       .ctx = a};
    struct pl_err e;

    pl_err_init(&e);
    if (repo_append(room->rooms->store, &req, &e) == 0) {
        room->is_appending = true;
        return;
    }
    (void)ask_end(a, NULL);
    oplog_abort(room->oplog, false);
    back_off(room);
    if (e.code != PL_E_BUSY)
        room_trouble(room, "the database is away");
}

/* --- numbers -------------------------------------------------------------------------------------
 */

struct numbers_ask {
    struct ask *ask;
    unsigned n;
};

static void on_numbers(void *ctx, int rc, int64_t first, const struct pl_err *e)
{
    struct numbers_ask *na = ctx;
    unsigned n = na->n;
    struct room *room = ask_end(na->ask, NULL);

    free(na);
    room->asks_numbers = false;
    if (rc == 0)
        oplog_give_numbers(room->oplog, first, n);
    else
        LOG_WARN(&room->log, "room.no_numbers", KV_S("why", e != NULL ? e->text : ""));
    room_touch(room);
}

static void ask_numbers(struct room *room)
{
    unsigned n = oplog_wants_numbers(room->oplog);

    if (n == 0 || room->asks_numbers || room->retry_ms != 0)
        return;
    struct numbers_ask *na = pl_xcalloc(1, sizeof *na);
    na->n = n;
    na->ask = ask_new(room, NULL);
    if (repo_action_numbers(room->rooms->store, n, on_numbers, na) == 0) {
        room->asks_numbers = true;
        return;
    }
    (void)ask_end(na->ask, NULL);
    free(na);
    back_off(room);
}

/* --- the end of a turn ---------------------------------------------------------------------------
 */

static void submit_changes(struct room *room)
{
    struct server_change *c;
    struct server_change *tmp;

    DL_FOREACH_SAFE (room->changes, c, tmp) {
        if (c->room == NULL)
            continue;
        const struct oplog_origin o = {.base = oplog_head(room->oplog),
                                       .user = c->user,
                                       .device = c->device,
                                       .effect = c->effect,
                                       .ctx = c};
        struct pl_err e;
        pl_err_init(&e);
        c->room = NULL; /* submitted once */
        room->was_used = true;
        int rc = c->judge != NULL ? oplog_command(room->oplog, &o, c->judge, c->judge_ctx, &e)
                                  : oplog_submit(room->oplog, &o, &c->cs, &e);
        if (rc < 0)
            server_change_done(room, c, rc, 0, &e);
    }
}

void room_look_after(struct room *room)
{
    const struct rooms *r = room->rooms;

    if (room->state != ROOM_OPEN)
        return;
    submit_changes(room);
    if (!r->store_up || room->is_reading)
        return;
    ask_numbers(room);
    if (room->is_appending || (room->retry_ms != 0 && rooms_now_ms(r) < room->retry_ms))
        return;
    room->retry_ms = 0;
    if (room->must_read || room->told_head > oplog_head(room->oplog)) {
        room_read_on(room);
        return;
    }
    const struct oplog_batch *b = oplog_build_batch(room->oplog);
    if (b != NULL)
        append(room, b);
    else if (room->trouble[0] != '\0' && !oplog_has_work(room->oplog))
        room_trouble(room, NULL); /* what met it was dropped: only new work can tell */
}
