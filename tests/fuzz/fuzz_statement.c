// SPDX-License-Identifier: Apache-2.0
/*
 * The reader of statements on any bytes. What it takes must come back unchanged from the writer,
 * and an invite's terms rebuilt from what was seen must be what was seen.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "plimsoll/tls/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct pl_err *e)
{
    PL_ASSERT(e->code == PL_E_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_statement s;
    struct pl_buf again;
    struct pl_err e;
    uint8_t none[1] = {0};
    size_t n = 0;
    if (pl_statement_decode(data, size, &s, &e) != 0) {
        check_refusal(&e);
        return 0;
    }
    pl_buf_init(&again, PL_STATEMENT_BYTES);
    PL_ASSERT(pl_statement_encode(&s, &again, &e) == 0);
    PL_ASSERT(again.len == size && memcmp(again.data, data, size) == 0);
    pl_buf_release(&again);
    PL_ASSERT(pl_seen_find(&s, PL_SEEN_SALT, &n) != NULL && n == PL_STATEMENT_NONCE);
    for (uint32_t tag = 0; tag < 16; tag++) {
        const uint8_t *at = pl_seen_find(&s, tag, &n);
        PL_ASSERT(at == NULL || (at >= s.seen && at + n <= s.seen + s.seen_n));
    }
    PL_ASSERT(pl_statement_verify(data, size, data, size, none, sizeof(none), &e) != 0);
    check_refusal(&e);
    return 0;
}
