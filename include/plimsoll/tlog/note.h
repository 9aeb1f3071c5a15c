// SPDX-License-Identifier: Apache-2.0
/*
 * Signed notes and checkpoints, as c2sp.org/signed-note and c2sp.org/tlog-checkpoint define them: a
 * text, an empty line, and one line for each signature. Ed25519 (RFC 8032) by the log, type 0x01;
 * cosignatures of witnesses with their time, type 0x04 (c2sp.org/tlog-cosignature). The key of a
 * log never leaves the process that signs; a verifier holds only the line NAME+ID+KEY.
 */
#ifndef PLIMSOLL_TLOG_NOTE_H
#define PLIMSOLL_TLOG_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tree.h"

#define PL_NOTE_MAX_BYTES   65536u
#define PL_NOTE_SIGS_MAX    16 /* signature lines of one note */
#define PL_NOTE_NAME_SIZE   128
#define PL_NOTE_ED25519     0x01
#define PL_NOTE_COSIGNATURE 0x04
#define PL_VKEY_SIZE        256 /* room for NAME+XXXXXXXX+BASE64 and the zero */

/* Whom a verifier trusts. */
struct pl_vkey {
    char name[PL_NOTE_NAME_SIZE];
    uint8_t id[4];
    uint8_t type;
    uint8_t key[32];
};

/* Who signs. Wipe it (pl_wipe) when done. */
struct pl_skey {
    struct pl_vkey pub;
    uint8_t secret[64];
};

/* The key pair that follows from 32 secret bytes. -PL_E_INVALID for a name that is empty, too long
 * or has blanks or "+" in it. */
int pl_skey_from_seed(const char *name, uint8_t type, const uint8_t seed[32], struct pl_skey *out,
                      struct pl_err *e) PL_MUST;

/* NAME+XXXXXXXX+BASE64, and back: -PL_E_INVALID if the id does not belong to name and key. */
void pl_vkey_print(const struct pl_vkey *k, char out[PL_VKEY_SIZE]);
int pl_vkey_parse(const char *s, struct pl_vkey *out, struct pl_err *e) PL_MUST;

/* Appends `text` (ends in a newline, holds no other control bytes) as a note with one signature of
 * type Ed25519. -PL_E_INVALID, -PL_E_LIMIT. */
int pl_note_sign(const char *text, const struct pl_skey *k, struct pl_buf *out,
                 struct pl_err *e) PL_MUST;

/* Adds a witness's line to a note, with the time in seconds since 1970. */
int pl_note_cosign(struct pl_buf *note, const struct pl_skey *k, uint64_t time_s,
                   struct pl_err *e) PL_MUST;

/* Checks that `note` carries a good signature of this key, and gives the length of the text in it
 * (with its last newline). Signatures of others are passed over. `time_s` (NULL ok): the time that
 * a cosignature states, else 0. -PL_E_INVALID says what is wrong: form, no line of this key, or a
 * line of this key that is false. */
int pl_note_check(const char *note, size_t n, const struct pl_vkey *k, size_t *text_len,
                  uint64_t *time_s, struct pl_err *e) PL_MUST;

/* --- checkpoints -------------------------------------------------------------------------------
 */

struct pl_checkpoint {
    char origin[PL_NOTE_NAME_SIZE];
    uint64_t size;
    struct pl_hash root;
};

/* The text of a checkpoint: origin, size, root in base64, a line each. `out` has room for
 * PL_CHECKPOINT_SIZE. */
#define PL_CHECKPOINT_SIZE 256
void pl_checkpoint_print(const struct pl_checkpoint *c, char out[PL_CHECKPOINT_SIZE]);

/* Reads the text of a note as a checkpoint; lines behind the third are refused (no extensions). */
int pl_checkpoint_parse(const char *text, size_t n, struct pl_checkpoint *out,
                        struct pl_err *e) PL_MUST;

#endif
