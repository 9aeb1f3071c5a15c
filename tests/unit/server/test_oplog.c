// SPDX-License-Identifier: Apache-2.0
/* room/oplog.h: batches that win, lose and are refused; numbers, spacing, sessions, hostile input.
 */
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

static void on_answer(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                      const char *why)
{
    struct rig *r = ctx;

    assert_non_null(why);
    assert_true(r->n < sizeof r->answers / sizeof r->answers[0]);
    r->answers[r->n++] = (struct answer){.o = *o, .rev = rev, .code = code};
}

static struct oplog *log_new(struct rig *r, unsigned ring_revs)
{
    const struct oplog_options o = {.review = REVIEW,
                                    .ring_revs = ring_revs,
                                    .ring_bytes = 4u << 20,
                                    .queue_bytes = 4u << 20,
                                    .env = &r->env.env};
    const struct oplog_handlers h = {.answer = on_answer, .ctx = r};

    return oplog_new(&o, NULL, &h);
}

static void rig_init(struct rig *r)
{
    memset(r, 0, sizeof *r);
    pl_env_fake_init(&r->env, 7);
    r->l = log_new(r, 10000);
}

static void rig_end(struct rig *r)
{
    oplog_free(r->l);
    assert_int_equal(pl_mem_stat_get(PL_MEM_OPLOG).count, 0);
    assert_int_equal(pl_mem_stat_get(PL_MEM_DOC).count, 0);
}

static void join(struct rig *r, uint64_t client, uint32_t epoch)
{
    const struct oplog_session s = {.client = client, .epoch = epoch, .last_seq = r->seq[client]};

    oplog_session_open(r->l, &s);
}

static int submit_as(struct rig *r, const struct oplog_origin *o, struct pl_cs *take_cs)
{
    return oplog_submit(r->l, o, take_cs, NULL);
}

static int submit_on(struct rig *r, uint64_t client, uint64_t base, struct pl_cs *take_cs)
{
    const struct oplog_origin o = {.client = client,
                                   .epoch = 1,
                                   .seq = client != 0 ? ++r->seq[client] : 0,
                                   .base = base,
                                   .user = client + 100,
                                   .device = 1};

    return submit_as(r, &o, take_cs);
}

static int submit(struct rig *r, uint64_t client, struct pl_cs *take_cs)
{
    return submit_on(r, client, oplog_head(r->l), take_cs);
}

static struct pl_eid make_entry(struct rig *r, struct pl_cs *cs, uint64_t client, uint32_t kind)
{
    struct pl_eid eid = {client, ++r->entries};
    struct pl_key key;

    assert_int_equal(pl_key_between(&key, NULL, NULL, client, r->entries, NULL), 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
    return eid;
}

static struct pl_cs creation(struct rig *r, uint64_t client, uint32_t kind, struct pl_eid *out)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    *out = make_entry(r, &cs, client, kind);
    return cs;
}

static struct pl_cs typing(struct pl_eid eid, uint32_t len, uint32_t at, const char *s)
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

static struct pl_cs deleting(struct pl_eid eid, uint32_t len, uint32_t at, uint32_t n)
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

static void build_and_commit(struct rig *r)
{
    assert_non_null(oplog_build_batch(r->l));
    oplog_commit(r->l);
}

/* An event with text, committed: its id. */
static struct pl_eid written(struct rig *r, uint64_t client, const char *s)
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

static const char *body_of(const struct rig *r, struct pl_eid eid)
{
    return pl_entry_cstr(pl_doc_entry(oplog_doc(r->l), eid), PL_F_BODY);
}

/* A frame of the ring, decoded; release it with pl_msg_release. */
static struct pl_rev rev_of(const struct rig *r, uint64_t rev, struct pl_msg *m)
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

/* --- batches -------------------------------------------------------------------------------------
 */

TEST(oplog_commits_what_was_submitted_in_order)
{
    struct rig r;
    struct pl_msg m;

    rig_init(&r);
    join(&r, ANN, 1);
    struct pl_eid eid = written(&r, ANN, "red");
    assert_string_equal(body_of(&r, eid), "red");
    /* creation, its number, typing */
    assert_int_equal(oplog_head(r.l), 3);
    struct pl_rev rev = rev_of(&r, 1, &m);
    assert_int_equal(rev.client, ANN);
    assert_int_equal(rev.seq, 1);
    assert_int_equal(rev.user, ANN + 100);
    pl_msg_release(&m);
    rev = rev_of(&r, 2, &m);
    assert_int_equal(rev.client, 0);
    assert_int_equal(rev.user, ANN + 100);
    pl_msg_release(&m);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.answers[1].rev, 3);
    rig_end(&r);
}

TEST(oplog_merges_two_authors_of_one_batch)
{
    struct rig r;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_eid eid = written(&r, ANN, "ab");
    struct pl_cs a = typing(eid, 2, 1, "X");
    struct pl_cs b = typing(eid, 2, 1, "Y");
    assert_int_equal(submit(&r, ANN, &a), OPLOG_QUEUED);
    assert_int_equal(submit(&r, BOB, &b), OPLOG_QUEUED);
    const struct oplog_batch *batch = oplog_build_batch(r.l);
    assert_int_equal(batch->n_revs, 2);
    assert_int_equal(batch->authors[1].client, BOB);
    assert_int_equal(batch->authors[1].rev_offset, 1);
    oplog_commit(r.l);
    assert_string_equal(body_of(&r, eid), "aYXb"); /* the later goes left */
    rig_end(&r);
}

TEST(oplog_rebases_over_what_was_committed_since)
{
    struct rig r;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_eid eid = written(&r, ANN, "abc");
    uint64_t base = oplog_head(r.l);
    struct pl_cs a = typing(eid, 3, 0, "12");
    assert_int_equal(submit(&r, ANN, &a), OPLOG_QUEUED);
    build_and_commit(&r);
    struct pl_cs b = typing(eid, 3, 3, "!");
    assert_int_equal(submit_on(&r, BOB, base, &b), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_string_equal(body_of(&r, eid), "12abc!");
    rig_end(&r);
}

TEST(oplog_acknowledges_what_became_nothing)
{
    struct rig r;
    struct pl_msg m;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_eid eid = written(&r, ANN, "abc");
    struct pl_cs a = deleting(eid, 3, 1, 1);
    struct pl_cs b = deleting(eid, 3, 1, 1);
    assert_int_equal(submit(&r, ANN, &a), OPLOG_QUEUED);
    assert_int_equal(submit(&r, BOB, &b), OPLOG_QUEUED);
    build_and_commit(&r);
    struct pl_rev rev = rev_of(&r, oplog_head(r.l), &m);
    assert_int_equal(rev.client, BOB);
    assert_int_equal(rev.cs.n, 0);
    pl_msg_release(&m);
    assert_string_equal(body_of(&r, eid), "ac");
    rig_end(&r);
}

TEST(oplog_binds_salt_and_payload_in_the_commitment)
{
    struct rig r;
    struct pl_eid eid;
    struct pl_sha256 h;
    uint8_t digest[32];

    rig_init(&r);
    join(&r, ANN, 1);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_RULE, &eid);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(r.l);
    assert_int_equal(b->n_revs, 1); /* rules have no number */
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, b->authors[0].salt, 32);
    pl_sha256_update(&h, b->body + 6, b->n_body - 6);
    pl_sha256_final(&h, digest);
    assert_memory_equal(digest, b->authors[0].commitment, 32);
    oplog_commit(r.l);
    rig_end(&r);
}

TEST(oplog_writes_the_hash_every_64_revisions_and_time_never_goes_back)
{
    struct rig r;
    struct pl_msg m;
    int64_t last = 0;

    rig_init(&r);
    join(&r, ANN, 1);
    struct pl_eid eid = written(&r, ANN, "x");
    for (uint32_t i = 0; i < 140; i++) {
        struct pl_cs cs = typing(eid, 1 + i, i, "y");
        assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
        if (i % 3 == 0)
            r.env.now_us -= 1000000;
        else
            pl_env_fake_advance_us(&r.env, 10);
        build_and_commit(&r);
    }
    for (uint64_t rev = 1; rev <= oplog_head(r.l); rev++) {
        struct pl_rev v = rev_of(&r, rev, &m);
        assert_true(v.at_us >= last);
        last = v.at_us;
        assert_int_equal(v.hash != 0, rev % PL_HASH_EVERY == 0);
        pl_msg_release(&m);
    }
    rig_end(&r);
}

/* --- losing --------------------------------------------------------------------------------------
 */

/* All frames of a log from a revision on, as one body. */
static void copy_log(const struct oplog *from, uint64_t after, struct pl_buf *out)
{
    pl_buf_init(out, 16u << 20);
    for (uint64_t rev = after + 1; rev <= oplog_head(from); rev++) {
        size_t n = 0;
        const uint8_t *f = oplog_frame(from, rev, &n);
        assert_int_equal(pl_buf_add(out, f, n), 0);
    }
}

/* Another process with the same log. */
static void rig_second(struct rig *b, const struct rig *a)
{
    struct pl_buf body;

    rig_init(b);
    b->entries = 1000;
    copy_log(a->l, 0, &body);
    assert_int_equal(oplog_catch_up(b->l, body.data, body.len, NULL), 0);
    pl_buf_release(&body);
}

static void bring_up(struct rig *to, const struct rig *from)
{
    struct pl_buf body;

    copy_log(from->l, oplog_head(to->l), &body);
    assert_int_equal(oplog_catch_up(to->l, body.data, body.len, NULL), 0);
    pl_buf_release(&body);
}

TEST(oplog_takes_a_lost_batch_back_and_builds_it_again)
{
    struct rig a;
    struct rig b;
    struct oplog_stats st;

    rig_init(&a);
    join(&a, ANN, 1);
    struct pl_eid eid = written(&a, ANN, "hello");
    rig_second(&b, &a);
    join(&b, BOB, 1);
    struct pl_cs cs = typing(eid, 5, 5, " ann");
    assert_int_equal(submit(&a, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&a);
    cs = typing(eid, 5, 0, "bob ");
    pl_cs_elem(&cs, eid, PL_F_TAGS, "t", 1, true);
    struct pl_value v = pl_value_int(3000000);
    pl_cs_reg(&cs, eid, PL_F_EVENT_HAPPENED_AT, &v);
    assert_int_equal(submit(&b, BOB, &cs), OPLOG_QUEUED);
    assert_non_null(oplog_build_batch(b.l));
    oplog_abort(b.l, false);
    oplog_stats(b.l, &st);
    assert_int_equal(st.lost, 1);
    assert_int_equal(st.copies, 0); /* in proportion to the changes */
    assert_int_equal(st.queued, 1);
    bring_up(&b, &a);
    build_and_commit(&b);
    assert_string_equal(body_of(&b, eid), "bob hello ann");
    assert_int_equal(oplog_head(b.l), oplog_head(a.l) + 1);
    bring_up(&a, &b);
    assert_true(oplog_digest(a.l) == oplog_digest(b.l));
    oplog_free(b.l);
    rig_end(&a);
}

TEST(oplog_takes_back_creations_and_their_numbers)
{
    struct rig a;
    struct rig b;
    struct pl_eid ea;
    struct pl_eid eb;

    rig_init(&a);
    join(&a, ANN, 1);
    (void)written(&a, ANN, "one");
    rig_second(&b, &a);
    join(&b, BOB, 1);
    struct pl_cs cs = creation(&a, ANN, PL_KIND_EVENT, &ea);
    assert_int_equal(submit(&a, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&a);
    cs = creation(&b, BOB, PL_KIND_EVENT, &eb);
    assert_int_equal(submit(&b, BOB, &cs), OPLOG_QUEUED);
    assert_non_null(oplog_build_batch(b.l));
    oplog_abort(b.l, false);
    bring_up(&b, &a);
    build_and_commit(&b);
    assert_int_equal(pl_entry_int(pl_doc_entry(oplog_doc(b.l), ea), PL_F_NO, 0), 2);
    assert_int_equal(pl_entry_int(pl_doc_entry(oplog_doc(b.l), eb), PL_F_NO, 0), 3);
    bring_up(&a, &b);
    assert_true(oplog_digest(a.l) == oplog_digest(b.l));
    oplog_free(b.l);
    rig_end(&a);
}

TEST(oplog_finds_its_own_in_the_log_after_an_unknown_outcome)
{
    struct rig a;
    struct pl_buf body;
    struct pl_eid eid;

    rig_init(&a);
    join(&a, ANN, 1);
    eid = written(&a, ANN, "x");
    struct pl_cs cs = typing(eid, 1, 1, "y");
    assert_int_equal(submit(&a, ANN, &cs), OPLOG_QUEUED);
    cs = typing(eid, 1, 0, "server ");
    assert_int_equal(submit(&a, 0, &cs), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(a.l);
    pl_buf_init(&body, 1u << 20);
    assert_int_equal(pl_buf_add(&body, b->body, b->n_body), 0);
    oplog_abort(a.l, true);
    size_t before = a.n;
    assert_int_equal(oplog_catch_up(a.l, body.data, body.len, NULL), 0);
    assert_int_equal(a.n, before + 2);
    assert_int_equal(a.answers[before].rev, 4);
    assert_int_equal(a.answers[before + 1].rev, 5);
    assert_null(oplog_build_batch(a.l));
    assert_string_equal(body_of(&a, eid), "server xy");
    pl_buf_release(&body);
    rig_end(&a);
}

TEST(oplog_answers_the_refused_and_builds_the_rest_again)
{
    struct rig r;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    join(&r, CAT, 1);
    struct pl_eid eid = written(&r, ANN, "abc");
    size_t before = r.n;
    for (uint64_t c = ANN; c <= CAT; c++) {
        struct pl_cs cs = typing(eid, 3, 3, c == BOB ? "B" : "o");
        assert_int_equal(submit(&r, c, &cs), OPLOG_QUEUED);
    }
    assert_int_equal(oplog_build_batch(r.l)->n_authors, 3);
    const enum author_verdict v[3] = {AUTHOR_OK, AUTHOR_PERM, AUTHOR_OK};
    assert_int_equal(oplog_refuse(r.l, v), 1);
    assert_int_equal(r.n, before + 1);
    assert_int_equal(r.answers[before].code, PL_E_PERM);
    assert_int_equal(r.answers[before].o.client, BOB);
    build_and_commit(&r);
    assert_string_equal(body_of(&r, eid), "abcoo");
    rig_end(&r);
}

TEST(oplog_stops_deriving_when_the_store_refuses_it)
{
    struct rig r;
    struct pl_eid eid;

    rig_init(&r);
    join(&r, ANN, 1);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    const enum author_verdict v[2] = {AUTHOR_OK, AUTHOR_PERM};
    assert_int_equal(oplog_build_batch(r.l)->n_authors, 2);
    assert_int_equal(oplog_refuse(r.l, v), 1);
    assert_int_equal(oplog_build_batch(r.l)->authors[1].user, 0);
    assert_int_equal(oplog_refuse(r.l, v), 1);
    assert_int_equal(oplog_build_batch(r.l)->n_authors, 1);
    oplog_commit(r.l);
    rig_end(&r);
}

/* --- refusals ------------------------------------------------------------------------------------
 */

TEST(oplog_stores_its_own_refusals)
{
    struct rig r;
    const struct pl_eid nobody = {99, 1};
    struct oplog_session s;

    rig_init(&r);
    join(&r, ANN, 1);
    struct pl_cs cs = typing(nobody, 0, 0, "x");
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(r.l);
    assert_int_equal(b->n_revs, 0);
    assert_int_equal(b->n_refusals, 1);
    assert_int_equal(b->refusals[0].code, PL_E_NOENT);
    assert_int_equal(r.n, 0); /* nothing is said before it is durable */
    oplog_commit(r.l);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.answers[0].code, PL_E_NOENT);
    assert_true(oplog_session_get(r.l, ANN, &s));
    assert_int_equal(s.last_seq, 1);
    assert_int_equal(s.last_code, PL_E_NOENT);
    /* The same again is known. */
    cs = typing(nobody, 0, 0, "x");
    const struct oplog_origin o = {.client = ANN, .epoch = 1, .seq = 1};
    assert_int_equal(submit_as(&r, &o, &cs), OPLOG_KNOWN);
    rig_end(&r);
}

TEST(oplog_judges_again_what_a_lost_batch_refused)
{
    struct rig a;
    struct rig b;
    struct pl_eid eid;

    rig_init(&a);
    join(&a, ANN, 1);
    (void)written(&a, ANN, "x");
    rig_second(&b, &a);
    join(&b, BOB, 1);
    struct pl_cs cs = creation(&a, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit(&a, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&a);
    cs = typing(eid, 0, 0, "early");
    assert_int_equal(submit(&b, BOB, &cs), OPLOG_QUEUED);
    assert_int_equal(oplog_build_batch(b.l)->n_refusals, 1);
    oplog_abort(b.l, true);
    bring_up(&b, &a);
    assert_int_equal(oplog_build_batch(b.l)->n_refusals, 0);
    oplog_commit(b.l);
    assert_string_equal(body_of(&b, eid), "early");
    oplog_free(b.l);
    rig_end(&a);
}

TEST(oplog_refuses_what_is_out_of_order)
{
    struct rig r;
    struct pl_eid eid;

    rig_init(&r);
    join(&r, ANN, 2);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    struct oplog_origin o = {.client = ANN, .epoch = 1, .seq = 1};
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_FENCED);
    o.client = BOB;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_FENCED);
    o = (struct oplog_origin){.client = ANN, .epoch = 2, .seq = 0};
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_BAD_STATE);
    o.seq = 5;
    o.base = 1;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_BAD_STATE);
    o.base = UINT64_MAX;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_BAD_STATE);
    o.base = 0;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), OPLOG_QUEUED);
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), OPLOG_UNDER_WAY);
    o.seq = 6;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_BAD_STATE);
    build_and_commit(&r);
    o.seq = 4;
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit_as(&r, &o, &cs), -PL_E_BAD_STATE);
    rig_end(&r);
}

TEST(oplog_says_behind_when_the_base_is_too_old)
{
    struct rig r;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_eid eid = written(&r, ANN, "x");
    uint64_t base = oplog_head(r.l);
    for (uint32_t i = 0; i <= PL_BASE_LAG_MAX; i++) {
        struct pl_cs cs = typing(eid, 1 + i, 0, "y");
        assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
        build_and_commit(&r);
        if (i + 1 == PL_BASE_LAG_MAX) {
            cs = typing(eid, 1, 1, "!");
            assert_int_equal(submit_on(&r, BOB, base, &cs), OPLOG_QUEUED);
            build_and_commit(&r);
            i++;
        }
    }
    struct pl_cs cs = typing(eid, 1, 1, "?");
    assert_int_equal(submit_on(&r, BOB, base, &cs), -PL_E_BEHIND);
    rig_end(&r);
}

TEST(oplog_fences_older_submissions_at_a_new_session)
{
    struct rig r;
    struct pl_eid eid;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    oplog_session_close(r.l, ANN, 1);
    r.seq[ANN] = 0;
    join(&r, ANN, 2);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.answers[0].code, PL_E_FENCED);
    assert_false(oplog_has_work(r.l));
    /* In a batch under way the store decides. */
    cs = creation(&r, BOB, PL_KIND_EVENT, &eid);
    assert_int_equal(submit(&r, BOB, &cs), OPLOG_QUEUED);
    assert_non_null(oplog_build_batch(r.l));
    r.seq[BOB] = 0;
    join(&r, BOB, 2);
    assert_int_equal(r.n, 1);
    oplog_abort(r.l, false);
    assert_null(oplog_build_batch(r.l));
    assert_int_equal(r.n, 2);
    assert_int_equal(r.answers[1].code, PL_E_FENCED);
    rig_end(&r);
}

/* --- what the server adds ------------------------------------------------------------------------
 */

TEST(oplog_gives_actions_numbers_of_the_organisation)
{
    struct rig r;
    struct pl_eid a1;
    struct pl_eid a2;

    rig_init(&r);
    join(&r, ANN, 1);
    assert_int_equal(oplog_wants_numbers(r.l), 0);
    struct pl_cs cs = creation(&r, ANN, PL_KIND_ACTION, &a1);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_int_equal(oplog_head(r.l), 1);
    assert_null(oplog_build_batch(r.l)); /* it waits */
    unsigned n = oplog_wants_numbers(r.l);
    assert_true(n >= 1);
    cs = creation(&r, ANN, PL_KIND_ACTION, &a2);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    assert_non_null(oplog_build_batch(r.l));
    oplog_give_numbers(r.l, 121, n); /* while a batch is under way */
    oplog_commit(r.l);
    build_and_commit(&r);
    assert_int_equal(pl_entry_int(pl_doc_entry(oplog_doc(r.l), a1), PL_F_NO, 0), 121);
    assert_int_equal(pl_entry_int(pl_doc_entry(oplog_doc(r.l), a2), PL_F_NO, 0), 122);
    cs = creation(&r, ANN, PL_KIND_ACTION, &a2);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&r); /* now in the same batch */
    assert_int_equal(pl_entry_int(pl_doc_entry(oplog_doc(r.l), a2), PL_F_NO, 0), 123);
    assert_false(oplog_has_work(r.l));
    rig_end(&r);
}

TEST(oplog_spaces_siblings_anew_when_a_key_is_long)
{
    struct rig r;
    struct pl_eid eids[3];
    struct pl_entry *list[4];
    struct pl_key key = {.len = 50};

    rig_init(&r);
    join(&r, ANN, 1);
    for (size_t i = 0; i < 3; i++) {
        struct pl_cs cs;
        pl_cs_init(&cs);
        eids[i] = (struct pl_eid){ANN, (uint32_t)i + 1};
        memset(key.s, 'a', 50);
        key.s[1] = (char)('1' + (char)(2 - i));
        key.s[44] = '.';
        key.len = i == 0 ? 48 : 50;
        pl_cs_create(&cs, eids[i], PL_KIND_RULE, PL_EID_ROOT, &key);
        assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
        build_and_commit(&r);
    }
    for (size_t i = 0; i < 40; i++) { /* not more often than every so many revisions */
        struct pl_cs cs;
        pl_cs_init(&cs);
        struct pl_value v = pl_value_str("t", 1);
        pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_TITLE, &v);
        pl_value_release(&v);
        assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
        build_and_commit(&r);
    }
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_place(&cs, eids[0], PL_EID_ROOT, &key);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_int_equal(pl_doc_children(oplog_doc(r.l), PL_EID_ROOT, PL_KIND_RULE, list, 4), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(pl_entry_key(list[i])->len <= OPLOG_KEY_RESPACE);
    rig_end(&r);
}

TEST(oplog_shows_the_face_of_the_review_when_it_changes)
{
    struct rig r;
    struct pl_eid eid;
    struct pl_cs cs;

    rig_init(&r);
    join(&r, ANN, 1);
    cs = creation(&r, ANN, PL_KIND_EVENT, &eid);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    assert_null(oplog_build_batch(r.l)->face);
    oplog_commit(r.l);
    pl_cs_init(&cs);
    struct pl_value v = pl_value_str("Disk full", 9);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_TITLE, &v);
    pl_value_release(&v);
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(r.l);
    assert_non_null(b->face);
    assert_string_equal(b->face->title, "Disk full");
    oplog_commit(r.l);
    rig_end(&r);
}

TEST(oplog_brings_carets_along_or_drops_them)
{
    struct rig r;
    struct pl_msg m;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_eid eid = written(&r, ANN, "abc");
    uint64_t base = oplog_head(r.l);
    struct pl_cs cs = typing(eid, 3, 0, "12");
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    cs = typing(eid, 3, 3, "d");
    struct oplog_origin o = {.client = BOB, .epoch = 1, .seq = ++r.seq[BOB], .base = base};
    o.caret_after =
        (struct pl_caret){.set = true, .eid = eid, .field = PL_F_BODY, .anchor = 4, .head = 4};
    assert_int_equal(submit_as(&r, &o, &cs), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_int_equal(rev_of(&r, oplog_head(r.l), &m).caret_after.head, 6);
    pl_msg_release(&m);
    cs = typing(eid, 6, 0, "z");
    o.seq++;
    o.base = oplog_head(r.l);
    o.caret_after.head = 4000000;
    assert_int_equal(submit_as(&r, &o, &cs), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_false(rev_of(&r, oplog_head(r.l), &m).caret_after.set);
    pl_msg_release(&m);
    rig_end(&r);
}

/* --- ring and log --------------------------------------------------------------------------------
 */

TEST(oplog_keeps_no_more_than_the_ring_allows)
{
    struct rig r;
    size_t n = 0;

    rig_init(&r);
    oplog_free(r.l);
    r.l = log_new(&r, 20);
    join(&r, ANN, 1);
    struct pl_eid eid = written(&r, ANN, "x");
    for (uint32_t i = 0; i < 50; i++) {
        struct pl_cs cs = typing(eid, 1 + i, 0, "y");
        assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
        build_and_commit(&r);
    }
    assert_int_equal(oplog_ring_first(r.l), oplog_head(r.l) - 19);
    assert_null(oplog_frame(r.l, oplog_ring_first(r.l) - 1, &n));
    assert_non_null(oplog_frame(r.l, oplog_head(r.l), &n));
    assert_null(oplog_frame(r.l, oplog_head(r.l) + 1, &n));
    join(&r, BOB, 1);
    struct pl_cs cs = typing(eid, 1, 0, "z");
    assert_int_equal(submit_on(&r, BOB, 3, &cs), -PL_E_BEHIND);
    rig_end(&r);
}

TEST(oplog_refuses_a_log_that_does_not_fit)
{
    struct rig a;
    struct rig b;
    struct pl_buf body;

    rig_init(&a);
    join(&a, ANN, 1);
    (void)written(&a, ANN, "hello");
    rig_init(&b);
    copy_log(a.l, 1, &body); /* the first is missing */
    assert_int_equal(oplog_catch_up(b.l, body.data, body.len, NULL), -PL_E_STORE);
    pl_buf_release(&body);
    copy_log(a.l, 0, &body);
    assert_int_equal(oplog_catch_up(b.l, body.data, body.len - 1, NULL), -PL_E_STORE);
    assert_int_equal(oplog_head(b.l), 2);
    body.data[0] = 0xff;
    assert_int_equal(oplog_catch_up(b.l, body.data, body.len, NULL), -PL_E_STORE);
    pl_buf_release(&body);
    oplog_free(b.l);
    rig_end(&a);
}

TEST(oplog_limits_batches_and_the_queue)
{
    struct rig r;
    char *big = pl_xmalloc(40001);

    memset(big, 'x', 40000);
    big[40000] = '\0';
    rig_init(&r);
    for (uint64_t c = 1; c <= 20; c++)
        join(&r, c, 1);
    struct pl_eid eid = written(&r, 1, "x");
    for (uint64_t c = 1; c <= 20; c++) {
        struct pl_cs cs = typing(eid, 1, 0, big);
        assert_int_equal(submit(&r, c, &cs), OPLOG_QUEUED);
    }
    unsigned batches = 0;
    const struct oplog_batch *b;
    while ((b = oplog_build_batch(r.l)) != NULL) {
        assert_true(b->n_body <= OPLOG_BATCH_BYTES + 1024);
        oplog_commit(r.l);
        batches++;
    }
    assert_true(batches >= 3);
    assert_int_equal(strlen(body_of(&r, eid)), 1 + 20 * 40000);
    free(big);
    rig_end(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(oplog_commits_what_was_submitted_in_order),
        UNIT(oplog_merges_two_authors_of_one_batch),
        UNIT(oplog_rebases_over_what_was_committed_since),
        UNIT(oplog_acknowledges_what_became_nothing),
        UNIT(oplog_binds_salt_and_payload_in_the_commitment),
        UNIT(oplog_writes_the_hash_every_64_revisions_and_time_never_goes_back),
        UNIT(oplog_takes_a_lost_batch_back_and_builds_it_again),
        UNIT(oplog_takes_back_creations_and_their_numbers),
        UNIT(oplog_finds_its_own_in_the_log_after_an_unknown_outcome),
        UNIT(oplog_answers_the_refused_and_builds_the_rest_again),
        UNIT(oplog_stops_deriving_when_the_store_refuses_it),
        UNIT(oplog_stores_its_own_refusals),
        UNIT(oplog_judges_again_what_a_lost_batch_refused),
        UNIT(oplog_refuses_what_is_out_of_order),
        UNIT(oplog_says_behind_when_the_base_is_too_old),
        UNIT(oplog_fences_older_submissions_at_a_new_session),
        UNIT(oplog_gives_actions_numbers_of_the_organisation),
        UNIT(oplog_spaces_siblings_anew_when_a_key_is_long),
        UNIT(oplog_shows_the_face_of_the_review_when_it_changes),
        UNIT(oplog_brings_carets_along_or_drops_them),
        UNIT(oplog_keeps_no_more_than_the_ring_allows),
        UNIT(oplog_refuses_a_log_that_does_not_fit),
        UNIT(oplog_limits_batches_and_the_queue),
    };
    return RUN(tests);
}
