// SPDX-License-Identifier: Apache-2.0
/*
 * See sample.h. Everything goes through pl_doc_check as the server and pl_doc_apply, so the samples
 * are states that a real review can reach.
 */
#include "support/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/utf8.h"

static void must(int rc, const struct pl_err *e)
{
    if (rc != 0) {
        (void)fprintf(stderr, "sample: %s\n", e->text);
        abort();
    }
}

void sample_commit(struct pl_doc *d, uint64_t user, struct pl_cs *take_cs)
{
    struct pl_err e = {0};
    uint64_t rev = pl_doc_rev(d) + 1;
    struct pl_rev_meta meta = {.rev = rev,
                               .user = user,
                               .client = user == 0 ? 0 : SAMPLE_CLIENT,
                               .at_us = SAMPLE_T0 + (int64_t)rev * 1000000};

    must(pl_doc_check(d, take_cs, true, &e), &e);
    must(pl_doc_apply(d, take_cs, &meta, &e), &e);
    pl_cs_release(take_cs);
}

struct pl_eid sample_add(struct pl_doc *d, uint32_t kind, struct pl_eid parent, uint64_t user)
{
    struct pl_eid eid = {SAMPLE_CLIENT, (uint32_t)pl_doc_rev(d) + 1};
    struct pl_value no = pl_value_int(pl_doc_max_no(d, kind) + 1);
    struct pl_key key;
    struct pl_err e = {0};
    struct pl_cs cs;

    must(pl_doc_place_after(d, parent, NULL, true, eid, &key, &e), &e);
    pl_cs_init(&cs);
    pl_cs_create(&cs, eid, kind, parent, &key);
    pl_cs_reg(&cs, eid, PL_F_NO, &no);
    sample_commit(d, user, &cs);
    return eid;
}

static void set_reg(struct pl_doc *d, struct pl_eid eid, uint32_t field, struct pl_value *take_v)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, take_v);
    pl_value_release(take_v);
    sample_commit(d, 0, &cs);
}

void sample_int(struct pl_doc *d, struct pl_eid eid, uint32_t field, int64_t i)
{
    struct pl_value v = pl_value_int(i);

    set_reg(d, eid, field, &v);
}

void sample_str(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value v = pl_value_str(s, strlen(s));

    set_reg(d, eid, field, &v);
}

void sample_link(struct pl_doc *d, struct pl_eid eid, uint32_t field, struct pl_eid to)
{
    struct pl_value v = pl_value_eid(to);

    set_reg(d, eid, field, &v);
}

void sample_elem(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_elem(&cs, eid, field, s, strlen(s), true);
    sample_commit(d, 0, &cs);
}

void sample_link_elem(struct pl_doc *d, struct pl_eid eid, uint32_t field, struct pl_eid to)
{
    struct pl_elem el;
    struct pl_cs cs;

    pl_eid_to_elem(to, &el);
    pl_cs_init(&cs);
    pl_cs_elem(&cs, eid, field, el.b, el.len, true);
    sample_commit(d, 0, &cs);
}

void sample_text(struct pl_doc *d, struct pl_eid eid, uint32_t field, const char *s)
{
    static const struct pl_text empty = {0};
    const struct pl_text *t = pl_entry_text(pl_doc_entry(d, eid), field);
    struct pl_op op;
    struct pl_cs cs;

    if (t == NULL)
        t = &empty;
    pl_op_splice(&op, t, 0, (uint32_t)pl_text_len(t), s, (uint32_t)strlen(s));
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, field, &op);
    sample_commit(d, 0, &cs);
}

static void add_person(struct pl_doc *d, int64_t user, const char *name, int64_t role, int64_t duty)
{
    struct pl_eid p = sample_add(d, PL_KIND_PARTICIPANT, PL_EID_ROOT, 0);
    char handle[8];

    (void)snprintf(handle, sizeof handle, "u%lld", (long long)user);
    sample_int(d, p, PL_F_PARTICIPANT_USER, user);
    sample_str(d, p, PL_F_PARTICIPANT_NAME, name);
    sample_str(d, p, PL_F_PARTICIPANT_HANDLE, handle);
    sample_int(d, p, PL_F_PARTICIPANT_ROLE, role);
    if (duty != 0)
        sample_int(d, p, PL_F_PARTICIPANT_DUTY, duty);
}

static void fill_header(struct pl_doc *d)
{
    const struct pl_eid r = PL_EID_ROOT;

    sample_int(d, r, PL_F_NO, 2041);
    sample_int(d, r, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    sample_int(d, r, PL_F_REVIEW_STAGE, PL_STAGE_CAUSES);
    sample_str(d, r, PL_F_TITLE, "Checkout down after a certificate ran out");
    sample_int(d, r, PL_F_REVIEW_KIND, PL_INCIDENT_OPERATIONS);
    sample_int(d, r, PL_F_REVIEW_SEVERITY, PL_SEVERITY_HIGH);
    sample_elem(d, r, PL_F_REVIEW_SERVICES, "checkout");
    sample_elem(d, r, PL_F_REVIEW_SERVICES, "payments");
    sample_elem(d, r, PL_F_REVIEW_INCIDENTS, "INC-77");
    sample_text(d, r, PL_F_REVIEW_IMPACT, "Nobody could pay for 41 minutes.\nRefunds were late.");
    sample_str(d, r, PL_F_REVIEW_IMPACT_VALUE, "41");
    sample_str(d, r, PL_F_REVIEW_IMPACT_UNIT, "minutes");
    sample_str(d, r, PL_F_REVIEW_ZONE, "Europe/Berlin");
    sample_int(d, r, PL_F_REVIEW_SESSION_START, SAMPLE_T0 + 86400000000LL);
    sample_int(d, r, PL_F_REVIEW_SESSION_MINUTES, 90);
    add_person(d, SAMPLE_FACILITATOR, "Ana Ferreira", PL_ROLE_FACILITATOR, 0);
    add_person(d, SAMPLE_RESPONDER, "Bo Lindgren", PL_ROLE_RESPONDER, PL_DUTY_COMMANDER);
    add_person(d, SAMPLE_OWNER, "Chidi Okafor", PL_ROLE_RESPONDER, PL_DUTY_OPERATIONS);
    add_person(d, SAMPLE_STAKEHOLDER, "Dana | Novak", PL_ROLE_STAKEHOLDER, 0);
}

static struct pl_eid add_body(struct pl_doc *d, uint32_t kind, struct pl_eid parent, const char *s)
{
    struct pl_eid eid = sample_add(d, kind, parent, SAMPLE_RESPONDER);

    sample_text(d, eid, PL_F_BODY, s);
    return eid;
}

static struct pl_eid add_event(struct pl_doc *d, int minute, int64_t lens, int64_t marker,
                               const char *s)
{
    struct pl_eid eid = add_body(d, PL_KIND_EVENT, PL_EID_ROOT, s);

    sample_int(d, eid, PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 + minute * 60000000LL);
    sample_int(d, eid, PL_F_EVENT_PRECISION, PL_PRECISION_EXACT);
    sample_int(d, eid, PL_F_EVENT_LENS, lens);
    if (marker != 0)
        sample_int(d, eid, PL_F_EVENT_MARKER, marker);
    return eid;
}

static void fill_story(struct pl_doc *d)
{
    struct pl_eid account = add_body(d, PL_KIND_ACCOUNT, PL_EID_ROOT, "I saw the alert late.");
    struct pl_eid e1 = add_event(d, 0, PL_LENS_HAPPENED, PL_MARKER_IMPACT_START,
                                 "The certificate of `checkout` ran out.");
    struct pl_eid e3 = add_event(d, 41, PL_LENS_RECOVERY, PL_MARKER_RECOVERED,
                                 "New certificate | served everywhere.");
    struct pl_eid e2 = add_event(d, 12, PL_LENS_DETECTION, PL_MARKER_DETECTED,
                                 "A customer called.\n\nNo alert had fired.");
    struct pl_eid claim = sample_add(d, PL_KIND_CLAIM, account, SAMPLE_RESPONDER);
    struct pl_eid comment = add_body(d, PL_KIND_COMMENT, e2, "Which customer?");

    (void)e1;
    (void)e3;
    sample_link(d, claim, PL_F_CLAIM_EVENT, e2);
    sample_int(d, claim, PL_F_CLAIM_HAPPENED_AT, SAMPLE_T0 + 13 * 60000000LL);
    (void)add_body(d, PL_KIND_COMMENT, comment, "The one from INC-77.");
    struct pl_eid anchor = sample_add(d, PL_KIND_ANCHOR, comment, SAMPLE_RESPONDER);
    sample_link(d, anchor, PL_F_ANCHOR_TARGET, e2);
    sample_int(d, anchor, PL_F_ANCHOR_FIELD, PL_F_BODY);
    sample_int(d, anchor, PL_F_ANCHOR_START, 2);
    sample_int(d, anchor, PL_F_ANCHOR_END, 10);
    sample_str(d, anchor, PL_F_ANCHOR_QUOTE, "customer");
    struct pl_eid waiver = sample_add(d, PL_KIND_WAIVER, PL_EID_ROOT, SAMPLE_FACILITATOR);
    sample_str(d, waiver, PL_F_WAIVER_CHECK, "T05");
    sample_str(d, waiver, PL_F_WAIVER_REASON, "Nobody outside had to be told.");
}

static void fill_work(struct pl_doc *d)
{
    struct pl_eid well =
        add_body(d, PL_KIND_OBSERVATION, PL_EID_ROOT, "The bridge was up in 3 min");
    struct pl_eid badly = add_body(d, PL_KIND_OBSERVATION, PL_EID_ROOT, "Nobody watched expiry");
    struct pl_eid cause = add_body(d, PL_KIND_CAUSE, PL_EID_ROOT, "Renewal was a manual task");
    struct pl_eid deeper =
        add_body(d, PL_KIND_CAUSE, cause, "The task hung on one team's calendar");
    struct pl_eid action =
        add_body(d, PL_KIND_ACTION, PL_EID_ROOT, "Renew certificates by machine");
    struct pl_eid proof = sample_add(d, PL_KIND_EVIDENCE, action, SAMPLE_OWNER);

    sample_int(d, well, PL_F_OBSERVATION_KIND, PL_OBSERVATION_WELL);
    sample_int(d, badly, PL_F_OBSERVATION_KIND, PL_OBSERVATION_BADLY);
    sample_int(d, badly, PL_F_OBSERVATION_LENS, PL_LENS_DETECTION);
    sample_int(d, cause, PL_F_CAUSE_QUESTION, PL_QUESTION_WHY_HAPPENED);
    sample_int(d, cause, PL_F_CAUSE_CLASS, PL_CLASS_PROCESS);
    sample_int(d, cause, PL_F_CAUSE_FACTOR, PL_FACTOR_MISSING_PROCEDURE);
    sample_int(d, deeper, PL_F_CAUSE_CLASS, PL_CLASS_PEOPLE);
    sample_int(d, action, PL_F_ACTION_CONTROL, PL_CONTROL_PREVENTION);
    sample_int(d, action, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    sample_int(d, action, PL_F_ACTION_OWNER, SAMPLE_OWNER);
    sample_int(d, action, PL_F_ACTION_DUE, SAMPLE_T0 + 30 * 86400000000LL);
    sample_text(d, action, PL_F_ACTION_FINISH_TEST, "A certificate renews unattended in staging");
    sample_link_elem(d, action, PL_F_ACTION_CAUSES, cause);
    sample_int(d, proof, PL_F_EVIDENCE_KIND, PL_EVIDENCE_CHANGE);
    sample_str(d, proof, PL_F_EVIDENCE_REFERENCE, "change 4711");
}

struct pl_doc *sample_review(void)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid eid;

    fill_header(d);
    (void)add_body(d, PL_KIND_RULE, PL_EID_ROOT, "We look at systems, not at people.");
    eid = add_body(d, PL_KIND_AGENDA, PL_EID_ROOT, "Walk the timeline");
    sample_int(d, eid, PL_F_AGENDA_STAGE, PL_STAGE_TIMELINE);
    sample_int(d, eid, PL_F_AGENDA_MINUTES, 20);
    eid = add_body(d, PL_KIND_MATERIAL, PL_EID_ROOT, "Load balancer log");
    sample_int(d, eid, PL_F_MATERIAL_KIND, PL_MATERIAL_LOG);
    sample_str(d, eid, PL_F_MATERIAL_URL, "https://logs.example/77");
    fill_story(d);
    fill_work(d);
    eid = sample_add(d, PL_KIND_LESSON, PL_EID_ROOT, SAMPLE_FACILITATOR);
    sample_str(d, eid, PL_F_TITLE, "Watch what runs out");
    return d;
}
