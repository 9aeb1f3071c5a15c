// SPDX-License-Identifier: Apache-2.0
/*
 * Finding and making reviews. A new review starts with revision 1, made by the server once: its
 * header and its first participant, who is the facilitator. The client's op_id makes a repeated
 * Create harmless.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"

#include "cmd/cmd.h"
#include "cmd/first_rev.h"
#include "cmd/services.h"
#include "store/repo_review.h"

static void on_list(void *ctx, int rc, const struct pl_review_row *rows, size_t n, uint64_t next,
                    const struct pl_err *e)
{
    struct call *k = ctx;
    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_LIST_REPLY};
    m.u.list_reply.rid = call_rid(k);
    m.u.list_reply.n = n;
    m.u.list_reply.next = next;
    m.u.list_reply.items = pl_xcalloc(n + 1, sizeof(*rows));
    for (size_t i = 0; i < n; i++)
        m.u.list_reply.items[i] = rows[i];
    call_reply(k, &m);
    free(m.u.list_reply.items);
}

void cmd_list(struct caller *c, struct pl_msg *m)
{
    const struct pl_list *l = &m->u.list;
    uint32_t limit = l->limit == 0 || l->limit > 200 ? 200 : l->limit;
    struct call *k = call_begin(c, l->rid);
    if (!k)
        return;
    int rc = repo_reviews(c->services->store, c->user, l->after, limit, l->mine, on_list, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}

/* A review being made: reserve an id, build revision 1, create. */
struct making {
    struct call *call;
    struct review_create create; /* title owned */
    struct pl_buf body;
};

static void making_end(struct making *k)
{
    free((void *)(uintptr_t)k->create.title);
    pl_buf_release(&k->body);
    free((void *)(uintptr_t)k->create.rows);
    pl_mem_free(PL_MEM_REQUEST, k);
}

static void making_fail(struct making *k, int code, const char *text)
{
    call_fail(k->call, code, "%s", text);
    making_end(k);
}

static void making_done(struct making *k, uint64_t review)
{
    struct pl_msg m = {.type = PL_MSG_CREATED};
    m.u.created.rid = call_rid(k->call);
    m.u.created.review = review;
    call_reply(k->call, &m);
    making_end(k);
}

static void on_created(void *ctx, int rc, uint64_t review, const struct pl_err *e)
{
    struct making *k = ctx;
    if (rc < 0)
        making_fail(k, -rc, e->text);
    else
        making_done(k, review);
}

static void on_reserved(void *ctx, int rc, uint64_t review, const struct pl_err *e)
{
    struct making *k = ctx;
    struct caller *c = call_caller(k->call);
    struct pl_err mine;
    pl_err_init(&mine);
    if (rc < 0) {
        making_fail(k, -rc, e->text);
        return;
    }
    if (rc == 1) {
        making_done(k, review);
        return;
    }
    if (!c) {
        making_fail(k, PL_E_CLOSED, "");
        return;
    }
    k->create.review = review;
    if (first_rev_make(&k->create, c, PL_ROLE_FACILITATOR, 0, &k->body, &mine) < 0) {
        making_fail(k, mine.code, mine.text);
        return;
    }
    rc = repo_review_create(c->services->store, &k->create, on_created, k);
    if (rc < 0)
        making_fail(k, -rc, pl_error_info(rc)->title);
}

static int check_create(const struct pl_create *r, struct pl_err *e)
{
    size_t n = strlen(r->title);
    if (r->op_id.n != 16)
        return pl_fail(e, PL_E_BAD_MESSAGE, "op_id has %zu bytes, not 16", r->op_id.n);
    if (n == 0)
        return pl_fail(e, PL_E_INVALID, "a review needs a title");
    if (pl_utf8_count(r->title, n) > PL_TITLE_MAX)
        return pl_fail(e, PL_E_LIMIT, "a title has at most %u characters", PL_TITLE_MAX);
    if (r->severity > PL_SEVERITY_LOW)
        return pl_fail(e, PL_E_INVALID, "severity is 1 (critical) to 4 (low)");
    if (r->kind > PL_INCIDENT_FALSE_ALARM)
        return pl_fail(e, PL_E_INVALID, "%u is not a kind of incident", r->kind);
    return 0;
}

void cmd_create(struct caller *c, struct pl_msg *m)
{
    const struct pl_create *r = &m->u.create;
    struct pl_err e;
    pl_err_init(&e);
    if (check_create(r, &e) < 0) {
        caller_fail(c, r->rid, 0, e.code, "%s", e.text);
        return;
    }
    struct call *call = call_begin(c, r->rid);
    if (!call)
        return;
    struct making *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    k->call = call;
    pl_buf_init(&k->body, PL_FRAME_MAX_SERVER);
    memcpy(k->create.op_id, r->op_id.p, sizeof(k->create.op_id));
    k->create.user = c->user;
    k->create.device = c->device;
    k->create.title = pl_xstrdup(r->title);
    k->create.severity = r->severity;
    k->create.kind = r->kind;
    k->create.stage = PL_STAGE_PREPARE;
    k->create.visibility = PL_VISIBILITY_PARTICIPANTS;
    int rc = repo_review_reserve(c->services->store, k->create.op_id, c->user, on_reserved, k);
    if (rc < 0)
        making_fail(k, -rc, pl_error_info(rc)->title);
}
