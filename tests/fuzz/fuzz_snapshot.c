// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a snapshot: an error, or a document that can be walked, hashed, judged and written
 * back as the very same bytes. Corpus: tests/fuzz/corpus/snapshot.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/doc.h"
#include "plimsoll/wire/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look_at(void *ctx, struct pl_entry *en)
{
    const struct pl_doc *d = ctx;
    char label[32];

    (void)pl_entry_label(en, label, sizeof label);
    (void)pl_entry_is_visible(d, en);
    (void)pl_doc_children(d, pl_entry_eid(en), 0, NULL, 0);
}

static void try_edits(struct pl_doc *d)
{
    struct pl_key key = {.len = 4, .s = "a0.x"};
    struct pl_eid made = {UINT64_MAX, 7};
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_create(&cs, made, PL_KIND_CAUSE, PL_EID_ROOT, &key);
    pl_cs_dead(&cs, made, true);
    (void)pl_doc_perm_ops(d, &cs, 1);
    if (pl_doc_check(d, &cs, true, NULL) == 0 && pl_doc_apply(d, &cs, NULL, NULL) != 0)
        abort();
    pl_cs_release(&cs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pl_err e = {0};
    struct pl_doc *d = pl_doc_decode(data, n, &e);
    struct pl_buf b;

    if (d == NULL) {
        if (e.code == 0)
            abort();
        return 0;
    }
    pl_doc_each(d, look_at, d);
    (void)pl_doc_digest(d);
    (void)pl_doc_list(d, 0, NULL, 0);
    pl_buf_init(&b, PL_SNAPSHOT_MAX);
    if (pl_doc_encode(d, &b, NULL) != 0 || b.len != n || memcmp(b.data, data, n) != 0)
        abort();
    try_edits(d);
    pl_buf_release(&b);
    pl_doc_free(d);
    return 0;
}
