// SPDX-License-Identifier: Apache-2.0
/*
 * What is kept on this machine and not sent yet: journal list, send, export, drop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"
#include "sync/journal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define KEPT_MAX 1000

struct journal_opts {
    struct cli_common common;
    uint64_t slot;
    bool all;
};

static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "all", PL_OPT_FLAG, offsetof(struct journal_opts, all), NULL, NULL,
     "also those in which nothing waits"},
};
static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt drop_opts[] = {
    CLI_COMMON,
    {0, "slot", PL_OPT_NUMBER, offsetof(struct journal_opts, slot), "N", NULL,
     "which journal of the review (see list)"},
};

struct kept {
    char *host, *path;
    uint64_t review, rev;
    int slot;
    size_t waiting, bytes;
    bool in_use, damaged;
    int64_t changed_us;
};

struct kept_list {
    struct kept items[KEPT_MAX];
    size_t n;
    bool all;
};

static void on_journal(void *ctx, const struct journal_info *i)
{
    struct kept_list *k = ctx;
    if (k->n >= KEPT_MAX || (!k->all && i->pending_slots == 0 && !i->damaged))
        return;
    k->items[k->n++] = (struct kept){
        .host = pl_xstrdup(i->host),
        .path = pl_xstrdup(i->path),
        .review = i->review,
        .rev = i->rev,
        .slot = i->slot,
        .waiting = i->pending_slots,
        .bytes = i->bytes,
        .in_use = i->in_use,
        .damaged = i->damaged,
        .changed_us = i->changed_us,
    };
}

static int collect(struct cli *c, struct kept_list **out, bool all, struct pl_err *e)
{
    char dir[1024];
    int rc = client_state_preset(dir, sizeof(dir), e);
    (void)c;
    if (rc < 0)
        return rc;
    struct kept_list *k = pl_xcalloc(1, sizeof(*k));
    k->all = all;
    rc = journal_list(dir, on_journal, k, e);
    *out = k;
    return rc;
}

static void kept_free(struct kept_list *k)
{
    for (size_t i = 0; k && i < k->n; i++) {
        free(k->items[i].host);
        free(k->items[i].path);
    }
    free(k);
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"REVIEW", "SERVER", "SLOT", "WAITING", "CHANGED", ""};
    const struct journal_opts *o = opts;
    struct kept_list *k = NULL;
    (void)argc;
    (void)argv;
    int rc = collect(c, &k, o->all, e);
    if (rc < 0) {
        kept_free(k);
        return rc;
    }
    json_t *j = cli_envelope(c, "journal.list", 0);
    json_t *items = json_array();
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    for (size_t i = 0; i < k->n; i++) {
        const struct kept *x = &k->items[i];
        char id[32], slot[16], waiting[32], changed[PL_RFC3339_SIZE];
        (void)snprintf(id, sizeof(id), "REV-%llu", (unsigned long long)x->review);
        (void)snprintf(slot, sizeof(slot), "%d", x->slot);
        (void)snprintf(waiting, sizeof(waiting), "%zu", x->waiting);
        (void)pl_rfc3339_format(x->changed_us, 0, 0, changed);
        const char *row[] = {id,      x->host, slot,
                             waiting, changed, x->damaged ? "damaged" : x->in_use ? "in use" : ""};
        cli_table_row(t, row);
        (void)json_array_append_new(items, json_pack("{s:s, s:s, s:i, s:I, s:s, s:b, s:b, s:s}",
                                                     "review", id, "server", x->host, "slot",
                                                     x->slot, "waiting", (json_int_t)x->waiting,
                                                     "changed_at", changed, "in_use", x->in_use,
                                                     "damaged", x->damaged, "path", x->path));
    }
    (void)json_object_set_new(j, "items", items);
    bool empty = k->n == 0;
    kept_free(k);
    rc = cli_list_end(c, t, j, e);
    size_t refused = cli_refused_count(c);
    if (empty && refused == 0)
        cli_say(c, "Nothing waits on this machine: everything typed is saved.");
    else if (refused > 0)
        cli_say(c, "%s%zu refused by the server and kept here; see 'plimsoll journal refused'",
                empty ? "Nothing waits on this machine. Not saved: " : "", refused);
    return rc;
}

const struct cli_verb verb_journal_list = {
    .opt = {"journal list", NULL, "what is kept here and not sent yet", list_opts, COUNT(list_opts),
            0, 0},
    .opt_size = sizeof(struct journal_opts),
    .examples = "  plimsoll journal list --all\n",
    .fields = "review,server,slot,waiting,changed_at,in_use,damaged,path",
    .run = run_list,
};

/* What came of the changes that waited. */
struct sent {
    unsigned taken, refused;
    char why[PL_ERR_TEXT_MAX]; /* "": all of it is sent */
    int code;                  /* why not, or 0 */
};

static void send_open(struct cli *c, struct review *r, struct sent *out)
{
    struct sync_status st;
    struct pl_err e;
    bool queued = false;
    bool damaged = review_damaged_path(r) != NULL;
    pl_err_init(&e);
    int rc = cli_settle(c, r, &queued, &e);
    sync_status(review_sync(r), &st);
    out->taken = st.acked;
    out->refused = c->opening.n_refused;
    out->code = e.code;
    if (rc < 0 && out->refused > 0)
        (void)snprintf(out->why, sizeof(out->why), "%u taken, %u refused%s", out->taken,
                       out->refused, sync_is_saved(review_sync(r)) ? "" : ", the rest waits");
    else if (rc < 0)
        (void)pl_strlcpy(out->why, e.text, sizeof(out->why));
    else if (queued || damaged)
        (void)pl_strlcpy(out->why, queued ? "still waiting" : "damaged, sent in part",
                         sizeof(out->why));
}

/* Sends what waits in one journal. Each refusal is told when it comes. */
static void send_one(struct cli *c, const struct kept *x, struct sent *out)
{
    struct review *r = NULL;
    struct pl_err e;
    const char *not_now =
        x->in_use ? "another process has it open"
        : x->damaged && x->waiting == 0
            ? "damaged, nothing of it can be sent; 'plimsoll journal export' shows what is left"
            : NULL;
    pl_err_init(&e);
    *out = (struct sent){.taken = 0};
    if (not_now) {
        (void)pl_strlcpy(out->why, not_now, sizeof(out->why));
        return;
    }
    c->tells_refused = true;
    if (cli_open(c, x->review, false, &r, &e) < 0) {
        (void)pl_strlcpy(out->why, e.text, sizeof(out->why));
        out->code = e.code;
    } else {
        send_open(c, r, out);
        review_close(r);
    }
    c->opening.review = NULL;
    c->tells_refused = false;
}

struct sending {
    struct cli_table *t;
    json_t *items;
    unsigned sent, left; /* journals */
    unsigned taken, refused;
    struct pl_err first;
};

static void add_sent(struct sending *s, const struct kept *x, const struct sent *one)
{
    char id[32], slot[16];
    bool all = one->why[0] == '\0';
    const char *why = all ? NULL : one->why;
    (void)snprintf(id, sizeof(id), "REV-%llu", (unsigned long long)x->review);
    (void)snprintf(slot, sizeof(slot), "%d", x->slot);
    cli_table_row(s->t, (const char *const[]){id, slot, all ? "sent" : one->why});
    (void)json_array_append_new(s->items,
                                json_pack("{s:s, s:i, s:b, s:i, s:i, s:s?}", "review", id, "slot",
                                          x->slot, "sent", all, "taken", (int)one->taken, "refused",
                                          (int)one->refused, "why", why));
    s->sent += all;
    s->left += !all;
    s->taken += one->taken;
    s->refused += one->refused;
    if (!all && s->first.code == 0)
        (void)pl_fail(&s->first, one->code ? one->code : PL_E_IO, "%s: %.200s", id, one->why);
}

static int end_sending(struct cli *c, struct sending *s, struct pl_err *e)
{
    json_t *j = cli_envelope(c, "journal.send", 0);
    (void)json_object_set_new(j, "items", s->items);
    int rc = cli_list_end(c, s->t, j, e);
    c->hint = NULL;
    if (s->refused > 0)
        cli_say(c,
                "%u changes taken, %u refused; 'plimsoll journal refused' lists what was refused",
                s->taken, s->refused);
    if (rc == 0 && s->left > 0 && s->sent == 0 && s->taken == 0)
        return pl_fail(e, s->first.code, "%s", s->first.text);
    if (s->refused == 0)
        cli_say(c, "%u sent, %u not", s->sent, s->left);
    return rc < 0 ? rc : s->left > 0 ? 8 : 0;
}

static int run_send(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"REVIEW", "SLOT", "RESULT"};
    struct sending s = {.sent = 0};
    struct kept_list *k = NULL;
    char host[300] = "";
    (void)opts;
    (void)argc;
    (void)argv;
    pl_err_init(&s.first);
    int rc = collect(c, &k, false, e);
    if (rc == 0 && k->n > 0)
        rc = cli_connect(c, e);
    if (rc < 0) {
        kept_free(k);
        return rc;
    }
    if (c->client)
        client_journal_host(c->client, host, sizeof(host));
    s.t = cli_table_new(heads, COUNT(heads));
    s.items = json_array();
    for (size_t i = 0; i < k->n; i++) {
        struct sent one;
        if (!pl_str_eq(k->items[i].host, host))
            continue;
        send_one(c, &k->items[i], &one);
        add_sent(&s, &k->items[i], &one);
    }
    kept_free(k);
    return end_sending(c, &s, e);
}

const struct cli_verb verb_journal_send = {
    .opt = {"journal send", NULL, "send what waits, for the profile in use", plain_opts,
            COUNT(plain_opts), 0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll journal send\n",
    .fields = "review,slot,sent,taken,refused,why",
    .run = run_send,
};

static int run_export(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct kept_list *k = NULL;
    uint64_t only = 0;
    (void)opts;
    int rc = argc > 0 ? cli_review_id(argv[0], &only, e) : 0;
    if (rc == 0)
        rc = collect(c, &k, false, e);
    for (size_t i = 0; rc == 0 && i < k->n; i++)
        if (only == 0 || k->items[i].review == only)
            rc = journal_export(k->items[i].path, &c->out, e);
    kept_free(k);
    return rc;
}

const struct cli_verb verb_journal_export = {
    .opt = {"journal export", "[REVIEW]", "what waits, as text", plain_opts, COUNT(plain_opts), 0,
            1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll journal export REV-1 -o kept.txt\n",
    .run = run_export,
};

static int run_drop(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct journal_opts *o = opts;
    struct kept_list *k = NULL;
    uint64_t id = 0;
    char dir[1024];
    bool found = false;
    (void)argc;
    int rc = cli_review_id(argv[0], &id, e);
    if (rc == 0)
        rc = client_state_preset(dir, sizeof(dir), e);
    if (rc == 0)
        rc = collect(c, &k, true, e);
    for (size_t i = 0; rc == 0 && i < k->n; i++) {
        const struct kept *x = &k->items[i];
        if (x->review != id || x->slot != (int)o->slot)
            continue;
        found = true;
        char q[200];
        (void)snprintf(q, sizeof(q), "Delete the journal of REV-%llu with %zu changes not sent?",
                       (unsigned long long)id, x->waiting);
        if (!cli_confirm(c, q, false))
            rc = pl_fail(e, PL_E_USAGE, "not deleted; say --yes to delete without being asked");
        else
            rc = journal_drop(dir, x->host, id, x->slot, e);
    }
    kept_free(k);
    if (rc == 0 && !found)
        rc = pl_fail(e, PL_E_NOENT, "no such journal; see 'plimsoll journal list --all'");
    return rc;
}

const struct cli_verb verb_journal_drop = {
    .opt = {"journal drop", "REVIEW", "delete a journal with all that waits in it", drop_opts,
            COUNT(drop_opts), 1, 1},
    .opt_size = sizeof(struct journal_opts),
    .examples = "  plimsoll journal drop REV-1 --slot 0 --yes\n",
    .run = run_drop,
};
