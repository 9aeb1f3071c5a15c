// SPDX-License-Identifier: Apache-2.0
/* review/card_round.h and the acts seal and reveal: what is written alone, and how it comes out. */
#include "review/card_round.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/doc/act.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#include "review/conduct.h"
#include "support/unit.h"

enum { FAY = 1, BEN = 2, CYD = 3, DAN = 4, EVE = 5 };
#define NOW   1000000000000LL
#define DRAFT 77u

static struct pl_doc *doc;

static void reg(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, eid, field, &val);
}

static void apply_to(struct pl_doc *d, struct pl_cs *cs)
{
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(d) + 1};
    struct pl_err e;
    pl_err_init(&e);
    if (pl_doc_check(d, cs, true, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(pl_doc_apply(d, cs, &meta, NULL), 0);
    pl_cs_release(cs);
}

static void add(struct pl_cs *cs, uint32_t kind, struct pl_eid eid, struct pl_eid parent)
{
    struct pl_key key;
    assert_int_equal(pl_key_between(&key, NULL, NULL, 0, eid.n, NULL), 0);
    pl_cs_create(cs, eid, kind, parent, &key);
}

static void text(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_text empty;
    struct pl_op op;
    pl_text_init(&empty);
    pl_op_splice(&op, &empty, 0, 0, s, (uint32_t)strlen(s));
    pl_cs_text(cs, eid, field, &op);
    pl_text_release(&empty);
}

static int set_up(void **state)
{
    static const int64_t roles[] = {0,
                                    PL_ROLE_FACILITATOR,
                                    PL_ROLE_RESPONDER,
                                    PL_ROLE_RESPONDER,
                                    PL_ROLE_STAKEHOLDER,
                                    PL_ROLE_STAKEHOLDER};
    struct pl_cs cs;
    (void)state;
    doc = pl_doc_new();
    pl_cs_init(&cs);
    reg(&cs, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION);
    for (uint32_t user = FAY; user <= EVE; user++) {
        struct pl_eid eid = {0, user};
        add(&cs, PL_KIND_PARTICIPANT, eid, PL_EID_ROOT);
        reg(&cs, eid, PL_F_PARTICIPANT_USER, user);
        reg(&cs, eid, PL_F_PARTICIPANT_ROLE, roles[user]);
    }
    apply_to(doc, &cs);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_doc_free(doc);
    return 0;
}

static int act(uint32_t no, const char *what, int64_t value, struct conduct_actor *who)
{
    struct pl_act a = {.act = no, .text = what, .value = value};
    struct pl_cs cs;
    struct pl_err e;
    uint64_t ops = 0;
    pl_err_init(&e);
    pl_cs_init(&cs);
    who->now_us = NOW;
    int rc = conduct_judge(doc, &a, who, &cs, &ops, &e);
    if (rc != 0 || cs.n == 0) {
        pl_cs_release(&cs);
        return rc;
    }
    assert_true(cs.n <= PL_CS_SLOTS_MAX);
    rc = (int)cs.n;
    apply_to(doc, &cs);
    return rc;
}

static size_t count(uint32_t kind)
{
    return pl_doc_list(doc, kind, NULL, 0);
}

/* A draft of Ben's with n accounts of one claim each. */
static struct pl_doc *draft_of_ben(uint32_t n)
{
    struct pl_doc *d = pl_doc_new();
    for (uint32_t i = 0; i < n; i++) {
        struct pl_eid account = {9, 2 * i + 1};
        struct pl_eid claim = {9, 2 * i + 2};
        struct pl_cs cs;
        pl_cs_init(&cs);
        if (i == 0)
            reg(&cs, PL_EID_ROOT, PL_F_REVIEW_DRAFT_OF, 1);
        add(&cs, PL_KIND_ACCOUNT, account, PL_EID_ROOT);
        text(&cs, account, PL_F_ACCOUNT_BODY, "what I saw");
        add(&cs, PL_KIND_CLAIM, claim, account);
        reg(&cs, claim, PL_F_CLAIM_HAPPENED_AT, NOW);
        apply_to(d, &cs);
    }
    return d;
}

TEST(sealed_kinds_are_refused_in_the_review_and_taken_in_a_draft)
{
    struct conduct_actor fay = {.user = FAY};
    struct pl_doc *draft = draft_of_ben(1);
    struct pl_err e;
    struct pl_cs cs;
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    assert_int_equal(act(PL_ACT_SEAL, "account", 1, &fay), 0);
    assert_int_equal(act(PL_ACT_SEAL, "cause", 1, &fay), -PL_E_INVALID);
    assert_int_equal(act(PL_ACT_SEAL, "account", 0, &fay), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_err_init(&e);
    add(&cs, PL_KIND_ACCOUNT, (struct pl_eid){5, 1}, PL_EID_ROOT);
    assert_int_equal(pl_secret_check(doc, &cs, &e), -PL_E_SEALED);
    assert_non_null(strstr(e.text, "account add"));
    assert_int_equal(pl_secret_check(draft, &cs, NULL), 0);
    add(&cs, PL_KIND_CAUSE, (struct pl_eid){5, 2}, PL_EID_ROOT);
    assert_int_equal(pl_secret_check(draft, &cs, NULL), -PL_E_INVALID);
    pl_cs_release(&cs);
    pl_doc_free(draft);
}

/* Cut off after any of its revisions and asked for again, a reveal brings each entry once. */
TEST(a_reveal_in_parts_brings_each_entry_once_and_then_ends_the_seal)
{
    struct pl_doc *d = draft_of_ben(100);
    const struct conduct_draft drafts[] = {{DRAFT, BEN, d}};
    bool more = false;
    struct conduct_actor fay = {.user = FAY, .drafts = drafts, .n_drafts = 1, .more = &more};
    unsigned parts = 0;
    struct pl_entry *v[1];
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    do {
        assert_true(act(PL_ACT_REVEAL, "account", 0, &fay) > 0);
        assert_true(pl_secret_is_sealed(doc, PL_KIND_ACCOUNT) == more);
        parts++;
    } while (more);
    assert_true(parts > 1);
    assert_int_equal(count(PL_KIND_ACCOUNT), 100);
    assert_int_equal(count(PL_KIND_CLAIM), 100);
    (void)pl_doc_list(doc, PL_KIND_ACCOUNT, v, 1);
    assert_int_equal(pl_entry_int(v[0], PL_F_ACCOUNT_AUTHOR, 0), BEN);
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &fay), 0);
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &fay), 1); /* the seal only */
    assert_int_equal(count(PL_KIND_ACCOUNT), 100);
    pl_doc_free(d);
}

/* Drafts that are read one after the other: the seal ends with the last of them. */
TEST(a_reveal_of_drafts_in_turn_ends_the_seal_with_the_last)
{
    struct pl_doc *d = draft_of_ben(3);
    const struct conduct_draft ben = {DRAFT, BEN, d};
    const struct conduct_draft cyd = {DRAFT + 1, CYD, d};
    bool more = false;
    bool next = false;
    struct conduct_actor fay = {.user = FAY,
                                .drafts = &ben,
                                .n_drafts = 1,
                                .drafts_go_on = true,
                                .more = &more,
                                .next = &next};
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    assert_true(act(PL_ACT_REVEAL, "account", 0, &fay) > 0);
    assert_true(next && !more && pl_secret_is_sealed(doc, PL_KIND_ACCOUNT));
    assert_int_equal(count(PL_KIND_ACCOUNT), 3);
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &fay), 0); /* nothing new in these */
    assert_true(next && pl_secret_is_sealed(doc, PL_KIND_ACCOUNT));
    fay.drafts = &cyd;
    fay.drafts_go_on = false;
    assert_true(act(PL_ACT_REVEAL, "account", 0, &fay) > 0);
    assert_true(!next && !more && !pl_secret_is_sealed(doc, PL_KIND_ACCOUNT));
    assert_int_equal(count(PL_KIND_ACCOUNT), 6);
    pl_doc_free(d);
}

static struct pl_card card_of(uint8_t token[PL_CARD_TOKEN_BYTES], uint8_t n, const char *s)
{
    memset(token, n, PL_CARD_TOKEN_BYTES);
    return (struct pl_card){.token = {token, PL_CARD_TOKEN_BYTES}, .kind = 2, .text = s};
}

static void open_round(void)
{
    struct conduct_actor fay = {.user = FAY};
    assert_int_equal(act(PL_ACT_CARDS, "", 4, &fay), -PL_E_INVALID);
    assert_true(act(PL_ACT_CARDS, "", 20, &fay) > 0);
    assert_int_equal(act(PL_ACT_CARDS, "", 20, &fay), -PL_E_CONFLICT);
}

TEST(a_link_to_what_is_revealed_later_is_kept)
{
    struct pl_doc *draft = draft_of_ben(2);
    const struct pl_eid first = {9, 1};
    const struct pl_eid second = {9, 3};
    const struct pl_eid seen = {9, 50};
    struct conduct_draft drafts[] = {{.draft = DRAFT, .user = BEN, .doc = draft}};
    struct conduct_actor fay = {.user = FAY, .drafts = drafts, .n_drafts = 1};
    struct pl_elem el;
    struct pl_cs cs;
    pl_cs_init(&cs);
    add(&cs, PL_KIND_OBSERVATION, seen, PL_EID_ROOT);
    pl_eid_to_elem(second, &el);
    pl_cs_elem(&cs, first, PL_F_LINKS, el.b, el.len, true);
    pl_eid_to_elem(seen, &el);
    pl_cs_elem(&cs, first, PL_F_LINKS, el.b, el.len, true);
    apply_to(draft, &cs);
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    assert_true(act(PL_ACT_SEAL, "observation", 1, &fay) > 0);
    assert_true(act(PL_ACT_REVEAL, "account", 0, &fay) > 0);
    const struct pl_entry *en = pl_doc_entry(doc, pl_secret_eid(DRAFT, first));
    pl_eid_to_elem(pl_secret_eid(DRAFT, second), &el);
    assert_true(pl_entry_has(en, PL_F_LINKS, el.b, el.len));
    assert_int_equal(pl_entry_set_count(en, PL_F_LINKS), 1);
    assert_true(act(PL_ACT_REVEAL, "observation", 0, &fay) > 0);
    en = pl_doc_entry(doc, pl_secret_eid(DRAFT, first));
    pl_eid_to_elem(pl_secret_eid(DRAFT, seen), &el);
    assert_true(pl_entry_has(en, PL_F_LINKS, el.b, el.len));
    pl_doc_free(draft);
}

TEST(drafts_are_asked_for_only_by_a_reveal_that_is_allowed)
{
    bool more = false;
    struct conduct_actor fay = {.user = FAY, .more = &more};
    struct conduct_actor dan = {.user = DAN, .more = &more};
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &fay), 0);
    assert_false(more);
    assert_true(act(PL_ACT_SEAL, "account", 1, &fay) > 0);
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &dan), -PL_E_PERM);
    assert_false(more);
    assert_int_equal(act(PL_ACT_REVEAL, "account", 0, &fay), -PL_E_BAD_STATE);
    assert_true(more);
}

TEST(cards_come_in_once_in_nobodys_name_and_close_the_round)
{
    struct card_round *r = card_round_new(1);
    uint8_t token[PL_CARD_TOKEN_BYTES];
    size_t taken = 0;
    int64_t until = 0;
    struct pl_cs cs;
    open_round();
    assert_int_equal(card_round_check(doc, FAY, 1, NOW, &until, NULL), -PL_E_PERM);
    assert_int_equal(card_round_check(doc, BEN, 2, NOW, &until, NULL), -PL_E_CONFLICT);
    assert_int_equal(card_round_check(doc, BEN, 1, NOW, &until, NULL), 0);
    for (uint8_t user = BEN; user <= EVE; user++) {
        for (uint8_t k = 0; k < 20; k++) {
            struct pl_card c = card_of(token, (uint8_t)(user * 20 + k), "a thing");
            if (k < 7) /* several messages of one person: his devices */
                assert_int_equal(card_round_take(r, user, &c, 1, NULL), 0);
        }
    }
    struct pl_card again = card_of(token, BEN * 20, "a thing");
    assert_int_equal(card_round_take(r, BEN, &again, 1, NULL), 0);
    assert_int_equal(card_round_take(r, BEN, NULL, 0, NULL), -PL_E_LIMIT);
    assert_int_equal(card_round_people(r), 4);
    assert_int_equal(card_round_left(r), 28);
    pl_cs_init(&cs);
    assert_int_equal(card_round_judge(r, doc, &cs, &taken, NULL), 0);
    apply_to(doc, &cs);
    card_round_drop(r, taken);
    assert_int_equal(card_round_left(r), 0);
    assert_int_equal(count(PL_KIND_OBSERVATION), 28);
    assert_int_equal(pl_entry_int(pl_doc_root(doc), PL_F_REVIEW_CARDS_UNTIL, 0), 0);
    assert_int_equal(card_round_take(r, CYD, &again, 1, NULL), 0); /* its token is there already */
    pl_cs_init(&cs);
    assert_int_equal(card_round_judge(r, doc, &cs, &taken, NULL), 0);
    assert_int_equal(cs.n, 0);
    assert_int_equal(taken, 1);
    pl_cs_release(&cs);
    card_round_free(r);
}

/* Each place is as likely for the first card as any other: chi-square with 9 degrees of freedom. */
TEST(the_place_of_a_card_does_not_follow_from_its_arrival)
{
    enum { CARDS = 10, RUNS = 2000 };
    unsigned at[CARDS] = {0};
    uint8_t token[PL_CARD_TOKEN_BYTES];
    open_round();
    for (unsigned run = 0; run < RUNS; run++) {
        struct card_round *r = card_round_new(1);
        struct pl_cs cs;
        size_t taken = 0;
        unsigned place = 0;
        for (uint8_t k = 0; k < CARDS; k++) {
            struct pl_card c = card_of(token, k, k == 0 ? "the first one" : "later");
            assert_int_equal(card_round_take(r, (uint64_t)BEN + k, &c, 1, NULL), 0);
        }
        pl_cs_init(&cs);
        assert_int_equal(card_round_judge(r, doc, &cs, &taken, NULL), 0);
        for (uint32_t i = 0; i < cs.n; i++) {
            const struct pl_slot *s = cs.slots[i];
            if (s->kind != PL_SLOT_TEXT)
                continue;
            if (pl_op_result_len(&s->op) == 13)
                at[place]++;
            place++;
        }
        assert_int_equal(place, CARDS);
        pl_cs_release(&cs);
        card_round_free(r);
    }
    double chi = 0;
    double want = (double)RUNS / CARDS;
    for (unsigned i = 0; i < CARDS; i++)
        chi += (at[i] - want) * (at[i] - want) / want;
    assert_true(chi < 40.0); /* p < 0.00001 */
}

TEST(fewer_than_four_people_are_no_crowd)
{
    struct conduct_actor fay = {.user = FAY};
    struct pl_cs cs;
    bool is_one = false;
    assert_int_equal(pl_secret_card_people(doc, BEN, &is_one), 4);
    assert_true(is_one);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, (struct pl_eid){0, EVE}, true);
    apply_to(doc, &cs);
    assert_int_equal(pl_secret_card_people(doc, FAY, &is_one), 3);
    assert_false(is_one);
    assert_int_equal(act(PL_ACT_CARDS, "", 20, &fay), -PL_E_GATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sealed_kinds_are_refused_in_the_review_and_taken_in_a_draft,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_reveal_in_parts_brings_each_entry_once_and_then_ends_the_seal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reveal_of_drafts_in_turn_ends_the_seal_with_the_last,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_to_what_is_revealed_later_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(drafts_are_asked_for_only_by_a_reveal_that_is_allowed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(cards_come_in_once_in_nobodys_name_and_close_the_round,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_place_of_a_card_does_not_follow_from_its_arrival,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(fewer_than_four_people_are_no_crowd, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
