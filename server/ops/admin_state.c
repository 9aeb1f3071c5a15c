// SPDX-License-Identifier: Apache-2.0
/*
 * `plimsolld audit dump-state FOLDER`: the rows of the database that the log tells of, for
 * `plimsoll verify --state`, which replays the log and demands the same rows. Only printed here:
 * the judgement is made by a program that has no way to the database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"

#include "ops/admin_audit_int.h"

#define NOTE_BYTES 65536u

static void on_rows(void *ctx, int rc, const struct log_bytes *rows, size_t n,
                    const struct pl_err *e)
{
    for (size_t i = 0; rc == 0 && i < n; i++) {
        (void)fwrite(rows[i].p, 1, rows[i].n, stdout);
        (void)putchar('\n');
    }
    local_done(ctx, rc, e);
}

/* How many entries the export's checkpoint covers. */
static int export_size(const char *dir, uint64_t *size, struct pl_err *e)
{
    char path[DATADIR_PATH_MAX];
    struct pl_checkpoint c;
    struct pl_buf b;
    pl_buf_init(&b, 0);
    int rc = pl_path_join(path, sizeof(path), dir, "checkpoint");
    if (rc == 0) {
        rc = pl_file_read_all(path, NOTE_BYTES, &b, e);
    }
    if (rc == 0) {
        const char *text = b.data == NULL ? "" : (const char *)b.data;
        const char *end = strstr(text, "\n\n");
        rc = pl_checkpoint_parse(text, end == NULL ? 0 : (size_t)(end - text) + 1, &c, e);
    }
    if (rc == 0) {
        *size = c.size;
    }
    pl_buf_release(&b);
    return rc;
}

int admin_audit_dump_state(const struct admin *a, const char *dir, struct pl_err *e)
{
    struct local_answer answer = {0};
    struct local *l = NULL;
    uint64_t size = 0;
    int rc = export_size(dir, &size, e);
    if (rc == 0) {
        rc = local_open(a->dir, &l, e);
    }
    if (rc != 0) {
        return rc;
    }
    rc = local_wait(l, repo_log_rows(local_store(l), size, on_rows, &answer), &answer, e);
    local_close(l);
    if (rc == 0 && fflush(stdout) != 0) {
        return pl_fail(e, PL_E_IO, "standard output cannot be written");
    }
    return rc;
}
