// SPDX-License-Identifier: Apache-2.0
/*
 * A bump allocator with a hard byte budget: everything that one message makes us allocate comes
 * from one arena and goes away with it. Alloc beyond the budget returns NULL, never aborts.
 */
#ifndef PLIMSOLL_BASE_ARENA_H
#define PLIMSOLL_BASE_ARENA_H

#include <stddef.h>

#include "plimsoll/base/err.h"

struct pl_arena_block;

struct pl_arena {
    struct pl_arena_block *head;
    size_t used; /* bytes given out since the last reset, rounding included */
    size_t max;  /* budget */
};

/* Makes an empty arena of at most `max` bytes; allocates nothing yet. */
void pl_arena_init(struct pl_arena *a, size_t max);

/* 16-byte aligned, uninitialised memory, or NULL when the budget is spent. */
void *pl_arena_alloc(struct pl_arena *a, size_t n);

/* Copies of bytes and strings (NUL added), or NULL. */
void *pl_arena_dup(struct pl_arena *a, const void *bytes, size_t n);
char *pl_arena_strdup(struct pl_arena *a, const char *s, size_t n);

/* Forgets everything given out; keeps one block for reuse. */
void pl_arena_reset(struct pl_arena *a);

/* Frees all; tolerates a zeroed struct. */
void pl_arena_release(struct pl_arena *a);

#endif
