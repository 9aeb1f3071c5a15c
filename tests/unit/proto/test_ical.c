// SPDX-License-Identifier: Apache-2.0
/*
 * render/ical: what a calendar reads of a review; and, for any text, that folding keeps to 75
 * bytes, cuts no character, and comes back whole when it is unfolded and unescaped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/ical.h"

#include "support/sample.h"
#include "support/unit.h"

#define OUT_MAX (4u << 20)
#define HOUR_US INT64_C(3600000000)

static char *rendered(const struct pl_doc *d)
{
    struct pl_buf b;
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_render_ical(d, "0123abcd.plimsoll", &b, NULL), 0);
    return pl_buf_steal(&b, NULL);
}

/* Every line of the calendar: at most 75 bytes, ended by CRLF, whole characters. Returns it
 * unfolded, for free(). */
static char *unfolded(const char *text)
{
    char *out = calloc(1, strlen(text) + 1);
    size_t len = 0;
    assert_non_null(out);
    for (const char *p = text; *p != '\0';) {
        const char *eol = strstr(p, "\r\n");
        assert_non_null(eol);
        size_t n = (size_t)(eol - p);
        assert_true(n <= 75);
        assert_null(memchr(p, '\n', n));
        assert_true(pl_utf8_is_valid(p, n));
        if (*p == ' ') {
            p++;
            n--;
        } else if (len > 0) {
            out[len++] = '\n';
        }
        memcpy(out + len, p, n);
        len += n;
        p = eol + 2;
    }
    return out;
}

static const char *cstr(struct pl_buf *b)
{
    assert_int_equal(pl_buf_add_byte(b, 0), 0);
    b->len--;
    return (const char *)b->data;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static struct pl_entry *first_action(const struct pl_doc *d)
{
    struct pl_entry *one[1] = {NULL};
    assert_true(pl_doc_list(d, PL_KIND_ACTION, one, 1) >= 1);
    return one[0];
}

TEST(session_and_actions)
{
    struct pl_doc *d = sample_review();
    struct pl_eid a = pl_entry_eid(first_action(d));
    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_START, SAMPLE_T0 + 72 * HOUR_US);
    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_MINUTES, 90);
    sample_str(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_PLACE, "Room 4; second floor, left");
    sample_int(d, a, PL_F_ACTION_STATE, PL_STATE_VERIFIED);
    sample_int(d, a, PL_F_ACTION_DONE_AT, SAMPLE_T0 + 80 * HOUR_US);
    sample_int(d, a, PL_F_ACTION_EFFECT_DUE, SAMPLE_T0 + 1000 * HOUR_US);
    char *raw = rendered(d);
    char *text = unfolded(raw);
    assert_has(text, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:");
    assert_has(text, "BEGIN:VEVENT\nUID:rev-2041-session@0123abcd.plimsoll\nDTSTAMP:2026");
    assert_has(text, "\nDTSTART:20260304T100300Z\nDTEND:20260304T113300Z\n");
    assert_has(text, "\nSUMMARY:Checkout down after a certificate ran out\n");
    assert_has(text, "\nLOCATION:Room 4\\; second floor\\, left\n");
    assert_has(text, "BEGIN:VTODO\nUID:rev-2041-action-");
    assert_has(text, "-effect@0123abcd.plimsoll\n");
    assert_has(text, "\nSUMMARY:Did it work? A-");
    assert_has(text, "\nCOMPLETED:20260304T180300Z\n");
    assert_has(text, "\nSTATUS:COMPLETED\n");
    assert_has(text, "\nCONTACT:Chidi Okafor\n");
    assert_null(strstr(text, "ATTENDEE"));
    assert_null(strstr(text, "ORGANIZER"));
    assert_null(strstr(text, "METHOD"));
    char sequence[64];
    (void)snprintf(sequence, sizeof sequence, "\nSEQUENCE:%llu\n",
                   (unsigned long long)pl_doc_rev(d));
    assert_has(text, sequence);
    char *again = rendered(d);
    assert_string_equal(raw, again);
    free(again);
    free(raw);
    free(text);
    pl_doc_free(d);
}

TEST(nothing_to_write)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_buf b;
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), -PL_E_NOENT);
    assert_int_equal(b.len, 0);
    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_START, SAMPLE_T0);
    assert_int_equal(pl_render_ical(d, "x y", &b, NULL), -PL_E_INVALID);
    assert_int_equal(pl_render_ical(d, "", &b, NULL), -PL_E_INVALID);
    assert_int_equal(b.len, 0);
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), 0);
    pl_buf_release(&b);
    pl_buf_init(&b, 200); /* too small: nothing stays */
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), -PL_E_LIMIT);
    assert_int_equal(b.len, 0);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(ideas_are_no_tasks)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_buf b;
    struct pl_eid a = sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, 1);
    pl_buf_init(&b, OUT_MAX);
    sample_text(d, a, PL_F_BODY, "an idea");
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), -PL_E_NOENT);
    sample_int(d, a, PL_F_ACTION_STATE, PL_STATE_COMMITTED);
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), 0);
    assert_has(cstr(&b), "STATUS:NEEDS-ACTION\r\n");
    pl_buf_clear(&b);
    sample_int(d, a, PL_F_ACTION_STATE, PL_STATE_DROPPED);
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), 0);
    assert_has(cstr(&b), "STATUS:CANCELLED\r\n");
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(an_address_only_where_it_is_one)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_buf b;
    pl_buf_init(&b, OUT_MAX);
    sample_int(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_START, SAMPLE_T0);
    sample_str(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_PLACE, "https://call.example/r?a=1,2;b=3");
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), 0);
    assert_has(cstr(&b), "\r\nURL:https://call.example/r?a=1,2;b=3\r\n");
    pl_buf_clear(&b);
    sample_str(d, PL_EID_ROOT, PL_F_REVIEW_SESSION_PLACE, "https://call.example/ two words");
    assert_int_equal(pl_render_ical(d, "x", &b, NULL), 0);
    assert_null(strstr(cstr(&b), "\r\nURL:"));
    pl_buf_release(&b);
    pl_doc_free(d);
}

/* --- any text -----------------------------------------------------------------------------------
 */

static size_t any_text(struct pl_prng *g, char *out, size_t chars)
{
    static const char *const pieces[] = {
        "a", "\\", ";",  ",",  "\n", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\xA2",
        " ", ":",  "\"", "\t", "n",  "\\n"};
    size_t n = 0;
    for (size_t i = 0; i < chars; i++) {
        const char *p = pieces[pl_prng_below(g, sizeof pieces / sizeof pieces[0])];
        memcpy(out + n, p, strlen(p));
        n += strlen(p);
    }
    out[n] = '\0';
    return n;
}

static void unescape(char *s)
{
    char *to = s;
    for (; *s != '\0'; s++) {
        if (*s == '\\') {
            s++;
            *to++ = *s == 'n' ? '\n' : *s;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

TEST(folding_comes_back_whole)
{
    struct pl_prng g;
    char text[2048];
    const char *said = getenv("PL_SEED");
    uint64_t seed = 1;
    if (said != NULL)
        assert_int_equal(pl_parse_u64(said, &seed), 0);
    pl_prng_init(&g, seed);
    for (unsigned round = 0; round < 3000; round++) {
        struct pl_buf b;
        size_t n = any_text(&g, text, pl_prng_below(&g, 400));
        pl_buf_init(&b, OUT_MAX);
        assert_int_equal(pl_ical_text("SUMMARY", text, n, &b), 0);
        char *flat = unfolded(cstr(&b));
        assert_int_equal(strncmp(flat, "SUMMARY:", 8), 0);
        unescape(flat);
        assert_string_equal(flat + 8, text);
        free(flat);
        pl_buf_release(&b);
    }
}

TEST(what_is_not_clean_is_made_harmless)
{
    struct pl_buf b;
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_ical_text("X",
                                  "a\r\nEND:VEVENT\x1b\xff"
                                  "b",
                                  16, &b),
                     0);
    assert_null(strstr(cstr(&b), "\nEND"));
    assert_true(pl_utf8_is_valid(b.data, b.len));
    pl_buf_release(&b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(session_and_actions),      UNIT(nothing_to_write),
        UNIT(ideas_are_no_tasks),       UNIT(an_address_only_where_it_is_one),
        UNIT(folding_comes_back_whole), UNIT(what_is_not_clean_is_made_harmless),
    };
    return RUN(tests);
}
