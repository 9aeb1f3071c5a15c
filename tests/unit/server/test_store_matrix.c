// SPDX-License-Identifier: Apache-2.0
/*
 * Every cell of doc/perm.def in the database itself, as the server's role calls it: operation by
 * status by person, where a person is one of each role, nobody, somebody whose access was ended, or
 * a device that was revoked. Each way in that judges an operation must say what the table says. A
 * refusal is a code, not an error, and it leaves nothing behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define ULL(x) ((unsigned long long)(x))

enum { FAC, RES, STA, NOBODY, REMOVED, DISABLED, REVOKED, PEOPLE };

static struct rig rig;
static struct rig_person who[PEOPLE];
static uint64_t review;

/* The role of each in the table; 0: none. The last two have one that is worth nothing any more. */
static const int roles[PEOPLE] = {1, 2, 3, 0, 0, 1, 1};
static const char *const names[PEOPLE] = {"facilitator", "responder", "stakeholder",   "nobody",
                                          "removed",     "disabled",  "revoked device"};

static int setup(void **state)
{
    (void)state;
    rig_open(&rig);
    for (int i = 0; i < PEOPLE; i++) {
        who[i] = rig_person(&rig);
        if (i == FAC)
            review = rig_review(&rig, who[i]);
        else if (i != NOBODY)
            rig_member(&rig, review, who[i], roles[i] ? roles[i] : 1);
        if (i != NOBODY)
            assert_int_equal(rig_int(&rig,
                                     "SELECT code FROM plimsoll_session_open(%llu, %d, %llu, %llu)",
                                     ULL(review), i + 1, ULL(who[i].user), ULL(who[i].device)),
                             0);
    }
    rig_member(&rig, review, who[REMOVED], 0);
    rig_sql(&rig, "SELECT plimsoll_user_enable(%llu, false, 0)", ULL(who[DISABLED].user));
    rig_sql(&rig, "SELECT plimsoll_device_revoke(%llu, 0, 0, 0)", ULL(who[REVOKED].device));
    /* who never was in it has a session all the same: it is the right that must be missing */
    rig_sql(&rig,
            "INSERT INTO session (review, client, usr, device, epoch, opened_us)"
            " VALUES (%llu, %d, %llu, %llu, 1, 1)",
            ULL(review), NOBODY + 1, ULL(who[NOBODY].user), ULL(who[NOBODY].device));
    rig_sql(&rig, "SET ROLE plm_app");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_sql(&rig, "RESET ROLE");
    rig_close(&rig);
    return 0;
}

static bool is_allowed(int op, int status, int person)
{
    bool live = person < DISABLED;
    return live && op < PL_PERM_OWNER_ONLY &&
           (pl_perm_mask(roles[person], status) & PL_PERM_BIT(op)) != 0;
}

/* What the append says of one revision that needs `op`: 0 committed, else the verdict. */
static int append_says(int op, int person)
{
    int64_t v = rig_int(
        &rig,
        "SELECT CASE WHEN a.outcome = 0 THEN 0 WHEN a.outcome = 2 THEN get_byte(a.verdicts, 0) ELSE"
        " 100 + a.outcome END FROM plimsoll_append(%llu, 1, false, 0, 1, 'frame', ARRAY[%d::int8],"
        " ARRAY[%llu::int8], ARRAY[%llu::int8], ARRAY[1], ARRAY[1::int8], ARRAY[1::int8<< %d],"
        " ARRAY['salt'::bytea], ARRAY[sha256('x')], '{}', '{}', '{}', '{}', '{}', NULL, 0, 0, 0, "
        "0, 0) a",
        ULL(review), person + 1, ULL(who[person].user), ULL(who[person].device), op);
    return (int)v;
}

static int64_t written(void)
{
    return rig_int(
        &rig,
        "SELECT head * 1000 + (SELECT count(*) FROM rev_batch WHERE review = %llu) * 100 +"
        " (SELECT next_seq FROM stream WHERE id = %llu) FROM review WHERE id = %llu",
        ULL(review), ULL(review), ULL(review));
}

/* 1: no right; 2: access has ended. Who never took part is told the same. */
static int refusal_of(int person)
{
    return roles[person] == 0 || person >= DISABLED ? 2 : 1;
}

static void to_status(int status)
{
    rig_sql(&rig, "RESET ROLE");
    rig_status(&rig, review, status);
    rig_sql(&rig, "SET ROLE plm_app");
}

static void appends_are_judged_by_the_table(void **state)
{
    (void)state;
    unsigned yes = 0;
    unsigned no = 0;
    for (int status = 1; status <= 4; status++) {
        to_status(status);
        for (int op = 0; op <= 63; op++) {
            for (int person = 0; person < PEOPLE; person++) {
                bool may = is_allowed(op, status, person);
                rig_sql(&rig, "BEGIN");
                int64_t before = written();
                int got = append_says(op, person);
                bool wrote = written() != before;
                rig_sql(&rig, "ROLLBACK");
                if (got != (may ? 0 : refusal_of(person)) || wrote != may)
                    fail_msg("%s, status %d, %s: %d, %s", pl_perm_name(op), status, names[person],
                             got, wrote ? "written" : "not written");
                yes += may;
                no += !may;
            }
        }
    }
    printf("# %u cells allowed, %u refused\n", yes, no);
    assert_true(yes > 100 && no > 1000);
}

/* The ways in beside the append: votes and files, participants, invites, private drafts. */
static int other_says(const char *call, int person)
{
    char sql[512];
    rig_fill(sql, sizeof sql, call, review, who[person]);
    return (int)rig_int(&rig, "%s", sql);
}

static void other_ways_are_judged_by_the_table(void **state)
{
    (void)state;
    static const struct {
        int op;
        const char *call;
    } ways[] = {
        {PL_PERM_VOTE,
         "SELECT plimsoll_vote($R, $U, $D, 1, sha256('a'), sha256('a'), 1, 1, 1, '{}',"
         " '{}')"},
        {PL_PERM_CONDUCT, "SELECT code FROM plimsoll_tally($R, $U, $D, 0)"},
        {PL_PERM_CONDUCT, "SELECT code FROM plimsoll_member_set($R, $U, $D, 0, 'no one', 2, 0)"},
        {PL_PERM_MATERIAL,
         "SELECT code FROM plimsoll_file_put($R, 7, 1, $U, $D, 1 << 5, 'f', '', 1,"
         " sha256('f'), 100, 100, 4, 4)"},
        {PL_PERM_ACTION_PROGRESS,
         "SELECT code FROM plimsoll_file_put($R, 7, 1, $U, $D, 1 << 14, 'f',"
         " '', 1, sha256('f'), 100, 100, 4, 4)"},
        {PL_PERM_INVITE,
         "SELECT code FROM plimsoll_review_invite_add(sha256('s'), $R, 'zoe', 'Zoe', 2,"
         " 1, 60, $U, $D, 0, 'h', 's', 'g', 'k', 9, 9)"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (int status = 1; status <= 4; status++) {
            to_status(status);
            for (int person = 0; person < PEOPLE; person++) {
                rig_sql(&rig, "BEGIN");
                int got = other_says(ways[i].call, person);
                rig_sql(&rig, "ROLLBACK");
                bool may = is_allowed(ways[i].op, status, person);
                bool refused = got == PL_E_PERM || got == PL_E_REVOKED;
                if (refused == may || (person >= DISABLED && got != PL_E_REVOKED))
                    fail_msg("%s, status %d, %s: %d", ways[i].call, status, names[person], got);
            }
        }
    }
}

/* may_op is what several of them ask. */
static void may_op_says_what_the_table_says(void **state)
{
    (void)state;
    for (int status = 1; status <= 4; status++) {
        to_status(status);
        for (int op = 0; op <= 63; op++) {
            for (int person = 0; person < PEOPLE; person++) {
                int64_t got = rig_int(&rig, "SELECT may_op(%llu, %llu, %llu, %d)", ULL(review),
                                      ULL(who[person].user), ULL(who[person].device), op);
                int want = person >= DISABLED               ? PL_E_REVOKED
                           : is_allowed(op, status, person) ? 0
                                                            : PL_E_PERM;
                if (got != want)
                    fail_msg("%s, status %d, %s: %d", pl_perm_name(op), status, names[person],
                             (int)got);
            }
        }
    }
}

/* The comparison above would be worth nothing if a cell that is wrong were not seen. */
static void a_wrong_cell_is_seen(void **state)
{
    (void)state;
    to_status(PL_STATUS_CLOSED);
    assert_int_equal(append_says(PL_PERM_VOTE, STA), 1);
    rig_sql(&rig, "RESET ROLE");
    rig_sql(&rig, "BEGIN; INSERT INTO perm VALUES (20, 4, 3); SET LOCAL ROLE plm_app");
    assert_int_equal(append_says(PL_PERM_VOTE, STA), 0);
    rig_sql(&rig, "ROLLBACK; BEGIN; DELETE FROM perm WHERE op = 0 AND status = 4 AND role = 2;"
                  " SET LOCAL ROLE plm_app");
    assert_int_equal(append_says(PL_PERM_READ, RES), 1);
    rig_sql(&rig, "ROLLBACK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_judged_by_the_table),
        cmocka_unit_test(other_ways_are_judged_by_the_table),
        cmocka_unit_test(may_op_says_what_the_table_says),
        cmocka_unit_test(a_wrong_cell_is_seen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
