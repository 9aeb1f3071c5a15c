// SPDX-License-Identifier: Apache-2.0
/*
 * Token bucket with debt.
 */
#include "session/rate.h"

void rate_init(struct rate *r, double per_s, uint64_t now_ms)
{
    r->per_ms = per_s / 1000.0;
    r->burst = per_s * 2;
    r->tokens = r->burst;
    r->at_ms = now_ms;
}

void rate_take(struct rate *r, double n)
{
    r->tokens -= n;
}

bool rate_is_good(struct rate *r, uint64_t now_ms)
{
    if (r->per_ms <= 0)
        return true;
    r->tokens += (double)(now_ms - r->at_ms) * r->per_ms;
    r->at_ms = now_ms;
    if (r->tokens > r->burst)
        r->tokens = r->burst;
    return r->tokens >= 0;
}
