// SPDX-License-Identifier: Apache-2.0
/*
 * Plain text of a review, a section, an entry (render/text.h): for eyes and for pipes. Fields come
 * from the schema's table, so a new field shows up by itself.
 */
#include "plimsoll/render/text.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/time.h"
#include "plimsoll/render/json.h"

#include "sink.h"

#define LABEL_MAX 400

static void put_label(struct sink *s, const struct pl_entry *en)
{
    char label[LABEL_MAX];
    size_t n = pl_entry_label(en, label, sizeof label);

    put_safe(s, label, n);
}

/* With the zone in it: a line may be read far from any heading, by people or by programs. */
static void put_stamp(struct sink *s, const struct pl_value *v)
{
    char text[PL_RFC3339_SIZE];

    if (v->type != PL_VAL_INT)
        return;
    (void)pl_rfc3339_format(v->i, 0, v->i % 1000000 == 0 ? 0 : 6, text);
    put(s, text);
}

/* "E-2 at 2026-03-01T10:12:00Z, knew it then" */
static void put_claim(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_value *event = pl_entry_reg(en, PL_F_CLAIM_EVENT);
    const struct pl_value *at = pl_entry_reg(en, PL_F_CLAIM_HAPPENED_AT);
    const struct pl_value *knew = pl_entry_reg(en, PL_F_CLAIM_KNEW_THEN);
    const struct pl_entry *about = event->type == PL_VAL_EID ? pl_doc_entry(d, event->eid) : NULL;

    if (about != NULL)
        put_id(s, about);
    if (at->type == PL_VAL_INT) {
        put(s, " ");
        put_enum(s, en, PL_F_CLAIM_PRECISION);
        put(s, " ");
        put_stamp(s, at);
    }
    if (knew->type == PL_VAL_INT)
        put(s, knew->i != 0 ? ", known then" : ", not known then");
}

/* "2026-03-01T10:12:00Z, known 2026-03-01T10:20:00Z, pager log" */
static void put_event(struct sink *s, const struct pl_entry *en)
{
    const struct pl_value *known = pl_entry_reg(en, PL_F_EVENT_KNOWN_AT);
    const char *source = pl_entry_str(en, PL_F_EVENT_SOURCE);

    put_stamp(s, pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT));
    if (known->type == PL_VAL_INT) {
        put(s, ", known ");
        put_stamp(s, known);
    }
    if (source[0] != '\0') {
        put(s, ", ");
        put_safe(s, source, strlen(source));
    }
}

/* "T18 E-2, Fay, 2026-03-01T10:12:00Z" */
static void put_waiver(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_value *on = pl_entry_reg(en, PL_F_WAIVER_ENTRY);
    const struct pl_entry *about = on->type == PL_VAL_EID ? pl_doc_entry(d, on->eid) : NULL;

    put(s, pl_entry_str(en, PL_F_WAIVER_CHECK));
    if (about != NULL && !pl_eid_is_root(on->eid)) {
        put(s, " ");
        put_id(s, about);
    }
    if (pl_entry_int(en, PL_F_WAIVER_BY, 0) != 0) {
        put(s, ", ");
        put_user(s, d, pl_entry_int(en, PL_F_WAIVER_BY, 0));
    }
    if (pl_entry_reg(en, PL_F_WAIVER_AT)->type == PL_VAL_INT) {
        put(s, ", ");
        put_stamp(s, pl_entry_reg(en, PL_F_WAIVER_AT));
    }
}

/* What stands between id and label: time of an event, state of an action ... */
static void put_sorting(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    switch ((enum pl_kind)pl_entry_kind(en)) {
    case PL_KIND_EVENT:
        put_event(s, en);
        break;
    case PL_KIND_PARTICIPANT:
        put_enum(s, en, PL_F_PARTICIPANT_ROLE);
        break;
    case PL_KIND_OBSERVATION:
        put_enum(s, en, PL_F_OBSERVATION_KIND);
        break;
    case PL_KIND_CAUSE:
        put_enum(s, en, PL_F_CAUSE_CLASS);
        break;
    case PL_KIND_ACTION:
        put_enum(s, en, PL_F_ACTION_STATE);
        break;
    case PL_KIND_MATERIAL:
        put_enum(s, en, PL_F_MATERIAL_KIND);
        break;
    case PL_KIND_EVIDENCE:
        put_enum(s, en, PL_F_EVIDENCE_KIND);
        break;
    case PL_KIND_WAIVER:
        put_waiver(s, d, en);
        break;
    case PL_KIND_ACCOUNT:
    case PL_KIND_COMMENT:
        put_user(s, d, (int64_t)pl_entry_author(d, en));
        break;
    case PL_KIND_NONE:
    case PL_KIND_REVIEW:
    case PL_KIND_RULE:
    case PL_KIND_AGENDA:
    case PL_KIND_LESSON:
    case PL_KIND_ANCHOR:
        break;
    case PL_KIND_CLAIM:
        put_claim(s, d, en);
        break;
    }
}

static void put_name(struct sink *s, const struct pl_entry *en)
{
    char ref[PL_REF_MAX];

    pl_entry_ref(en, ref);
    put_safe(s, ref, strlen(ref));
}

static void put_row(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    size_t at;

    put_name(s, en);
    put(s, "  ");
    at = s->b->len;
    put_sorting(s, d, en);
    if (s->b->len > at)
        put(s, "  ");
    put_label(s, en);
    put(s, "\n");
}

static void put_section(struct sink *s, const struct pl_doc *d, uint32_t kind)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, kind, &n);

    for (size_t i = 0; i < n; i++)
        put_row(s, d, v[i]);
    free(v);
}

int pl_text_section(const struct pl_doc *d, uint32_t kind, struct pl_buf *out, struct pl_err *e)
{
    struct sink s;

    sink_init(&s, out);
    put_section(&s, d, kind);
    return sink_end(&s, e);
}

/* A text indented by two blanks. */
static void put_indented(struct sink *s, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        if (n > 0)
            put(s, "  ");
        put_safe(s, text, n);
        put(s, "\n");
        text += n + (text[n] == '\n');
    }
}

static void put_reg(struct sink *s, const struct pl_doc *d, const struct pl_field *f,
                    const struct pl_value *v)
{
    struct pl_names names = pl_doc_names(d);
    struct pl_buf text;

    if (f->type == PL_FT_USER) {
        put_user(s, d, v->i);
        return;
    }
    if (f->type == PL_FT_TIME) {
        put_stamp(s, v);
        return;
    }
    pl_buf_init(&text, 16384);
    if (pl_field_format(f, v, &names, &text) == 0 && text.len > 0)
        put_safe(s, (const char *)text.data, text.len);
    pl_buf_release(&text);
}

static void put_set(struct sink *s, const struct pl_doc *d, const struct pl_field *f,
                    const struct pl_entry *en)
{
    struct pl_names names = pl_doc_names(d);
    size_t n = pl_entry_set_count(en, f->number);

    for (size_t i = 0; i < n; i++) {
        struct pl_buf text;
        pl_buf_init(&text, 1024);
        put(s, i > 0 ? ", " : "");
        if (pl_field_format_elem(f, pl_entry_set_at(en, f->number, i), &names, &text) == 0 &&
            text.len > 0)
            put_safe(s, (const char *)text.data, text.len);
        pl_buf_release(&text);
    }
}

static void put_field(struct sink *s, const struct pl_doc *d, const struct pl_entry *en,
                      const struct pl_field *f)
{
    if (f->type == PL_FT_TEXT) {
        const char *text = pl_entry_cstr(en, f->number);
        if (text[0] == '\0')
            return;
        putf(s, "%s:\n", f->label);
        put_indented(s, text);
    } else if (pl_field_is_set(f)) {
        if (pl_entry_set_count(en, f->number) == 0)
            return;
        putf(s, "%s: ", f->label);
        put_set(s, d, f, en);
        put(s, "\n");
    } else if (pl_entry_reg(en, f->number)->type != PL_VAL_NULL) {
        putf(s, "%s: ", f->label);
        put_reg(s, d, f, pl_entry_reg(en, f->number));
        put(s, "\n");
    }
}

static void put_fields(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(pl_entry_kind(en), i)) != NULL; i++) {
        if (f->number != PL_F_NO)
            put_field(s, d, en, f);
    }
}

static void put_origin(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    struct pl_value at = pl_value_int(pl_entry_created_us(en));

    if (at.i == 0)
        return;
    bool is_revealed = pl_entry_author(d, en) != pl_entry_created_by(en);
    put(s, is_revealed ? "Revealed: " : "Made: ");
    put_stamp(s, &at);
    if (pl_entry_created_by(en) != 0) {
        put(s, " by ");
        put_user(s, d, (int64_t)pl_entry_created_by(en));
    }
    put(s, "\n");
}

int pl_text_entry(const struct pl_doc *d, const struct pl_entry *en, struct pl_buf *out,
                  struct pl_err *e)
{
    struct sink s;
    size_t n = 0;
    struct pl_entry **v = children_of(d, en, 0, &n);

    sink_init(&s, out);
    put_name(&s, en);
    putf(&s, "  %s%s\n", pl_kind_name(pl_entry_kind(en)),
         pl_entry_is_visible(d, en) ? "" : " (removed)");
    put_fields(&s, d, en);
    put_origin(&s, d, en);
    if (pl_entry_kind(en) != PL_KIND_REVIEW) {
        for (size_t i = 0; i < n; i++)
            put_row(&s, d, v[i]);
    }
    free(v);
    return sink_end(&s, e);
}

int pl_text_review(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e)
{
    const struct pl_entry *r = pl_doc_root(d);
    struct sink s;

    sink_init(&s, out);
    put_id(&s, r);
    put(&s, "  ");
    put_label(&s, r);
    put(&s, "\n");
    put_fields(&s, d, r);
    for (uint32_t kind = PL_KIND_REVIEW + 1; kind <= PL_KIND_MAX; kind++) {
        if (pl_doc_list(d, kind, NULL, 0) == 0)
            continue;
        const char *name = pl_json_list_name(kind);
        put(&s, "\n");
        put(&s, name);
        put(&s, "\n");
        put_section(&s, d, kind);
    }
    return sink_end(&s, e);
}
