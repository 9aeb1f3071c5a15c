// SPDX-License-Identifier: Apache-2.0
/*
 * One TLS connection as bytes in, bytes out (engine.h). Feed copies what came, handshake and read
 * drive OpenSSL over the BIO of bio.c, write encrypts into the output at once.
 *
 * Failure modes: the first failure is final and is repeated by every later call; the output may
 * hold an alert that should still go out. Input and output are bounded. OpenSSL's error queue is
 * emptied before every call whose result is judged, else one connection would read another's error.
 * Buffers are given back when empty: an idle connection keeps little.
 */
#include "plimsoll/tls/engine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "internal.h"

/* RFC 6698: the root is a trust anchor (2), matched by its key (1) in SHA-256 (1). */
#define DANE_USAGE_TA        2
#define DANE_SELECTOR_SPKI   1
#define DANE_MATCHING_SHA256 1

#define KEY_UPDATES_PER_MINUTE 16u
#define RECORD_PLAIN           16384u
#define RECORD_OVERHEAD        22u /* header 5, inner type 1, tag 16 */

static struct pl_tls *tls_new(struct pl_tls_ctx *c, struct pl_err *e)
{
    ERR_clear_error();
    struct pl_tls *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        pl_fail(e, PL_E_NOMEM, "out of memory");
        return NULL;
    }
    pl_buf_init(&t->in, PL_TLS_IN_MAX);
    pl_buf_init(&t->out, PL_TLS_OUT_MAX);
    t->alpn = "";
    t->ssl = SSL_new(c->ssl);
    BIO *bio = t->ssl == NULL ? NULL : tls_bio_new(t);
    if (bio == NULL) {
        tls_fail(e, PL_E_NOMEM, "a new TLS connection");
        SSL_free(t->ssl);
        free(t);
        return NULL;
    }
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_msg_callback_arg(t->ssl, t);
    t->ctx = c;
    pl_tls_ctx_ref(c);
    return t;
}

struct pl_tls *pl_tls_new_server(struct pl_tls_ctx *c, struct pl_err *e)
{
    PL_ASSERT(c->is_server);
    struct pl_tls *t = tls_new(c, e);
    if (t != NULL) {
        SSL_set_accept_state(t->ssl);
    }
    return t;
}

/* "x" becomes the wire form "\1x". SSL_set_alpn_protos answers 0 for success. */
static bool offer_alpn(SSL *ssl, const char *alpn)
{
    unsigned char wire[32];
    size_t n = strlen(alpn);
    PL_ASSERT(n > 0 && n < sizeof(wire));
    wire[0] = (unsigned char)n;
    memcpy(wire + 1, alpn, n);
    return SSL_set_alpn_protos(ssl, wire, (unsigned)n + 1) == 0;
}

struct pl_tls *pl_tls_new_client(struct pl_tls_ctx *c, const char *alpn, struct pl_err *e)
{
    PL_ASSERT(!c->is_server);
    const char *known = strcmp(alpn, PL_ALPN_EDIT) == 0   ? PL_ALPN_EDIT
                        : strcmp(alpn, PL_ALPN_JOIN) == 0 ? PL_ALPN_JOIN
                                                          : NULL;
    if (known == NULL) {
        pl_fail(e, PL_E_INVALID, "an ALPN name that is not ours: %s", alpn);
        return NULL;
    }
    struct pl_tls *t = tls_new(c, e);
    if (t == NULL) {
        return NULL;
    }
    t->want_alpn = known;
    SSL_set_connect_state(t->ssl);
    if (!offer_alpn(t->ssl, known) || SSL_dane_enable(t->ssl, c->server_name) <= 0 ||
        SSL_dane_tlsa_add(t->ssl, DANE_USAGE_TA, DANE_SELECTOR_SPKI, DANE_MATCHING_SHA256, c->pin,
                          sizeof(c->pin)) <= 0) {
        tls_fail(e, PL_E_TLS, "preparing the pin");
        pl_tls_free(t);
        return NULL;
    }
    return t;
}

void pl_tls_free(struct pl_tls *t)
{
    if (t == NULL) {
        return;
    }
    SSL_free(t->ssl);
    pl_tls_ctx_unref(t->ctx);
    pl_buf_release(&t->in);
    pl_buf_release(&t->out);
    free(t);
}

/* Drops what was consumed, and the memory when nothing is left. */
static void trim_in(struct pl_tls *t)
{
    if (t->in_at == t->in.len) {
        pl_buf_release(&t->in);
    } else if (t->in_at > 0) {
        pl_buf_consume(&t->in, t->in_at);
    }
    t->in_at = 0;
}

int pl_tls_feed(struct pl_tls *t, const void *bytes, size_t n, struct pl_err *e)
{
    if (t->dead != 0) {
        return 0;
    }
    if (n == 0) {
        t->in_ended = true;
        return 0;
    }
    trim_in(t);
    if (pl_buf_add(&t->in, bytes, n) != 0) {
        return pl_fail(e, PL_E_LIMIT, "%zu bytes wait to be read, %zu more came", t->in.len, n);
    }
    return 0;
}

/* The first failure: keeps it for later calls, frees the input. */
static int die(struct pl_tls *t, struct pl_err *e, int code, const char *text)
{
    t->dead = code;
    (void)snprintf(t->dead_text, sizeof(t->dead_text), "%s", text);
    ERR_clear_error();
    pl_buf_release(&t->in);
    t->in_at = 0;
    return pl_fail(e, code, "%s", text);
}

static int dead_again(const struct pl_tls *t, struct pl_err *e)
{
    return pl_fail(e, t->dead, "%s", t->dead_text);
}

/* Alerts by which a peer says that it does not take our certificate. */
static bool is_refusal(int reason)
{
    switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        return true;
    default:
        return false;
    }
}

/* Verification of the peer's chain failed: what does that mean here? */
static int die_unverified(struct pl_tls *t, struct pl_err *e)
{
    long result = SSL_get_verify_result(t->ssl);
    char text[PL_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "the %s's certificate: %s",
                   t->ctx->is_server ? "device" : "server", X509_verify_cert_error_string(result));
    int code = PL_E_PIN;
    if (t->ctx->is_server) {
        code = PL_E_AUTH;
    } else if (result == X509_V_ERR_CERT_HAS_EXPIRED || result == X509_V_ERR_CERT_NOT_YET_VALID) {
        code = PL_E_TLS;
    }
    return die(t, e, code, text);
}

/* Turns a failed SSL_ call into the final error. */
static int die_ssl(struct pl_tls *t, struct pl_err *e, const char *doing)
{
    unsigned long error = ERR_peek_last_error();
    int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return die_unverified(t, e);
    }
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return die(t, e, PL_E_AUTH, "the peer sent no certificate");
    }
    if (is_refusal(reason)) {
        return die(t, e, t->ctx->is_server ? PL_E_TLS : PL_E_AUTH,
                   t->ctx->is_server ? "the peer does not take the server's certificate"
                                     : "the server does not take this device's certificate");
    }
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING || (error == 0 && t->in_ended)) {
        return die(t, e, PL_E_TLS, "truncated: the connection ended without a goodbye");
    }
    const char *why = error == 0 ? NULL : ERR_reason_error_string(error);
    char text[PL_ERR_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%s: %s", doing, why != NULL ? why : "unknown reason");
    return die(t, e, PL_E_TLS, text);
}

bool tls_cert_spki(const X509 *cert, uint8_t out[PL_SPKI_HASH])
{
    /* X509_pubkey_digest would hash the bit string only. */
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (n <= 0) {
        return false;
    }
    unsigned size = 0;
    bool done = EVP_Digest(der, (size_t)n, out, &size, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return done && size == PL_SPKI_HASH;
}

static const char *agreed_alpn(const SSL *ssl)
{
    const unsigned char *name = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(ssl, &name, &n);
    static const char *const ours[] = {PL_ALPN_EDIT, PL_ALPN_JOIN};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (n == strlen(ours[i]) && memcmp(name, ours[i], n) == 0) {
            return ours[i];
        }
    }
    return NULL;
}

/* OpenSSL is content; now we look at what was agreed and with whom. */
static int finish_handshake(struct pl_tls *t, struct pl_err *e)
{
    const char *alpn = agreed_alpn(t->ssl);
    if (alpn == NULL || (t->want_alpn != NULL && alpn != t->want_alpn)) {
        return die(t, e, PL_E_TLS, "no common protocol (ALPN)");
    }
    if (SSL_get_verify_result(t->ssl) != X509_V_OK) {
        return die_unverified(t, e);
    }
    const X509 *cert = SSL_get0_peer_certificate(t->ssl);
    t->has_spki = cert != NULL && tls_cert_spki(cert, t->spki);
    bool must_have = !t->ctx->is_server || strcmp(alpn, PL_ALPN_EDIT) == 0;
    if (must_have && !t->has_spki) {
        return die(t, e, t->ctx->is_server ? PL_E_AUTH : PL_E_PIN, "the peer has no certificate");
    }
    if (!t->ctx->is_server && SSL_get0_dane_authority(t->ssl, NULL, NULL) < 0) {
        return die(t, e, PL_E_PIN, "the server's chain does not reach the pinned root");
    }
    t->alpn = alpn;
    t->is_ready = true;
    return 1;
}

int pl_tls_handshake(struct pl_tls *t, struct pl_err *e)
{
    if (t->dead != 0) {
        return dead_again(t, e);
    }
    if (t->is_ready) {
        return 1;
    }
    ERR_clear_error();
    int r = SSL_do_handshake(t->ssl);
    if (r == 1) {
        return finish_handshake(t, e);
    }
    if (SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ) {
        trim_in(t);
        return 0;
    }
    return die_ssl(t, e, "handshake");
}

bool pl_tls_is_ready(const struct pl_tls *t)
{
    return t->is_ready && t->dead == 0;
}

long pl_tls_read(struct pl_tls *t, void *buf, size_t n, struct pl_err *e)
{
    if (t->dead != 0) {
        return dead_again(t, e);
    }
    if (!t->is_ready) {
        return pl_fail(e, PL_E_BAD_STATE, "reading before the end of the handshake");
    }
    ERR_clear_error();
    size_t got = 0;
    int r = SSL_read_ex(t->ssl, buf, n < LONG_MAX ? n : LONG_MAX, &got);
    if (t->key_updates > KEY_UPDATES_PER_MINUTE) {
        return die(t, e, PL_E_SLOW_DOWN, "too many key updates");
    }
    if (r == 1) {
        return (long)got;
    }
    switch (SSL_get_error(t->ssl, r)) {
    case SSL_ERROR_WANT_READ:
        trim_in(t);
        return 0;
    case SSL_ERROR_ZERO_RETURN:
        return die(t, e, PL_E_CLOSED, "the peer closed the connection");
    default:
        return die_ssl(t, e, "reading");
    }
}

int pl_tls_write(struct pl_tls *t, const void *buf, size_t n, struct pl_err *e)
{
    /* After the peer's goodbye we may still speak. */
    if (t->dead != 0 && t->dead != PL_E_CLOSED) {
        return dead_again(t, e);
    }
    if (!t->is_ready || t->said_goodbye) {
        return pl_fail(e, PL_E_BAD_STATE, "writing outside of an open connection");
    }
    if (n == 0) {
        return 0;
    }
    /* One record more than needed: an owed answer to a key update goes first. */
    size_t room = PL_TLS_OUT_MAX - t->out.len;
    if (n > room || n + (n / RECORD_PLAIN + 3) * RECORD_OVERHEAD > room) {
        return pl_fail(e, PL_E_LIMIT, "%zu bytes wait to be sent, %zu more came", t->out.len, n);
    }
    if (pl_buf_reserve(&t->out, n + (n / RECORD_PLAIN + 1) * RECORD_OVERHEAD) == NULL) {
        return pl_fail(e, PL_E_LIMIT, "no memory for %zu bytes of output", n);
    }
    ERR_clear_error();
    for (size_t at = 0; at < n;) {
        size_t taken = 0;
        if (SSL_write_ex(t->ssl, (const uint8_t *)buf + at, n - at, &taken) != 1) {
            return die_ssl(t, e, "writing");
        }
        at += taken;
    }
    return 0;
}

void pl_tls_shutdown(struct pl_tls *t)
{
    /* Not while shaking hands and not after a failure: OpenSSL forbids both. */
    if (t->said_goodbye || !t->is_ready || (t->dead != 0 && t->dead != PL_E_CLOSED)) {
        return;
    }
    t->said_goodbye = true;
    ERR_clear_error();
    (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}

size_t pl_tls_pending_out(const struct pl_tls *t)
{
    return t->out.len;
}

void pl_tls_take_out(struct pl_tls *t, struct pl_buf *out_uninit)
{
    *out_uninit = t->out;
    pl_buf_init(&t->out, PL_TLS_OUT_MAX);
}

const char *pl_tls_alpn(const struct pl_tls *t)
{
    return t->alpn;
}

bool pl_tls_peer_spki(const struct pl_tls *t, uint8_t out[PL_SPKI_HASH])
{
    if (!t->has_spki || !t->is_ready) {
        return false;
    }
    memcpy(out, t->spki, PL_SPKI_HASH);
    return true;
}

bool pl_tls_peer_key(const struct pl_tls *t, uint8_t out[PL_KEY_DER_MAX], size_t *n)
{
    const X509 *cert = t->has_spki && t->is_ready ? SSL_get0_peer_certificate(t->ssl) : NULL;
    const X509_PUBKEY *key = cert == NULL ? NULL : X509_get_X509_PUBKEY(cert);
    int len = key == NULL ? 0 : i2d_X509_PUBKEY(key, NULL);
    if (len <= 0 || len > PL_KEY_DER_MAX) {
        ERR_clear_error();
        return false;
    }
    *n = (size_t)i2d_X509_PUBKEY(key, &out);
    return true;
}
