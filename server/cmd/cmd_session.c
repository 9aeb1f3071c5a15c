// SPDX-License-Identifier: Apache-2.0
/*
 * How far a session is, for the one who asks: how many have voted, and his own dots; how much
 * stands in private drafts, and how many people have answered a collection of cards: numbers only.
 * Each part of the answer has its function; the last one sends it.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/vote.h"

#include "cmd/cards.h"
#include "cmd/cmd.h"
#include "cmd/drafts.h"
#include "cmd/services.h"
#include "cmd/vote_key.h"
#include "room/room.h"
#include "store/repo_vote.h"

struct session_call {
    struct call *call;
    const struct services *services;
    uint64_t review;
    struct pl_vote_row rows[PL_VOTES_MAX];
    struct pl_msg m; /* the answer, as it grows; its items are rows */
};

static void session_fail(struct session_call *s, int code, const char *why)
{
    call_fail(s->call, code, "%s", why);
    pl_mem_free(PL_MEM_REQUEST, s);
}

static void session_send(struct session_call *s)
{
    s->m.u.session_reply.items = s->rows;
    call_reply(s->call, &s->m);
    pl_mem_free(PL_MEM_REQUEST, s);
}

/* Dots on merged entries are shown on the one that stays, dots on removed ones as they are: so that
 * they can be taken back. */
static void add_own(struct session_call *s, const struct pl_doc *d, const struct pl_vote_row *own)
{
    struct pl_session_reply *r = &s->m.u.session_reply;
    const struct pl_entry *en = d != NULL ? pl_doc_entry(d, own->entry) : NULL;
    const struct pl_entry *stays = en != NULL ? pl_entry_stays(d, en) : NULL;
    struct pl_eid eid = stays != NULL ? pl_entry_eid(stays) : own->entry;

    for (size_t i = 0; i < r->n; i++) {
        if (pl_eid_eq(s->rows[i].entry, eid)) {
            s->rows[i].dots += own->dots;
            return;
        }
    }
    if (r->n < PL_VOTES_MAX)
        s->rows[r->n++] = (struct pl_vote_row){eid, own->dots};
}

static void on_sealed(void *ctx, int rc, uint32_t accounts, uint32_t observations,
                      const struct pl_err *e)
{
    struct session_call *s = ctx;

    if (rc < 0) {
        session_fail(s, -rc, e != NULL ? e->text : pl_error_info(rc)->title);
        return;
    }
    s->m.u.session_reply.sealed_accounts = accounts;
    s->m.u.session_reply.sealed_observations = observations;
    session_send(s);
}

static void on_votes(void *ctx, int rc, const struct vote_state *v, const struct pl_err *e)
{
    struct session_call *s = ctx;
    struct pl_session_reply *r = &s->m.u.session_reply;

    if (rc < 0) {
        session_fail(s, -rc, e->text);
        return;
    }
    const struct pl_doc *d =
        call_caller(s->call) != NULL ? rooms_doc(s->services->rooms, s->review) : NULL;
    r->voters = v->cast > v->voters ? v->cast : v->voters;
    r->cast = v->cast;
    for (size_t i = 0; i < v->n; i++)
        add_own(s, d, &v->own[i]);
    /* Of people, never of cards: their number, read while one person connects, would tell his. */
    r->cards_waiting = cards_people(s->services->cards, s->review);
    rc = drafts_count(s->services->drafts, s->review, on_sealed, s);
    if (rc < 0)
        session_fail(s, -rc, pl_error_info(rc)->title);
}

/* Who has never voted in this round has no id, and no rows: zeros are nobody's. A key that is left
 * over from a vote that is counted goes here at last. */
static int ask_votes(struct session_call *s, const struct pl_doc *d, uint64_t user)
{
    const struct pl_entry *root = pl_doc_root(d);
    uint32_t round = (uint32_t)pl_entry_int(root, PL_F_REVIEW_BALLOT_ROUND, 0);
    struct vote_id id = {0};
    struct pl_err none;

    if (pl_entry_int(root, PL_F_REVIEW_BALLOT, 0) == 0)
        vote_key_forget(s->services->dir, s->review, round);
    else if (vote_id_make(s->services->dir, s->review, round, user, false, &id, &none) != 0)
        id = (struct vote_id){0};
    return repo_votes(s->services->store, s->review, user, id.voter, on_votes, s);
}

void cmd_session(struct caller *c, struct pl_msg *m)
{
    uint64_t review = m->u.session.review;
    const struct pl_doc *d =
        caller_seat(c, review) != NULL ? rooms_doc(c->services->rooms, review) : NULL;

    if (d == NULL) {
        caller_fail(c, m->u.session.rid, review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)review);
        return;
    }
    struct call *k = call_begin(c, m->u.session.rid);
    if (k == NULL)
        return;
    struct session_call *s = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof *s);
    s->call = k;
    s->services = c->services;
    s->review = review;
    s->m.type = PL_MSG_SESSION_REPLY;
    s->m.u.session_reply.rid = call_rid(k);
    s->m.u.session_reply.review = review;
    int rc = ask_votes(s, d, c->user);
    if (rc < 0)
        session_fail(s, -rc, pl_error_info(rc)->title);
}
