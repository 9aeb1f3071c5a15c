// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON form of a review (render/json.h). Each entry becomes one jansson object, is written into
 * the buffer and freed, so that a large review never stands in memory twice.
 */
#include "plimsoll/render/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/time.h"

#include "sink.h"

static const char *const list_names[PL_KIND_MAX + 1] = {
    [PL_KIND_PARTICIPANT] = "participants",
    [PL_KIND_MATERIAL] = "materials",
    [PL_KIND_RULE] = "rules",
    [PL_KIND_AGENDA] = "agenda",
    [PL_KIND_ACCOUNT] = "accounts",
    [PL_KIND_EVENT] = "events",
    [PL_KIND_OBSERVATION] = "observations",
    [PL_KIND_CAUSE] = "causes",
    [PL_KIND_ACTION] = "actions",
    [PL_KIND_LESSON] = "lessons",
    [PL_KIND_COMMENT] = "comments",
    [PL_KIND_ANCHOR] = "anchors",
    [PL_KIND_EVIDENCE] = "evidence",
    [PL_KIND_CLAIM] = "claims",
    [PL_KIND_WAIVER] = "waivers",
};

const char *pl_json_list_name(uint32_t kind)
{
    return kind <= PL_KIND_MAX ? list_names[kind] : NULL;
}

static json_t *time_json(int64_t us)
{
    char text[PL_RFC3339_SIZE];

    (void)pl_rfc3339_format(us, 0, us % 1000000 == 0 ? 0 : 6, text);
    return json_string(text);
}

static json_t *link_json(const struct pl_doc *d, struct pl_eid eid)
{
    const struct pl_entry *en = pl_doc_entry(d, eid);
    char id[PL_SHORT_ID_MAX];

    if (en == NULL || pl_entry_int(en, PL_F_NO, 0) <= 0)
        return json_sprintf("%llx.%u", (unsigned long long)eid.client, eid.n);
    pl_short_id_format(id, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
    return json_string(id);
}

static json_t *reg_json(const struct pl_doc *d, const struct pl_field *f, const struct pl_value *v)
{
    const char *name;

    if (v->type == PL_VAL_NULL)
        return json_null();
    if (v->type == PL_VAL_EID)
        return link_json(d, v->eid);
    if (v->type == PL_VAL_STR)
        return json_stringn(v->str, v->str_len);
    switch (f->type) {
    case PL_FT_TIME:
        return time_json(v->i);
    case PL_FT_BOOL:
        return json_boolean(v->i != 0);
    case PL_FT_ENUM:
        name = pl_enum_name(f->ref, v->i);
        return name != NULL ? json_string(name) : json_null();
    case PL_FT_INT:
    case PL_FT_USER:
    case PL_FT_STR:
    case PL_FT_DEC:
    case PL_FT_TEXT:
    case PL_FT_EID:
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        break;
    }
    return json_integer(v->i);
}

static json_t *set_json(const struct pl_doc *d, const struct pl_field *f, const struct pl_entry *en)
{
    json_t *list = json_array();
    size_t n = pl_entry_set_count(en, f->number);

    for (size_t i = 0; list != NULL && i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(en, f->number, i);
        struct pl_eid eid;
        json_t *item = f->type == PL_FT_SET_EID && pl_eid_from_elem(el, &eid)
                           ? link_json(d, eid)
                           : json_stringn((const char *)el->b, el->len);
        (void)json_array_append_new(list, item);
    }
    return list;
}

static int add_fields(json_t *o, const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_field *f;
    int rc = 0;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        if (f->number == PL_F_NO)
            continue;
        if (f->type == PL_FT_TEXT)
            rc |= json_object_set_new(o, f->name, json_string(pl_entry_cstr(en, f->number)));
        else if (pl_field_is_set(f))
            rc |= json_object_set_new(o, f->name, set_json(d, f, en));
        else
            rc |= json_object_set_new(o, f->name, reg_json(d, f, pl_entry_reg(en, f->number)));
    }
    return rc;
}

static json_t *stamp_json(int64_t us)
{
    return us != 0 ? time_json(us) : json_null();
}

static json_t *entry_json(const struct pl_doc *d, const struct pl_entry *en)
{
    json_t *o = json_object();
    struct pl_eid eid = pl_entry_eid(en);
    uint64_t by = pl_entry_created_by(en);
    int rc = 0;

    if (o == NULL)
        return NULL;
    if (!pl_eid_is_root(eid)) {
        rc |= json_object_set_new(o, "id", link_json(d, eid));
        rc |= json_object_set_new(o, "eid",
                                  json_sprintf("%llx.%u", (unsigned long long)eid.client, eid.n));
        rc |= json_object_set_new(o, "parent", link_json(d, pl_entry_parent(en)));
        rc |= json_object_set_new(o, "created_by",
                                  by != 0 ? json_integer((json_int_t)by) : json_null());
        rc |= json_object_set_new(o, "created_at", stamp_json(pl_entry_created_us(en)));
        rc |= json_object_set_new(o, "changed_at", stamp_json(pl_entry_changed_us(en)));
    }
    rc |= add_fields(o, d, en);
    if (rc != 0) {
        json_decref(o);
        return NULL;
    }
    return o;
}

static int dump_cb(const char *text, size_t n, void *ctx)
{
    struct sink *s = ctx;

    put_bytes(s, text, n);
    return s->rc == 0 ? 0 : -1;
}

static void put_entry(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    json_t *o = entry_json(d, en);

    if (o == NULL) {
        s->rc = -PL_E_NOMEM;
        return;
    }
    if (json_dump_callback(o, dump_cb, s, JSON_COMPACT) != 0 && s->rc == 0)
        s->rc = -PL_E_NOMEM;
    json_decref(o);
}

int pl_render_json_entry(const struct pl_doc *d, const struct pl_entry *en, struct pl_buf *out,
                         struct pl_err *e)
{
    struct sink s;

    sink_init(&s, out);
    put_entry(&s, d, en);
    return sink_end(&s, e);
}

static void put_list(struct sink *s, const struct pl_doc *d, uint32_t kind)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, kind, &n);

    putf(s, ",\n\"%s\":[", list_names[kind]);
    for (size_t i = 0; i < n && s->rc == 0; i++) {
        put(s, i == 0 ? "\n" : ",\n");
        put_entry(s, d, v[i]);
    }
    put(s, "]");
    free(v);
}

/* The state hash without touching the caller's document: it may be shared by readers. */
static uint64_t digest_of(const struct pl_doc *d)
{
    struct pl_doc *copy = pl_doc_dup(d);
    uint64_t digest = pl_doc_digest(copy);

    pl_doc_free(copy);
    return digest;
}

int pl_render_json(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e)
{
    struct sink s;
    int64_t no = pl_entry_int(pl_doc_root(d), PL_F_NO, 0);

    sink_init(&s, out);
    put(&s, "{\"schema\":\"" PL_JSON_SCHEMA "\",\n\"id\":");
    if (no > 0)
        putf(&s, "\"REV-%lld\"", (long long)no);
    else
        put(&s, "null");
    putf(&s, ",\n\"rev\":%llu,\n\"digest\":\"%016llx\",\n\"review\":",
         (unsigned long long)pl_doc_rev(d), (unsigned long long)digest_of(d));
    put_entry(&s, d, pl_doc_root(d));
    for (uint32_t kind = PL_KIND_REVIEW + 1; kind <= PL_KIND_MAX; kind++)
        put_list(&s, d, kind);
    put(&s, "}\n");
    return sink_end(&s, e);
}
