// SPDX-License-Identifier: Apache-2.0
/* doc/doc.h: applying, order and names, on small documents. */
#include "plimsoll/doc/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/sample.h"

static const struct pl_eid nobody = {99, 99};

static struct pl_key key_of(const char *s)
{
    struct pl_key k = {.len = (uint8_t)strlen(s)};

    memcpy(k.s, s, k.len);
    return k;
}

/* Judges and forgets a changeset; says why to the caller's e. */
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

static void doc_shows_entries_at_any_depth(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid above = sample_add(d, PL_KIND_CAUSE, PL_EID_ROOT, SAMPLE_RESPONDER);

    (void)state;
    for (int depth = 2; depth < 9; depth++) {
        above = sample_add(d, PL_KIND_COMMENT, above, SAMPLE_RESPONDER);
        assert_true(pl_entry_is_visible(d, pl_doc_entry(d, above)));
    }
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
    assert_true(pl_entry_is_visible(d, pl_doc_find_no(d, PL_KIND_CLAIM, 1))); /* two deep */
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
        cmocka_unit_test(doc_shows_entries_at_any_depth),
        cmocka_unit_test(doc_hides_what_is_removed_and_what_hangs_below),
        cmocka_unit_test(doc_apply_changes_nothing_when_it_does_not_fit),
        cmocka_unit_test(doc_digest_comes_back_with_the_state),
        cmocka_unit_test(places_go_behind_and_to_the_ends),
        cmocka_unit_test(names_come_from_the_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
