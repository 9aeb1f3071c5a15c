// SPDX-License-Identifier: Apache-2.0
/*
 * Dialling: an address that swallows everything does not hold up the next one, all refused is told
 * at once, giving up leaves nothing behind. A full backlog on loopback is the black hole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/time.h"

#include "net/dial.h"
#include "support/unit.h"

#define CROWD 8

struct place {
    int listener;
    int crowd[CROWD]; /* fills the backlog */
    struct sockaddr_storage address;
};

struct result {
    int calls, code;
    uint16_t port; /* of the peer that was reached */
    char why[PL_ERR_TEXT_MAX];
};

static void listen_at(struct place *p, int backlog)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    memset(p, 0, sizeof(*p));
    for (int i = 0; i < CROWD; i++)
        p->crowd[i] = -1;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->listener >= 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    if (backlog >= 0)
        assert_int_equal(listen(p->listener, backlog), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &size), 0);
    memcpy(&p->address, &a, sizeof(a));
}

/* Connections nobody accepts fill the queue; from then on the kernel drops what comes. */
static void black_hole(struct place *p)
{
    listen_at(p, 0);
    for (int i = 0; i < CROWD; i++) {
        p->crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(
            connect(p->crowd[i], (struct sockaddr *)&p->address, sizeof(struct sockaddr_in)) == 0 ||
            errno == EINPROGRESS);
    }
}

static void leave(struct place *p)
{
    for (int i = 0; i < CROWD; i++)
        if (p->crowd[i] >= 0)
            (void)close(p->crowd[i]);
    (void)close(p->listener);
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
    return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
}

static void on_dialled(void *ctx, uv_tcp_t *take_tcp, int code, const char *why)
{
    struct result *r = ctx;
    struct sockaddr_storage peer;
    int size = sizeof(peer);
    r->calls++;
    r->code = code;
    (void)snprintf(r->why, sizeof(r->why), "%s", why);
    if (!take_tcp)
        return;
    assert_int_equal(uv_tcp_getpeername(take_tcp, (struct sockaddr *)&peer, &size), 0);
    r->port = port_of(&peer);
    uv_close((uv_handle_t *)take_tcp, dial_free_tcp);
}

/* Runs until nothing is left on the loop; how long it took. */
static uint64_t run(uv_loop_t *loop)
{
    uint64_t from = pl_mono_ms();
    assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
    uint64_t ms = pl_mono_ms() - from;
    assert_int_equal(uv_loop_close(loop), 0);
    return ms;
}

TEST(dial_takes_the_next_address_when_the_first_is_silent)
{
    struct place hole;
    struct place good;
    struct result r = {0};
    uv_loop_t loop;
    black_hole(&hole);
    listen_at(&good, 8);
    const struct sockaddr_storage both[] = {hole.address, good.address};
    assert_int_equal(uv_loop_init(&loop), 0);
    (void)dial_start_known(&loop, both, 2, on_dialled, &r);
    assert_int_equal(r.calls, 0); /* never from inside */
    uint64_t ms = run(&loop);
    assert_int_equal(r.calls, 1);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.port, port_of(&good.address));
    /* The kernel would try the first again after 1 s. */
    assert_true(ms >= DIAL_NEXT_MS - 5 && ms < 900);
    leave(&hole);
    leave(&good);
}

TEST(dial_goes_on_at_once_when_an_address_refuses)
{
    struct place closed;
    struct place good;
    struct result r = {0};
    uv_loop_t loop;
    listen_at(&closed, -1); /* bound, not listening: refuses */
    listen_at(&good, 8);
    const struct sockaddr_storage both[] = {closed.address, good.address};
    assert_int_equal(uv_loop_init(&loop), 0);
    (void)dial_start_known(&loop, both, 2, on_dialled, &r);
    uint64_t ms = run(&loop);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.port, port_of(&good.address));
    assert_true(ms < DIAL_NEXT_MS);
    leave(&closed);
    leave(&good);
}

TEST(dial_fails_at_once_when_all_refuse)
{
    struct place a;
    struct place b;
    struct result r = {0};
    uv_loop_t loop;
    listen_at(&a, -1);
    listen_at(&b, -1);
    const struct sockaddr_storage both[] = {a.address, b.address};
    assert_int_equal(uv_loop_init(&loop), 0);
    (void)dial_start_known(&loop, both, 2, on_dialled, &r);
    uint64_t ms = run(&loop);
    assert_int_equal(r.calls, 1);
    assert_int_equal(r.code, PL_E_UNREACHABLE);
    assert_string_equal(r.why, "connection refused");
    assert_true(ms < DIAL_NEXT_MS);
    leave(&a);
    leave(&b);
}

static void on_time(uv_timer_t *t)
{
    *(bool *)t->data = true;
}

TEST(dial_waits_for_the_silent_one_when_the_others_refuse)
{
    struct place hole;
    struct place closed;
    struct result r = {0};
    uv_loop_t loop;
    black_hole(&hole);
    listen_at(&closed, -1);
    const struct sockaddr_storage both[] = {hole.address, closed.address};
    assert_int_equal(uv_loop_init(&loop), 0);
    struct dial *d = dial_start_known(&loop, both, 2, on_dialled, &r);
    uv_timer_t t;
    bool is_over = false;
    assert_int_equal(uv_timer_init(&loop, &t), 0);
    t.data = &is_over;
    assert_int_equal(uv_timer_start(&t, on_time, DIAL_NEXT_MS + 200, 0), 0);
    while (!is_over)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(r.calls, 0);
    dial_cancel(d);
    uv_close((uv_handle_t *)&t, NULL);
    (void)run(&loop);
    assert_int_equal(r.calls, 0);
    leave(&hole);
    leave(&closed);
}

TEST(dial_leaves_nothing_behind_when_cancelled_early)
{
    struct result r = {0};
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    dial_cancel(dial_start(&loop, "127.0.0.1", 9, on_dialled, &r));
    dial_cancel(dial_start(&loop, "localhost", 9, on_dialled, &r)); /* while it is resolved */
    (void)run(&loop);
    assert_int_equal(r.calls, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(dial_takes_the_next_address_when_the_first_is_silent),
        UNIT(dial_goes_on_at_once_when_an_address_refuses),
        UNIT(dial_fails_at_once_when_all_refuse),
        UNIT(dial_waits_for_the_silent_one_when_the_others_refuse),
        UNIT(dial_leaves_nothing_behind_when_cancelled_early),
    };
    return RUN(tests);
}
