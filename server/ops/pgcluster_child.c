// SPDX-License-Identifier: Apache-2.0
/*
 * Child processes of the private cluster (pgcluster_internal.h): PostgreSQL refuses to run as root,
 * so a root server becomes the user `postgres` between fork and exec. Nothing goes through a shell.
 * Between fork and exec only calls that are safe there.
 */
#include "ops/pgcluster_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ops/stop.h"

#define SUPER_USER     "postgres"
#define PG_MAJOR_MIN   15
#define PG_MAJOR_MAX   40
#define LOG_MAX        (1024 * 1024)
#define INPUT_MAX      4096
#define EXIT_USER      120
#define EXIT_UNREACHED 121
#define EXIT_LOG       122
#define EXIT_EXEC      127

/* ---- where and as whom ------------------------------------------------------------------------
 */

static bool has_postgres(const char *bin)
{
    char path[PG_PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s/postgres", bin);
    if (access(path, X_OK) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/initdb", bin);
    return access(path, X_OK) == 0;
}

/* The major version of an existing cluster, or 0. */
static uint64_t cluster_major(const struct pg_place *p)
{
    char path[PG_PATH_MAX + 16];
    struct pl_buf text;
    uint64_t major = 0;
    (void)snprintf(path, sizeof(path), "%s/PG_VERSION", p->data);
    if (pl_file_read_all(path, 16, &text, NULL) == 0 && text.len > 1 &&
        pl_parse_u64n((const char *)text.data, text.len - 1, &major) != 0) {
        major = 0;
    }
    pl_buf_release(&text);
    return major;
}

static int find_programs(struct pg_place *p, struct pl_err *e)
{
    static const char *const places[] = {"/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"};
    const char *given = getenv("PLIMSOLLD_PG_BIN");
    uint64_t major = cluster_major(p);
    if (given != NULL) {
        (void)pl_strlcpy(p->bin, given, sizeof(p->bin));
        return has_postgres(p->bin) ? 0
                                    : pl_fail(e, PL_E_NOENT, "no postgres and initdb in %s", given);
    }
    for (uint64_t m = PG_MAJOR_MAX; m >= PG_MAJOR_MIN; m--) {
        (void)snprintf(p->bin, sizeof(p->bin), "/usr/lib/postgresql/%u/bin", (unsigned)m);
        if ((major == 0 || m == major) && has_postgres(p->bin)) {
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        (void)pl_strlcpy(p->bin, places[i], sizeof(p->bin));
        if (has_postgres(p->bin)) {
            return 0;
        }
    }
    if (major != 0) {
        return pl_fail(e, PL_E_NOENT, "PostgreSQL %u, which made the cluster, is not installed",
                       (unsigned)major);
    }
    return pl_fail(e, PL_E_NOENT,
                   "PostgreSQL %d or newer is not installed (Debian: apt install postgresql), or "
                   "use your own with --database",
                   PG_MAJOR_MIN);
}

static int name_of_user(uid_t uid, char *out, size_t size, struct pl_err *e)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[4096];
    if (getpwuid_r(uid, &entry, text, sizeof(text), &found) != 0 || found == NULL ||
        strpbrk(found->pw_name, " \t\"#,/") != NULL) {
        return pl_fail(e, PL_E_CONFIG, "user id %u has no usable name", (unsigned)uid);
    }
    (void)pl_strlcpy(out, found->pw_name, size);
    return 0;
}

static int find_user(struct pg_place *p, struct pl_err *e)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[4096];
    p->uid = geteuid();
    p->gid = getegid();
    int rc = name_of_user(p->uid, p->our_user, sizeof(p->our_user), e);
    if (rc != 0) {
        return rc;
    }
    (void)pl_strlcpy(p->pg_user, p->our_user, sizeof(p->pg_user));
    if (p->uid != 0) {
        return 0;
    }
    if (getpwnam_r(SUPER_USER, &entry, text, sizeof(text), &found) != 0 || found == NULL ||
        found->pw_uid == 0) {
        return pl_fail(e, PL_E_NOENT,
                       "PostgreSQL must not run as root, and there is no user " SUPER_USER);
    }
    p->other_user = true;
    p->uid = found->pw_uid;
    p->gid = found->pw_gid;
    (void)pl_strlcpy(p->pg_user, SUPER_USER, sizeof(p->pg_user));
    return 0;
}

int pg_place_find(const char *dir, struct pg_place *out, struct pl_err *e)
{
    memset(out, 0, sizeof(*out));
    char *real = realpath(dir, NULL);
    if (real == NULL) {
        return pl_fail(e, PL_E_IO, "%s: %s", dir, strerror(errno));
    }
    size_t n = pl_strlcpy(out->dir, real, sizeof(out->dir));
    free(real);
    if (n > PGCLUSTER_DIR_MAX) {
        return pl_fail(e, PL_E_LIMIT,
                       "the path of the data directory has %zu bytes; the socket in it allows %u",
                       n, PGCLUSTER_DIR_MAX);
    }
    (void)snprintf(out->data, sizeof(out->data), "%s/pg", out->dir);
    (void)snprintf(out->run, sizeof(out->run), "%s/run", out->dir);
    int rc = find_user(out, e);
    return rc != 0 ? rc : find_programs(out, e);
}

/* ---- children ---------------------------------------------------------------------------------
 */

/* A fresh process state: no handlers, nothing blocked, no descriptors but the standard ones. */
static void reset_process(int in)
{
    sigset_t none;
    struct sigaction preset = {.sa_handler = SIG_DFL};
    for (int s = 1; s < NSIG; s++) {
        (void)sigaction(s, &preset, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(in, 0);
    (void)close_range(3, ~0U, 0);
}

_Noreturn static void run_child(const struct pg_place *p, const struct pg_job *job, int in)
{
    static char path_var[] = "PATH=/usr/bin:/bin";
    static char locale_var[] = "LC_ALL=C.UTF-8";
    static char zone_var[] = "TZ=UTC";
    char *const environment[] = {path_var, locale_var, zone_var, NULL};
    reset_process(in);
    (void)setsid();
    (void)umask(077);
    if (p->other_user && (setgroups(1, &p->gid) != 0 || setgid(p->gid) != 0 ||
                          setuid(p->uid) != 0 || setuid(0) == 0)) {
        _exit(EXIT_USER);
    }
    if (chdir(p->dir) != 0 || chdir("run") != 0) {
        _exit(EXIT_UNREACHED);
    }
    int log = open(job->log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        _exit(EXIT_LOG);
    }
    (void)close(log);
    if (job->argv == NULL) {
        _exit(job->work(job->ctx));
    }
    char path[PG_PATH_MAX + 32];
    char *argv[32];
    size_t n = 0;
    for (; job->argv[n] != NULL && n < 31; n++) {
        /* execve does not write to them; its type is older than const. */
        memcpy(&argv[n], &job->argv[n], sizeof(argv[n]));
    }
    argv[n] = NULL;
    /* initdb looks for its companions beside argv[0]. */
    (void)snprintf(path, sizeof(path), "%s/%s", p->bin, argv[0]);
    argv[0] = path;
    (void)execve(path, argv, environment);
    _exit(EXIT_EXEC);
}

pid_t pg_spawn(const struct pg_place *p, const struct pg_job *job, struct pl_err *e)
{
    int in[2] = {-1, -1};
    if (job->input != NULL) {
        size_t n = strlen(job->input);
        PL_ASSERT(n <= INPUT_MAX); /* a pipe holds that without a reader */
        if (pipe2(in, O_CLOEXEC) != 0 || pl_fd_write_all(in[1], job->input, n, NULL) != 0) {
            return pl_fail(e, PL_E_IO, "a pipe: %s", strerror(errno));
        }
        (void)close(in[1]);
    } else {
        in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    pid_t pid = fork();
    if (pid == 0) {
        run_child(p, job, in[0]);
    }
    int saved = errno;
    (void)close(in[0]);
    if (pid < 0) {
        return pl_fail(e, PL_E_IO, "a new process: %s", strerror(saved));
    }
    return pid;
}

/* The last line of a log that says something. */
static void last_line(const struct pg_place *p, const char *log, char *out, size_t size)
{
    char path[PG_PATH_MAX + 64];
    struct pl_buf text;
    out[0] = '\0';
    (void)snprintf(path, sizeof(path), "%s/%s", p->run, log);
    if (pl_file_read_all(path, LOG_MAX, &text, NULL) == 0 && text.len > 0) {
        char *s = (char *)text.data;
        size_t n = text.len;
        while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == ' ')) {
            s[--n] = '\0';
        }
        const char *line = strrchr(s, '\n');
        (void)pl_strlcpy(out, line == NULL ? s : line + 1, size);
    }
    pl_buf_release(&text);
}

int pg_child_error(const struct pg_place *p, const struct pg_job *job, int status, struct pl_err *e)
{
    const char *name = job->argv == NULL ? "the preparation" : job->argv[0];
    char line[160];
    if (WIFSIGNALED(status)) {
        return pl_fail(e, PL_E_STORE, "%s was ended by signal %d", name, WTERMSIG(status));
    }
    switch (WEXITSTATUS(status)) {
    case EXIT_USER:
        return pl_fail(e, PL_E_IO, "cannot become the user %s", p->pg_user);
    case EXIT_UNREACHED:
        return pl_fail(e, PL_E_IO,
                       "the user %s cannot reach %s: a folder above it is closed to him; choose a "
                       "place such as /var/lib/plimsoll",
                       p->pg_user, p->run);
    case EXIT_LOG:
        return pl_fail(e, PL_E_IO, "the user %s cannot write to %s", p->pg_user, p->run);
    case EXIT_EXEC:
        return pl_fail(e, PL_E_NOENT, "%s/%s cannot be run", p->bin, name);
    default:
        last_line(p, job->log, line, sizeof(line));
        return pl_fail(e, PL_E_STORE, "%s: %s", name, line[0] != '\0' ? line : "failed");
    }
}

int pg_run(const struct pg_place *p, const struct pg_job *job, unsigned timeout_ms,
           struct pl_err *e)
{
    pid_t pid = pg_spawn(p, job, e);
    if (pid < 0) {
        return (int)pid;
    }
    uint64_t until = pl_mono_ms() + timeout_ms;
    int status = 0;
    for (;;) {
        pid_t r = waitpid(pid, &status, WNOHANG);
        if (r == pid) {
            return status == 0 ? 0 : pg_child_error(p, job, status, e);
        }
        if (r < 0 && errno != EINTR) {
            return pl_fail(e, PL_E_IO, "waiting for a child: %s", strerror(errno));
        }
        if (pl_mono_ms() > until) {
            (void)kill(-pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return pl_fail(e, PL_E_TIMEOUT, "%s did not end in time",
                           job->argv == NULL ? "the preparation" : job->argv[0]);
        }
        stop_sleep_ms(10);
    }
}
