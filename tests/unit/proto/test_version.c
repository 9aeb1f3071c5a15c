// SPDX-License-Identifier: Apache-2.0
/*
 * Negotiation: the highest common version, or an error that says who must update.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/wire/version.h"

static int pick(uint32_t own_min, uint32_t own_max, uint32_t min, uint32_t max, uint32_t *v)
{
    struct pl_version_range own = {own_min, own_max};
    struct pl_version_range peer = {min, max};
    return pl_version_pick(own, peer, v, NULL);
}

static void version_is_the_highest_common_one(void **state)
{
    (void)state;
    uint32_t v = 0;
    assert_int_equal(pick(2, 5, 4, 9, &v), 0);
    assert_int_equal(v, 5);
    assert_int_equal(pick(2, 5, 1, 3, &v), 0);
    assert_int_equal(v, 3);
    assert_int_equal(pick(2, 5, 1, 2, &v), 0);
    assert_int_equal(v, 2);
    assert_int_equal(pick(2, 5, 5, 5, &v), 0);
    assert_int_equal(v, 5);
    assert_int_equal(pick(1, 1, 1, UINT32_MAX, &v), 0);
    assert_int_equal(v, 1);
}

static void version_fails_when_ranges_do_not_meet(void **state)
{
    (void)state;
    uint32_t v = 77;
    struct pl_err e;
    assert_int_equal(pick(2, 5, 1, 1, &v), -PL_E_VERSION);
    assert_int_equal(pick(2, 5, 6, 9, &v), -PL_E_VERSION);
    assert_int_equal(pick(2, 5, 0, 9, &v), -PL_E_BAD_MESSAGE);
    assert_int_equal(pick(2, 5, 5, 4, &v), -PL_E_BAD_MESSAGE);
    assert_int_equal(v, 77);
    struct pl_version_range own = {2, 5};
    pl_err_init(&e);
    assert_int_equal(pl_version_pick(own, (struct pl_version_range){1, 1}, &v, &e), -PL_E_VERSION);
    assert_non_null(strstr(e.text, "the client is older"));
    assert_int_equal(pl_version_pick(own, (struct pl_version_range){6, 6}, &v, &e), -PL_E_VERSION);
    assert_non_null(strstr(e.text, "the server is older"));
}

static void version_of_welcome_must_lie_in_what_was_offered(void **state)
{
    (void)state;
    struct pl_version_range own = {2, 5};
    assert_int_equal(pl_version_check(own, 1, NULL), -PL_E_VERSION);
    assert_int_equal(pl_version_check(own, 2, NULL), 0);
    assert_int_equal(pl_version_check(own, 5, NULL), 0);
    assert_int_equal(pl_version_check(own, 6, NULL), -PL_E_VERSION);
    assert_true(PL_VERSION_MIN >= 1 && PL_VERSION_MIN <= PL_VERSION_MAX);
}

static void features_are_those_of_both(void **state)
{
    (void)state;
    assert_int_equal(pl_features_common(6, 3), 2);
    assert_int_equal(pl_features_common(PL_FEATURES_KNOWN, UINT64_MAX), PL_FEATURES_KNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_is_the_highest_common_one),
        cmocka_unit_test(version_fails_when_ranges_do_not_meet),
        cmocka_unit_test(version_of_welcome_must_lie_in_what_was_offered),
        cmocka_unit_test(features_are_those_of_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
