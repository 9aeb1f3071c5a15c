// SPDX-License-Identifier: Apache-2.0
/*
 * Zones through the C library: TZ is set for the look-up and put back. Local to UTC has no function
 * that tells of skipped and repeated hours, so the offsets of the day before and the day after are
 * both tried: what comes back to the same clock time is a moment that had it.
 */
#include "model/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/zone.h"

#define DAY_US (86400 * INT64_C(1000000))
#define MIN_US (60 * INT64_C(1000000))

int zone_check(const char *name, struct pl_err *e)
{
    struct pl_zone *z = pl_str_eq(name, "UTC") ? NULL : pl_zone_open(name, NULL);
    bool is_known = z != NULL || pl_str_eq(name, "UTC");

    pl_zone_free(z);
    return is_known ? 0
                    : pl_fail(e, PL_E_INVALID,
                              "'%.64s' is not a time zone here; they look like Europe/Berlin, or "
                              "UTC",
                              name);
}

int zone_offset_min(const char *name, int64_t us)
{
    const char *tz = getenv("TZ");
    char *old = tz ? pl_xstrdup(tz) : NULL;
    char *rule = pl_xasprintf(":%s", name);
    time_t t = (time_t)(us >= 0 ? us / 1000000 : -((999999 - us) / 1000000));
    struct tm tm;
    int offset = 0;

    (void)setenv("TZ", rule, 1);
    tzset();
    if (localtime_r(&t, &tm))
        offset = (int)(tm.tm_gmtoff / 60);
    if (old)
        (void)setenv("TZ", old, 1);
    else
        (void)unsetenv("TZ");
    tzset();
    free(rule);
    free(old);
    return offset;
}

void zone_format(const char *name, int64_t us, int digits, char out[PL_RFC3339_SIZE])
{
    (void)pl_rfc3339_format(us, zone_offset_min(name, us), digits, out);
}

/* "2026-03-01 09:12[:04[.5]]" as if it were UTC. */
static bool parse_local(const char *text, int64_t *us)
{
    char full[64];
    size_t n = strlen(text);
    bool is_short = n == 16;
    int len = snprintf(full, sizeof(full), "%s%sZ", text, is_short ? ":00" : "");

    return n >= 16 && len > 0 && (size_t)len < sizeof(full) &&
           pl_rfc3339_parse(full, (size_t)len, us, NULL) == 0;
}

int zone_parse(const char *text, const char *zone, int64_t *us, struct pl_err *e)
{
    char first[PL_RFC3339_SIZE], second[PL_RFC3339_SIZE];
    int64_t local = 0;
    int64_t found[2];
    size_t n = 0;

    if (pl_rfc3339_parse(text, strlen(text), us, NULL) == 0)
        return 0;
    if (!parse_local(text, &local))
        return pl_fail(e, PL_E_INVALID,
                       "'%.60s' is not a time; write 2026-03-01T09:12:04Z, or with --zone "
                       "'2026-03-01 09:12'",
                       text);
    if (!zone)
        return pl_fail(e, PL_E_INVALID,
                       "'%.60s' has no time zone: add Z or +01:00, or say --zone Europe/Berlin",
                       text);
    for (int i = -1; i <= 1; i += 2) {
        int offset = zone_offset_min(zone, local + i * DAY_US);
        int64_t at = local - offset * MIN_US;
        if (zone_offset_min(zone, at) == offset && (n == 0 || found[0] != at))
            found[n++] = at;
    }
    if (n == 1) {
        *us = found[0];
        return 0;
    }
    if (n == 0)
        return pl_fail(e, PL_E_INVALID,
                       "%.60s was skipped in %.64s when the clocks went forward; write the time "
                       "with its offset",
                       text, zone);
    zone_format(zone, found[0], 0, first);
    zone_format(zone, found[1], 0, second);
    return pl_fail(e, PL_E_INVALID, "%.60s was twice in %.64s: %s and %s; write the one you mean",
                   text, zone, first, second);
}
