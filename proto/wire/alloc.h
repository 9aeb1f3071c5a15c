// SPDX-License-Identifier: Apache-2.0
/*
 * A protobuf-c allocator that gives from an arena, at most a given number of bytes for one message.
 * Beyond that, or when the arena is spent, it gives NULL, which the library handles cleanly. Free
 * does nothing: all of it goes with the arena.
 */
#ifndef PLIMSOLL_PROTO_WIRE_ALLOC_H
#define PLIMSOLL_PROTO_WIRE_ALLOC_H

#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "plimsoll/base/arena.h"

struct pl_alloc {
    ProtobufCAllocator pb; /* give &a->pb to the library */
    struct pl_arena *arena;
    size_t left;
};

/* Both stay with the caller and must not move while the library uses them. */
void pl_alloc_init(struct pl_alloc *a, struct pl_arena *arena, size_t budget);

#endif
