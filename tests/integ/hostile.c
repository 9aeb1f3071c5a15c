// SPDX-License-Identifier: Apache-2.0
/*
 * Peers that break the rules, against a real server: each must get a named error or a clean close,
 * and nobody else may notice. Our own TLS engine makes the handshake, then arbitrary bytes follow.
 * A bystander, a process of its own, works in a review all the time and reports its slowest answer.
 *
 *   hostile --config DIR --revoked DIR --pid SERVER_PID [--stall-ms N]
 *
 * --revoked: profile of a device that was revoked. --stall-ms: the server's limits.stall. Prints
 * one line a case; exit status 0 if all went as they must.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"
#include "plimsoll/wire/version.h"

#include "net/trust.h"
#include "support/pki.h"
#include "support/wire.h"

#define PATIENCE_MS  10000
#define HALF_OPEN    300
#define PER_ADDRESS  64 /* limits.half_open_per_address */
#define CLOSED_MS    5500
#define GRACE_MS     1000 /* of a busy machine */
#define PIECE        40000u
#define PIECES       500u
#define RSS_GROWTH   (32u * 1024u) /* KiB that a reader who does not read may cost */
#define BYSTANDER_MS 3000u

struct peer {
    int fd;
    struct pl_tls *tls;
    struct pl_frame_reader reader;
    struct pl_arena arena;
    struct pl_err err; /* why it ended */
    uint8_t bytes[16384];
};

static struct trust_profile profile;
static struct pl_tls_ctx *ctx;
static int failures;

static void verdict(const char *name, bool good, const char *what)
{
    (void)printf("%s: %s: %s\n", good ? "ok" : "FAIL", name, what);
    (void)fflush(stdout);
    failures += !good;
}

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- a peer -------------------------------------------------------------------------------------
 */

/* A TCP connection from 127.0.0.`from`. */
static int dial(unsigned from)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(profile.port)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(fd >= 0, "socket");
    at.sin_addr.s_addr = htonl(0x7f000000u + from);
    (void)inet_pton(AF_INET, profile.host, &to.sin_addr);
    need(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    need(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
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
    do { /* the guest is told to end by a signal, in the middle of an answer as well */
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
        if (!more(p, PATIENCE_MS))
            return pl_fail(&p->err, PL_E_TIMEOUT, "no handshake in time");
    }
    flush(p);
    return rc;
}

static int peer_open(struct peer *p, struct pl_tls_ctx *c, const char *alpn)
{
    memset(p, 0, sizeof(*p));
    pl_err_init(&p->err);
    p->fd = dial(1);
    p->tls = pl_tls_new_client(c, alpn, NULL);
    need(p->tls, "TLS");
    pl_frame_reader_init(&p->reader, PL_FRAME_MAX_SERVER);
    pl_arena_init(&p->arena, PL_UNPACK_BUDGET_MAX);
    return shake_hands(p);
}

static void peer_close(struct peer *p)
{
    (void)close(p->fd);
    pl_tls_free(p->tls);
    pl_frame_reader_release(&p->reader);
    pl_arena_release(&p->arena);
}

static void peer_bytes(struct peer *p, const void *bytes, size_t n)
{
    if (pl_tls_write(p->tls, bytes, n, &p->err) == 0)
        flush(p);
}

static void peer_send(struct peer *p, const struct pl_msg *m)
{
    struct pl_buf b;
    pl_buf_init(&b, PL_FRAME_MAX_CLIENT + PL_FRAME_HEADER);
    need(pl_msg_encode(m, &b, &p->err) == 0, p->err.text);
    peer_bytes(p, b.data, b.len);
    pl_buf_release(&b);
}

/* The next message: 1 (release it); 0: none in time; -1: the connection has ended, see err. */
static int peer_next(struct peer *p, struct pl_msg *m, int ms)
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
            pl_frame_feed(&p->reader, p->bytes, (size_t)n);
            continue;
        }
        uint64_t now = pl_mono_ms();
        if (now >= until || !more(p, (int)(until - now)))
            return 0;
    }
}

/* Waits for a message of this type; others are passed over. */
static void peer_await(struct peer *p, enum pl_msg_type type, struct pl_msg *m)
{
    for (;;) {
        int rc = peer_next(p, m, PATIENCE_MS);
        need(rc == 1, rc == 0 ? "an answer that does not come" : p->err.text);
        if (m->type == type)
            return;
        if (m->type == PL_MSG_ERROR)
            need(false, m->u.error.text);
        pl_msg_release(m);
    }
}

static void say_hello(struct peer *p)
{
    struct pl_msg m = {.type = PL_MSG_HELLO};
    m.u.hello.version_min = PL_VERSION_MIN;
    m.u.hello.version_max = PL_VERSION_MAX;
    m.u.hello.client_version = "hostile";
    peer_send(p, &m);
    peer_await(p, PL_MSG_WELCOME, &m);
    pl_msg_release(&m);
}

static void ready(struct peer *p)
{
    need(peer_open(p, ctx, PL_ALPN_EDIT) == 1, p->err.text);
    say_hello(p);
}

/* --- work in a review ---------------------------------------------------------------------------
 */

struct seat {
    struct peer p;
    uint64_t review, client, seq, rev;
    uint32_t epoch, len;
};

static uint64_t create(struct peer *p)
{
    struct pl_msg m = {.type = PL_MSG_CREATE};
    uint8_t op_id[PL_OP_ID_BYTES];
    pl_random_bytes(op_id, sizeof(op_id));
    m.u.create.rid = 1;
    m.u.create.op_id = (struct pl_bytes){op_id, sizeof(op_id)};
    m.u.create.title = "Hostile peers";
    peer_send(p, &m);
    peer_await(p, PL_MSG_CREATED, &m);
    return m.u.created.review;
}

static void take_rev(struct seat *s, struct pl_msg *m)
{
    const struct pl_slot *t =
        pl_cs_find(&m->u.rev.cs, PL_SLOT_TEXT, PL_EID_ROOT, PL_F_REVIEW_IMPACT, NULL);
    s->rev = m->u.rev.rev;
    if (t)
        s->len = pl_op_result_len(&t->op);
}

static void sit_down(struct seat *s, uint64_t review)
{
    struct pl_msg m = {.type = PL_MSG_OPEN};
    s->review = review;
    s->client = pl_random_u64() | 1;
    m.u.open.rid = 2;
    m.u.open.review = review;
    m.u.open.client = s->client;
    peer_send(&s->p, &m);
    peer_await(&s->p, PL_MSG_OPENED, &m);
    s->epoch = m.u.opened.epoch;
    for (;;) {
        need(peer_next(&s->p, &m, PATIENCE_MS) == 1, "opening a review");
        if (m.type == PL_MSG_REV)
            take_rev(s, &m);
        bool done = m.type == PL_MSG_SYNCED;
        pl_msg_release(&m);
        if (done)
            return;
    }
}

/* Puts n characters at the front, or deletes all when n is 0. */
static void submit(struct seat *s, uint32_t n)
{
    static char text[PIECE];
    struct pl_msg m = {.type = PL_MSG_SUBMIT};
    struct pl_op op;
    memset(text, 'x', sizeof(text));
    pl_op_init(&op, s->len);
    if (n)
        pl_op_insert(&op, text, n, n);
    else
        pl_op_delete(&op, s->len, NULL, 0);
    m.u.submit.review = s->review;
    m.u.submit.epoch = s->epoch;
    m.u.submit.seq = ++s->seq;
    m.u.submit.base = s->rev;
    pl_cs_init(&m.u.submit.cs);
    pl_cs_text(&m.u.submit.cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    peer_send(&s->p, &m);
    pl_cs_release(&m.u.submit.cs);
}

/* Reads until revision `rev` (0: our own latest) is here. */
static void follow(struct seat *s, uint64_t rev)
{
    struct pl_msg m;
    for (bool done = false; !done;) {
        peer_await(&s->p, PL_MSG_REV, &m);
        take_rev(s, &m);
        done = rev ? s->rev >= rev : m.u.rev.client == s->client && m.u.rev.seq == s->seq;
        pl_msg_release(&m);
    }
}

/* --- the bystander ------------------------------------------------------------------------------
 */

static volatile sig_atomic_t told_to_end;

static void on_term(int signum)
{
    (void)signum;
    told_to_end = 1;
}

static int bystander(void)
{
    static struct seat s;
    const struct timespec pause = {.tv_nsec = 20000000};
    struct sigaction sa = {.sa_handler = on_term};
    uint64_t slowest = 0;
    unsigned edits = 0;
    (void)sigaction(SIGTERM, &sa, NULL);
    ready(&s.p);
    sit_down(&s, create(&s.p));
    while (!told_to_end) {
        uint64_t from = pl_mono_ms();
        submit(&s, s.len > 1000 ? 0 : 1);
        follow(&s, 0);
        uint64_t took = pl_mono_ms() - from;
        slowest = took > slowest ? took : slowest;
        edits++;
        (void)nanosleep(&pause, NULL);
    }
    peer_close(&s.p);
    (void)printf("bystander: %u edits, the slowest %llu ms\n", edits, (unsigned long long)slowest);
    (void)fflush(stdout);
    return slowest > BYSTANDER_MS;
}

/* --- frames that break the rules ----------------------------------------------------------------
 */

/* Payload of a bad frame into b; the type comes from the table. */
typedef void (*payload_cb)(struct pl_buf *b);

static void nested(struct pl_buf *b)
{
    struct pl_buf inner;
    pl_buf_init(&inner, 4096);
    raw_number(&inner, 1, 1);
    for (int i = 0; i < 40; i++) {
        struct pl_buf outer;
        pl_buf_init(&outer, 4096);
        raw_message(&outer, 5, &inner);
        inner = outer;
    }
    need(pl_buf_add(b, inner.data, inner.len) == 0, "buffer");
    pl_buf_release(&inner);
}

static void truncated(struct pl_buf *b)
{
    raw_number(b, 1, 1);
    raw_tag(b, 3, 2);
    raw_varint(b, 200); /* 200 bytes are announced, none follow */
}

static void bad_utf8(struct pl_buf *b)
{
    raw_number(b, 1, 1);
    raw_bytes(b, 2, "0123456789abcdef", PL_OP_ID_BYTES);
    raw_bytes(b, 3, "caf\xc3\x28", 5);
}

static void escape_sequence(struct pl_buf *b)
{
    raw_number(b, 1, 1);
    raw_bytes(b, 2, "0123456789abcdef", PL_OP_ID_BYTES);
    raw_str(b, 3, "\x1b[2J");
}

static void unknown_field(struct pl_buf *b)
{
    raw_number(b, 1, 1);
    raw_number(b, 99, 7);
}

static void many_fields(struct pl_buf *b)
{
    for (uint32_t i = 0; i <= PL_MSG_FIELDS_MAX; i++)
        raw_number(b, 1, i);
}

static void nothing(struct pl_buf *b)
{
    (void)b;
}

static const struct bad_frame {
    const char *name;
    bool is_greeted;
    uint32_t type;
    payload_cb payload;
    int64_t length; /* in the header; -1: the true one */
    int code;
} bad_frames[] = {
    {"frame of 4 GiB", true, PL_MSG_PING, nothing, 0xffffffff, PL_E_TOO_LARGE},
    {"frame one byte too long", true, PL_MSG_PING, nothing, PL_FRAME_MAX_CLIENT + 1,
     PL_E_TOO_LARGE},
    {"frame one byte too long before Hello", false, PL_MSG_HELLO, nothing, PL_FRAME_MAX_EARLY + 1,
     PL_E_TOO_LARGE},
    {"frame of length 0", true, PL_MSG_PING, nothing, 0, PL_E_BAD_FRAME},
    {"message too deep", true, PL_MSG_SUBMIT, nested, -1, PL_E_BAD_MESSAGE},
    {"message cut off", true, PL_MSG_LIST, truncated, -1, PL_E_BAD_MESSAGE},
    {"unknown kind", true, 999, nothing, -1, PL_E_UNKNOWN_MESSAGE},
    {"kind of the server", true, PL_MSG_REV, nothing, -1, PL_E_UNKNOWN_MESSAGE},
    {"kind that does not fit yet", false, PL_MSG_OPEN, nothing, -1, PL_E_BAD_STATE},
    {"second Hello", true, PL_MSG_HELLO, nothing, -1, PL_E_BAD_STATE},
    {"invalid UTF-8", true, PL_MSG_CREATE, bad_utf8, -1, PL_E_BAD_TEXT},
    {"escape sequence in a title", true, PL_MSG_CREATE, escape_sequence, -1, PL_E_BAD_TEXT},
    {"unknown field", true, PL_MSG_LIST, unknown_field, -1, PL_E_BAD_MESSAGE},
    {"too many fields", true, PL_MSG_LIST, many_fields, -1, PL_E_BAD_MESSAGE},
};

/* Error with this code, then the end. */
static void expect_error(struct peer *p, const char *name, int code)
{
    struct pl_msg m;
    char what[PL_ERR_TEXT_MAX + 64];
    uint32_t got = 0;
    int rc = 0;
    what[0] = '\0';
    while ((rc = peer_next(p, &m, PATIENCE_MS)) == 1) {
        if (m.type == PL_MSG_ERROR) {
            got = m.u.error.code;
            (void)snprintf(what, sizeof(what), "%s: %s", pl_error_info((int)got)->token,
                           m.u.error.text);
        }
        pl_msg_release(&m);
    }
    if (rc == 0)
        verdict(name, false, "the connection lives on");
    else
        verdict(name, got == (uint32_t)code, got ? what : p->err.text);
}

static void try_bad_frame(const struct bad_frame *f)
{
    struct peer p;
    struct pl_buf payload;
    struct pl_buf b;
    pl_buf_init(&payload, 65536);
    pl_buf_init(&b, 131072);
    f->payload(&payload);
    need(pl_frame_header(&b, f->type, payload.len) == 0, "buffer");
    if (f->length >= 0)
        for (unsigned i = 0; i < 4; i++)
            b.data[i] = (uint8_t)((uint64_t)f->length >> (24 - 8 * i));
    need(payload.len == 0 || pl_buf_add(&b, payload.data, payload.len) == 0, "buffer");
    if (f->is_greeted)
        ready(&p);
    else
        need(peer_open(&p, ctx, PL_ALPN_EDIT) == 1, p.err.text);
    peer_bytes(&p, b.data, b.len);
    expect_error(&p, f->name, f->code);
    peer_close(&p);
    pl_buf_release(&payload);
    pl_buf_release(&b);
}

/* --- who does not come in -----------------------------------------------------------------------
 */

static void try_stranger(const char *name, struct pl_tls_ctx *c, const char *alpn, bool may_speak)
{
    struct peer p;
    struct pl_msg m;
    uint32_t code = 0;
    int rc = peer_open(&p, c, alpn);
    if (rc == 1)
        while ((rc = peer_next(&p, &m, PATIENCE_MS)) == 1) {
            code = m.type == PL_MSG_ERROR ? m.u.error.code : 0;
            pl_msg_release(&m);
        }
    bool good = rc < 0 && (code == PL_E_AUTH || code == PL_E_REVOKED || (!may_speak && code == 0));
    verdict(name, good, code ? pl_error_info((int)code)->title : p.err.text);
    peer_close(&p);
}

static void try_strangers(const char *revoked)
{
    struct test_pki pki;
    struct test_device d;
    struct trust_profile other;
    struct pl_err e;
    pl_err_init(&e);
    struct pl_tls_ctx *bare =
        pl_tls_client_ctx(profile.root_pin, profile.server_name, NULL, NULL, &e);
    need(bare, e.text);
    try_stranger("no certificate", bare, PL_ALPN_EDIT, false);
    test_pki_init(&pki, 0);
    test_device_init(&d, &pki, 1, 0);
    struct pl_tls_ctx *foreign =
        pl_tls_client_ctx(profile.root_pin, profile.server_name, d.chain_pem, d.key_pem, &e);
    need(foreign, e.text);
    try_stranger("certificate of another CA", foreign, PL_ALPN_EDIT, false);
    need(trust_load(revoked, TRUST_DEFAULT, &other, &e) == 0, e.text);
    struct pl_tls_ctx *gone = trust_tls_ctx(&other, &e);
    need(gone, e.text);
    try_stranger("certificate that is not registered", gone, PL_ALPN_EDIT, true);
    struct peer p;
    uint8_t header[PL_FRAME_HEADER] = {
        0, 0, (PL_FRAME_MAX_JOIN + 1) >> 8, (PL_FRAME_MAX_JOIN + 1) & 255, 0, PL_MSG_JOIN_HELLO};
    need(peer_open(&p, bare, PL_ALPN_JOIN) == 1, p.err.text);
    peer_bytes(&p, header, sizeof(header));
    expect_error(&p, "JoinHello that is too long", PL_E_TOO_LARGE);
    peer_close(&p);
    pl_tls_ctx_unref(bare);
    pl_tls_ctx_unref(foreign);
    pl_tls_ctx_unref(gone);
    trust_release(&other);
    test_device_release(&d);
    test_pki_release(&pki);
}

/* --- slow ones ----------------------------------------------------------------------------------
 */

/* Has the other side closed or reset? */
static bool is_closed(int fd)
{
    uint8_t b[256];
    ssize_t n = recv(fd, b, sizeof(b), MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void report_ms(const char *name, uint64_t ms, bool good)
{
    char what[64];
    (void)snprintf(what, sizeof(what), "closed after %llu ms", (unsigned long long)ms);
    verdict(name, good && ms <= CLOSED_MS + GRACE_MS, what);
}

static void try_slow_hello(void)
{
    struct pl_tls *t = pl_tls_new_client(ctx, PL_ALPN_EDIT, NULL);
    struct pl_buf hello;
    int fd = dial(1);
    uint64_t from = pl_mono_ms();
    size_t sent = 0;
    need(t && pl_tls_handshake(t, NULL) == 0, "TLS");
    pl_tls_take_out(t, &hello);
    while (!is_closed(fd) && pl_mono_ms() - from < 2 * CLOSED_MS) {
        struct pollfd pf = {.fd = fd, .events = POLLIN};
        if (pl_mono_ms() - from >= sent * 1000 && sent < hello.len)
            (void)!send(fd, hello.data + sent++, 1, MSG_NOSIGNAL);
        (void)poll(&pf, 1, 50);
    }
    report_ms("ClientHello at 1 byte/s", pl_mono_ms() - from, true);
    pl_buf_release(&hello);
    pl_tls_free(t);
    (void)close(fd);
}

static void try_silent(void)
{
    struct peer p;
    struct pl_msg m;
    need(peer_open(&p, ctx, PL_ALPN_EDIT) == 1, p.err.text);
    uint64_t from = pl_mono_ms();
    while (peer_next(&p, &m, 2 * CLOSED_MS) == 1)
        pl_msg_release(&m);
    report_ms("silence after the handshake", pl_mono_ms() - from, true);
    peer_close(&p);
}

static void try_begun_frame(void)
{
    static const uint8_t begun[] = {0, 0, 16, 0, 0, PL_MSG_LIST, 8};
    struct peer p;
    ready(&p);
    uint64_t from = pl_mono_ms();
    peer_bytes(&p, begun, sizeof(begun));
    struct pl_msg m;
    int rc = 0;
    uint32_t code = 0;
    while ((rc = peer_next(&p, &m, 2 * PL_PARTIAL_PROGRESS_MS)) == 1) {
        code = m.type == PL_MSG_ERROR ? m.u.error.code : 0;
        pl_msg_release(&m);
    }
    uint64_t ms = pl_mono_ms() - from;
    verdict("frame that does not go on",
            rc < 0 && code == PL_E_TIMEOUT && ms < PL_PARTIAL_PROGRESS_MS + 500 + GRACE_MS,
            p.err.text);
    peer_close(&p);
}

/* 300 from one address: beyond 64 they are refused, the others end by their deadline, and who comes
 * from elsewhere gets in meanwhile. */
static void try_half_open(void)
{
    static int fd[HALF_OPEN];
    char what[128];
    struct peer p;
    unsigned open = 0;
    uint64_t from = pl_mono_ms();
    for (int i = 0; i < HALF_OPEN; i++)
        fd[i] = dial(2);
    do {
        const struct timespec pause = {.tv_nsec = 10000000};
        (void)nanosleep(&pause, NULL);
        open = 0;
        for (int i = 0; i < HALF_OPEN; i++)
            open += fd[i] >= 0 && !is_closed(fd[i]);
    } while (open > PER_ADDRESS && pl_mono_ms() - from < CLOSED_MS - 500);
    unsigned kept = open;
    uint64_t knocked = pl_mono_ms();
    ready(&p);
    uint64_t entry = pl_mono_ms() - knocked;
    peer_close(&p);
    while (open > 0 && pl_mono_ms() - from < 2 * CLOSED_MS) {
        const struct timespec pause = {.tv_nsec = 20000000};
        (void)nanosleep(&pause, NULL);
        open = 0;
        for (int i = 0; i < HALF_OPEN; i++)
            open += !is_closed(fd[i]);
    }
    uint64_t ms = pl_mono_ms() - from;
    for (int i = 0; i < HALF_OPEN; i++)
        (void)close(fd[i]);
    (void)snprintf(what, sizeof(what),
                   "%u kept, all gone after %llu ms, a guest came in in %llu ms", kept,
                   (unsigned long long)ms, (unsigned long long)entry);
    verdict("300 half-open connections",
            kept <= PER_ADDRESS && open == 0 && entry < 1000 + GRACE_MS &&
                ms <= CLOSED_MS + 2 * GRACE_MS,
            what);
}

/* --- a reader who does not read -----------------------------------------------------------------
 */

static unsigned long rss_kib(uint64_t pid)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    (void)snprintf(path, sizeof(path), "/proc/%llu/status", (unsigned long long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f) && sscanf(line, "VmRSS: %lu", &kib) != 1) {
    }
    if (f)
        (void)fclose(f);
    return kib;
}

static void try_no_reader(uint64_t pid, uint64_t stall_ms)
{
    static struct seat writer;
    static struct seat other;
    static struct seat lazy;
    char what[160];
    int small = 4096;
    ready(&writer.p);
    uint64_t review = create(&writer.p);
    sit_down(&writer, review);
    ready(&other.p);
    sit_down(&other, review);
    ready(&lazy.p);
    (void)setsockopt(lazy.p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    sit_down(&lazy, review);
    unsigned long before = rss_kib(pid);
    unsigned long most = before;
    uint64_t slowest = 0;
    for (unsigned i = 0; i < PIECES; i++) {
        uint64_t from = pl_mono_ms();
        submit(&writer, i % 2 ? 0 : PIECE);
        follow(&writer, 0);
        follow(&other, writer.rev);
        uint64_t took = pl_mono_ms() - from;
        slowest = took > slowest ? took : slowest;
        unsigned long now = rss_kib(pid);
        most = now > most ? now : most;
    }
    (void)snprintf(what, sizeof(what),
                   "%u MiB past it, server grew by %lu KiB, others' slowest edit %llu ms",
                   PIECES / 2 * PIECE >> 20, most - before, (unsigned long long)slowest);
    verdict("a client that stops reading", most - before < RSS_GROWTH && slowest < BYSTANDER_MS,
            what);
    const struct timespec pause = {.tv_sec = (time_t)(stall_ms / 1000) + 2};
    (void)nanosleep(&pause, NULL);
    struct pl_msg m;
    int rc = 0;
    while ((rc = peer_next(&lazy.p, &m, 2000)) == 1)
        pl_msg_release(&m);
    verdict("and is disconnected", rc < 0, lazy.p.err.text);
    peer_close(&writer.p);
    peer_close(&other.p);
    peer_close(&lazy.p);
}

/* --- all of it ----------------------------------------------------------------------------------
 */

static pid_t in_background(int (*work)(void))
{
    (void)fflush(stdout);
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0)
        _exit(work());
    return pid;
}

static int slow_ones(void)
{
    failures = 0;
    try_slow_hello();
    try_silent();
    return failures > 0;
}

static int stuck_one(void)
{
    failures = 0;
    try_begun_frame();
    return failures > 0;
}

static void gather(pid_t pid, const char *name)
{
    int status = 0;
    need(waitpid(pid, &status, 0) == pid, "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        verdict(name, false, "see above");
}

static void run_all(const char *revoked, uint64_t pid, uint64_t stall_ms)
{
    pid_t guest = in_background(bystander);
    pid_t slow = in_background(slow_ones);
    pid_t stuck = in_background(stuck_one);
    for (size_t i = 0; i < sizeof(bad_frames) / sizeof(bad_frames[0]); i++)
        try_bad_frame(&bad_frames[i]);
    try_strangers(revoked);
    try_half_open();
    gather(slow, "slow ones");
    gather(stuck, "stuck one");
    try_no_reader(pid, stall_ms);
    (void)kill(guest, SIGTERM);
    gather(guest, "bystander");
}

static uint64_t number(const char *s)
{
    uint64_t n = 0;
    if (pl_parse_u64(s, &n) < 0)
        exit(2);
    return n;
}

int main(int argc, char **argv)
{
    static const struct option opts[] = {{"config", 1, NULL, 'c'},
                                         {"revoked", 1, NULL, 'r'},
                                         {"pid", 1, NULL, 'p'},
                                         {"stall-ms", 1, NULL, 's'},
                                         {NULL, 0, NULL, 0}};
    const char *config = NULL;
    const char *revoked = NULL;
    uint64_t pid = 0;
    uint64_t stall_ms = PL_WRITE_STALL_MS;
    struct pl_err e;
    int o = 0;
    while ((o = getopt_long(argc, argv, "", opts, NULL)) != -1) {
        if (o == 'c')
            config = optarg;
        else if (o == 'r')
            revoked = optarg;
        else if (o == 'p')
            pid = number(optarg);
        else if (o == 's')
            stall_ms = number(optarg);
        else
            return 2;
    }
    pl_err_init(&e);
    need(trust_load(config, TRUST_DEFAULT, &profile, &e) == 0, e.text);
    ctx = trust_tls_ctx(&profile, &e);
    need(ctx, e.text);
    run_all(revoked, pid, stall_ms);
    pl_tls_ctx_unref(ctx);
    trust_release(&profile);
    return failures > 0;
}
