// SPDX-License-Identifier: Apache-2.0
/*
 * Rooms and connections for tests and benches: see room_rig.h.
 */
#include "support/fake/room_rig.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/orderkey.h"

struct rooms_options rig_options(void)
{
    return (struct rooms_options){.ring_revs = 10000,
                                  .ring_bytes = 4u << 20,
                                  .snapshot_revs = 500,
                                  .snapshot_bytes = 256u << 10,
                                  .idle_close_ms = 60000,
                                  .queue_bytes = 4u << 20};
}

void rig_open_rooms(struct rig *r, const struct rooms_options *o)
{
    r->rooms = rooms_new(&r->loop, r->store, o);
    r->freed = false;
    r->closed = false;
}

void rig_init(struct rig *r, const struct rooms_options *o)
{
    memset(r, 0, sizeof *r);
    PL_ASSERT(uv_loop_init(&r->loop) == 0);
    r->store = fake_store_new(&r->loop);
    fake_review(r->store, RIG_REVIEW, PL_STATUS_IN_SESSION, PL_VISIBILITY_PARTICIPANTS);
    rig_open_rooms(r, o);
}

void rig_on_flag(void *ctx)
{
    *(bool *)ctx = true;
}

/* Ends the rooms as a server does; members have left. */
void rig_close_rooms(struct rig *r)
{
    rooms_free(r->rooms, rig_on_flag, &r->freed);
    while (!r->freed)
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    r->rooms = NULL;
}

void rig_end(struct rig *r)
{
    if (r->rooms != NULL)
        rig_close_rooms(r);
    fake_store_free(r->store);
    PL_ASSERT(uv_loop_close(&r->loop) == 0);
    PL_ASSERT(pl_mem_stat_get(PL_MEM_ROOM).count == 0);
    PL_ASSERT(pl_mem_stat_get(PL_MEM_MEMBER).count == 0);
    PL_ASSERT(pl_mem_stat_get(PL_MEM_OPLOG).count == 0);
    PL_ASSERT(pl_mem_stat_get(PL_MEM_DOC).count == 0);
}

/* --- connections ---------------------------------------------------------------------------------
 */

static void conn_on_rev(struct conn *c, const struct pl_rev *rev)
{
    const struct pl_rev_meta meta = {
        .rev = rev->rev, .user = rev->user, .client = rev->client, .at_us = rev->at_us};

    PL_ASSERT(rev->rev == c->rev + 1);
    PL_ASSERT(pl_doc_apply(c->doc, &rev->cs, &meta, NULL) == 0);
    pl_doc_set_rev(c->doc, rev->rev);
    PL_ASSERT(rev->hash == 0 || rev->hash == pl_doc_digest(c->doc));
    c->rev = rev->rev;
    c->revs++;
    if (rev->client != 0 && rev->client == c->client) {
        PL_ASSERT(rev->seq > c->acked_seq);
        c->own++;
        c->acked_seq = rev->seq;
        c->acked_rev = rev->rev;
    }
}

static void conn_on_chunk(struct conn *c, const struct pl_snapshot *s)
{
    c->chunks++;
    if (s->offset == 0) {
        pl_buf_release(&c->snapshot);
        pl_buf_init(&c->snapshot, 64u << 20);
    }
    PL_ASSERT(s->offset == c->snapshot.len);
    PL_ASSERT(pl_buf_add(&c->snapshot, s->chunk.p, s->chunk.n) == 0);
    if (c->snapshot.len < s->total)
        return;
    pl_doc_free(c->doc);
    c->doc = pl_doc_decode(c->snapshot.data, c->snapshot.len, NULL);
    PL_ASSERT(c->doc != NULL && pl_doc_rev(c->doc) == s->rev);
    c->rev = s->rev;
}

static void conn_on_message(struct conn *c, const struct pl_msg *m)
{
    if (m->type == PL_MSG_OPENED) {
        c->opened = m->u.opened;
        c->was_opened = true;
        c->is_synced = false;
    } else if (m->type == PL_MSG_REV) {
        conn_on_rev(c, &m->u.rev);
    } else if (m->type == PL_MSG_SNAPSHOT) {
        conn_on_chunk(c, &m->u.snapshot);
    } else if (m->type == PL_MSG_SYNCED) {
        PL_ASSERT(m->u.synced.rev == c->rev && c->rev >= c->opened.head);
        c->is_synced = true;
    } else if (m->type == PL_MSG_NACK) {
        PL_ASSERT(m->u.nack.at_rev <= c->rev);
        c->nack = m->u.nack;
        c->nack_seen_at = c->rev;
        c->nacks++;
    } else if (m->type == PL_MSG_RIGHTS) {
        c->last_rights = m->u.rights;
        c->rights++;
    } else if (m->type == PL_MSG_ERROR) {
        c->error_code = m->u.error.code;
        c->errors++;
    } else if (m->type == PL_MSG_PEER) {
        c->peer = m->u.peer;
        c->peers++;
        c->gone += m->u.peer.gone ? 1 : 0;
    } else {
        PL_BUG("a message that rooms do not send");
    }
}

static void conn_frames(struct conn *c, const uint8_t *bytes, size_t n)
{
    struct pl_reader r;

    pl_reader_init(&r, bytes, n);
    while (pl_reader_left(&r) > 0) {
        struct pl_arena arena;
        struct pl_msg m;
        uint32_t len = pl_read_u32be(&r);
        const uint8_t *p = pl_read_bytes(&r, len);
        PL_ASSERT(p != NULL);
        pl_arena_init(&arena, 4u << 20);
        PL_ASSERT(pl_msg_decode(&m, (uint32_t)p[0] << 8 | p[1], p + 2, len - 2, PL_SIDE_CLIENT,
                                &arena, NULL) == 0);
        conn_on_message(c, &m);
        pl_msg_release(&m);
        pl_arena_release(&arena);
    }
}

static void conn_send(void *ctx, const uint8_t *frame, size_t n)
{
    conn_frames(ctx, frame, n);
}

static void conn_wake(void *ctx)
{
    struct conn *c = ctx;

    c->is_woken = true;
    c->wakes++;
}

static void conn_left(void *ctx, uint64_t review, int code, const char *why)
{
    struct conn *c = ctx;

    PL_ASSERT(review == RIG_REVIEW && why != NULL && code > 0);
    c->left = code;
    c->m = NULL;
}

void conn_join_as(struct conn *c, struct rig *r, uint64_t client, uint64_t user)
{
    const struct member_sink sink = {
        .send = conn_send, .wake = conn_wake, .left = conn_left, .ctx = c};

    c->rig = r;
    c->client = client;
    c->user = user;
    c->left = 0;
    c->is_woken = false;
    c->was_opened = false;
    c->is_synced = false;
    if (c->doc == NULL)
        c->doc = pl_doc_new();
    const struct member_options o = {.review = RIG_REVIEW,
                                     .client = client,
                                     .have = c->rev,
                                     .user = user,
                                     .device = user + 1000,
                                     .name = "Somebody",
                                     .rid = 9};
    c->m = member_join(r->rooms, &o, &sink);
}

void conn_join(struct conn *c, struct rig *r, uint64_t client)
{
    conn_join_as(c, r, client, client + 100);
}

void conn_leave(struct conn *c)
{
    if (c->m != NULL)
        member_leave(c->m);
    c->m = NULL;
}

void conn_release(struct conn *c)
{
    conn_leave(c);
    pl_doc_free(c->doc);
    c->doc = NULL;
    pl_buf_release(&c->snapshot);
    pl_buf_release(&c->out);
}

void conn_pull(struct conn *c)
{
    bool more = true;

    while (c->m != NULL && more) {
        if (c->out.max == 0)
            pl_buf_init(&c->out, 2u << 20);
        pl_buf_clear(&c->out);
        more = member_pull(c->m, &c->out, 64u << 10);
        PL_ASSERT(c->out.len <= (64u << 10) + (256u << 10));
        c->pulls++;
        c->is_woken = false;
        conn_frames(c, c->out.data, c->out.len);
    }
}

/* One turn of the loop; then whoever was woken pulls. */
void rig_turn(struct rig *r, struct conn *conns, size_t n, bool wait)
{
    (void)uv_run(&r->loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    for (size_t i = 0; i < n; i++) {
        if (conns[i].is_woken && !conns[i].is_slow)
            conn_pull(&conns[i]);
    }
}

/* Until nothing is under way any more, without waiting for timers. */
void rig_settle(struct rig *r, struct conn *conns, size_t n)
{
    for (unsigned quiet = 0; quiet < 4;) {
        rig_turn(r, conns, n, false);
        quiet = fake_counts(r->store).waiting > 0 ? 0 : quiet + 1;
    }
}

void conn_submit_on(struct conn *c, uint64_t base, struct pl_cs *take_cs)
{
    struct pl_submit s = {
        .review = RIG_REVIEW, .epoch = c->opened.epoch, .seq = ++c->seq, .base = base};

    pl_cs_move(&s.cs, take_cs);
    member_submit(c->m, &s);
}

void conn_submit(struct conn *c, struct pl_cs *take_cs)
{
    conn_submit_on(c, c->rev, take_cs);
}

/* --- changes -------------------------------------------------------------------------------------
 */

struct pl_cs cs_create(struct pl_eid eid, uint32_t kind)
{
    struct pl_cs cs;
    struct pl_key key;

    PL_ASSERT(pl_key_between(&key, NULL, NULL, eid.client, eid.n, NULL) == 0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, eid, kind, PL_EID_ROOT, &key);
    return cs;
}

/* Types at the end of an entry's body, as the connection's copy knows it. */
struct pl_cs cs_type(const struct pl_doc *d, struct pl_eid eid, const char *s)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    const struct pl_text *t = en != NULL ? pl_entry_text(en, PL_F_BODY) : NULL;
    uint32_t len = t != NULL ? (uint32_t)pl_text_len(t) : 0;
    struct pl_cs cs;
    struct pl_op op;

    pl_op_init(&op, len);
    pl_op_retain(&op, len);
    pl_op_insert(&op, s, (uint32_t)strlen(s), (uint32_t)strlen(s));
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    return cs;
}

/* --- typing -------- */

const struct pl_eid rig_event = {1, 1};

void rig_start(struct rig *r, struct conn *c, size_t n)
{
    const struct rooms_options o = rig_options();

    memset(c, 0, n * sizeof *c);
    rig_init(r, &o);
    for (size_t i = 0; i < n; i++)
        conn_join(&c[i], r, i + 1);
    rig_settle(r, c, n);
}

/* The same with one event in the review. */
void rig_start_event(struct rig *r, struct conn *c, size_t n)
{
    rig_start(r, c, n);
    struct pl_cs cs = cs_create(rig_event, PL_KIND_EVENT);
    conn_submit(&c[0], &cs);
    rig_settle(r, c, n);
    PL_ASSERT(c[0].acked_seq == 1);
}

void conn_type(struct conn *c, const char *s)
{
    struct pl_cs cs = cs_type(c->doc, rig_event, s);

    conn_submit(c, &cs);
}

void rig_finish(struct rig *r, struct conn *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        conn_release(&c[i]);
    rig_end(r);
}

void rig_check_equal(const struct rig *r, struct conn *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        PL_ASSERT(c[i].rev == fake_head(r->store, RIG_REVIEW));
        PL_ASSERT(pl_doc_digest(c[i].doc) == pl_doc_digest(c[0].doc));
    }
}

/* Turns with waiting until `flag` is at least `value`. */
void rig_wait_for(struct rig *r, struct conn *c, size_t n, const unsigned *flag, unsigned value)
{
    for (unsigned i = 0; i < 2000 && *flag < value; i++)
        rig_turn(r, c, n, true);
    PL_ASSERT(*flag >= value);
}

void conn_type_many(struct rig *r, struct conn *c, size_t n, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        conn_type(&c[0], "z");
        rig_settle(r, c, n);
    }
}
