// SPDX-License-Identifier: Apache-2.0
/*
 * Who voted what must not be readable from the database, its log or its backups. So each vote has a
 * random key in a file of its own beside the database, DIR/votes/REVIEW-ROUND.key; the voter of a
 * choice is a hash of that key and the person. When the vote is counted the key is deleted, and
 * what is left of the rows (dead versions, write-ahead log, backups) belongs to nobody.
 *
 * All server processes of one data directory share the files; a process without the key of a vote
 * cannot take choices for it, which the store sees by `check`.
 */
#ifndef PLIMSOLL_SERVER_CMD_VOTE_KEY_H
#define PLIMSOLL_SERVER_CMD_VOTE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#include "store/repo_vote.h"

struct vote_id {
    uint8_t voter[VOTE_ID_BYTES]; /* the person, in this vote only */
    uint8_t check[VOTE_ID_BYTES]; /* the same for all voters of one key */
};

/* Makes the id; the key too when there is none yet and `make` is set. Without it -PL_E_NOENT:
 * nobody has voted here. -PL_E_IO. Reads a file of 32 bytes. */
int vote_id_make(const char *dir, uint64_t review, uint32_t round, uint64_t user, bool make,
                 struct vote_id *out, struct pl_err *e) PL_MUST;

/* Deletes the key of a vote that is counted, if it is there. */
void vote_key_forget(const char *dir, uint64_t review, uint32_t round);

#endif
