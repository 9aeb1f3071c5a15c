// SPDX-License-Identifier: Apache-2.0
/*
 * A token bucket that may go into debt: whoever asks is served, and pays by waiting afterwards. So
 * nothing is refused or dropped; the connection is just not read while the debt lasts.
 */
#ifndef PLIMSOLL_SERVER_SESSION_RATE_H
#define PLIMSOLL_SERVER_SESSION_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    double per_ms;
    double burst;
    double tokens;
    uint64_t at_ms;
};

/* `per_s` units a second, up to two seconds' worth at once. 0: no limit. */
void rate_init(struct rate *r, double per_s, uint64_t now_ms);

/* Takes n units. */
void rate_take(struct rate *r, double n);

/* Is it out of debt at this time? */
bool rate_is_good(struct rate *r, uint64_t now_ms);

#endif
