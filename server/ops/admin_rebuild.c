// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld rebuild`: reads the log of each review from its newest good snapshot on, makes the
 * rows of the projections from the document, and has the database compare and replace them under
 * the review's lock. Servers may run: when the log has gone on meanwhile, the rest is read and the
 * comparison made again. What is read is checked like a server does it, by the state hashes in the
 * log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "ops/admin.h"
#include "ops/admin_out.h"
#include "ops/local.h"
#include "room/oplog.h"
#include "room/oplog_project.h"
#include "store/repo_log.h"
#include "store/repo_projection.h"

#define PAGE        500u
#define FETCH_BYTES (1024u * 1024u)
#define TRIES_MAX   100 /* of one review, while others append to it */

struct rebuild {
    struct local *l;
    struct out_table *table;
    bool write;
    uint64_t reviews, wrong, differs;
};

/* --- reading a review ---------------------------------------------------------------------------
 */

struct reading {
    struct local_answer answer;
    uint64_t review;
    struct oplog *log; /* NULL: nothing read yet */
    uint64_t head;     /* as the last answer said */
    int rc;            /* what was read is no good */
    struct pl_err e;
};

static void log_begin(struct reading *r, struct pl_doc *take_doc)
{
    const struct oplog_options o = {.review = r->review,
                                    .ring_revs = 1,
                                    .ring_bytes = 1,
                                    .queue_bytes = 1,
                                    .env = pl_env_system()};
    const struct oplog_handlers none = {0};
    oplog_free(r->log);
    r->log = oplog_new(&o, take_doc, &none);
}

/* A snapshot that is not what was stored is passed over: the log has everything. */
static struct pl_doc *good_snapshot(const struct load_part *part)
{
    struct pl_doc *d = part->n_snap > 0 ? pl_doc_decode(part->snap, part->n_snap, NULL) : NULL;
    if (d != NULL && (pl_doc_rev(d) != part->snap_rev ||
                      (part->snap_hash != 0 && pl_doc_digest(d) != part->snap_hash))) {
        pl_doc_free(d);
        d = NULL;
    }
    return d;
}

static void on_part(void *ctx, int rc, const struct load_part *part, const struct pl_err *e)
{
    struct reading *r = ctx;
    if (rc != 0) {
        local_done(&r->answer, rc, e);
        return;
    }
    if (r->log == NULL)
        log_begin(r, good_snapshot(part));
    for (size_t i = 0; r->rc == 0 && i < part->n_batches; i++)
        r->rc = oplog_catch_up(r->log, part->batches[i].body, part->batches[i].n, &r->e);
    r->head = part->head;
    if (part->done)
        local_done(&r->answer, 0, NULL);
}

static int read_some(struct rebuild *b, struct reading *r, struct pl_err *e)
{
    memset(&r->answer, 0, sizeof(r->answer));
    r->rc = 0;
    pl_err_init(&r->e);
    int rc = r->log == NULL ? repo_load(local_store(b->l), r->review, 0, on_part, r)
                            : repo_fetch(local_store(b->l), r->review, oplog_head(r->log),
                                         FETCH_BYTES, on_part, r);
    return local_wait(b->l, rc, &r->answer, e);
}

/* Reads on to the end of the log, as far as it is known. */
static int read_to_head(struct rebuild *b, struct reading *r, struct pl_err *e)
{
    bool again = false;
    int rc = read_some(b, r, e);
    while (rc == 0 && (r->rc != 0 || oplog_head(r->log) < r->head)) {
        if (r->rc != 0 && again)
            return pl_fail(e, r->e.code, "REV-%llu: %s", (unsigned long long)r->review, r->e.text);
        if (r->rc != 0) { /* what the snapshot led to does not fit: from the beginning */
            again = true;
            log_begin(r, NULL);
        }
        rc = read_some(b, r, e);
    }
    return rc;
}

/* --- one review ---------------------------------------------------------------------------------
 */

struct outcome {
    struct local_answer answer;
    uint64_t head;
    uint64_t differs;
    char *report;
};

static void on_rebuilt(void *ctx, int rc, const struct rebuild_result *res, const struct pl_err *e)
{
    struct outcome *o = ctx;
    o->head = res->head;
    o->differs = res->differs;
    free(o->report);
    o->report = pl_xstrdup(res->report);
    local_done(&o->answer, rc, e);
}

static int compare(struct rebuild *b, const struct reading *r, struct outcome *o, struct pl_err *e)
{
    char *rows = project_all(oplog_doc(r->log));
    const struct rebuild_request q = {
        .review = r->review, .head = oplog_head(r->log), .rows = rows, .write = b->write};
    memset(&o->answer, 0, sizeof(o->answer));
    int rc = local_wait(b->l, repo_rebuild(local_store(b->l), &q, on_rebuilt, o), &o->answer, e);
    free(rows);
    return rc;
}

static void print_outcome(struct rebuild *b, const struct reading *r, const struct outcome *o)
{
    char id[32];
    b->reviews++;
    if (o->differs == 0)
        return;
    b->wrong++;
    b->differs += o->differs;
    (void)snprintf(id, sizeof(id), "REV-%llu", (unsigned long long)r->review);
    out_text(b->table, id);
    out_count(b->table, o->head);
    out_count(b->table, o->differs);
    (void)fprintf(stderr, "%s:\n%s\n", id, o->report);
}

static int rebuild_one(struct rebuild *b, uint64_t review, struct pl_err *e)
{
    struct reading r = {.review = review};
    struct outcome o = {0};
    int rc = -PL_E_BEHIND;
    for (int i = 0; rc == -PL_E_BEHIND && i < TRIES_MAX; i++) {
        rc = read_to_head(b, &r, e);
        if (rc == 0)
            rc = compare(b, &r, &o, e);
    }
    if (rc == 0)
        print_outcome(b, &r, &o);
    oplog_free(r.log);
    free(o.report);
    return rc;
}

/* --- all of them --------------------------------------------------------------------------------
 */

struct id_page {
    struct local_answer answer;
    uint64_t ids[PAGE];
    size_t n;
};

static void on_ids(void *ctx, int rc, const uint64_t *ids, size_t n, const struct pl_err *e)
{
    struct id_page *p = ctx;
    for (size_t i = 0; rc == 0 && i < n && i < PAGE; i++)
        p->ids[p->n++] = ids[i];
    local_done(&p->answer, rc, e);
}

static int rebuild_all(struct rebuild *b, struct pl_err *e)
{
    struct id_page *p = pl_xcalloc(1, sizeof(*p));
    uint64_t after = 0;
    int rc;
    do {
        p->n = 0;
        memset(&p->answer, 0, sizeof(p->answer));
        rc = local_wait(b->l, repo_review_ids(local_store(b->l), after, PAGE, on_ids, p),
                        &p->answer, e);
        for (size_t i = 0; rc == 0 && i < p->n; i++) {
            after = p->ids[i];
            rc = rebuild_one(b, after, e);
        }
    } while (rc == 0 && p->n == PAGE);
    free(p);
    return rc;
}

static int parse_review(const char *s, uint64_t *id, struct pl_err *e)
{
    const char *digits = strncmp(s, "REV-", 4) == 0 ? s + 4 : s;
    if (pl_parse_u64(digits, id) != 0 || *id == 0)
        return pl_fail(e, PL_E_USAGE, "'%.40s' is not a review; write REV-12", s);
    return 0;
}

int admin_rebuild(const struct admin *a, const char *review, bool check, struct pl_err *e)
{
    static const char *const columns[] = {"review", "revision", "differences"};
    struct rebuild b = {.write = !check};
    uint64_t id = 0;
    int rc = review != NULL ? parse_review(review, &id, e) : 0;
    if (rc == 0)
        rc = local_open(a->dir, &b.l, e);
    if (rc != 0)
        return rc;
    b.table = out_table_new("plimsolld.rebuild/1", columns, 3, a->json);
    rc = id != 0 ? rebuild_one(&b, id, e) : rebuild_all(&b, e);
    local_close(b.l);
    out_table_end(b.table);
    if (rc != 0)
        return rc;
    (void)fprintf(stderr, "%llu %s %s, %llu with differences (%llu rows)%s.\n",
                  (unsigned long long)b.reviews, b.reviews == 1 ? "review" : "reviews",
                  check ? "compared" : "rebuilt", (unsigned long long)b.wrong,
                  (unsigned long long)b.differs, check || b.wrong == 0 ? "" : ", which are mended");
    return check && b.wrong > 0 ? ADMIN_FINDINGS : 0;
}
