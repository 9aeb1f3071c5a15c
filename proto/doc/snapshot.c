// SPDX-License-Identifier: Apache-2.0
/*
 * A document as bytes and back. One state has one form: entries by id, everything in an entry by
 * number, empty texts left out. Integers are varints unless said otherwise.
 *
 *   "PLDS" | u8 version 1 | revision | number of entries | entries
 *   entry:  u64be client | n | kind | u8 flags (1: dead) | [not the root: u64be parent client |
 * parent n | u8 key length | key] | created by | created at, changed at (zigzag) | registers | sets
 * | texts, each a count and so many rows register: field | u8 type | integer: zigzag; string:
 * length, bytes; link: u64be client, n set row:  field | u8 length | bytes          text: field |
 * length | bytes
 *
 * Decode believes nothing: order, keys, parents, types, clean text and counts are checked, and what
 * it allocates is bounded by the bytes that are there. Whether the state is the right one is the
 * state hash's affair; it is stored beside.
 */
#include "doc_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#define SNAPSHOT_VERSION 1
#define ENTRY_BYTES_MIN  17 /* id, n, kind, flags, meta and three counts of the root */
#define FLAG_DEAD        1U

static const uint8_t magic[4] = {'P', 'L', 'D', 'S'};

/* --- writing ----------------------------------------------------------------------- */

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

static int put_bytes(struct pl_buf *out, const void *bytes, size_t n)
{
    int rc = pl_buf_add_varint(out, n);

    return rc != 0 || n == 0 ? rc : pl_buf_add(out, bytes, n);
}

static int put_eid(struct pl_buf *out, struct pl_eid eid)
{
    int rc = pl_buf_add_u64be(out, eid.client);

    return rc != 0 ? rc : pl_buf_add_varint(out, eid.n);
}

static int put_regs(struct pl_buf *out, const struct pl_entry *en)
{
    int rc = pl_buf_add_varint(out, en->regs_n);

    for (uint32_t i = 0; rc == 0 && i < en->regs_n; i++) {
        const struct pl_value *v = &en->regs[i].value;
        rc = pl_buf_add_varint(out, en->regs[i].field);
        if (rc == 0)
            rc = pl_buf_add_byte(out, (uint8_t)v->type);
        if (rc == 0 && v->type == PL_VAL_INT)
            rc = pl_buf_add_varint(out, zigzag(v->i));
        else if (rc == 0 && v->type == PL_VAL_STR)
            rc = put_bytes(out, v->str, v->str_len);
        else if (rc == 0)
            rc = put_eid(out, v->eid);
    }
    return rc;
}

static int put_sets(struct pl_buf *out, const struct pl_entry *en)
{
    int rc = pl_buf_add_varint(out, en->sets_n);

    for (uint32_t i = 0; rc == 0 && i < en->sets_n; i++) {
        rc = pl_buf_add_varint(out, en->sets[i].field);
        if (rc == 0)
            rc = pl_buf_add_byte(out, en->sets[i].elem.len);
        if (rc == 0)
            rc = pl_buf_add(out, en->sets[i].elem.b, en->sets[i].elem.len);
    }
    return rc;
}

static int put_texts(struct pl_buf *out, const struct pl_entry *en)
{
    uint32_t n = 0;
    int rc;

    for (uint32_t i = 0; i < en->texts_n; i++)
        n += pl_text_bytes(&en->texts[i]->text) > 0;
    rc = pl_buf_add_varint(out, n);
    for (uint32_t i = 0; rc == 0 && i < en->texts_n; i++) {
        struct pl_text_spans s = pl_text_spans(&en->texts[i]->text);
        if (s.a_len + s.b_len == 0)
            continue;
        rc = pl_buf_add_varint(out, en->texts[i]->field);
        if (rc == 0)
            rc = pl_buf_add_varint(out, s.a_len + s.b_len);
        if (rc == 0 && s.a_len > 0)
            rc = pl_buf_add(out, s.a, s.a_len);
        if (rc == 0 && s.b_len > 0)
            rc = pl_buf_add(out, s.b, s.b_len);
    }
    return rc;
}

static int put_head(struct pl_buf *out, const struct pl_entry *en)
{
    int rc = put_eid(out, pl_entry_eid(en));

    if (rc == 0)
        rc = pl_buf_add_varint(out, en->kind);
    if (rc == 0)
        rc = pl_buf_add_byte(out, en->dead ? FLAG_DEAD : 0);
    if (rc == 0 && en->parent != NULL) {
        rc = put_eid(out, en->parent_eid);
        if (rc == 0)
            rc = pl_buf_add_byte(out, en->key.len);
        if (rc == 0)
            rc = pl_buf_add(out, en->key.s, en->key.len);
    }
    if (rc == 0)
        rc = pl_buf_add_varint(out, en->created_by);
    if (rc == 0)
        rc = pl_buf_add_varint(out, zigzag(en->created_us));
    if (rc == 0)
        rc = pl_buf_add_varint(out, zigzag(en->changed_us));
    return rc;
}

static int put_entry(struct pl_buf *out, const struct pl_entry *en)
{
    int rc = put_head(out, en);

    if (rc == 0)
        rc = put_regs(out, en);
    if (rc == 0)
        rc = put_sets(out, en);
    return rc != 0 ? rc : put_texts(out, en);
}

static int by_eid(const void *a, const void *b)
{
    return pl_eid_cmp(pl_entry_eid(*(struct pl_entry *const *)a),
                      pl_entry_eid(*(struct pl_entry *const *)b));
}

int pl_doc_encode(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e)
{
    struct pl_entry **all = pl_xcalloc(d->count, sizeof(struct pl_entry *));
    size_t before = out->len;
    size_t n = 0;
    int rc = pl_buf_add(out, magic, sizeof magic);

    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next)
        all[n++] = en;
    qsort(all, n, sizeof(struct pl_entry *), by_eid);
    if (rc == 0)
        rc = pl_buf_add_byte(out, SNAPSHOT_VERSION);
    if (rc == 0)
        rc = pl_buf_add_varint(out, d->rev);
    if (rc == 0)
        rc = pl_buf_add_varint(out, n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = put_entry(out, all[i]);
    free(all);
    if (rc != 0) {
        out->len = before;
        return pl_fail(e, -rc, "a snapshot of more than %zu bytes", out->max);
    }
    return 0;
}

/* --- reading ----------------------------------------------------------------------- */

/* What an entry says about its place, until all entries are known. */
struct place {
    struct pl_entry *en;
    struct pl_eid parent;
    struct pl_key key;
};

struct load {
    struct pl_reader r;
    struct pl_doc *d;
    struct place *places;
    size_t n;
    struct pl_err *e;
};

static int broken(const struct load *l, const char *what)
{
    return pl_fail(l->e, PL_E_INVALID, "not a good snapshot: %s", what);
}

static struct pl_eid get_eid(struct pl_reader *r)
{
    uint64_t client = pl_read_u64be(r);
    uint64_t n = pl_read_varint(r);

    if (n > UINT32_MAX)
        r->bad = 1;
    return (struct pl_eid){client, (uint32_t)n};
}

/* A field number: 1 to the highest that can ever be, in rising order (equal when `again`). */
static uint32_t get_field(struct pl_reader *r, uint32_t last, bool again)
{
    uint64_t f = pl_read_varint(r);

    if (f == 0 || f > UINT16_MAX || f < last || (f == last && !again))
        r->bad = 1;
    return (uint32_t)f;
}

/* Borrowed clean text, or NULL with `bad` set. */
static const char *get_text(struct pl_reader *r, size_t max, size_t *n)
{
    uint64_t len = pl_read_varint(r);
    const uint8_t *p = len <= max ? pl_read_bytes(r, (size_t)len) : NULL;

    if (r->bad || len > max ||
        (len > 0 && (p == NULL || !pl_utf8_is_clean(p, (size_t)len, NULL)))) {
        r->bad = 1;
        return NULL;
    }
    *n = (size_t)len;
    return len > 0 ? (const char *)p : "";
}

static void get_value(struct load *l, struct pl_entry *en, uint32_t field)
{
    struct pl_reader *r = &l->r;
    struct pl_value v = {.type = PL_VAL_NULL};
    size_t n = 0;
    const char *s;

    switch (pl_read_u8(r)) {
    case PL_VAL_INT:
        v = pl_value_int(unzigzag(pl_read_varint(r)));
        break;
    case PL_VAL_STR:
        s = get_text(r, PL_STR_MAX * 4, &n);
        if (s != NULL)
            v = pl_value_str(s, n);
        break;
    case PL_VAL_EID:
        v = pl_value_eid(get_eid(r));
        break;
    default:
        r->bad = 1;
        break;
    }
    if (!r->bad)
        entry_set_reg(l->d, en, field, &v);
    pl_value_release(&v);
}

static void get_regs(struct load *l, struct pl_entry *en)
{
    uint64_t n = pl_read_varint(&l->r);
    uint32_t field = 0;

    for (uint64_t i = 0; i < n && !l->r.bad; i++) {
        field = get_field(&l->r, field, false);
        get_value(l, en, field);
    }
}

static void get_sets(struct load *l, struct pl_entry *en)
{
    uint64_t n = pl_read_varint(&l->r);
    struct pl_elem last = {.len = 0};
    uint32_t field = 0;

    for (uint64_t i = 0; i < n && !l->r.bad; i++) {
        uint32_t f = get_field(&l->r, field, true);
        struct pl_elem el = {.len = pl_read_u8(&l->r)};
        const uint8_t *p = el.len <= PL_ELEM_MAX ? pl_read_bytes(&l->r, el.len) : NULL;
        if (p == NULL || el.len == 0) {
            l->r.bad = 1;
            return;
        }
        memcpy(el.b, p, el.len);
        if (f == field && elem_cmp(&last, &el) >= 0)
            l->r.bad = 1;
        if (!l->r.bad)
            entry_set_elem(l->d, en, f, &el, true);
        field = f;
        last = el;
    }
}

static void get_texts(struct load *l, struct pl_entry *en)
{
    uint64_t n = pl_read_varint(&l->r);
    uint32_t field = 0;

    for (uint64_t i = 0; i < n && !l->r.bad; i++) {
        size_t len = 0;
        field = get_field(&l->r, field, false);
        const char *s = get_text(&l->r, PL_TEXT_FIELD_MAX, &len);
        if (l->r.bad || len == 0) {
            l->r.bad = 1;
            return;
        }
        pl_text_assign(&entry_write_text(l->d, en, field)->text, s, len);
        l->d->text_bytes += len;
    }
}

static int get_place(struct load *l, struct place *at)
{
    at->parent = get_eid(&l->r);
    at->key.len = pl_read_u8(&l->r);
    const uint8_t *p = at->key.len <= PL_KEY_MAX ? pl_read_bytes(&l->r, at->key.len) : NULL;
    if (p == NULL || pl_key_check((const char *)p, at->key.len, NULL) != 0)
        return broken(l, "an order key");
    memcpy(at->key.s, p, at->key.len);
    return 0;
}

static int get_entry(struct load *l, size_t i)
{
    struct place *at = &l->places[i];
    struct pl_eid eid = get_eid(&l->r);
    uint64_t kind = pl_read_varint(&l->r);
    uint8_t flags = pl_read_u8(&l->r);
    bool in_order =
        i == 0 ? pl_eid_is_root(eid) : pl_eid_cmp(pl_entry_eid(l->places[i - 1].en), eid) < 0;

    if (l->r.bad || !in_order || kind == 0 || kind > UINT16_MAX || (flags & ~FLAG_DEAD) != 0 ||
        (i == 0) != (kind == PL_KIND_REVIEW))
        return broken(l, "an entry's head");
    at->en = i == 0 ? l->d->root : entry_add(l->d, eid, (uint32_t)kind);
    l->n = i + 1;
    if (i > 0) {
        int rc = get_place(l, at);
        if (rc != 0)
            return rc;
    }
    entry_set_dead(l->d, at->en, (flags & FLAG_DEAD) != 0);
    at->en->created_by = pl_read_varint(&l->r);
    at->en->created_us = unzigzag(pl_read_varint(&l->r));
    at->en->changed_us = unzigzag(pl_read_varint(&l->r));
    get_regs(l, at->en);
    get_sets(l, at->en);
    get_texts(l, at->en);
    return l->r.bad ? broken(l, "an entry's fields") : 0;
}

static int get_document(struct load *l)
{
    const uint8_t *m = pl_read_bytes(&l->r, sizeof magic);

    if (m == NULL || memcmp(m, magic, sizeof magic) != 0)
        return broken(l, "no mark at its beginning");
    if (pl_read_u8(&l->r) != SNAPSHOT_VERSION)
        return pl_fail(l->e, PL_E_VERSION, "a snapshot of a version that is not known");
    l->d->rev = pl_read_varint(&l->r);
    uint64_t n = pl_read_varint(&l->r);
    if (l->r.bad || n == 0 || n > pl_reader_left(&l->r) / ENTRY_BYTES_MIN)
        return broken(l, "a count of entries that does not fit");
    l->places = pl_xcalloc((size_t)n, sizeof *l->places);
    for (size_t i = 0; i < n; i++) {
        int rc = get_entry(l, i);
        if (rc != 0)
            return rc;
    }
    if (pl_reader_left(&l->r) != 0)
        return broken(l, "bytes behind its end");
    for (size_t i = 1; i < n; i++) {
        struct pl_entry *parent = pl_doc_entry(l->d, l->places[i].parent);
        if (parent == NULL)
            return broken(l, "an entry without a place");
        tree_place(l->d, l->places[i].en, parent, &l->places[i].key);
    }
    return 0;
}

struct pl_doc *pl_doc_decode(const void *bytes, size_t n, struct pl_err *e)
{
    struct load l = {.e = e};
    int rc;

    if (n > PL_SNAPSHOT_MAX) {
        (void)pl_fail(e, PL_E_LIMIT, "a snapshot of %zu bytes, at most %u are allowed", n,
                      PL_SNAPSHOT_MAX);
        return NULL;
    }
    pl_reader_init(&l.r, bytes, n);
    l.d = pl_doc_new();
    rc = get_document(&l);
    free(l.places);
    if (rc != 0) {
        pl_doc_free(l.d);
        return NULL;
    }
    return l.d;
}
