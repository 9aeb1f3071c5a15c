// SPDX-License-Identifier: Apache-2.0
/*
 * Journals from outside: what is kept on this machine, as a list, as text, and away with it. Reads
 * files that other processes may be writing: a torn tail is normal then.
 */
#include "sync/journal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "sync/journal_file.h"
#include "sync/journal_slot.h"
#include "sync/rescue.h"
#include "sync/sync_int.h"

/* "12.0.log" -> 12, 0 */
static bool read_name(const char *name, uint64_t *review, int *slot)
{
    const char *dot = strchr(name, '.');
    uint64_t n;

    if (dot == NULL || !pl_str_ends(name, ".log"))
        return false;
    const char *end = strchr(dot + 1, '.');
    if (end == NULL || strcmp(end, ".log") != 0)
        return false;
    if (pl_parse_u64n(name, (size_t)(dot - name), review) != 0 ||
        pl_parse_u64n(dot + 1, (size_t)(end - dot - 1), &n) != 0 || n >= JOURNAL_SLOTS_MAX)
        return false;
    *slot = (int)n;
    return true;
}

static void fill_state(struct journal_info *i, const struct sync *s)
{
    struct sync_status st;

    sync_status(s, &st);
    i->client = sync_client(s);
    i->rev = st.rev;
    i->inflight = st.inflight;
    i->pending_slots = st.pending_slots + (s->inflight != NULL ? s->inflight->cs.n : 0);
}

static void look_at(const char *host, const char *path, uint64_t review, int slot,
                    void (*cb)(void *ctx, const struct journal_info *i), void *ctx)
{
    const struct sync_handlers none = {0};
    struct journal_info i = {.host = host, .review = review, .slot = slot, .path = path};
    struct pl_buf bytes;
    struct stat st;
    size_t good = 0;
    bool misfit = false;

    if (stat(path, &st) != 0)
        return;
    i.bytes = (size_t)st.st_size;
    i.changed_us = (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
    i.in_use = journal_slot_is_busy(path);
    struct sync *s = NULL;
    if (pl_file_read_all(path, JOURNAL_FILE_MAX, &bytes, NULL) == 0)
        s = journal_load(bytes.data, bytes.len, &none, &good, &misfit);
    i.damaged = s == NULL || misfit;
    if (s != NULL)
        fill_state(&i, s);
    cb(ctx, &i);
    sync_free(s);
    pl_buf_release(&bytes);
}

static void list_host(const char *dir, const char *host,
                      void (*cb)(void *ctx, const struct journal_info *i), void *ctx)
{
    char path[JOURNAL_PATH_MAX];
    DIR *d = opendir(dir);
    struct dirent *de;

    if (d == NULL)
        return;
    while ((de = readdir(d)) != NULL) {
        uint64_t review;
        int slot;
        if (read_name(de->d_name, &review, &slot) &&
            pl_path_join(path, sizeof path, dir, de->d_name) == 0)
            look_at(host, path, review, slot, cb, ctx);
    }
    (void)closedir(d);
}

int journal_list(const char *state_dir, void (*cb)(void *ctx, const struct journal_info *i),
                 void *ctx, struct pl_err *e)
{
    char top[JOURNAL_PATH_MAX];
    char of_host[JOURNAL_PATH_MAX];
    struct dirent *de;

    if (pl_path_join(top, sizeof top, state_dir, "journal") != 0)
        return pl_fail(e, PL_E_IO, "the path of the state folder is too long");
    DIR *d = opendir(top);
    if (d == NULL && errno == ENOENT)
        return 0;
    if (d == NULL)
        return pl_fail(e, PL_E_IO, "cannot read %s: %s", top, strerrordesc_np(errno));
    while ((de = readdir(d)) != NULL) {
        if (de->d_name[0] != '.' && pl_path_join(of_host, sizeof of_host, top, de->d_name) == 0)
            list_host(of_host, de->d_name, cb, ctx);
    }
    (void)closedir(d);
    return 0;
}

/* --- export
 * --------------------------------------------------------------------------------------- */

static int describe(const struct sync *s, struct pl_buf *out)
{
    const struct sync_batch *b;
    int rc =
        pl_buf_printf(out, "# Review %" PRIu64 ", on revision %" PRIu64 "\n", s->review, s->rev);

    if (rc == 0 && sync_is_saved(s))
        rc = pl_buf_add_str(out, "Nothing waits to be sent.\n");
    if (rc == 0 && s->inflight != NULL)
        rc = rescue_describe(&s->inflight->cs, s->view, out);
    DL_FOREACH (s->queue, b) {
        if (rc == 0)
            rc = rescue_describe(&b->cs, s->view, out);
    }
    return rc;
}

int journal_export(const char *path, struct pl_buf *out, struct pl_err *e)
{
    const struct sync_handlers none = {0};
    struct pl_buf bytes;
    size_t good = 0;
    bool misfit = false;
    int rc = pl_file_read_all(path, JOURNAL_FILE_MAX, &bytes, e);

    if (rc == 0) {
        struct sync *s = journal_load(bytes.data, bytes.len, &none, &good, &misfit);
        if (s != NULL)
            rc = describe(s, out);
        else
            rc = pl_buf_printf(out, "# %s is damaged: nothing in it can be read.\n", path);
        if (rc == 0 && s != NULL && misfit)
            rc = pl_buf_printf(out, "\n# The file is damaged after byte %zu.\n", good);
        if (rc != 0)
            rc = pl_fail(e, PL_E_LIMIT, "no room for the text");
        sync_free(s);
    }
    pl_buf_release(&bytes);
    return rc;
}

int journal_drop(const char *state_dir, const char *host, uint64_t review, int slot,
                 struct pl_err *e)
{
    struct journal_slot s;

    journal_slot_init(&s);
    int rc = journal_slot_lock(&s, state_dir, host, review, slot, e);
    if (rc != 0)
        return rc;
    if (unlink(s.log) != 0)
        rc = errno == ENOENT
                 ? pl_fail(e, PL_E_NOENT, "there is no journal %s", s.log)
                 : pl_fail(e, PL_E_IO, "cannot delete %s: %s", s.log, strerrordesc_np(errno));
    journal_slot_unlock(&s);
    return rc;
}
