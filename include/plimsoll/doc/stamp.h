// SPDX-License-Identifier: Apache-2.0
/*
 * Time stamps as text: RFC 3339 to and from microseconds since 1970 in UTC. No zone database: the
 * offset stands in the text. Years 1970 to 9999.
 */
#ifndef PLIMSOLL_DOC_STAMP_H
#define PLIMSOLL_DOC_STAMP_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#define PL_STAMP_MAX 32

/* Reads "2026-03-01T14:05:09.25+01:00"; "T" may be "t" or a space, seconds may be absent, fractions
 * have 1-6 digits, the zone is Z or an offset and must be there. A date alone is midnight UTC. Second
 * 60 is the next minute. -PL_E_INVALID. */
int pl_stamp_parse(const char *s, size_t n, int64_t *us, struct pl_err *e) PL_MUST;

/* Writes "2026-03-01T13:05:09Z", with ".250000" only when it is not a whole second. */
void pl_stamp_format(char out[PL_STAMP_MAX], int64_t us);

/* Days since 1970-01-01 of a civil date (proleptic Gregorian; H. Hinnant, "chrono-compatible low-level
 * date algorithms"), and back. */
int64_t pl_stamp_days(int64_t year, unsigned month, unsigned day);
void pl_stamp_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
