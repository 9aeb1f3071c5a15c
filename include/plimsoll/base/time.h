// SPDX-License-Identifier: Apache-2.0
/*
 * Time as int64 microseconds since 1970-01-01T00:00:00Z, and its text form RFC 3339. No time
 * zones here beyond a fixed offset, no leap seconds (second 60 is refused), no libc calendar.
 * Range: years 0000 to 9999. Durations and deadlines use the monotonic clock.
 */
#ifndef PLIMSOLL_BASE_TIME_H
#define PLIMSOLL_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

/* "0000-01-01T00:00:00Z" and "9999-12-31T23:59:59.999999Z". */
#define PL_TIME_MIN_US INT64_C(-62167219200000000)
#define PL_TIME_MAX_US INT64_C(253402300799999999)

/* Room for the longest text that pl_rfc3339_format writes, NUL included. */
#define PL_RFC3339_SIZE 36

/* Wall clock in UTC, microseconds. May jump. */
int64_t pl_now_us(void);

/* Monotonic clock; only differences mean something. */
uint64_t pl_mono_us(void);
uint64_t pl_mono_ms(void);

/* A moment taken apart. */
struct pl_civil {
    int year;       /* 0-9999 */
    int month;      /* 1-12 */
    int day;        /* 1-31 */
    int hour;       /* 0-23 */
    int minute;     /* 0-59 */
    int second;     /* 0-59 */
    int us;         /* 0-999999 */
    int weekday;    /* 0 Sunday - 6 Saturday */
    int offset_min; /* minutes east of UTC that the fields are shown in, -1439..1439 */
};

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back.
 * Algorithm: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t pl_days_from_civil(int year, int month, int day);
void pl_civil_from_days(int64_t days, int *year, int *month, int *day);

/* Number of days of a month (1-12). */
int pl_days_in_month(int year, int month);

/* Takes a moment apart as seen at `offset_min`; moments outside of the range are clamped. */
void pl_civil_from_us(int64_t us, int offset_min, struct pl_civil *out);

/* Puts it together again; -PL_E_INVALID if a field is out of its range. */
int pl_civil_to_us(const struct pl_civil *c, int64_t *us) PL_MUST;

/* Writes "2026-03-01T14:02:07.250Z" with `digits` (0-6) of fraction, cut and not rounded; with
 * an offset other than 0 "+01:00" instead of Z. Returns the length. */
size_t pl_rfc3339_format(int64_t us, int offset_min, int digits, char out[PL_RFC3339_SIZE]);

/* Reads RFC 3339 section 5.6: 'T' or 't' or a blank, any number of fraction digits (those beyond
 * the sixth are dropped), 'Z' or 'z' or an offset. `*offset_min` (may be NULL) gets the offset.
 * -PL_E_INVALID on anything else, outputs unchanged. */
int pl_rfc3339_parse(const char *text, size_t n, int64_t *us, int *offset_min) PL_MUST;

#endif
