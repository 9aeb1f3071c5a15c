// SPDX-License-Identifier: Apache-2.0
/*
 * Drafts as a reveal reads them: as many at a time as the budget holds, each once; and a snapshot
 * whose hash differs is dropped before anything of it is revealed.
 */
#include "cmd/drafts.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"

#include "room/room.h"
#include "store/repo_draft.h"
#include "store/repo_log.h"
#include "support/unit.h"

#define REVIEW 1
#define FIRST  50u /* draft of the first person */
#define DRAFTS 5u

/* The store: drafts with a snapshot each and no log behind it. */
static struct {
    struct pl_buf snap;
    uint64_t hash;
    uint64_t bad; /* this draft's snapshot is not what was stored */
    unsigned dropped;
    unsigned loaded;
    unsigned in_memory; /* of the set that came last */
    int rc;
    uint64_t goes_on_after;
    uint64_t seen[DRAFTS];
    size_t n_seen;
} world;

int repo_drafts(struct store *s, uint64_t review, drafts_cb cb, void *ctx)
{
    struct draft_row rows[DRAFTS];
    (void)s;
    assert_int_equal(review, REVIEW);
    for (unsigned i = 0; i < DRAFTS; i++)
        rows[i] = (struct draft_row){.draft = FIRST + i, .user = i + 1, .head = 1};
    cb(ctx, 0, rows, DRAFTS, NULL);
    return 0;
}

int repo_load(struct store *s, uint64_t review, uint64_t max_rev, load_cb cb, void *ctx)
{
    struct load_part part = {.snap_rev = 1,
                             .snap_hash = world.hash + (review == world.bad ? 1 : 0),
                             .snap = world.snap.data,
                             .n_snap = world.snap.len,
                             .head = 1};
    (void)s;
    assert_int_equal(max_rev, 0);
    world.loaded++;
    cb(ctx, 0, &part, NULL);
    part = (struct load_part){.head = 1, .done = true};
    cb(ctx, 0, &part, NULL);
    return 0;
}

int repo_snapshot_drop(struct store *s, uint64_t review, uint64_t rev, done_cb cb, void *ctx)
{
    (void)s;
    assert_int_equal(review, world.bad);
    assert_int_equal(rev, 1);
    world.dropped++;
    world.bad = 0; /* the one before it is good */
    cb(ctx, 0, NULL);
    return 0;
}

void rooms_command(struct rooms *r, const struct rooms_act *act, room_judge_cb judge,
                   void *judge_ctx, server_rev_cb cb, void *ctx)
{
    (void)r;
    (void)act;
    (void)judge;
    (void)judge_ctx;
    (void)cb;
    (void)ctx;
    fail();
}

static void on_set(void *ctx, int rc, struct drafts_set *take, const struct pl_err *e)
{
    (void)ctx;
    assert_true((rc < 0) == (e != NULL));
    world.rc = rc;
    world.in_memory = (unsigned)take->n;
    world.goes_on_after = take->goes_on_after;
    for (size_t i = 0; i < take->n; i++) {
        assert_true(world.n_seen < DRAFTS);
        assert_int_equal(take->v[i].user, take->v[i].draft - FIRST + 1);
        world.seen[world.n_seen++] = take->v[i].draft;
    }
}

static struct drafts *set_up(void)
{
    struct pl_doc *d = pl_doc_new();
    const struct pl_rev_meta meta = {.rev = 1};
    struct pl_value v = pl_value_int(REVIEW);
    struct pl_cs cs;
    memset(&world, 0, sizeof world);
    pl_cs_init(&cs);
    pl_cs_reg(&cs, PL_EID_ROOT, PL_F_REVIEW_DRAFT_OF, &v);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
    pl_buf_init(&world.snap, 1u << 20);
    assert_int_equal(pl_doc_encode(d, &world.snap, NULL), 0);
    world.hash = pl_doc_digest(d);
    pl_doc_free(d);
    return drafts_new((struct store *)&world, (struct rooms *)&world);
}

static void tear_down(struct drafts *d)
{
    drafts_free(d);
    pl_buf_release(&world.snap);
}

static unsigned read_all(struct drafts *d, size_t budget)
{
    struct drafts_want want = {.review = REVIEW, .budget = budget};
    unsigned sets = 0;
    do {
        assert_int_equal(drafts_load(d, &want, on_set, NULL), 0);
        assert_int_equal(world.rc, 0);
        want.after = world.goes_on_after;
        sets++;
    } while (want.after != 0);
    assert_int_equal(world.n_seen, DRAFTS);
    for (size_t i = 0; i < DRAFTS; i++)
        assert_int_equal(world.seen[i], FIRST + i);
    return sets;
}

TEST(drafts_come_at_once_when_they_fit)
{
    struct drafts *d = set_up();
    assert_int_equal(read_all(d, DRAFTS_BUDGET), 1);
    assert_int_equal(world.loaded, DRAFTS);
    tear_down(d);
}

TEST(drafts_come_one_after_another_when_they_are_large)
{
    struct drafts *d = set_up();
    assert_int_equal(read_all(d, 1), DRAFTS);
    assert_int_equal(world.in_memory, 1);
    assert_int_equal(world.loaded, DRAFTS); /* none was read twice */
    tear_down(d);
}

TEST(drafts_are_not_read_from_a_snapshot_that_is_not_what_was_stored)
{
    struct drafts *d = set_up();
    world.bad = FIRST + 2;
    assert_int_equal(read_all(d, DRAFTS_BUDGET), 1);
    assert_int_equal(world.dropped, 1);
    assert_int_equal(world.loaded, DRAFTS + 1);
    tear_down(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(drafts_come_at_once_when_they_fit),
        UNIT(drafts_come_one_after_another_when_they_are_large),
        UNIT(drafts_are_not_read_from_a_snapshot_that_is_not_what_was_stored),
    };
    return RUN(tests);
}
