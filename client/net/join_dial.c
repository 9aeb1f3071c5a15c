// SPDX-License-Identifier: Apache-2.0
/*
 * See join_dial.h. Every wait is a poll until the deadline; name resolution is the one call that
 * has a clock of its own.
 */
#include "net/join_dial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/tls/x509.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"

#include "net/dial.h"

#define READ_SIZE 16384u

struct line {
    int fd;
    struct pl_tls *tls;
    uint64_t until_ms;
};

/* Waits for the descriptor. 0, -PL_E_TIMEOUT. */
static int await(const struct line *l, short events, struct pl_err *e)
{
    for (;;) {
        uint64_t now = pl_mono_ms();
        struct pollfd p = {.fd = l->fd, .events = events};
        if (now >= l->until_ms) {
            return pl_fail(e, PL_E_TIMEOUT, "the server does not answer");
        }
        int n = poll(&p, 1, (int)(l->until_ms - now));
        if (n > 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return pl_fail(e, PL_E_IO, "poll: %s", strerror(errno));
        }
    }
}

/* --- connecting
 * --------------------------------------------------------------------------------------- */

struct connecting {
    struct dial *dial; /* NULL: it has called back */
    uv_timer_t deadline;
    int fd;
    int code;
    char why[PL_ERR_TEXT_MAX];
};

static void on_dialled(void *ctx, uv_tcp_t *take_tcp, int code, const char *why)
{
    struct connecting *g = ctx;
    uv_os_fd_t fd = -1;
    g->dial = NULL;
    g->code = code;
    (void)pl_strlcpy(g->why, why, sizeof(g->why));
    uv_close((uv_handle_t *)&g->deadline, NULL);
    if (take_tcp == NULL) {
        return;
    }
    /* The socket leaves the loop: what follows is a plain conversation on a descriptor. */
    if (uv_fileno((const uv_handle_t *)take_tcp, &fd) == 0) {
        g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    }
    if (g->fd < 0) {
        g->code = PL_E_IO;
        (void)pl_strlcpy(g->why, "no descriptor for the connection", sizeof(g->why));
    }
    uv_close((uv_handle_t *)take_tcp, dial_free_tcp);
}

static void on_deadline(uv_timer_t *t)
{
    struct connecting *g = t->data;
    dial_cancel(g->dial);
    g->dial = NULL;
    g->code = PL_E_TIMEOUT;
    (void)pl_strlcpy(g->why, "the server does not answer", sizeof(g->why));
    uv_close((uv_handle_t *)t, NULL);
}

static int connect_to(struct line *l, const struct pl_invite *invite, struct pl_err *e)
{
    struct connecting g = {.fd = -1};
    uv_loop_t loop;
    uint64_t now = pl_mono_ms();
    if (uv_loop_init(&loop) < 0) {
        return pl_fail(e, PL_E_INTERNAL, "no event loop");
    }
    PL_ASSERT(uv_timer_init(&loop, &g.deadline) == 0);
    g.deadline.data = &g;
    (void)uv_timer_start(&g.deadline, on_deadline, l->until_ms > now ? l->until_ms - now : 0, 0);
    g.dial = dial_start(&loop, invite->host, invite->port, on_dialled, &g);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&loop) == 0);
    l->fd = g.fd;
    if (g.code == 0) {
        return 0;
    }
    return pl_fail(e, g.code, "%s port %u: %.160s", invite->host, invite->port, g.why);
}

/* Sends what the engine has for the network. */
static int flush(const struct line *l, struct pl_err *e)
{
    struct pl_buf out;
    int rc = 0;
    pl_tls_take_out(l->tls, &out);
    for (size_t at = 0; rc == 0 && at < out.len;) {
        ssize_t n = send(l->fd, out.data + at, out.len - at, MSG_NOSIGNAL);
        if (n > 0) {
            at += (size_t)n;
        } else if (errno == EAGAIN) {
            rc = await(l, POLLOUT, e);
        } else if (errno != EINTR) {
            rc = pl_fail(e, PL_E_UNREACHABLE, "the connection broke: %s", strerror(errno));
        }
    }
    pl_buf_release(&out);
    return rc;
}

/* Waits for bytes and feeds them; the end of the stream is fed too. */
static int fill(const struct line *l, struct pl_err *e)
{
    uint8_t bytes[READ_SIZE / 4];
    for (;;) {
        int rc = await(l, POLLIN, e);
        if (rc != 0) {
            return rc;
        }
        ssize_t n = recv(l->fd, bytes, sizeof(bytes), 0);
        if (n >= 0) {
            return pl_tls_feed(l->tls, bytes, (size_t)n, e);
        }
        if (errno != EAGAIN && errno != EINTR) {
            return pl_fail(e, PL_E_UNREACHABLE, "the connection broke: %s", strerror(errno));
        }
    }
}

static int shake_hands(const struct line *l, struct pl_err *e)
{
    for (;;) {
        int state = pl_tls_handshake(l->tls, e);
        /* An alert should reach the server; that it did not is no news. */
        int sent = flush(l, state < 0 ? NULL : e);
        if (state != 0) {
            return state < 0 ? state : sent;
        }
        int rc = sent != 0 ? sent : fill(l, e);
        if (rc != 0) {
            return rc;
        }
    }
}

/* A whole frame, or the reason why there is none. */
static int read_frame(const struct line *l, struct pl_frame_reader *r, uint8_t *plain,
                      struct pl_frame *frame, struct pl_err *e)
{
    for (;;) {
        int rc = pl_frame_next(r, frame, e);
        if (rc != 0) {
            return rc < 0 ? rc : 0;
        }
        long n = pl_tls_read(l->tls, plain, READ_SIZE, e);
        if (n < 0) {
            return (int)n;
        }
        if (n > 0) {
            pl_frame_feed(r, plain, (size_t)n);
        } else if ((rc = fill(l, e)) != 0) {
            return rc;
        }
    }
}

static int read_answer(const struct line *l, struct pl_arena *arena, struct pl_join_welcome *out,
                       struct pl_err *e)
{
    static uint8_t plain[READ_SIZE];
    struct pl_frame_reader reader;
    struct pl_frame frame;
    struct pl_msg m;
    pl_frame_reader_init(&reader, PL_FRAME_MAX_EARLY);
    int rc = read_frame(l, &reader, plain, &frame, e);
    if (rc == 0) {
        rc = pl_msg_decode(&m, frame.type, frame.payload, frame.n, PL_SIDE_CLIENT, arena, e);
    }
    if (rc == 0) {
        if (m.type == PL_MSG_JOIN_WELCOME) {
            *out = m.u.join_welcome;
        } else if (m.type == PL_MSG_ERROR) {
            int code =
                m.u.error.code != 0 && m.u.error.code < 1000 ? (int)m.u.error.code : PL_E_INTERNAL;
            rc = pl_fail(e, code, "%s", m.u.error.text);
        } else {
            rc = pl_fail(e, PL_E_BAD_STATE, "the server answers with another message");
        }
        pl_msg_release(&m);
    }
    pl_frame_reader_release(&reader);
    return rc;
}

static int converse(struct line *l, const struct pl_join_hello *hello, struct pl_arena *arena,
                    struct pl_join_welcome *out, struct pl_err *e)
{
    const struct pl_msg m = {.type = PL_MSG_JOIN_HELLO, .u.join_hello = *hello};
    struct pl_buf frame;
    pl_buf_init(&frame, PL_FRAME_MAX_JOIN + PL_FRAME_HEADER);
    int rc = shake_hands(l, e);
    if (rc == 0) {
        rc = pl_msg_encode(&m, &frame, e);
    }
    if (rc == 0) {
        rc = pl_tls_write(l->tls, frame.data, frame.len, e);
    }
    if (rc == 0) {
        rc = flush(l, e);
    }
    if (rc == 0) {
        rc = read_answer(l, arena, out, e);
    }
    pl_tls_shutdown(l->tls);
    (void)flush(l, NULL);
    pl_buf_release(&frame);
    return rc;
}

int join_exchange(const struct pl_invite *invite, const struct pl_join_hello *hello,
                  unsigned timeout_ms, struct pl_arena *arena, struct pl_join_welcome *out,
                  struct pl_err *e)
{
    char name[PL_SERVER_NAME_SIZE];
    struct line l = {.fd = -1, .until_ms = pl_mono_ms() + timeout_ms};
    int rc = -PL_E_TLS;
    pl_server_name(invite->root_pin, name);
    struct pl_tls_ctx *ctx = pl_tls_client_ctx(invite->root_pin, name, NULL, NULL, e);
    if (ctx == NULL) {
        return rc;
    }
    l.tls = pl_tls_new_client(ctx, PL_ALPN_JOIN, e);
    if (l.tls != NULL) {
        rc = connect_to(&l, invite, e);
        if (rc == 0) {
            rc = converse(&l, hello, arena, out, e);
        }
    }
    if (l.fd >= 0) {
        (void)close(l.fd);
    }
    pl_tls_free(l.tls);
    pl_tls_ctx_unref(ctx);
    return rc;
}
