// SPDX-License-Identifier: Apache-2.0
/*
 * The structs behind x509.h and what key.c and x509.c share.
 */
#ifndef PLIMSOLL_PROTO_TLS_X509_INTERNAL_H
#define PLIMSOLL_PROTO_TLS_X509_INTERNAL_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "plimsoll/tls/x509.h"

#include "internal.h"

struct pl_key {
    EVP_PKEY *key;
};

struct pl_csr {
    EVP_PKEY *key; /* public half only */
    uint8_t spki[PL_SPKI_HASH];
};

struct pl_issuer {
    X509 *cert;
    EVP_PKEY *key;
};

/* SHA-256 and length of a public key's SubjectPublicKeyInfo. */
bool key_spki(const EVP_PKEY *key, uint8_t out[PL_SPKI_HASH], int *der_n);

/* Is the key of a kind that we take? Gives its hash on the way. */
bool key_is_allowed(const EVP_PKEY *key, uint8_t spki[PL_SPKI_HASH]);

/* What to sign with: SHA-256, or nothing of its own for Ed25519. */
const EVP_MD *key_digest(const EVP_PKEY *key);

#endif
