// SPDX-License-Identifier: Apache-2.0
/*
 * Reading drafts: the list, then one document after the other. A reveal keeps the documents, as
 * many as its budget holds, and asks for the others later; a count keeps which entries there are,
 * by draft and head, so that asking again costs one query. A snapshot that is not what was stored
 * is dropped, and the draft is read again without it, as when a room opens.
 */
#include "cmd/drafts.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/secret.h"

#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#include <uthash.h>

#include "room/oplog.h"
#include "room/room.h"
#include "store/repo_draft.h"

#define CACHED_MAX  4096u /* drafts whose entries are remembered */
#define LOAD_TRIES  4u
#define DRAFT_BYTES 16384u /* of a document beside its entries, about, */
#define ENTRY_BYTES 1024u  /* and of an entry beside its texts */

/* What a draft would reveal. */
struct item {
    struct pl_eid eid; /* there, in the review */
    uint32_t kind;
};

struct cached {
    uint64_t draft;
    uint64_t head;
    struct item *items;
    size_t n;
    UT_hash_handle hh;
};

struct drafts {
    struct store *store;
    struct rooms *rooms; /* NULL: stopped */
    struct cached *cache;
};

struct drafts *drafts_new(struct store *s, struct rooms *r)
{
    struct drafts *d = pl_xcalloc(1, sizeof *d);

    d->store = s;
    d->rooms = r;
    return d;
}

void drafts_stop(struct drafts *d)
{
    d->rooms = NULL;
}

static void cached_free(struct drafts *d, struct cached *c)
{
    HASH_DEL(d->cache, c);
    free(c->items);
    free(c);
}

void drafts_free(struct drafts *d)
{
    if (d == NULL)
        return;
    while (d->cache != NULL)
        cached_free(d, d->cache);
    free(d);
}

void drafts_release(struct drafts_set *s)
{
    for (size_t i = 0; i < s->n; i++)
        pl_doc_free((struct pl_doc *)(uintptr_t)s->v[i].doc);
    free(s->v);
    *s = (struct drafts_set){0};
}

/* --- what a draft would reveal ------------------------------------------------------------------
 */

static void add_items(struct cached *c, const struct pl_doc *doc, uint32_t kind)
{
    size_t n = pl_doc_list(doc, kind, NULL, 0);

    if (n == 0)
        return;
    struct pl_entry **v = pl_xcalloc(n, sizeof(struct pl_entry *));
    (void)pl_doc_list(doc, kind, v, n);
    c->items = pl_xrealloc(c->items, c->n + n, sizeof *c->items);
    for (size_t i = 0; i < n; i++)
        c->items[c->n++] = (struct item){pl_secret_eid(c->draft, pl_entry_eid(v[i])), kind};
    free(v);
}

static void remember(struct drafts *d, const struct draft_row *row, const struct pl_doc *doc)
{
    struct cached *c = NULL;

    HASH_FIND(hh, d->cache, &row->draft, sizeof row->draft, c);
    if (c != NULL)
        cached_free(d, c);
    else if (HASH_COUNT(d->cache) >= CACHED_MAX)
        cached_free(d, d->cache);
    c = pl_xcalloc(1, sizeof *c);
    c->draft = row->draft;
    c->head = pl_doc_rev(doc);
    add_items(c, doc, PL_KIND_ACCOUNT);
    add_items(c, doc, PL_KIND_OBSERVATION);
    HASH_ADD(hh, d->cache, draft, sizeof c->draft, c);
}

static bool is_known(const struct drafts *d, const struct draft_row *row)
{
    struct cached *c = NULL;

    HASH_FIND(hh, d->cache, &row->draft, sizeof row->draft, c);
    return c != NULL && c->head >= row->head;
}

/* --- reading one after the other ----------------------------------------------------------------
 */

struct reading {
    struct drafts *d;
    uint64_t review;
    struct draft_row *rows;
    size_t n;
    size_t at;
    struct oplog *log; /* of the draft being read */
    bool is_bad;
    uint64_t snap_rev; /* of its snapshot; 0: none */
    unsigned tries;
    size_t bytes; /* of the documents kept */
    size_t budget;
    uint64_t after; /* drafts up to this one were read before */
    struct pl_err err;
    struct drafts_set set;
    bool keeps; /* the documents; else their entries are remembered */
    drafts_load_cb load_cb;
    drafts_count_cb count_cb;
    void *ctx;
    uint32_t accounts, observations;
};

static void reading_free(struct reading *r)
{
    oplog_free(r->log);
    drafts_release(&r->set);
    free(r->rows);
    free(r);
}

static void no_answer(void *ctx, const struct oplog_origin *o, uint64_t rev, int code,
                      const char *why)
{
    (void)ctx;
    (void)o;
    (void)rev;
    (void)code;
    (void)why;
}

/* The same checks as when a room opens. */
static int take_part(struct reading *r, const struct load_part *part)
{
    const struct oplog_handlers h = {.answer = no_answer};
    const struct oplog_options opt = {.review = r->rows[r->at].draft,
                                      .ring_revs = 1,
                                      .ring_bytes = 1,
                                      .queue_bytes = 1,
                                      .env = pl_env_system()};
    int rc = 0;

    if (r->log == NULL) {
        struct pl_doc *doc = NULL;
        r->snap_rev = part->n_snap > 0 ? part->snap_rev : 0;
        rc = oplog_snapshot(part, &doc, &r->err);
        if (rc != 0)
            return rc;
        r->log = oplog_new(&opt, doc, &h);
    }
    for (size_t i = 0; i < part->n_batches && rc == 0; i++)
        rc = oplog_catch_up(r->log, part->batches[i].body, part->batches[i].n, &r->err);
    return rc;
}

static void read_next(struct reading *r);
static void reading_end(struct reading *r, int rc, const struct pl_err *e);

static void draft_read(struct reading *r)
{
    const struct draft_row *row = &r->rows[r->at];

    if (r->keeps) {
        r->bytes += pl_doc_text_bytes(oplog_doc(r->log)) + DRAFT_BYTES +
                    pl_doc_entry_count(oplog_doc(r->log)) * ENTRY_BYTES;
        r->set.v[r->set.n++] = (struct conduct_draft){
            .draft = row->draft, .user = row->user, .doc = pl_doc_dup(oplog_doc(r->log))};
    } else {
        remember(r->d, row, oplog_doc(r->log));
    }
    oplog_free(r->log);
    r->log = NULL;
    r->at++;
    r->tries = 0;
    if (r->keeps && r->bytes >= r->budget && r->at < r->n) {
        r->set.goes_on_after = row->draft;
        reading_end(r, 0, NULL);
        return;
    }
    read_next(r);
}

static void load_one(struct reading *r);

static void on_dropped(void *ctx, int rc, const struct pl_err *e)
{
    struct reading *r = ctx;

    if (rc != 0)
        reading_end(r, rc, e);
    else
        load_one(r);
}

static void drop_snapshot(struct reading *r)
{
    uint64_t draft = r->rows[r->at].draft;

    LOG_ERR(NULL, "drafts.bad_snapshot", KV_U("review", draft), KV_U("rev", r->snap_rev),
            KV_S("why", r->err.text));
    oplog_free(r->log);
    r->log = NULL;
    r->is_bad = false;
    r->tries++;
    pl_err_init(&r->err);
    int rc = repo_snapshot_drop(r->d->store, draft, r->snap_rev, on_dropped, r);
    if (rc != 0)
        reading_end(r, rc, NULL);
}

static void on_load(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct reading *r = ctx;

    if (rc == 0 && !r->is_bad)
        r->is_bad = take_part(r, part) != 0;
    if (rc == 0 && !part->done)
        return;
    if (rc != 0)
        reading_end(r, rc, e);
    else if (r->is_bad && r->snap_rev > 0 && r->tries < LOAD_TRIES)
        drop_snapshot(r);
    else if (r->is_bad)
        reading_end(r, -r->err.code, &r->err);
    else
        draft_read(r);
}

static void read_next(struct reading *r)
{
    while (r->at < r->n &&
           (r->keeps ? r->rows[r->at].draft <= r->after : is_known(r->d, &r->rows[r->at])))
        r->at++;
    if (r->at == r->n)
        reading_end(r, 0, NULL);
    else
        load_one(r);
}

static void load_one(struct reading *r)
{
    r->snap_rev = 0;
    int rc = repo_load(r->d->store, r->rows[r->at].draft, 0, on_load, r);
    if (rc != 0) {
        (void)pl_fail(&r->err, -rc, "the drafts cannot be read now");
        reading_end(r, rc, &r->err);
    }
}

static void on_rows(void *ctx, int rc, const struct draft_row *rows, size_t n,
                    const struct pl_err *e)
{
    struct reading *r = ctx;

    if (rc != 0) {
        reading_end(r, rc, e);
        return;
    }
    r->rows = pl_xmemdup(rows, (n > 0 ? n : 1) * sizeof *rows);
    r->n = n;
    r->set.v = pl_xcalloc(n + 1, sizeof *r->set.v);
    read_next(r);
}

/* --- counting -----------------------------------------------------------------------------------
 */

/* A look at the review: writes nothing. */
static int look(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                uint64_t *ops, struct pl_err *e)
{
    struct reading *r = ctx;

    (void)now_us;
    (void)cs;
    *ops = 0; /* no right of a person's is asked for */
    (void)e;
    r->accounts = r->observations = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct cached *c = NULL;
        HASH_FIND(hh, r->d->cache, &r->rows[i].draft, sizeof r->rows[i].draft, c);
        for (size_t k = 0; c != NULL && k < c->n; k++) {
            if (!pl_secret_is_sealed(newest, c->items[k].kind) ||
                pl_doc_entry(newest, c->items[k].eid) != NULL)
                continue;
            if (c->items[k].kind == PL_KIND_ACCOUNT)
                r->accounts++;
            else
                r->observations++;
        }
    }
    return 0;
}

static void on_look(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct reading *r = ctx;

    (void)rev;
    r->count_cb(r->ctx, rc, r->accounts, r->observations, e);
    reading_free(r);
}

static void reading_end(struct reading *r, int rc, const struct pl_err *e)
{
    const struct rooms_act nobody = {.review = r->review};

    if (rc == 0 && r->d->rooms == NULL)
        rc = pl_fail(&r->err, PL_E_GOING_AWAY, "the server is being restarted");
    if (rc == 0 && !r->keeps) {
        rooms_command(r->d->rooms, &nobody, look, r, on_look, r);
        return;
    }
    if (rc != 0 && e == NULL)
        e = &r->err;
    if (r->keeps)
        r->load_cb(r->ctx, rc, &r->set, rc != 0 ? e : NULL);
    else
        r->count_cb(r->ctx, rc, 0, 0, e);
    reading_free(r);
}

static int reading_start(struct reading *r)
{
    int rc = repo_drafts(r->d->store, r->review, on_rows, r);

    if (rc != 0)
        reading_free(r);
    return rc;
}

int drafts_load(struct drafts *d, const struct drafts_want *want, drafts_load_cb cb, void *ctx)
{
    struct reading *r = pl_xcalloc(1, sizeof *r);

    r->d = d;
    r->review = want->review;
    r->after = want->after;
    r->budget = want->budget;
    r->keeps = true;
    r->load_cb = cb;
    r->ctx = ctx;
    return reading_start(r);
}

int drafts_count(struct drafts *d, uint64_t review, drafts_count_cb cb, void *ctx)
{
    struct reading *r = pl_xcalloc(1, sizeof *r);

    r->d = d;
    r->review = review;
    r->count_cb = cb;
    r->ctx = ctx;
    return reading_start(r);
}
