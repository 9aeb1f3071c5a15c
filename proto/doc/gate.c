// SPDX-License-Identifier: Apache-2.0
/*
 * Gates: what stands in the way of moving a review on. Findings that block, and conditions that no
 * waiver lifts. Also the preset window for the session.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/action.h"
#include "plimsoll/doc/secret.h"

#include "checks_int.h"

struct gate {
    const struct pl_checks *c; /* for its lists */
    const struct pl_doc *d;
    struct pl_block *out;
    size_t max;
    size_t n;
};

void pl_window_preset(struct pl_window *w)
{
    for (unsigned i = 0; i < 5; i++) {
        w->not_before_days[i] = 2;
        w->warn_days[i] = 7;
        w->late_days[i] = 14;
    }
}

static void add(struct gate *g, uint32_t check, struct pl_eid eid, const char *text,
                const char *mend)
{
    const struct pl_entry *en = pl_eid_is_root(eid) ? NULL : pl_doc_entry(g->d, eid);

    if (g->n++ >= g->max)
        return;
    struct pl_block *b = &g->out[g->n - 1];
    memset(b, 0, sizeof *b);
    b->check = check;
    b->entry = eid;
    (void)pl_strlcpy(b->text, text, sizeof b->text);
    ck_fill(b->mend, sizeof b->mend, mend, g->d, en);
}

/* --- preparing -> in_session ------------------------------------------------------- */

static bool has_role(const struct gate *g, int64_t role)
{
    const struct ck_list *l = &g->c->lists[PL_KIND_PARTICIPANT];

    for (size_t i = 0; i < l->n; i++) {
        if (pl_entry_int(l->v[i], PL_F_PARTICIPANT_ROLE, 0) == role &&
            pl_entry_int(l->v[i], PL_F_PARTICIPANT_ATTENDANCE, 0) != PL_ATTENDANCE_DECLINED)
            return true;
    }
    return false;
}

static bool has_rules(const struct gate *g)
{
    const struct ck_list *l = &g->c->lists[PL_KIND_RULE];

    for (size_t i = 0; i < l->n; i++) {
        if (ck_has_text(l->v[i], PL_F_BODY))
            return true;
    }
    return false;
}

static void open_session(struct gate *g)
{
    const struct pl_eid review = PL_EID_ROOT;

    if (!has_role(g, PL_ROLE_FACILITATOR))
        add(g, 0, review, "No facilitator takes part",
            "plimsoll people role REV USER --role facilitator");
    if (!has_role(g, PL_ROLE_RESPONDER))
        add(g, 0, review, "Nobody who responded to the incident takes part",
            "plimsoll people add REV USER --role responder");
    if (!has_rules(g))
        add(g, 0, review, "There are no ground rules",
            "plimsoll rule add REV 'We ask what made sense at the time'");
    if (pl_entry_reg(pl_doc_root(g->d), PL_F_REVIEW_SESSION_START)->type != PL_VAL_INT)
        add(g, 0, review, "The time of the session is not set",
            "plimsoll session schedule REV --at T --for 60m");
}

/* --- tracking -> closed ------------------------------------------------------------ */

/* From this state to a final one. */
static const char *way_on(int64_t state)
{
    if (state == PL_STATE_DONE)
        return "plimsoll actions verify REV/ID (somebody else than the owner), or plimsoll actions "
               "drop REV/ID --reason 'why'";
    return "plimsoll actions proof REV/ID URL and plimsoll actions done REV/ID (the owner), then "
           "verify; or plimsoll actions drop REV/ID --reason 'why'";
}

static void judge_action(struct gate *g, const struct pl_entry *a)
{
    int64_t state = pl_entry_int(a, PL_F_ACTION_STATE, PL_STATE_IDEA);
    char id[PL_SHORT_ID_MAX];
    char text[200];

    (void)ck_id(id, a);
    if (state == PL_STATE_IDEA) {
        (void)snprintf(text, sizeof text, "%s is still an idea", id);
        add(g, 0, pl_entry_eid(a), text,
            "plimsoll actions commit REV/ID, or plimsoll actions drop REV/ID --reason 'why'");
    } else if (!pl_action_is_final(a)) {
        (void)snprintf(text, sizeof text, "%s is not finished: %s", id,
                       pl_enum_name(PL_EN_STATE, state));
        add(g, 0, pl_entry_eid(a), text, way_on(state));
    } else if (state == PL_STATE_VERIFIED && pl_entry_int(a, PL_F_ACTION_EFFECT_RESULT, 0) == 0) {
        (void)snprintf(text, sizeof text, "%s is done, but nobody has judged its effect", id);
        add(g, 0, pl_entry_eid(a), text,
            "plimsoll actions effect REV/ID --result effective (or partly_effective, "
            "not_effective, "
            "cannot_tell)");
    }
}

static void judge_actions(struct gate *g)
{
    const struct ck_list *l = &g->c->lists[PL_KIND_ACTION];

    for (size_t i = 0; i < l->n; i++)
        judge_action(g, l->v[i]);
}

/* --- in_session -> tracking, tracking -> closed ------------------------------------ */

/* What was written in private would stay there, and nobody would miss it. */
static void judge_seals(struct gate *g)
{
    if (pl_secret_is_sealed(g->d, PL_KIND_ACCOUNT))
        add(g, 0, PL_EID_ROOT, "The accounts are still sealed",
            "plimsoll session reveal REV account");
    if (pl_secret_is_sealed(g->d, PL_KIND_OBSERVATION))
        add(g, 0, PL_EID_ROOT, "The observations are still sealed",
            "plimsoll session reveal REV observation");
}

/* --- all --------------------------------------------------------------------------- */

static bool blocks(const struct pl_finding *f, int64_t to)
{
    if (f->is_waived)
        return false;
    if (to == PL_STATUS_IN_SESSION)
        return (f->check == 24 || f->check == 36) && f->severity >= PL_CHECK_WARNING;
    return to == PL_STATUS_TRACKING && f->severity == PL_CHECK_ERROR;
}

static void add_finding(struct gate *g, const struct pl_finding *f)
{
    add(g, f->check, f->entry, f->text, "");
    if (g->n <= g->max)
        pl_finding_mend(g->d, f, g->out[g->n - 1].mend, sizeof g->out[g->n - 1].mend);
}

static void add_findings(struct gate *g, const struct pl_checks *c, int64_t to)
{
    for (uint32_t k = 1; k <= PL_CHECK_MAX; k++) {
        for (size_t i = 0; i < c->found[k].n; i++) {
            const struct pl_finding *f = &c->found[k].v[i];
            if (blocks(f, to))
                add_finding(g, f);
        }
    }
}

size_t pl_gate(const struct pl_checks *c, const struct pl_doc *d, int64_t to_status, int64_t now_us,
               struct pl_block *out, size_t max)
{
    int64_t from = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    struct gate g = {.c = c, .d = d, .out = out, .max = max};

    (void)now_us; /* the clock is in the findings */

    if (to_status <= from)
        return 0;
    if (to_status > from + 1) {
        add(&g, 0, PL_EID_ROOT, "One step at a time: preparing, in_session, tracking, closed",
            "plimsoll status REV shows the next step");
        return g.n;
    }
    if (to_status == PL_STATUS_IN_SESSION)
        open_session(&g);
    else
        judge_seals(&g);
    if (to_status == PL_STATUS_CLOSED)
        judge_actions(&g);
    else
        add_findings(&g, c, to_status);
    return g.n;
}
