// SPDX-License-Identifier: Apache-2.0
/*
 * Which protocol two sides speak. Hello carries the client's range of versions and its feature
 * bits; the server picks the highest version both know and answers with it and with the features
 * both have. No common version: Error VERSION, and the connection is closed. A feature bit that one
 * side does not know is never in the answer, so it costs nothing to offer it.
 */
#ifndef PLIMSOLL_WIRE_VERSION_H
#define PLIMSOLL_WIRE_VERSION_H

#include <stdint.h>

#include "plimsoll/base/err.h"

/* The range that this build speaks. A version changes meaning; a feature adds to it. */
#define PL_VERSION_MIN 1u
#define PL_VERSION_MAX 1u

/* Bits of Hello.features that this build knows. Version 1 has none yet; bits 0-31 are handed out in
 * order in proto/README.md, bits 32-63 are for experiments and never leave a test build. */
#define PL_FEATURES_KNOWN 0ull

struct pl_version_range {
    uint32_t min;
    uint32_t max;
};

/* Highest version in both ranges. -PL_E_VERSION when there is none, with a text that says which
 * side is the older one; -PL_E_BAD_MESSAGE when `peer` is no range (min 0, or min above max). */
int pl_version_pick(struct pl_version_range own, struct pl_version_range peer, uint32_t *version,
                    struct pl_err *e) PL_MUST;

/* The client's check of what Welcome names: inside its own range, else -PL_E_VERSION. */
int pl_version_check(struct pl_version_range own, uint32_t version, struct pl_err *e) PL_MUST;

/* Features that both sides have. */
uint64_t pl_features_common(uint64_t own, uint64_t peer);

#endif
