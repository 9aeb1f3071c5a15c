// SPDX-License-Identifier: Apache-2.0
/*
 * Private keys and certificate requests (x509.h). The allow-list of key kinds lives here: P-256 as
 * a named curve with an uncompressed point, and Ed25519. It is applied to keys from files and to
 * requests from peers alike, so that one device has exactly one SPKI hash.
 */
#include "plimsoll/tls/x509.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"

#include "x509_internal.h"

/* Lengths of a SubjectPublicKeyInfo in its only form that we take. */
#define SPKI_P256_BYTES    91
#define SPKI_ED25519_BYTES 44

bool key_spki(const EVP_PKEY *key, uint8_t out[PL_SPKI_HASH], int *der_n)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    if (n <= 0) {
        return false;
    }
    pl_sha256(der, (size_t)n, out);
    OPENSSL_free(der);
    *der_n = n;
    return true;
}

bool key_is_allowed(const EVP_PKEY *key, uint8_t spki[PL_SPKI_HASH])
{
    int n = 0;
    if (!key_spki(key, spki, &n)) {
        return false;
    }
    if (EVP_PKEY_is_a(key, "ED25519")) {
        return n == SPKI_ED25519_BYTES;
    }
    char group[32];
    size_t len = 0;
    return EVP_PKEY_is_a(key, "EC") && n == SPKI_P256_BYTES &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

const EVP_MD *key_digest(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

static struct pl_key *wrap_key(EVP_PKEY *take_key)
{
    struct pl_key *k = pl_xcalloc(1, sizeof(*k));
    k->key = take_key;
    return k;
}

struct pl_key *pl_key_new(struct pl_err *e)
{
    ERR_clear_error();
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (key == NULL) {
        (void)tls_fail(e, PL_E_INTERNAL, "making a key");
        return NULL;
    }
    return wrap_key(key);
}

struct pl_key *pl_key_from_pem(const char *pem, struct pl_err *e)
{
    EVP_PKEY *key = tls_pem_key(pem, e);
    if (key == NULL) {
        return NULL;
    }
    uint8_t spki[PL_SPKI_HASH];
    if (!key_is_allowed(key, spki)) {
        EVP_PKEY_free(key);
        ERR_clear_error();
        (void)pl_fail(e, PL_E_INVALID, "the key is neither P-256 nor Ed25519");
        return NULL;
    }
    return wrap_key(key);
}

void pl_key_free(struct pl_key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->key); /* OpenSSL wipes the secret */
        free(k);
    }
}

int pl_key_to_pem(const struct pl_key *k, struct pl_buf *out, struct pl_err *e)
{
    int rc;
    ERR_clear_error();
    BIO *b = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long n;
    if (b == NULL || PEM_write_bio_PKCS8PrivateKey(b, k->key, NULL, NULL, 0, NULL, NULL) != 1) {
        rc = tls_fail(e, PL_E_INTERNAL, "writing a key");
        goto out;
    }
    n = BIO_get_mem_data(b, &text);
    rc = pl_buf_add(out, text, (size_t)n);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_LIMIT, "a key of %ld bytes does not fit", n);
    }
out:
    BIO_free(b);
    return rc;
}

int pl_key_spki(const struct pl_key *k, uint8_t out[PL_SPKI_HASH], struct pl_err *e)
{
    int n = 0;
    ERR_clear_error();
    return key_spki(k->key, out, &n) ? 0 : tls_fail(e, PL_E_INTERNAL, "encoding a public key");
}

int pl_csr_make(const struct pl_key *k, struct pl_buf *der, struct pl_err *e)
{
    int rc;
    int n;
    unsigned char *bytes = NULL;
    ERR_clear_error();
    X509_REQ *req = X509_REQ_new();
    if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(req, k->key) != 1 ||
        X509_REQ_sign(req, k->key, key_digest(k->key)) <= 0) {
        rc = tls_fail(e, PL_E_INTERNAL, "making a certificate request");
        goto out;
    }
    n = i2d_X509_REQ(req, &bytes);
    if (n <= 0) {
        rc = tls_fail(e, PL_E_INTERNAL, "encoding a certificate request");
        goto out;
    }
    rc = pl_buf_add(der, bytes, (size_t)n);
    if (rc != 0) {
        rc = pl_fail(e, PL_E_LIMIT, "a request of %d bytes does not fit", n);
    }
out:
    OPENSSL_free(bytes);
    X509_REQ_free(req);
    return rc;
}

static bool is_strong_signature(int nid)
{
    return nid == NID_ecdsa_with_SHA256 || nid == NID_ecdsa_with_SHA384 ||
           nid == NID_ecdsa_with_SHA512 || nid == NID_ED25519;
}

struct pl_csr *pl_csr_parse(const void *der, size_t n, struct pl_err *e)
{
    struct pl_csr *r = NULL;
    uint8_t spki[PL_SPKI_HASH];
    if (n == 0 || n > PL_CSR_MAX) {
        (void)pl_fail(e, PL_E_INVALID, "a certificate request of %zu bytes", n);
        return NULL;
    }
    ERR_clear_error();
    const unsigned char *p = der;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)n);
    EVP_PKEY *key = req == NULL ? NULL : X509_REQ_get0_pubkey(req);
    if (req == NULL || p != (const unsigned char *)der + n) {
        (void)pl_fail(e, PL_E_INVALID, "not a certificate request");
        goto out;
    }
    if (key == NULL || !key_is_allowed(key, spki)) {
        (void)pl_fail(e, PL_E_INVALID, "the key is neither P-256 nor Ed25519");
        goto out;
    }
    if (!is_strong_signature(X509_REQ_get_signature_nid(req)) || X509_REQ_verify(req, key) != 1) {
        (void)pl_fail(e, PL_E_INVALID, "the certificate request is not signed by its key");
        goto out;
    }
    r = pl_xcalloc(1, sizeof(*r));
    PL_ASSERT(EVP_PKEY_up_ref(key) == 1);
    r->key = key;
    memcpy(r->spki, spki, sizeof(spki));
out:
    X509_REQ_free(req);
    ERR_clear_error();
    return r;
}

void pl_csr_free(struct pl_csr *r)
{
    if (r != NULL) {
        EVP_PKEY_free(r->key);
        free(r);
    }
}

void pl_csr_spki(const struct pl_csr *r, uint8_t out[PL_SPKI_HASH])
{
    memcpy(out, r->spki, PL_SPKI_HASH);
}
