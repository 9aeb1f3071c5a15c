// SPDX-License-Identifier: Apache-2.0
/*
 * Rescue files. They are for people: the text of every slot stands under a line that says where it
 * belonged. Files are never overwritten; a number is counted up until a name is free.
 */
#include "sync/rescue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"

#define PATH_SIZE 1024
#define TRIES     1000
#define TYPED_EXT "typed"

void rescue_host_name(char *out, size_t size, const char *host)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.";

    (void)pl_strlcpy(out, host, size);
    for (char *p = out; *p != '\0'; p++) {
        if (strchr(ok, *p) == NULL || (p == out && *p == '.'))
            *p = '_';
    }
}

/* --- as text ------------------------------------------------------------------------------------
 */

static uint32_t kind_of(const struct pl_cs *cs, const struct pl_doc *doc, struct pl_eid eid)
{
    const struct pl_entry *en = doc != NULL ? pl_doc_entry(doc, eid) : NULL;
    const struct pl_slot *made = pl_cs_find(cs, PL_SLOT_CREATE, eid, 0, NULL);

    if (en != NULL)
        return pl_entry_kind(en);
    if (pl_eid_is_root(eid))
        return PL_KIND_REVIEW;
    return made != NULL ? made->create_kind : 0;
}

static int put_place(struct pl_buf *out, const struct pl_cs *cs, const struct pl_doc *doc,
                     const struct pl_slot *sl)
{
    const struct pl_entry *en = doc != NULL ? pl_doc_entry(doc, sl->eid) : NULL;
    uint32_t kind = kind_of(cs, doc, sl->eid);
    const struct pl_field *f = pl_field_find(kind, sl->field);
    int64_t no = en != NULL ? pl_entry_int(en, PL_F_NO, 0) : 0;
    char id[PL_SHORT_ID_MAX] = "new";

    if (no > 0)
        pl_short_id_format(id, kind, no);
    int rc = pl_buf_printf(out, "\n## %s %s", pl_kind_name(kind), id);
    if (rc == 0 && sl->field != 0)
        rc = pl_buf_printf(out, ", %s", f != NULL ? f->label : "field");
    return rc == 0 ? pl_buf_add_str(out, "\n") : rc;
}

static int put_value(struct pl_buf *out, const struct pl_value *v)
{
    switch (v->type) {
    case PL_VAL_NULL:
        return pl_buf_add_str(out, "(nothing)\n");
    case PL_VAL_INT:
        return pl_buf_printf(out, "%" PRId64 "\n", v->i);
    case PL_VAL_STR:
        return pl_buf_printf(out, "%s\n", v->str);
    case PL_VAL_EID:
        return pl_buf_printf(out, "%" PRIx64 ".%u\n", v->eid.client, v->eid.n);
    }
    PL_BUG("value type");
}

static int put_op(struct pl_buf *out, const struct pl_op *op)
{
    struct pl_op_iter it;
    struct pl_comp c;
    int rc = 0;

    pl_op_iter_init(&it, op);
    while (rc == 0 && pl_op_iter_next(&it, &c)) {
        if (c.kind == PL_RETAIN)
            continue;
        if (c.kind == PL_DELETE && c.bytes == NULL)
            continue;
        rc = pl_buf_add_str(out, c.kind == PL_INSERT ? "typed:\n" : "deleted:\n");
        if (rc == 0)
            rc = pl_buf_add(out, c.bytes, c.nbytes);
        if (rc == 0)
            rc = pl_buf_add_str(out, "\n");
    }
    return rc;
}

/* Tags are text, links are the bytes of an id. */
static int put_elem(struct pl_buf *out, const struct pl_slot *sl)
{
    char hex[2 * PL_ELEM_MAX + 1];
    bool clean = pl_utf8_is_clean(sl->elem.b, sl->elem.len, NULL);

    pl_hex_encode(sl->elem.b, sl->elem.len, hex);
    int rc = pl_buf_add_str(out, sl->flag ? "added " : "taken out ");
    if (rc == 0)
        rc = clean ? pl_buf_add(out, sl->elem.b, sl->elem.len) : pl_buf_add_str(out, hex);
    return rc == 0 ? pl_buf_add_str(out, "\n") : rc;
}

static int put_slot(struct pl_buf *out, const struct pl_slot *sl)
{
    switch (sl->kind) {
    case PL_SLOT_CREATE:
        return pl_buf_add_str(out, "created\n");
    case PL_SLOT_DEAD:
        return pl_buf_add_str(out, sl->flag ? "removed\n" : "restored\n");
    case PL_SLOT_PLACE:
        return pl_buf_add_str(out, "moved\n");
    case PL_SLOT_REG:
        return put_value(out, &sl->value);
    case PL_SLOT_ELEM:
        return put_elem(out, sl);
    case PL_SLOT_TEXT:
        return put_op(out, &sl->op);
    }
    PL_BUG("slot kind");
}

int rescue_describe(const struct pl_cs *cs, const struct pl_doc *doc, struct pl_buf *out)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < cs->n; i++) {
        rc = put_place(out, cs, doc, cs->slots[i]);
        if (rc == 0)
            rc = put_slot(out, cs->slots[i]);
    }
    return rc;
}

/* --- files --------------------------------------------------------------------------------------
 */

/* STATE/rescue/HOST/REVIEW-20260301T140207-<n>.<ext>; of what is not a change, with "typed" for
 * the review. */
static int make_path(const struct rescue_options *o, unsigned n, const char *ext, char *out,
                     struct pl_err *e)
{
    bool is_typed = pl_str_eq(ext, TYPED_EXT);
    char head[24] = "typed";
    char host[256];
    char dir[PATH_SIZE];
    struct pl_civil c;

    rescue_host_name(host, sizeof host, o->host);
    int len = snprintf(dir, sizeof dir, "%s/rescue/%s", o->state_dir, host);
    if (len < 0 || (size_t)len >= sizeof dir - 64)
        return pl_fail(e, PL_E_IO, "the path of the state folder is too long");
    int rc = pl_mkdir_p(dir, 0700, e);
    if (rc != 0)
        return rc;
    pl_civil_from_us(o->at_us, 0, &c);
    if (!is_typed)
        (void)snprintf(head, sizeof head, "%" PRIu64, o->review);
    len = snprintf(out, PATH_SIZE, "%s/%s-%04d%02d%02dT%02d%02d%02d-%u.%s", dir, head, c.year,
                   c.month, c.day, c.hour, c.minute, c.second, n, is_typed ? "txt" : ext);
    return len > 0 && len < PATH_SIZE ? 0 : pl_fail(e, PL_E_IO, "a path is too long");
}

static int describe_all(const struct rescue_options *o, int code, const char *why,
                        struct pl_buf *out)
{
    char when[PL_RFC3339_SIZE];

    (void)pl_rfc3339_format(o->at_us, 0, 0, when);
    return pl_buf_printf(out,
                         "Not saved in review %" PRIu64 " on %s\nWhen: %s\nWhy: %s (%s)\n"
                         "What follows was put aside; nothing else has been lost.\n",
                         o->review, o->host, when, pl_error_info(code)->title,
                         why != NULL ? why : "");
}

/* The changeset beside the text "X.txt", as "X.cs". The text is there already, so a failure loses
 * nothing but the offer. */
static int write_changeset(const char *text_path, const struct rescue_options *o, int code,
                           const char *why, const struct pl_cs *lost, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf bytes;

    pl_buf_init(&bytes, 64u * 1024u * 1024u);
    (void)pl_strlcpy(path, text_path, sizeof path);
    (void)pl_strlcpy(path + strlen(path) - 3, "cs", 3);
    int rc = rescue_encode(code, o->at_us, why, lost, &bytes);
    rc = rc == 0 ? pl_file_write_new(path, bytes.data, bytes.len, 0600, e)
                 : pl_fail(e, PL_E_LIMIT, "too much for one file");
    pl_buf_release(&bytes);
    return rc;
}

int rescue_write(const struct rescue_options *o, int code, const char *why,
                 const struct pl_cs *lost, const struct pl_doc *doc, struct pl_buf *path,
                 struct pl_err *e)
{
    char name[PATH_SIZE];
    struct pl_buf text;
    int rc;

    pl_buf_init(&text, 64u * 1024u * 1024u);
    rc = describe_all(o, code, why, &text);
    if (rc == 0)
        rc = rescue_describe(lost, doc, &text);
    if (rc != 0)
        rc = pl_fail(e, PL_E_LIMIT, "too much for one file");
    for (unsigned n = 1; rc == 0; n++) {
        rc = make_path(o, n, "txt", name, e);
        if (rc != 0)
            break;
        rc = pl_file_write_new(name, text.data, text.len, 0600, e);
        if (rc == 0) {
            struct pl_err none;
            pl_err_init(&none);
            (void)write_changeset(name, o, code, why, lost, &none);
            rc = pl_buf_add_str(path, name);
            break;
        }
        if (rc == -PL_E_CONFLICT && n < TRIES)
            rc = 0;
    }
    pl_buf_release(&text);
    return rc;
}

int rescue_write_typed(const struct rescue_options *o, const char *verb, const char *why,
                       const char *text, struct pl_buf *path, struct pl_err *e)
{
    char name[PATH_SIZE];
    char when[PL_RFC3339_SIZE];
    struct pl_buf b;

    pl_buf_init(&b, 64u * 1024u * 1024u);
    (void)pl_rfc3339_format(o->at_us, 0, 0, when);
    int rc = pl_buf_printf(&b, "Not done: plimsoll %s", verb);
    if (rc == 0 && o->review != 0)
        rc = pl_buf_printf(&b, ", REV-%" PRIu64, o->review);
    if (rc == 0)
        rc = pl_buf_printf(&b, "\nOn: %s\nWhen: %s\nWhy: %s\nWhat was typed:\n\n", o->host, when,
                           why);
    if (rc == 0)
        rc = pl_buf_add_str(&b, text);
    if (rc == 0)
        rc = pl_buf_add_str(&b, "\n");
    rc = rc == 0 ? -PL_E_CONFLICT : pl_fail(e, PL_E_LIMIT, "too much for one file");
    for (unsigned n = 1; rc == -PL_E_CONFLICT && n < TRIES; n++) {
        rc = make_path(o, n, TYPED_EXT, name, e);
        if (rc == 0)
            rc = pl_file_write_new(name, b.data, b.len, 0600, e);
    }
    pl_buf_release(&b);
    return rc == 0 ? pl_buf_add_str(path, name) : rc;
}

int rescue_move(const struct rescue_options *o, const char *file, struct pl_buf *path,
                struct pl_err *e)
{
    char name[PATH_SIZE];

    for (unsigned n = 1; n < TRIES; n++) {
        int rc = make_path(o, n, "log", name, e);
        if (rc != 0)
            return rc;
        if (pl_file_exists(name))
            continue;
        rc = pl_file_move(file, name, e);
        return rc == 0 && path != NULL ? pl_buf_add_str(path, name) : rc;
    }
    return pl_fail(e, PL_E_IO, "too many files in the rescue folder");
}
