// SPDX-License-Identifier: Apache-2.0
/*
 * An imported post-mortem as changesets for an empty review: one for the header, one for each
 * entry, and more where a text is longer than a changeset holds. Order keys are made one behind the
 * other.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#include "import_int.h"

#define PIECE_MAX 32768u /* bytes of text in one changeset; its limit is 48 KiB */

struct writer {
    uint64_t client;
    uint32_t next_n;
    pl_import_cb emit;
    void *ctx;
    struct pl_key last; /* of the entry before; len 0: none */
};

static int send(struct writer *w, struct pl_cs *cs)
{
    return pl_cs_is_empty(cs) ? 0 : w->emit(w->ctx, cs);
}

/* Bytes of the next piece: whole characters. */
static size_t piece_len(const char *s, size_t n)
{
    size_t len = n < PIECE_MAX ? n : PIECE_MAX;

    while (len > 0 && len < n && ((unsigned char)s[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static void add_piece(struct pl_cs *cs, struct pl_eid eid, uint32_t field, uint32_t base,
                      const char *s, size_t n)
{
    struct pl_op op;

    pl_op_init(&op, base);
    pl_op_retain(&op, base);
    pl_op_insert(&op, s, (uint32_t)n, (uint32_t)pl_utf8_count(s, n));
    pl_cs_text(cs, eid, field, &op);
}

/* Sends cs (taken) with the beginning of a text, then the rest of the text behind it. */
static int send_text(struct writer *w, struct pl_cs *take_cs, struct pl_eid eid, uint32_t field,
                     const char *text)
{
    size_t n = strlen(text);
    uint32_t base = 0;
    int rc;

    n = n < PL_TEXT_FIELD_MAX ? n : piece_len(text, PL_TEXT_FIELD_MAX);
    size_t len = piece_len(text, n);
    if (len > 0)
        add_piece(take_cs, eid, field, 0, text, len);
    rc = send(w, take_cs);
    while (rc == 0 && len < n) {
        struct pl_cs cs;
        base += (uint32_t)pl_utf8_count(text, len);
        text += len;
        n -= len;
        len = piece_len(text, n);
        pl_cs_init(&cs);
        add_piece(&cs, eid, field, base, text, len);
        rc = send(w, &cs);
    }
    return rc;
}

/* A new entry as the last of the review. */
static int create(struct writer *w, struct pl_cs *cs, uint32_t kind, struct pl_eid *eid)
{
    struct pl_key key;
    int rc;

    *eid = (struct pl_eid){w->client, w->next_n++};
    rc = pl_key_between(&key, w->last.len > 0 ? &w->last : NULL, NULL, eid->client, eid->n, NULL);
    if (rc != 0)
        return rc;
    w->last = key;
    pl_cs_create(cs, *eid, kind, PL_EID_ROOT, &key);
    return 0;
}

static void set_int(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t i)
{
    struct pl_value v = pl_value_int(i);

    pl_cs_reg(cs, eid, field, &v);
}

static void set_fields(struct pl_cs *cs, struct pl_eid eid, uint32_t kind,
                       const struct pl_import_item *it)
{
    switch (kind) {
    case PL_KIND_EVENT:
        if (it->at_us != PL_IMPORT_NO_TIME)
            set_int(cs, eid, PL_F_EVENT_HAPPENED_AT, it->at_us);
        set_int(cs, eid, PL_F_EVENT_PRECISION,
                it->day_only || it->at_us == PL_IMPORT_NO_TIME ? PL_PRECISION_ABOUT
                                                               : PL_PRECISION_EXACT);
        if (it->marker != 0)
            set_int(cs, eid, PL_F_EVENT_MARKER, it->marker);
        if (it->day_only)
            set_int(cs, eid, PL_F_EVENT_PRECISION_S, 86400);
        break;
    case PL_KIND_OBSERVATION:
        if (it->kind != 0)
            set_int(cs, eid, PL_F_OBSERVATION_KIND, it->kind);
        break;
    case PL_KIND_ACTION:
        set_int(cs, eid, PL_F_ACTION_STATE, PL_STATE_IDEA);
        break;
    default:
        break;
    }
}

static int send_list(struct writer *w, uint32_t kind, const struct pl_import_list *list)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < list->n; i++) {
        struct pl_eid eid;
        struct pl_cs cs;
        pl_cs_init(&cs);
        rc = create(w, &cs, kind, &eid);
        if (rc != 0) {
            pl_cs_release(&cs);
            break;
        }
        set_fields(&cs, eid, kind, &list->items[i]);
        rc = send_text(w, &cs, eid, PL_F_BODY, list->items[i].text);
    }
    return rc;
}

static int send_header(struct writer *w, const struct pl_import *im)
{
    struct pl_cs cs;
    struct pl_value title = pl_value_str(im->title, strlen(im->title));
    size_t sum = strlen(im->summary);
    size_t imp = strlen(im->impact);
    char *text = malloc(sum + imp + 3);
    int rc;

    if (text == NULL) {
        pl_value_release(&title);
        return -PL_E_NOMEM;
    }
    memcpy(text, im->summary, sum);
    size_t gap = sum > 0 && imp > 0 ? 2 : 0;
    memset(text + sum, '\n', gap);
    memcpy(text + sum + gap, im->impact, imp + 1);
    pl_cs_init(&cs);
    if (im->title[0] != '\0')
        pl_cs_reg(&cs, PL_EID_ROOT, PL_F_TITLE, &title);
    rc = send_text(w, &cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, text);
    pl_value_release(&title);
    free(text);
    return rc;
}

static int send_rest(struct writer *w, const struct pl_import *im)
{
    static const char name[] = "Rest of the imported document";
    struct pl_value title = pl_value_str(name, sizeof name - 1);
    struct pl_eid eid;
    struct pl_cs cs;
    int rc;

    pl_cs_init(&cs);
    rc = create(w, &cs, PL_KIND_MATERIAL, &eid);
    if (rc == 0) {
        pl_cs_reg(&cs, eid, PL_F_TITLE, &title);
        rc = send_text(w, &cs, eid, PL_F_BODY, im->rest);
    } else {
        pl_cs_release(&cs);
    }
    pl_value_release(&title);
    return rc;
}

int pl_import_changesets(const struct pl_import *im, uint64_t client, uint32_t *next_n,
                         pl_import_cb emit, void *ctx)
{
    struct writer w = {.client = client, .next_n = *next_n, .emit = emit, .ctx = ctx};
    int rc = send_header(&w, im);

    if (rc == 0)
        rc = send_list(&w, PL_KIND_EVENT, &im->events);
    if (rc == 0)
        rc = send_list(&w, PL_KIND_OBSERVATION, &im->observations);
    if (rc == 0)
        rc = send_list(&w, PL_KIND_CAUSE, &im->causes);
    if (rc == 0)
        rc = send_list(&w, PL_KIND_ACTION, &im->actions);
    if (rc == 0 && im->rest[0] != '\0')
        rc = send_rest(&w, im);
    *next_n = w.next_n;
    return rc;
}
