// SPDX-License-Identifier: Apache-2.0
/*
 * For tests of the wire: protobuf bytes made by hand, and a filled example of every message.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_WIRE_H
#define PLIMSOLL_TESTS_SUPPORT_WIRE_H

#include "plimsoll/base/buf.h"
#include "plimsoll/wire/message.h"

/* Raw protobuf, appended to b (which must have room). Wire types: 0 varint, 1 64 bit, 2 bytes. */
void raw_varint(struct pl_buf *b, uint64_t v);
void raw_tag(struct pl_buf *b, uint32_t field, unsigned wire);
void raw_number(struct pl_buf *b, uint32_t field, uint64_t v);
void raw_fixed64(struct pl_buf *b, uint32_t field, uint64_t v);
void raw_bytes(struct pl_buf *b, uint32_t field, const void *bytes, size_t n);
void raw_str(struct pl_buf *b, uint32_t field, const char *s);
/* Appends `inner` as a submessage and releases it. */
void raw_message(struct pl_buf *b, uint32_t field, struct pl_buf *take_inner);

/* A message of this type in which every field, also of its parts, has a value that is not the
 * default. Changesets inside are owned by the message; everything else is static. False for an
 * unknown type. Release with sample_release (a decoded message has its rows elsewhere). */
bool sample_message(struct pl_msg *out, uint32_t type);
void sample_release(struct pl_msg *m);

/* A changeset with every kind of slot and value; and a keystroke: one character into a text. */
void sample_changeset(struct pl_cs *out);
void sample_keystroke(struct pl_cs *out);

#endif
