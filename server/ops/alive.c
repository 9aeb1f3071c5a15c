// SPDX-License-Identifier: Apache-2.0
/*
 * See alive.h.
 */
#include "ops/alive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/file.h"

#include "ops/datadir.h"

#define FOLDER    "keeper"
#define PATH_SIZE (DATADIR_PATH_MAX + 64)

static void own_path(const char *dir, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/" FOLDER "/%d", dir, (int)getpid());
}

int alive_open(const char *dir, int *fd, struct pl_err *e)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/" FOLDER, dir);
    int rc = pl_mkdir_p(path, 0700, e);
    if (rc != 0)
        return rc;
    own_path(dir, path);
    *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) != 0)
        return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
    return 0;
}

void alive_put(int fd, const char *line)
{
    size_t n = strnlen(line, ALIVE_LINE_MAX);
    if (fd >= 0 && pwrite(fd, line, n, 0) >= 0)
        (void)!ftruncate(fd, (off_t)n);
}

void alive_close(const char *dir, int fd)
{
    char path[PATH_SIZE];
    if (fd < 0)
        return;
    own_path(dir, path);
    (void)unlink(path);
    (void)close(fd);
}

static void look(int folder, const char *name, void (*cb)(void *, const char *, const char *),
                 void *ctx)
{
    char line[ALIVE_LINE_MAX + 1] = "";
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        (void)unlinkat(folder, name, 0);
    } else {
        ssize_t n = pread(fd, line, ALIVE_LINE_MAX, 0);
        line[n > 0 ? n : 0] = '\0';
        cb(ctx, name, line);
    }
    (void)close(fd);
}

void alive_each(const char *dir, void (*cb)(void *ctx, const char *pid, const char *line),
                void *ctx)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/" FOLDER, dir);
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(d)) != NULL) {
        if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name))
            look(dirfd(d), entry->d_name, cb, ctx);
    }
    (void)closedir(d);
}
