// SPDX-License-Identifier: Apache-2.0
/*
 * Acts: a command of a person on a review, judged by server/review on the newest state while the
 * room builds a batch. The message is copied: it is judged later, and again after a lost batch. A
 * reveal that is allowed reads the private drafts, is judged again with them, and may take several
 * revisions, one after the other.
 *
 * Some acts rest on a signature (cmd/signing): it is checked when the message comes, and whenever
 * the act is judged it is seen whether the person still saw what is there.
 *
 * Counting a vote takes the sums first. The append writes them only if no choice has changed since
 * then; otherwise they are taken anew.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/act.h"

#include "cmd/cards.h"
#include "cmd/cmd.h"
#include "cmd/drafts.h"
#include "cmd/services.h"
#include "cmd/signing.h"
#include "cmd/vote_key.h"
#include "review/conduct.h"
#include "room/room.h"
#include "store/repo_log.h"
#include "store/repo_vote.h"

#define COUNT_TRIES     5u
#define COUNT_FREEZE_US 3000000u /* no choice changes; over by itself when the server dies */

struct act_call {
    struct call *call;
    const struct services *services;
    struct pl_act act;
    char *text; /* owned; act.text */
    struct conduct_actor who;
    struct append_effect effect;
    struct signing signing;
    struct pl_err unsigned_why; /* code 0: the signature is good */
    struct conduct_tally tally;
    struct pl_vote_row *items; /* owned; tally.items */
    uint64_t version;          /* of the choices in tally */
    unsigned tries;
    struct drafts_set drafts; /* of a reveal */
    bool more;                /* of a reveal: it takes another revision */
    bool next;                /* of a reveal: the next drafts are wanted */
    int64_t cards_until;      /* of a collection of cards that begins */
    int64_t cards_round;
};

static void act_free(struct act_call *a)
{
    drafts_release(&a->drafts);
    free(a->items);
    free(a->text);
    pl_mem_free(PL_MEM_REQUEST, a);
}

static int check_seen(const struct act_call *a, const struct pl_doc *d, struct pl_err *e)
{
    const struct pl_shown shown = {a->act.act, a->act.entry, 0, a->text};

    if (a->unsigned_why.code != 0)
        return pl_fail(e, a->unsigned_why.code, "%s", a->unsigned_why.text);
    return signing_match(&a->signing, d, &shown, e);
}

static void set_effect(struct act_call *a, const struct pl_doc *d)
{
    uint32_t round = (uint32_t)pl_entry_int(pl_doc_root(d), PL_F_REVIEW_BALLOT_ROUND, 0);

    if (a->act.act == PL_ACT_BALLOT)
        a->effect = (struct append_effect){.kind = EFFECT_BALLOT_OPEN,
                                           .round = round + 1,
                                           .ballot = (uint32_t)a->act.value,
                                           .dots = (uint32_t)a->act.expect};
    else if (a->act.act == PL_ACT_COUNT)
        a->effect = (struct append_effect){
            .kind = EFFECT_BALLOT_COUNT, .round = round, .version = a->version};
    else if (a->signing.kind != 0)
        a->effect = (struct append_effect){.kind = EFFECT_SIGNED,
                                           .act = &a->signing.parts,
                                           .entry_client = a->act.entry.client,
                                           .entry_n = a->act.entry.n};
}

static int64_t written(const struct pl_cs *cs, uint32_t field)
{
    const struct pl_slot *s = pl_cs_find(cs, PL_SLOT_REG, PL_EID_ROOT, field, NULL);

    return s != NULL ? s->value.i : 0;
}

static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    struct act_call *a = ctx;

    a->who.now_us = now_us;
    a->effect.kind = EFFECT_NONE;
    int rc = conduct_judge(newest, &a->act, &a->who, cs, ops, e);
    if (rc == 0 && cs->n > 0 && a->signing.kind != 0)
        rc = check_seen(a, newest, e);
    if (rc == 0 && cs->n > 0)
        set_effect(a, newest);
    if (rc == 0 && a->act.act == PL_ACT_CARDS) {
        a->cards_until = written(cs, PL_F_REVIEW_CARDS_UNTIL);
        a->cards_round = written(cs, PL_F_REVIEW_CARDS_ROUND);
    }
    return rc;
}

/* The key of the vote that is counted now, or was before: a server that died may have left it. */
static void forget_key(const struct act_call *a)
{
    const char *dir = a->services->dir;

    if (a->effect.kind == EFFECT_BALLOT_COUNT)
        vote_key_forget(dir, a->act.review, a->effect.round);
    else if (a->effect.kind == EFFECT_BALLOT_OPEN)
        vote_key_forget(dir, a->act.review, a->effect.round - 1);
    else if (a->act.act == PL_ACT_COUNT)
        vote_key_forget(dir, a->act.review, (uint32_t)a->act.value);
}

static int take_tally(struct act_call *a);
static int load_drafts(struct act_call *a);
static void act_go(struct act_call *a);

static void on_done(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct act_call *a = ctx;
    bool is_count = a->effect.kind == EFFECT_BALLOT_COUNT;

    /* The judge had passed it: so it was the store that found other choices than were summed up. */
    if (rc == -PL_E_CONFLICT && is_count && ++a->tries < COUNT_TRIES && call_caller(a->call)) {
        rc = take_tally(a);
        if (rc == 0)
            return;
    }
    /* He may, and it is sealed: only now the drafts are worth reading. */
    if ((rc == -PL_E_BAD_STATE && a->more && a->who.drafts == NULL) || (rc >= 0 && a->next)) {
        rc = load_drafts(a);
        if (rc == 0)
            return;
    }
    if (rc >= 0 && a->more) { /* also when who asked has gone: half a reveal is none */
        a->more = false;
        act_go(a);
        return;
    }
    if (rc >= 0 && a->cards_until != 0)
        cards_open(a->services->cards, a->act.review, (uint32_t)a->cards_round, a->cards_until);
    if (rc < 0) {
        call_fail(a->call, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
    } else {
        struct pl_msg m = {.type = PL_MSG_DONE};
        m.u.done.rid = call_rid(a->call);
        m.u.done.rev = rev;
        call_reply(a->call, &m);
        forget_key(a);
    }
    act_free(a);
}

static void act_go(struct act_call *a)
{
    const struct rooms_act by = {.review = a->act.review,
                                 .user = a->who.user,
                                 .device = a->who.device,
                                 .effect = &a->effect};

    rooms_command(a->services->rooms, &by, judge, a, on_done, a);
}

/* --- drafts of a reveal -------------------------------------------------------------------------
 */

static void on_drafts(void *ctx, int rc, struct drafts_set *take, const struct pl_err *e)
{
    struct act_call *a = ctx;

    if (rc < 0) {
        call_fail(a->call, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
        act_free(a);
        return;
    }
    a->drafts = *take;
    *take = (struct drafts_set){0};
    a->who.drafts = a->drafts.v;
    a->who.n_drafts = a->drafts.n;
    a->who.drafts_go_on = a->drafts.goes_on_after != 0;
    act_go(a);
}

static int load_drafts(struct act_call *a)
{
    const struct drafts_want want = {
        .review = a->act.review, .after = a->drafts.goes_on_after, .budget = DRAFTS_BUDGET};

    drafts_release(&a->drafts);
    a->who.drafts = NULL;
    a->who.n_drafts = 0;
    a->next = false;
    return drafts_load(a->services->drafts, &want, on_drafts, a);
}

/* --- sums of a vote -----------------------------------------------------------------------------
 */

/* Without sums the judge says why not: no right, no open vote, or counted already. */
static void on_tally(void *ctx, int rc, const struct vote_tally *t, const struct pl_err *e)
{
    struct act_call *a = ctx;

    free(a->items);
    a->items = NULL;
    a->who.tally = NULL;
    if (call_caller(a->call) == NULL ||
        (rc < 0 && rc != -PL_E_CONFLICT && rc != -PL_E_PERM && rc != -PL_E_REVOKED)) {
        call_fail(a->call, rc < 0 ? -rc : PL_E_CLOSED, "%s", e != NULL ? e->text : "");
        act_free(a);
        return;
    }
    if (rc == 0) {
        a->items = pl_xcalloc(t->n + 1, sizeof *a->items);
        memcpy(a->items, t->items, t->n * sizeof *a->items);
        a->tally = (struct conduct_tally){
            .round = t->round, .voters = t->voters, .items = a->items, .n = t->n};
        a->version = t->version;
        a->who.tally = &a->tally;
    }
    act_go(a);
}

static int take_tally(struct act_call *a)
{
    return repo_tally(a->services->store, a->act.review, a->who.user, a->who.device,
                      COUNT_FREEZE_US, on_tally, a);
}

/* ------------------------------------------------------------------------------------------------
 */

void cmd_act(struct caller *c, struct pl_msg *m)
{
    const struct pl_act *in = &m->u.act;

    /* Who may not open a review does not learn from an act whether there is one. */
    if (caller_seat(c, in->review) == NULL) {
        caller_fail(c, in->rid, in->review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)in->review);
        return;
    }
    struct call *k = call_begin(c, in->rid);
    if (k == NULL)
        return;
    struct act_call *a = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof *a);
    a->call = k;
    a->services = c->services;
    a->act = m->u.act;
    a->text = pl_xstrdup(m->u.act.text);
    a->act.text = a->text;
    a->who = (struct conduct_actor){
        .user = c->user, .device = c->device, .more = &a->more, .next = &a->next};
    struct pl_err e;
    pl_err_init(&e);
    a->signing.kind = pl_act_signed(a->act.act, a->act.value);
    a->signing.review = a->act.review;
    /* Who may not at all is told that first, by the judge. */
    if (a->signing.kind != 0 && signing_take(&a->signing, c, in->statement, in->signature, &e) != 0)
        a->unsigned_why = e;
    int rc = 0;
    if (a->act.act == PL_ACT_COUNT)
        rc = take_tally(a);
    else
        act_go(a);
    if (rc < 0) {
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
        act_free(a);
    }
}
