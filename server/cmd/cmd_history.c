// SPDX-License-Identifier: Apache-2.0
/*
 * Revisions of the past, as they stand in the log. Read rights are asked first; the log is read
 * from the database, not from the room, so that a long look back costs the room nothing.
 */
#include <stdlib.h>

#include "plimsoll/base/arena.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/frame.h"

#include "cmd/cmd.h"
#include "cmd/services.h"
#include "store/repo_log.h"

#define REPLY_BYTES 131072u /* of frames in one answer; well inside a server frame */
#define LIMIT_MAX   500u

struct look {
    struct call *call;
    uint64_t review, from_rev;
    uint32_t limit;
    bool is_done;
};

static void look_fail(struct look *k, int code, const char *text)
{
    call_fail(k->call, code, "%s", text);
    pl_mem_free(PL_MEM_REQUEST, k);
}

/* Decodes the wanted frames of a batch into r; false when the answer is full. */
static bool take_batch(const struct look *k, const struct log_batch *b, struct pl_arena *arena,
                       struct pl_history_reply *r, size_t *bytes)
{
    struct pl_frame_reader fr;
    struct pl_frame f;
    struct pl_msg m;
    bool more = true;
    pl_frame_reader_init(&fr, PL_FRAME_MAX_SERVER);
    pl_frame_feed(&fr, b->body, b->n);
    while (more && pl_frame_next(&fr, &f, NULL) == 1) {
        if (pl_msg_decode(&m, f.type, f.payload, f.n, PL_SIDE_CLIENT, arena, NULL) < 0) {
            more = false; /* the arena is full: the rest comes with the next question */
        } else if (m.type != PL_MSG_REV || m.u.rev.rev < k->from_rev) {
            pl_msg_release(&m);
            if (r->n == 0) /* nothing of the answer is in it: what is passed over takes no room */
                pl_arena_reset(arena);
        } else if (r->n >= k->limit || (r->n > 0 && *bytes + f.n > REPLY_BYTES)) {
            pl_msg_release(&m);
            more = false;
        } else {
            r->revs[r->n++] = m.u.rev;
            *bytes += f.n;
        }
    }
    pl_frame_reader_release(&fr);
    return more;
}

static void answer(struct look *k, const struct load_part *part)
{
    struct pl_arena arena;
    struct pl_msg m = {.type = PL_MSG_HISTORY_REPLY};
    struct pl_history_reply *r = &m.u.history_reply;
    size_t bytes = 0;
    bool more = true;
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    r->rid = call_rid(k->call);
    r->review = k->review;
    r->revs = pl_xcalloc(k->limit, sizeof(*r->revs));
    for (size_t i = 0; more && i < part->n_batches; i++)
        more = take_batch(k, &part->batches[i], &arena, r, &bytes);
    uint64_t last = r->n > 0 ? r->revs[r->n - 1].rev : k->from_rev;
    r->next = r->n > 0 && last < part->head ? last + 1 : 0;
    /* Nothing although there is something: to say "the end" would leave revisions out. */
    if (r->n == 0 && k->from_rev <= part->head)
        call_fail(k->call, PL_E_LIMIT, "revision %llu does not fit into an answer",
                  (unsigned long long)k->from_rev);
    else
        call_reply(k->call, &m);
    for (size_t i = 0; i < r->n; i++)
        pl_cs_release(&r->revs[i].cs);
    free(r->revs);
    pl_arena_release(&arena);
}

static void on_part(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct look *k = ctx;
    if (rc < 0) {
        if (k->is_done)
            pl_mem_free(PL_MEM_REQUEST, k);
        else
            look_fail(k, -rc, e->text);
        return;
    }
    if (!k->is_done && (part->n_batches > 0 || part->done)) {
        k->is_done = true;
        answer(k, part);
    }
    if (part->done)
        pl_mem_free(PL_MEM_REQUEST, k);
}

static void on_rights(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    struct look *k = ctx;
    struct caller *c = call_caller(k->call);
    (void)status;
    if (rc < 0 || !c) {
        look_fail(k, rc < 0 ? -rc : PL_E_CLOSED, pl_error_info(rc)->title);
        return;
    }
    if (role == 0 && visibility != PL_VISIBILITY_ORGANISATION) {
        look_fail(k, PL_E_PERM, "you are not a participant of this review");
        return;
    }
    rc = repo_fetch(c->services->store, k->review, k->from_rev - 1, REPLY_BYTES, on_part, k);
    if (rc < 0)
        look_fail(k, -rc, pl_error_info(rc)->title);
}

void cmd_history(struct caller *c, struct pl_msg *m)
{
    const struct pl_history *h = &m->u.history;
    struct call *call = call_begin(c, h->rid);
    if (!call)
        return;
    struct look *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    k->call = call;
    k->review = h->review;
    k->from_rev = h->from_rev == 0 ? 1 : h->from_rev;
    k->limit = h->limit == 0 || h->limit > LIMIT_MAX ? LIMIT_MAX : h->limit;
    int rc = repo_rights(c->services->store, k->review, c->user, on_rights, k);
    if (rc < 0)
        look_fail(k, -rc, pl_error_info(rc)->title);
}
