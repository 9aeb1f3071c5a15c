// SPDX-License-Identifier: Apache-2.0
/*
 * A proof that an entry is in a log, as one text that can be checked offline: c2sp.org/tlog-proof.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra BASE64        the entry itself
 *     index N
 *     BASE64 ...          hashes, from below
 *     (empty line, then the checkpoint as it was signed)
 */
#ifndef PLIMSOLL_TLOG_PROOFTEXT_H
#define PLIMSOLL_TLOG_PROOFTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tree.h"

struct pl_proof_text {
    const uint8_t *leaf;
    size_t leaf_n; /* 0: without it */
    uint64_t index;
    const uint8_t *hashes; /* 32 bytes each */
    size_t n;
    const char *note;
    size_t note_n;
};

/* Appends the text. -PL_E_LIMIT when `out` is full. It says nothing about whether the proof holds
 * (pl_tree_check_leaf). */
int pl_proof_text(const struct pl_proof_text *p, struct pl_buf *out, struct pl_err *e) PL_MUST;

#endif
