// SPDX-License-Identifier: Apache-2.0
/*
 * A download: hash what an earlier try left in NAME.part, ask for the pieces behind it, a few at a
 * time, and give the file its name when its SHA-256 is the one that the document shows.
 */
#include "model/transfer_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

/* --- the end ------------------------------------------------------------------------------------
 */

static int keep(struct transfer *t, struct pl_err *e)
{
    if (fchmod(t->fd, pl_file_mode_plain()) < 0 || fsync(t->fd) < 0)
        return pl_fail(e, PL_E_IO, "cannot keep %s: %s", t->part, strerror(errno));
    return t->force ? pl_file_move(t->part, t->path, e) : pl_file_move_new(t->part, t->path, e);
}

/* What an earlier try left was of another file. */
static void start_over(struct transfer *t)
{
    t->done = t->hashed = t->result.resumed_at = 0;
    pl_sha256_init(&t->sha);
    transfer_failed(t, -PL_E_CHECKSUM, NULL, true);
}

static void finish(struct transfer *t)
{
    uint8_t sum[PL_SHA256_BYTES];
    struct pl_err e;
    pl_err_init(&e);
    pl_sha256_final(&t->sha, sum);
    if (memcmp(sum, t->want, sizeof(sum)) != 0) {
        if (t->result.resumed_at > 0) {
            start_over(t);
            return;
        }
        (void)unlink(t->part);
        transfer_end(
            t,
            pl_fail(&e, PL_E_CHECKSUM, "what came is not what the review shows; nothing was kept"),
            &e);
        return;
    }
    int rc = keep(t, &e);
    t->result.size = t->size;
    memcpy(t->result.sha256, sum, sizeof(sum));
    transfer_end(t, rc, &e);
}

/* --- pieces -------------------------------------------------------------------------------------
 */

static void ask_more(struct transfer *t);

static int write_piece(struct transfer *t, const struct pl_bytes *b, struct pl_err *e)
{
    size_t at = 0;
    while (at < b->n) {
        ssize_t n = pwrite(t->fd, b->p + at, b->n - at, (off_t)(t->done + at));
        if (n < 0 && errno != EINTR)
            return pl_fail(e, PL_E_IO, "cannot write %s: %s", t->part, strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    pl_sha256_update(&t->sha, b->p, b->n);
    return 0;
}

/* Is this the next piece of the file that is wanted? */
static int judge_piece(struct transfer *t, const struct pl_msg *m, struct pl_err *e)
{
    const struct pl_file_data *d = &m->u.file_data;
    if (d->sha256.n != sizeof(t->want) || memcmp(d->sha256.p, t->want, sizeof(t->want)) != 0)
        return pl_fail(e, PL_E_NOENT, "the server has another file there now");
    if (d->total != t->size)
        return pl_fail(e, PL_E_BAD_MESSAGE, "the size of the file changed on its way");
    if (d->offset != t->done || d->chunk.n == 0 || d->chunk.n > d->total - d->offset ||
        (d->offset + d->chunk.n < d->total && (d->offset + d->chunk.n) % PL_CHUNK_MAX != 0))
        return pl_fail(e, PL_E_BAD_MESSAGE, "a piece came that was not asked for");
    return 0;
}

static void on_data(struct transfer *t, int rc, struct pl_msg *m, const struct pl_err *e)
{
    struct pl_err own;
    pl_err_init(&own);
    if (rc == 0) {
        rc = judge_piece(t, m, &own);
        if (rc == 0)
            rc = write_piece(t, &m->u.file_data.chunk, &own);
        e = &own;
    }
    if (rc < 0) {
        /* A revision can be here a moment before the file that it shows. */
        transfer_failed(t, rc, e, rc == -PL_E_NOENT && t->failures < 6);
        return;
    }
    transfer_moved(t, t->done + m->u.file_data.chunk.n);
    if (t->done == t->size)
        finish(t);
    else
        ask_more(t);
}

static void ask(struct transfer *t)
{
    struct pl_msg m = {.type = PL_MSG_FILE_GET};
    m.u.file_get.review = t->review;
    m.u.file_get.entry = t->entry;
    m.u.file_get.offset = t->next;
    t->next += PL_CHUNK_MAX - t->next % PL_CHUNK_MAX;
    transfer_call(t, &m, TRANSFER_CALL_MS, on_data);
}

static void ask_more(struct transfer *t)
{
    while (t->next < t->size && t->attempt->open < PL_FILE_CHUNKS_OPEN)
        ask(t);
}

static void get_begin(struct transfer *t)
{
    t->next = t->done;
    if (t->done == t->size)
        finish(t);
    else
        ask_more(t);
}

/* --- the beginning ------------------------------------------------------------------------------
 */

static void hash_step(struct transfer *t)
{
    struct pl_err e;
    pl_err_init(&e);
    int rc = transfer_hash(t, t->done, &e);
    if (rc < 0) {
        transfer_end(t, rc, &e);
    } else if (rc == 0) {
        transfer_later(t, hash_step, 0);
    } else {
        t->progress_ms = uv_now(t->timer.loop);
        transfer_try(t);
    }
}

static int open_part(struct transfer *t, struct pl_err *e)
{
    struct stat st;
    t->part = pl_xasprintf("%s.part", t->path);
    t->fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (t->fd < 0)
        return pl_fail(e, PL_E_IO, "cannot write %s: %s", t->part, strerror(errno));
    if (fstat(t->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
        return pl_fail(e, PL_E_CONFLICT, "%s is in the way", t->part);
    if (flock(t->fd, LOCK_EX | LOCK_NB) < 0)
        return pl_fail(e, PL_E_CONFLICT, "another process is writing %s", t->part);
    t->done = (uint64_t)st.st_size;
    return 0;
}

/* What is there may be of another file: only as much as the end of a piece is gone on with, and a
 * wrong beginning comes to light at the end, when it is thrown away. */
static int trim_part(struct transfer *t, struct pl_err *e)
{
    if (t->done != t->size)
        t->done -= t->done % PL_CHUNK_MAX;
    if (t->done > t->size)
        t->done = 0;
    if (ftruncate(t->fd, (off_t)t->done) < 0)
        return pl_fail(e, PL_E_IO, "cannot write %s: %s", t->part, strerror(errno));
    t->result.resumed_at = t->done;
    return 0;
}

int transfer_get(struct transfer **out, struct client *c, const struct transfer_options *o,
                 const struct transfer_handlers *h, struct pl_err *e)
{
    struct transfer *t = transfer_new(c, o, h);
    int rc = pl_hex_decode(o->sha256_hex, strlen(o->sha256_hex), t->want, sizeof(t->want));
    if (rc < 0 || o->size == 0 || o->size > PL_FILE_BYTES_MAX)
        rc = pl_fail(e, PL_E_NOENT, "the review shows no file here");
    t->size = o->size;
    if (rc == 0 && !o->force && pl_file_exists(o->path))
        rc = pl_fail(e, PL_E_CONFLICT, "%s exists; --force replaces it", o->path);
    if (rc == 0)
        rc = open_part(t, e);
    if (rc == 0)
        rc = trim_part(t, e);
    if (rc < 0) {
        transfer_drop(t);
        return rc;
    }
    t->begin = get_begin;
    transfer_later(t, hash_step, 0);
    *out = t;
    return 0;
}
