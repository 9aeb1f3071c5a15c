// SPDX-License-Identifier: Apache-2.0
/*
 * Refused changesets as text, one piece an entry, by the same words as history (model/changes.h).
 */
#include "model/offer.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "model/changes.h"

#define TEXT_ROOM (4u * 1024u * 1024u)
#define WHOLE_MAX 8000u /* bytes of a text that is shown whole */

static bool can_hold_comment(const struct pl_doc *now, const struct pl_entry *en)
{
    return en && pl_entry_is_visible(now, en) && pl_kind_fits(PL_KIND_COMMENT, pl_entry_kind(en));
}

/* The entry itself, else what it was to hang under, else the review. */
static struct pl_eid place_of(const struct pl_cs *lost, const struct pl_doc *now, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(now, eid);
    const struct pl_slot *made = pl_cs_find(lost, PL_SLOT_CREATE, eid, 0, NULL);

    if (can_hold_comment(now, en))
        return eid;
    struct pl_eid above = en ? pl_entry_parent(en) : made ? made->parent : PL_EID_ROOT;
    return can_hold_comment(now, pl_doc_entry(now, above)) ? above : PL_EID_ROOT;
}

/* The text with the change in it, when it still fits and is not long; else NULL. */
static char *as_it_would_read(const struct pl_cs *lost, const struct pl_doc *now,
                              const struct change *c)
{
    const struct pl_slot *s = pl_cs_find(lost, PL_SLOT_TEXT, c->eid, c->field->number, NULL);
    const struct pl_entry *en = pl_doc_entry(now, c->eid);
    const char *text = en ? pl_entry_cstr(en, c->field->number) : "";
    struct pl_text t;
    char *out = NULL;

    if (!s || strlen(text) > WHOLE_MAX)
        return NULL;
    pl_text_init(&t);
    pl_text_assign(&t, text, strlen(text));
    if (pl_op_apply(&s->op, &t, NULL) == 0 && pl_text_bytes(&t) <= WHOLE_MAX)
        out = pl_text_dup(&t);
    pl_text_release(&t);
    return out;
}

static int add_text(struct pl_buf *b, const struct pl_cs *lost, const struct pl_doc *now,
                    const struct change *c)
{
    char *whole = as_it_would_read(lost, now, c);
    int rc = whole ? pl_buf_printf(b, "%s, as it would read: %s\n", c->field->name, whole)
                   : pl_buf_printf(b, "%s: %s\n", c->field->name, c->diff);

    free(whole);
    return rc;
}

static int add_change(struct pl_buf *b, const struct pl_cs *lost, const struct pl_doc *now,
                      const struct change *c, bool is_new)
{
    const char *name = c->field ? c->field->name : "";
    bool is_body = c->field && c->field->number == PL_F_BODY;

    switch (c->kind) {
    case CHANGE_ADD:
        return 0;
    case CHANGE_TEXT:
        if (!is_new && !pl_str_eq(c->diff, c->to))
            return add_text(b, lost, now, c);
        return is_new && is_body ? pl_buf_printf(b, "%s\n", c->to)
                                 : pl_buf_printf(b, "%s: %s\n", name, c->to);
    case CHANGE_SET:
        return pl_buf_printf(b, "%s: %s\n", name, c->to[0] ? c->to : "none");
    case CHANGE_PUT:
        return pl_buf_printf(b, "%s: + %s\n", name, c->to);
    case CHANGE_TAKE:
        return pl_buf_printf(b, "%s: - %s\n", name, c->from);
    case CHANGE_REMOVE:
    case CHANGE_RESTORE:
    case CHANGE_MOVE:
        return pl_buf_printf(b, "%s\n", c->words);
    }
    return 0;
}

static const char *kind_word(uint32_t kind)
{
    const struct pl_kind_info *k = pl_kind_info(kind);
    return k ? k->name : "entry";
}

static bool is_created(const struct pl_cs *lost, struct pl_eid eid)
{
    return pl_cs_find(lost, PL_SLOT_CREATE, eid, 0, NULL) != NULL;
}

struct span {
    size_t from, to;
};

static char *text_of(const struct changes *all, struct span at, const struct pl_cs *lost,
                     const struct pl_doc *now, const char *why)
{
    const struct change *first = &all->items[at.from];
    bool is_new = is_created(lost, first->eid);
    struct pl_buf b;
    int rc = 0;

    pl_buf_init(&b, TEXT_ROOM);
    if (is_new)
        rc = pl_buf_printf(&b, "Meant as a new %s", kind_word(first->entry_kind));
    else
        rc = pl_buf_printf(&b, "Meant for %s", first->id);
    if (rc == 0)
        rc = pl_buf_printf(&b, "; not taken: %s\n\n", why);
    for (size_t i = at.from; rc == 0 && i < at.to; i++)
        rc = add_change(&b, lost, now, &all->items[i], is_new);
    while (b.len > 0 && b.data[b.len - 1] == '\n')
        b.len--;
    char *s = rc == 0 && b.len > 0 ? pl_buf_steal(&b, NULL) : NULL;
    pl_buf_release(&b);
    return s ? s : pl_xstrdup("");
}

void offers_of(struct offers *out, const struct pl_cs *lost, const struct pl_doc *now,
               const char *why)
{
    struct changes all;

    changes_of(&all, now, lost, now);
    out->items = pl_xcalloc(all.n + 1, sizeof(*out->items));
    out->n = 0;
    /* Slots stand in the order of entries. */
    for (size_t from = 0, to = 0; from < all.n; from = to) {
        struct pl_eid eid = all.items[from].eid;
        while (to < all.n && pl_eid_eq(all.items[to].eid, eid))
            to++;
        out->items[out->n++] =
            (struct offer){.about = eid,
                           .on = place_of(lost, now, eid),
                           .text = text_of(&all, (struct span){from, to}, lost, now, why)};
    }
    changes_release(&all);
}

void offers_release(struct offers *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->items[i].text);
    free(o->items);
    memset(o, 0, sizeof(*o));
}

char *offers_about(const struct pl_cs *lost, const struct pl_doc *now)
{
    struct changes all;
    struct pl_buf b;
    int rc = 0;

    pl_buf_init(&b, 4096);
    changes_of(&all, now, lost, now);
    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        const struct change *c = &all.items[i];
        if (i > 0 && pl_eid_eq(all.items[i - 1].eid, c->eid))
            continue;
        rc =
            pl_buf_printf(&b, "%s%s%s", i > 0 ? ", " : "", is_created(lost, c->eid) ? "a new " : "",
                          is_created(lost, c->eid) ? kind_word(c->entry_kind) : c->id);
    }
    changes_release(&all);
    char *s = b.len > 0 ? pl_buf_steal(&b, NULL) : NULL;
    pl_buf_release(&b);
    return s ? s : pl_xstrdup("");
}
