// SPDX-License-Identifier: Apache-2.0
/*
 * Values against their fields: judging what is stored, reading what people type, writing it back.
 * What pl_field_format writes, pl_field_parse reads to the same value. Failures name the field and
 * say what is allowed; nothing is written to the output then.
 */
#include "plimsoll/doc/schema.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"

#include "doc_int.h"

#define SHOWN_MAX 40 /* bytes of a refused value that an error repeats */

/* How much of a refused value can be repeated: whole characters, no controls. */
static int shown(const char *s, size_t n)
{
    size_t len = n < SHOWN_MAX ? n : SHOWN_MAX;
    size_t bad = 0;

    while (len > 0 && len < n && ((unsigned char)s[len] & 0xC0) == 0x80)
        len--;
    if (!pl_utf8_is_clean(s, len, &bad))
        len = bad;
    return (int)len;
}

static int check_line(const struct pl_field *f, const char *s, size_t n, struct pl_err *e)
{
    size_t bad = 0;

    if (!pl_utf8_is_clean(s, n, &bad))
        return pl_fail(e, PL_E_BAD_TEXT, "%s: a character that is not allowed at byte %zu", f->name,
                       bad);
    if (memchr(s, '\n', n) != NULL || memchr(s, '\t', n) != NULL)
        return pl_fail(e, PL_E_INVALID, "%s: one line without tabs", f->name);
    size_t chars = pl_utf8_count(s, n);
    if (f->max > 0 && chars > (size_t)f->max)
        return pl_fail(e, PL_E_LIMIT, "%s: %zu characters, at most %lld are allowed", f->name,
                       chars, (long long)f->max);
    return 0;
}

static bool is_decimal(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-' ? 1 : 0;
    size_t start = i;

    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    if (i == start || (s[start] == '0' && i - start > 1))
        return false;
    if (i == n)
        return true;
    if (s[i++] != '.')
        return false;
    start = i;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i == n && i > start;
}

static int check_int(const struct pl_field *f, int64_t min, int64_t max, int64_t v,
                     struct pl_err *e)
{
    if (v < min || v > max)
        return pl_fail(e, PL_E_INVALID, "%s: %lld is outside %lld to %lld", f->name, (long long)v,
                       (long long)min, (long long)max);
    return 0;
}

static int wrong_type(const struct pl_field *f, struct pl_err *e)
{
    return pl_fail(e, PL_E_INVALID, "%s: a value of the wrong type", f->name);
}

int pl_field_check_value(const struct pl_field *f, const struct pl_value *v, struct pl_err *e)
{
    static const enum pl_value_type held_in[] = {
        [PL_FT_INT] = PL_VAL_INT,      [PL_FT_ENUM] = PL_VAL_INT,     [PL_FT_TIME] = PL_VAL_INT,
        [PL_FT_BOOL] = PL_VAL_INT,     [PL_FT_STR] = PL_VAL_STR,      [PL_FT_DEC] = PL_VAL_STR,
        [PL_FT_TEXT] = PL_VAL_NULL,    [PL_FT_EID] = PL_VAL_EID,      [PL_FT_USER] = PL_VAL_INT,
        [PL_FT_SET_EID] = PL_VAL_NULL, [PL_FT_SET_STR] = PL_VAL_NULL,
    };

    if (!pl_field_is_reg(f))
        return pl_fail(e, PL_E_INVALID, "%s is %s", f->name,
                       f->type == PL_FT_TEXT ? "a text, edit it"
                                             : "a set, add to it or take from it");
    if (v->type == PL_VAL_NULL)
        return 0;
    if (v->type != held_in[f->type])
        return wrong_type(f, e);
    switch (f->type) {
    case PL_FT_INT:
        return check_int(f, f->min, f->max, v->i, e);
    case PL_FT_ENUM:
        if (pl_enum_name(f->ref, v->i) == NULL)
            return pl_fail(e, PL_E_INVALID, "%s: %lld is no %s", f->name, (long long)v->i,
                           pl_enum_title(f->ref));
        return 0;
    case PL_FT_TIME:
        return check_int(f, 0, PL_TIME_MAX, v->i, e);
    case PL_FT_BOOL:
        return check_int(f, 0, 1, v->i, e);
    case PL_FT_USER:
        return check_int(f, 1, INT64_MAX, v->i, e);
    case PL_FT_DEC:
        if (!is_decimal(v->str, v->str_len))
            return pl_fail(e, PL_E_INVALID, "%s: a decimal number like 12 or -0.5", f->name);
        return check_line(f, v->str, v->str_len, e);
    case PL_FT_STR:
        return check_line(f, v->str, v->str_len, e);
    case PL_FT_EID:
        return 0;
    case PL_FT_TEXT:
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        break;
    }
    PL_BUG("field type without a register");
}

int pl_field_check_elem(const struct pl_field *f, const struct pl_elem *el, struct pl_err *e)
{
    struct pl_eid eid;

    if (f->type == PL_FT_SET_EID) {
        if (!pl_eid_from_elem(el, &eid))
            return wrong_type(f, e);
        return 0;
    }
    if (f->type != PL_FT_SET_STR)
        return pl_fail(e, PL_E_INVALID, "%s is not a set", f->name);
    if (el->len == 0 || el->len > PL_ELEM_MAX)
        return pl_fail(e, PL_E_INVALID, "%s: 1 to %d bytes", f->name, PL_ELEM_MAX);
    return check_line(f, (const char *)el->b, el->len, e);
}

void pl_eid_to_elem(struct pl_eid eid, struct pl_elem *out)
{
    *out = (struct pl_elem){.len = 12};
    for (unsigned i = 0; i < 8; i++)
        out->b[i] = (uint8_t)(eid.client >> (56 - 8 * i));
    for (unsigned i = 0; i < 4; i++)
        out->b[8 + i] = (uint8_t)(eid.n >> (24 - 8 * i));
}

bool pl_eid_from_elem(const struct pl_elem *el, struct pl_eid *out)
{
    if (el->len != 12)
        return false;
    *out = (struct pl_eid){0, 0};
    for (unsigned i = 0; i < 8; i++)
        out->client = out->client << 8 | el->b[i];
    for (unsigned i = 8; i < 12; i++)
        out->n = out->n << 8 | el->b[i];
    return true;
}

/* --- reading ----------------------------------------------------------------------- */

static int fail_enum(const struct pl_field *f, const char *s, size_t n, struct pl_err *e)
{
    char list[PL_ERR_TEXT_MAX] = "";
    int64_t v;

    for (size_t i = 0; (v = pl_enum_at(f->ref, i)) != 0; i++) {
        if (i > 0)
            (void)pl_strlcat(list, ", ", sizeof list);
        (void)pl_strlcat(list, pl_enum_name(f->ref, v), sizeof list);
    }
    return pl_fail(e, PL_E_INVALID, "%s: '%.*s' is not one of %s", f->name, shown(s, n), s, list);
}

static int parse_enum(const struct pl_field *f, const char *s, size_t n, struct pl_value *out,
                      struct pl_err *e)
{
    int64_t v = pl_enum_read(f->ref, s, n);

    if (v == 0)
        return fail_enum(f, s, n, e);
    *out = pl_value_int(v);
    return 0;
}

static int parse_int(const struct pl_field *f, const char *s, size_t n, struct pl_value *out,
                     struct pl_err *e)
{
    bool minus = n > 0 && s[0] == '-';
    uint64_t u = 0;

    if (pl_parse_u64n(s + minus, n - minus, &u) != 0 || u > INT64_MAX)
        return pl_fail(e, PL_E_INVALID, "%s: '%.*s' is not a number from %lld to %lld", f->name,
                       shown(s, n), s, (long long)f->min, (long long)f->max);
    struct pl_value v = pl_value_int(minus ? -(int64_t)u : (int64_t)u);
    int rc = pl_field_check_value(f, &v, e);
    if (rc == 0)
        *out = v;
    return rc;
}

static int parse_bool(const struct pl_field *f, const char *s, size_t n, struct pl_value *out,
                      struct pl_err *e)
{
    bool yes = doc_word_is(s, n, "yes") || doc_word_is(s, n, "true") || doc_word_is(s, n, "1");
    bool no = doc_word_is(s, n, "no") || doc_word_is(s, n, "false") || doc_word_is(s, n, "0");

    if (!yes && !no)
        return pl_fail(e, PL_E_INVALID, "%s: '%.*s' is not yes or no", f->name, shown(s, n), s);
    *out = pl_value_int(yes);
    return 0;
}

static int parse_time(const struct pl_field *f, const char *s, size_t n, struct pl_value *out,
                      struct pl_err *e)
{
    char full[PL_RFC3339_SIZE];
    int64_t us = 0;

    /* A day alone (due dates) is its first moment in UTC. */
    if (n == 10) {
        (void)snprintf(full, sizeof full, "%.10sT00:00:00Z", s);
        s = full;
        n = strlen(full);
    }
    if (pl_rfc3339_parse(s, n, &us, NULL) != 0 || us < 0 || us > PL_TIME_MAX)
        return pl_fail(e, PL_E_INVALID,
                       "%s: '%.*s' is not a time like 2026-03-01T14:05:09Z or "
                       "2026-03-01T15:05+01:00 or a day",
                       f->name, shown(s, n), s);
    *out = pl_value_int(us);
    return 0;
}

static int parse_user(const struct pl_field *f, const char *s, size_t n,
                      const struct pl_names *names, struct pl_value *out, struct pl_err *e)
{
    uint64_t u = 0;
    char handle[PL_ELEM_MAX + 1];

    if (pl_parse_u64n(s, n, &u) == 0 && u > 0 && u <= INT64_MAX) {
        *out = pl_value_int((int64_t)u);
        return 0;
    }
    if (names != NULL && names->find_user != NULL && n < sizeof handle) {
        size_t skip = s[0] == '@' ? 1 : 0;
        memcpy(handle, s + skip, n - skip);
        handle[n - skip] = '\0';
        int64_t id = names->find_user(names->ctx, handle);
        if (id > 0) {
            *out = pl_value_int(id);
            return 0;
        }
    }
    return pl_fail(e, PL_E_INVALID,
                   "%s: '%.*s' takes no part in this review; 'plimsoll people list' names who does",
                   f->name, shown(s, n), s);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = pl_ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "7f.3": client in hex, dot, counter. */
static bool parse_raw_eid(const char *s, size_t n, struct pl_eid *out)
{
    const char *dot = memchr(s, '.', n);
    uint64_t client = 0;
    uint64_t counter = 0;

    if (dot == NULL || dot == s || dot - s > 16)
        return false;
    for (const char *p = s; p < dot; p++) {
        int h = hex_value(*p);
        if (h < 0)
            return false;
        client = client << 4 | (uint64_t)h;
    }
    if (pl_parse_u64n(dot + 1, n - (size_t)(dot - s) - 1, &counter) != 0 || counter > UINT32_MAX)
        return false;
    *out = (struct pl_eid){client, (uint32_t)counter};
    return true;
}

static int parse_link(const struct pl_field *f, const char *s, size_t n,
                      const struct pl_names *names, struct pl_eid *out, struct pl_err *e)
{
    uint32_t kind = 0;
    int64_t no = 0;

    if (parse_raw_eid(s, n, out))
        return 0;
    if (pl_short_id_parse(s, n, &kind, &no, e) != 0) {
        pl_wrap(e, "%s", f->name);
        return -PL_E_INVALID;
    }
    if (f->ref != 0 && kind != f->ref)
        return pl_fail(e, PL_E_INVALID, "%s: '%.*s' is of kind %s, wanted is %s", f->name,
                       shown(s, n), s, pl_kind_name(kind), pl_kind_name(f->ref));
    if (names == NULL || names->find_no == NULL || !names->find_no(names->ctx, kind, no, out))
        return pl_fail(e, PL_E_NOENT, "%s: there is no %.*s", f->name, shown(s, n), s);
    return 0;
}

static int parse_str(const struct pl_field *f, const char *s, size_t n, struct pl_value *out,
                     struct pl_err *e)
{
    struct pl_value v = pl_value_str(s, n);
    int rc = pl_field_check_value(f, &v, e);

    if (rc == 0)
        *out = v;
    else
        pl_value_release(&v);
    return rc;
}

int pl_field_parse(const struct pl_field *f, const char *s, size_t n, const struct pl_names *names,
                   struct pl_value *out, struct pl_err *e)
{
    struct pl_eid eid;
    int rc;

    if (pl_field_is_reg(f) && (n == 0 || doc_word_is(s, n, "none"))) {
        *out = (struct pl_value){.type = PL_VAL_NULL};
        return 0;
    }
    switch (f->type) {
    case PL_FT_INT:
        return parse_int(f, s, n, out, e);
    case PL_FT_ENUM:
        return parse_enum(f, s, n, out, e);
    case PL_FT_TIME:
        return parse_time(f, s, n, out, e);
    case PL_FT_BOOL:
        return parse_bool(f, s, n, out, e);
    case PL_FT_USER:
        return parse_user(f, s, n, names, out, e);
    case PL_FT_STR:
    case PL_FT_DEC:
        return parse_str(f, s, n, out, e);
    case PL_FT_EID:
        rc = parse_link(f, s, n, names, &eid, e);
        if (rc == 0)
            *out = pl_value_eid(eid);
        return rc;
    case PL_FT_TEXT:
        return pl_fail(e, PL_E_INVALID, "%s is a text, edit it", f->name);
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        return pl_fail(e, PL_E_INVALID, "%s is a set, add to it or take from it", f->name);
    }
    PL_BUG("unknown field type");
}

int pl_field_parse_elem(const struct pl_field *f, const char *s, size_t n,
                        const struct pl_names *names, struct pl_elem *out, struct pl_err *e)
{
    struct pl_elem el = {.len = 0};

    if (f->type == PL_FT_SET_EID) {
        struct pl_eid eid;
        int rc = parse_link(f, s, n, names, &eid, e);
        if (rc != 0)
            return rc;
        pl_eid_to_elem(eid, &el);
    } else if (n <= PL_ELEM_MAX) {
        int64_t lens = f->kind == PL_KIND_REVIEW && f->number == PL_F_REVIEW_NOTHING_IN
                           ? pl_enum_read(PL_EN_LENS, s, n)
                           : 0;
        if (lens != 0) { /* what is stored is always the name */
            s = pl_enum_name(PL_EN_LENS, lens);
            n = strlen(s);
        }
        el.len = (uint8_t)n;
        memcpy(el.b, s, n);
    } else {
        return pl_fail(e, PL_E_LIMIT, "%s: %zu bytes, at most %d are allowed", f->name, n,
                       PL_ELEM_MAX);
    }
    int rc = pl_field_check_elem(f, &el, e);
    if (rc == 0)
        *out = el;
    return rc;
}

/* --- writing ----------------------------------------------------------------------- */

static int add_link(struct pl_eid eid, const struct pl_names *names, struct pl_buf *out)
{
    uint32_t kind = 0;
    int64_t no = 0;
    char id[PL_SHORT_ID_MAX];

    if (names != NULL && names->no_of != NULL && names->no_of(names->ctx, eid, &kind, &no) &&
        no > 0) {
        pl_short_id_format(id, kind, no);
        return pl_buf_add_str(out, id);
    }
    return pl_buf_printf(out, "%llx.%u", (unsigned long long)eid.client, eid.n);
}

static int add_time(int64_t us, struct pl_buf *out)
{
    char text[PL_RFC3339_SIZE];

    (void)pl_rfc3339_format(us, 0, us % 1000000 == 0 ? 0 : 6, text);
    return pl_buf_add_str(out, text);
}

static int add_int_value(const struct pl_field *f, int64_t i, const struct pl_names *names,
                         struct pl_buf *out)
{
    const char *name = NULL;

    if (f->type == PL_FT_TIME)
        return add_time(i, out);
    if (f->type == PL_FT_BOOL)
        return pl_buf_add_str(out, i != 0 ? "yes" : "no");
    if (f->type == PL_FT_ENUM)
        name = pl_enum_name(f->ref, i);
    if (f->type == PL_FT_USER && names != NULL && names->user_name != NULL)
        name = names->user_name(names->ctx, i);
    if (name != NULL)
        return pl_buf_add_str(out, name);
    return pl_buf_printf(out, "%lld", (long long)i);
}

int pl_field_format(const struct pl_field *f, const struct pl_value *v,
                    const struct pl_names *names, struct pl_buf *out)
{
    switch (v->type) {
    case PL_VAL_NULL:
        return 0;
    case PL_VAL_STR:
        return pl_buf_add(out, v->str, v->str_len);
    case PL_VAL_EID:
        return add_link(v->eid, names, out);
    case PL_VAL_INT:
        return add_int_value(f, v->i, names, out);
    }
    PL_BUG("unknown value type");
}

int pl_field_format_elem(const struct pl_field *f, const struct pl_elem *el,
                         const struct pl_names *names, struct pl_buf *out)
{
    struct pl_eid eid;

    if (f->type == PL_FT_SET_EID && pl_eid_from_elem(el, &eid))
        return add_link(eid, names, out);
    return pl_buf_add(out, el->b, el->len);
}
