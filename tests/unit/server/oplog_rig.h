// SPDX-License-Identifier: Apache-2.0
/*
 * A log of an open review with a clock that stands still, for its unit tests: sessions join,
 * submit, and hear answers. Included by each of them; failures are cmocka's.
 */
#ifndef PLIMSOLL_TESTS_UNIT_SERVER_OPLOG_RIG_H
#define PLIMSOLL_TESTS_UNIT_SERVER_OPLOG_RIG_H

#include "room/oplog.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#include "support/unit.h"

enum { REVIEW = 41, ANN = 11, BOB = 12, CAT = 13 };

struct answer {
    struct oplog_origin o;
    uint64_t rev;
    int code;
};

struct rig {
    struct pl_env_fake env;
    struct oplog *l;
    struct answer answers[600];
    size_t n;
    uint32_t entries;
    uint64_t seq[32];
};

static inline void on_answer(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                             const char *why)
{
    struct rig *r = ctx;

    assert_non_null(why);
    assert_true(r->n < sizeof r->answers / sizeof r->answers[0]);
    r->answers[r->n++] = (struct answer){.o = *o, .rev = rev, .code = code};
}

static inline struct oplog *log_new(struct rig *r, unsigned ring_revs)
{
    const struct oplog_options o = {.review = REVIEW,
                                    .ring_revs = ring_revs,
                                    .ring_bytes = 4u << 20,
                                    .queue_bytes = 4u << 20,
                                    .env = &r->env.env};
    const struct oplog_handlers h = {.answer = on_answer, .ctx = r};

    return oplog_new(&o, NULL, &h);
}

static inline void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    pl_env_fake_init(&r->env, 7);
    r->l = log_new(r, 10000);
}

static inline void rig_end(struct rig *r)
{
    oplog_free(r->l);
    assert_int_equal(pl_mem_stat_get(PL_MEM_OPLOG).count, 0);
    assert_int_equal(pl_mem_stat_get(PL_MEM_DOC).count, 0);
}

static inline void join(struct rig *r, uint64_t client, uint32_t epoch)
{
    const struct oplog_session s = {.client = client, .epoch = epoch, .last_seq = r->seq[client]};

    oplog_session_open(r->l, &s);
}

static inline int submit_as(struct rig *r, const struct oplog_origin *o, struct pl_cs *take_cs)
{
    return oplog_submit(r->l, o, take_cs, NULL);
}

static inline int submit_on(struct rig *r, uint64_t client, uint64_t base, struct pl_cs *take_cs)
{
    const struct oplog_origin o = {.client = client,
                                   .epoch = 1,
                                   .seq = client != 0 ? ++r->seq[client] : 0,
                                   .base = base,
                                   .user = client + 100,
                                   .device = 1};

    return submit_as(r, &o, take_cs);
}

static inline int submit(struct rig *r, uint64_t client, struct pl_cs *take_cs)
{
    return submit_on(r, client, oplog_head(r->l), take_cs);
}

static inline struct pl_eid make_entry(struct rig *r, struct pl_cs *cs, uint64_t client,
                                       uint32_t kind)
{
    struct pl_eid eid = {client, ++r->entries};
    struct pl_key key;

    assert_int_equal(pl_key_between(&key, NULL, NULL, client, r->entries, NULL), 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
    return eid;
}

static inline struct pl_cs creation(struct rig *r, uint64_t client, uint32_t kind,
                                    struct pl_eid *out)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    *out = make_entry(r, &cs, client, kind);
    return cs;
}

static inline struct pl_cs typing(struct pl_eid eid, uint32_t len, uint32_t at, const char *s)
{
    struct pl_cs cs;
    struct pl_op op;

    pl_op_init(&op, len);
    pl_op_retain(&op, at);
    pl_op_insert(&op, s, (uint32_t)strlen(s), (uint32_t)strlen(s));
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    return cs;
}

static inline struct pl_cs deleting(struct pl_eid eid, uint32_t len, uint32_t at, uint32_t n)
{
    struct pl_cs cs;
    struct pl_op op;

    pl_op_init(&op, len);
    pl_op_retain(&op, at);
    pl_op_delete(&op, n, NULL, 0);
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    return cs;
}

static inline void build_and_commit(struct rig *r)
{
    assert_non_null(oplog_build_batch(r->l));
    oplog_commit(r->l);
}

/* An event with text, committed: its id. */
static inline struct pl_eid written(struct rig *r, uint64_t client, const char *s)
{
    struct pl_eid eid;
    struct pl_cs cs = creation(r, client, PL_KIND_EVENT, &eid);

    assert_int_equal(submit(r, client, &cs), OPLOG_QUEUED);
    build_and_commit(r);
    cs = typing(eid, 0, 0, s);
    assert_int_equal(submit(r, client, &cs), OPLOG_QUEUED);
    build_and_commit(r);
    return eid;
}

static inline const char *body_of(const struct rig *r, struct pl_eid eid)
{
    return pl_entry_cstr(pl_doc_entry(oplog_doc(r->l), eid), PL_F_BODY);
}

/* A frame of the ring, decoded; release it with pl_msg_release. */
static inline struct pl_rev rev_of(const struct rig *r, uint64_t rev, struct pl_msg *m)
{
    struct pl_arena arena;
    size_t n = 0;
    const uint8_t *frame = oplog_frame(r->l, rev, &n);

    assert_non_null(frame);
    pl_arena_init(&arena, 1u << 20);
    assert_int_equal(pl_msg_decode(m, PL_MSG_REV, frame + 6, n - 6, PL_SIDE_CLIENT, &arena, NULL),
                     0);
    pl_arena_release(&arena);
    return m->u.rev;
}

/* All frames of a log from a revision on, as one body. */
static inline void copy_log(const struct oplog *from, uint64_t after, struct pl_buf *out)
{
    pl_buf_init(out, 16u << 20);
    for (uint64_t rev = after + 1; rev <= oplog_head(from); rev++) {
        size_t n = 0;
        const uint8_t *f = oplog_frame(from, rev, &n);
        assert_int_equal(pl_buf_add(out, f, n), 0);
    }
}

/* Another process with the same log. */
static inline void rig_second(struct rig *b, const struct rig *a)
{
    struct pl_buf body;

    rig_init(b);
    b->entries = 1000;
    copy_log(a->l, 0, &body);
    assert_int_equal(oplog_catch_up(b->l, body.data, body.len, NULL), 0);
    pl_buf_release(&body);
}

static inline void bring_up(struct rig *to, const struct rig *from)
{
    struct pl_buf body;

    copy_log(from->l, oplog_head(to->l), &body);
    assert_int_equal(oplog_catch_up(to->l, body.data, body.len, NULL), 0);
    pl_buf_release(&body);
}

#endif
