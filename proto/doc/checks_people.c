// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of the record and of who takes part: communication, decisions, sources, the header, a
 * neutral facilitator, the window of the session.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/disagree.h"

#include "checks_int.h"

static const struct pl_entry *root(const struct pl_checks *c)
{
    return pl_doc_root(c->d);
}

static bool is_declined(const struct pl_entry *p)
{
    return pl_entry_int(p, PL_F_PARTICIPANT_ATTENDANCE, 0) == PL_ATTENDANCE_DECLINED;
}

static void t05(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    bool inside = false;
    bool outside = false;

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], PL_F_EVENT_LENS, 0) != PL_LENS_COMMUNICATION)
            continue;
        if (pl_entry_int(v[i], PL_F_EVENT_AUDIENCE, 0) == PL_AUDIENCE_EXTERNAL)
            outside = true;
        else
            inside = true;
    }
    if (!inside)
        (void)ck_add(c, 5, NULL, NULL, "No communication event: who inside was told, and when?");
    if (!outside && pl_entry_int(root(c), PL_F_REVIEW_CUSTOMERS_HIT, 0) == 1)
        (void)ck_add(c, 5, NULL, NULL,
                     "Customers were hit, and no event says that anyone outside was told");
}

static void t06(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    size_t decisions = 0;
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], PL_F_EVENT_LENS, 0) != PL_LENS_DECISION)
            continue;
        decisions++;
        if (!ck_has_text(v[i], PL_F_EVENT_KNOWN_THEN))
            (void)ck_add(c, 6, v[i], NULL, "%s is a decision: what was known at that time?",
                         ck_id(id, v[i]));
    }
    if (decisions == 0)
        ck_add(c, 6, NULL, NULL, "No event is a decision: where were there choices?")->mend =
            "plimsoll timeline add REV --lens decision --at T 'what was decided'";
}

/* A link to something that is kept: a material or an account. */
static bool has_evidence(const struct pl_checks *c, const struct pl_entry *en)
{
    const struct pl_elem *el;
    struct pl_eid to;

    for (size_t i = 0; (el = pl_entry_set_at(en, PL_F_LINKS, i)) != NULL; i++) {
        const struct pl_entry *x = pl_eid_from_elem(el, &to) ? pl_doc_entry(c->d, to) : NULL;
        if (x != NULL && pl_entry_is_visible(c->d, x) &&
            (pl_entry_kind(x) == PL_KIND_MATERIAL || pl_entry_kind(x) == PL_KIND_ACCOUNT))
            return true;
    }
    return false;
}

static void t18(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (ck_is_blank(pl_entry_str(v[i], PL_F_EVENT_SOURCE)) && !has_evidence(c, v[i]))
            (void)ck_add(c, 18, v[i], NULL, "%s names no source and links no material",
                         ck_id(id, v[i]));
    }
}

static void t19(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_MATERIAL, &n);
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_str(v[i], PL_F_MATERIAL_FILE_NAME)[0] != '\0' &&
            pl_entry_str(v[i], PL_F_MATERIAL_FILE_SHA256)[0] == '\0')
            (void)ck_add(c, 19, v[i], NULL, "%s is a file without a hash", ck_id(id, v[i]));
    }
}

/* What accounts contradict each other in. Who knew of it when is no contradiction. */
static void t21(struct pl_checks *c)
{
    size_t n = 0;

    (void)ck_list(c, PL_KIND_CLAIM, &n);
    if (n < 2)
        return;
    if (c->disagreements == NULL)
        c->disagreements = pl_xcalloc(CK_DISAGREEMENTS, sizeof *c->disagreements);
    n = pl_disagreements(c->d, c->disagreements, CK_DISAGREEMENTS);
    for (size_t i = 0; i < n && i < CK_DISAGREEMENTS; i++) {
        const struct pl_disagreement *x = &c->disagreements[i];
        if (x->kind != PL_DISAGREE_KNEW)
            (void)ck_add(c, 21, pl_doc_entry(c->d, x->claim[0]), pl_doc_entry(c->d, x->claim[1]),
                         "%s", x->text);
    }
}

/* Is this the person's handle or name, as a whole? */
static bool is_named(const char *actor, const struct pl_entry *p)
{
    const char *handle = pl_entry_str(p, PL_F_PARTICIPANT_HANDLE);
    const char *name = pl_entry_str(p, PL_F_PARTICIPANT_NAME);

    if (actor[0] == '@')
        actor++;
    if (actor[0] == '\0')
        return false;
    return (handle[0] != '\0' && pl_casefold_eq(actor, handle)) ||
           (name[0] != '\0' && pl_casefold_eq(actor, name));
}

static void judge_facilitator(struct pl_checks *c, const struct pl_entry *p)
{
    const char *name = pl_entry_str(p, PL_F_PARTICIPANT_NAME);
    int64_t user = pl_entry_int(p, PL_F_PARTICIPANT_USER, 0);
    int64_t duty = pl_entry_int(p, PL_F_PARTICIPANT_DUTY, 0);
    char id[PL_SHORT_ID_MAX];
    size_t n;
    struct pl_entry **v;

    if (pl_entry_int(p, PL_F_PARTICIPANT_INVOLVED, 0) == 1)
        (void)ck_add(c, 24, p, NULL, "%.64s facilitates and took part in the incident", name);
    if (duty != 0 && duty != PL_DUTY_OBSERVER)
        (void)ck_add(c, 24, p, NULL, "%.64s facilitates and had a duty in the incident: %s", name,
                     pl_enum_name(PL_EN_DUTY, duty));
    v = ck_list(c, PL_KIND_EVENT, &n);
    for (size_t i = 0; i < n; i++) {
        if (is_named(pl_entry_str(v[i], PL_F_EVENT_ACTOR), p))
            (void)ck_add(c, 24, p, v[i], "%.64s facilitates and acts in %s", name, ck_id(id, v[i]));
    }
    v = ck_list(c, PL_KIND_ACTION, &n);
    for (size_t i = 0; i < n && user != 0; i++) {
        if (pl_entry_int(v[i], PL_F_ACTION_OWNER, 0) == user)
            (void)ck_add(c, 24, p, v[i], "%.64s facilitates and owns %s", name, ck_id(id, v[i]));
    }
}

static void t24(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_PARTICIPANT, &n);

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], PL_F_PARTICIPANT_ROLE, 0) == PL_ROLE_FACILITATOR &&
            !is_declined(v[i]))
            judge_facilitator(c, v[i]);
    }
}

static bool has_lens(struct pl_checks *c, uint32_t kind, uint32_t field, int64_t lens)
{
    size_t n;
    struct pl_entry **v = ck_list(c, kind, &n);

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], field, 0) == lens)
            return true;
    }
    return false;
}

static void t25(struct pl_checks *c)
{
    if (pl_entry_int(root(c), PL_F_REVIEW_STATUS, 0) < PL_STATUS_IN_SESSION)
        return;
    for (int64_t lens = PL_LENS_HAPPENED; lens <= PL_LENS_COMMUNICATION; lens++) {
        const char *name = pl_enum_name(PL_EN_LENS, lens);
        if (!has_lens(c, PL_KIND_EVENT, PL_F_EVENT_LENS, lens) &&
            !has_lens(c, PL_KIND_OBSERVATION, PL_F_OBSERVATION_LENS, lens) &&
            !pl_entry_has(root(c), PL_F_REVIEW_NOTHING_IN, name, strlen(name)))
            (void)ck_add(c, 25, NULL, NULL, "Nothing under %s, and not said that there is nothing",
                         name);
    }
}

static void t28(struct pl_checks *c)
{
    bool value = !ck_is_blank(pl_entry_str(root(c), PL_F_REVIEW_IMPACT_VALUE));
    bool unit = !ck_is_blank(pl_entry_str(root(c), PL_F_REVIEW_IMPACT_UNIT));

    if (!value || !unit)
        (void)ck_add(c, 28, NULL, NULL, "The impact has no %s",
                     value ? "unit" : (unit ? "number" : "number and no unit"));
}

/* Days after the recovery, against the window of the severity. Between warn and late the session is
 * still inside: that is for information. */
#define MOVE_OR_WAIVE \
    "plimsoll session schedule REV --at T --for 60m, or plimsoll waive REV T36 --reason 'why'"

static void judge_window(struct pl_checks *c, int64_t start, int64_t recovered)
{
    int64_t severity = pl_entry_int(root(c), PL_F_REVIEW_SEVERITY, 0);
    size_t s = severity >= 1 && severity <= 4 ? (size_t)severity : 0;
    int64_t early = recovered + c->window.not_before_days[s] * CK_DAY_US;
    int64_t warn = recovered + c->window.warn_days[s] * CK_DAY_US;
    int64_t late = recovered + c->window.late_days[s] * CK_DAY_US;
    char at[2][40];

    if (start < early)
        ck_add(c, 36, NULL, NULL, "The session at %s is too early: from %s on (day %u)",
               ck_time(at[0], start), ck_time(at[1], early), c->window.not_before_days[s])
            ->mend = MOVE_OR_WAIVE;
    else if (start > late)
        ck_add(c, 36, NULL, NULL, "The session at %s is late: it was due by %s (day %u)",
               ck_time(at[0], start), ck_time(at[1], late), c->window.late_days[s])
            ->mend = MOVE_OR_WAIVE;
    else if (start > warn)
        ck_add(c, 36, NULL, NULL, "The session at %s is after %s (day %u): memories fade",
               ck_time(at[0], start), ck_time(at[1], warn), c->window.warn_days[s])
            ->severity = PL_CHECK_INFO;
}

static void judge_roles(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_PARTICIPANT, &n);
    bool seen[PL_ROLE_STAKEHOLDER + 1] = {false};
    unsigned roles = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t role = pl_entry_int(v[i], PL_F_PARTICIPANT_ROLE, 0);
        if (role <= 0 || role > PL_ROLE_STAKEHOLDER || is_declined(v[i]) || seen[role])
            continue;
        seen[role] = true;
        roles++;
    }
    if (roles < 2)
        ck_add(c, 36, NULL, NULL, "People of at least two roles are needed, %u %s expected", roles,
               roles == 1 ? "is" : "are")
            ->mend = "plimsoll people add REV USER --role responder (or stakeholder), or plimsoll "
                     "waive REV T36 --reason 'why'";
}

static void t36(struct pl_checks *c)
{
    const struct pl_value *start = pl_entry_reg(root(c), PL_F_REVIEW_SESSION_START);
    const struct pl_value *sent = pl_entry_reg(root(c), PL_F_REVIEW_PACK_SENT_AT);
    const struct pl_entry *end = c->durations[PL_DURATION_RECOVER].to;
    const struct pl_value *recovered =
        end != NULL ? pl_entry_reg(end, PL_F_EVENT_HAPPENED_AT) : NULL;
    char at[40];

    judge_roles(c);
    if (start->type != PL_VAL_INT)
        return;
    if (recovered != NULL && recovered->type == PL_VAL_INT)
        judge_window(c, start->i, recovered->i);
    if (sent->type != PL_VAL_INT)
        ck_add(c, 36, NULL, NULL, "The materials have not been sent: send them by %s",
               ck_time(at, start->i - CK_DAY_US))
            ->mend = "plimsoll session pack REV, or plimsoll waive REV T36 --reason 'why'";
    else if (sent->i > start->i - CK_DAY_US)
        ck_add(c, 36, NULL, NULL, "The materials were sent at %s, less than a day ahead",
               ck_time(at, sent->i))
            ->mend = MOVE_OR_WAIVE;
}

#define EVENTS (CK_SHAPE | CK_F(PL_F_NO))
#define PEOPLE                            \
    {                                     \
        PL_KIND_PARTICIPANT, ~UINT64_C(0) \
    }

const struct ck_rule ck_rules_people[] = {
    {5,
     t05,
     {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_LENS) | CK_F(PL_F_EVENT_AUDIENCE)},
      {PL_KIND_REVIEW, CK_F(PL_F_REVIEW_CUSTOMERS_HIT)}}},
    {6, t06, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_LENS) | CK_F(PL_F_EVENT_KNOWN_THEN)}}},
    {18,
     t18,
     {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_SOURCE) | CK_F(PL_F_LINKS)},
      {PL_KIND_MATERIAL, CK_SHAPE},
      {PL_KIND_ACCOUNT, CK_SHAPE}}},
    {19,
     t19,
     {{PL_KIND_MATERIAL, CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_MATERIAL_FILE_NAME) |
                             CK_F(PL_F_MATERIAL_FILE_SHA256)}}},
    {21,
     t21,
     {{PL_KIND_CLAIM, ~CK_F(PL_F_BODY)},
      {PL_KIND_ACCOUNT, CK_SHAPE | CK_F(PL_F_NO)},
      {PL_KIND_EVENT, CK_SHAPE | CK_F(PL_F_NO)},
      {PL_KIND_CAUSE, CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_CAUSE_MERGED_INTO)}}},
    {24,
     t24,
     {PEOPLE,
      {PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_ACTOR)},
      {PL_KIND_ACTION, CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_ACTION_OWNER)}}},
    {25,
     t25,
     {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_LENS)},
      {PL_KIND_OBSERVATION, CK_SHAPE | CK_F(PL_F_OBSERVATION_LENS)},
      {PL_KIND_REVIEW, CK_F(PL_F_REVIEW_STATUS) | CK_F(PL_F_REVIEW_NOTHING_IN)}}},
    {28, t28, {{PL_KIND_REVIEW, CK_F(PL_F_REVIEW_IMPACT_VALUE) | CK_F(PL_F_REVIEW_IMPACT_UNIT)}}},
    {36,
     t36,
     {PEOPLE,
      {PL_KIND_EVENT, CK_SHAPE | CK_F(PL_F_EVENT_HAPPENED_AT) | CK_F(PL_F_EVENT_MARKER)},
      {PL_KIND_REVIEW, CK_F(PL_F_REVIEW_SESSION_START) | CK_F(PL_F_REVIEW_PACK_SENT_AT) |
                           CK_F(PL_F_REVIEW_SEVERITY) | CK_F(PL_F_REVIEW_NA_RECOVER)}}},
    {.check = 0},
};
