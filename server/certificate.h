// SPDX-License-Identifier: Apache-2.0
/*
 * The server's own certificate while it serves: kept in a TLS context, looked at every hour and
 * when asked (SIGHUP). One that another process has put on disk is taken; one that ends within
 * DATADIR_RENEW_S is renewed through the keeper, for the same key, and put on disk. Connections
 * that are open keep the context they began with.
 */
#ifndef PLIMSOLL_SERVER_CERTIFICATE_H
#define PLIMSOLL_SERVER_CERTIFICATE_H

#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

struct certificate;
struct keeper;

struct certificate_options {
    const char *dir;                                    /* data directory; borrowed for its life */
    struct keeper *keeper;                              /* outlives it */
    void (*changed)(void *ctx, struct pl_tls_ctx *tls); /* tls is borrowed for the call */
    void *ctx;
};

/* Reads what is on disk; the first look comes at the first turn of the loop. *root_pin: of the
 * organisation. */
int certificate_new(struct certificate **out, uv_loop_t *loop, const struct certificate_options *o,
                    uint8_t root_pin[PL_SPKI_HASH], struct pl_err *e) PL_MUST;

/* The present context, borrowed. */
struct pl_tls_ctx *certificate_tls(const struct certificate *c);

/* Looks now. */
void certificate_look(struct certificate *c);

/* Before keeper_close; the memory goes when the keeper and the loop have let go. NULL ok. */
void certificate_free(struct certificate *c);

#endif
