// SPDX-License-Identifier: Apache-2.0
/*
 * See tlog/prooftext.h.
 */
#include "plimsoll/tlog/prooftext.h"

#include <stdlib.h>

#include <sodium.h>

#include "plimsoll/base/mem.h"

static int add_base64(struct pl_buf *out, const uint8_t *bytes, size_t n)
{
    size_t size = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
    char *text = pl_xmalloc(size);
    (void)sodium_bin2base64(text, size, bytes, n, sodium_base64_VARIANT_ORIGINAL);
    int rc = pl_buf_printf(out, "%s\n", text);
    free(text);
    return rc;
}

int pl_proof_text(const struct pl_proof_text *p, struct pl_buf *out, struct pl_err *e)
{
    int rc = pl_buf_add_str(out, "c2sp.org/tlog-proof@v1\n");
    if (rc == 0 && p->leaf_n > 0 && (rc = pl_buf_add_str(out, "extra ")) == 0) {
        rc = add_base64(out, p->leaf, p->leaf_n);
    }
    if (rc == 0) {
        rc = pl_buf_printf(out, "index %llu\n", (unsigned long long)p->index);
    }
    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        rc = add_base64(out, p->hashes + 32 * i, 32);
    }
    if (rc == 0 && (rc = pl_buf_add_str(out, "\n")) == 0) {
        rc = pl_buf_add(out, p->note, p->note_n);
    }
    return rc == 0 ? 0 : pl_fail(e, PL_E_LIMIT, "the proof is too long");
}
