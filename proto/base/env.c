// SPDX-License-Identifier: Apache-2.0
/*
 * The system's clocks and randomness behind struct pl_env, and the fake one for tests.
 */
#include "plimsoll/base/env.h"

#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"

static int64_t system_now(void *ctx)
{
    (void)ctx;
    return pl_now_us();
}

static uint64_t system_mono(void *ctx)
{
    (void)ctx;
    return pl_mono_us();
}

static void system_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    pl_random_bytes(out, n);
}

const struct pl_env *pl_env_system(void)
{
    static const struct pl_env env = {NULL, system_now, system_mono, system_random};
    return &env;
}

int64_t pl_env_now_us(const struct pl_env *env)
{
    return env->now_us(env->ctx);
}

uint64_t pl_env_mono_us(const struct pl_env *env)
{
    return env->mono_us(env->ctx);
}

uint64_t pl_env_mono_ms(const struct pl_env *env)
{
    return env->mono_us(env->ctx) / 1000;
}

void pl_env_random_bytes(const struct pl_env *env, void *out, size_t n)
{
    env->random_bytes(env->ctx, out, n);
}

uint64_t pl_env_random_u64(const struct pl_env *env)
{
    uint64_t v;
    env->random_bytes(env->ctx, &v, sizeof v);
    return v;
}

static int64_t fake_now(void *ctx)
{
    const struct pl_env_fake *f = ctx;
    return f->now_us;
}

static uint64_t fake_mono(void *ctx)
{
    const struct pl_env_fake *f = ctx;
    return f->mono_us;
}

static void fake_random(void *ctx, void *out, size_t n)
{
    struct pl_env_fake *f = ctx;
    struct pl_prng r;
    memcpy(r.s, f->seed_state, sizeof r.s);
    pl_prng_bytes(&r, out, n);
    memcpy(f->seed_state, r.s, sizeof r.s);
}

void pl_env_fake_init(struct pl_env_fake *f, uint64_t seed)
{
    struct pl_prng r;
    pl_prng_init(&r, seed);
    memcpy(f->seed_state, r.s, sizeof r.s);
    f->now_us = INT64_C(1767225600000000);
    f->mono_us = 1000000;
    f->env.ctx = f;
    f->env.now_us = fake_now;
    f->env.mono_us = fake_mono;
    f->env.random_bytes = fake_random;
}

void pl_env_fake_advance_us(struct pl_env_fake *f, uint64_t us)
{
    f->now_us += (int64_t)us;
    f->mono_us += us;
}
