// SPDX-License-Identifier: Apache-2.0
/*
 * Differences. Texts are compared as scalar values with a bounded search, so that two unlike texts
 * of a megabyte cost their length and not its square. Documents are compared slot by slot. Nothing
 * here fails; memory is in proportion to what is compared.
 */
#include "sync/diff.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

/* --- texts ------------------------------------------------------------------------------------ */

/* A text taken apart: scalar i stands at bytes at[i] .. at[i + 1]. */
struct scalars {
    const uint8_t *bytes;
    uint32_t *at;
    uint32_t n;
};

static void take_apart(struct scalars *s, const char *text, size_t n)
{
    uint32_t k = 0;

    s->bytes = (const uint8_t *)text;
    s->n = (uint32_t)pl_utf8_count(text, n);
    s->at = pl_xcalloc((size_t)s->n + 1, sizeof *s->at);
    for (size_t i = 0; i < n; i++) {
        if ((s->bytes[i] & 0xC0) != 0x80)
            s->at[k++] = (uint32_t)i;
    }
    s->at[s->n] = (uint32_t)n;
}

static bool same_scalar(const struct scalars *a, uint32_t i, const struct scalars *b, uint32_t j)
{
    uint32_t n = a->at[i + 1] - a->at[i];

    return n == b->at[j + 1] - b->at[j] && memcmp(a->bytes + a->at[i], b->bytes + b->at[j], n) == 0;
}

/* The middle of both texts, between what is common at the ends. */
struct middle {
    const struct scalars *a;
    const struct scalars *b;
    uint32_t front;
    uint32_t na;
    uint32_t nb;
};

static bool same_at(const struct middle *m, int x, int y)
{
    return same_scalar(m->a, m->front + (uint32_t)x, m->b, m->front + (uint32_t)y);
}

/* Furthest x on diagonal k with d edits, from the row of d - 1. */
static int furthest(const struct middle *m, const int *row, int d, int k)
{
    bool down = k == -d || (k != d && row[k - 1] < row[k + 1]);
    int x = down ? row[k + 1] : row[k - 1] + 1;

    while (x < (int)m->na && x - k < (int)m->nb && x - k >= 0 && same_at(m, x, x - k))
        x++;
    return x;
}

#define ROW (2 * DIFF_EDITS_MAX + 3)

/* The rows of the search; row d holds, by diagonal, how far d edits reach. Returns the number of
 * edits, or -1 when there are too many. */
static int search(const struct middle *m, int *rows)
{
    for (int d = 0; d <= DIFF_EDITS_MAX; d++) {
        int *row = rows + (size_t)d * ROW + DIFF_EDITS_MAX + 1;
        const int *before = d == 0 ? row : row - ROW; /* row 0 starts from its own zeros */
        for (int k = -d; k <= d; k += 2) {
            row[k] = furthest(m, before, d, k);
            if (row[k] >= (int)m->na && row[k] - k >= (int)m->nb)
                return d;
        }
    }
    return -1;
}

/* Marks what goes (of a) and what comes (of b) by walking the search back. */
static void walk_back(const struct middle *m, const int *rows, int d, bool *gone, bool *come)
{
    int x = (int)m->na;
    int y = (int)m->nb;

    for (; d > 0; d--) {
        const int *before = rows + (size_t)(d - 1) * ROW + DIFF_EDITS_MAX + 1;
        int k = x - y;
        bool down = k == -d || (k != d && before[k - 1] < before[k + 1]);
        int px = down ? before[k + 1] : before[k - 1];
        int py = px - (down ? k + 1 : k - 1);
        if (down)
            come[py] = true;
        else
            gone[px] = true;
        x = px;
        y = py;
    }
}

static void mark(const struct middle *m, bool *gone, bool *come)
{
    int *rows = NULL;
    int d = -1;

    if (m->na > 0 && m->nb > 0) {
        rows = pl_xcalloc((size_t)(DIFF_EDITS_MAX + 1) * ROW, sizeof *rows);
        d = search(m, rows);
    }
    if (d >= 0) {
        walk_back(m, rows, d, gone, come);
    } else {
        memset(gone, 1, m->na * sizeof *gone);
        memset(come, 1, m->nb * sizeof *come);
    }
    free(rows);
}

/* Puts the marks into an op: at one place, insert first. */
static void build(struct pl_op *out, const struct middle *m, const bool *gone, const bool *come)
{
    uint32_t x = 0;
    uint32_t y = 0;

    pl_op_retain(out, m->front);
    while (x < m->na || y < m->nb) {
        const uint32_t *a = m->a->at + m->front + x;
        const uint32_t *b = m->b->at + m->front + y;
        if (y < m->nb && come[y]) {
            pl_op_insert(out, m->b->bytes + b[0], b[1] - b[0], 1);
            y++;
        } else if (gone[x]) {
            pl_op_delete(out, 1, m->a->bytes + a[0], a[1] - a[0]);
            x++;
        } else {
            pl_op_retain(out, 1);
            x++;
            y++;
        }
    }
}

void diff_text(struct pl_op *out, const char *from, size_t n_from, const char *to, size_t n_to)
{
    struct scalars a;
    struct scalars b;
    struct middle m = {.a = &a, .b = &b};
    uint32_t back = 0;

    take_apart(&a, from, n_from);
    take_apart(&b, to, n_to);
    uint32_t most = a.n < b.n ? a.n : b.n;
    while (m.front < most && same_scalar(&a, m.front, &b, m.front))
        m.front++;
    while (back < most - m.front && same_scalar(&a, a.n - 1 - back, &b, b.n - 1 - back))
        back++;
    m.na = a.n - m.front - back;
    m.nb = b.n - m.front - back;
    bool *gone = pl_xcalloc((size_t)m.na + 1, sizeof *gone);
    bool *come = pl_xcalloc((size_t)m.nb + 1, sizeof *come);
    mark(&m, gone, come);
    pl_op_init(out, a.n);
    build(out, &m, gone, come);
    free(gone);
    free(come);
    free(a.at);
    free(b.at);
}

/* --- documents -------------------------------------------------------------------------------- */

struct doc_diff {
    const struct pl_doc *from;
    struct pl_cs *out;
};

static void diff_text_field(struct doc_diff *d, const struct pl_entry *old,
                            const struct pl_entry *new, uint32_t field)
{
    const char *a = old != NULL ? pl_entry_cstr(old, field) : "";
    const char *b = pl_entry_cstr(new, field);
    size_t na = strlen(a);
    size_t nb = strlen(b);

    if (na != nb || memcmp(a, b, na) != 0) {
        struct pl_op op;
        diff_text(&op, a, na, b, nb);
        pl_cs_text(d->out, pl_entry_eid(new), field, &op);
    }
}

static void diff_set(struct doc_diff *d, const struct pl_entry *old, const struct pl_entry *new,
                     uint32_t field)
{
    size_t n = pl_entry_set_count(new, field);

    for (size_t i = 0; i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(new, field, i);
        if (old == NULL || !pl_entry_has(old, field, el->b, el->len))
            pl_cs_elem(d->out, pl_entry_eid(new), field, el->b, el->len, true);
    }
    n = old != NULL ? pl_entry_set_count(old, field) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(old, field, i);
        if (!pl_entry_has(new, field, el->b, el->len))
            pl_cs_elem(d->out, pl_entry_eid(new), field, el->b, el->len, false);
    }
}

static void diff_field(struct doc_diff *d, const struct pl_entry *from, const struct pl_entry *to,
                       const struct pl_field *f)
{
    static const struct pl_value nothing = {.type = PL_VAL_NULL};

    if (pl_field_is_set(f)) {
        diff_set(d, from, to, f->number);
    } else if (f->type == PL_FT_TEXT) {
        diff_text_field(d, from, to, f->number);
    } else {
        const struct pl_value *v = pl_entry_reg(to, f->number);
        if (!pl_value_eq(v, from != NULL ? pl_entry_reg(from, f->number) : &nothing))
            pl_cs_reg(d->out, pl_entry_eid(to), f->number, v);
    }
}

static void diff_fields(struct doc_diff *d, const struct pl_entry *old, const struct pl_entry *new)
{
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(new), i)) != NULL; i++)
        diff_field(d, old, new, f);
}

void diff_entry_fields(struct pl_cs *out, const struct pl_entry *now, const struct pl_entry *then,
                       uint64_t skip)
{
    struct doc_diff d = {.from = NULL, .out = out};
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(then), i)) != NULL; i++) {
        bool is_skipped = (f->flags & PL_FF_SERVER) || (skip >> f->number & 1) != 0;
        if (!is_skipped)
            diff_field(&d, now, then, f);
    }
}

static void diff_entry(void *ctx, struct pl_entry *new)
{
    struct doc_diff *d = ctx;
    struct pl_eid eid = pl_entry_eid(new);
    const struct pl_entry *old = pl_doc_entry(d->from, eid);

    if (pl_eid_is_root(eid)) {
        diff_fields(d, old, new);
        return;
    }
    if (old == NULL)
        pl_cs_create(d->out, eid, pl_entry_kind(new), pl_entry_parent(new), pl_entry_key(new));
    else if (!pl_eid_eq(pl_entry_parent(old), pl_entry_parent(new)) ||
             pl_key_cmp(pl_entry_key(old), pl_entry_key(new)) != 0)
        pl_cs_place(d->out, eid, pl_entry_parent(new), pl_entry_key(new));
    if (pl_entry_is_dead(new) != (old != NULL && pl_entry_is_dead(old)))
        pl_cs_dead(d->out, eid, pl_entry_is_dead(new));
    diff_fields(d, old, new);
}

void diff_docs(struct pl_cs *out, const struct pl_doc *from, const struct pl_doc *to)
{
    struct doc_diff d = {.from = from, .out = out};

    pl_cs_init(out);
    pl_doc_each(to, diff_entry, &d);
}
