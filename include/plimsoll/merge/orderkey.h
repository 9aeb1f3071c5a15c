// SPDX-License-Identifier: Apache-2.0
/*
 * Order keys: the place of an entry among its siblings as one register, so that a move never shifts
 * anyone's index. A key is a base-62 fraction with an integer part (appending and prepending grow
 * it by log n; after the well-known "fractional indexing" scheme of Figma and Rocicorp) followed by
 * a suffix of client id and counter, unique by construction. Bytewise order is list order.
 */
#ifndef PLIMSOLL_MERGE_ORDERKEY_H
#define PLIMSOLL_MERGE_ORDERKEY_H

#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/merge/changeset.h"

/* A key strictly between lo and hi (either may be NULL for "no bound"); lo < hi. Unique for
 * (client, counter). -PL_E_LIMIT when it would exceed PL_KEY_MAX: the parent needs re-spacing. */
int pl_key_between(struct pl_key *out, const struct pl_key *lo, const struct pl_key *hi,
                   uint64_t client, uint32_t counter, struct pl_err *e) PL_MUST;

/* Well-formed: 1..PL_KEY_MAX characters of 0-9A-Za-z and one '.' before the suffix. */
int pl_key_check(const char *s, size_t n, struct pl_err *e) PL_MUST;

/* Bytewise; then length. */
int pl_key_cmp(const struct pl_key *a, const struct pl_key *b);

#endif
