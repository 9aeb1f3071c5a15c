// SPDX-License-Identifier: Apache-2.0
/* room/room.h, room/oplog.h: commands that are judged on the newest state, batch by batch. */
#include "support/fake/room_rig.h"

#include <string.h>

#include "plimsoll/base/env.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/wire/limits.h"

#include "room/oplog.h"
#include "support/unit.h"

#include "support/fake/room_rig.c"
#include "support/fake/store.c"
#include "support/fake/store_log.c"

static const struct rooms_act act = {.review = RIG_REVIEW, .user = 101, .device = 1};

/* Sets the stage to one more than it finds, up to `most`; counts how often it is asked. */
struct stepper {
    unsigned asked;
    int64_t most;
    int64_t found;
    int64_t at_us;
    uint64_t ops;
    /* the answer */
    unsigned n;
    int rc;
    uint64_t rev;
    char why[PL_ERR_TEXT_MAX];
};

static void set_root(struct pl_cs *cs, uint32_t field, int64_t to)
{
    struct pl_value v = pl_value_int(to);

    pl_cs_reg(cs, PL_EID_ROOT, field, &v);
}

static int step(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                uint64_t *ops, struct pl_err *e)
{
    struct stepper *s = ctx;

    s->asked++;
    s->found = pl_entry_int(pl_doc_root(newest), PL_F_REVIEW_STAGE, 0);
    s->at_us = now_us;
    assert_int_equal(cs->n, 0);
    assert_int_equal(*ops, 0);
    *ops = s->ops;
    if (s->found > s->most)
        return pl_fail(e, PL_E_CONFLICT, "the stage is %d", (int)s->found);
    if (s->found < s->most)
        set_root(cs, PL_F_REVIEW_STAGE, s->found + 1);
    return 0;
}

static void on_done(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct stepper *s = ctx;

    s->n++;
    s->rc = rc;
    s->rev = rev;
    s->why[0] = '\0';
    if (e != NULL)
        memcpy(s->why, e->text, sizeof s->why);
}

static void command(struct rig *r, struct stepper *s)
{
    rooms_command(r->rooms, &act, step, s, on_done, s);
}

TEST(room_command_is_judged_and_becomes_a_revision)
{
    struct rig r;
    struct conn c[2];
    struct stepper s = {.most = 7};

    rig_start(&r, c, 2);
    command(&r, &s);
    assert_int_equal(s.asked, 0); /* not before the batch */
    rig_settle(&r, c, 2);
    assert_int_equal(s.asked, 1);
    assert_true(s.at_us > 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.rev, fake_head(r.store, RIG_REVIEW));
    rig_check_equal(&r, c, 2);
    assert_int_equal(pl_entry_int(pl_doc_root(c[1].doc), PL_F_REVIEW_STAGE, 0), 1);
    rig_finish(&r, c, 2);
}

TEST(room_command_is_judged_again_when_its_batch_was_lost)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 7};
    struct pl_cs cs;

    rig_start(&r, c, 1);
    pl_cs_init(&cs);
    set_root(&cs, PL_F_REVIEW_STAGE, PL_STAGE_CAUSES);
    fake_other(r.store, RIG_REVIEW, &cs); /* behind the back of the room */
    command(&r, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(fake_counts(r.store).behind, 1);
    assert_int_equal(s.asked, 2);
    assert_int_equal(s.found, PL_STAGE_CAUSES);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.rev, fake_head(r.store, RIG_REVIEW));
    assert_int_equal(pl_entry_int(pl_doc_root(c[0].doc), PL_F_REVIEW_STAGE, 0), PL_STAGE_ACTIONS);
    rig_finish(&r, c, 1);
}

TEST(room_command_is_refused_in_the_judges_words)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 7};
    struct stepper late = {.most = 0};
    struct pl_cs cs;

    rig_start(&r, c, 1);
    command(&r, &s);
    rig_settle(&r, c, 1);
    command(&r, &late);
    rig_settle(&r, c, 1);
    assert_int_equal(late.rc, -PL_E_CONFLICT);
    assert_string_equal(late.why, "the stage is 1");
    /* Also when it was fine before somebody else was faster. */
    late = (struct stepper){.most = 2};
    pl_cs_init(&cs);
    set_root(&cs, PL_F_REVIEW_STAGE, PL_STAGE_CAUSES);
    fake_other(r.store, RIG_REVIEW, &cs);
    command(&r, &late);
    rig_settle(&r, c, 1);
    assert_int_equal(late.asked, 2);
    assert_int_equal(late.rc, -PL_E_CONFLICT);
    assert_string_equal(late.why, "the stage is 4");
    assert_int_equal(late.n, 1);
    rig_finish(&r, c, 1);
}

TEST(room_command_with_nothing_to_do_answers_the_head)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 1};
    struct stepper same = {.most = 1};
    struct stepper over = {.most = 0};

    rig_start_event(&r, c, 1);
    command(&r, &s);
    rig_settle(&r, c, 1);
    uint64_t head = fake_head(r.store, RIG_REVIEW);
    command(&r, &same);
    rig_settle(&r, c, 1);
    assert_int_equal(same.rc, 0);
    assert_int_equal(same.rev, head);
    assert_int_equal(fake_head(r.store, RIG_REVIEW), head);
    /* Made so, or refused, by what is before it in one batch: it hears of it when that is stored.
     */
    s = (struct stepper){.most = 2};
    same = (struct stepper){.most = 2};
    over = (struct stepper){.most = 1};
    command(&r, &s);
    command(&r, &same);
    command(&r, &over);
    fake_hold(r.store, true);
    for (int i = 0; i < 3; i++)
        rig_turn(&r, c, 1, false);
    assert_int_equal(same.asked, 1);
    assert_int_equal(over.asked, 1);
    assert_int_equal(s.n + same.n + over.n, 0);
    fake_hold(r.store, false);
    rig_settle(&r, c, 1);
    assert_int_equal(s.rev, head + 1);
    assert_int_equal(same.rc, 0);
    assert_int_equal(same.rev, head + 1);
    assert_int_equal(over.rc, -PL_E_CONFLICT);
    rig_finish(&r, c, 1);
}

TEST(room_command_settled_on_a_lost_batch_is_judged_again)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 1};
    struct stepper same = {.most = 1};
    struct pl_cs cs;

    rig_start(&r, c, 1);
    command(&r, &s);
    command(&r, &same);
    pl_cs_init(&cs);
    set_root(&cs, PL_F_REVIEW_STAGE, PL_STAGE_CAUSES);
    fake_other(r.store, RIG_REVIEW, &cs);
    rig_settle(&r, c, 1);
    assert_int_equal(s.asked, 2);
    assert_int_equal(same.asked, 2);
    assert_int_equal(s.rc, -PL_E_CONFLICT);
    assert_int_equal(same.rc, -PL_E_CONFLICT);
    rig_finish(&r, c, 1);
}

TEST(room_command_finds_itself_after_an_unknown_outcome)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 7};

    rig_start(&r, c, 1);
    fake_next(r.store, FAKE_UNKNOWN_KEPT);
    command(&r, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(s.asked, 1);
    assert_int_equal(s.rc, 0);
    assert_int_equal(s.rev, 1);
    fake_next(r.store, FAKE_UNKNOWN_LOST);
    command(&r, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(s.asked, 3);
    assert_int_equal(s.rev, 2);
    assert_int_equal(s.n, 2);
    rig_finish(&r, c, 1);
}

TEST(room_command_is_refused_when_the_store_says_so)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 7, .ops = PL_PERM_BIT(PL_PERM_CONDUCT)};
    struct stepper typed = {.most = 7};

    rig_start(&r, c, 1);
    fake_role(r.store, 101, 0);
    command(&r, &s);
    command(&r, &typed);
    rig_settle(&r, c, 1);
    assert_int_equal(s.rc, -PL_E_PERM);
    assert_int_equal(s.n, 1);
    assert_int_equal(typed.rc, 0); /* needs no right */
    fake_role(r.store, 101, PL_ROLE_FACILITATOR);
    rig_finish(&r, c, 1);
}

TEST(room_command_is_answered_when_the_server_closes)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {.most = 7};
    struct stepper nowhere = {.most = 7};
    const struct rooms_act other = {.review = 999, .user = 101, .device = 1};

    rig_start(&r, c, 1);
    rooms_command(r.rooms, &other, step, &nowhere, on_done, &nowhere);
    rig_settle(&r, c, 1);
    assert_int_equal(nowhere.rc, -PL_E_NOENT);
    bool closed = false;
    rooms_close(r.rooms, rig_on_flag, &closed);
    command(&r, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(s.rc, -PL_E_GOING_AWAY);
    assert_int_equal(s.asked, 0);
    rig_finish(&r, c, 1);
}

/* --- large ones, and the log alone ---------------------------------------------------------------
 */

static int write_much(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                      uint64_t *ops, struct pl_err *e)
{
    const size_t *bytes = ctx;
    char *s = malloc(*bytes);
    struct pl_op op;

    (void)newest;
    (void)now_us;
    (void)e;
    memset(s, 'w', *bytes);
    pl_op_init(&op, 0);
    pl_op_insert(&op, s, (uint32_t)*bytes, (uint32_t)*bytes);
    pl_cs_text(cs, PL_EID_ROOT, PL_F_REVIEW_IMPACT, &op);
    *ops = PL_PERM_BIT(PL_PERM_IMPACT);
    free(s);
    return 0;
}

TEST(room_command_may_write_more_than_a_client)
{
    struct rig r;
    struct conn c[1];
    struct stepper s = {0};
    size_t much = 4 * PL_CHANGESET_BYTES_MAX;
    size_t too_much = PL_FRAME_MAX_SERVER;

    rig_start(&r, c, 1);
    rooms_command(r.rooms, &act, write_much, &too_much, on_done, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(s.rc, -PL_E_TOO_LARGE);
    rooms_command(r.rooms, &act, write_much, &much, on_done, &s);
    rig_settle(&r, c, 1);
    assert_int_equal(s.rc, 0);
    rig_check_equal(&r, c, 1);
    assert_int_equal(pl_text_len(pl_entry_text(pl_doc_root(c[0].doc), PL_F_REVIEW_IMPACT)), much);
    rig_finish(&r, c, 1);
}

static int set_status(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                      uint64_t *ops, struct pl_err *e)
{
    (void)newest;
    (void)now_us;
    (void)e;
    set_root(cs, PL_F_REVIEW_STATUS, *(const int64_t *)ctx);
    *ops = PL_PERM_BIT(PL_PERM_FACILITATE);
    return 0;
}

TEST(oplog_command_has_the_ops_of_its_judge_and_a_status_ends_the_batch)
{
    struct pl_env_fake env;
    const struct oplog_handlers h = {0};
    const struct oplog_origin o = {.user = 101, .device = 1};
    struct stepper s = {.most = 7, .ops = PL_PERM_BIT(PL_PERM_CONDUCT)};
    int64_t status = PL_STATUS_TRACKING;

    pl_env_fake_init(&env, 7);
    const struct oplog_options lo = {.review = 41,
                                     .ring_revs = 100,
                                     .ring_bytes = 1u << 20,
                                     .queue_bytes = 1u << 20,
                                     .env = &env.env};
    struct oplog *l = oplog_new(&lo, NULL, &h);
    assert_int_equal(oplog_command(l, &o, step, &s, NULL), OPLOG_QUEUED);
    assert_int_equal(oplog_command(l, &o, set_status, &status, NULL), OPLOG_QUEUED);
    assert_int_equal(oplog_command(l, &o, step, &s, NULL), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(l);
    assert_int_equal(b->n_authors, 2);
    assert_true(b->authors[0].ops == PL_PERM_BIT(PL_PERM_CONDUCT));
    assert_true(b->authors[1].ops == PL_PERM_BIT(PL_PERM_FACILITATE));
    assert_int_equal(b->authors[0].client, 0);
    assert_int_equal(b->authors[0].user, 101);
    assert_non_null(b->face);
    assert_int_equal(b->face->status, PL_STATUS_TRACKING);
    oplog_commit(l);
    b = oplog_build_batch(l);
    assert_int_equal(b->n_authors, 1);
    oplog_commit(l);
    assert_int_equal(oplog_head(l), 3);
    oplog_free(l);
}

/* Others have stored more meanwhile than is kept in memory here. */
TEST(oplog_command_does_not_mind_how_far_the_log_went_on)
{
    struct pl_env_fake env;
    const struct oplog_handlers h = {0};
    const struct oplog_origin o = {.user = 101, .device = 1};
    struct stepper s = {.most = 1000};
    struct stepper late = {.most = 1000};

    pl_env_fake_init(&env, 7);
    struct oplog_options lo = {.review = 41,
                               .ring_revs = 100,
                               .ring_bytes = 1u << 20,
                               .queue_bytes = 1u << 20,
                               .env = &env.env};
    struct oplog *others = oplog_new(&lo, NULL, &h);
    lo.ring_revs = 1;
    struct oplog *l = oplog_new(&lo, NULL, &h);
    assert_int_equal(oplog_command(l, &o, step, &late, NULL), OPLOG_QUEUED);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(oplog_command(others, &o, step, &s, NULL), OPLOG_QUEUED);
        const struct oplog_batch *b = oplog_build_batch(others);
        assert_non_null(b);
        assert_int_equal(oplog_catch_up(l, b->body, b->n_body, NULL), 0);
        oplog_commit(others);
    }
    const struct oplog_batch *b = oplog_build_batch(l);
    assert_non_null(b);
    assert_int_equal(b->n_authors, 1);
    oplog_commit(l);
    assert_int_equal(oplog_head(l), 6);
    oplog_free(l);
    oplog_free(others);
}

/* --- effects -------------------------------------------------------------------------------------
 */

static int heard;

static void hear(void *ctx, const struct oplog_origin *o, uint64_t rev, int code, const char *why)
{
    (void)ctx;
    (void)o;
    (void)why;
    heard = rev > 0 ? (int)rev : -code;
}

TEST(oplog_command_with_an_effect_is_the_last_of_its_batch_and_may_come_too_late)
{
    struct pl_env_fake env;
    const struct oplog_handlers h = {.answer = hear};
    struct append_effect x = {.kind = EFFECT_BALLOT_COUNT, .round = 3, .version = 9};
    struct append_effect none = {0};
    const struct oplog_origin plain = {.user = 101, .device = 1, .effect = &none};
    const struct oplog_origin o = {.user = 101, .device = 1, .effect = &x};
    struct stepper s = {.most = 7};

    pl_env_fake_init(&env, 7);
    const struct oplog_options lo = {.review = 41,
                                     .ring_revs = 100,
                                     .ring_bytes = 1u << 20,
                                     .queue_bytes = 1u << 20,
                                     .env = &env.env};
    struct oplog *l = oplog_new(&lo, NULL, &h);
    assert_int_equal(oplog_command(l, &plain, step, &s, NULL), OPLOG_QUEUED);
    assert_int_equal(oplog_command(l, &o, step, &s, NULL), OPLOG_QUEUED);
    assert_int_equal(oplog_command(l, &plain, step, &s, NULL), OPLOG_QUEUED);
    const struct oplog_batch *b = oplog_build_batch(l);
    assert_int_equal(b->n_authors, 2);
    assert_non_null(b->effect);
    assert_int_equal(b->effect_at, 1);
    assert_int_equal(b->effect->round, 3);
    assert_true(b->effect->version == 9);
    /* Other votes than were summed up: it is told so, the others go on without it. */
    const enum author_verdict stale[] = {AUTHOR_OK, AUTHOR_STALE};
    assert_int_equal(oplog_refuse(l, stale), 1);
    assert_int_equal(heard, -PL_E_CONFLICT);
    b = oplog_build_batch(l);
    assert_int_equal(b->n_authors, 2);
    assert_null(b->effect);
    oplog_commit(l);
    assert_int_equal(oplog_head(l), 2);
    oplog_free(l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(room_command_is_judged_and_becomes_a_revision),
        UNIT(room_command_is_judged_again_when_its_batch_was_lost),
        UNIT(room_command_is_refused_in_the_judges_words),
        UNIT(room_command_with_nothing_to_do_answers_the_head),
        UNIT(room_command_settled_on_a_lost_batch_is_judged_again),
        UNIT(room_command_finds_itself_after_an_unknown_outcome),
        UNIT(room_command_is_refused_when_the_store_says_so),
        UNIT(room_command_is_answered_when_the_server_closes),
        UNIT(room_command_may_write_more_than_a_client),
        UNIT(oplog_command_has_the_ops_of_its_judge_and_a_status_ends_the_batch),
        UNIT(oplog_command_does_not_mind_how_far_the_log_went_on),
        UNIT(oplog_command_with_an_effect_is_the_last_of_its_batch_and_may_come_too_late),
    };
    return RUN(tests);
}
