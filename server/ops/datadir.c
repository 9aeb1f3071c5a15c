// SPDX-License-Identifier: Apache-2.0
/*
 * Paths in the data directory, and its lock.
 */
#include "ops/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/file.h"

#define TEXT_MAX (256u * 1024u)

int datadir_path(char *out, size_t size, const char *dir, const char *name, struct pl_err *e)
{
    int n = snprintf(out, size, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= size)
        return pl_fail(e, PL_E_LIMIT, "path %s/%s is too long", dir, name);
    return 0;
}

char *datadir_read(const char *dir, const char *name, struct pl_err *e)
{
    char path[DATADIR_PATH_MAX];
    struct pl_buf b;
    char *text = NULL;
    pl_buf_init(&b, TEXT_MAX);
    if (datadir_path(path, sizeof(path), dir, name, e) == 0 &&
        pl_file_read_all(path, TEXT_MAX - 1, &b, e) == 0)
        text = pl_buf_steal(&b, NULL);
    pl_buf_release(&b);
    return text;
}

int datadir_default(char *out, size_t size, struct pl_err *e)
{
    const char *dir = getenv("PLIMSOLLD_DIR");
    const char *home = getenv("HOME");
    int n = 0;
    if (dir && dir[0])
        n = snprintf(out, size, "%s", dir);
    else if (geteuid() == 0)
        n = snprintf(out, size, "/var/lib/plimsoll");
    else if (home && home[0] == '/')
        n = snprintf(out, size, "%s/.local/share/plimsolld", home);
    else
        return pl_fail(e, PL_E_USAGE, "no data directory: give --dir DIR");
    if (n < 0 || (size_t)n >= size)
        return pl_fail(e, PL_E_LIMIT, "path of the data directory is too long");
    return 0;
}

int datadir_lock(const char *dir, int *fd, struct pl_err *e)
{
    char path[DATADIR_PATH_MAX];
    char text[32];
    int rc = datadir_path(path, sizeof(path), dir, DATADIR_PID, e);
    if (rc < 0)
        return rc;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*fd < 0)
        return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
    if (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
        (void)close(*fd);
        *fd = -1;
        return pl_fail(e, PL_E_CONFLICT, "a server is running on %s already", dir);
    }
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(*fd, 0) < 0 || write(*fd, text, (size_t)n) != n)
        return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
    return 0;
}
