// SPDX-License-Identifier: Apache-2.0
/*
 * See pgtemp.h. No shell: fork, drop to the user postgres when root, exec. The postmaster writes
 * "ready" into postmaster.pid when it takes connections; that file is what is waited for.
 */
#include "support/pgtemp.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/str.h"

#define START_MS 60000
#define STEP_MS  20

static const char *const bin_dirs[] = {
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
    "/usr/pgsql-16/bin",
    "/usr/pgsql-15/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
};

static const char *bin_dir(void)
{
    static char path[256];
    const char *env = getenv("PL_PG_BIN");
    if (env)
        return env;
    for (size_t i = 0; i < sizeof bin_dirs / sizeof bin_dirs[0]; i++) {
        snprintf(path, sizeof path, "%s/initdb", bin_dirs[i]);
        if (access(path, X_OK) == 0)
            return bin_dirs[i];
    }
    fprintf(stderr, "pgtemp: no PostgreSQL found, set PL_PG_BIN\n");
    return NULL;
}

static void nap(void)
{
    (void)poll(NULL, 0, STEP_MS);
}

/* In the child: becomes postgres when root, ends with its parent, logs into the cluster's folder.
 */
static void become(const struct pgtemp *t)
{
    char log[128];
    if (geteuid() == 0) {
        struct passwd *pw = getpwnam("postgres");
        if (!pw || initgroups("postgres", pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
            setuid(pw->pw_uid) != 0)
            _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    snprintf(log, sizeof log, "%s/log", t->dir);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int nul = open("/dev/null", O_RDONLY);
    if (fd < 0 || nul < 0 || dup2(nul, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
        chdir(t->dir) != 0)
        _exit(126);
}

static void say_log(const struct pgtemp *t)
{
    char path[128];
    char line[256];
    snprintf(path, sizeof path, "%s/log", t->dir);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        fputs(line, stderr);
    if (f)
        fclose(f);
}

static int make_cluster(const struct pgtemp *t)
{
    char exe[256];
    char data[128];
    const char *bin = bin_dir();
    if (!bin)
        return -1;
    snprintf(exe, sizeof exe, "%s/initdb", bin);
    snprintf(data, sizeof data, "%s/data", t->dir);
    pid_t pid = fork();
    if (pid == 0) {
        become(t);
        execl(exe, "initdb", "-D", data, "-A", "trust", "-U", "plimsoll", "-E", "UTF8",
              "--locale=C.UTF-8", "-k", "--no-sync", "--no-instructions", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        fprintf(stderr, "pgtemp: initdb failed (%d)\n", status);
        say_log(t);
        return -1;
    }
    return 0;
}

static bool is_ready(const struct pgtemp *t)
{
    char path[128];
    char line[256];
    uint64_t pid = 0;
    bool ready = false;
    snprintf(path, sizeof path, "%s/data/postmaster.pid", t->dir);
    FILE *f = fopen(path, "r");
    for (int i = 1; f && fgets(line, sizeof line, f); i++) {
        if (i == 1)
            (void)!pl_parse_u64n(line, strspn(line, "0123456789"), &pid);
        if (i == 8)
            ready = strncmp(line, "ready", 5) == 0 && pid == (uint64_t)t->postmaster;
    }
    if (f)
        fclose(f);
    return ready;
}

static int spawn(struct pgtemp *t)
{
    char exe[256];
    char data[128];
    const char *bin = bin_dir();
    if (!bin)
        return -1;
    snprintf(exe, sizeof exe, "%s/postgres", bin);
    snprintf(data, sizeof data, "%s/data", t->dir);
    pid_t pid = fork();
    if (pid == 0) {
        become(t);
        execl(exe, "postgres", "-D", data, "-k", t->dir, "-c", "listen_addresses=", "-c",
              "max_connections=60", "-c", "shared_buffers=64MB", "-c", "fsync=on", "-c",
              "log_min_messages=fatal", (char *)NULL);
        _exit(127);
    }
    if (pid < 0)
        return -1;
    t->postmaster = pid;
    return 0;
}

int pgtemp_restart(struct pgtemp *t)
{
    for (int waited = 0; waited < START_MS; waited += STEP_MS) {
        int status;
        if (t->postmaster == 0 && spawn(t) != 0)
            return -1;
        if (is_ready(t))
            return 0;
        /* after a crash it refuses until the last old backend has noticed: again */
        if (waitpid(t->postmaster, &status, WNOHANG) == t->postmaster)
            t->postmaster = 0;
        nap();
    }
    fprintf(stderr, "pgtemp: postgres is not ready in time\n");
    say_log(t);
    return -1;
}

int pgtemp_start(struct pgtemp *t)
{
    const char *tmp = getenv("TMPDIR");
    memset(t, 0, sizeof *t);
    if (!tmp || strlen(tmp) > 30)
        tmp = "/tmp";
    snprintf(t->dir, sizeof t->dir, "%s/pl-pg-XXXXXX", tmp);
    if (!mkdtemp(t->dir)) {
        t->dir[0] = '\0';
        return -1;
    }
    if (geteuid() == 0) {
        struct passwd *pw = getpwnam("postgres");
        if (!pw || chown(t->dir, pw->pw_uid, pw->pw_gid) != 0)
            return -1;
    }
    snprintf(t->conninfo, sizeof t->conninfo, "host=%s user=plimsoll dbname=postgres", t->dir);
    return make_cluster(t) == 0 ? pgtemp_restart(t) : -1;
}

void pgtemp_kill(struct pgtemp *t, int signo)
{
    int status;
    if (t->postmaster <= 0)
        return;
    kill(t->postmaster, signo);
    for (int waited = 0; waitpid(t->postmaster, &status, WNOHANG) == 0; waited += STEP_MS) {
        if (waited > START_MS)
            kill(t->postmaster, SIGKILL);
        nap();
    }
    t->postmaster = 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void pgtemp_stop(struct pgtemp *t)
{
    pgtemp_kill(t, SIGQUIT);
    if (t->dir[0])
        nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    memset(t, 0, sizeof *t);
}
