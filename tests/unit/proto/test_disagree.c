// SPDX-License-Identifier: Apache-2.0
/* pl_disagreements: what two accounts say differently, and what is no disagreement. */
#include "plimsoll/doc/disagree.h"

#include <string.h>

#include "support/sample.h"
#include "support/unit.h"

#define MINUTE INT64_C(60000000)

struct ctx {
    struct pl_doc *d;
    struct pl_eid one, two; /* accounts */
    struct pl_eid x, y;     /* events */
    struct pl_disagreement v[16];
};

static int setup(void **state)
{
    static struct ctx c;

    c = (struct ctx){.d = pl_doc_new()};
    c.one = sample_add(c.d, PL_KIND_ACCOUNT, PL_EID_ROOT, SAMPLE_RESPONDER);
    c.two = sample_add(c.d, PL_KIND_ACCOUNT, PL_EID_ROOT, SAMPLE_OWNER);
    c.x = sample_add(c.d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_RESPONDER);
    c.y = sample_add(c.d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_RESPONDER);
    sample_int(c.d, c.x, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0);
    sample_int(c.d, c.y, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + 20 * MINUTE);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    pl_doc_free(((struct ctx *)*state)->d);
    return 0;
}

/* A claim that an event happened at a minute, give or take some seconds (0: exactly). */
static struct pl_eid claim(struct ctx *c, struct pl_eid account, struct pl_eid event, int minute,
                           int64_t band_s)
{
    struct pl_eid eid = sample_add(c->d, PL_KIND_CLAIM, account, SAMPLE_RESPONDER);

    sample_link(c->d, eid, PL_F_CLAIM_EVENT, event);
    sample_int(c->d, eid, PL_F_CLAIM_HAPPENED_AT, SAMPLE_T0 + minute * MINUTE);
    if (band_s > 0) {
        sample_int(c->d, eid, PL_F_CLAIM_PRECISION, PL_PRECISION_ABOUT);
        sample_int(c->d, eid, PL_F_CLAIM_PRECISION_S, band_s);
    }
    return eid;
}

static size_t run(struct ctx *c)
{
    return pl_disagreements(c->d, c->v, 16);
}

static void times_disagree_beyond_both_precisions(void **state)
{
    struct ctx *c = *state;
    struct pl_eid a = claim(c, c->one, c->x, 0, 60);
    struct pl_eid b = claim(c, c->two, c->x, 3, 119);

    assert_int_equal(run(c), 1);
    assert_int_equal(c->v[0].kind, PL_DISAGREE_TIME);
    assert_true(pl_eid_eq(c->v[0].claim[0], a) && pl_eid_eq(c->v[0].claim[1], b));
    assert_non_null(strstr(c->v[0].text, "E-1"));
    assert_non_null(strstr(c->v[0].text, "K-2"));
    sample_int(c->d, b, PL_F_CLAIM_PRECISION_S, 120);
    assert_int_equal(run(c), 0);
    sample_int(c->d, b, PL_F_CLAIM_PRECISION, PL_PRECISION_BEFORE);
    assert_int_equal(run(c), 0);
    sample_int(c->d, b, PL_F_CLAIM_PRECISION, PL_PRECISION_AFTER);
    assert_int_equal(run(c), 1);
}

static void one_account_does_not_disagree_with_itself(void **state)
{
    struct ctx *c = *state;

    (void)claim(c, c->one, c->x, 0, 0);
    (void)claim(c, c->one, c->x, 30, 0);
    assert_int_equal(run(c), 0);
}

static void order_disagrees_though_each_time_could_be(void **state)
{
    struct ctx *c = *state;

    (void)claim(c, c->one, c->x, 0, 1200);
    (void)claim(c, c->one, c->y, 5, 1200);
    (void)claim(c, c->two, c->x, 8, 1200);
    struct pl_eid last = claim(c, c->two, c->y, 6, 1200);
    assert_int_equal(run(c), 1);
    assert_int_equal(c->v[0].kind, PL_DISAGREE_ORDER);
    assert_true(pl_eid_eq(c->v[0].event, c->x) && pl_eid_eq(c->v[0].other_event, c->y));
    assert_string_equal(c->v[0].text, "E-1 before E-2 for K-1, the other way round for K-2");
    sample_int(c->d, last, PL_F_CLAIM_HAPPENED_AT, SAMPLE_T0 + 8 * MINUTE);
    assert_int_equal(run(c), 0);
}

static void causes_disagree_unless_one_explains_the_other(void **state)
{
    struct ctx *c = *state;
    struct pl_eid top = sample_add(c->d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_RESPONDER);
    struct pl_eid below = sample_add(c->d, PL_KIND_CAUSE, top, SAMPLE_RESPONDER);
    struct pl_eid other = sample_add(c->d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_RESPONDER);
    struct pl_eid b = claim(c, c->two, c->x, 0, 0);

    sample_link(c->d, claim(c, c->one, c->x, 0, 0), PL_F_CLAIM_CAUSE, top);
    sample_link(c->d, b, PL_F_CLAIM_CAUSE, below);
    assert_int_equal(run(c), 0);
    sample_link(c->d, b, PL_F_CLAIM_CAUSE, other);
    assert_int_equal(run(c), 1);
    assert_int_equal(c->v[0].kind, PL_DISAGREE_CAUSE);
    sample_link(c->d, other, PL_F_CAUSE_MERGED_INTO, top);
    assert_int_equal(run(c), 0);
}

static void who_knew_is_listed_with_both_sides(void **state)
{
    struct ctx *c = *state;
    struct pl_eid b = claim(c, c->two, c->x, 0, 0);

    sample_int(c->d, claim(c, c->one, c->x, 0, 0), PL_F_CLAIM_KNEW_THEN, 1);
    assert_int_equal(run(c), 0);
    sample_int(c->d, b, PL_F_CLAIM_KNEW_THEN, 0);
    assert_int_equal(run(c), 1);
    assert_string_equal(c->v[0].text, "E-1: known then to K-1, not to K-2");
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, c->two, true);
    sample_commit(c->d, 0, &cs);
    assert_int_equal(run(c), 0);
}

static void more_than_fit_are_counted(void **state)
{
    struct ctx *c = *state;

    (void)claim(c, c->one, c->x, 0, 0);
    (void)claim(c, c->two, c->x, 1, 0);
    (void)claim(c, c->two, c->x, 2, 0);
    assert_int_equal(pl_disagreements(c->d, c->v, 1), 2);
    assert_int_equal(pl_disagreements(c->d, NULL, 0), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(times_disagree_beyond_both_precisions, setup, teardown),
        cmocka_unit_test_setup_teardown(one_account_does_not_disagree_with_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(order_disagrees_though_each_time_could_be, setup, teardown),
        cmocka_unit_test_setup_teardown(causes_disagree_unless_one_explains_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_knew_is_listed_with_both_sides, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_fit_are_counted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
