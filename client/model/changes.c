// SPDX-License-Identifier: Apache-2.0
/*
 * Revisions taken apart, slot by slot. Values are written by the schema, so a new field is shown
 * without a change here; phrases for what people do by commands are in changes_words.c.
 */
#include "model/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "sync/diff.h"

#define TEXT_ROOM   (16u * 1024u * 1024u)
#define LABEL_CHARS 80
#define AROUND      18 /* characters of unchanged text shown beside a change */

static char *stolen(struct pl_buf *b)
{
    char *s = b->len > 0 ? pl_buf_steal(b, NULL) : NULL;
    pl_buf_release(b);
    return s ? s : pl_xstrdup("");
}

void changes_entry_name(const struct pl_doc *now, struct pl_eid eid, uint32_t kind,
                        char out[PL_SHORT_ID_MAX])
{
    const struct pl_entry *en = pl_doc_entry(now, eid);
    int64_t no = en ? pl_entry_int(en, PL_F_NO, 0) : 0;

    if (pl_eid_is_root(eid))
        (void)pl_strlcpy(out, "review", PL_SHORT_ID_MAX);
    else if (no > 0)
        pl_short_id_format(out, pl_entry_kind(en), no);
    else
        (void)pl_strlcpy(out, pl_kind_name(kind), PL_SHORT_ID_MAX);
}

/* --- texts --------------------------------------------------------------------------------------
 */

/* Walks over a text in characters. */
struct walk {
    const char *s;
    size_t len, at;
};

/* The next n characters as a stretch of bytes. */
static size_t walk_over(struct walk *w, uint32_t n)
{
    size_t from = w->at;
    for (; n > 0 && w->at < w->len; n--) {
        w->at++;
        while (w->at < w->len && ((unsigned char)w->s[w->at] & 0xC0) == 0x80)
            w->at++;
    }
    return w->at - from;
}

static int add_around(struct pl_buf *out, const char *s, size_t n, bool is_first, bool is_last)
{
    struct walk w = {s, n, 0};
    uint32_t chars = (uint32_t)pl_utf8_count(s, n);
    uint32_t head = is_first ? 0 : AROUND;
    uint32_t tail = is_last ? 0 : AROUND;
    int rc = 0;

    if (chars <= head + tail)
        return pl_buf_add(out, s, n);
    size_t front = walk_over(&w, head);
    rc = pl_buf_add(out, s, front);
    if (rc == 0)
        rc = pl_buf_add_str(out, "\xE2\x80\xA6");
    (void)walk_over(&w, chars - head - tail);
    return rc == 0 ? pl_buf_add(out, s + w.at, n - w.at) : rc;
}

static int add_marked(struct pl_buf *out, const char *open, const void *s, size_t n,
                      const char *close)
{
    int rc = pl_buf_add_str(out, open);
    if (rc == 0)
        rc = pl_buf_add(out, s, n);
    return rc == 0 ? pl_buf_add_str(out, close) : rc;
}

int changes_diff(const struct pl_op *op, const char *text, struct pl_buf *out)
{
    struct walk w = {text, strlen(text), 0};
    struct pl_op_iter it;
    struct pl_comp c;
    struct pl_comp come = {.nbytes = 0}; /* stands before what it replaces; is read behind it */
    bool is_first = true;
    int rc = 0;

    pl_op_iter_init(&it, op);
    while (rc == 0 && pl_op_iter_next(&it, &c)) {
        const char *here = w.s + w.at;
        size_t n = c.kind == PL_INSERT ? 0 : walk_over(&w, c.n);
        if (c.kind == PL_DELETE)
            rc = add_marked(out, "[-", here, n, "-]");
        if (rc == 0 && come.nbytes > 0)
            rc = add_marked(out, "{+", come.bytes, come.nbytes, "+}");
        come.nbytes = 0;
        if (c.kind == PL_INSERT)
            come = c;
        else if (rc == 0 && c.kind == PL_RETAIN)
            rc = add_around(out, here, n, is_first, false);
        is_first = false;
    }
    if (rc == 0 && come.nbytes > 0)
        rc = add_marked(out, "{+", come.bytes, come.nbytes, "+}");
    if (rc == 0)
        rc = add_around(out, w.s + w.at, w.len - w.at, is_first, true);
    return rc;
}

/* All that op deletes and all that it inserts, pieces parted by an ellipsis. */
static void take_pieces(struct change *c, const struct pl_op *op, const char *text)
{
    struct walk w = {text, strlen(text), 0};
    struct pl_op_iter it;
    struct pl_comp k;
    struct pl_buf gone, come, diff;
    int rc = 0;

    pl_buf_init(&gone, TEXT_ROOM);
    pl_buf_init(&come, TEXT_ROOM);
    pl_buf_init(&diff, TEXT_ROOM);
    pl_op_iter_init(&it, op);
    while (rc == 0 && pl_op_iter_next(&it, &k)) {
        const char *here = w.s + w.at;
        struct pl_buf *b = k.kind == PL_INSERT ? &come : &gone;
        size_t n = k.kind == PL_INSERT ? k.nbytes : walk_over(&w, k.n);
        if (k.kind == PL_RETAIN)
            continue;
        if (b->len > 0)
            rc = pl_buf_add_str(b, "\xE2\x80\xA6");
        if (rc == 0)
            rc = pl_buf_add(b, k.kind == PL_INSERT ? (const char *)k.bytes : here, n);
    }
    if (rc == 0)
        rc = changes_diff(op, text, &diff);
    if (rc < 0)
        pl_buf_clear(&diff);
    c->from = stolen(&gone);
    c->to = stolen(&come);
    c->diff = stolen(&diff);
}

/* --- one slot -----------------------------------------------------------------------------------
 */

static char *reg_text(const struct pl_field *f, const struct pl_value *v, const struct pl_doc *now)
{
    struct pl_names names = pl_doc_names(now);
    struct pl_buf b;

    pl_buf_init(&b, TEXT_ROOM);
    if (pl_field_format(f, v, &names, &b) < 0)
        pl_buf_clear(&b);
    return stolen(&b);
}

static char *elem_text(const struct pl_field *f, const struct pl_elem *el, const struct pl_doc *now)
{
    struct pl_names names = pl_doc_names(now);
    struct pl_buf b;

    pl_buf_init(&b, TEXT_ROOM);
    if (pl_field_format_elem(f, el, &names, &b) < 0)
        pl_buf_clear(&b);
    return stolen(&b);
}

/* First line of what a new entry is called or says. */
static char *new_label(const struct pl_cs *cs, struct pl_eid eid, uint32_t kind)
{
    static const uint32_t none[] = {PL_F_TITLE, PL_F_BODY, 0};
    static const uint32_t person[] = {PL_F_PARTICIPANT_NAME, 0};
    static const uint32_t waiver[] = {PL_F_WAIVER_CHECK, 0};
    static const uint32_t evidence[] = {PL_F_EVIDENCE_REFERENCE, PL_F_BODY, 0};
    const uint32_t *look = kind == PL_KIND_PARTICIPANT ? person
                           : kind == PL_KIND_WAIVER    ? waiver
                           : kind == PL_KIND_EVIDENCE  ? evidence
                                                       : none;
    for (; *look != 0; look++) {
        const struct pl_slot *reg = pl_cs_find(cs, PL_SLOT_REG, eid, *look, NULL);
        const struct pl_slot *text = pl_cs_find(cs, PL_SLOT_TEXT, eid, *look, NULL);
        struct pl_op_iter it;
        struct pl_comp c;
        if (reg && reg->value.type == PL_VAL_STR && reg->value.str_len > 0)
            return pl_xstrdup(reg->value.str);
        if (!text)
            continue;
        pl_op_iter_init(&it, &text->op);
        if (!pl_op_iter_next(&it, &c) || c.kind != PL_INSERT)
            continue;
        const void *end = memchr(c.bytes, '\n', c.nbytes);
        size_t n = end ? (size_t)((const uint8_t *)end - c.bytes) : c.nbytes;
        size_t cut = pl_utf8_offset(c.bytes, n, LABEL_CHARS);
        return pl_xasprintf("%.*s%s", (int)(cut < n ? cut : n), (const char *)c.bytes,
                            cut < n ? "\xE2\x80\xA6" : "");
    }
    return pl_xstrdup("");
}

static char *old_label(const struct pl_doc *d, struct pl_eid eid)
{
    char label[4 * LABEL_CHARS];
    const struct pl_entry *en = pl_doc_entry(d, eid);

    label[0] = '\0';
    if (en)
        (void)pl_entry_label(en, label, sizeof(label));
    return pl_xstrdup(label);
}

static uint32_t kind_in(const struct pl_doc *before, const struct pl_cs *cs, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(before, eid);
    const struct pl_slot *made = pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL);

    return en ? pl_entry_kind(en) : made ? made->create_kind : PL_KIND_NONE;
}

static void take_field(struct change *c, const struct pl_doc *before, const struct pl_slot *s,
                       const struct pl_doc *now)
{
    static const struct pl_value unset = {.type = PL_VAL_NULL};
    const struct pl_entry *en = pl_doc_entry(before, s->eid);

    if (s->kind == PL_SLOT_TEXT) {
        c->kind = CHANGE_TEXT;
        take_pieces(c, &s->op, en ? pl_entry_cstr(en, s->field) : "");
    } else if (s->kind == PL_SLOT_ELEM) {
        char *el = elem_text(c->field, &s->elem, now);
        c->kind = s->flag ? CHANGE_PUT : CHANGE_TAKE;
        c->from = s->flag ? pl_xstrdup("") : el;
        c->to = s->flag ? el : pl_xstrdup("");
    } else {
        c->kind = CHANGE_SET;
        c->from = reg_text(c->field, en ? pl_entry_reg(en, s->field) : &unset, now);
        c->to = reg_text(c->field, &s->value, now);
    }
}

static void take_entry(struct change *c, const struct pl_doc *before, const struct pl_cs *cs,
                       const struct pl_slot *s, const struct pl_doc *now)
{
    const struct pl_entry *en = pl_doc_entry(before, s->eid);
    char name[PL_SHORT_ID_MAX];

    if (s->kind == PL_SLOT_CREATE) {
        c->kind = CHANGE_ADD;
        c->to = new_label(cs, s->eid, s->create_kind);
    } else if (s->kind == PL_SLOT_DEAD) {
        char *label = old_label(en ? before : now, s->eid);
        c->kind = s->flag ? CHANGE_REMOVE : CHANGE_RESTORE;
        c->from = s->flag ? label : pl_xstrdup("");
        c->to = s->flag ? pl_xstrdup("") : label;
    } else {
        struct pl_eid above = en ? pl_entry_parent(en) : PL_EID_ROOT;
        c->kind = CHANGE_MOVE;
        changes_entry_name(now, above, kind_in(before, cs, above), name);
        c->from = pl_xstrdup(name);
        changes_entry_name(now, s->parent, kind_in(before, cs, s->parent), name);
        c->to = pl_xstrdup(name);
    }
}

static struct change *change_new(struct changes *out)
{
    if (out->n == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 8;
        out->items = pl_xrealloc(out->items, out->cap, sizeof(*out->items));
    }
    struct change *c = &out->items[out->n++];
    memset(c, 0, sizeof(*c));
    return c;
}

static void change_end(struct change *c, const struct pl_doc *now)
{
    c->from = c->from ? c->from : pl_xstrdup("");
    c->to = c->to ? c->to : pl_xstrdup("");
    c->diff = c->diff ? c->diff : pl_xstrdup("");
    change_word(c, now);
}

void changes_of(struct changes *out, const struct pl_doc *before, const struct pl_cs *cs,
                const struct pl_doc *now)
{
    memset(out, 0, sizeof(*out));
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        uint32_t kind = kind_in(before, cs, s->eid);
        const struct pl_field *f = s->field ? pl_field_find(kind, s->field) : NULL;
        if (s->field != 0 && !f) /* of a newer version: it cannot be shown */
            continue;
        struct change *c = change_new(out);
        c->eid = s->eid;
        c->entry_kind = kind;
        c->field = f;
        c->is_part =
            s->kind != PL_SLOT_CREATE && pl_cs_find(cs, PL_SLOT_CREATE, s->eid, 0, NULL) != NULL;
        changes_entry_name(now, s->eid, kind, c->id);
        if (f)
            take_field(c, before, s, now);
        else
            take_entry(c, before, cs, s, now);
        change_end(c, now);
    }
}

void changes_of_text(struct changes *out, const struct pl_doc *now, struct pl_eid eid,
                     const struct pl_field *f, const char *from, const char *to)
{
    struct pl_op op;

    memset(out, 0, sizeof(*out));
    struct change *c = change_new(out);
    c->kind = CHANGE_TEXT;
    c->eid = eid;
    c->entry_kind = f->kind;
    c->field = f;
    changes_entry_name(now, eid, f->kind, c->id);
    diff_text(&op, from, strlen(from), to, strlen(to));
    take_pieces(c, &op, from);
    pl_op_release(&op);
    change_end(c, now);
}

void changes_release(struct changes *cs)
{
    for (size_t i = 0; i < cs->n; i++) {
        free(cs->items[i].from);
        free(cs->items[i].to);
        free(cs->items[i].diff);
        free(cs->items[i].words);
    }
    free(cs->items);
    memset(cs, 0, sizeof(*cs));
}

char *changes_words(const struct changes *cs, const struct pl_eid *eid,
                    const struct pl_field *field, size_t max)
{
    struct pl_buf b;
    size_t shown = 0;
    size_t more = 0;
    int rc = 0;

    pl_buf_init(&b, TEXT_ROOM);
    for (size_t i = 0; rc == 0 && i < cs->n; i++) {
        const struct change *c = &cs->items[i];
        if ((eid && !pl_eid_eq(c->eid, *eid)) || (field && c->field != field) ||
            (!field && (c->is_part || c->is_quiet)))
            continue;
        if (shown == max) {
            more++;
            continue;
        }
        if (shown++ > 0)
            rc = pl_buf_add_str(&b, ", ");
        if (rc == 0)
            rc = pl_buf_add_str(&b, c->words);
    }
    if (rc == 0 && more > 0)
        rc = pl_buf_printf(&b, " and %zu more", more);
    return stolen(&b);
}
