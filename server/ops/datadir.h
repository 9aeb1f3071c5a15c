// SPDX-License-Identifier: Apache-2.0
/*
 * The data directory: where everything of one organisation's server lives.
 *
 *     DIR/plimsolld.conf   written last by init: its presence means that init is complete
 *     DIR/tls/             0700: root, issuing and server keys (0600) and certificates
 *     DIR/log/             0700: the audit log's key and its last checkpoint (audit/seal_key.h)
 *     DIR/keeper/          signs of life of the processes that hold the keys of CA and log
 *     DIR/pg/              the private PostgreSQL cluster, of its own user when the server is root
 *     DIR/run/             its socket and the log of its start
 *     DIR/cluster.lock     held shared by whoever uses the cluster
 */
#ifndef PLIMSOLL_SERVER_OPS_DATADIR_H
#define PLIMSOLL_SERVER_OPS_DATADIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/x509.h"

#include "ops/config.h"

#define DATADIR_PATH_MAX 1024 /* of DIR; files below are longer */
#define DATADIR_CONF     "plimsolld.conf"
#define DATADIR_TLS      "tls"
#define DATADIR_RENEW_S                                                       \
    (INT64_C(30) * 86400) /* a server certificate is renewed this long before \
                           */

/* Makes `out` an absolute path: of `given`, else of $PLIMSOLLD_DIR, else /var/lib/plimsoll for root
 * and $XDG_DATA_HOME/plimsolld (or ~/.local/share/plimsolld) for others. Need not exist. */
int datadir_resolve(const char *given, char out[DATADIR_PATH_MAX], struct pl_err *e) PL_MUST;

/* Is DIR initialised? -PL_E_NOENT with what to do if not. */
int datadir_check(const char *dir, struct pl_err *e) PL_MUST;

/* Reads DIR/plimsolld.conf; config_release afterwards. */
int datadir_config(const char *dir, struct config *out, struct pl_err *e) PL_MUST;

/* The connection string of the database in use: the configured one, or the private cluster's, for
 * the server (plm_app). `out` holds at least 2 * DATADIR_PATH_MAX bytes. Whoever connects sets the
 * role then: the login of a configured string may be another one, which is a member. */
int datadir_conninfo(const char *dir, const struct config *c, char *out, size_t size,
                     struct pl_err *e) PL_MUST;

/* The same for another role of sql/roles.sql; NULL: for migrations. */
int datadir_conninfo_as(const char *dir, const struct config *c, const char *role, char *out,
                        size_t size, struct pl_err *e) PL_MUST;

/* The PEM texts that a serving process needs. No key of a CA is among them: those are the keeper's.
 */
struct datadir_tls {
    char *server_chain; /* server, issuing CA, root */
    char *server_key;
    char *issuing;
    char *root;
    uint8_t root_pin[32];
    int64_t server_expires_us;
};

/* Reads them. Release also after an error. */
int datadir_tls_load(const char *dir, struct datadir_tls *out_uninit, struct pl_err *e) PL_MUST;

/* Replaces the server's certificate chain on disk. */
int datadir_tls_put_chain(const char *dir, const struct pl_chain *chain, struct pl_err *e) PL_MUST;

/* What the keeper needs, and nobody else reads. */
struct datadir_ca {
    char *issuing;
    char *issuing_key;
    char *root;
    uint8_t server_spki[32]; /* whose certificate it may renew */
};
int datadir_ca_load(const char *dir, struct datadir_ca *out_uninit, struct pl_err *e) PL_MUST;
void datadir_ca_release(struct datadir_ca *c); /* wipes the key; tolerates zeroed */

/* Wipes the keys. Tolerates zeroed. */
void datadir_tls_release(struct datadir_tls *t);

#endif
