// SPDX-License-Identifier: Apache-2.0
/*
 * Messages from a hostile peer. Input: a byte of type, a byte of reader, the payload. What the
 * pre-scan lets through unpacks within the budget or is refused cleanly; what decodes is encoded
 * again and decodes to the same; what the pre-scan refuses never reaches the library.
 */
#include <stdint.h>
#include <string.h>

#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Encoding what was decoded may fail for size only: rows that were many but empty, say. */
static int encode(const struct pl_msg *m, struct pl_buf *out)
{
    pl_buf_init(out, 8u * PL_FRAME_MAX_SERVER);
    int rc = pl_msg_encode(m, out, NULL);
    PL_ASSERT(rc == 0 || rc == -PL_E_TOO_LARGE);
    return rc;
}

/* Decode, encode, decode, encode: the two encodings are equal. */
static void there_and_back(const struct pl_msg *m, enum pl_side side)
{
    struct pl_buf a;
    struct pl_buf b;
    struct pl_msg again;
    struct pl_arena arena;
    if (encode(m, &a) == 0) {
        pl_arena_init(&arena, 2u * PL_UNPACK_BUDGET_MAX);
        int rc = pl_msg_decode(&again, m->type, a.data + PL_FRAME_HEADER, a.len - PL_FRAME_HEADER,
                               side, &arena, NULL);
        PL_ASSERT(rc == 0);
        PL_ASSERT(encode(&again, &b) == 0);
        PL_ASSERT(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
        pl_buf_release(&b);
        pl_msg_release(&again);
        pl_arena_release(&arena);
    }
    pl_buf_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size - 2 > PL_FRAME_MAX_SERVER)
        return 0;
    struct pl_msg m;
    struct pl_arena arena;
    struct pl_err e;
    enum pl_side side = data[1] % 2 != 0 ? PL_SIDE_CLIENT : PL_SIDE_SERVER;
    pl_err_init(&e);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, data[0], data + 2, size - 2, side, &arena, &e);
    if (rc == 0) {
        there_and_back(&m, side);
        pl_msg_release(&m);
    } else {
        PL_ASSERT(rc == -PL_E_UNKNOWN_MESSAGE || rc == -PL_E_BAD_MESSAGE || rc == -PL_E_BAD_TEXT ||
                  rc == -PL_E_BADOP || rc == -PL_E_LIMIT);
        PL_ASSERT(e.code == -rc && e.text[0] != '\0');
    }
    pl_arena_release(&arena);
    return 0;
}
