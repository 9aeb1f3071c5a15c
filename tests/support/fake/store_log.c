// SPDX-License-Identifier: Apache-2.0
/*
 * The store in memory, its part of store/repo_log.h: the rules of the real append (compare,
 * sessions, roles, refusals), sessions with their fence, and reading.
 */
#include "support/fake/store_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"

/* --- append --------------------------------------------------------------------------------------
 */

static size_t batches_after(const struct fake_review *r, uint64_t after, size_t max,
                            struct log_batch **out)
{
    const struct fake_batch *b;
    size_t n = 0;
    size_t bytes = 0;

    *out = NULL;
    DL_FOREACH (r->log, b) {
        if (b->b.last_rev <= after)
            continue;
        if (n > 0 && bytes + b->b.n > max)
            break;
        *out = pl_xrealloc(*out, n + 1, sizeof **out);
        (*out)[n++] = b->b;
        bytes += b->b.n;
    }
    return n;
}

static void give_append(struct store *s, struct fake_answer *a)
{
    struct pl_err e;
    struct log_batch *batches = NULL;

    pl_err_init(&e);
    if (a->result.outcome == APPEND_BEHIND) {
        a->result.n_batches =
            batches_after(fake_review_must(s, a->review), a->number, 1u << 20, &batches);
        a->result.batches = batches;
    }
    if (a->result.outcome == APPEND_FAILED || a->result.outcome == APPEND_UNKNOWN) {
        (void)pl_fail(&e, PL_E_STORE, "scripted");
        a->result.err = &e;
    }
    a->result.verdicts = a->verdicts;
    a->cb.append(a->ctx, &a->result);
    free(batches);
}

static enum author_verdict judge(const struct store *s, struct fake_review *r,
                                 const struct append_author *au)
{
    const struct fake_session *se = au->client != 0 ? fake_session_of(r, au->client) : NULL;

    if (au->client != 0 && (se == NULL || se->epoch != au->epoch))
        return AUTHOR_FENCED;
    if (au->client != 0 && se->last_seq >= au->seq)
        return AUTHOR_DUPLICATE;
    bool is_judged = au->client != 0 || au->ops != 0;
    return is_judged && fake_role_of(s, au->user) == 0 ? AUTHOR_PERM : AUTHOR_OK;
}

static struct fake_session *session_must(struct fake_review *r, uint64_t client)
{
    struct fake_session *se = fake_session_of(r, client);

    if (se == NULL)
        PL_BUG("no such session");
    return se;
}

static void note(struct fake_session *se, uint64_t seq, uint64_t rev, uint32_t code,
                 const char *why)
{
    se->last_seq = seq;
    se->last_rev = rev;
    se->last_code = code;
    free(se->last_why);
    se->last_why = pl_xstrdup(why);
}

static void store_refusals(struct fake_review *r, const struct append_request *q)
{
    for (size_t i = 0; i < q->n_refusals; i++) {
        const struct append_refusal *x = &q->refusals[i];
        struct fake_session *se = fake_session_of(r, x->client);
        if (se != NULL && se->epoch == x->epoch && se->last_seq < x->seq)
            note(se, x->seq, 0, x->code, x->why);
    }
}

static enum append_outcome write_batch(struct store *s, struct fake_review *r,
                                       const struct append_request *q,
                                       enum author_verdict *verdicts)
{
    bool refused = false;

    if (q->n_revs > 0 && q->expect_head != r->head)
        return APPEND_BEHIND;
    for (size_t i = 0; i < q->n_authors; i++) {
        verdicts[i] = judge(s, r, &q->authors[i]);
        refused = refused || verdicts[i] != AUTHOR_OK;
    }
    store_refusals(r, q);
    if (refused)
        return APPEND_REFUSED;
    for (size_t i = 0; i < q->n_authors; i++) {
        PL_ASSERT(q->authors[i].rev_offset == i);
        if (q->authors[i].client != 0)
            note(session_must(r, q->authors[i].client), q->authors[i].seq, r->head + 1 + i, 0, "");
    }
    if (q->n_revs > 0)
        fake_log_add(r, q->body, q->n_body, q->n_revs);
    return APPEND_OK;
}

int repo_append(struct store *s, const struct append_request *q, struct pl_err *e)
{
    struct fake_review *r = fake_review_find(s, q->review);

    if (!s->up || r == NULL)
        return pl_fail(e, PL_E_UNAVAILABLE, "the database is away");
    PL_ASSERT(q->n_authors == q->n_revs);
    struct fake_answer *a = fake_answer_new(s, give_append, q->ctx);
    enum fake_outcome how = s->next;
    s->next = FAKE_NORMAL;
    s->counts.appends++;
    s->counts.locked_first += q->lock_first ? 1 : 0;
    a->review = q->review;
    a->cb.append = q->cb;
    a->number = q->expect_head;
    a->verdicts = pl_xcalloc(q->n_authors + 1, sizeof *a->verdicts);
    a->result.outcome = APPEND_FAILED;
    if (how == FAKE_NORMAL || how == FAKE_UNKNOWN_KEPT)
        a->result.outcome = write_batch(s, r, q, a->verdicts);
    if (how == FAKE_UNKNOWN_LOST || how == FAKE_UNKNOWN_KEPT)
        a->result.outcome = APPEND_UNKNOWN;
    a->result.head = r->head;
    s->counts.ok += a->result.outcome == APPEND_OK ? 1 : 0;
    s->counts.behind += a->result.outcome == APPEND_BEHIND ? 1 : 0;
    s->counts.refused += a->result.outcome == APPEND_REFUSED ? 1 : 0;
    s->counts.unknown += a->result.outcome == APPEND_UNKNOWN ? 1 : 0;
    s->counts.failed += a->result.outcome == APPEND_FAILED ? 1 : 0;
    return 0;
}

void repo_hint(struct store *s, uint64_t review, uint64_t head)
{
    (void)review;
    (void)head;
    s->counts.hints++;
}

/* --- sessions ------------------------------------------------------------------------------------
 */

static void give_session(struct store *s, struct fake_answer *a)
{
    struct pl_err e;

    (void)s;
    pl_err_init(&e);
    if (a->rc != 0)
        (void)pl_fail(&e, -a->rc, "no");
    a->cb.session(a->ctx, a->rc, a->rc == 0 ? &a->row : NULL, &e);
}

static struct fake_session *session_bump(struct fake_review *r, uint64_t client, uint64_t user)
{
    struct fake_session *se = fake_session_of(r, client);

    if (se == NULL) {
        se = pl_xcalloc(1, sizeof *se);
        se->client = client;
        se->user = user;
        se->last_why = pl_xstrdup("");
        se->next = r->sessions;
        r->sessions = se;
    }
    se->epoch++;
    return se;
}

/* long: the parameters are the contract's */
int repo_session_open(struct store *s, uint64_t review, uint64_t client, uint64_t user,
                      uint64_t device, session_cb cb, void *ctx)
{
    struct fake_review *r = fake_review_find(s, review);
    uint32_t role = fake_role_of(s, user);

    (void)device;
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_session, ctx);
    a->cb.session = cb;
    if (r == NULL) {
        a->rc = -PL_E_NOENT;
        return 0;
    }
    const struct fake_session *se = client != 0 ? fake_session_of(r, client) : NULL;
    if (role == 0 && r->visibility != PL_VISIBILITY_ORGANISATION)
        a->rc = -PL_E_PERM;
    else if (se != NULL && se->user != user)
        a->rc = -PL_E_AUTH;
    if (a->rc != 0)
        return 0;
    a->row = (struct session_row){.role = role, .status = r->status, .head = r->head};
    if (client == 0)
        return 0;
    se = session_bump(r, client, user);
    a->row.epoch = se->epoch;
    a->row.last_seq = se->last_seq;
    a->row.last_rev = se->last_rev;
    a->row.last_code = se->last_code;
    a->row.last_why = "stored";
    return 0;
}

/* --- reading -------------------------------------------------------------------------------------
 */

static void give_load(struct store *s, struct fake_answer *a)
{
    struct fake_review *r = fake_review_find(s, a->review);
    struct load_part part = {.done = true};
    struct log_batch *batches = NULL;
    struct pl_err e;

    pl_err_init(&e);
    if (r == NULL) {
        (void)pl_fail(&e, PL_E_NOENT, "there is no such review");
        a->cb.load(a->ctx, -PL_E_NOENT, NULL, &e);
        return;
    }
    uint64_t after = a->number;
    part.head = r->head;
    if (a->n != 0 && r->snapshots != NULL) {
        part.snap_rev = r->snapshots->rev;
        part.snap_hash = r->snapshots->hash;
        part.snap = r->snapshots->bytes;
        part.n_snap = r->snapshots->n;
        after = part.snap_rev;
    }
    part.n_batches = batches_after(r, after, a->max_bytes, &batches);
    part.batches = batches;
    a->cb.load(a->ctx, 0, &part, NULL);
    free(batches);
}

int repo_load(struct store *s, uint64_t review, uint64_t max_rev, load_cb cb, void *ctx)
{
    (void)max_rev;
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_load, ctx);
    a->review = review;
    a->cb.load = cb;
    a->n = 1;
    a->max_bytes = SIZE_MAX / 2;
    s->counts.loads++;
    return 0;
}

int repo_fetch(struct store *s, uint64_t review, uint64_t after_rev, size_t max_bytes, load_cb cb,
               void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_load, ctx);
    a->review = review;
    a->cb.load = cb;
    a->number = after_rev;
    a->max_bytes = max_bytes;
    s->counts.fetches++;
    return 0;
}

static void give_done(struct store *s, struct fake_answer *a)
{
    (void)s;
    a->cb.done(a->ctx, 0, NULL);
}

/* long: the parameters are the contract's */
int repo_snapshot_put(struct store *s, uint64_t review, uint64_t rev, const void *bytes, size_t n,
                      uint64_t hash, done_cb cb, void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_review *r = fake_review_must(s, review);
    struct fake_snapshot *sn = pl_xcalloc(1, sizeof *sn);
    sn->rev = rev;
    sn->hash = hash;
    sn->bytes = pl_xmemdup(bytes, n);
    sn->n = n;
    sn->next = r->snapshots;
    r->snapshots = sn;
    s->counts.snapshots++;
    fake_answer_new(s, give_done, ctx)->cb.done = cb;
    return 0;
}

int repo_snapshot_drop(struct store *s, uint64_t review, uint64_t rev, done_cb cb, void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_review *r = fake_review_must(s, review);
    struct fake_snapshot **at = &r->snapshots;
    while (*at != NULL && (*at)->rev != rev)
        at = &(*at)->next;
    if (*at != NULL) {
        struct fake_snapshot *sn = *at;
        *at = sn->next;
        free(sn->bytes);
        free(sn);
        s->counts.snapshots_dropped++;
    }
    fake_answer_new(s, give_done, ctx)->cb.done = cb;
    return 0;
}

/* --- the rest ------------------------------------------------------------------------------------
 */

static void give_number(struct store *s, struct fake_answer *a)
{
    a->cb.number(a->ctx, 0, s->numbers, NULL);
    s->numbers += (int64_t)a->n;
}

int repo_action_numbers(struct store *s, unsigned n, number_cb cb, void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_number, ctx);
    a->cb.number = cb;
    a->n = n;
    return 0;
}

static void give_heads(struct store *s, struct fake_answer *a)
{
    uint64_t *heads = pl_xcalloc(a->n, sizeof *heads);

    for (size_t i = 0; i < a->n; i++)
        heads[i] = fake_review_must(s, a->reviews[i])->head;
    a->cb.heads(a->ctx, 0, a->reviews, heads, a->n);
    free(heads);
}

int repo_heads(struct store *s, const uint64_t *reviews, size_t n, heads_cb cb, void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_heads, ctx);
    a->cb.heads = cb;
    a->reviews = pl_xmemdup(reviews, n * sizeof *reviews);
    a->n = n;
    return 0;
}

static void give_rights(struct store *s, struct fake_answer *a)
{
    const struct fake_review *r = fake_review_must(s, a->review);

    a->cb.rights(a->ctx, 0, fake_role_of(s, a->user), r->status, r->visibility);
}

int repo_rights(struct store *s, uint64_t review, uint64_t user, rights_cb cb, void *ctx)
{
    if (!s->up)
        return -PL_E_UNAVAILABLE;
    struct fake_answer *a = fake_answer_new(s, give_rights, ctx);
    a->cb.rights = cb;
    a->review = review;
    a->user = user;
    return 0;
}
