// SPDX-License-Identifier: Apache-2.0
/*
 * Every check: silent on a review that is in order, firing when one thing is broken, waived as a
 * whole and for one entry. The table names what breaks each.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/checks.h"

#include "support/sample.h"
#include "support/unit.h"

#define MIN_US INT64_C(60000000)
#define DAY_US INT64_C(86400000000)
#define NOW_US (SAMPLE_T0 + 30 * DAY_US)

struct world {
    struct pl_doc *d;
    struct pl_checks *c;
    struct pl_eid facilitator, start, detect, triage, contain, recover, decision, told, badly;
    struct pl_eid cause, other_cause, action, material;
};

static struct pl_eid add_event(struct pl_doc *d, int64_t minute, int64_t lens, int64_t marker)
{
    struct pl_eid eid = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_RESPONDER);

    sample_int(d, eid, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + minute * MIN_US);
    sample_int(d, eid, PL_F_EVENT_LENS, lens);
    sample_str(d, eid, PL_F_EVENT_SOURCE, "pager");
    if (marker != 0)
        sample_int(d, eid, PL_F_EVENT_MARKER, marker);
    return eid;
}

static struct pl_eid add_person(struct pl_doc *d, int64_t user, const char *name, int64_t role)
{
    struct pl_eid p = sample_add(d, PL_KIND_PARTICIPANT, PL_EID_ROOT, 0);

    sample_int(d, p, PL_F_PARTICIPANT_USER, user);
    sample_str(d, p, PL_F_PARTICIPANT_NAME, name);
    sample_int(d, p, PL_F_PARTICIPANT_ROLE, role);
    return p;
}

static struct pl_eid add_cause(struct pl_doc *d, int64_t class, const char *text)
{
    struct pl_eid eid = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_RESPONDER);

    sample_text(d, eid, PL_F_BODY, text);
    sample_int(d, eid, PL_F_CAUSE_CLASS, class);
    return eid;
}

static struct pl_eid add_action(struct pl_doc *d, int64_t control)
{
    struct pl_eid a = sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, SAMPLE_RESPONDER);

    sample_int(d, a, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    sample_int(d, a, PL_F_ACTION_CONTROL, control);
    sample_int(d, a, PL_F_ACTION_OWNER, SAMPLE_RESPONDER);
    sample_int(d, a, PL_F_ACTION_DUE, NOW_US);
    sample_text(d, a, PL_F_ACTION_FINISH_TEST, "It renews unattended");
    sample_str(d, a, PL_F_ACTION_TRACKER_KEY, "OPS-1");
    sample_str(d, a, PL_F_ACTION_MEASURE_WHAT, "expired certificates");
    return a;
}

static void fill_review(struct world *w)
{
    struct pl_doc *d = w->d;
    const struct pl_eid r = PL_EID_ROOT;

    sample_int(d, r, PL_F_NO, 7);
    sample_int(d, r, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    sample_int(d, r, PL_F_REVIEW_KIND, PL_INCIDENT_SECURITY);
    sample_int(d, r, PL_F_REVIEW_SEVERITY, PL_SEVERITY_CRITICAL);
    sample_str(d, r, PL_F_REVIEW_IMPACT_VALUE, "41");
    sample_str(d, r, PL_F_REVIEW_IMPACT_UNIT, "minutes");
    sample_int(d, r, PL_F_REVIEW_SESSION_START, SAMPLE_T0 + 5 * DAY_US);
    sample_int(d, r, PL_F_REVIEW_PACK_SENT_AT, SAMPLE_T0 + 3 * DAY_US);
    w->facilitator = add_person(d, SAMPLE_FACILITATOR, "Ana Ferreira", PL_ROLE_FACILITATOR);
    (void)add_person(d, SAMPLE_RESPONDER, "Bo Lindgren", PL_ROLE_RESPONDER);
    sample_text(d, sample_add(d, PL_KIND_RULE, r, 1), PL_F_BODY, "Systems, not people.");
}

static struct world world_new(void)
{
    struct world w = {.d = pl_doc_new()};
    struct pl_doc *d = w.d;

    fill_review(&w);
    w.start = add_event(d, 0, PL_LENS_HAPPENED, PL_MARKER_IMPACT_START);
    w.detect = add_event(d, 5, PL_LENS_DETECTION, PL_MARKER_DETECTED);
    sample_int(d, w.detect, PL_F_EVENT_DETECTED_BY, PL_DETECTED_BY_ALERT);
    w.triage = add_event(d, 8, PL_LENS_RESPONSE, PL_MARKER_TRIAGED);
    w.decision = add_event(d, 15, PL_LENS_DECISION, 0);
    sample_text(d, w.decision, PL_F_EVENT_KNOWN_THEN, "The key was out.");
    w.contain = add_event(d, 20, PL_LENS_CONTAINMENT, PL_MARKER_CONTAINED);
    w.told = add_event(d, 25, PL_LENS_COMMUNICATION, 0);
    w.recover = add_event(d, 41, PL_LENS_RECOVERY, PL_MARKER_RECOVERED);
    w.material = sample_add(d, PL_KIND_MATERIAL, PL_EID_ROOT, 2);
    w.cause = add_cause(d, PL_CLASS_PROCESS, "Renewal was a manual task");
    w.other_cause = add_cause(d, PL_CLASS_TECHNICAL, "The certificate had no alarm");
    w.badly = sample_add(d, PL_KIND_OBSERVATION, PL_EID_ROOT, 2);
    sample_int(d, w.badly, PL_F_OBSERVATION_KIND, PL_OBSERVATION_BADLY);
    w.action = add_action(d, PL_CONTROL_PREVENTION);
    (void)add_action(d, PL_CONTROL_DETECTION);
    sample_link_elem(d, w.action, PL_F_ACTION_CAUSES, w.cause);
    sample_link_elem(d, w.action, PL_F_ACTION_CAUSES, w.other_cause);
    sample_link_elem(d, w.action, PL_F_LINKS, w.badly);
    w.c = pl_checks_new(d, NULL);
    return w;
}

static void world_free(struct world *w)
{
    pl_checks_free(w->c);
    pl_doc_free(w->d);
}

static void clear(struct pl_doc *d, struct pl_eid eid, uint32_t field)
{
    const struct pl_value none = {.type = PL_VAL_NULL};
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, &none);
    sample_commit(d, 0, &cs);
}

static void kill_entry(struct pl_doc *d, struct pl_eid eid)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, true);
    sample_commit(d, 0, &cs);
}

static void at(struct world *w, struct pl_eid eid, int64_t minute)
{
    sample_int(w->d, eid, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + minute * MIN_US);
}

/* --- what breaks each check -------------------------------------------------------- */

#define BREAK(name) static void name(struct world *w)

BREAK(no_start)
{
    kill_entry(w->d, w->start);
}
BREAK(no_detection)
{
    kill_entry(w->d, w->detect);
}
BREAK(by_nothing)
{
    clear(w->d, w->detect, PL_F_EVENT_DETECTED_BY);
}
BREAK(no_containment)
{
    clear(w->d, w->contain, PL_F_EVENT_MARKER);
}
BREAK(no_recovery)
{
    clear(w->d, w->recover, PL_F_EVENT_MARKER);
}
BREAK(nobody_told)
{
    kill_entry(w->d, w->told);
}
BREAK(customers_not_told)
{
    sample_int(w->d, PL_EID_ROOT, PL_F_REVIEW_CUSTOMERS_HIT, 1);
}
BREAK(no_decision)
{
    kill_entry(w->d, w->decision);
}
BREAK(nothing_known)
{
    sample_text(w->d, w->decision, PL_F_EVENT_KNOWN_THEN, "");
}
BREAK(contained_first)
{
    at(w, w->contain, 2);
}
BREAK(same_second)
{
    at(w, w->start, 5);
}
BREAK(a_gap)
{
    at(w, w->recover, 90);
}
BREAK(in_future)
{
    at(w, w->told, 60 * 24 * 40);
}
BREAK(years_before)
{
    at(w, w->start, -60 * 24 * 800);
}
BREAK(known_first)
{
    sample_int(w->d, w->told, PL_F_EVENT_KNOWN_AT, SAMPLE_T0);
}
BREAK(no_source)
{
    clear(w->d, w->told, PL_F_EVENT_SOURCE);
}
BREAK(no_hash)
{
    sample_str(w->d, w->material, PL_F_MATERIAL_FILE_NAME, "log.txt");
}
BREAK(involved)
{
    sample_int(w->d, w->facilitator, PL_F_PARTICIPANT_INVOLVED, 1);
}
BREAK(on_duty)
{
    sample_int(w->d, w->facilitator, PL_F_PARTICIPANT_DUTY, PL_DUTY_COMMANDER);
}
BREAK(acts)
{
    sample_str(w->d, w->told, PL_F_EVENT_ACTOR, "ana ferreira");
}
BREAK(owns)
{
    sample_int(w->d, w->action, PL_F_ACTION_OWNER, SAMPLE_FACILITATOR);
}
BREAK(bare_lens)
{
    sample_int(w->d, w->told, PL_F_EVENT_LENS, PL_LENS_RESPONSE);
}
BREAK(negative)
{
    at(w, w->detect, -3);
}
BREAK(no_unit)
{
    clear(w->d, PL_EID_ROOT, PL_F_REVIEW_IMPACT_UNIT);
}
BREAK(still_there)
{
    sample_int(w->d, w->told, PL_F_EVENT_ATTACKER, 1);
}
BREAK(alert_waits)
{
    kill_entry(w->d, w->triage);
    at(w, w->decision, 21);
}
BREAK(one_class)
{
    sample_int(w->d, w->cause, PL_F_CAUSE_CLASS, PL_CLASS_TECHNICAL);
}
BREAK(a_person)
{
    sample_text(w->d, w->cause, PL_F_BODY, "human error");
}
BREAK(not_linked)
{
    (void)add_cause(w->d, PL_CLASS_PEOPLE, "Handover had no list");
}
BREAK(no_owner)
{
    clear(w->d, w->action, PL_F_ACTION_OWNER);
}
BREAK(no_measure)
{
    clear(w->d, w->action, PL_F_ACTION_MEASURE_WHAT);
}
BREAK(no_key)
{
    clear(w->d, w->action, PL_F_ACTION_TRACKER_KEY);
}
BREAK(no_prevention)
{
    sample_int(w->d, w->action, PL_F_ACTION_CONTROL, PL_CONTROL_PROCESS);
}
BREAK(too_early)
{
    sample_int(w->d, PL_EID_ROOT, PL_F_REVIEW_SESSION_START, SAMPLE_T0 + DAY_US);
}
BREAK(pack_late)
{
    clear(w->d, PL_EID_ROOT, PL_F_REVIEW_PACK_SENT_AT);
}
BREAK(one_role)
{
    sample_int(w->d, w->facilitator, PL_F_PARTICIPANT_ATTENDANCE, PL_ATTENDANCE_DECLINED);
}

BREAK(accounts_differ)
{
    for (int64_t i = 0; i < 2; i++) {
        struct pl_eid account = sample_add(w->d, PL_KIND_ACCOUNT, PL_EID_ROOT, 2);
        struct pl_eid claim = sample_add(w->d, PL_KIND_CLAIM, account, 2);
        sample_link(w->d, claim, PL_F_CLAIM_EVENT, w->detect);
        sample_int(w->d, claim, PL_F_CLAIM_HAPPENED_AT, SAMPLE_T0 + i * 3 * MIN_US);
        sample_int(w->d, claim, PL_F_CLAIM_PRECISION, PL_PRECISION_ABOUT);
    }
}

/* Events one after the other from a minute on, `step` seconds apart, of one source. */
static void add_many(struct world *w, size_t n, int64_t minute, int64_t step, const char *source)
{
    static const char *const texts[] = {"queue grew", "disk full", "node left", "lock held"};

    for (size_t i = 0; i < n; i++) {
        struct pl_eid eid = add_event(w->d, minute, PL_LENS_RESPONSE, 0);
        sample_int(w->d, eid, PL_F_EVENT_HAPPENED_AT,
                   SAMPLE_T0 + minute * MIN_US + (int64_t)i * step * 1000000);
        sample_text(w->d, eid, PL_F_BODY, texts[i % 4]);
        sample_str(w->d, eid, PL_F_EVENT_SOURCE, source);
    }
}

BREAK(a_crowd)
{
    add_many(w, 21, 22, 2, "syslog");
}
BREAK(zone_guessed)
{
    sample_elem(w->d, w->told, PL_F_TAGS, "zone-guessed");
}
BREAK(twice_on_the_clock)
{
    sample_str(w->d, w->told, PL_F_EVENT_SOURCE_ZONE, "Europe/Berlin");
    sample_int(w->d, w->told, PL_F_EVENT_HAPPENED_AT,
               INT64_C(1761438600) * 1000000); /* 2025-10-26 00:30 */
}
BREAK(left_out_by_the_clock)
{
    sample_str(w->d, w->told, PL_F_EVENT_SOURCE_ZONE, "Europe/Berlin");
    sample_int(w->d, w->told, PL_F_EVENT_HAPPENED_AT,
               INT64_C(1774747800) * 1000000); /* 2026-03-29 01:30 */
}
BREAK(clocks_differ)
{
    add_many(w, 4, 22, 61, "syslog");
    add_many(w, 4, 25, 61, "proxy");
}
BREAK(round_times)
{
    for (int64_t i = 0; i < 5; i++) {
        struct pl_eid eid = sample_add(w->d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_FACILITATOR);
        sample_int(w->d, eid, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + (27 - 30 * i) * MIN_US);
    }
}
BREAK(hindsight)
{
    sample_int(w->d, w->told, PL_F_EVENT_KNOWN_AT, SAMPLE_T0 + 26 * MIN_US);
    sample_text(w->d, w->decision, PL_F_EVENT_KNOWN_THEN, "As E-6 says (not xE-6), it was the key");
}
BREAK(twins)
{
    sample_text(w->d, w->contain, PL_F_BODY, "Traffic to the old pool was cut off at the proxy");
    struct pl_eid eid = add_event(w->d, 21, PL_LENS_CONTAINMENT, 0);
    sample_text(w->d, eid, PL_F_BODY, "traffic to the old pool was cut off, at the proxy!");
}
BREAK(a_stranger)
{
    sample_str(w->d, w->told, PL_F_EVENT_ACTOR, "Mira (@mira)");
}
BREAK(a_team)
{
    sample_str(w->d, w->told, PL_F_EVENT_ACTOR, "the Network team");
}
BREAK(other_duration)
{
    sample_text(w->d, PL_EID_ROOT, PL_F_REVIEW_IMPACT, "Nobody could pay for about 3 hours.");
}

static const struct {
    const char *id;
    void (*breaks)(struct world *w);
    const char *says; /* part of the text of the first finding */
} cases[] = {
    {"T01", no_start, "impact_start"},
    {"T02", no_detection, "detected"},
    {"T02", by_nothing, "E-2"},
    {"T03", no_containment, "contained"},
    {"T04", no_recovery, "recovered"},
    {"T05", nobody_told, "No communication"},
    {"T05", customers_not_told, "Customers"},
    {"T06", no_decision, "decision"},
    {"T06", nothing_known, "E-4"},
    {"T07", contained_first, "E-5"},
    {"T08", same_second, "E-1 and E-2"},
    {"T09", a_gap, "1 h 05 min"},
    {"T10", a_crowd, "21 events of 'syslog'"},
    {"T11", zone_guessed, "E-6"},
    {"T12", twice_on_the_clock, "E-6: the clocks of Europe/Berlin showed this time twice"},
    {"T12", left_out_by_the_clock, "E-6: the clocks of Europe/Berlin had just been put forward"},
    {"T13", clocks_differ, "'proxy' tells 4 events 3 min later than 'syslog'"},
    {"T15", round_times, "All 5 times of Ana Ferreira"},
    {"T17", hindsight, "E-4 speaks of E-6"},
    {"T20", twins, "E-8 tells almost the same as E-5"},
    {"T22", a_stranger, "@mira"},
    {"T23", a_team, "network team"},
    {"T26", other_duration, "'3 hours'; by its events it took 41 min"},
    {"T14", in_future, "E-6"},
    {"T14", years_before, "E-1"},
    {"T16", known_first, "E-6"},
    {"T18", no_source, "E-6"},
    {"T19", no_hash, "M-1"},
    {"T21", accounts_differ, "E-2: K-1 says"},
    {"T24", involved, "Ana Ferreira"},
    {"T24", on_duty, "commander"},
    {"T24", acts, "E-6"},
    {"T24", owns, "A-1"},
    {"T25", bare_lens, "communication"},
    {"T27", negative, "-3 min"},
    {"T28", no_unit, "unit"},
    {"T29", still_there, "E-6"},
    {"T30", alert_waits, "16 min"},
    {"T31", one_class, "technical"},
    {"T32", a_person, "F-1"},
    {"T33", not_linked, "F-3"},
    {"T34", no_owner, "A-1 has no owner"},
    {"T34", no_measure, "measure"},
    {"T34", no_key, "tracker"},
    {"T35", no_prevention, "prevention"},
    {"T36", too_early, "too early"},
    {"T36", pack_late, "materials"},
    {"T36", one_role, "two roles"},
};

/* How many findings of a check; *first is one of them. */
static size_t found(struct world *w, uint32_t check, const struct pl_finding **first)
{
    size_t n = 0;

    pl_checks_touch(w->c, NULL);
    pl_checks_run(w->c, NOW_US);
    for (size_t i = 0; i < pl_checks_count(w->c); i++) {
        const struct pl_finding *f = pl_checks_at(w->c, i);
        if (f->check == check && n++ == 0 && first != NULL)
            *first = f;
    }
    return n;
}

static void waive(struct world *w, const char *id, struct pl_eid entry)
{
    struct pl_eid eid = sample_add(w->d, PL_KIND_WAIVER, PL_EID_ROOT, 0);

    sample_str(w->d, eid, PL_F_WAIVER_CHECK, id);
    if (!pl_eid_is_root(entry))
        sample_link(w->d, eid, PL_F_WAIVER_ENTRY, entry);
}

TEST(checks_say_nothing_when_a_review_is_in_order)
{
    struct world w = world_new();

    pl_checks_run(w.c, NOW_US);
    if (pl_checks_count(w.c) != 0)
        (void)fprintf(stderr, "%s\n", pl_checks_at(w.c, 0)->text);
    assert_int_equal(pl_checks_count(w.c), 0);
    assert_null(pl_checks_at(w.c, 0));
    world_free(&w);
}

TEST(checks_fire_when_their_thing_is_broken)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = world_new();
        uint32_t check = pl_check_by_id(cases[i].id);
        const struct pl_finding *f = NULL;
        cases[i].breaks(&w);
        if (found(&w, check, &f) == 0)
            fail_msg("%s stays silent (case %zu)", cases[i].id, i);
        if (strstr(f->text, cases[i].says) == NULL)
            fail_msg("%s says '%s', without '%s'", cases[i].id, f->text, cases[i].says);
        assert_false(f->is_waived);
        world_free(&w);
    }
}

TEST(checks_are_waived_as_a_whole_and_for_one_entry)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = world_new();
        uint32_t check = pl_check_by_id(cases[i].id);
        const struct pl_finding *f = NULL;
        cases[i].breaks(&w);
        (void)found(&w, check, &f);
        /* Another entry's waiver changes nothing, its own does. */
        waive(&w, cases[i].id, w.material.n == f->entry.n ? w.told : w.material);
        (void)found(&w, check, &f);
        assert_false(f->is_waived);
        waive(&w, cases[i].id, f->entry);
        (void)found(&w, check, &f);
        assert_true(f->is_waived);
        waive(&w, cases[i].id, PL_EID_ROOT);
        (void)found(&w, check, &f);
        for (size_t k = 0; k < pl_checks_count(w.c); k++) {
            if (pl_checks_at(w.c, k)->check == check)
                assert_true(pl_checks_at(w.c, k)->is_waived);
        }
        world_free(&w);
    }
}

TEST(checks_let_accounts_differ_within_their_precision)
{
    struct world w = world_new();
    const struct pl_finding *f = NULL;

    accounts_differ(&w);
    assert_int_equal(found(&w, 21, &f), 1);
    sample_int(w.d, f->other, PL_F_CLAIM_PRECISION_S, 120);
    assert_int_equal(found(&w, 21, NULL), 0);
    sample_int(w.d, pl_entry_eid(pl_doc_find_no(w.d, PL_KIND_CLAIM, 1)), PL_F_CLAIM_PRECISION,
               PL_PRECISION_AFTER);
    assert_int_equal(found(&w, 21, NULL), 0);
    sample_int(w.d, pl_entry_eid(pl_doc_find_no(w.d, PL_KIND_CLAIM, 1)), PL_F_CLAIM_PRECISION,
               PL_PRECISION_BEFORE);
    assert_int_equal(found(&w, 21, NULL), 1);
    world_free(&w);
}

/* A check that cries wolf is waived unread. */
TEST(checks_stay_silent_where_nothing_is_said)
{
    static const struct {
        uint32_t check;
        const char *actor;
        const char *impact;
    } quiet[] = {
        {26, "", "Nobody could pay for 41 minutes. Refunds were late for 2 days."},
        {26, "", "The outage lasted 0.7 h, for 12 of 340 customers."},
        {26, "", "The outage lasted 40 minutes and 59 seconds."},
        {26, "", "It was unavailable for customers of 3 regions at 10:45."},
        {26, "", "We keep logs for 30 days."},
        {22, "mira@example.org", ""},
        {22, "@here", ""},
        {22, "@Bo.Lindgren", ""},
        {22, "Load Balancer", ""},
        {23, "Load Balancer", ""},
        {23, "ops team", ""},
    };

    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++) {
        struct world w = world_new();
        struct pl_eid p = add_person(w.d, SAMPLE_OWNER, "Chidi Okafor", PL_ROLE_RESPONDER);
        const struct pl_finding *f = NULL;
        sample_int(w.d, p, PL_F_PARTICIPANT_DUTY, PL_DUTY_OPERATIONS);
        sample_str(w.d, p, PL_F_PARTICIPANT_HANDLE, "bo.lindgren");
        if (quiet[i].actor[0] != '\0')
            sample_str(w.d, w.told, PL_F_EVENT_ACTOR, quiet[i].actor);
        sample_text(w.d, PL_EID_ROOT, PL_F_REVIEW_IMPACT, quiet[i].impact);
        if (found(&w, quiet[i].check, &f) != 0)
            fail_msg("case %zu: %s", i, f->text);
        world_free(&w);
    }
}

TEST(zones_named_before_take_no_room)
{
    struct world w = world_new();
    const struct pl_finding *f = NULL;
    char name[] = "Nowhere/A";

    for (; name[8] < 'A' + 20; name[8]++) {
        sample_str(w.d, w.told, PL_F_EVENT_SOURCE_ZONE, name);
        assert_int_equal(found(&w, 12, NULL), 0);
    }
    sample_str(w.d, w.told, PL_F_EVENT_SOURCE_ZONE, "Europe/Berlin");
    sample_int(w.d, w.told, PL_F_EVENT_HAPPENED_AT,
               INT64_C(1761438600) * 1000000); /* 2025-10-26 00:30 */
    assert_int_equal(found(&w, 12, &f), 1);
    world_free(&w);
}

TEST(cut_names_stay_whole_characters)
{
    struct world w = world_new();
    const struct pl_finding *f = NULL;
    char name[1 + 63 * 2 + 1] = "A"; /* the 64th byte is half of a letter */

    for (size_t i = 0; i < 63; i++)
        memcpy(name + 1 + 2 * i, "\xD0\xB6", 3);
    sample_str(w.d, w.facilitator, PL_F_PARTICIPANT_NAME, name);
    sample_int(w.d, w.facilitator, PL_F_PARTICIPANT_INVOLVED, 1);
    assert_int_equal(found(&w, 24, &f), 1);
    assert_true(pl_utf8_is_clean(f->text, strlen(f->text), NULL));
    assert_non_null(strstr(f->text, "\xD0\xB6 facilitates and took part"));
    world_free(&w);
}

TEST(checks_of_the_clock_run_again_when_it_moves)
{
    struct world w = world_new();

    at(&w, w.told, 60 * 24 * 40);
    assert_int_equal(found(&w, 14, NULL), 1);
    pl_checks_run(w.c, NOW_US + 20 * DAY_US);
    assert_null(pl_checks_at(w.c, 1));
    for (size_t i = 0; i < pl_checks_count(w.c); i++)
        assert_int_not_equal(pl_checks_at(w.c, i)->check, 14);
    pl_checks_run(w.c, NOW_US);
    assert_int_equal(found(&w, 14, NULL), 1);
    world_free(&w);
}

TEST(checks_have_ids_titles_and_ways_to_mend)
{
    for (uint32_t i = 1; i <= PL_CHECK_MAX; i++) {
        const struct pl_check_info *info = pl_check_info(i);
        char id[8];
        (void)snprintf(id, sizeof id, "t%02u", i);
        assert_non_null(info);
        assert_int_equal(info->number, i);
        assert_int_equal(pl_check_by_id(id), i);
        assert_true(strlen(info->title) < 100);
        assert_true(strlen(info->mend) < 140);
    }
    assert_null(pl_check_info(0));
    assert_null(pl_check_info(37));
    assert_int_equal(pl_check_by_id("T37"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(checks_say_nothing_when_a_review_is_in_order),
        UNIT(checks_fire_when_their_thing_is_broken),
        UNIT(checks_stay_silent_where_nothing_is_said),
        UNIT(checks_are_waived_as_a_whole_and_for_one_entry),
        UNIT(checks_let_accounts_differ_within_their_precision),
        UNIT(zones_named_before_take_no_room),
        UNIT(cut_names_stay_whole_characters),
        UNIT(checks_of_the_clock_run_again_when_it_moves),
        UNIT(checks_have_ids_titles_and_ways_to_mend),
    };

    return RUN(tests);
}
