// SPDX-License-Identifier: Apache-2.0
/*
 * Reading goes through sql/0016_read.sql: each statement of store/stmt.def that reads something of
 * a review names one of its two functions, or stands here with the reason why it needs none. And
 * the functions say what they should of each kind of person.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

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

static const struct {
    const char *name, *sql;
} statements[] = {
#define STMT(NAME, pool, sql) {#NAME, sql},
#include "store/stmt.def"
};

/* Read something of a review without asking, because: */
static const char *const exempt[] = {
    /* a room loads its document for members, each of whom plimsoll_session_open or RIGHTS has
     * judged; the commands that use them ask RIGHTS first */
    "LOAD", "FETCH", "SNAPSHOT_PUT", "SNAPSHOT_DROP", "RIGHTS", /* it is the question itself */
    "HEADS", /* numbers only, of rooms that are open */
    /* the owner of the upload, by his number; the server itself, which checks what arrived */
    "FILE_LOOK", "FILE_PIECES", "REVIEW_INVITES", /* narrower: a facilitator's */
    "DRAFTS",                   /* numbers, for a reveal that conduct has judged */
    "REVIEW_IDS",               /* numbers, for a rebuild on the host */
    "LOG_KEYS", "LOG_PAYLOADS", /* an export of the log on the host */
    "KEEPER_LOOK",              /* an invite by its secret, before its key is certified */
};

/* Tables with something of a review in them. */
#define CONTENT                                                                               \
    "(^|[^a-z_.])(FROM|JOIN)[[:space:]]+(plm\\.)?(review|membership|rev_batch|snapshot|fact|" \
    "marker|"                                                                                 \
    "participant|action|lesson|ballot|vote|file|file_chunk|review_invite|signed_act|session)" \
    "([^a-z_]|$)"

static bool reads_content(const char *sql)
{
    regex_t re;
    assert_int_equal(regcomp(&re, CONTENT, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&re, sql, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

/* plimsoll_actions stands beside the two and begins with readable(). */
static bool asks(const char *sql)
{
    return strstr(sql, "readable(") != NULL || strstr(sql, "may_read(") != NULL ||
           strstr(sql, "plimsoll_actions(") != NULL;
}

static bool is_exempt(const char *name)
{
    for (size_t i = 0; i < sizeof exempt / sizeof exempt[0]; i++)
        if (strcmp(exempt[i], name) == 0)
            return true;
    return false;
}

static void statements_ask_who_may_read(void **state)
{
    (void)state;
    unsigned asked = 0;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        const char *sql = statements[i].sql;
        asked += asks(sql);
        if (reads_content(sql) && !asks(sql) && !is_exempt(statements[i].name))
            fail_msg("%s reads of a review and does not ask may_read or readable",
                     statements[i].name);
        if (is_exempt(statements[i].name) && (asks(sql) || !reads_content(sql)))
            fail_msg("%s needs no exemption any more", statements[i].name);
    }
    assert_true(asked >= 6);
    assert_true(reads_content("SELECT title FROM review WHERE id = 1"));
    assert_true(reads_content("SELECT 1 FROM usr JOIN rev_batch b ON true"));
    assert_false(reads_content("SELECT user_name FROM usr"));
}

/* p of {member, other review's member, nobody, disabled member, draft's owner}. */
static void the_predicates_say_who_reads(void **state)
{
    (void)state;
    struct rig_person ana = rig_person(&rig);
    struct rig_person ben = rig_person(&rig);
    struct rig_person cyd = rig_person(&rig);
    uint64_t review = rig_review(&rig, ana);
    uint64_t draft = rig_review(&rig, ben);
    rig_member(&rig, review, ben, PL_ROLE_STAKEHOLDER);
    rig_sql(&rig, "UPDATE review SET draft_of = %llu WHERE id = %llu", ULL(review), ULL(draft));
    const struct {
        struct rig_person who;
        uint64_t review;
        int visibility;
        bool may, listed;
    } cases[] = {
        {ana, review, 1, true, true},   {ben, review, 1, true, true},
        {cyd, review, 1, false, false}, {cyd, review, 2, true, true},
        {ben, draft, 1, true, false},   {ana, draft, 1, false, false},
        {cyd, draft, 1, false, false},  {ana, draft, 2, false, false},
        {cyd, draft, 2, false, false},
    };
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            bool on = round == 0;
            rig_sql(&rig, "UPDATE review SET visibility = %d WHERE id = %llu", cases[i].visibility,
                    ULL(cases[i].review));
            assert_int_equal(rig_int(&rig, "SELECT may_read(%llu, %llu)::int", ULL(cases[i].review),
                                     ULL(cases[i].who.user)),
                             on && cases[i].may);
            assert_int_equal(rig_int(&rig, "SELECT count(*) FROM readable(%llu) WHERE id = %llu",
                                     ULL(cases[i].who.user), ULL(cases[i].review)),
                             on && cases[i].listed);
        }
        rig_sql(&rig, "UPDATE usr SET enabled = false");
    }
    assert_int_equal(rig_int(&rig, "SELECT may_read(999999, %llu)::int", ULL(ana.user)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_ask_who_may_read),
        cmocka_unit_test(the_predicates_say_who_reads),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
