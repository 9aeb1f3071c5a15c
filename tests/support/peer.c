// SPDX-License-Identifier: Apache-2.0
/*
 * See peer.h.
 */
#include "support/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/version.h"

static int dial(const char *host, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)inet_pton(AF_INET, host, &to.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        (void)fprintf(stderr, "peer: connect: %s\n", strerror(errno));
        exit(1);
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void flush(struct peer *p)
{
    struct pl_buf out;
    pl_tls_take_out(p->tls, &out);
    for (size_t done = 0; done < out.len;) {
        ssize_t n = send(p->fd, out.data + done, out.len - done, MSG_NOSIGNAL);
        if (n <= 0)
            break; /* the server has closed: reading tells */
        done += (size_t)n;
    }
    pl_buf_release(&out);
}

/* Reads from the socket into the engine. False: nothing came in time. */
static bool more(struct peer *p, int ms)
{
    struct pollfd pf = {.fd = p->fd, .events = POLLIN};
    uint8_t bytes[16384];
    int ready;
    do {
        ready = poll(&pf, 1, ms);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return false;
    ssize_t n = recv(p->fd, bytes, sizeof(bytes), 0);
    /* what the engine does not take it reports at the next read */
    return pl_tls_feed(p->tls, bytes, n > 0 ? (size_t)n : 0, NULL) <= 0;
}

static int shake_hands(struct peer *p)
{
    int rc = 0;
    while ((rc = pl_tls_handshake(p->tls, &p->err)) == 0) {
        flush(p);
        if (!more(p, PEER_PATIENCE_MS))
            return pl_fail(&p->err, PL_E_TIMEOUT, "no handshake in time");
    }
    flush(p);
    return rc == 1 ? 0 : rc;
}

static int greet(struct peer *p)
{
    struct pl_msg m = {.type = PL_MSG_HELLO};
    m.u.hello.version_min = PL_VERSION_MIN;
    m.u.hello.version_max = PL_VERSION_MAX;
    m.u.hello.client_version = "peer";
    peer_send(p, &m);
    int rc = peer_next(p, &m, PEER_PATIENCE_MS);
    if (rc != 1)
        return p->err.code != 0 ? -p->err.code : -PL_E_CLOSED;
    rc = m.type == PL_MSG_WELCOME ? 0 : -PL_E_CLOSED;
    if (m.type == PL_MSG_ERROR)
        rc = pl_fail(&p->err, (int)m.u.error.code, "%s", m.u.error.text);
    pl_msg_release(&m);
    return rc;
}

int peer_open(struct peer *p, struct pl_tls_ctx *ctx, const char *host, uint16_t port)
{
    memset(p, 0, sizeof(*p));
    pl_err_init(&p->err);
    p->fd = dial(host, port);
    p->tls = pl_tls_new_client(ctx, PL_ALPN_EDIT, NULL);
    pl_frame_reader_init(&p->reader, PL_FRAME_MAX_SERVER);
    pl_arena_init(&p->arena, PL_UNPACK_BUDGET_MAX);
    int rc = shake_hands(p);
    return rc != 0 ? rc : greet(p);
}

void peer_close(struct peer *p)
{
    (void)close(p->fd);
    pl_tls_free(p->tls);
    pl_frame_reader_release(&p->reader);
    pl_arena_release(&p->arena);
}

void peer_send(struct peer *p, const struct pl_msg *m)
{
    struct pl_buf b;
    pl_buf_init(&b, PL_FRAME_MAX_CLIENT + PL_FRAME_HEADER);
    if (pl_msg_encode(m, &b, &p->err) != 0) {
        (void)fprintf(stderr, "peer: %s\n", p->err.text);
        exit(1);
    }
    if (pl_tls_write(p->tls, b.data, b.len, &p->err) == 0)
        flush(p);
    pl_buf_release(&b);
}

int peer_next(struct peer *p, struct pl_msg *m, int ms)
{
    struct pl_frame f;
    uint64_t until = pl_mono_ms() + (uint64_t)ms;
    for (;;) {
        int rc = pl_frame_next(&p->reader, &f, &p->err);
        if (rc < 0)
            return -1;
        if (rc == 1) {
            pl_arena_reset(&p->arena);
            rc = pl_msg_decode(m, f.type, f.payload, f.n, PL_SIDE_CLIENT, &p->arena, &p->err);
            return rc < 0 ? -1 : 1;
        }
        long n = pl_tls_read(p->tls, p->bytes, sizeof(p->bytes), &p->err);
        flush(p);
        if (n < 0)
            return -1;
        if (n > 0) {
            if (p->tap != NULL)
                (void)fwrite(p->bytes, 1, (size_t)n, p->tap);
            pl_frame_feed(&p->reader, p->bytes, (size_t)n);
            continue;
        }
        uint64_t now = pl_mono_ms();
        if (!more(p, now < until ? (int)(until - now) : 0))
            return 0;
    }
}

/* A message that must come. The connection's end is its answer as well. */
static bool take(struct peer *p, struct pl_msg *m)
{
    int rc = peer_next(p, m, PEER_PATIENCE_MS);
    if (rc == 0) {
        (void)fprintf(stderr, "peer: an answer that does not come\n");
        exit(1);
    }
    if (rc == 1 && m->type == PL_MSG_REV && m->u.rev.review == p->review)
        p->rev = m->u.rev.rev;
    return rc == 1;
}

static bool is_answer(const struct peer *p, const struct pl_msg *m)
{
    static const enum pl_msg_type news[] = {PL_MSG_REV,    PL_MSG_PEER,     PL_MSG_PING,
                                            PL_MSG_NEWS,   PL_MSG_SNAPSHOT, PL_MSG_SYNCED,
                                            PL_MSG_RIGHTS, PL_MSG_GOAWAY};
    for (size_t i = 0; i < sizeof(news) / sizeof(news[0]); i++)
        if (m->type == news[i])
            return false;
    return m->type != PL_MSG_ERROR || m->u.error.rid == p->rid || m->u.error.rid == 0;
}

int peer_ask(struct peer *p, struct pl_msg *m, uint32_t *rid, struct pl_msg *out)
{
    *rid = ++p->rid;
    peer_send(p, m);
    for (;;) {
        if (!take(p, out))
            return -PL_E_CLOSED;
        if (is_answer(p, out))
            break;
        pl_msg_release(out);
    }
    if (out->type != PL_MSG_ERROR)
        return (int)out->type;
    int rc = pl_fail(&p->err, (int)out->u.error.code, "%s", out->u.error.text);
    pl_msg_release(out);
    return rc;
}

int peer_review(struct peer *p, uint64_t review, uint64_t client)
{
    struct pl_msg m = {.type = PL_MSG_OPEN};
    struct pl_msg out;
    m.u.open.review = review;
    m.u.open.client = client;
    p->review = review;
    p->client = client;
    int rc = peer_ask(p, &m, &m.u.open.rid, &out);
    if (rc < 0)
        return rc;
    p->epoch = out.u.opened.epoch;
    p->seq = out.u.opened.last_seq;
    p->role = out.u.opened.role;
    p->status = out.u.opened.status;
    p->rev = out.u.opened.head;
    pl_msg_release(&out);
    for (bool synced = false; !synced;) {
        if (!take(p, &out))
            return -PL_E_CLOSED;
        synced = out.type == PL_MSG_SYNCED;
        pl_msg_release(&out);
    }
    return 0;
}

int peer_submit(struct peer *p, struct pl_cs *take_cs)
{
    struct pl_msg m = {.type = PL_MSG_SUBMIT};
    m.u.submit.review = p->review;
    m.u.submit.epoch = p->epoch;
    m.u.submit.seq = ++p->seq;
    m.u.submit.base = p->rev;
    m.u.submit.cs = *take_cs;
    peer_send(p, &m);
    pl_cs_release(&m.u.submit.cs);
    *take_cs = (struct pl_cs){0};
    for (;;) {
        int rc = 1;
        if (!take(p, &m))
            return -PL_E_CLOSED;
        if (m.type == PL_MSG_REV && m.u.rev.client == p->client && m.u.rev.seq == p->seq)
            rc = 0;
        else if (m.type == PL_MSG_NACK && m.u.nack.seq == p->seq)
            rc = pl_fail(&p->err, (int)m.u.nack.code, "%s", m.u.nack.why);
        else if (m.type == PL_MSG_ERROR)
            rc = pl_fail(&p->err, (int)m.u.error.code, "%s", m.u.error.text);
        else if (m.type == PL_MSG_RIGHTS && m.u.rights.code != 0) /* let go of */
            rc = pl_fail(&p->err, (int)m.u.rights.code, "%s", m.u.rights.why);
        pl_msg_release(&m);
        if (rc <= 0)
            return rc;
    }
}
