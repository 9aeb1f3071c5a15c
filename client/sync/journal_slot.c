// SPDX-License-Identifier: Apache-2.0
/*
 * Names and locks of journals. Lock files are never deleted: a lock on a file that somebody has
 * unlinked would be held by two.
 */
#include "sync/journal_slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/file.h"

#include "sync/rescue.h"

void journal_slot_init(struct journal_slot *s)
{
    *s = (struct journal_slot){.lock_fd = -1};
}

/* STATE/journal/HOST/REVIEW.<n>.<ext> */
static bool make_name(char out[JOURNAL_PATH_MAX], const char *state_dir, const char *host,
                      uint64_t review, const char *ext)
{
    char safe[256];

    rescue_host_name(safe, sizeof safe, host);
    int n = snprintf(out, JOURNAL_PATH_MAX, "%s/journal/%s/%" PRIu64 ".%s", state_dir, safe, review,
                     ext);
    return n > 0 && n < JOURNAL_PATH_MAX;
}

static bool make_names(char log[JOURNAL_PATH_MAX], char lock[JOURNAL_PATH_MAX],
                       const char *state_dir, const char *host, uint64_t review, int n)
{
    char log_ext[32];
    char lock_ext[32];

    (void)snprintf(log_ext, sizeof log_ext, "%d.log", n);
    (void)snprintf(lock_ext, sizeof lock_ext, "%d.lock", n);
    return make_name(log, state_dir, host, review, log_ext) &&
           make_name(lock, state_dir, host, review, lock_ext);
}

static int make_folder(const char *log, struct pl_err *e)
{
    char dir[JOURNAL_PATH_MAX];
    size_t n = (size_t)(strrchr(log, '/') - log);

    memcpy(dir, log, n);
    dir[n] = '\0';
    int rc = pl_mkdir_p(dir, 0700, e);
    if (rc != 0 && e != NULL)
        e->code = PL_E_IO; /* whatever it is that stands there */
    return rc != 0 ? -PL_E_IO : 0;
}

/* 0, EWOULDBLOCK, or what went wrong. A file system without locks is no reason not to work. */
static int take_lock(int fd)
{
    int rc;

    do {
        rc = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    } while (rc == EINTR);
    return rc == ENOLCK || rc == ENOSYS || rc == EOPNOTSUPP ? 0 : rc;
}

int journal_slot_lock(struct journal_slot *s, const char *state_dir, const char *host,
                      uint64_t review, int n, struct pl_err *e)
{
    char lock[JOURNAL_PATH_MAX];

    if (!make_names(s->log, lock, state_dir, host, review, n))
        return pl_fail(e, PL_E_IO, "the path of the state folder is too long");
    int rc = make_folder(s->log, e);
    if (rc != 0)
        return rc;
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return pl_fail(e, PL_E_IO, "cannot open %s: %s", lock, strerrordesc_np(errno));
    rc = take_lock(fd);
    if (rc != 0) {
        (void)close(fd);
        return rc == EWOULDBLOCK
                   ? pl_fail(e, PL_E_BUSY, "%s is in use by another process", s->log)
                   : pl_fail(e, PL_E_IO, "cannot lock %s: %s", lock, strerrordesc_np(rc));
    }
    s->lock_fd = fd;
    return 0;
}

void journal_slot_unlock(struct journal_slot *s)
{
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    s->lock_fd = -1;
}

bool journal_slot_exists(const char *state_dir, const char *host, uint64_t review, int n)
{
    char log[JOURNAL_PATH_MAX];
    char lock[JOURNAL_PATH_MAX];

    return make_names(log, lock, state_dir, host, review, n) &&
           (pl_file_exists(log) || pl_file_exists(lock));
}

bool journal_slot_is_busy(const char *log)
{
    char lock[JOURNAL_PATH_MAX + 8];
    size_t n = strlen(log);

    if (n < 4 || n >= JOURNAL_PATH_MAX)
        return false;
    (void)snprintf(lock, sizeof lock, "%.*s.lock", (int)(n - 4), log);
    int fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool busy = take_lock(fd) == EWOULDBLOCK;
    (void)close(fd);
    return busy;
}
