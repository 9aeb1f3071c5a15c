// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the codec: one pair of functions per message between our structs and the generated
 * ones, and the helpers that they share. `get` turns an unpacked and verified message into our
 * struct and judges values; `put` makes a generated message in the scratch arena that borrows from
 * our struct. Errors stick in the context, so that the functions read as lists of fields. Only
 * codec*.c include the generated headers.
 */
#ifndef PLIMSOLL_PROTO_WIRE_CODEC_H
#define PLIMSOLL_PROTO_WIRE_CODEC_H

#include <protobuf-c/protobuf-c.h>

#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

struct pl_get {
    struct pl_arena *arena;
    enum pl_side reader;
    int rc; /* first failure, or 0 */
    struct pl_err *e;
};

struct pl_put {
    struct pl_arena *arena; /* scratch, goes when the message is packed */
    int rc;
    struct pl_err *e;
};

/* `out` is the pl_<field> struct, zeroed before; on failure nothing in it needs releasing. */
typedef int pl_codec_get_cb(void *out, const ProtobufCMessage *in, struct pl_get *c);
/* NULL on failure, with the code in c->rc. */
typedef ProtobufCMessage *pl_codec_put_cb(const void *in, struct pl_put *c);

#define PL_MESSAGE(name, number, proto, field, direction, state) \
    pl_codec_get_cb pl_codec_get_##field;                        \
    pl_codec_put_cb pl_codec_put_##field;
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE

/* Descriptor of a message, NULL if unknown: for the tests of the pre-scan. */
const ProtobufCMessageDescriptor *pl_codec_descriptor(uint32_t type);

/* Remembers the first failure. */
void pl_get_fail(struct pl_get *c, int code, const char *name, const char *what);
void pl_put_fail(struct pl_put *c, int code, const char *name, const char *what);

/* One line of clean text, at most `max` characters, borrowed from the unpacked message. */
void pl_get_str(struct pl_get *c, const char **out, const char *s, uint32_t max, const char *name);

/* The same of any number of lines. */
void pl_get_text(struct pl_get *c, const char **out, const char *s, uint32_t max, const char *name);

/* min..max bytes, borrowed likewise. */
void pl_get_bytes(struct pl_get *c, struct pl_bytes *out, const ProtobufCBinaryData *in, size_t min,
                  size_t max, const char *name);

/* Room for n items in the arena; NULL with the failure set when the budget is spent. */
void *pl_get_items(struct pl_get *c, size_t n, size_t size);

/* The same rules for what is sent. NULL counts as "". */
char *pl_put_str(struct pl_put *c, const char *s, uint32_t max, const char *name);
char *pl_put_text(struct pl_put *c, const char *s, uint32_t max, const char *name);

/* For texts that are only shown: what breaks the rules is replaced, what is too long is cut, so
 * that an awkward name or reason never keeps a message from being sent. */
char *pl_put_shown(struct pl_put *c, const char *s, uint32_t max);

ProtobufCBinaryData pl_put_bytes(struct pl_put *c, const struct pl_bytes *in, size_t min,
                                 size_t max, const char *name);

void *pl_put_alloc(struct pl_put *c, size_t n);

/* Changesets, used by Submit, Rev and the journal. `in` is a Plimsoll__Changeset or NULL. */
struct pl_codec_cs {
    struct pl_cs *cs;
    struct pl_caret *caret_after; /* may be NULL with undo_of: the changeset alone */
    uint32_t *undo_of;
};
int pl_codec_get_changeset(struct pl_codec_cs out, const ProtobufCMessage *in, struct pl_get *c);
ProtobufCMessage *pl_codec_put_changeset(const struct pl_cs *cs, const struct pl_caret *caret_after,
                                         uint32_t undo_of, struct pl_put *c);

/* Ids of entries: a Plimsoll__Eid or NULL for the root. */
struct pl_eid pl_codec_get_eid(const ProtobufCMessage *in);
ProtobufCMessage *pl_codec_put_eid(struct pl_eid eid, struct pl_put *c);

/* Carets: a Plimsoll__Caret or NULL for none. */
void pl_codec_get_caret(struct pl_caret *out, const ProtobufCMessage *in);
ProtobufCMessage *pl_codec_put_caret(const struct pl_caret *in, struct pl_put *c);

#endif
