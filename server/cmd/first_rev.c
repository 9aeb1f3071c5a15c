// SPDX-License-Identifier: Apache-2.0
/*
 * Revision 1: judged like every later one, since what we make must be valid too.
 */
#include "cmd/first_rev.h"

#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

#include "cmd/people.h"
#include "room/oplog_project.h"

struct extra {
    uint32_t role;
    uint64_t draft_of;
};

static void put_int(struct pl_cs *cs, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, PL_EID_ROOT, field, &val);
}

static int first_slots(struct pl_cs *cs, const struct review_create *r, const struct caller *c,
                       const struct extra *x, struct pl_err *e)
{
    struct pl_value title = pl_value_str(r->title, strlen(r->title));
    pl_cs_reg(cs, PL_EID_ROOT, PL_F_REVIEW_TITLE, &title);
    pl_value_release(&title);
    put_int(cs, PL_F_REVIEW_NO, (int64_t)r->review);
    put_int(cs, PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    put_int(cs, PL_F_REVIEW_STAGE, r->stage);
    put_int(cs, PL_F_REVIEW_VISIBILITY, r->visibility);
    put_int(cs, PL_F_REVIEW_LEAD, (int64_t)r->user);
    if (r->severity != 0)
        put_int(cs, PL_F_REVIEW_SEVERITY, r->severity);
    if (r->kind != 0)
        put_int(cs, PL_F_REVIEW_KIND, r->kind);
    if (x->draft_of != 0)
        put_int(cs, PL_F_REVIEW_DRAFT_OF, (int64_t)x->draft_of);
    struct people_change first = {
        .user = r->user,
        .user_name = c->user_name,
        .display_name = c->display_name,
        .role = x->role,
    };
    return people_new_slots(cs, &first, e);
}

/* The same judgement as for every later revision: what we make here must be valid. Then the rows
 * that tables repeat of it. */
static int first_rows(struct review_create *r, const struct pl_rev *v, struct pl_err *e)
{
    const struct pl_rev_meta meta = {.rev = v->rev, .user = v->user, .at_us = v->at_us};
    struct pl_doc *d = pl_doc_new();
    int rc = pl_doc_check(d, &v->cs, true, e);
    if (rc == 0)
        rc = pl_doc_apply(d, &v->cs, &meta, e);
    if (rc == 0)
        r->rows = project_all(d);
    pl_doc_free(d);
    return rc;
}

int first_rev_make(struct review_create *r, const struct caller *c, uint32_t role,
                   uint64_t draft_of, struct pl_buf *body, struct pl_err *e)
{
    const struct extra x = {role, draft_of};
    struct pl_msg m = {.type = PL_MSG_REV};
    struct pl_rev *v = &m.u.rev;
    v->review = r->review;
    v->rev = 1;
    v->user = r->user;
    v->at_us = pl_now_us();
    pl_cs_init(&v->cs);
    int rc = first_slots(&v->cs, r, c, &x, e);
    if (rc == 0)
        rc = first_rows(r, v, e);
    if (rc == 0)
        rc = pl_msg_encode(&m, body, e);
    pl_cs_release(&v->cs);
    if (rc < 0)
        return rc;
    struct pl_sha256 sha;
    pl_random_bytes(r->salt, sizeof(r->salt));
    pl_sha256_init(&sha);
    pl_sha256_update(&sha, "PLC1", 4);
    pl_sha256_update(&sha, r->salt, sizeof(r->salt));
    pl_sha256_update(&sha, body->data + PL_FRAME_HEADER, body->len - PL_FRAME_HEADER);
    pl_sha256_final(&sha, r->commitment);
    r->body = body->data;
    r->n_body = body->len;
    return 0;
}
