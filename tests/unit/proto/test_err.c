// SPDX-License-Identifier: Apache-2.0
/*
 * Errors: codes, texts that are too long, context, and the soundness of the catalogue.
 */
#include <string.h>

#include "plimsoll/base/err.h"
#include "plimsoll/base/utf8.h"
#include "support/unit.h"

TEST(err_keeps_code_and_text_when_failing)
{
    struct pl_err e;
    pl_err_init(&e);
    assert_int_equal(pl_fail(&e, PL_E_LIMIT, "%d of %s", 7, "x"), -PL_E_LIMIT);
    assert_int_equal(e.code, PL_E_LIMIT);
    assert_string_equal(e.text, "7 of x");
    assert_int_equal(pl_fail(NULL, PL_E_IO, "unseen"), -PL_E_IO);
}

TEST(err_prefixes_when_wrapped)
{
    struct pl_err e;
    (void)pl_fail(&e, PL_E_NOENT, "no entry %d", 3);
    pl_wrap(&e, "while joining '%s'", "r1");
    assert_string_equal(e.text, "while joining 'r1': no entry 3");
    assert_int_equal(e.code, PL_E_NOENT);
    pl_wrap(NULL, "nothing");
}

TEST(err_may_format_its_own_text_when_failing_again)
{
    struct pl_err e;
    (void)pl_fail(&e, PL_E_IO, "inner");
    (void)pl_fail(&e, PL_E_STORE, "outer (%s)", e.text);
    assert_string_equal(e.text, "outer (inner)");
}

TEST(err_cuts_at_a_character_when_too_long)
{
    struct pl_err e;
    char text[400];
    for (size_t pad = 0; pad < 6; pad++) {
        memset(text, 'x', pad);
        for (size_t i = pad; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        (void)pl_fail(&e, PL_E_IO, "%s", text);
        assert_true(strlen(e.text) < PL_ERR_TEXT_MAX);
        assert_true(strlen(e.text) > PL_ERR_TEXT_MAX - 5);
        assert_true(pl_utf8_is_valid(e.text, strlen(e.text)));
        pl_wrap(&e, "%s", text);
        assert_true(pl_utf8_is_valid(e.text, strlen(e.text)));
    }
}

TEST(err_catalogue_is_found_when_asked_either_way)
{
    assert_string_equal(pl_error_info(PL_E_REVOKED)->token, "revoked");
    assert_ptr_equal(pl_error_info(-PL_E_REVOKED), pl_error_info(PL_E_REVOKED));
    assert_string_equal(pl_error_info(9999)->token, "internal");
    assert_string_equal(pl_error_info(0)->token, "internal");
}

TEST(err_catalogue_is_sound_when_listed)
{
    static const struct pl_error_info all[] = {
#define PL_ERROR(name, wire, exit_status, token, title, suggestion) \
    {(wire), (exit_status), (token), (title), (suggestion)},
#include "plimsoll/base/errors.def"
#undef PL_ERROR
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(all[i].code > 0);
        assert_in_range(all[i].exit_status, 1, 7);
        assert_int_equal(strspn(all[i].token, "abcdefghijklmnopqrstuvwxyz_"), strlen(all[i].token));
        assert_true(strlen(all[i].title) > 8 && strlen(all[i].suggestion) > 4);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(all[i].code, all[k].code);
            assert_string_not_equal(all[i].token, all[k].token);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(err_keeps_code_and_text_when_failing),
        UNIT(err_prefixes_when_wrapped),
        UNIT(err_may_format_its_own_text_when_failing_again),
        UNIT(err_cuts_at_a_character_when_too_long),
        UNIT(err_catalogue_is_found_when_asked_either_way),
        UNIT(err_catalogue_is_sound_when_listed),
    };
    return RUN(tests);
}
