// SPDX-License-Identifier: Apache-2.0
/*
 * Building, shrinking and checking of random ops.
 */
#include "support/opgen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

/* One to four bytes each. */
static const char *const alphabet[] = {
    "a", "b", "\n", "\xc3\xa9", "\xe4\xba\x8b", "\xf0\x9f\x9a\xa2"};
#define LETTERS (sizeof alphabet / sizeof alphabet[0])

static uint8_t random_letter(struct pl_prng *r)
{
    return (uint8_t)pl_prng_below(r, LETTERS);
}

void source_random(struct source *s, struct pl_prng *r)
{
    *s = (struct source){.n = (unsigned)pl_prng_below(r, SOURCE_CHARS + 1)};
    for (unsigned i = 0; i < s->n; i++)
        s->text[i] = random_letter(r);
}

void recipe_random(struct recipe *rc, struct pl_prng *r)
{
    *rc = (struct recipe){.steps = (unsigned)pl_prng_below(r, RECIPE_STEPS + 1)};
    for (unsigned i = 0; i < rc->steps; i++) {
        struct recipe_step *s = &rc->step[i];
        s->kind = (enum pl_comp_kind)pl_prng_below(r, 3);
        s->n = 1 + (uint32_t)pl_prng_below(r, RECIPE_CHARS);
        for (unsigned k = 0; k < RECIPE_CHARS; k++)
            s->text[k] = random_letter(r);
    }
}

/* The UTF-8 of n letters; out holds 4 bytes for each. */
static uint32_t spell(const uint8_t *letters, uint32_t n, char *out)
{
    uint32_t len = 0;
    for (uint32_t i = 0; i < n; i++) {
        size_t k = strlen(alphabet[letters[i]]);
        memcpy(out + len, alphabet[letters[i]], k);
        len += (uint32_t)k;
    }
    return len;
}

void source_build(const struct source *s, struct pl_text *out)
{
    char bytes[SOURCE_CHARS * 4];
    pl_text_init(out);
    pl_text_assign(out, bytes, spell(s->text, s->n, bytes));
}

void recipe_build(const struct recipe *rc, uint32_t len, const struct pl_text *t, struct pl_op *out)
{
    uint32_t left = len;
    char bytes[RECIPE_CHARS * 4];
    pl_op_init(out, len);
    for (unsigned i = 0; i < rc->steps; i++) {
        const struct recipe_step *s = &rc->step[i];
        uint32_t n = s->n < left ? s->n : left;
        switch (s->kind) {
        case PL_RETAIN:
            pl_op_retain(out, n);
            left -= n;
            break;
        case PL_INSERT:
            pl_op_insert(out, bytes, spell(s->text, s->n, bytes), s->n);
            break;
        case PL_DELETE:
            pl_op_delete(out, n, NULL, 0);
            left -= n;
            break;
        }
    }
    if (t != NULL) {
        struct pl_err e;
        if (pl_op_fill(out, t, &e) != 0)
            PL_BUG("a recipe made an op that does not fit");
    }
}

bool source_shrink(struct source *s, unsigned way)
{
    if (way < s->n) { /* without that letter */
        memmove(s->text + way, s->text + way + 1, s->n - way - 1);
        s->n--;
        return true;
    }
    way -= s->n;
    if (way >= s->n)
        return false;
    s->text[way] = 0; /* or with the plainest one in its place */
    return true;
}

bool recipe_shrink(struct recipe *rc, unsigned way)
{
    if (way < rc->steps) {
        memmove(rc->step + way, rc->step + way + 1, (rc->steps - way - 1) * sizeof rc->step[0]);
        rc->steps--;
        return true;
    }
    way -= rc->steps;
    if (way < rc->steps) {
        if (rc->step[way].n > 1)
            rc->step[way].n--;
        return true;
    }
    way -= rc->steps;
    if (way >= rc->steps)
        return false;
    memset(rc->step[way].text, 0, sizeof rc->step[way].text);
    return true;
}

static size_t letters_size(const uint8_t *letters, size_t n)
{
    size_t size = n;
    for (size_t i = 0; i < n; i++)
        size += letters[i] != 0;
    return size;
}

size_t source_size(const struct source *s)
{
    return letters_size(s->text, s->n);
}

size_t recipe_size(const struct recipe *rc)
{
    size_t size = rc->steps;
    for (unsigned i = 0; i < rc->steps; i++)
        size += rc->step[i].n + letters_size(rc->step[i].text, RECIPE_CHARS);
    return size;
}

static void print_bytes(const char *bytes, size_t n)
{
    (void)fputc('"', stderr);
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            (void)fputs("\\n", stderr);
        else
            (void)fputc(bytes[i], stderr);
    }
    (void)fputc('"', stderr);
}

void source_print(const char *name, const struct source *s)
{
    char bytes[SOURCE_CHARS * 4];
    (void)fprintf(stderr, "  %s: ", name);
    print_bytes(bytes, spell(s->text, s->n, bytes));
    (void)fputc('\n', stderr);
}

void recipe_print(const char *name, const struct recipe *rc)
{
    char bytes[RECIPE_CHARS * 4];
    (void)fprintf(stderr, "  %s:", name);
    for (unsigned i = 0; i < rc->steps; i++) {
        const struct recipe_step *s = &rc->step[i];
        if (s->kind == PL_INSERT) {
            (void)fputs(" insert ", stderr);
            print_bytes(bytes, spell(s->text, s->n, bytes));
        } else {
            (void)fprintf(stderr, " %s %u", s->kind == PL_RETAIN ? "retain" : "delete", s->n);
        }
    }
    (void)fputc('\n', stderr);
}

void op_print(const char *name, const struct pl_op *op)
{
    struct pl_op_iter it;
    struct pl_comp c;
    (void)fprintf(stderr, "  %s (of %u):", name, op->base_len);
    for (pl_op_iter_init(&it, op); pl_op_iter_next(&it, &c);) {
        (void)fprintf(stderr, " %s %u ",
                      c.kind == PL_RETAIN   ? "retain"
                      : c.kind == PL_INSERT ? "insert"
                                            : "delete",
                      c.n);
        if (c.bytes != NULL)
            print_bytes((const char *)c.bytes, c.nbytes);
    }
    (void)fputc('\n', stderr);
}

static const char *form_fault(const struct pl_op *op)
{
    struct pl_op_iter it;
    struct pl_comp c;
    int last = -1;
    uint64_t used = 0;
    uint64_t ins_bytes = 0;
    for (pl_op_iter_init(&it, op); pl_op_iter_next(&it, &c);) {
        if (c.n == 0)
            return "an empty component";
        if ((int)c.kind == last)
            return "two neighbours of one kind";
        if (c.kind == PL_INSERT && last == PL_DELETE)
            return "an insert behind a delete";
        if (c.kind != PL_INSERT)
            used += c.n;
        else if (pl_utf8_count(c.bytes, c.nbytes) != c.n)
            return "an insert with the wrong length";
        else
            ins_bytes += c.nbytes;
        last = (int)c.kind;
    }
    if (last == PL_RETAIN)
        return "a trailing retain";
    if (used > op->base_len)
        return "past the end of the text";
    return ins_bytes == op->ins_len ? NULL : "inserted bytes that belong to nothing";
}

const char *op_fault(const struct pl_op *op)
{
    const char *fault = form_fault(op);
    if (fault != NULL)
        return fault;
    struct pl_buf wire;
    struct pl_op back;
    pl_buf_init(&wire, 1 << 16);
    if (pl_op_encode(op, &wire) != 0)
        fault = "it cannot be encoded";
    else if (pl_op_decode(&back, op->base_len, wire.data, wire.len, NULL) != 0)
        fault = "its encoding is refused";
    else {
        if (!pl_op_eq(op, &back))
            fault = "it comes back different from its encoding";
        pl_op_release(&back);
    }
    pl_buf_release(&wire);
    return fault;
}

bool op_deleted_is_right(const struct pl_op *op, const struct pl_text *t)
{
    struct pl_op other;
    pl_op_copy(&other, op);
    bool ok = op->has_deleted && pl_op_fill(&other, t, NULL) == 0 && other.del_len == op->del_len &&
              (op->del_len == 0 || memcmp(other.del, op->del, op->del_len) == 0);
    pl_op_release(&other);
    return ok;
}

bool text_eq(const struct pl_text *a, const struct pl_text *b)
{
    char *x = pl_text_dup(a);
    char *y = pl_text_dup(b);
    size_t n = pl_text_bytes(a);
    bool same = pl_text_len(a) == pl_text_len(b) && n == pl_text_bytes(b) && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

static bool read_env(const char *name, uint64_t *v)
{
    const char *s = secure_getenv(name);
    return s != NULL && pl_parse_u64(s, v) == 0;
}

uint64_t prop_seed(const char *program)
{
    uint64_t seed;
    if (!read_env("PL_SEED", &seed))
        seed = pl_random_u64() >> 16;
    printf("%s: PL_SEED=%" PRIu64 "\n", program, seed);
    (void)fflush(stdout);
    return seed;
}

unsigned prop_runs(unsigned if_unset)
{
    uint64_t n;
    return read_env("PL_RUNS", &n) ? (unsigned)n : if_unset;
}
