// SPDX-License-Identifier: Apache-2.0
/*
 * The machine as bytes: whole (sync_save, sync_load), and as events since the last time
 * (sync_take_delta, sync_replay), so that a keystroke costs a few dozen bytes in the journal.
 * Playing the events is the same code that ran when they happened, with handlers muted; what they
 * cannot describe (a snapshot was taken) asks for a whole save.
 *
 * Whole: "PLS1", u64 review, u64 client, varints rev, seq, last batch, last entry counter, number
 * of batches, whether the first is in flight; each batch: varints id, undo_of, more, length,
 * changeset; then varint length and document. Events: u8 kind, varint length, payload.
 */
#include "sync/sync_int.h"

#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

#define SAVE_MAGIC   "PLS1"
#define BATCHES_MAX  100000u
#define EVENT_JOINED 1 /* an edit, from when edits were composed into any batch with room */
#define EVENT_SEND   2
#define EVENT_REV    3
#define EVENT_REFUSE 4
#define EVENT_EDIT   5

/* --- whole --------------------------------------------------------------------------------------
 */

/* Appends a length and the bytes of `part`, unless something failed before. */
static int add_part(struct pl_buf *out, int rc, const struct pl_buf *part)
{
    if (rc == 0)
        rc = pl_buf_add_varint(out, part->len);
    return rc == 0 ? pl_buf_add(out, part->data, part->len) : rc;
}

static int save_batch(const struct sync_batch *b, struct pl_buf *out, struct pl_err *e)
{
    struct pl_buf cs;
    int rc = pl_buf_add_varint(out, b->id);

    if (rc == 0)
        rc = pl_buf_add_varint(out, b->undo_of);
    if (rc == 0)
        rc = pl_buf_add_varint(out, b->more);
    pl_buf_init(&cs, PL_FRAME_MAX_SERVER);
    if (rc == 0)
        rc = pl_cs_encode(&b->cs, &cs, e);
    rc = add_part(out, rc, &cs);
    pl_buf_release(&cs);
    return rc;
}

static int save_head(const struct sync *s, struct pl_buf *out)
{
    const struct sync_batch *b;
    uint64_t n = s->inflight != NULL;

    DL_FOREACH (s->queue, b)
        n++;
    const uint64_t numbers[] = {s->rev, s->seq, s->last_batch, s->last_n, n, s->inflight != NULL};
    int rc = pl_buf_add_str(out, SAVE_MAGIC);
    if (rc == 0)
        rc = pl_buf_add_u64be(out, s->review);
    if (rc == 0)
        rc = pl_buf_add_u64be(out, s->client);
    for (size_t i = 0; rc == 0 && i < sizeof numbers / sizeof numbers[0]; i++)
        rc = pl_buf_add_varint(out, numbers[i]);
    return rc;
}

int sync_save(const struct sync *s, struct pl_buf *out, struct pl_err *e)
{
    const struct sync_batch *b;
    struct pl_buf doc;
    size_t start = out->len;
    int rc = save_head(s, out);

    if (rc == 0 && s->inflight != NULL)
        rc = save_batch(s->inflight, out, e);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = save_batch(b, out, e);
    }
    pl_buf_init(&doc, PL_SNAPSHOT_MAX);
    if (rc == 0)
        rc = pl_doc_encode(s->base, &doc, e);
    rc = add_part(out, rc, &doc);
    pl_buf_release(&doc);
    if (rc != 0) {
        out->len = start;
        return pl_fail(e, PL_E_LIMIT, "no room for the state of a review");
    }
    return 0;
}

void sync_saved(struct sync *s)
{
    s->must_save = false;
    pl_buf_clear(&s->delta);
}

static bool load_batch(struct sync *s, struct pl_reader *r, bool inflight, struct pl_err *e)
{
    uint64_t id = pl_read_varint(r);
    uint64_t undo_of = pl_read_varint(r);
    uint64_t more = pl_read_varint(r);
    uint64_t n = pl_read_varint(r);
    const uint8_t *bytes = pl_read_bytes(r, n);
    struct pl_cs cs;

    if (bytes == NULL || id == 0 || undo_of > 2 || pl_cs_decode(&cs, bytes, n, e) != 0)
        return false;
    struct sync_batch *b = sync_batch_new(s, &cs);
    s->last_batch--;
    b->id = id;
    b->undo_of = (uint32_t)undo_of;
    b->more = more != 0;
    b->since_us = 0;
    if (inflight) {
        s->inflight = b;
        s->flight = FLIGHT_UNSENT;
    } else {
        DL_APPEND(s->queue, b);
    }
    return true;
}

/* The view of what was loaded; false when the batches do not fit the document. */
static bool load_view(struct sync *s, struct pl_err *e)
{
    struct sync_batch *b;
    int rc = 0;

    pl_doc_free(s->view);
    s->view = pl_doc_dup(s->base);
    if (s->inflight != NULL)
        rc = pl_doc_apply(s->view, &s->inflight->cs, NULL, e);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = pl_doc_apply(s->view, &b->cs, NULL, e);
    }
    return rc == 0;
}

static bool load_body(struct sync *s, struct pl_reader *r, struct pl_err *e)
{
    s->rev = pl_read_varint(r);
    s->seq = pl_read_varint(r);
    s->last_batch = pl_read_varint(r);
    uint64_t last_n = pl_read_varint(r);
    uint64_t n = pl_read_varint(r);
    uint64_t inflight = pl_read_varint(r);
    if (r->bad || n > BATCHES_MAX || inflight > 1 || inflight > n || last_n > UINT32_MAX)
        return false;
    s->last_n = (uint32_t)last_n;
    for (uint64_t i = 0; i < n; i++) {
        if (!load_batch(s, r, i == 0 && inflight == 1, e))
            return false;
    }
    uint64_t n_doc = pl_read_varint(r);
    const uint8_t *bytes = pl_read_bytes(r, n_doc);
    if (bytes == NULL || pl_reader_left(r) != 0)
        return false;
    struct pl_doc *doc = pl_doc_decode(bytes, n_doc, e);
    if (doc == NULL)
        return false;
    pl_doc_free(s->base);
    s->base = doc;
    pl_doc_set_rev(doc, s->rev);
    s->ring_from = s->rev;
    return load_view(s, e);
}

struct sync *sync_load(const void *bytes, size_t n, const struct sync_handlers *h, struct pl_err *e)
{
    struct pl_reader r;

    pl_reader_init(&r, bytes, n);
    const uint8_t *magic = pl_read_bytes(&r, 4);
    if (magic == NULL || memcmp(magic, SAVE_MAGIC, 4) != 0) {
        (void)pl_fail(e, PL_E_INVALID, "this is not a saved review");
        return NULL;
    }
    uint64_t review = pl_read_u64be(&r);
    uint64_t client = pl_read_u64be(&r);
    struct sync *s = client != 0 ? sync_new(review, client, h) : NULL;
    if (s == NULL || !load_body(s, &r, e)) {
        sync_free(s);
        (void)pl_fail(e, PL_E_INVALID, "the saved review is damaged");
        return NULL;
    }
    sync_saved(s);
    return s;
}

/* --- events -------------------------------------------------------------------------------------
 */

static bool is_noting(const struct sync *s)
{
    return !s->muted && s->h.journal != NULL;
}

void sync_note_all(struct sync *s)
{
    if (!is_noting(s))
        return;
    s->must_save = true;
    s->journal_due = true;
    pl_buf_clear(&s->delta);
}

/* Adds an event; one that does not fit turns into a whole save. */
static void note(struct sync *s, uint8_t kind, const struct pl_buf *payload, int rc)
{
    size_t start = s->delta.len;

    if (s->must_save)
        return;
    if (rc == 0)
        rc = pl_buf_add_byte(&s->delta, kind);
    rc = add_part(&s->delta, rc, payload);
    if (rc != 0) {
        s->delta.len = start;
        sync_note_all(s);
    }
}

void sync_note_edit(struct sync *s, const struct pl_cs *cs, uint32_t undo_of)
{
    struct pl_buf b;

    if (!is_noting(s))
        return;
    s->journal_due = true;
    if (s->must_save)
        return;
    pl_buf_init(&b, PL_FRAME_MAX_SERVER);
    int rc = pl_buf_add_varint(&b, undo_of);
    if (rc == 0)
        rc = pl_buf_add_varint(&b, s->last_n);
    if (rc == 0)
        rc = pl_cs_encode(cs, &b, NULL);
    note(s, EVENT_EDIT, &b, rc);
    pl_buf_release(&b);
}

static void note_number(struct sync *s, uint8_t kind, uint64_t number)
{
    struct pl_buf b;

    if (!is_noting(s))
        return;
    s->journal_due = true;
    pl_buf_init(&b, 16);
    int rc = pl_buf_add_varint(&b, number);
    note(s, kind, &b, rc);
    pl_buf_release(&b);
}

void sync_note_send(struct sync *s)
{
    note_number(s, EVENT_SEND, s->seq);
}

void sync_note_refused(struct sync *s, int code)
{
    note_number(s, EVENT_REFUSE, (uint64_t)code);
}

void sync_note_rev(struct sync *s, const struct pl_rev *r)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    struct pl_buf b;

    if (!is_noting(s) || s->must_save)
        return;
    m.u.rev = *r; /* borrowed */
    pl_buf_init(&b, PL_FRAME_MAX_SERVER + PL_FRAME_HEADER);
    int rc = pl_msg_encode(&m, &b, NULL);
    note(s, EVENT_REV, &b, rc);
    pl_buf_release(&b);
    /* Nothing is lost when these are: they come again. So they may wait. */
    if (s->lazy_us == 0)
        s->lazy_us = s->now_us;
    if (s->delta.len > SYNC_DELTA_LAZY)
        s->journal_due = true;
}

int sync_take_delta(struct sync *s, struct pl_buf *out, struct pl_err *e)
{
    if (s->must_save)
        return 1;
    if (s->delta.len > 0 && pl_buf_add(out, s->delta.data, s->delta.len) != 0)
        return pl_fail(e, PL_E_LIMIT, "no room for %zu bytes of events", s->delta.len);
    pl_buf_clear(&s->delta);
    return 0;
}

/* --- playing ------------------------------------------------------------------------------------
 */

static int play_edit(struct sync *s, struct pl_reader *r, bool joined, struct pl_err *e)
{
    uint64_t undo_of = pl_read_varint(r);
    uint64_t last_n = pl_read_varint(r);
    struct pl_cs cs;

    if (r->bad || undo_of > 2 || last_n > UINT32_MAX)
        return pl_fail(e, PL_E_INVALID, "a damaged edit");
    int rc = pl_cs_decode(&cs, r->p, pl_reader_left(r), e);
    if (rc != 0)
        return rc;
    struct pl_state_view view = pl_doc_view(s->view);
    rc = pl_cs_fill_deleted(&cs, &view, e);
    if (rc == 0)
        rc = pl_doc_apply(s->view, &cs, NULL, e);
    if (rc == 0) {
        s->joins_all = joined;
        struct sync_batch *b = sync_queue_add(s, &cs, (uint32_t)undo_of);
        s->joins_all = false;
        b->since_us = 0;
        sync_queue_tidy(s);
        s->last_n = (uint32_t)last_n;
    }
    pl_cs_release(&cs);
    return rc;
}

static int play_send(struct sync *s, struct pl_reader *r, struct pl_err *e)
{
    uint64_t seq = pl_read_varint(r);

    if (r->bad || s->inflight != NULL || s->queue == NULL || seq <= s->seq)
        return pl_fail(e, PL_E_INVALID, "a send of nothing");
    sync_take_off(s);
    s->seq = seq;
    return 0;
}

static int play_rev(struct sync *s, struct pl_reader *r, struct pl_err *e)
{
    size_t n = pl_reader_left(r);
    struct pl_arena arena;
    struct pl_msg m;

    if (n < PL_FRAME_HEADER)
        return pl_fail(e, PL_E_INVALID, "a damaged revision");
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, PL_MSG_REV, r->p + PL_FRAME_HEADER, n - PL_FRAME_HEADER,
                           PL_SIDE_CLIENT, &arena, e);
    if (rc == 0) {
        if (m.u.rev.rev != s->rev + 1 || m.u.rev.review != s->review)
            rc = pl_fail(e, PL_E_INVALID, "a revision out of place");
        else
            rc = sync_take_rev(s, &m.u.rev, e);
        pl_msg_release(&m);
    }
    pl_arena_release(&arena);
    return rc;
}

static int play_refuse(struct sync *s, struct pl_reader *r, struct pl_err *e)
{
    uint64_t code = pl_read_varint(r);

    if (r->bad || s->inflight == NULL || code > INT32_MAX)
        return pl_fail(e, PL_E_INVALID, "a refusal of nothing");
    sync_refuse(s, (int)code, "");
    return 0;
}

static int play(struct sync *s, uint8_t kind, struct pl_reader *r, struct pl_err *e)
{
    switch (kind) {
    case EVENT_JOINED:
    case EVENT_EDIT:
        return play_edit(s, r, kind == EVENT_JOINED, e);
    case EVENT_SEND:
        return play_send(s, r, e);
    case EVENT_REV:
        return play_rev(s, r, e);
    case EVENT_REFUSE:
        return play_refuse(s, r, e);
    default:
        return pl_fail(e, PL_E_INVALID, "an event of kind %u", kind);
    }
}

int sync_replay(struct sync *s, const void *bytes, size_t n, struct pl_err *e)
{
    struct pl_reader r;
    int rc = 0;

    pl_reader_init(&r, bytes, n);
    s->muted = true;
    while (rc == 0 && pl_reader_left(&r) > 0) {
        struct pl_reader event;
        uint8_t kind = pl_read_u8(&r);
        uint64_t len = pl_read_varint(&r);
        const uint8_t *payload = pl_read_bytes(&r, len);
        if (payload == NULL) {
            rc = pl_fail(e, PL_E_INVALID, "events end in the middle");
            break;
        }
        pl_reader_init(&event, payload, len);
        rc = play(s, kind, &event, e);
    }
    s->muted = false;
    s->refused = 0;
    s->acked = 0;
    return rc;
}
