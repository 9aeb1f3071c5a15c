// SPDX-License-Identifier: Apache-2.0
/*
 * Two engines in one process, joined by memory. What must work: both protocols, bulk in random
 * pieces, goodbye. What must be refused: a wrong root, no certificate, a foreign or expired one,
 * other ALPN names, TLS 1.2, cut streams, floods of key updates. Where the engine itself would not
 * misbehave, plain OpenSSL plays the peer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/tls/engine.h"

#include "support/pki.h"

static struct test_pki pki;
static struct test_device device;

static int group_setup(void **state)
{
    (void)state;
    test_pki_init(&pki, 0);
    test_device_init(&device, &pki, 7, 0);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    test_device_release(&device);
    test_pki_release(&pki);
    return 0;
}

static struct pl_tls_ctx *server_ctx(void)
{
    struct pl_err e;
    struct pl_tls_ctx *c =
        pl_tls_server_ctx(pki.server_chain_pem, pki.server_key_pem, pki.issuing_pem, &e);
    assert_non_null(c);
    return c;
}

static struct pl_tls *new_server(void)
{
    struct pl_tls_ctx *c = server_ctx();
    struct pl_tls *t = pl_tls_new_server(c, NULL);
    assert_non_null(t);
    pl_tls_ctx_unref(c);
    return t;
}

static struct pl_tls *new_client(const uint8_t *pin, const char *name, const struct test_device *d,
                                 const char *alpn)
{
    struct pl_err e;
    struct pl_tls_ctx *c = pl_tls_client_ctx(pin, name, d == NULL ? NULL : d->chain_pem,
                                             d == NULL ? NULL : d->key_pem, &e);
    assert_non_null(c);
    struct pl_tls *t = pl_tls_new_client(c, alpn, &e);
    assert_non_null(t);
    pl_tls_ctx_unref(c);
    return t;
}

/* Moves what `from` has to send into `to`; returns the number of bytes. */
static size_t carry(struct pl_tls *from, struct pl_tls *to)
{
    struct pl_buf out;
    pl_tls_take_out(from, &out);
    size_t n = out.len;
    if (n > 0) {
        assert_int_equal(pl_tls_feed(to, out.data, n, NULL), 0);
    }
    pl_buf_release(&out);
    return n;
}

/* Runs the handshake until both are done or one fails. */
static void shake(struct pl_tls *c, struct pl_tls *s, int *client_rc, int *server_rc)
{
    for (int i = 0; i < 20; i++) {
        *client_rc = pl_tls_handshake(c, NULL);
        carry(c, s);
        *server_rc = pl_tls_handshake(s, NULL);
        carry(s, c);
        if (*client_rc < 0 || (*client_rc == 1 && *server_rc != 0)) {
            return;
        }
    }
    fail_msg("the handshake does not end");
}

static void connect_pair(struct pl_tls **c, struct pl_tls **s)
{
    int rc_c = 0;
    int rc_s = 0;
    *s = new_server();
    *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_EDIT);
    shake(*c, *s, &rc_c, &rc_s);
    assert_int_equal(rc_c, 1);
    assert_int_equal(rc_s, 1);
}

static void tls_agrees_when_both_have_certificates(void **state)
{
    (void)state;
    struct pl_tls *c;
    struct pl_tls *s;
    uint8_t spki[PL_SPKI_HASH];
    char buf[16];
    connect_pair(&c, &s);
    assert_true(pl_tls_is_ready(c) && pl_tls_is_ready(s));
    assert_string_equal(pl_tls_alpn(c), PL_ALPN_EDIT);
    assert_string_equal(pl_tls_alpn(s), PL_ALPN_EDIT);
    assert_true(pl_tls_peer_spki(s, spki));
    assert_memory_equal(spki, device.spki, sizeof(spki));
    assert_true(pl_tls_peer_spki(c, spki));
    assert_memory_equal(spki, pki.server_spki, sizeof(spki));
    assert_int_equal(pl_tls_write(c, "ping", 4, NULL), 0);
    carry(c, s);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 4);
    assert_memory_equal(buf, "ping", 4);
    assert_int_equal(pl_tls_read(s, buf, sizeof(buf), NULL), 0);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_joins_when_client_has_no_certificate(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, NULL, PL_ALPN_JOIN);
    int rc_c = 0;
    int rc_s = 0;
    uint8_t spki[PL_SPKI_HASH];
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, 1);
    assert_int_equal(rc_s, 1);
    assert_string_equal(pl_tls_alpn(s), PL_ALPN_JOIN);
    assert_false(pl_tls_peer_spki(s, spki));
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_takes_no_certificate_of_a_device_that_joins(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_JOIN);
    int rc_c = 0;
    int rc_s = 0;
    uint8_t spki[PL_SPKI_HASH];
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_s, 1);
    assert_false(pl_tls_peer_spki(s, spki));
    pl_tls_free(c);
    pl_tls_free(s);
}

static void refuse_server(const uint8_t *pin, const char *name, int code)
{
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pin, name, &device, PL_ALPN_EDIT);
    struct pl_err e;
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, -code);
    assert_int_equal(pl_tls_handshake(c, &e), -code);
    assert_int_equal(e.code, code);
    assert_false(pl_tls_is_ready(c));
    /* The alert has reached the server: it does not see a working connection. */
    char buf[8];
    assert_true(pl_tls_handshake(s, &e) < 0 || pl_tls_read(s, buf, sizeof(buf), &e) < 0);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_refuses_server_when_pin_differs(void **state)
{
    (void)state;
    uint8_t pin[PL_SPKI_HASH];
    memcpy(pin, pki.root_pin, sizeof(pin));
    pin[31] ^= 1;
    refuse_server(pin, pki.server_name, PL_E_PIN);
    /* The server's own key is not the root's. */
    refuse_server(pki.server_spki, pki.server_name, PL_E_PIN);
}

static void tls_refuses_server_when_name_differs(void **state)
{
    (void)state;
    refuse_server(pki.root_pin, "d-00000000000000000000000000000000.plimsoll.internal", PL_E_PIN);
}

/* A client that the server must refuse: the client notices at its first read. */
static void refuse_device(const struct test_device *d)
{
    struct pl_tls *s = new_server();
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, d, PL_ALPN_EDIT);
    struct pl_err e;
    char buf[8];
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_s, -PL_E_AUTH);
    assert_int_equal(rc_c, 1);
    assert_int_equal(pl_tls_read(c, buf, sizeof(buf), &e), -PL_E_AUTH);
    assert_int_equal(pl_tls_read(c, buf, sizeof(buf), &e), -PL_E_AUTH);
    assert_int_equal(pl_tls_write(c, "x", 1, NULL), -PL_E_AUTH);
    pl_tls_free(c);
    pl_tls_free(s);
}

static void tls_refuses_client_when_it_has_no_certificate(void **state)
{
    (void)state;
    refuse_device(NULL);
}

static void tls_refuses_client_when_another_ca_signed(void **state)
{
    (void)state;
    struct test_pki other;
    struct test_device d;
    test_pki_init(&other, 0);
    test_device_init(&d, &other, 7, 0);
    refuse_device(&d);
    test_device_release(&d);
    test_pki_release(&other);
}

static void tls_refuses_client_when_certificate_has_expired(void **state)
{
    (void)state;
    struct test_device d;
    test_device_init(&d, &pki, 8, (int64_t)time(NULL) - (PL_DEVICE_DAYS + 1) * PL_DAY_S);
    refuse_device(&d);
    test_device_release(&d);
}

static void tls_refuses_client_when_it_shows_a_server_certificate(void **state)
{
    (void)state;
    struct test_device d = {.chain_pem = pki.server_chain_pem, .key_pem = pki.server_key_pem};
    refuse_device(&d);
}

static void tls_refuses_server_when_it_shows_a_device_certificate(void **state)
{
    (void)state;
    struct pl_err e;
    struct pl_tls_ctx *sc =
        pl_tls_server_ctx(device.chain_pem, device.key_pem, pki.issuing_pem, &e);
    assert_non_null(sc);
    struct pl_tls *s = pl_tls_new_server(sc, &e);
    struct pl_tls *c = new_client(pki.root_pin, pki.server_name, &device, PL_ALPN_EDIT);
    int rc_c = 0;
    int rc_s = 0;
    shake(c, s, &rc_c, &rc_s);
    assert_int_equal(rc_c, -PL_E_PIN);
    pl_tls_free(c);
    pl_tls_free(s);
    pl_tls_ctx_unref(sc);
}

/* ---- plain OpenSSL as the client --------------------------------------------------------- */

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* of the SSL */
};

static int new_sessions;

static int count_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    new_sessions++;
    return 0;
}

static void raw_client(struct raw *r, const char *alpn, int version, const struct test_device *d)
{
    r->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(r->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(r->ctx, count_session);
    assert_int_equal(SSL_CTX_set_max_proto_version(r->ctx, version), 1);
    if (d != NULL) {
        BIO *cert_bio = BIO_new_mem_buf(d->chain_pem, -1);
        BIO *key_bio = BIO_new_mem_buf(d->key_pem, -1);
        X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
        assert_int_equal(SSL_CTX_use_certificate(r->ctx, cert), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(r->ctx, key), 1);
        X509_free(cert);
        EVP_PKEY_free(key);
        BIO_free(cert_bio);
        BIO_free(key_bio);
    }
    r->ssl = SSL_new(r->ctx);
    r->in = BIO_new(BIO_s_mem());
    r->out = BIO_new(BIO_s_mem());
    SSL_set_bio(r->ssl, r->in, r->out);
    if (alpn != NULL) {
        unsigned char wire[64];
        wire[0] = (unsigned char)strlen(alpn);
        memcpy(wire + 1, alpn, wire[0]);
        assert_int_equal(SSL_set_alpn_protos(r->ssl, wire, wire[0] + 1u), 0);
    }
    SSL_set_connect_state(r->ssl);
}

static void raw_release(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    ERR_clear_error();
}

static void raw_carry(struct raw *r, struct pl_tls *s)
{
    char *p = NULL;
    long n = BIO_get_mem_data(r->out, &p);
    if (n > 0) {
        assert_int_equal(pl_tls_feed(s, p, (size_t)n, NULL), 0);
        assert_int_equal(BIO_reset(r->out), 1);
    }
    struct pl_buf out;
    int rc = pl_tls_is_ready(s) ? 1 : pl_tls_handshake(s, NULL);
    (void)rc;
    pl_tls_take_out(s, &out);
    if (out.len > 0) {
        assert_int_equal(BIO_write(r->in, out.data, (int)out.len), (int)out.len);
    }
    pl_buf_release(&out);
}

/* The server's final answer to a raw client, and the reason the client saw. */
static int raw_shake(struct raw *r, struct pl_tls *s, int *reason)
{
    struct pl_err e = {0};
    *reason = 0;
    for (int i = 0; i < 6; i++) {
        ERR_clear_error();
        (void)SSL_do_handshake(r->ssl);
        char byte;
        if (SSL_is_init_finished(r->ssl)) {
            (void)SSL_read(r->ssl, &byte, 1);
        }
        unsigned long err = ERR_peek_error();
        if (err != 0 && *reason == 0) {
            *reason = ERR_GET_REASON(err);
        }
        raw_carry(r, s);
    }
    return pl_tls_handshake(s, &e);
}

static void refuse_raw(const char *alpn, int version, const struct test_device *d, int code,
                       int want_reason)
{
    struct raw r;
    int reason;
    struct pl_tls *s = new_server();
    raw_client(&r, alpn, version, d);
    assert_int_equal(raw_shake(&r, s, &reason), -code);
    assert_int_equal(reason, want_reason);
    raw_release(&r);
    pl_tls_free(s);
}

static void tls_refuses_client_when_alpn_is_foreign(void **state)
{
    (void)state;
    refuse_raw("h2", TLS1_3_VERSION, &device, PL_E_TLS, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
    refuse_raw("plimsoll/12", TLS1_3_VERSION, &device, PL_E_TLS,
               SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

static void tls_refuses_client_when_it_offers_no_alpn(void **state)
{
    (void)state;
    refuse_raw(NULL, TLS1_3_VERSION, NULL, PL_E_AUTH, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    /* With a good certificate OpenSSL is content; the engine is not. */
    refuse_raw(NULL, TLS1_3_VERSION, &device, PL_E_TLS, 0);
}

static void tls_refuses_client_when_it_speaks_tls12(void **state)
{
    (void)state;
    refuse_raw(PL_ALPN_EDIT, TLS1_2_VERSION, &device, PL_E_TLS, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void tls_refuses_bytes_that_are_not_tls(void **state)
{
    (void)state;
    struct pl_tls *s = new_server();
    static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(pl_tls_feed(s, http, sizeof(http) - 1, NULL), 0);
    assert_int_equal(pl_tls_handshake(s, NULL), -PL_E_TLS);
    assert_int_equal(pl_tls_handshake(s, NULL), -PL_E_TLS);
    pl_tls_free(s);
}

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

/* ---- data ---------------------------------------------------------------------------------- */

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
        cmocka_unit_test(tls_agrees_when_both_have_certificates),
        cmocka_unit_test(tls_joins_when_client_has_no_certificate),
        cmocka_unit_test(tls_takes_no_certificate_of_a_device_that_joins),
        cmocka_unit_test(tls_refuses_server_when_pin_differs),
        cmocka_unit_test(tls_refuses_server_when_name_differs),
        cmocka_unit_test(tls_refuses_client_when_it_has_no_certificate),
        cmocka_unit_test(tls_refuses_client_when_another_ca_signed),
        cmocka_unit_test(tls_refuses_client_when_certificate_has_expired),
        cmocka_unit_test(tls_refuses_client_when_it_shows_a_server_certificate),
        cmocka_unit_test(tls_refuses_server_when_it_shows_a_device_certificate),
        cmocka_unit_test(tls_refuses_client_when_alpn_is_foreign),
        cmocka_unit_test(tls_refuses_client_when_it_offers_no_alpn),
        cmocka_unit_test(tls_refuses_client_when_it_speaks_tls12),
        cmocka_unit_test(tls_refuses_bytes_that_are_not_tls),
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
