// SPDX-License-Identifier: Apache-2.0
/*
 * The audit log for those who are connected: the events of a review, the proof that one is in the
 * tree, and the proof that the newest checkpoint continues one that the asker has. Events and
 * proofs are for who may read the review; checkpoints hold no more than a hash and are for
 * everybody. All is read from the database, where the tree stands.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tlog/tile.h"

#include "audit/proof.h"
#include "cmd/cmd.h"
#include "cmd/services.h"
#include "store/repo_audit.h"
#include "store/repo_log.h"

struct ask {
    struct call *call;
    struct store *store;
    enum pl_msg_type type;
    uint64_t review, number; /* number: also the size of the older tree */
    uint32_t limit;
    uint64_t index;
    uint8_t leaf[PL_AUDIT_LEAF_MAX];
    size_t leaf_n;
    char vkey[PL_TITLE_MAX + 1];
    char note[PL_AUDIT_NOTE_MAX];
    uint64_t lag_us;
    struct proof proof;
};

static void ask_end(struct ask *a, const struct pl_msg *reply)
{
    if (reply != NULL)
        call_reply(a->call, reply);
    pl_mem_free(PL_MEM_REQUEST, a);
}

static void ask_fail(struct ask *a, int code, const char *text)
{
    call_fail(a->call, code, "%s", text);
    ask_end(a, NULL);
}

/* After a request to the store: its refusal ends the question. */
static void ask_sent(struct ask *a, int rc)
{
    if (rc < 0)
        ask_fail(a, -rc, pl_error_info(rc)->title);
}

/* ---- events -----------------------------------------------------------------------------------
 */

static void on_events(void *ctx, int rc, const struct log_entry_row *rows, size_t n,
                      const struct pl_err *e)
{
    struct ask *a = ctx;
    struct pl_msg m = {.type = PL_MSG_AUDIT_REPLY};
    struct pl_buf bundle;
    if (rc < 0) {
        ask_fail(a, -rc, e->text);
        return;
    }
    pl_buf_init(&bundle, PL_AUDIT_BYTES_MAX);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = pl_bundle_add(&bundle, rows[i].leaf, rows[i].leaf_len, NULL);
    m.u.audit_reply.rid = call_rid(a->call);
    m.u.audit_reply.review = a->review;
    m.u.audit_reply.next = n > 0 ? rows[n - 1].number + 1 : 0;
    m.u.audit_reply.leaves = (struct pl_bytes){bundle.data, bundle.len};
    if (rc < 0)
        ask_fail(a, PL_E_LIMIT, "the events do not fit into an answer");
    else
        ask_end(a, &m);
    pl_buf_release(&bundle);
}

/* ---- proofs -----------------------------------------------------------------------------------
 */

static void answer(struct ask *a, const struct pl_proof *p)
{
    struct pl_bytes hashes = {(const uint8_t *)p->h, p->n * sizeof(p->h[0])};
    struct pl_bytes note = {(const uint8_t *)a->note, strlen(a->note)};
    struct pl_msg m = {.type = a->type == PL_MSG_AUDIT_PROOF ? PL_MSG_AUDIT_PROOF_REPLY
                                                             : PL_MSG_AUDIT_GROWTH_REPLY};
    if (a->type == PL_MSG_AUDIT_PROOF)
        m.u.audit_proof_reply = (struct pl_audit_proof_reply){
            call_rid(a->call), a->index, {a->leaf, a->leaf_n}, note, hashes};
    else
        m.u.audit_growth_reply =
            (struct pl_audit_growth_reply){call_rid(a->call), a->vkey, note, hashes, a->lag_us};
    ask_end(a, &m);
}

static void on_hashes(void *ctx, int rc, const struct log_bytes *runs, size_t n,
                      const struct pl_err *e)
{
    struct ask *a = ctx;
    struct pl_proof p;
    struct pl_err why;
    if (rc < 0)
        ask_fail(a, -rc, e->text);
    else if (proof_make(&a->proof, runs, n, &p, &why) < 0)
        ask_fail(a, PL_E_INTERNAL, why.text);
    else
        answer(a, &p);
}

static void on_state(void *ctx, int rc, const struct log_state_row *row, const struct pl_err *e)
{
    static const struct pl_proof none;
    struct ask *a = ctx;
    struct log_run runs[PROOF_NODES_MAX];
    struct pl_err why;
    bool leaf = a->type == PL_MSG_AUDIT_PROOF;
    uint64_t at = leaf ? a->index : a->number;
    if (rc < 0) {
        ask_fail(a, -rc, e->text);
        return;
    }
    if (strlen(row->note) >= sizeof(a->note) || strlen(row->vkey) >= sizeof(a->vkey)) {
        ask_fail(a, PL_E_LIMIT, "the checkpoint does not fit into an answer");
        return;
    }
    memcpy(a->note, row->note, strlen(row->note));
    memcpy(a->vkey, row->vkey, strlen(row->vkey));
    a->lag_us = (uint64_t)row->lag_us;
    if (leaf && at >= row->sealed) {
        ask_fail(a, PL_E_BUSY, "the event is not sealed yet; that takes a second");
    } else if (!leaf && (at == 0 || at >= row->sealed)) {
        answer(a, &none); /* nothing to prove: the asker sees whether it is too small */
    } else if (proof_plan(&a->proof, leaf ? PROOF_LEAF : PROOF_GROWTH, row->sealed, at, runs,
                          &why) < 0) {
        ask_fail(a, PL_E_INVALID, why.text);
    } else {
        ask_sent(a, repo_log_hashes(a->store, row->epoch, runs, a->proof.n, on_hashes, a));
    }
}

static void on_leaf(void *ctx, int rc, const struct log_entry_row *rows, size_t n,
                    const struct pl_err *e)
{
    struct ask *a = ctx;
    if (rc < 0) {
        ask_fail(a, -rc, e->text);
    } else if (n == 0 || rows[0].leaf_len > sizeof(a->leaf)) {
        ask_fail(a, PL_E_NOENT, "the review's log has no such event");
    } else {
        a->index = rows[0].index;
        a->leaf_n = rows[0].leaf_len;
        memcpy(a->leaf, rows[0].leaf, rows[0].leaf_len);
        ask_sent(a, repo_log_state(a->store, on_state, a));
    }
}

/* ---- who may ----------------------------------------------------------------------------------
 */

static void on_rights(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    struct ask *a = ctx;
    (void)status;
    if (rc < 0 || call_caller(a->call) == NULL) {
        ask_fail(a, rc < 0 ? -rc : PL_E_CLOSED, pl_error_info(rc)->title);
    } else if (role == 0 && visibility != PL_VISIBILITY_ORGANISATION) {
        ask_fail(a, PL_E_PERM, "you are not a participant of this review");
    } else if (a->type == PL_MSG_AUDIT) {
        ask_sent(a, repo_log_stream(a->store, a->review, a->number, a->limit, on_events, a));
    } else {
        ask_sent(a, repo_log_leaf(a->store, a->review, a->number, on_leaf, a));
    }
}

static struct ask *ask_begin(struct caller *c, enum pl_msg_type type, uint32_t rid)
{
    struct call *call = call_begin(c, rid);
    if (call == NULL)
        return NULL;
    struct ask *a = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*a));
    a->call = call;
    a->store = c->services->store;
    a->type = type;
    return a;
}

static void ask_rights(struct ask *a, uint64_t user)
{
    if (a->review == 0) /* the organisation's stream is for its operator and auditors */
        ask_fail(a, PL_E_PERM, "the organisation's events are read on its server");
    else
        ask_sent(a, repo_rights(a->store, a->review, user, on_rights, a));
}

void cmd_audit(struct caller *c, struct pl_msg *m)
{
    const struct pl_audit *q = &m->u.audit;
    struct ask *a = ask_begin(c, m->type, q->rid);
    if (a == NULL)
        return;
    a->review = q->review;
    a->number = q->from;
    a->limit = q->limit;
    ask_rights(a, c->user);
}

void cmd_audit_proof(struct caller *c, struct pl_msg *m)
{
    const struct pl_audit_proof *q = &m->u.audit_proof;
    struct ask *a = ask_begin(c, m->type, q->rid);
    if (a == NULL)
        return;
    a->review = q->review;
    a->number = q->number;
    ask_rights(a, c->user);
}

void cmd_audit_growth(struct caller *c, struct pl_msg *m)
{
    struct ask *a = ask_begin(c, m->type, m->u.audit_growth.rid);
    if (a == NULL)
        return;
    a->number = m->u.audit_growth.from;
    ask_sent(a, repo_log_state(a->store, on_state, a));
}
