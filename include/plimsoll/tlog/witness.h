// SPDX-License-Identifier: Apache-2.0
/*
 * A witness of a log (c2sp.org/tlog-witness): it remembers the last checkpoint that it signed and
 * signs the next one only with a proof that nothing before has changed. This is its judgement,
 * without the file that it remembers in; the transport (HTTP, ssh, a pipe) is somebody else's.
 */
#ifndef PLIMSOLL_TLOG_WITNESS_H
#define PLIMSOLL_TLOG_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tlog/note.h"

#define PL_WITNESS_BODY_MAX (PL_NOTE_MAX_BYTES + 64u * 64u)

/* Statuses of HTTP, which is what the specification answers in. */
enum pl_witness_status {
    PL_WITNESS_SIGN = 200,     /* remember `next`, then sign and answer */
    PL_WITNESS_BAD = 400,      /* not a request */
    PL_WITNESS_UNSIGNED = 403, /* not signed by the log's key */
    PL_WITNESS_UNKNOWN = 404,  /* another log */
    PL_WITNESS_CONFLICT =
        409,                /* it builds on another checkpoint than the last, or is a fork of it */
    PL_WITNESS_PROOF = 422, /* the proof does not hold */
};

/* Judges the body of add-checkpoint: "old N", lines of a proof, an empty line, a checkpoint. `last`
 * is what was signed last (size 0: nothing yet). With SIGN, `next` is the new checkpoint and
 * *note_at says where its note begins in the body. `e` (NULL ok) says why not. */
enum pl_witness_status pl_witness_judge(const struct pl_vkey *log, const struct pl_checkpoint *last,
                                        const char *body, size_t n, struct pl_checkpoint *next,
                                        size_t *note_at, struct pl_err *e);

/* Appends the line with the witness's signature of a note. */
int pl_witness_line(const char *note, size_t n, const struct pl_skey *k, uint64_t time_s,
                    struct pl_buf *out, struct pl_err *e) PL_MUST;

/* A signing key as text, "PRIVATE+KEY+NAME+ID+BASE64" and a newline, as Go's note package writes
 * it; out has room for PL_SKEY_SIZE; wipe it. And back: -PL_E_INVALID. */
#define PL_SKEY_SIZE 288
void pl_skey_print(const struct pl_skey *k, char out[PL_SKEY_SIZE]);
int pl_skey_parse(const char *s, struct pl_skey *out, struct pl_err *e) PL_MUST;

#endif
