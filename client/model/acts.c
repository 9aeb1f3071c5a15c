// SPDX-License-Identifier: Apache-2.0
/*
 * Acts: each builds one changeset against the view and hands it to the review. Values are read by
 * the schema, so an error names the field and what it takes; the document judges the rest.
 */
#include "model/acts.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/rules.h"

#include "model/zone.h"
#include "sync/diff.h"

#define PARTICIPANTS_MAX 200

/* --- fields --------------------------------------------------------------------------------------
 */

static int put_text(struct pl_cs *cs, const struct pl_doc *d, struct pl_eid eid,
                    const struct pl_field *f, const char *text, struct pl_err *e)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    const char *now = en ? pl_entry_cstr(en, f->number) : "";
    size_t n = strlen(text);
    size_t bad = 0;
    if (!pl_utf8_is_clean(text, n, &bad))
        return pl_fail(e, PL_E_BAD_TEXT, "%s: byte %zu is not allowed in a text", f->name, bad);
    struct pl_op op;
    diff_text(&op, now, strlen(now), text, n);
    pl_cs_text(cs, eid, f->number, &op);
    return 0;
}

static int put_elem(struct pl_cs *cs, const struct pl_doc *d, struct pl_eid eid,
                    const struct pl_field *f, const char *value, struct pl_err *e)
{
    struct pl_elem el;
    struct pl_names names = pl_doc_names(d);
    bool in = value[0] != '-';
    const char *s = value[0] == '-' || value[0] == '+' ? value + 1 : value;
    int rc = pl_field_parse_elem(f, s, strlen(s), &names, &el, e);
    if (rc < 0)
        return rc;
    pl_cs_elem(cs, eid, f->number, el.b, el.len, in);
    return 0;
}

/* The schema knows no zones; this machine does. */
static int check_zone(const struct pl_field *f, const char *value, struct pl_err *e)
{
    bool is_zone = (f->kind == PL_KIND_REVIEW && f->number == PL_F_REVIEW_ZONE) ||
                   (f->kind == PL_KIND_EVENT && f->number == PL_F_EVENT_SOURCE_ZONE);
    if (!is_zone || value[0] == '\0' || pl_str_eq(value, "none"))
        return 0;
    return zone_check(value, e);
}

static int put_field(struct pl_cs *cs, const struct pl_doc *d, struct pl_eid eid, uint32_t kind,
                     const struct act_field *in, struct pl_err *e)
{
    const struct pl_field *f = pl_field_by_name(kind, in->name);
    struct pl_value v;
    if (!f)
        return act_unknown_field(kind, in->name, e);
    if (f->flags & PL_FF_SERVER)
        return pl_fail(e, PL_E_INVALID,
                       "%s is not set by hand; it comes with a command: status, session, people, "
                       "attend, actions ... ('plimsoll help' lists them)",
                       f->name);
    int rc = check_zone(f, in->value, e);
    if (rc < 0)
        return rc;
    if (f->type == PL_FT_TEXT)
        return put_text(cs, d, eid, f, in->value, e);
    if (pl_field_is_set(f))
        return put_elem(cs, d, eid, f, in->value, e);
    struct pl_names names = pl_doc_names(d);
    rc = pl_field_parse(f, in->value, strlen(in->value), &names, &v, e);
    if (rc < 0)
        return rc;
    pl_cs_reg(cs, eid, f->number, &v);
    pl_value_release(&v);
    return 0;
}

int act_unknown_field(uint32_t kind, const char *name, struct pl_err *e)
{
    const struct pl_field *f = NULL;
    for (size_t i = 0; (f = pl_field_at(kind, i)); i++)
        if (!(f->flags & PL_FF_SERVER) && pl_str_is_near(name, f->name))
            return pl_fail(e, PL_E_INVALID, "%s has no field '%s'; did you mean '%s'?",
                           pl_kind_name(kind), name, f->name);
    return pl_fail(e, PL_E_INVALID, "%s has no field '%s'; see 'plimsoll help fields'",
                   pl_kind_name(kind), name);
}

/* Hands cs over, or frees it after an error. The server's rules are asked here already. */
static int commit(struct review *r, struct pl_cs *cs, int rc, bool group, struct pl_err *e)
{
    if (rc == 0 && !pl_cs_is_empty(cs))
        rc = pl_rules_check(review_doc(r), cs, review_user(r), e);
    if (rc == 0 && !pl_cs_is_empty(cs))
        rc = review_edit(r, cs, group, e);
    pl_cs_release(cs);
    return rc;
}

/* --- acts ----------------------------------------------------------------------------------------
 */

int act_add(struct review *r, uint32_t kind, struct pl_eid parent, const struct act_field *fields,
            size_t n_fields, struct pl_eid *eid, struct pl_err *e)
{
    const struct pl_doc *d = review_doc(r);
    struct pl_key key;
    struct pl_cs cs;
    struct pl_eid id = sync_next_eid(review_sync(r));
    pl_cs_init(&cs);
    int rc = pl_doc_place_after(d, parent, NULL, true, id, &key, e);
    if (rc == 0)
        pl_cs_create(&cs, id, kind, parent, &key);
    for (size_t i = 0; rc == 0 && i < n_fields; i++)
        rc = put_field(&cs, d, id, kind, &fields[i], e);
    rc = commit(r, &cs, rc, false, e);
    if (rc == 0 && eid)
        *eid = id;
    return rc;
}

int act_set(struct review *r, struct pl_eid eid, const struct act_field *fields, size_t n_fields,
            struct pl_err *e)
{
    const struct pl_doc *d = review_doc(r);
    const struct pl_entry *en = pl_doc_entry(d, eid);
    struct pl_cs cs;
    int rc = 0;
    if (!en)
        return pl_fail(e, PL_E_NOENT, "there is no such entry");
    pl_cs_init(&cs);
    for (size_t i = 0; rc == 0 && i < n_fields; i++)
        rc = put_field(&cs, d, eid, pl_entry_kind(en), &fields[i], e);
    return commit(r, &cs, rc, false, e);
}

int act_remove(struct review *r, struct pl_eid eid, bool removed, struct pl_err *e)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, removed);
    return commit(r, &cs, 0, false, e);
}

/* The state of an action moves by commands, with their conditions, and takes these along. */
static uint64_t moved_by_commands(uint32_t kind)
{
#define BIT(f) (UINT64_C(1) << (f))
    uint64_t of_action = BIT(PL_F_ACTION_STATE) | BIT(PL_F_ACTION_STATE_REASON) |
                         BIT(PL_F_ACTION_MERGED_INTO) | BIT(PL_F_ACTION_FOLLOW_UP) |
                         BIT(PL_F_ACTION_EFFECT_DUE) | BIT(PL_F_ACTION_EFFECT_RESULT) |
                         BIT(PL_F_ACTION_EFFECT_VALUE);
#undef BIT
    return kind == PL_KIND_ACTION ? of_action : 0;
}

int act_restore(struct review *r, struct pl_eid eid, const struct pl_doc *then, struct pl_err *e)
{
    const struct pl_entry *now = pl_doc_entry(review_doc(r), eid);
    const struct pl_entry *old = pl_doc_entry(then, eid);
    struct pl_cs cs;
    if (!now || !old)
        return pl_fail(e, PL_E_NOENT, "the entry did not exist at revision %llu",
                       (unsigned long long)pl_doc_rev(then));
    pl_cs_init(&cs);
    diff_entry_fields(&cs, now, old, moved_by_commands(pl_entry_kind(now)));
    if (pl_entry_is_dead(now) != pl_entry_is_dead(old))
        pl_cs_dead(&cs, eid, pl_entry_is_dead(old));
    bool differs = !pl_cs_is_empty(&cs);
    int rc = commit(r, &cs, 0, false, e);
    return rc < 0 ? rc : differs;
}

int act_move(struct review *r, struct pl_eid eid, struct pl_eid parent, const struct pl_eid *after,
             struct pl_err *e)
{
    const struct pl_doc *d = review_doc(r);
    const struct pl_entry *behind = after ? pl_doc_entry(d, *after) : NULL;
    struct pl_key key;
    struct pl_cs cs;
    if (after && !behind)
        return pl_fail(e, PL_E_NOENT, "the entry to stand behind does not exist");
    pl_cs_init(&cs);
    int rc = pl_doc_place_after(d, parent, behind, false, eid, &key, e);
    if (rc == 0)
        pl_cs_place(&cs, eid, parent, &key);
    return commit(r, &cs, rc, false, e);
}

/* long: the seven words of a splice; a struct for one caller would say less */
/* NOLINTNEXTLINE(readability-function-size) */
int act_splice(struct review *r, struct pl_eid eid, uint32_t field, uint32_t pos, uint32_t ndel,
               const char *ins, size_t n, bool group, struct pl_err *e)
{
    const struct pl_entry *en = pl_doc_entry(review_doc(r), eid);
    struct pl_text none;
    struct pl_cs cs;
    struct pl_op op;
    size_t bad = 0;
    if (!en)
        return pl_fail(e, PL_E_NOENT, "the entry does not exist");
    const struct pl_text *t = pl_entry_text(en, field);
    pl_text_init(&none);
    if (!t)
        t = &none;
    if ((size_t)pos + ndel > pl_text_len(t))
        return pl_fail(e, PL_E_BADOP, "position %u is past the end of the text", pos);
    if (!pl_utf8_is_clean(ins, n, &bad))
        return pl_fail(e, PL_E_BAD_TEXT, "byte %zu is not allowed in a text", bad);
    pl_op_splice(&op, t, pos, ndel, ins, (uint32_t)n);
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, field, &op);
    return commit(r, &cs, 0, group, e);
}

/* Two changes of `base`: ours to `text`, theirs to what is here now; ours is brought over theirs.
 */
static void merge_op(struct pl_op *out, const char *base, const char *now, const char *text)
{
    struct pl_op ours;
    struct pl_op theirs;
    size_t n = strlen(base);
    diff_text(&ours, base, n, text, strlen(text));
    diff_text(&theirs, base, n, now, strlen(now));
    pl_op_transform(&ours, &theirs, out, NULL);
    pl_op_release(&ours);
    pl_op_release(&theirs);
}

int act_rewrite(struct review *r, struct pl_eid eid, uint32_t field, const char *base,
                const char *text, struct pl_err *e)
{
    const struct pl_entry *en = pl_doc_entry(review_doc(r), eid);
    struct pl_cs cs;
    struct pl_op op;
    size_t bad = 0;
    if (!en)
        return pl_fail(e, PL_E_NOENT, "the entry does not exist");
    if (!pl_utf8_is_clean(text, strlen(text), &bad))
        return pl_fail(e, PL_E_BAD_TEXT, "byte %zu is not allowed in a text", bad);
    const char *now = pl_entry_cstr(en, field);
    merge_op(&op, base ? base : now, now, text);
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, field, &op);
    return commit(r, &cs, 0, false, e);
}

/* "7f.3": client in hex, counter. */
static bool parse_raw(const char *s, struct pl_eid *out)
{
    const char *dot = strchr(s, '.');
    uint64_t n = 0;
    if (!dot || dot == s || dot - s > 16 || pl_parse_u64(dot + 1, &n) < 0 || n > UINT32_MAX)
        return false;
    uint64_t client = 0;
    for (const char *p = s; p < dot; p++) {
        const char *digits = "0123456789abcdef";
        const char *at = strchr(digits, pl_ascii_lower(*p));
        if (!at)
            return false;
        client = client << 4 | (uint64_t)(at - digits);
    }
    *out = (struct pl_eid){client, (uint32_t)n};
    return true;
}

static struct pl_entry *participant(const struct pl_doc *d, const char *handle)
{
    struct pl_entry *all[PARTICIPANTS_MAX];
    size_t n = pl_doc_list(d, PL_KIND_PARTICIPANT, all, PARTICIPANTS_MAX);
    for (size_t i = 0; i < n && i < PARTICIPANTS_MAX; i++)
        if (pl_strcasecmp(pl_entry_str(all[i], PL_F_PARTICIPANT_HANDLE), handle) == 0)
            return all[i];
    return NULL;
}

int act_find(const struct pl_doc *d, const char *id, uint32_t kind_or_0, struct pl_entry **out,
             struct pl_err *e)
{
    uint32_t kind = 0;
    int64_t no = 0;
    struct pl_eid eid;
    struct pl_entry *en = NULL;
    if (parse_raw(id, &eid)) {
        en = pl_doc_entry(d, eid);
    } else if (pl_short_id_parse(id, strlen(id), &kind, &no, NULL) < 0 &&
               (en = participant(d, id)) != NULL) {
        /* people have handles instead of numbers */
    } else {
        int rc = pl_short_id_parse(id, strlen(id), &kind, &no, e);
        if (rc < 0)
            return rc;
        en = kind == PL_KIND_REVIEW ? pl_doc_root(d) : pl_doc_find_no(d, kind, no);
    }
    if (!en)
        return pl_fail(e, PL_E_NOENT, "%s does not exist in this review", id);
    if (kind_or_0 != 0 && pl_entry_kind(en) != kind_or_0)
        return pl_fail(e, PL_E_INVALID, "%s is not of kind %s", id, pl_kind_name(kind_or_0));
    *out = en;
    return 0;
}
