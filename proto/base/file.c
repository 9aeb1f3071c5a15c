// SPDX-License-Identifier: Apache-2.0
/*
 * Whole files. A write goes to a temporary file beside its target and is renamed over it after
 * fsync, so a crash leaves the old content or the new, never a piece. A failed step removes the
 * temporary file and says which step it was. Where nothing may be replaced, the kernel refuses to;
 * file systems that cannot (FUSE, network, FAT) are asked in two older ways.
 */
#include "plimsoll/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"

#define READ_STEP (64u * 1024u)

static int fail_errno(struct pl_err *e, const char *what, const char *path)
{
    int saved = errno;
    int code = saved == ENOENT ? PL_E_NOENT : saved == EEXIST ? PL_E_CONFLICT : PL_E_IO;
    return pl_fail(e, code, "cannot %s %s: %s", what, path, strerrordesc_np(saved));
}

static ssize_t read_some(int fd, void *out, size_t n)
{
    ssize_t got;
    do {
        got = read(fd, out, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int read_fd(int fd, const char *path, struct pl_buf *out, struct pl_err *e)
{
    for (;;) {
        size_t room = out->max - out->len;
        uint8_t extra; /* at the limit, look whether one byte more would come */
        size_t want = room < READ_STEP ? room : READ_STEP;
        uint8_t *to = pl_buf_reserve(out, want);
        if (to == NULL)
            return pl_fail(e, PL_E_NOMEM, "no memory to read %s", path);
        ssize_t got = room > 0 ? read_some(fd, to, want) : read_some(fd, &extra, 1);
        if (got < 0)
            return fail_errno(e, "read", path);
        if (got == 0)
            break;
        if (room == 0)
            return pl_fail(e, PL_E_TOO_LARGE, "%s is larger than %zu bytes", path, out->max);
        out->len += (size_t)got;
    }
    out->data[out->len] = '\0'; /* a buffer always has room for it */
    return 0;
}

int pl_file_read_all(const char *path, size_t max, struct pl_buf *out, struct pl_err *e)
{
    struct stat st;
    int rc;
    pl_buf_init(out, max);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_errno(e, "open", path);
    if (fstat(fd, &st) < 0) {
        rc = fail_errno(e, "inspect", path);
    } else if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)) {
        rc = pl_fail(e, PL_E_IO, "%s is not a file, a pipe or a device", path);
    } else {
        rc = read_fd(fd, path, out, e);
    }
    (void)close(fd);
    return rc;
}

int pl_fd_read_all(int fd, const char *name, size_t max, struct pl_buf *out, struct pl_err *e)
{
    pl_buf_init(out, max);
    return read_fd(fd, name, out, e);
}

int pl_fd_write_all(int fd, const void *bytes, size_t n, struct pl_err *e)
{
    const uint8_t *p = bytes;
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return pl_fail(e, PL_E_IO, "cannot write: %s", strerrordesc_np(errno));
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

/* The folder part of a path, in new memory; "." or "/" where there is none. */
static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return pl_xstrdup(".");
    return pl_xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int sync_dir(const char *dir, struct pl_err *e)
{
    int rc = 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(e, "open folder", dir);
    if (fsync(fd) < 0)
        rc = fail_errno(e, "sync folder", dir);
    (void)close(fd);
    return rc;
}

/* Writes and syncs the new file; nothing is left behind on error. */
static int write_temp(const char *temp, const void *bytes, size_t n, mode_t mode, struct pl_err *e)
{
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return fail_errno(e, "create", temp);
    int rc = 0;
    if (fchmod(fd, mode) < 0)
        rc = fail_errno(e, "set the mode of", temp);
    if (rc == 0)
        rc = pl_fd_write_all(fd, bytes, n, e);
    if (rc == 0 && fsync(fd) < 0)
        rc = fail_errno(e, "sync", temp);
    if (close(fd) < 0 && rc == 0)
        rc = fail_errno(e, "close", temp);
    if (rc < 0)
        (void)unlink(temp);
    return rc;
}

mode_t pl_file_mode_plain(void)
{
    mode_t mask = umask(077);
    (void)umask(mask);
    return 0644 & ~mask;
}

/* Takes the name with an empty file, which cannot replace anything, and puts the whole one over it.
 * For file systems that know nothing better: between the two steps others see the empty file, and a
 * crash there leaves it. */
static int rename_over_claim(const char *from, const char *to)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    (void)close(fd);
    if (rename(from, to) == 0)
        return 0;
    int saved = errno;
    (void)unlink(to);
    errno = saved;
    return -1;
}

/* As rename(), but -1 with EEXIST when there is something under the new name. */
static int rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return -1;
    if (link(from, to) == 0) {
        (void)unlink(from);
        return 0;
    }
    if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != EMLINK)
        return -1;
    return rename_over_claim(from, to);
}

struct content {
    const void *bytes;
    size_t n;
    mode_t mode;
};

static int write_file(const char *path, struct content c, bool replace, struct pl_err *e)
{
    char *dir = dir_of(path);
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    char *temp =
        pl_xasprintf("%s/.%.200s.%016llx.tmp", dir, base, (unsigned long long)pl_random_u64());
    int rc = write_temp(temp, c.bytes, c.n, c.mode, e);
    if (rc < 0)
        goto out;
    if ((replace ? rename(temp, path) : rename_new(temp, path)) < 0) {
        rc = fail_errno(e, replace ? "replace" : "create", path);
        (void)unlink(temp);
        goto out;
    }
    rc = sync_dir(dir, e);
out:
    free(temp);
    free(dir);
    return rc;
}

int pl_file_write_atomic(const char *path, const void *bytes, size_t n, mode_t mode,
                         struct pl_err *e)
{
    return write_file(path, (struct content){bytes, n, mode}, true, e);
}

int pl_file_write_new(const char *path, const void *bytes, size_t n, mode_t mode, struct pl_err *e)
{
    return write_file(path, (struct content){bytes, n, mode}, false, e);
}

int pl_file_move(const char *from, const char *to, struct pl_err *e)
{
    if (rename(from, to) < 0)
        return fail_errno(e, "move", from);
    char *dir = dir_of(to);
    int rc = sync_dir(dir, e);
    free(dir);
    return rc;
}

int pl_file_move_new(const char *from, const char *to, struct pl_err *e)
{
    if (rename_new(from, to) < 0)
        return fail_errno(e, "create", to);
    char *dir = dir_of(to);
    int rc = sync_dir(dir, e);
    free(dir);
    return rc;
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A new folder stays through a power cut when its parent is on disk. Not everybody who may make one
 * there may open the parent; then it is left to the file system. */
static void keep_folder(const char *path)
{
    char *dir = dir_of(path);
    (void)sync_dir(dir, NULL);
    free(dir);
}

int pl_mkdir_p(const char *path, mode_t mode, struct pl_err *e)
{
    char *copy = pl_xstrdup(path);
    int rc = 0;
    size_t len = strlen(copy);
    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = '\0';
    for (char *p = copy + 1; len > 0 && rc == 0 && *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) == 0)
            keep_folder(copy);
        else if (!is_dir(copy))
            rc = fail_errno(e, "make folder", copy);
        *p = '/';
    }
    if (rc == 0 && mkdir(copy, mode) == 0) {
        if (chmod(copy, mode) < 0)
            rc = fail_errno(e, "set the mode of", copy);
        keep_folder(copy);
    } else if (rc == 0 && !is_dir(copy)) {
        rc = fail_errno(e, "make folder", copy);
    }
    free(copy);
    return rc;
}

bool pl_file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int pl_path_join(char *out, size_t size, const char *dir, const char *name)
{
    size_t n = strlen(dir);
    bool slash = n > 0 && dir[n - 1] == '/';
    int len = snprintf(out, size, "%s%s%s", dir, slash || n == 0 ? "" : "/", name);
    return len < 0 || (size_t)len >= size ? -PL_E_LIMIT : 0;
}
