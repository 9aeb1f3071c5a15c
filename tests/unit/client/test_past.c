// SPDX-License-Identifier: Apache-2.0
/*
 * What the client makes of the past: revisions in words, moments, restoring; times on the clocks of
 * a zone; refused changesets as text; dismissals of the coach.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/schema.h"

#include "model/changes.h"
#include "model/dismiss.h"
#include "model/offer.h"
#include "model/past.h"
#include "model/zone.h"
#include "support/sample.h"
#include "support/unit.h"
#include "sync/diff.h"
#include "sync/rescue.h"

/* The words for one register set by the server or a person. */
static char *words_of_reg(const struct pl_doc *d, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value value = pl_value_int(v);
    struct changes all;
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, eid, field, &value);
    changes_of(&all, d, &cs, d);
    char *words = changes_words(&all, NULL, NULL, 8);
    changes_release(&all);
    pl_cs_release(&cs);
    return words;
}

static void expect_words(char *take_words, const char *want)
{
    assert_string_equal(take_words, want);
    free(take_words);
}

TEST(changes_say_acts_in_words)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid a = sample_add(d, PL_KIND_ACTION, PL_EID_ROOT, SAMPLE_OWNER);
    struct pl_eid e = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_OWNER);

    expect_words(words_of_reg(d, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_IN_SESSION),
                 "moved the review to in session");
    expect_words(words_of_reg(d, a, PL_F_ACTION_STATE, PL_STATE_VERIFIED), "verified A-1");
    expect_words(words_of_reg(d, a, PL_F_NO, 7), "");
    expect_words(words_of_reg(d, e, PL_F_EVENT_MARKER, PL_MARKER_DETECTED),
                 "E-1 marker: none -> detected");
    pl_doc_free(d);
}

static char *diffed(const char *from, const char *to)
{
    struct pl_op op;
    struct pl_buf b;

    pl_buf_init(&b, 4096);
    diff_text(&op, from, strlen(from), to, strlen(to));
    assert_int_equal(changes_diff(&op, from, &b), 0);
    pl_op_release(&op);
    return pl_buf_steal(&b, NULL);
}

TEST(changes_show_a_text_with_little_around)
{
    expect_words(diffed("took ten minutes", "took two minutes"), "took t[-en-]{+wo+} minutes");
    expect_words(diffed("", "new"), "{+new+}");
    expect_words(diffed("old", "old and new"), "old{+ and new+}");
    expect_words(diffed("0123456789012345678901234567890123456789 x",
                        "0123456789012345678901234567890123456789 y"),
                 "\xE2\x80\xA6"
                 "34567890123456789 [-x-]{+y+}");
    expect_words(diffed("\xC3\xA4\xC3\xB6", "\xC3\xA4\xC3\xBC"),
                 "\xC3\xA4[-\xC3\xB6-]{+\xC3\xBC+}");
}

TEST(past_reads_moments)
{
    struct past_point p;
    struct pl_rev r = {.rev = 8, .at_us = 2000000};

    assert_int_equal(past_parse("7", &p, NULL), 0);
    assert_true(past_is_beyond(&p, &r));
    assert_int_equal(past_parse("1970-01-01T00:00:02Z", &p, NULL), 0);
    assert_false(past_is_beyond(&p, &r));
    assert_int_equal(past_parse("0", &p, NULL), -PL_E_USAGE);
    assert_int_equal(past_parse("9998-01-01T00:00:00Z", &p, NULL), -PL_E_USAGE);
    assert_int_equal(past_parse("2026-03-01", &p, NULL), -PL_E_USAGE);
}

TEST(past_wants_every_revision)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_rev r = {.rev = 2, .at_us = 1};
    struct past_point p = {.rev = 5};

    pl_cs_init(&r.cs);
    assert_int_equal(past_apply(d, &r, NULL), -PL_E_BAD_STATE);
    r.rev = 1;
    assert_int_equal(past_apply(d, &r, NULL), 0);
    assert_int_equal(past_check(&p, d, 1, 1, NULL), -PL_E_NOENT);
    p.rev = 1;
    assert_int_equal(past_check(&p, d, 1, 1, NULL), 0);
    pl_doc_free(d);
}

TEST(zone_reads_clocks_and_tells_of_hours_that_are_not_one)
{
    int64_t us = 0;
    char out[PL_RFC3339_SIZE];

    if (zone_check("Europe/Berlin", NULL) < 0)
        skip();
    assert_int_equal(zone_check("../../etc/passwd", NULL), -PL_E_INVALID);
    assert_int_equal(zone_check("Mars/Olympus", NULL), -PL_E_INVALID);
    assert_int_equal(zone_parse("2026-07-01 12:00", "Europe/Berlin", &us, NULL), 0);
    zone_format("UTC", us, 0, out);
    assert_string_equal(out, "2026-07-01T10:00:00Z");
    zone_format("America/New_York", us, 0, out);
    assert_string_equal(out, "2026-07-01T06:00:00-04:00");
    assert_int_equal(zone_parse("2026-03-29 02:30", "Europe/Berlin", &us, NULL), -PL_E_INVALID);
    assert_int_equal(zone_parse("2025-10-26 02:30", "Europe/Berlin", &us, NULL), -PL_E_INVALID);
    assert_int_equal(zone_parse("2026-07-01 12:00", NULL, &us, NULL), -PL_E_INVALID);
    /* An offset of its own wins. */
    assert_int_equal(zone_parse("2026-07-01T12:00:00Z", "Europe/Berlin", &us, NULL), 0);
    zone_format("UTC", us, 0, out);
    assert_string_equal(out, "2026-07-01T12:00:00Z");
}

static void lost_text(struct pl_cs *cs, const struct pl_doc *d, struct pl_eid eid, const char *to)
{
    struct pl_op op;
    const char *from = pl_entry_cstr(pl_doc_entry(d, eid), PL_F_BODY);

    pl_cs_init(cs);
    diff_text(&op, from, strlen(from), to, strlen(to));
    pl_cs_text(cs, eid, PL_F_BODY, &op);
}

TEST(offers_stand_on_the_entry_or_on_the_review_when_it_is_gone)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid e = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_OWNER);
    struct offers all;
    struct pl_cs cs;

    lost_text(&cs, d, e, "typed offline");
    offers_of(&all, &cs, d, "locked");
    assert_int_equal(all.n, 1);
    assert_true(pl_eid_eq(all.items[0].on, e));
    assert_string_equal(
        all.items[0].text,
        "Meant for E-1; not taken: locked\n\nbody, as it would read: typed offline");
    offers_release(&all);
    struct pl_cs gone;
    pl_cs_init(&gone);
    pl_cs_dead(&gone, e, true);
    sample_commit(d, SAMPLE_FACILITATOR, &gone);
    offers_of(&all, &cs, d, "locked");
    assert_true(pl_eid_is_root(all.items[0].on));
    assert_non_null(strstr(all.items[0].text, "typed offline"));
    offers_release(&all);
    pl_cs_release(&cs);
    pl_doc_free(d);
}

TEST(rescue_gives_back_what_was_refused_once)
{
    char dir[] = "/tmp/pl-past-XXXXXX";
    struct pl_doc *d = pl_doc_new();
    struct pl_eid e = sample_add(d, PL_KIND_EVENT, PL_EID_ROOT, SAMPLE_OWNER);
    struct rescue_list l;
    struct pl_buf path;
    struct pl_cs cs;

    assert_non_null(mkdtemp(dir));
    struct rescue_options o = {dir, "host:1", 3, SAMPLE_T0};
    lost_text(&cs, d, e, "kept");
    for (int i = 0; i < 2; i++) {
        pl_buf_init(&path, 1024);
        assert_int_equal(rescue_write(&o, PL_E_LOCKED, "a\nb", &cs, d, &path, NULL), 0);
        pl_buf_release(&path);
    }
    assert_int_equal(rescue_list(dir, "host:1", 3, &l, NULL), 0);
    assert_int_equal(l.n, 2);
    assert_true(l.items[0].is_readable);
    assert_string_equal(l.items[0].why, "a b");
    assert_int_equal(l.items[0].code, PL_E_LOCKED);
    assert_true(pl_cs_eq(&l.items[0].cs, &cs));
    assert_int_equal(rescue_mark_offered(&l.items[0], NULL), 0);
    rescue_list_release(&l);
    assert_int_equal(rescue_list(dir, "host:1", 0, &l, NULL), 0);
    assert_int_equal(l.n, 2);
    assert_true(l.items[0].is_offered && !l.items[1].is_offered);
    assert_int_equal(l.items[1].number, 2);
    rescue_list_release(&l);
    assert_int_equal(rescue_list(dir, "host:1", 4, &l, NULL), 0);
    assert_int_equal(l.n, 0);
    rescue_list_release(&l);
    pl_cs_release(&cs);
    pl_doc_free(d);
}

TEST(dismissals_hold_here_or_everywhere_in_the_review)
{
    char dir[] = "/tmp/pl-past-XXXXXX";
    struct pl_eid here = {5, 1};
    struct pl_eid there = {5, 2};
    struct dismissals *d = NULL;

    assert_non_null(mkdtemp(dir));
    assert_int_equal(dismissals_load(&d, dir, "host:1", 7, NULL), 0);
    assert_int_equal(dismissals_add(d, 11, here, NULL), 0);
    assert_int_equal(dismissals_add(d, 12, PL_EID_ROOT, NULL), 0);
    dismissals_free(d);
    assert_int_equal(dismissals_load(&d, dir, "host:1", 7, NULL), 0);
    assert_true(dismissals_has(d, 11, here));
    assert_false(dismissals_has(d, 11, there));
    assert_true(dismissals_has(d, 12, there));
    assert_int_equal(dismissals_remove(d, 12, NULL), 1);
    assert_int_equal(dismissals_remove(d, 12, NULL), 0);
    assert_false(dismissals_has(d, 12, there));
    dismissals_free(d);
    assert_int_equal(dismissals_load(&d, dir, "host:1", 8, NULL), 0);
    assert_false(dismissals_has(d, 11, here));
    dismissals_free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(changes_say_acts_in_words),
        UNIT(changes_show_a_text_with_little_around),
        UNIT(past_reads_moments),
        UNIT(past_wants_every_revision),
        UNIT(zone_reads_clocks_and_tells_of_hours_that_are_not_one),
        UNIT(offers_stand_on_the_entry_or_on_the_review_when_it_is_gone),
        UNIT(rescue_gives_back_what_was_refused_once),
        UNIT(dismissals_hold_here_or_everywhere_in_the_review),
    };
    return RUN(tests);
}
