// SPDX-License-Identifier: Apache-2.0
/*
 * Blocking steps over the loop: connect, ask, open, settle. Each runs the loop until its condition
 * holds or its time is over; a link that has stopped for good ends it at once with the reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "model/offer.h"
#include "model/seen.h"

#define LOG_WAIT_MS 2000

static void on_link(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms)
{
    struct cli *c = ctx;
    (void)retry_ms;
    if (state == LINK_UP) {
        c->stop_code = 0;
        return;
    }
    (void)pl_strlcpy(c->err.text, why, sizeof(c->err.text));
    c->err.code = code;
    /* Somebody waits for a verb: a server that is not there is told at once, not after a minute of
     * trying. One that says that it will be back is waited for. */
    bool is_absent = code == PL_E_UNREACHABLE || code == PL_E_TLS;
    if (state == LINK_STOPPED || (is_absent && !c->is_patient))
        c->stop_code = code;
    uv_stop(&c->loop);
}

static void on_timer(uv_timer_t *t)
{
    uv_stop(t->loop);
}

static int start(struct cli *c, bool offline, struct pl_err *e)
{
    char name[TRUST_PROFILE_MAX + 1];
    int rc = trust_choose(NULL, c->opt->profile, name, e);
    if (rc == 0)
        rc = trust_load(NULL, name, &c->profile, e);
    if (rc < 0)
        return rc;
    if (uv_loop_init(&c->loop) < 0)
        return pl_fail(e, PL_E_INTERNAL, "no event loop");
    PL_ASSERT(uv_timer_init(&c->loop, &c->timer) == 0);
    c->has_loop = true;
    struct client_options o = {.server = c->opt->server, .offline = offline, .watch_log = true};
    if (!o.server)
        o.server = getenv("PLIMSOLL_SERVER");
    struct client_handlers h = {on_link, c};
    return client_new(&c->client, &c->loop, &c->profile, &o, &h, e);
}

int cli_connect(struct cli *c, struct pl_err *e)
{
    return start(c, c->opt->offline, e);
}

int cli_stay_here(struct cli *c, struct pl_err *e)
{
    return start(c, true, e);
}

int cli_wait(struct cli *c, cli_cond cond, void *ctx, uint64_t ms, struct pl_err *e)
{
    uv_update_time(&c->loop);
    uint64_t end = uv_now(&c->loop) + ms;
    while (!cond(ctx)) {
        uint64_t now = uv_now(&c->loop);
        if (c->stop_code != 0)
            return pl_fail(e, c->stop_code, "%s", c->err.text);
        if (now >= end) {
            bool up = client_link_state(c->client) == LINK_UP;
            return pl_fail(e, up ? PL_E_TIMEOUT : PL_E_UNREACHABLE, "%s",
                           up               ? "the server did not answer in time"
                           : c->err.text[0] ? c->err.text
                                            : "no connection in time");
        }
        (void)uv_timer_start(&c->timer, on_timer, end - now, 0);
        (void)uv_run(&c->loop, UV_RUN_ONCE);
    }
    (void)uv_timer_stop(&c->timer);
    return 0;
}

static bool log_is_answered(void *ctx)
{
    return !client_asks_log(((struct cli *)ctx)->client);
}

int cli_await_log(struct cli *c, int rc, struct pl_err *e)
{
    struct pl_err why;
    bool answered = c->client == NULL || !client_asks_log(c->client) ||
                    cli_wait(c, log_is_answered, c, LOG_WAIT_MS, &why) == 0;
    if (c->stop_code == PL_E_ROLLBACK)
        return pl_fail(e, PL_E_ROLLBACK, "%s", c->err.text);
    const struct seen *s = c->client != NULL ? client_seen(c->client) : NULL;
    if (answered && s != NULL && s->began_anew)
        cli_warn(c,
                 "the server's audit log began anew (%s): its operator says why, and what was lost",
                 s->c.origin);
    return rc; /* a slow server: the next verb asks again */
}

/* --- asking
 * -------------------------------------------------------------------------------------------- */

struct asking {
    bool is_done;
    int rc;
    cli_take take;
    void *ctx;
    struct pl_err *e;
};

static void on_reply(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    struct asking *a = ctx;
    a->is_done = true;
    a->rc = rc;
    if (rc < 0)
        a->rc = pl_fail(a->e, e->code, "%s", e->text);
    else if (a->take)
        a->rc = a->take(a->ctx, reply, a->e);
}

static bool asked(void *ctx)
{
    const struct asking *a = ctx;
    return a->is_done;
}

int cli_call(struct cli *c, struct pl_msg *m, cli_take take, void *ctx, struct pl_err *e)
{
    struct asking a = {.take = take, .ctx = ctx, .e = e};
    if (c->opt->offline)
        return pl_fail(e, PL_E_UNREACHABLE, "this needs the server; leave --offline out");
    client_call(c->client, m, c->timeout_ms, on_reply, &a);
    /* The request has its own deadline, and always ends: a little more than it, and never less. */
    int rc = cli_wait(c, asked, &a, c->timeout_ms + 1000, e);
    if (a.is_done)
        return a.rc;
    client_forget(c->client, &a); /* an answer that still comes finds nobody */
    return rc;
}

/* --- opening
 * --------------------------------------------------------------------------------------------- */

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    struct cli *c = ctx;
    c->opening.is_open = true;
    c->opening.rc = rc;
    if (e)
        c->opening.err = *e;
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct cli *c = ctx;
    struct review *r = c->opening.review;
    refusal_explain(&c->opening.refusal, r, code, why, lost);
    c->opening.refused = code;
    c->opening.n_refused++;
    if (!c->tells_refused || !r)
        return;
    char *about = offers_about(lost, review_doc(r));
    const char *file = review_rescue_path(r);
    cli_warn(c, "REV-%llu, %s: not taken, %s%s%s", (unsigned long long)review_id(r), about,
             c->opening.refusal.why, file[0] ? "; kept in " : "", file);
    free(about);
}

static void on_journal(void *ctx, bool ok, const char *why)
{
    if (!ok)
        cli_warn(ctx, "what you change is not kept on this machine: %s", why);
}

static void on_news(void *ctx, uint32_t kind, const char *text)
{
    struct cli *c = ctx;
    c->opening.news = kind;
    (void)pl_strlcpy(c->opening.why, text, sizeof(c->opening.why));
}

struct opening {
    struct cli *c;
    struct review *r;
};

static bool is_opened(void *ctx)
{
    const struct opening *o = ctx;
    struct sync_status st;
    if (!o->c->opening.is_open)
        return false;
    if (o->c->opening.rc < 0 || o->c->opt->offline)
        return true;
    sync_status(review_sync(o->r), &st);
    return st.link == SYNC_LIVE || st.gone;
}

static int wait_open(struct cli *c, struct review *r, bool read_only, struct pl_err *e)
{
    struct opening o = {c, r};
    unsigned long long id = review_id(r);
    if (c->opt->offline && !review_is_loaded(r))
        return pl_fail(e, PL_E_NOENT, "REV-%llu is not on this machine; open it once with a server",
                       id);
    int rc = cli_wait(c, is_opened, &o, c->timeout_ms, e);
    if (rc < 0) {
        c->is_late = true;
        bool will_do = c->opt->queue || (!read_only && cli_error_passes(e->code));
        if (will_do && review_is_loaded(r)) {
            if (!c->opt->queue && !c->tells_refused)
                cli_say(c, "no server; going on with the copy of REV-%llu on this machine", id);
            pl_err_init(e);
            rc = 0;
        } else if (c->opt->queue) {
            pl_wrap(e, "REV-%llu is not on this machine, so nothing can be kept for it", id);
        }
    }
    if (rc == 0 && c->opening.is_open && c->opening.rc < 0)
        rc = pl_fail(e, c->opening.err.code, "REV-%llu: %.200s", id, c->opening.err.text);
    return rc;
}

struct settling {
    struct cli *c;
    struct review *r;
};

static bool is_settled(void *ctx)
{
    const struct settling *s = ctx;
    struct sync_status st;
    sync_status(review_sync(s->r), &st);
    return sync_is_saved(review_sync(s->r)) || st.gone;
}

/* What has waited in the journal goes first, so that what becomes of it is not mistaken for what
 * becomes of the change that follows. It may go on waiting. */
static void settle_earlier(struct cli *c, struct review *r)
{
    struct settling s = {c, r};
    struct pl_err none;
    if (c->opt->offline || c->is_late || c->tells_refused || is_settled(&s))
        return;
    pl_err_init(&none);
    c->tells_refused = true;
    if (cli_wait(c, is_settled, &s, c->timeout_ms, &none) < 0)
        cli_say(c, "what was typed before waits still: %s", none.text);
    c->tells_refused = false;
    c->opening.refused = 0;
    c->opening.n_refused = 0;
    c->opening.why[0] = '\0';
}

int cli_open(struct cli *c, uint64_t id, bool read_only, struct review **out, struct pl_err *e)
{
    struct review_handlers h = {.opened = on_opened,
                                .refused = on_refused,
                                .journal = on_journal,
                                .news = on_news,
                                .ctx = c};
    struct review *r = NULL;
    memset(&c->opening, 0, sizeof(c->opening));
    c->opening.id = id;
    int rc = review_open(&r, c->client, id, read_only && !c->opt->offline, &h, e);
    if (rc < 0)
        return rc;
    c->opening.review = r;
    const char *aside = review_damaged_path(r);
    if (aside)
        cli_warn(c, "the journal of REV-%llu was damaged; as it was it is kept in %s",
                 (unsigned long long)id, aside[0] ? aside : "its place");
    rc = wait_open(c, r, read_only, e);
    if (rc < 0) {
        c->opening.review = NULL;
        review_close(r);
        return rc;
    }
    if (!read_only)
        settle_earlier(c, r);
    *out = r;
    return 0;
}

int cli_open_named(struct cli *c, const char *name, bool read_only, struct review **out,
                   struct pl_err *e)
{
    uint64_t id = 0;
    int rc = cli_review_id(name, &id, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    return rc == 0 ? cli_open(c, id, read_only, out, e) : rc;
}

static int say_refused(struct cli *c, struct review *r, struct pl_err *e)
{
    const char *file = review_rescue_path(r);
    char many[40] = "";
    if (!c->hint)
        c->hint = c->opening.refusal.next;
    c->is_kept = file[0] != '\0';
    if (c->opening.n_refused > 1)
        (void)snprintf(many, sizeof(many), "%u changes refused: ", c->opening.n_refused);
    if (file[0])
        cli_warn(c, "what was refused is kept in %s", file);
    return pl_fail(e, c->opening.refused, "%s%.199s", many, c->opening.refusal.why);
}

/* No server, or no answer from it: the change stays in the journal. `e` says why, and more. */
static int keep(struct cli *c, struct review *r, bool *queued, struct pl_err *e)
{
    struct pl_err away = *e;
    int rc = review_keep(r, e);
    if (rc < 0)
        return c->opt->queue || c->opt->offline
                   ? rc
                   : pl_fail(e, away.code, "%.100s; neither sent nor kept: %.100s", away.text,
                             review_journal_trouble(r) ? review_journal_trouble(r) : "");
    c->is_kept = true;
    *queued = c->opt->queue || c->opt->offline;
    if (*queued) {
        pl_err_init(e);
        cli_say(c, "kept on this machine; it is sent when the server can be reached");
        return 0;
    }
    c->hint = "It is sent by 'plimsoll journal send', or when the review is opened again";
    return pl_fail(e, away.code, "%.150s; kept: plimsoll journal list", away.text);
}

int cli_settle(struct cli *c, struct review *r, bool *queued, struct pl_err *e)
{
    *queued = false;
    struct settling s = {c, r};
    int rc = c->opt->offline ? pl_fail(e, PL_E_UNREACHABLE, "--offline")
                             : cli_wait(c, is_settled, &s, c->is_late ? 0 : c->timeout_ms, e);
    if (c->opening.refused != 0)
        return say_refused(c, r, e);
    if (rc == 0 && sync_is_saved(review_sync(r))) {
        c->is_kept = true;
        return 0;
    }
    if (rc == 0) {
        c->is_kept = review_journal_trouble(r) == NULL;
        return pl_fail(e, PL_E_REVOKED, "access to the review has ended; the change is %s",
                       c->is_kept ? "kept in the journal, not sent" : "neither sent nor kept");
    }
    /* Only what passes by itself is waited for: a device that was refused never sends it. */
    if (cli_error_passes(rc))
        return keep(c, r, queued, e);
    c->is_kept = review_journal_trouble(r) == NULL;
    pl_wrap(e, c->is_kept ? "kept in the journal, not sent yet" : "neither sent nor kept");
    return rc;
}

/* --- what people type
 * -------------------------------------------------------------------------------------- */

int cli_review_id(const char *s, uint64_t *id, struct pl_err *e)
{
    uint32_t kind = 0;
    int64_t no = 0;
    if (pl_parse_u64(s, id) == 0 && *id > 0)
        return 0;
    if (pl_short_id_parse(s, strlen(s), &kind, &no, e) < 0 || kind != PL_KIND_REVIEW)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a review; they look like REV-2041", s);
    *id = (uint64_t)no;
    return 0;
}

struct hunt {
    uint64_t ids[200];
    size_t n;
};

static int take_ids(void *ctx, struct pl_msg *reply, struct pl_err *e)
{
    struct hunt *h = ctx;
    (void)e;
    for (size_t i = 0; i < reply->u.list_reply.n && h->n < 200; i++)
        h->ids[h->n++] = reply->u.list_reply.items[i].review;
    return 0;
}

/* Actions have numbers of the whole organisation, so one may be named without its review. */
static int find_action(struct cli *c, const char *s, uint64_t *review, struct pl_err *e)
{
    struct hunt h = {.n = 0};
    struct pl_msg m = {.type = PL_MSG_LIST};
    m.u.list.limit = 200;
    int rc = cli_call(c, &m, take_ids, &h, e);
    for (size_t i = 0; rc == 0 && i < h.n; i++) {
        struct review *r = NULL;
        struct pl_entry *en = NULL;
        struct pl_err none;
        if (cli_open(c, h.ids[i], true, &r, &none) < 0)
            continue;
        bool hit = act_find(review_doc(r), s, PL_KIND_ACTION, &en, &none) == 0;
        review_close(r);
        if (hit) {
            *review = h.ids[i];
            return 0;
        }
    }
    return rc < 0 ? rc : pl_fail(e, PL_E_NOENT, "%s is in no review that you can read", s);
}

int cli_split_id(struct cli *c, const char *s, uint64_t *review, const char **entry,
                 struct pl_err *e)
{
    char head[32];
    const char *slash = strchr(s, '/');
    uint32_t kind = 0;
    int64_t no = 0;
    *entry = NULL;
    if (!slash) {
        if (pl_short_id_parse(s, strlen(s), &kind, &no, NULL) == 0 && kind == PL_KIND_ACTION) {
            *entry = s;
            return find_action(c, s, review, e);
        }
        if (pl_short_id_parse(s, strlen(s), &kind, &no, NULL) == 0 && kind != PL_KIND_REVIEW)
            return pl_fail(e, PL_E_USAGE, "%s is unique in its review only; write REV-n/%s", s, s);
        return cli_review_id(s, review, e);
    }
    if (slash == s || (size_t)(slash - s) >= sizeof(head))
        return pl_fail(e, PL_E_USAGE, "'%s' is not an id; write REV-2041/E-9", s);
    (void)pl_strlcpy(head, s, (size_t)(slash - s) + 1);
    *entry = slash + 1;
    return cli_review_id(head, review, e);
}

char *cli_text(struct cli *c, int argc, char **argv, struct pl_err *e)
{
    struct pl_buf b;
    pl_buf_init(&b, 4u * 1024u * 1024u);
    int rc = 0;
    if (argc == 1 && pl_str_eq(argv[0], "-")) {
        char piece[8192];
        size_t n = 0;
        while (rc == 0 && (n = fread(piece, 1, sizeof(piece), stdin)) > 0)
            rc = pl_buf_add(&b, piece, n);
        /* What editors and echo put at the end is not part of the text. */
        while (b.len > 0 && b.data[b.len - 1] == '\n')
            b.len--;
    } else {
        for (int i = 0; rc == 0 && i < argc; i++) {
            rc = i > 0 ? pl_buf_add_byte(&b, ' ') : 0;
            if (rc == 0)
                rc = pl_buf_add_str(&b, argv[i]);
        }
    }
    if (rc < 0) {
        (void)pl_fail(e, PL_E_TOO_LARGE, "the text is larger than 4 MiB");
        pl_buf_release(&b);
        return NULL;
    }
    char *text = pl_buf_steal(&b, NULL);
    if (text)
        cli_typed(c, text, argc == 1 && pl_str_eq(argv[0], "-"));
    return text;
}

bool cli_confirm(struct cli *c, const char *question, bool preset)
{
    char line[16];
    if (c->opt->yes)
        return true;
    if (c->opt->no_input || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return preset;
    (void)fprintf(stderr, "%s [y/N] ", question);
    return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}
