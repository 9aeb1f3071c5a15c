// SPDX-License-Identifier: Apache-2.0
/* doc/doc.h: applying, judging, order and names, on small documents. */
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

static void doc_is_empty_when_new(void **state)
{
    struct pl_doc *d = pl_doc_new();

    (void)state;
    assert_int_equal(pl_doc_digest(d), 0);
    assert_int_equal(pl_doc_entry_count(d), 1);
    assert_int_equal(pl_entry_kind(pl_doc_root(d)), PL_KIND_REVIEW);
    assert_true(pl_entry_is_visible(d, pl_doc_root(d)));
    assert_int_equal(pl_doc_list(d, 0, NULL, 0), 0);
    assert_int_equal(pl_doc_list(d, PL_KIND_REVIEW, NULL, 0), 1);
    assert_string_equal(pl_entry_cstr(pl_doc_root(d), PL_F_REVIEW_IMPACT), "");
    assert_string_equal(pl_entry_str(pl_doc_root(d), PL_F_TITLE), "");
    pl_doc_free(d);
    pl_doc_free(NULL);
}

static void doc_keeps_what_was_written(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_entry *e9 = pl_doc_find_no(d, PL_KIND_EVENT, 3);

    (void)state;
    assert_non_null(e9);
    assert_string_equal(pl_entry_cstr(e9, PL_F_BODY), "A customer called.\n\nNo alert had fired.");
    assert_int_equal(pl_entry_int(e9, PL_F_EVENT_MARKER, 0), PL_MARKER_DETECTED);
    assert_int_equal(pl_entry_created_by(e9), SAMPLE_RESPONDER);
    assert_true(pl_entry_changed_us(e9) > pl_entry_created_us(e9));
    assert_int_equal(pl_entry_set_count(pl_doc_root(d), PL_F_REVIEW_SERVICES), 2);
    assert_memory_equal(pl_entry_set_at(pl_doc_root(d), PL_F_REVIEW_SERVICES, 0)->b, "checkout", 8);
    assert_null(pl_entry_set_at(pl_doc_root(d), PL_F_REVIEW_SERVICES, 2));
    assert_true(pl_entry_has(pl_doc_root(d), PL_F_REVIEW_SERVICES, "payments", 8));
    assert_false(pl_entry_has(pl_doc_root(d), PL_F_REVIEW_SERVICES, "pay", 3));
    assert_int_equal(pl_doc_max_no(d, PL_KIND_EVENT), 3);
    assert_null(pl_doc_find_no(d, PL_KIND_EVENT, 4));
    assert_null(pl_doc_find_no(d, PL_KIND_EVENT, 0));
    pl_doc_free(d);
}

static void doc_lists_in_order(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_entry *v[8];

    (void)state;
    /* E-2 was written second and happened last. */
    assert_int_equal(pl_doc_list(d, PL_KIND_EVENT, v, 8), 3);
    assert_int_equal(pl_entry_int(v[0], PL_F_NO, 0), 1);
    assert_int_equal(pl_entry_int(v[1], PL_F_NO, 0), 3);
    assert_int_equal(pl_entry_int(v[2], PL_F_NO, 0), 2);
    sample_int(d, pl_entry_eid(v[2]), PL_F_EVENT_HAPPENED_AT, SAMPLE_T0 - 1);
    assert_int_equal(pl_doc_list(d, PL_KIND_EVENT, v, 8), 3);
    assert_int_equal(pl_entry_int(v[0], PL_F_NO, 0), 2);
    /* A tree comes parents first. */
    assert_int_equal(pl_doc_list(d, PL_KIND_CAUSE, v, 8), 2);
    assert_int_equal(pl_entry_int(v[0], PL_F_NO, 0), 1);
    assert_true(pl_eid_eq(pl_entry_parent(v[1]), pl_entry_eid(v[0])));
    assert_int_equal(pl_doc_children(d, PL_EID_ROOT, PL_KIND_CAUSE, v, 8), 1);
    assert_int_equal(pl_doc_list(d, PL_KIND_COMMENT, NULL, 0), 2);
    assert_int_equal(pl_doc_children(d, nobody, 0, v, 8), 0);
    pl_doc_free(d);
}

static void doc_hides_what_is_removed_and_what_hangs_below(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_entry *cause = pl_doc_find_no(d, PL_KIND_CAUSE, 1);
    struct pl_entry *deeper = pl_doc_find_no(d, PL_KIND_CAUSE, 2);
    uint64_t before = pl_doc_digest(d);
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, pl_entry_eid(cause), true);
    sample_commit(d, 0, &cs);
    assert_true(pl_entry_is_dead(cause));
    assert_false(pl_entry_is_dead(deeper));
    assert_false(pl_entry_is_visible(d, deeper));
    assert_int_equal(pl_doc_list(d, PL_KIND_CAUSE, NULL, 0), 0);
    assert_int_not_equal(pl_doc_digest(d), before);
    /* Edits of what is removed are kept and come back with it. */
    sample_text(d, pl_entry_eid(cause), PL_F_BODY, "kept");
    pl_cs_init(&cs);
    pl_cs_dead(&cs, pl_entry_eid(cause), false);
    sample_commit(d, 0, &cs);
    assert_int_equal(pl_doc_list(d, PL_KIND_CAUSE, NULL, 0), 2);
    assert_string_equal(pl_entry_cstr(cause, PL_F_BODY), "kept");
    pl_doc_free(d);
}

static void doc_apply_changes_nothing_when_it_does_not_fit(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_eid e1 = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 1));
    uint64_t before = pl_doc_digest(d);
    struct pl_key key = key_of("a0.x");
    struct pl_value v = pl_value_int(1);
    struct pl_rev_meta meta = {.rev = 9999, .at_us = 1};
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_reg(&cs, e1, PL_F_EVENT_TIMELY, &v);
    pl_cs_reg(&cs, nobody, PL_F_EVENT_TIMELY, &v);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), -PL_E_NOENT);
    pl_cs_release(&cs);
    pl_cs_init(&cs);
    pl_cs_reg(&cs, e1, PL_F_EVENT_TIMELY, &v);
    pl_cs_create(&cs, (struct pl_eid){0xffffffffffffULL, 1}, PL_KIND_EVENT, nobody, &key);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), -PL_E_NOENT);
    pl_cs_release(&cs);
    pl_cs_init(&cs);
    pl_cs_create(&cs, e1, PL_KIND_EVENT, PL_EID_ROOT, &key);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), -PL_E_BADOP);
    pl_cs_release(&cs);
    struct pl_op op;
    pl_op_init(&op, 3);
    pl_op_insert(&op, "x", 1, 1);
    pl_cs_init(&cs);
    pl_cs_reg(&cs, e1, PL_F_EVENT_TIMELY, &v);
    pl_cs_text(&cs, e1, PL_F_BODY, &op);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), -PL_E_BADOP);
    pl_cs_release(&cs);
    assert_int_equal(pl_doc_digest(d), before);
    assert_int_not_equal(pl_doc_rev(d), 9999);
    pl_doc_free(d);
}

static void doc_digest_comes_back_with_the_state(void **state)
{
    struct pl_doc *d = sample_review();
    uint64_t before = pl_doc_digest(d);
    struct pl_eid eid = pl_entry_eid(pl_doc_find_no(d, PL_KIND_OBSERVATION, 1));
    size_t bytes = pl_doc_text_bytes(d);
    struct pl_doc *copy = pl_doc_dup(d);

    (void)state;
    assert_int_equal(pl_doc_digest(copy), before);
    assert_int_equal(pl_doc_text_bytes(copy), bytes);
    sample_text(copy, eid, PL_F_BODY, "other");
    assert_int_not_equal(pl_doc_digest(copy), before);
    sample_text(copy, eid, PL_F_BODY, "The bridge was up in 3 min");
    assert_int_equal(pl_doc_digest(copy), before);
    assert_int_equal(pl_doc_text_bytes(copy), bytes);
    sample_int(copy, eid, PL_F_OBSERVATION_LENS, PL_LENS_RESPONSE);
    assert_int_not_equal(pl_doc_digest(copy), before);
    assert_int_equal(pl_doc_digest(d), before);
    pl_doc_free(copy);
    pl_doc_free(d);
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

static void places_go_behind_and_to_the_ends(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid a = sample_add(d, PL_KIND_RULE, PL_EID_ROOT, 2);
    struct pl_eid b = sample_add(d, PL_KIND_RULE, PL_EID_ROOT, 2);
    struct pl_eid c = {5, 1};
    struct pl_entry *v[4];
    struct pl_key key;
    struct pl_cs cs;

    (void)state;
    assert_int_equal(pl_doc_place_after(d, PL_EID_ROOT, pl_doc_entry(d, a), false, c, &key, NULL),
                     0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, c, PL_KIND_RULE, PL_EID_ROOT, &key);
    sample_commit(d, 2, &cs);
    assert_int_equal(pl_doc_children(d, PL_EID_ROOT, PL_KIND_RULE, v, 4), 3);
    assert_true(pl_eid_eq(pl_entry_eid(v[1]), c));
    assert_int_equal(pl_doc_place_after(d, PL_EID_ROOT, NULL, false, b, &key, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_place(&cs, b, PL_EID_ROOT, &key);
    sample_commit(d, 2, &cs);
    assert_int_equal(pl_doc_children(d, PL_EID_ROOT, PL_KIND_RULE, v, 4), 3);
    assert_true(pl_eid_eq(pl_entry_eid(v[0]), b));
    assert_int_equal(pl_doc_place_after(d, PL_EID_ROOT, NULL, true, b, &key, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_place(&cs, b, PL_EID_ROOT, &key);
    sample_commit(d, 2, &cs);
    assert_int_equal(pl_doc_children(d, PL_EID_ROOT, PL_KIND_RULE, v, 4), 3);
    assert_true(pl_eid_eq(pl_entry_eid(v[2]), b));
    assert_int_equal(pl_doc_place_after(d, nobody, NULL, true, b, &key, NULL), -PL_E_NOENT);
    pl_doc_free(d);
}

static void names_come_from_the_document(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_names names = pl_doc_names(d);
    struct pl_value v;
    struct pl_buf b;
    char label[16];

    (void)state;
    pl_buf_init(&b, 100);
    assert_int_equal(
        pl_field_parse(pl_field_find(PL_KIND_ACTION, PL_F_ACTION_OWNER), "U3", 2, &names, &v, NULL),
        0);
    assert_int_equal(v.i, SAMPLE_OWNER);
    assert_int_equal(
        pl_field_parse(pl_field_find(PL_KIND_CLAIM, PL_F_CLAIM_EVENT), "E-2", 3, &names, &v, NULL),
        0);
    assert_int_equal(
        pl_field_format(pl_field_find(PL_KIND_CLAIM, PL_F_CLAIM_EVENT), &v, &names, &b), 0);
    assert_memory_equal(b.data, "E-2", 3);
    assert_string_equal(pl_doc_user_name(d, SAMPLE_OWNER), "Chidi Okafor");
    assert_string_equal(pl_doc_user_name(d, 77), "");
    assert_int_equal(pl_doc_role(d, SAMPLE_FACILITATOR), PL_ROLE_FACILITATOR);
    assert_int_equal(pl_doc_role(d, 77), 0);
    assert_int_equal(pl_entry_label(pl_doc_find_no(d, PL_KIND_EVENT, 3), label, sizeof label), 15);
    assert_string_equal(label, "A customer c\xE2\x80\xA6");
    assert_int_equal(pl_entry_label(pl_doc_find_no(d, PL_KIND_PARTICIPANT, 2), label, sizeof label),
                     11);
    assert_string_equal(label, "Bo Lindgren");
    assert_int_equal(pl_entry_label(pl_doc_root(d), label, 1), 0);
    pl_buf_release(&b);
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doc_is_empty_when_new),
        cmocka_unit_test(doc_keeps_what_was_written),
        cmocka_unit_test(doc_lists_in_order),
        cmocka_unit_test(doc_hides_what_is_removed_and_what_hangs_below),
        cmocka_unit_test(doc_apply_changes_nothing_when_it_does_not_fit),
        cmocka_unit_test(doc_digest_comes_back_with_the_state),
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
        cmocka_unit_test(places_go_behind_and_to_the_ends),
        cmocka_unit_test(names_come_from_the_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
