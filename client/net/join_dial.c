// SPDX-License-Identifier: Apache-2.0
/*
 * See join_dial.h. Every wait is a poll until the deadline; name resolution is the one call that
 * has a clock of its own.
 */
#include "net/join_dial.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plimsoll/base/time.h"
#include "plimsoll/tls/engine.h"
#include "plimsoll/tls/x509.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"

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

static int try_address(struct line *l, const struct addrinfo *a, struct pl_err *e)
{
    int problem = 0;
    socklen_t size = sizeof(problem);
    l->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0) {
        return pl_fail(e, PL_E_UNREACHABLE, "%s", strerror(errno));
    }
    int rc = 0;
    if (connect(l->fd, a->ai_addr, a->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            problem = errno;
        } else {
            rc = await(l, POLLOUT, e);
            if (rc == 0 && getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) {
                problem = errno;
            }
        }
    }
    if (rc == 0 && problem != 0) {
        rc = pl_fail(e, PL_E_UNREACHABLE, "%s", strerror(problem));
    }
    if (rc != 0) {
        (void)close(l->fd);
        l->fd = -1;
    }
    return rc;
}

static int dial(struct line *l, const struct pl_invite *invite, struct pl_err *e)
{
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    (void)snprintf(port, sizeof(port), "%u", invite->port);
    int r = getaddrinfo(invite->host, port, &hints, &found);
    if (r != 0) {
        return pl_fail(e, PL_E_UNREACHABLE, "%s: %s", invite->host, gai_strerror(r));
    }
    int rc = -PL_E_UNREACHABLE;
    for (const struct addrinfo *a = found; a != NULL && rc != 0; a = a->ai_next) {
        rc = try_address(l, a, e);
        if (rc == -PL_E_TIMEOUT) {
            break;
        }
    }
    freeaddrinfo(found);
    if (rc != 0) {
        pl_wrap(e, "%s port %u", invite->host, invite->port);
    }
    return rc;
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
        rc = dial(&l, invite, e);
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
