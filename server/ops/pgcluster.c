// SPDX-License-Identifier: Apache-2.0
/*
 * Starting, stopping and looking at the private cluster (pgcluster.h).
 *
 * The truth about the postmaster is its pid file together with what the kernel says: a pid counts
 * only if that process works in DIR/pg. So a pid file that outlived its process, or a number that
 * the kernel has given to another one, does not fool us, and a postmaster that outlived the process
 * that started it is found.
 */
#include "ops/pgcluster_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ops/stop.h"

#define READY_MS       300000u /* recovery after a crash can take long */
#define RETRY_MS       10000u  /* a start that fails at once is tried again for this long */
#define STOP_MS        30000u
#define STOP_HARD_MS   10000u
#define PID_FILE_LINES 8

/* ---- looking ----------------------------------------------------------------------------------
 */

/* Was this process started as "postgres -D DIR/pg ..."? Only its children write over these words.
 */
static bool was_started_for(const struct pg_place *p, pid_t pid)
{
    static const char option[] = "-D";
    char path[64];
    struct pl_buf words;
    (void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
    int rc = pl_file_read_all(path, 65536, &words, NULL);
    if (rc == 0)
        rc = pl_buf_add_byte(&words, 0); /* even a cut one ends */
    const char *at = rc == 0 ? (const char *)words.data : NULL;
    const char *end = at != NULL ? at + words.len : NULL;
    bool found = false;
    for (const char *next; at < end && !found; at = next) {
        next = at + strlen(at) + 1;
        found = strcmp(at, option) == 0 && next < end && strcmp(next, p->data) == 0;
    }
    pl_buf_release(&words);
    return found;
}

/* Does this process work in our data folder? A postmaster does from its start on. */
static bool is_postmaster(const struct pg_place *p, pid_t pid)
{
    char link[64];
    char target[PG_PATH_MAX + 1];
    (void)snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
    ssize_t n = readlink(link, target, sizeof(target) - 1);
    if (n < 0) {
        /* A root without the right to trace (in a container) is not told; the command line is
         * there for everybody. */
        return (errno == EACCES || errno == EPERM) && was_started_for(p, pid);
    }
    target[n] = '\0';
    return strcmp(target, p->data) == 0;
}

static void pid_file(const struct pg_place *p, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/postmaster.pid", p->data);
}

/* Pid (line 1) and state (line 8) of a pid file; 0 if there is none. */
static pid_t read_pid_file(const char *path, bool *says_ready)
{
    struct pl_buf text;
    uint64_t pid = 0;
    *says_ready = false;
    if (pl_file_read_all(path, 4096, &text, NULL) == 0 && text.len > 0) {
        const char *line = (const char *)text.data;
        for (int i = 1; i <= PID_FILE_LINES && line != NULL; i++) {
            size_t n = strcspn(line, "\n");
            if (i == 1 && (pl_parse_u64n(line, n, &pid) != 0 || pid > INT32_MAX)) {
                pid = 0;
            }
            if (i == PID_FILE_LINES) {
                *says_ready = strncmp(line, "ready", 5) == 0;
            }
            line = line[n] == '\n' ? line + n + 1 : NULL;
        }
    }
    pl_buf_release(&text);
    return (pid_t)pid;
}

static bool takes_connections(const struct pg_place *p)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL." PG_PORT, p->run);
    PL_ASSERT(n > 0 && (size_t)n < sizeof(address.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    bool ok = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
    (void)close(fd);
    return ok;
}

void pg_look(const struct pg_place *p, struct pgcluster_status *out)
{
    char path[PG_PATH_MAX + 32];
    bool says_ready;
    memset(out, 0, sizeof(*out));
    pid_file(p, path, sizeof(path));
    pid_t pid = read_pid_file(path, &says_ready);
    if (pid > 1 && is_postmaster(p, pid)) {
        out->is_running = true;
        out->pid = (int)pid;
        out->is_ready = says_ready && takes_connections(p);
    }
}

/* Does a file that PostgreSQL takes for the lock of a living postmaster name something else: a
 * stranger with the number of a dead one, or a zombie that nobody reaps? A dead one PostgreSQL
 * judges better itself: it looks for backends that outlived it. */
static void drop_stale_lock(const struct pg_place *p, const char *path)
{
    bool says_ready;
    pid_t pid = read_pid_file(path, &says_ready);
    if (pid != 0 && kill(pid, 0) == 0 && !is_postmaster(p, pid)) {
        (void)unlink(path);
        LOG_INFO(NULL, "pg.stale_pid_removed", KV_I("pid", pid), KV_S("file", path));
    }
}

void pg_tidy(const struct pg_place *p)
{
    char path[PG_PATH_MAX + 32];
    (void)snprintf(path, sizeof(path), "%s/.s.PGSQL." PG_PORT ".lock", p->run);
    drop_stale_lock(p, path);
    pid_file(p, path, sizeof(path));
    drop_stale_lock(p, path);
}

void pgcluster_status(const char *dir, struct pgcluster_status *out)
{
    struct pg_place p;
    memset(out, 0, sizeof(*out));
    if (pg_place_find(dir, &p, NULL) == 0) {
        pg_look(&p, out);
    }
}

/* ---- starting ---------------------------------------------------------------------------------
 */

static const char start_log[] = "start.log";

pid_t pg_start(const struct pg_place *p, struct pl_err *e)
{
    static const char port[] = "port=" PG_PORT;
    char sockets[PG_PATH_MAX + 32];
    (void)snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s", p->run);
    const char *const argv[] = {
        "postgres",
        "-D",
        p->data,
        "-c",
        "listen_addresses=",
        "-c",
        sockets,
        "-c",
        "unix_socket_permissions=0700",
        "-c",
        port,
        NULL,
    };
    const struct pg_job job = {.argv = argv, .log = start_log};
    pg_tidy(p);
    return pg_spawn(p, &job, e);
}

/* Did our child end? Reaps it. */
static bool has_ended(pid_t pid, int *status)
{
    return pid > 0 && waitpid(pid, status, WNOHANG) == pid;
}

/* Starts the postmaster unless there is one, and waits until it takes connections. */
static int bring_up(struct pgcluster *c, struct pl_err *e)
{
    const struct pg_place *p = &c->place;
    static const char *const name[] = {"postgres", NULL};
    const struct pg_job job = {.argv = name, .log = start_log};
    uint64_t begun = pl_mono_ms();
    int status = 0;
    bool told = false;
    for (;;) {
        struct pgcluster_status s;
        uint64_t waited = pl_mono_ms() - begun;
        pg_look(p, &s);
        if (s.is_ready) {
            return 0;
        }
        if (stop_asked("PostgreSQL", e) != 0) {
            return -PL_E_GOING_AWAY;
        }
        if (has_ended(c->child, &status)) {
            /* Backends of a killed postmaster may need a moment to notice. */
            if (waited > RETRY_MS) {
                return pg_child_error(p, &job, status, e);
            }
            c->child = 0;
            stop_sleep_ms(300);
        } else if (c->child == 0 && !s.is_running) {
            pid_t pid = pg_start(p, e);
            if (pid < 0) {
                return (int)pid;
            }
            c->child = pid;
        }
        if (waited > READY_MS) {
            return pl_fail(e, PL_E_TIMEOUT, "PostgreSQL does not take connections; see %s/log",
                           p->data);
        }
        if (waited > 5000 && !told) {
            told = true;
            LOG_INFO(NULL, "pg.waiting", KV_S("why", "recovery after a crash may take a while"));
        }
        stop_sleep_ms(waited < 1000 ? 10 : 100);
    }
}

int pgcluster_wait(struct pgcluster *c, struct pl_err *e)
{
    return bring_up(c, e);
}

int pgcluster_acquire(const char *dir, struct pgcluster **out, struct pl_err *e)
{
    char path[PG_PATH_MAX];
    struct pgcluster *c = pl_xcalloc(1, sizeof(*c));
    c->lock = -1;
    int rc = pg_place_find(dir, &c->place, e);
    if (rc != 0) {
        goto out;
    }
    if (!pgcluster_exists(c->place.dir)) {
        rc = pl_fail(e, PL_E_NOENT, "no database in %s; run 'plimsolld init'", dir);
        goto out;
    }
    (void)snprintf(path, sizeof(path), "%s/cluster.lock", c->place.dir);
    c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    /* Waits while somebody stops the cluster. */
    while (c->lock >= 0 && rc == 0 && flock(c->lock, LOCK_SH | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK || errno == EINTR
                 ? stop_asked("PostgreSQL", e)
                 : pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
        if (rc == 0) {
            stop_sleep_ms(20);
        }
    }
    if (rc != 0) {
        goto out;
    }
    if (c->lock < 0) {
        rc = pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
        goto out;
    }
    rc = bring_up(c, e);
    if (rc == -PL_E_GOING_AWAY) {
        pgcluster_release(c); /* also ends what was starting */
        c = NULL;
    }
out:
    if (rc != 0 && c != NULL) {
        if (c->lock >= 0) {
            (void)close(c->lock);
        }
        free(c);
        c = NULL;
    }
    *out = c;
    return rc;
}

/* ---- stopping ---------------------------------------------------------------------------------
 */

static bool wait_gone(const struct pg_place *p, pid_t pid, unsigned ms)
{
    uint64_t until = pl_mono_ms() + ms;
    int status;
    while (pl_mono_ms() < until) {
        (void)has_ended(pid, &status);
        if (!is_postmaster(p, pid)) {
            return true;
        }
        stop_sleep_ms(10);
    }
    return false;
}

static void stop(const struct pg_place *p)
{
    struct pgcluster_status s;
    pg_look(p, &s);
    if (!s.is_running) {
        return;
    }
    /* Fast: ends sessions, writes a checkpoint. Then immediate: recovery at the next start. */
    if (kill(s.pid, SIGINT) == 0 && wait_gone(p, s.pid, STOP_MS)) {
        return;
    }
    LOG_WARN(NULL, "pg.stop_hard", KV_I("pid", s.pid));
    (void)kill(s.pid, SIGQUIT);
    (void)wait_gone(p, s.pid, STOP_HARD_MS);
}

void pgcluster_release(struct pgcluster *c)
{
    if (c == NULL) {
        return;
    }
    int status;
    /* The share is given back before the whole is asked for. Two who leave together and turn one
     * into the other could each be kept off by the other's share, where a failed turn keeps it. */
    if (flock(c->lock, LOCK_UN) == 0 && flock(c->lock, LOCK_EX | LOCK_NB) == 0) {
        stop(&c->place);
    } else if (errno != EWOULDBLOCK) {
        LOG_WARN(NULL, "pg.left_running", KV_S("why", strerror(errno)));
    }
    /* One that was killed before: a zombie's number would look alive to the next start. */
    (void)has_ended(c->child, &status);
    (void)close(c->lock);
    free(c);
}

int pgcluster_conninfo(const char *dir, const char *role, char *out, size_t size, struct pl_err *e)
{
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        return pl_fail(e, PL_E_IO, "%s: %s", dir, strerror(errno));
    }
    char quoted[2 * DATADIR_PATH_MAX];
    size_t n = 0;
    for (const char *s = real; *s != '\0' && n + 3 < sizeof(quoted); s++) {
        if (*s == '\'' || *s == '\\') {
            quoted[n++] = '\\';
        }
        quoted[n++] = *s;
    }
    quoted[n] = '\0';
    free(real);
    int len = snprintf(out, size, "host='%s/run' port=" PG_PORT " dbname=" PG_DATABASE " user=%s",
                       quoted, role != NULL ? role : PG_ROLE);
    return len < 0 || (size_t)len >= size ? pl_fail(e, PL_E_LIMIT, "the path is too long") : 0;
}
