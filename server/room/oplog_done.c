// SPDX-License-Identifier: Apache-2.0
/*
 * How a batch ends: committed, taken back, or partly refused; and what others committed.
 *
 * Taking back: the changesets of the batch are composed, inverted against the committed document
 * and applied to the work copy, whose hash must then be that of the document. Entries cannot be
 * unmade like that, so a batch that created some, or whose hash does not come out right, costs a
 * new copy.
 */
#include "room/oplog_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/wire/frame.h"

static const int code_of[] = {
    [AUTHOR_OK] = 0,
    [AUTHOR_PERM] = PL_E_PERM,
    [AUTHOR_REVOKED] = PL_E_REVOKED,
    [AUTHOR_FENCED] = PL_E_FENCED,
    [AUTHOR_DUPLICATE] = PL_E_FENCED, /* the store knows more of this session than we do: resume */
    [AUTHOR_LOCKED] = PL_E_LOCKED,
    [AUTHOR_STALE] = PL_E_CONFLICT,
    [AUTHOR_REPLAYED] = PL_E_CONFLICT,
    [AUTHOR_UNSIGNED] = PL_E_SIGNATURE,
};
static const char *const why_of[] = {
    [AUTHOR_OK] = "",
    [AUTHOR_PERM] = "your role does not allow this",
    [AUTHOR_REVOKED] = "your access was taken away",
    [AUTHOR_FENCED] = "a newer session took over",
    [AUTHOR_DUPLICATE] = "the session must be resumed",
    [AUTHOR_LOCKED] = "this section is locked now",
    [AUTHOR_STALE] = "the votes have changed meanwhile; try again",
    [AUTHOR_REPLAYED] = "this statement was used before; sign anew",
    [AUTHOR_UNSIGNED] = "the statement is not of this device, or not of these minutes",
};

/* --- taking back --------------------------------------------------------------------------------
 */

static bool undo_work(struct oplog *l)
{
    const struct pl_state_view before = pl_doc_view(l->doc);
    struct pl_cs all;
    struct pl_cs inverse;
    int rc = 0;

    if (l->batch.is_irregular)
        return false;
    pl_cs_init(&all);
    for (size_t i = 0; i < l->batch.n && rc == 0; i++)
        rc = pl_cs_compose(&all, &l->batch.items[i].rec->cs, NULL);
    if (rc == 0) {
        pl_cs_invert(&inverse, &all, &before);
        rc = pl_doc_apply(l->work, &inverse, NULL, NULL);
        pl_cs_release(&inverse);
    }
    pl_cs_release(&all);
    pl_doc_set_rev(l->work, pl_doc_rev(l->doc));
    return rc == 0 && pl_doc_digest(l->work) == pl_doc_digest(l->doc);
}

static void batch_end(struct oplog *l)
{
    struct submission *sub;

    for (size_t i = 0; i < l->batch.n; i++)
        rec_free(l->batch.items[i].rec);
    l->batch.n = 0;
    l->batch.n_refused = 0;
    DL_FOREACH (l->queue, sub) {
        sub->in_batch = false;
        sub->is_settled = false;
        if (!sub->is_stuck) { /* judged on a state that was not to be */
            sub->code = 0;
            free(sub->why);
            sub->why = NULL;
        }
    }
    l->building = false;
    if (l->given_n > 0) {
        oplog_give_numbers(l, l->given_first, l->given_n);
        l->given_n = 0;
    }
}

void oplog_abort(struct oplog *l, bool unknown)
{
    PL_ASSERT(l->building);
    /* A frame that could not be encoded left the work copy ahead of the batch: the hash shows it.
     */
    if (!undo_work(l)) {
        pl_doc_free(l->work);
        l->work = pl_doc_dup(l->doc);
        l->stats.copies++;
    }
    if (!unknown) {
        l->numbers_first = l->batch.numbers_first;
        l->numbers_left = l->batch.numbers_left;
    }
    l->respaced_at = l->batch.respaced_at;
    l->stats.lost++;
    batch_end(l);
}

/* --- committed ----------------------------------------------------------------------------------
 */

static int apply_committed(struct oplog *l, const struct rev_rec *rec, struct pl_err *e)
{
    const struct pl_rev_meta meta = {
        .rev = rec->rev, .user = rec->user, .client = rec->client, .at_us = rec->at_us};
    int rc = pl_doc_apply(l->doc, &rec->cs, &meta, e);

    if (rc != 0)
        return rc;
    derive_note(l, &rec->cs);
    if (rec->at_us > l->last_us)
        l->last_us = rec->at_us;
    return 0;
}

static void answer_refusals(struct oplog *l)
{
    for (size_t i = 0; i < l->batch.n_refused; i++) {
        struct submission *sub = l->batch.refused[i];
        struct session *s = session_find(l, sub->origin.client);
        if (s != NULL && s->epoch == sub->origin.epoch)
            session_note(s, sub->origin.seq, 0, sub->code, sub->why);
        sub_answer(l, sub, 0, sub->code, sub->why);
    }
    l->batch.n_refused = 0;
}

/* Commands that had nothing to write on top of the batch. */
static void answer_settled(struct oplog *l)
{
    struct submission *sub;
    struct submission *tmp;

    if (l->batch.n_settled == 0)
        return;
    DL_FOREACH_SAFE (l->queue, sub, tmp) {
        if (sub->is_settled)
            sub_answer(l, sub, sub->code == 0 ? oplog_head(l) : 0, sub->code, sub->why);
    }
    l->batch.n_settled = 0;
}

void oplog_commit(struct oplog *l)
{
    PL_ASSERT(l->building);
    for (size_t i = 0; i < l->batch.n; i++) {
        struct rev_rec *rec = l->batch.items[i].rec;
        int rc = apply_committed(l, rec, NULL);
        PL_ASSERT(rc == 0); /* it was applied to the work copy before */
        l->batch.items[i].rec = NULL;
        session_note(session_find(l, rec->client), rec->seq, rec->rev, 0, NULL);
        ring_push(l, rec);
        l->stats.committed++;
    }
    /* Answers last: whoever hears of a revision finds all of them in the ring. */
    uint64_t rev = oplog_head(l) - l->batch.n;
    for (size_t i = 0; i < l->batch.n; i++) {
        rev++;
        if (l->batch.items[i].sub != NULL)
            sub_answer(l, l->batch.items[i].sub, rev, 0, NULL);
    }
    answer_settled(l);
    answer_refusals(l);
    l->derive = DERIVE_NAMED;
    batch_end(l);
}

/* The verdict itself is not stored by the append: it goes along with the next batch as a refusal,
 * so that a refused changeset stays refused whatever rights come later. */
static void refuse_next(struct submission *sub, int code, const char *why)
{
    free(sub->why);
    sub->why = pl_xstrdup(why);
    sub->code = code;
    sub->is_stuck = true;
}

size_t oplog_refuse(struct oplog *l, const enum author_verdict *verdicts)
{
    size_t answered = l->batch.n_refused;

    PL_ASSERT(l->building);
    for (size_t i = 0; i < l->batch.n && l->derive < DERIVE_NOTHING; i++) {
        if (l->batch.items[i].sub == NULL && verdicts[i] != AUTHOR_OK) {
            l->derive++;
            answered++;
            break;
        }
    }
    answer_refusals(l);
    for (size_t i = 0; i < l->batch.n; i++) {
        struct submission *sub = l->batch.items[i].sub;
        enum author_verdict v = verdicts[i];
        if (sub == NULL || v == AUTHOR_OK)
            continue;
        if ((size_t)v >= sizeof code_of / sizeof code_of[0])
            v = AUTHOR_FENCED;
        if (code_of[v] == PL_E_FENCED || sub->origin.client == 0)
            sub_answer(l, sub, 0, code_of[v], why_of[v]);
        else
            refuse_next(sub, code_of[v], why_of[v]);
        answered++;
    }
    oplog_abort(l, false);
    return answered;
}

/* --- what others committed ----------------------------------------------------------------------
 */

/* Ours after all (an outcome that was unknown), or overtaken. */
static void match_queue(struct oplog *l, const struct rev_rec *rec)
{
    struct submission *sub;
    struct submission *tmp;

    DL_FOREACH_SAFE (l->queue, sub, tmp) {
        if (sub->origin.client != rec->client || sub->origin.seq == 0)
            continue;
        if (sub->origin.seq == rec->seq)
            sub_answer(l, sub, rec->rev, 0, NULL);
        else if (rec->client != 0 && sub->origin.seq < rec->seq)
            sub_answer(l, sub, 0, PL_E_FENCED, "a newer changeset of this client is stored");
    }
}

static int decode_rev(struct oplog *l, const struct pl_frame *f, struct rev_rec **out,
                      uint64_t *hash, struct pl_err *e)
{
    struct pl_arena arena;
    struct pl_msg m;

    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, f->type, f->payload, f->n, PL_SIDE_CLIENT, &arena, e);
    if (rc == 0 && (m.type != PL_MSG_REV || m.u.rev.review != l->opt.review)) {
        rc = pl_fail(e, PL_E_STORE, "the log holds what is no revision of this review");
        pl_msg_release(&m);
    }
    if (rc == 0) {
        struct rev_rec *rec = rec_new(f->payload - PL_FRAME_HEADER, f->n + PL_FRAME_HEADER);
        rec->rev = m.u.rev.rev;
        rec->client = m.u.rev.client;
        rec->seq = m.u.rev.seq;
        rec->user = m.u.rev.user;
        rec->at_us = m.u.rev.at_us;
        rec->decoded = true;
        *hash = m.u.rev.hash;
        pl_cs_move(&rec->cs, &m.u.rev.cs);
        pl_msg_release(&m);
        *out = rec;
    }
    pl_arena_release(&arena);
    return rc;
}

/* Applies one revision of the log to both documents. */
static int take_rev(struct oplog *l, const struct pl_frame *f, struct pl_err *e)
{
    struct rev_rec *rec = NULL;
    uint64_t hash = 0;
    int rc = decode_rev(l, f, &rec, &hash, e);

    if (rc != 0)
        return rc;
    if (rec->rev <= oplog_head(l)) {
        rec_free(rec);
        return 0;
    }
    if (rec->rev != oplog_head(l) + 1) {
        rc = pl_fail(e, PL_E_STORE, "revision %llu follows on %llu in the log",
                     (unsigned long long)rec->rev, (unsigned long long)oplog_head(l));
        rec_free(rec);
        return rc;
    }
    rc = apply_committed(l, rec, e);
    if (rc == 0 && hash != 0 && hash != pl_doc_digest(l->doc))
        rc = pl_fail(e, PL_E_STORE, "the document does not match the log at revision %llu",
                     (unsigned long long)rec->rev);
    if (rc == 0 && l->work != NULL) {
        const struct pl_rev_meta meta = {
            .rev = rec->rev, .user = rec->user, .client = rec->client, .at_us = rec->at_us};
        rc = pl_doc_apply(l->work, &rec->cs, &meta, e);
    }
    if (rc != 0) {
        rec_free(rec);
        return rc;
    }
    session_note(session_find(l, rec->client), rec->seq, rec->rev, 0, NULL);
    ring_push(l, rec);
    match_queue(l, rec);
    return 0;
}

int oplog_catch_up(struct oplog *l, const void *body, size_t n, struct pl_err *e)
{
    struct pl_reader r;

    PL_ASSERT(!l->building);
    pl_reader_init(&r, body, n);
    while (pl_reader_left(&r) > 0) {
        uint32_t len = pl_read_u32be(&r);
        if (r.bad || len < 2 || len > pl_reader_left(&r))
            return pl_fail(e, PL_E_STORE, "a cut frame in the log");
        const uint8_t *p = pl_read_bytes(&r, len);
        const struct pl_frame f = {
            .type = (uint32_t)p[0] << 8 | p[1], .payload = p + 2, .n = len - 2};
        int rc = take_rev(l, &f, e);
        if (rc != 0) {
            if (e != NULL)
                e->code = PL_E_STORE;
            return -PL_E_STORE;
        }
    }
    return 0;
}
