// SPDX-License-Identifier: Apache-2.0
/*
 * Snapshots: written to the store when the tail has grown (by the process whose append crossed the
 * line, beside the work), and made for members who hold nothing or are far behind. Losing one is
 * harmless: the log is the truth.
 */
#include "room/member_int.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/limits.h"

#include "store/repo_log.h"

struct put {
    struct ask *ask;
    struct room_snapshot *snapshot;
};

void snapshot_unref(struct room_snapshot *s)
{
    if (s == NULL || --s->refs > 0)
        return;
    pl_buf_release(&s->bytes);
    free(s);
}

static struct room_snapshot *encode(struct room *room, struct pl_err *e)
{
    struct room_snapshot *s = pl_xcalloc(1, sizeof *s);

    s->refs = 1;
    s->rev = oplog_head(room->oplog);
    pl_buf_init(&s->bytes, PL_SNAPSHOT_MAX);
    if (pl_doc_encode(oplog_doc(room->oplog), &s->bytes, e) != 0) {
        snapshot_unref(s);
        return NULL;
    }
    return s;
}

/* Joiners share one until it has aged: a busy review is not encoded for each of them. */
struct room_snapshot *snapshot_get(struct room *room, struct pl_err *e)
{
    struct room_snapshot *s = room->cached;
    uint64_t head = oplog_head(room->oplog);

    if (s == NULL || head - s->rev > PL_BASE_LAG_MAX ||
        s->rev + 1 < oplog_ring_first(room->oplog)) {
        s = encode(room, e);
        if (s == NULL)
            return NULL;
        snapshot_unref(room->cached);
        room->cached = s;
    }
    s->refs++;
    return s;
}

/* --- to the store --------------------------------------------------------------------------------
 */

static void on_put(void *ctx, int rc, const struct pl_err *e)
{
    struct put *p = ctx;
    struct room *room = ask_end(p->ask, NULL);

    room->is_snapping = false;
    if (rc != 0)
        LOG_WARN(&room->log, "room.no_snapshot", KV_U("rev", p->snapshot->rev),
                 KV_S("why", e != NULL ? e->text : ""));
    snapshot_unref(p->snapshot);
    free(p);
    room_settle(room);
}

static void put(struct room *room)
{
    struct pl_err e;

    if (room->is_snapping || !room->rooms->store_up)
        return;
    pl_err_init(&e);
    struct room_snapshot *s = encode(room, &e);
    if (s == NULL) {
        LOG_ERR(&room->log, "room.no_snapshot", KV_ERR(&e));
        return;
    }
    struct put *p = pl_xcalloc(1, sizeof *p);
    p->snapshot = s;
    p->ask = ask_new(room, NULL);
    if (repo_snapshot_put(room->rooms->store, room->review, s->rev, s->bytes.data, s->bytes.len,
                          oplog_digest(room->oplog), on_put, p) != 0) {
        (void)ask_end(p->ask, NULL);
        snapshot_unref(s);
        free(p);
        return;
    }
    room->is_snapping = true;
    room->snap_rev = s->rev;
    room->snap_tail = 0;
}

void snapshot_consider(struct room *room, uint64_t before, bool own)
{
    uint64_t head = oplog_head(room->oplog);
    size_t n = 0;

    for (uint64_t rev = before + 1; own && rev <= head; rev++) {
        if (oplog_frame(room->oplog, rev, &n) != NULL)
            room->snap_tail += n;
    }
    if (head - room->snap_rev < room->rooms->opt.snapshot_revs &&
        room->snap_tail < room->rooms->opt.snapshot_bytes)
        return;
    if (own) {
        put(room);
    } else { /* whoever crossed the line writes it */
        room->snap_rev = head;
        room->snap_tail = 0;
    }
}

void snapshot_leave(struct room *room)
{
    if (room->state == ROOM_OPEN && !room->is_appending &&
        oplog_head(room->oplog) - room->snap_rev > ROOM_LEAVE_REVS)
        put(room);
}
