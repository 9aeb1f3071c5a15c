// SPDX-License-Identifier: Apache-2.0
/*
 * The log's folder in the data directory, and its key:
 *
 *     DIR/log/seal.key    0600: the 32 secret bytes of the Ed25519 key, in hex
 *     DIR/log/last.ckpt   the newest checkpoint that was signed here (sealer.c)
 *     DIR/log/epoch       the number of the epoch that may be signed; raised by the operator only
 *     DIR/log/lock        held by the sealer that runs on this host
 *
 * `plimsolld init` makes folder, key and epoch. Whoever has only the database cannot start a new
 * epoch, because the number stands here.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEAL_KEY_H
#define PLIMSOLL_SERVER_AUDIT_SEAL_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"

#define SEAL_DIR         "log"
#define SEAL_KEY_FILE    "seal.key"
#define SEAL_CKPT_FILE   "last.ckpt"
#define SEAL_EPOCH_FILE  "epoch"
#define SEAL_LOCK_FILE   "lock"
#define SEAL_SEED        32u
#define SEAL_ORIGIN_SIZE 96u
#define SEAL_PATH_SIZE   1200u /* of a file in the folder */

/* Makes DIR/log with a new key and epoch 1; what is there already stays. */
int seal_key_make(const char *dir, struct pl_err *e) PL_MUST;

/* The secret bytes of DIR/log/seal.key; wipe them. -PL_E_NOENT: no key here. */
int seal_key_read(const char *log_dir, uint8_t seed[SEAL_SEED], struct pl_err *e) PL_MUST;

/* The number in DIR/log/epoch; seal_epoch_write replaces it. */
int seal_epoch_read(const char *log_dir, uint32_t *epoch, struct pl_err *e) PL_MUST;
int seal_epoch_write(const char *log_dir, uint32_t epoch, struct pl_err *e) PL_MUST;

/* "plimsoll.internal/DEPLOYMENT": the deployment is named by its root's pin. Epoch N is this with
 * "/eN" behind it. */
void seal_deployment(const uint8_t root_pin[32], char out[SEAL_ORIGIN_SIZE]);
void seal_origin(const char *deployment, uint32_t epoch, char out[SEAL_ORIGIN_SIZE]);

#endif
