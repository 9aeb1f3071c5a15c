// SPDX-License-Identifier: Apache-2.0
/*
 * A document's life and how changesets are applied. Apply looks at every slot first and then
 * changes things that cannot fail any more, so it is atomic without a way back. Cost: the slots,
 * never the size of the document.
 */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/digest.h"

struct pl_doc *pl_doc_new(void)
{
    struct pl_doc *d = pl_mem_calloc(PL_MEM_DOC, 1, sizeof *d);

    d->root = entry_add(d, PL_EID_ROOT, PL_KIND_REVIEW);
    return d;
}

void pl_doc_free(struct pl_doc *d)
{
    struct pl_entry *en;
    struct pl_entry *tmp;

    if (d == NULL)
        return;
    HASH_ITER (hh, d->entries, en, tmp) {
        HASH_DEL(d->entries, en);
        entry_free(en);
    }
    pl_mem_free(PL_MEM_DOC, d);
}

static void copy_contents(struct pl_doc *d, struct pl_entry *to, const struct pl_entry *from)
{
    to->created_by = from->created_by;
    to->created_us = from->created_us;
    to->changed_us = from->changed_us;
    entry_set_dead(d, to, from->dead);
    for (uint32_t i = 0; i < from->regs_n; i++)
        entry_set_reg(d, to, from->regs[i].field, &from->regs[i].value);
    for (uint32_t i = 0; i < from->sets_n; i++)
        entry_set_elem(d, to, from->sets[i].field, &from->sets[i].elem, true);
    for (uint32_t i = 0; i < from->texts_n; i++) {
        struct pl_text *src = &from->texts[i]->text;
        pl_text_assign(&entry_write_text(d, to, from->texts[i]->field)->text, pl_text_cstr(src),
                       pl_text_bytes(src));
    }
}

struct pl_doc *pl_doc_dup(const struct pl_doc *d)
{
    struct pl_doc *copy = pl_doc_new();

    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next) {
        if (en != d->root)
            (void)entry_add(copy, pl_entry_eid(en), en->kind);
    }
    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next) {
        struct pl_entry *to = pl_doc_entry(copy, pl_entry_eid(en));
        if (en->parent != NULL)
            tree_place(copy, to, pl_doc_entry(copy, en->parent_eid), &en->key);
        copy_contents(copy, to, en);
    }
    memcpy(copy->max_no, d->max_no, sizeof copy->max_no);
    copy->text_bytes = d->text_bytes;
    copy->rev = d->rev;
    return copy;
}

/* --- applying ---------------------------------------------------------------------- */

/* Is the entry there, or made by this changeset? */
static bool is_known(const struct pl_doc *d, const struct pl_cs *cs, struct pl_eid eid)
{
    return pl_doc_entry(d, eid) != NULL || pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

static int fit_slot(const struct pl_doc *d, const struct pl_cs *cs, const struct pl_slot *s,
                    struct pl_err *e)
{
    struct pl_entry *en = pl_doc_entry(d, s->eid);
    const struct pl_text *t;

    if (s->kind == PL_SLOT_CREATE) {
        if (en != NULL)
            return pl_fail(e, PL_E_BADOP, "a %s is created twice", pl_kind_name(s->create_kind));
    } else if (en == NULL && pl_cs_find(cs, PL_SLOT_CREATE, s->eid, 0, NULL) == NULL) {
        return pl_fail(e, PL_E_NOENT, "there is no such entry");
    }
    switch (s->kind) {
    case PL_SLOT_CREATE:
    case PL_SLOT_PLACE:
        if (pl_eid_is_root(s->eid))
            return pl_fail(e, PL_E_BADOP, "the review itself has no place");
        if (!is_known(d, cs, s->parent))
            return pl_fail(e, PL_E_NOENT, "there is no such place");
        return 0;
    case PL_SLOT_TEXT:
        t = en != NULL ? pl_entry_text(en, s->field) : NULL;
        if (s->op.base_len != (t != NULL ? pl_text_len(t) : 0))
            return pl_fail(e, PL_E_BADOP, "an edit of a text of %u characters, there are %zu",
                           s->op.base_len, t != NULL ? pl_text_len(t) : 0);
        return 0;
    case PL_SLOT_DEAD:
    case PL_SLOT_REG:
    case PL_SLOT_ELEM:
        return 0;
    }
    return pl_fail(e, PL_E_BADOP, "unknown kind of slot");
}

static void apply_text(struct pl_doc *d, struct pl_entry *en, const struct pl_slot *s)
{
    struct pl_text *t = &entry_write_text(d, en, s->field)->text;

    d->text_bytes -= pl_text_bytes(t);
    if (pl_op_apply(&s->op, t, NULL) != 0)
        PL_BUG("a text op that fitted did not apply");
    d->text_bytes += pl_text_bytes(t);
}

static void apply_slot(struct pl_doc *d, const struct pl_slot *s, const struct pl_rev_meta *meta)
{
    struct pl_entry *en = pl_doc_entry(d, s->eid);

    if (meta != NULL && meta->at_us != 0)
        en->changed_us = meta->at_us;
    switch (s->kind) {
    case PL_SLOT_CREATE:
        en->created_by = meta != NULL ? meta->user : 0;
        en->created_us = meta != NULL ? meta->at_us : 0;
        tree_place(d, en, pl_doc_entry(d, s->parent), &s->key);
        return;
    case PL_SLOT_DEAD:
        entry_set_dead(d, en, s->flag);
        return;
    case PL_SLOT_PLACE:
        tree_place(d, en, pl_doc_entry(d, s->parent), &s->key);
        return;
    case PL_SLOT_REG:
        entry_set_reg(d, en, s->field, &s->value);
        return;
    case PL_SLOT_ELEM:
        entry_set_elem(d, en, s->field, &s->elem, s->flag);
        return;
    case PL_SLOT_TEXT:
        apply_text(d, en, s);
        return;
    }
    PL_BUG("unknown kind of slot");
}

int pl_doc_apply(struct pl_doc *d, const struct pl_cs *cs, const struct pl_rev_meta *meta,
                 struct pl_err *e)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        int rc = fit_slot(d, cs, cs->slots[i], e);
        if (rc != 0)
            return rc;
    }
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i]->kind == PL_SLOT_CREATE)
            (void)entry_add(d, cs->slots[i]->eid, cs->slots[i]->create_kind);
    }
    for (uint32_t i = 0; i < cs->n; i++)
        apply_slot(d, cs->slots[i], meta);
    if (meta != NULL && meta->rev != 0)
        d->rev = meta->rev;
    return 0;
}

void pl_doc_settle(struct pl_doc *d, const struct pl_cs *cs, const struct pl_rev_meta *meta)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        struct pl_entry *en = pl_doc_entry(d, cs->slots[i]->eid);
        if (en == NULL)
            continue;
        if (meta->at_us != 0)
            en->changed_us = meta->at_us;
        if (cs->slots[i]->kind == PL_SLOT_CREATE) {
            en->created_by = meta->user;
            en->created_us = meta->at_us;
        }
    }
    if (meta->rev != 0)
        d->rev = meta->rev;
}

/* --- totals and the state view ----------------------------------------------------- */

uint64_t pl_doc_rev(const struct pl_doc *d)
{
    return d->rev;
}

void pl_doc_set_rev(struct pl_doc *d, uint64_t rev)
{
    d->rev = rev;
}

uint64_t pl_doc_digest(struct pl_doc *d)
{
    while (d->stale != NULL) {
        struct text_row *row = d->stale;
        d->stale = row->next_stale;
        row->next_stale = NULL;
        row->stale = false;
        row->hash = pl_digest_text(row->eid, row->field, &row->text);
        d->digest ^= row->hash;
    }
    return d->digest;
}

size_t pl_doc_text_bytes(const struct pl_doc *d)
{
    return d->text_bytes;
}

size_t pl_doc_entry_count(const struct pl_doc *d)
{
    return d->count;
}

int64_t pl_doc_max_no(const struct pl_doc *d, uint32_t kind)
{
    return kind <= PL_KIND_MAX ? d->max_no[kind] : 0;
}

static bool view_reg(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_value **v)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    if (en != NULL)
        *v = pl_entry_reg(en, field);
    return en != NULL;
}

static bool view_place(void *ctx, struct pl_eid eid, struct pl_eid *parent,
                       const struct pl_key **key)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    if (en != NULL) {
        *parent = en->parent_eid;
        *key = &en->key;
    }
    return en != NULL;
}

static bool view_dead(void *ctx, struct pl_eid eid, bool *dead)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    if (en != NULL)
        *dead = en->dead;
    return en != NULL;
}

static bool view_elem(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_elem *el,
                      bool *in)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    if (en != NULL)
        *in = pl_entry_has(en, field, el->b, el->len);
    return en != NULL;
}

static const struct pl_text *view_text(void *ctx, struct pl_eid eid, uint32_t field)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    return en != NULL ? pl_entry_text(en, field) : NULL;
}

struct pl_state_view pl_doc_view(const struct pl_doc *d)
{
    /* The view only reads; the callbacks' context is not const because other states need it. */
    union {
        const struct pl_doc *in;
        void *out;
    } ctx = {.in = d};

    return (struct pl_state_view){.reg = view_reg,
                                  .place = view_place,
                                  .dead = view_dead,
                                  .elem = view_elem,
                                  .text = view_text,
                                  .ctx = ctx.out};
}
