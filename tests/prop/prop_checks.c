// SPDX-License-Identifier: Apache-2.0
/*
 * Property of the checks: after any changeset that the document accepts, findings brought up to
 * date step by step equal findings from scratch, byte for byte and in order; so after undo,
 * removal, restoring and waivers. PL_SEED picks the first case, PL_CASES how many. A failing case
 * is shrunk by leaving steps out.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/doc/checks.h"

#include "support/docgen.h"
#include "support/prop.h"
#include "support/sample.h"

#define STEPS 80

struct run {
    struct docgen g;
    struct pl_doc *d;
    struct pl_checks *c;
    size_t found; /* findings that were compared */
};

static bool commit(struct run *x, const struct pl_cs *cs)
{
    if (pl_doc_check(x->d, cs, true, NULL) != 0 || pl_doc_apply(x->d, cs, NULL, NULL) != 0)
        return false;
    pl_checks_touch(x->c, cs);
    docgen_look(&x->g);
    return true;
}

/* NULL, or the first finding that differs. */
static const char *compare(struct run *x, int64_t now_us)
{
    struct pl_checks *fresh = pl_checks_new(x->d, NULL);
    static char what[300];
    const char *out = NULL;
    size_t n;

    pl_checks_run(x->c, now_us);
    pl_checks_run(fresh, now_us);
    n = pl_checks_count(fresh);
    x->found += n;
    for (size_t i = 0; i < n || i < pl_checks_count(x->c); i++) {
        const struct pl_finding *a = pl_checks_at(x->c, i);
        const struct pl_finding *b = pl_checks_at(fresh, i);
        if (a != NULL && b != NULL && memcmp(a, b, sizeof *a) == 0)
            continue;
        (void)snprintf(what, sizeof what, "%.120s <> %.120s", a != NULL ? a->text : "nothing",
                       b != NULL ? b->text : "nothing");
        out = what;
        break;
    }
    pl_checks_free(fresh);
    return out;
}

static const char *step(struct run *x, uint64_t seed, int64_t *now_us)
{
    struct pl_state_view view = pl_doc_view(x->d);
    struct pl_cs cs;
    struct pl_cs undo;
    const char *bad = NULL;

    pl_prng_init(&x->g.r, seed);
    if (pl_prng_one_in(&x->g.r, 4))
        *now_us = SAMPLE_T0 + pl_prng_range(&x->g.r, -40, 80) * 600000000LL;
    pl_cs_init(&cs);
    for (unsigned n = (unsigned)pl_prng_range(&x->g.r, 1, 3); n > 0; n--)
        docgen_slot(&x->g, &cs);
    pl_cs_invert(&undo, &cs, &view);
    if (commit(x, &cs) && !pl_prng_one_in(&x->g.r, 5)) {
        bad = compare(x, *now_us);
        if (bad == NULL && pl_prng_one_in(&x->g.r, 4) && commit(x, &undo))
            bad = compare(x, *now_us);
    }
    pl_cs_release(&undo);
    pl_cs_release(&cs);
    return bad;
}

static const char *run_case(uint64_t seed, const bool *on, size_t *found)
{
    struct run x = {.d = sample_review(), .g.next = 1};
    int64_t now_us = SAMPLE_T0;
    const char *bad = NULL;

    x.c = pl_checks_new(x.d, NULL);
    x.g.d = x.d;
    docgen_look(&x.g);
    for (uint64_t i = 0; i < STEPS && bad == NULL; i++) {
        if (on[i])
            bad = step(&x, prop_step_seed(seed, i), &now_us);
    }
    *found += x.found;
    pl_checks_free(x.c);
    pl_doc_free(x.d);
    return bad;
}

int main(void)
{
    static const struct prop p = {.name = "prop_checks",
                                  .steps = STEPS,
                                  .cases = 150,
                                  .least = 100,
                                  .unit = "findings compared",
                                  .run = run_case};

    return prop_main(&p);
}
