// SPDX-License-Identifier: Apache-2.0
/*
 * An open review: its sync machine, its journal, and who is here.
 *
 * What is typed is written to the journal by the machine's `journal` event, before it is sent; the
 * fsync follows within 50 ms on a worker, so typing never waits for a disk. A read-only review has
 * no session and no journal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "model/cards.h"
#include "model/client_int.h"
#include "sync/journal.h"
#include "sync/rescue.h"

struct sync_work { /* an fsync on the worker pool */
    uv_work_t req;
    struct review *review; /* NULL: closed meanwhile */
    int fd;
    int error;
};

/* --- files
 * ----------------------------------------------------------------------------------------- */

int client_state_preset(char *out, size_t size, struct pl_err *e)
{
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int n = 0;
    if (xdg && xdg[0] == '/')
        n = snprintf(out, size, "%s/plimsoll", xdg);
    else if (home && home[0] == '/')
        n = snprintf(out, size, "%s/.local/state/plimsoll", home);
    else
        return pl_fail(e, PL_E_IO,
                       "no place for the journal: neither XDG_STATE_HOME nor HOME is set");
    if (n < 0 || (size_t)n >= size)
        return pl_fail(e, PL_E_LIMIT, "the path of the state folder is too long");
    return 0;
}

int client_state_dir(struct client *c, const char *asked, struct pl_err *e)
{
    if (!asked)
        return client_state_preset(c->state_dir, sizeof(c->state_dir), e);
    if (pl_strlcpy(c->state_dir, asked, sizeof(c->state_dir)) >= sizeof(c->state_dir))
        return pl_fail(e, PL_E_LIMIT, "the path of the state folder is too long");
    return 0;
}

void client_host(const struct client *c, char *out, size_t size)
{
    (void)snprintf(out, size, "%s:%u", c->profile->host, (unsigned)c->profile->port);
}

void client_journal_host(const struct client *c, char *out, size_t size)
{
    (void)snprintf(out, size, "%s:%u-%llu", c->profile->host, (unsigned)c->profile->port,
                   (unsigned long long)c->profile->device);
}

/* --- fsync on a worker
 * ------------------------------------------------------------------------------ */

static void do_fsync(uv_work_t *req)
{
    struct sync_work *w = (struct sync_work *)req;
    w->error = fdatasync(w->fd) < 0 ? errno : 0;
    (void)close(w->fd);
}

static void after_fsync(uv_work_t *req, int status)
{
    struct sync_work *w = (struct sync_work *)req;
    struct review *r = w->review;
    if (r) {
        r->work = NULL;
        if (r->journal)
            journal_sync_done(r->journal, status < 0 ? EIO : w->error);
        client_schedule(r->client);
    }
    pl_mem_free(PL_MEM_JOURNAL, w);
}

/* Starts an fsync when one is due; otherwise says in how many microseconds one will be, or -1. */
static int64_t sync_journal(struct review *r)
{
    if (!r->journal || r->work)
        return -1;
    int64_t due = journal_sync_due(r->journal);
    if (due != 0)
        return due;
    if (!journal_is_ok(r->journal)) {
        journal_sync(r->journal, r->sync);
        return journal_sync_due(r->journal);
    }
    int fd = journal_sync_take(r->journal);
    if (fd < 0)
        return -1;
    struct sync_work *w = pl_mem_calloc(PL_MEM_JOURNAL, 1, sizeof(*w));
    w->review = r;
    w->fd = fd;
    if (uv_queue_work(r->client->loop, &w->req, do_fsync, after_fsync) < 0) {
        (void)close(fd);
        pl_mem_free(PL_MEM_JOURNAL, w);
        journal_sync(r->journal, r->sync);
        return -1;
    }
    r->work = w;
    return -1;
}

/* --- events of the machine
 * --------------------------------------------------------------------------- */

static void on_send(void *ctx, const struct pl_msg *m)
{
    struct review *r = ctx;
    (void)link_send(r->client->link, m);
}

static void on_journal(void *ctx, struct sync *s)
{
    struct review *r = ctx;
    if (r->journal) {
        journal_keep(r->journal, s);
        client_schedule(r->client);
    }
}

/* Not from inside of the machine's event: at the next turn. cs NULL: anything may have changed. */
static void look_at_cards(struct review *r, const struct pl_cs *cs)
{
    if (!r->hands_cards || (cs && !cards_concerns(cs)))
        return;
    r->cards_due = true;
    client_schedule(r->client);
}

static void on_changed(void *ctx, const struct pl_cs *cs, const struct pl_rev *rev, bool remote)
{
    struct review *r = ctx;
    look_at_cards(r, cs);
    if (r->on.changed)
        r->on.changed(r->on.ctx, cs, rev, remote);
}

static void on_reset(void *ctx)
{
    struct review *r = ctx;
    look_at_cards(r, NULL);
    if (r->on.reset)
        r->on.reset(r->on.ctx);
}

/* What a refusal took out of the view is put into a file before anyone is told. */
static void rescue(struct review *r, int code, const char *why, const struct pl_cs *lost)
{
    struct pl_err e;
    struct pl_buf path;
    char host[PL_INVITE_HOST_MAX + 16];
    client_host(r->client, host, sizeof(host));
    struct rescue_options o = {r->client->state_dir, host, r->id, pl_now_us()};
    pl_err_init(&e);
    pl_buf_init(&path, sizeof(r->rescue_path));
    r->rescue_path[0] = '\0';
    r->rescue_why[0] = '\0';
    if (rescue_write(&o, code, why, lost, sync_view(r->sync), &path, &e) < 0) {
        LOG_ERR(NULL, "review.rescue_failed", KV_ERR(&e));
        (void)pl_strlcpy(r->rescue_why, e.text, sizeof(r->rescue_why));
    } else {
        (void)snprintf(r->rescue_path, sizeof(r->rescue_path), "%.*s", (int)path.len,
                       (const char *)path.data);
    }
    pl_buf_release(&path);
}

const char *review_rescue_path(const struct review *r)
{
    return r->rescue_path;
}

const char *review_rescue_trouble(const struct review *r)
{
    return r->rescue_why;
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct review *r = ctx;
    if (lost && !pl_cs_is_empty(lost))
        rescue(r, code, why, lost);
    if (r->on.refused)
        r->on.refused(r->on.ctx, code, why, lost);
}

static void on_status(void *ctx)
{
    struct review *r = ctx;
    client_schedule(r->client);
    if (r->on.status)
        r->on.status(r->on.ctx);
}

static void on_journal_status(void *ctx, bool ok, const struct pl_err *why)
{
    struct review *r = ctx;
    (void)pl_strlcpy(r->journal_why, ok ? "" : why->text, sizeof(r->journal_why));
    if (ok)
        LOG_INFO(NULL, "review.journal_ok", KV_U("review", r->id));
    else
        LOG_WARN(NULL, "review.journal_refused", KV_U("review", r->id), KV_ERR(why));
    client_schedule(r->client); /* it is tried again */
    if (r->on.journal)
        r->on.journal(r->on.ctx, ok, r->journal_why);
}

const char *review_journal_trouble(const struct review *r)
{
    return r->journal && !journal_is_ok(r->journal) ? r->journal_why : NULL;
}

const char *review_damaged_path(const struct review *r)
{
    return r->journal ? journal_damaged_path(r->journal) : NULL;
}

static void on_undo_skipped(void *ctx, struct pl_eid eid, uint32_t field, uint64_t user)
{
    struct review *r = ctx;
    if (r->on.undo_skipped)
        r->on.undo_skipped(r->on.ctx, eid, field, user);
}

static void peer_free(struct pl_peer *p)
{
    free((void *)(uintptr_t)p->name);
    free(p);
}

static void forget_peers(struct review *r)
{
    for (size_t i = 0; i < r->n_peers; i++)
        peer_free(r->peers[i]);
    r->n_peers = 0;
}

/* The caret behind a revision comes without a name, and with those that are caught up: it counts
 * only for somebody who is known to be here. */
static void on_peer(void *ctx, const struct pl_peer *p)
{
    struct review *r = ctx;
    struct pl_peer seen = *p;
    size_t i = 0;
    while (i < r->n_peers && r->peers[i]->client != p->client)
        i++;
    bool is_known = i < r->n_peers;
    if (!is_known && (p->gone || p->name[0] == '\0'))
        return;
    if (is_known && p->name[0] == '\0') {
        seen.name = r->peers[i]->name;
        seen.role = r->peers[i]->role;
        seen.user = r->peers[i]->user;
    }
    char *name = pl_xstrdup(seen.name);
    seen.name = name;
    if (is_known) {
        peer_free(r->peers[i]);
        r->peers[i] = r->peers[--r->n_peers];
    }
    if (!seen.gone && r->n_peers < PEERS_MAX) {
        struct pl_peer *mine = pl_xmemdup(&seen, sizeof(seen));
        mine->name = pl_xstrdup(name);
        r->peers[r->n_peers++] = mine;
    }
    if (r->on.peer)
        r->on.peer(r->on.ctx, &seen);
    free(name);
}

/* --- opening
 * ------------------------------------------------------------------------------------------ */

static struct sync *start_with_journal(struct review *r, const struct sync_handlers *h)
{
    struct client *c = r->client;
    struct pl_err e;
    char host[PL_INVITE_HOST_MAX + 40];
    pl_err_init(&e);
    client_journal_host(c, host, sizeof(host));
    struct journal_options jo = {
        .state_dir = c->state_dir,
        .host = host,
        .review = r->id,
        .slot = -1,
        .env = pl_env_system(),
        .status = on_journal_status,
        .ctx = r,
    };
    r->journal = journal_open(&jo, &e);
    if (!r->journal) {
        (void)pl_strlcpy(r->error_text, e.text, sizeof(r->error_text));
        return NULL;
    }
    return journal_start(r->journal, h, NULL);
}

int review_open(struct review **out, struct client *c, uint64_t id, bool read_only,
                const struct review_handlers *h, struct pl_err *e)
{
    struct review *r = pl_mem_calloc(PL_MEM_JOURNAL, 1, sizeof(*r));
    struct sync_handlers sh = {
        .send = on_send,
        .journal = on_journal,
        .changed = on_changed,
        .reset = on_reset,
        .refused = on_refused,
        .status = on_status,
        .peer = on_peer,
        .undo_skipped = on_undo_skipped,
        .ctx = r,
    };
    r->client = c;
    r->id = id;
    r->on = *h;
    if (read_only)
        sh.journal = NULL;
    r->sync = read_only ? sync_new(id, 0, &sh) : start_with_journal(r, &sh);
    if (!r->sync) {
        int rc = pl_fail(e, PL_E_IO, "no journal, so nothing could be kept: %.180s", r->error_text);
        pl_mem_free(PL_MEM_JOURNAL, r);
        return rc;
    }
    DL_APPEND(c->reviews, r);
    if (c->link && link_state(c->link) == LINK_UP)
        review_link_up(r);
    client_schedule(c);
    *out = r;
    return 0;
}

void review_hurry(struct review *r)
{
    if (review_is_loaded(r))
        (void)review_soon(r);
}

void review_close(struct review *r)
{
    struct client *c = r->client;
    DL_DELETE(c->reviews, r);
    if (r->is_connected && c->link && link_state(c->link) == LINK_UP) {
        struct pl_msg m = {.type = PL_MSG_LEAVE};
        m.u.leave.review = r->id;
        (void)link_send(c->link, &m);
    }
    if (r->work)
        r->work->review = NULL;
    client_forget(c, r);
    memset(&r->on, 0, sizeof(r->on)); /* who closes it hears no more */
    if (r->journal)
        journal_close(r->journal, r->sync);
    sync_free(r->sync);
    forget_peers(r);
    pl_mem_free(PL_MEM_JOURNAL, r);
}

int review_keep(struct review *r, struct pl_err *e)
{
    if (r->journal) {
        journal_keep(r->journal, r->sync);
        journal_sync(r->journal, r->sync);
    }
    if (!r->journal || !journal_is_ok(r->journal))
        return pl_fail(e, PL_E_IO, "the change is not kept: %.200s",
                       r->journal_why[0] ? r->journal_why : "there is no journal");
    return 0;
}

void review_link_up(struct review *r)
{
    r->is_connected = true;
    sync_connected(r->sync, (int64_t)pl_mono_us());
}

void review_link_down(struct review *r)
{
    if (r->is_connected)
        sync_disconnected(r->sync);
    r->is_connected = false;
    cards_link_down(r);
    forget_peers(r);
}

void review_message(struct review *r, struct pl_msg *m)
{
    struct pl_err e;
    pl_err_init(&e);
    if (m->type == PL_MSG_NEWS) {
        if (r->on.news)
            r->on.news(r->on.ctx, m->u.news.kind, m->u.news.text);
        return;
    }
    if (m->type == PL_MSG_ERROR && m->u.error.review == r->id) {
        r->error_code = (int)m->u.error.code;
        (void)pl_strlcpy(r->error_text, m->u.error.text, sizeof(r->error_text));
    } else if (m->type == PL_MSG_RIGHTS && m->u.rights.code != 0) {
        r->error_code = (int)m->u.rights.code;
        (void)pl_strlcpy(r->error_text, m->u.rights.why, sizeof(r->error_text));
    }
    /* Out of step is mended by the machine itself; the text is for the log. */
    if (sync_receive(r->sync, m, (int64_t)pl_mono_us(), &e) < 0)
        LOG_WARN(NULL, "review.resync", KV_U("review", r->id), KV_ERR(&e));
    client_schedule(r->client);
}

bool review_tick(struct review *r)
{
    return !r->is_connected || sync_tick(r->sync, (int64_t)pl_mono_us());
}

bool review_is_loaded(const struct review *r)
{
    return pl_doc_rev(sync_base(r->sync)) > 0;
}

int64_t review_soon(struct review *r)
{
    struct sync_status st;
    struct pl_err e;
    pl_err_init(&e);
    sync_status(r->sync, &st);
    if (!r->was_opened && (st.link == SYNC_LIVE || review_is_loaded(r)) && st.rev > 0) {
        r->was_opened = true;
        r->must_note = true;
        if (r->on.opened)
            r->on.opened(r->on.ctx, 0, NULL);
        return 0; /* the handler may have closed us: look again */
    }
    if (!r->was_opened && st.gone) {
        int code = r->error_code ? r->error_code : PL_E_PERM;
        (void)pl_fail(&e, code, "%s", r->error_text[0] ? r->error_text : "no access");
        r->was_opened = true;
        if (r->on.opened)
            r->on.opened(r->on.ctx, -code, &e);
        return 0;
    }
    if (r->must_note && st.link == SYNC_LIVE) {
        r->must_note = false;
        cards_note(r);
    }
    if (r->cards_due && st.link == SYNC_LIVE) {
        r->cards_due = false;
        cards_look(r);
    }
    return sync_journal(r);
}

/* --- for screens and verbs
 * ----------------------------------------------------------------------------- */

struct sync *review_sync(struct review *r)
{
    return r->sync;
}

const struct pl_doc *review_doc(const struct review *r)
{
    return sync_view(r->sync);
}

uint64_t review_id(const struct review *r)
{
    return r->id;
}

uint64_t review_user(const struct review *r)
{
    return r->client->profile->user;
}

size_t review_peers(const struct review *r, const struct pl_peer **out, size_t max)
{
    for (size_t i = 0; i < r->n_peers && i < max; i++)
        out[i] = r->peers[i];
    return r->n_peers;
}

int review_edit(struct review *r, struct pl_cs *take_cs, bool group, struct pl_err *e)
{
    return sync_edit(r->sync, take_cs, true, group, (int64_t)pl_mono_us(), e);
}

int review_undo(struct review *r, struct pl_err *e)
{
    return sync_undo(r->sync, (int64_t)pl_mono_us(), e);
}

int review_redo(struct review *r, struct pl_err *e)
{
    return sync_redo(r->sync, (int64_t)pl_mono_us(), e);
}

void review_caret(struct review *r, const struct pl_caret *caret, enum pl_presence_state state,
                  uint32_t stage)
{
    sync_caret(r->sync, caret, state, stage, (int64_t)pl_mono_us());
}
