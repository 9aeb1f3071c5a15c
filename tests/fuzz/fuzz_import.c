// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a post-mortem in Markdown: parts of clean text, which become changesets that an
 * empty review takes, which become Markdown again. Corpus: tests/fuzz/corpus/import.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/render/import.h"
#include "plimsoll/render/json.h"
#include "plimsoll/render/markdown.h"
#include "plimsoll/render/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int apply_cb(void *ctx, struct pl_cs *take_cs)
{
    struct pl_doc *d = ctx;
    int rc = pl_doc_check(d, take_cs, false, NULL);

    /* Only a review that is full may say no. */
    if (rc != 0 && rc != -PL_E_QUOTA)
        abort();
    if (rc == 0 && pl_doc_apply(d, take_cs, NULL, NULL) != 0)
        abort();
    pl_cs_release(take_cs);
    return rc;
}

static void render(const struct pl_doc *d)
{
    struct pl_buf b;

    pl_buf_init(&b, 64u << 20);
    if (pl_render_markdown(d, &b, NULL) != 0 || pl_render_json(d, &b, NULL) != 0 ||
        pl_text_review(d, &b, NULL) != 0 || !pl_utf8_is_clean(b.data, b.len, NULL))
        abort();
    pl_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct pl_import im;
    struct pl_doc *d;
    uint32_t next = 1;

    if (pl_import_markdown((const char *)data, n, NULL, &im, NULL) != 0)
        return 0;
    d = pl_doc_new();
    if (pl_import_changesets(&im, 7, &next, apply_cb, d) == 0)
        render(d);
    pl_doc_free(d);
    pl_import_release(&im);
    return 0;
}
