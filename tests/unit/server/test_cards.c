// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/cards.h: collections that begin, are handed cards and end, without rooms and sessions: what
 * they would be told and asked is kept here.
 */
#include "cmd/cards.h"

#include <string.h>

#include "plimsoll/base/time.h"
#include "plimsoll/doc/secret.h"

#include "cmd/caller.h"
#include "room/room.h"
#include "support/unit.h"

struct call {
    int code; /* -1: not answered; 0: Done */
};

static struct {
    struct server_answer {
        server_rev_cb cb;
        void *ctx;
    } asked[8];
    size_t n_asked;
    size_t news;
} rooms;

/* --- what cards.c asks of others ----------------------------------------------------------------
 */

void rooms_command(struct rooms *r, const struct rooms_act *act, room_judge_cb judge,
                   void *judge_ctx, server_rev_cb cb, void *ctx)
{
    (void)r;
    (void)act;
    (void)judge;
    (void)judge_ctx;
    assert_true(rooms.n_asked < 8);
    rooms.asked[rooms.n_asked].cb = cb;
    rooms.asked[rooms.n_asked++].ctx = ctx;
}

void rooms_tell(struct rooms *r, uint64_t review, const struct pl_msg *m)
{
    (void)r;
    (void)review;
    (void)m;
    rooms.news++;
}

uint32_t call_rid(const struct call *k)
{
    (void)k;
    return 1;
}

void call_reply(struct call *k, const struct pl_msg *m)
{
    (void)m;
    k->code = 0;
}

void call_fail(struct call *k, int code, const char *fmt, ...)
{
    (void)fmt;
    k->code = code;
}

/* --- tests --------------------------------------------------------------------------------------
 */

#define REVIEW 5u

static void hand_over(struct cards *c, uint32_t round, uint64_t user, struct call *k)
{
    const struct pl_cards m = {.rid = 1, .review = REVIEW, .round = round};
    k->code = -1;
    cards_take(c, &m, user, pl_now_us(), k);
}

TEST(a_collection_begins_while_the_one_before_is_being_written)
{
    struct call first[PL_CARD_PEOPLE_MIN];
    struct call second;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct cards *c = cards_new(&loop, NULL);
    cards_open(c, REVIEW, 1, pl_now_us());
    for (size_t i = 0; i < PL_CARD_PEOPLE_MIN; i++)
        hand_over(c, 1, 10 + i, &first[i]);
    while (rooms.n_asked < 1) /* its time is up: the cards are on their way */
        (void)uv_run(&loop, UV_RUN_ONCE);
    cards_open(c, REVIEW, 2, pl_now_us());
    hand_over(c, 1, 30, &second);
    assert_int_equal(second.code, PL_E_CONFLICT);
    hand_over(c, 2, 10, &second);
    assert_int_equal(second.code, -1);
    assert_int_equal(cards_people(c, REVIEW), 1);
    rooms.asked[0].cb(rooms.asked[0].ctx, 0, 7, NULL);
    for (size_t i = 0; i < PL_CARD_PEOPLE_MIN; i++)
        assert_int_equal(first[i].code, 0);
    assert_int_equal(second.code, -1);
    while (rooms.n_asked < 2) /* too few: it is closed, and the card stays where it is */
        (void)uv_run(&loop, UV_RUN_ONCE);
    rooms.asked[1].cb(rooms.asked[1].ctx, 0, 8, NULL);
    assert_int_equal(second.code, PL_E_GATE);
    assert_int_equal(rooms.news, 2);
    assert_int_equal(cards_people(c, REVIEW), 0);
    cards_free(c);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_collection_begins_while_the_one_before_is_being_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
