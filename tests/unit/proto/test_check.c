// SPDX-License-Identifier: Apache-2.0
/* pl_doc_check: what a changeset may not say, and the limits of a review. */
#include "plimsoll/doc/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/wire/limits.h"

#include "support/sample.h"

static const struct pl_eid nobody = {99, 99};

static struct pl_key key_of(const char *s)
{
    struct pl_key k = {.len = (uint8_t)strlen(s)};

    memcpy(k.s, s, k.len);
    return k;
}

/* Judges and forgets a changeset; says why to the caller's e. */
static int judge(const struct pl_doc *d, struct pl_cs *take_cs, bool as_server, struct pl_err *e)
{
    int rc = pl_doc_check(d, take_cs, as_server, e);

    pl_cs_release(take_cs);
    return rc;
}

static int judge_reg(const struct pl_doc *d, struct pl_eid eid, uint32_t field,
                     struct pl_value *take_v, struct pl_err *e)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, take_v);
    pl_value_release(take_v);
    return judge(d, &cs, false, e);
}

static int judge_insert(const struct pl_doc *d, struct pl_eid eid, uint32_t field, uint32_t base,
                        const char *s)
{
    struct pl_op op;
    struct pl_cs cs;

    pl_op_init(&op, base);
    pl_op_insert(&op, s, (uint32_t)strlen(s), (uint32_t)strlen(s));
    pl_cs_init(&cs);
    pl_cs_text(&cs, eid, field, &op);
    return judge(d, &cs, false, NULL);
}

static void check_refuses_what_the_fields_do_not_take(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid e1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1));
    struct pl_eid o1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_OBSERVATION, 1));
    struct pl_eid q1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_CLAIM, 1));
    struct pl_err e = {0};
    struct pl_value v;

    (void)state;
    v = pl_value_int(99);
    assert_int_equal(judge_reg(d, e1, PL_F_EVENT_LENS, &v, &e), -PL_E_INVALID);
    assert_non_null(strstr(e.text, "E-1"));
    assert_non_null(strstr(e.text, "lens"));
    v = pl_value_int(1);
    assert_int_equal(judge_reg(d, e1, 55, &v, &e), -PL_E_INVALID);
    v = pl_value_int(1);
    assert_int_equal(judge_reg(d, e1, PL_F_BODY, &v, &e), -PL_E_INVALID);
    v = pl_value_int(7);
    assert_int_equal(judge_reg(d, e1, PL_F_NO, &v, &e), -PL_E_INVALID);
    assert_non_null(strstr(e.text, "server"));
    v = pl_value_int(PL_STATUS_CLOSED);
    assert_int_equal(judge_reg(d, PL_EID_ROOT, PL_F_REVIEW_STATUS, &v, &e), -PL_E_INVALID);
    v = pl_value_int(1);
    assert_int_equal(judge_reg(d, nobody, PL_F_EVENT_LENS, &v, &e), -PL_E_NOENT);
    v = pl_value_eid(o1);
    assert_int_equal(judge_reg(d, q1, PL_F_CLAIM_EVENT, &v, &e), -PL_E_INVALID);
    v = pl_value_eid(nobody);
    assert_int_equal(judge_reg(d, q1, PL_F_CLAIM_EVENT, &v, &e), -PL_E_NOENT);
    v = pl_value_eid(e1);
    assert_int_equal(judge_reg(d, q1, PL_F_CLAIM_EVENT, &v, &e), 0);
    v = (struct pl_value){.type = PL_VAL_NULL};
    assert_int_equal(judge_reg(d, q1, PL_F_CLAIM_EVENT, &v, &e), 0);
    pl_doc_free(d);
}

static int judge_elem(const struct pl_doc *d, uint32_t field, const void *el, size_t n)
{
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_elem(&cs, pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1)), field, el, n, true);
    return judge(d, &cs, false, NULL);
}

static void check_refuses_wrong_elements(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_elem el;

    (void)state;
    assert_int_equal(judge_elem(d, PL_F_TAGS, "parked", 6), 0);
    assert_int_equal(judge_elem(d, PL_F_TAGS, "a\nb", 3), -PL_E_INVALID);
    assert_int_equal(judge_elem(d, PL_F_TAGS, "\xff", 1), -PL_E_BAD_TEXT);
    assert_int_equal(judge_elem(d, PL_F_LINKS, "x", 1), -PL_E_INVALID);
    assert_int_equal(judge_elem(d, PL_F_BODY, "x", 1), -PL_E_INVALID);
    pl_eid_to_elem(nobody, &el);
    assert_int_equal(judge_elem(d, PL_F_LINKS, el.b, el.len), -PL_E_NOENT);
    pl_eid_to_elem(PL_EID_ROOT, &el);
    assert_int_equal(judge_elem(d, PL_F_LINKS, el.b, el.len), 0);
    pl_doc_free(d);
}

static void check_bounds_sets(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid root = PL_EID_ROOT;
    struct pl_cs cs;
    char name[16];

    (void)state;
    for (unsigned i = 0; i < PL_SET_MAX; i++) {
        (void)snprintf(name, sizeof name, "tag%u", i);
        sample_elem(d, root, PL_F_TAGS, name);
    }
    pl_cs_init(&cs);
    pl_cs_elem(&cs, root, PL_F_TAGS, "more", 4, true);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_LIMIT);
    pl_cs_init(&cs);
    pl_cs_elem(&cs, root, PL_F_TAGS, "more", 4, true);
    pl_cs_elem(&cs, root, PL_F_TAGS, "tag0", 4, false);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_elem(&cs, root, PL_F_TAGS, "tag0", 4, true);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    pl_doc_free(d);
}

static void check_refuses_texts_that_do_not_fit(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid e1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1));
    struct pl_eid lesson = pl_entry_eid(pl_doc_find_no(d, PL_KIND_LESSON, 1));
    uint32_t len = (uint32_t)pl_text_len(pl_entry_text(pl_doc_entry(d, e1), PL_F_BODY));
    char *big = malloc(PL_TEXT_FIELD_MAX + 2);

    (void)state;
    memset(big, 'a', PL_TEXT_FIELD_MAX + 1);
    big[PL_TEXT_FIELD_MAX + 1] = '\0';
    assert_int_equal(judge_insert(d, e1, PL_F_BODY, len, "ok"), 0);
    assert_int_equal(judge_insert(d, e1, PL_F_BODY, len + 1, "ok"), -PL_E_BADOP);
    assert_int_equal(judge_insert(d, e1, PL_F_EVENT_OPTIONS, 0, big), -PL_E_LIMIT);
    big[PL_TEXT_FIELD_MAX] = '\0';
    assert_int_equal(judge_insert(d, e1, PL_F_EVENT_OPTIONS, 0, big), 0);
    big[401] = '\0';
    assert_int_equal(judge_insert(d, lesson, PL_F_LESSON_SUMMARY, 0, big), -PL_E_LIMIT);
    big[400] = '\0';
    assert_int_equal(judge_insert(d, lesson, PL_F_LESSON_SUMMARY, 0, big), 0);
    assert_int_equal(judge_insert(d, e1, PL_F_EVENT_LENS, 0, "x"), -PL_E_INVALID);
    assert_int_equal(judge_insert(d, e1, PL_F_EVENT_OPTIONS, 0, "a\033b"), -PL_E_BAD_TEXT);
    free(big);
    pl_doc_free(d);
}

static void check_weighs_deletes_near_the_limit(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid e1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1));
    char *big = malloc(PL_TEXT_FIELD_MAX + 1);
    struct pl_op op;
    struct pl_cs cs;

    (void)state;
    memset(big, 'a', PL_TEXT_FIELD_MAX);
    big[PL_TEXT_FIELD_MAX] = '\0';
    sample_text(d, e1, PL_F_EVENT_OPTIONS, big);
    assert_int_equal(judge_insert(d, e1, PL_F_EVENT_OPTIONS, PL_TEXT_FIELD_MAX, "x"), -PL_E_LIMIT);
    pl_op_splice(&op, pl_entry_text(pl_doc_entry(d, e1), PL_F_EVENT_OPTIONS), 7, 2, "xy", 2);
    pl_cs_init(&cs);
    pl_cs_text(&cs, e1, PL_F_EVENT_OPTIONS, &op);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    free(big);
    pl_doc_free(d);
}

static int judge_move(const struct pl_doc *d, struct pl_eid eid, struct pl_eid parent)
{
    struct pl_key key = key_of("a0.x");
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_place(&cs, eid, parent, &key);
    return judge(d, &cs, false, NULL);
}

static void check_refuses_wrong_places(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid top = pl_entry_eid(pl_doc_find_no(d, PL_KIND_CAUSE, 1));
    struct pl_eid low = pl_entry_eid(pl_doc_find_no(d, PL_KIND_CAUSE, 2));
    struct pl_eid e1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1));
    struct pl_eid p1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_PARTICIPANT, 1));
    struct pl_eid other = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_RESPONDER);
    struct pl_cs cs;

    (void)state;
    assert_int_equal(judge_move(d, low, other), 0);
    assert_int_equal(judge_move(d, low, PL_EID_ROOT), 0);
    assert_int_equal(judge_move(d, top, low), -PL_E_CYCLE);
    assert_int_equal(judge_move(d, top, top), -PL_E_CYCLE);
    assert_int_equal(judge_move(d, top, nobody), -PL_E_NOENT);
    assert_int_equal(judge_move(d, e1, top), -PL_E_INVALID);
    assert_int_equal(judge_move(d, PL_EID_ROOT, top), -PL_E_INVALID);
    assert_int_equal(judge_move(d, p1, PL_EID_ROOT), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, other, true);
    sample_commit(d, 0, &cs);
    assert_int_equal(judge_move(d, low, other), -PL_E_DEADPARENT);
    /* Creating under what is removed is taken, hidden. */
    struct pl_key key = key_of("a0.y");
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_CAUSE, other, &key);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    pl_doc_free(d);
}

static void check_refuses_cycles_inside_one_changeset(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid a = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, 2);
    struct pl_eid b = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, 2);
    struct pl_key key = key_of("a0.x");
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_place(&cs, a, b, &key);
    pl_cs_place(&cs, b, a, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_CYCLE);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_CAUSE, (struct pl_eid){5, 2}, &key);
    pl_cs_create(&cs, (struct pl_eid){5, 2}, PL_KIND_CAUSE, (struct pl_eid){5, 1}, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_CYCLE);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_CAUSE, (struct pl_eid){5, 2}, &key);
    pl_cs_create(&cs, (struct pl_eid){5, 2}, PL_KIND_CAUSE, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    pl_doc_free(d);
}

static void check_bounds_the_depth(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid at = PL_EID_ROOT;
    struct pl_eid top = PL_EID_ROOT;
    struct pl_key key = key_of("a0.x");
    struct pl_cs cs;

    (void)state;
    for (unsigned i = 0; i < PL_DEPTH_MAX; i++) {
        at = sample_add(d, PL_KIND_CAUSE, at, 2);
        if (i == 0)
            top = at;
    }
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_CAUSE, at, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_LIMIT);
    /* Nor by dragging a deep tree under another entry. */
    struct pl_eid other = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, 2);
    assert_int_equal(judge_move(d, top, other), -PL_E_LIMIT);
    assert_int_equal(judge_move(d, other, top), 0);
    pl_doc_free(d);
}

static void cycles_are_cut_when_a_view_holds_one(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid a = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, 2);
    struct pl_eid b = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, 2);
    struct pl_eid c = sample_add(d, PL_KIND_CAUSE, b, 2);
    struct pl_key key = key_of("a0.x");
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_place(&cs, a, c, &key);
    pl_cs_place(&cs, b, a, &key);
    assert_int_equal(pl_doc_apply(d, &cs, NULL, NULL), 0);
    pl_cs_release(&cs);
    assert_false(pl_entry_is_visible(d, pl_doc_entry(d, a)));
    assert_false(pl_entry_is_visible(d, pl_doc_entry(d, b)));
    assert_false(pl_entry_is_visible(d, pl_doc_entry(d, c)));
    assert_int_equal(pl_doc_list(d, PL_KIND_CAUSE, NULL, 0), 0);
    assert_int_equal(judge_move(d, a, PL_EID_ROOT), 0);
    assert_int_equal(judge_move(d, a, b), -PL_E_CYCLE);
    pl_doc_free(d);
}

static void check_bounds_the_entries(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_key key = key_of("a0.x");
    struct pl_cs cs;

    (void)state;
    for (unsigned i = 0; i < PL_ACTIONS_MAX; i++) {
        pl_cs_init(&cs);
        pl_cs_create(&cs, (struct pl_eid){6, i}, PL_KIND_ACTION, PL_EID_ROOT, &key);
        sample_commit(d, 2, &cs);
    }
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_ACTION, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_QUOTA);
    for (unsigned i = PL_ACTIONS_MAX; i < PL_ENTRIES_MAX; i++) {
        pl_cs_init(&cs);
        pl_cs_create(&cs, (struct pl_eid){6, i}, PL_KIND_OBSERVATION, PL_EID_ROOT, &key);
        sample_commit(d, 2, &cs);
    }
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_OBSERVATION, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_QUOTA);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_COMMENT, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), 0);
    pl_doc_free(d);
}

static void check_keeps_the_servers_kinds_from_clients(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_key key = key_of("a0.x");
    struct pl_key broken = key_of("a0");
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_PARTICIPANT, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){0, 1}, PL_KIND_EVENT, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, false, NULL), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){0, 1}, PL_KIND_EVENT, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, true, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, 77, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, true, NULL), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_REVIEW, PL_EID_ROOT, &key);
    assert_int_equal(judge(d, &cs, true, NULL), -PL_E_INVALID);
    pl_cs_init(&cs);
    pl_cs_create(&cs, (struct pl_eid){5, 1}, PL_KIND_EVENT, PL_EID_ROOT, &broken);
    assert_int_not_equal(judge(d, &cs, true, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_dead(&cs, PL_EID_ROOT, true);
    assert_int_equal(judge(d, &cs, true, NULL), -PL_E_INVALID);
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_refuses_what_the_fields_do_not_take),
        cmocka_unit_test(check_refuses_wrong_elements),
        cmocka_unit_test(check_bounds_sets),
        cmocka_unit_test(check_refuses_texts_that_do_not_fit),
        cmocka_unit_test(check_weighs_deletes_near_the_limit),
        cmocka_unit_test(check_refuses_wrong_places),
        cmocka_unit_test(check_refuses_cycles_inside_one_changeset),
        cmocka_unit_test(check_bounds_the_depth),
        cmocka_unit_test(cycles_are_cut_when_a_view_holds_one),
        cmocka_unit_test(check_bounds_the_entries),
        cmocka_unit_test(check_keeps_the_servers_kinds_from_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
