// SPDX-License-Identifier: Apache-2.0
/*
 * Participants shown in a review: an entry is made, or changed when it is there; when two changes
 * of one person cross, what is shown in the end is what the table holds; and what a process that
 * died has not shown is made good when the review opens.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

#include "cmd/people.h"
#include "cmd/services.h"
#include "room/room.h"
#include "store/repo_log.h"
#include "store/repo_review.h"
#include "support/unit.h"

#define ANA 11
#define BEN 12

/* The room and the store, as people.c knows them: they answer when they are told to. */
static struct {
    struct pl_doc *doc;
    room_judge_cb judge[4]; /* submitted, not answered */
    void *judge_ctx[4];
    server_rev_cb cb[4];
    void *ctx[4];
    uint64_t by_user;
    size_t n;
    uint32_t table; /* Ben's role there; Ana leads */
    unsigned done;
    unsigned written; /* revisions that say something */
    int rc;
} world;

void rooms_command(struct rooms *r, const struct rooms_act *act, room_judge_cb judge,
                   void *judge_ctx, server_rev_cb cb, void *ctx)
{
    assert_non_null(r);
    assert_true(world.n < 4);
    world.by_user = act->user;
    world.judge[world.n] = judge;
    world.judge_ctx[world.n] = judge_ctx;
    world.cb[world.n] = cb;
    world.ctx[world.n++] = ctx;
}

const struct pl_doc *rooms_doc(const struct rooms *r, uint64_t review)
{
    (void)r;
    (void)review;
    return world.doc;
}

int repo_rights(struct store *s, uint64_t review, uint64_t user, rights_cb cb, void *ctx)
{
    (void)s;
    (void)review;
    cb(ctx, 0, user == BEN ? world.table : PL_ROLE_FACILITATOR, PL_STATUS_PREPARING,
       PL_VISIBILITY_PARTICIPANTS);
    return 0;
}

int repo_people(struct store *s, uint64_t review, uint64_t user, people_cb cb, void *ctx)
{
    const struct pl_person rows[] = {
        {.user = ANA, .user_name = "ana", .display_name = "Ana", .role = PL_ROLE_FACILITATOR},
        {.user = BEN, .user_name = "ben", .display_name = "Ben", .role = world.table}};
    (void)s;
    (void)review;
    assert_int_equal(user, 0);
    cb(ctx, 0, rows, world.table != 0 ? 2 : 1, NULL);
    return 0;
}

/* The room makes the revision that was submitted as number i of those that wait. */
static void make(size_t i)
{
    struct pl_cs cs;
    struct pl_err e = {0};
    server_rev_cb cb = world.cb[i];
    void *ctx = world.ctx[i];
    uint64_t ops = 99;
    pl_cs_init(&cs);
    int rc = world.judge[i](world.judge_ctx[i], world.doc, 1, &cs, &ops, &e);
    world.n--;
    for (size_t k = i; k < world.n; k++) {
        world.judge[k] = world.judge[k + 1];
        world.judge_ctx[k] = world.judge_ctx[k + 1];
        world.cb[k] = world.cb[k + 1];
        world.ctx[k] = world.ctx[k + 1];
    }
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(world.doc) + (cs.n > 0 ? 1 : 0)};
    assert_int_equal(ops, 0);
    if (rc == 0 && cs.n > 0) {
        world.written++;
        rc = pl_doc_check(world.doc, &cs, true, &e);
        if (rc == 0)
            rc = pl_doc_apply(world.doc, &cs, &meta, &e);
    }
    pl_cs_release(&cs);
    cb(ctx, rc, meta.rev, &e);
}

static void on_shown(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    (void)ctx;
    (void)rev;
    (void)e;
    world.done++;
    world.rc = rc;
}

static const struct services here = {.rooms = (struct rooms *)(uintptr_t)&world};

static void show(uint32_t role)
{
    const struct people_change p = {
        .review = 1, .user = BEN, .user_name = "ben", .display_name = "Ben", .role = role};
    people_show(&here, &p, on_shown, NULL);
}

static uint32_t shown(void)
{
    const struct pl_entry *en = pl_doc_entry(world.doc, people_eid(BEN));
    if (en == NULL || !pl_entry_is_visible(world.doc, en))
        return 0;
    return (uint32_t)pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0);
}

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.doc = pl_doc_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pl_doc_free(world.doc);
    return 0;
}

static void run(unsigned done)
{
    while (world.n > 0)
        make(0);
    assert_int_equal(world.done, done);
    assert_int_equal(world.rc, 0);
}

TEST(people_come_go_and_come_back)
{
    show(world.table = PL_ROLE_RESPONDER);
    run(1);
    assert_int_equal(shown(), PL_ROLE_RESPONDER);
    show(world.table = 0);
    run(2);
    assert_int_equal(shown(), 0);
    show(world.table = PL_ROLE_STAKEHOLDER);
    run(3);
    assert_int_equal(shown(), PL_ROLE_STAKEHOLDER);
}

TEST(people_are_shown_as_the_table_has_them_when_changes_cross)
{
    static const uint32_t roles[] = {0, PL_ROLE_FACILITATOR, PL_ROLE_STAKEHOLDER};
    unsigned done = 1;
    show(world.table = PL_ROLE_RESPONDER);
    run(done);
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = 0; b < 3; b++) {
            show(roles[a]); /* made first, */
            show(world.table = roles[b]);
            make(1); /* shown last */
            run(done += 2);
            assert_int_equal(shown(), roles[b]);
        }
    }
}

TEST(people_write_nothing_when_it_is_shown_already)
{
    show(world.table = PL_ROLE_RESPONDER);
    run(1);
    assert_int_equal(world.written, 1);
    show(PL_ROLE_RESPONDER);
    run(2);
    show(world.table = 0);
    show(0);
    run(4);
    assert_int_equal(world.written, 2);
    assert_int_equal(shown(), 0);
}

/* Ana was shown when the review was made; what became of Ben is known to the table alone. */
static void reopen(unsigned changes)
{
    unsigned before = world.written;
    people_mend(&here, 1);
    while (world.n > 0)
        make(0);
    assert_int_equal(world.written, before + changes);
    assert_int_equal(world.by_user, 0);
    assert_int_equal(shown(), world.table);
}

TEST(people_are_mended_when_a_review_opens)
{
    world.table = PL_ROLE_RESPONDER;
    reopen(2);
    reopen(0);
    world.table = PL_ROLE_STAKEHOLDER;
    reopen(1);
    world.table = 0;
    reopen(1);
    reopen(0);
    world.table = PL_ROLE_RESPONDER;
    reopen(1);
}

TEST(people_of_a_private_draft_stay_as_they_are)
{
    struct pl_cs cs;
    struct pl_value v = pl_value_int(7);
    const struct pl_rev_meta meta = {.rev = 1};
    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_DRAFT_OF, &v);
    assert_int_equal(pl_doc_apply(world.doc, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
    world.table = PL_ROLE_RESPONDER;
    people_mend(&here, 1);
    assert_int_equal(world.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_come_go_and_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(people_are_shown_as_the_table_has_them_when_changes_cross,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(people_write_nothing_when_it_is_shown_already, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(people_are_mended_when_a_review_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(people_of_a_private_draft_stay_as_they_are, setup,
                                        teardown),
    };
    return RUN(tests);
}
