// SPDX-License-Identifier: Apache-2.0
/*
 * What a room costs without network and database: members type one key each, the room rebases,
 * checks, numbers and encodes, the store in memory takes the batch, and every member pulls every
 * revision. One JSON line for 5 and for 50 members; per second of processor time, and bytes
 * handed to members. The peer in the same run is "apply": the document alone taking the same keys.
 *
 * Usage: bench_server_room [--quick]
 */
#include "support/fake/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/orderkey.h"

#include "room/room.h"

#include "support/fake/store.c"
#include "support/fake/store_log.c"

#define REVIEW    7u
#define TEXT_KEYS 2000u /* then the entry is emptied again, so that texts stay of a usual size */

struct typist {
    struct member *m;
    uint64_t client;
    uint64_t seq;
    uint64_t rev;
    uint32_t epoch;
    uint32_t len;
    bool is_woken;
};

static struct pl_buf pulled;
static uint64_t bytes_out;

static void on_send(void *ctx, const uint8_t *frame, size_t n)
{
    (void)ctx;
    (void)frame;
    (void)n;
}

static void on_wake(void *ctx)
{
    ((struct typist *)ctx)->is_woken = true;
}

static void on_left(void *ctx, uint64_t review, int code, const char *why)
{
    (void)ctx;
    (void)fprintf(stderr, "bench_server_room: let go of %llu: %d %s\n", (unsigned long long)review,
                  code, why);
    exit(1);
}

/* Counts revisions; the bytes would go to TLS from here. */
static void pull(struct typist *t)
{
    bool more = true;

    while (more) {
        struct pl_reader r;
        pl_buf_clear(&pulled);
        more = member_pull(t->m, &pulled, 64u << 10);
        bytes_out += pulled.len;
        pl_reader_init(&r, pulled.data, pulled.len);
        while (pl_reader_left(&r) > 0) {
            uint32_t n = pl_read_u32be(&r);
            const uint8_t *p = pl_read_bytes(&r, n);
            t->rev += p != NULL && p[1] == PL_MSG_REV ? 1 : 0;
        }
    }
    t->is_woken = false;
}

static void turn(uv_loop_t *loop, struct typist *ts, unsigned n)
{
    (void)uv_run(loop, UV_RUN_NOWAIT);
    for (unsigned i = 0; i < n; i++) {
        if (ts[i].is_woken)
            pull(&ts[i]);
    }
}

static struct pl_cs key_press(struct typist *t)
{
    struct pl_cs cs;
    struct pl_op op;

    pl_op_init(&op, t->len);
    if (t->len < TEXT_KEYS) {
        pl_op_retain(&op, t->len);
        pl_op_insert(&op, "k", 1, 1);
        t->len++;
    } else {
        pl_op_delete(&op, t->len, NULL, 0);
        t->len = 0;
    }
    pl_cs_init(&cs);
    pl_cs_text(&cs, (struct pl_eid){t->client, 1}, PL_F_BODY, &op);
    return cs;
}

static void submit(struct typist *t, struct pl_cs *take_cs)
{
    struct pl_submit s = {.review = REVIEW, .epoch = 1, .seq = ++t->seq, .base = t->rev};

    pl_cs_move(&s.cs, take_cs);
    member_submit(t->m, &s);
}

static struct pl_cs creation(const struct typist *t)
{
    struct pl_cs cs;
    struct pl_key key;

    PL_ASSERT(pl_key_between(&key, NULL, NULL, t->client, 1, NULL) == 0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){t->client, 1}, PL_KIND_EVENT, PL_EID_ROOT, &key);
    return cs;
}

/* Until every member holds the log's head. */
static void settle(uv_loop_t *loop, struct store *s, struct typist *ts, unsigned n)
{
    for (;;) {
        turn(loop, ts, n);
        bool all = fake_counts(s).waiting == 0;
        for (unsigned i = 0; i < n && all; i++)
            all = ts[i].rev == fake_head(s, REVIEW) && ts[i].m != NULL;
        if (all && fake_head(s, REVIEW) > 0)
            return;
    }
}

static void join_all(struct rooms *rooms, struct typist *ts, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const struct member_sink sink = {
            .send = on_send, .wake = on_wake, .left = on_left, .ctx = &ts[i]};
        const struct member_options o = {
            .review = REVIEW, .client = i + 1, .user = i + 100, .device = i + 1, .name = "Typist"};
        ts[i] = (struct typist){.client = i + 1};
        ts[i].m = member_join(rooms, &o, &sink);
    }
}

/* Processor time of this process: the machine may be shared. */
static double cpu_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void on_freed(void *ctx)
{
    *(bool *)ctx = true;
}

/* The document alone: what the same keys cost without a room. */
static double apply_per_s(double seconds)
{
    struct typist t = {.client = 1};
    struct pl_doc *d = pl_doc_new();
    struct pl_cs cs = creation(&t);
    uint64_t n = 0;

    PL_ASSERT(pl_doc_apply(d, &cs, NULL, NULL) == 0);
    pl_cs_release(&cs);
    double start = cpu_us();
    while (cpu_us() - start < seconds * 1e6) {
        for (unsigned i = 0; i < 64; i++, n++) {
            cs = key_press(&t);
            PL_ASSERT(pl_doc_apply(d, &cs, NULL, NULL) == 0);
            pl_cs_release(&cs);
        }
    }
    double took = cpu_us() - start;
    pl_doc_free(d);
    return (double)n * 1e6 / took;
}

static void report(unsigned n, uint64_t revs, double took_us, double seconds)
{
    double per_s = (double)revs * 1e6 / took_us;

    (void)printf("{\"bench\":\"room\",\"reviews\":1,\"members\":%u,\"revisions_per_s\":%.0f,"
                 "\"us_per_revision\":%.2f,\"frames_per_s\":%.0f,\"mib_out_per_s\":%.1f,"
                 "\"apply_per_s\":%.0f}\n",
                 n, per_s, took_us / (double)revs, per_s * n,
                 (double)bytes_out * 1e6 / took_us / 1048576.0, apply_per_s(seconds / 4));
    (void)fflush(stdout);
}

static void bench(unsigned n, double seconds)
{
    const struct rooms_options o = {.ring_revs = 10000,
                                    .ring_bytes = 4u << 20,
                                    .snapshot_revs = 500,
                                    .snapshot_bytes = 256u << 10,
                                    .idle_close_ms = 60000,
                                    .queue_bytes = 4u << 20};
    struct typist *ts = pl_xcalloc(n, sizeof *ts);
    bool freed = false;
    uv_loop_t loop;

    PL_ASSERT(uv_loop_init(&loop) == 0);
    struct store *s = fake_store_new(&loop);
    fake_review(s, REVIEW, PL_STATUS_IN_SESSION, PL_VISIBILITY_PARTICIPANTS);
    struct rooms *rooms = rooms_new(&loop, s, &o);
    join_all(rooms, ts, n);
    for (unsigned i = 0; i < 20; i++)
        turn(&loop, ts, n);
    for (unsigned i = 0; i < n; i++) {
        struct pl_cs cs = creation(&ts[i]);
        submit(&ts[i], &cs);
    }
    settle(&loop, s, ts, n);
    bytes_out = 0;
    uint64_t first = fake_head(s, REVIEW);
    double start = cpu_us();
    while (cpu_us() - start < seconds * 1e6) {
        for (unsigned i = 0; i < n; i++) {
            struct pl_cs cs = key_press(&ts[i]);
            submit(&ts[i], &cs);
        }
        settle(&loop, s, ts, n);
    }
    report(n, fake_head(s, REVIEW) - first, cpu_us() - start, seconds);
    for (unsigned i = 0; i < n; i++)
        member_leave(ts[i].m);
    rooms_free(rooms, on_freed, &freed);
    while (!freed)
        (void)uv_run(&loop, UV_RUN_ONCE);
    fake_store_free(s);
    PL_ASSERT(uv_loop_close(&loop) == 0);
    free(ts);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 && strcmp(argv[1], "--quick") == 0 ? 1.0 : 5.0;

    pl_buf_init(&pulled, 1u << 20);
    bench(5, seconds);
    bench(50, seconds);
    pl_buf_release(&pulled);
    return 0;
}
