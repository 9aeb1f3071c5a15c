// SPDX-License-Identifier: Apache-2.0
/*
 * TLS 1.3 as bytes in, bytes out: no sockets, no loop. The owner feeds what came from the network
 * and sends what the engine puts into its output. A custom BIO reads from the fed window and writes
 * to the output buffer. Settings: TLS 1.3 only, three ciphers, three groups, no tickets, no
 * resumption, no early data; ALPN decides whether a client certificate is asked.
 */
#ifndef PLIMSOLL_TLS_ENGINE_H
#define PLIMSOLL_TLS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"

#define PL_ALPN_EDIT   "plimsoll/1"
#define PL_ALPN_JOIN   "plimsoll-join/1"
#define PL_SPKI_HASH   32
#define PL_KEY_DER_MAX 128 /* bytes of a public key as SubjectPublicKeyInfo */

struct pl_tls_ctx; /* one per listener or per profile */
struct pl_tls;     /* one connection */

/* Server context. chain_pem: leaf + issuing CA + root; client_ca_pem: who may sign devices.
 * Bytes are PEM texts, borrowed for the call. NULL and *e on failure. */
struct pl_tls_ctx *pl_tls_server_ctx(const char *chain_pem, const char *key_pem,
                                     const char *client_ca_pem, struct pl_err *e);

/* Client context. device_chain_pem/key_pem are NULL for joining. root_pin: SHA-256 of the root's
 * SPKI, checked by DANE-TA; server_name: "d-<hex>.plimsoll.internal". */
struct pl_tls_ctx *pl_tls_client_ctx(const uint8_t root_pin[PL_SPKI_HASH], const char *server_name,
                                     const char *device_chain_pem, const char *key_pem,
                                     struct pl_err *e);
void pl_tls_ctx_ref(struct pl_tls_ctx *c);
void pl_tls_ctx_unref(struct pl_tls_ctx *c); /* NULL ok */

/* A connection; holds a reference to the context. `alpn` is one of PL_ALPN_... NULL and *e on
 * failure. */
struct pl_tls *pl_tls_new_server(struct pl_tls_ctx *c, struct pl_err *e);
struct pl_tls *pl_tls_new_client(struct pl_tls_ctx *c, const char *alpn, struct pl_err *e);
void pl_tls_free(struct pl_tls *t); /* NULL ok */

/* Hands bytes from the network to the engine. They are copied: the caller's buffer is free again
 * when the call returns, also if reading pauses in the middle. n == 0 says that the network has
 * ended, so that the next read can tell a goodbye from a cut. After the peer's goodbye or after a
 * failure the bytes are dropped. -PL_E_LIMIT: more than PL_TLS_IN_MAX is waiting (feed less, read
 * first); nothing was taken. */
#define PL_TLS_IN_MAX (256u * 1024u)
int pl_tls_feed(struct pl_tls *t, const void *bytes, size_t n, struct pl_err *e) PL_MUST;

/* Drives the handshake. 1: done (now or before), 0: needs more bytes, negative: failed; output may
 * hold an alert to send.
 *   client: -PL_E_PIN: the server is not the pinned one; -PL_E_TLS: anything else. A refusal of the
 *           device certificate shows only at the first read (TLS 1.3).
 *   server: -PL_E_AUTH: no or no good certificate; -PL_E_TLS: anything else.
 * A success means that one of our two ALPN names was agreed and the peer's chain was verified. */
int pl_tls_handshake(struct pl_tls *t, struct pl_err *e) PL_MUST;
bool pl_tls_is_ready(const struct pl_tls *t);

/* Plaintext out. > 0 bytes, 0: needs more input, -PL_E_CLOSED: the peer closed properly,
 * -PL_E_TLS: broken or truncated, -PL_E_AUTH: the peer refused our certificate, -PL_E_SLOW_DOWN: a
 * flood of key updates. A negative answer is final: later calls repeat it. Reading may also produce
 * output (answers to key updates). */
long pl_tls_read(struct pl_tls *t, void *buf, size_t n, struct pl_err *e) PL_MUST;

/* Plaintext in; everything is taken and encrypted into the output. -PL_E_BAD_STATE before the end
 * of the handshake; -PL_E_LIMIT when the output would pass PL_TLS_OUT_MAX (take it, then write
 * again); nothing was taken in both cases. */
#define PL_TLS_OUT_MAX (4u * 1024u * 1024u)
int pl_tls_write(struct pl_tls *t, const void *buf, size_t n, struct pl_err *e) PL_MUST;

/* Says goodbye (close_notify into the output). */
void pl_tls_shutdown(struct pl_tls *t);

/* Ciphertext waiting to be sent. Take moves it out: the caller owns *out (release it) and the
 * engine's output is empty again. */
size_t pl_tls_pending_out(const struct pl_tls *t);
void pl_tls_take_out(struct pl_tls *t, struct pl_buf *out_uninit);

/* After the handshake. ALPN chosen ("" if none); SHA-256 of the peer's SPKI (false: no peer
 * certificate or not verified). */
const char *pl_tls_alpn(const struct pl_tls *t);
bool pl_tls_peer_spki(const struct pl_tls *t, uint8_t out[PL_SPKI_HASH]);

/* The key itself, as SubjectPublicKeyInfo in DER; false also when it is longer than we take. */
bool pl_tls_peer_key(const struct pl_tls *t, uint8_t out[PL_KEY_DER_MAX], size_t *n);

#endif
