// SPDX-License-Identifier: Apache-2.0
/*
 * Pre-scan of protobuf bytes before the library unpacks them: the library has no limit of depth,
 * multiplies memory and accepts bad UTF-8, so nothing reaches it that this walk has not passed. The
 * walk is driven by the generated descriptors, allocates nothing and does not recurse.
 */
#ifndef PLIMSOLL_PROTO_WIRE_VERIFY_H
#define PLIMSOLL_PROTO_WIRE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "plimsoll/base/err.h"

/* How much of one field: elements of a repeated field, bytes of a singular message, string or byte
 * range. A repeated field without a limit is a fault of the schema (asserted). */
struct pl_verify_limit {
    const ProtobufCMessageDescriptor *message;
    uint32_t field;
    uint32_t max;
};

struct pl_verify_rules {
    const struct pl_verify_limit *limits;
    size_t n_limits;
    uint32_t fields_max; /* fields of the whole message, nested and unknown ones included */
    bool refuse_unknown; /* the server's way; otherwise they are skipped, not descended into */
};

/* Judges `n` bytes as a message of type `d`: tags, wire types, lengths, ranges of values, nesting,
 * counts, clean text in strings, singular fields at most once, one field of a oneof.
 * -PL_E_BAD_MESSAGE, -PL_E_BAD_TEXT, -PL_E_LIMIT with a text that names the field. */
int pl_wire_verify(const ProtobufCMessageDescriptor *d, const void *bytes, size_t n,
                   const struct pl_verify_rules *rules, struct pl_err *e) PL_MUST;

#endif
