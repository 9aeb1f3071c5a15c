// SPDX-License-Identifier: Apache-2.0
/*
 * Recorded traces must come out as recorded (P13).
 *
 * Sequential ones go edit by edit through the wire form; in windows of a thousand edits the
 * composed op must do the same in one step, and its inverse must undo it. Schedules of two people
 * run through a server and its clients in memory: `exact` with ops and many of them unacknowledged,
 * `oneflight` with changesets, one under way and one pending per client as the product does it.
 * Usage: prop_traces [trace...]; without names, all. Exit status 1 names what differs.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/merge/changeset.h"
#include "plimsoll/merge/op.h"
#include "plimsoll/merge/text.h"

#include "support/replay.h"
#include "support/trace.h"

#define WINDOW      1000
#define CLIENTS_MAX REPLAY_CLIENTS_MAX

static const struct pl_eid entry = {1, 1};

_Noreturn static void fail(const char *name, size_t at, const char *what)
{
    (void)fprintf(stderr, "FAIL %s at %zu: %s\n", name, at, what);
    (void)fflush(stdout);
    _Exit(1);
}

static void must(int rc, const struct pl_err *e, const char *name, size_t at)
{
    if (rc != 0)
        fail(name, at, e->text);
}

static bool same_bytes(struct pl_text *t, const void *bytes, size_t n)
{
    return pl_text_bytes(t) == n && memcmp(pl_text_cstr(t), bytes, n) == 0;
}

/* The edit as an op on a text of `len` scalars, after a trip over the wire. */
static void make_op(struct pl_op *out, const struct trace_edit *ed, size_t len, const char *name,
                    size_t at)
{
    struct pl_err e = {0};
    struct pl_op op;
    struct pl_buf wire;
    pl_op_init(&op, (uint32_t)len);
    pl_op_retain(&op, ed->pos);
    pl_op_insert(&op, ed->ins, ed->ins_bytes, ed->ins_chars);
    pl_op_delete(&op, ed->del, NULL, 0);
    pl_buf_init(&wire, 1 << 20);
    must(pl_op_encode(&op, &wire), &e, name, at);
    must(pl_op_decode(out, (uint32_t)len, wire.data, wire.len, &e), &e, name, at);
    if (!pl_op_eq(&op, out))
        fail(name, at, "encoding and decoding changed the op");
    pl_buf_release(&wire);
    pl_op_release(&op);
}

/* --- sequential --------------------------------------------------------------------------- */

/* What a window of edits composes to, and the text in front of it. */
struct window {
    struct pl_text before;
    struct pl_op sum;
};

static void window_open(struct window *w, struct pl_text *t)
{
    pl_text_init(&w->before);
    pl_text_assign(&w->before, pl_text_cstr(t), pl_text_bytes(t));
    pl_op_init(&w->sum, (uint32_t)pl_text_len(t));
}

static void window_close(struct window *w, struct pl_text *t, const char *name, size_t at)
{
    struct pl_err e = {0};
    struct pl_op inverse;
    char *before = pl_text_dup(&w->before);
    size_t n = pl_text_bytes(&w->before);
    must(pl_op_apply(&w->sum, &w->before, &e), &e, name, at);
    if (!same_bytes(&w->before, pl_text_cstr(t), pl_text_bytes(t)))
        fail(name, at, "the composed window gives another text");
    pl_op_invert(&inverse, &w->sum);
    must(pl_op_apply(&inverse, &w->before, &e), &e, name, at);
    if (!same_bytes(&w->before, before, n))
        fail(name, at, "the inverse does not undo the window");
    free(before);
    pl_op_release(&inverse);
    pl_op_release(&w->sum);
    pl_text_release(&w->before);
}

static void run_seq(const struct trace *tr, const char *name)
{
    struct pl_text t;
    struct window w;
    pl_text_init(&t);
    for (size_t i = 0; i < tr->nedits; i++) {
        struct pl_err e = {0};
        struct pl_op op;
        if (i % WINDOW == 0)
            window_open(&w, &t);
        make_op(&op, &tr->edits[i], pl_text_len(&t), name, i);
        must(pl_op_apply_fill(&op, &t, &e), &e, name, i);
        pl_op_append(&w.sum, &op);
        pl_op_release(&op);
        if (i % WINDOW == WINDOW - 1 || i + 1 == tr->nedits)
            window_close(&w, &t, name, i);
    }
    if (!same_bytes(&t, tr->end, tr->end_bytes))
        fail(name, tr->nedits, "the end text differs");
    pl_text_release(&t);
}

/* --- exact: ops, many under way ------------------------------------------------------------ */

static void run_exact(const struct trace *tr, const char *name)
{
    struct replay rp;
    struct pl_err e = {0};
    int rc = replay_run(&rp, tr, &e);
    must(rc, &e, name, rp.at);
    if (!same_bytes(&rp.server, tr->end, tr->end_bytes))
        fail(name, rp.at, "the server's text differs");
    for (unsigned c = 0; c < tr->clients; c++) {
        if (!same_bytes(&rp.client[c].text, tr->end, tr->end_bytes))
            fail(name, rp.at, "a client's text differs");
    }
    replay_release(&rp);
}

/* --- oneflight: changesets ---------------------------------------------------------------- */

struct member {
    struct pl_text view;
    struct pl_text base; /* as committed at rev */
    struct pl_cs inflight;
    struct pl_cs pending;
    bool busy;
    uint32_t rev;
    uint32_t sent_base; /* rev when inflight was sent */
    struct pl_cs wire;  /* inflight as it was sent */
};

struct flight {
    struct member m[CLIENTS_MAX];
    struct pl_text server;
    struct pl_cs *log;
    unsigned *author;
    uint32_t nlog;
};

static void cs_apply(const struct pl_cs *cs, struct pl_text *t, const char *name, size_t at)
{
    struct pl_err e = {0};
    const struct pl_slot *s = pl_cs_find(cs, PL_SLOT_TEXT, entry, 7, NULL);
    if (s != NULL)
        must(pl_op_apply(&s->op, t, &e), &e, name, at);
}

static void flight_edit(struct member *m, const struct trace *tr, const struct trace_event *ev,
                        const char *name, size_t at)
{
    struct pl_err e = {0};
    for (uint32_t i = 0; i < ev->n; i++) {
        struct pl_op op;
        struct pl_cs cs;
        make_op(&op, &tr->edits[ev->first + i], pl_text_len(&m->view), name, at);
        must(pl_op_apply_fill(&op, &m->view, &e), &e, name, at);
        pl_cs_init(&cs);
        pl_cs_text(&cs, entry, 7, &op);
        must(pl_cs_compose(&m->pending, &cs, &e), &e, name, at);
        pl_cs_release(&cs);
    }
}

static void flight_commit(struct flight *f, unsigned c, const char *name, size_t at)
{
    struct pl_err e = {0};
    struct member *m = &f->m[c];
    struct pl_cs cs;
    pl_cs_move(&cs, &m->wire);
    for (uint32_t r = m->sent_base; r < f->nlog; r++)
        must(pl_cs_rebase(&cs, &f->log[r], &e), &e, name, at);
    cs_apply(&cs, &f->server, name, at);
    f->author[f->nlog] = c;
    f->log[f->nlog++] = cs;
}

static void check_view(struct member *m, const char *name, size_t at)
{
    struct pl_text t;
    pl_text_init(&t);
    pl_text_assign(&t, pl_text_cstr(&m->base), pl_text_bytes(&m->base));
    cs_apply(&m->inflight, &t, name, at);
    cs_apply(&m->pending, &t, name, at);
    if (!same_bytes(&t, pl_text_cstr(&m->view), pl_text_bytes(&m->view)))
        fail(name, at, "view is not base + inflight + pending");
    pl_text_release(&t);
}

static void flight_recv(struct flight *f, unsigned c, const char *name, size_t at)
{
    struct pl_err e = {0};
    struct member *m = &f->m[c];
    uint32_t rev = m->rev++;
    cs_apply(&f->log[rev], &m->base, name, at);
    if (f->author[rev] == c) {
        pl_cs_release(&m->inflight);
        m->busy = false;
        return;
    }
    struct pl_cs theirs;
    pl_cs_copy(&theirs, &f->log[rev]);
    must(pl_cs_transform(&m->inflight, &theirs, &e), &e, name, at);
    must(pl_cs_transform(&m->pending, &theirs, &e), &e, name, at);
    cs_apply(&theirs, &m->view, name, at);
    pl_cs_release(&theirs);
    if (rev % 64 == 0)
        check_view(m, name, at);
}

static void flight_send(struct member *m, const char *name, size_t at)
{
    if (m->busy)
        fail(name, at, "two changesets under way");
    pl_cs_move(&m->inflight, &m->pending);
    pl_cs_copy(&m->wire, &m->inflight);
    m->sent_base = m->rev;
    m->busy = true;
}

static void run_oneflight(const struct trace *tr, const char *name)
{
    struct flight *f = pl_xcalloc(1, sizeof *f);
    f->log = pl_xcalloc(tr->nevents, sizeof *f->log);
    f->author = pl_xcalloc(tr->nevents, sizeof *f->author);
    for (size_t i = 0; i < tr->nevents; i++) {
        const struct trace_event *ev = &tr->events[i];
        switch (ev->kind) {
        case TRACE_EDIT:
            flight_edit(&f->m[ev->client], tr, ev, name, i);
            break;
        case TRACE_SEND:
            flight_send(&f->m[ev->client], name, i);
            break;
        case TRACE_COMMIT:
            flight_commit(f, ev->client, name, i);
            break;
        case TRACE_RECV:
            flight_recv(f, ev->client, name, i);
            break;
        }
    }
    if (!same_bytes(&f->server, tr->end, tr->end_bytes))
        fail(name, tr->nevents, "the server's text differs");
    for (unsigned c = 0; c < tr->clients; c++) {
        struct member *m = &f->m[c];
        if (m->rev != f->nlog || !same_bytes(&m->view, tr->end, tr->end_bytes) ||
            !same_bytes(&m->base, tr->end, tr->end_bytes))
            fail(name, tr->nevents, "a client's text differs");
        pl_text_release(&m->view);
        pl_text_release(&m->base);
        pl_cs_release(&m->inflight);
        pl_cs_release(&m->pending);
    }
    for (uint32_t r = 0; r < f->nlog; r++)
        pl_cs_release(&f->log[r]);
    pl_text_release(&f->server);
    free(f->log);
    free(f->author);
    free(f);
}

static void run(const char *name)
{
    struct trace tr;
    trace_load(&tr, name);
    if (tr.clients > CLIENTS_MAX)
        fail(name, 0, "too many clients");
    if (tr.mode == TRACE_SEQ)
        run_seq(&tr, name);
    else if (tr.mode == TRACE_EXACT)
        run_exact(&tr, name);
    else
        run_oneflight(&tr, name);
    printf("ok %s: %zu edits, end text of %zu bytes reproduced\n", name, tr.nedits, tr.end_bytes);
    trace_release(&tr);
}

int main(int argc, char **argv)
{
    static const char *const all[] = {"automerge-paper",
                                      "rustcode",
                                      "sveltecomponent",
                                      "seph-blog1",
                                      "friendsforever-exact",
                                      "friendsforever-oneflight-100",
                                      "friendsforever-oneflight-300"};
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    for (size_t i = 0; argc == 1 && i < sizeof all / sizeof all[0]; i++)
        run(all[i]);
    return 0;
}
