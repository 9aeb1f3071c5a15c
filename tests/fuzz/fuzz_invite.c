// SPDX-License-Identifier: Apache-2.0
/*
 * The parser of invites on any bytes. What it takes must come back unchanged from format and parse.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plimsoll/tls/invite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_invite first;
    struct pl_invite second;
    struct pl_err e;
    char text[PL_INVITE_TEXT_SIZE];
    if (pl_invite_parse((const char *)data, size, &first, &e) != 0) {
        PL_ASSERT(e.code == PL_E_INVITE);
        return 0;
    }
    PL_ASSERT(pl_invite_format(&first, text, &e) == 0);
    PL_ASSERT(pl_invite_parse(text, strlen(text), &second, &e) == 0);
    PL_ASSERT(memcmp(&first, &second, sizeof(first)) == 0);
    return 0;
}
