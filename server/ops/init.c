// SPDX-License-Identifier: Apache-2.0
/*
 * See init.h. Two inits at once on one directory are kept apart by a lock on the directory itself.
 */
#include "ops/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/tls/x509.h"

#include "audit/seal_key.h"
#include "ops/config.h"
#include "ops/datadir.h"
#include "ops/init_tls.h"
#include "ops/pgcluster.h"
#include "store/migrate.h"

#define PATH_SIZE  (DATADIR_PATH_MAX + 64)
#define EXPORT_MAX (2 * PL_PEM_MAX)

static int lock_dir(const char *dir, int *fd, struct pl_err *e)
{
    int rc = pl_mkdir_p(dir, 0700, e);
    if (rc != 0) {
        return rc;
    }
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        return pl_fail(e, errno == EWOULDBLOCK ? PL_E_CONFLICT : PL_E_IO, "%s: %s", dir,
                       errno == EWOULDBLOCK ? "another init is at work" : strerror(errno));
    }
    /* Others get through at most (see pgcluster_create), they never look. */
    struct stat st;
    if (fstat(*fd, &st) != 0 || st.st_uid != geteuid()) {
        return pl_fail(e, PL_E_IO, "%s belongs to somebody else", dir);
    }
    if ((st.st_mode & 067) != 0 && fchmod(*fd, st.st_mode & 0710) != 0) {
        return pl_fail(e, PL_E_IO, "%s: %s", dir, strerror(errno));
    }
    return 0;
}

/* ADDR:PORT as config.h describes it: "*" is every address. */
static int check_listen(const char *listen, struct pl_err *e)
{
    char host[PL_INVITE_HOST_MAX + 1];
    uint16_t port;
    const char *text = listen;
    char any[32];
    if (pl_str_starts(listen, "*:")) {
        (void)snprintf(any, sizeof(any), "any%.20s", listen + 1);
        text = any;
    }
    if (pl_host_port_parse(text, strlen(text), 0, host, &port, e) != 0) {
        pl_wrap(e, "--listen %s", listen);
        return -PL_E_INVALID;
    }
    return 0;
}

static int check_line(const char *what, const char *value, struct pl_err *e)
{
    if (value == NULL || (value[0] != '\0' && strpbrk(value, "\r\n") == NULL)) {
        return 0;
    }
    return pl_fail(e, PL_E_INVALID, "%s must be one line of text", what);
}

/* Were other values given than those in force? */
static int compare(const struct init_options *o, const struct config *c, struct pl_err *e)
{
    if (o->organisation != NULL && !pl_str_eq(o->organisation, c->organisation)) {
        return pl_fail(e, PL_E_CONFLICT, "%s is initialised already, for '%s'", o->dir,
                       c->organisation);
    }
    if ((o->listen != NULL && !pl_str_eq(o->listen, c->listen)) ||
        (o->database != NULL && !pl_str_eq(o->database, c->url))) {
        return pl_fail(e, PL_E_CONFLICT,
                       "%s is initialised already with other values; change " DATADIR_CONF
                       " in it instead",
                       o->dir);
    }
    return 0;
}

static int look_if_done(const struct init_options *o, struct init_result *out, struct pl_err *e)
{
    struct config c;
    struct datadir_tls tls;
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/" DATADIR_CONF, o->dir);
    if (!pl_file_exists(path)) {
        return 0;
    }
    int rc = datadir_config(o->dir, &c, e);
    if (rc != 0) {
        return rc;
    }
    rc = compare(o, &c, e);
    config_release(&c);
    if (rc != 0) {
        return rc;
    }
    rc = datadir_tls_load(o->dir, &tls, e);
    memcpy(out->root_pin, tls.root_pin, sizeof(out->root_pin));
    datadir_tls_release(&tls);
    out->was_done = rc == 0;
    return rc;
}

static int prepare_database(const struct init_options *o, struct pl_err *e)
{
    char conninfo[2 * DATADIR_PATH_MAX + 128];
    struct pgcluster *cluster = NULL;
    if (o->database != NULL) {
        return migrate_run(o->database, NULL, e);
    }
    int rc = pgcluster_create(o->dir, e);
    if (rc == 0) {
        rc = pgcluster_acquire(o->dir, &cluster, e);
    }
    if (rc == 0) {
        rc = pgcluster_conninfo(o->dir, NULL, conninfo, sizeof(conninfo), e);
    }
    if (rc == 0) {
        rc = migrate_run(conninfo, NULL, e);
    }
    pgcluster_release(cluster);
    return rc;
}

static void add_line(struct pl_buf *out, const char *key, const char *value, const char *preset)
{
    int rc = value != NULL ? pl_buf_printf(out, "%s = %s\n", key, value)
                           : pl_buf_printf(out, "#%s = %s\n", key, preset);
    PL_ASSERT(rc == 0);
}

static int write_config(const struct init_options *o, const char *organisation, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf text;
    struct config check;
    pl_buf_init(&text, PL_CONF_FILE_MAX);
    PL_ASSERT(pl_buf_add_str(&text, "# Plimsoll server. Every option with its preset: plimsolld "
                                    "help config\n\n[server]\n") == 0);
    add_line(&text, "organisation", organisation, "");
    add_line(&text, "listen", o->listen, "*:7474");
    add_line(&text, "public_host", o->public_host, "plimsoll.example.org");
    PL_ASSERT(pl_buf_add_str(&text, "\n[database]\n# Without url: the private cluster in this "
                                    "directory.\n") == 0);
    add_line(&text, "url", o->database, "host=/run/postgresql dbname=plimsoll user=plimsoll");
    /* What was given must also read back: a value can hold something the file cannot. */
    memset(&check, 0, sizeof(check));
    int rc = config_defaults(&check, e);
    if (rc == 0) {
        rc = pl_conf_parse(config_table(), DATADIR_CONF, (const char *)text.data, text.len, &check,
                           e);
    }
    if (rc == 0 && (!pl_str_eq(check.organisation, organisation) ||
                    (o->database != NULL && !pl_str_eq(check.url, o->database)))) {
        rc = pl_fail(e, PL_E_INVALID, "a value with ';' or blanks around it cannot be kept in %s",
                     DATADIR_CONF);
    }
    config_release(&check);
    if (rc == 0) {
        (void)snprintf(path, sizeof(path), "%s/" DATADIR_CONF, o->dir);
        rc = pl_file_write_atomic(path, text.data, text.len, 0600, e);
    }
    pl_buf_release(&text);
    return rc;
}

static bool has_root_key(const char *dir)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/" DATADIR_TLS "/root.key", dir);
    return pl_file_exists(path);
}

int init_run(const struct init_options *o, struct init_result *out, struct pl_err *e)
{
    const char *organisation = o->organisation != NULL ? o->organisation : "Plimsoll";
    int fd = -1;
    int rc;
    memset(out, 0, sizeof(*out));
    if ((rc = check_line("--name", o->organisation, e)) != 0 ||
        (rc = check_line("--database", o->database, e)) != 0 ||
        (rc = check_line("--host", o->public_host, e)) != 0 ||
        (o->listen != NULL && (rc = check_listen(o->listen, e)) != 0)) {
        return rc;
    }
    if ((rc = lock_dir(o->dir, &fd, e)) != 0 || (rc = look_if_done(o, out, e)) != 0 ||
        out->was_done) {
        goto out;
    }
    if ((rc = init_tls(o->dir, organisation, out->root_pin, e)) != 0 ||
        (rc = seal_key_make(o->dir, e)) != 0 || (rc = prepare_database(o, e)) != 0) {
        goto out;
    }
    rc = write_config(o, organisation, e);
out:
    out->has_root_key = rc == 0 && has_root_key(o->dir);
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

/* ---- the root's key leaves --------------------------------------------------------------------
 */

static int read_root(const char *dir, struct pl_buf *both, struct pl_err *e)
{
    static const char *const names[] = {"root.key", "root.pem"};
    char path[PATH_SIZE];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        struct pl_buf text;
        (void)snprintf(path, sizeof(path), "%s/" DATADIR_TLS "/%s", dir, names[i]);
        rc = pl_file_read_all(path, PL_PEM_MAX, &text, e);
        if (rc == 0 && pl_buf_add(both, text.data, text.len) != 0) {
            rc = pl_fail(e, PL_E_LIMIT, "the root's files are too long");
        }
        if (text.data != NULL) {
            pl_wipe(text.data, text.len);
        }
        pl_buf_release(&text);
    }
    return rc;
}

int init_export_root(const char *dir, const char *file, bool remove, struct pl_err *e)
{
    char path[PATH_SIZE];
    struct pl_buf both;
    struct pl_buf again = {0};
    pl_buf_init(&both, EXPORT_MAX);
    int rc = read_root(dir, &both, e);
    if (rc == 0) {
        rc = pl_file_write_new(file, both.data, both.len, 0600, e);
    }
    if (rc == 0) {
        rc = pl_file_read_all(file, EXPORT_MAX, &again, e);
    }
    if (rc == 0 && (again.len != both.len || memcmp(again.data, both.data, both.len) != 0)) {
        rc = pl_fail(e, PL_E_IO, "%s does not read back as it was written", file);
    }
    if (rc == 0 && remove) {
        (void)snprintf(path, sizeof(path), "%s/" DATADIR_TLS "/root.key", dir);
        rc = unlink(path) == 0 ? 0 : pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
    }
    if (both.data != NULL) {
        pl_wipe(both.data, both.len);
    }
    if (again.data != NULL) {
        pl_wipe(again.data, again.len);
    }
    pl_buf_release(&both);
    pl_buf_release(&again);
    return rc;
}
