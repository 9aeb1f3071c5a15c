// SPDX-License-Identifier: Apache-2.0
/*
 * What this device has seen of a server's audit log: its newest checkpoint, kept in the state
 * folder for each server (named by its root's pin) and each user of it. Every device is a witness:
 * a server that shows a shorter or another log later is refused, until somebody has looked into it.
 *
 * A new epoch of the log (the server's operator began it anew after losing a part) is taken when
 * the same key has signed it, and said.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_SEEN_H
#define PLIMSOLL_CLIENT_MODEL_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#define SEEN_PATH_MAX 1200

struct seen {
    char path[SEEN_PATH_MAX]; /* of the file; "": nowhere to keep it */
    bool is_there;            /* a checkpoint was seen */
    struct pl_vkey key;
    struct pl_checkpoint c;
    uint64_t lag_us; /* as the server said last */
    bool began_anew; /* the last answer was of a new epoch */
    char note[PL_AUDIT_NOTE_MAX + 1];
};

/* Reads what is kept for this server. A file that cannot be read or is none is -PL_E_IO or
 * -PL_E_INVALID: whoever removes it by hand forgets what this device saw. */
int seen_load(struct seen *s, const char *state_dir, const uint8_t root_pin[32], uint64_t user,
              struct pl_err *e) PL_MUST;

/* Holds an answer against what was seen, and keeps it. -PL_E_ROLLBACK: the server's log does not
 * continue it. -PL_E_IO: it could not be kept. */
int seen_take(struct seen *s, const struct pl_audit_growth_reply *r, struct pl_err *e) PL_MUST;

/* Checks that a leaf is in the tree of a checkpoint signed by the key that was seen; `c` (NULL ok)
 * gets the checkpoint. -PL_E_ROLLBACK when the signature or the proof is false. */
int seen_check_leaf(const struct seen *s, const struct pl_audit_proof_reply *r,
                    struct pl_checkpoint *c, struct pl_err *e) PL_MUST;

#endif
