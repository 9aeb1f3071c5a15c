// SPDX-License-Identifier: Apache-2.0
/*
 * Figures over many reviews: quartiles by hand and against a naive implementation over random
 * values, states of durations, the window, periods.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/metrics.h"

#include "support/unit.h"

#define DAY_US INT64_C(86400000000)

TEST(quartiles_are_those_of_definition_7)
{
    static const struct {
        int64_t v[9];
        size_t n;
        struct pl_quartiles want;
    } cases[] = {
        {{7}, 1, {1, 7, 7, 7, 7, 7}},
        {{3, 1}, 2, {2, 1, 2, 2, 3, 3}}, /* 1.5, 2, 2.5 */
        {{30, 10, 20}, 3, {3, 10, 15, 20, 25, 30}},
        {{1, 2, 3, 4}, 4, {4, 1, 2, 3, 3, 4}}, /* 1.75, 2.5, 3.25 */
        {{5, 1, 4, 2, 3}, 5, {5, 1, 2, 3, 4, 5}},
        {{-8, -4}, 2, {2, -8, -7, -6, -5, -4}},
        {{0, 0, 0, 100, 0, 0, 0, 0, 0}, 9, {9, 0, 0, 0, 0, 100}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t v[9];
        struct pl_quartiles q;
        memcpy(v, cases[i].v, sizeof v);
        pl_quartiles(v, cases[i].n, &q);
        assert_memory_equal(&q, &cases[i].want, sizeof q);
    }
    struct pl_quartiles none;
    pl_quartiles(NULL, 0, &none);
    assert_int_equal(none.n, 0);
}

/* The definition, word by word, with the k smallest found by counting. */
static int64_t smallest(const int64_t *v, size_t n, size_t k)
{
    for (size_t i = 0; i < n; i++) {
        size_t below = 0;
        size_t same = 0;
        for (size_t j = 0; j < n; j++) {
            below += v[j] < v[i];
            same += v[j] == v[i];
        }
        if (below <= k && k < below + same)
            return v[i];
    }
    return 0;
}

static long double naive(const int64_t *v, size_t n, long double p)
{
    long double h = (long double)(n - 1) * p;
    size_t at = (size_t)h;
    long double part = h - (long double)at;
    long double low = (long double)smallest(v, n, at);

    if (at + 1 >= n)
        return low;
    return low + part * ((long double)smallest(v, n, at + 1) - low);
}

static void assert_near(int64_t have, long double want)
{
    long double d = (long double)have - want;

    if (d > 0.5001L || d < -0.5001L)
        fail_msg("%lld is not about %Lf", (long long)have, want);
}

TEST(quartiles_equal_the_naive_ones)
{
    struct pl_prng r;

    pl_prng_init(&r, 20260301);
    for (unsigned round = 0; round < 400; round++) {
        int64_t v[60];
        int64_t sorted[60];
        size_t n = (size_t)pl_prng_below(&r, 60) + 1;
        int64_t range = pl_prng_one_in(&r, 3) ? 5 : PL_TIME_MAX_US;
        struct pl_quartiles q;
        for (size_t i = 0; i < n; i++)
            v[i] = pl_prng_range(&r, pl_prng_one_in(&r, 4) ? -range : 0, range);
        memcpy(sorted, v, sizeof v);
        pl_quartiles(sorted, n, &q);
        assert_int_equal(q.n, n);
        assert_near(q.min, naive(v, n, 0));
        assert_near(q.q1, naive(v, n, 0.25L));
        assert_near(q.median, naive(v, n, 0.5L));
        assert_near(q.q3, naive(v, n, 0.75L));
        assert_near(q.max, naive(v, n, 1));
        assert_true(q.min <= q.q1 && q.q1 <= q.median && q.median <= q.q3 && q.q3 <= q.max);
    }
}

static struct pl_metric row(int64_t start, int64_t detected, int64_t recovered)
{
    return (struct pl_metric){.marker_us = {start, detected, 0, 0, recovered},
                              .severity = PL_SEVERITY_HIGH,
                              .created_us = 99 * DAY_US};
}

TEST(durations_are_counted_by_their_state)
{
    struct pl_metric v[4] = {row(DAY_US, 2 * DAY_US, 5 * DAY_US), row(DAY_US, 4 * DAY_US, 0),
                             row(DAY_US, DAY_US - 1, 0), row(DAY_US, 0, 0)};
    struct pl_metrics_sum s;

    v[0].band_s[0] = 60;
    v[3].na = 1U << PL_DURATION_RECOVER;
    v[1].open = 2;
    v[1].oldest_open_us = 7;
    v[2].open = 1;
    v[2].oldest_open_us = 5;
    pl_metrics_sum(v, 4, NULL, 6 * DAY_US, &s);
    const struct pl_duration_stats *d = &s.duration[PL_DURATION_DETECT];
    assert_int_equal(d->q.n, 2);
    assert_int_equal(d->q.median, 2 * DAY_US);
    assert_int_equal(d->rough, 1);
    assert_int_equal(d->invalid, 1);
    assert_int_equal(d->pending, 1);
    d = &s.duration[PL_DURATION_RECOVER];
    assert_int_equal(d->q.n, 1);
    assert_int_equal(d->q.median, 4 * DAY_US);
    assert_int_equal(d->not_applicable, 1);
    assert_int_equal(d->pending, 2);
    assert_int_equal(s.duration[PL_DURATION_TRIAGE].pending, 4);
    assert_int_equal(s.open, 3);
    assert_int_equal(s.oldest_open_us, 5);
    assert_int_equal(pl_metric_when(&v[0]), DAY_US);
    v[0].marker_us[0] = v[0].marker_us[1] = 0;
    assert_int_equal(pl_metric_when(&v[0]), 99 * DAY_US);
}

TEST(the_window_is_judged_by_the_session_that_was_held)
{
    struct pl_window w;
    struct pl_metric m = row(0, 0, 10 * DAY_US);

    pl_window_preset(&w);
    assert_int_equal(pl_metric_window(&m, &w, 24 * DAY_US), PL_WINDOW_OPEN);
    assert_int_equal(pl_metric_window(&m, &w, 24 * DAY_US + 1), PL_WINDOW_LATE);
    m.session_us = 12 * DAY_US - 1;
    assert_int_equal(pl_metric_window(&m, &w, 0), PL_WINDOW_EARLY);
    m.session_us = 12 * DAY_US;
    assert_int_equal(pl_metric_window(&m, &w, 0), PL_WINDOW_INSIDE);
    m.session_us = 24 * DAY_US;
    assert_int_equal(pl_metric_window(&m, &w, 0), PL_WINDOW_INSIDE);
    m.session_us = 24 * DAY_US + 1;
    assert_int_equal(pl_metric_window(&m, &w, 0), PL_WINDOW_LATE);
    m.marker_us[4] = 0;
    assert_int_equal(pl_metric_window(&m, &w, 0), PL_WINDOW_UNKNOWN);
}

TEST(periods_follow_one_another)
{
    char text[16];
    int64_t us = 0;

    assert_int_equal(pl_rfc3339_parse("2026-03-31T23:59:59Z", 20, &us, NULL), 0);
    pl_period_format(text, pl_period_of(us, PL_PERIOD_MONTH), PL_PERIOD_MONTH);
    assert_string_equal(text, "2026-03");
    pl_period_format(text, pl_period_of(us, PL_PERIOD_QUARTER), PL_PERIOD_QUARTER);
    assert_string_equal(text, "2026-Q1");
    assert_int_equal(pl_period_of(us + 1000000, PL_PERIOD_MONTH),
                     pl_period_of(us, PL_PERIOD_MONTH) + 1);
    pl_period_format(text, pl_period_of(us + 1000000, PL_PERIOD_QUARTER), PL_PERIOD_QUARTER);
    assert_string_equal(text, "2026-Q2");
    assert_int_equal(pl_rfc3339_parse("2025-12-31T23:59:59Z", 20, &us, NULL), 0);
    assert_int_equal(pl_period_of(us + 1000000, PL_PERIOD_QUARTER),
                     pl_period_of(us, PL_PERIOD_QUARTER) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quartiles_are_those_of_definition_7),
        cmocka_unit_test(quartiles_equal_the_naive_ones),
        cmocka_unit_test(durations_are_counted_by_their_state),
        cmocka_unit_test(the_window_is_judged_by_the_session_that_was_held),
        cmocka_unit_test(periods_follow_one_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
