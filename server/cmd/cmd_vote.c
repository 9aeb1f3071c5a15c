// SPDX-License-Identifier: Apache-2.0
/*
 * Giving dots. The document says what can be voted on, the database who may, how many dots there
 * are and whether the vote is open (sql/0007_votes.sql); what a person chose goes to nobody but
 * himself.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/vote.h"

#include "cmd/cmd.h"
#include "cmd/services.h"
#include "cmd/vote_key.h"
#include "room/room.h"
#include "store/repo_vote.h"

static void on_vote(void *ctx, int rc, const struct pl_err *e)
{
    struct call *k = ctx;

    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_DONE};
    m.u.done.rid = call_rid(k);
    call_reply(k, &m);
}

/* The entry that the dots are for: a merged one's are for the one that stays. */
static const struct pl_entry *judge_entry(const struct pl_doc *d, const struct pl_vote *v,
                                          struct pl_err *e)
{
    const struct pl_entry *root = pl_doc_root(d);
    int64_t ballot = pl_entry_int(root, PL_F_REVIEW_BALLOT, 0);
    const struct pl_entry *en = pl_doc_entry(d, v->entry);
    uint32_t kind = pl_ballot_kind(ballot);

    if (ballot == 0) {
        (void)pl_fail(e, PL_E_CONFLICT, "no vote is open");
        return NULL;
    }
    if ((int64_t)v->round != pl_entry_int(root, PL_F_REVIEW_BALLOT_ROUND, 0)) {
        (void)pl_fail(e, PL_E_CONFLICT, "this vote is not open any more");
        return NULL;
    }
    en = en != NULL && pl_entry_is_visible(d, en) ? pl_entry_stays(d, en) : NULL;
    if (en == NULL)
        (void)pl_fail(e, PL_E_NOENT, "there is no such entry, or it was removed");
    else if (pl_entry_kind(en) != kind)
        (void)pl_fail(e, PL_E_INVALID, "this vote is on entries of kind %s", pl_kind_name(kind));
    else
        return en;
    return NULL;
}

struct merged {
    const struct pl_doc *d;
    const struct pl_entry *stays;
    struct pl_eid *v;
    size_t n;
    size_t cap;
};

static void see_merged(void *ctx, struct pl_entry *en)
{
    struct merged *m = ctx;

    if (en == m->stays || !pl_entry_is_merged(en) || pl_entry_stays(m->d, en) != m->stays)
        return;
    if (m->n == m->cap) {
        m->cap = m->cap == 0 ? 16 : 2 * m->cap;
        m->v = pl_xrealloc(m->v, m->cap, sizeof *m->v);
    }
    m->v[m->n++] = pl_entry_eid(en);
}

static int send_choice(struct call *k, struct caller *c, const struct pl_vote *v,
                       struct vote_choice *choice, struct pl_err *e)
{
    struct vote_id id;
    int rc = vote_id_make(c->services->dir, v->review, v->round, c->user, true, &id, e);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < VOTE_ID_BYTES; i++) {
        choice->voter[i] = id.voter[i];
        choice->key_check[i] = id.check[i];
    }
    rc = repo_vote(c->services->store, choice, on_vote, k);
    return rc == 0 ? 0 : pl_fail(e, -rc, "%s", pl_error_info(rc)->title);
}

void cmd_vote(struct caller *c, struct pl_msg *m)
{
    const struct pl_vote *v = &m->u.vote;
    const struct pl_doc *d =
        caller_seat(c, v->review) != NULL ? rooms_doc(c->services->rooms, v->review) : NULL;
    struct pl_err e;

    pl_err_init(&e);
    if (d == NULL) {
        caller_fail(c, v->rid, v->review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)v->review);
        return;
    }
    const struct pl_entry *en = judge_entry(d, v, &e);
    struct call *k = call_begin(c, v->rid);
    if (k == NULL)
        return;
    if (en == NULL) {
        call_fail(k, e.code, "%s", e.text);
        return;
    }
    struct merged from = {.d = d, .stays = en};
    pl_doc_each(d, see_merged, &from);
    struct vote_choice choice = {.review = v->review,
                                 .user = c->user,
                                 .device = c->device,
                                 .round = v->round,
                                 .entry = pl_entry_eid(en),
                                 .dots = v->dots,
                                 .merged = from.v,
                                 .n_merged = from.n};
    if (send_choice(k, c, v, &choice, &e) != 0)
        call_fail(k, e.code, "%s", e.text);
    free(from.v);
}
