// SPDX-License-Identifier: Apache-2.0
/*
 * See shown.h. The bytes go straight into the hash, so a review of any size costs no memory. Every
 * length stands before what it counts: no two states have the same bytes.
 */
#include "plimsoll/doc/shown.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/act.h"
#include "plimsoll/doc/checks.h"

#include "doc_int.h"

#define MAGIC "PLV1"

static void put_u32(struct pl_sha256 *h, uint32_t v)
{
    const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    pl_sha256_update(h, b, sizeof b);
}

static void put_u64(struct pl_sha256 *h, uint64_t v)
{
    put_u32(h, (uint32_t)(v >> 32));
    put_u32(h, (uint32_t)v);
}

static void put_eid(struct pl_sha256 *h, struct pl_eid eid)
{
    put_u64(h, eid.client);
    put_u32(h, eid.n);
}

static void put_bytes(struct pl_sha256 *h, const void *bytes, size_t n)
{
    put_u32(h, (uint32_t)n);
    if (n > 0)
        pl_sha256_update(h, bytes, n);
}

static void put_value(struct pl_sha256 *h, const struct pl_value *v)
{
    const uint8_t type = (uint8_t)v->type;

    pl_sha256_update(h, &type, 1);
    if (v->type == PL_VAL_INT)
        put_u64(h, (uint64_t)v->i);
    else if (v->type == PL_VAL_STR)
        put_bytes(h, v->str, v->str_len);
    else
        put_eid(h, v->eid);
}

static void put_text(struct pl_sha256 *h, const struct text_row *t)
{
    struct pl_text_spans s = pl_text_spans(&t->text);

    put_u32(h, t->field);
    put_u32(h, (uint32_t)(s.a_len + s.b_len));
    if (s.a_len > 0)
        pl_sha256_update(h, s.a, s.a_len);
    if (s.b_len > 0)
        pl_sha256_update(h, s.b, s.b_len);
}

static void put_entry(struct pl_sha256 *h, const struct pl_entry *en)
{
    const uint8_t dead = en->dead ? 1 : 0;
    uint32_t texts = 0;

    put_eid(h, pl_entry_eid(en));
    put_u32(h, en->kind);
    pl_sha256_update(h, &dead, 1);
    put_eid(h, en->parent_eid);
    put_u32(h, en->regs_n);
    for (uint32_t i = 0; i < en->regs_n; i++) {
        put_u32(h, en->regs[i].field);
        put_value(h, &en->regs[i].value);
    }
    put_u32(h, en->sets_n);
    for (uint32_t i = 0; i < en->sets_n; i++) {
        put_u32(h, en->sets[i].field);
        put_bytes(h, en->sets[i].elem.b, en->sets[i].elem.len);
    }
    for (uint32_t i = 0; i < en->texts_n; i++)
        texts += pl_text_bytes(&en->texts[i]->text) > 0;
    put_u32(h, texts);
    for (uint32_t i = 0; i < en->texts_n; i++) {
        if (pl_text_bytes(&en->texts[i]->text) > 0)
            put_text(h, en->texts[i]);
    }
}

/* --- which entries ------------------------------------------------------------------ */

static int by_eid(const void *a, const void *b)
{
    return pl_eid_cmp(pl_entry_eid(*(struct pl_entry *const *)a),
                      pl_entry_eid(*(struct pl_entry *const *)b));
}

static void put_all(struct pl_sha256 *h, struct pl_entry **v, size_t n)
{
    if (n > 1) /* with nothing there is no array */
        qsort(v, n, sizeof(struct pl_entry *), by_eid);
    put_u32(h, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        put_entry(h, v[i]);
}

static void put_review(struct pl_sha256 *h, const struct pl_doc *d)
{
    struct pl_entry **v = pl_xcalloc(d->count, sizeof(struct pl_entry *));
    size_t n = 0;

    for (struct pl_entry *en = d->entries; en != NULL; en = en->hh.next)
        v[n++] = en;
    put_all(h, v, n);
    free(v);
}

static void put_action(struct pl_sha256 *h, const struct pl_doc *d, struct pl_entry *action)
{
    struct pl_eid eid = pl_entry_eid(action);
    size_t n = pl_doc_children(d, eid, PL_KIND_EVIDENCE, NULL, 0);
    struct pl_entry **v = pl_xcalloc(n + 1, sizeof(struct pl_entry *));

    v[n] = action;
    (void)pl_doc_children(d, eid, PL_KIND_EVIDENCE, v, n);
    put_all(h, v, n + 1);
    free(v);
}

static void put_shown(struct pl_sha256 *h, const struct pl_doc *d, const struct pl_shown *s,
                      struct pl_entry *en)
{
    if (s->act == PL_ACT_CLOSE)
        put_review(h, d);
    else if (pl_eid_is_root(s->entry))
        put_all(h, NULL, 0);
    else if (s->act == PL_ACT_VERIFY || s->act == PL_ACT_DROP)
        put_action(h, d, en);
    else
        put_all(h, &en, 1);
}

int pl_shown_hash(const struct pl_doc *d, const struct pl_shown *s,
                  const uint8_t salt[PL_SHOWN_SALT], uint8_t out[PL_SHOWN_BYTES], struct pl_err *e)
{
    struct pl_entry *en = pl_doc_entry(d, s->entry);
    struct pl_sha256 h;

    if (en == NULL)
        return pl_fail(e, PL_E_NOENT, "there is no such entry");
    pl_sha256_init(&h);
    pl_sha256_update(&h, MAGIC, 4);
    pl_sha256_update(&h, salt, PL_SHOWN_SALT);
    put_u32(&h, s->act);
    put_eid(&h, s->entry);
    put_u32(&h, s->field);
    put_bytes(&h, s->text, strlen(s->text));
    put_shown(&h, d, s, en);
    pl_sha256_final(&h, out);
    return 0;
}

uint64_t pl_shown_object(const struct pl_doc *d, const struct pl_shown *s, uint64_t review)
{
    const struct pl_entry *en = pl_doc_entry(d, s->entry);
    char id[8] = "";

    if (s->act == PL_ACT_CLOSE)
        return review;
    if (s->act == PL_ACT_WAIVE) {
        size_t n = strcspn(s->text, " \t\n");
        if (n < sizeof id)
            memcpy(id, s->text, n);
        return (uint64_t)pl_check_by_id(id);
    }
    if (en == NULL || pl_eid_is_root(s->entry))
        return 0;
    return (uint64_t)pl_entry_int(en, PL_F_NO, 0);
}
