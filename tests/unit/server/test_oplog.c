// SPDX-License-Identifier: Apache-2.0
/* room/oplog.h: batches that win, numbers, spacing, the ring. */
#include "oplog_rig.h"

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
    size_t n = 4 + ((size_t)b->body[2] << 8 | b->body[3]); /* its number follows */
    assert_int_equal(b->n_revs, 2);
    assert_true(n < b->n_body);
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, b->authors[0].salt, 32);
    pl_sha256_update(&h, b->body + 6, n - 6);
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

TEST(oplog_refuses_an_entry_under_the_id_of_another_session)
{
    struct rig r;
    struct pl_eid eid;

    rig_init(&r);
    join(&r, ANN, 1);
    join(&r, BOB, 1);
    struct pl_cs cs = creation(&r, BOB, PL_KIND_COMMENT, &eid); /* what Bob would make next */
    assert_int_equal(submit(&r, ANN, &cs), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(r.l);
    assert_int_equal(b->n_revs, 0);
    assert_int_equal(b->n_refusals, 1);
    assert_int_equal(b->refusals[0].code, PL_E_INVALID);
    oplog_commit(r.l);
    assert_int_equal(r.answers[0].code, PL_E_INVALID);
    r.entries--;
    cs = creation(&r, BOB, PL_KIND_COMMENT, &eid);
    assert_int_equal(submit(&r, BOB, &cs), OPLOG_QUEUED);
    build_and_commit(&r);
    assert_non_null(pl_doc_entry(oplog_doc(r.l), eid));
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
        UNIT(oplog_gives_actions_numbers_of_the_organisation),
        UNIT(oplog_spaces_siblings_anew_when_a_key_is_long),
        UNIT(oplog_refuses_an_entry_under_the_id_of_another_session),
        UNIT(oplog_shows_the_face_of_the_review_when_it_changes),
        UNIT(oplog_brings_carets_along_or_drops_them),
        UNIT(oplog_keeps_no_more_than_the_ring_allows),
        UNIT(oplog_refuses_a_log_that_does_not_fit),
        UNIT(oplog_limits_batches_and_the_queue),
    };
    return RUN(tests);
}
