// SPDX-License-Identifier: Apache-2.0
/*
 * What this host has signed last: DIR/log/last.ckpt, a checkpoint as a signed note. It is on disk
 * before the checkpoint is anywhere else, and no tree that does not continue it is ever signed.
 */
#ifndef PLIMSOLL_SERVER_AUDIT_SEAL_FILE_H
#define PLIMSOLL_SERVER_AUDIT_SEAL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"

#define SEAL_NOTE_MAX 1024u

struct seal_last {
    bool is_there;
    uint32_t epoch; /* of its origin */
    struct pl_checkpoint c;
    char note[SEAL_NOTE_MAX];
};

/* Reads and checks it; no file: is_there false. -PL_E_INVALID: it is not a checkpoint of this
 * deployment signed by this key. */
int seal_last_read(const char *log_dir, const char *deployment, const uint8_t seed[32],
                   struct seal_last *out, struct pl_err *e) PL_MUST;

/* Signs a checkpoint in memory. */
int seal_last_sign(const struct pl_skey *key, uint32_t epoch, const struct pl_tree *tree,
                   struct seal_last *out, struct pl_err *e) PL_MUST;

/* Puts it on disk: when this returns 0, it stays. */
int seal_last_write(const char *log_dir, const struct seal_last *l, struct pl_err *e) PL_MUST;

#endif
