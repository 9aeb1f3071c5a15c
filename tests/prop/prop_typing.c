// SPDX-License-Identifier: Apache-2.0
/*
 * Several people in one text through one ordering server, in memory: each with one op under way and
 * one pending, events in any order.
 *
 *   typed runs    everybody types a run of his own letter, often at one place: every run must end
 *                 in one piece (the later commit goes left, a caret keeps to its left neighbour)
 *   convergence   everybody inserts and deletes anywhere: all must end with the server's text, and
 *                 base + under way + pending must always be what the author sees
 *
 * History is transformed over one revision at a time, never composed. PL_SEED repeats a run,
 * PL_RUNS sets the number of cases; a failing case prints its own seed and the texts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/opgen.h"

#define TYPISTS  3
#define RUN_KEYS 12

struct typist {
    struct pl_text view;
    struct pl_op inflight; /* no-op on the committed text while nothing is under way */
    struct pl_op pending;
    struct pl_op sent; /* inflight as it was sent */
    bool is_busy;      /* until the own revision comes back */
    bool is_sent;      /* until the server commits it */
    uint32_t caret;
    uint32_t rev;
    uint32_t base; /* revision that `sent` is on */
    unsigned keys;
};

struct office {
    struct pl_prng r;
    bool runs_only;
    struct typist t[TYPISTS];
    struct pl_text server;
    struct pl_text start;
    struct pl_op log[TYPISTS * RUN_KEYS];
    unsigned author[TYPISTS * RUN_KEYS];
    uint32_t head;
    const char *fault;
};

static uint32_t below(struct office *o, uint32_t n)
{
    return (uint32_t)pl_prng_below(&o->r, n);
}

static void apply(struct office *o, const struct pl_op *op, struct pl_text *t)
{
    const char *fault = op_fault(op);
    if (fault == NULL && pl_op_apply(op, t, NULL) != 0)
        fault = "an op does not fit where it must";
    if (fault != NULL)
        o->fault = fault;
}

static void dup_text(struct pl_text *out, const struct pl_text *t)
{
    char *bytes = pl_text_dup(t);
    pl_text_init(out);
    pl_text_assign(out, bytes, pl_text_bytes(t));
    free(bytes);
}

static void replace(struct pl_op *dst, struct pl_op *take)
{
    pl_op_release(dst);
    pl_op_move(dst, take);
}

/* A key of typist k: his letter at the caret, or else anything anywhere. */
static void type_key(struct office *o, unsigned k)
{
    struct typist *t = &o->t[k];
    uint32_t len = (uint32_t)pl_text_len(&t->view);
    char letter = (char)('A' + k);
    struct pl_op key;
    uint32_t del = 0;
    if (!o->runs_only && pl_prng_one_in(&o->r, 3))
        t->caret = below(o, len + 1);
    if (!o->runs_only && pl_prng_one_in(&o->r, 2))
        del = below(o, len - t->caret + 1);
    pl_op_splice(&key, &t->view, t->caret, del, &letter,
                 del > 0 && pl_prng_one_in(&o->r, 2) ? 0 : 1);
    t->caret = pl_op_map_pos(&key, t->caret, PL_RIGHT);
    apply(o, &key, &t->view);
    pl_op_append(&t->pending, &key);
    pl_op_release(&key);
    t->keys++;
}

static void send_pending(struct typist *t)
{
    replace(&t->inflight, &t->pending);
    pl_op_init(&t->pending, pl_op_result_len(&t->inflight));
    pl_op_copy(&t->sent, &t->inflight);
    t->base = t->rev;
    t->is_busy = true;
    t->is_sent = true;
}

static void commit(struct office *o, unsigned k)
{
    struct typist *t = &o->t[k];
    for (; t->base < o->head; t->base++)
        pl_op_rebase(&t->sent, &o->log[t->base]);
    apply(o, &t->sent, &o->server);
    o->author[o->head] = k;
    pl_op_move(&o->log[o->head++], &t->sent);
    t->is_sent = false;
}

static void receive(struct office *o, unsigned k)
{
    struct typist *t = &o->t[k];
    uint32_t rev = t->rev++;
    if (o->author[rev] == k) {
        pl_op_release(&t->inflight);
        pl_op_init(&t->inflight, t->pending.base_len);
        t->is_busy = false;
        return;
    }
    struct pl_op theirs;
    pl_op_copy(&theirs, &o->log[rev]);
    pl_op_cross(&t->inflight, &theirs);
    pl_op_cross(&t->pending, &theirs);
    t->caret = pl_op_map_pos(&theirs, t->caret, PL_LEFT);
    apply(o, &theirs, &t->view);
    pl_op_release(&theirs);
}

/* Is what typist k sees the log up to his revision, then his own two ops? */
static void check_view(struct office *o, unsigned k)
{
    struct typist *t = &o->t[k];
    struct pl_text text;
    dup_text(&text, &o->start);
    for (uint32_t i = 0; i < t->rev; i++)
        apply(o, &o->log[i], &text);
    apply(o, &t->inflight, &text);
    apply(o, &t->pending, &text);
    if (!text_eq(&text, &t->view))
        o->fault = "a view is not committed text + under way + pending";
    pl_text_release(&text);
}

/* One event of typist k; false if he has none left. */
static bool step(struct office *o, unsigned k)
{
    struct typist *t = &o->t[k];
    switch (below(o, 4)) {
    case 0:
        if (t->keys < RUN_KEYS)
            type_key(o, k);
        break;
    case 1:
        if (!t->is_busy && !pl_op_is_noop(&t->pending))
            send_pending(t);
        break;
    case 2:
        if (t->is_sent)
            commit(o, k);
        break;
    default:
        if (t->rev < o->head)
            receive(o, k);
        break;
    }
    return t->keys < RUN_KEYS || t->is_busy || !pl_op_is_noop(&t->pending) || t->rev < o->head;
}

static void check_end(struct office *o)
{
    char *text = pl_text_dup(&o->server);
    for (unsigned k = 0; k < TYPISTS && o->fault == NULL; k++) {
        const char letter[] = {(char)('A' + k), '\0'};
        const char *first = strchr(text, letter[0]);
        if (!text_eq(&o->server, &o->t[k].view))
            o->fault = "a typist's text differs from the server's";
        else if (o->runs_only && (first == NULL || strspn(first, letter) != RUN_KEYS))
            o->fault = "a typed run is broken up";
    }
    free(text);
}

static void office_open(struct office *o, uint64_t seed, bool runs_only)
{
    struct source start;
    memset(o, 0, sizeof *o);
    pl_prng_init(&o->r, seed);
    o->runs_only = runs_only;
    source_random(&start, &o->r);
    source_build(&start, &o->start);
    dup_text(&o->server, &o->start);
    uint32_t len = (uint32_t)pl_text_len(&o->start);
    uint32_t place = below(o, len + 1);
    for (unsigned k = 0; k < TYPISTS; k++) {
        dup_text(&o->t[k].view, &o->start);
        pl_op_init(&o->t[k].inflight, len);
        pl_op_init(&o->t[k].pending, len);
        o->t[k].caret = pl_prng_one_in(&o->r, 3) ? below(o, len + 1) : place;
    }
}

static void office_close(struct office *o)
{
    for (unsigned k = 0; k < TYPISTS; k++) {
        pl_text_release(&o->t[k].view);
        pl_op_release(&o->t[k].inflight);
        pl_op_release(&o->t[k].pending);
        pl_op_release(&o->t[k].sent);
    }
    for (uint32_t i = 0; i < o->head; i++)
        pl_op_release(&o->log[i]);
    pl_text_release(&o->server);
    pl_text_release(&o->start);
}

static void print_end(struct office *o)
{
    char *text = pl_text_dup(&o->start);
    (void)fprintf(stderr, "  start: \"%s\"\n", text);
    free(text);
    for (uint32_t i = 0; i < o->head; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%u by %c", i + 1, 'A' + (int)o->author[i]);
        op_print(name, &o->log[i]);
    }
    for (unsigned k = 0; k < TYPISTS; k++) {
        text = pl_text_dup(&o->t[k].view);
        (void)fprintf(stderr, "  %c sees: \"%s\"\n", 'A' + (int)k, text);
        free(text);
    }
}

static void run_case(uint64_t seed, bool runs_only)
{
    struct office o;
    bool more = true;
    office_open(&o, seed, runs_only);
    while (more && o.fault == NULL) {
        more = false;
        for (unsigned i = 0; i < TYPISTS * 2 && o.fault == NULL; i++)
            more |= step(&o, i % TYPISTS);
        for (unsigned k = 0; !runs_only && k < TYPISTS && o.fault == NULL; k++)
            check_view(&o, k);
    }
    if (o.fault == NULL)
        check_end(&o);
    if (o.fault != NULL) {
        (void)fprintf(stderr, "FAIL %s, case %" PRIu64 ": %s\n",
                      runs_only ? "typed runs" : "convergence", seed, o.fault);
        print_end(&o);
        (void)fflush(stdout);
        _Exit(1);
    }
    office_close(&o);
}

int main(void)
{
    uint64_t seed = prop_seed("prop_typing");
    unsigned runs = prop_runs(4000);
    struct pl_prng r;
    pl_prng_init(&r, seed);
    for (unsigned i = 0; i < runs; i++)
        run_case(pl_prng_u64(&r), true);
    printf("ok typed runs\n");
    for (unsigned i = 0; i < runs; i++)
        run_case(pl_prng_u64(&r), false);
    printf("ok convergence\n");
    return 0;
}
