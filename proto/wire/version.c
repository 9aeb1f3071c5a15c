// SPDX-License-Identifier: Apache-2.0
/*
 * Negotiation of the protocol version and of features, as pure functions of the two offers.
 */
#include "plimsoll/wire/version.h"

int pl_version_pick(struct pl_version_range own, struct pl_version_range peer, uint32_t *version,
                    struct pl_err *e)
{
    if (peer.min == 0 || peer.min > peer.max)
        return pl_fail(e, PL_E_BAD_MESSAGE, "versions %u to %u are no range", peer.min, peer.max);
    uint32_t min = own.min > peer.min ? own.min : peer.min;
    uint32_t max = own.max < peer.max ? own.max : peer.max;
    if (min > max)
        return pl_fail(e, PL_E_VERSION,
                       "the server speaks versions %u to %u, the client %u to %u: the %s is older",
                       own.min, own.max, peer.min, peer.max,
                       peer.max < own.min ? "client" : "server");
    *version = max;
    return 0;
}

int pl_version_check(struct pl_version_range own, uint32_t version, struct pl_err *e)
{
    if (version < own.min || version > own.max)
        return pl_fail(e, PL_E_VERSION, "the server chose version %u, offered were %u to %u",
                       version, own.min, own.max);
    return 0;
}

uint64_t pl_features_common(uint64_t own, uint64_t peer)
{
    return own & peer;
}
