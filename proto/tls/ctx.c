// SPDX-License-Identifier: Apache-2.0
/*
 * The settings of TLS, once per listener or profile. Both sides: TLS 1.3 only, three ciphers, three
 * groups (the default list has finite-field groups that cost the server too much), four signature
 * algorithms, no tickets, no session cache, no early data: a resumed session would walk past the
 * check whether a device was revoked. A truncated stream stays visible.
 *
 * The server asks for a client certificate according to the ALPN name the client offers; any name
 * but our two ends the handshake. The client pins the root's key by DANE-TA inside OpenSSL.
 *
 * Reference counted: connections hold one reference each, so a reload swaps contexts under way.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "plimsoll/base/time.h"

#define CIPHERS       "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define CERT_LIST_MAX 16384
#define CHAIN_DEPTH   2
#define MINUTE_US     UINT64_C(60000000)

/* Not const: OpenSSL's macros cast that away, though nothing writes to them. */
static char groups[] = "X25519:P-256:P-384";
static char sigalgs[] = "ecdsa_secp256r1_sha256:ed25519:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha256";

int tls_fail(struct pl_err *e, int code, const char *doing)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    int rc = pl_fail(e, code, "%s: %s", doing, reason != NULL ? reason : "unknown reason");
    ERR_clear_error();
    return rc;
}

/* A key that needs a passphrase is an error, never a prompt on the terminal. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the shape is OpenSSL's */
static int refuse_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

EVP_PKEY *tls_pem_key(const char *pem, struct pl_err *e)
{
    ERR_clear_error();
    BIO *b = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = b == NULL ? NULL : PEM_read_bio_PrivateKey(b, NULL, refuse_passphrase, NULL);
    if (key == NULL) {
        tls_fail(e, PL_E_CONFIG, "reading a private key");
    }
    BIO_free(b);
    return key;
}

int tls_pem_certs(const char *pem, tls_cert_cb each, void *ctx, struct pl_err *e)
{
    int rc = -PL_E_NOMEM;
    int count = 0;
    ERR_clear_error();
    BIO *b = BIO_new_mem_buf(pem, -1);
    if (b == NULL) {
        return pl_fail(e, PL_E_NOMEM, "out of memory");
    }
    X509 *cert;
    unsigned long last;
    while ((cert = PEM_read_bio_X509(b, NULL, refuse_passphrase, NULL)) != NULL) {
        bool taken = each(ctx, cert, count);
        X509_free(cert);
        if (!taken) {
            rc = tls_fail(e, PL_E_CONFIG, "using a certificate");
            goto out;
        }
        count++;
    }
    last = ERR_peek_last_error();
    if (count == 0 ||
        !(ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE)) {
        rc = tls_fail(e, PL_E_CONFIG, "reading certificates");
        goto out;
    }
    rc = count;
out:
    ERR_clear_error();
    BIO_free(b);
    return rc;
}

/* The first certificate is ours, the others are sent after it. A client leaves the root out. */
static bool use_cert(void *ctx, X509 *cert, int index)
{
    const struct pl_tls_ctx *c = ctx;
    if (index == 0) {
        return SSL_CTX_use_certificate(c->ssl, cert) == 1;
    }
    if (!c->is_server && (X509_get_extension_flags(cert) & EXFLAG_SS) != 0) {
        return true;
    }
    return SSL_CTX_add1_chain_cert(c->ssl, cert) == 1;
}

static bool trust_cert(void *ctx, X509 *cert, int index)
{
    (void)index;
    return X509_STORE_add_cert(ctx, cert) == 1;
}

static int use_own(struct pl_tls_ctx *c, const char *chain_pem, const char *key_pem,
                   struct pl_err *e)
{
    int n = tls_pem_certs(chain_pem, use_cert, c, e);
    if (n < 0) {
        return n;
    }
    EVP_PKEY *key = tls_pem_key(key_pem, e);
    if (key == NULL) {
        return -PL_E_CONFIG;
    }
    ERR_clear_error();
    bool fits = SSL_CTX_use_PrivateKey(c->ssl, key) == 1 && SSL_CTX_check_private_key(c->ssl) == 1;
    EVP_PKEY_free(key);
    return fits ? 0 : tls_fail(e, PL_E_CONFIG, "the key does not fit the certificate");
}

/* long: the signature is OpenSSL's */
static void count_key_updates(int is_write, int version, int type, const void *bytes, size_t n,
                              SSL *ssl, void *arg)
{
    (void)version;
    (void)ssl;
    struct pl_tls *t = arg;
    if (t == NULL || is_write || type != SSL3_RT_HANDSHAKE || n == 0 ||
        *(const uint8_t *)bytes != SSL3_MT_KEY_UPDATE) {
        return;
    }
    uint64_t now_us = pl_mono_us();
    if (t->key_updates == 0 || now_us - t->key_minute_us >= MINUTE_US) {
        t->key_minute_us = now_us;
        t->key_updates = 0;
    }
    t->key_updates++;
}

/* Settings of both sides. */
static bool harden(SSL_CTX *s)
{
    SSL_CTX_set_options(s, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(s, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(s, CERT_LIST_MAX);
    SSL_CTX_set_verify_depth(s, CHAIN_DEPTH);
    SSL_CTX_set_msg_callback(s, count_key_updates);
    return SSL_CTX_set_min_proto_version(s, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(s, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(s, CIPHERS) == 1 && SSL_CTX_set1_groups_list(s, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(s, sigalgs) == 1 && SSL_CTX_set_num_tickets(s, 0) == 1 &&
           SSL_CTX_set_max_early_data(s, 0) == 1 &&
           X509_STORE_set_flags(SSL_CTX_get_cert_store(s), X509_V_FLAG_X509_STRICT) == 1;
}

static struct pl_tls_ctx *ctx_new(bool is_server, struct pl_err *e)
{
    ERR_clear_error();
    struct pl_tls_ctx *c = calloc(1, sizeof(*c));
    SSL_CTX *s = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (c == NULL || s == NULL || !harden(s)) {
        tls_fail(e, PL_E_TLS, "preparing TLS");
        SSL_CTX_free(s);
        free(c);
        return NULL;
    }
    c->ssl = s;
    c->refs = 1;
    c->is_server = is_server;
    return c;
}

static bool offers(const unsigned char *list, size_t n, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at < n && list[at] < n - at; at += 1u + list[at]) {
        if (list[at] == len && memcmp(list + at + 1, name, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Runs before the server decides about CertificateRequest, so the choice can steer it. */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                       const unsigned char *in, unsigned in_n, void *ctx)
{
    (void)ctx;
    const char *name;
    int verify;
    if (offers(in, in_n, PL_ALPN_EDIT)) {
        name = PL_ALPN_EDIT;
        verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    } else if (offers(in, in_n, PL_ALPN_JOIN)) {
        name = PL_ALPN_JOIN;
        verify = SSL_VERIFY_NONE;
    } else {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    SSL_set_verify(ssl, verify, NULL);
    *out = (const unsigned char *)name;
    *out_n = (unsigned char)strlen(name);
    return SSL_TLSEXT_ERR_OK;
}

struct pl_tls_ctx *pl_tls_server_ctx(const char *chain_pem, const char *key_pem,
                                     const char *client_ca_pem, struct pl_err *e)
{
    struct pl_tls_ctx *c = ctx_new(true, e);
    if (c == NULL) {
        return NULL;
    }
    X509_STORE *store = SSL_CTX_get_cert_store(c->ssl);
    if (use_own(c, chain_pem, key_pem, e) != 0 ||
        tls_pem_certs(client_ca_pem, trust_cert, store, e) < 0) {
        goto fail;
    }
    /* The issuing CA alone is the anchor: what else the root signs does not count as a device. */
    ERR_clear_error();
    if (X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
        SSL_CTX_set1_client_sigalgs_list(c->ssl, sigalgs) != 1 ||
        SSL_CTX_set_session_id_context(c->ssl, (const unsigned char *)"plimsoll", 8) != 1) {
        tls_fail(e, PL_E_TLS, "preparing TLS");
        goto fail;
    }
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_alpn_select_cb(c->ssl, choose_alpn, NULL);
    return c;
fail:
    pl_tls_ctx_unref(c);
    return NULL;
}

struct pl_tls_ctx *pl_tls_client_ctx(const uint8_t root_pin[PL_SPKI_HASH], const char *server_name,
                                     const char *device_chain_pem, const char *key_pem,
                                     struct pl_err *e)
{
    size_t name_n = strlen(server_name);
    if (name_n == 0 || name_n >= TLS_NAME_MAX) {
        pl_fail(e, PL_E_INVALID, "a server name of %zu bytes", name_n);
        return NULL;
    }
    struct pl_tls_ctx *c = ctx_new(false, e);
    if (c == NULL) {
        return NULL;
    }
    memcpy(c->pin, root_pin, PL_SPKI_HASH);
    memcpy(c->server_name, server_name, name_n + 1);
    if (device_chain_pem != NULL && use_own(c, device_chain_pem, key_pem, e) != 0) {
        goto fail;
    }
    ERR_clear_error();
    if (SSL_CTX_dane_enable(c->ssl) <= 0) {
        tls_fail(e, PL_E_TLS, "preparing the pin");
        goto fail;
    }
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
    return c;
fail:
    pl_tls_ctx_unref(c);
    return NULL;
}

void pl_tls_ctx_ref(struct pl_tls_ctx *c)
{
    c->refs++;
}

void pl_tls_ctx_unref(struct pl_tls_ctx *c)
{
    if (c == NULL || --c->refs > 0) {
        return;
    }
    SSL_CTX_free(c->ssl);
    free(c);
}
