// SPDX-License-Identifier: Apache-2.0
/*
 * The timer of a stage: its states at their borders, how long until the next one, its words.
 */
#include "plimsoll/doc/schema.h"
#include "plimsoll/doc/timer.h"

#include "support/sample.h"
#include "support/unit.h"

#define S_US  INT64_C(1000000)
#define BEGUN SAMPLE_T0
#define TOTAL (600 * S_US)

static struct pl_timer at(const struct pl_doc *d, int64_t left_us)
{
    struct pl_timer t;

    pl_timer_at(d, BEGUN + TOTAL - left_us, &t);
    return t;
}

static struct pl_doc *ten_minutes(void)
{
    struct pl_doc *d = sample_review();

    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_STAGE_STARTED_AT, BEGUN);
    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_STAGE_ENDS_AT, BEGUN + TOTAL);
    return d;
}

TEST(a_timer_changes_its_state_at_a_fifth_at_a_twentieth_and_at_the_end)
{
    struct pl_doc *d = ten_minutes();

    assert_int_equal(at(d, TOTAL).state, PL_TIMER_RUNS);
    assert_int_equal(at(d, 120 * S_US + 1).state, PL_TIMER_RUNS);
    assert_int_equal(at(d, 120 * S_US).state, PL_TIMER_LATE);
    assert_int_equal(at(d, 30 * S_US + 1).state, PL_TIMER_LATE);
    assert_int_equal(at(d, 30 * S_US).state, PL_TIMER_FINAL);
    assert_int_equal(at(d, 1).state, PL_TIMER_FINAL);
    assert_int_equal(at(d, 0).state, PL_TIMER_UP);
    assert_int_equal(at(d, -5 * S_US).state, PL_TIMER_UP);
    pl_doc_free(d);
}

TEST(a_timer_tells_when_to_look_again)
{
    struct pl_doc *d = ten_minutes();

    for (int64_t left = TOTAL; left > 0;) {
        struct pl_timer t = at(d, left);
        assert_true(t.next_us > 0);
        assert_int_equal(at(d, left - t.next_us + 1).state, t.state);
        assert_int_equal(at(d, left - t.next_us).state, t.state + 1);
        left -= t.next_us;
    }
    assert_int_equal(at(d, 0).next_us, 0);
    pl_doc_free(d);
}

TEST(a_timer_has_words)
{
    struct pl_doc *d = ten_minutes();
    struct pl_timer t;
    char words[PL_TIMER_WORDS];

    t = at(d, 200 * S_US);
    pl_timer_words(&t, words);
    assert_string_equal(words, "3:20 left of 10:00 (34 %)");
    t = at(d, -70 * S_US);
    pl_timer_words(&t, words);
    assert_string_equal(words, "time is up for 1:10");
    t = at(d, TOTAL + 3600 * S_US); /* the clock of this machine is behind */
    assert_int_equal(t.left_us, TOTAL);
    t.total_us = t.left_us = 3661 * S_US;
    pl_timer_words(&t, words);
    assert_string_equal(words, "1:01:01 left of 1:01:01 (100 %)");
    pl_doc_free(d);
}

TEST(without_a_timer_there_is_nothing_to_say)
{
    struct pl_doc *d = sample_review();
    struct pl_timer t;
    char words[PL_TIMER_WORDS];

    pl_timer_at(d, BEGUN, &t);
    assert_int_equal(t.state, PL_TIMER_OFF);
    assert_string_equal(pl_timer_name(t.state), "off");
    pl_timer_words(&t, words);
    assert_string_equal(words, "");
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(a_timer_changes_its_state_at_a_fifth_at_a_twentieth_and_at_the_end),
        UNIT(a_timer_tells_when_to_look_again),
        UNIT(a_timer_has_words),
        UNIT(without_a_timer_there_is_nothing_to_say),
    };

    return RUN(tests);
}
