// SPDX-License-Identifier: Apache-2.0
/*
 * A server process: the real log core, and around it as little as a room does: opening sessions,
 * submitting, one append under way, and streams to the connections in order of revision.
 */
#include "prop/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

/* --- streams ------------------------------------------------------------------------------------
 */

static void send_frame(struct conn *c, const uint8_t *frame, size_t n)
{
    struct pl_buf b;

    pl_buf_init(&b, n);
    int rc = pl_buf_add(&b, frame, n);
    PL_ASSERT(rc == 0);
    packet_add(&c->down, &b);
    pl_buf_release(&b);
}

/* Everything the connection has not had; from the ring or, behind it, from the store. */
static void pump(struct node *n, struct conn *c)
{
    struct pl_msg m = {.type = PL_MSG_SYNCED};
    uint64_t head = oplog_head(n->log);

    if (!c->open || c->dead || c->cut)
        return;
    for (; c->next_rev <= head; c->next_rev++) {
        size_t size = 0;
        const uint8_t *frame = oplog_frame(n->log, c->next_rev, &size);
        const struct stored_rev *r = &n->w->store.revs[c->next_rev - 1];
        if (frame != NULL && (size != r->n || memcmp(frame, r->frame, size) != 0))
            sim_fail(n->w, "a ring holds another revision %llu than the log",
                     (unsigned long long)c->next_rev);
        send_frame(c, r->frame, r->n);
    }
    if (!c->synced) {
        m.u.synced = (struct pl_synced){.review = SIM_REVIEW, .rev = head};
        packet_send(&c->down, &m);
        c->synced = true;
    }
}

static void pump_all(struct node *n)
{
    struct conn *c;

    DL_FOREACH (n->w->conns, c) {
        if (c->node == n->no)
            pump(n, c);
    }
}

static void send_nack(struct node *n, struct conn *c, uint64_t seq, int code, const char *why)
{
    struct pl_msg m = {.type = PL_MSG_NACK};

    if (c == NULL || c->dead || c->cut || !c->open)
        return;
    pump(n, c);
    m.u.nack = (struct pl_nack){.review = SIM_REVIEW,
                                .seq = seq,
                                .code = (uint32_t)code,
                                .at_rev = oplog_head(n->log),
                                .why = why};
    packet_send(&c->down, &m);
}

/* From inside of the log core: the nack goes out when the core is done. */
struct late_nack {
    struct conn *c;
    uint32_t epoch;
    uint64_t seq;
    int code;
    char why[240];
};

static struct late_nack late[512];
static size_t n_late;

static void on_answer(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                      const char *why)
{
    struct node *n = ctx;

    (void)n;
    if (rev > 0 || o->ctx == NULL || n_late == sizeof late / sizeof late[0])
        return;
    late[n_late] = (struct late_nack){.c = o->ctx, .epoch = o->epoch, .seq = o->seq, .code = code};
    (void)snprintf(late[n_late].why, sizeof late[0].why, "%s", why);
    n_late++;
}

static void flush_answers(struct node *n)
{
    for (size_t i = 0; i < n_late; i++) {
        if (late[i].c->epoch == late[i].epoch) /* not of a session before this one */
            send_nack(n, late[i].c, late[i].seq, late[i].code, late[i].why);
    }
    n_late = 0;
}

/* --- life ---------------------------------------------------------------------------------------
 */

static void catch_up(struct node *n)
{
    struct pl_err e = {0};

    if (oplog_is_building(n->log))
        return;
    for (uint64_t rev = oplog_head(n->log) + 1; rev <= store_head(&n->w->store); rev++) {
        const struct stored_rev *r = &n->w->store.revs[rev - 1];
        if (oplog_catch_up(n->log, r->frame, r->n, &e) != 0) {
            sim_fail(n->w, "node %u cannot follow the log: %s", n->no, e.text);
            break;
        }
    }
    flush_answers(n);
    pump_all(n);
}

static void start(struct node *n)
{
    const struct oplog_options opt = {.review = SIM_REVIEW,
                                      .ring_revs = n->w->set.ring_revs,
                                      .ring_bytes = 4u * 1024u * 1024u,
                                      .queue_bytes = 4u * 1024u * 1024u,
                                      .env = &n->w->env.env};
    const struct oplog_handlers h = {.answer = on_answer, .ctx = n};
    const struct sim_store *s = &n->w->store;
    struct pl_err e = {0};
    struct pl_doc *doc = pl_doc_decode(s->snapshot.data, s->snapshot.len, &e);

    if (doc == NULL) {
        sim_fail(n->w, "a snapshot cannot be read: %s", e.text);
        doc = pl_doc_dup(s->fold);
    }
    n->log = oplog_new(&opt, doc, &h);
    n->state = APPEND_NONE;
    catch_up(n);
}

void node_init(struct world *w, unsigned no)
{
    struct node *n = &w->nodes[no];

    n->w = w;
    n->no = no;
    start(n);
}

void node_release(struct node *n)
{
    oplog_free(n->log);
    n_late = 0;
    append_copy_release(&n->append);
    append_copy_release(&n->orphan);
}

void node_kill(struct node *n)
{
    struct conn *c;

    DL_FOREACH (n->w->conns, c) {
        if (c->node != n->no || c->cut)
            continue;
        c->cut = true;
        if (!c->dead)
            conn_drop(n->w, c);
    }
    oplog_free(n->log);
    n_late = 0;
    if (n->state == APPEND_SENT) {
        append_copy_release(&n->orphan);
        n->orphan = n->append;
        n->append = (struct append_copy){0};
        n->orphan.used = true;
    }
    append_copy_release(&n->append);
    n->w->counts->failovers++;
    start(n);
}

bool node_run_orphan(struct node *n)
{
    enum author_verdict verdicts[64];

    if (!n->orphan.used)
        return false;
    (void)store_append(n->w, &n->orphan, verdicts);
    append_copy_release(&n->orphan);
    return true;
}

void node_poll(struct node *n)
{
    if (n->state == APPEND_NONE)
        catch_up(n);
}

bool node_is_busy(const struct node *n)
{
    return n->state != APPEND_NONE || n->orphan.used || oplog_has_work(n->log) ||
           oplog_head(n->log) != store_head(&n->w->store);
}

/* --- appends ------------------------------------------------------------------------------------
 */

static void send_append(struct node *n)
{
    const struct oplog_batch *b = oplog_build_batch(n->log);
    struct append_copy *a = &n->append;

    flush_answers(n);
    if (b == NULL)
        return;
    PL_ASSERT(b->n_authors <= 64 && b->n_refusals <= 64);
    a->expect_head = b->expect_head;
    a->n_revs = b->n_revs;
    a->n_authors = b->n_authors;
    a->n_refusals = b->n_refusals;
    for (size_t i = 0; i < b->n_authors; i++)
        a->authors[i] = b->authors[i];
    for (size_t i = 0; i < b->n_refusals; i++) {
        a->refusals[i] = b->refusals[i];
        a->refusals[i].why = NULL;
    }
    pl_buf_init(&a->body, b->n_body);
    int rc = pl_buf_add(&a->body, b->body, b->n_body);
    PL_ASSERT(rc == 0);
    n->state = APPEND_SENT;
}

static void take_answer(struct node *n)
{
    if (n->outcome == APPEND_OK) {
        oplog_commit(n->log);
        flush_answers(n);
        pump_all(n);
    } else if (n->outcome == APPEND_REFUSED) {
        (void)oplog_refuse(n->log, n->verdicts);
        flush_answers(n);
    } else {
        oplog_abort(n->log, n->outcome == APPEND_UNKNOWN);
        flush_answers(n);
    }
    n->state = APPEND_NONE;
    append_copy_release(&n->append);
    catch_up(n);
}

void node_step(struct node *n, uint32_t how)
{
    if (n->state == APPEND_NONE) {
        if (oplog_has_work(n->log))
            send_append(n);
        return;
    }
    if (n->state == APPEND_SENT) {
        n->outcome = APPEND_FAILED; /* it never got there */
        if (how % 16 != 0)
            n->outcome = store_append(n->w, &n->append, n->verdicts);
        if (how % 16 == 1)
            n->outcome = APPEND_UNKNOWN; /* it got there, the answer got lost */
        n->state = APPEND_DONE;
        return;
    }
    take_answer(n);
}

/* --- messages -----------------------------------------------------------------------------------
 */

static void send_snapshot(struct node *n, struct conn *c)
{
    struct pl_msg m = {.type = PL_MSG_SNAPSHOT};
    struct pl_buf b;

    pl_buf_init(&b, PL_SNAPSHOT_MAX);
    int rc = pl_doc_encode(oplog_doc(n->log), &b, NULL);
    PL_ASSERT(rc == 0);
    for (size_t at = 0; at < b.len; at += 700) {
        size_t size = b.len - at < 700 ? b.len - at : 700;
        m.u.snapshot = (struct pl_snapshot){.review = SIM_REVIEW,
                                            .rev = oplog_head(n->log),
                                            .total = b.len,
                                            .offset = at,
                                            .chunk = {b.data + at, size}};
        packet_send(&c->down, &m);
    }
    pl_buf_release(&b);
    n->w->counts->snapshots++;
}

static void refuse_open(struct conn *c, uint32_t rid)
{
    struct pl_msg m = {.type = PL_MSG_ERROR};

    m.u.error = (struct pl_error){
        .rid = rid, .code = PL_E_PERM, .text = "not a participant", .review = SIM_REVIEW};
    packet_send(&c->down, &m);
    c->open = false;
}

/* have 0, or too far behind: a snapshot. While an append is under way the log cannot be followed;
 * the head of the session's row may then be ahead of this node's, which the client must bear. */
static void open_session(struct node *n, struct conn *c, uint32_t rid, uint64_t have)
{
    struct world *w = n->w;
    struct pl_msg m = {.type = PL_MSG_OPENED};
    const struct stored_session *row = &w->store.sessions[c->client];
    struct conn *o;

    if (w->store.roles[c->client] == 0) {
        refuse_open(c, rid);
        return;
    }
    DL_FOREACH (w->conns, o) {
        if (o->client == c->client && o->node == c->node && o != c)
            o->open = false;
    }
    store_session_open(w, c->client);
    catch_up(n);
    const struct oplog_session s = {.client = w->clients[c->client].id,
                                    .epoch = row->epoch,
                                    .last_seq = row->last_seq,
                                    .last_rev = row->last_rev,
                                    .last_code = row->last_code};
    oplog_session_open(n->log, &s);
    flush_answers(n);
    uint64_t head = oplog_head(n->log);
    bool snapshot = have == 0 || have + w->set.snap_lag < head;
    c->open = true;
    c->epoch = row->epoch;
    c->synced = false;
    m.u.opened = (struct pl_opened){.rid = rid,
                                    .review = SIM_REVIEW,
                                    .epoch = row->epoch,
                                    .last_seq = row->last_seq,
                                    .last_rev = row->last_rev,
                                    .last_code = row->last_code,
                                    .last_why = "",
                                    .head = store_head(&w->store),
                                    .snapshot = snapshot,
                                    .role = w->store.roles[c->client],
                                    .status = PL_STATUS_PREPARING};
    packet_send(&c->down, &m);
    if (snapshot)
        send_snapshot(n, c);
    c->next_rev = snapshot ? head + 1 : have + 1;
    pump(n, c);
}

static void submit(struct node *n, struct conn *c, const struct pl_submit *m)
{
    struct pl_err e = {0};
    struct pl_cs cs;
    const struct oplog_origin o = {.client = n->w->clients[c->client].id,
                                   .epoch = m->epoch,
                                   .seq = m->seq,
                                   .base = m->base,
                                   .user = c->client + 1,
                                   .device = c->client + 1,
                                   .caret_after = m->caret_after,
                                   .undo_of = m->undo_of,
                                   .ctx = c};
    struct oplog_session s;

    if (m->epoch < c->epoch)
        return; /* sent before it knew of the newer session: that one has the answer */
    pl_cs_copy(&cs, &m->cs);
    int rc = oplog_submit(n->log, &o, &cs, &e);
    flush_answers(n);
    n->w->counts->behind += rc == -PL_E_BEHIND;
    if (rc < 0)
        send_nack(n, c, m->seq, -rc, e.text);
    else if (rc == OPLOG_KNOWN && oplog_session_get(n->log, o.client, &s) && s.last_rev == 0)
        send_nack(n, c, m->seq, (int)s.last_code, s.last_why);
    if (rc == OPLOG_KNOWN || rc == OPLOG_UNDER_WAY)
        n->w->counts->resends++;
}

static void presence(struct node *n, struct conn *from, const struct pl_presence *p)
{
    struct pl_msg m = {.type = PL_MSG_PEER};
    struct conn *c;

    m.u.peer = (struct pl_peer){.review = SIM_REVIEW,
                                .client = n->w->clients[from->client].id,
                                .user = from->client + 1,
                                .name = "",
                                .rev = p->rev,
                                .caret = p->caret,
                                .state = p->state};
    DL_FOREACH (n->w->conns, c) {
        if (c != from && c->node == n->no && c->open && !c->dead && !c->cut)
            packet_send(&c->down, &m);
    }
}

void node_receive(struct node *n, struct conn *c, const struct pl_msg *m)
{
    if (m->type == PL_MSG_OPEN && !c->dead) {
        open_session(n, c, m->u.open.rid, m->u.open.have);
    } else if (m->type == PL_MSG_RESYNC && !c->dead) {
        open_session(n, c, m->u.resync.rid, 0);
    } else if (m->type == PL_MSG_SUBMIT) {
        submit(n, c, &m->u.submit);
    } else if (m->type == PL_MSG_PRESENCE && c->open && !c->dead) {
        presence(n, c, &m->u.presence);
    } else if (m->type == PL_MSG_PING) {
        struct pl_msg pong = {.type = PL_MSG_PONG};
        pong.u.pong = (struct pl_pong){.token = m->u.ping.token};
        if (!c->dead)
            packet_send(&c->down, &pong);
    }
}
