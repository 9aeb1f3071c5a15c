// SPDX-License-Identifier: Apache-2.0
/*
 * The schema: migrations, permissions equal to perm.def, the audit log that cannot be changed, and
 * constraints that hold (each by its SQLSTATE).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

#include "store/migrate.h"
#include "support/server/store_rig.h"
#include "support/unit.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static void perm_table_equals_perm_def(void **state)
{
    (void)state;
    static const struct {
        int op, status, role;
    } rows[] = {
#define PERM(op, status, role) {PL_PERM_##op, PL_STATUS_##status, PL_ROLE_##role},
#include "plimsoll/doc/perm.def"
    };
    const size_t n = sizeof rows / sizeof rows[0];
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM perm"), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rig_int(&rig,
                                 "SELECT count(*) FROM perm WHERE op = %d AND status = %d AND"
                                 " role = %d",
                                 rows[i].op, rows[i].status, rows[i].role),
                         1);
    for (int status = 1; status <= 4; status++) {
        for (int role = 1; role <= 3; role++)
            assert_int_equal(rig_int(&rig,
                                     "SELECT coalesce(bit_or(1::int8 << op), 0) FROM perm WHERE"
                                     " status = %d AND role = %d",
                                     status, role),
                             pl_perm_mask(role, status));
    }
}

static void audit_event_cannot_be_changed(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "UPDATE audit_event SET at_us = 1",
        "UPDATE audit_event SET leaf = leaf",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        assert_string_equal(rig_sqlstate(&rig, sql[i]), "PL001");
        rig_sql(&rig, "SET session_replication_role = replica");
        assert_string_equal(rig_sqlstate(&rig, sql[i]), "PL001");
        rig_sql(&rig, "SET session_replication_role = origin");
    }
    assert_string_equal(rig_sqlstate(&rig, "INSERT INTO audit_event VALUES (0, 0, 1, 1, 1, '\\x00',"
                                           " sha256('\\x0000'))"),
                        "23505");
    assert_string_equal(rig_sqlstate(&rig,
                                     "INSERT INTO audit_event VALUES (0, 99, 1, 1, 1, '\\x00',"
                                     " '\\x00')"),
                        "23514");
}

static void constraints_hold(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        const char *sql;
    } cases[] = {
        {"23514", "INSERT INTO usr (user_name, display_name, created_us) VALUES ('Ana', 'A', 1)"},
        {"23514", "INSERT INTO usr (user_name, display_name, created_us) VALUES ('ana', '', 1)"},
        {"23505", "INSERT INTO usr (user_name, display_name, created_us) VALUES ('p1', 'A', 1)"},
        {"23514", "UPDATE device SET spki_sha256 = 'short'"},
        {"23514", "UPDATE device SET name = ''"},
        {"23503", "INSERT INTO device (usr, spki_sha256, name, enrolled_us, expires_us)"
                  " VALUES (999, sha256('x'), 'x', 1, 1)"},
        {"23514", "UPDATE review SET status = 5"},
        {"23514", "UPDATE review SET head = -1"},
        {"23514", "UPDATE review SET op_id = 'x'"},
        {"23514", "UPDATE membership SET role = 0"},
        {"23514", "UPDATE membership SET role = 4"},
        {"23514", "INSERT INTO session (review, client, usr, device, epoch, opened_us)"
                  " SELECT review, 0, usr, 1, 1, 1 FROM membership"},
        {"23514", "UPDATE rev_batch SET first_rev = 0, last_rev = 0"},
        {"23502", "UPDATE rev_batch SET salts = NULL"},
        {"23514", "INSERT INTO invite (secret_sha256, kind, usr, review, created_us, expires_us)"
                  " SELECT sha256('a'), 1, usr, review, 1, 1 FROM membership"},
        {"23514", "INSERT INTO invite (secret_sha256, kind, usr, role, created_us, expires_us)"
                  " SELECT sha256('a'), 1, usr, 1, 1, 1 FROM membership"},
        {"23514", "INSERT INTO invite (secret_sha256, kind, usr, created_us, expires_us, used_us)"
                  " SELECT sha256('a'), 1, usr, 1, 1, 1 FROM membership"},
        {"23514", "UPDATE counter SET next = 0"},
        {"23514", "UPDATE stream SET last_leaf = 'x'"},
    };
    (void)rig_review(&rig, rig_person(&rig));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = rig_sqlstate(&rig, cases[i].sql);
        if (strcmp(got, cases[i].state) != 0)
            fail_msg("%s: %s", cases[i].sql, got);
    }
}

static void public_has_no_rights(void **state)
{
    (void)state;
    rig_sql(&rig, "CREATE ROLE nobody_special LOGIN");
    rig_sql(&rig, "SET ROLE nobody_special");
    assert_string_equal(rig_sqlstate(&rig, "SELECT * FROM plm.review"), "42501");
    assert_string_equal(rig_sqlstate(&rig, "SELECT plm.now_us()"), "42501");
    rig_sql(&rig, "RESET ROLE");
    assert_int_equal(rig_int(&rig, "SELECT count(*) FROM pg_proc p WHERE p.pronamespace ="
                                   " 'plm'::regnamespace AND has_function_privilege("
                                   "'nobody_special', p.oid, 'EXECUTE')"),
                     0);
}

static void migrate_does_nothing_when_done(void **state)
{
    (void)state;
    struct migrate_state st = {0};
    struct pl_err e;
    assert_int_equal(migrate_run(rig.pg.conninfo, &st, &e), 0);
    assert_true(st.have > 0);
    assert_int_equal(st.have, st.want);
    assert_int_equal(migrate_check(rig.pg.conninfo, &st, &e), 0);
}

static void migrate_refuses_changed_file_and_newer_database(void **state)
{
    (void)state;
    struct migrate_state st = {0};
    struct pl_err e = {0};
    rig_sql(&rig, "UPDATE schema_version SET sha256 = 'x' || sha256 WHERE number = 2");
    assert_int_equal(migrate_run(rig.pg.conninfo, &st, &e), -PL_E_VERSION);
    assert_int_equal(migrate_check(rig.pg.conninfo, &st, &e), -PL_E_VERSION);
    rig_sql(&rig, "UPDATE schema_version SET sha256 = substr(sha256, 2) WHERE number = 2");
    assert_int_equal(migrate_run(rig.pg.conninfo, &st, &e), 0);
    rig_sql(&rig, "INSERT INTO schema_version VALUES (9999, '9999_future.sql', 'x')");
    assert_int_equal(migrate_run(rig.pg.conninfo, &st, &e), -PL_E_VERSION);
    rig_sql(&rig, "DELETE FROM schema_version WHERE number = 9999");
    rig_sql(&rig, "BEGIN; DROP SCHEMA plm CASCADE; COMMIT");
    assert_int_equal(migrate_check(rig.pg.conninfo, &st, &e), -PL_E_VERSION);
    assert_int_equal(migrate_run(rig.pg.conninfo, &st, &e), 0);
    assert_int_equal(migrate_run("host=/nonexistent", &st, &e), -PL_E_UNAVAILABLE);
}

/* Another process migrates, and we are told to stop meanwhile. */
static void migrate_that_waits_can_be_stopped(void **state)
{
    (void)state;
    struct pl_err e = {0};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    rig_sql(&rig, "SELECT pg_advisory_lock(7308324466020938093)");
    assert_int_equal(raise(SIGTERM), 0);
    (void)alarm(60); /* a wait that does not look would not end */
    assert_int_equal(migrate_run(rig.pg.conninfo, NULL, &e), -PL_E_GOING_AWAY);
    (void)alarm(0);
    assert_int_equal(sigwaitinfo(&set, NULL), SIGTERM);
    assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    rig_sql(&rig, "SELECT pg_advisory_unlock(7308324466020938093)");
    assert_int_equal(migrate_run(rig.pg.conninfo, NULL, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perm_table_equals_perm_def),
        cmocka_unit_test(audit_event_cannot_be_changed),
        cmocka_unit_test(constraints_hold),
        cmocka_unit_test(public_has_no_rights),
        cmocka_unit_test(migrate_does_nothing_when_done),
        cmocka_unit_test(migrate_that_waits_can_be_stopped),
        cmocka_unit_test(migrate_refuses_changed_file_and_newer_database), /* last: drops it */
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
