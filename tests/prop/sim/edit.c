// SPDX-License-Identifier: Apache-2.0
/*
 * What people do: type in runs at the caret, delete, replace, paste, set registers and tags,
 * create, move (also in circles), remove and restore. Texts are short and entries few, so that
 * edits meet.
 */
#include "prop/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#define ENTRIES_MAX 64

/* A new character; 0 when all are used up. */
static uint32_t new_char(struct sim_client *c, uint8_t out[4], size_t *n)
{
    if (c->w->n_chars + 1 >= SIM_CHARS)
        return 0;
    uint32_t i = ++c->w->n_chars;
    *n = pl_utf8_encode(SIM_CHAR_FIRST + i, out);
    return i;
}

struct entries {
    struct pl_entry *v[ENTRIES_MAX];
    size_t n;
};

static void collect(void *ctx, struct pl_entry *en)
{
    struct entries *all = ctx;

    if (all->n < ENTRIES_MAX)
        all->v[all->n++] = en;
}

static int by_eid(const void *a, const void *b)
{
    struct pl_entry *const *x = a;
    struct pl_entry *const *y = b;

    return pl_eid_cmp(pl_entry_eid(*x), pl_entry_eid(*y));
}

/* An entry by number, in an order that does not depend on hashes. */
static struct pl_entry *pick(const struct sim_client *c, uint32_t kind, uint32_t a)
{
    struct entries all = {.n = 0};
    struct pl_entry *fit[ENTRIES_MAX];
    size_t n = 0;

    pl_doc_each(sync_view(c->sync), collect, &all);
    qsort(all.v, all.n, sizeof all.v[0], by_eid);
    for (size_t i = 0; i < all.n; i++) {
        if (kind == 0 || pl_entry_kind(all.v[i]) == kind)
            fit[n++] = all.v[i];
    }
    return n > 0 ? fit[a % n] : NULL;
}

static uint32_t text_field(const struct pl_entry *en)
{
    return pl_entry_kind(en) == PL_KIND_REVIEW ? PL_F_REVIEW_IMPACT : PL_F_BODY;
}

static int do_edit(struct sim_client *c, struct pl_cs *cs, const struct step *s)
{
    struct pl_err e = {0};

    c->acting = ACT_EDIT;
    int rc = sync_edit(c->sync, cs, s->d % 8 != 0, s->d % 2 == 0, c->w->now_us, &e);
    c->acting = ACT_NONE;
    c->w->counts->edits += rc == 0;
    return rc;
}

static uint32_t len_of(const struct pl_entry *en)
{
    const struct pl_text *t = pl_entry_text(en, text_field(en));

    return t != NULL ? (uint32_t)pl_text_len(t) : 0;
}

static bool splice(struct sim_client *c, const struct pl_entry *en, const struct step *s,
                   uint32_t pos, uint32_t ndel, unsigned nins)
{
    const struct pl_text *t = pl_entry_text(en, text_field(en));
    const struct pl_text empty = {0};
    uint8_t text[16];
    size_t bytes = 0;
    struct pl_cs cs;
    struct pl_op op;

    for (unsigned i = 0; i < nins && i < 4; i++) {
        size_t n = 0;
        if (new_char(c, text + bytes, &n) == 0)
            return false;
        bytes += n;
    }
    pl_op_splice(&op, t != NULL ? t : &empty, pos, ndel, text, (uint32_t)bytes);
    pl_cs_init(&cs);
    pl_cs_text(&cs, pl_entry_eid(en), text_field(en), &op);
    return do_edit(c, &cs, s) == 0;
}

/* One character at the caret; the caret goes behind it. */
static void type_on(struct sim_client *c, const struct step *s)
{
    struct pl_entry *en = pl_doc_entry(sync_view(c->sync), c->caret.eid);
    uint32_t last = c->run_last;

    if (!c->caret.set || en == NULL)
        return;
    if (c->caret.head > len_of(en)) {
        sim_fail(c->w, "P11: the caret of client %u is beyond its text", c->no);
        return;
    }
    if (!splice(c, en, s, c->caret.head, 0, 1))
        return;
    if (last != 0)
        c->w->chars[last].run_next = c->w->n_chars;
    c->run_last = c->w->n_chars;
    c->caret.anchor = ++c->caret.head;
    sync_caret(c->sync, &c->caret, PL_PRESENT_TYPING, 0, c->w->now_us);
}

static void edit_text(struct sim_client *c, const struct step *s)
{
    const struct pl_entry *en = pick(c, 0, s->a);
    uint32_t len = len_of(en);
    uint32_t pos = s->b % (len + 1);

    if (s->kind % 4 == 0) {
        c->caret = (struct pl_caret){true, pl_entry_eid(en), text_field(en), pos, pos};
        c->run_last = 0;
        type_on(c, s);
        return;
    }
    uint32_t ndel = s->kind % 4 == 1 ? 0 : s->c % 4;
    if (ndel > len - pos)
        ndel = len - pos;
    if (c->w->set.keep_root && pl_entry_kind(en) == PL_KIND_REVIEW)
        ndel = 0;
    uint32_t nins = s->kind % 4 == 2 ? 0 : 1 + s->c % 3;
    c->run_last = 0;
    c->caret.set = false;
    (void)splice(c, en, s, pos, ndel, nins);
}

static void create(struct sim_client *c, const struct step *s)
{
    const struct pl_entry *parent =
        s->b % 3 == 0 ? pl_doc_root(sync_view(c->sync)) : pick(c, PL_KIND_CAUSE, s->b);
    struct pl_eid eid = sync_next_eid(c->sync);
    struct pl_key key;
    struct pl_cs cs;
    struct pl_op op;
    uint8_t text[4];
    size_t n = 0;

    if (parent == NULL || new_char(c, text, &n) == 0)
        return;
    if (pl_doc_place_after(sync_view(c->sync), pl_entry_eid(parent), NULL, s->a % 2 == 0, eid, &key,
                           NULL) != 0)
        return;
    pl_cs_init(&cs);
    pl_cs_create(&cs, eid, PL_KIND_CAUSE, pl_entry_eid(parent), &key);
    pl_op_init(&op, 0);
    pl_op_insert(&op, text, (uint32_t)n, 1);
    pl_cs_text(&cs, eid, PL_F_BODY, &op);
    (void)do_edit(c, &cs, s);
}

static void move(struct sim_client *c, const struct step *s)
{
    const struct pl_entry *en = pick(c, PL_KIND_CAUSE, s->a);
    const struct pl_entry *to =
        s->c % 4 == 0 ? pl_doc_root(sync_view(c->sync)) : pick(c, PL_KIND_CAUSE, s->b);
    struct pl_key key;
    struct pl_cs cs;

    if (en == NULL || to == NULL || en == to)
        return;
    if (pl_doc_place_after(sync_view(c->sync), pl_entry_eid(to), NULL, true, pl_entry_eid(en), &key,
                           NULL) != 0)
        return;
    pl_cs_init(&cs);
    pl_cs_place(&cs, pl_entry_eid(en), pl_entry_eid(to), &key);
    (void)do_edit(c, &cs, s);
}

static void set_register(struct sim_client *c, const struct step *s)
{
    struct pl_value v = pl_value_int(1 + s->b % 4);
    const struct pl_entry *en = pick(c, PL_KIND_CAUSE, s->a);
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    if (s->c % 3 == 0 && en != NULL)
        pl_cs_elem(&cs, pl_entry_eid(en), PL_F_TAGS, "tag", 3, s->b % 2 == 0);
    (void)do_edit(c, &cs, s);
}

static void remove_or_restore(struct sim_client *c, const struct step *s)
{
    const struct pl_entry *en = pick(c, PL_KIND_CAUSE, s->a);
    struct pl_cs cs;

    if (en == NULL)
        return;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, pl_entry_eid(en), !pl_entry_is_dead(en));
    (void)do_edit(c, &cs, s);
}

/* More than one Submit carries, of characters that are not followed one by one. */
static void paste(struct sim_client *c, const struct step *s)
{
    const struct pl_entry *en = pick(c, 0, s->a);
    const struct pl_text *t = pl_entry_text(en, text_field(en));
    const struct pl_text empty = {0};
    size_t n = 50000 + s->b % 60000;
    char *text = pl_xmalloc(n);
    struct pl_cs cs;
    struct pl_op op;

    memset(text, 'z', n);
    c->caret.set = false;
    pl_op_splice(&op, t != NULL ? t : &empty, s->c % (len_of(en) + 1), 0, text, (uint32_t)n);
    free(text);
    pl_cs_init(&cs);
    pl_cs_text(&cs, pl_entry_eid(en), text_field(en), &op);
    (void)do_edit(c, &cs, s);
}

void client_edit(struct sim_client *c, const struct step *s)
{
    switch (s->d / 16 % 16) {
    case 0:
    case 1:
        create(c, s);
        return;
    case 2:
        move(c, s);
        return;
    case 3:
        set_register(c, s);
        return;
    case 4:
        remove_or_restore(c, s);
        return;
    case 5:
        if (s->c % 64 == 0)
            paste(c, s);
        return;
    case 6:
    case 7:
    case 8:
    case 9:
        if (c->caret.set) {
            type_on(c, s);
            return;
        }
        break;
    default:
        break;
    }
    edit_text(c, s);
}
