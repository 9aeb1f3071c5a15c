// SPDX-License-Identifier: Apache-2.0
/*
 * Property of the checks: after any changeset that the document accepts, findings brought up to
 * date step by step equal findings from scratch, byte for byte and in order; so after undo,
 * removal, restoring and waivers. PL_SEED picks the first case, PL_CASES how many. A failing case
 * is shrunk by leaving steps out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/checks.h"

#include "support/sample.h"

#define STEPS 80
#define IDS   64

struct run {
    struct pl_prng r;
    struct pl_doc *d;
    struct pl_checks *c;
    struct pl_eid ids[IDS];
    size_t n;
    uint32_t next;
    size_t found; /* findings that were compared */
};

static void note_id(void *ctx, struct pl_entry *en)
{
    struct run *x = ctx;

    if (x->n < IDS)
        x->ids[x->n++] = pl_entry_eid(en);
}

static struct pl_eid some_id(struct run *x)
{
    return x->ids[pl_prng_below(&x->r, x->n)];
}

static struct pl_value some_value(struct run *x, const struct pl_field *f)
{
    static const char *const words[] = {"T02", "T18", "T34", "12", "u1", "Ana Ferreira"};
    const char *s = words[pl_prng_below(&x->r, 6)];
    size_t n = 0;

    if (pl_prng_one_in(&x->r, 6))
        return (struct pl_value){.type = PL_VAL_NULL};
    switch (f->type) {
    case PL_FT_ENUM:
        while (pl_enum_at(f->ref, n) != 0)
            n++;
        return pl_value_int(pl_enum_at(f->ref, pl_prng_below(&x->r, n)));
    case PL_FT_STR:
        return pl_value_str(s, strlen(s));
    case PL_FT_DEC:
        return pl_value_str("12", 2);
    case PL_FT_EID:
        return pl_value_eid(some_id(x));
    case PL_FT_TIME:
        return pl_value_int(SAMPLE_T0 + pl_prng_range(&x->r, -40, 80) * 600000000LL);
    case PL_FT_INT:
        return pl_value_int(pl_prng_range(&x->r, f->min, f->min + 9));
    case PL_FT_USER:
        return pl_value_int(pl_prng_range(&x->r, 1, 4));
    case PL_FT_BOOL:
    case PL_FT_TEXT:
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        break;
    }
    return pl_value_int(1);
}

static void put_text(struct run *x, struct pl_cs *cs, const struct pl_entry *en, uint32_t field)
{
    static const char *const texts[] = {"human error", "a manual task", "x", ""};
    static const struct pl_text empty = {0};
    const struct pl_text *t = pl_entry_text(en, field);
    const char *s = texts[pl_prng_below(&x->r, 4)];
    struct pl_op op;

    if (t == NULL)
        t = &empty;
    pl_op_splice(&op, t, 0, (uint32_t)pl_text_len(t), s, (uint32_t)strlen(s));
    pl_cs_text(cs, pl_entry_eid(en), field, &op);
}

static void put_field(struct run *x, struct pl_cs *cs)
{
    const struct pl_entry *en = pl_doc_entry(x->d, some_id(x));
    const struct pl_field *f;
    struct pl_elem el = {.len = 8, .b = "response"};
    struct pl_value v;
    size_t n = 0;

    while (pl_field_at(pl_entry_kind(en), n) != NULL)
        n++;
    f = pl_field_at(pl_entry_kind(en), pl_prng_below(&x->r, n));
    if (f->type == PL_FT_TEXT) {
        if (pl_cs_find(cs, PL_SLOT_TEXT, pl_entry_eid(en), f->number, NULL) == NULL)
            put_text(x, cs, en, f->number);
    } else if (pl_field_is_set(f)) {
        if (f->type == PL_FT_SET_EID)
            pl_eid_to_elem(some_id(x), &el);
        pl_cs_elem(cs, pl_entry_eid(en), f->number, el.b, el.len, !pl_prng_one_in(&x->r, 3));
    } else {
        v = some_value(x, f);
        pl_cs_reg(cs, pl_entry_eid(en), f->number, &v);
        pl_value_release(&v);
    }
}

static void put_slot(struct run *x, struct pl_cs *cs)
{
    struct pl_eid eid = {1, x->next};
    uint32_t kind = (uint32_t)pl_prng_range(&x->r, 2, PL_KIND_MAX);
    struct pl_eid parent = PL_EID_ROOT;
    struct pl_key key = {.len = 2, .s = "a5"};

    switch (pl_prng_below(&x->r, 9)) {
    case 0:
        for (unsigned i = 0;
             i < 20 && !pl_kind_fits(kind, pl_entry_kind(pl_doc_entry(x->d, parent))); i++)
            parent = some_id(x);
        key.s[1] = (char)('1' + pl_prng_below(&x->r, 8));
        pl_cs_create(cs, eid, kind, parent, &key);
        x->next++;
        return;
    case 1:
        pl_cs_dead(cs, some_id(x), pl_prng_one_in(&x->r, 2));
        return;
    case 2:
        eid = some_id(x);
        key.s[1] = (char)('1' + pl_prng_below(&x->r, 8));
        parent = pl_prng_one_in(&x->r, 2) ? some_id(x) : PL_EID_ROOT;
        pl_cs_place(cs, eid, parent, &key);
        return;
    default:
        put_field(x, cs);
        return;
    }
}

static bool commit(struct run *x, const struct pl_cs *cs)
{
    if (pl_doc_check(x->d, cs, true, NULL) != 0 || pl_doc_apply(x->d, cs, NULL, NULL) != 0)
        return false;
    pl_checks_touch(x->c, cs);
    x->n = 0;
    pl_doc_each(x->d, note_id, x);
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

    pl_prng_init(&x->r, seed);
    if (pl_prng_one_in(&x->r, 4))
        *now_us = SAMPLE_T0 + pl_prng_range(&x->r, -40, 80) * 600000000LL;
    pl_cs_init(&cs);
    for (unsigned n = (unsigned)pl_prng_range(&x->r, 1, 3); n > 0; n--)
        put_slot(x, &cs);
    pl_cs_invert(&undo, &cs, &view);
    if (commit(x, &cs) && !pl_prng_one_in(&x->r, 5)) {
        bad = compare(x, *now_us);
        if (bad == NULL && pl_prng_one_in(&x->r, 4) && commit(x, &undo))
            bad = compare(x, *now_us);
    }
    pl_cs_release(&undo);
    pl_cs_release(&cs);
    return bad;
}

static const char *run_case(uint64_t seed, const bool on[STEPS], size_t *found)
{
    struct run x = {.d = sample_review(), .next = 1};
    int64_t now_us = SAMPLE_T0;
    const char *bad = NULL;

    x.c = pl_checks_new(x.d, NULL);
    pl_doc_each(x.d, note_id, &x);
    for (uint64_t i = 0; i < STEPS && bad == NULL; i++) {
        if (on[i])
            bad = step(&x, seed * 1000003 + i, &now_us);
    }
    *found += x.found;
    pl_checks_free(x.c);
    pl_doc_free(x.d);
    return bad;
}

static void shrink(uint64_t seed, bool on[STEPS])
{
    size_t found = 0;
    const char *bad;

    for (unsigned i = 0; i < STEPS; i++) {
        on[i] = false;
        if (run_case(seed, on, &found) == NULL)
            on[i] = true;
    }
    bad = run_case(seed, on, &found);
    (void)fprintf(stderr, "%s; steps left:", bad != NULL ? bad : "");
    for (unsigned i = 0; i < STEPS; i++) {
        if (on[i])
            (void)fprintf(stderr, " %u", i);
    }
    (void)fprintf(stderr, "\n");
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);
    uint64_t v = otherwise;

    if (s != NULL && pl_parse_u64(s, &v) != 0)
        v = otherwise;
    return v;
}

int main(void)
{
    uint64_t first = from_env("PL_SEED", 1);
    uint64_t cases = from_env("PL_CASES", 150);
    size_t found = 0;

    for (uint64_t seed = first; seed < first + cases; seed++) {
        bool on[STEPS];
        const char *bad;
        memset(on, true, sizeof on);
        bad = run_case(seed, on, &found);
        if (bad != NULL) {
            (void)fprintf(stderr, "PL_SEED=%llu: %s\n", (unsigned long long)seed, bad);
            shrink(seed, on);
            return 1;
        }
    }
    (void)printf("prop_checks: seed %llu, %llu cases, %zu findings compared\n",
                 (unsigned long long)first, (unsigned long long)cases, found);
    return found > cases * 100 ? 0 : 1;
}
