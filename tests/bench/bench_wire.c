// SPDX-License-Identifier: Apache-2.0
/*
 * How long one keystroke takes through the wire, each way and each step: frame splitting, pre-scan
 * and all of decode, encode. One JSON line a figure; the best of several rounds, because the
 * machine is shared. The floor is a copy of the frame's bytes.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "support/wire.h"

#define ROUNDS 9
#define TIMES  20000

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct subject {
    struct pl_msg m;
    struct pl_buf frame;
    struct pl_arena arena;
    struct pl_buf out;
};

static void must(int rc, const char *what)
{
    if (rc >= 0)
        return;
    (void)fprintf(stderr, "bench_wire: %s failed: %d\n", what, rc);
    _exit(1);
}

static void run_encode(struct subject *s)
{
    pl_buf_clear(&s->out);
    must(pl_msg_encode(&s->m, &s->out, NULL), "encode");
}

static void run_decode(struct subject *s)
{
    struct pl_msg m;
    enum pl_side side = s->m.type == PL_MSG_SUBMIT ? PL_SIDE_SERVER : PL_SIDE_CLIENT;
    pl_arena_reset(&s->arena);
    must(pl_msg_decode(&m, s->m.type, s->frame.data + PL_FRAME_HEADER,
                       s->frame.len - PL_FRAME_HEADER, side, &s->arena, NULL),
         "decode");
    pl_msg_release(&m);
}

static void run_split(struct subject *s)
{
    struct pl_frame_reader r;
    struct pl_frame f;
    pl_frame_reader_init(&r, PL_FRAME_MAX_CLIENT);
    pl_frame_feed(&r, s->frame.data, s->frame.len);
    must(pl_frame_next(&r, &f, NULL) - 1, "split");
    must(pl_frame_next(&r, &f, NULL), "split");
    pl_frame_reader_release(&r);
}

static void run_copy(struct subject *s)
{
    pl_buf_clear(&s->out);
    must(pl_buf_add(&s->out, s->frame.data, s->frame.len), "copy");
}

static double measure(void (*run)(struct subject *s), struct subject *s)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_ns();
        for (int i = 0; i < TIMES; i++)
            run(s);
        double ns = (now_ns() - start) / TIMES;
        best = ns < best ? ns : best;
    }
    return best;
}

static void report(const char *name, struct subject *s)
{
    must(pl_msg_encode(&s->m, &s->frame, NULL), "encode");
    double floor_ns = measure(run_copy, s);
    static const struct {
        const char *what;
        void (*run)(struct subject *s);
    } steps[] = {{"encode", run_encode}, {"decode", run_decode}, {"split", run_split}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        printf(
            "{\"bench\":\"wire\",\"what\":\"%s_%s\",\"bytes\":%zu,\"ns\":%.1f,\"floor_ns\":%.1f}\n",
            name, steps[i].what, s->frame.len, measure(steps[i].run, s), floor_ns);
    pl_buf_clear(&s->frame);
}

int main(void)
{
    static struct subject s;
    pl_buf_init(&s.frame, PL_FRAME_MAX_SERVER);
    pl_buf_init(&s.out, PL_FRAME_MAX_SERVER);
    pl_arena_init(&s.arena, PL_UNPACK_BUDGET_MAX);
    const struct pl_caret caret = {
        .set = true, .eid = {0x1122334455667788ull, 7}, .field = 3, .anchor = 1235, .head = 1235};
    struct pl_cs key;
    sample_keystroke(&key);
    s.m = (struct pl_msg){PL_MSG_SUBMIT,
                          {.submit = {.review = 91,
                                      .epoch = 4,
                                      .seq = 1700,
                                      .base = 12000,
                                      .cs = key,
                                      .caret_after = caret}}};
    report("submit", &s);
    s.m = (struct pl_msg){PL_MSG_REV,
                          {.rev = {.review = 91,
                                   .rev = 12001,
                                   .client = 0x1122334455667788ull,
                                   .seq = 1700,
                                   .user = 5,
                                   .at_us = 1767225600000000,
                                   .cs = key,
                                   .caret_after = caret,
                                   .base = 12000}}};
    report("rev", &s);
    pl_cs_release(&key);
    struct pl_cs many;
    pl_cs_init(&many);
    for (uint32_t i = 0; i < PL_CHANGESET_SLOTS_MAX; i++)
        pl_cs_dead(&many, (struct pl_eid){0x1122334455667788ull, i}, true);
    s.m = (struct pl_msg){PL_MSG_REV, {.rev = {.review = 91, .rev = 12001, .cs = many}}};
    report("rev256", &s);
    pl_cs_release(&many);
    pl_arena_release(&s.arena);
    pl_buf_release(&s.out);
    pl_buf_release(&s.frame);
    return 0;
}
