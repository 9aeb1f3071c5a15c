// SPDX-License-Identifier: Apache-2.0
/*
 * Keys, certificate requests and certificates for both programs, without OpenSSL's types.
 *
 * The tree: root (its key is meant to go offline) -> issuing CA -> servers and devices. Keys are
 * P-256; a device may also bring Ed25519. Everything is checked on the way in: a request that is
 * not well signed, or of another kind of key, does not become a struct pl_csr.
 *
 * A device's certificate says only which device it is; names, roles and revocation are in the
 * database. Certificates are handed around in DER, files hold PEM.
 */
#ifndef PLIMSOLL_TLS_X509_H
#define PLIMSOLL_TLS_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

#define PL_CSR_MAX           2048u  /* bytes of a request in DER */
#define PL_CERT_MAX          4096u  /* bytes of a certificate in DER */
#define PL_PEM_MAX           32768u /* bytes of a PEM file that we read */
#define PL_CHAIN_CERTS_MAX   4
#define PL_SERVER_NAME_SIZE  64 /* room for "d-<32 hex digits>.plimsoll.internal" */
#define PL_KEY_SIGNATURE_MAX 80 /* bytes of a signature by one of our keys */
#define PL_ORG_MAX           64 /* characters of an organisation's name in a certificate */

#define PL_DAY_S        INT64_C(86400)
#define PL_ROOT_DAYS    7300
#define PL_ISSUING_DAYS 1095
#define PL_SERVER_DAYS  365
#define PL_DEVICE_DAYS  200

struct pl_key;    /* a private key; wiped when freed */
struct pl_csr;    /* a certificate request that has been checked */
struct pl_issuer; /* a CA certificate and its private key */

/* A new P-256 key. NULL and *e on failure. */
struct pl_key *pl_key_new(struct pl_err *e);

/* Reads an unencrypted key in PEM; P-256 and Ed25519 only (-PL_E_INVALID in *e). Never prompts. */
struct pl_key *pl_key_from_pem(const char *pem, struct pl_err *e);
void pl_key_free(struct pl_key *k); /* NULL ok */

/* Appends the key as unencrypted PKCS#8 PEM. The caller wipes and releases `out`. */
int pl_key_to_pem(const struct pl_key *k, struct pl_buf *out, struct pl_err *e) PL_MUST;

/* SHA-256 of the public key as SubjectPublicKeyInfo in DER: the name of a key everywhere
 * (RFC 7469, DANE "x 1 1"). */
int pl_key_spki(const struct pl_key *k, uint8_t out[PL_SPKI_HASH], struct pl_err *e) PL_MUST;

/* The public key as SubjectPublicKeyInfo in DER. */
int pl_key_public(const struct pl_key *k, uint8_t out[PL_KEY_DER_MAX], size_t *n,
                  struct pl_err *e) PL_MUST;

/* Signs bytes: ECDSA with SHA-256 in DER, or Ed25519. Whoever uses it sees to it that the bytes
 * cannot be mistaken for something else that this key signs (tls/statement.h). */
int pl_key_sign(const struct pl_key *k, const void *bytes, size_t n,
                uint8_t sig[PL_KEY_SIGNATURE_MAX], size_t *sig_n, struct pl_err *e) PL_MUST;

/* The other half, with a public key as pl_key_public gives it. -PL_E_INVALID: not a key of a kind
 * that we take, or not its signature. */
int pl_key_verify(const void *spki, size_t spki_n, const void *bytes, size_t n, const void *sig,
                  size_t sig_n, struct pl_err *e) PL_MUST;

/* Appends a certificate request (PKCS#10, DER) signed by the key, with an empty subject. */
int pl_csr_make(const struct pl_key *k, struct pl_buf *der, struct pl_err *e) PL_MUST;

/* Reads a request from a peer: at most PL_CSR_MAX bytes, nothing behind it, signed by its own key
 * with SHA-256 or better, key P-256 (named curve, uncompressed) or Ed25519. Subject and extensions
 * are ignored. NULL and -PL_E_INVALID in *e otherwise. */
struct pl_csr *pl_csr_parse(const void *der, size_t n, struct pl_err *e);
void pl_csr_free(struct pl_csr *r); /* NULL ok */
void pl_csr_spki(const struct pl_csr *r, uint8_t out[PL_SPKI_HASH]);

/* A CA from PEM; the first certificate of `cert_pem` is its own. Checks that it is a CA and that
 * the key fits. NULL and *e on failure. */
struct pl_issuer *pl_issuer_from_pem(const char *cert_pem, const char *key_pem, struct pl_err *e);
void pl_issuer_free(struct pl_issuer *i); /* NULL ok */

/* Each appends one certificate in DER, valid from five minutes before `now_s` (seconds since 1970)
 * for its number of days, with a random serial of 127 bits. */

/* Self-signed, may sign CAs that sign no CAs. `organisation` at most PL_ORG_MAX characters. */
int pl_root_make(const struct pl_key *k, const char *organisation, int64_t now_s,
                 struct pl_buf *der, struct pl_err *e) PL_MUST;

/* A CA for servers and devices, signed by the root. */
int pl_issuing_make(const struct pl_issuer *root, const struct pl_key *k, const char *organisation,
                    int64_t now_s, struct pl_buf *der, struct pl_err *e) PL_MUST;

/* A node's certificate: serverAuth, SAN DNS `server_name`. */
int pl_server_cert_make(const struct pl_issuer *ca, const struct pl_key *k, const char *server_name,
                        int64_t now_s, struct pl_buf *der, struct pl_err *e) PL_MUST;

/* The same for the key of a request: who has the CA's key need not have the server's. */
int pl_server_cert_renew(const struct pl_issuer *ca, const struct pl_csr *r,
                         const char *server_name, int64_t now_s, struct pl_buf *der,
                         struct pl_err *e) PL_MUST;

/* A device's certificate: clientAuth, SAN URI "plimsoll:dev:<id in 16 hex digits>". Times in
 * seconds since 1970; it ends at `expires_s`, which a registry has noted (usually PL_DEVICE_DAYS
 * ahead). */
struct pl_device_cert {
    uint64_t device;
    int64_t now_s;
    int64_t expires_s;
};
int pl_device_cert_make(const struct pl_issuer *ca, const struct pl_csr *r,
                        const struct pl_device_cert *spec, struct pl_buf *der,
                        struct pl_err *e) PL_MUST;

/* What we need to know of a certificate. */
struct pl_cert_info {
    uint8_t spki[PL_SPKI_HASH];
    int64_t not_before_us;
    int64_t not_after_us;
    bool is_ca;
    bool is_self_signed;
};

/* Reads one certificate in DER with nothing behind it. -PL_E_INVALID if it is none. */
int pl_cert_info(const void *der, size_t n, struct pl_cert_info *out, struct pl_err *e) PL_MUST;

/* Certificates in DER, leaf first. Zeroed is empty. */
struct pl_chain {
    struct pl_buf der[PL_CHAIN_CERTS_MAX];
    size_t n;
};

/* Splits a PEM text into certificates. Release the chain also after an error. */
int pl_chain_from_pem(const char *pem, struct pl_chain *out_uninit, struct pl_err *e) PL_MUST;
void pl_chain_release(struct pl_chain *c);

/* Appends a certificate in DER to a PEM text. */
int pl_cert_to_pem(const void *der, size_t n, struct pl_buf *pem, struct pl_err *e) PL_MUST;

/* The name that every node of an organisation answers to: "d-" + the first 16 bytes of the root's
 * SPKI hash in hex + ".plimsoll.internal". Independent of addresses: works through tunnels. */
void pl_server_name(const uint8_t root_pin[PL_SPKI_HASH], char out[PL_SERVER_NAME_SIZE]);

#endif
