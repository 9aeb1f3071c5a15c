// SPDX-License-Identifier: Apache-2.0
/*
 * Properties of ops, on random cases against models that work scalar by scalar.
 *
 *   P1   transform: later after earlier = earlier after later = the model's merge
 *   P2   compose equals doing one after the other; it is associative; append equals compose
 *   P3   every result is canonical; a no-op transforms nothing
 *   P10  the inverse undoes; deleted texts stay right through transform and compose
 *   P11  positions go where the model says (typed runs: prop_typing.c)
 *   P12  any bytes give an error or an op that encodes to the same bytes
 *
 * PL_SEED repeats a run, PL_RUNS sets the number of cases a property. A failing case is shrunk and
 * printed. Exit status 1 on failure.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/utf8.h"

#include "support/opgen.h"

struct prop_case {
    uint64_t seed; /* for what is drawn while the property is checked */
    struct source text;
    struct recipe a;
    struct recipe b;
    struct recipe c;
};

/* NULL, or what is wrong. */
typedef const char *(*prop_cb)(const struct prop_case *pc);

static bool verbose;

static void show(const char *name, const struct pl_op *op)
{
    if (verbose)
        op_print(name, op);
}

/* --- the model: what an op does at every place of its base ----------------------------------- */

#define MODEL_MAX 128

struct model {
    uint32_t len;
    bool deleted[MODEL_MAX];
    struct {
        const uint8_t *bytes;
        uint32_t nbytes;
        uint32_t n;
    } ins[MODEL_MAX + 1]; /* in front of scalar i */
};

static void model_of(struct model *m, const struct pl_op *op)
{
    struct pl_op_iter it;
    struct pl_comp c;
    uint32_t at = 0;
    memset(m, 0, sizeof *m);
    PL_ASSERT(op->base_len < MODEL_MAX);
    m->len = op->base_len;
    for (pl_op_iter_init(&it, op); pl_op_iter_next(&it, &c);) {
        if (c.kind == PL_INSERT) {
            m->ins[at].bytes = c.bytes;
            m->ins[at].nbytes = c.nbytes;
            m->ins[at].n = c.n;
            continue;
        }
        for (uint32_t i = 0; i < c.n; i++)
            m->deleted[at + i] = c.kind == PL_DELETE;
        at += c.n;
    }
}

static void append_text(struct pl_text *t, const uint8_t *bytes, size_t nbytes, size_t n)
{
    pl_text_insert(t, pl_text_len(t), bytes, nbytes, n);
}

/* Both edits at once: at every place the later's insertion, then the earlier's, then the scalar
 * unless one of them deletes it. */
static void model_merge(const struct pl_text *base, const struct model *later,
                        const struct model *earlier, struct pl_text *out)
{
    char *bytes = pl_text_dup(base);
    const uint8_t *p = (const uint8_t *)bytes;
    const uint8_t *end = p + pl_text_bytes(base);
    pl_text_init(out);
    for (uint32_t i = 0; i <= later->len; i++) {
        append_text(out, later->ins[i].bytes, later->ins[i].nbytes, later->ins[i].n);
        append_text(out, earlier->ins[i].bytes, earlier->ins[i].nbytes, earlier->ins[i].n);
        if (i == later->len)
            break;
        uint32_t scalar;
        size_t n = pl_utf8_decode(p, end, &scalar);
        if (!later->deleted[i] && !earlier->deleted[i])
            append_text(out, p, n, 1);
        p += n;
    }
    free(bytes);
}

static uint32_t model_pos(const struct model *m, uint32_t pos, enum pl_affinity aff)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < pos; i++)
        out += m->ins[i].n + (m->deleted[i] ? 0 : 1);
    return out + (aff == PL_RIGHT ? m->ins[pos].n : 0);
}

/* --- properties ------------------------------------------------------------------------------ */

static const char *apply(const struct pl_op *op, struct pl_text *t)
{
    return pl_op_apply(op, t, NULL) == 0 ? NULL : "an op does not fit where it must";
}

static void dup_text(struct pl_text *out, const struct pl_text *t)
{
    char *bytes = pl_text_dup(t);
    pl_text_init(out);
    pl_text_assign(out, bytes, pl_text_bytes(t));
    free(bytes);
}

/* The texts and ops of one check, released together. */
struct scratch {
    struct pl_text text[6];
    struct pl_op op[10];
};

static void scratch_release(struct scratch *s)
{
    for (size_t i = 0; i < sizeof s->text / sizeof s->text[0]; i++)
        pl_text_release(&s->text[i]);
    for (size_t i = 0; i < sizeof s->op / sizeof s->op[0]; i++)
        pl_op_release(&s->op[i]);
}

/* Equal also in the deleted text. */
static bool same_op(const struct pl_op *a, const struct pl_op *b)
{
    return pl_op_eq(a, b) && a->has_deleted == b->has_deleted && a->del_len == b->del_len &&
           (a->del_len == 0 || memcmp(a->del, b->del, a->del_len) == 0);
}

static const char *check_transform(const struct prop_case *pc, struct scratch *s)
{
    struct pl_text *base = &s->text[0];
    struct pl_op *later = &s->op[0];
    struct pl_op *earlier = &s->op[1];
    struct pl_op *later2 = &s->op[2];
    struct pl_op *earlier2 = &s->op[3];
    const char *fault;
    source_build(&pc->text, base);
    recipe_build(&pc->a, (uint32_t)pl_text_len(base), base, later);
    recipe_build(&pc->b, (uint32_t)pl_text_len(base), base, earlier);
    pl_op_transform(later, earlier, later2, earlier2);
    show("later", later);
    show("earlier", earlier);
    show("later'", later2);
    show("earlier'", earlier2);
    if ((fault = op_fault(later2)) != NULL || (fault = op_fault(earlier2)) != NULL)
        return fault;

    struct model ml;
    struct model me;
    model_of(&ml, later);
    model_of(&me, earlier);
    model_merge(base, &ml, &me, &s->text[1]);
    dup_text(&s->text[2], base);
    dup_text(&s->text[3], base);
    if ((fault = apply(earlier, &s->text[2])) != NULL ||
        (fault = apply(later, &s->text[3])) != NULL)
        return fault;
    if (!op_deleted_is_right(later2, &s->text[2]) || !op_deleted_is_right(earlier2, &s->text[3]))
        return "the deleted text of a transformed op is wrong";
    if ((fault = apply(later2, &s->text[2])) != NULL ||
        (fault = apply(earlier2, &s->text[3])) != NULL)
        return fault;
    if (!text_eq(&s->text[2], &s->text[3]))
        return "the two sides differ";
    if (!text_eq(&s->text[1], &s->text[2]))
        return "both sides differ from the model";
    pl_op_transform(later, earlier, &s->op[4], NULL);
    pl_op_transform(later, earlier, NULL, &s->op[5]);
    if (!pl_op_eq(&s->op[4], later2) || !pl_op_eq(&s->op[5], earlier2))
        return "one result alone differs from both together";
    pl_op_copy(&s->op[6], later);
    pl_op_copy(&s->op[7], earlier);
    pl_op_copy(&s->op[8], later);
    pl_op_cross(&s->op[6], &s->op[7]);
    pl_op_rebase(&s->op[8], earlier);
    if (!same_op(&s->op[6], later2) || !same_op(&s->op[7], earlier2) || !same_op(&s->op[8], later2))
        return "in place it is another result";
    return NULL;
}

static const char *check_compose(const struct prop_case *pc, struct scratch *s)
{
    struct pl_text *base = &s->text[0];
    const char *fault;
    source_build(&pc->text, base);
    dup_text(&s->text[1], base);
    const struct recipe *recipes[] = {&pc->a, &pc->b, &pc->c};
    for (unsigned i = 0; i < 3; i++) { /* a, b, c one after the other */
        recipe_build(recipes[i], (uint32_t)pl_text_len(&s->text[1]), &s->text[1], &s->op[i]);
        if ((fault = apply(&s->op[i], &s->text[1])) != NULL)
            return fault;
    }
    pl_op_compose(&s->op[3], &s->op[0], &s->op[1]);
    pl_op_compose(&s->op[4], &s->op[3], &s->op[2]); /* (a b) c */
    pl_op_compose(&s->op[5], &s->op[1], &s->op[2]);
    pl_op_compose(&s->op[6], &s->op[0], &s->op[5]); /* a (b c) */
    pl_op_copy(&s->op[7], &s->op[0]);
    pl_op_append(&s->op[7], &s->op[1]);
    for (size_t i = 0; i < 7; i++)
        show("a, b, c, ab, (ab)c, bc, a(bc)", &s->op[i]);
    for (size_t i = 3; i < 8; i++) {
        if ((fault = op_fault(&s->op[i])) != NULL)
            return fault;
    }
    if (!pl_op_eq(&s->op[4], &s->op[6]))
        return "compose is not associative";
    if (!pl_op_eq(&s->op[3], &s->op[7]))
        return "append differs from compose";
    if (!op_deleted_is_right(&s->op[3], base) || !op_deleted_is_right(&s->op[4], base) ||
        !op_deleted_is_right(&s->op[6], base) || !op_deleted_is_right(&s->op[7], base))
        return "the deleted text of a composed op is wrong";
    dup_text(&s->text[2], base);
    if ((fault = apply(&s->op[4], &s->text[2])) != NULL)
        return fault;
    return text_eq(&s->text[1], &s->text[2]) ? NULL : "the composed op gives another text";
}

/* Long runs of single keys, as a pending op collects them. */
static const char *check_append(const struct prop_case *pc, struct scratch *s)
{
    struct pl_prng r;
    const char *fault = NULL;
    pl_prng_init(&r, pc->seed);
    source_build(&pc->text, &s->text[0]);
    dup_text(&s->text[1], &s->text[0]);
    pl_op_init(&s->op[0], (uint32_t)pl_text_len(&s->text[0]));
    uint32_t caret = 0;
    for (unsigned i = 0; i < 40 && fault == NULL; i++) {
        struct pl_text *t = &s->text[1];
        uint32_t len = (uint32_t)pl_text_len(t);
        struct pl_op key;
        if (pl_prng_one_in(&r, 8))
            caret = (uint32_t)pl_prng_below(&r, len + 1);
        if (caret > 0 && pl_prng_one_in(&r, 3))
            pl_op_splice(&key, t, --caret, 1, NULL, 0);
        else
            pl_op_splice(&key, t, caret++, 0, "\xc3\xa9", 2);
        fault = apply(&key, t);
        pl_op_append(&s->op[0], &key);
        pl_op_release(&key);
        if (fault == NULL)
            fault = op_fault(&s->op[0]);
        if (fault == NULL && !op_deleted_is_right(&s->op[0], &s->text[0]))
            fault = "the deleted text is wrong";
    }
    if (fault != NULL || (fault = apply(&s->op[0], &s->text[0])) != NULL)
        return fault;
    return text_eq(&s->text[0], &s->text[1]) ? NULL : "the appended op gives another text";
}

static const char *check_noop(const struct prop_case *pc, struct scratch *s)
{
    source_build(&pc->text, &s->text[0]);
    uint32_t len = (uint32_t)pl_text_len(&s->text[0]);
    recipe_build(&pc->a, len, NULL, &s->op[0]);
    pl_op_init(&s->op[1], len);
    pl_op_transform(&s->op[0], &s->op[1], &s->op[2], &s->op[3]);
    if (!pl_op_eq(&s->op[0], &s->op[2]) || !pl_op_is_noop(&s->op[3]))
        return "a no-op that came first changes something";
    pl_op_transform(&s->op[1], &s->op[0], &s->op[4], &s->op[5]);
    if (!pl_op_eq(&s->op[0], &s->op[5]) || !pl_op_is_noop(&s->op[4]))
        return "a no-op that came later changes something";
    pl_op_compose(&s->op[6], &s->op[0], &s->op[4]);
    pl_op_compose(&s->op[7], &s->op[1], &s->op[0]);
    if (!pl_op_eq(&s->op[6], &s->op[0]) || !pl_op_eq(&s->op[7], &s->op[0]))
        return "composing with a no-op changes something";
    return op_fault(&s->op[0]);
}

static const char *check_inverse(const struct prop_case *pc, struct scratch *s)
{
    const char *fault;
    source_build(&pc->text, &s->text[0]);
    dup_text(&s->text[1], &s->text[0]);
    recipe_build(&pc->a, (uint32_t)pl_text_len(&s->text[0]), NULL, &s->op[0]);
    if (pl_op_apply_fill(&s->op[0], &s->text[1], NULL) != 0)
        return "an op does not fit where it must";
    pl_op_invert(&s->op[1], &s->op[0]);
    if ((fault = op_fault(&s->op[1])) != NULL)
        return fault;
    if (!op_deleted_is_right(&s->op[1], &s->text[1]))
        return "the deleted text of the inverse is wrong";
    pl_op_invert(&s->op[2], &s->op[1]);
    if (!pl_op_eq(&s->op[0], &s->op[2]))
        return "the inverse of the inverse is another op";
    if ((fault = apply(&s->op[1], &s->text[1])) != NULL)
        return fault;
    return text_eq(&s->text[0], &s->text[1]) ? NULL : "the inverse does not undo";
}

static const char *check_positions(const struct prop_case *pc, struct scratch *s)
{
    struct model m;
    source_build(&pc->text, &s->text[0]);
    uint32_t len = (uint32_t)pl_text_len(&s->text[0]);
    recipe_build(&pc->a, len, NULL, &s->op[0]);
    model_of(&m, &s->op[0]);
    for (uint32_t pos = 0; pos <= len; pos++) {
        uint32_t left = pl_op_map_pos(&s->op[0], pos, PL_LEFT);
        uint32_t right = pl_op_map_pos(&s->op[0], pos, PL_RIGHT);
        if (left > right || right > pl_op_result_len(&s->op[0]))
            return "a position leaves the text";
        if (left != model_pos(&m, pos, PL_LEFT) || right != model_pos(&m, pos, PL_RIGHT))
            return "a position differs from the model";
    }
    return NULL;
}

/* --- decoding -------------------------------------------------------------------------------- */

static const char *check_bytes(const uint8_t *bytes, size_t n, uint32_t base_len)
{
    struct pl_op op;
    struct pl_err e = {0};
    int rc = pl_op_decode(&op, base_len, bytes, n, &e);
    if (rc != 0)
        return e.code == -rc && e.text[0] != '\0' ? NULL : "an error without a reason";
    const char *fault = op_fault(&op);
    struct pl_buf wire;
    pl_buf_init(&wire, n);
    if (fault == NULL &&
        (pl_op_encode(&op, &wire) != 0 || wire.len != n || memcmp(wire.data, bytes, n) != 0))
        fault = "two encodings of one op";
    pl_buf_release(&wire);
    pl_op_release(&op);
    return fault;
}

static const char *check_decode(const struct prop_case *pc, struct scratch *s)
{
    struct pl_prng r;
    struct pl_buf wire;
    uint8_t bytes[96];
    uint32_t len = pc->text.n;
    const char *fault;
    pl_prng_init(&r, pc->seed);
    size_t n = (size_t)pl_prng_below(&r, 24);
    for (size_t i = 0; i < n; i++) /* mostly small, so that much of it passes for an op */
        bytes[i] = (uint8_t)pl_prng_below(&r, pl_prng_one_in(&r, 4) ? 256 : 20);
    if ((fault = check_bytes(bytes, n, len)) != NULL)
        return fault;
    recipe_build(&pc->a, len, NULL, &s->op[0]);
    pl_buf_init(&wire, sizeof bytes);
    if (pl_op_encode(&s->op[0], &wire) != 0)
        return "it cannot be encoded";
    memcpy(bytes, wire.data, wire.len);
    n = wire.len;
    pl_buf_release(&wire);
    for (unsigned i = 0; i < 4; i++) {
        size_t at = (size_t)pl_prng_below(&r, n);
        if (pl_prng_one_in(&r, 4))
            n = at;
        else
            bytes[at] = (uint8_t)pl_prng_u64(&r);
        if (n == 0)
            break;
        if ((fault = check_bytes(bytes, n, len)) != NULL)
            return fault;
    }
    return NULL;
}

/* --- running and shrinking ------------------------------------------------------------------- */

#define PROP(name)                                             \
    static const char *prop_##name(const struct prop_case *pc) \
    {                                                          \
        struct scratch s;                                      \
        memset(&s, 0, sizeof s);                               \
        const char *fault = check_##name(pc, &s);              \
        scratch_release(&s);                                   \
        return fault;                                          \
    }
PROP(transform)
PROP(compose)
PROP(append)
PROP(noop)
PROP(inverse)
PROP(positions)
PROP(decode)

static const struct {
    const char *name;
    prop_cb check;
    unsigned share; /* one in so many of the runs */
} props[] = {
    {"P1 transform", prop_transform, 1}, {"P2 compose", prop_compose, 1},
    {"P2 append", prop_append, 8},       {"P3 no-op", prop_noop, 1},
    {"P10 inverse", prop_inverse, 1},    {"P11 positions", prop_positions, 1},
    {"P12 decode", prop_decode, 1},
};

/* One way to make the case smaller; false when `way` is beyond the last. */
static bool shrink_case(struct prop_case *pc, unsigned part, unsigned way)
{
    switch (part) {
    case 0:
        return recipe_shrink(&pc->a, way);
    case 1:
        return recipe_shrink(&pc->b, way);
    case 2:
        return recipe_shrink(&pc->c, way);
    default:
        return source_shrink(&pc->text, way);
    }
}

static size_t case_size(const struct prop_case *pc)
{
    return recipe_size(&pc->a) + recipe_size(&pc->b) + recipe_size(&pc->c) + source_size(&pc->text);
}

/* Takes the first way that makes the case smaller and still fails. */
static bool shrink_once(struct prop_case *pc, prop_cb check)
{
    for (unsigned part = 0; part < 4; part++) {
        for (unsigned way = 0;; way++) {
            struct prop_case smaller = *pc;
            if (!shrink_case(&smaller, part, way))
                break;
            if (case_size(&smaller) < case_size(pc) && check(&smaller) != NULL) {
                *pc = smaller;
                return true;
            }
        }
    }
    return false;
}

static void report(struct prop_case *pc, size_t which, unsigned run)
{
    while (shrink_once(pc, props[which].check))
        ;
    verbose = true;
    const char *fault = props[which].check(pc);
    (void)fprintf(stderr, "FAIL %s, run %u: %s\n", props[which].name, run,
                  fault == NULL ? "(does not repeat)" : fault);
    source_print("text", &pc->text);
    recipe_print("a (later)", &pc->a);
    recipe_print("b (earlier)", &pc->b);
    recipe_print("c", &pc->c);
}

/* History that was composed transforms differently: why nobody may do it (P4). */
static void check_composed_history(void)
{
    struct pl_op x;
    struct pl_op b0;
    struct pl_op b1;
    struct pl_op b;
    struct pl_op x0;
    struct pl_op singly;
    struct pl_op composed;
    pl_op_init(&x, 1); /* text "p": insert X behind it */
    pl_op_retain(&x, 1);
    pl_op_insert(&x, "X", 1, 1);
    pl_op_init(&b0, 1); /* delete p */
    pl_op_delete(&b0, 1, NULL, 0);
    pl_op_init(&b1, 0); /* insert C */
    pl_op_insert(&b1, "C", 1, 1);
    pl_op_transform(&x, &b0, &x0, NULL);
    pl_op_transform(&x0, &b1, &singly, NULL);
    pl_op_compose(&b, &b0, &b1);
    pl_op_transform(&x, &b, &composed, NULL);
    if (pl_op_map_pos(&singly, 0, PL_RIGHT) != 1 || pl_op_map_pos(&composed, 0, PL_RIGHT) != 0) {
        (void)fprintf(stderr, "FAIL P4: the trap of composed history has changed\n");
        (void)fflush(stdout);
        _Exit(1);
    }
}

int main(void)
{
    uint64_t seed = prop_seed("prop_merge");
    unsigned runs = prop_runs(20000);
    check_composed_history();
    for (size_t which = 0; which < sizeof props / sizeof props[0]; which++) {
        struct pl_prng r;
        pl_prng_init(&r, seed + which);
        for (unsigned run = 0; run < runs / props[which].share + 1; run++) {
            struct prop_case pc = {0};
            pc.seed = pl_prng_u64(&r);
            source_random(&pc.text, &r);
            recipe_random(&pc.a, &r);
            recipe_random(&pc.b, &r);
            recipe_random(&pc.c, &r);
            if (props[which].check(&pc) != NULL) {
                report(&pc, which, run);
                return 1;
            }
        }
        printf("ok %s\n", props[which].name);
    }
    return 0;
}
