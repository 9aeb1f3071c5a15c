// SPDX-License-Identifier: Apache-2.0
/*
 * The server and the clients of an exact replay.
 */
#include "support/replay.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"

static struct pl_op *ops_add(struct replay_ops *l)
{
    if (l->n == l->cap) {
        l->cap = l->cap == 0 ? 64 : l->cap * 2;
        l->v = pl_xrealloc(l->v, l->cap, sizeof *l->v);
    }
    return &l->v[l->n++];
}

static void ops_drop_first(struct replay_ops *l)
{
    pl_op_release(&l->v[l->first++]);
    if (l->first == l->n)
        l->first = l->n = 0;
}

static void ops_release(struct replay_ops *l)
{
    for (size_t i = l->first; i < l->n; i++)
        pl_op_release(&l->v[i]);
    free(l->v);
}

/* Transforms `op` over all of a list, and the list over it; `later`: op is the later one. */
static void cross(struct pl_op *op, struct replay_ops *l, bool later)
{
    for (size_t i = l->first; i < l->n; i++)
        pl_op_cross(later ? op : &l->v[i], later ? &l->v[i] : op);
}

/* Client c takes in the next revision of the log. */
static int receive(struct replay *r, unsigned c, struct pl_err *e)
{
    struct replay_client *k = &r->client[c];
    size_t rev = k->rev++;
    struct pl_op theirs;
    if (r->author[rev] == c) {
        ops_drop_first(&k->pending);
        return 0;
    }
    ops_drop_first(&k->bridge);
    pl_op_copy(&theirs, &r->log.v[rev]);
    cross(&theirs, &k->pending, false);
    int rc = pl_op_apply(&theirs, &k->text, e);
    pl_op_release(&theirs);
    return rc;
}

/* The op of an event's edits, done to the client's text. */
static int make_op(struct pl_text *t, const struct trace_edit *ed, uint32_t n, struct pl_op *out,
                   struct pl_err *e)
{
    struct pl_op one;
    int rc = 0;
    pl_op_init(out, (uint32_t)pl_text_len(t));
    for (uint32_t i = 0; i < n && rc == 0; i++, ed++) {
        pl_op_init(&one, (uint32_t)pl_text_len(t));
        pl_op_retain(&one, ed->pos);
        pl_op_insert(&one, ed->ins, ed->ins_bytes, ed->ins_chars);
        pl_op_delete(&one, ed->del, NULL, 0);
        rc = pl_op_apply(&one, t, e);
        pl_op_append(out, &one);
        pl_op_release(&one);
    }
    return rc;
}

/* Client c edits; the server rebases the op over what c had not seen, and commits it. */
static int edit(struct replay *r, const struct trace *tr, const struct trace_event *ev,
                struct pl_err *e)
{
    struct replay_client *k = &r->client[ev->client];
    struct pl_op op;
    int rc = make_op(&k->text, tr->edits + ev->first, ev->n, &op, e);
    if (rc == 0) {
        pl_op_copy(ops_add(&k->pending), &op);
        cross(&op, &k->bridge, true);
        rc = pl_op_apply(&op, &r->server, e);
    }
    for (unsigned c = 0; c < tr->clients && rc == 0; c++) {
        if (c != ev->client)
            pl_op_copy(ops_add(&r->client[c].bridge), &op);
    }
    r->author[r->log.n] = ev->client;
    pl_op_move(ops_add(&r->log), &op);
    return rc;
}

int replay_run(struct replay *r, const struct trace *tr, struct pl_err *e)
{
    int rc = 0;
    memset(r, 0, sizeof *r);
    if (tr->clients > REPLAY_CLIENTS_MAX)
        return pl_fail(e, PL_E_LIMIT, "a trace of %u clients", tr->clients);
    r->author = pl_xcalloc(tr->nevents, sizeof *r->author);
    for (; r->at < tr->nevents && rc == 0; r->at++) {
        const struct trace_event *ev = &tr->events[r->at];
        if (ev->kind == TRACE_EDIT)
            rc = edit(r, tr, ev, e);
        for (uint32_t i = 0; ev->kind == TRACE_RECV && i < ev->n && rc == 0; i++)
            rc = receive(r, ev->client, e);
    }
    for (unsigned c = 0; c < tr->clients && rc == 0; c++) {
        if (r->client[c].rev != r->log.n)
            rc = pl_fail(e, PL_E_BADOP, "client %u has not received everything", c);
    }
    return rc;
}

void replay_release(struct replay *r)
{
    for (unsigned c = 0; c < REPLAY_CLIENTS_MAX; c++) {
        pl_text_release(&r->client[c].text);
        ops_release(&r->client[c].pending);
        ops_release(&r->client[c].bridge);
    }
    pl_text_release(&r->server);
    ops_release(&r->log);
    free(r->author);
    memset(r, 0, sizeof *r);
}
