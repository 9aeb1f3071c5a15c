// SPDX-License-Identifier: Apache-2.0
/*
 * How texts lie in rows: wrap at words, cut of long words, wide characters, and moving by rows and
 * words.
 */
#include "support/unit.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/rng.h"

#include "ui/cell.h"
#include "ui/textrows.h"
#include "ui/textview.h"

static struct textview view(const char *s, int width)
{
    return (struct textview){(const uint8_t *)s, strlen(s), width, NULL};
}

/* The rows as lines, separated by '|'; '$' marks the end of a paragraph. */
static void check_rows(const char *s, int width, const char *want)
{
    struct textview v = view(s, width);
    struct textview_row r = {.next = 0};
    struct pl_buf b;
    pl_buf_init(&b, 4096);
    do {
        textview_row(&v, r.next, &r);
        assert_int_equal(pl_buf_add(&b, s + r.from, r.to - r.from), 0);
        assert_int_equal(pl_buf_add_byte(&b, r.is_hard ? '$' : '|'), 0);
    } while (!r.is_last);
    assert_int_equal(pl_buf_add_byte(&b, '\0'), 0);
    assert_string_equal((const char *)b.data, want);
    pl_buf_release(&b);
}

TEST(textview_wraps_at_words)
{
    check_rows("", 10, "$");
    check_rows("short", 10, "short$");
    check_rows("one two three four", 9, "one two |three |four$");
    check_rows("one two  three", 7, "one two  |three$"); /* blanks hang over the edge */
    check_rows("a\nb\n", 10, "a$b$$");
    check_rows("well-known fact", 6, "well-|known |fact$");
}

TEST(textview_cuts_words_longer_than_a_row)
{
    check_rows("abcdefghij", 4, "abcd|efgh|ij$");
    check_rows("x abcdefghij", 4, "x |abcd|efgh|ij$");
}

TEST(textview_keeps_wide_characters_whole)
{
    check_rows("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, "\xe6\x97\xa5\xe6\x9c\xac|\xe8\xaa\x9e$");
    check_rows("e\xcc\x81"
               "e\xcc\x81"
               "e\xcc\x81",
               2,
               "e\xcc\x81"
               "e\xcc\x81|e\xcc\x81$");
}

TEST(textview_finds_rows_and_columns)
{
    struct textview v = view("one two three four\nnext", 9);
    assert_int_equal(textview_row_of(&v, 0), 0);
    assert_int_equal(textview_row_of(&v, 8), 8); /* a wrap belongs to the row below */
    assert_int_equal(textview_row_of(&v, 13), 8);
    assert_int_equal(textview_row_of(&v, 18), 14);
    assert_int_equal(textview_row_of(&v, 19), 19);
    assert_int_equal(textview_row_above(&v, 19), 14);
    assert_int_equal(textview_row_above(&v, 0), TEXTVIEW_NONE);
    assert_int_equal(textview_rows_to(&v, 0, 19, 10), 3);
    assert_int_equal(textview_rows_to(&v, 0, 23, 2), 2);
    assert_int_equal(textview_rows_to(&v, 8, 3, 10), -1);
    assert_int_equal(textview_col(&v, 8, 11), 3);
    assert_int_equal(textview_at_col(&v, 8, 3), 11);
    assert_int_equal(textview_at_col(&v, 8, 50), 13); /* stays in its row */
    assert_int_equal(textview_at_col(&v, 14, 50), 18);
    int rows = 10;
    assert_int_equal(textview_up(&v, 19, &rows), 0);
    assert_int_equal(rows, 3);
}

TEST(textview_moves_by_words)
{
    struct textview v = view("one, two\n\nthree", 20);
    assert_int_equal(textview_word_right(&v, 0), 3);
    assert_int_equal(textview_word_right(&v, 3), 8);
    assert_int_equal(textview_word_right(&v, 8), 15);
    assert_int_equal(textview_word_left(&v, 15), 10);
    assert_int_equal(textview_word_left(&v, 10), 5);
    assert_int_equal(textview_word_left(&v, 2), 0);
    v = view("gr\xc3\xbc\xc3\x9f"
             "e hin",
             20);
    assert_int_equal(textview_word_right(&v, 0), 7);
}

/* Any text: rows join to the whole, none is wider than allowed but for blanks, and looking a
 * position up gives the row that it was in. */
TEST(textview_rows_cover_any_text)
{
    static const char *const pieces[] = {
        "a",  "word", " ",  "\n", "e\xcc\x81",       "\xe6\x97\xa5",
        "\t", "-",    "  ", "x",  "\xf0\x9f\x91\x8d"};
    char text[600];
    struct pl_prng rng;
    pl_prng_init(&rng, 7);
    for (unsigned round = 0; round < 300; round++) {
        size_t n = 0;
        while (n < 400) {
            const char *p = pieces[pl_prng_below(&rng, sizeof(pieces) / sizeof(pieces[0]))];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        text[n] = '\0';
        struct textview v = view(text, 4 + (int)(round % 30));
        struct textview_row r = {.next = 0};
        size_t above = TEXTVIEW_NONE;
        do {
            textview_row(&v, r.next, &r);
            assert_true(r.next > r.from || r.is_last);
            assert_int_equal(textview_row_of(&v, r.from), r.from);
            assert_int_equal(textview_row_above(&v, r.from), above);
            size_t shown = r.to;
            while (shown > r.from && text[shown - 1] == ' ')
                shown--;
            assert_true(cell_width(text + r.from, shown - r.from) <= v.width);
            for (size_t at = r.from; at < r.to; at = cell_next(v.p, v.n, at))
                assert_int_equal(textview_row_of(&v, at), r.from);
            above = r.from;
        } while (!r.is_last);
        assert_int_equal(r.next, n);
    }
}

/* --- remembered rows ----------------------------------------------------------------------------
 */

static const char *const edit_pieces[] = {"a",
                                          "word ",
                                          " ",
                                          "\n",
                                          "e\xcc\x81",
                                          "\xe6\x97\xa5",
                                          "\xcc\x81",
                                          "\t",
                                          "-",
                                          "    ",
                                          "unbreakable_",
                                          "\xf0\x9f\x91\x8d",
                                          "\n\n",
                                          "\xf0\x9f\x87\xa9",
                                          "\xe2\x80\x8d"};

static size_t boundary(const char *text, size_t n, size_t at)
{
    while (at < n && ((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* Replaces a random range by random pieces; says which bytes are new. */
static void edit(struct pl_prng *rng, struct pl_buf *b, size_t *from, size_t *to)
{
    char tail[65536];
    const char *text = (const char *)b->data;
    bool grow = b->len < 6000 || (b->len < 60000 && pl_prng_below(rng, 3) > 0);
    *from = boundary(text, b->len, pl_prng_below(rng, (uint32_t)b->len + 1));
    size_t gone = boundary(text, b->len, *from + pl_prng_below(rng, grow ? 4 : 300));
    gone = gone < b->len ? gone : b->len;
    size_t rest = b->len - gone;
    memcpy(tail, b->data + gone, rest);
    b->len = *from;
    for (uint64_t i = pl_prng_below(rng, grow ? 20 : 3); i > 0; i--)
        assert_int_equal(
            pl_buf_add_str(
                b, edit_pieces[pl_prng_below(rng, sizeof(edit_pieces) / sizeof(edit_pieces[0]))]),
            0);
    *to = b->len;
    assert_int_equal(pl_buf_add(b, tail, rest), 0);
}

/* After any series of changes the rows are those of a text that is laid out for the first time. */
TEST(textview_rows_are_kept_through_changes)
{
    struct pl_prng rng;
    struct pl_buf b;
    pl_prng_init(&rng, 11);
    for (unsigned round = 0; round < 40; round++) {
        struct textrows rows = {.n = 0};
        pl_buf_init(&b, 1u << 20);
        assert_int_equal(pl_buf_add_str(&b, "begin"), 0);
        for (unsigned step = 0; step < 300; step++) {
            size_t from = 0;
            size_t to = 0;
            edit(&rng, &b, &from, &to);
            struct textview v = {b.data, b.len, 1 + (int)(round % 60), NULL};
            struct textview kept = {b.data, b.len, v.width, &rows};
            textrows_changed(&kept, from, to);
            for (int i = 0; i < 4; i++) {
                size_t at = boundary((const char *)b.data, b.len,
                                     i == 0 ? from : pl_prng_below(&rng, (uint32_t)b.len + 1));
                assert_int_equal(textview_row_of(&kept, at), textview_row_of(&v, at));
            }
        }
        textrows_release(&rows);
        pl_buf_release(&b);
    }
}

/* One paragraph of a megabyte: only what changed is laid out. */
TEST(textview_rows_of_a_long_paragraph_cost_little)
{
    struct pl_buf b;
    struct textrows rows = {.n = 0};
    struct pl_prng rng;
    pl_prng_init(&rng, 5);
    pl_buf_init(&b, 4u << 20);
    while (b.len < 1000000) {
        assert_int_equal(pl_buf_add(&b, "lengthy words", 1 + pl_prng_below(&rng, 12)), 0);
        assert_int_equal(pl_buf_add_byte(&b, ' '), 0);
    }
    struct textview v = {b.data, b.len, 79, &rows};
    assert_true(textview_row_of(&v, b.len) > b.len - 200);
    size_t n = rows.n;
    assert_int_equal(pl_buf_add_byte(&b, '!'), 0);
    memmove(b.data + 500001, b.data + 500000, b.len - 500001);
    b.data[500000] = 'x';
    v.p = b.data;
    v.n = b.len;
    textrows_changed(&v, 500000, 500001);
    assert_true(rows.is_whole && rows.n >= n - 1 && rows.n <= n + 1);
    textrows_release(&rows);
    pl_buf_release(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(textview_wraps_at_words),
        UNIT(textview_cuts_words_longer_than_a_row),
        UNIT(textview_keeps_wide_characters_whole),
        UNIT(textview_finds_rows_and_columns),
        UNIT(textview_moves_by_words),
        UNIT(textview_rows_cover_any_text),
        UNIT(textview_rows_are_kept_through_changes),
        UNIT(textview_rows_of_a_long_paragraph_cost_little),
    };
    (void)setlocale(LC_ALL, "C.UTF-8");
    return RUN(tests);
}
