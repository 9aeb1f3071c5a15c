// SPDX-License-Identifier: Apache-2.0
/*
 * Properties of the document under random changesets, good and bad ones:
 *   - judging never crashes and never changes the document; what it accepts applies;
 *   - a changeset that does not apply leaves the document as it was;
 *   - the incremental digest equals one made from scratch;
 *   - the inverse restores the state;
 *   - applying one by one, folding the log anew, and a snapshot with the tail behind it agree.
 * PL_SEED picks the first case, PL_CASES how many. A failing case is shrunk by leaving steps out.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/digest.h"
#include "plimsoll/wire/limits.h"

#include "support/prop.h"

#define STEPS   60
#define ENTRIES 40

struct run {
    struct pl_prng r; /* of the present step */
    struct pl_doc *d;
    struct pl_eid ids[ENTRIES];
    uint32_t ids_n;
    struct pl_cs log[STEPS];
    uint32_t log_n;
    struct pl_buf snap; /* taken in the middle */
    uint32_t snap_at;
    const char *broken; /* which property failed */
};

/* --- making changesets ------------------------------------------------------------- */

static struct pl_eid some_id(struct run *x)
{
    if (x->ids_n == 0 || pl_prng_one_in(&x->r, 12))
        return PL_EID_ROOT;
    if (pl_prng_one_in(&x->r, 25))
        return (struct pl_eid){77, 77};
    return x->ids[pl_prng_below(&x->r, x->ids_n)];
}

static struct pl_key some_key(struct run *x)
{
    struct pl_key k = {.len = 4, .s = "a0.0"};

    k.s[1] = (char)('0' + pl_prng_below(&x->r, 10));
    k.s[3] = (char)('0' + pl_prng_below(&x->r, 10));
    if (pl_prng_one_in(&x->r, 40))
        k.len = (uint8_t)pl_prng_below(&x->r, 4);
    return k;
}

/* An entry of a kind, or any when there is none (or by chance). */
static struct pl_eid some_of(struct run *x, uint32_t kind)
{
    struct pl_eid eid = some_id(x);

    for (unsigned i = 0; i < 30 && !pl_prng_one_in(&x->r, 40); i++) {
        const struct pl_entry *en = pl_doc_entry(x->d, eid);
        if (en != NULL && (kind == 0 || pl_entry_kind(en) == kind))
            break;
        eid = some_id(x);
    }
    return eid;
}

/* Where an entry of a kind may hang, mostly. */
static struct pl_eid some_parent(struct run *x, uint32_t kind)
{
    struct pl_eid eid = some_id(x);

    for (unsigned i = 0; i < 30 && !pl_prng_one_in(&x->r, 40); i++) {
        const struct pl_entry *en = pl_doc_entry(x->d, eid);
        if (en != NULL && pl_kind_fits(kind, pl_entry_kind(en)))
            return eid;
        eid = i < 15 ? some_id(x) : PL_EID_ROOT;
    }
    return eid;
}

static struct pl_value wild_value(struct run *x)
{
    switch (pl_prng_below(&x->r, 4)) {
    case 0:
        return (struct pl_value){.type = PL_VAL_NULL};
    case 1:
        return pl_value_eid(some_id(x));
    case 2:
        return pl_value_str("a\x1b", 2);
    default:
        return pl_value_int(pl_prng_range(&x->r, INT64_MIN / 2, INT64_MAX / 2));
    }
}

static struct pl_value some_value(struct run *x, const struct pl_field *f)
{
    size_t n = 0;

    if (f == NULL || pl_prng_one_in(&x->r, 15))
        return wild_value(x);
    switch (f->type) {
    case PL_FT_ENUM:
        while (pl_enum_at(f->ref, n) != 0)
            n++;
        return pl_value_int(pl_enum_at(f->ref, pl_prng_below(&x->r, n)));
    case PL_FT_STR:
    case PL_FT_DEC:
        return pl_value_str("12", 2);
    case PL_FT_EID:
        return pl_value_eid(some_of(x, f->ref));
    case PL_FT_INT:
        return pl_value_int(pl_prng_range(&x->r, f->min, f->min + 2));
    case PL_FT_TIME:
    case PL_FT_BOOL:
    case PL_FT_USER:
    case PL_FT_TEXT:
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        break;
    }
    return pl_value_int(1);
}

static const struct pl_field *some_field(struct run *x, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(x->d, eid);
    size_t n = 0;

    if (en == NULL)
        return NULL;
    while (pl_field_at(pl_entry_kind(en), n) != NULL)
        n++;
    return n != 0 ? pl_field_at(pl_entry_kind(en), pl_prng_below(&x->r, n)) : NULL;
}

static void add_create(struct run *x, struct pl_cs *cs)
{
    struct pl_eid eid = {1 + pl_prng_below(&x->r, 3), (uint32_t)x->ids_n + 1};
    uint32_t kind = (uint32_t)pl_prng_range(&x->r, 2, PL_KIND_MAX);
    struct pl_key key = some_key(x);
    struct pl_eid parent;

    if (x->ids_n > 0 && pl_prng_one_in(&x->r, 30))
        eid = x->ids[pl_prng_below(&x->r, x->ids_n)];
    if (x->ids_n == ENTRIES || pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL)
        return;
    if (pl_prng_one_in(&x->r, 3))
        kind = PL_KIND_CAUSE;
    parent = some_parent(x, kind);
    pl_cs_create(cs, eid, kind, parent, &key);
    x->ids[x->ids_n++] = eid;
}

static void add_text(struct run *x, struct pl_cs *cs, struct pl_eid eid, uint32_t field)
{
    static const char *const pieces[] = {"a", "b", "\xC3\xA4", "\xE2\x82\xAC\n", "xyz", "\x1b"};
    const struct pl_entry *en = pl_doc_entry(x->d, eid);
    const struct pl_text *t = en != NULL ? pl_entry_text(en, field) : NULL;
    uint32_t len = t != NULL ? (uint32_t)pl_text_len(t) : 0;
    uint32_t pos = 0;
    struct pl_op op;

    if (pl_cs_find(cs, PL_SLOT_TEXT, eid, field, NULL) != NULL)
        return;
    pl_op_init(&op, len + (pl_prng_one_in(&x->r, 30) ? 1 : 0));
    for (unsigned i = (unsigned)pl_prng_range(&x->r, 1, 4); i > 0; i--) {
        uint32_t n = (uint32_t)pl_prng_below(&x->r, len - pos + 1);
        const char *s = pieces[pl_prng_one_in(&x->r, 60) ? 5 : pl_prng_below(&x->r, 5)];
        pl_op_retain(&op, n);
        pos += n;
        pl_op_insert(&op, s, (uint32_t)strlen(s),
                     s[0] == '\xE2'   ? 2
                     : s[0] == '\xC3' ? 1
                                      : (uint32_t)strlen(s));
        n = (uint32_t)pl_prng_below(&x->r, len - pos + 1) / 2;
        pl_op_delete(&op, n, NULL, 0);
        pos += n;
    }
    pl_cs_text(cs, eid, field, &op);
}

static void add_elem(struct run *x, struct pl_cs *cs, struct pl_eid eid, const struct pl_field *f)
{
    struct pl_elem el = {.len = 1, .b = {(uint8_t)('a' + pl_prng_below(&x->r, 4))}};

    if (f->type == PL_FT_SET_EID)
        pl_eid_to_elem(some_of(x, f->ref), &el);
    pl_cs_elem(cs, eid, f->number, el.b, el.len, !pl_prng_one_in(&x->r, 3));
}

static void add_field(struct run *x, struct pl_cs *cs, struct pl_eid eid)
{
    const struct pl_field *f = some_field(x, eid);
    struct pl_value v;

    if (f != NULL && f->type == PL_FT_TEXT && !pl_prng_one_in(&x->r, 30)) {
        add_text(x, cs, eid, f->number);
    } else if (f != NULL && pl_field_is_set(f) && !pl_prng_one_in(&x->r, 30)) {
        add_elem(x, cs, eid, f);
    } else {
        v = some_value(x, f);
        pl_cs_reg(cs, eid, f != NULL ? f->number : 3, &v);
        pl_value_release(&v);
    }
}

static void add_slot(struct run *x, struct pl_cs *cs)
{
    struct pl_eid eid = some_of(x, 0);
    const struct pl_entry *en = pl_doc_entry(x->d, eid);
    struct pl_key key = some_key(x);

    switch (pl_prng_below(&x->r, 8)) {
    case 0:
    case 1:
        add_create(x, cs);
        return;
    case 2:
        pl_cs_dead(cs, some_of(x, PL_KIND_CAUSE), pl_prng_one_in(&x->r, 2));
        return;
    case 3:
        if (pl_prng_one_in(&x->r, 2)) {
            eid = some_of(x, PL_KIND_CAUSE);
            en = pl_doc_entry(x->d, eid);
        }
        pl_cs_place(cs, eid, some_parent(x, en != NULL ? pl_entry_kind(en) : 0), &key);
        return;
    case 4:
        add_text(x, cs, eid, PL_F_BODY);
        return;
    default:
        add_field(x, cs, eid);
        return;
    }
}

/* --- properties -------------------------------------------------------------------- */

static void digest_entry(void *ctx, struct pl_entry *en)
{
    uint64_t *h = ctx;
    struct pl_eid eid = pl_entry_eid(en);

    if (!pl_eid_is_root(eid)) {
        *h ^= pl_digest_create(eid, pl_entry_kind(en));
        *h ^= pl_digest_place(eid, pl_entry_parent(en), pl_entry_key(en));
    }
    *h ^= pl_digest_dead(eid, pl_entry_is_dead(en));
    for (uint32_t f = 1; f <= PL_F_NUMBER_MAX; f++) {
        *h ^= pl_digest_reg(eid, f, pl_entry_reg(en, f));
        *h ^= pl_digest_text(eid, f, pl_entry_text(en, f));
        for (size_t i = 0; i < pl_entry_set_count(en, f); i++)
            *h ^= pl_digest_elem(eid, f, pl_entry_set_at(en, f, i), true);
    }
}

static void count_text(void *ctx, struct pl_entry *en)
{
    size_t *bytes = ctx;

    for (uint32_t f = 1; f <= PL_F_NUMBER_MAX; f++)
        *bytes += strlen(pl_entry_cstr(en, f));
}

static bool text_is_counted(const struct pl_doc *d)
{
    size_t bytes = 0;

    pl_doc_each(d, count_text, &bytes);
    return bytes == pl_doc_text_bytes(d);
}

static uint64_t digest_from_scratch(const struct pl_doc *d)
{
    uint64_t h = 0;

    pl_doc_each(d, digest_entry, &h);
    return h;
}

static bool same_bytes(const struct pl_doc *a, const struct pl_doc *b)
{
    struct pl_buf x;
    struct pl_buf y;
    bool same;

    pl_buf_init(&x, PL_SNAPSHOT_MAX);
    pl_buf_init(&y, PL_SNAPSHOT_MAX);
    same = pl_doc_encode(a, &x, NULL) == 0 && pl_doc_encode(b, &y, NULL) == 0 && x.len == y.len &&
           memcmp(x.data, y.data, x.len) == 0;
    pl_buf_release(&x);
    pl_buf_release(&y);
    return same;
}

static void expect(struct run *x, bool holds, const char *what)
{
    if (!holds && x->broken == NULL)
        x->broken = what;
}

static bool has_create(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i]->kind == PL_SLOT_CREATE)
            return true;
    }
    return false;
}

/* The inverse of cs, applied after it, gives the state before; what cs made is removed instead. */
static void try_inverse(struct run *x, const struct pl_doc *before, const struct pl_cs *cs)
{
    struct pl_doc *d = pl_doc_dup(x->d);
    struct pl_doc *was = pl_doc_dup(before);
    struct pl_state_view view = pl_doc_view(before);
    struct pl_cs inverse;

    pl_cs_invert(&inverse, cs, &view);
    expect(x, pl_doc_apply(d, &inverse, NULL, NULL) == 0, "the inverse applies");
    if (!has_create(cs))
        expect(x, pl_doc_digest(d) == pl_doc_digest(was), "the inverse restores");
    expect(x, pl_doc_list(d, 0, NULL, 0) == pl_doc_list(was, 0, NULL, 0),
           "the inverse restores what can be seen");
    pl_cs_release(&inverse);
    pl_doc_free(d);
    pl_doc_free(was);
}

static struct pl_rev_meta meta_of(uint32_t n)
{
    return (struct pl_rev_meta){.rev = n + 1, .user = 1 + n % 3, .client = 1, .at_us = 1000 + n};
}

static void commit(struct run *x, struct pl_cs *cs)
{
    struct pl_doc *before = pl_doc_dup(x->d);
    struct pl_rev_meta meta = meta_of(x->log_n);

    expect(x, pl_doc_apply(x->d, cs, &meta, NULL) == 0, "what is accepted applies");
    expect(x, pl_doc_digest(x->d) == digest_from_scratch(x->d), "digest");
    expect(x, text_is_counted(x->d), "bytes of text");
    try_inverse(x, before, cs);
    pl_cs_move(&x->log[x->log_n++], cs);
    pl_doc_free(before);
}

static void step(struct run *x, uint64_t seed)
{
    struct pl_cs cs;
    uint64_t before = pl_doc_digest(x->d);

    pl_prng_init(&x->r, seed);
    pl_cs_init(&cs);
    for (unsigned n = (unsigned)pl_prng_range(&x->r, 1, 3); n > 0; n--)
        add_slot(x, &cs);
    bool good = pl_doc_check(x->d, &cs, !pl_prng_one_in(&x->r, 5), NULL) == 0;
    (void)pl_doc_perm_ops(x->d, &cs, 1);
    expect(x, pl_doc_digest(x->d) == before, "judging changes nothing");
    if (good) {
        commit(x, &cs);
    } else {
        struct pl_doc *d = pl_doc_dup(x->d);
        if (pl_doc_apply(d, &cs, NULL, NULL) != 0)
            expect(x, same_bytes(d, x->d), "what does not apply changes nothing");
        expect(x, pl_doc_digest(d) == digest_from_scratch(d), "digest of a view");
        (void)pl_doc_list(d, 0, NULL, 0);
        pl_doc_free(d);
    }
    if (pl_prng_one_in(&x->r, 20)) {
        pl_buf_clear(&x->snap);
        expect(x, pl_doc_encode(x->d, &x->snap, NULL) == 0, "encode");
        x->snap_at = x->log_n;
    }
    pl_cs_release(&cs);
}

static void fold(struct run *x)
{
    struct pl_doc *whole = pl_doc_new();
    struct pl_doc *tail = x->snap.len > 0 ? pl_doc_decode(x->snap.data, x->snap.len, NULL) : NULL;

    expect(x, x->snap.len == 0 || tail != NULL, "a snapshot decodes");
    for (uint32_t i = 0; i < x->log_n; i++) {
        struct pl_rev_meta meta = meta_of(i);
        expect(x, pl_doc_apply(whole, &x->log[i], &meta, NULL) == 0, "fold");
        if (tail != NULL && i >= x->snap_at)
            expect(x, pl_doc_apply(tail, &x->log[i], &meta, NULL) == 0, "tail");
    }
    expect(x, same_bytes(whole, x->d), "apply == fold");
    expect(x, pl_doc_digest(whole) == pl_doc_digest(x->d), "digest == digest of fold");
    expect(x, tail == NULL || same_bytes(tail, x->d), "snapshot + tail == fold");
    pl_doc_free(whole);
    pl_doc_free(tail);
}

/* Runs the steps that are on; says which property broke, or NULL. */
static const char *run_case(uint64_t seed, const bool *on, size_t *accepted)
{
    struct run *x = calloc(1, sizeof *x);
    const char *broken;

    if (x == NULL)
        abort();
    x->d = pl_doc_new();
    pl_buf_init(&x->snap, PL_SNAPSHOT_MAX);
    for (uint64_t i = 0; i < STEPS && x->broken == NULL; i++) {
        if (on[i])
            step(x, prop_step_seed(seed, i));
    }
    fold(x);
    *accepted += x->log_n;
    broken = x->broken;
    for (uint32_t i = 0; i < x->log_n; i++)
        pl_cs_release(&x->log[i]);
    pl_buf_release(&x->snap);
    pl_doc_free(x->d);
    free(x);
    return broken;
}

int main(void)
{
    static const struct prop p = {.name = "prop_doc",
                                  .steps = STEPS,
                                  .cases = 1500,
                                  .least = 10,
                                  .unit = "changesets accepted",
                                  .run = run_case};

    return prop_main(&p);
}
