// SPDX-License-Identifier: Apache-2.0
/*
 * Participants shown in a review: an entry is made, or changed when it is there; and when two
 * changes of one person cross, what is shown in the end is what the table holds.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

#include "cmd/people.h"
#include "cmd/services.h"
#include "room/room.h"
#include "store/repo_log.h"
#include "support/unit.h"

#define BEN 12

/* The room and the store, as people.c knows them: they answer when they are told to. */
static struct {
    struct pl_doc *doc;
    struct pl_cs cs[4]; /* submitted, not answered */
    server_rev_cb cb[4];
    void *ctx[4];
    size_t n;
    uint32_t table; /* his role there */
    unsigned done;
    int rc;
} world;

void rooms_server_rev(struct rooms *r, const struct rooms_act *act, struct pl_cs *take_cs,
                      server_rev_cb cb, void *ctx)
{
    (void)r;
    (void)act;
    assert_true(world.n < 4);
    pl_cs_move(&world.cs[world.n], take_cs);
    world.cb[world.n] = cb;
    world.ctx[world.n++] = ctx;
}

int repo_rights(struct store *s, uint64_t review, uint64_t user, rights_cb cb, void *ctx)
{
    (void)s;
    (void)review;
    assert_int_equal(user, BEN);
    cb(ctx, 0, world.table, PL_STATUS_PREPARING, PL_VISIBILITY_PARTICIPANTS);
    return 0;
}

/* The room makes the revision that was submitted as number i of those that wait. */
static void make(size_t i)
{
    struct pl_cs cs;
    struct pl_err e = {0};
    server_rev_cb cb = world.cb[i];
    void *ctx = world.ctx[i];
    pl_cs_move(&cs, &world.cs[i]);
    world.n--;
    for (size_t k = i; k < world.n; k++) {
        pl_cs_move(&world.cs[k], &world.cs[k + 1]);
        world.cb[k] = world.cb[k + 1];
        world.ctx[k] = world.ctx[k + 1];
    }
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(world.doc) + 1};
    int rc = pl_doc_check(world.doc, &cs, true, &e);
    if (rc == 0)
        rc = pl_doc_apply(world.doc, &cs, &meta, &e);
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

static void show(uint32_t role)
{
    static const struct services none = {0};
    const struct people_change p = {
        .review = 1, .user = BEN, .user_name = "ben", .display_name = "Ben", .role = role};
    people_show(&none, &p, on_shown, NULL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_come_go_and_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(people_are_shown_as_the_table_has_them_when_changes_cross,
                                        setup, teardown),
    };
    return RUN(tests);
}
