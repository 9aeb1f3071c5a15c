// SPDX-License-Identifier: Apache-2.0
/* render/import.h on real post-mortems (tests/data/postmortems) and on the shapes that they do not
 * have. */
#include "plimsoll/render/import.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/render/markdown.h"
#include "plimsoll/wire/limits.h"

#include "support/unit.h"

static void load(const char *name, struct pl_import *im)
{
    char path[512];
    struct pl_buf b;
    struct pl_err e = {0};

    (void)snprintf(path, sizeof path, "%s/tests/data/postmortems/%s", PL_SOURCE_DIR, name);
    if (pl_file_read_all(path, PL_IMPORT_MAX, &b, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(pl_import_markdown((const char *)b.data, b.len, NULL, im, &e), 0);
    pl_buf_release(&b);
}

static void parse(const char *md, struct pl_import *im)
{
    assert_int_equal(pl_import_markdown(md, strlen(md), NULL, im, NULL), 0);
}

static void assert_at(const struct pl_import_item *it, const char *when)
{
    char text[PL_RFC3339_SIZE];

    assert_true(it->at_us != PL_IMPORT_NO_TIME);
    (void)pl_rfc3339_format(it->at_us, 0, 0, text);
    assert_string_equal(text, when);
}

static void assert_starts(const struct pl_import_item *it, const char *text)
{
    if (strncmp(it->text, text, strlen(text)) != 0)
        fail_msg("'%s' does not start with '%s'", it->text, text);
}

TEST(import_reads_headings_with_clocks)
{
    struct pl_import im;

    load("2017-09-27-hub-403.md", &im);
    assert_string_equal(im.title, "2017-09-27, Hub 403");
    assert_int_equal(strncmp(im.summary, "After a deployment, most users", 30), 0);
    assert_int_equal(im.events.n, 6);
    /* "All times in PST" and "### Sep 27 2017 13:06" */
    assert_at(&im.events.items[0], "2017-09-27T21:06:00Z");
    assert_starts(&im.events.items[0], "A lot of changes related to [launching the user servers");
    assert_at(&im.events.items[5], "2017-09-27T23:25:00Z");
    assert_non_null(strstr(im.events.items[3].text, "   [W 2017-09-28 16:20:51.785 JupyterHub"));
    assert_int_equal(im.actions.n, 5);
    assert_starts(&im.actions.items[1], "Write end-to-end tests that help validate that");
    assert_non_null(strstr(im.rest, "This was caused by two factors:"));
    pl_import_release(&im);
}

TEST(import_reads_observations_and_boxes)
{
    struct pl_import im;

    load("2018-03-26-no-space-left.md", &im);
    assert_string_equal(im.title, "2018-03-26, \"no space left on device\"");
    assert_int_equal(im.events.n, 3);
    assert_at(&im.events.items[0], "2018-03-26T08:34:00Z"); /* CEST */
    assert_int_equal(im.observations.n, 4);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(im.observations.items[i].kind, PL_OBSERVATION_WELL);
    assert_int_equal(im.observations.items[3].kind, PL_OBSERVATION_BADLY);
    assert_string_equal(im.observations.items[3].text,
                        "Binder was unavailable, but nobody was notified. Only proactive checking "
                        "of Binder status on Grafana revealed the issue.");
    assert_int_equal(im.actions.n, 6);
    assert_true(im.actions.items[0].done);
    assert_true(im.actions.items[2].done);
    assert_false(im.actions.items[3].done);
    assert_string_equal(im.actions.items[5].text,
                        "Systematically cordon and cull nodes older than 3-5 days?");
    assert_string_equal(im.rest, "");
    pl_import_release(&im);
}

TEST(import_reads_bold_labels)
{
    struct pl_import im;

    load("2023-01-11-cluster-image-pull.md", &im);
    assert_int_equal(im.events.n, 22); /* four milestones are markers of events */
    assert_at(&im.events.items[0], "2023-01-11T14:22:00Z");
    assert_int_equal(im.events.items[0].marker, PL_MARKER_DETECTED);
    assert_starts(&im.events.items[0], "Cloud Platform team member observed failed DockerHub");
    assert_non_null(strstr(im.events.items[0].text, "```\nfailed to fetch manifest"));
    assert_starts(&im.events.items[21], "comms distributed in #cloud-platform-update.");
    assert_int_equal(strncmp(im.impact, "Concourse and EKS cluster nodes unable", 38), 0);
    assert_int_equal(im.actions.n, 1);
    assert_non_null(strstr(im.rest, "**Time to repair**: 1h 28m"));
    pl_import_release(&im);
}

TEST(import_reads_tables)
{
    struct pl_import im;

    load("2026-03-30-ingress-nginx-rollback.md", &im);
    assert_int_equal(im.events.n, 17);
    assert_at(&im.events.items[0], "2026-03-12T14:06:00Z");
    assert_starts(&im.events.items[0], "Cloud Platform made a beta ingress available");
    assert_at(&im.events.items[5], "2026-03-30T08:56:00Z");
    assert_int_equal(im.events.items[5].marker, PL_MARKER_DETECTED);
    assert_int_equal(im.events.items[8].marker, PL_MARKER_CONTAINED);
    assert_int_equal(im.events.items[15].marker, PL_MARKER_RECOVERED);
    assert_at(&im.events.items[16], "2026-03-30T14:41:00Z");
    assert_int_equal(im.causes.n, 3);
    pl_import_release(&im);
}

TEST(import_reads_many_forms_of_stamps)
{
    static const struct {
        const char *line;
        const char *when;
        const char *text;
    } cases[] = {
        {"- 13:06 text", "2026-03-01T13:06:00Z", "text"},
        {"- 2026-03-02 13:06:09 - text", "2026-03-02T13:06:09Z", "text"},
        {"- 2026-03-02T13:06:09.123+02:00: text", "2026-03-02T11:06:09Z", "text"},
        {"- 2026-03-02T13:06Z text", "2026-03-02T13:06:00Z", "text"},
        {"- **16:58 UTC** - text", "2026-03-01T16:58:00Z", "text"},
        {"- **16:58:** text", "2026-03-01T16:58:00Z", "text"},
        {"- [16:58] text", "2026-03-01T16:58:00Z", "text"},
        {"- 4:23PM PST, text", "2026-03-02T00:23:00Z", "text"},
        {"- 12:05 am text", "2026-03-01T00:05:00Z", "text"},
        {"- 15:35 \xE2\x80\x93 text", "2026-03-01T15:35:00Z", "text"},
        {"- March 3rd, 2026 at 10:00 text", "2026-03-03T10:00:00Z", "text"},
        {"- 3 March 2026 10:00 text", "2026-03-03T10:00:00Z", "text"},
        {"- Mar 4, 10:18 AM text", "2026-03-04T10:18:00Z", "text"},
        {"- 2026-03-05 11.50 text", "2026-03-05T11:50:00Z", "text"},
        {"- 10:00 `code` text", "2026-03-01T10:00:00Z", "`code` text"},
        {"| 10:00 | text | more |", "2026-03-01T10:00:00Z", "text, more"},
        {"### 10:00 - text", "2026-03-01T10:00:00Z", "text"},
        {"10:00 text", "2026-03-01T10:00:00Z", "text"},
        {"- Detected 2026-03-06 10:00", "2026-03-06T10:00:00Z", "Detected 2026-03-06 10:00"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char md[300];
        struct pl_import im;
        (void)snprintf(md, sizeof md, "# Down on 2026-03-01\n\n## Timeline\n\n%s\n", cases[i].line);
        parse(md, &im);
        if (im.events.n != 1)
            fail_msg("%s: %zu events", cases[i].line, im.events.n);
        assert_at(&im.events.items[0], cases[i].when);
        if (strcmp(cases[i].line, "### 10:00 - text") != 0)
            assert_string_equal(im.events.items[0].text, cases[i].text);
        pl_import_release(&im);
    }
}

TEST(import_takes_no_number_for_a_stamp)
{
    static const char *const lines[] = {"- 25:00 text",       "- 10:60 text", "- 2026-02-30 text",
                                        "- 192.168.10.10 up", "- 1:2 odds",   "- 10:00x text",
                                        "- 100:00 text",      "- May be so",  "- v2:10 text"};

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char md[300];
        struct pl_import im;
        (void)snprintf(md, sizeof md, "# Down on 2026-03-01\n\n## Timeline\n\n%s\n", lines[i]);
        parse(md, &im);
        if (im.events.n != 0)
            fail_msg("%s: taken for an event", lines[i]);
        assert_int_equal(strcmp(im.rest, lines[i]), 0);
        pl_import_release(&im);
    }
}

TEST(import_makes_markers_of_milestones)
{
    struct pl_import im;

    parse("# Down on 2026-03-01\n\n## Timeline\n\n- **First detected**: 2026-03-01 08:56\n"
          "- Resolved 2026-03-01 10:00\n- 08:56 Mails do not go out\n- 08:56 Mails do not go out\n"
          "- 08:56 Nor do they come in\n- Detected by a customer 2026-03-01 09:00\n",
          &im);
    assert_int_equal(im.events.n, 4);
    assert_string_equal(im.events.items[0].text,
                        "Resolved 2026-03-01 10:00"); /* no twin: it stays */
    assert_int_equal(im.events.items[0].marker, PL_MARKER_RECOVERED);
    assert_string_equal(im.events.items[1].text, "Mails do not go out");
    assert_int_equal(im.events.items[1].marker, PL_MARKER_DETECTED);
    assert_string_equal(im.events.items[2].text, "Nor do they come in");
    assert_int_equal(im.events.items[2].marker, 0);
    assert_int_equal(im.events.items[3].marker, 0); /* it tells more than the milestone */
    pl_import_release(&im);
}

TEST(import_unwraps_texts_but_not_lists_and_code)
{
    struct pl_import im;

    parse(
        "# X\n\n## Root cause\n\nThe cache was cold after\nthe restart, and so\n**all** asked the "
        "store.\n\n- a first\n  line that goes on\n  - below\n  - below\n\n  ```\n  one\n  two\n"
        "  ```\n- hard  \n  break\n",
        &im);
    assert_int_equal(im.causes.n, 3);
    assert_string_equal(im.causes.items[0].text,
                        "The cache was cold after the restart, and so **all** asked the store.");
    assert_string_equal(im.causes.items[1].text,
                        "a first line that goes on\n- below\n- below\n\n```\none\ntwo\n```");
    assert_string_equal(im.causes.items[2].text, "hard  \nbreak");
    pl_import_release(&im);
}

TEST(import_knows_when_nothing_was_found)
{
    struct pl_import im;

    parse("# A licence\n\nPermission is granted.\n\n## Terms\n\n- one\n", &im);
    assert_int_equal(im.n_parts, 0);
    assert_int_equal(im.events.n, 0);
    pl_import_release(&im);
    parse("# X\n\n## Impact\n\nSome.\n", &im);
    assert_int_equal(im.n_parts, 1);
    pl_import_release(&im);
}

TEST(import_goes_on_after_midnight)
{
    struct pl_import im;

    parse(
        "# X\n\n## Timeline\n\n- 2026-03-01 22:00 a\n- 23:50 b\n- 00:10 c\n- 00:05 d\n- 09:00 e\n",
        &im);
    assert_int_equal(im.events.n, 5);
    assert_at(&im.events.items[1], "2026-03-01T23:50:00Z");
    assert_at(&im.events.items[2], "2026-03-02T00:10:00Z");
    assert_at(&im.events.items[3], "2026-03-02T00:05:00Z");
    assert_at(&im.events.items[4], "2026-03-02T09:00:00Z");
    pl_import_release(&im);
}

TEST(import_leaves_the_time_open_when_there_is_no_date)
{
    static const char md[] = "# X\n\n## Timeline\n\n- 22:00 a\n";
    struct pl_import_opts o = {.offset_min = 60, .date_day = 0};
    struct pl_import im;

    parse(md, &im);
    assert_int_equal(im.events.n, 1);
    assert_true(im.events.items[0].at_us == PL_IMPORT_NO_TIME);
    pl_import_release(&im);
    o.date_day = pl_days_from_civil(2026, 3, 1);
    assert_int_equal(pl_import_markdown(md, sizeof md - 1, &o, &im, NULL), 0);
    assert_at(&im.events.items[0], "2026-03-01T21:00:00Z");
    pl_import_release(&im);
}

TEST(import_reads_front_matter_and_windows_lines)
{
    struct pl_import im;

    parse("\xEF\xBB\xBF---\r\ntitle: \"A, b\"\r\ndate: 2026-03-01\r\n---\r\n\r\nIntro.\r\n\r\n"
          "## Timeline\r\n\r\n- 10:00 a\r\n",
          &im);
    assert_string_equal(im.title, "A, b");
    assert_string_equal(im.summary, "Intro.");
    assert_at(&im.events.items[0], "2026-03-01T10:00:00Z");
    assert_string_equal(im.events.items[0].text, "a");
    pl_import_release(&im);
}

TEST(import_makes_bad_bytes_harmless)
{
    struct pl_import im;

    parse("# a\033[2Jb\xFF\n\n## Action items\n\n- c\033d\n", &im);
    assert_true(pl_utf8_is_clean(im.title, strlen(im.title), NULL));
    assert_string_equal(im.actions.items[0].text, "c\xEF\xBF\xBD"
                                                  "d");
    pl_import_release(&im);
}

TEST(import_bounds_title_and_size)
{
    char md[1000] = "# ";
    struct pl_import im;
    struct pl_err e = {0};

    memset(md + 2, 'x', 900);
    parse(md, &im);
    assert_int_equal(strlen(im.title), 200);
    pl_import_release(&im);
    assert_int_equal(pl_import_markdown(md, PL_IMPORT_MAX + 1, NULL, &im, &e), -PL_E_LIMIT);
    parse("", &im);
    assert_string_equal(im.title, "");
    pl_import_release(&im);
}

/* --- as changesets
 * --------------------------------------------------------------------------------- */

static int apply_cb(void *ctx, struct pl_cs *take_cs)
{
    struct pl_doc *d = ctx;
    struct pl_err e = {0};
    int rc = pl_doc_check(d, take_cs, false, &e);

    if (rc == 0)
        rc = pl_doc_apply(d, take_cs, NULL, &e);
    if (rc != 0)
        print_error("%s\n", e.text);
    pl_cs_release(take_cs);
    return rc;
}

TEST(import_becomes_a_review)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_import im;
    struct pl_entry *v[8];
    struct pl_buf b;
    uint32_t next = 1;

    load("2018-03-26-no-space-left.md", &im);
    assert_int_equal(pl_import_changesets(&im, 7, &next, apply_cb, d), 0);
    assert_int_equal(next, 1 + 3 + 4 + 6);
    assert_string_equal(pl_entry_str(pl_doc_root(d), PL_F_TITLE), im.title);
    assert_int_equal(pl_doc_list(d, PL_KIND_EVENT, v, 8), 3);
    assert_string_equal(pl_entry_cstr(v[0], PL_F_BODY), "Launch success metric reaches 0%.");
    assert_int_equal(pl_entry_int(v[0], PL_F_EVENT_HAPPENED_AT, 0), im.events.items[0].at_us);
    assert_int_equal(pl_doc_list(d, PL_KIND_ACTION, v, 8), 6);
    assert_string_equal(pl_entry_cstr(v[5], PL_F_BODY), im.actions.items[5].text);
    pl_buf_init(&b, 1u << 20);
    assert_int_equal(pl_render_markdown(d, &b, NULL), 0);
    pl_buf_release(&b);
    pl_import_release(&im);
    pl_doc_free(d);
}

TEST(import_cuts_long_texts_into_changesets)
{
    size_t n = 100000;
    char *md = malloc(2 * n + 100);
    struct pl_doc *d = pl_doc_new();
    struct pl_import im;
    uint32_t next = 1;

    assert_non_null(md);
    size_t at = (size_t)snprintf(md, 100, "# X\n\n## Summary\n\n");
    for (size_t i = 0; i < n; i++, at += 2)
        memcpy(md + at, "\xC3\xA4", 3);
    parse(md, &im);
    assert_int_equal(strlen(im.summary), 2 * n);
    assert_int_equal(pl_import_changesets(&im, 7, &next, apply_cb, d), 0);
    assert_string_equal(pl_entry_cstr(pl_doc_root(d), PL_F_REVIEW_IMPACT), im.summary);
    pl_import_release(&im);
    pl_doc_free(d);
    free(md);
}

TEST(import_survives_shuffled_lines)
{
    static const char *const lines[] = {
        "# T 2026-01-01",
        "## Timeline",
        "### 10:00 x",
        "- 10:00 a",
        "  - b",
        "```",
        "~~~~",
        "| a | b |",
        "| --- | --- |",
        "| 09:00 | c |",
        "**Impact**:",
        "- **Context**:",
        "1. x",
        "- [x] y",
        "",
        "",
        "plain",
        "  indented",
        "## Action items",
        "### What went well",
        "---",
        "**Root causes:**",
        "All times in CET",
        "10:00",
        "|",
        "-",
        "#",
    };
    struct pl_prng r;

    pl_prng_init(&r, 11);
    for (unsigned i = 0; i < 3000; i++) {
        char md[2000] = "";
        size_t at = 0;
        struct pl_import im;
        struct pl_doc *d = pl_doc_new();
        uint32_t next = 1;
        for (unsigned k = 0; k < 40; k++)
            at += (size_t)snprintf(md + at, sizeof md - at, "%s\n",
                                   lines[pl_prng_below(&r, sizeof lines / sizeof lines[0])]);
        parse(md, &im);
        assert_int_equal(pl_import_changesets(&im, 7, &next, apply_cb, d), 0);
        pl_import_release(&im);
        pl_doc_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(import_reads_headings_with_clocks),
        UNIT(import_reads_observations_and_boxes),
        UNIT(import_reads_bold_labels),
        UNIT(import_reads_tables),
        UNIT(import_reads_many_forms_of_stamps),
        UNIT(import_takes_no_number_for_a_stamp),
        UNIT(import_makes_markers_of_milestones),
        UNIT(import_unwraps_texts_but_not_lists_and_code),
        UNIT(import_knows_when_nothing_was_found),
        UNIT(import_goes_on_after_midnight),
        UNIT(import_leaves_the_time_open_when_there_is_no_date),
        UNIT(import_reads_front_matter_and_windows_lines),
        UNIT(import_makes_bad_bytes_harmless),
        UNIT(import_bounds_title_and_size),
        UNIT(import_becomes_a_review),
        UNIT(import_cuts_long_texts_into_changesets),
        UNIT(import_survives_shuffled_lines),
    };

    return RUN(tests);
}
