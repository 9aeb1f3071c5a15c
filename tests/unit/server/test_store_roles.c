// SPDX-License-Identifier: Apache-2.0
/*
 * The roles of the database: what each may not do, statement by statement and by SQLSTATE; what
 * functions and tables look like to whom. Every statement of the table is run by a superuser too,
 * who must get another answer: so none of them is refused for a reason of its own, like a wrong
 * name.
 */
#include <stdio.h>
#include <string.h>

#include "store/migrate.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    struct rig_person ana = rig_person(&rig);
    (void)rig_review(&rig, ana);
    rig_sql(&rig, "INSERT INTO vote SELECT * FROM vote; CREATE TABLE public.scratch (a int)");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

#define DENIED "42501"

struct refusal {
    const char *role, *sql, *state;
};

#define NO(role, sql)            \
    {                            \
        "plm_" role, sql, DENIED \
    }

static const struct refusal refusals[] = {
    /* nobody defines anything, or becomes somebody else */
    NO("app", "CREATE TABLE plm.t (a int)"),
    NO("app", "CREATE TABLE public.t (a int)"),
    NO("app", "CREATE SCHEMA other"),
    NO("app", "CREATE TEMP TABLE t (a int)"),
    NO("app", "CREATE FUNCTION plm.f() RETURNS int LANGUAGE sql RETURN 1"),
    NO("app", "CREATE OR REPLACE FUNCTION plm.now_us() RETURNS int8 LANGUAGE sql RETURN 1"),
    NO("app", "ALTER FUNCTION plm.now_us() OWNER TO plm_app"),
    NO("app", "ALTER TABLE plm.audit_event DISABLE TRIGGER append_only"),
    NO("app", "ALTER TABLE plm.audit_event DROP CONSTRAINT audit_event_pkey"),
    NO("app", "ALTER TABLE plm.review ADD COLUMN x int"),
    NO("app", "DROP TABLE plm.audit_event"),
    NO("app", "DROP TRIGGER append_only ON plm.audit_event"),
    NO("app", "CREATE TRIGGER t BEFORE INSERT ON plm.audit_event FOR EACH ROW"
              " EXECUTE FUNCTION plm.append_only()"),
    NO("app", "CREATE ROLE friend"),
    NO("app", "ALTER ROLE plm_app SUPERUSER"),
    NO("app", "GRANT plm_owner TO plm_app"),
    NO("app", "ALTER DEFAULT PRIVILEGES FOR ROLE plm_owner GRANT UPDATE ON TABLES TO plm_app"),
    NO("app", "SET session_replication_role = replica"),
    NO("app", "SELECT pg_reload_conf()"),
    NO("app", "COPY plm.usr TO PROGRAM 'cat'"),
    NO("app", "SELECT pg_read_file('postgresql.conf')"),
    NO("app", "ALTER DATABASE postgres SET jit = off"),
    /* the log is added to and nothing else */
    NO("app", "UPDATE plm.audit_event SET at_us = at_us"),
    NO("app", "UPDATE plm.audit_event SET leaf = leaf"),
    NO("app", "DELETE FROM plm.audit_event"),
    NO("app", "TRUNCATE plm.audit_event"),
    NO("app", "UPDATE plm.rev_batch SET body = body"),
    NO("app", "UPDATE plm.rev_batch SET salts = salts"),
    NO("app", "DELETE FROM plm.rev_batch"),
    NO("app", "TRUNCATE plm.rev_batch"),
    NO("app", "UPDATE plm.signed_act SET seen = NULL"),
    NO("app", "DELETE FROM plm.signed_act"),
    NO("app", "TRUNCATE plm.signed_act"),
    NO("app", "DELETE FROM plm.stream"),
    NO("app", "UPDATE plm.stream SET id = id"),
    NO("app", "DELETE FROM plm.review_invite_use"),
    /* permissions are read */
    NO("app", "INSERT INTO plm.perm VALUES (1, 4, 3)"),
    NO("app", "UPDATE plm.perm SET role = 3"),
    NO("app", "DELETE FROM plm.perm"),
    NO("app", "TRUNCATE plm.perm"),
    NO("app", "UPDATE plm.perm_mask SET ops = -1"),
    NO("app", "UPDATE plm.schema_version SET sha256 = sha256"),
    NO("app", "DELETE FROM plm.schema_version"),
    /* who somebody is, which key is whose, and who made what do not change */
    NO("app", "UPDATE plm.usr SET user_name = user_name"),
    NO("app", "UPDATE plm.usr SET display_name = display_name"),
    NO("app", "DELETE FROM plm.usr"),
    NO("app", "UPDATE plm.device SET spki_sha256 = spki_sha256"),
    NO("app", "UPDATE plm.device SET usr = usr"),
    NO("app", "UPDATE plm.device SET expires_us = expires_us"),
    NO("app", "DELETE FROM plm.device"),
    NO("app", "UPDATE plm.invite SET usr = usr"),
    NO("app", "UPDATE plm.invite SET expires_us = expires_us"),
    NO("app", "DELETE FROM plm.invite"),
    NO("app", "UPDATE plm.review_invite SET role = role"),
    NO("app", "UPDATE plm.review SET created_by = created_by"),
    NO("app", "UPDATE plm.review SET id = id"),
    NO("app", "DELETE FROM plm.review"),
    NO("app", "TRUNCATE plm.review CASCADE"),
    NO("app", "UPDATE plm.membership SET usr = usr"),
    NO("app", "UPDATE plm.session SET device = device"),
    NO("app", "UPDATE plm.vote SET voter = voter"),
    NO("app", "UPDATE plm.file SET sha256 = sha256"),
    NO("app", "UPDATE plm.file_chunk SET body = body"),
    NO("app", "UPDATE plm.snapshot SET body = body"),
    NO("app", "UPDATE plm.action SET verified_by = verified_by"),
    NO("app", "INSERT INTO plm.counter VALUES ('x', 1)"),
    NO("app", "SELECT setval('plm.review_id', 1)"),
    /* the others have less */
    NO("ca", "SELECT title FROM plm.review"),
    NO("ca", "SELECT body FROM plm.rev_batch"),
    NO("ca", "UPDATE plm.usr SET enabled = true"),
    NO("ca", "UPDATE plm.membership SET usr = usr"),
    NO("ca", "DELETE FROM plm.membership"),
    NO("ca", "UPDATE plm.certificate SET device = device"),
    NO("ca", "UPDATE plm.device SET spki_sha256 = spki_sha256"),
    NO("app", "INSERT INTO plm.device (usr, spki_sha256, name, enrolled_us, expires_us) VALUES (1,"
              " sha256('k'), 'd', 1, 2)"),
    NO("ca", "UPDATE plm.audit_event SET at_us = at_us"),
    NO("ca", "DELETE FROM plm.device"),
    NO("seal", "SELECT title FROM plm.review"),
    NO("seal", "SELECT body FROM plm.rev_batch"),
    NO("seal", "SELECT user_name FROM plm.usr"),
    NO("seal", "UPDATE plm.audit_event SET leaf = leaf"),
    NO("seal", "INSERT INTO plm.audit_event SELECT * FROM plm.audit_event WHERE false"),
    NO("seal", "UPDATE plm.stream SET next_seq = next_seq"),
    NO("audit", "SELECT body FROM plm.rev_batch"),
    NO("audit", "SELECT salts FROM plm.rev_batch"),
    NO("audit", "SELECT seen FROM plm.signed_act"),
    NO("audit", "SELECT title FROM plm.review"),
    NO("audit", "SELECT label FROM plm.action"),
    NO("audit", "SELECT body FROM plm.snapshot"),
    NO("audit", "SELECT voter FROM plm.vote"),
    NO("audit", "SELECT name FROM plm.file"),
    NO("audit", "INSERT INTO plm.audit_event SELECT * FROM plm.audit_event WHERE false"),
    NO("audit", "UPDATE plm.usr SET enabled = enabled"),
    NO("erase", "UPDATE plm.audit_event SET leaf = leaf"),
    NO("erase", "DELETE FROM plm.audit_event"),
    NO("erase", "DELETE FROM plm.rev_batch"),
    NO("erase", "UPDATE plm.rev_batch SET last_rev = last_rev"),
    NO("erase", "UPDATE plm.signed_act SET signature = signature"),
    NO("erase", "SELECT body FROM plm.snapshot"),
    NO("erase", "INSERT INTO plm.rev_batch SELECT * FROM plm.rev_batch WHERE false"),
    NO("erase", "SELECT spki_sha256 FROM plm.device"),
};

/* The answer to one statement inside of a transaction that is taken back. */
static const char *answer(const char *role, const char *sql)
{
    static char got[6];
    rig_sql(&rig, "BEGIN; SET LOCAL lock_timeout = 5000");
    if (role)
        rig_sql(&rig, "SET LOCAL ROLE %s", role);
    (void)snprintf(got, sizeof got, "%s", rig_sqlstate(&rig, sql));
    rig_sql(&rig, "ROLLBACK");
    return got;
}

static void roles_are_refused_what_is_not_theirs(void **state)
{
    (void)state;
    size_t n = sizeof refusals / sizeof refusals[0];
    assert_true(n >= 60);
    for (size_t i = 0; i < n; i++) {
        const struct refusal *r = &refusals[i];
        const char *got = answer(r->role, r->sql);
        if (strcmp(got, r->state) != 0)
            fail_msg("%s: %s: %s instead of %s", r->role, r->sql, got, r->state);
        got = answer(NULL, r->sql);
        if (strcmp(got, r->state) == 0)
            fail_msg("%s: nobody may, so it says nothing about %s", r->sql, r->role);
    }
}

static void roles_may_what_is_theirs(void **state)
{
    (void)state;
    static const struct {
        const char *role, *sql;
    } all[] = {
        {"plm_app", "SELECT title FROM plm.review"},
        {"plm_app", "SELECT plm.now_us()"},
        {"plm_app", "UPDATE plm.device SET revoked_us = revoked_us"},
        {"plm_app", "SELECT * FROM plm.plimsoll_user_add('zoe', 'Zoe', 0)"},
        {"plm_ca", "SELECT spki_sha256 FROM plm.device"},
        {"plm_seal", "SELECT leaf FROM plm.audit_event"},
        {"plm_audit", "SELECT leaf FROM plm.audit_event"},
        {"plm_audit", "SELECT first_rev, last_rev FROM plm.rev_batch"},
        {"plm_erase", "UPDATE plm.rev_batch SET body = body, salts = salts WHERE review = 1"},
        {"plm_erase", "DELETE FROM plm.snapshot WHERE rev = 1"},
        {"plm_audit", "SELECT count(*) FROM plm.schema_version"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const char *got = answer(all[i].role, all[i].sql);
        if (strcmp(got, "00000") != 0)
            fail_msg("%s: %s: %s", all[i].role, all[i].sql, got);
    }
}

/* Not by their names, so that tables and functions of later files are looked at as well. */
static void nobody_has_more_than_is_granted(void **state)
{
    (void)state;
    static const char ours[] = "('plm_app', 'plm_ca', 'plm_seal', 'plm_audit', 'plm_erase')";
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'plm\\_%%' AND"
                                   " (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR"
                                   " rolbypassrls OR (rolname = 'plm_owner') = rolcanlogin)"),
                     0);
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM pg_class c WHERE relnamespace = 'plm'::regnamespace"
                      " AND relowner <> 'plm_owner'::regrole"),
        0);
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM pg_proc p WHERE pronamespace = 'plm'::regnamespace"
                      " AND proowner <> 'plm_owner'::regrole"),
        0);
    assert_int_equal(
        rig_int(&rig,
                "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
                " WHERE r.rolname IN %s",
                ours),
        0);
    assert_int_equal(
        rig_int(&rig,
                "SELECT count(*) FROM pg_class c, pg_roles r WHERE relnamespace ="
                " 'plm'::regnamespace AND relkind IN ('r', 'p') AND r.rolname IN %s"
                " AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER')",
                ours),
        0);
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE"
                                   " c.relnamespace = 'plm'::regnamespace AND a.grantee = 0"),
                     0);
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM pg_proc p, aclexplode(coalesce(p.proacl,"
                      " acldefault('f', p.proowner))) a WHERE p.pronamespace = 'plm'::regnamespace"
                      " AND a.grantee = 0"),
        0);
}

/* A trigger that names a table append-only would be no protection if the server might change it. */
static void what_is_append_only_is_granted_so(void **state)
{
    (void)state;
    assert_true(rig_int(&rig, "SELECT count(DISTINCT tgrelid) FROM pg_trigger WHERE tgfoid ="
                              " 'plm.append_only'::regproc") >= 2);
    assert_int_equal(
        rig_int(&rig,
                "SELECT count(*) FROM pg_trigger t WHERE t.tgfoid = 'plm.append_only'::regproc"
                " AND (has_table_privilege('plm_app', t.tgrelid, 'DELETE, TRUNCATE') OR"
                " has_any_column_privilege('plm_app', t.tgrelid, 'UPDATE'))"),
        0);
    assert_int_equal(
        rig_int(&rig,
                "SELECT count(*) FROM pg_trigger t WHERE t.tgfoid = 'plm.append_only'::regproc"
                " AND t.tgenabled <> 'A'"),
        0);
}

/* Called for every event, so it has none either; runs as its owner, and names all with its schema.
 */
#define BARE_DEFINER "('log_enqueue')"

/* Without a search_path of their own, because setting it costs each append: they name everything
 * with its schema, and run with the rights of who calls them. */
#define BARE                                                                                      \
    "('append_many', 'append_one', 'audit_append', 'author_verdicts', 'may_op',"                  \
    " 'missing_batches', 'perm_mask_fill', 'plimsoll_append', 'plimsoll_append_vote', 'project'," \
    " 'turn_take')"

static void functions_have_a_search_path(void **state)
{
    (void)state;
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM pg_proc p JOIN pg_language l ON l.oid ="
                                   " p.prolang WHERE pronamespace = 'plm'::regnamespace AND"
                                   " p.prosecdef AND NOT coalesce(proconfig::text LIKE"
                                   " '%%search_path=plm, pg_temp%%', false) AND p.proname NOT IN"
                                   " " BARE_DEFINER),
                     0);
    /* a body that was parsed when it was made (prosqlbody) looks nothing up */
    assert_int_equal(
        rig_int(&rig, "SELECT count(*) FROM pg_proc p WHERE pronamespace = 'plm'::regnamespace AND"
                      " prosqlbody IS NULL AND NOT coalesce(proconfig::text LIKE"
                      " '%%search_path=plm, pg_temp%%', false) AND proname NOT IN " BARE
                      " AND proname NOT IN " BARE_DEFINER),
        0);
    assert_int_equal(rig_int(&rig,
                             "SELECT count(*) FROM pg_proc p, pg_class c WHERE p.pronamespace ="
                             " 'plm'::regnamespace AND (p.proname IN " BARE
                             " OR p.proname IN " BARE_DEFINER ")"
                             " AND c.relnamespace = 'plm'::regnamespace AND c.relkind = 'r'"
                             " AND p.prosrc ~ ('\\m(FROM|JOIN|UPDATE|INTO|USING)\\s+'"
                             " || c.relname || '\\M')"),
                     0);
}

static int as_user(char *out, size_t size, const char *user, const char *database)
{
    return snprintf(out, size, "host=%s user=%s dbname=%s", rig.pg.dir, user, database);
}

/* A PostgreSQL of one's own: a login that may nothing is told what to do, and after an
 * administrator has done it that login migrates, and plm_app may serve. */
static void an_administrator_makes_the_roles(void **state)
{
    (void)state;
    char plain[192];
    char admin[192];
    char app[192];
    struct pl_err e = {0};
    (void)as_user(plain, sizeof plain, "plain", "own");
    (void)as_user(admin, sizeof admin, "plimsoll", "own");
    (void)as_user(app, sizeof app, "plm_app", "own");
    rig_sql(&rig, "CREATE ROLE plain LOGIN");
    rig_sql(&rig, "CREATE DATABASE own");
    assert_int_equal(migrate_run(plain, NULL, &e), -PL_E_CONFIG);
    assert_non_null(strstr(e.text, "plimsolld help roles"));
    PGconn *c = PQconnectdb(admin);
    for (int again = 0; again < 2; again++) {
        PGresult *r = PQexec(c, migrate_roles());
        assert_int_equal(PQresultStatus(r), PGRES_COMMAND_OK);
        PQclear(r);
    }
    PQfinish(c);
    assert_true(migrate_run(plain, NULL, &e) < 0); /* not a member yet */
    assert_int_equal(migrate_check(app, NULL, &e), -PL_E_VERSION);
    rig_sql(&rig, "GRANT plm_owner TO plain");
    assert_int_equal(migrate_run(plain, NULL, &e), 0);
    assert_int_equal(migrate_check(app, NULL, &e), 0);
    assert_int_equal(migrate_run(app, NULL, &e), -PL_E_CONFIG); /* the server cannot */
}

/* One login for everything, which may make roles: it needs no administrator, and the server works
 * as plm_app all the same. */
static void one_login_is_enough(void **state)
{
    (void)state;
    char one[192];
    struct pl_err e = {0};
    (void)as_user(one, sizeof one, "one", "single");
    rig_sql(&rig, "CREATE ROLE one LOGIN CREATEROLE");
    rig_sql(&rig, "CREATE DATABASE single OWNER one");
    if (migrate_run(one, NULL, &e) != 0)
        fail_msg("migrate: %s", e.text);
    PGconn *c = PQconnectdb(one);
    PGresult *r = PQexec(c, "SET ROLE plm_app; SELECT count(*) FROM plm.review");
    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    PQclear(r);
    r = PQexec(c, "SET ROLE plm_app; DELETE FROM plm.audit_event");
    assert_string_equal(PQresultErrorField(r, PG_DIAG_SQLSTATE), DENIED);
    PQclear(r);
    PQfinish(c);
    assert_int_equal(migrate_check(one, NULL, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles_are_refused_what_is_not_theirs),
        cmocka_unit_test(roles_may_what_is_theirs),
        cmocka_unit_test(nobody_has_more_than_is_granted),
        cmocka_unit_test(what_is_append_only_is_granted_so),
        cmocka_unit_test(functions_have_a_search_path),
        cmocka_unit_test(an_administrator_makes_the_roles),
        cmocka_unit_test(one_login_is_enough),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
