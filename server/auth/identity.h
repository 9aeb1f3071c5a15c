// SPDX-License-Identifier: Apache-2.0
/*
 * Who stands behind a device key. Asked once per connection, after the TLS handshake and before any
 * byte of the peer is parsed. The answer comes from the database every time: a cache would be one
 * more thing that a revocation has to reach, and a handshake costs more than the query.
 *
 * A revocation that commits while a question is under way must not slip past both the answer and
 * the sweep over open sessions: whoever hears of one calls identity_revoked, and every question
 * under way is asked again.
 */
#ifndef PLIMSOLL_SERVER_AUTH_IDENTITY_H
#define PLIMSOLL_SERVER_AUTH_IDENTITY_H

#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

struct identity;
struct store;

/* Borrowed for the callback; strings are never NULL. */
struct identity_who {
    uint64_t device;
    uint64_t user;
    const char *user_name;
    const char *display_name;
    int64_t cert_expires_us;
};

/* rc: 0; -PL_E_AUTH: unknown, revoked, expired, or the user is disabled (the peer does not learn
 * which); -PL_E_UNAVAILABLE: no database. `who` only when rc is 0. */
typedef void (*identity_find_cb)(void *ctx, int rc, const struct identity_who *who,
                                 const struct pl_err *e);

/* `store` outlives it. */
struct identity *identity_new(uv_loop_t *loop, struct store *store);

/* Questions under way are answered with -PL_E_UNAVAILABLE from in here; the memory goes at a later
 * turn of the loop. NULL ok. */
void identity_free(struct identity *i);

/* Looks the key up. The callback comes once, never from inside this call. */
void identity_find(struct identity *i, const uint8_t spki[PL_SPKI_HASH], identity_find_cb cb,
                   void *ctx);

/* Notes that the device was here. Losing it is harmless: there is no answer. */
void identity_touch(struct identity *i, uint64_t device);

/* A device or user was revoked (0: any): see above. Call it before ending the open sessions. */
void identity_revoked(struct identity *i, uint64_t device, uint64_t user);

#endif
