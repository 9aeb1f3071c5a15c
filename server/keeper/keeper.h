// SPDX-License-Identifier: Apache-2.0
/*
 * The serving process's side of the keeper: the helper process that holds the issuing CA's key and
 * the log's key, which the process that talks to the network never opens.
 *
 * keeper_start makes it before anything listens: the same program again with a private verb, on a
 * pair of sockets. It is asked for certificates and looks into the database itself whether the
 * answer may be yes (keeper/helper.h). When it dies it is started again, with back-off; meanwhile
 * and whenever it does not answer in time orders get -PL_E_UNAVAILABLE and the rest goes on. It
 * ends with this process, however that ends.
 */
#ifndef PLIMSOLL_SERVER_KEEPER_KEEPER_H
#define PLIMSOLL_SERVER_KEEPER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/x509.h"

struct keeper;

#define KEEPER_VERB "keeper" /* not in the table of commands: nobody types it */
#define KEEPER_FD   3        /* its end of the pair */

struct keeper_options {
    char *const *args; /* those of `serve`, NULL at the end: the keeper reads the same
                          configuration. Borrowed for the keeper's life */
};

/* Starts the process and waits until it has its keys, at most 20 s. Blocking: before the loop
 * runs. It does not touch the database before keeper_go. -PL_E_CONFIG: what is wrong with the
 * keys; -PL_E_IO, -PL_E_TIMEOUT. */
int keeper_start(struct keeper **out, uv_loop_t *loop, const struct keeper_options *o,
                 struct pl_err *e) PL_MUST;

/* The database is there and has our schema. */
void keeper_go(struct keeper *k);

/* Orders under way are answered with -PL_E_UNAVAILABLE from in here; then the process is given two
 * seconds to end, and cb comes when it and the memory have gone. NULL: cb at once. */
void keeper_close(struct keeper *k, void (*cb)(void *ctx), void *ctx);

/* What an order got. `chain`: the new certificate, the issuing CA and the root; the rest only of
 * keeper_join. */
struct keeper_answer {
    const struct pl_chain *chain;
    uint64_t user, device, review;
    uint32_t role;
    const char *user_name, *display_name;
};

/* The answer is borrowed for the call; NULL unless rc is 0. rc: those of the order;
 * -PL_E_BAD_MESSAGE: the request; -PL_E_SLOW_DOWN: as many as may be in an hour;
 * -PL_E_UNAVAILABLE, -PL_E_INTERNAL. */
typedef void (*keeper_cb)(void *ctx, int rc, const struct keeper_answer *a, const struct pl_err *e);

/* Everything in an order is borrowed for the call; the callback comes once, never from inside it.
 */

/* Uses an invite up for the key of a request, and certifies it. The keeper gets the secret itself:
 * its hash, which is in the database, is not enough. Strings are never NULL. Refusals: those of
 * repo_invite_redeem. */
struct keeper_joining {
    const uint8_t *secret, *csr_der;
    size_t secret_n, csr_n;
    const char *device_name, *user_name, *display_name;
};
void keeper_join(struct keeper *k, const struct keeper_joining *o, keeper_cb cb, void *ctx);

/* A certificate for a new key of a device. The statement (PL_SIGNED_RENEW) names the new key and is
 * signed by the key that the device has. -PL_E_AUTH: it is not so. */
struct keeper_renewal {
    uint64_t user, device;
    const uint8_t *csr_der, *statement, *signature, *key; /* key: the old one, as DER */
    size_t csr_n, statement_n, signature_n, key_n;
};
void keeper_renew(struct keeper *k, const struct keeper_renewal *o, keeper_cb cb, void *ctx);

/* A new certificate for the key that the server's certificate on disk has. */
void keeper_renew_server(struct keeper *k, const uint8_t *csr_der, size_t csr_n, keeper_cb cb,
                         void *ctx);

/* How it stands, as it said last (it does every second). */
struct keeper_state {
    bool is_up;        /* runs and has its keys */
    bool has_database; /* and its database */
    int pid;           /* 0: does not run */
    unsigned restarts;
    uint64_t issued; /* since it started */
};
void keeper_state(const struct keeper *k, struct keeper_state *out);

#endif
