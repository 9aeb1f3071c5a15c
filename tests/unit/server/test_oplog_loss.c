// SPDX-License-Identifier: Apache-2.0
/* room/oplog.h: batches that lose, refusals, sessions, hostile input. */
#include "oplog_rig.h"

/* --- losing --------------------------------------------------------------------------------------
 */

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
    struct pl_value v = pl_value_int(1772359380000000);
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
    assert_int_equal(r.n, before); /* it is not stored yet */
    const struct oplog_batch *b = oplog_build_batch(r.l);
    assert_int_equal(b->n_revs, 2);
    assert_int_equal(b->n_refusals, 1);
    assert_int_equal(b->refusals[0].client, BOB);
    oplog_commit(r.l);
    assert_int_equal(r.n, before + 3);
    assert_int_equal(r.answers[before + 2].code, PL_E_PERM);
    assert_int_equal(r.answers[before + 2].o.client, BOB);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
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
    };
    return RUN(tests);
}
