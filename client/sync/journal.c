// SPDX-License-Identifier: Apache-2.0
/*
 * An open journal: its slot, its lock, its file. The lock stands on a file of its own, since the
 * log is replaced when it is rewritten; lock files stay behind, empty.
 *
 * Writing: events are appended at once (the page cache has them when this process dies) and fsynced
 * within 50 ms; a whole state is written to a new file that is fsynced before it takes the name.
 * After a failed write nothing is appended any more until a whole state could be written.
 */
#include "sync/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"

#include "sync/journal_file.h"
#include "sync/journal_slot.h"
#include "sync/rescue.h"

#define ASIDE_TRIES 9u

struct journal {
    struct journal_options o;
    char *state_dir;
    char *host;
    struct journal_slot slot;
    int fd; /* log, opened for appending; -1 before the first state is written */
    uint64_t length;
    uint64_t whole;      /* length when it was written last */
    bool ok;             /* what was written last is in the file */
    bool dirty;          /* written, not fsynced */
    bool syncing;        /* a worker has it */
    int64_t dirty_us;    /* since when */
    int64_t retry_us;    /* not ok: when to try again */
    struct pl_buf found; /* what the file held at opening */
    char *aside;         /* the file was damaged: where it is now */
    bool blocked;        /* it could not be moved: it is never written over */
};

const char *journal_path(const struct journal *j)
{
    return j->slot.log;
}

bool journal_is_ok(const struct journal *j)
{
    return j->ok;
}

static int64_t now_us(const struct journal *j)
{
    return (int64_t)pl_env_mono_us(j->o.env);
}

/* --- opening ------------------------------------------------------------------------------------
 */

/* Takes a slot and reads its file. 0, -PL_E_BUSY or -PL_E_IO. */
static int take_slot(struct journal *j, int n, struct pl_err *e)
{
    int rc = journal_slot_lock(&j->slot, j->state_dir, j->host, j->o.review, n, e);

    if (rc != 0)
        return rc;
    rc = pl_file_read_all(j->slot.log, JOURNAL_FILE_MAX, &j->found, NULL);
    if (rc != 0)
        pl_buf_release(&j->found); /* none, or not to be read: journal_start decides */
    return 0;
}

static void let_go(struct journal *j)
{
    pl_buf_release(&j->found);
    journal_slot_unlock(&j->slot);
}

/* Does the file hold something that was not sent? */
static bool has_unsent(const struct journal *j)
{
    const struct sync_handlers none = {0};
    size_t good;
    bool misfit;
    struct sync *s = journal_load(j->found.data, j->found.len, &none, &good, &misfit);
    bool unsent = s != NULL && !sync_is_saved(s);

    sync_free(s);
    return unsent;
}

/* Left-over work first, then the first slot that is free. */
static int choose_slot(struct journal *j, struct pl_err *e)
{
    int first_free = -1;
    int rc = 0;

    for (int n = 0; n < JOURNAL_SLOTS_MAX; n++) {
        if (n > 0 && !journal_slot_exists(j->state_dir, j->host, j->o.review, n)) {
            if (first_free < 0)
                first_free = n;
            break;
        }
        rc = take_slot(j, n, e);
        if (rc == -PL_E_BUSY)
            continue;
        if (rc != 0)
            return rc;
        if (has_unsent(j))
            return 0;
        let_go(j);
        if (first_free < 0)
            first_free = n;
    }
    for (; first_free >= 0 && first_free < JOURNAL_SLOTS_MAX; first_free++) {
        rc = take_slot(j, first_free, e);
        if (rc != -PL_E_BUSY)
            return rc;
    }
    return pl_fail(e, PL_E_BUSY, "all journals of this review are in use");
}

static void free_journal(struct journal *j)
{
    let_go(j);
    if (j->fd >= 0)
        (void)close(j->fd);
    free(j->state_dir);
    free(j->host);
    free(j->aside);
    pl_mem_free(PL_MEM_JOURNAL, j);
}

struct journal *journal_open(const struct journal_options *o, struct pl_err *e)
{
    struct journal *j = pl_mem_calloc(PL_MEM_JOURNAL, 1, sizeof *j);

    j->o = *o;
    j->state_dir = pl_xstrdup(o->state_dir);
    j->host = pl_xstrdup(o->host);
    j->o.state_dir = j->state_dir;
    j->o.host = j->host;
    j->fd = -1;
    j->ok = true;
    journal_slot_init(&j->slot);
    pl_buf_init(&j->found, JOURNAL_FILE_MAX);
    int rc = o->slot >= 0 ? take_slot(j, o->slot, e) : choose_slot(j, e);
    if (rc != 0) {
        free_journal(j);
        return NULL;
    }
    return j;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void tell(struct journal *j, bool ok, const struct pl_err *why)
{
    if (j->ok == ok)
        return;
    j->ok = ok;
    if (j->o.status != NULL)
        j->o.status(j->o.ctx, ok, why);
}

static void fail(struct journal *j, const struct pl_err *why)
{
    j->retry_us = now_us(j) + JOURNAL_RETRY_US;
    j->dirty = false;
    tell(j, false, why);
}

/* A new file with the whole state takes the place of the old one. */
static void write_whole(struct journal *j, struct sync *s)
{
    struct pl_err e = {0};
    struct pl_buf state;
    struct pl_buf file;
    int rc;

    pl_buf_init(&state, JOURNAL_RECORD_MAX);
    pl_buf_init(&file, JOURNAL_FILE_MAX);
    rc = j->blocked ? pl_fail(&e, PL_E_IO, "%s is damaged and cannot be moved", j->slot.log)
                    : sync_save(s, &state, &e);
    if (rc == 0 &&
        (journal_put_magic(&file) != 0 ||
         journal_put_record(&file, JOURNAL_WHOLE, JOURNAL_MAGIC_BYTES, state.data, state.len) != 0))
        rc = pl_fail(&e, PL_E_LIMIT, "the state is too large for a journal");
    if (rc == 0)
        rc = pl_file_write_atomic(j->slot.log, file.data, file.len, 0600, &e);
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1;
    if (rc == 0) {
        j->fd = open(j->slot.log, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        if (j->fd < 0)
            rc = pl_fail(&e, PL_E_IO, "cannot open %s: %s", j->slot.log, strerrordesc_np(errno));
    }
    if (rc == 0) {
        j->length = file.len;
        j->whole = file.len;
        j->dirty = false;
        sync_saved(s);
        tell(j, true, NULL);
    } else {
        fail(j, &e);
    }
    pl_buf_release(&state);
    pl_buf_release(&file);
}

/* --- starting -----------------------------------------------------------------------------------
 */

/* Goes on writing behind what was good. */
static void continue_file(struct journal *j, size_t good)
{
    j->fd = open(j->slot.log, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (j->fd >= 0 && ftruncate(j->fd, (off_t)good) == 0) {
        j->length = good;
        j->whole = good;
        return;
    }
    if (j->fd >= 0)
        (void)close(j->fd);
    j->fd = -1; /* the first keep writes a whole new file */
}

/* Nothing that was typed is written over: when the rescue folder cannot be used, the file stays
 * beside the journal, under a name that is no journal's. */
static char *keep_beside(const struct journal *j)
{
    for (unsigned n = 1; n <= ASIDE_TRIES; n++) {
        char *name = pl_xasprintf("%s.damaged-%u", j->slot.log, n);
        if (!pl_file_exists(name) && pl_file_move(j->slot.log, name, NULL) == 0)
            return name;
        free(name);
    }
    return NULL;
}

/* Moves the file away; false when that cannot be done. */
static bool put_aside(struct journal *j)
{
    const struct rescue_options r = {.state_dir = j->state_dir,
                                     .host = j->host,
                                     .review = j->o.review,
                                     .at_us = pl_env_now_us(j->o.env)};
    struct pl_buf to;

    pl_buf_init(&to, 4096);
    j->aside = rescue_move(&r, j->slot.log, &to, NULL) == 0 ? pl_buf_steal(&to, NULL) : NULL;
    if (j->aside == NULL)
        j->aside = keep_beside(j);
    pl_buf_release(&to);
    if (j->aside == NULL)
        j->aside = pl_xstrdup("");
    return !pl_file_exists(j->slot.log);
}

const char *journal_damaged_path(const struct journal *j)
{
    return j->aside;
}

struct sync *journal_start(struct journal *j, const struct sync_handlers *h, bool *damaged)
{
    struct sync *s = NULL;
    size_t good = 0;
    bool misfit = false;
    bool found = pl_file_exists(j->slot.log);

    if (j->found.len > 0)
        s = journal_load(j->found.data, j->found.len, h, &good, &misfit);
    if (s != NULL && sync_review(s) != j->o.review) {
        sync_free(s);
        s = NULL;
    }
    bool bad = (found && s == NULL) || misfit;
    if (bad)
        j->blocked = !put_aside(j);
    else if (s != NULL)
        continue_file(j, good);
    pl_buf_release(&j->found);
    if (damaged != NULL)
        *damaged = bad;
    if (s == NULL) {
        uint64_t client = pl_env_random_u64(j->o.env);
        s = sync_new(j->o.review, client == 0 ? 1 : client, h);
    } else if (bad) {
        write_whole(j, s); /* what could be read is not left to the file that was put aside */
    }
    return s;
}

/* --- events -------------------------------------------------------------------------------------
 */

/* Appends one record of events. Negative: a whole state has to be written. */
static int append_events(struct journal *j, const struct pl_buf *events, struct pl_err *e)
{
    struct pl_buf rec;

    pl_buf_init(&rec, JOURNAL_RECORD_MAX);
    int rc = journal_put_record(&rec, JOURNAL_EVENTS, j->length, events->data, events->len);
    if (rc == 0)
        rc = pl_fd_write_all(j->fd, rec.data, rec.len, e);
    if (rc == 0) {
        j->length += rec.len;
        if (!j->dirty)
            j->dirty_us = now_us(j);
        j->dirty = true;
    }
    pl_buf_release(&rec);
    return rc;
}

static bool is_overgrown(const struct journal *j)
{
    uint64_t slack = j->whole > JOURNAL_SLACK_BYTES ? j->whole : JOURNAL_SLACK_BYTES;

    return j->length > j->whole + slack;
}

void journal_keep(struct journal *j, struct sync *s)
{
    struct pl_buf events;
    struct pl_err e = {0};

    if (!j->ok && now_us(j) < j->retry_us)
        return; /* it gathers in memory */
    if (!j->ok || j->fd < 0 || is_overgrown(j)) {
        write_whole(j, s);
        return;
    }
    pl_buf_init(&events, JOURNAL_RECORD_MAX);
    int rc = sync_take_delta(s, &events, &e);
    if (rc == 0 && events.len > 0 && append_events(j, &events, &e) != 0)
        rc = 1; /* perhaps there is room for less */
    pl_buf_release(&events);
    if (rc != 0)
        write_whole(j, s);
}

/* --- fsync --------------------------------------------------------------------------------------
 */

int64_t journal_sync_due(const struct journal *j)
{
    int64_t due;

    if (!j->ok)
        due = j->retry_us - now_us(j);
    else if (j->dirty && !j->syncing)
        due = j->dirty_us + JOURNAL_SYNC_US - now_us(j);
    else
        return -1;
    return due > 0 ? due : 0;
}

int journal_sync_take(struct journal *j)
{
    if (!j->dirty || j->syncing || j->fd < 0)
        return -1;
    int fd = fcntl(j->fd, F_DUPFD_CLOEXEC, 3);
    if (fd >= 0) {
        j->dirty = false; /* what is written from now on needs the next one */
        j->syncing = true;
    }
    return fd;
}

void journal_sync_done(struct journal *j, int error)
{
    struct pl_err e = {0};

    j->syncing = false;
    if (error == 0)
        return;
    (void)pl_fail(&e, PL_E_IO, "cannot fsync %s: %s", j->slot.log, strerrordesc_np(error));
    fail(j, &e);
}

void journal_sync(struct journal *j, struct sync *s)
{
    if (!j->ok) {
        journal_keep(j, s);
        return;
    }
    if (!j->dirty || j->fd < 0)
        return;
    int rc = fdatasync(j->fd);
    int error = rc == 0 ? 0 : errno;
    j->dirty = false;
    journal_sync_done(j, error);
}

void journal_close(struct journal *j, struct sync *s)
{
    if (j == NULL)
        return;
    if (s != NULL) {
        j->retry_us = 0;
        journal_keep(j, s);
        journal_sync(j, s);
    }
    free_journal(j);
}
