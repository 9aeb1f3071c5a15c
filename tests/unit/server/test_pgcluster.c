// SPDX-License-Identifier: Apache-2.0
/*
 * The private cluster against a real PostgreSQL: made once, started by the first user, stopped by
 * the last, found again after its starter was killed, started again after it was killed itself.
 * Skipped where PostgreSQL is not installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"

#include "ops/pgcluster.h"
#include "ops/pgcluster_internal.h"
#include "ops/stop.h"

static char dir[64];
static bool is_there;

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
    struct pl_err e;
    struct pg_place p;
    (void)pl_strlcpy(dir, "/tmp/pl-pg-XXXXXX", sizeof(dir));
    assert_non_null(mkdtemp(dir));
    is_there = pg_place_find(dir, &p, &e) != -PL_E_NOENT;
    if (is_there && pgcluster_create(dir, &e) != 0) {
        fail_msg("%s", e.text);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    struct pgcluster_status s;
    pgcluster_status(dir, &s);
    if (s.is_running) {
        (void)kill(s.pid, SIGQUIT);
    }
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void need_postgres(void)
{
    if (!is_there) {
        skip();
    }
}

static struct pgcluster *acquire(void)
{
    struct pl_err e;
    struct pgcluster *c = NULL;
    if (pgcluster_acquire(dir, &c, &e) != 0) {
        fail_msg("%s", e.text);
    }
    return c;
}

static int running_pid(void)
{
    struct pgcluster_status s;
    pgcluster_status(dir, &s);
    return s.is_ready ? s.pid : 0;
}

/* The one that must be there: a moment of a full queue of connections is no reason to kill 0. */
static int known_pid(void)
{
    int pid = 0;
    for (int i = 0; i < 100 && pid <= 0; i++) {
        pid = running_pid();
        if (pid <= 0) {
            stop_sleep_ms(50);
        }
    }
    assert_true(pid > 0);
    return pid;
}

static void pgcluster_is_made_once(void **state)
{
    (void)state;
    need_postgres();
    struct pl_err e;
    struct stat before;
    struct stat after;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/pg/PG_VERSION", dir);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(pgcluster_create(dir, &e), 0);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    (void)snprintf(path, sizeof(path), "%s/run", dir);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_mode & 077, 0);
    (void)snprintf(path, sizeof(path), "%s/pg.new", dir);
    assert_false(pl_file_exists(path));
}

static void pgcluster_starts_with_the_first_and_stops_with_the_last(void **state)
{
    (void)state;
    need_postgres();
    assert_int_equal(running_pid(), 0);
    struct pgcluster *a = acquire();
    int pid = known_pid();
    struct pgcluster *b = acquire();
    assert_int_equal(running_pid(), pid);
    pgcluster_release(a);
    assert_int_equal(running_pid(), pid);
    pgcluster_release(b);
    assert_int_equal(running_pid(), 0);
    pgcluster_release(NULL);
}

static void pgcluster_is_found_when_its_starter_was_killed(void **state)
{
    (void)state;
    need_postgres();
    pid_t child = fork();
    if (child == 0) {
        struct pgcluster *c = NULL;
        if (pgcluster_acquire(dir, &c, NULL) != 0) {
            _exit(1);
        }
        (void)kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    int pid = known_pid();
    struct pgcluster *c = acquire();
    assert_int_equal(running_pid(), pid);
    pgcluster_release(c);
    assert_int_equal(running_pid(), 0);
}

static void pgcluster_starts_when_the_postmaster_was_killed(void **state)
{
    (void)state;
    need_postgres();
    struct pgcluster *c = acquire();
    assert_int_equal(kill(known_pid(), SIGKILL), 0);
    pgcluster_release(c);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/pg/postmaster.pid", dir);
    assert_true(pl_file_exists(path));
    c = acquire();
    (void)known_pid();
    pgcluster_release(c);
    assert_false(pl_file_exists(path));
}

/* A process that PostgreSQL's user can see to be alive, as a number that was given away again. */
static pid_t stranger(void)
{
    struct pg_place p;
    assert_int_equal(pg_place_find(dir, &p, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        if (p.other_user && (setgid(p.gid) != 0 || setuid(p.uid) != 0)) {
            _exit(1);
        }
        (void)alarm(60); /* the test may fail before it ends us */
        (void)pause();
        _exit(0);
    }
    assert_true(child > 0);
    return child;
}

static void write_lock(const char *name, pid_t pid)
{
    char path[128];
    char text[256];
    int n = snprintf(text, sizeof(text), "%d\n%s/pg\n1\n5432\n%s/run\n\n\nready   \n", (int)pid,
                     dir, dir);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(pl_file_write_atomic(path, text, (size_t)n, 0644, NULL), 0);
}

/* The pid of a killed postmaster has gone to somebody else. */
static void pgcluster_starts_when_the_pid_file_names_a_stranger(void **state)
{
    (void)state;
    need_postgres();
    pid_t other = stranger();
    write_lock("pg/postmaster.pid", other);
    write_lock("run/.s.PGSQL.5432.lock", other);
    assert_int_equal(running_pid(), 0);
    struct pgcluster *c = acquire();
    (void)known_pid();
    assert_int_equal(kill(other, SIGKILL), 0);
    pgcluster_release(c);
    assert_int_equal(waitpid(other, NULL, 0), other);
}

/* Nobody reaps the one that was killed: its number goes on to look alive. */
static void pgcluster_starts_beside_a_zombie(void **state)
{
    (void)state;
    need_postgres();
    struct pgcluster *c = acquire();
    pid_t dead = c->child;
    assert_true(dead > 0);
    c->child = 0;
    siginfo_t info;
    assert_int_equal(kill(dead, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)dead, &info, WEXITED | WNOWAIT), 0);
    pgcluster_release(c);
    c = acquire();
    assert_true(running_pid() > 0 && running_pid() != dead);
    pgcluster_release(c);
    assert_int_equal(waitpid(dead, NULL, 0), dead);
}

static void on_tick(uv_timer_t *timer)
{
    int *dead = timer->data;
    int now = running_pid();
    if (now != 0 && now != *dead) {
        *dead = 0;
        uv_stop(timer->loop);
    }
}

static void on_walk(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void pgcluster_watch_starts_a_postmaster_that_died(void **state)
{
    (void)state;
    need_postgres();
    uv_loop_t loop;
    uv_timer_t tick;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct pgcluster *c = acquire();
    int dead = known_pid();
    struct pgcluster_watch *w = pgcluster_watch_new(&loop, c);
    assert_int_equal(uv_timer_init(&loop, &tick), 0);
    tick.data = &dead;
    assert_int_equal(uv_timer_start(&tick, on_tick, 50, 50), 0);
    assert_int_equal(kill(dead, SIGKILL), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(dead, 0);
    pgcluster_watch_free(w);
    uv_walk(&loop, on_walk, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    pgcluster_release(c);
    assert_int_equal(running_pid(), 0);
}

static void pgcluster_refuses_a_path_that_is_too_long(void **state)
{
    (void)state;
    need_postgres();
    struct pl_err e;
    char deep[256];
    (void)snprintf(deep, sizeof(deep), "%s/%090d", dir, 7);
    assert_int_equal(pl_mkdir_p(deep, 0700, &e), 0);
    assert_int_equal(pgcluster_create(deep, &e), -PL_E_LIMIT);
}

static void pgcluster_says_so_when_there_is_none(void **state)
{
    (void)state;
    need_postgres();
    struct pl_err e;
    struct pgcluster *c = NULL;
    char other[96];
    (void)snprintf(other, sizeof(other), "%s/empty", dir);
    assert_int_equal(pl_mkdir_p(other, 0700, &e), 0);
    assert_int_equal(pgcluster_acquire(other, &c, &e), -PL_E_NOENT);
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pgcluster_is_made_once),
        cmocka_unit_test(pgcluster_starts_with_the_first_and_stops_with_the_last),
        cmocka_unit_test(pgcluster_is_found_when_its_starter_was_killed),
        cmocka_unit_test(pgcluster_starts_when_the_postmaster_was_killed),
        cmocka_unit_test(pgcluster_starts_when_the_pid_file_names_a_stranger),
        cmocka_unit_test(pgcluster_starts_beside_a_zombie),
        cmocka_unit_test(pgcluster_watch_starts_a_postmaster_that_died),
        cmocka_unit_test(pgcluster_refuses_a_path_that_is_too_long),
        cmocka_unit_test(pgcluster_says_so_when_there_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
