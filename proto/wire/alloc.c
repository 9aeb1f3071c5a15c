// SPDX-License-Identifier: Apache-2.0
/*
 * The budget counts what the arena gives out, rounding included, so that many tiny allocations cost
 * what they take.
 */
#include "alloc.h"

#include <stdint.h>

#define ROUND 16u

static void *take(void *data, size_t n)
{
    struct pl_alloc *a = data;
    if (n > SIZE_MAX - ROUND)
        return NULL;
    size_t rounded = n == 0 ? ROUND : (n + ROUND - 1) / ROUND * ROUND;
    if (rounded > a->left)
        return NULL;
    void *p = pl_arena_alloc(a->arena, n == 0 ? 1 : n);
    if (p != NULL)
        a->left -= rounded;
    return p;
}

static void give_back(void *data, void *p)
{
    (void)data;
    (void)p;
}

void pl_alloc_init(struct pl_alloc *a, struct pl_arena *arena, size_t budget)
{
    a->pb.alloc = take;
    a->pb.free = give_back;
    a->pb.allocator_data = a;
    a->arena = arena;
    a->left = budget;
}
