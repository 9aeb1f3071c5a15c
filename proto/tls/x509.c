// SPDX-License-Identifier: Apache-2.0
/*
 * Certificates (x509.h). One function builds them all from a small description; the public ones
 * say what differs between root, issuing CA, server and device. All satisfy OpenSSL's strict mode
 * (RFC 5280): key identifiers everywhere, basic constraints and key usage critical.
 */
#include "plimsoll/tls/x509.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"

#include "x509_internal.h"

#define BACKDATE_S  300
#define SERIAL_BITS 127

/* What kind of certificate to make. NULL extensions are left out. */
struct spec {
    const X509 *issuer; /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    EVP_PKEY *subject_key;
    const char *organisation; /* NULL: none */
    const char *common_name;
    const char *constraints;
    const char *usage;
    const char *extended_usage;
    const char *alt_name;
    int64_t now_s;
    int64_t expires_s;
};

static bool set_serial(X509 *cert)
{
    BIGNUM *n = BN_new();
    bool done = n != NULL && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                !BN_is_zero(n) && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
    BN_free(n);
    return done;
}

static bool add_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value, -1,
                                      -1, 0) == 1;
}

static bool set_names(X509 *cert, const struct spec *s)
{
    X509_NAME *name = X509_NAME_new();
    bool done = name != NULL && (s->organisation == NULL || add_name(name, "O", s->organisation)) &&
                add_name(name, "CN", s->common_name) && X509_set_subject_name(cert, name) == 1 &&
                X509_set_issuer_name(
                    cert, s->issuer == NULL ? name : X509_get_subject_name(s->issuer)) == 1;
    X509_NAME_free(name);
    return done;
}

static bool add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    if (value == NULL) {
        return true;
    }
    X509_EXTENSION *ext = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
    bool done = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return done;
}

/* The subject's key identifier comes first: a self-signed issuer refers to it. */
static bool add_extensions(X509 *cert, const struct spec *s)
{
    X509 *issuer = s->issuer == NULL ? cert : X509_dup(s->issuer);
    if (issuer == NULL) {
        return false;
    }
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    bool done = add_extension(cert, &ctx, NID_subject_key_identifier, "hash") &&
                add_extension(cert, &ctx, NID_authority_key_identifier, "keyid:always") &&
                add_extension(cert, &ctx, NID_basic_constraints, s->constraints) &&
                add_extension(cert, &ctx, NID_key_usage, s->usage) &&
                add_extension(cert, &ctx, NID_ext_key_usage, s->extended_usage) &&
                add_extension(cert, &ctx, NID_subject_alt_name, s->alt_name);
    if (issuer != cert) {
        X509_free(issuer);
    }
    return done;
}

static int make(const struct spec *s, struct pl_buf *der, struct pl_err *e)
{
    int rc;
    int n;
    unsigned char *bytes = NULL;
    ERR_clear_error();
    X509 *cert = X509_new();
    time_t from = (time_t)(s->now_s - BACKDATE_S);
    time_t until = (time_t)s->expires_s;
    if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
        ASN1_TIME_set(X509_getm_notBefore(cert), from) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(cert), until) == NULL || !set_names(cert, s) ||
        X509_set_pubkey(cert, s->subject_key) != 1 || !add_extensions(cert, s) ||
        X509_sign(cert, s->issuer_key, key_digest(s->issuer_key)) <= 0) {
        rc = tls_fail(e, PL_E_INTERNAL, "making a certificate");
        goto out;
    }
    n = i2d_X509(cert, &bytes);
    if (n <= 0) {
        rc = tls_fail(e, PL_E_INTERNAL, "encoding a certificate");
        goto out;
    }
    rc = pl_buf_add(der, bytes, (size_t)n);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_LIMIT, "a certificate of %d bytes does not fit", n);
    }
out:
    OPENSSL_free(bytes);
    X509_free(cert);
    return rc;
}

static int check_organisation(const char *name, struct pl_err *e)
{
    size_t n = strlen(name);
    if (n == 0 || strpbrk(name, "\n\t") != NULL || !pl_utf8_is_clean(name, n, NULL) ||
        pl_utf8_count(name, n) > PL_ORG_MAX) {
        return pl_fail(e, PL_E_INVALID,
                       "the organisation's name must be one line of 1 to %d characters",
                       PL_ORG_MAX);
    }
    return 0;
}

int pl_root_make(const struct pl_key *k, const char *organisation, int64_t now_s,
                 struct pl_buf *der, struct pl_err *e)
{
    int rc = check_organisation(organisation, e);
    if (rc != 0) {
        return rc;
    }
    const struct spec s = {
        .issuer_key = k->key,
        .subject_key = k->key,
        .organisation = organisation,
        .common_name = "Plimsoll root",
        .constraints = "critical,CA:TRUE,pathlen:1",
        .usage = "critical,keyCertSign,cRLSign",
        .now_s = now_s,
        .expires_s = now_s + PL_ROOT_DAYS * PL_DAY_S,
    };
    return make(&s, der, e);
}

int pl_issuing_make(const struct pl_issuer *root, const struct pl_key *k, const char *organisation,
                    int64_t now_s, struct pl_buf *der, struct pl_err *e)
{
    uint8_t spki[PL_SPKI_HASH];
    int rc = check_organisation(organisation, e);
    if (rc == 0) {
        rc = pl_key_spki(k, spki, e);
    }
    if (rc != 0) {
        return rc;
    }
    /* Successive issuing CAs get different names, so that chains are built without guessing. */
    char tail[9];
    char name[48];
    pl_hex_encode(spki, 4, tail);
    (void)snprintf(name, sizeof(name), "Plimsoll issuing CA %s", tail);
    const struct spec s = {
        .issuer = root->cert,
        .issuer_key = root->key,
        .subject_key = k->key,
        .organisation = organisation,
        .common_name = name,
        .constraints = "critical,CA:TRUE,pathlen:0",
        .usage = "critical,keyCertSign,cRLSign",
        .now_s = now_s,
        .expires_s = now_s + PL_ISSUING_DAYS * PL_DAY_S,
    };
    return make(&s, der, e);
}

static int server_cert(const struct pl_issuer *ca, EVP_PKEY *key, const char *server_name,
                       int64_t now_s, struct pl_buf *der, struct pl_err *e)
{
    char alt_name[PL_SERVER_NAME_SIZE + 8];
    /* The value is read by OpenSSL's configuration syntax: no comma may come in. */
    size_t n = strlen(server_name);
    if (n == 0 || n >= PL_SERVER_NAME_SIZE ||
        strspn(server_name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != n) {
        return pl_fail(e, PL_E_INVALID, "not a server name: %s", server_name);
    }
    (void)snprintf(alt_name, sizeof(alt_name), "DNS:%s", server_name);
    const struct spec s = {
        .issuer = ca->cert,
        .issuer_key = ca->key,
        .subject_key = key,
        .common_name = server_name,
        .constraints = "critical,CA:FALSE",
        .usage = "critical,digitalSignature",
        .extended_usage = "serverAuth",
        .alt_name = alt_name,
        .now_s = now_s,
        .expires_s = now_s + PL_SERVER_DAYS * PL_DAY_S,
    };
    return make(&s, der, e);
}

int pl_server_cert_make(const struct pl_issuer *ca, const struct pl_key *k, const char *server_name,
                        int64_t now_s, struct pl_buf *der, struct pl_err *e)
{
    return server_cert(ca, k->key, server_name, now_s, der, e);
}

int pl_server_cert_renew(const struct pl_issuer *ca, const struct pl_csr *r,
                         const char *server_name, int64_t now_s, struct pl_buf *der,
                         struct pl_err *e)
{
    return server_cert(ca, r->key, server_name, now_s, der, e);
}

int pl_device_cert_make(const struct pl_issuer *ca, const struct pl_csr *r,
                        const struct pl_device_cert *spec, struct pl_buf *der, struct pl_err *e)
{
    char name[32];
    char alt_name[48];
    if (spec->expires_s <= spec->now_s) {
        return pl_fail(e, PL_E_INVALID, "a certificate that has ended before it begins");
    }
    (void)snprintf(name, sizeof(name), "dev:%016llx", (unsigned long long)spec->device);
    (void)snprintf(alt_name, sizeof(alt_name), "URI:plimsoll:%s", name);
    const struct spec s = {
        .issuer = ca->cert,
        .issuer_key = ca->key,
        .subject_key = r->key,
        .common_name = name,
        .constraints = "critical,CA:FALSE",
        .usage = "critical,digitalSignature",
        .extended_usage = "clientAuth",
        .alt_name = alt_name,
        .now_s = spec->now_s,
        .expires_s = spec->expires_s,
    };
    return make(&s, der, e);
}

static bool keep_first(void *ctx, X509 *cert, int index)
{
    struct pl_issuer *i = ctx;
    if (index > 0) {
        return true;
    }
    i->cert = X509_dup(cert);
    return i->cert != NULL;
}

struct pl_issuer *pl_issuer_from_pem(const char *cert_pem, const char *key_pem, struct pl_err *e)
{
    struct pl_issuer *i = pl_xcalloc(1, sizeof(*i));
    if (tls_pem_certs(cert_pem, keep_first, i, e) < 0) {
        goto fail;
    }
    i->key = tls_pem_key(key_pem, e);
    if (i->key == NULL) {
        goto fail;
    }
    ERR_clear_error();
    if (X509_check_private_key(i->cert, i->key) != 1) {
        (void)tls_fail(e, PL_E_CONFIG, "the key does not fit the certificate");
        goto fail;
    }
    if (X509_check_ca(i->cert) != 1) {
        (void)pl_fail(e, PL_E_CONFIG, "the certificate is not that of a CA");
        goto fail;
    }
    return i;
fail:
    pl_issuer_free(i);
    return NULL;
}

void pl_issuer_free(struct pl_issuer *i)
{
    if (i != NULL) {
        X509_free(i->cert);
        EVP_PKEY_free(i->key);
        free(i);
    }
}

static bool read_time(const ASN1_TIME *t, int64_t *us)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(t, &tm) != 1) {
        return false;
    }
    const struct pl_civil c = {
        .year = tm.tm_year + 1900,
        .month = tm.tm_mon + 1,
        .day = tm.tm_mday,
        .hour = tm.tm_hour,
        .minute = tm.tm_min,
        .second = tm.tm_sec,
    };
    return pl_civil_to_us(&c, us) == 0;
}

int pl_cert_info(const void *der, size_t n, struct pl_cert_info *out, struct pl_err *e)
{
    int rc = 0;
    if (n == 0 || n > PL_CERT_MAX) {
        return pl_fail(e, PL_E_INVALID, "a certificate of %zu bytes", n);
    }
    ERR_clear_error();
    const unsigned char *p = der;
    X509 *cert = d2i_X509(NULL, &p, (long)n);
    if (cert == NULL || p != (const unsigned char *)der + n ||
        !read_time(X509_get0_notBefore(cert), &out->not_before_us) ||
        !read_time(X509_get0_notAfter(cert), &out->not_after_us) ||
        !tls_cert_spki(cert, out->spki)) {
        rc = pl_fail(e, PL_E_INVALID, "not a certificate");
        goto out;
    }
    out->is_ca = X509_check_ca(cert) == 1;
    out->is_self_signed = (X509_get_extension_flags(cert) & EXFLAG_SS) != 0;
out:
    X509_free(cert);
    ERR_clear_error();
    return rc;
}

static bool keep_der(void *ctx, X509 *cert, int index)
{
    struct pl_chain *c = ctx;
    if (index >= PL_CHAIN_CERTS_MAX) {
        return false;
    }
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    struct pl_buf *b = &c->der[c->n];
    pl_buf_init(b, PL_CERT_MAX);
    bool done = n > 0 && pl_buf_add(b, der, (size_t)n) == 0;
    c->n += done ? 1 : 0;
    OPENSSL_free(der);
    return done;
}

int pl_chain_from_pem(const char *pem, struct pl_chain *out_uninit, struct pl_err *e)
{
    memset(out_uninit, 0, sizeof(*out_uninit));
    int n = tls_pem_certs(pem, keep_der, out_uninit, e);
    return n < 0 ? n : 0;
}

void pl_chain_release(struct pl_chain *c)
{
    for (size_t i = 0; i < PL_CHAIN_CERTS_MAX; i++) {
        pl_buf_release(&c->der[i]);
    }
    c->n = 0;
}

int pl_cert_to_pem(const void *der, size_t n, struct pl_buf *pem, struct pl_err *e)
{
    int rc;
    ERR_clear_error();
    const unsigned char *p = der;
    X509 *cert = n == 0 || n > PL_CERT_MAX ? NULL : d2i_X509(NULL, &p, (long)n);
    BIO *b = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;
    if (cert == NULL || p != (const unsigned char *)der + n || b == NULL ||
        PEM_write_bio_X509(b, cert) != 1) {
        rc = tls_fail(e, PL_E_INVALID, "writing a certificate");
        goto out;
    }
    len = BIO_get_mem_data(b, &text);
    rc = pl_buf_add(pem, text, (size_t)len);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_LIMIT, "a chain of more than %zu bytes", pem->max);
    }
out:
    BIO_free(b);
    X509_free(cert);
    return rc;
}

void pl_server_name(const uint8_t root_pin[PL_SPKI_HASH], char out[PL_SERVER_NAME_SIZE])
{
    char hex[33];
    pl_hex_encode(root_pin, 16, hex);
    (void)snprintf(out, PL_SERVER_NAME_SIZE, "d-%s.plimsoll.internal", hex);
}
