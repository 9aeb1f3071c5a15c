// SPDX-License-Identifier: Apache-2.0
/*
 * Makes schedules and runs them: steps in order, then everything is let come to rest and checked.
 */
#include "prop/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"

#define REST_ROUNDS 3000

void sim_fail(struct world *w, const char *fmt, ...)
{
    va_list ap;

    if (w->failed)
        return;
    w->failed = true;
    va_start(ap, fmt);
    (void)vsnprintf(w->why, sizeof w->why, fmt, ap);
    va_end(ap);
}

void schedule_make(struct schedule *s, uint64_t seed)
{
    struct pl_prng r;

    memset(s, 0, sizeof *s);
    pl_prng_init(&r, seed);
    s->seed = seed;
    s->set.clients = (unsigned)pl_prng_range(&r, 2, SIM_CLIENTS);
    s->set.nodes = pl_prng_one_in(&r, 3) ? 1 : 2;
    s->set.snap_lag = pl_prng_one_in(&r, 3) ? (unsigned)pl_prng_range(&r, 1, 30) : 100000;
    s->set.ring_revs = pl_prng_one_in(&r, 4) ? (unsigned)pl_prng_range(&r, 2, 40) : 10000;
    s->set.keep_root = pl_prng_one_in(&r, 2);
    s->n = (unsigned)pl_prng_range(&r, 100, SIM_STEPS_MAX);
    for (unsigned i = 0; i < s->n; i++) {
        struct step *st = &s->steps[i];
        st->kind = (uint32_t)pl_prng_u64(&r);
        st->a = (uint32_t)pl_prng_u64(&r);
        st->b = (uint32_t)pl_prng_u64(&r);
        st->c = (uint32_t)pl_prng_u64(&r);
        st->d = (uint32_t)pl_prng_u64(&r);
    }
}

/* --- steps --------------------------------------------------------------------------------------
 */

/* The n-th connection that has something to deliver in this direction. */
static struct conn *pick_conn(struct world *w, bool up, uint32_t n)
{
    struct conn *c;
    unsigned count = 0;

    DL_FOREACH (w->conns, c)
        count += up ? c->up != NULL : (!c->dead && c->down != NULL);
    if (count == 0)
        return NULL;
    n %= count;
    DL_FOREACH (w->conns, c) {
        if ((up ? c->up != NULL : (!c->dead && c->down != NULL)) && n-- == 0)
            return c;
    }
    return NULL;
}

static void deliver(struct world *w, bool up, uint32_t which, unsigned count)
{
    struct conn *c = pick_conn(w, up, which);

    for (unsigned i = 0; c != NULL && i < count && !w->failed; i++) {
        bool more = up ? conn_deliver_up(w, c) : conn_deliver_down(w, c);
        if (!more)
            break;
    }
}

static void change_role(struct world *w, const struct step *s)
{
    static const uint32_t roles[] = {PL_ROLE_FACILITATOR, PL_ROLE_RESPONDER, PL_ROLE_STAKEHOLDER, 0,
                                     PL_ROLE_FACILITATOR, PL_ROLE_RESPONDER};

    w->store.roles[s->a % w->set.clients] = roles[s->b % 6];
}

/* What goes wrong, now and then. */
static void trouble(struct world *w, const struct step *s)
{
    struct sim_client *c = &w->clients[s->a % w->set.clients];
    struct node *n = &w->nodes[s->b % w->set.nodes];

    switch (s->c % 10) {
    case 0:
    case 1:
    case 2:
        if (c->conn != NULL)
            conn_drop(w, c->conn);
        return;
    case 3:
        client_connect(c, s->b % w->set.nodes);
        return;
    case 4:
        client_crash(c);
        return;
    case 5:
        if (s->d % 3 == 0)
            node_kill(n);
        return;
    case 6:
        (void)node_run_orphan(n);
        return;
    case 7:
        change_role(w, s);
        return;
    case 8:
        store_snapshot(w);
        return;
    default:
        w->now_us += 3000000;
        client_tick(c);
        return;
    }
}

static void run_step(struct world *w, const struct step *s)
{
    struct sim_client *c = &w->clients[s->a % w->set.clients];
    struct node *n = &w->nodes[s->b % w->set.nodes];

    w->now_us += (int64_t)(s->d % 200) * 1000;
    pl_env_fake_advance_us(&w->env, 1000);
    uint32_t k = s->kind / 64 % 32;
    if (k < 6) {
        client_edit(c, s);
    } else if (k < 8) {
        if (!w->set.keep_root)
            client_undo(c, s->c % 3 == 0);
    } else if (k < 15) {
        deliver(w, true, s->b, 1 + s->c % 3);
    } else if (k < 22) {
        deliver(w, false, s->b, 1 + s->c % 4);
    } else if (k < 28) {
        node_step(n, s->c);
    } else if (k < 29) {
        node_poll(n);
        client_tick(c);
    } else if (k < 31) {
        if (c->conn == NULL)
            client_connect(c, s->b % w->set.nodes);
    } else {
        trouble(w, s);
    }
}

static void check_all(struct world *w)
{
    for (unsigned i = 0; i < w->set.clients; i++)
        check_client(&w->clients[i]);
}

/* --- rest ---------------------------------------------------------------------------------------
 */

static bool is_at_rest(const struct world *w)
{
    const struct conn *c;

    for (unsigned i = 0; i < w->set.nodes; i++) {
        if (node_is_busy(&w->nodes[i]))
            return false;
    }
    for (unsigned i = 0; i < w->set.clients; i++) {
        struct sync_status st;
        sync_status(w->clients[i].sync, &st);
        if (st.link != SYNC_LIVE || !sync_is_saved(w->clients[i].sync) ||
            st.rev != store_head(&w->store))
            return false;
    }
    DL_FOREACH (w->conns, c) {
        if (c->up != NULL || (!c->dead && c->down != NULL))
            return false;
    }
    return true;
}

static void settle_round(struct world *w, struct pl_prng *r)
{
    struct conn *c;

    for (unsigned i = 0; i < w->set.clients; i++) {
        struct sync_status st;
        sync_status(w->clients[i].sync, &st);
        if (w->clients[i].conn == NULL || st.gone)
            client_connect(&w->clients[i], (unsigned)pl_prng_below(r, w->set.nodes));
        client_tick(&w->clients[i]);
    }
    DL_FOREACH (w->conns, c) {
        while (!w->failed && conn_deliver_up(w, c))
            ;
    }
    for (unsigned i = 0; i < w->set.nodes; i++) {
        (void)node_run_orphan(&w->nodes[i]);
        node_step(&w->nodes[i], 2);
        node_poll(&w->nodes[i]);
    }
    DL_FOREACH (w->conns, c) {
        while (!w->failed && conn_deliver_down(w, c))
            ;
    }
    w->now_us += 100000;
}

static void come_to_rest(struct world *w)
{
    struct pl_prng r;
    unsigned i;

    pl_prng_init(&r, w->schedule->seed);
    for (i = 0; i < w->set.clients; i++) {
        if (w->store.roles[i] == 0)
            w->store.roles[i] = PL_ROLE_RESPONDER;
    }
    for (i = 0; i < REST_ROUNDS && !w->failed && !is_at_rest(w); i++)
        settle_round(w, &r);
    if (i == REST_ROUNDS)
        sim_fail(w, "it does not come to rest");
}

/* --- a run --------------------------------------------------------------------------------------
 */

static void release(struct world *w)
{
    for (unsigned i = 0; i < w->set.clients; i++) {
        w->clients[i].conn = NULL;
        client_release(&w->clients[i]);
    }
    for (unsigned i = 0; i < w->set.nodes; i++)
        node_release(&w->nodes[i]);
    conn_free_all(w);
    store_release(&w->store);
}

bool sim_run(const struct schedule *s, struct sim_counts *counts, char why[400])
{
    struct world *w = pl_xcalloc(1, sizeof *w);

    w->schedule = s;
    w->set = s->set;
    w->counts = counts;
    w->now_us = 1000000;
    pl_env_fake_init(&w->env, s->seed);
    store_init(w);
    for (unsigned i = 0; i < w->set.nodes; i++)
        node_init(w, i);
    for (unsigned i = 0; i < w->set.clients; i++) {
        client_init(w, i);
        client_connect(&w->clients[i], i % w->set.nodes);
    }
    for (unsigned i = 0; i < s->n && !w->failed; i++) {
        run_step(w, &s->steps[i]);
        check_all(w);
        counts->steps++;
    }
    if (!w->failed)
        come_to_rest(w);
    if (!w->failed)
        check_rest(w);
    counts->runs++;
    bool ok = !w->failed;
    (void)snprintf(why, 400, "%s", w->why);
    release(w);
    free(w);
    return ok;
}
