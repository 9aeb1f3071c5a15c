// SPDX-License-Identifier: Apache-2.0
/*
 * Plain OpenSSL as the client of one of our servers, for what our own client would not do.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_TLS_RAW_H
#define PLIMSOLL_TESTS_SUPPORT_TLS_RAW_H

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "plimsoll/tls/engine.h"

#include "support/pki.h"
#include "support/unit.h"

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; /* of the SSL */
};

static int new_sessions;

static inline int count_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    (void)session;
    new_sessions++;
    return 0;
}

static inline void raw_client(struct raw *r, const char *alpn, int version,
                              const struct test_device *d)
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

static inline void raw_release(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    ERR_clear_error();
}

static inline void raw_carry(struct raw *r, struct pl_tls *s)
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
static inline int raw_shake(struct raw *r, struct pl_tls *s, int *reason)
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

#endif
