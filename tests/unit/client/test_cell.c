// SPDX-License-Identifier: Apache-2.0
/*
 * Clusters and their widths: what terminals agree on is drawn as it is, the rest as a base with a
 * marker; going forth and back over a text meets the same boundaries.
 */
#include "support/unit.h"

#include <locale.h>
#include <string.h>

#include "ui/cell.h"

static struct cell read_cell(const char *s, int col)
{
    struct cell c;
    const uint8_t *p = (const uint8_t *)s;
    cell_read(p, p + strlen(s), col, &c);
    return c;
}

static void check_width(const char *s, int width)
{
    struct cell c = read_cell(s, 0);
    assert_int_equal(c.bytes, strlen(s));
    assert_int_equal(c.width, width);
    assert_true(c.draw[0] != L'\0');
}

TEST(cell_takes_clusters_whole)
{
    check_width("a", 1);
    check_width("\xe6\x97\xa5", 2);                     /* CJK */
    check_width("e\xcc\x81", 1);                        /* e and an acute accent */
    check_width("\xe0\xb8\x81\xe0\xb8\xb4", 1);         /* Thai with a vowel above */
    check_width("\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 2); /* a flag */
    check_width("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd", 2); /* thumb, skin tone: the base only */
    /* a family: its first member and a marker */
    check_width("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 3);
}

TEST(cell_draws_a_family_as_base_and_marker)
{
    struct cell c = read_cell("\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", 0);
    assert_int_equal(c.draw[0], 0x1f468);
    assert_int_equal(c.draw[1], L'+');
    assert_int_equal(c.draw[2], L'\0');
}

TEST(cell_never_draws_what_a_terminal_would_not_show)
{
    check_width("\xe2\x80\x8b", 1); /* zero width space */
    check_width("\xef\xbb\xbf", 1); /* byte order mark */
    struct cell c = read_cell("\xe2\x80\x8b", 0);
    assert_int_equal(c.draw[0], L'?');
    c = read_cell("\xcc\x81", 0); /* an accent on nothing */
    assert_int_equal(c.width, 1);
}

TEST(cell_makes_tabs_end_at_multiples_of_four)
{
    assert_int_equal(read_cell("\tx", 0).width, 4);
    assert_int_equal(read_cell("\tx", 3).width, 1);
    assert_int_equal(read_cell("\tx", 5).width, 3);
    assert_int_equal(cell_width("ab\tc", 4), 5);
}

TEST(cell_gives_a_newline_no_width)
{
    struct cell c = read_cell("\nabc", 0);
    assert_int_equal(c.width, 0);
    assert_int_equal(c.bytes, 1);
}

TEST(cell_boundaries_are_the_same_both_ways)
{
    static const char text[] = "ab e\xcc\x81\xcc\x80 \xe6\x97\xa5\xe6\x9c\xac\n"
                               "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\xf0\x9f\x87\xab\xf0\x9f\x87\xb7"
                               "x\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9 end";
    size_t n = sizeof(text) - 1;
    size_t forth[64];
    size_t k = 0;
    for (size_t at = 0; at < n; at = cell_next((const uint8_t *)text, n, at))
        forth[k++] = at;
    size_t at = n;
    while (k > 0) {
        at = cell_prev((const uint8_t *)text, n, at);
        assert_int_equal(at, forth[--k]);
    }
    assert_int_equal(at, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(cell_takes_clusters_whole),
        UNIT(cell_draws_a_family_as_base_and_marker),
        UNIT(cell_never_draws_what_a_terminal_would_not_show),
        UNIT(cell_makes_tabs_end_at_multiples_of_four),
        UNIT(cell_gives_a_newline_no_width),
        UNIT(cell_boundaries_are_the_same_both_ways),
    };
    (void)setlocale(LC_ALL, "C.UTF-8");
    return RUN(tests);
}
