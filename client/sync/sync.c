// SPDX-License-Identifier: Apache-2.0
/*
 * A review's copy: making and freeing it, and what it tells about itself. The work is in the files
 * beside it: local changes (local.c, batch.c, undo.c), the stream (receive.c, refuse.c,
 * snapshot.c), the link (link.c), carets (caret.c), bytes for the journal (save.c).
 */
#include "sync/sync_int.h"

#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"

#ifdef PL_SYNC_FAULTS
enum sync_fault_kind sync_fault = SYNC_FAULT_NONE;
#endif

struct sync *sync_new(uint64_t review, uint64_t client, const struct sync_handlers *h)
{
    struct sync *s = pl_mem_calloc(PL_MEM_JOURNAL, 1, sizeof *s);

    s->review = review;
    s->client = client;
    s->h = *h;
    s->base = pl_doc_new();
    s->view = pl_doc_new();
    pl_buf_init(&s->delta, SYNC_DELTA_BYTES);
    s->must_save = h->journal != NULL;
    return s;
}

void sync_free(struct sync *s)
{
    struct sync_batch *b;
    struct sync_batch *tmp;

    if (s == NULL)
        return;
#ifdef PL_SYNC_FAULTS
    pl_cs_release(&s->held.cs);
#endif
    sync_batch_free(s->inflight);
    DL_FOREACH_SAFE (s->queue, b, tmp) {
        DL_DELETE(s->queue, b);
        sync_batch_free(b);
    }
    sync_undo_clear(&s->undo);
    sync_undo_clear(&s->redo);
    sync_ring_free(s);
    pl_buf_release(&s->snap);
    pl_buf_release(&s->delta);
    pl_doc_free(s->base);
    pl_doc_free(s->view);
    pl_mem_free(PL_MEM_JOURNAL, s);
}

const struct pl_doc *sync_view(const struct sync *s)
{
    return s->view;
}

const struct pl_doc *sync_base(const struct sync *s)
{
    return s->base;
}

uint64_t sync_review(const struct sync *s)
{
    return s->review;
}

uint64_t sync_client(const struct sync *s)
{
    return s->client;
}

bool sync_is_saved(const struct sync *s)
{
    return s->inflight == NULL && s->queue == NULL;
}

static int64_t oldest_unsaved(const struct sync *s)
{
    const struct sync_batch *oldest = s->inflight != NULL ? s->inflight : s->queue;

    if (oldest == NULL)
        return 0;
    /* From an earlier process: nobody knows, but not since now. */
    return oldest->since_us != 0 ? oldest->since_us : 1;
}

void sync_status(const struct sync *s, struct sync_status *out)
{
    const struct sync_batch *b;

    *out = (struct sync_status){.link = s->link,
                                .rev = s->rev,
                                .inflight = s->inflight != NULL,
                                .oldest_unsaved_us = oldest_unsaved(s),
                                .role = s->role,
                                .status = s->status,
                                .perms = s->perms,
                                .refused = s->refused,
                                .acked = s->acked,
                                .gone = s->gone};
    DL_FOREACH (s->queue, b)
        out->pending_slots += b->cs.n;
}

bool sync_invariant_holds(const struct sync *s, struct pl_err *e)
{
    const struct sync_batch *b;
    struct pl_doc *d = pl_doc_dup(s->base);
    int rc = 0;

    if (s->inflight != NULL)
        rc = pl_doc_apply(d, &s->inflight->cs, NULL, e);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = pl_doc_apply(d, &b->cs, NULL, e);
    }
    if (rc == 0 && pl_doc_digest(d) != pl_doc_digest(s->view))
        rc =
            pl_fail(e, PL_E_INTERNAL, "the view is not base + in flight + pending at revision %llu",
                    (unsigned long long)s->rev);
    pl_doc_free(d);
    return rc == 0;
}
