// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes the decoder of ops, and what is done with an op that a peer sent.
 *
 * Input: one byte for the length of the text, one for where a second op starts, the bytes of two
 * ops. Whatever decodes must encode to the same bytes, fit its text, be undone by its inverse, and
 * the two must converge when transformed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/merge/op.h"
#include "plimsoll/merge/text.h"

#include "support/opgen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void make_text(struct pl_text *t, uint32_t len)
{
    static const char *const letters[] = {"a", "\xc3\xa9", "\xe4\xba\x8b", "\xf0\x9f\x9a\xa2"};
    pl_text_init(t);
    for (uint32_t i = 0; i < len; i++) {
        const char *c = letters[i % 4];
        pl_text_insert(t, i, c, strlen(c), 1);
    }
}

/* Decodes and checks the encoding; false if it is refused. */
static bool decode(struct pl_op *op, uint32_t len, const uint8_t *bytes, size_t n)
{
    struct pl_buf wire;
    if (pl_op_decode(op, len, bytes, n, NULL) != 0)
        return false;
    pl_buf_init(&wire, n);
    int rc = pl_op_encode(op, &wire);
    PL_ASSERT(rc == 0 && wire.len == n && memcmp(wire.data, bytes, n) == 0);
    PL_ASSERT(op_fault(op) == NULL);
    pl_buf_release(&wire);
    return true;
}

static void check_inverse(struct pl_op *op, uint32_t len)
{
    struct pl_text t;
    struct pl_text start;
    struct pl_op inverse;
    make_text(&t, len);
    make_text(&start, len);
    int rc = pl_op_apply_fill(op, &t, NULL);
    PL_ASSERT(rc == 0 && pl_text_len(&t) == pl_op_result_len(op));
    pl_op_invert(&inverse, op);
    rc = pl_op_apply(&inverse, &t, NULL);
    PL_ASSERT(rc == 0 && text_eq(&t, &start));
    pl_op_release(&inverse);
    pl_text_release(&t);
    pl_text_release(&start);
}

static void check_pair(const struct pl_op *later, const struct pl_op *earlier, uint32_t len)
{
    struct pl_text x;
    struct pl_text y;
    struct pl_op later2;
    struct pl_op earlier2;
    struct pl_op both;
    make_text(&x, len);
    make_text(&y, len);
    pl_op_transform(later, earlier, &later2, &earlier2);
    pl_op_compose(&both, earlier, &later2);
    int rc = pl_op_apply(&both, &x, NULL);
    PL_ASSERT(rc == 0);
    rc = pl_op_apply(later, &y, NULL);
    PL_ASSERT(rc == 0);
    rc = pl_op_apply(&earlier2, &y, NULL);
    PL_ASSERT(rc == 0 && text_eq(&x, &y));
    PL_ASSERT(op_fault(&later2) == NULL && op_fault(&earlier2) == NULL && op_fault(&both) == NULL);
    pl_op_release(&later2);
    pl_op_release(&earlier2);
    pl_op_release(&both);
    pl_text_release(&x);
    pl_text_release(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2 || n > 4096)
        return 0;
    uint32_t len = data[0];
    size_t rest = n - 2;
    size_t first = data[1] < rest ? data[1] : rest;
    struct pl_op a;
    struct pl_op b;
    if (!decode(&a, len, data + 2, first))
        return 0;
    check_inverse(&a, len);
    if (decode(&b, len, data + 2 + first, rest - first)) {
        check_pair(&a, &b, len);
        check_pair(&b, &a, len);
        pl_op_release(&b);
    }
    pl_op_release(&a);
    return 0;
}
