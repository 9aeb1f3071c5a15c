// SPDX-License-Identifier: Apache-2.0
/*
 * One accepted connection: TCP below, TLS inside, plaintext bytes above. Happy path: accept ->
 * handshake -> ready() -> data() ... and, whenever bytes can leave, fill() pulls plaintext from the
 * owner. Nothing is queued here beyond 256 KiB of ciphertext: a reader who does not read makes the
 * owner wait, not the memory grow.
 *
 * Failure modes: handshake too slow or refused, peer truncates, no progress in writing: ended() is
 * called once with code and reason, from then on only freed(). The owner may call stream_close from
 * inside any handler.
 */
#ifndef PLIMSOLL_SERVER_NET_STREAM_H
#define PLIMSOLL_SERVER_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

struct stream;

struct stream_handlers {
    void (*ready)(void *owner);
    void (*data)(void *owner, const uint8_t *bytes, size_t n);
    /* Appends up to about `budget` bytes of plaintext; true: there is more. Must not close. */
    bool (*fill)(void *owner, struct pl_buf *out, size_t budget);
    /* Every NET_SWEEP_MS, for the owner's own deadlines. */
    void (*tick)(void *owner, uint64_t now_ms);
    void (*ended)(void *owner, int code, const char *why);
    void (*freed)(void *owner); /* the stream is gone */
};

/* Asks for fill() at the end of this loop turn. Cheap; may be called often. */
void stream_wake(struct stream *s);

/* Stops and starts reading from the network. Bytes that were read already still arrive. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Ends it. The first call's reason wins. `polite` sends what fill() still gives, and close_notify;
 * otherwise the connection is reset. */
void stream_close(struct stream *s, int code, const char *why, bool polite);

/* ALPN and device key of the peer, after ready(). */
const char *stream_alpn(const struct stream *s);
bool stream_peer_spki(const struct stream *s, uint8_t out[PL_SPKI_HASH]);
bool stream_peer_key(const struct stream *s, uint8_t out[PL_KEY_DER_MAX], size_t *n);

/* "address:port" of the peer, for logs. Borrowed. */
const char *stream_peer(const struct stream *s);

/* Key of the address for rate limits (IPv4 /32, IPv6 /64): 17 bytes, borrowed. */
const uint8_t *stream_source_key(const struct stream *s);

#endif
