// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the private cluster. initdb works in DIR/pg.new, then the access rules are written and the
 * role and database are made in single-user mode; one rename puts it in place. What an interrupted
 * attempt left is thrown away.
 *
 * Access: peer authentication on the unix socket, with a map: the user who runs PostgreSQL may be
 * its superuser, the user who runs plimsolld may be the role that owns the database and those that
 * work with it (sql/roles.sql). Nobody else,
 * and no TCP: even with the folder's rights wrong, the kernel still names the caller.
 */
#include "ops/pgcluster_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"

#define INITDB_MS 120000
#define MAP_NAME  "plimsoll"
#define NEW_DIR   "pg.new"
#define TREE_FDS  16

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static int drop_leftovers(const char *path, struct pl_err *e)
{
    if (!pl_file_exists(path)) {
        return 0;
    }
    if (nftw(path, remove_one, TREE_FDS, FTW_DEPTH | FTW_PHYS) != 0) {
        return pl_fail(e, PL_E_IO, "removing %s: %s", path, strerror(errno));
    }
    return 0;
}

/* A folder for PostgreSQL's user; an existing one gets its owner and rights again. */
static int make_folder(const struct pg_place *p, const char *path, struct pl_err *e)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, p->uid, p->gid) != 0 || fchmod(fd, 0700) != 0) {
        int saved = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(saved));
    }
    (void)close(fd);
    return 0;
}

static int run_initdb(const struct pg_place *p, const char *data, struct pl_err *e)
{
    const char *const argv[] = {
        "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth-local=peer",
        "--auth-host=reject",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
        NULL,
    };
    const struct pg_job job = {.argv = argv, .log = "initdb.log"};
    return pg_run(p, &job, INITDB_MS, e);
}

struct settings {
    const struct pg_place *p;
    const char *data;
};

static int append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int rc = pl_fd_write_all(fd, text, strlen(text), NULL);
    if (fsync(fd) != 0) {
        rc = -1;
    }
    (void)close(fd);
    return rc;
}

/* In the child, as PostgreSQL's user. What the server depends on is given on the command line at
 * each start; here stands what an administrator may change. */
static int write_settings(void *ctx)
{
    const struct settings *s = ctx;
    char path[PG_PATH_MAX + 32];
    char text[1024];
    static const char *const ours[] = {PG_ROLE,    "plm_app",   "plm_ca",
                                       "plm_seal", "plm_audit", "plm_erase"};
    static const char conf[] =
        "\n# Plimsoll's private cluster. Socket and access are given at each start.\n"
        "logging_collector = on\n"
        "log_directory = 'log'\n"
        "log_filename = 'postgresql-%a.log'\n"
        "log_truncate_on_rotation = on\n"
        "log_rotation_age = 1d\n"
        "log_rotation_size = 0\n"
        "log_line_prefix = '%m [%p] %q%a '\n"
        "max_connections = 60\n"
        "wal_compression = on\n";
    (void)snprintf(path, sizeof(path), "%s/postgresql.conf", s->data);
    if (append(path, conf) != 0) {
        return 1;
    }
    int n = snprintf(text, sizeof(text),
                     "local all postgres peer map=" MAP_NAME "\n"
                     "local " PG_DATABASE " " PG_ROLES " peer map=" MAP_NAME "\n");
    (void)snprintf(path, sizeof(path), "%s/pg_hba.conf", s->data);
    if (pl_file_write_atomic(path, text, (size_t)n, 0600, NULL) != 0) {
        return 1;
    }
    n = snprintf(text, sizeof(text), MAP_NAME " \"%s\" postgres\n", s->p->pg_user);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, MAP_NAME " \"%s\" %s\n", s->p->our_user,
                      ours[i]);
    }
    (void)snprintf(path, sizeof(path), "%s/pg_ident.conf", s->data);
    return pl_file_write_atomic(path, text, (size_t)n, 0600, NULL) == 0 ? 0 : 1;
}

static int make_database(const struct pg_place *p, const char *data, struct pl_err *e)
{
    /* One statement a line; the pipe's end ends it. */
    static const char sql[] =
        "CREATE ROLE " PG_ROLE " LOGIN CREATEROLE\n"
        "CREATE DATABASE " PG_DATABASE " OWNER " PG_ROLE " TEMPLATE template0 ENCODING 'UTF8'\n"
        "REVOKE ALL ON DATABASE " PG_DATABASE " FROM PUBLIC\n";
    const char *const argv[] = {"postgres", "--single", "-D", data, "postgres", NULL};
    const struct pg_job job = {.argv = argv, .input = sql, .log = "create.log"};
    return pg_run(p, &job, INITDB_MS, e);
}

static int sync_folder(const char *path, struct pl_err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) != 0 ? pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno)) : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* PostgreSQL's user must get through DIR to DIR/pg, and need not see what else is there. */
static int open_the_way(const struct pg_place *p, struct pl_err *e)
{
    if (p->other_user && (chown(p->dir, 0, p->gid) != 0 || chmod(p->dir, 0710) != 0)) {
        return pl_fail(e, PL_E_IO, "%s: %s", p->dir, strerror(errno));
    }
    return make_folder(p, p->run, e);
}

bool pgcluster_exists(const char *dir)
{
    char path[DATADIR_PATH_MAX + 32];
    (void)snprintf(path, sizeof(path), "%s/pg/PG_VERSION", dir);
    return pl_file_exists(path);
}

int pgcluster_create(const char *dir, struct pl_err *e)
{
    struct pg_place p;
    char data[PG_PATH_MAX];
    int rc = pg_place_find(dir, &p, e);
    if (rc == 0) {
        rc = open_the_way(&p, e);
    }
    if (rc != 0 || pgcluster_exists(p.dir)) {
        return rc;
    }
    (void)snprintf(data, sizeof(data), "%s/" NEW_DIR, p.dir);
    struct settings settings = {.p = &p, .data = data};
    const struct pg_job write_job = {
        .work = write_settings, .ctx = &settings, .log = "settings.log"};
    if ((rc = drop_leftovers(data, e)) != 0 || (rc = make_folder(&p, data, e)) != 0 ||
        (rc = run_initdb(&p, data, e)) != 0 || (rc = pg_run(&p, &write_job, INITDB_MS, e)) != 0 ||
        (rc = make_database(&p, data, e)) != 0) {
        return rc;
    }
    if (rename(data, p.data) != 0) {
        return pl_fail(e, PL_E_IO, "%s: %s", p.data, strerror(errno));
    }
    return sync_folder(p.dir, e);
}
