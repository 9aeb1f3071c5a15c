// SPDX-License-Identifier: Apache-2.0
/*
 * Gates: each refuses for the right reason, says how to mend it, and opens when it is mended.
 */
#include <string.h>

#include "plimsoll/doc/checks.h"

#include "support/sample.h"
#include "support/unit.h"

#define DAY_US INT64_C(86400000000)
#define MAX    32

struct desk {
    struct pl_doc *d;
    struct pl_checks *c;
    struct pl_block b[MAX];
    size_t n;
};

static struct desk desk_new(struct pl_doc *take_d)
{
    return (struct desk){.d = take_d, .c = pl_checks_new(take_d, NULL)};
}

static void desk_free(struct desk *k)
{
    pl_checks_free(k->c);
    pl_doc_free(k->d);
}

static size_t ask(struct desk *k, int64_t to)
{
    pl_checks_touch(k->c, NULL);
    pl_checks_run(k->c, SAMPLE_T0 + 30 * DAY_US);
    k->n = pl_gate(k->c, k->d, to, SAMPLE_T0 + 30 * DAY_US, k->b, MAX);
    return k->n;
}

static bool is_said(const struct desk *k, uint32_t check, const char *text, const char *mend)
{
    for (size_t i = 0; i < k->n && i < MAX; i++) {
        if (k->b[i].check == check && strstr(k->b[i].text, text) != NULL &&
            strstr(k->b[i].mend, mend) != NULL)
            return true;
    }
    return false;
}

static void waive(struct pl_doc *d, const char *id)
{
    struct pl_eid eid = sample_add(d, PL_KIND_WAIVER, PL_EID_ROOT, 0);

    sample_str(d, eid, PL_F_WAIVER_CHECK, id);
}

static struct pl_eid person(struct pl_doc *d, int64_t user, int64_t role)
{
    struct pl_eid p = sample_add(d, PL_KIND_PARTICIPANT, PL_EID_ROOT, 0);

    sample_int(d, p, PL_F_PARTICIPANT_USER, user);
    sample_int(d, p, PL_F_PARTICIPANT_ROLE, role);
    return p;
}

TEST(gate_of_the_session_asks_for_people_rules_and_a_time)
{
    struct desk k = desk_new(pl_doc_new());
    struct pl_eid lead;

    sample_int(k.d, PL_EID_ROOT, PL_F_NO, 9);
    (void)ask(&k, PL_STATUS_IN_SESSION);
    assert_true(is_said(&k, 0, "No facilitator", "people role REV-9 USER"));
    assert_true(is_said(&k, 0, "Nobody who responded", "people add REV-9"));
    assert_true(is_said(&k, 0, "ground rules", "plimsoll rule add REV-9 "));
    assert_true(is_said(&k, 0, "time of the session", "schedule REV-9 --at"));
    assert_true(is_said(&k, 36, "two roles", "plimsoll"));
    lead = person(k.d, 1, PL_ROLE_FACILITATOR);
    (void)person(k.d, 2, PL_ROLE_RESPONDER);
    sample_text(k.d, sample_add(k.d, PL_KIND_RULE, PL_EID_ROOT, 1), PL_F_BODY, "Listen.");
    sample_int(k.d, PL_EID_ROOT, PL_F_REVIEW_SESSION_START, SAMPLE_T0);
    assert_int_equal(ask(&k, PL_STATUS_IN_SESSION), 1);
    assert_true(is_said(&k, 36, "materials", "session pack REV-9, or plimsoll waive REV-9 T36 --"));
    sample_int(k.d, PL_EID_ROOT, PL_F_REVIEW_PACK_SENT_AT, SAMPLE_T0 - 2 * DAY_US);
    assert_int_equal(ask(&k, PL_STATUS_IN_SESSION), 0);
    sample_int(k.d, lead, PL_F_PARTICIPANT_INVOLVED, 1);
    assert_int_equal(ask(&k, PL_STATUS_IN_SESSION), 1);
    assert_int_equal(k.b[0].check, 24);
    waive(k.d, "T24");
    assert_int_equal(ask(&k, PL_STATUS_IN_SESSION), 0);
    desk_free(&k);
}

TEST(gate_of_tracking_is_held_by_errors_until_mended_or_waived)
{
    struct desk k = desk_new(sample_review());

    (void)ask(&k, PL_STATUS_TRACKING);
    assert_true(is_said(&k, 2, "E-3", "REV-2041"));
    assert_true(is_said(&k, 34, "no measure", "REV-2041/A-1 measure_what="));
    assert_true(
        is_said(&k, 34, "A-1 has no tracker key", "plimsoll set REV-2041/A-1 tracker_key="));
    for (size_t i = 0; i < k.n; i++)
        assert_int_equal(pl_check_info(k.b[i].check)->severity, PL_CHECK_ERROR);
    waive(k.d, "T34");
    waive(k.d, "t02");
    assert_int_equal(ask(&k, PL_STATUS_TRACKING), 0);
    desk_free(&k);
}

TEST(gate_of_closing_waits_for_every_action)
{
    struct desk k = desk_new(sample_review());
    struct pl_eid a = pl_entry_eid(pl_doc_find_no(k.d, PL_KIND_ACTION, 1));
    struct pl_eid idea = sample_add(k.d, PL_KIND_ACTION, PL_EID_ROOT, 2);

    sample_int(k.d, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_TRACKING);
    assert_int_equal(ask(&k, PL_STATUS_CLOSED), 2);
    assert_true(
        is_said(&k, 0, "A-1 is not finished: committed", "plimsoll actions done REV-2041/A-1"));
    assert_true(
        is_said(&k, 0, "A-2 is still an idea", "plimsoll actions drop REV-2041/A-2 --reason"));
    sample_int(k.d, idea, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    sample_int(k.d, a, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
    assert_int_equal(ask(&k, PL_STATUS_CLOSED), 1);
    assert_true(
        is_said(&k, 0, "judged its effect", "plimsoll actions effect REV-2041/A-1 --result"));
    sample_int(k.d, a, PL_F_ACTION_STATE, PL_STATE_EFFECTIVE);
    assert_int_equal(ask(&k, PL_STATUS_CLOSED), 0);
    desk_free(&k);
}

/* The mending of the first finding of a check, by the status that the review has. */
static const char *mending(struct desk *k, uint32_t check, int64_t status, char out[PL_MEND_MAX])
{
    sample_int(k->d, PL_EID_ROOT, PL_F_REVIEW_STATUS, status);
    (void)ask(k, PL_STATUS_TRACKING);
    for (size_t i = 0; i < pl_checks_count(k->c); i++) {
        const struct pl_finding *f = pl_checks_at(k->c, i);
        if (f->check != check)
            continue;
        pl_finding_mend(k->d, f, out, PL_MEND_MAX);
        return out;
    }
    return "";
}

TEST(mending_tells_the_way_round_a_status_that_forbids_it)
{
    struct desk k = desk_new(sample_review());
    char s[PL_MEND_MAX];

    assert_string_equal(mending(&k, 2, PL_STATUS_IN_SESSION, s),
                        "plimsoll set REV-2041/E-3 detected_by=alert (person, partner, outsider)");
    assert_string_equal(mending(&k, 2, PL_STATUS_TRACKING, s),
                        "First go back: plimsoll status REV-2041 in_session --reason 'why'. Then "
                        "plimsoll set REV-2041/E-3 detected_by=alert (person, partner, outsider). "
                        "Or a facilitator: plimsoll waive REV-2041 T02 --entry E-3 --reason 'why'");
    assert_null(strstr(mending(&k, 2, PL_STATUS_CLOSED, s), "waive"));
    assert_non_null(strstr(s, "plimsoll status REV-2041 in_session"));
    /* Actions are worked on in tracking. */
    assert_null(strstr(mending(&k, 34, PL_STATUS_TRACKING, s), "First"));
    desk_free(&k);
}

TEST(mending_names_the_review_and_the_entry)
{
    struct desk k = desk_new(sample_review());
    char s[PL_MEND_MAX];

    sample_int(k.d, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_TRACKING);
    (void)ask(&k, PL_STATUS_CLOSED);
    assert_true(pl_checks_count(k.c) > 3);
    for (size_t i = 0; i < pl_checks_count(k.c); i++) {
        pl_finding_mend(k.d, pl_checks_at(k.c, i), s, sizeof s);
        assert_true(strlen(s) > 20 && strlen(s) < sizeof s - 1);
        assert_null(strstr(s, "REV "));
        assert_null(strstr(s, "REV/"));
        assert_null(strstr(s, "/ID"));
    }
    desk_free(&k);
}

TEST(gate_is_open_backwards_and_shut_for_a_jump)
{
    struct desk k = desk_new(sample_review());

    assert_int_equal(ask(&k, PL_STATUS_PREPARING), 0);
    assert_int_equal(ask(&k, PL_STATUS_IN_SESSION), 0);
    assert_int_equal(ask(&k, PL_STATUS_CLOSED), 1);
    assert_true(is_said(&k, 0, "One step at a time", "REV-2041"));
    /* Counted, not written, when there is no room. */
    assert_int_equal(pl_gate(k.c, k.d, PL_STATUS_CLOSED, SAMPLE_T0, NULL, 0), 1);
    desk_free(&k);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(gate_of_the_session_asks_for_people_rules_and_a_time),
        UNIT(gate_of_tracking_is_held_by_errors_until_mended_or_waived),
        UNIT(gate_of_closing_waits_for_every_action),
        UNIT(mending_tells_the_way_round_a_status_that_forbids_it),
        UNIT(mending_names_the_review_and_the_entry),
        UNIT(gate_is_open_backwards_and_shut_for_a_jump),
    };

    return RUN(tests);
}
