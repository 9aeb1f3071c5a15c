// SPDX-License-Identifier: Apache-2.0
/*
 * A collection: opened by the act, or by the first cards on a process that did not carry it out
 * (another one on the same database, or the same after a restart). Its end is a timer's; then
 * enough people must have answered here, or nothing is committed at all. Commits are revisions of
 * the server in nobody's name; what does not fit into one follows in the next.
 */
#include "cmd/cards.h"

#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/secret.h"

#include "cmd/caller.h"
#include "review/card_round.h"
#include "room/room.h"

#define GRACE_MS 300u /* for messages that are on their way when the time is up */

struct waiting {
    struct call *call;
    struct waiting *prev, *next;
};

struct round {
    struct cards *all;
    uint64_t review;
    struct card_round *pool;
    uv_timer_t timer;
    bool is_ending;
    size_t taken; /* cards that the revision under way disposes of */
    struct waiting *waiting;
    struct round *prev, *next;
};

struct cards {
    uv_loop_t *loop;
    struct rooms *rooms;
    struct round *rounds;
};

struct cards *cards_new(uv_loop_t *loop, struct rooms *r)
{
    struct cards *c = pl_xcalloc(1, sizeof *c);

    c->loop = loop;
    c->rooms = r;
    return c;
}

/* The next one may begin while the one before is still on its way into the database. */
static struct round *round_find(const struct cards *c, uint64_t review, uint32_t no)
{
    struct round *r;

    DL_FOREACH (c->rounds, r) {
        if (r->review == review && card_round_no(r->pool) == no)
            return r;
    }
    return NULL;
}

unsigned cards_people(const struct cards *c, uint64_t review)
{
    const struct round *newest = NULL;
    const struct round *r;

    DL_FOREACH (c->rounds, r) {
        if (r->review == review)
            newest = r;
    }
    return newest != NULL ? card_round_people(newest->pool) : 0;
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void on_closed(uv_handle_t *h)
{
    struct round *r = h->data;

    free(r);
}

/* Everyone who waits gets the same word: code 0 is Done. */
static void tell_waiting(struct round *r, int code, uint64_t rev, const char *why)
{
    struct waiting *w;

    while ((w = r->waiting) != NULL) {
        DL_DELETE(r->waiting, w);
        if (code != 0) {
            call_fail(w->call, code, "%s", why);
        } else {
            struct pl_msg m = {.type = PL_MSG_DONE};
            m.u.done.rid = call_rid(w->call);
            m.u.done.rev = rev;
            call_reply(w->call, &m);
        }
        free(w);
    }
}

static void round_end(struct round *r)
{
    DL_DELETE(r->all->rounds, r);
    card_round_free(r->pool);
    r->pool = NULL;
    uv_close((uv_handle_t *)&r->timer, on_closed);
}

static void tell_room(const struct round *r, uint32_t kind, const char *text)
{
    struct pl_msg m = {.type = PL_MSG_NEWS};

    m.u.news = (struct pl_news){.review = r->review, .kind = kind, .text = text};
    rooms_tell(r->all->rooms, r->review, &m);
}

static void round_fail(struct round *r, int code, const char *why)
{
    tell_waiting(r, code, 0, why);
    tell_room(r, PL_NEWS_CARDS_OUT, why);
    round_end(r);
}

static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    struct round *r = ctx;

    (void)now_us;
    *ops = 0; /* no right of a person's is asked for */
    return card_round_judge(r->pool, newest, cs, &r->taken, e);
}

static void commit(struct round *r);

static void on_commit(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct round *r = ctx;

    if (rc < 0) {
        round_fail(r, -rc, e != NULL ? e->text : pl_error_info(rc)->title);
        return;
    }
    card_round_drop(r->pool, r->taken);
    if (card_round_left(r->pool) > 0) {
        commit(r);
        return;
    }
    tell_waiting(r, 0, rev, "");
    tell_room(r, PL_NEWS_CARDS_IN, "the cards are in the review");
    round_end(r);
}

static void commit(struct round *r)
{
    const struct rooms_act nobody = {.review = r->review};

    rooms_command(r->all->rooms, &nobody, judge, r, on_commit, r);
}

static int judge_close(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                       uint64_t *ops, struct pl_err *e)
{
    const struct round *r = ctx;

    (void)now_us;
    *ops = 0; /* no right of a person's is asked for */
    (void)e;
    card_round_close(newest, card_round_no(r->pool), cs);
    return 0;
}

static void on_close(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct round *r = ctx;
    char why[160];
    unsigned n = card_round_people(r->pool);

    (void)rc; /* when it cannot be written, its time is over all the same */
    (void)rev;
    (void)e;
    (void)snprintf(why, sizeof why,
                   "%u %s answered here, %u are needed: cards stay on their machines; collect "
                   "again when more are here",
                   n, n == 1 ? "person" : "people", PL_CARD_PEOPLE_MIN);
    round_fail(r, PL_E_GATE, why);
}

static void on_timer(uv_timer_t *t)
{
    struct round *r = t->data;
    const struct rooms_act nobody = {.review = r->review};

    r->is_ending = true;
    if (card_round_people(r->pool) < PL_CARD_PEOPLE_MIN)
        rooms_command(r->all->rooms, &nobody, judge_close, r, on_close, r);
    else
        commit(r);
}

void cards_free(struct cards *c)
{
    if (c == NULL)
        return;
    while (c->rounds != NULL) {
        tell_waiting(c->rounds, PL_E_GOING_AWAY, 0, "the server is being restarted");
        round_end(c->rounds);
    }
    free(c);
}

/* --- the beginning ------------------------------------------------------------------------------
 */

static struct round *round_new(struct cards *c, uint64_t review, uint32_t no, int64_t until_us)
{
    struct round *r = pl_xcalloc(1, sizeof *r);
    int64_t left = (until_us - pl_now_us()) / 1000;
    int rc = uv_timer_init(c->loop, &r->timer);

    PL_ASSERT(rc == 0); /* cannot fail */
    r->all = c;
    r->review = review;
    r->pool = card_round_new(no);
    r->timer.data = r;
    DL_APPEND(c->rounds, r);
    (void)uv_timer_start(&r->timer, on_timer, (left > 0 ? (uint64_t)left : 0) + GRACE_MS, 0);
    return r;
}

void cards_open(struct cards *c, uint64_t review, uint32_t round, int64_t until_us)
{
    if (round_find(c, review, round) == NULL)
        (void)round_new(c, review, round, until_us);
}

void cards_take(struct cards *c, const struct pl_cards *m, uint64_t user, int64_t until_us,
                struct call *take_call)
{
    struct round *r = round_find(c, m->review, m->round);
    struct pl_err e;

    pl_err_init(&e);
    if (r == NULL)
        r = round_new(c, m->review, m->round, until_us);
    if (r->is_ending) {
        call_fail(take_call, PL_E_CONFLICT, "the collection is over; your cards stay with you");
        return;
    }
    if (card_round_take(r->pool, user, m->items, m->n, &e) != 0) {
        call_fail(take_call, e.code, "%s", e.text);
        return;
    }
    struct waiting *w = pl_xcalloc(1, sizeof *w);
    w->call = take_call;
    DL_APPEND(r->waiting, w);
}
