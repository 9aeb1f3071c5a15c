// SPDX-License-Identifier: Apache-2.0
/*
 * Small fixed allocations that cannot fail: out of memory or an overflowing size aborts with a
 * message, because a program that cannot get 64 bytes cannot act on the error either. Anything
 * whose size a peer chooses goes through a budget instead: struct pl_buf or struct pl_arena.
 * Everything returned here is freed with free(); what was allocated with a tag is freed with
 * pl_mem_free and the same tag, so that the counters (exported as metrics) come back to zero.
 */
#ifndef PLIMSOLL_BASE_MEM_H
#define PLIMSOLL_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/* What a counted allocation belongs to: PL_MEM_TAG(NAME, "metric label"). */
#define PL_MEM_TAGS                \
    PL_MEM_TAG(OTHER, "other")     \
    PL_MEM_TAG(STREAM, "stream")   \
    PL_MEM_TAG(FRAME, "frame")     \
    PL_MEM_TAG(SESSION, "session") \
    PL_MEM_TAG(REQUEST, "request") \
    PL_MEM_TAG(ROOM, "room")       \
    PL_MEM_TAG(MEMBER, "member")   \
    PL_MEM_TAG(OPLOG, "oplog")     \
    PL_MEM_TAG(DOC, "doc")         \
    PL_MEM_TAG(STORE, "store")     \
    PL_MEM_TAG(AUTH, "auth")       \
    PL_MEM_TAG(JOURNAL, "journal") \
    PL_MEM_TAG(VIEW, "view")

enum pl_mem_tag {
#define PL_MEM_TAG(name, label) PL_MEM_##name,
    PL_MEM_TAGS
#undef PL_MEM_TAG
        PL_MEM_TAG_COUNT
};

/* Uninitialised memory of `n` bytes (n = 0 gives a pointer that can be freed). Never NULL. */
void *pl_xmalloc(size_t n) __attribute__((malloc, returns_nonnull));

/* Zeroed memory for `count` items of `size` bytes. Never NULL. */
void *pl_xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes `p` (may be NULL) to `count` items of `size` bytes; new bytes are uninitialised. */
void *pl_xrealloc(void *p, size_t count, size_t size) __attribute__((returns_nonnull));

/* Copies of a string, of at most `n` bytes of a string (NUL added), and of bytes. */
char *pl_xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *pl_xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
void *pl_xmemdup(const void *bytes, size_t n) __attribute__((malloc, returns_nonnull));

/* Formatted text in new memory. Never NULL. */
char *pl_xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* Zeroed memory that is counted under `tag`. Thread-safe. Never NULL. */
void *pl_mem_calloc(enum pl_mem_tag tag, size_t count, size_t size)
    __attribute__((returns_nonnull));

/* Frees what pl_mem_calloc gave under the same tag; accepts NULL. */
void pl_mem_free(enum pl_mem_tag tag, void *p);

/* Live allocations and bytes (as the allocator rounds them) of a tag. */
struct pl_mem_stat {
    uint64_t count;
    uint64_t bytes;
};
struct pl_mem_stat pl_mem_stat_get(enum pl_mem_tag tag);

/* The metric label of a tag, e.g. "room". */
const char *pl_mem_tag_name(enum pl_mem_tag tag);

#endif
