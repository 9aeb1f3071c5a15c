// SPDX-License-Identifier: Apache-2.0
/* render/: Markdown, JSON and plain text of a review; what people type stays in its place. */
#include <string.h>
#include <stdlib.h>

#include <jansson.h>

#include "plimsoll/base/utf8.h"
#include "plimsoll/render/json.h"
#include "plimsoll/render/markdown.h"
#include "plimsoll/render/text.h"

#include "support/sample.h"
#include "support/unit.h"

#define OUT_MAX (4u << 20)

typedef int (*render_cb)(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e);

/* What a renderer makes of d, as a string for free(). */
static char *rendered(render_cb render, const struct pl_doc *d)
{
    struct pl_buf b;

    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(render(d, &b, NULL), 0);
    return pl_buf_steal(&b, NULL);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

TEST(markdown_holds_all_sections)
{
    static const char *const parts[] = {
        "---\nid: REV-2041\nrev: ",
        "title: \"Checkout down after a certificate ran out\"\n",
        "services: [\"checkout\", \"payments\"]\n",
        "\n# REV-2041 Checkout down after a certificate ran out\n",
        "\n## Impact\n\nNobody could pay for 41 minutes.\nRefunds were late.\n",
        "| Bo Lindgren | responder | commander |\n",
        "| Dana &#124; Novak | stakeholder |  |\n",
        "| E-3 | 2026-03-01 10:15 |  | A customer called.<br><br>No alert had fired. | detection | "
        "detected |  |  |\n",
        "### What went well\n\n- **O-1** The bridge was up in 3 min\n",
        "- **F-1** (why happened, process, missing procedure) Renewal was a manual task\n"
        "  - **F-2** (people) The task hung on one team's calendar\n",
        "| A-1 | Renew certificates by machine | prevention | critical | Chidi Okafor | 2026-03-31 "
        "10:03 | committed |\n",
        "- **Causes:** F-1\n",
        "- **C-1** on E-3, Bo Lindgren, 2026-03-01 10:04:",
        "  - **C-2** Bo Lindgren",
    };
    struct pl_doc *d = sample_review();
    char *md = rendered(pl_render_markdown, d);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_has(md, parts[i]);
    free(md);
    pl_doc_free(d);
}

TEST(all_forms_are_the_same_bytes_for_the_same_revision)
{
    static const render_cb forms[] = {pl_render_markdown, pl_render_json, pl_text_review};
    struct pl_doc *d = sample_review();
    struct pl_buf snap;

    pl_buf_init(&snap, OUT_MAX);
    assert_int_equal(pl_doc_encode(d, &snap, NULL), 0);
    struct pl_doc *back = pl_doc_decode(snap.data, snap.len, NULL);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char *a = rendered(forms[i], d);
        char *b = rendered(forms[i], back);
        assert_string_equal(a, b);
        free(a);
        free(b);
    }
    pl_buf_release(&snap);
    pl_doc_free(back);
    pl_doc_free(d);
}

TEST(all_forms_leave_the_buffer_alone_when_it_is_full)
{
    static const render_cb forms[] = {pl_render_markdown, pl_render_json, pl_text_review};
    struct pl_doc *d = sample_review();

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (size_t max = 4; max < 1000; max += 49) {
            struct pl_err e = {0};
            struct pl_buf b;
            pl_buf_init(&b, max);
            assert_int_equal(pl_buf_add_str(&b, "head"), 0);
            assert_int_equal(forms[i](d, &b, &e), -PL_E_LIMIT);
            assert_int_equal(b.len, 4);
            assert_int_equal(e.code, PL_E_LIMIT);
            pl_buf_release(&b);
        }
    }
    pl_doc_free(d);
}

/* A review of one observation with this text. */
static char *markdown_of(const char *body)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_eid eid = sample_add(d, PL_KIND_OBSERVATION, PL_EID_ROOT, 2);
    char *md;

    sample_text(d, eid, PL_F_BODY, body);
    sample_text(d, PL_EID_ROOT, PL_F_REVIEW_IMPACT, body);
    md = rendered(pl_render_markdown, d);
    pl_doc_free(d);
    return md;
}

TEST(markdown_of_a_text_cannot_leave_its_place)
{
    static const struct {
        const char *body;
        const char *not_in;
        const char *in;
    } cases[] = {
        {"a\n# Actions", "\n# Actions", "\\# Actions"},
        {"a\n## Actions", "\n## Actions", "\\## Actions"},
        {"a\n===", "\n===", "\\==="},
        {"a\n---", "\n---\n\n## O", "\\---"},
        {"a\n- - -", NULL, "- - -"},
        {"<script>x</script>", "\n<script>", "\\<script>"},
        {"a `<b>` c", NULL, "a `<b>` c"},
        {"a ` <b>", " <b>", "a \\` \\<b>"},
        {"a \\` <b> `", " <b>", "a \\` \\<b> \\`"},
        {"a \\\\` <b> `", NULL, "a \\\\` <b> `"},
        {"a \\<b>", " <b>", "a \\<b>"},
        {"```\n<b>\n# x\n", NULL, "```\n<b>\n# x\n```\n"},
        {"~~~~\n~~~\n<b>", NULL, "~~~~\n~~~\n<b>\n~~~~\n"},
        {"``` `\n<b>", "\n<b>", "\\<b>"},
        {"- item\n- other", NULL, "- item\n- other"},
        {"**bold** [x](https://y)", NULL, "**bold** [x](https://y)"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *md = markdown_of(cases[i].body);
        if (cases[i].not_in != NULL)
            assert_has_not(md, cases[i].not_in);
        if (cases[i].in != NULL)
            assert_has(md, cases[i].in);
        free(md);
    }
}

TEST(markdown_keeps_long_texts_inside_their_item)
{
    char *md = markdown_of("first\n\n~~~\n<b>");

    assert_has(md, "- **O-1** \n\n  first\n\n  ~~~\n  <b>\n  ~~~\n");
    free(md);
}

static void check_entry(json_t *o, uint32_t kind)
{
    const struct pl_field *f;

    for (size_t i = 0; (f = pl_field_at(kind, i)) != NULL; i++) {
        json_t *v = json_object_get(o, f->name);
        if (f->number == PL_F_NO)
            continue;
        if (v == NULL)
            fail_msg("%s.%s is missing", pl_kind_name(kind), f->name);
        assert_int_equal(json_is_array(v), pl_field_is_set(f));
        if (f->type == PL_FT_TEXT)
            assert_true(json_is_string(v));
    }
}

TEST(json_misses_no_key)
{
    struct pl_doc *d = sample_review();
    char *text = rendered(pl_render_json, d);
    json_error_t err;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &err);

    assert_non_null(o);
    assert_string_equal(json_string_value(json_object_get(o, "schema")), PL_JSON_SCHEMA);
    assert_string_equal(json_string_value(json_object_get(o, "id")), "REV-2041");
    assert_int_equal(json_integer_value(json_object_get(o, "rev")), (json_int_t)pl_doc_rev(d));
    assert_int_equal(strlen(json_string_value(json_object_get(o, "digest"))), 16);
    check_entry(json_object_get(o, "review"), PL_KIND_REVIEW);
    for (uint32_t kind = 2; kind <= PL_KIND_MAX; kind++) {
        json_t *list = json_object_get(o, pl_json_list_name(kind));
        assert_true(json_is_array(list));
        assert_int_equal(json_array_size(list), pl_doc_list(d, kind, NULL, 0));
        assert_true(json_array_size(list) > 0);
        for (size_t i = 0; i < json_array_size(list); i++)
            check_entry(json_array_get(list, i), kind);
    }
    json_t *action = json_array_get(json_object_get(o, "actions"), 0);
    assert_string_equal(json_string_value(json_object_get(action, "state")), "committed");
    assert_string_equal(json_string_value(json_object_get(action, "due")), "2026-03-31T10:03:00Z");
    assert_string_equal(json_string_value(json_array_get(json_object_get(action, "causes"), 0)),
                        "F-1");
    json_t *cause = json_array_get(json_object_get(o, "causes"), 1);
    assert_string_equal(json_string_value(json_object_get(cause, "parent")), "F-1");
    json_decref(o);
    free(text);
    pl_doc_free(d);
}

TEST(json_values_read_back_through_the_schema)
{
    struct pl_doc *d = sample_review();
    struct pl_names names = pl_doc_names(d);
    struct pl_entry *en = pl_doc_find_no(d, PL_KIND_EVENT, 1);
    const struct pl_field *f;
    struct pl_buf b;

    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_render_json_entry(d, en, &b, NULL), 0);
    json_t *o = json_loadb((const char *)b.data, b.len, 0, NULL);
    assert_non_null(o);
    for (size_t i = 0; (f = pl_field_at(PL_KIND_EVENT, i)) != NULL; i++) {
        json_t *v = json_object_get(o, f->name);
        struct pl_value back;
        if (!pl_field_is_reg(f) || !json_is_string(v))
            continue;
        assert_int_equal(
            pl_field_parse(f, json_string_value(v), json_string_length(v), &names, &back, NULL), 0);
        assert_true(pl_value_eq(&back, pl_entry_reg(en, f->number)));
        pl_value_release(&back);
    }
    json_decref(o);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(json_of_an_empty_review_is_whole)
{
    struct pl_doc *d = pl_doc_new();
    char *text = rendered(pl_render_json, d);
    json_t *o = json_loads(text, 0, NULL);

    assert_non_null(o);
    assert_true(json_is_null(json_object_get(o, "id")));
    assert_int_equal(json_array_size(json_object_get(o, "events")), 0);
    json_decref(o);
    free(text);
    pl_doc_free(d);
}

TEST(text_safe_lets_no_control_through)
{
    static const char raw[] = "a\033[2J\x07"
                              "b\xC2\x9B"
                              "31m\xE2\x80\xAE\xFF\xC3 ok\n\t\xC3\xA4";
    struct pl_buf b;

    pl_buf_init(&b, 1000);
    assert_int_equal(pl_text_safe(raw, sizeof raw - 1, &b), 0);
    assert_true(pl_utf8_is_clean(b.data, b.len, NULL));
    char *text = pl_buf_steal(&b, NULL);
    assert_string_equal(text, "a\xEF\xBF\xBD[2J\xEF\xBF\xBD"
                              "b\xEF\xBF\xBD"
                              "31m\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD ok\n\t\xC3\xA4");
    free(text);
    assert_int_equal(pl_text_safe("", 0, &b), 0);
    pl_buf_release(&b);
}

TEST(text_shows_what_is_set_and_nothing_else)
{
    struct pl_doc *d = sample_review();
    struct pl_buf b;

    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_text_entry(d, pl_doc_find_no(d, PL_KIND_EVENT, 3), &b, NULL), 0);
    char *text = pl_buf_steal(&b, NULL);
    assert_has(text, "E-3  event\nText:\n  A customer called.\n\n  No alert had fired.\n");
    assert_has(text, "Marker: detected\n");
    assert_has(text, "C-1  Bo Lindgren  Which customer?\n");
    assert_has_not(text, "Assessment");
    free(text);
    assert_int_equal(pl_text_section(d, PL_KIND_CAUSE, &b, NULL), 0);
    text = pl_buf_steal(&b, NULL);
    assert_string_equal(text, "F-1  process  Renewal was a manual task\n"
                              "F-2  people  The task hung on one team's calendar\n");
    free(text);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(both_clocks_and_the_source_stand_beside_the_event)
{
    struct pl_doc *d = sample_review();
    struct pl_eid event = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 3));
    struct pl_buf b;

    sample_int(d, event, PL_F_EVENT_KNOWN_AT, SAMPLE_T0 + INT64_C(1800000000));
    sample_str(d, event, PL_F_EVENT_SOURCE, "call log");
    char *text = rendered(pl_render_markdown, d);
    assert_has(text, "| # | Happened | Known | What | Lens | Mark | Who | Source |\n");
    assert_has(text, "| E-3 | 2026-03-01 10:15 | 2026-03-01 10:33 | A customer called.");
    assert_has(text, "| detection | detected |  | call log |\n");
    free(text);
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_text_section(d, PL_KIND_EVENT, &b, NULL), 0);
    text = pl_buf_steal(&b, NULL);
    assert_has(text, "E-3  2026-03-01T10:15:00Z, known 2026-03-01T10:33:00Z, call log  A customer");
    free(text);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(waivers_say_who_when_why_and_for_what)
{
    struct pl_doc *d = sample_review();
    struct pl_eid event = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 3));
    struct pl_eid w = sample_add(d, PL_KIND_WAIVER, PL_EID_ROOT, 0);
    struct pl_buf b;

    sample_int(d, w, PL_F_NO, 9);
    sample_str(d, w, PL_F_WAIVER_CHECK, "T18");
    sample_link(d, w, PL_F_WAIVER_ENTRY, event);
    sample_str(d, w, PL_F_WAIVER_REASON, "the log is gone");
    sample_int(d, w, PL_F_WAIVER_BY, 2);
    sample_int(d, w, PL_F_WAIVER_AT, SAMPLE_T0);
    char *text = rendered(pl_render_markdown, d);
    assert_has(text, "\n## Waived checks\n\n- **W-");
    assert_has(text, "\n- **W-9** T18 (");
    assert_has(text, ") for E-3, waived by Bo Lindgren, 2026-03-01 10:03: the log is gone\n");
    free(text);
    text = rendered(pl_render_json, d);
    assert_has(text, "{\"id\":\"W-9\"");
    assert_has(text, "\"check\":\"T18\",\"entry\":\"E-3\",\"reason\":\"the log is gone\",\"by\":2,"
                     "\"at\":\"2026-03-01T10:03:00Z\"");
    free(text);
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_text_section(d, PL_KIND_WAIVER, &b, NULL), 0);
    text = pl_buf_steal(&b, NULL);
    assert_has(text, "W-9  T18 E-3, Bo Lindgren, 2026-03-01T10:03:00Z  the log is gone\n");
    free(text);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(what_has_no_number_is_called_by_what_can_be_typed)
{
    struct pl_doc *d = sample_review();
    struct pl_eid k = sample_add(d, PL_KIND_ACCOUNT, PL_EID_ROOT, 2);
    struct pl_eid claim = sample_add(d, PL_KIND_CLAIM, k, 2);
    struct pl_entry *p[8];
    struct pl_value none = {.type = PL_VAL_NULL};
    struct pl_cs cs;
    char ref[PL_REF_MAX];
    char raw[PL_REF_MAX];

    (void)snprintf(raw, sizeof raw, "%llx.%u", (unsigned long long)claim.client, claim.n);
    pl_cs_init(&cs);
    pl_cs_reg(&cs, claim, PL_F_NO, &none);
    sample_commit(d, 0, &cs);
    pl_entry_ref(pl_doc_entry(d, claim), ref);
    assert_string_equal(ref, raw);
    sample_int(d, claim, PL_F_NO, 4);
    pl_entry_ref(pl_doc_entry(d, claim), ref);
    assert_string_equal(ref, "Q-4");
    assert_true(pl_doc_list(d, PL_KIND_PARTICIPANT, p, 8) > 0);
    sample_str(d, pl_entry_eid(p[0]), PL_F_PARTICIPANT_HANDLE, "bo");
    pl_entry_ref(p[0], ref);
    assert_string_equal(ref, "bo");
    pl_doc_free(d);
}

TEST(what_was_revealed_is_its_authors)
{
    enum { REVEALED_BY = 1, AUTHOR = 2 };
    struct pl_doc *d = sample_review();
    struct pl_eid event = pl_entry_eid(pl_doc_find_no(d, PL_KIND_EVENT, 3));
    struct pl_eid k = sample_add(d, PL_KIND_ACCOUNT, PL_EID_ROOT, REVEALED_BY);
    struct pl_eid claim = sample_add(d, PL_KIND_CLAIM, k, REVEALED_BY);
    struct pl_eid o = sample_add(d, PL_KIND_OBSERVATION, PL_EID_ROOT, REVEALED_BY);
    struct pl_buf b;

    sample_int(d, k, PL_F_ACCOUNT_AUTHOR, AUTHOR);
    sample_link(d, claim, PL_F_CLAIM_EVENT, event);
    sample_int(d, claim, PL_F_CLAIM_HAPPENED_AT, SAMPLE_T0);
    sample_int(d, claim, PL_F_CLAIM_PRECISION, PL_PRECISION_BEFORE);
    sample_int(d, claim, PL_F_CLAIM_KNEW_THEN, 0);
    assert_int_equal(pl_entry_author(d, pl_doc_entry(d, k)), AUTHOR);
    assert_int_equal(pl_entry_author(d, pl_doc_entry(d, claim)), AUTHOR);
    assert_int_equal(pl_entry_author(d, pl_doc_entry(d, o)), REVEALED_BY);
    sample_int(d, o, PL_F_OBSERVATION_AUTHOR, AUTHOR);
    assert_int_equal(pl_entry_author(d, pl_doc_entry(d, o)), AUTHOR);
    pl_buf_init(&b, OUT_MAX);
    assert_int_equal(pl_text_entry(d, pl_doc_entry(d, k), &b, NULL), 0);
    char *text = pl_buf_steal(&b, NULL);
    assert_has(text, "Revealed: ");
    assert_has_not(text, "Made: ");
    assert_has(text, "E-3 before 2026-03-01T10:03:00Z, not known then");
    free(text);
    assert_int_equal(pl_text_section(d, PL_KIND_ACCOUNT, &b, NULL), 0);
    text = pl_buf_steal(&b, NULL);
    assert_has(text, pl_doc_user_name(d, AUTHOR));
    assert_has_not(text, pl_doc_user_name(d, REVEALED_BY));
    free(text);
    pl_buf_release(&b);
    pl_doc_free(d);
}

TEST(counted_dots_and_merges_are_rendered)
{
    struct pl_doc *d = sample_review();
    const struct pl_rev_meta meta = {.rev = pl_doc_rev(d) + 1};
    struct pl_eid cause = pl_entry_eid(pl_doc_find_no(d, PL_KIND_CAUSE, 2));
    struct pl_eid stays = pl_entry_eid(pl_doc_find_no(d, PL_KIND_CAUSE, 1));
    struct pl_eid card = pl_entry_eid(pl_doc_find_no(d, PL_KIND_OBSERVATION, 1));
    struct pl_value v = pl_value_int(4);
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_reg(&cs, stays, PL_F_CAUSE_VOTES, &v);
    v = pl_value_int(1);
    pl_cs_reg(&cs, card, PL_F_OBSERVATION_VOTES, &v);
    pl_cs_reg(&cs, cause, PL_F_CAUSE_VOTES, &v);
    v = pl_value_eid(stays);
    pl_cs_reg(&cs, cause, PL_F_CAUSE_MERGED_INTO, &v);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), 0);
    pl_cs_release(&cs);
    char *md = rendered(pl_render_markdown, d);
    assert_has(md, "- **O-1** (1 dot) The bridge was up in 3 min\n");
    assert_has(md, "- **F-1** (why happened, process, missing procedure, 4 dots) Renewal");
    assert_has(md, "- **F-2** (people, 1 dot, merged into F-1) The task hung");
    free(md);
    char *js = rendered(pl_render_json, d);
    assert_has(js, "\"merged_into\"");
    assert_has(js, "\"votes\"");
    free(js);
    pl_doc_free(d);
}

TEST(removed_entries_are_not_rendered)
{
    struct pl_doc *d = sample_review();
    struct pl_cs cs;

    pl_cs_init(&cs);
    pl_cs_dead(&cs, pl_entry_eid(pl_doc_find_no(d, PL_KIND_CAUSE, 1)), true);
    sample_commit(d, 0, &cs);
    char *md = rendered(pl_render_markdown, d);
    char *js = rendered(pl_render_json, d);
    assert_has_not(md, "F-1");
    assert_has_not(md, "## Causes");
    assert_has(js, "\"causes\":[],");
    free(md);
    free(js);
    pl_doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(markdown_holds_all_sections),
        UNIT(all_forms_are_the_same_bytes_for_the_same_revision),
        UNIT(all_forms_leave_the_buffer_alone_when_it_is_full),
        UNIT(markdown_of_a_text_cannot_leave_its_place),
        UNIT(markdown_keeps_long_texts_inside_their_item),
        UNIT(json_misses_no_key),
        UNIT(json_values_read_back_through_the_schema),
        UNIT(json_of_an_empty_review_is_whole),
        UNIT(text_safe_lets_no_control_through),
        UNIT(text_shows_what_is_set_and_nothing_else),
        UNIT(both_clocks_and_the_source_stand_beside_the_event),
        UNIT(waivers_say_who_when_why_and_for_what),
        UNIT(what_has_no_number_is_called_by_what_can_be_typed),
        UNIT(what_was_revealed_is_its_authors),
        UNIT(counted_dots_and_merges_are_rendered),
        UNIT(removed_entries_are_not_rendered),
    };

    return RUN(tests);
}
