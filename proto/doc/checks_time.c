// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of the timeline's clock: the five markers and their order, gaps, times that cannot be.
 * They read registers of events and the review's own fields, never a text.
 */
#include "checks_int.h"

#define NAMED "%s (%s)"

static bool has_reason(const struct pl_checks *c, uint32_t field)
{
    return !ck_is_blank(pl_entry_str(pl_doc_root(c->d), field));
}

static bool is_kind(const struct pl_checks *c, int64_t kind)
{
    return pl_entry_int(pl_doc_root(c->d), PL_F_REVIEW_KIND, 0) == kind;
}

/* The event of a marker, from the durations that were measured at the start of the run. */
static const struct pl_entry *marked(const struct pl_checks *c, int64_t marker)
{
    switch (marker) {
    case PL_MARKER_IMPACT_START:
        return c->durations[PL_DURATION_DETECT].from;
    case PL_MARKER_DETECTED:
        return c->durations[PL_DURATION_DETECT].to;
    case PL_MARKER_TRIAGED:
        return c->durations[PL_DURATION_TRIAGE].to;
    case PL_MARKER_CONTAINED:
        return c->durations[PL_DURATION_CONTAIN].to;
    default:
        return c->durations[PL_DURATION_RECOVER].to;
    }
}

/* False when there is no event or it has no time. */
static bool time_of(const struct pl_entry *en, int64_t *us)
{
    const struct pl_value *v = en != NULL ? pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT) : NULL;

    if (v == NULL || v->type != PL_VAL_INT)
        return false;
    *us = v->i;
    return true;
}

static void t01(struct pl_checks *c)
{
    if (marked(c, PL_MARKER_IMPACT_START) != NULL || is_kind(c, PL_INCIDENT_FALSE_ALARM))
        return;
    if (!has_reason(c, PL_F_REVIEW_NA_DETECT) || !has_reason(c, PL_F_REVIEW_NA_RECOVER))
        (void)ck_add(c, 1, NULL, NULL,
                     "No event bears the marker impact_start: when did it begin?");
}

static void t02(struct pl_checks *c)
{
    const struct pl_entry *en = marked(c, PL_MARKER_DETECTED);
    char id[PL_SHORT_ID_MAX];

    if (en == NULL)
        (void)ck_add(c, 2, NULL, NULL,
                     "No event bears the marker detected: when and by what was it noticed?");
    else if (pl_entry_int(en, PL_F_EVENT_DETECTED_BY, 0) == 0)
        ck_add(c, 2, en, NULL,
               "%s is the detection, but not by what: alert, person, partner or outsider?",
               ck_id(id, en))
            ->mend = "plimsoll set REV/ID detected_by=alert (person, partner, outsider)";
}

static void t03(struct pl_checks *c)
{
    if (is_kind(c, PL_INCIDENT_SECURITY) && marked(c, PL_MARKER_CONTAINED) == NULL &&
        !has_reason(c, PL_F_REVIEW_NA_CONTAIN))
        (void)ck_add(c, 3, NULL, NULL,
                     "No event bears the marker contained: when could it spread no further?");
}

static void t04(struct pl_checks *c)
{
    if (marked(c, PL_MARKER_RECOVERED) == NULL && !is_kind(c, PL_INCIDENT_FALSE_ALARM) &&
        !has_reason(c, PL_F_REVIEW_NA_RECOVER))
        (void)ck_add(c, 4, NULL, NULL,
                     "No event bears the marker recovered: when was the service back?");
}

/* Is `to` before `from` even at the far ends of both error bands? */
static bool is_broken(const struct pl_entry *from, const struct pl_entry *to)
{
    int64_t a = 0;
    int64_t b = 0;

    if (!time_of(from, &a) || !time_of(to, &b))
        return false;
    if (pl_entry_int(from, PL_F_EVENT_PRECISION, 0) == PL_PRECISION_BEFORE ||
        pl_entry_int(to, PL_F_EVENT_PRECISION, 0) == PL_PRECISION_AFTER)
        return false;
    return b + pl_event_band_us(to, NULL) < a - pl_event_band_us(from, NULL);
}

static void t07(struct pl_checks *c)
{
    static const struct {
        int64_t from;
        int64_t to;
        const char *what;
    } pairs[] = {{PL_MARKER_IMPACT_START, PL_MARKER_DETECTED, "the detection before the start"},
                 {PL_MARKER_DETECTED, PL_MARKER_CONTAINED, "the containment before the detection"},
                 {PL_MARKER_CONTAINED, PL_MARKER_RECOVERED, "the recovery before the containment"}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct pl_entry *from = marked(c, pairs[i].from);
        const struct pl_entry *to = marked(c, pairs[i].to);
        char id[2][PL_SHORT_ID_MAX];
        char at[2][40];
        if (!is_broken(from, to))
            continue;
        (void)ck_add(c, 7, to, from, "Order broken, %s: " NAMED " and " NAMED, pairs[i].what,
                     ck_id(id[0], to), ck_time(at[0], pl_entry_int(to, PL_F_EVENT_HAPPENED_AT, 0)),
                     ck_id(id[1], from),
                     ck_time(at[1], pl_entry_int(from, PL_F_EVENT_HAPPENED_AT, 0)));
    }
}

static void t08(struct pl_checks *c)
{
    const struct pl_entry *from = marked(c, PL_MARKER_IMPACT_START);
    const struct pl_entry *to = marked(c, PL_MARKER_DETECTED);
    char id[2][PL_SHORT_ID_MAX];
    char at[40];
    int64_t a = 0;
    int64_t b = 0;

    if (time_of(from, &a) && time_of(to, &b) && a / CK_SECOND_US == b / CK_SECOND_US)
        (void)ck_add(c, 8, from, to,
                     "%s and %s are both at %s: was the start seen, or set to the detection?",
                     ck_id(id[0], from), ck_id(id[1], to), ck_time(at, a));
}

static void t09(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    int64_t from = 0;
    int64_t to = 0;
    int64_t limit = 30 * CK_MINUTE_US;
    char id[2][PL_SHORT_ID_MAX];
    char gap[32];

    if (!time_of(marked(c, PL_MARKER_DETECTED), &from) ||
        !time_of(marked(c, PL_MARKER_RECOVERED), &to) || to <= from)
        return;
    if ((to - from) / 5 > limit)
        limit = (to - from) / 5;
    for (size_t i = 0; i + 1 < n; i++) {
        int64_t a = 0;
        int64_t b = 0;
        if (!time_of(v[i], &a) || !time_of(v[i + 1], &b) || a < from || b > to || b - a <= limit)
            continue;
        pl_duration_format(gap, b - a);
        (void)ck_add(c, 9, v[i], v[i + 1], "%s without any event, between %s and %s", gap,
                     ck_id(id[0], v[i]), ck_id(id[1], v[i + 1]));
    }
}

/* "The rest" is the event in the middle of all that have a time. */
static void t14(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];
    char at[40];
    int64_t t = 0;
    int64_t middle;

    while (n > 0 && !time_of(v[n - 1], &t))
        n--;
    if (n == 0)
        return;
    middle = pl_entry_int(v[n / 2], PL_F_EVENT_HAPPENED_AT, 0);
    for (size_t i = 0; i < n; i++) {
        t = pl_entry_int(v[i], PL_F_EVENT_HAPPENED_AT, 0);
        if (t > c->now_us) {
            (void)ck_add(c, 14, v[i], NULL, "%s is in the future: %s", ck_id(id, v[i]),
                         ck_time(at, t));
            if (c->due_us[14] == 0)
                c->due_us[14] = t;
        } else if (t < middle - 731 * CK_DAY_US) {
            (void)ck_add(c, 14, v[i], NULL, "%s is more than two years before the others: %s",
                         ck_id(id, v[i]), ck_time(at, t));
        }
    }
    /* A clock that goes back may put an event into the future. */
    if (c->due_us[14] == 0)
        c->due_us[14] = INT64_MAX;
}

static void t16(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];
    char at[2][40];

    for (size_t i = 0; i < n; i++) {
        int64_t known = pl_entry_int(v[i], PL_F_EVENT_KNOWN_AT, INT64_MAX);
        int64_t t = 0;
        if (!time_of(v[i], &t) || known >= t - pl_event_band_us(v[i], NULL) ||
            pl_entry_int(v[i], PL_F_EVENT_PRECISION, 0) == PL_PRECISION_BEFORE)
            continue;
        (void)ck_add(c, 16, v[i], NULL, "%s is known at %s, but happened at %s", ck_id(id, v[i]),
                     ck_time(at[0], known), ck_time(at[1], t));
    }
}

static void t27(struct pl_checks *c)
{
    static const struct {
        enum pl_duration_no no;
        const char *na;
    } both[] = {{PL_DURATION_DETECT, "na_detect"}, {PL_DURATION_RECOVER, "na_recover"}};

    for (size_t i = 0; i < 2; i++) {
        const struct pl_duration *t = &c->durations[both[i].no];
        const char *name = pl_duration_name(both[i].no);
        char id[2][PL_SHORT_ID_MAX];
        char us[32];
        if (t->state == PL_DURATION_INVALID) {
            pl_duration_format(us, t->us);
            (void)ck_add(c, 27, t->to, t->from, "Time to %s is %s: %s is before %s", name, us,
                         ck_id(id[0], t->to), ck_id(id[1], t->from));
        } else if (t->state == PL_DURATION_PENDING && is_kind(c, PL_INCIDENT_FALSE_ALARM)) {
            (void)ck_add(c, 27, NULL, NULL,
                         "Time to %s cannot be computed, and %s does not say why there is none",
                         name, both[i].na);
        }
    }
}

static void t29(struct pl_checks *c)
{
    const struct pl_entry *end = marked(c, PL_MARKER_CONTAINED);
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[2][PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (v[i] == end || pl_entry_int(v[i], PL_F_EVENT_ATTACKER, 0) != 1 || !is_broken(v[i], end))
            continue;
        (void)ck_add(c, 29, v[i], end, "The attacker acts in %s, after the containment in %s",
                     ck_id(id[0], v[i]), ck_id(id[1], end));
    }
}

static bool explains_detection(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_CAUSE, &n);

    for (size_t i = 0; i < n; i++) {
        int64_t factor = pl_entry_int(v[i], PL_F_CAUSE_FACTOR, 0);
        if (pl_entry_int(v[i], PL_F_CAUSE_QUESTION, 0) == PL_QUESTION_WHY_UNDETECTED ||
            (factor >= PL_FACTOR_MONITORING_GAP && factor <= PL_FACTOR_AUTOMATION_GAP))
            return true;
    }
    return false;
}

/* Somebody looks: the triage, a person who notices, a response or a decision. */
static bool is_look(const struct pl_entry *en)
{
    int64_t lens = pl_entry_int(en, PL_F_EVENT_LENS, 0);

    return pl_entry_int(en, PL_F_EVENT_MARKER, 0) == PL_MARKER_TRIAGED ||
           pl_entry_int(en, PL_F_EVENT_DETECTED_BY, 0) == PL_DETECTED_BY_PERSON ||
           lens == PL_LENS_RESPONSE || lens == PL_LENS_DECISION;
}

static void t30(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    const struct pl_entry *alert = NULL;
    char id[2][PL_SHORT_ID_MAX];
    char wait[32];

    for (size_t i = 0; i < n; i++) {
        int64_t a = 0;
        int64_t b = 0;
        if (alert == NULL && pl_entry_int(v[i], PL_F_EVENT_DETECTED_BY, 0) == PL_DETECTED_BY_ALERT)
            alert = v[i];
        else if (alert != NULL && is_look(v[i])) {
            if (!time_of(alert, &a) || !time_of(v[i], &b) || b - a <= 15 * CK_MINUTE_US ||
                explains_detection(c))
                return;
            pl_duration_format(wait, b - a);
            (void)ck_add(c, 30, alert, v[i], "The alert in %s waited %s for %s, no cause says why",
                         ck_id(id[0], alert), wait, ck_id(id[1], v[i]));
            return;
        }
    }
}

/* What all checks of events read: which there are, their numbers, markers and times. */
#define TIMES                                                                            \
    (CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_EVENT_MARKER) | CK_F(PL_F_EVENT_HAPPENED_AT) | \
     CK_F(PL_F_EVENT_PRECISION) | CK_F(PL_F_EVENT_PRECISION_S))
#define HEADER                                                         \
    (CK_SHAPE | CK_F(PL_F_REVIEW_KIND) | CK_F(PL_F_REVIEW_NA_DETECT) | \
     CK_F(PL_F_REVIEW_NA_TRIAGE) | CK_F(PL_F_REVIEW_NA_CONTAIN) | CK_F(PL_F_REVIEW_NA_RECOVER))
#define EV(more)                      \
    {                                 \
        PL_KIND_EVENT, TIMES | (more) \
    }
#define RV                     \
    {                          \
        PL_KIND_REVIEW, HEADER \
    }

const struct ck_rule ck_rules_time[] = {
    {1, t01, {EV(0), RV}},
    {2, t02, {EV(CK_F(PL_F_EVENT_DETECTED_BY)), RV}},
    {3, t03, {EV(0), RV}},
    {4, t04, {EV(0), RV}},
    {7, t07, {EV(0), RV}},
    {8, t08, {EV(0), RV}},
    {9, t09, {EV(0), RV}},
    {14, t14, {EV(0)}},
    {16, t16, {EV(CK_F(PL_F_EVENT_KNOWN_AT))}},
    {27, t27, {EV(0), RV}},
    {29, t29, {EV(CK_F(PL_F_EVENT_ATTACKER)), RV}},
    {30,
     t30,
     {EV(CK_F(PL_F_EVENT_DETECTED_BY) | CK_F(PL_F_EVENT_LENS)),
      {PL_KIND_CAUSE, CK_SHAPE | CK_F(PL_F_CAUSE_QUESTION) | CK_F(PL_F_CAUSE_FACTOR)}}},
    {.check = 0},
};
