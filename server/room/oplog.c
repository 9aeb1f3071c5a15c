// SPDX-License-Identifier: Apache-2.0
/*
 * Log of an open review: its life, the ring, sessions and the queue. Batches are made in
 * oplog_build.c and end in oplog_done.c.
 */
#include "room/oplog_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/wire/frame.h"

#define BODY_MAX (8u * 1024u * 1024u)

struct oplog *oplog_new(const struct oplog_options *opt, struct pl_doc *take_doc,
                        const struct oplog_handlers *h)
{
    struct oplog *l = pl_mem_calloc(PL_MEM_OPLOG, 1, sizeof *l);

    l->opt = *opt;
    if (l->opt.ring_revs == 0)
        l->opt.ring_revs = 1;
    l->h = *h;
    l->doc = take_doc != NULL ? take_doc : pl_doc_new();
    pl_buf_init(&l->body, BODY_MAX);
    derive_scan(l);
    return l;
}

static void batch_release(struct batch *b)
{
    free(b->items);
    free(b->authors);
    free(b->refused);
    free(b->refusals);
    free(b->rows);
}

void oplog_free(struct oplog *l)
{
    struct session *s;
    struct session *tmp;

    if (l == NULL)
        return;
    if (l->building)
        oplog_abort(l, true);
    while (l->queue != NULL)
        sub_answer(l, l->queue, 0, PL_E_GOING_AWAY, "the review was closed here");
    HASH_ITER (hh, l->sessions, s, tmp) {
        HASH_DEL(l->sessions, s);
        free(s->last_why);
        free(s);
    }
    for (size_t i = 0; i < l->ring.n; i++)
        rec_free(l->ring.v[(l->ring.first + i) % l->ring.cap]);
    free(l->ring.v);
    batch_release(&l->batch);
    pl_buf_release(&l->body);
    free(l->waiting);
    pl_doc_free(l->doc);
    pl_doc_free(l->work);
    pl_mem_free(PL_MEM_OPLOG, l);
}

uint64_t oplog_head(const struct oplog *l)
{
    return pl_doc_rev(l->doc);
}

const struct pl_doc *oplog_doc(const struct oplog *l)
{
    return l->doc;
}

uint64_t oplog_digest(struct oplog *l)
{
    return pl_doc_digest(l->doc);
}

/* --- ring ---------------------------------------------------------------------------------------
 */

struct rev_rec *rec_new(const uint8_t *frame, size_t n)
{
    struct rev_rec *rec = pl_xmalloc(sizeof *rec + n);

    memset(rec, 0, sizeof *rec);
    rec->n = (uint32_t)n;
    memcpy(rec->frame, frame, n);
    return rec;
}

void rec_free(struct rev_rec *rec)
{
    if (rec == NULL)
        return;
    pl_cs_release(&rec->cs);
    free(rec);
}

uint64_t oplog_ring_first(const struct oplog *l)
{
    return oplog_head(l) + 1 - l->ring.n;
}

/* The ring's newest is the head, except while a revision is being pushed: so its own numbers count.
 */
struct rev_rec *ring_get(const struct oplog *l, uint64_t rev)
{
    const struct rev_ring *r = &l->ring;

    if (r->n == 0)
        return NULL;
    uint64_t first = r->v[r->first]->rev;
    if (rev < first || rev - first >= r->n)
        return NULL;
    return r->v[(r->first + (size_t)(rev - first)) % r->cap];
}

const uint8_t *oplog_frame(const struct oplog *l, uint64_t rev, size_t *n)
{
    const struct rev_rec *rec = ring_get(l, rev);

    if (rec == NULL)
        return NULL;
    *n = rec->n;
    return rec->frame;
}

static void ring_drop_oldest(struct rev_ring *r)
{
    struct rev_rec *rec = r->v[r->first];

    r->bytes -= sizeof *rec + rec->n;
    r->first = (r->first + 1) % r->cap;
    r->n--;
    rec_free(rec);
}

static void ring_grow(struct rev_ring *r)
{
    size_t cap = r->cap == 0 ? 64 : r->cap * 2;
    struct rev_rec **v = pl_xcalloc(cap, sizeof(struct rev_rec *));

    for (size_t i = 0; i < r->n; i++)
        v[i] = r->v[(r->first + i) % r->cap];
    free(r->v);
    r->v = v;
    r->cap = cap;
    r->first = 0;
}

void ring_push(struct oplog *l, struct rev_rec *rec)
{
    struct rev_ring *r = &l->ring;

    if (r->n > 0)
        PL_ASSERT(r->v[r->first]->rev + r->n == rec->rev);
    if (r->n == r->cap)
        ring_grow(r);
    r->v[(r->first + r->n) % r->cap] = rec;
    r->n++;
    r->bytes += sizeof *rec + rec->n;
    while (r->n > 1 && (r->n > l->opt.ring_revs || r->bytes > l->opt.ring_bytes))
        ring_drop_oldest(r);
    if (rec->rev > DECODED_MAX) {
        struct rev_rec *old = ring_get(l, rec->rev - DECODED_MAX);
        if (old != NULL && old->decoded) {
            pl_cs_release(&old->cs);
            old->decoded = false;
        }
    }
}

/* --- sessions -----------------------------------------------------------------------------------
 */

struct session *session_find(const struct oplog *l, uint64_t client)
{
    struct session *s = NULL;

    if (client != 0)
        HASH_FIND(hh, l->sessions, &client, sizeof client, s);
    return s;
}

void session_note(struct session *s, uint64_t seq, uint64_t rev, int code, const char *why)
{
    if (s == NULL || seq <= s->last_seq)
        return;
    s->last_seq = seq;
    s->last_rev = rev;
    s->last_code = (uint32_t)code;
    free(s->last_why);
    s->last_why = why != NULL && code != 0 ? pl_xstrdup(why) : NULL;
}

/* Old submissions of a client that can no longer commit; those in the batch get their verdict. */
static void drop_older(struct oplog *l, uint64_t client, uint32_t epoch)
{
    struct submission *sub;
    struct submission *tmp;

    DL_FOREACH_SAFE (l->queue, sub, tmp) {
        if (sub->origin.client == client && sub->origin.epoch < epoch && !sub->in_batch)
            sub_answer(l, sub, 0, PL_E_FENCED, "a newer session took over");
    }
}

void oplog_session_open(struct oplog *l, const struct oplog_session *o)
{
    struct session *s = session_find(l, o->client);

    PL_ASSERT(o->client != 0);
    if (s == NULL) {
        s = pl_xcalloc(1, sizeof *s);
        s->client = o->client;
        HASH_ADD(hh, l->sessions, client, sizeof s->client, s);
    } else if (o->epoch < s->epoch) {
        return; /* two openings crossed: the newer one counts */
    }
    s->epoch = o->epoch;
    if (o->last_seq > s->last_seq)
        session_note(s, o->last_seq, o->last_rev, (int)o->last_code, o->last_why);
    if (s->queued != NULL && s->queued->in_batch)
        s->queued = NULL;
    drop_older(l, o->client, o->epoch);
}

void oplog_session_close(struct oplog *l, uint64_t client, uint32_t epoch)
{
    struct session *s = session_find(l, client);

    if (s == NULL || s->epoch != epoch)
        return;
    HASH_DEL(l->sessions, s);
    free(s->last_why);
    free(s);
}

bool oplog_session_get(const struct oplog *l, uint64_t client, struct oplog_session *out)
{
    const struct session *s = session_find(l, client);

    if (s == NULL)
        return false;
    *out = (struct oplog_session){.client = s->client,
                                  .epoch = s->epoch,
                                  .last_seq = s->last_seq,
                                  .last_rev = s->last_rev,
                                  .last_code = s->last_code,
                                  .last_why = s->last_why != NULL ? s->last_why : ""};
    return true;
}

/* --- queue --------------------------------------------------------------------------------------
 */

/* Memory of a changeset, and about what it takes in a frame. */
static void measure(const struct pl_cs *cs, size_t *bytes, size_t *wire)
{
    size_t b = sizeof(struct submission);
    size_t w = 96;

    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        size_t text = 0;
        size_t comps = 0;
        if (s->kind == PL_SLOT_TEXT) {
            text = s->op.ins_len;
            comps = s->op.ncomps;
        }
        b += sizeof *s + 2 * sizeof(void *) + s->value.str_len + text + comps * sizeof(uint64_t);
        w += 40U + s->key.len + s->elem.len + s->value.str_len + text + comps * 3;
    }
    *bytes = b;
    *wire = w;
}

/* Answers and frees; out of the queue. */
void sub_answer(struct oplog *l, struct submission *sub, uint64_t rev, int code, const char *why)
{
    struct session *s = session_find(l, sub->origin.client);

    if (s != NULL && s->queued == sub)
        s->queued = NULL;
    DL_DELETE(l->queue, sub);
    l->queued--;
    l->queue_bytes -= sub->bytes;
    if (rev == 0)
        l->stats.refused++;
    if (l->h.answer != NULL)
        l->h.answer(l->h.ctx, &sub->origin, rev, code, why != NULL ? why : "");
    pl_cs_release(&sub->cs);
    free(sub->why);
    free(sub);
}

/* 0: may be queued, > 0: an enum oplog_taken, < 0: not. */
static int judge_session(const struct oplog *l, const struct oplog_origin *o, struct pl_err *e)
{
    const struct session *s = session_find(l, o->client);

    if (o->client == 0)
        return 0;
    if (s == NULL || s->epoch != o->epoch)
        return pl_fail(e, PL_E_FENCED, "this session is not the newest of its client");
    if (o->seq == 0 || o->seq < s->last_seq)
        return pl_fail(e, PL_E_BAD_STATE, "changeset %llu comes after %llu",
                       (unsigned long long)o->seq, (unsigned long long)s->last_seq);
    if (s->queued != NULL) {
        if (s->queued->origin.seq == o->seq)
            return OPLOG_UNDER_WAY;
        return pl_fail(e, PL_E_BAD_STATE, "changeset %llu while %llu is under way",
                       (unsigned long long)o->seq, (unsigned long long)s->queued->origin.seq);
    }
    return o->seq == s->last_seq ? OPLOG_KNOWN : 0;
}

static int judge_base(const struct oplog *l, uint64_t base, struct pl_err *e)
{
    uint64_t head = oplog_head(l);

    if (base > head)
        return pl_fail(e, PL_E_BAD_STATE, "a changeset on revision %llu, the newest is %llu",
                       (unsigned long long)base, (unsigned long long)head);
    if (head - base > PL_BASE_LAG_MAX || base + 1 < oplog_ring_first(l))
        return pl_fail(e, PL_E_BEHIND, "a changeset on revision %llu, the newest is %llu",
                       (unsigned long long)base, (unsigned long long)head);
    return 0;
}

int oplog_submit(struct oplog *l, const struct oplog_origin *o, struct pl_cs *take_cs,
                 struct pl_err *e)
{
    struct session *s = session_find(l, o->client);
    int rc = judge_session(l, o, e);

    if (rc == 0)
        rc = judge_base(l, o->base, e);
    if (rc == 0 && l->queue_bytes > 2 * l->opt.queue_bytes)
        rc = pl_fail(e, PL_E_BUSY, "too much is waiting to be stored");
    if (rc != 0) {
        pl_cs_release(take_cs);
        return rc;
    }
    struct submission *sub = pl_xcalloc(1, sizeof *sub);
    sub->origin = *o;
    if (o->client == 0) /* found again in the log after an unknown outcome */
        sub->origin.seq = pl_env_random_u64(l->opt.env) >> 1 | 1;
    sub->at_rev = o->base;
    pl_cs_move(&sub->cs, take_cs);
    measure(&sub->cs, &sub->bytes, &sub->wire);
    DL_APPEND(l->queue, sub);
    l->queued++;
    l->queue_bytes += sub->bytes;
    if (s != NULL)
        s->queued = sub;
    return OPLOG_QUEUED;
}

int oplog_command(struct oplog *l, const struct oplog_origin *o, oplog_judge_cb judge,
                  void *judge_ctx, struct pl_err *e)
{
    const struct oplog_origin origin = {.base = oplog_head(l),
                                        .user = o->user,
                                        .device = o->device,
                                        .effect = o->effect,
                                        .ctx = o->ctx};
    struct pl_cs none;

    pl_cs_init(&none);
    int rc = oplog_submit(l, &origin, &none, e);
    if (rc != OPLOG_QUEUED)
        return rc;
    struct submission *sub = l->queue->prev; /* the newest */
    sub->judge = judge;
    sub->judge_ctx = judge_ctx;
    return rc;
}

bool oplog_is_full(const struct oplog *l)
{
    return l->queue_bytes > l->opt.queue_bytes;
}

bool oplog_has_work(const struct oplog *l)
{
    return l->queue != NULL || derive_has_work(l);
}

bool oplog_is_building(const struct oplog *l)
{
    return l->building;
}

void oplog_stats(const struct oplog *l, struct oplog_stats *out)
{
    *out = l->stats;
    out->queued = l->queued;
    out->queue_bytes = l->queue_bytes;
    out->ring_revs = l->ring.n;
    out->ring_bytes = l->ring.bytes;
}

int oplog_snapshot(const struct load_part *part, struct pl_doc **doc, struct pl_err *e)
{
    *doc = NULL;
    if (part->n_snap == 0)
        return 0;
    struct pl_doc *d = pl_doc_decode(part->snap, part->n_snap, e);
    if (d == NULL)
        return -PL_E_STORE;
    if (pl_doc_rev(d) != part->snap_rev ||
        (part->snap_hash != 0 && part->snap_hash != pl_doc_digest(d))) {
        pl_doc_free(d);
        return pl_fail(e, PL_E_STORE, "the snapshot is not what was stored");
    }
    *doc = d;
    return 0;
}
