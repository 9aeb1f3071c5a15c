// SPDX-License-Identifier: Apache-2.0
/*
 * Where a module gets time and randomness from, so that a test can pin both. A module keeps a
 * borrowed `const struct pl_env *` given at init; programs pass pl_env_system().
 */
#ifndef PLIMSOLL_BASE_ENV_H
#define PLIMSOLL_BASE_ENV_H

#include <stddef.h>
#include <stdint.h>

struct pl_env {
    void *ctx;                                            /* passed to each function */
    int64_t (*now_us)(void *ctx);                         /* wall clock, may jump */
    uint64_t (*mono_us)(void *ctx);                       /* monotonic clock */
    void (*random_bytes)(void *ctx, void *out, size_t n); /* cannot fail */
};

/* The real clocks and the kernel's randomness. Static, never freed. */
const struct pl_env *pl_env_system(void);

/* Calls through the struct. */
int64_t pl_env_now_us(const struct pl_env *env);
uint64_t pl_env_mono_us(const struct pl_env *env);
uint64_t pl_env_mono_ms(const struct pl_env *env);
void pl_env_random_bytes(const struct pl_env *env, void *out, size_t n);
uint64_t pl_env_random_u64(const struct pl_env *env);

/* An environment for tests: time stands still until it is advanced, randomness is seeded. */
struct pl_env_fake {
    struct pl_env env; /* pass &fake.env */
    int64_t now_us;
    uint64_t mono_us;
    uint64_t seed_state[4];
};

/* Starts at 2026-01-01T00:00:00Z and monotonic 1 s, with the randomness of `seed`. The struct must
 * not move afterwards. */
void pl_env_fake_init(struct pl_env_fake *f, uint64_t seed);

/* Moves both clocks forward. */
void pl_env_fake_advance_us(struct pl_env_fake *f, uint64_t us);

#endif
