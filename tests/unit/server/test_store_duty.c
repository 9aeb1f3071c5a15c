// SPDX-License-Identifier: Apache-2.0
/*
 * What two different people must do, as the database keeps it: every constraint of
 * sql/0014_duty.sql by its SQLSTATE, beside a row that differs in nothing else and is taken. And no
 * CHECK over columns that may be null says yes because something is null.
 */
#include <stdio.h>
#include <string.h>

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

static const char *try(const char *sql)
{
    static char got[6];
    rig_sql(&rig, "BEGIN; SET LOCAL ROLE plm_app");
    (void)snprintf(got, sizeof got, "%s", rig_sqlstate(&rig, sql));
    rig_sql(&rig, "ROLLBACK");
    return got;
}

static void actions_are_verified_by_another(void **state)
{
    (void)state;
    static const struct {
        const char *state, *values; /* state, owner, done_by, done_us, verified_by, verified_us */
    } cases[] = {
        {"00000", "1, NULL, NULL, NULL, NULL, NULL"},
        {"00000", "4, 5, 5, 9, NULL, NULL"},
        {"00000", "5, 5, 5, 9, 6, 9"},
        {"00000", "5, NULL, 5, 9, 6, 9"}, /* the owner has left */
        {"00000", "6, 5, 5, 9, 6, 9"},
        {"00000", "10, 5, NULL, NULL, NULL, NULL"},
        {"23514", "5, 6, 5, 9, 6, 9"}, /* the owner */
        {"23514", "5, 5, 6, 9, 6, 9"}, /* who marked it done */
        {"23514", "5, 6, 6, 9, 6, 9"},
        {"23514", "9, 6, 5, 9, 6, 9"},
        {"23514", "5, 5, NULL, NULL, 6, 9"}, /* never done */
        {"23514", "5, 5, NULL, 9, 6, 9"},
        {"23514", "5, 5, 5, NULL, 6, 9"},
        {"23514", "5, NULL, NULL, NULL, 6, 9"},
        {"23514", "5, 5, 5, 9, NULL, NULL"}, /* by nobody */
        {"23514", "8, 5, 5, 9, NULL, NULL"},
        {"23514", "5, 5, 5, 9, NULL, 9"},
        {"23514", "5, 5, 5, 9, 6, NULL"},
        {"23514", "4, 5, NULL, NULL, NULL, NULL"},
        {"23514", "4, 5, NULL, 9, NULL, NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO plm.action (review, client, n, no, label, evidence, created_us,"
                       " state, owner, done_by, done_us, verified_by, verified_us)"
                       " VALUES (1, 1, 1, 1, 'x', 0, 1, %s)",
                       cases[i].values);
        const char *got = try(sql);
        if (strcmp(got, cases[i].state) != 0)
            fail_msg("%s: %s instead of %s", cases[i].values, got, cases[i].state);
    }
}

static void reviews_are_closed_by_another(void **state)
{
    (void)state;
    static const struct {
        const char *state, *values; /* close_asked_by, closed_by, closed_us */
    } cases[] = {
        {"00000", "NULL, NULL, NULL"}, {"00000", "5, NULL, NULL"}, {"00000", "5, 6, 9"},
        {"23514", "5, 5, 9"},          {"23514", "NULL, 5, 9"},    {"23514", "NULL, NULL, 9"},
        {"23514", "5, NULL, 9"},       {"23514", "5, 6, NULL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO plm.fact (review, services, classes, na, rules, close_asked_by,"
                       " closed_by, closed_us) VALUES (999, '{}', 0, 0, 0, %s)",
                       cases[i].values);
        const char *got = try(sql);
        if (strcmp(got, cases[i].state) != 0)
            fail_msg("%s: %s instead of %s", cases[i].values, got, cases[i].state);
    }
}

static void a_status_is_not_passed_over(void **state)
{
    (void)state;
    uint64_t review = rig_review(&rig, rig_person(&rig));
    for (int from = 1; from <= 4; from++) {
        for (int to = 1; to <= 4; to++) {
            char sql[128];
            rig_sql(&rig, "ALTER TABLE review DISABLE TRIGGER review_step");
            rig_sql(&rig, "UPDATE review SET status = %d WHERE id = %llu", from,
                    (unsigned long long)review);
            rig_sql(&rig, "ALTER TABLE review ENABLE TRIGGER review_step");
            (void)snprintf(sql, sizeof sql, "UPDATE plm.review SET status = %d WHERE id = %llu", to,
                           (unsigned long long)review);
            assert_string_equal(try(sql), to > from + 1 ? "PL003" : "00000");
        }
    }
}

static void who_took_part_does_not_become_facilitator(void **state)
{
    (void)state;
    struct rig_person ana = rig_person(&rig);
    struct rig_person ben = rig_person(&rig);
    uint64_t review = rig_review(&rig, ana);
    char insert[256];
    char update[256];
    (void)snprintf(insert, sizeof insert, "INSERT INTO plm.membership VALUES (%llu, %llu, 1, 0, 1)",
                   (unsigned long long)review, (unsigned long long)ben.user);
    (void)snprintf(update, sizeof update,
                   "UPDATE plm.membership SET role = 1 WHERE review = %llu AND usr = %llu",
                   (unsigned long long)review, (unsigned long long)ben.user);
    for (int involved = 0; involved <= 1; involved++) {
        const char *want = involved ? "PL004" : "00000";
        rig_sql(&rig, "DELETE FROM participant; DELETE FROM membership WHERE usr = %llu",
                (unsigned long long)ben.user);
        rig_sql(&rig,
                "INSERT INTO participant (review, client, n, usr, role, involved)"
                " VALUES (%llu, 0, 7, %llu, 2, %s)",
                (unsigned long long)review, (unsigned long long)ben.user,
                involved ? "true" : "NULL");
        assert_string_equal(try(insert), want);
        rig_member(&rig, review, ben, 2);
        assert_string_equal(try(update), want);
        assert_int_equal(
            rig_int(&rig,
                    "SELECT code FROM plimsoll_member_set(%llu, 0, 0, 0, (SELECT user_name"
                    " FROM usr WHERE id = %llu), 1, 0)",
                    (unsigned long long)review, (unsigned long long)ben.user),
            involved ? 30 : 0);
    }
}

/* Not by name, so that those of later files are looked at as well. */
static void checks_say_what_null_means(void **state)
{
    (void)state;
    static const char sql[] =
        "SELECT count(*) FROM pg_constraint k WHERE k.contype = 'c' AND k.connamespace ="
        " 'plm'::regnamespace AND k.conrelid <> 0 AND EXISTS (SELECT 1 FROM pg_attribute a WHERE"
        " a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND NOT a.attnotnull AND"
        " pg_get_constraintdef(k.oid) !~* ('\\m' || a.attname || '\\s+IS\\s+(NOT\\s+)?"
        "(NULL|DISTINCT\\s+FROM)'))";
    assert_true(rig_int(&rig, "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND"
                              " connamespace = 'plm'::regnamespace AND conrelid <> 0") > 20);
    rig_sql(&rig,
            "CREATE TABLE plm.careless (a int CHECK (a > 0), b int CHECK (b IS NULL OR b > 0))");
    assert_int_equal(rig_int(&rig, sql), 1);
    rig_sql(&rig, "DROP TABLE plm.careless");
    assert_int_equal(rig_int(&rig, sql), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_are_verified_by_another),
        cmocka_unit_test(reviews_are_closed_by_another),
        cmocka_unit_test(a_status_is_not_passed_over),
        cmocka_unit_test(who_took_part_does_not_become_facilitator),
        cmocka_unit_test(checks_say_what_null_means),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
