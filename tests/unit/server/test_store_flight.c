// SPDX-License-Identifier: Apache-2.0
/*
 * Rights that end while something is under way. One connection ends them and has not committed yet;
 * another calls a function as the server does and must wait for the lock; then the first commits. A
 * function that looked before it waited, or in the statement that waits, would still see the old
 * right and go on. Each function that judges a person is tried with each way of losing the right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/schema.h"

#include "support/server/store_rig.h"
#include "support/unit.h"

#define ULL(x) ((unsigned long long)(x))

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

static void until_waits(int pid)
{
    for (int i = 0; i < 20000; i++) {
        if (rig_int(&rig, "SELECT count(*) FROM pg_locks l WHERE l.pid = %d AND NOT l.granted",
                    pid) > 0)
            return;
    }
    fail_msg("the call does not wait: there is nothing to race");
}

/* Runs `call` while `loss` is under way; its code. */
static int race(const char *loss, const char *call, uint64_t review, struct rig_person p)
{
    char sql[1024];
    PGconn *first = rig_connect(&rig);
    PGconn *second = rig_connect(&rig);
    PQclear(PQexec(second, "SET ROLE plm_app"));
    rig_fill(sql, sizeof sql, loss, review, p);
    PQclear(PQexec(first, "BEGIN; SET ROLE plm_app"));
    PGresult *r = PQexec(first, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK || strcmp(PQgetvalue(r, 0, 0), "0") != 0)
        fail_msg("%s: %s%s", sql, PQresultErrorMessage(r), PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    rig_fill(sql, sizeof sql, call, review, p);
    assert_int_equal(PQsendQuery(second, sql), 1);
    until_waits(PQbackendPID(second));
    PQclear(PQexec(first, "COMMIT"));
    r = PQgetResult(second);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQresultErrorMessage(r));
    int64_t code = -1;
    assert_int_equal(pl_parse_i64(PQgetvalue(r, 0, 0), &code), 0);
    PQclear(r);
    PQfinish(second);
    PQfinish(first);
    return (int)code;
}

static const struct {
    const char *name, *sql;
    int code; /* what a call is answered then, unless it judges otherwise */
} losses[] = {
    {"removed", "SELECT code FROM plimsoll_member_set($R, 0, 0, 0, '$N', 0, 0)", PL_E_PERM},
    {"demoted", "SELECT code FROM plimsoll_member_set($R, 0, 0, 0, '$N', 3, 0)", PL_E_PERM},
    {"device revoked", "SELECT plimsoll_device_revoke($D, 0, 0, 0)", PL_E_REVOKED},
    {"disabled", "SELECT plimsoll_user_enable($U, false, 0)", PL_E_REVOKED},
};

static const struct {
    const char *name, *sql;
    bool role_counts; /* a stakeholder may not either */
} calls[] = {
    {"append",
     "SELECT CASE WHEN a.outcome = 2 THEN 39 + get_byte(a.verdicts, 0) ELSE a.outcome END FROM"
     " plimsoll_append($R, 1, false, 0, 1, 'frame', ARRAY[9::int8], ARRAY[$U::int8],"
     " ARRAY[$D::int8], ARRAY[1], ARRAY[1::int8], ARRAY[1::int8 << 18],"
     " ARRAY['salt'::bytea], ARRAY[sha256('x')], '{}', '{}', '{}', '{}', '{}', NULL, 0, 0, 0,"
     " 0, 0) a",
     true},
    {"append of the server in his name",
     "SELECT CASE WHEN a.outcome = 2 THEN 39 + get_byte(a.verdicts, 0) ELSE a.outcome END FROM"
     " plimsoll_append($R, 1, false, 0, 1, 'frame', ARRAY[0::int8], ARRAY[$U::int8], "
     "ARRAY[$D::int8],"
     " ARRAY[0], ARRAY[0::int8], ARRAY[1::int8 << 18], ARRAY['salt'::bytea], ARRAY[sha256('x')], "
     "'{}',"
     " '{}', '{}', '{}', '{}', NULL, 0, 0, 0, 0, 0) a",
     true},
    {"session_open", "SELECT code FROM plimsoll_session_open($R, 77, $U, $D)", false},
    {"member_set", "SELECT code FROM plimsoll_member_set($R, $U, $D, 0, 'nobody', 2, 0)", true},
    {"tally", "SELECT code FROM plimsoll_tally($R, $U, $D, 0)", true},
    {"file_put",
     "SELECT code FROM plimsoll_file_put($R, 7, 1, $U, $D, 1 << 5, 'f', '', 1, sha256('f'),"
     " 100, 100, 4, 4)",
     true},
    {"review_invite_add",
     "SELECT code FROM plimsoll_review_invite_add(sha256('s'), $R, 'zoe', 'Zoe', 2, 1, 60, $U, $D, "
     "0,"
     " 'h', 's', 'g', 'k', 9, 9)",
     true},
    {"review_invite_revoke", "SELECT plimsoll_review_invite_revoke($R, 1, $U, $D, 0)", true},
};

static void a_right_that_ends_under_way_is_gone(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++) {
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            struct rig_person p = rig_person(&rig);
            uint64_t review = rig_review(&rig, rig_person(&rig));
            rig_member(&rig, review, p, PL_ROLE_FACILITATOR);
            rig_sql(&rig, "SELECT plimsoll_session_open(%llu, 9, %llu, %llu)", ULL(review),
                    ULL(p.user), ULL(p.device));
            if (l == 1 && !calls[i].role_counts)
                continue;
            int code = race(losses[l].sql, calls[i].sql, review, p);
            /* an append tells who was removed that his access has ended */
            bool ended = losses[l].code == PL_E_REVOKED || (l == 0 && i < 2);
            if (code != (ended ? PL_E_REVOKED : PL_E_PERM))
                fail_msg("%s while %s: %d", calls[i].name, losses[l].name, code);
            assert_int_equal(rig_int(&rig, "SELECT head FROM review WHERE id = %llu", ULL(review)),
                             1);
        }
    }
}

static void a_voter_who_is_removed_under_way_does_not_vote(void **state)
{
    (void)state;
    static const char call[] = "SELECT plimsoll_vote($R, $U, $D, 1, substr(sha256('v'), 1, 16),"
                               " substr(sha256('k'), 1, 16), 1, 1, 1, '{}', '{}')";
    for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++) {
        struct rig_person p = rig_person(&rig);
        uint64_t review = rig_review(&rig, rig_person(&rig));
        rig_member(&rig, review, p, PL_ROLE_RESPONDER);
        rig_status(&rig, review, PL_STATUS_IN_SESSION);
        rig_sql(&rig, "INSERT INTO ballot (review, round, kind, dots) VALUES (%llu, 1, 1, 3)",
                ULL(review));
        int code = race(losses[l].sql, call, review, p);
        assert_int_equal(code, l == 1 ? 0 : losses[l].code); /* a stakeholder votes too */
    }
}

static void a_draft_is_not_begun_by_who_leaves(void **state)
{
    (void)state;
    static const char call[] =
        "SELECT code FROM plimsoll_draft_create($R, (SELECT nextval('review_id')),"
        " $U, $D, 0, 'T', 'b', 's', sha256('x'), NULL)";
    for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++) {
        struct rig_person p = rig_person(&rig);
        uint64_t review = rig_review(&rig, rig_person(&rig));
        if (l == 1)
            continue; /* a stakeholder has observations of his own only as notes; see draft_role */
        rig_member(&rig, review, p, PL_ROLE_RESPONDER);
        assert_int_equal(race(losses[l].sql, call, review, p), losses[l].code);
    }
}

/* No lock of a review to wait for: the person and the device themselves are locked. */
static void a_review_is_not_made_by_who_is_shut_out(void **state)
{
    (void)state;
    static const char call[] =
        "SELECT code FROM plimsoll_create_review((SELECT nextval('review_id')), decode(md5('$U'),"
        " 'hex'), $U, $D, 0, 'T', 0, 1, 1, 1, 'b', 's', sha256('x'))";
    for (size_t l = 2; l < sizeof losses / sizeof losses[0]; l++)
        assert_int_equal(race(losses[l].sql, call, 0, rig_person(&rig)), PL_E_REVOKED);
}

/* What the others would do if they asked in the statement that waits. */
static void a_look_in_the_waiting_statement_is_stale(void **state)
{
    (void)state;
    struct rig_person p = rig_person(&rig);
    uint64_t review = rig_review(&rig, rig_person(&rig));
    rig_member(&rig, review, p, PL_ROLE_FACILITATOR);
    rig_sql(
        &rig,
        "CREATE FUNCTION plm.careless(p_review int8, p_usr int8) RETURNS int4 LANGUAGE plpgsql"
        " SET search_path = plm, pg_temp AS $$ BEGIN PERFORM 1 FROM review r JOIN membership m ON"
        " m.review = r.id AND m.usr = p_usr AND m.role = 1 WHERE r.id = p_review"
        " FOR NO KEY UPDATE OF r; RETURN CASE WHEN FOUND THEN 0 ELSE 40 END; END $$;"
        " GRANT EXECUTE ON FUNCTION plm.careless TO plm_app");
    assert_int_equal(race(losses[0].sql, "SELECT plm.careless($R, $U)", review, p), 0);
    rig_sql(&rig, "DROP FUNCTION plm.careless");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_that_ends_under_way_is_gone),
        cmocka_unit_test(a_voter_who_is_removed_under_way_does_not_vote),
        cmocka_unit_test(a_draft_is_not_begun_by_who_leaves),
        cmocka_unit_test(a_review_is_not_made_by_who_is_shut_out),
        cmocka_unit_test(a_look_in_the_waiting_statement_is_stale),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
