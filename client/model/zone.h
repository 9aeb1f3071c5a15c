// SPDX-License-Identifier: Apache-2.0
/*
 * Time zones by their IANA names, for showing moments and for reading times that were noted without
 * an offset. Moments themselves are UTC everywhere; a zone never moves one. The rules come from the
 * system's zone database. For one thread: the C library keeps the zone in the process.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_ZONE_H
#define PLIMSOLL_CLIENT_MODEL_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/time.h"

/* Is it a zone of this machine's database ("Europe/Berlin", "UTC")? -PL_E_INVALID says what one
 * looks like. */
int zone_check(const char *name, struct pl_err *e) PL_MUST;

/* Minutes east of UTC that hold in a known zone at a moment. */
int zone_offset_min(const char *name, int64_t us);

/* "2026-03-01T10:12:04+01:00". */
void zone_format(const char *name, int64_t us, int digits, char out[PL_RFC3339_SIZE]);

/* Reads a time as people note it: RFC 3339 with offset or Z (the zone is not asked then), or
 * "2026-03-01 09:12", "2026-03-01T09:12:04.5" on the clocks of the zone. NULL: there must be an
 * offset. -PL_E_INVALID: not a time; an hour that the clocks skipped; one that they showed twice
 * (the error names both moments). */
int zone_parse(const char *text, const char *zone, int64_t *us, struct pl_err *e) PL_MUST;

#endif
