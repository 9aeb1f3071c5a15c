// SPDX-License-Identifier: Apache-2.0
/*
 * How fast is the merge kernel? Prints JSON lines, one per figure:
 *
 *   {"bench":"kernel", ...}     replay of a sequential trace, one key an edit: decode from the wire
 *                               form, check, apply; beside it, from the same run, the floor: the
 *                               bare gap buffer (splices without ops)
 *   {"bench":"concurrent", ...} a schedule of two people: the server and all clients, every op
 *                               transformed and applied everywhere; per transaction
 *   {"bench":"transform", ...}  both sides of a pair of single-edit ops
 *   {"bench":"compose", ...}    a pair of single-edit ops, at random places and as typed
 *   {"bench":"jump", ...}       one-scalar edits at random places of a large text, ASCII and CJK
 *   {"bench":"rebase", ...}     a pending op of many scattered edits over many revisions
 *
 * Times are CPU time of the thread: the kernel waits for nothing. Every figure is the best of
 * several runs (noise only adds), but for rebase, which is one long one. --quick is a smoke test.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/merge/op.h"
#include "plimsoll/merge/text.h"

#include "support/replay.h"
#include "support/trace.h"

static unsigned runs = 15;
static size_t pairs = 1 << 14; /* distinct ops per loop of transform and compose */
static unsigned loops = 64;

static double now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void must(int rc)
{
    if (rc != 0) {
        (void)fprintf(stderr, "bench_kernel: unexpected error %d\n", rc);
        _Exit(1);
    }
}

static double least(double a, double b)
{
    return b < a ? b : a;
}

static uint32_t below(struct pl_prng *r, uint32_t n)
{
    return (uint32_t)pl_prng_below(r, n);
}

/* --- replay of sequential traces ------------------------------------------------------------ */

/* The edits in wire form, one after the other. */
struct log {
    struct pl_buf bytes;
    uint32_t *len;
};

static void log_build(struct log *log, const struct trace *tr)
{
    uint32_t chars = 0;
    pl_buf_init(&log->bytes, SIZE_MAX / 2);
    log->len = pl_xcalloc(tr->nedits, sizeof *log->len);
    for (size_t i = 0; i < tr->nedits; i++) {
        const struct trace_edit *ed = &tr->edits[i];
        size_t before = log->bytes.len;
        struct pl_op op;
        pl_op_init(&op, chars);
        pl_op_retain(&op, ed->pos);
        pl_op_insert(&op, ed->ins, ed->ins_bytes, ed->ins_chars);
        pl_op_delete(&op, ed->del, NULL, 0);
        must(pl_op_encode(&op, &log->bytes));
        log->len[i] = (uint32_t)(log->bytes.len - before);
        chars = pl_op_result_len(&op);
        pl_op_release(&op);
    }
}

static double time_floor(const struct trace *tr, struct pl_text *t)
{
    double start = now_ns();
    for (size_t i = 0; i < tr->nedits; i++) {
        const struct trace_edit *ed = &tr->edits[i];
        if (ed->del > 0)
            pl_text_delete(t, ed->pos, ed->del);
        if (ed->ins_bytes > 0)
            pl_text_insert(t, ed->pos, ed->ins, ed->ins_bytes, ed->ins_chars);
    }
    return now_ns() - start;
}

static double time_replay(const struct trace *tr, const struct log *log, struct pl_text *t)
{
    struct pl_op op; /* one for all: a new one would be zeroed by hardening flags */
    double start = now_ns();
    const uint8_t *p = log->bytes.data;
    for (size_t i = 0; i < tr->nedits; i++) {
        must(pl_op_decode(&op, (uint32_t)pl_text_len(t), p, log->len[i], NULL));
        must(pl_op_apply(&op, t, NULL));
        pl_op_release(&op);
        p += log->len[i];
    }
    return now_ns() - start;
}

static void check_end(const struct trace *tr, struct pl_text *t)
{
    if (pl_text_bytes(t) != tr->end_bytes || memcmp(pl_text_cstr(t), tr->end, tr->end_bytes) != 0) {
        (void)fprintf(stderr, "bench_kernel: the replay gave another text\n");
        _Exit(1);
    }
    pl_text_release(t);
}

static void bench_trace(const char *name)
{
    struct trace tr;
    struct log log;
    double floor = 1e18;
    double replay = 1e18;
    trace_load(&tr, name);
    log_build(&log, &tr);
    for (unsigned i = 0; i < runs; i++) {
        struct pl_text t;
        pl_text_init(&t);
        floor = least(floor, time_floor(&tr, &t));
        check_end(&tr, &t);
        pl_text_init(&t);
        replay = least(replay, time_replay(&tr, &log, &t));
        check_end(&tr, &t);
    }
    printf("{\"bench\":\"kernel\",\"trace\":\"%s\",\"edits\":%zu,\"ns_per_edit\":%.1f,"
           "\"floor_ns_per_edit\":%.1f,\"wire_bytes_per_edit\":%.1f}\n",
           name, tr.nedits, replay / (double)tr.nedits, floor / (double)tr.nedits,
           (double)log.bytes.len / (double)tr.nedits);
    pl_buf_release(&log.bytes);
    free(log.len);
    trace_release(&tr);
}

static void bench_concurrent(const char *name)
{
    struct trace tr;
    double best = 1e18;
    size_t txns = 0;
    trace_load(&tr, name);
    for (unsigned i = 0; i < runs; i++) {
        struct replay rp;
        double start = now_ns();
        must(replay_run(&rp, &tr, NULL));
        best = least(best, now_ns() - start);
        txns = rp.log.n;
        check_end(&tr, &rp.server);
        replay_release(&rp);
    }
    printf("{\"bench\":\"concurrent\",\"trace\":\"%s\",\"transactions\":%zu,"
           "\"us_per_transaction\":%.3f}\n",
           name, txns, best / 1e3 / (double)txns);
    trace_release(&tr);
}

/* --- transform and compose ------------------------------------------------------------------ */

/* One keystroke somewhere in a text of `len`: nine inserts for one delete. */
static void make_key(struct pl_op *op, struct pl_prng *r, uint32_t len)
{
    pl_op_init(op, len);
    pl_op_retain(op, below(r, len));
    if (pl_prng_one_in(r, 10))
        pl_op_delete(op, 1, NULL, 0);
    else
        pl_op_insert(op, "x", 1, 1);
}

static void bench_transform(void)
{
    struct pl_prng r;
    struct pl_op *ops = pl_xcalloc(2 * pairs, sizeof *ops);
    struct pl_op a;
    struct pl_op b;
    double best = 1e18;
    uint64_t sum = 0;
    pl_prng_init(&r, 1);
    for (size_t i = 0; i < 2 * pairs; i++)
        make_key(&ops[i], &r, 2000);
    for (unsigned k = 0; k < loops; k++) {
        double start = now_ns();
        for (size_t i = 0; i < 2 * pairs; i += 2) {
            pl_op_transform(&ops[i], &ops[i + 1], &a, &b);
            sum += a.ncomps + b.ncomps;
            pl_op_release(&a);
            pl_op_release(&b);
        }
        best = least(best, now_ns() - start);
    }
    printf("{\"bench\":\"transform\",\"ns\":%.1f,\"check\":%" PRIu64 "}\n", best / (double)pairs,
           sum);
    free(ops);
}

/* `typed`: the second op goes on where the first one ended, else it is anywhere. */
static void bench_compose(bool typed)
{
    struct pl_prng r;
    struct pl_op *ops = pl_xcalloc(2 * pairs, sizeof *ops);
    struct pl_op a;
    double best = 1e18;
    uint64_t sum = 0;
    pl_prng_init(&r, 2);
    for (size_t i = 0; i < 2 * pairs; i += 2) {
        make_key(&ops[i], &r, 2000);
        make_key(&ops[i + 1], &r, pl_op_result_len(&ops[i]));
        if (typed) {
            uint32_t pos = pl_op_map_pos(&ops[i], below(&r, 2000), PL_RIGHT);
            pl_op_init(&ops[i], 2000);
            pl_op_retain(&ops[i], pos > 1999 ? 1999 : pos);
            pl_op_insert(&ops[i], "a", 1, 1);
            pl_op_init(&ops[i + 1], 2001);
            pl_op_retain(&ops[i + 1], (pos > 1999 ? 1999 : pos) + 1);
            pl_op_insert(&ops[i + 1], "b", 1, 1);
        }
    }
    for (unsigned k = 0; k < loops; k++) {
        double start = now_ns();
        for (size_t i = 0; i < 2 * pairs; i += 2) {
            pl_op_compose(&a, &ops[i], &ops[i + 1]);
            sum += a.ncomps;
            pl_op_release(&a);
        }
        best = least(best, now_ns() - start);
    }
    printf("{\"bench\":\"compose\",\"kind\":\"%s\",\"ns\":%.1f,\"check\":%" PRIu64 "}\n",
           typed ? "typed" : "random", best / (double)pairs, sum);
    free(ops);
}

/* A pending op of `n` scattered keystrokes, transformed over `revs` keystrokes of others. */
static void bench_rebase(uint32_t n, uint32_t revs)
{
    struct pl_prng r;
    struct pl_op pending;
    struct pl_op theirs;
    uint32_t len = 100000;
    pl_prng_init(&r, 3);
    pl_op_init(&pending, len);
    for (uint32_t i = 0; i < n; i++) {
        pl_op_retain(&pending, 1 + below(&r, len / n - 2));
        pl_op_insert(&pending, "x", 1, 1);
    }
    double start = now_ns();
    for (uint32_t i = 0; i < revs; i++) {
        make_key(&theirs, &r, pending.base_len);
        pl_op_cross(&pending, &theirs);
        pl_op_release(&theirs);
    }
    double ns = now_ns() - start;
    printf("{\"bench\":\"rebase\",\"pending_edits\":%u,\"revisions\":%u,\"ms\":%.1f,"
           "\"ns_per_component\":%.2f}\n",
           n, revs, ns / 1e6, ns / ((double)revs * 2 * n));
    pl_op_release(&pending);
}

/* --- random places in a large text ----------------------------------------------------------- */

static void bench_jump(const char *kind, const char *scalar, uint32_t chars)
{
    struct pl_prng r;
    struct pl_text t;
    size_t width = strlen(scalar);
    uint8_t *bytes = pl_xmalloc(chars * width);
    const unsigned jumps = 2000;
    double best = 1e18;
    for (uint32_t i = 0; i < chars; i++)
        memcpy(bytes + i * width, scalar, width);
    pl_text_init(&t);
    pl_text_assign(&t, bytes, chars * width);
    pl_prng_init(&r, 4);
    for (unsigned k = 0; k < runs; k++) {
        double start = now_ns();
        for (unsigned i = 0; i < jumps; i++) {
            uint32_t pos = below(&r, chars);
            pl_text_insert(&t, pos, scalar, width, 1);
            pl_text_delete(&t, pos, 1);
        }
        best = least(best, now_ns() - start);
    }
    printf("{\"bench\":\"jump\",\"text\":\"%s\",\"bytes\":%zu,\"us\":%.2f}\n", kind, chars * width,
           best / jumps / 1e3);
    pl_text_release(&t);
    free(bytes);
}

int main(int argc, char **argv)
{
    static const char *const traces[] = {"automerge-paper", "rustcode", "sveltecomponent",
                                         "seph-blog1"};
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    if (quick) {
        runs = 2;
        loops = 8;
        pairs = 1 << 12;
    }
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++)
        bench_trace(traces[i]);
    bench_concurrent("friendsforever-exact");
    bench_transform();
    bench_compose(false);
    bench_compose(true);
    bench_rebase(100, quick ? 200 : 20000);
    bench_rebase(1000, quick ? 200 : 20000);
    bench_rebase(10000, quick ? 20 : 20000);
    bench_jump("ascii", "x", 100 * 1000);
    bench_jump("cjk", "\xe4\xba\x8b", 33 * 1000);
    bench_jump("cjk", "\xe4\xba\x8b", 333 * 1000);
    return 0;
}
