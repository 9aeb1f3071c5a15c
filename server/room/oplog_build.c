// SPDX-License-Identifier: Apache-2.0
/*
 * Making a batch: every queued changeset is brought to the head, then over the ones before it in
 * the same batch, judged against the work copy, applied to it and encoded. What does not pass
 * becomes a refusal, which the store keeps too. A frame that cannot be encoded comes to light only
 * after its changeset was applied; then the batch is taken back and made again without it.
 */
#include "room/oplog_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/rules.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/wire/frame.h"

#include "room/oplog_events.h"
#include "room/oplog_project.h"

#define COMPS_MAX                                                                   \
    65536u /* of one text op; rebasing over hostile edits could let it grow further \
            */
#define REV_HEADER  PL_FRAME_HEADER
#define FRAME_LIMIT (PL_FRAME_MAX_SERVER - 1024u)

/* --- carets -------------------------------------------------------------------------------------
 */

static void map_caret(struct pl_caret *c, const struct pl_op *op)
{
    if (c->anchor > op->base_len || c->head > op->base_len) {
        c->set = false;
        return;
    }
    c->anchor = pl_op_map_pos(op, c->anchor, PL_LEFT);
    c->head = pl_op_map_pos(op, c->head, PL_LEFT);
}

/* The caret stands where the text is after `later`; brings it over `earlier`. Call before rebasing.
 */
static void rebase_caret(struct pl_caret *c, const struct pl_cs *later, const struct pl_cs *earlier)
{
    const struct pl_slot *theirs;
    const struct pl_slot *own;
    struct pl_op moved;

    if (!c->set)
        return;
    theirs = pl_cs_find(earlier, PL_SLOT_TEXT, c->eid, c->field, NULL);
    if (theirs == NULL)
        return;
    own = pl_cs_find(later, PL_SLOT_TEXT, c->eid, c->field, NULL);
    if (own == NULL) {
        map_caret(c, &theirs->op);
        return;
    }
    if (own->op.base_len != theirs->op.base_len) {
        c->set = false;
        return;
    }
    pl_op_transform(&own->op, &theirs->op, NULL, &moved);
    map_caret(c, &moved);
    pl_op_release(&moved);
}

/* A caret that points outside of its text is dropped. */
static void judge_caret(struct pl_caret *c, const struct pl_doc *d)
{
    const struct pl_entry *en = c->set ? pl_doc_entry(d, c->eid) : NULL;
    const struct pl_text *t = en != NULL ? pl_entry_text(en, c->field) : NULL;
    size_t len = t != NULL ? pl_text_len(t) : 0;

    if (en == NULL || c->anchor > len || c->head > len)
        *c = (struct pl_caret){0};
}

/* --- rebase -------------------------------------------------------------------------------------
 */

static int rebase_one(struct oplog *l, struct pl_cs *cs, struct pl_caret *caret,
                      const struct pl_cs *earlier, struct pl_err *e)
{
    rebase_caret(caret, cs, earlier);
    int rc = pl_cs_rebase(cs, earlier, e);
    if (rc != 0)
        return rc;
    l->stats.rebases++;
    for (uint32_t i = 0; i < cs->n; i++) {
        if (cs->slots[i]->kind == PL_SLOT_TEXT && cs->slots[i]->op.ncomps > COMPS_MAX)
            return pl_fail(e, PL_E_LIMIT, "the edit falls into too many pieces");
    }
    return 0;
}

/* Brings a submission to the head, in place. -PL_E_BEHIND when the ring does not reach back. */
static int rebase_to_head(struct oplog *l, struct submission *sub, struct pl_err *e)
{
    uint64_t head = oplog_head(l);

    while (sub->at_rev < head) {
        const struct rev_rec *rec = ring_get(l, sub->at_rev + 1);
        if (rec == NULL || !rec->decoded)
            return pl_fail(e, PL_E_BEHIND, "a changeset on revision %llu, the newest is %llu",
                           (unsigned long long)sub->origin.base, (unsigned long long)head);
        int rc = rebase_one(l, &sub->cs, &sub->origin.caret_after, &rec->cs, e);
        if (rc != 0)
            return rc;
        sub->at_rev++;
    }
    return 0;
}

static int rebase_over_batch(struct oplog *l, struct candidate *c, struct pl_err *e)
{
    for (size_t i = 0; i < l->batch.n; i++) {
        int rc = rebase_one(l, &c->cs, &c->caret, &l->batch.items[i].rec->cs, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* --- one revision -------------------------------------------------------------------------------
 */

static void batch_reserve(struct batch *b)
{
    if (b->n < b->cap)
        return;
    b->cap = b->cap == 0 ? 32 : b->cap * 2;
    b->items = pl_xrealloc(b->items, b->cap, sizeof *b->items);
    b->authors = pl_xrealloc(b->authors, b->cap, sizeof *b->authors);
}

/* A salt is used once and then forgotten here. */
static void take_salt(struct oplog *l, uint8_t out[32])
{
    if (l->salts_left == 0) {
        pl_env_random_bytes(l->opt.env, l->salts, sizeof l->salts);
        l->salts_left = SALTS_DRAWN;
    }
    l->salts_left--;
    memcpy(out, l->salts[l->salts_left], sizeof l->salts[0]);
    pl_wipe(l->salts[l->salts_left], sizeof l->salts[0]);
}

static void commit_to(struct oplog *l, struct append_author *a, const struct rev_rec *rec)
{
    struct pl_sha256 h;

    take_salt(l, a->salt);
    pl_sha256_init(&h);
    pl_sha256_update(&h, "PLC1", 4);
    pl_sha256_update(&h, a->salt, sizeof a->salt);
    pl_sha256_update(&h, rec->frame + REV_HEADER, rec->n - REV_HEADER);
    pl_sha256_final(&h, a->commitment);
}

static struct pl_msg rev_message(const struct oplog *l, const struct candidate *c, uint64_t rev)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    struct pl_rev *r = &m.u.rev;

    r->review = l->opt.review;
    r->rev = rev;
    r->user = c->user;
    r->at_us = l->work_us;
    r->cs = c->cs; /* borrowed */
    r->caret_after = c->caret;
    r->base = rev - 1;
    if (c->sub != NULL) {
        r->client = c->sub->origin.client;
        r->seq = c->sub->origin.seq;
        r->base = c->sub->origin.base;
        r->undo_of = c->sub->origin.undo_of;
    }
    r->hash = rev % PL_HASH_EVERY == 0 ? pl_doc_digest(l->work) : 0;
    return m;
}

/* Encodes into the batch's body and adds the revision to the batch. */
static int add_frame(struct oplog *l, struct candidate *c, uint64_t rev, struct pl_err *e)
{
    struct batch *b = &l->batch;
    size_t before = l->body.len;
    struct pl_msg m = rev_message(l, c, rev);
    int rc = pl_msg_encode(&m, &l->body, e);

    if (rc == 0 && l->body.len - before > FRAME_LIMIT)
        rc = pl_fail(e, PL_E_LIMIT, "the edit became too large");
    if (rc != 0) {
        l->body.len = before;
        return rc;
    }
    struct rev_rec *rec = rec_new(l->body.data + before, l->body.len - before);
    rec->rev = rev;
    rec->client = m.u.rev.client;
    rec->seq = m.u.rev.seq;
    rec->user = c->user;
    rec->at_us = l->work_us;
    rec->decoded = true;
    pl_cs_move(&rec->cs, &c->cs);
    batch_reserve(b);
    struct append_author *a = &b->authors[b->n];
    *a = (struct append_author){.client = rec->client,
                                .user = c->user,
                                .device = c->device,
                                .epoch = c->sub != NULL ? c->sub->origin.epoch : 0,
                                .seq = rec->seq,
                                .ops = c->ops,
                                .rev_offset = (uint32_t)b->n};
    commit_to(l, a, rec);
    b->items[b->n++] = (struct batch_item){.sub = c->sub, .rec = rec};
    return 0;
}

static bool is_irregular(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind == PL_SLOT_CREATE || (s->kind == PL_SLOT_REG && s->field == PL_F_NO))
            return true;
    }
    return false;
}

/* A session makes entries under its own id only: else one could take the ids that another is going
 * to use, and that one's entries would be refused. */
static int check_ids(const struct pl_cs *cs, uint64_t client, struct pl_err *e)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind == PL_SLOT_CREATE && s->eid.client != client)
            return pl_fail(e, PL_E_INVALID, "a new entry with the id of another session");
    }
    return 0;
}

/* The clock of the batch never goes back. */
static void tick(struct oplog *l)
{
    int64_t now = pl_env_now_us(l->opt.env);

    if (now > l->work_us)
        l->work_us = now;
}

static bool has_judge(const struct candidate *c)
{
    return c->sub != NULL && c->sub->judge != NULL;
}

/* What the store is asked to judge the person's role by. A judge has said so itself. */
static void set_ops(struct oplog *l, struct candidate *c, bool by_server)
{
    if (has_judge(c))
        return;
    c->ops = c->sub == NULL ? 0 : pl_doc_perm_ops(l->work, &c->cs, c->user);
    if (by_server) /* what only the server writes is no question of the person's role */
        c->ops &= ~(PL_PERM_BIT(PL_PERM_SERVER) | PL_PERM_BIT(PL_PERM_OWNER_ONLY));
}

/* 0, a refusal (nothing changed), or BATCH_AGAIN: the work copy went too far. */
int batch_add(struct oplog *l, struct candidate *c, struct pl_err *e)
{
    bool by_server = c->sub == NULL || c->sub->origin.client == 0;
    uint64_t rev = oplog_head(l) + l->batch.n + 1;
    int rc = has_judge(c) ? 0 : rebase_over_batch(l, c, e); /* a judge has seen the newest */

    tick(l);
    if (rc == 0 && !by_server)
        rc = check_ids(&c->cs, c->sub->origin.client, e);
    if (rc == 0 && c->cs.n > 0)
        rc = pl_doc_check(l->work, &c->cs, by_server, e);
    if (rc == 0 && !by_server)
        rc = pl_rules_locked(l->work, &c->cs, c->user, e);
    if (rc == 0 && !by_server)
        rc = pl_secret_check(l->work, &c->cs, e);
    if (rc == 0 && !by_server)
        rc = pl_rules_check(l->work, &c->cs, c->user, e);
    if (rc == 0 && c->cs.n > 0)
        set_ops(l, c, by_server);
    const struct pl_rev_meta meta = {.rev = rev,
                                     .user = c->user,
                                     .client = c->sub != NULL ? c->sub->origin.client : 0,
                                     .at_us = l->work_us};
    if (rc == 0)
        rc = pl_doc_apply(l->work, &c->cs, &meta, e);
    if (rc != 0) {
        pl_cs_release(&c->cs);
        return rc;
    }
    judge_caret(&c->caret, l->work);
    l->batch.is_irregular = l->batch.is_irregular || is_irregular(&c->cs);
    rc = add_frame(l, c, rev, e);
    pl_cs_release(&c->cs);
    return rc == 0 ? 0 : BATCH_AGAIN;
}

/* --- the batch ----------------------------------------------------------------------------------
 */

static void refuse_later(struct submission *sub, const struct pl_err *e)
{
    sub->code = e->code != 0 ? e->code : PL_E_INTERNAL;
    free(sub->why);
    sub->why = pl_xstrdup(e->text);
}

static void add_refusal(struct oplog *l, struct submission *sub)
{
    struct batch *b = &l->batch;

    if (b->n_refused == b->refused_cap) {
        b->refused_cap = b->refused_cap == 0 ? 8 : b->refused_cap * 2;
        b->refused = pl_xrealloc(b->refused, b->refused_cap, sizeof(struct submission *));
        b->refusals = pl_xrealloc(b->refusals, b->refused_cap, sizeof *b->refusals);
    }
    sub->in_batch = true;
    b->refusals[b->n_refused] = (struct append_refusal){.client = sub->origin.client,
                                                        .epoch = sub->origin.epoch,
                                                        .seq = sub->origin.seq,
                                                        .code = (uint32_t)sub->code,
                                                        .why = sub->why};
    b->refused[b->n_refused++] = sub;
}

/* A command that comes to nothing is answered with the batch that it was judged on. */
static void settle_command(struct oplog *l, struct submission *sub)
{
    if (l->batch.n == 0) {
        sub_answer(l, sub, sub->code == 0 ? oplog_head(l) : 0, sub->code, sub->why);
        return;
    }
    sub->in_batch = true;
    sub->is_settled = true;
    l->batch.n_settled++;
}

/* A refusal that nobody has to remember is answered at once. */
static void settle_refusal(struct oplog *l, struct submission *sub)
{
    if (sub->judge != NULL && !sub->is_stuck)
        settle_command(l, sub);
    else if (sub->origin.client == 0 || sub->code == PL_E_BEHIND)
        sub_answer(l, sub, 0, sub->code, sub->why);
    else
        add_refusal(l, sub);
}

/* Lets a command be judged. Positive: there is nothing to write. */
static int judge_one(struct oplog *l, struct candidate *c, struct pl_err *e)
{
    struct submission *sub = c->sub;

    if (sub->judge == NULL)
        return 0;
    tick(l);
    int rc = sub->judge(sub->judge_ctx, l->work, l->work_us, &c->cs, &c->ops, e);
    if (rc == 0 && c->cs.n > 0)
        return 0;
    pl_cs_release(&c->cs);
    if (rc != 0)
        return rc < 0 ? rc : -PL_E_INTERNAL;
    settle_command(l, sub);
    return 1;
}

static bool touches_status(const struct pl_cs *cs)
{
    return pl_cs_find(cs, PL_SLOT_REG, PL_EID_ROOT, PL_F_REVIEW_STATUS, NULL) != NULL;
}

/* A batch has one effect at most: the command that asked for it is the last one in it. */
static void note_effect(struct oplog *l, const struct submission *sub)
{
    const struct append_effect *x = sub->judge != NULL ? sub->origin.effect : NULL;

    if (x == NULL || x->kind == EFFECT_NONE)
        return;
    l->batch.effect = *x;
    l->batch.effect_at = (uint32_t)l->batch.n - 1;
    l->batch.is_closed = true;
}

/* Takes one submission: true, or false: the batch must be made again. */
static bool take_one(struct oplog *l, struct submission *sub)
{
    const struct session *s = session_find(l, sub->origin.client);
    struct pl_err e;

    if (s != NULL && s->epoch > sub->origin.epoch) {
        sub_answer(l, sub, 0, PL_E_FENCED, "a newer session took over");
        return true;
    }
    pl_err_init(&e);
    /* A command has nothing to bring along: its judge looks at the newest. */
    if (sub->code == 0 && sub->judge == NULL && rebase_to_head(l, sub, &e) != 0) {
        refuse_later(sub, &e);
        sub->is_stuck = true; /* the log behind it stays as it is, and its changeset is half way */
    }
    if (sub->code != 0) {
        settle_refusal(l, sub);
        return true;
    }
    struct candidate c = {.sub = sub,
                          .user = sub->origin.user,
                          .device = sub->origin.device,
                          .caret = sub->origin.caret_after};
    pl_cs_copy(&c.cs, &sub->cs);
    int rc = judge_one(l, &c, &e);
    if (rc > 0)
        return true;
    if (rc == 0)
        rc = batch_add(l, &c, &e);
    if (rc == 0) {
        sub->in_batch = true;
        l->batch.changes++;
        l->batch.is_closed = touches_status(&l->batch.items[l->batch.n - 1].rec->cs);
        note_effect(l, sub);
        derive_after(l, &l->batch.items[l->batch.n - 1].rec->cs, sub->origin.user);
        return true;
    }
    refuse_later(sub, &e);
    sub->is_stuck = rc == BATCH_AGAIN;
    if (rc == BATCH_AGAIN)
        return false;
    settle_refusal(l, sub);
    return true;
}

static void batch_start(struct oplog *l)
{
    struct batch *b = &l->batch;

    b->n = 0;
    b->changes = 0;
    b->n_refused = 0;
    b->n_settled = 0;
    b->is_closed = false;
    b->effect.kind = EFFECT_NONE;
    b->is_irregular = false;
    b->numbers_first = l->numbers_first;
    b->numbers_left = l->numbers_left;
    b->respaced_at = l->respaced_at;
    l->work_us = l->last_us;
    pl_buf_clear(&l->body);
    if (l->work == NULL)
        l->work = pl_doc_dup(l->doc);
    l->building = true;
}

static bool has_room(const struct oplog *l, const struct submission *sub)
{
    const struct batch *b = &l->batch;

    if (b->is_closed || b->changes >= OPLOG_BATCH_CHANGES || b->n_refused >= OPLOG_BATCH_CHANGES)
        return false;
    return b->n == 0 || l->body.len + sub->wire <= OPLOG_BATCH_BYTES;
}

static bool fill(struct oplog *l)
{
    struct submission *sub;
    struct submission *tmp;

    DL_FOREACH_SAFE (l->queue, sub, tmp) {
        if (!has_room(l, sub))
            break;
        if (!take_one(l, sub))
            return false;
    }
    derive_waiting(l);
    return true;
}

static bool touches_face(const struct pl_cs *cs)
{
    static const uint32_t fields[] = {PL_F_REVIEW_TITLE,    PL_F_REVIEW_STATUS,
                                      PL_F_REVIEW_STAGE,    PL_F_REVIEW_VISIBILITY,
                                      PL_F_REVIEW_SEVERITY, PL_F_REVIEW_KIND};

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (pl_cs_find(cs, PL_SLOT_REG, PL_EID_ROOT, fields[i], NULL) != NULL)
            return true;
    }
    return false;
}

static void set_face(struct oplog *l)
{
    const struct pl_entry *root = pl_doc_root(l->work);
    bool touched = false;

    for (size_t i = 0; i < l->batch.n && !touched; i++)
        touched = touches_face(&l->batch.items[i].rec->cs);
    if (!touched)
        return;
    l->batch.face =
        (struct append_face){.title = pl_entry_str(root, PL_F_REVIEW_TITLE),
                             .status = (uint32_t)pl_entry_int(root, PL_F_REVIEW_STATUS, 0),
                             .stage = (uint32_t)pl_entry_int(root, PL_F_REVIEW_STAGE, 0),
                             .visibility = (uint32_t)pl_entry_int(root, PL_F_REVIEW_VISIBILITY, 0),
                             .severity = (uint32_t)pl_entry_int(root, PL_F_REVIEW_SEVERITY, 0),
                             .kind = (uint32_t)pl_entry_int(root, PL_F_REVIEW_KIND, 0)};
    l->batch.out.face = &l->batch.face;
}

static void set_rows(struct oplog *l)
{
    struct project_touched t = {0};
    struct oplog_events *v = oplog_events_new(l->doc, l->work);

    free(l->batch.rows);
    for (size_t i = 0; i < l->batch.n; i++) {
        project_touch(&t, l->doc, l->work, &l->batch.items[i].rec->cs);
        oplog_events_add(v, i + 1, &l->batch.items[i].rec->cs);
    }
    l->batch.rows = oplog_events_end(v, project_change(&t, l->doc, l->work));
    l->batch.out.rows = l->batch.rows;
    project_release(&t);
}

const struct oplog_batch *oplog_build_batch(struct oplog *l)
{
    struct batch *b = &l->batch;

    PL_ASSERT(!l->building);
    if (!oplog_has_work(l))
        return NULL;
    batch_start(l);
    while (!fill(l)) { /* each time one more is refused */
        oplog_abort(l, false);
        batch_start(l);
    }
    if (b->n == 0 && b->n_refused == 0) {
        l->building = false;
        l->numbers_first = b->numbers_first;
        l->numbers_left = b->numbers_left;
        return NULL;
    }
    b->out = (struct oplog_batch){.expect_head = oplog_head(l),
                                  .n_revs = (uint32_t)b->n,
                                  .body = l->body.data,
                                  .n_body = l->body.len,
                                  .authors = b->authors,
                                  .n_authors = b->n,
                                  .refusals = b->refusals,
                                  .n_refusals = b->n_refused,
                                  .effect = b->effect.kind != EFFECT_NONE ? &b->effect : NULL,
                                  .effect_at = b->effect_at};
    set_face(l);
    set_rows(l);
    return &b->out;
}
