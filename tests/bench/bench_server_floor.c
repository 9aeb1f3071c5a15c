// SPDX-License-Identifier: Apache-2.0
/*
 * The floor under "an edit is visible, and durable": what the same machine, the same TLS settings
 * and the same append function need when nothing else is done. A process of its own answers 64-byte
 * records over TLS 1.3 on loopback, one client, one record at a time:
 *
 *   tls     the record comes straight back
 *   append  plimsoll_append over one blocking connection, no network
 *   both    the record comes back after a durable append
 *
 * The database is a throw-away PostgreSQL with its usual durability. bench_server_floor [SECONDS]
 * [RATE] for each case, one JSON line each. One follows the other at once; with RATE each case is
 * also taken with a pause, RATE a second and counted from the moment it was due ("..._paced"): that
 * is how people type, and what an idle machine then needs to wake up is in it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/engine.h"

#include "support/pki.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

#define RECORD      64u
#define SAMPLES_MAX 500000u

struct end { /* one side of the connection */
    int fd;
    struct pl_tls *tls;
};

static struct rig rig;
static uint64_t span_us = 2000000;
static uint64_t gap_us; /* 0: one after the other */
static uint32_t *samples;
static size_t n_samples;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "bench_server_floor: %s failed\n", what);
    _exit(1);
}

/* --- TLS over a blocking socket ----------------------------------------------------------------
 */

static void flush(struct end *c)
{
    struct pl_buf out;
    pl_tls_take_out(c->tls, &out);
    for (size_t done = 0; done < out.len;) {
        ssize_t n = write(c->fd, out.data + done, out.len - done);
        need(n > 0, "write");
        done += (size_t)n;
    }
    pl_buf_release(&out);
}

/* False when the other side has ended. */
static bool more(struct end *c)
{
    uint8_t bytes[4096];
    ssize_t n = read(c->fd, bytes, sizeof(bytes));
    if (n <= 0)
        return false;
    return pl_tls_feed(c->tls, bytes, (size_t)n, NULL) == 0;
}

static void shake_hands(struct end *c)
{
    int rc = 0;
    while ((rc = pl_tls_handshake(c->tls, NULL)) == 0) {
        flush(c);
        need(more(c), "handshake");
    }
    need(rc == 1, "handshake");
    flush(c);
}

static void send_record(struct end *c, const uint8_t *record)
{
    need(pl_tls_write(c->tls, record, RECORD, NULL) == 0, "encrypt");
    flush(c);
}

static bool get_record(struct end *c, uint8_t *record)
{
    size_t have = 0;
    while (have < RECORD) {
        long n = pl_tls_read(c->tls, record + have, RECORD - have, NULL);
        if (n < 0 || (n == 0 && !more(c)))
            return false;
        have += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* --- the append --------------------------------------------------------------------------------
 */

/* The function in the shape in which the store calls it: one author, one keystroke. */
static void prepare(PGconn *sql, uint64_t review, struct rig_person p)
{
    char text[1024];
    unsigned long long r = review;
    (void)snprintf(
        text, sizeof(text),
        "SELECT outcome FROM plimsoll_append(%llu, (SELECT head FROM review WHERE id = %llu),"
        " false, 1, 1, '\\x0102030405060708', '{7}', '{%llu}', '{%llu}', '{1}',"
        " ARRAY[(SELECT head FROM review WHERE id = %llu)], '{128}', ARRAY[sha256('s')],"
        " ARRAY[sha256('c')], '{}', '{}', '{}', '{}', '{}', NULL, 0, 0, 0, 0, 0)",
        r, r, (unsigned long long)p.user, (unsigned long long)p.device, r);
    PQclear(PQexec(sql, "SET plan_cache_mode = force_generic_plan"));
    PGresult *res = PQprepare(sql, "append", text, 0, NULL);
    need(PQresultStatus(res) == PGRES_COMMAND_OK, "prepare");
    PQclear(res);
}

static void append(PGconn *sql)
{
    PGresult *res = PQexecPrepared(sql, "append", 0, NULL, NULL, NULL, 1);
    need(PQresultStatus(res) == PGRES_TUPLES_OK, "append");
    PQclear(res);
}

/* --- the two processes -------------------------------------------------------------------------
 */

static void serve(int listener, struct pl_tls_ctx *ctx, PGconn *sql)
{
    uint8_t record[RECORD];
    int one = 1;
    struct end c = {.fd = accept(listener, NULL, NULL), .tls = pl_tls_new_server(ctx, NULL)};
    need(c.fd >= 0 && c.tls, "accept");
    (void)setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    shake_hands(&c);
    while (get_record(&c, record)) {
        if (record[0] == 'a')
            append(sql);
        send_record(&c, record);
    }
    pl_tls_free(c.tls);
    (void)close(c.fd);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Waits for the next moment and returns it; without a pace, `last` itself. */
static uint64_t next_due(uint64_t last)
{
    uint64_t due = last + gap_us;
    uint64_t now = pl_mono_us();
    if (gap_us == 0)
        return now;
    if (due < now)
        return now;
    struct timespec at = {(time_t)(due / 1000000), (long)(due % 1000000) * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    return due;
}

static void report(const char *name)
{
    qsort(samples, n_samples, sizeof(*samples), by_value);
    need(n_samples > 0, "measuring");
    (void)printf("{\"bench\":\"floor\",\"case\":\"%s%s\",\"n\":%zu,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
                 "\"p99_ms\":%.3f}\n",
                 name, gap_us ? "_paced" : "", n_samples, samples[n_samples / 2] / 1e3,
                 samples[n_samples * 9 / 10] / 1e3, samples[n_samples * 99 / 100] / 1e3);
    (void)fflush(stdout);
    n_samples = 0;
}

static void sample(uint64_t us)
{
    if (n_samples < SAMPLES_MAX)
        samples[n_samples++] = (uint32_t)us;
}

static void measure_trips(struct end *c, char kind, const char *name)
{
    uint8_t record[RECORD] = {(uint8_t)kind};
    uint64_t from = pl_mono_us();
    for (uint64_t due = next_due(from); due - from < span_us; due = next_due(due)) {
        send_record(c, record);
        need(get_record(c, record), "echo");
        sample(pl_mono_us() - due);
    }
    report(name);
}

static void measure_appends(PGconn *sql)
{
    uint64_t from = pl_mono_us();
    for (uint64_t due = next_due(from); due - from < span_us; due = next_due(due)) {
        append(sql);
        sample(pl_mono_us() - due);
    }
    report("append");
}

static int listen_local(struct sockaddr_in *at)
{
    socklen_t len = sizeof(*at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(at, 0, sizeof(*at));
    at->sin_family = AF_INET;
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    need(fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof(*at)) == 0 && listen(fd, 1) == 0 &&
             getsockname(fd, (struct sockaddr *)at, &len) == 0,
         "listen");
    return fd;
}

static void measure(struct pl_tls_ctx *ctx, const struct sockaddr_in *at, PGconn *sql,
                    uint64_t rate)
{
    int one = 1;
    struct end c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                    .tls = pl_tls_new_client(ctx, PL_ALPN_EDIT, NULL)};
    need(c.fd >= 0 && c.tls && connect(c.fd, (const struct sockaddr *)at, sizeof(*at)) == 0,
         "connect");
    (void)setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    shake_hands(&c);
    for (unsigned pass = 0; pass < (rate > 0 ? 2U : 1U); pass++) {
        gap_us = pass == 0 ? 0 : 1000000 / rate;
        measure_trips(&c, 'e', "tls");
        measure_appends(sql);
        measure_trips(&c, 'a', "both");
    }
    pl_tls_free(c.tls);
    (void)close(c.fd);
}

int main(int argc, char **argv)
{
    static struct test_pki pki;
    static struct test_device device;
    struct rig_store st;
    struct sockaddr_in at;
    uint64_t seconds = 2;
    uint64_t rate = 0;
    if ((argc > 1 && (pl_parse_u64(argv[1], &seconds) != 0 || seconds < 1 || seconds > 600)) ||
        (argc > 2 && (pl_parse_u64(argv[2], &rate) != 0 || rate > 10000))) {
        (void)fprintf(stderr, "usage: bench_server_floor [SECONDS] [RATE]\n");
        return 2;
    }
    span_us = seconds * 1000000;
    samples = pl_xcalloc(SAMPLES_MAX, sizeof(*samples));
    test_pki_init(&pki, 0);
    test_device_init(&device, &pki, 1, 0);
    struct pl_tls_ctx *here =
        pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, pki.issuing_pem, NULL);
    struct pl_tls_ctx *there =
        pl_tls_client_ctx(pki.root_pin, pki.server_name, device.chain_pem, device.key_pem, NULL);
    need(here && there, "TLS");
    rig_open(&rig);
    rig_store_open(&rig, &st, NULL);
    struct rig_person ana = rig_person(&rig);
    uint64_t review = rig_review(&rig, ana);
    (void)rig_session(&st, review, 7, ana, NULL);
    rig_store_close(&rig, &st);
    int listener = listen_local(&at);
    pid_t child = fork();
    need(child >= 0, "fork");
    PGconn *sql = rig_connect(&rig);
    prepare(sql, review, ana);
    if (child == 0) {
        serve(listener, here, sql);
        PQfinish(sql);
        _exit(0);
    }
    measure(there, &at, sql, rate);
    PQfinish(sql);
    (void)waitpid(child, NULL, 0);
    (void)close(listener);
    rig_close(&rig);
    test_device_release(&device);
    test_pki_release(&pki);
    pl_tls_ctx_unref(here);
    pl_tls_ctx_unref(there);
    free(samples);
    return 0;
}
