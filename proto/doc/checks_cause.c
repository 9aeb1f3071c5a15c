// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of causes, observations and actions: what lacks an answer, and what cannot be followed up.
 */
#include "checks_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/coach/coach.h"

static bool is_merged(const struct pl_entry *en, uint32_t field)
{
    return pl_entry_reg(en, field)->type == PL_VAL_EID;
}

static void t31(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_CAUSE, &n);
    unsigned of[PL_CLASS_PEOPLE + 1] = {0};
    unsigned total = 0;
    int64_t class = 0;
    unsigned classes = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t k = pl_entry_int(v[i], PL_F_CAUSE_CLASS, 0);
        if (is_merged(v[i], PL_F_CAUSE_MERGED_INTO))
            continue;
        total++;
        if (k > 0 && k <= PL_CLASS_PEOPLE && of[k]++ == 0) {
            classes++;
            class = k;
        }
    }
    if (total == 0 || classes > 1)
        return;
    if (classes == 0)
        (void)ck_add(c, 31, NULL, NULL, "None of the %u causes has a class", total);
    else
        (void)ck_add(c, 31, NULL, NULL, "All causes with a class (%u of %u) are of one: %s",
                     of[class], total, pl_enum_name(PL_EN_CLASS, class));
}

static struct pl_coach *make_coach(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_PARTICIPANT, &n);
    const char **names = pl_xcalloc(n + 1, 2 * sizeof *names);
    struct pl_coach *coach;

    for (size_t i = 0; i < n; i++) {
        names[2 * i] = pl_entry_str(v[i], PL_F_PARTICIPANT_NAME);
        names[2 * i + 1] = pl_entry_str(v[i], PL_F_PARTICIPANT_HANDLE);
    }
    coach = pl_coach_new(names, 2 * n);
    free(names);
    return coach;
}

/* The coach is asked again only for a text that changed, or when the names did. */
static bool is_person(struct pl_checks *c, const struct pl_entry *cause, const char *text)
{
    struct ck_words *w = ck_row(c, cause);

    if (!w->is_asked) {
        if (c->coach == NULL)
            c->coach = make_coach(c);
        w->is_person = pl_coach_is_person_cause(c->coach, text, strlen(text));
        w->is_asked = true;
    }
    return w->is_person;
}

static void forget_coach(struct pl_checks *c)
{
    struct ck_words *w;
    struct ck_words *next;

    pl_coach_free(c->coach);
    c->coach = NULL;
    HASH_ITER (hh, c->words, w, next)
        w->is_asked = false;
}

static void t32(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_CAUSE, &n);
    char id[PL_SHORT_ID_MAX];

    if (c->all || c->dirty[PL_KIND_PARTICIPANT] != 0)
        forget_coach(c);
    for (size_t i = 0; i < n; i++) {
        const char *text = pl_entry_cstr(v[i], PL_F_BODY);
        if (is_merged(v[i], PL_F_CAUSE_MERGED_INTO) || text[0] == '\0')
            continue;
        if (is_person(c, v[i], text))
            (void)ck_add(c, 32, v[i], NULL,
                         "%s puts it down to a person or a role: what made it likely?",
                         ck_id(id, v[i]));
    }
}

/* Does a living action (an idea too) name the entry among its causes or links, or the entry it? */
static bool has_action(struct pl_checks *c, const struct pl_entry *en, uint32_t links)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_ACTION, &n);
    struct pl_elem me;
    struct pl_elem el;

    pl_eid_to_elem(pl_entry_eid(en), &me);
    for (size_t i = 0; i < n; i++) {
        int64_t s = pl_entry_int(v[i], PL_F_ACTION_STATE, PL_STATE_IDEA);
        if (s == PL_STATE_DROPPED || s == PL_STATE_MERGED)
            continue;
        pl_eid_to_elem(pl_entry_eid(v[i]), &el);
        if (pl_entry_has(v[i], PL_F_ACTION_CAUSES, me.b, me.len) ||
            pl_entry_has(v[i], PL_F_LINKS, me.b, me.len) || pl_entry_has(en, links, el.b, el.len))
            return true;
    }
    return false;
}

static void t33(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_OBSERVATION, &n);
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], PL_F_OBSERVATION_KIND, 0) != PL_OBSERVATION_BADLY ||
            is_merged(v[i], PL_F_OBSERVATION_MERGED_INTO) ||
            !ck_is_blank(pl_entry_str(v[i], PL_F_OBSERVATION_NO_ACTION)) ||
            has_action(c, v[i], PL_F_LINKS))
            continue;
        (void)ck_add(c, 33, v[i], NULL, "%s went badly: no action is linked, no reason for none",
                     ck_id(id, v[i]));
    }
    v = ck_list(c, PL_KIND_CAUSE, &n);
    for (size_t i = 0; i < n; i++) {
        if (is_merged(v[i], PL_F_CAUSE_MERGED_INTO) ||
            !ck_is_blank(pl_entry_str(v[i], PL_F_CAUSE_NO_ACTION)) ||
            has_action(c, v[i], PL_F_LINKS))
            continue;
        (void)ck_add(c, 33, v[i], NULL, "%s has no action and no reason for none", ck_id(id, v[i]));
    }
}

static void judge_action(struct pl_checks *c, const struct pl_entry *a)
{
    int64_t priority = pl_action_priority(a);
    char id[PL_SHORT_ID_MAX];

    (void)ck_id(id, a);
    if (pl_entry_int(a, PL_F_ACTION_OWNER, 0) == 0)
        ck_add(c, 34, a, NULL, "%s has no owner", id)->mend = "plimsoll set REV/ID owner=USER";
    if (pl_entry_reg(a, PL_F_ACTION_DUE)->type != PL_VAL_INT)
        ck_add(c, 34, a, NULL, "%s has no due date", id)->mend =
            "plimsoll actions edit REV/ID --due 2026-12-01";
    if (pl_entry_int(a, PL_F_ACTION_CONTROL, 0) == 0)
        ck_add(c, 34, a, NULL, "%s has no class: prevention, detection or process", id)->mend =
            "plimsoll set REV/ID control=prevention (or detection, process)";
    if (!ck_has_text(a, PL_F_ACTION_FINISH_TEST))
        ck_add(c, 34, a, NULL, "%s has no finish test: how will one see that it is done?", id)
            ->mend = "plimsoll edit REV/ID.finish_test, or plimsoll actions edit REV/ID --finish "
                     "'how anyone sees it'";
    if (ck_is_blank(pl_entry_str(a, PL_F_ACTION_TRACKER_KEY)) &&
        ck_is_blank(pl_entry_str(a, PL_F_ACTION_UNTRACKED_REASON)))
        ck_add(c, 34, a, NULL, "%s has no tracker key, and no reason for none", id)->mend =
            "plimsoll set REV/ID tracker_key=K, or untracked_reason='why not'";
    if ((priority == PL_PRIORITY_CRITICAL || priority == PL_PRIORITY_HIGH) &&
        ck_is_blank(pl_entry_str(a, PL_F_ACTION_MEASURE_WHAT)))
        ck_add(c, 34, a, NULL, "%s is %s and has no measure of its effect", id,
               pl_enum_name(PL_EN_PRIORITY, priority))
            ->mend = "plimsoll set REV/ID measure_what='what is counted' measure_unit=minutes "
                     "measure_baseline=41 measure_target=10";
}

static void t34(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_ACTION, &n);
    size_t committed = 0;

    for (size_t i = 0; i < n; i++) {
        if (!ck_is_committed(v[i]))
            continue;
        committed++;
        judge_action(c, v[i]);
    }
    if (committed == 0)
        ck_add(c, 34, NULL, NULL, n == 0 ? "There is no action" : "No action is committed")->mend =
            n == 0 ? "plimsoll actions add REV 'what will change', then plimsoll actions commit A-n"
                   : "plimsoll actions list --review REV, then plimsoll actions commit A-n";
}

static void t35(struct pl_checks *c)
{
    static const int64_t wanted[] = {PL_CONTROL_PREVENTION, PL_CONTROL_DETECTION};
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_ACTION, &n);

    if (pl_entry_int(pl_doc_root(c->d), PL_F_REVIEW_SEVERITY, 0) != PL_SEVERITY_CRITICAL)
        return;
    for (size_t k = 0; k < 2; k++) {
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found =
                ck_is_committed(v[i]) && pl_entry_int(v[i], PL_F_ACTION_CONTROL, 0) == wanted[k];
        if (!found)
            (void)ck_add(c, 35, NULL, NULL, "A critical incident, and no committed action on %s",
                         pl_enum_name(PL_EN_CONTROL, wanted[k]));
    }
}

#define CAUSES (CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_CAUSE_MERGED_INTO))

const struct ck_rule ck_rules_cause[] = {
    {31, t31, {{PL_KIND_CAUSE, CAUSES | CK_F(PL_F_CAUSE_CLASS)}}},
    {32,
     t32,
     {{PL_KIND_CAUSE, CAUSES | CK_F(PL_F_BODY)},
      {PL_KIND_PARTICIPANT,
       CK_SHAPE | CK_F(PL_F_PARTICIPANT_NAME) | CK_F(PL_F_PARTICIPANT_HANDLE)}}},
    {33,
     t33,
     {{PL_KIND_CAUSE, CAUSES | CK_F(PL_F_LINKS) | CK_F(PL_F_CAUSE_NO_ACTION)},
      {PL_KIND_OBSERVATION, CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_LINKS) |
                                CK_F(PL_F_OBSERVATION_KIND) | CK_F(PL_F_OBSERVATION_NO_ACTION) |
                                CK_F(PL_F_OBSERVATION_MERGED_INTO)},
      {PL_KIND_ACTION,
       CK_SHAPE | CK_F(PL_F_LINKS) | CK_F(PL_F_ACTION_CAUSES) | CK_F(PL_F_ACTION_STATE)}}},
    {34, t34, {{PL_KIND_ACTION, ~UINT64_C(0) & ~CK_F(PL_F_BODY)}}},
    {35,
     t35,
     {{PL_KIND_ACTION, CK_SHAPE | CK_F(PL_F_ACTION_STATE) | CK_F(PL_F_ACTION_CONTROL)},
      {PL_KIND_REVIEW, CK_F(PL_F_REVIEW_SEVERITY)}}},
    {.check = 0},
};
