// SPDX-License-Identifier: Apache-2.0
/*
 * What a member is sent, when his connection asks for it. A member is a cursor: snapshot chunks
 * first if he gets one, then revisions one by one (from the ring, or fetched from the store when he
 * is behind it), each refusal after the revision that it was judged at, Synced once, and other
 * people's presence when everything else has been sent. What is kept for one member is one fetched
 * piece at most.
 */
#include "room/member_int.h"

#include <stdlib.h>

#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

enum pulled { PULLED, PULL_FULL, PULL_NOTHING };

void member_wake(struct member *m)
{
    if (m->is_awake || m->state != MEMBER_HERE)
        return;
    m->is_awake = true;
    m->sink.wake(m->sink.ctx);
}

void room_wake_all(struct room *room)
{
    for (struct member *m = room->members; m != NULL; m = m->next) {
        if (m->recheck && m->ask_rights == NULL && room->rooms->store_up)
            member_check_rights(m);
        member_wake(m);
    }
}

static enum pulled add_message(struct pl_buf *out, const struct pl_msg *msg)
{
    return pl_msg_encode(msg, out, NULL) == 0 ? PULLED : PULL_FULL;
}

static enum pulled pull_chunk(struct member *m, struct pl_buf *out)
{
    struct pl_msg msg = {.type = PL_MSG_SNAPSHOT};
    size_t left = m->snap->bytes.len - m->snap_off;
    size_t n = left < PL_CHUNK_MAX ? left : PL_CHUNK_MAX;

    msg.u.snapshot = (struct pl_snapshot){.review = m->review,
                                          .rev = m->snap->rev,
                                          .total = m->snap->bytes.len,
                                          .offset = m->snap_off,
                                          .chunk = {m->snap->bytes.data + m->snap_off, n}};
    if (add_message(out, &msg) != PULLED)
        return PULL_FULL;
    m->snap_off += n;
    if (m->snap_off == m->snap->bytes.len) {
        m->cursor = m->snap->rev;
        snapshot_unref(m->snap);
        m->snap = NULL;
    }
    return PULLED;
}

/* The next frame of what was fetched for him, or NULL. */
static const uint8_t *held_frame(const struct member *m, size_t *n)
{
    struct pl_reader r;

    if (m->hold_off >= m->hold.len || m->hold_rev != m->cursor + 1)
        return NULL;
    pl_reader_init(&r, m->hold.data + m->hold_off, m->hold.len - m->hold_off);
    *n = sizeof(uint32_t) + pl_read_u32be(&r);
    return m->hold.data + m->hold_off;
}

static void hold_advance(struct member *m, size_t n)
{
    m->hold_off += n;
    m->hold_rev++;
    if (m->hold_off >= m->hold.len) {
        pl_buf_release(&m->hold);
        m->hold_off = 0;
    }
}

static enum pulled pull_revision(struct member *m, struct pl_buf *out)
{
    size_t n = 0;
    const uint8_t *frame = oplog_frame(m->room->oplog, m->cursor + 1, &n);
    bool is_held = false;

    if (frame == NULL) {
        frame = held_frame(m, &n);
        is_held = true;
    }
    if (frame == NULL) {
        member_fetch(m);
        return PULL_NOTHING;
    }
    if (pl_buf_add(out, frame, n) != 0)
        return PULL_FULL;
    m->cursor++;
    if (is_held)
        hold_advance(m, n);
    else if (m->hold.len > 0)
        pl_buf_release(&m->hold); /* the ring has caught up with him */
    return PULLED;
}

static enum pulled pull_nack(struct member *m, struct pl_buf *out)
{
    struct nack *k = m->nacks;
    struct pl_msg msg = {.type = PL_MSG_NACK};

    msg.u.nack = k->msg;
    msg.u.nack.why = k->why;
    if (add_message(out, &msg) != PULLED)
        return PULL_FULL;
    DL_DELETE(m->nacks, k);
    m->n_nacks--;
    free(k->why);
    free(k);
    return PULLED;
}

static enum pulled pull_synced(struct member *m, struct pl_buf *out)
{
    struct pl_msg msg = {.type = PL_MSG_SYNCED};

    msg.u.synced = (struct pl_synced){.review = m->review, .rev = m->cursor};
    if (add_message(out, &msg) != PULLED)
        return PULL_FULL;
    m->is_synced = true;
    return PULLED;
}

static enum pulled pull_one(struct member *m, struct pl_buf *out)
{
    uint64_t head = oplog_head(m->room->oplog);

    if (m->snap != NULL)
        return pull_chunk(m, out);
    if (m->nacks != NULL && m->nacks->at_rev <= m->cursor)
        return pull_nack(m, out);
    if (m->cursor < head)
        return pull_revision(m, out);
    if (!m->is_synced && m->cursor >= m->sync_at)
        return pull_synced(m, out);
    return PULL_NOTHING;
}

bool member_pull(struct member *m, struct pl_buf *out, size_t budget)
{
    size_t before = out->len;
    enum pulled p = PULLED;

    if (m->state != MEMBER_HERE)
        return false;
    while (p == PULLED) {
        if (out->len - before >= budget)
            return true;
        p = pull_one(m, out);
    }
    if (p == PULL_FULL)
        return true;
    bool caught_up = m->snap == NULL && m->cursor >= oplog_head(m->room->oplog);
    if (caught_up && !presence_pull(m, out, budget - (out->len - before)))
        return true;
    m->is_awake = false;
    return false;
}

void rooms_tell(struct rooms *r, uint64_t review, const struct pl_msg *m)
{
    const struct room *room = rooms_find(r, review);

    for (struct member *it = room != NULL ? room->members : NULL; it != NULL; it = it->next) {
        if (it->state == MEMBER_HERE)
            member_send(it, m);
    }
}
