// SPDX-License-Identifier: Apache-2.0
/*
 * The four durations: states, which event counts, error bands, how they are written.
 */
#include <stdlib.h>

#include "plimsoll/doc/action.h"
#include "plimsoll/doc/durations.h"

#include "support/sample.h"
#include "support/unit.h"

#define MIN_US INT64_C(60000000)

static struct pl_eid event_at(struct pl_doc *d, int64_t minute, int64_t marker)
{
    struct pl_eid eid = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_RESPONDER);

    sample_int(d, eid, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + minute * MIN_US);
    if (marker != 0)
        sample_int(d, eid, PL_F_EVENT_MARKER, marker);
    return eid;
}

static struct pl_duration one(const struct pl_doc *d, enum pl_duration_no no)
{
    struct pl_duration all[PL_DURATION_MAX];

    pl_durations(d, all);
    return all[no];
}

TEST(an_event_tells_how_much_later_it_was_known)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid eid = event_at(d, 0, 0);
    const struct pl_entry *en = pl_doc_entry(d, eid);
    char known[PL_KNOWN_SIZE];

    pl_event_known(en, known);
    assert_string_equal(known, "");
    assert_false(pl_event_is_known_early(en));
    sample_int(d, eid, PL_F_EVENT_KNOWN_AT, SAMPLE_T0 + 12 * MIN_US);
    pl_event_known(en, known);
    assert_string_equal(known, "+12 min");
    assert_false(pl_event_is_known_early(en));
    sample_int(d, eid, PL_F_EVENT_KNOWN_AT, SAMPLE_T0);
    assert_false(pl_event_is_known_early(en));
    sample_int(d, eid, PL_F_EVENT_KNOWN_AT, SAMPLE_T0 - MIN_US);
    pl_event_known(en, known);
    assert_string_equal(known, "-1 min");
    assert_true(pl_event_is_known_early(en));
    pl_doc_free(d);
}

TEST(durations_are_pending_when_a_marker_is_missing)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid e = event_at(d, 0, PL_MARKER_IMPACT_START);
    struct pl_duration t = one(d, PL_DURATION_DETECT);

    assert_int_equal(t.state, PL_DURATION_PENDING);
    assert_ptr_equal(t.from, pl_doc_entry(d, e));
    assert_null(t.to);
    assert_int_equal(one(d, PL_DURATION_TRIAGE).state, PL_DURATION_PENDING);
    pl_doc_free(d);
}

TEST(durations_are_recorded_from_the_earliest_visible_events)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid early;
    struct pl_cs cs;

    (void)event_at(d, 0, PL_MARKER_IMPACT_START);
    (void)event_at(d, 20, PL_MARKER_DETECTED);
    early = event_at(d, 12, PL_MARKER_DETECTED);
    (void)event_at(d, 15, PL_MARKER_TRIAGED);
    (void)event_at(d, 30, PL_MARKER_CONTAINED);
    (void)event_at(d, 41, PL_MARKER_RECOVERED);
    assert_int_equal(one(d, PL_DURATION_DETECT).state, PL_DURATION_RECORDED);
    assert_int_equal(one(d, PL_DURATION_DETECT).us, 12 * MIN_US);
    assert_int_equal(one(d, PL_DURATION_TRIAGE).us, 3 * MIN_US);
    assert_int_equal(one(d, PL_DURATION_CONTAIN).us, 18 * MIN_US);
    assert_int_equal(one(d, PL_DURATION_RECOVER).us, 41 * MIN_US);
    assert_ptr_equal(pl_marker_event(d, PL_MARKER_DETECTED), pl_doc_entry(d, early));
    assert_null(pl_marker_event(d, 0));
    assert_null(pl_marker_event(d, 6));
    pl_cs_init(&cs);
    pl_cs_dead(&cs, early, true);
    sample_commit(d, 1, &cs);
    assert_int_equal(one(d, PL_DURATION_DETECT).us, 20 * MIN_US);
    pl_doc_free(d);
}

TEST(durations_are_invalid_when_negative_and_name_both_events)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid a = event_at(d, 10, PL_MARKER_IMPACT_START);
    struct pl_eid b = event_at(d, 7, PL_MARKER_DETECTED);
    struct pl_duration t = one(d, PL_DURATION_DETECT);

    assert_int_equal(t.state, PL_DURATION_INVALID);
    assert_int_equal(t.us, -3 * MIN_US);
    assert_ptr_equal(t.from, pl_doc_entry(d, a));
    assert_ptr_equal(t.to, pl_doc_entry(d, b));
    pl_doc_free(d);
}

TEST(durations_are_not_applicable_when_a_reason_says_so)
{
    struct pl_doc *d = pl_doc_new();

    sample_str(d, PL_EID_ROOT, PL_F_REVIEW_NA_CONTAIN, "nothing spread");
    assert_int_equal(one(d, PL_DURATION_CONTAIN).state, PL_DURATION_NA);
    assert_string_equal(one(d, PL_DURATION_CONTAIN).reason, "nothing spread");
    sample_str(d, PL_EID_ROOT, PL_F_REVIEW_NA_CONTAIN, "  ");
    assert_int_equal(one(d, PL_DURATION_CONTAIN).state, PL_DURATION_PENDING);
    pl_doc_free(d);
}

TEST(durations_have_bands_from_the_precision_of_both_ends)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid a = event_at(d, 0, PL_MARKER_IMPACT_START);
    struct pl_eid b = event_at(d, 30, PL_MARKER_DETECTED);
    bool open = true;

    assert_int_equal(one(d, PL_DURATION_DETECT).band_us, 0);
    assert_int_equal(pl_event_band_us(pl_doc_entry(d, a), &open), 0);
    assert_false(open);
    sample_int(d, a, PL_F_EVENT_PRECISION, PL_PRECISION_ABOUT);
    assert_int_equal(one(d, PL_DURATION_DETECT).band_us, MIN_US);
    sample_int(d, a, PL_F_EVENT_PRECISION_S, 300);
    sample_int(d, b, PL_F_EVENT_PRECISION, PL_PRECISION_ABOUT);
    assert_int_equal(one(d, PL_DURATION_DETECT).band_us, 6 * MIN_US);
    assert_false(one(d, PL_DURATION_DETECT).is_open);
    sample_int(d, b, PL_F_EVENT_PRECISION, PL_PRECISION_BEFORE);
    assert_true(one(d, PL_DURATION_DETECT).is_open);
    assert_int_equal(one(d, PL_DURATION_DETECT).band_us, 5 * MIN_US);
    pl_doc_free(d);
}

TEST(durations_ignore_a_marker_without_a_time)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid eid = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, 1);

    sample_int(d, eid, PL_F_EVENT_MARKER, PL_MARKER_DETECTED);
    (void)event_at(d, 0, PL_MARKER_IMPACT_START);
    assert_int_equal(one(d, PL_DURATION_DETECT).state, PL_DURATION_PENDING);
    assert_non_null(one(d, PL_DURATION_DETECT).to);
    pl_doc_free(d);
}

TEST(durations_are_written_for_people)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {999999, "0 s"},
        {42000000, "42 s"},
        {60000000, "1 min"},
        {90000000, "1 min 30 s"},
        {-12 * MIN_US, "-12 min"},
        {64 * MIN_US, "1 h 04 min"},
        {1440 * MIN_US, "1 d 00 h"},
        {(3 * 1440 + 125) * MIN_US, "3 d 02 h"},
        {INT64_MIN, "-106751991 d 04 h"},
    };
    char out[32];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pl_duration_format(out, cases[i].us);
        assert_string_equal(out, cases[i].text);
    }
    assert_string_equal(pl_duration_name(PL_DURATION_RECOVER), "recover");
}

TEST(action_ranks_by_priority_then_rank_then_number)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_entry *v[4];
    int64_t day = INT64_C(86400000000);

    for (unsigned i = 0; i < 4; i++)
        v[i] = pl_doc_entry(d, sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, 1));
    sample_int(d, pl_entry_eid(v[1]), PL_F_ACTION_CONTROL, PL_CONTROL_PROCESS);
    sample_int(d, pl_entry_eid(v[2]), PL_F_ACTION_CONTROL, PL_CONTROL_PREVENTION);
    sample_int(d, pl_entry_eid(v[3]), PL_F_ACTION_CONTROL, PL_CONTROL_PROCESS);
    sample_int(d, pl_entry_eid(v[3]), PL_F_ACTION_IMPACT, 3);
    assert_int_equal(pl_action_rank(v[3]), 0);
    sample_int(d, pl_entry_eid(v[3]), PL_F_ACTION_FEASIBILITY, 2);
    assert_int_equal(pl_action_rank(v[3]), 6);
    assert_int_equal(pl_effect_due(v[2], 5), 5 + 30 * day);
    assert_int_equal(pl_effect_due(v[3], 5), 5 + 90 * day);
    sample_int(d, pl_entry_eid(v[3]), PL_F_ACTION_PRIORITY, PL_PRIORITY_HIGH);
    assert_int_equal(pl_effect_due(v[3], 5), 5 + 60 * day);
    qsort(v, 4, sizeof v[0], pl_action_cmp);
    assert_int_equal(pl_entry_int(v[0], PL_F_NO, 0), 3);
    assert_int_equal(pl_entry_int(v[1], PL_F_NO, 0), 4);
    assert_int_equal(pl_entry_int(v[2], PL_F_NO, 0), 2);
    assert_int_equal(pl_entry_int(v[3], PL_F_NO, 0), 1);
    pl_doc_free(d);
}

TEST(action_is_final_when_verified_judged_dropped_or_merged)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_entry *a = pl_doc_entry(d, sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, 1));

    assert_false(pl_action_is_final(a));
    for (int64_t s = PL_STATE_IDEA; s <= PL_STATE_MERGED; s++) {
        sample_int(d, pl_entry_eid(a), PL_F_ACTION_STATE, s);
        assert_int_equal(pl_action_is_final(a), s >= PL_STATE_VERIFIED);
    }
    pl_doc_free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(an_event_tells_how_much_later_it_was_known),
        UNIT(durations_are_pending_when_a_marker_is_missing),
        UNIT(durations_are_recorded_from_the_earliest_visible_events),
        UNIT(durations_are_invalid_when_negative_and_name_both_events),
        UNIT(durations_are_not_applicable_when_a_reason_says_so),
        UNIT(durations_have_bands_from_the_precision_of_both_ends),
        UNIT(durations_ignore_a_marker_without_a_time),
        UNIT(durations_are_written_for_people),
        UNIT(action_ranks_by_priority_then_rank_then_number),
        UNIT(action_is_final_when_verified_judged_dropped_or_merged),
    };

    return RUN(tests);
}
