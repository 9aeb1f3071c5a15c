// SPDX-License-Identifier: Apache-2.0
/*
 * Files: one statement per request, judged by sql/0008_files.sql or, for reading, by the predicates
 * in stmt.def. Chunks and sweeps go alone, since their transactions do not wait for the disk.
 */
#include "store/repo_file.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "store/internal.h"

static struct pg_job *job_new(enum pg_stmt stmt, pg_done_cb done, void (*cb)(void), void *ctx)
{
    struct pg_job *job = pg_job_new(stmt, done);
    job->user_cb = cb;
    job->user_ctx = ctx;
    return job;
}

/* The code in column 0 as a result; the reason goes to own unless there is one. */
static int settle(int rc, const struct pg_result *res, struct pl_err *own, const char *what)
{
    return rc != 0 ? rc : store_code(own, pg_get_u32(res, 0, 0), what);
}

/* --- arriving -----------------------------------------------------------------------------------
 */

static void put_done(struct pg_job *job, int rc, const struct pg_result *res,
                     const struct pl_err *e)
{
    struct pl_err own = {0};
    rc = settle(rc, res, &own, "attaching a file");
    if (rc == -PL_E_QUOTA && !e)
        rc = pl_fail(&own, PL_E_QUOTA, "the files of this review would be more than it may hold");
    else if (rc == -PL_E_STORAGE)
        rc = pl_fail(&own, PL_E_STORAGE, "no room is left for files in the whole organisation");
    else if (rc == -PL_E_UPLOADS)
        rc = pl_fail(&own, PL_E_UPLOADS, "other uploads of yours are under way");
    ((file_held_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? pg_get_u64(res, 0, 1) : 0,
                                 rc == 0 ? pg_get_u64(res, 0, 2) : 0,
                                 rc == 0 ? NULL
                                 : e     ? e
                                         : &own);
}

int repo_file_put(struct store *s, const struct file_put *p, file_held_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_PUT, put_done, (void (*)(void))cb, ctx);
    job->solo = true; /* it holds a lock that others wait for */
    pg_arg_u64(job, p->review);
    pg_arg_u64(job, p->entry.client);
    pg_arg_u64(job, p->entry.n);
    pg_arg_u64(job, p->user);
    pg_arg_u64(job, p->device);
    pg_arg_u64(job, p->ops);
    pg_arg_text(job, p->name);
    pg_arg_text(job, p->media_type);
    pg_arg_u64(job, p->size);
    pg_arg_bytes(job, p->sha256, sizeof p->sha256);
    pg_arg_u64(job, p->per_review);
    pg_arg_u64(job, p->organisation);
    pg_arg_u32(job, p->uploads_user);
    pg_arg_u32(job, p->uploads_device);
    return store_submit_reader(s, job);
}

static void chunk_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    struct pl_err own = {0};
    uint64_t held = rc == 0 ? pg_get_u64(res, 0, 1) : 0;
    rc = settle(rc, res, &own, "taking a piece of a file");
    if (rc == -PL_E_BAD_STATE)
        rc = pl_fail(&own, PL_E_BAD_STATE, "not the next piece: %llu bytes are held",
                     (unsigned long long)held);
    else if (rc == -PL_E_INVALID)
        rc = pl_fail(&own, PL_E_INVALID,
                     "a piece has 16384 bytes, the last one what is missing, and ends with the "
                     "size that was announced");
    ((file_held_cb)job->user_cb)(job->user_ctx, rc, job->aux, held, rc == 0 ? NULL : e ? e : &own);
}

int repo_file_chunk(struct store *s, const struct file_piece *p, file_held_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_CHUNK, chunk_done, (void (*)(void))cb, ctx);
    job->solo = true;
    job->aux = p->file;
    pg_arg_u64(job, p->file);
    pg_arg_u64(job, p->user);
    pg_arg_u64(job, p->offset);
    pg_arg_borrow(job, p->bytes, p->n);
    return store_submit_reader(s, job);
}

static void look_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    file_row_cb cb = (file_row_cb)job->user_cb;
    struct pl_err own = {0};
    size_t n = 0;
    if (rc == 0 && pg_rows(res) == 0)
        rc = pl_fail(&own, PL_E_NOENT, "there is no such upload of yours");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    struct file_row row = {
        .file = pg_get_u64(res, 0, 0),
        .review = pg_get_u64(res, 0, 1),
        .entry = {pg_get_u64(res, 0, 2), (uint32_t)pg_get_u64(res, 0, 3)},
        .user = pg_get_u64(res, 0, 4),
        .device = pg_get_u64(res, 0, 5),
        .name = pg_get_text(res, 0, 6),
        .media_type = pg_get_text(res, 0, 7),
        .size = pg_get_u64(res, 0, 8),
        .sha256 = pg_get_bytes(res, 0, 9, &n),
        .held = pg_get_u64(res, 0, 10),
        .state = (enum file_state)pg_get_u32(res, 0, 11),
        .rev = pg_get_u64(res, 0, 12),
    };
    PL_ASSERT(n == PL_SHA256_BYTES); /* the column's domain says so */
    cb(job->user_ctx, 0, &row, NULL);
}

int repo_file_look(struct store *s, uint64_t file, uint64_t user, file_row_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_LOOK, look_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, file);
    pg_arg_u64(job, user);
    return store_submit_reader(s, job);
}

/* --- checking and showing -----------------------------------------------------------------------
 */

static void pieces_done(struct pg_job *job, int rc, const struct pg_result *res,
                        const struct pl_err *e)
{
    const struct file_pieces *to = job->extra;
    size_t rows = rc == 0 ? pg_rows(res) : 0;
    for (size_t i = 0; i < rows; i++) {
        size_t n = 0;
        const uint8_t *p = pg_get_bytes(res, i, 0, &n);
        to->each(to->ctx, p, n);
    }
    to->done(to->ctx, rc, e);
}

int repo_file_pieces(struct store *s, uint64_t file, uint32_t no, const struct file_pieces *to)
{
    struct pg_job *job = job_new(STMT_FILE_PIECES, pieces_done, NULL, NULL);
    struct file_pieces *copy = pl_xmalloc(sizeof *copy);
    *copy = *to;
    job->extra = copy;
    pg_arg_u64(job, file);
    pg_arg_u32(job, no);
    return store_submit_reader(s, job);
}

static void code_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    struct pl_err own = {0};
    rc = settle(rc, res, &own, "keeping a file");
    ((file_done_cb)job->user_cb)(job->user_ctx, rc, rc == 0 ? NULL : e ? e : &own);
}

int repo_file_checked(struct store *s, uint64_t file, uint64_t user, bool good, file_done_cb cb,
                      void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_CHECKED, code_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, file);
    pg_arg_u64(job, user);
    pg_arg_bool(job, good);
    return store_submit_reader(s, job);
}

int repo_file_show(struct store *s, uint64_t file, uint64_t rev, file_done_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_SHOW, code_done, (void (*)(void))cb, ctx);
    job->solo = true;
    pg_arg_u64(job, file);
    pg_arg_u64(job, rev);
    return store_submit_reader(s, job);
}

/* --- leaving ------------------------------------------------------------------------------------
 */

static void read_done(struct pg_job *job, int rc, const struct pg_result *res,
                      const struct pl_err *e)
{
    file_data_cb cb = (file_data_cb)job->user_cb;
    struct pl_err own = {0};
    size_t n = 0;
    if (rc == 0 && (pg_rows(res) == 0 || !pg_get_bool(res, 0, 0)))
        rc = pl_fail(&own, PL_E_PERM, "you are not a participant of this review");
    else if (rc == 0 && pg_is_null(res, 0, 1))
        rc = pl_fail(&own, PL_E_NOENT, "this entry has no file");
    else if (rc == 0 && pg_is_null(res, 0, 5))
        rc = pl_fail(&own, PL_E_NOENT, "the file ends before that");
    if (rc != 0) {
        cb(job->user_ctx, rc, NULL, e ? e : &own);
        return;
    }
    struct file_data d = {
        .size = pg_get_u64(res, 0, 1),
        .sha256 = pg_get_bytes(res, 0, 2, &n),
        .name = pg_get_text(res, 0, 3),
        .media_type = pg_get_text(res, 0, 4),
    };
    PL_ASSERT(n == PL_SHA256_BYTES);
    d.bytes = pg_get_bytes(res, 0, 5, &d.n);
    cb(job->user_ctx, 0, &d, NULL);
}

int repo_file_read(struct store *s, const struct file_read *r, file_data_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_READ, read_done, (void (*)(void))cb, ctx);
    pg_arg_u64(job, r->review);
    pg_arg_u64(job, r->user);
    pg_arg_u64(job, r->device);
    pg_arg_u64(job, r->entry.client);
    pg_arg_u64(job, r->entry.n);
    pg_arg_u32(job, r->no);
    return store_submit_reader(s, job);
}

static void sweep_done(struct pg_job *job, int rc, const struct pg_result *res,
                       const struct pl_err *e)
{
    struct file_swept r = {0};
    if (rc == 0)
        r = (struct file_swept){pg_get_u32(res, 0, 0), pg_get_u32(res, 0, 1),
                                pg_get_u64(res, 0, 2)};
    ((file_swept_cb)job->user_cb)(job->user_ctx, rc, &r, e);
}

int repo_file_sweep(struct store *s, uint64_t expire_ms, uint64_t stale_ms, uint32_t chunks,
                    file_swept_cb cb, void *ctx)
{
    struct pg_job *job = job_new(STMT_FILE_SWEEP, sweep_done, (void (*)(void))cb, ctx);
    job->solo = true;
    pg_arg_u64(job, expire_ms * 1000);
    pg_arg_u64(job, stale_ms * 1000);
    pg_arg_u32(job, chunks);
    return store_submit_reader(s, job);
}
