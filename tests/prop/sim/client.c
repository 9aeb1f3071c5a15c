// SPDX-License-Identifier: Apache-2.0
/*
 * A client: the real machine, a journal in memory, a caret, and the checks hung into its handlers.
 */
#include "prop/sim/sim.h"

#include <string.h>

#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

#include "sync/fault.h"

static void on_send(void *ctx, const struct pl_msg *m)
{
    struct sim_client *c = ctx;

    if (c->conn == NULL)
        sim_fail(c->w, "client %u sends while it is offline", c->no);
    else
        packet_send(&c->conn->up, m);
}

static void on_journal(void *ctx, struct sync *s)
{
    struct sim_client *c = ctx;
    int rc = sync_take_delta(s, &c->events, NULL);

    if (rc < 0)
        sim_fail(c->w, "client %u cannot journal", c->no);
    if (rc != 1)
        return;
    pl_buf_clear(&c->saved);
    pl_buf_clear(&c->events);
    if (sync_save(s, &c->saved, NULL) != 0)
        sim_fail(c->w, "client %u cannot be saved", c->no);
    sync_saved(s);
}

static void map_caret(struct sim_client *c, const struct pl_cs *cs)
{
    const struct pl_slot *sl = pl_cs_find(cs, PL_SLOT_TEXT, c->caret.eid, c->caret.field, NULL);

    if (sl != NULL && c->caret.set)
        c->caret.head = c->caret.anchor = pl_op_map_pos(&sl->op, c->caret.head, PL_LEFT);
}

static void on_changed(void *ctx, const struct pl_cs *cs, const struct pl_rev *r, bool remote)
{
    struct sim_client *c = ctx;

    c->touched = true;
    if (c->acting != ACT_NONE)
        check_local(c, cs);
    else if (remote && r != NULL)
        check_remote(c, cs, r);
    else
        c->run_last = 0; /* a rollback or a snapshot: a run may lie in pieces */
    if (c->acting != ACT_EDIT)
        map_caret(c, cs);
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct sim_client *c = ctx;

    (void)code;
    (void)why;
    c->run_last = 0;
    c->caret.set = false; /* it may have stood in what is gone */
    c->w->counts->refused++;
    check_refused(c, lost);
}

static void on_peer(void *ctx, const struct pl_peer *p)
{
    struct sim_client *c = ctx;

    c->peer = *p;
    c->peer.name = "";
}

static struct sync_handlers handlers(struct sim_client *c)
{
    return (struct sync_handlers){.send = on_send,
                                  .journal = on_journal,
                                  .changed = on_changed,
                                  .refused = on_refused,
                                  .peer = on_peer,
                                  .ctx = c};
}

void client_init(struct world *w, unsigned no)
{
    struct sim_client *c = &w->clients[no];

    c->w = w;
    c->no = no;
    c->id = SIM_CLIENT_ID + no;
    pl_buf_init(&c->saved, PL_SNAPSHOT_MAX);
    pl_buf_init(&c->events, PL_SNAPSHOT_MAX);
    const struct sync_handlers h = handlers(c);
    c->sync = sync_new(SIM_REVIEW, c->id, &h);
}

void client_release(struct sim_client *c)
{
    sync_free(c->sync);
    pl_buf_release(&c->saved);
    pl_buf_release(&c->events);
}

void client_connect(struct sim_client *c, unsigned node)
{
    if (c->conn != NULL)
        conn_drop(c->w, c->conn);
    c->conn = conn_new(c->w, c->no, node);
    sync_connected(c->sync, c->w->now_us);
}

void client_receive(struct sim_client *c, const struct pl_msg *m)
{
    struct pl_err e = {0};

    c->touched = true;
    if (sync_receive(c->sync, m, c->w->now_us, &e) < 0)
        sim_fail(c->w, "client %u is out of step: %s", c->no, e.text);
}

void client_tick(struct sim_client *c)
{
    if (!sync_tick(c->sync, c->w->now_us) && c->conn != NULL)
        conn_drop(c->w, c->conn);
}

/* The process dies and a new one starts from the journal. */
void client_crash(struct sim_client *c)
{
    const struct sync_handlers h = handlers(c);
    struct sync_status before;
    struct sync_status after;
    struct pl_err e = {0};

    if (c->saved.len == 0)
        return; /* nothing was ever kept: nothing had happened */
#ifdef PL_SYNC_FAULTS
    if (SYNC_FAULT(COMPOSED))
        return; /* what it holds back is in no journal */
#endif
    sync_status(c->sync, &before);
    if (c->conn != NULL) {
        struct conn *conn = c->conn;
        c->conn = NULL; /* it does not get to say good-bye */
        conn_drop(c->w, conn);
    }
    sync_free(c->sync);
    c->sync = sync_load(c->saved.data, c->saved.len, &h, &e);
    if (c->sync == NULL) {
        sim_fail(c->w, "client %u cannot load its journal: %s", c->no, e.text);
        c->sync = sync_new(SIM_REVIEW, c->id, &h);
        return;
    }
    if (sync_replay(c->sync, c->events.data, c->events.len, &e) != 0)
        sim_fail(c->w, "client %u cannot replay its journal: %s", c->no, e.text);
    sync_status(c->sync, &after);
    if (before.inflight && !after.inflight)
        sim_fail(c->w, "client %u lost its in-flight changeset with the process", c->no);
    c->touched = true;
    c->run_last = 0;
    c->caret.set = false;
    c->peer = (struct pl_peer){0};
    memset(c->foreign, 0, sizeof c->foreign);
    c->w->counts->crashes++;
}

void client_undo(struct sim_client *c, bool redo)
{
    struct pl_err e = {0};

    c->acting = redo ? ACT_REDO : ACT_UNDO;
    int rc = redo ? sync_redo(c->sync, c->w->now_us, &e) : sync_undo(c->sync, c->w->now_us, &e);
    c->acting = ACT_NONE;
    c->run_last = 0;
    c->w->counts->undos += rc > 0;
}
