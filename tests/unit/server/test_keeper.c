// SPDX-License-Identifier: Apache-2.0
/*
 * What goes between the serving process and its keeper: messages there and back, each cut or
 * lengthened by a byte refused, and a line whose other end does not read, sends rubbish, or goes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "keeper/line.h"
#include "keeper/order.h"
#include "keeper/spawn.h"
#include "support/unit.h"

static struct pl_bytes text(const char *s)
{
    return (struct pl_bytes){(const uint8_t *)s, strlen(s)};
}

static struct keeper_msg some_message(void)
{
    return (struct keeper_msg){
        .what = KEEPER_DONE,
        .id = 0x01020304,
        .code = 43,
        .n = {1, UINT64_MAX, 3, 4},
        .parts = {text("a"), text(""), text("ccc")},
        .n_parts = 3,
    };
}

static void order_reads_what_it_wrote(void **state)
{
    (void)state;
    struct keeper_msg m = some_message();
    struct keeper_msg out;
    struct pl_buf b;
    pl_buf_init(&b, KEEPER_MSG_MAX);
    assert_int_equal(keeper_msg_encode(&m, &b), 0);
    assert_int_equal(keeper_msg_decode(b.data, b.len, &out), 0);
    assert_int_equal(out.what, m.what);
    assert_int_equal(out.id, m.id);
    assert_int_equal(out.code, m.code);
    assert_memory_equal(out.n, m.n, sizeof(m.n));
    assert_int_equal(out.n_parts, 3);
    assert_int_equal(out.parts[1].n, 0);
    assert_memory_equal(out.parts[2].p, "ccc", 3);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(keeper_msg_decode(b.data, n, &out), -PL_E_BAD_MESSAGE);
    assert_int_equal(pl_buf_add_byte(&b, 0), 0);
    assert_int_equal(keeper_msg_decode(b.data, b.len, &out), -PL_E_BAD_MESSAGE);
    b.data[0] = 5; /* no such message */
    assert_int_equal(keeper_msg_decode(b.data, b.len - 1, &out), -PL_E_BAD_MESSAGE);
    pl_buf_release(&b);
}

static void order_refuses_what_is_too_long(void **state)
{
    (void)state;
    static const uint8_t bytes[KEEPER_MSG_MAX];
    const size_t head = 1 + 4 + 4 + 8 * KEEPER_NUMBERS + 1 + 2;
    struct keeper_msg m = {.what = KEEPER_GO, .n_parts = 1};
    struct pl_buf b;
    pl_buf_init(&b, KEEPER_MSG_MAX);
    m.parts[0] = (struct pl_bytes){bytes, KEEPER_MSG_MAX - head};
    assert_int_equal(keeper_msg_encode(&m, &b), 0);
    pl_buf_clear(&b);
    m.parts[0].n++;
    assert_int_equal(keeper_msg_encode(&m, &b), -PL_E_LIMIT);
    pl_buf_release(&b);
}

/* ---- the line
 * -------------------------------------------------------------------------------------
 */

struct world {
    uv_loop_t loop;
    struct line *line;
    int other;
    unsigned messages, ends;
    uint32_t last_id;
};

static void on_message(void *ctx, const struct keeper_msg *m)
{
    struct world *w = ctx;
    w->messages++;
    w->last_id = m->id;
}

static void on_ended(void *ctx)
{
    struct world *w = ctx;
    w->ends++;
}

static int setup(void **state)
{
    static const struct line_handlers h = {on_message, on_ended};
    struct world *w = calloc(1, sizeof(*w));
    int fds[2];
    assert_non_null(w);
    assert_int_equal(line_pair(fds, NULL), 0);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->other = fds[1];
    w->line = line_open(&w->loop, fds[0], &h, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    line_close(w->line);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    if (w->other >= 0)
        (void)close(w->other);
    free(w);
    return 0;
}

static void line_gives_messages_in_order(void **state)
{
    struct world *w = *state;
    struct pl_buf b;
    for (uint32_t i = 1; i <= 3; i++) {
        struct keeper_msg m = {.what = KEEPER_STATE, .id = i};
        pl_buf_init(&b, KEEPER_MSG_MAX);
        assert_int_equal(keeper_msg_encode(&m, &b), 0);
        assert_int_equal(send(w->other, b.data, b.len, 0), (ssize_t)b.len);
        pl_buf_release(&b);
    }
    (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->messages, 3);
    assert_int_equal(w->last_id, 3);
    assert_int_equal(w->ends, 0);
}

static void line_ends_once_at_rubbish_or_when_the_other_goes(void **state)
{
    struct world *w = *state;
    assert_int_equal(send(w->other, "rubbish", 7, 0), 7);
    (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->ends, 1);
    (void)close(w->other);
    w->other = -1;
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    assert_int_equal(w->ends, 1);
    assert_int_equal(w->messages, 0);
}

static void line_notices_an_end(void **state)
{
    struct world *w = *state;
    const struct keeper_msg m = {.what = KEEPER_GO};
    (void)close(w->other);
    w->other = -1;
    assert_int_equal(line_send(w->line, &m), 0); /* told from the loop, not from here */
    assert_int_equal(w->ends, 0);
    (void)uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->ends, 1);
    assert_int_equal(line_send(w->line, &m), -PL_E_UNAVAILABLE);
}

/* One that does not read holds up to a limit, and gets everything in order when it reads again. */
static void line_waits_for_a_slow_reader(void **state)
{
    struct world *w = *state;
    static const uint8_t bytes[8000];
    static uint8_t in[KEEPER_MSG_MAX];
    struct keeper_msg m = {.what = KEEPER_DONE, .parts = {{bytes, sizeof(bytes)}}, .n_parts = 1};
    uint32_t sent = 0;
    int rc = 0;
    while (rc == 0 && sent < 10000) {
        m.id = sent + 1;
        rc = line_send(w->line, &m);
        sent += rc == 0 ? 1 : 0;
    }
    assert_int_equal(rc, -PL_E_BUSY);
    assert_true(sent >= 256);
    for (uint32_t got = 0; got < sent;) {
        struct keeper_msg out;
        ssize_t n = recv(w->other, in, sizeof(in), MSG_DONTWAIT);
        if (n < 0) {
            (void)uv_run(&w->loop, UV_RUN_NOWAIT);
            continue;
        }
        assert_int_equal(keeper_msg_decode(in, (size_t)n, &out), 0);
        assert_int_equal(out.id, ++got);
    }
}

/* ---- the process
 * ----------------------------------------------------------------------------------
 */

static void keeper_refuses_to_run_without_a_parent_that_made_it(void **state)
{
    (void)state;
    struct pl_err e;
    int fds[2];
    assert_int_equal(keeper_harden(1, &e), -PL_E_USAGE);
    assert_int_equal(line_pair(fds, &e), 0);
    assert_int_equal(keeper_harden(fds[0], &e), -PL_E_USAGE); /* it is our own */
    (void)close(fds[0]);
    (void)close(fds[1]);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_reads_what_it_wrote),
        cmocka_unit_test(order_refuses_what_is_too_long),
        WITH_WORLD(line_gives_messages_in_order),
        WITH_WORLD(line_ends_once_at_rubbish_or_when_the_other_goes),
        WITH_WORLD(line_notices_an_end),
        WITH_WORLD(line_waits_for_a_slow_reader),
        cmocka_unit_test(keeper_refuses_to_run_without_a_parent_that_made_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
