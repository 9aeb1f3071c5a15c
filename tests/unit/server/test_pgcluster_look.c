// SPDX-License-Identifier: Apache-2.0
/*
 * Whose process a pid file names, seen by somebody who may not look into it: another user's process
 * is no postmaster of ours because its number stands there; one that was started for our folder is,
 * also when the kernel does not tell where it works.
 */
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"

#include "ops/pgcluster.h"
#include "ops/pgcluster_internal.h"
#include "support/unit.h"

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int setup(void **state)
{
    (void)state;
    char path[128];
    (void)pl_strlcpy(dir, "/tmp/pl-look-XXXXXX", sizeof dir);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/pg", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void name_in_pid_file(pid_t pid)
{
    char path[128];
    char text[256];
    int n = snprintf(text, sizeof text, "%d\n%s/pg\n1\n5432\n%s/run\n\n\nready   \n", (int)pid, dir,
                     dir);
    (void)snprintf(path, sizeof path, "%s/pg/postmaster.pid", dir);
    assert_int_equal(pl_file_write_atomic(path, text, (size_t)n, 0644, NULL), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

/* What somebody without rights over the process sees: 1 running, 0 not, 77 PostgreSQL is missing.
 */
static int look_as_stranger(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct passwd *nobody = getpwnam("nobody");
        struct pgcluster_status s;
        struct pg_place p;
        if (geteuid() == 0 &&
            (nobody == NULL || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0))
            _exit(77);
        if (pg_place_find(dir, &p, NULL) != 0)
            _exit(77);
        pgcluster_status(dir, &s);
        _exit(s.is_running ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    return WEXITSTATUS(status);
}

/* A shell that waits, with these words on its command line. Ends when *hold is closed. */
static pid_t start_for(const char *folder, int *hold)
{
    int in[2];
    int gone[2]; /* closed by the exec */
    char byte;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(gone, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(in[0], 0);
        (void)execl("/bin/sh", "postgres", "-c", "read x", "sh", "-D", folder, (char *)NULL);
        _exit(1);
    }
    (void)close(in[0]);
    (void)close(gone[1]);
    assert_int_equal(read(gone[0], &byte, 1), 0);
    (void)close(gone[0]);
    *hold = in[1];
    return pid;
}

static void strangers_process_is_not_ours(void **state)
{
    (void)state;
    name_in_pid_file(1);
    assert_int_equal(look_as_stranger(), 0);
}

static void process_started_for_our_folder_is_ours(void **state)
{
    (void)state;
    char folder[128];
    int hold;
    if (geteuid() != 0)
        skip(); /* there is no process of ours that we may not look into */
    for (int other = 0; other < 2; other++) {
        (void)snprintf(folder, sizeof folder, "%s/pg%s", dir, other ? "2" : "");
        pid_t pid = start_for(folder, &hold);
        name_in_pid_file(pid);
        int seen = look_as_stranger();
        (void)close(hold);
        (void)waitpid(pid, NULL, 0);
        assert_int_equal(seen, !other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_process_is_not_ours),
        cmocka_unit_test(process_started_for_our_folder_is_ours),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
