// SPDX-License-Identifier: Apache-2.0
/*
 * Identity of an entry: made by the client that creates it, unique without asking anyone.
 * The root of a review is {0, 0}; client 0 is the server.
 */
#ifndef PLIMSOLL_MERGE_ID_H
#define PLIMSOLL_MERGE_ID_H

#include <stdbool.h>
#include <stdint.h>

struct pl_eid {
    uint64_t client;
    uint32_t n;
};

#define PL_EID_ROOT ((struct pl_eid){0, 0})

/* Are these the same entry? */
static inline bool pl_eid_eq(struct pl_eid a, struct pl_eid b)
{
    return a.client == b.client && a.n == b.n;
}

/* Is it the review itself? */
static inline bool pl_eid_is_root(struct pl_eid a)
{
    return a.client == 0 && a.n == 0;
}

/* Total order: client, then n. Negative, 0 or positive. */
static inline int pl_eid_cmp(struct pl_eid a, struct pl_eid b)
{
    if (a.client != b.client)
        return a.client < b.client ? -1 : 1;
    return a.n == b.n ? 0 : (a.n < b.n ? -1 : 1);
}

#endif
