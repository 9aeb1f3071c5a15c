// SPDX-License-Identifier: Apache-2.0
/*
 * Signing with a device's key and checking with its public half (x509.h): ECDSA over SHA-256 for
 * P-256, the signature in DER; Ed25519 as it is. Keys of other kinds are refused, as everywhere.
 */
#include "plimsoll/tls/x509.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "x509_internal.h"

int pl_key_public(const struct pl_key *k, uint8_t out[PL_KEY_DER_MAX], size_t *n, struct pl_err *e)
{
    ERR_clear_error();
    int len = i2d_PUBKEY(k->key, NULL);
    if (len <= 0 || len > PL_KEY_DER_MAX) {
        return tls_fail(e, PL_E_INTERNAL, "encoding a public key");
    }
    *n = (size_t)i2d_PUBKEY(k->key, &out);
    return 0;
}

int pl_key_sign(const struct pl_key *k, const void *bytes, size_t n,
                uint8_t sig[PL_KEY_SIGNATURE_MAX], size_t *sig_n, struct pl_err *e)
{
    int rc = 0;
    size_t len = PL_KEY_SIGNATURE_MAX;
    ERR_clear_error();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, key_digest(k->key), NULL, k->key) != 1 ||
        EVP_DigestSign(ctx, sig, &len, bytes, n) != 1) {
        rc = tls_fail(e, PL_E_INTERNAL, "signing");
    }
    *sig_n = rc == 0 ? len : 0;
    EVP_MD_CTX_free(ctx);
    return rc;
}

int pl_key_verify(const void *spki, size_t spki_n, const void *bytes, size_t n, const void *sig,
                  size_t sig_n, struct pl_err *e)
{
    int rc = 0;
    uint8_t hash[PL_SPKI_HASH];
    EVP_MD_CTX *ctx = NULL;
    const unsigned char *p = spki;
    ERR_clear_error();
    EVP_PKEY *key =
        spki_n == 0 || spki_n > PL_KEY_DER_MAX ? NULL : d2i_PUBKEY(NULL, &p, (long)spki_n);
    if (key == NULL || p != (const unsigned char *)spki + spki_n || !key_is_allowed(key, hash)) {
        rc = pl_fail(e, PL_E_INVALID, "not a public key of P-256 or Ed25519");
        goto out;
    }
    ctx = EVP_MD_CTX_new();
    if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, key_digest(key), NULL, key) != 1) {
        rc = tls_fail(e, PL_E_INTERNAL, "checking a signature");
        goto out;
    }
    if (sig_n == 0 || sig_n > PL_KEY_SIGNATURE_MAX ||
        EVP_DigestVerify(ctx, sig, sig_n, bytes, n) != 1) {
        rc = pl_fail(e, PL_E_INVALID, "the signature is not that of this key");
    }
out:
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return rc;
}
