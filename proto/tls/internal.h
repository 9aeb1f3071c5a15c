// SPDX-License-Identifier: Apache-2.0
/*
 * What the files of proto/tls share among themselves: the two structs behind the opaque names of
 * engine.h, the BIO, and the way OpenSSL's error queue becomes one of our errors. OpenSSL types
 * appear here and nowhere outside this folder.
 */
#ifndef PLIMSOLL_PROTO_TLS_INTERNAL_H
#define PLIMSOLL_PROTO_TLS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

#define TLS_NAME_MAX 128

struct pl_tls_ctx {
    SSL_CTX *ssl;
    unsigned refs;
    bool is_server;
    uint8_t pin[PL_SPKI_HASH];      /* client: SHA-256 of the root's SPKI */
    char server_name[TLS_NAME_MAX]; /* client: what the server's certificate must name */
};

struct pl_tls {
    SSL *ssl;
    struct pl_tls_ctx *ctx; /* one reference */
    struct pl_buf in;       /* ciphertext from the network ... */
    size_t in_at;           /* ... of which this much is consumed */
    struct pl_buf out;      /* ciphertext for the network */
    bool in_ended;          /* the network has ended */
    bool is_ready;          /* handshake done, peer checked */
    bool has_spki;
    bool said_goodbye;
    int dead;              /* PL_E_... of the first failure; 0 while alive */
    const char *want_alpn; /* client: one of the PL_ALPN_ literals */
    const char *alpn;      /* agreed, one of the literals; "" before */
    uint8_t spki[PL_SPKI_HASH];
    unsigned key_updates; /* received in the minute that began at key_minute_us */
    uint64_t key_minute_us;
    char dead_text[PL_ERR_TEXT_MAX];
};

/* A BIO that reads from t->in and writes to t->out. NULL when out of memory. */
BIO *tls_bio_new(struct pl_tls *t);

/* Stores the reason of OpenSSL's last error ("doing: reason"), empties its queue, returns -code. */
int tls_fail(struct pl_err *e, int code, const char *doing);

/* SHA-256 of a certificate's SubjectPublicKeyInfo in DER (not of the bit string alone). */
bool tls_cert_spki(const X509 *cert, uint8_t out[PL_SPKI_HASH]);

/* Reads one PEM text of certificates. Each goes to `each`, which returns false to stop with an
 * error; it does not own the certificate. Returns how many were read, negative on failure. */
typedef bool (*tls_cert_cb)(void *ctx, X509 *cert, int index);
int tls_pem_certs(const char *pem, tls_cert_cb each, void *ctx, struct pl_err *e);

/* Reads a private key in PEM; never asks for a passphrase. NULL and *e on failure. */
EVP_PKEY *tls_pem_key(const char *pem, struct pl_err *e);

#endif
