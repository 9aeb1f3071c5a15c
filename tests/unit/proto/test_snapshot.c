// SPDX-License-Identifier: Apache-2.0
/* Snapshots: one state, one form; what is broken is refused without harm. */
#include "plimsoll/doc/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/wire/limits.h"

#include "support/sample.h"

static void encode(const struct pl_doc *d, struct pl_buf *b)
{
    pl_buf_init(b, PL_SNAPSHOT_MAX);
    assert_int_equal(pl_doc_encode(d, b, NULL), 0);
}

static void snapshot_keeps_everything(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_entry *ev;
    struct pl_entry *was;
    struct pl_buf a;
    struct pl_buf b;
    struct pl_cs cs;

    (void)state;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, pl_entry_eid(pl_doc_find_no(d, PL_KIND_RULE, 1)), true);
    sample_commit(d, 0, &cs);
    encode(d, &a);
    struct pl_doc *back = pl_doc_decode(a.data, a.len, NULL);
    assert_non_null(back);
    assert_int_equal(pl_doc_digest(back), pl_doc_digest(d));
    assert_int_equal(pl_doc_rev(back), pl_doc_rev(d));
    assert_int_equal(pl_doc_text_bytes(back), pl_doc_text_bytes(d));
    assert_int_equal(pl_doc_entry_count(back), pl_doc_entry_count(d));
    for (uint32_t k = 1; k <= PL_KIND_MAX; k++) {
        assert_int_equal(pl_doc_max_no(back, k), pl_doc_max_no(d, k));
        assert_int_equal(pl_doc_list(back, k, NULL, 0), pl_doc_list(d, k, NULL, 0));
    }
    ev = pl_doc_find_no(back, PL_KIND_EVENT, 3);
    was = pl_doc_find_no(d, PL_KIND_EVENT, 3);
    assert_int_equal(pl_entry_created_by(ev), pl_entry_created_by(was));
    assert_int_equal(pl_entry_created_us(ev), pl_entry_created_us(was));
    assert_int_equal(pl_entry_changed_us(ev), pl_entry_changed_us(was));
    assert_string_equal(pl_entry_cstr(ev, PL_F_BODY), pl_entry_cstr(was, PL_F_BODY));
    encode(back, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    pl_buf_release(&a);
    pl_buf_release(&b);
    pl_doc_free(back);
    pl_doc_free(d);
}

static void snapshot_of_an_empty_review_is_small(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_buf a;

    (void)state;
    encode(d, &a);
    assert_true(a.len < 32);
    struct pl_doc *back = pl_doc_decode(a.data, a.len, NULL);
    assert_non_null(back);
    assert_int_equal(pl_doc_digest(back), 0);
    pl_doc_free(back);
    pl_doc_free(d);
    pl_buf_release(&a);
}

static void snapshot_leaves_the_buffer_alone_when_it_is_full(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_buf b;
    struct pl_err e = {0};

    (void)state;
    pl_buf_init(&b, 100);
    assert_int_equal(pl_buf_add_str(&b, "head"), 0);
    assert_int_equal(pl_doc_encode(d, &b, &e), -PL_E_LIMIT);
    assert_int_equal(b.len, 4);
    pl_buf_release(&b);
    pl_doc_free(d);
}

static void snapshot_cut_anywhere_is_refused(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_buf b;

    (void)state;
    encode(d, &b);
    for (size_t n = 0; n < b.len; n++) {
        struct pl_err e = {0};
        assert_null(pl_doc_decode(b.data, n, &e));
        assert_int_not_equal(e.code, 0);
    }
    assert_int_equal(pl_buf_add_byte(&b, 0), 0);
    assert_null(pl_doc_decode(b.data, b.len, NULL));
    pl_buf_release(&b);
    pl_doc_free(d);
}

static void snapshot_with_changed_bytes_is_refused_or_well_formed(void **state)
{
    struct pl_doc *d = sample_review();
    struct pl_prng r;
    struct pl_buf b;

    (void)state;
    pl_prng_init(&r, 7);
    encode(d, &b);
    for (unsigned i = 0; i < 20000; i++) {
        size_t at = pl_prng_below(&r, b.len);
        uint8_t was = b.data[at];
        b.data[at] = (uint8_t)pl_prng_u64(&r);
        struct pl_doc *back = pl_doc_decode(b.data, b.len, NULL);
        if (back != NULL) {
            struct pl_buf again;
            (void)pl_doc_digest(back);
            (void)pl_doc_list(back, 0, NULL, 0);
            encode(back, &again);
            assert_int_equal(again.len, b.len);
            assert_memory_equal(again.data, b.data, b.len);
            pl_buf_release(&again);
            pl_doc_free(back);
        }
        b.data[at] = was;
    }
    pl_buf_release(&b);
    pl_doc_free(d);
}

static void snapshot_of_another_version_is_refused(void **state)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_err e = {0};
    struct pl_buf b;

    (void)state;
    encode(d, &b);
    b.data[4] = 2;
    assert_null(pl_doc_decode(b.data, b.len, &e));
    assert_int_equal(e.code, PL_E_VERSION);
    pl_buf_release(&b);
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshot_keeps_everything),
        cmocka_unit_test(snapshot_of_an_empty_review_is_small),
        cmocka_unit_test(snapshot_leaves_the_buffer_alone_when_it_is_full),
        cmocka_unit_test(snapshot_cut_anywhere_is_refused),
        cmocka_unit_test(snapshot_with_changed_bytes_is_refused_or_well_formed),
        cmocka_unit_test(snapshot_of_another_version_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
