// SPDX-License-Identifier: Apache-2.0
/*
 * Judging a changeset before it is committed: does it fit, does every value mean something, does
 * the review stay inside its limits? What passes here applies. Never changes the document; costs
 * the slots, plus the depth of the tree for what moves, plus the size of what it drags along.
 */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/rules.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

struct check {
    const struct pl_doc *d;
    const struct pl_cs *cs;
    bool as_server;
    size_t text_added; /* bytes, upper bound */
    struct pl_err *e;
};

/* An entry as it will be: in the document, made by the changeset, or both unknown (kind 0). */
static uint32_t kind_of(const struct check *c, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(c->d, eid);
    const struct pl_slot *made;

    if (en != NULL)
        return en->kind;
    made = pl_cs_find(c->cs, PL_SLOT_CREATE, eid, 0, NULL);
    return made != NULL ? made->create_kind : 0;
}

/* What to call an entry in a message: "E-9", or "new event". */
static void name_entry(const struct check *c, struct pl_eid eid, char out[32])
{
    const struct pl_entry *en = pl_doc_entry(c->d, eid);
    int64_t no = en != NULL ? pl_entry_int(en, PL_F_NO, 0) : 0;

    if (no > 0) {
        pl_short_id_format(out, en->kind, no);
        return;
    }
    (void)snprintf(out, 32, "%s%s", en == NULL ? "new " : "", pl_kind_name(kind_of(c, eid)));
}

static int fail_entry(const struct check *c, const struct pl_slot *s, int code, const char *why)
{
    char name[32];

    name_entry(c, s->eid, name);
    return pl_fail(c->e, code, "%s: %s", name, why);
}

/* Puts the entry's name in front of an error that names the field. */
static int wrap_entry(const struct check *c, const struct pl_slot *s, int rc)
{
    char name[32];

    if (rc != 0) {
        name_entry(c, s->eid, name);
        pl_wrap(c->e, "%s", name);
    }
    return rc;
}

/* --- places ------------------------------------------------------------------------ */

/* Parent of an entry once the changeset is applied; false at the root or for an unknown entry. */
static bool parent_after(const struct check *c, struct pl_eid eid, struct pl_eid *parent)
{
    const struct pl_slot *s = pl_cs_find(c->cs, PL_SLOT_PLACE, eid, 0, NULL);
    const struct pl_entry *en = pl_doc_entry(c->d, eid);

    if (pl_eid_is_root(eid))
        return false;
    if (s == NULL && en == NULL)
        s = pl_cs_find(c->cs, PL_SLOT_CREATE, eid, 0, NULL);
    if (s != NULL)
        *parent = s->parent;
    else if (en != NULL)
        *parent = en->parent_eid;
    return s != NULL || en != NULL;
}

static bool dead_after(const struct check *c, struct pl_eid eid)
{
    const struct pl_slot *s = pl_cs_find(c->cs, PL_SLOT_DEAD, eid, 0, NULL);
    const struct pl_entry *en = pl_doc_entry(c->d, eid);

    if (s != NULL)
        return s->flag;
    return en != NULL && en->dead;
}

/* How many levels hang below an entry (0: none), looking at no more than the limit allows. */
static unsigned height_of(const struct pl_entry *en)
{
    struct pl_entry **level = NULL;
    size_t n = 0;
    unsigned height = 0;

    if (en == NULL || en->kids_n == 0)
        return 0;
    n = en->kids_n;
    level = pl_xmemdup(en->kids, n * sizeof(struct pl_entry *));
    while (n > 0 && height <= PL_DEPTH_MAX) {
        size_t next_n = 0;
        height++;
        for (size_t i = 0; i < n; i++)
            next_n += level[i]->kids_n;
        struct pl_entry **next = pl_xcalloc(next_n + 1, sizeof(struct pl_entry *));
        next_n = 0;
        for (size_t i = 0; i < n; i++) {
            /* In a view that holds a cycle the way down comes back to en: cut there. */
            if (level[i] == en || level[i]->kids_n == 0)
                continue;
            memcpy(&next[next_n], level[i]->kids, level[i]->kids_n * sizeof(struct pl_entry *));
            next_n += level[i]->kids_n;
        }
        free(level);
        level = next;
        n = next_n;
    }
    free(level);
    return height;
}

/* Follows the parents to the root: cycles, depth, and (for moves) removed entries on the way. */
static int check_way_up(const struct check *c, const struct pl_slot *s)
{
    struct pl_eid at = s->parent;
    unsigned depth = 1;

    for (;;) {
        if (pl_eid_eq(at, s->eid))
            return fail_entry(c, s, PL_E_CYCLE, "it would hang under itself");
        if (s->kind == PL_SLOT_PLACE && dead_after(c, at))
            return fail_entry(c, s, PL_E_DEADPARENT, "the new place was removed");
        if (pl_eid_is_root(at))
            break;
        if (++depth > PL_DEPTH_MAX)
            return fail_entry(c, s, PL_E_LIMIT, "too deep");
        if (!parent_after(c, at, &at))
            return fail_entry(c, s, PL_E_NOENT, "the new place is not known");
    }
    if (s->kind == PL_SLOT_PLACE && depth + height_of(pl_doc_entry(c->d, s->eid)) > PL_DEPTH_MAX)
        return fail_entry(c, s, PL_E_LIMIT, "too deep");
    return 0;
}

static int check_place(const struct check *c, const struct pl_slot *s)
{
    uint32_t kind = kind_of(c, s->eid);
    uint32_t parent_kind = kind_of(c, s->parent);
    int rc;

    if (pl_eid_is_root(s->eid))
        return fail_entry(c, s, PL_E_INVALID, "it has no place");
    if (parent_kind == 0)
        return fail_entry(c, s, PL_E_NOENT, "there is no such place");
    rc = pl_key_check(s->key.s, s->key.len, c->e);
    if (rc != 0)
        return wrap_entry(c, s, rc);
    if (!pl_kind_fits(kind, parent_kind)) {
        char name[32];
        name_entry(c, s->eid, name);
        return pl_fail(c->e, PL_E_INVALID, "%s: it cannot hang under a %s", name,
                       pl_kind_name(parent_kind));
    }
    return check_way_up(c, s);
}

static int check_create(const struct check *c, const struct pl_slot *s)
{
    const struct pl_kind_info *k = pl_kind_info(s->create_kind);

    if (pl_doc_entry(c->d, s->eid) != NULL)
        return fail_entry(c, s, PL_E_BADOP, "it is there already");
    if (k == NULL)
        return pl_fail(c->e, PL_E_INVALID, "there is no kind %u of entries", s->create_kind);
    if (!c->as_server && (s->eid.client == 0 || s->create_kind == PL_KIND_PARTICIPANT))
        return fail_entry(c, s, PL_E_INVALID, "only the server makes it");
    return check_place(c, s);
}

/* --- values ------------------------------------------------------------------------ */

static int find_field(const struct check *c, const struct pl_slot *s, const struct pl_field **out)
{
    const struct pl_field *f = pl_field_find(kind_of(c, s->eid), s->field);

    if (f == NULL) {
        char name[32];
        name_entry(c, s->eid, name);
        return pl_fail(c->e, PL_E_INVALID, "%s: it has no field %u", name, s->field);
    }
    if ((f->flags & PL_FF_SERVER) != 0 && !c->as_server) {
        const char *verb = pl_rules_verb(f->kind, f->number);
        int rc = pl_fail(c->e, PL_E_INVALID, "%s: only the server writes it%s%s", f->name,
                         verb != NULL ? ", by " : "", verb != NULL ? verb : "");
        return wrap_entry(c, s, rc);
    }
    *out = f;
    return 0;
}

static int check_link(const struct check *c, const struct pl_field *f, const struct pl_slot *s,
                      struct pl_eid to)
{
    uint32_t kind = kind_of(c, to);

    if (kind == 0 && pl_secret_is_draft(c->d)) /* it leads into the review; judged at the reveal */
        return 0;
    if (kind == 0)
        return wrap_entry(c, s, pl_fail(c->e, PL_E_NOENT, "%s: there is no such entry", f->name));
    if (f->ref != 0 && kind != f->ref)
        return wrap_entry(c, s,
                          pl_fail(c->e, PL_E_INVALID, "%s: a link to a %s, wanted is a %s", f->name,
                                  pl_kind_name(kind), pl_kind_name(f->ref)));
    return 0;
}

static int check_reg(const struct check *c, const struct pl_slot *s)
{
    const struct pl_field *f = NULL;
    int rc = find_field(c, s, &f);

    if (rc != 0)
        return rc;
    rc = pl_field_check_value(f, &s->value, c->e);
    if (rc != 0)
        return wrap_entry(c, s, rc);
    return s->value.type == PL_VAL_EID ? check_link(c, f, s, s->value.eid) : 0;
}

/* How many elements a set will have: now, plus and minus what the changeset does to it. */
static size_t set_count_after(const struct check *c, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(c->d, s->eid);
    size_t n = en != NULL ? pl_entry_set_count(en, s->field) : 0;
    size_t gone = 0;

    for (uint32_t i = 0; i < c->cs->n; i++) {
        const struct pl_slot *o = c->cs->slots[i];
        if (o->kind != PL_SLOT_ELEM || o->field != s->field || !pl_eid_eq(o->eid, s->eid))
            continue;
        bool in = en != NULL && pl_entry_has(en, s->field, o->elem.b, o->elem.len);
        if (o->flag && !in)
            n++;
        else if (!o->flag && in)
            gone++;
    }
    return n - gone;
}

static int check_elem(const struct check *c, const struct pl_slot *s)
{
    const struct pl_field *f = NULL;
    struct pl_eid to;
    int rc = find_field(c, s, &f);

    if (rc != 0)
        return rc;
    rc = pl_field_check_elem(f, &s->elem, c->e);
    if (rc != 0)
        return wrap_entry(c, s, rc);
    if (!s->flag)
        return 0;
    if (set_count_after(c, s) > PL_SET_MAX) {
        rc = pl_fail(c->e, PL_E_LIMIT, "%s: at most %u", f->name, PL_SET_MAX);
        return wrap_entry(c, s, rc);
    }
    return pl_eid_from_elem(&s->elem, &to) && f->type == PL_FT_SET_EID ? check_link(c, f, s, to)
                                                                       : 0;
}

/* Bytes that an op takes out of t. */
static size_t deleted_bytes(const struct pl_op *op, const struct pl_text *t)
{
    struct pl_op_iter it;
    struct pl_comp comp;
    size_t pos = 0;
    size_t bytes = 0;

    pl_op_iter_init(&it, op);
    while (pl_op_iter_next(&it, &comp)) {
        if (comp.kind == PL_INSERT)
            continue;
        if (comp.kind == PL_DELETE)
            bytes += pl_text_offset(t, pos + comp.n) - pl_text_offset(t, pos);
        pos += comp.n;
    }
    return bytes;
}

static int check_op(const struct check *c, const struct pl_slot *s, const struct pl_field *f,
                    size_t len)
{
    struct pl_op_iter it;
    struct pl_comp comp;
    size_t used = 0;

    if (s->op.base_len != len)
        return pl_fail(c->e, PL_E_BADOP, "%s: an edit of %u characters, there are %zu", f->name,
                       s->op.base_len, len);
    pl_op_iter_init(&it, &s->op);
    while (pl_op_iter_next(&it, &comp)) {
        if (comp.kind != PL_INSERT)
            used += comp.n;
        else if (!pl_utf8_is_clean(comp.bytes, comp.nbytes, NULL))
            return pl_fail(c->e, PL_E_BAD_TEXT, "%s: a character that is not allowed", f->name);
    }
    if (used > len)
        return pl_fail(c->e, PL_E_BADOP, "%s: an edit beyond the end of the text", f->name);
    return 0;
}

static int check_text(struct check *c, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(c->d, s->eid);
    const struct pl_text *t = en != NULL ? pl_entry_text(en, s->field) : NULL;
    const struct pl_field *f = NULL;
    size_t bytes = t != NULL ? pl_text_bytes(t) : 0;
    int rc = find_field(c, s, &f);

    if (rc != 0)
        return rc;
    if (f->type != PL_FT_TEXT)
        return wrap_entry(c, s, pl_fail(c->e, PL_E_INVALID, "%s is not a text", f->name));
    rc = check_op(c, s, f, t != NULL ? pl_text_len(t) : 0);
    if (rc != 0)
        return wrap_entry(c, s, rc);
    c->text_added += s->op.ins_len;
    /* Sizes of deletes are only worked out when they decide; growth is bounded by the inserts. */
    if (s->op.ins_len == 0 ||
        (bytes + s->op.ins_len <= PL_TEXT_FIELD_MAX && bytes + s->op.ins_len <= (size_t)f->max))
        return 0;
    size_t gone = t != NULL ? deleted_bytes(&s->op, t) : 0;
    if (bytes + s->op.ins_len - gone > PL_TEXT_FIELD_MAX ||
        pl_op_result_len(&s->op) > (size_t)f->max) {
        rc = pl_fail(c->e, PL_E_LIMIT, "%s: the text would be longer than %lld characters", f->name,
                     (long long)f->max);
        return wrap_entry(c, s, rc);
    }
    return 0;
}

/* --- the whole --------------------------------------------------------------------- */

static int check_slot(struct check *c, const struct pl_slot *s)
{
    if (s->kind == PL_SLOT_CREATE)
        return check_create(c, s);
    uint32_t kind = kind_of(c, s->eid);
    if (kind == 0)
        return pl_fail(c->e, PL_E_NOENT, "there is no such entry");
    switch (s->kind) {
    case PL_SLOT_CREATE:
        break;
    case PL_SLOT_DEAD:
        if (pl_eid_is_root(s->eid) || (kind == PL_KIND_PARTICIPANT && !c->as_server))
            return fail_entry(c, s, PL_E_INVALID, "it cannot be removed");
        return 0;
    case PL_SLOT_PLACE:
        if (kind == PL_KIND_PARTICIPANT && !c->as_server)
            return fail_entry(c, s, PL_E_INVALID, "only the server moves it");
        return check_place(c, s);
    case PL_SLOT_REG:
        return check_reg(c, s);
    case PL_SLOT_ELEM:
        return check_elem(c, s);
    case PL_SLOT_TEXT:
        return check_text(c, s);
    }
    return pl_fail(c->e, PL_E_BADOP, "unknown kind of slot");
}

static int check_counts(const struct check *c)
{
    uint32_t of[PL_KIND_MAX + 1];
    size_t entries = 0;

    memcpy(of, c->d->count_of, sizeof of);
    for (uint32_t i = 0; i < c->cs->n; i++) {
        if (c->cs->slots[i]->kind == PL_SLOT_CREATE)
            of[c->cs->slots[i]->create_kind]++;
    }
    for (uint32_t k = 1; k <= PL_KIND_MAX; k++) {
        const struct pl_kind_info *info = pl_kind_info(k);
        if (info->max != 0 && of[k] > info->max && of[k] > c->d->count_of[k])
            return pl_fail(c->e, PL_E_QUOTA, "a review holds at most %u entries of kind %s",
                           info->max, info->name);
        if (k != PL_KIND_COMMENT && k != PL_KIND_ANCHOR)
            entries += of[k];
    }
    /* The review itself does not count. */
    if (entries > PL_ENTRIES_MAX + 1)
        return pl_fail(c->e, PL_E_QUOTA, "a review holds at most %u entries", PL_ENTRIES_MAX);
    return 0;
}

int pl_doc_check(const struct pl_doc *d, const struct pl_cs *cs, bool as_server, struct pl_err *e)
{
    struct check c = {.d = d, .cs = cs, .as_server = as_server, .e = e};
    bool creates = false;

    if (cs->n > PL_CHANGESET_SLOTS_MAX && !as_server)
        return pl_fail(e, PL_E_LIMIT, "a changeset of %u slots, at most %u are allowed", cs->n,
                       PL_CHANGESET_SLOTS_MAX);
    for (uint32_t i = 0; i < cs->n; i++) {
        int rc = check_slot(&c, cs->slots[i]);
        if (rc != 0)
            return rc;
        creates = creates || cs->slots[i]->kind == PL_SLOT_CREATE;
    }
    if (c.text_added > 0 && d->text_bytes + c.text_added > PL_REVIEW_TEXT_MAX)
        return pl_fail(e, PL_E_QUOTA, "a review holds at most %u bytes of text",
                       PL_REVIEW_TEXT_MAX);
    return creates ? check_counts(&c) : 0;
}
