// SPDX-License-Identifier: Apache-2.0
/*
 * The frame of property tests whose cases are rows of steps: PL_SEED picks the first case, PL_CASES
 * how many. A failing case is shrunk by leaving steps out, and printed with its seed.
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_PROP_H
#define PLIMSOLL_TESTS_SUPPORT_PROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROP_STEPS_MAX 200

struct prop {
    const char *name;
    unsigned steps;   /* per case */
    uint64_t cases;   /* unless PL_CASES says otherwise */
    size_t least;     /* of `work` per case: fewer means that the generator makes nothing good */
    const char *unit; /* what work counts: "findings compared" */
    /* Runs the steps that are on; says which property broke, or NULL. Adds to *work. */
    const char *(*run)(uint64_t seed, const bool *on, size_t *work);
};

/* The seed of step `i` of a case: the same whatever other steps run. */
static inline uint64_t prop_step_seed(uint64_t seed, uint64_t i)
{
    return seed * 1000003 + i;
}

/* The exit status. */
int prop_main(const struct prop *p);

#endif
