// SPDX-License-Identifier: Apache-2.0
/*
 * When the clocks of a time zone change: the compiled rules of the machine's zone database (TZif,
 * RFC 8536), read without touching the process's own zone. For judging moments; showing and reading
 * them for people is the client's business.
 */
#ifndef PLIMSOLL_BASE_ZONE_H
#define PLIMSOLL_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#define PL_ZONE_NAME_MAX  64
#define PL_ZONE_BYTES_MAX 65536u
#define PL_ZONE_TIMES_MAX 2048u

struct pl_zone;

/* Has it the form of a zone's name: "UTC", "Europe/Berlin"? Not whether there is such a zone. What
 * passes stays inside of a folder when it is taken for a path. */
bool pl_zone_is_name(const char *name);

/* Reads a zone by its IANA name from $TZDIR or /usr/share/zoneinfo. NULL: -PL_E_INVALID in *e for
 * what is no name or no zone, -PL_E_NOENT for one that is not there. */
struct pl_zone *pl_zone_open(const char *name, struct pl_err *e);

/* The same from the bytes of such a file (version 2 or later). NULL and -PL_E_INVALID in *e when
 * they are malformed. */
struct pl_zone *pl_zone_parse(const void *bytes, size_t n, struct pl_err *e);
void pl_zone_free(struct pl_zone *z); /* NULL ok */

/* What the clocks of the zone did to the hour of a moment. */
enum pl_zone_hour {
    PL_ZONE_PLAIN = 0,
    PL_ZONE_REPEATED, /* they showed this time twice */
    PL_ZONE_SKIPPED, /* they had just left out as much as lies between then and now: a time noted in
                        the part that they left out is usually taken for this one */
};

/* For microseconds since 1970. Only changes that the file lists count, which end where its rule
 * line takes over (2037 in Debian's files). */
enum pl_zone_hour pl_zone_hour(const struct pl_zone *z, int64_t us);

#endif
