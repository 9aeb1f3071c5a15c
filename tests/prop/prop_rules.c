// SPDX-License-Identifier: Apache-2.0
/*
 * Properties of the rules: edits at random by several people, judged as the server judges them, and
 * the commands that move actions in between:
 *   - what passes leaves every entry valid, as a look over the whole review says that knows nothing
 *     of changesets; what does not is refused with a code and words;
 *   - judging changes nothing;
 *   - another display zone moves no instant.
 * PL_SEED picks the first case, PL_CASES how many. A failing case is shrunk by leaving steps out.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/zone.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/rules.h"

#include "support/docgen.h"
#include "support/prop.h"
#include "support/sample.h"

#define STEPS   120
#define DAY_US  INT64_C(86400000000)
#define LAST_US INT64_C(4102444800000000)

struct run {
    struct docgen g;
    struct pl_doc *d;
    size_t passed;
    const char *broken;
};

static void expect(struct run *x, bool holds, const char *what)
{
    if (!holds && x->broken == NULL)
        x->broken = what;
}

/* --- valid, from scratch ------------------------------------------------------------------------
 */

static void look_at_cause(struct run *x, const struct pl_entry *en)
{
    int64_t factor = pl_entry_int(en, PL_F_CAUSE_FACTOR, 0);
    int64_t question = pl_entry_int(en, PL_F_CAUSE_QUESTION, 0);
    int64_t class = pl_entry_int(en, PL_F_CAUSE_CLASS, 0);

    if (factor == 0)
        return;
    expect(x, question == 0 || (pl_factor_questions(factor) >> question & 1) != 0,
           "a factor answers its question");
    if (class != 0 && pl_factor_class(factor, question) != 0)
        expect(x, class == pl_factor_class(factor, question), "a factor is of its class");
}

static void look_at_action(struct run *x, const struct pl_entry *en)
{
    int64_t state = pl_entry_int(en, PL_F_ACTION_STATE, PL_STATE_IDEA);
    int64_t owner = pl_entry_int(en, PL_F_ACTION_OWNER, 0);
    struct pl_entry *one[1];

    if (owner != 0)
        expect(x, pl_doc_role(x->d, owner) != 0, "an owner takes part");
    expect(x, state == PL_STATE_IDEA || !pl_entry_is_dead(en), "only ideas are removed");
    if (state >= PL_STATE_COMMITTED && state <= PL_STATE_VERIFIED) {
        expect(x, owner != 0 && pl_doc_role(x->d, owner) != PL_ROLE_FACILITATOR,
               "a committed action has an owner");
        expect(x, pl_entry_int(en, PL_F_ACTION_DUE, 0) != 0, "a committed action has a day");
        expect(x,
               pl_entry_str(en, PL_F_ACTION_TRACKER_KEY)[0] != '\0' ||
                   pl_entry_str(en, PL_F_ACTION_UNTRACKED_REASON)[0] != '\0',
               "a committed action is tracked");
    }
    if (state == PL_STATE_DONE || state == PL_STATE_VERIFIED) {
        expect(x, pl_entry_int(en, PL_F_ACTION_DONE_BY, 0) != 0, "somebody has done it");
        expect(x, pl_doc_children(x->d, pl_entry_eid(en), PL_KIND_EVIDENCE, one, 1) > 0,
               "what is done has evidence");
    }
    if (state == PL_STATE_VERIFIED)
        expect(x, pl_entry_int(en, PL_F_ACTION_VERIFIED_BY, 0) != owner, "by somebody else");
}

static void look_at_fields(struct run *x, const struct pl_entry *en)
{
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        const struct pl_value *v = pl_entry_reg(en, f->number);
        if (pl_field_is_reg(f))
            expect(x, pl_field_check_value(f, v, NULL) == 0, "values are in range");
        if (f->type == PL_FT_TIME && v->type == PL_VAL_INT)
            expect(x, v->i >= DAY_US && v->i <= LAST_US, "times can be meant");
        if (v->type == PL_VAL_EID)
            expect(x, pl_doc_entry(x->d, v->eid) != NULL, "links lead somewhere");
    }
}

static void look_at(void *ctx, struct pl_entry *en)
{
    struct run *x = ctx;

    look_at_fields(x, en);
    switch (pl_entry_kind(en)) {
    case PL_KIND_CAUSE:
        look_at_cause(x, en);
        return;
    case PL_KIND_ACTION:
        look_at_action(x, en);
        return;
    case PL_KIND_ANCHOR:
        expect(x, pl_entry_int(en, PL_F_ANCHOR_START, 0) <= pl_entry_int(en, PL_F_ANCHOR_END, 0),
               "an anchor starts before its end");
        return;
    case PL_KIND_REVIEW:
        expect(x,
               pl_entry_str(en, PL_F_REVIEW_ZONE)[0] == '\0' ||
                   pl_zone_is_name(pl_entry_str(en, PL_F_REVIEW_ZONE)),
               "the zone has a name");
        return;
    default:
        return;
    }
}

/* --- instants -----------------------------------------------------------------------------------
 */

static void add_instants(void *ctx, struct pl_entry *en)
{
    uint64_t *sum = ctx;
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        if (f->type == PL_FT_TIME)
            *sum +=
                (uint64_t)pl_entry_int(en, f->number, 0) * (2 * f->number + 1) * pl_entry_eid(en).n;
    }
}

static uint64_t instants(const struct pl_doc *d)
{
    uint64_t sum = 0;

    pl_doc_each(d, add_instants, &sum);
    return sum;
}

/* --- steps --------------------------------------------------------------------------------------
 */

static void apply(struct run *x, const struct pl_cs *cs, uint64_t user)
{
    struct pl_rev_meta meta = {.rev = pl_doc_rev(x->d) + 1,
                               .user = user,
                               .client = user == 0 ? 0 : 1,
                               .at_us = SAMPLE_T0 + (int64_t)pl_doc_rev(x->d)};

    expect(x, pl_doc_apply(x->d, cs, &meta, NULL) == 0, "what passes applies");
    docgen_look(&x->g);
}

/* As the server judges an edit. */
static bool edit(struct run *x, const struct pl_cs *cs, uint64_t user)
{
    uint64_t before = pl_doc_digest(x->d);
    struct pl_err e = {0};
    int64_t status = pl_entry_int(pl_doc_root(x->d), PL_F_REVIEW_STATUS, 0);
    uint64_t mask = pl_perm_mask(pl_doc_role(x->d, (int64_t)user), status);
    int rc = pl_doc_check(x->d, cs, false, &e);

    if (rc == 0)
        rc = pl_rules_check(x->d, cs, user, &e);
    expect(x, pl_doc_digest(x->d) == before, "judging changes nothing");
    if (rc != 0)
        expect(x, e.code == -rc && e.text[0] != '\0', "a refusal has a code and words");
    if (rc != 0 || pl_perm_missing(pl_doc_perm_ops(x->d, cs, user), mask) >= 0)
        return false;
    apply(x, cs, user);
    x->passed++;
    return true;
}

static void put(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t i)
{
    struct pl_value v = pl_value_int(i);

    pl_cs_reg(cs, eid, field, &v);
}

/* What the commands do to an action when it is ready for that. */
static void command(struct run *x)
{
    const struct pl_entry *en = pl_doc_entry(x->d, docgen_id(&x->g));
    struct pl_eid eid = pl_entry_eid(en);
    struct pl_entry *one[1];
    struct pl_cs cs;

    if (pl_entry_kind(en) != PL_KIND_ACTION || !pl_entry_is_visible(x->d, en))
        return;
    pl_cs_init(&cs);
    switch (pl_entry_int(en, PL_F_ACTION_STATE, PL_STATE_IDEA)) {
    case PL_STATE_IDEA:
        put(&cs, eid, PL_F_ACTION_OWNER, SAMPLE_OWNER);
        put(&cs, eid, PL_F_ACTION_DUE, SAMPLE_T0);
        if (pl_entry_str(en, PL_F_ACTION_TRACKER_KEY)[0] != '\0')
            put(&cs, eid, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
        break;
    case PL_STATE_COMMITTED:
        if (pl_doc_children(x->d, eid, PL_KIND_EVIDENCE, one, 1) > 0) {
            put(&cs, eid, PL_F_ACTION_STATE, PL_STATE_DONE);
            put(&cs, eid, PL_F_ACTION_DONE_BY, pl_entry_int(en, PL_F_ACTION_OWNER, 0));
        }
        break;
    case PL_STATE_DONE:
        put(&cs, eid, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
        put(&cs, eid, PL_F_ACTION_VERIFIED_BY, SAMPLE_FACILITATOR);
        put(&cs, eid, PL_F_ACTION_VERIFIED_AT, SAMPLE_T0);
        break;
    default:
        break;
    }
    if (!pl_cs_is_empty(&cs))
        apply(x, &cs, 0);
    pl_cs_release(&cs);
}

/* An edit that would pass by the commands. */
static void push_state(struct run *x, uint64_t user)
{
    const struct pl_entry *en = pl_doc_entry(x->d, docgen_id(&x->g));
    struct pl_cs cs;

    if (pl_entry_kind(en) != PL_KIND_ACTION)
        return;
    pl_cs_init(&cs);
    put(&cs, pl_entry_eid(en), PL_F_ACTION_STATE,
        pl_prng_range(&x->g.r, PL_STATE_IDEA, PL_STATE_MERGED));
    (void)edit(x, &cs, user);
    pl_cs_release(&cs);
}

static void change_zone(struct run *x)
{
    static const char *const zones[] = {"Asia/Kathmandu", "UTC", "America/St_Johns", "../etc", ""};
    const char *zone = zones[pl_prng_below(&x->g.r, 5)];
    struct pl_value v = pl_value_str(zone, strlen(zone));
    uint64_t before = instants(x->d);
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_ZONE, &v);
    pl_value_release(&v);
    (void)edit(x, &cs, SAMPLE_FACILITATOR);
    pl_cs_release(&cs);
    expect(x, instants(x->d) == before, "another zone moves no instant");
}

static void step(struct run *x, uint64_t seed)
{
    struct pl_state_view view = pl_doc_view(x->d);
    struct pl_cs cs;
    struct pl_cs undo;

    pl_prng_init(&x->g.r, seed);
    uint64_t user = 1 + pl_prng_below(&x->g.r, 5); /* the fifth is nobody here */
    if (pl_prng_one_in(&x->g.r, 3))
        command(x);
    push_state(x, user);
    if (pl_prng_one_in(&x->g.r, 20))
        change_zone(x);
    pl_cs_init(&cs);
    for (unsigned n = (unsigned)pl_prng_range(&x->g.r, 1, 2); n > 0; n--)
        docgen_slot(&x->g, &cs);
    pl_cs_invert(&undo, &cs, &view);
    if (edit(x, &cs, user) && pl_prng_one_in(&x->g.r, 3))
        (void)edit(x, &undo, user);
    pl_cs_release(&undo);
    pl_cs_release(&cs);
    pl_doc_each(x->d, look_at, x);
}

static const char *run_case(uint64_t seed, const bool *on, size_t *passed)
{
    struct run x = {.d = sample_review(), .g.next = 1};
    struct pl_eid action = pl_entry_eid(pl_doc_find_no(x.d, PL_KIND_ACTION, 1));

    sample_str(x.d, action, PL_F_ACTION_TRACKER_KEY, "OPS-12");
    sample_int(x.d, PL_EID_ROOT, PL_F_REVIEW_STATUS,
               seed % 2 == 0 ? PL_STATUS_IN_SESSION : PL_STATUS_TRACKING);
    x.g.d = x.d;
    docgen_look(&x.g);
    for (uint64_t i = 0; i < STEPS && x.broken == NULL; i++) {
        if (on[i])
            step(&x, prop_step_seed(seed, i));
    }
    *passed += x.passed;
    pl_doc_free(x.d);
    return x.broken;
}

int main(void)
{
    static const struct prop p = {.name = "prop_rules",
                                  .steps = STEPS,
                                  .cases = 400,
                                  .least = 2,
                                  .unit = "edits passed",
                                  .run = run_case};

    return prop_main(&p);
}
