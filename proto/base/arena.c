// SPDX-License-Identifier: Apache-2.0
/*
 * A bump allocator: blocks of growing size in a list, the newest at the head. The budget counts
 * what was given out, so a caller can compute whether its message fits; the blocks themselves
 * never exceed the budget by more than one block header each and the slack of the last one.
 */
#include "plimsoll/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 16u
#define BLOCK_MIN 1024u
#define BLOCK_MAX (64u * 1024u)

struct pl_arena_block {
    struct pl_arena_block *next;
    size_t size; /* of bytes[] */
    size_t used;
    alignas(ALIGNMENT) unsigned char bytes[];
};

void pl_arena_init(struct pl_arena *a, size_t max)
{
    a->head = NULL;
    a->used = 0;
    a->max = max;
}

/* A block for at least `n` more bytes in front of the list, or NULL. */
static struct pl_arena_block *add_block(struct pl_arena *a, size_t n)
{
    size_t size = a->head != NULL ? a->head->size * 2 : BLOCK_MIN;
    if (size > BLOCK_MAX)
        size = BLOCK_MAX;
    if (size > a->max - a->used)
        size = a->max - a->used;
    if (size < n)
        size = n;
    if (size > SIZE_MAX - sizeof(struct pl_arena_block))
        return NULL;
    struct pl_arena_block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    b->used = 0;
    b->next = a->head;
    a->head = b;
    return b;
}

void *pl_arena_alloc(struct pl_arena *a, size_t n)
{
    if (n == 0)
        n = 1;
    if (n > SIZE_MAX - ALIGNMENT)
        return NULL;
    n = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (n > a->max - a->used)
        return NULL;
    struct pl_arena_block *b = a->head;
    if (b == NULL || n > b->size - b->used) {
        b = add_block(a, n);
        if (b == NULL)
            return NULL;
    }
    void *p = b->bytes + b->used;
    b->used += n;
    a->used += n;
    return p;
}

void *pl_arena_dup(struct pl_arena *a, const void *bytes, size_t n)
{
    void *p = pl_arena_alloc(a, n);
    if (p != NULL && n > 0)
        memcpy(p, bytes, n);
    return p;
}

char *pl_arena_strdup(struct pl_arena *a, const char *s, size_t n)
{
    if (n == SIZE_MAX)
        return NULL;
    char *p = pl_arena_alloc(a, n + 1);
    if (p != NULL) {
        if (n > 0)
            memcpy(p, s, n);
        p[n] = '\0';
    }
    return p;
}

static void free_list(struct pl_arena_block *b)
{
    while (b != NULL) {
        struct pl_arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void pl_arena_reset(struct pl_arena *a)
{
    struct pl_arena_block *keep = a->head;
    a->used = 0;
    if (keep == NULL)
        return;
    free_list(keep->next);
    keep->next = NULL;
    keep->used = 0;
    if (keep->size > BLOCK_MAX) {
        free(keep);
        a->head = NULL;
    }
}

void pl_arena_release(struct pl_arena *a)
{
    free_list(a->head);
    a->head = NULL;
    a->used = 0;
}
