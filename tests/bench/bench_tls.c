// SPDX-License-Identifier: Apache-2.0
/*
 * TLS alone, both ends in one thread: handshakes a second, bulk throughput, heap of an idle
 * connection. One JSON object a line on stdout. Figures are for both ends together unless a name
 * says otherwise. Options: none; PL_BENCH_SECONDS sets the time of each part (default 2).
 */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/engine.h"

#include "support/pki.h"

#define PAIRS 500u
#define FRAME 16384u

static struct test_pki pki;
static struct test_device device;
static struct pl_tls_ctx *server_ctx;
static struct pl_tls_ctx *client_ctx;

struct pair {
    struct pl_tls *c;
    struct pl_tls *s;
};

static void carry(struct pl_tls *from, struct pl_tls *to)
{
    struct pl_buf out;
    pl_tls_take_out(from, &out);
    if (out.len > 0) {
        PL_ASSERT(pl_tls_feed(to, out.data, out.len, NULL) == 0);
    }
    pl_buf_release(&out);
}

static void pair_open(struct pair *p)
{
    p->s = pl_tls_new_server(server_ctx, NULL);
    p->c = pl_tls_new_client(client_ctx, PL_ALPN_EDIT, NULL);
    PL_ASSERT(p->s != NULL && p->c != NULL);
    int rc_c = 0;
    int rc_s = 0;
    while (rc_c != 1 || rc_s != 1) {
        rc_c = pl_tls_handshake(p->c, NULL);
        carry(p->c, p->s);
        rc_s = pl_tls_handshake(p->s, NULL);
        carry(p->s, p->c);
        PL_ASSERT(rc_c >= 0 && rc_s >= 0);
    }
    char byte;
    PL_ASSERT(pl_tls_read(p->c, &byte, 1, NULL) == 0 && pl_tls_read(p->s, &byte, 1, NULL) == 0);
}

static void pair_close(struct pair *p)
{
    pl_tls_free(p->c);
    pl_tls_free(p->s);
}

static size_t heap_in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void bench_memory(void)
{
    struct pair *pairs = calloc(PAIRS, sizeof(*pairs));
    PL_ASSERT(pairs != NULL);
    size_t before = heap_in_use();
    for (size_t i = 0; i < PAIRS; i++) {
        pair_open(&pairs[i]);
    }
    double kb = (double)(heap_in_use() - before) / 1024.0 / (double)PAIRS;
    /* The ends differ: free the clients, what is left is the servers'. */
    for (size_t i = 0; i < PAIRS; i++) {
        pl_tls_free(pairs[i].c);
        pairs[i].c = NULL;
    }
    double server_kb = (double)(heap_in_use() - before) / 1024.0 / (double)PAIRS;
    printf(
        "{\"bench\":\"tls.memory\",\"pairs\":%u,\"kb_per_pair\":%.1f,\"kb_per_server_end\":%.1f}\n",
        PAIRS, kb, server_kb);
    for (size_t i = 0; i < PAIRS; i++) {
        pair_close(&pairs[i]);
    }
    free(pairs);
}

static void bench_handshakes(double seconds)
{
    uint64_t start = pl_mono_us();
    uint64_t took;
    unsigned n = 0;
    do {
        struct pair p;
        pair_open(&p);
        pair_close(&p);
        n++;
        took = pl_mono_us() - start;
    } while ((double)took < seconds * 1e6);
    printf("{\"bench\":\"tls.handshakes\",\"count\":%u,\"per_s\":%.0f}\n", n,
           (double)n / ((double)took / 1e6));
}

/* `size` bytes a write, four writes before the other side reads. */
static void bench_bulk(double seconds, size_t size)
{
    static uint8_t plain[FRAME];
    static uint8_t got[FRAME];
    struct pair p;
    pair_open(&p);
    uint64_t start = pl_mono_us();
    uint64_t took;
    uint64_t bytes = 0;
    do {
        for (int i = 0; i < 4; i++) {
            PL_ASSERT(pl_tls_write(p.s, plain, size, NULL) == 0);
        }
        carry(p.s, p.c);
        long r;
        while ((r = pl_tls_read(p.c, got, sizeof(got), NULL)) > 0) {
            bytes += (uint64_t)r;
        }
        PL_ASSERT(r == 0);
        took = pl_mono_us() - start;
    } while ((double)took < seconds * 1e6);
    double s = (double)took / 1e6;
    printf("{\"bench\":\"tls.bulk\",\"write_bytes\":%zu,\"mb_per_s\":%.1f,\"writes_per_s\":%.0f}\n",
           size, (double)bytes / 1e6 / s, (double)bytes / (double)size / s);
    pair_close(&p);
}

int main(void)
{
    const char *text = getenv("PL_BENCH_SECONDS");
    uint64_t seconds = 2;
    if (text != NULL && pl_parse_u64(text, &seconds) != 0) {
        (void)fprintf(stderr, "PL_BENCH_SECONDS must be a number\n");
        return 2;
    }
    test_pki_init(&pki, 0);
    test_device_init(&device, &pki, 1, 0);
    server_ctx = pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, pki.issuing_pem, NULL);
    client_ctx =
        pl_tls_client_ctx(pki.root_pin, pki.server_name, device.chain_pem, device.key_pem, NULL);
    PL_ASSERT(server_ctx != NULL && client_ctx != NULL);
    bench_memory();
    bench_handshakes((double)seconds);
    bench_bulk((double)seconds, FRAME);
    bench_bulk((double)seconds, 64);
    pl_tls_ctx_unref(server_ctx);
    pl_tls_ctx_unref(client_ctx);
    test_device_release(&device);
    test_pki_release(&pki);
    return 0;
}
