// SPDX-License-Identifier: Apache-2.0
/*
 * Votes against a real PostgreSQL: who may give how many dots, and that a count is in the log with
 * exactly the choices that it deletes, or not at all.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

#include "store/repo_vote.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

static struct rig rig;
static struct rig_store st;

/* A review in session, and who takes part. */
static uint64_t review;
static struct rig_person fay, ben, cyd;

static const struct pl_eid red = {7, 1}, blue = {7, 2}, green = {~UINT64_C(0), UINT32_MAX};

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_store_close(&rig, &st);
    rig_close(&rig);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    fay = rig_person(&rig);
    ben = rig_person(&rig);
    cyd = rig_person(&rig);
    review = rig_review(&rig, fay);
    rig_member(&rig, review, ben, PL_ROLE_RESPONDER);
    rig_member(&rig, review, cyd, PL_ROLE_STAKEHOLDER);
    rig_status(&rig, review, PL_STATUS_IN_SESSION);
    return 0;
}

/* --- asking -------------------------------------------------------------------------------------
 */

static struct {
    bool done;
    int rc;
    struct vote_tally tally;
    struct vote_state state;
    struct pl_vote_row rows[8];
} got;

static int answer(int rc)
{
    if (rc != 0)
        return rc;
    rig_until(&rig, &got.done);
    return got.rc;
}

static void on_vote(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    assert_true((rc < 0) == (e != NULL));
    got.done = true;
    got.rc = rc;
}

static void keep_rows(const struct pl_vote_row *rows, size_t n)
{
    for (size_t i = 0; i < n && i < 8; i++)
        got.rows[i] = rows[i];
}

static void on_tally(void *ctx, int rc, const struct vote_tally *t, const struct pl_err *e)
{
    on_vote(ctx, rc, e);
    if (t != NULL) {
        got.tally = *t;
        keep_rows(t->items, t->n);
    }
}

static void on_votes(void *ctx, int rc, const struct vote_state *v, const struct pl_err *e)
{
    on_vote(ctx, rc, e);
    if (v != NULL) {
        got.state = *v;
        keep_rows(v->own, v->n);
    }
}

static struct vote_choice choice(struct rig_person p, struct pl_eid entry, uint32_t dots)
{
    struct vote_choice v = {.review = review,
                            .user = p.user,
                            .device = p.device,
                            .round = 1,
                            .entry = entry,
                            .dots = dots};
    memset(v.voter, (int)p.user, sizeof v.voter);
    memset(v.key_check, 5, sizeof v.key_check);
    return v;
}

static int send_choice(const struct vote_choice *v)
{
    memset(&got, 0, sizeof got);
    return answer(repo_vote(st.s, v, on_vote, NULL));
}

static int vote(struct rig_person p, struct pl_eid entry, uint32_t dots)
{
    const struct vote_choice v = choice(p, entry, dots);
    return send_choice(&v);
}

static int sum_up(struct rig_person p, uint64_t freeze_us)
{
    memset(&got, 0, sizeof got);
    return answer(repo_tally(st.s, review, p.user, p.device, freeze_us, on_tally, NULL));
}

static int look(struct rig_person p)
{
    const struct vote_choice v = choice(p, red, 0);
    memset(&got, 0, sizeof got);
    return answer(repo_votes(st.s, review, p.user, v.voter, on_votes, NULL));
}

static enum append_outcome put(uint64_t head, struct append_effect x, uint64_t ops)
{
    static struct rig_append a;
    rig_edit(&a, review, head, fay, 0, 0, 0);
    a.author[0].ops = ops;
    a.req.effect = &x;
    enum append_outcome out = rig_append(&st, &a);
    if (out == APPEND_REFUSED)
        assert_int_equal(a.verdict[0],
                         ops == PL_PERM_BIT(PL_PERM_CONDUCT) ? AUTHOR_STALE : AUTHOR_PERM);
    return out;
}

static enum append_outcome open_vote(uint64_t head, uint32_t round)
{
    return put(
        head,
        (struct append_effect){.kind = EFFECT_BALLOT_OPEN, .round = round, .ballot = 1, .dots = 3},
        PL_PERM_BIT(PL_PERM_CONDUCT));
}

static enum append_outcome count_vote(uint64_t head, uint32_t round, uint64_t version)
{
    return put(
        head,
        (struct append_effect){.kind = EFFECT_BALLOT_COUNT, .round = round, .version = version},
        PL_PERM_BIT(PL_PERM_CONDUCT));
}

static int64_t left(const char *table)
{
    return rig_int(&rig, "SELECT count(*) FROM plm.%s WHERE review = %llu", table,
                   (unsigned long long)review);
}

/* ------------------------------------------------------------------------------------------------
 */

static void vote_is_for_who_may_while_it_is_open(void **state)
{
    (void)state;
    struct rig_person eve = rig_person(&rig);
    assert_int_equal(vote(ben, red, 1), -PL_E_CONFLICT);
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(vote(fay, red, 1), -PL_E_PERM);
    assert_int_equal(vote(eve, red, 1), -PL_E_PERM);
    assert_int_equal(vote(ben, red, 1), 0);
    struct vote_choice v = choice(ben, red, 1);
    v.round = 2;
    assert_int_equal(send_choice(&v), -PL_E_CONFLICT);
    v.round = 1;
    v.device = cyd.device;
    assert_int_equal(send_choice(&v), -PL_E_REVOKED);
    v = choice(cyd, red, 1);
    v.key_check[0] = 6;
    assert_int_equal(send_choice(&v), -PL_E_UNAVAILABLE);
    rig_status(&rig, review, 3);
    assert_int_equal(vote(ben, red, 1), -PL_E_PERM);
}

static void another_key_is_good_while_nothing_is_chosen(void **state)
{
    (void)state;
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(vote(ben, red, 1), 0);
    struct vote_choice v = choice(cyd, red, 1);
    v.key_check[0] = 6;
    assert_int_equal(send_choice(&v), -PL_E_UNAVAILABLE);
    assert_int_equal(vote(ben, red, 0), 0);
    assert_int_equal(left("vote"), 0);
    assert_int_equal(send_choice(&v), 0);
    assert_int_equal(vote(ben, red, 1), -PL_E_UNAVAILABLE); /* the key that is the vote's now */
    assert_int_equal(left("vote"), 1);
}

static void vote_gives_nobody_more_than_his_dots(void **state)
{
    (void)state;
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(vote(ben, red, 4), -PL_E_INVALID);
    assert_int_equal(vote(ben, red, 2), 0);
    assert_int_equal(vote(ben, blue, 2), -PL_E_LIMIT);
    assert_int_equal(vote(ben, blue, 1), 0);
    assert_int_equal(vote(ben, red, 3), -PL_E_LIMIT);
    assert_int_equal(vote(ben, blue, 0), 0);
    assert_int_equal(vote(ben, red, 3), 0);
    assert_int_equal(vote(ben, red, 3), 0);
    assert_int_equal(vote(cyd, green, 3), 0);
    assert_int_equal(left("vote"), 2);
    /* Dots on what was merged into an entry are replaced by those for the entry. */
    struct vote_choice v = choice(ben, blue, 1);
    struct pl_eid merged[] = {red, green};
    v.merged = merged;
    v.n_merged = 2;
    assert_int_equal(send_choice(&v), 0);
    assert_int_equal(look(ben), 0);
    assert_int_equal(got.state.n, 1);
    assert_true(pl_eid_eq(got.rows[0].entry, blue));
    assert_int_equal(got.rows[0].dots, 1);
}

static void vote_shows_a_person_only_his_own(void **state)
{
    (void)state;
    struct rig_person eve = rig_person(&rig);
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(vote(ben, red, 2), 0);
    assert_int_equal(vote(cyd, green, 1), 0);
    assert_int_equal(look(cyd), 0);
    assert_int_equal(got.state.voters, 2);
    assert_int_equal(got.state.cast, 2);
    assert_int_equal(got.state.n, 1);
    assert_true(pl_eid_eq(got.rows[0].entry, green));
    assert_int_equal(look(fay), 0);
    assert_int_equal(got.state.cast, 2);
    assert_int_equal(got.state.n, 0);
    assert_int_equal(look(eve), -PL_E_PERM);
    review += 1000;
    assert_int_equal(look(ben), -PL_E_NOENT);
    review -= 1000;
}

static void tally_is_for_who_conducts_and_stops_the_choosing(void **state)
{
    (void)state;
    assert_int_equal(sum_up(fay, 0), -PL_E_CONFLICT);
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(vote(ben, red, 2), 0);
    assert_int_equal(vote(cyd, red, 1), 0);
    assert_int_equal(vote(cyd, green, 2), 0);
    assert_int_equal(sum_up(ben, 60000000), -PL_E_PERM);
    assert_int_equal(vote(ben, red, 2), 0); /* not frozen by who may not */
    assert_int_equal(sum_up(fay, 60000000), 0);
    assert_int_equal(got.tally.round, 1);
    assert_int_equal(got.tally.version, 4);
    assert_int_equal(got.tally.voters, 2);
    assert_int_equal(got.tally.n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(got.rows[i].dots, pl_eid_eq(got.rows[i].entry, red) ? 3 : 2);
    assert_int_equal(vote(ben, red, 1), -PL_E_BUSY);
    assert_int_equal(sum_up(fay, 0), 0); /* thaws */
    assert_int_equal(vote(ben, red, 1), 0);
}

static void count_and_log_go_together(void **state)
{
    (void)state;
    assert_int_equal(count_vote(1, 1, 0), APPEND_REFUSED);
    assert_int_equal(open_vote(1, 1), APPEND_OK);
    assert_int_equal(open_vote(2, 2), APPEND_REFUSED);
    assert_int_equal(vote(ben, red, 2), 0);
    assert_int_equal(sum_up(fay, 0), 0);
    uint64_t version = got.tally.version;
    assert_int_equal(vote(cyd, red, 1), 0); /* after the sums were taken */
    assert_int_equal(count_vote(2, 1, version), APPEND_REFUSED);
    assert_int_equal(left("vote"), 2);
    assert_int_equal(rig_check_log(&rig, review), 2);
    assert_int_equal(count_vote(1, 1, version + 1), APPEND_BEHIND);
    assert_int_equal(
        put(2,
            (struct append_effect){.kind = EFFECT_BALLOT_COUNT, .round = 1, .version = version + 1},
            PL_PERM_BIT(PL_PERM_VOTE)),
        APPEND_REFUSED);
    assert_int_equal(left("ballot"), 1);
    assert_int_equal(count_vote(2, 1, version + 1), APPEND_OK);
    assert_int_equal(left("vote") + left("ballot"), 0);
    assert_int_equal(rig_check_log(&rig, review), 3);
    assert_int_equal(vote(ben, red, 1), -PL_E_CONFLICT);
    assert_int_equal(count_vote(3, 1, version + 1), APPEND_REFUSED);
    assert_int_equal(open_vote(3, 2), APPEND_OK);
}

static void count_that_is_refused_stores_the_refusals_of_its_batch(void **state)
{
    (void)state;
    static struct rig_append a;
    struct rig_session s;
    uint32_t epoch = rig_session(&st, review, 9, ben, NULL);
    struct append_refusal no = {
        .client = 9, .epoch = epoch, .seq = 1, .code = PL_E_LOCKED, .why = "no"};
    const struct append_effect x = {.kind = EFFECT_BALLOT_COUNT, .round = 1};
    rig_edit(&a, review, 1, fay, 0, 0, 0);
    a.author[0].ops = PL_PERM_BIT(PL_PERM_CONDUCT);
    a.req.effect = &x;
    a.req.refusals = &no;
    a.req.n_refusals = 1;
    a.req.lock_first = true;
    assert_int_equal(rig_append(&st, &a), APPEND_REFUSED);
    assert_int_equal(a.verdict[0], AUTHOR_STALE);
    (void)rig_session(&st, review, 9, ben, &s);
    assert_int_equal(s.row.last_code, PL_E_LOCKED);
    /* The turn was given back. */
    assert_int_equal(open_vote(1, 1), APPEND_OK);
}

#define FRESH(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(vote_is_for_who_may_while_it_is_open),
        FRESH(another_key_is_good_while_nothing_is_chosen),
        FRESH(vote_gives_nobody_more_than_his_dots),
        FRESH(vote_shows_a_person_only_his_own),
        FRESH(tally_is_for_who_conducts_and_stops_the_choosing),
        FRESH(count_and_log_go_together),
        FRESH(count_that_is_refused_stores_the_refusals_of_its_batch),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
