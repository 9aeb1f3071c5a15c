// SPDX-License-Identifier: Apache-2.0
/*
 * The database: a log of frames, sessions with epochs and numbers, roles. Append is compare-and-
 * append: all of a batch or nothing of it but refusals, under one lock, as the SQL function does
 * it. It also keeps the fold of the log, which every copy has to equal.
 */
#include "prop/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

uint64_t store_head(const struct sim_store *s)
{
    return s->n;
}

static struct stored_session *session_of(struct world *w, uint64_t client)
{
    uint64_t no = client - SIM_CLIENT_ID;

    return client >= SIM_CLIENT_ID && no < SIM_CLIENTS ? &w->store.sessions[no] : NULL;
}

/* One frame into the log; the fold follows. */
static void commit_frame(struct world *w, const uint8_t *frame, size_t n)
{
    struct sim_store *s = &w->store;
    struct pl_arena arena;
    struct pl_msg m;
    struct pl_err e = {0};

    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, PL_MSG_REV, frame + PL_FRAME_HEADER, n - PL_FRAME_HEADER,
                           PL_SIDE_CLIENT, &arena, &e);
    if (rc != 0) {
        sim_fail(w, "the log got a frame that cannot be read: %s", e.text);
        pl_arena_release(&arena);
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap == 0 ? 64 : s->cap * 2;
        s->revs = pl_xrealloc(s->revs, s->cap, sizeof *s->revs);
    }
    s->revs[s->n++] = (struct stored_rev){
        .frame = pl_xmemdup(frame, n), .n = n, .client = m.u.rev.client, .seq = m.u.rev.seq};
    const struct pl_rev_meta meta = {
        .rev = m.u.rev.rev, .user = m.u.rev.user, .client = m.u.rev.client, .at_us = m.u.rev.at_us};
    if (m.u.rev.rev != s->n)
        sim_fail(w, "revision %llu at place %zu of the log", (unsigned long long)m.u.rev.rev, s->n);
    rc = pl_doc_apply(s->fold, &m.u.rev.cs, &meta, &e);
    if (rc != 0)
        sim_fail(w, "the log does not fold at revision %zu: %s", s->n, e.text);
    for (size_t i = 0; i + 1 < s->n; i++) {
        if (m.u.rev.client != 0 && s->revs[i].client == m.u.rev.client &&
            s->revs[i].seq == m.u.rev.seq)
            sim_fail(w, "P7: changeset %llu of a client is in the log twice",
                     (unsigned long long)m.u.rev.seq);
    }
    check_committed(w, &m.u.rev);
    w->counts->revs++;
    pl_msg_release(&m);
    pl_arena_release(&arena);
}

static enum author_verdict judge(struct world *w, const struct append_author *a)
{
    const struct stored_session *s = session_of(w, a->client);

    if (a->client == 0)
        return AUTHOR_OK;
    uint32_t role = w->store.roles[a->client - SIM_CLIENT_ID];
    if (s == NULL || (!w->set.no_fence && a->epoch != s->epoch))
        return AUTHOR_FENCED;
    if (a->seq <= s->last_seq)
        return AUTHOR_DUPLICATE;
    if (role == 0)
        return AUTHOR_REVOKED;
    return (a->ops & ~pl_perm_mask(role, PL_STATUS_PREPARING)) != 0 ? AUTHOR_PERM : AUTHOR_OK;
}

static void remember(struct world *w, uint64_t client, uint32_t epoch, uint64_t seq, uint64_t rev,
                     uint32_t code)
{
    struct stored_session *s = session_of(w, client);

    if (s == NULL || seq <= s->last_seq || (!w->set.no_fence && epoch != s->epoch))
        return;
    s->last_seq = seq;
    s->last_rev = rev;
    s->last_code = code;
}

static void store_refusals(struct world *w, const struct append_copy *a)
{
    for (size_t i = 0; i < a->n_refusals; i++)
        remember(w, a->refusals[i].client, a->refusals[i].epoch, a->refusals[i].seq, 0,
                 a->refusals[i].code);
}

enum append_outcome store_append(struct world *w, const struct append_copy *a,
                                 enum author_verdict *verdicts)
{
    bool all_ok = true;
    const uint8_t *p = a->body.data;

    if (a->expect_head != store_head(&w->store))
        return APPEND_BEHIND;
    for (size_t i = 0; i < a->n_authors; i++) {
        verdicts[i] = judge(w, &a->authors[i]);
        all_ok = all_ok && verdicts[i] == AUTHOR_OK;
        w->counts->fenced += verdicts[i] == AUTHOR_FENCED;
        w->counts->duplicates += verdicts[i] == AUTHOR_DUPLICATE;
    }
    store_refusals(w, a);
    for (size_t i = 0; i < a->n_authors; i++) {
        const struct append_author *au = &a->authors[i];
        if (verdicts[i] == AUTHOR_PERM || verdicts[i] == AUTHOR_REVOKED)
            remember(w, au->client, au->epoch, au->seq, 0,
                     verdicts[i] == AUTHOR_PERM ? PL_E_PERM : PL_E_REVOKED);
    }
    if (!all_ok)
        return APPEND_REFUSED;
    for (size_t i = 0; i < a->n_authors; i++)
        remember(w, a->authors[i].client, a->authors[i].epoch, a->authors[i].seq,
                 a->expect_head + 1 + a->authors[i].rev_offset, 0);
    for (uint32_t i = 0; i < a->n_revs; i++) {
        size_t n = 4 + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
        commit_frame(w, p, n);
        p += n;
    }
    return APPEND_OK;
}

void store_session_open(struct world *w, unsigned client)
{
    if (!w->set.no_fence || w->store.sessions[client].epoch == 0)
        w->store.sessions[client].epoch++;
}

void store_snapshot(struct world *w)
{
    struct sim_store *s = &w->store;

    pl_buf_release(&s->snapshot);
    pl_buf_init(&s->snapshot, PL_SNAPSHOT_MAX);
    int rc = pl_doc_encode(s->fold, &s->snapshot, NULL);
    PL_ASSERT(rc == 0);
    s->snapshot_rev = store_head(s);
}

void append_copy_release(struct append_copy *a)
{
    pl_buf_release(&a->body);
    a->used = false;
    a->n_authors = 0;
    a->n_refusals = 0;
}

/* --- the review as it begins
 * ---------------------------------------------------------------------- */

static void add_text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *text)
{
    struct pl_op op;
    uint32_t n = (uint32_t)strlen(text);

    pl_op_init(&op, 0);
    pl_op_insert(&op, text, n, n);
    pl_cs_text(cs, eid, field, &op);
}

static void add_entry(struct pl_cs *cs, uint32_t n, uint32_t kind, const char *text)
{
    struct pl_eid eid = {0, n};
    struct pl_key key;

    int rc = pl_key_between(&key, NULL, NULL, 0, n, NULL);
    PL_ASSERT(rc == 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
    add_text(cs, eid, PL_F_BODY, text);
}

void store_init(struct world *w)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    struct pl_buf b;
    struct pl_value v = pl_value_int(PL_STATUS_PREPARING);

    w->store.fold = pl_doc_new();
    for (unsigned i = 0; i < SIM_CLIENTS; i++)
        w->store.roles[i] = PL_ROLE_FACILITATOR;
    m.u.rev = (struct pl_rev){.review = SIM_REVIEW, .rev = 1, .at_us = w->env.now_us};
    pl_cs_init(&m.u.rev.cs);
    pl_cs_reg(&m.u.rev.cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, &v);
    add_text(&m.u.rev.cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, "pq");
    add_entry(&m.u.rev.cs, 1, PL_KIND_EVENT, "abc");
    add_entry(&m.u.rev.cs, 2, PL_KIND_CAUSE, "");
    add_entry(&m.u.rev.cs, 3, PL_KIND_CAUSE, "x");
    add_entry(&m.u.rev.cs, 4, PL_KIND_CAUSE, "yz");
    pl_buf_init(&b, PL_FRAME_MAX_SERVER);
    int rc = pl_msg_encode(&m, &b, NULL);
    PL_ASSERT(rc == 0);
    commit_frame(w, b.data, b.len);
    pl_buf_release(&b);
    pl_cs_release(&m.u.rev.cs);
    store_snapshot(w);
}

void store_release(struct sim_store *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->revs[i].frame);
    free(s->revs);
    pl_doc_free(s->fold);
    pl_buf_release(&s->snapshot);
}
