// SPDX-License-Identifier: Apache-2.0
/*
 * Migrations. One connection, one advisory lock for the whole run, a transaction per file that also
 * writes its row of schema_version: a file is applied and known, or neither. All as plm_owner, to
 * whom everything belongs; roles that are missing are made first (sql/roles.sql), if the login may.
 */
#include "store/migrate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/str.h"

#include "ops/stop.h"
#include "sql_embed.h"

#define ROLES     "'plm_owner', 'plm_app', 'plm_ca', 'plm_seal', 'plm_audit', 'plm_erase'"
#define ROLES_N   "6"
#define LOCK_KEY  "7308324466020938093"
#define LOCK_MS   50   /* between two looks at a lock that another holds */
#define CONNECT_S "10" /* unless the connection string says otherwise */

static int db_fail(PGconn *c, PGresult *r, const char *what, struct pl_err *e)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    char text[PL_ERR_TEXT_MAX];
    pl_strlcpy(text, r ? PQresultErrorMessage(r) : PQerrorMessage(c), sizeof text);
    text[strcspn(text, "\n")] = '\0';
    /* A crash of PostgreSQL in the middle is worth another try; a wrong schema is not. */
    bool lost = PQstatus(c) == CONNECTION_BAD;
    int rc = pl_fail(e, lost ? PL_E_UNAVAILABLE : PL_E_STORE, "%s: %s (SQLSTATE %s)", what, text,
                     state ? state : "?");
    PQclear(r);
    return rc;
}

static int run(PGconn *c, const char *sql, const char *what, struct pl_err *e)
{
    PGresult *r = PQexec(c, sql);
    ExecStatusType st = PQresultStatus(r);
    if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK)
        return db_fail(c, r, what, e);
    PQclear(r);
    return 0;
}

/* Number at the front of a file name; files go in its order. */
static int file_number(const struct sql_file *f)
{
    uint64_t n = 0;
    size_t digits = strspn(f->name, "0123456789");
    if (pl_parse_u64n(f->name, digits, &n) != 0 || n > 9999)
        return 0;
    return (int)n;
}

static void checksum(const struct sql_file *f, char hex[2 * PL_SHA256_BYTES + 1])
{
    uint8_t sum[PL_SHA256_BYTES];
    pl_sha256(f->text, strlen(f->text), sum);
    pl_hex_encode(sum, sizeof sum, hex);
}

static int open_db(const char *conninfo, PGconn **out, struct pl_err *e)
{
    /* the first gives way to what the second says */
    static const char *const keys[] = {"connect_timeout", "dbname", NULL};
    const char *const values[] = {CONNECT_S, conninfo, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 1);
    if (PQstatus(c) != CONNECTION_OK) {
        char text[PL_ERR_TEXT_MAX];
        pl_strlcpy(text, PQerrorMessage(c), sizeof text);
        text[strcspn(text, "\n")] = '\0';
        PQfinish(c);
        return pl_fail(e, PL_E_UNAVAILABLE, "database: %s", text);
    }
    *out = c;
    return 0;
}

/* Compares what was applied with what is compiled in. */
static int compare(PGconn *c, struct migrate_state *st, struct pl_err *e)
{
    PGresult *r = PQexec(c, "SELECT number, name, sha256 FROM plm.schema_version ORDER BY number");
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        return db_fail(c, r, "reading the schema's version", e);
    int rc = 0;
    for (int i = 0; i < PQntuples(r) && rc == 0; i++) {
        char hex[2 * PL_SHA256_BYTES + 1];
        if ((size_t)i >= sql_files_count) {
            rc = pl_fail(e, PL_E_VERSION, "the database is newer than this program: it has %s",
                         PQgetvalue(r, i, 1));
            break;
        }
        const struct sql_file *f = &sql_files[i];
        checksum(f, hex);
        if (strcmp(f->name, PQgetvalue(r, i, 1)) != 0 || strcmp(hex, PQgetvalue(r, i, 2)) != 0)
            rc = pl_fail(e, PL_E_VERSION, "%s is not the file that was applied to the database",
                         f->name);
        st->have = i + 1;
    }
    PQclear(r);
    return rc;
}

static int apply(PGconn *c, const struct sql_file *f, struct pl_err *e)
{
    char hex[2 * PL_SHA256_BYTES + 1];
    char row[256];
    checksum(f, hex);
    (void)snprintf(row, sizeof row, "INSERT INTO plm.schema_version VALUES (%d, '%.100s', '%s')",
                   file_number(f), f->name, hex);
    int rc = run(c, "BEGIN", f->name, e);
    if (rc == 0)
        rc = run(c, f->text, f->name, e);
    if (rc == 0)
        rc = run(c, row, f->name, e);
    if (rc == 0)
        rc = run(c, "COMMIT", f->name, e);
    if (rc == 0)
        LOG_INFO(NULL, "migrate.applied", KV_S("file", f->name));
    return rc;
}

/* The lock goes with the connection. Another process may migrate for long: whoever waits for it can
 * be told to stop. */
static int take_lock(PGconn *c, struct pl_err *e)
{
    for (;;) {
        PGresult *r = PQexec(c, "SELECT pg_try_advisory_lock(" LOCK_KEY ")");
        if (PQresultStatus(r) != PGRES_TUPLES_OK)
            return db_fail(c, r, "lock", e);
        bool ours = PQgetvalue(r, 0, 0)[0] == 't';
        PQclear(r);
        if (ours)
            return 0;
        int rc = stop_asked("another process that migrates the database", e);
        if (rc != 0)
            return rc;
        stop_sleep_ms(LOCK_MS);
    }
}

static int files_check(struct pl_err *e)
{
    for (size_t i = 0; i < sql_files_count; i++) {
        if (i > 0 && file_number(&sql_files[i]) <= file_number(&sql_files[i - 1]))
            return pl_fail(e, PL_E_INTERNAL, "sql/%s: two files with one number",
                           sql_files[i].name);
    }
    return 0;
}

/* Are all roles there, with their rights to this database, and may this login become its owner? */
static bool roles_stand(PGconn *c)
{
    static const char sql[] =
        "SELECT count(*) = " ROLES_N
        " AND bool_and(has_database_privilege(r.oid, current_database(),"
        " 'CONNECT') AND (r.rolname <> 'plm_owner' OR (pg_has_role(current_user, r.oid, 'MEMBER')"
        " AND has_database_privilege(r.oid, current_database(), 'CREATE'))))"
        " FROM pg_roles r WHERE r.rolname IN (" ROLES ")";
    PGresult *r = PQexec(c, sql);
    bool stand = PQresultStatus(r) == PGRES_TUPLES_OK && PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    return stand;
}

/* From here on as the owner of the schema. */
static int become_owner(PGconn *c, struct pl_err *e)
{
    int rc = 0;
    if (!roles_stand(c))
        rc = run(c, sql_roles, "making the roles", e);
    if (rc == 0)
        rc = run(c, "SET ROLE plm_owner", "becoming plm_owner", e);
    if (rc == -PL_E_STORE) {
        struct pl_err why = *e;
        rc =
            pl_fail(e, PL_E_CONFIG,
                    "the database's roles are not as they must be and this login cannot make them: "
                    "an administrator runs what 'plimsolld help roles' prints (%.120s)",
                    why.text);
    }
    return rc;
}

/* The schema, its list of files, and the rights to look at that. */
static int make_schema(PGconn *c, struct pl_err *e)
{
    return run(
        c,
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
        "CREATE SCHEMA IF NOT EXISTS plm; REVOKE ALL ON SCHEMA plm FROM PUBLIC;"
        "CREATE TABLE IF NOT EXISTS plm.schema_version (number int4 PRIMARY KEY,"
        " name text NOT NULL, sha256 text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT now());"
        "GRANT USAGE ON SCHEMA plm TO plm_app, plm_ca, plm_seal, plm_audit, plm_erase;"
        "GRANT SELECT ON plm.schema_version TO plm_app, plm_ca, plm_seal, plm_audit, plm_erase",
        "making the schema", e);
}

int migrate_run(const char *conninfo, struct migrate_state *out, struct pl_err *e)
{
    struct migrate_state st = {0, (int)sql_files_count};
    PGconn *c = NULL;
    int rc = files_check(e);
    if (rc == 0)
        rc = open_db(conninfo, &c, e);
    if (rc != 0)
        return rc;
    rc = run(c, "SET client_min_messages = warning", "settings", e);
    if (rc == 0)
        rc = take_lock(c, e);
    if (rc == 0)
        rc = become_owner(c, e);
    if (rc == 0)
        rc = make_schema(c, e);
    if (rc == 0)
        rc = compare(c, &st, e);
    while (rc == 0 && st.have < st.want) {
        rc = apply(c, &sql_files[st.have], e);
        st.have += rc == 0;
    }
    PQfinish(c);
    if (out)
        *out = st;
    return rc;
}

int migrate_check(const char *conninfo, struct migrate_state *out, struct pl_err *e)
{
    struct migrate_state st = {0, (int)sql_files_count};
    PGconn *c = NULL;
    int rc = open_db(conninfo, &c, e);
    if (rc != 0)
        return rc;
    rc = run(c,
             "SELECT set_config('role', 'plm_app', false) FROM pg_roles WHERE rolname = 'plm_app'",
             "becoming plm_app", e);
    if (rc != 0) {
        PQfinish(c);
        return rc;
    }
    PGresult *r = PQexec(c, "SELECT to_regclass('plm.schema_version') IS NOT NULL");
    bool there = PQresultStatus(r) == PGRES_TUPLES_OK && PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    if (there)
        rc = compare(c, &st, e);
    PQfinish(c);
    if (out)
        *out = st;
    if (rc == 0 && st.have < st.want)
        rc = pl_fail(e, PL_E_VERSION, "the database is at schema %d, this program needs %d",
                     st.have, st.want);
    return rc;
}

const char *migrate_roles(void)
{
    return sql_roles;
}
