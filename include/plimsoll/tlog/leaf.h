// SPDX-License-Identifier: Apache-2.0
/*
 * A leaf of the audit log: one event as bytes, big-endian, with one form for each event. The server
 * writes leaves in SQL (sql/0002_audit.sql); this is the other side: the reader that a verifier
 * uses, and a writer for tests and tools, so that decode(x) ok means encode(decode(x)) == x.
 *
 *   off len field
 *     0   4 "PLA1"              4 1 version, 1          5 1 outcome: 0 ok, 1 denied    6 2 kind
 *     8   8 stream: a review, or 0 for the organisation                 16 8 number in the stream
 *    24   8 microseconds since 1970    32 8 user    40 8 device    48 4 server process
 *    52  32 hash of the leaf before in this stream, zeros for number 0
 *    84  16 random bytes, so that a leaf cannot be guessed from its hash
 *   100  32 commitment to a payload, SHA-256("PLC1" || salt || payload); zeros: none
 *   132   2 number of fields, then each: tag 2, length 2, bytes; tags strictly ascending
 */
#ifndef PLIMSOLL_TLOG_LEAF_H
#define PLIMSOLL_TLOG_LEAF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tree.h"

#define PL_LEAF_MAX         4096u
#define PL_LEAF_HEAD        134u /* bytes before the fields */
#define PL_LEAF_BLIND       16u
#define PL_LEAF_TAG_SIGNED  0x7001u /* a signed act: algorithm, time, nonce, signature */
#define PL_LEAF_KIND_ERASE  0x0602u
#define PL_LEAF_OUTCOME_MAX 1u

struct pl_leaf {
    uint8_t outcome;
    uint16_t kind;
    uint64_t stream, number;
    int64_t time_us;
    uint64_t user, device;
    uint32_t node;
    struct pl_hash prev, commitment;
    uint8_t blind[PL_LEAF_BLIND];
    uint16_t n_fields;
    const uint8_t *fields; /* borrowed from the bytes that were read */
    size_t fields_len;
};

/* Reads a leaf. `out` borrows from `bytes`. -PL_E_INVALID names what is wrong: length, magic,
 * version, outcome, a field out of order or cut off, bytes behind the last field. */
int pl_leaf_decode(const void *bytes, size_t n, struct pl_leaf *out, struct pl_err *e) PL_MUST;

/* The field with this tag: false when there is none. */
bool pl_leaf_field(const struct pl_leaf *l, uint16_t tag, const uint8_t **bytes, size_t *n);
/* A field of exactly eight bytes as a number; false when there is none of that length. */
bool pl_leaf_u64(const struct pl_leaf *l, uint16_t tag, uint64_t *out);

/* Appends the bytes of a leaf. -PL_E_LIMIT above PL_LEAF_MAX, -PL_E_INVALID for fields that
 * pl_leaf_decode would refuse. */
int pl_leaf_encode(const struct pl_leaf *l, struct pl_buf *out, struct pl_err *e) PL_MUST;

#endif
