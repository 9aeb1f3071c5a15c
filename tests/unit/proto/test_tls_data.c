// SPDX-License-Identifier: Apache-2.0
/*
 * Connections after the handshake: bulk in random pieces, goodbyes, cut and changed streams,
 * limits, no tickets, floods of key updates.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/rng.h"

#include "support/tls_pair.h"
#include "support/tls_raw.h"

static void tls_gives_no_ticket(void **state)
{
    (void)state;
    struct raw r;
    int reason;
    char buf[8];
    struct pl_tls *s = new_server();
    new_sessions = 0;
    raw_client(&r, PL_ALPN_EDIT, TLS1_3_VERSION, &device);
    assert_int_equal(raw_shake(&r, s, &reason), 1);
    assert_int_equal(reason, 0);
    assert_int_equal(pl_tls_write(s, "hi", 2, NULL), 0);
    raw_carry(&r, s);
    assert_int_equal(SSL_read(r.ssl, buf, sizeof(buf)), 2);
    assert_int_equal(new_sessions, 0);
    assert_string_equal(SSL_get_version(r.ssl), "TLSv1.3");
    raw_release(&r);
    pl_tls_free(s);
}

static void tls_ends_when_key_updates_flood(void **state)
{
    (void)state;
    struct raw r;
    int reason;
    char buf[8];
    struct pl_err e;
    struct pl_tls *s = new_server();
    raw_client(&r, PL_ALPN_EDIT, TLS1_3_VERSION, &device);
    assert_int_equal(raw_shake(&r, s, &reason), 1);
    long rc = 0;
    int sent = 0;
    for (; sent < 100 && rc == 0; sent++) {
        assert_int_equal(SSL_key_update(r.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(r.ssl), 1);
        raw_carry(&r, s);
        rc = pl_tls_read(s, buf, sizeof(buf), &e);
    }
    assert_int_equal(rc, -PL_E_SLOW_DOWN);
    assert_int_equal(sent, 17);
    raw_release(&r);
    pl_tls_free(s);
}

#define BULK (3u << 20)

/* Moves at most `limit` bytes of the stock into the engine. */
static void feed_some(struct pl_buf *stock, struct pl_tls *to, size_t limit)
{
    size_t n = stock->len < limit ? stock->len : limit;
    assert_int_equal(pl_tls_feed(to, stock->data, n == 0 ? 1 : n, NULL), 0);
    pl_buf_consume(stock, n);
}

static void tls_carries_bulk_in_random_pieces(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    struct pl_prng rng;
    struct pl_buf wire;
    connect_pair(&c, &s);
    pl_prng_init(&rng, 42);
    uint8_t *sent = malloc(BULK);
    uint8_t *got = malloc(BULK);
    assert_non_null(sent);
    assert_non_null(got);
    pl_prng_bytes(&rng, sent, BULK);
    pl_buf_init(&wire, 2 * BULK);
    size_t at_sent = 0;
    size_t at_got = 0;
    while (at_got < BULK) {
        size_t n = (size_t)pl_prng_below(&rng, 70000);
        n = n < BULK - at_sent ? n : BULK - at_sent;
        assert_int_equal(pl_tls_write(c, sent + at_sent, n, NULL), 0);
        at_sent += n;
        struct pl_buf out;
        pl_tls_take_out(c, &out);
        assert_int_equal(pl_buf_add(&wire, out.data, out.len), 0);
        pl_buf_release(&out);
        while (wire.len > 0) {
            feed_some(&wire, s, 1 + (size_t)pl_prng_below(&rng, 40000));
            long r;
            /* Sometimes reading pauses in the middle. */
            while (pl_prng_below(&rng, 20) != 0 &&
                   (r = pl_tls_read(s, got + at_got, 1 + (size_t)pl_prng_below(&rng, 20000),
                                    NULL)) > 0) {
                at_got += (size_t)r;
                assert_true(at_got <= at_sent);
            }
        }
        long r;
        while ((r = pl_tls_read(s, got + at_got, BULK - at_got + 1, NULL)) > 0) {
            at_got += (size_t)r;
        }
        assert_int_equal(r, 0);
        assert_int_equal(at_got, at_sent);
    }
    assert_memory_equal(sent, got, BULK);
    free(sent);
    free(got);
    pl_buf_release(&wire);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_shakes_hands_when_bytes_come_one_by_one(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_EDIT);
    struct pl_tls *side[2] = {c, s};
    int done[2] = {0, 0};
    for (int turn = 0; turn < 10; turn++) {
        struct pl_tls *me = side[turn % 2];
        done[turn % 2] = pl_tls_handshake(me, NULL);
        assert_true(done[turn % 2] >= 0);
        struct pl_buf out;
        pl_tls_take_out(me, &out);
        for (size_t i = 0; i < out.len; i++) {
            struct pl_tls *other = side[1 - turn % 2];
            assert_int_equal(pl_tls_feed(other, out.data + i, 1, NULL), 0);
            assert_true(pl_tls_handshake(other, NULL) >= 0);
        }
        pl_buf_release(&out);
    }
    assert_true(pl_tls_is_ready(c) && pl_tls_is_ready(s));
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_says_closed_when_peer_says_goodbye(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    char buf[8];
    connect_pair(&c, &s);
    assert_int_equal(pl_tls_write(c, "last", 4, NULL), 0);
    pl_tls_shutdown(c);
    pl_tls_shutdown(c);
    assert_int_equal(pl_tls_write(c, "x", 1, NULL), -PL_E_BAD_STATE);
    carry(c, s);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 4);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), -PL_E_CLOSED);
    /* Bytes behind the goodbye change nothing; our own goodbye still works. */
    assert_int_equal(pl_tls_feed(s, "garbage", 7, NULL), 0);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), -PL_E_CLOSED);
    pl_tls_shutdown(s);
    assert_true(carry(s, c) > 0);
    assert_int_equal(pl_tls_read(c, buf, sizeof(buf), NULL), -PL_E_CLOSED);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_says_truncated_when_network_ends_without_goodbye(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    struct pl_err e;
    char buf[8];
    connect_pair(&c, &s);
    assert_int_equal(pl_tls_write(c, "half", 4, NULL), 0);
    carry(c, s);
    assert_int_equal(pl_tls_feed(s, NULL, 0, NULL), 0);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 4);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), &e), -PL_E_TLS);
    assert_non_null(strstr(e.text, "truncated"));
    pl_tls_free(c);
    pl_tls_free(s);
    /* The same in the middle of a handshake and of a record. */
    s = new_server();
    assert_int_equal(pl_tls_feed(s, "\x16\x03\x01", 3, NULL), 0);
    assert_int_equal(pl_tls_handshake(s, NULL), 0);
    assert_int_equal(pl_tls_feed(s, NULL, 0, NULL), 0);
    assert_int_equal(pl_tls_handshake(s, &e), -PL_E_TLS);
    assert_non_null(strstr(e.text, "truncated"));
    pl_tls_free(s);
}

static void tls_fails_when_a_byte_is_changed(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    struct pl_buf out;
    char buf[8];
    connect_pair(&c, &s);
    assert_int_equal(pl_tls_write(c, "half", 4, NULL), 0);
    pl_tls_take_out(c, &out);
    out.data[out.len - 1] ^= 1;
    assert_int_equal(pl_tls_feed(s, out.data, out.len, NULL), 0);
    pl_buf_release(&out);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), -PL_E_TLS);
    /* Another connection's failure does not leak into a healthy one. */
    struct pl_tls *c2;
    struct pl_tls *s2;
    connect_pair(&c2, &s2);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), -PL_E_TLS);
    assert_int_equal(pl_tls_read(s2, buf, sizeof(buf), NULL), 0);
    pl_tls_free(c);
    pl_tls_free(s);
    pl_tls_free(c2);
    pl_tls_free(s2);
}

static void tls_bounds_input_and_output(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    struct pl_err e;
    connect_pair(&c, &s);
    uint8_t *big = calloc(1, PL_TLS_OUT_MAX);
    assert_non_null(big);
    assert_int_equal(pl_tls_write(c, big, PL_TLS_OUT_MAX, &e), -PL_E_LIMIT);
    assert_int_equal(pl_tls_pending_out(c), 0);
    assert_int_equal(pl_tls_write(c, big, PL_TLS_OUT_MAX - 65536, &e), 0);
    assert_int_equal(pl_tls_write(c, big, 65536, &e), -PL_E_LIMIT);
    assert_int_equal(pl_tls_feed(s, big, PL_TLS_IN_MAX + 1, &e), -PL_E_LIMIT);
    free(big);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_refuses_bad_material(void **state)
{
    (void)state;
    struct pl_err e;
    assert_null(pl_tls_server_ctx("nonsense", pki.server_key_pem, pki.issuing_pem, &e));
    assert_int_equal(e.code, PL_E_CONFIG);
    assert_null(pl_tls_server_ctx(pki.server_chain_pem, device.key_pem, pki.issuing_pem, &e));
    assert_null(pl_tls_server_ctx(pki.server_chain_pem, "", pki.issuing_pem, &e));
    assert_null(pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, "", &e));
    assert_null(pl_tls_client_ctx(pki.root_pin, "", NULL, NULL, &e));
    struct pl_tls_ctx *c = pl_tls_client_ctx(pki.root_pin, pki.server_name, NULL, NULL, &e);
    assert_non_null(c);
    assert_null(pl_tls_new_client(c, "h2", &e));
    pl_tls_ctx_unref(c);
    pl_tls_ctx_unref(NULL);
    pl_tls_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_gives_no_ticket),
        cmocka_unit_test(tls_ends_when_key_updates_flood),
        cmocka_unit_test(tls_carries_bulk_in_random_pieces),
        cmocka_unit_test(tls_shakes_hands_when_bytes_come_one_by_one),
        cmocka_unit_test(tls_says_closed_when_peer_says_goodbye),
        cmocka_unit_test(tls_says_truncated_when_network_ends_without_goodbye),
        cmocka_unit_test(tls_fails_when_a_byte_is_changed),
        cmocka_unit_test(tls_bounds_input_and_output),
        cmocka_unit_test(tls_refuses_bad_material),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
