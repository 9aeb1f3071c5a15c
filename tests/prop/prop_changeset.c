// SPDX-License-Identifier: Apache-2.0
/*
 * Properties of changesets, on random cases over a small state of entries (P1, P2, P3, P10).
 *
 *   transform  later after earlier = earlier after later; rebase gives the same later
 *   compose    equals doing one after the other; associative; sorted, without no-op texts
 *   inverse    undoes everything (an entry that was created is left dead); fill finds the texts
 *
 * Two authors each create entries of their own and touch the same others. PL_SEED repeats a run,
 * PL_RUNS sets the number of cases. A failing case is shrunk and printed. Exit status 1 on failure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/merge/changeset.h"

#include "support/opgen.h"

#define ENTRIES 4 /* 0 and 1 are there from the start, the others may be created */
#define FIELDS  2
#define VALUES  3
#define PARTS   6

/* --- the state -------------------------------------------------------------------------------- */

struct entry {
    struct pl_eid eid;
    bool exists;
    bool dead;
    uint32_t kind;
    struct pl_eid parent;
    struct pl_key key;
    struct pl_value reg[FIELDS];
    bool in[FIELDS][VALUES];
    struct pl_text text[FIELDS];
};

struct state {
    struct entry e[ENTRIES];
};

static struct pl_eid eid_of(unsigned i)
{
    static const struct pl_eid ids[ENTRIES] = {{9, 1}, {9, 2}, {1, 1}, {2, 1}};
    return ids[i];
}

static struct entry *find(struct state *s, struct pl_eid eid)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (pl_eid_eq(s->e[i].eid, eid))
            return s->e[i].exists ? &s->e[i] : NULL;
    }
    return NULL;
}

static void state_release(struct state *s)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        for (unsigned f = 0; f < FIELDS; f++) {
            pl_value_release(&s->e[i].reg[f]);
            pl_text_release(&s->e[i].text[f]);
        }
    }
}

static void state_copy(struct state *dst, const struct state *src)
{
    *dst = *src;
    for (unsigned i = 0; i < ENTRIES; i++) {
        for (unsigned f = 0; f < FIELDS; f++) {
            char *bytes = pl_text_dup(&src->e[i].text[f]);
            pl_value_copy(&dst->e[i].reg[f], &src->e[i].reg[f]);
            pl_text_init(&dst->e[i].text[f]);
            pl_text_assign(&dst->e[i].text[f], bytes, pl_text_bytes(&src->e[i].text[f]));
            free(bytes);
        }
    }
}

static bool key_eq(const struct pl_key *a, const struct pl_key *b)
{
    return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static bool entry_eq(const struct entry *a, const struct entry *b)
{
    if (a->exists != b->exists || a->dead != b->dead || a->kind != b->kind ||
        !pl_eid_eq(a->parent, b->parent) || !key_eq(&a->key, &b->key) ||
        memcmp(a->in, b->in, sizeof a->in) != 0)
        return false;
    for (unsigned f = 0; f < FIELDS; f++) {
        if (!pl_value_eq(&a->reg[f], &b->reg[f]) || !text_eq(&a->text[f], &b->text[f]))
            return false;
    }
    return true;
}

/* `undone`: what a has and b never had must be dead in a. */
static bool state_eq(const struct state *a, const struct state *b, bool undone)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        bool same = entry_eq(&a->e[i], &b->e[i]);
        if (undone && !b->e[i].exists && a->e[i].exists)
            same = a->e[i].dead;
        if (!same)
            return false;
    }
    return true;
}

static bool set_elem(struct entry *en, const struct pl_slot *s)
{
    if (s->field >= FIELDS || s->elem.len != 1 || s->elem.b[0] >= VALUES)
        return false;
    en->in[s->field][s->elem.b[0]] = s->flag;
    return true;
}

static bool apply_slot(struct state *st, const struct pl_slot *s)
{
    struct entry *en = find(st, s->eid);
    if (s->kind == PL_SLOT_CREATE) {
        for (unsigned i = 0; i < ENTRIES && en == NULL; i++) {
            if (pl_eid_eq(st->e[i].eid, s->eid) && !st->e[i].exists)
                en = &st->e[i];
        }
        if (en == NULL || en->exists)
            return false;
        en->exists = true;
        en->kind = s->create_kind;
        en->parent = s->parent;
        en->key = s->key;
        return true;
    }
    if (en == NULL)
        return false;
    switch (s->kind) {
    case PL_SLOT_DEAD:
        en->dead = s->flag;
        return true;
    case PL_SLOT_PLACE:
        en->parent = s->parent;
        en->key = s->key;
        return true;
    case PL_SLOT_REG:
        pl_value_release(&en->reg[s->field]);
        pl_value_copy(&en->reg[s->field], &s->value);
        return true;
    case PL_SLOT_ELEM:
        return set_elem(en, s);
    case PL_SLOT_TEXT:
        return pl_op_apply(&s->op, &en->text[s->field], NULL) == 0;
    case PL_SLOT_CREATE:
        break;
    }
    return false;
}

static bool apply(struct state *st, const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        if (!apply_slot(st, cs->slots[i]))
            return false;
    }
    return true;
}

/* --- the state as inversion sees it ------------------------------------------------------------
 */

static bool view_reg(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_value **v)
{
    struct entry *en = find(ctx, eid);
    *v = en == NULL ? NULL : &en->reg[field];
    return en != NULL;
}

static bool view_place(void *ctx, struct pl_eid eid, struct pl_eid *parent,
                       const struct pl_key **key)
{
    struct entry *en = find(ctx, eid);
    if (en == NULL)
        return false;
    *parent = en->parent;
    *key = &en->key;
    return true;
}

static bool view_dead(void *ctx, struct pl_eid eid, bool *dead)
{
    struct entry *en = find(ctx, eid);
    if (en != NULL)
        *dead = en->dead;
    return en != NULL;
}

static bool view_elem(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_elem *el,
                      bool *in)
{
    struct entry *en = find(ctx, eid);
    if (en != NULL)
        *in = en->in[field][el->b[0]];
    return en != NULL;
}

static const struct pl_text *view_text(void *ctx, struct pl_eid eid, uint32_t field)
{
    struct entry *en = find(ctx, eid);
    return en == NULL ? NULL : &en->text[field];
}

static struct pl_state_view view_of(struct state *s)
{
    return (struct pl_state_view){view_reg, view_place, view_dead, view_elem, view_text, s};
}

/* --- random changesets -------------------------------------------------------------------------
 */

struct part {
    enum pl_slot_kind kind;
    unsigned entry; /* ENTRIES - 2: one of the author's own */
    unsigned field;
    unsigned value;
    struct recipe recipe;
};

struct plan {
    unsigned n;
    struct part part[PARTS];
};

struct prop_case {
    struct source text[2][FIELDS];
    struct plan a;
    struct plan b;
    struct plan c;
};

static void plan_random(struct plan *p, struct pl_prng *r)
{
    p->n = (unsigned)pl_prng_below(r, PARTS + 1);
    for (unsigned i = 0; i < p->n; i++) {
        struct part *pt = &p->part[i];
        pt->kind = (enum pl_slot_kind)(1 + pl_prng_below(r, 6));
        pt->entry = (unsigned)pl_prng_below(r, ENTRIES - 1);
        pt->field = (unsigned)pl_prng_below(r, FIELDS);
        pt->value = (unsigned)pl_prng_below(r, VALUES);
        recipe_random(&pt->recipe, r);
    }
}

static struct pl_key key_of(unsigned value)
{
    struct pl_key k = {.len = 4};
    memcpy(k.s, "a0.x", 4);
    k.s[1] = (char)('0' + value);
    return k;
}

static struct pl_value value_of(unsigned value)
{
    if (value == 0)
        return (struct pl_value){.type = PL_VAL_NULL};
    return value == 1 ? pl_value_int(-7) : pl_value_str("text", 4);
}

/* Adds what a part says to cs, if it is possible in `now`, and does it to `now`. */
static void add_part(struct pl_cs *cs, struct state *now, const struct part *pt, unsigned author,
                     bool fill)
{
    struct pl_cs one;
    struct pl_eid eid = eid_of(pt->entry < 2 ? pt->entry : 2 + author);
    struct entry *en = find(now, eid);
    struct pl_key key = key_of(pt->value);
    struct pl_value v = value_of(pt->value);
    uint8_t elem = (uint8_t)pt->value;
    struct pl_op op;
    pl_cs_init(&one);
    if (pt->kind == PL_SLOT_CREATE && pt->entry >= 2 && en == NULL) {
        pl_cs_create(&one, eid, 5, eid_of(0), &key);
    } else if (en != NULL && pt->kind == PL_SLOT_DEAD) {
        pl_cs_dead(&one, eid, pt->value != 0);
    } else if (en != NULL && pt->kind == PL_SLOT_PLACE) {
        pl_cs_place(&one, eid, eid_of(pt->field), &key);
    } else if (en != NULL && pt->kind == PL_SLOT_REG) {
        pl_cs_reg(&one, eid, pt->field, &v);
    } else if (en != NULL && pt->kind == PL_SLOT_ELEM) {
        pl_cs_elem(&one, eid, pt->field, &elem, 1, pt->recipe.steps % 2 == 0);
    } else if (en != NULL && pt->kind == PL_SLOT_TEXT) {
        const struct pl_text *t = &en->text[pt->field];
        recipe_build(&pt->recipe, (uint32_t)pl_text_len(t), fill ? t : NULL, &op);
        pl_cs_text(&one, eid, pt->field, &op);
    }
    if (!apply(now, &one))
        PL_BUG("a plan made a changeset that does not fit");
    for (uint32_t i = 0; i < one.n; i++)
        pl_cs_put(cs, one.slots[i]);
    pl_cs_release(&one);
    pl_value_release(&v);
}

/* The changeset of a plan on `now`, which moves on with it. */
static void plan_build(const struct plan *p, struct state *now, unsigned author, bool fill,
                       struct pl_cs *out)
{
    pl_cs_init(out);
    for (unsigned i = 0; i < p->n; i++)
        add_part(out, now, &p->part[i], author, fill);
}

static void state_build(const struct prop_case *pc, struct state *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < ENTRIES; i++) {
        s->e[i].eid = eid_of(i);
        s->e[i].exists = i < 2;
        s->e[i].key = key_of(0);
        for (unsigned f = 0; f < FIELDS && i < 2; f++)
            source_build(&pc->text[i][f], &s->e[i].text[f]);
    }
}

/* --- properties --------------------------------------------------------------------------------
 */

struct scratch {
    struct state s[4];
    struct pl_cs cs[8];
};

static const char *cs_fault(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (i > 0 && pl_slot_cmp(cs->slots[i - 1], s) >= 0)
            return "slots out of order";
        if (s->kind == PL_SLOT_TEXT && pl_op_is_noop(&s->op))
            return "a text slot that does nothing";
        if (s->kind == PL_SLOT_TEXT && op_fault(&s->op) != NULL)
            return op_fault(&s->op);
    }
    return NULL;
}

static const char *check_transform(const struct prop_case *pc, struct scratch *x)
{
    const char *fault;
    struct pl_cs *later = &x->cs[0];
    struct pl_cs *earlier = &x->cs[1];
    state_build(pc, &x->s[0]);
    state_copy(&x->s[1], &x->s[0]);
    state_copy(&x->s[2], &x->s[0]);
    plan_build(&pc->a, &x->s[1], 0, false, later);
    plan_build(&pc->b, &x->s[2], 1, false, earlier);
    pl_cs_copy(&x->cs[2], later);
    pl_cs_copy(&x->cs[3], earlier);
    pl_cs_copy(&x->cs[4], later);
    if (pl_cs_transform(&x->cs[2], &x->cs[3], NULL) != 0 ||
        pl_cs_rebase(&x->cs[4], earlier, NULL) != 0)
        return "two changesets are refused";
    if (!pl_cs_eq(&x->cs[2], &x->cs[4]))
        return "rebase differs from transform";
    if ((fault = cs_fault(&x->cs[2])) != NULL || (fault = cs_fault(&x->cs[3])) != NULL)
        return fault;
    /* s[1] is after later, s[2] after earlier. */
    if (!apply(&x->s[1], &x->cs[3]) || !apply(&x->s[2], &x->cs[2]))
        return "a transformed changeset does not fit";
    return state_eq(&x->s[1], &x->s[2], false) ? NULL : "the two sides differ";
}

static const char *check_compose(const struct prop_case *pc, struct scratch *x)
{
    const char *fault;
    state_build(pc, &x->s[0]);
    state_copy(&x->s[1], &x->s[0]);
    plan_build(&pc->a, &x->s[1], 0, false, &x->cs[0]);
    plan_build(&pc->b, &x->s[1], 1, false, &x->cs[1]);
    plan_build(&pc->c, &x->s[1], 1, false, &x->cs[2]);
    pl_cs_copy(&x->cs[3], &x->cs[0]);
    pl_cs_copy(&x->cs[4], &x->cs[1]);
    pl_cs_copy(&x->cs[5], &x->cs[0]);
    if (pl_cs_compose(&x->cs[3], &x->cs[1], NULL) != 0 ||
        pl_cs_compose(&x->cs[3], &x->cs[2], NULL) != 0 ||
        pl_cs_compose(&x->cs[4], &x->cs[2], NULL) != 0 ||
        pl_cs_compose(&x->cs[5], &x->cs[4], NULL) != 0)
        return "changesets that follow each other are refused";
    if ((fault = cs_fault(&x->cs[3])) != NULL || (fault = cs_fault(&x->cs[4])) != NULL)
        return fault;
    if (!pl_cs_eq(&x->cs[3], &x->cs[5]))
        return "compose is not associative";
    if (!apply(&x->s[0], &x->cs[3]))
        return "the composed changeset does not fit";
    return state_eq(&x->s[0], &x->s[1], false) ? NULL : "the composed changeset does another thing";
}

static const char *check_inverse(const struct prop_case *pc, struct scratch *x)
{
    state_build(pc, &x->s[0]);
    plan_build(&pc->c, &x->s[0], 1, false, &x->cs[5]); /* so that more than texts is there */
    state_copy(&x->s[1], &x->s[0]);
    state_copy(&x->s[2], &x->s[0]);
    struct pl_state_view before = view_of(&x->s[0]);
    plan_build(&pc->a, &x->s[1], 0, false, &x->cs[0]);
    plan_build(&pc->a, &x->s[2], 0, true, &x->cs[1]);
    pl_cs_invert(&x->cs[2], &x->cs[0], &before); /* reads the deleted texts */
    pl_cs_invert(&x->cs[3], &x->cs[1], &before); /* has them */
    if (!pl_cs_eq(&x->cs[2], &x->cs[3]))
        return "the inverse depends on who kept the deleted text";
    if (cs_fault(&x->cs[2]) != NULL)
        return cs_fault(&x->cs[2]);
    if (!apply(&x->s[1], &x->cs[2]))
        return "the inverse does not fit";
    if (!state_eq(&x->s[1], &x->s[0], true))
        return "the inverse does not undo";
    bool has_own = pl_cs_find(&x->cs[0], PL_SLOT_CREATE, eid_of(2), 0, NULL) != NULL;
    if (!has_own && pl_cs_fill_deleted(&x->cs[0], &before, NULL) != 0)
        return "fill refuses a changeset that fits";
    for (uint32_t i = 0; i < x->cs[0].n && !has_own; i++) {
        const struct pl_slot *s = x->cs[0].slots[i];
        if (s->kind == PL_SLOT_TEXT &&
            !op_deleted_is_right(&s->op, view_text(&x->s[0], s->eid, s->field)))
            return "fill finds the wrong text";
    }
    return NULL;
}

/* --- running and shrinking ---------------------------------------------------------------------
 */

typedef const char *(*prop_cb)(const struct prop_case *pc, struct scratch *x);

static const struct {
    const char *name;
    prop_cb check;
} props[] = {{"P1 transform", check_transform},
             {"P2 compose", check_compose},
             {"P10 inverse", check_inverse}};

static const char *check(size_t which, const struct prop_case *pc)
{
    struct scratch x;
    memset(&x, 0, sizeof x);
    const char *fault = props[which].check(pc, &x);
    for (size_t i = 0; i < sizeof x.s / sizeof x.s[0]; i++)
        state_release(&x.s[i]);
    for (size_t i = 0; i < sizeof x.cs / sizeof x.cs[0]; i++)
        pl_cs_release(&x.cs[i]);
    return fault;
}

/* Takes away a part, or shrinks the recipe of one. */
static bool plan_shrink(struct plan *p, unsigned way)
{
    if (way < p->n) {
        memmove(p->part + way, p->part + way + 1, (p->n - way - 1) * sizeof p->part[0]);
        p->n--;
        return true;
    }
    way -= p->n;
    unsigned ways = 3 * RECIPE_STEPS;
    if (way / ways >= p->n)
        return false;
    (void)recipe_shrink(&p->part[way / ways].recipe, way % ways);
    return true;
}

static size_t plan_size(const struct plan *p)
{
    size_t size = p->n;
    for (unsigned i = 0; i < p->n; i++)
        size += recipe_size(&p->part[i].recipe);
    return size;
}

static size_t case_size(const struct prop_case *pc)
{
    size_t size = plan_size(&pc->a) + plan_size(&pc->b) + plan_size(&pc->c);
    for (unsigned i = 0; i < 2 * FIELDS; i++)
        size += source_size(&pc->text[i % 2][i / 2]);
    return size;
}

static bool shrink_once(struct prop_case *pc, size_t which)
{
    for (unsigned part = 0; part < 3 + 2 * FIELDS; part++) {
        for (unsigned way = 0;; way++) {
            struct prop_case smaller = *pc;
            struct plan *plans[] = {&smaller.a, &smaller.b, &smaller.c};
            bool more = part < 3
                            ? plan_shrink(plans[part], way)
                            : source_shrink(&smaller.text[(part - 3) % 2][(part - 3) / 2], way);
            if (!more)
                break;
            if (case_size(&smaller) < case_size(pc) && check(which, &smaller) != NULL) {
                *pc = smaller;
                return true;
            }
        }
    }
    return false;
}

static void plan_print(const char *name, const struct plan *p)
{
    static const char *const kinds[] = {"?", "create", "dead", "place", "reg", "elem", "text"};
    (void)fprintf(stderr, "  %s:\n", name);
    for (unsigned i = 0; i < p->n; i++) {
        const struct part *pt = &p->part[i];
        (void)fprintf(stderr, "    %s entry %u field %u value %u", kinds[pt->kind], pt->entry,
                      pt->field, pt->value);
        recipe_print("", &pt->recipe);
    }
}

static void report(struct prop_case *pc, size_t which, unsigned run)
{
    while (shrink_once(pc, which))
        ;
    const char *fault = check(which, pc);
    (void)fprintf(stderr, "FAIL %s, run %u: %s\n", props[which].name, run,
                  fault == NULL ? "(does not repeat)" : fault);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned f = 0; f < FIELDS; f++)
            source_print(i == 0 ? "entry 0" : "entry 1", &pc->text[i][f]);
    }
    plan_print("a (later)", &pc->a);
    plan_print("b (earlier)", &pc->b);
    plan_print("c", &pc->c);
}

int main(void)
{
    uint64_t seed = prop_seed("prop_changeset");
    unsigned runs = prop_runs(10000);
    for (size_t which = 0; which < sizeof props / sizeof props[0]; which++) {
        struct pl_prng r;
        pl_prng_init(&r, seed + which);
        for (unsigned run = 0; run < runs; run++) {
            struct prop_case pc = {0};
            for (unsigned i = 0; i < 2 * FIELDS; i++)
                source_random(&pc.text[i % 2][i / 2], &r);
            plan_random(&pc.a, &r);
            plan_random(&pc.b, &r);
            plan_random(&pc.c, &r);
            if (check(which, &pc) != NULL) {
                report(&pc, which, run);
                return 1;
            }
        }
        printf("ok %s\n", props[which].name);
    }
    return 0;
}
