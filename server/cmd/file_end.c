// SPDX-License-Identifier: Apache-2.0
/*
 * The end of an upload: what is stored is read back and hashed, so that the checksum is of what the
 * database holds and not of what came by; then a revision shows it, judged on the newest document
 * and by the database under its lock; then the file is marked as the one that its entry shows.
 * Every step may be repeated: an end whose answer was lost is sent again. A file that was checked
 * and not shown (no right any more, a locked section, a crash in between) is looked at again by the
 * sweep.
 */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"

#include "cmd/files_int.h"
#include "review/attach.h"
#include "room/room.h"
#include "store/repo_file.h"

struct file_end {
    struct file_work w; /* first */
    struct files *f;
    struct call *call; /* NULL: the sweep asks whether a revision shows it */
    uint64_t file, user, device, review;
    struct attach a; /* name and media type owned */
    struct pl_sha256 sha;
    uint64_t hashed;
    uint32_t no, no_before; /* chunks hashed, and before this turn */
    uint64_t rev;
    bool is_shown;
    struct file_end *prev, *next;
};

static void end_release(struct file_end *k)
{
    DL_DELETE(k->f->ends, k);
    free((void *)(uintptr_t)k->a.name);
    free((void *)(uintptr_t)k->a.media_type);
    pl_mem_free(PL_MEM_REQUEST, k);
}

static void end_fail(struct file_end *k, int rc, const struct pl_err *e)
{
    if (k->call != NULL)
        files_fail(k->f, k->call, rc, e);
    end_release(k);
}

static void end_done(struct file_end *k)
{
    if (k->call != NULL) {
        struct pl_msg m = {.type = PL_MSG_DONE};
        m.u.done.rid = call_rid(k->call);
        m.u.done.rev = k->rev;
        k->f->stats.finished++;
        call_reply(k->call, &m);
    }
    end_release(k);
}

/* --- showing ------------------------------------------------------------------------------------
 */

static void on_shown(void *ctx, int rc, const struct pl_err *e)
{
    struct file_end *k = ctx;
    if (rc < 0)
        end_fail(k, rc, e);
    else
        end_done(k);
}

static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    struct file_end *k = ctx;
    (void)now_us;
    if (k->call == NULL) {
        k->is_shown = attach_is_shown(newest, k->a.entry, k->a.sha256);
        return 0;
    }
    k->is_shown = true;
    return attach_judge(newest, &k->a, cs, ops, e);
}

static void on_rev(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct file_end *k = ctx;
    k->rev = rev;
    if (rc == 0)
        rc = repo_file_show(k->f->store, k->file, k->is_shown ? rev : 0, on_shown, k);
    if (rc < 0)
        end_fail(k, rc, e);
}

static void show(struct file_end *k)
{
    const struct rooms_act by = {.review = k->review, .user = k->user, .device = k->device};
    rooms_command(k->f->rooms, &by, judge, k, on_rev, k);
}

/* --- checking -----------------------------------------------------------------------------------
 */

static void on_good(void *ctx, int rc, const struct pl_err *e)
{
    struct file_end *k = ctx;
    if (rc < 0)
        end_fail(k, rc, e);
    else
        show(k);
}

static void on_bad(void *ctx, int rc, const struct pl_err *e)
{
    struct file_end *k = ctx;
    struct pl_err own;
    pl_err_init(&own);
    if (rc == 0) {
        rc = pl_fail(&own, PL_E_CHECKSUM, "what came is not what was announced; it was dropped");
        e = &own;
    }
    end_fail(k, rc, e);
}

static void judge_sum(struct file_end *k)
{
    uint8_t sum[PL_SHA256_BYTES];
    pl_sha256_final(&k->sha, sum);
    bool good = k->hashed == k->a.size && memcmp(sum, k->a.sha256, sizeof(sum)) == 0;
    if (!good)
        LOG_WARN(NULL, "file.wrong_sum", KV_U("file", k->file), KV_U("bytes", k->hashed));
    int rc = repo_file_checked(k->f->store, k->file, k->user, good, good ? on_good : on_bad, k);
    if (rc < 0)
        end_fail(k, rc, NULL);
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    struct file_end *k = ctx;
    pl_sha256_update(&k->sha, bytes, n);
    k->hashed += n;
    k->no++;
}

static void on_pieces(void *ctx, int rc, const struct pl_err *e)
{
    struct file_end *k = ctx;
    struct files *f = k->f;
    bool more = rc == 0 && k->no > k->no_before && k->hashed < k->a.size;
    if (rc < 0) {
        end_fail(k, rc, e);
    } else if (more) {
        k->no_before = k->no;
        files_push(f, &k->w); /* behind the others; it begins with files_next */
    } else {
        judge_sum(k);
    }
    files_next(f);
}

static void pieces_cancel(struct file_work *w)
{
    end_fail((struct file_end *)(void *)w, -PL_E_GOING_AWAY, NULL);
}

static void pieces_start(struct file_work *w)
{
    struct file_end *k = (struct file_end *)(void *)w;
    struct files *f = k->f;
    const struct file_pieces to = {on_bytes, on_pieces, k};
    int rc = repo_file_pieces(f->store, k->file, k->no, &to);
    if (rc < 0) {
        end_fail(k, rc, NULL);
        files_next(f);
    }
}

/* --- the beginning ------------------------------------------------------------------------------
 */

static void take_row(struct file_end *k, const struct file_row *row)
{
    k->review = row->review;
    k->a.entry = row->entry;
    k->a.user = row->user;
    k->a.name = pl_xstrdup(row->name);
    k->a.media_type = pl_xstrdup(row->media_type);
    k->a.size = row->size;
    memcpy(k->a.sha256, row->sha256, sizeof(k->a.sha256));
    k->rev = row->rev;
}

static void on_look(void *ctx, int rc, const struct file_row *row, const struct pl_err *e)
{
    struct file_end *k = ctx;
    struct pl_err own;
    pl_err_init(&own);
    if (rc == 0 && k->call == NULL && row->state != FILE_CHECKED)
        rc = -PL_E_BAD_STATE;
    if (rc == 0 && row->held < row->size) {
        rc = pl_fail(&own, PL_E_BAD_STATE, "%llu of %llu bytes are here",
                     (unsigned long long)row->held, (unsigned long long)row->size);
        e = &own;
    }
    if (rc < 0) {
        end_fail(k, rc, e);
        return;
    }
    take_row(k, row);
    if (row->state == FILE_SHOWN) {
        end_done(k);
    } else if (row->state == FILE_CHECKED) {
        show(k);
    } else {
        pl_sha256_init(&k->sha);
        files_push(k->f, &k->w);
    }
}

static struct file_end *end_new(struct files *f, uint64_t file)
{
    struct file_end *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    k->w.start = pieces_start;
    k->w.cancel = pieces_cancel;
    k->f = f;
    k->file = file;
    DL_APPEND(f->ends, k);
    return k;
}

static bool is_ending(const struct files *f, uint64_t file)
{
    const struct file_end *x;
    DL_FOREACH (f->ends, x) {
        if (x->file == file)
            return true;
    }
    return false;
}

void files_end(struct files *f, struct caller *c, const struct pl_file_end *m)
{
    if (is_ending(f, m->file)) {
        caller_fail(c, m->rid, 0, PL_E_BUSY, "this file is being checked");
        return;
    }
    struct call *call = call_begin(c, m->rid);
    if (call == NULL)
        return;
    struct file_end *k = end_new(f, m->file);
    k->call = call;
    k->user = c->user;
    k->device = c->device;
    int rc = repo_file_look(f->store, m->file, c->user, on_look, k);
    if (rc < 0)
        end_fail(k, rc, NULL);
}

void file_settle(struct files *f, uint64_t file)
{
    if (is_ending(f, file))
        return;
    struct file_end *k = end_new(f, file);
    int rc = repo_file_look(f->store, file, 0, on_look, k);
    if (rc < 0)
        end_fail(k, rc, NULL);
}
