// SPDX-License-Identifier: Apache-2.0
/*
 * Randomness: the operating system's for ids and secrets, and a seeded generator for tests and
 * simulations, which must never make anything that has to be hard to guess.
 */
#ifndef PLIMSOLL_BASE_RNG_H
#define PLIMSOLL_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Fills `out` from the kernel's generator (libsodium). Cannot fail; thread-safe. */
void pl_random_bytes(void *out, size_t n);

/* A random 64-bit number, any value. */
uint64_t pl_random_u64(void);

/* A random number below `bound` without bias; 0 when bound is 0 or 1. */
uint64_t pl_random_below(uint64_t bound);

/* xoshiro256** 1.0 by D. Blackman and S. Vigna (prng.di.unimi.it), seeded by SplitMix64.
 * The same seed gives the same numbers for ever and on every machine. */
struct pl_prng {
    uint64_t s[4];
};

/* Starts the sequence of `seed`. */
void pl_prng_init(struct pl_prng *r, uint64_t seed);

/* The next 64 bits. */
uint64_t pl_prng_u64(struct pl_prng *r);

/* The next number below `bound` without bias (D. Lemire 2019); 0 when bound is 0 or 1. */
uint64_t pl_prng_below(struct pl_prng *r, uint64_t bound);

/* The next number between `lo` and `hi`, both included; lo <= hi. */
int64_t pl_prng_range(struct pl_prng *r, int64_t lo, int64_t hi);

/* True once in `n` times on average. */
int pl_prng_one_in(struct pl_prng *r, uint64_t n);

/* Fills `out`. */
void pl_prng_bytes(struct pl_prng *r, void *out, size_t n);

#endif
