// SPDX-License-Identifier: Apache-2.0
/*
 * The bench: handlers that write down, and a server of a few lines that only counts revisions.
 */
#include "support/client/sync_bench.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

static void on_send(void *ctx, const struct pl_msg *m)
{
    struct bench *b = ctx;
    struct bench_sent *t = &b->sent[b->n_sent % BENCH_SENT];

    b->n_sent++;
    pl_cs_release(&t->cs);
    *t = (struct bench_sent){.type = m->type};
    if (m->type == PL_MSG_SUBMIT) {
        t->seq = m->u.submit.seq;
        t->base = m->u.submit.base;
        t->epoch = m->u.submit.epoch;
        t->undo_of = m->u.submit.undo_of;
        t->caret = m->u.submit.caret_after;
        pl_cs_copy(&t->cs, &m->u.submit.cs);
    } else if (m->type == PL_MSG_OPEN) {
        t->rid = m->u.open.rid;
        t->have = m->u.open.have;
    } else if (m->type == PL_MSG_RESYNC) {
        t->rid = m->u.resync.rid;
        t->rev = m->u.resync.rev;
    } else if (m->type == PL_MSG_PRESENCE) {
        t->rev = m->u.presence.rev;
        t->caret = m->u.presence.caret;
    } else if (m->type == PL_MSG_PING) {
        t->token = m->u.ping.token;
    }
}

static void on_journal(void *ctx, struct sync *s)
{
    struct bench *b = ctx;

    if (sync_take_delta(s, &b->events, NULL) == 0)
        return;
    pl_buf_clear(&b->saved);
    pl_buf_clear(&b->events);
    assert_int_equal(sync_save(s, &b->saved, NULL), 0);
    sync_saved(s);
}

static void on_changed(void *ctx, const struct pl_cs *cs, const struct pl_rev *r, bool remote)
{
    struct bench *b = ctx;

    (void)cs;
    (void)r;
    (void)remote;
    b->changed++;
}

static void on_reset(void *ctx)
{
    struct bench *b = ctx;

    b->reset++;
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct bench *b = ctx;

    assert_non_null(why);
    b->refused++;
    b->refused_code = code;
    pl_cs_release(&b->lost);
    pl_cs_copy(&b->lost, lost);
}

static void on_peer(void *ctx, const struct pl_peer *p)
{
    struct bench *b = ctx;

    b->peers++;
    b->peer = *p;
    b->peer.name = "";
}

static void on_skipped(void *ctx, struct pl_eid eid, uint32_t field, uint64_t user)
{
    struct bench *b = ctx;

    (void)eid;
    (void)field;
    b->skipped++;
    b->skipped_user = user;
}

static struct sync_handlers handlers(struct bench *b)
{
    return (struct sync_handlers){.send = on_send,
                                  .journal = b->keep ? on_journal : NULL,
                                  .changed = on_changed,
                                  .reset = on_reset,
                                  .refused = on_refused,
                                  .peer = on_peer,
                                  .undo_skipped = on_skipped,
                                  .ctx = b};
}

static void add_text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *text)
{
    struct pl_op op;
    uint32_t n = (uint32_t)strlen(text);

    pl_op_init(&op, 0);
    pl_op_insert(&op, text, n, n);
    pl_cs_text(cs, eid, field, &op);
}

static void add_entry(struct pl_cs *cs, struct pl_eid eid, uint32_t kind)
{
    struct pl_key key;

    assert_int_equal(pl_key_between(&key, NULL, NULL, 0, eid.n, NULL), 0);
    pl_cs_create(cs, eid, kind, PL_EID_ROOT, &key);
}

/* Revision 1 of the server's document. */
static void first_revision(struct bench *b)
{
    const struct pl_rev_meta meta = {.rev = 1, .at_us = 1000};
    struct pl_value v = pl_value_int(2);
    struct pl_cs cs;

    pl_cs_init(&cs);
    add_text(&cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, "hello world");
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &v);
    add_entry(&cs, BENCH_EVENT, PL_KIND_EVENT);
    add_text(&cs, BENCH_EVENT, PL_F_BODY, "abc");
    add_entry(&cs, BENCH_CAUSE, PL_KIND_CAUSE);
    assert_int_equal(pl_doc_apply(b->doc, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
    b->head = 1;
}

void bench_init_offline(struct bench *b)
{
    bool keep = b->keep;

    memset(b, 0, sizeof *b);
    b->keep = keep;
    b->now_us = 1000000;
    pl_buf_init(&b->saved, PL_SNAPSHOT_MAX);
    pl_buf_init(&b->events, PL_SNAPSHOT_MAX);
    b->doc = pl_doc_new();
    first_revision(b);
    const struct sync_handlers h = handlers(b);
    b->s = sync_new(BENCH_REVIEW, BENCH_CLIENT, &h);
}

void bench_init(struct bench *b)
{
    bench_init_offline(b);
    bench_connect(b);
    bench_opened_snapshot(b, 0, 0);
    struct sync_status st;
    sync_status(b->s, &st);
    assert_int_equal(st.link, SYNC_LIVE);
    assert_int_equal(st.rev, 1);
}

void bench_release(struct bench *b)
{
    sync_free(b->s);
    pl_doc_free(b->doc);
    for (unsigned i = 0; i < BENCH_SENT; i++)
        pl_cs_release(&b->sent[i].cs);
    pl_cs_release(&b->lost);
    pl_buf_release(&b->saved);
    pl_buf_release(&b->events);
}

void bench_restart(struct bench *b)
{
    const struct sync_handlers h = handlers(b);
    struct pl_err e = {0};

    sync_free(b->s);
    b->s = sync_load(b->saved.data, b->saved.len, &h, &e);
    assert_non_null(b->s);
    assert_int_equal(sync_replay(b->s, b->events.data, b->events.len, &e), 0);
    bench_check(b);
}

/* --- the server ---------------------------------------------------------------------------------
 */

struct bench_sent *bench_last(struct bench *b, enum pl_msg_type type)
{
    for (unsigned i = b->n_sent; i > 0 && b->n_sent - i < BENCH_SENT; i--) {
        if (b->sent[(i - 1) % BENCH_SENT].type == type)
            return &b->sent[(i - 1) % BENCH_SENT];
    }
    return NULL;
}

unsigned bench_count(const struct bench *b, enum pl_msg_type type)
{
    unsigned n = 0;

    for (unsigned i = 0; i < BENCH_SENT && i < b->n_sent; i++)
        n += b->sent[i].type == type;
    return n;
}

static int put(struct bench *b, const struct pl_msg *m)
{
    int rc = sync_receive(b->s, m, b->now_us, NULL);

    bench_check(b);
    return rc;
}

void bench_connect(struct bench *b)
{
    sync_connected(b->s, b->now_us);
    assert_non_null(bench_last(b, PL_MSG_OPEN));
}

static uint32_t last_rid(struct bench *b)
{
    const struct bench_sent *open = bench_last(b, PL_MSG_OPEN);
    const struct bench_sent *resync = bench_last(b, PL_MSG_RESYNC);
    uint32_t rid = open != NULL ? open->rid : 0;

    return resync != NULL && resync->rid > rid ? resync->rid : rid;
}

static void opened(struct bench *b, const struct pl_opened *o)
{
    struct pl_msg m = {.type = PL_MSG_OPENED};

    m.u.opened = *o;
    m.u.opened.rid = last_rid(b);
    m.u.opened.review = BENCH_REVIEW;
    m.u.opened.epoch = ++b->epoch;
    m.u.opened.head = b->head;
    m.u.opened.role = PL_ROLE_FACILITATOR;
    m.u.opened.status = PL_STATUS_PREPARING;
    (void)put(b, &m);
}

void bench_opened(struct bench *b, uint64_t last_seq, uint64_t last_rev, uint32_t last_code)
{
    opened(b,
           &(struct pl_opened){
               .last_seq = last_seq, .last_rev = last_rev, .last_code = last_code, .last_why = ""});
}

void bench_opened_snapshot(struct bench *b, uint64_t last_seq, uint64_t last_rev)
{
    struct pl_msg m = {.type = PL_MSG_SNAPSHOT};
    struct pl_buf snap;

    opened(b, &(struct pl_opened){
                  .last_seq = last_seq, .last_rev = last_rev, .last_why = "", .snapshot = true});
    pl_buf_init(&snap, PL_SNAPSHOT_MAX);
    assert_int_equal(pl_doc_encode(b->doc, &snap, NULL), 0);
    for (size_t at = 0; at < snap.len; at += 50) {
        size_t n = snap.len - at < 50 ? snap.len - at : 50;
        m.u.snapshot = (struct pl_snapshot){.review = BENCH_REVIEW,
                                            .rev = b->head,
                                            .total = snap.len,
                                            .offset = at,
                                            .chunk = {snap.data + at, n}};
        assert_int_equal(put(b, &m), 0);
    }
    pl_buf_release(&snap);
}

int bench_rev(struct bench *b, uint64_t client, uint64_t seq, struct pl_cs *take_cs)
{
    struct pl_msg m = {.type = PL_MSG_REV};
    const uint64_t user = client == BENCH_CLIENT ? BENCH_USER : BENCH_USER + 1;

    b->head++;
    const struct pl_rev_meta meta = {
        .rev = b->head, .user = user, .client = client, .at_us = 1000 + (int64_t)b->head};
    assert_int_equal(pl_doc_apply(b->doc, take_cs, &meta, NULL), 0);
    m.u.rev = (struct pl_rev){.review = BENCH_REVIEW,
                              .rev = b->head,
                              .client = client,
                              .seq = seq,
                              .user = user,
                              .at_us = meta.at_us};
    pl_cs_move(&m.u.rev.cs, take_cs);
    int rc = put(b, &m);
    pl_cs_release(&m.u.rev.cs);
    return rc;
}

void bench_ack(struct bench *b)
{
    struct bench_sent *t = bench_last(b, PL_MSG_SUBMIT);
    struct pl_cs cs;

    assert_non_null(t);
    assert_int_equal(t->base, b->head);
    pl_cs_copy(&cs, &t->cs);
    assert_int_equal(bench_rev(b, BENCH_CLIENT, t->seq, &cs), 0);
}

void bench_nack(struct bench *b, int code, uint64_t at_rev)
{
    struct pl_msg m = {.type = PL_MSG_NACK};

    m.u.nack = (struct pl_nack){.review = BENCH_REVIEW,
                                .seq = bench_last(b, PL_MSG_SUBMIT)->seq,
                                .code = (uint32_t)code,
                                .at_rev = at_rev,
                                .why = "no"};
    (void)put(b, &m);
}

/* --- edits --------------------------------------------------------------------------------------
 */

static void splice(struct pl_cs *cs, const struct pl_doc *d, uint32_t pos, uint32_t ndel,
                   const char *text)
{
    const struct pl_text *t = pl_entry_text(pl_doc_root(d), PL_F_REVIEW_IMPACT);
    struct pl_op op;

    pl_op_splice(&op, t, pos, ndel, text, (uint32_t)strlen(text));
    pl_cs_init(cs);
    pl_cs_text(cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
}

static int edit(struct bench *b, struct pl_cs *cs, bool group)
{
    int rc = sync_edit(b->s, cs, true, group, b->now_us, NULL);

    bench_check(b);
    return rc;
}

int bench_type(struct bench *b, uint32_t pos, const char *text, bool group)
{
    struct pl_cs cs;

    splice(&cs, sync_view(b->s), pos, 0, text);
    return edit(b, &cs, group);
}

int bench_erase(struct bench *b, uint32_t pos, uint32_t n, bool group)
{
    struct pl_cs cs;

    splice(&cs, sync_view(b->s), pos, n, "");
    return edit(b, &cs, group);
}

static void severity(struct pl_cs *cs, int64_t v)
{
    struct pl_value value = pl_value_int(v);

    pl_cs_init(cs);
    pl_cs_reg(cs, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, &value);
}

int bench_severity(struct bench *b, int64_t v)
{
    struct pl_cs cs;

    severity(&cs, v);
    return edit(b, &cs, false);
}

struct pl_eid bench_create(struct bench *b, const char *text)
{
    struct pl_eid eid = sync_next_eid(b->s);
    struct pl_key key;
    struct pl_cs cs;

    assert_int_equal(pl_doc_place_after(sync_view(b->s), PL_EID_ROOT, NULL, true, eid, &key, NULL),
                     0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, eid, PL_KIND_CAUSE, PL_EID_ROOT, &key);
    add_text(&cs, eid, PL_F_BODY, text);
    assert_int_equal(edit(b, &cs, false), 0);
    return eid;
}

void bench_other_types(struct bench *b, uint32_t pos, const char *text)
{
    struct pl_cs cs;

    splice(&cs, b->doc, pos, 0, text);
    assert_int_equal(bench_rev(b, BENCH_OTHER, 0, &cs), 0);
}

void bench_other_erases(struct bench *b, uint32_t pos, uint32_t n)
{
    struct pl_cs cs;

    splice(&cs, b->doc, pos, n, "");
    assert_int_equal(bench_rev(b, BENCH_OTHER, 0, &cs), 0);
}

void bench_other_severity(struct bench *b, int64_t v)
{
    struct pl_cs cs;

    severity(&cs, v);
    assert_int_equal(bench_rev(b, BENCH_OTHER, 0, &cs), 0);
}

const char *bench_text(struct bench *b)
{
    return pl_entry_cstr(pl_doc_root(sync_view(b->s)), PL_F_REVIEW_IMPACT);
}

int64_t bench_severity_now(struct bench *b)
{
    return pl_entry_int(pl_doc_root(sync_view(b->s)), PL_F_REVIEW_SEVERITY, 0);
}

void bench_check(struct bench *b)
{
    struct pl_err e = {0};

    if (!sync_invariant_holds(b->s, &e))
        fail_msg("%s", e.text);
}
