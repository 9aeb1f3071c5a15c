// SPDX-License-Identifier: Apache-2.0
/*
 * See line.h. Packets (SOCK_SEQPACKET) need no framing of ours, and the kernel tells the end.
 */
#include "keeper/line.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"

#define WAITING_MAX 256u

struct packet {
    struct packet *next, *prev;
    struct pl_buf bytes;
};

struct line {
    uv_poll_t poll;
    int fd;
    const struct line_handlers *h; /* NULL: closed */
    void *ctx;
    struct packet *waiting;
    unsigned n_waiting;
    bool has_ended;
    uint8_t in[KEEPER_MSG_MAX];
};

int line_pair(int fds[2], struct pl_err *e)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0
               ? 0
               : pl_fail(e, PL_E_IO, "a pair of sockets: %s", strerror(errno));
}

static void end(struct line *l)
{
    if (l->has_ended || l->h == NULL)
        return;
    l->has_ended = true;
    (void)uv_poll_stop(&l->poll);
    l->h->ended(l->ctx);
}

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(struct line *l)
{
    int events = UV_READABLE | (l->waiting != NULL ? UV_WRITABLE : 0);
    PL_ASSERT(uv_poll_start(&l->poll, events, on_event) == 0);
}

static void drop(struct line *l, struct packet *p)
{
    DL_DELETE(l->waiting, p);
    l->n_waiting--;
    pl_buf_release(&p->bytes);
    free(p);
}

/* Sends as much of what waits as goes. False: the other end has gone. */
static bool flush(struct line *l)
{
    while (l->waiting != NULL) {
        const struct pl_buf *b = &l->waiting->bytes;
        ssize_t n = send(l->fd, b->data, b->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
            return true;
        if (n < 0)
            return false;
        drop(l, l->waiting);
    }
    return true;
}

static void take_input(struct line *l)
{
    struct keeper_msg m;
    while (l->h != NULL && !l->has_ended) {
        ssize_t n = recv(l->fd, l->in, sizeof(l->in), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0 || (size_t)n > sizeof(l->in) || keeper_msg_decode(l->in, (size_t)n, &m) != 0) {
            end(l);
            return;
        }
        l->h->message(l->ctx, &m);
    }
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct line *l = poll->data;
    if (status < 0) {
        end(l);
        return;
    }
    if ((events & UV_WRITABLE) != 0 && !flush(l)) {
        end(l);
        return;
    }
    take_input(l);
    if (l->h != NULL && !l->has_ended)
        watch(l);
}

struct line *line_open(uv_loop_t *loop, int take_fd, const struct line_handlers *h, void *ctx)
{
    struct line *l = pl_xcalloc(1, sizeof(*l));
    l->fd = take_fd;
    l->h = h;
    l->ctx = ctx;
    PL_ASSERT(uv_poll_init(loop, &l->poll, take_fd) == 0);
    l->poll.data = l;
    watch(l);
    return l;
}

int line_send(struct line *l, const struct keeper_msg *m)
{
    if (l->has_ended)
        return -PL_E_UNAVAILABLE;
    if (l->n_waiting >= WAITING_MAX)
        return -PL_E_BUSY;
    struct packet *p = pl_xcalloc(1, sizeof(*p));
    pl_buf_init(&p->bytes, KEEPER_MSG_MAX);
    int rc = keeper_msg_encode(m, &p->bytes);
    if (rc != 0) {
        pl_buf_release(&p->bytes);
        free(p);
        return rc;
    }
    DL_APPEND(l->waiting, p);
    l->n_waiting++;
    /* That it has gone is told from the loop, never from inside this call. */
    (void)flush(l);
    watch(l);
    return 0;
}

static void on_closed(uv_handle_t *h)
{
    struct line *l = h->data;
    while (l->waiting != NULL)
        drop(l, l->waiting);
    (void)close(l->fd);
    pl_wipe(l->in, sizeof(l->in));
    free(l);
}

void line_close(struct line *l)
{
    if (l == NULL)
        return;
    PL_ASSERT(l->h != NULL);
    l->h = NULL;
    /* The other end learns it now, not when the loop comes round. */
    (void)shutdown(l->fd, SHUT_RDWR);
    uv_close((uv_handle_t *)&l->poll, on_closed);
}

int line_wait(int fd, unsigned timeout_ms, uint8_t *buf, struct keeper_msg *out, struct pl_err *e)
{
    uint64_t until = pl_mono_ms() + timeout_ms;
    for (;;) {
        uint64_t now = pl_mono_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (now >= until)
            return pl_fail(e, PL_E_TIMEOUT, "the keeper does not answer");
        if (poll(&p, 1, (int)(until - now)) <= 0)
            continue;
        ssize_t n = recv(fd, buf, KEEPER_MSG_MAX, MSG_DONTWAIT);
        if (n > 0)
            return keeper_msg_decode(buf, (size_t)n, out) == 0
                       ? 0
                       : pl_fail(e, PL_E_BAD_MESSAGE, "the keeper says what nobody understands");
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return pl_fail(e, PL_E_CLOSED, "the keeper ended");
    }
}
