// SPDX-License-Identifier: Apache-2.0
/*
 * See sink.h: output with one check at the end, and the small pieces that all renderers share.
 */
#include "sink.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/text.h"

void sink_init(struct sink *s, struct pl_buf *b)
{
    *s = (struct sink){.b = b, .start = b->len};
}

int sink_end(struct sink *s, struct pl_err *e)
{
    if (s->rc == 0)
        return 0;
    s->b->len = s->start;
    if (s->rc == -PL_E_LIMIT)
        return pl_fail(e, PL_E_LIMIT, "more than %zu bytes", s->b->max);
    return pl_fail(e, -s->rc, "the review could not be written");
}

void put_bytes(struct sink *s, const char *text, size_t n)
{
    if (s->rc == 0 && n > 0)
        s->rc = pl_buf_add(s->b, text, n);
}

void put(struct sink *s, const char *text)
{
    put_bytes(s, text, strlen(text));
}

void putf(struct sink *s, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    PL_ASSERT(n >= 0 && (size_t)n < sizeof text);
    put_bytes(s, text, (size_t)n);
}

int pl_text_safe(const char *s, size_t n, struct pl_buf *out)
{
    static const char mark[] = "\xEF\xBF\xBD"; /* U+FFFD */
    size_t before = out->len;

    while (n > 0) {
        size_t good = n;
        uint32_t scalar;
        int rc = 0;
        if (!pl_utf8_is_clean(s, n, &good) && good < n)
            rc = good > 0 ? pl_buf_add(out, s, good) : 0;
        else
            return pl_buf_add(out, s, n);
        if (rc == 0)
            rc = pl_buf_add(out, mark, sizeof mark - 1);
        if (rc != 0) {
            out->len = before;
            return rc;
        }
        const uint8_t *at = (const uint8_t *)s + good;
        size_t bad = pl_utf8_decode(at, (const uint8_t *)s + n, &scalar);
        s += good + bad;
        n -= good + bad;
    }
    return 0;
}

void put_safe(struct sink *s, const char *text, size_t n)
{
    if (s->rc == 0)
        s->rc = pl_text_safe(text, n, s->b);
}

void put_id(struct sink *s, const struct pl_entry *en)
{
    char id[PL_SHORT_ID_MAX];

    pl_short_id_format(id, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
    put(s, id);
}

void put_time(struct sink *s, const struct pl_value *v)
{
    struct pl_civil c;

    if (v->type != PL_VAL_INT)
        return;
    pl_civil_from_us(v->i, 0, &c);
    putf(s, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
    if (c.second != 0 || c.us != 0)
        putf(s, ":%02d", c.second);
}

void put_enum(struct sink *s, const struct pl_entry *en, uint32_t field)
{
    const struct pl_field *f = pl_field_find(pl_entry_kind(en), field);
    const char *name = f != NULL ? pl_enum_name(f->ref, pl_entry_int(en, field, 0)) : NULL;

    for (; name != NULL && *name != '\0'; name++)
        put_bytes(s, *name == '_' ? " " : name, 1);
}

void put_user(struct sink *s, const struct pl_doc *d, int64_t user)
{
    const char *name = pl_doc_user_name(d, user);

    if (user == 0)
        return;
    if (name[0] != '\0')
        put_safe(s, name, strlen(name));
    else
        putf(s, "user %lld", (long long)user);
}

struct pl_entry **list_of(const struct pl_doc *d, uint32_t kind, size_t *n)
{
    struct pl_entry **v = NULL;

    *n = pl_doc_list(d, kind, NULL, 0);
    if (*n > 0) {
        v = pl_xcalloc(*n, sizeof(struct pl_entry *));
        (void)pl_doc_list(d, kind, v, *n);
    }
    return v;
}

struct pl_entry **children_of(const struct pl_doc *d, const struct pl_entry *parent, uint32_t kind,
                              size_t *n)
{
    struct pl_entry **v = NULL;

    *n = pl_doc_children(d, pl_entry_eid(parent), kind, NULL, 0);
    if (*n > 0) {
        v = pl_xcalloc(*n, sizeof(struct pl_entry *));
        (void)pl_doc_children(d, pl_entry_eid(parent), kind, v, *n);
    }
    return v;
}
