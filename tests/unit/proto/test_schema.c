// SPDX-License-Identifier: Apache-2.0
/* doc/schema.h: the tables are consistent, short ids and values survive text and back. */
#include "plimsoll/doc/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void schema_rows_are_consistent(void **state)
{
    (void)state;
    for (uint32_t kind = 1; kind <= PL_KIND_MAX; kind++) {
        const struct pl_field *f;
        assert_non_null(pl_kind_info(kind));
        assert_int_equal(pl_kind_info(kind)->number, kind);
        assert_ptr_equal(pl_kind_by_name(pl_kind_name(kind)), pl_kind_info(kind));
        f = pl_field_at(kind, 0);
        assert_int_equal(f->number, PL_F_NO);
        for (size_t i = 0; (f = pl_field_at(kind, i)) != NULL; i++) {
            assert_int_equal(f->kind, kind);
            assert_ptr_equal(pl_field_find(kind, f->number), f);
            assert_ptr_equal(pl_field_by_name(kind, f->name), f);
            assert_true(f->number <= PL_F_NUMBER_MAX);
            assert_true((f->type == PL_FT_ENUM) == (f->ref != 0 && f->type == PL_FT_ENUM));
            if (f->type == PL_FT_ENUM)
                assert_int_not_equal(pl_enum_at(f->ref, 0), 0);
            if (f->type == PL_FT_INT)
                assert_true(f->min <= f->max);
            if (f->type == PL_FT_STR || f->type == PL_FT_TEXT || f->type == PL_FT_SET_STR)
                assert_true(f->max > 0);
        }
    }
    assert_null(pl_kind_info(0));
    assert_null(pl_kind_info(PL_KIND_MAX + 1));
    assert_null(pl_field_find(PL_KIND_EVENT, 9999));
    assert_null(pl_field_at(99, 0));
    assert_null(pl_field_by_name(PL_KIND_EVENT, "no_such_field"));
}

static void schema_common_numbers_are_shared(void **state)
{
    static const struct {
        uint32_t number;
        const char *name;
    } common[] = {{PL_F_NO, "no"},
                  {PL_F_TITLE, "title"},
                  {PL_F_BODY, "body"},
                  {PL_F_TAGS, "tags"},
                  {PL_F_LINKS, "links"}};

    (void)state;
    for (uint32_t kind = 1; kind <= PL_KIND_MAX; kind++) {
        for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
            const struct pl_field *f = pl_field_find(kind, common[i].number);
            const struct pl_field *named = pl_field_by_name(kind, common[i].name);
            assert_ptr_equal(f, named);
        }
        for (uint32_t n = 6; n < 10; n++)
            assert_null(pl_field_find(kind, n));
    }
}

static void schema_enums_go_both_ways(void **state)
{
    (void)state;
    for (uint32_t en = 1; en <= PL_EN_MAX; en++) {
        int64_t v;
        size_t i = 0;
        assert_string_not_equal(pl_enum_title(en), "unknown");
        for (; (v = pl_enum_at(en, i)) != 0; i++) {
            assert_non_null(pl_enum_name(en, v));
            assert_int_equal(pl_enum_value(en, pl_enum_name(en, v)), v);
        }
        assert_true(i >= 2);
    }
    assert_null(pl_enum_name(PL_EN_STATUS, 0));
    assert_null(pl_enum_name(PL_EN_STATUS, -1));
    assert_null(pl_enum_name(PL_EN_STATUS, 1000));
    assert_int_equal(pl_enum_value(PL_EN_STATUS, "tracking"), PL_STATUS_TRACKING);
    assert_int_equal(pl_enum_value(PL_EN_STATUS, "effective"), 0);
}

/* Each word of the table leads to one value, and is no name of its enumeration. */
static void schema_words_are_read_and_lead_to_one_value(void **state)
{
    const char *word;
    int64_t v;
    size_t n = 0;

    (void)state;
    for (uint32_t en = 1; en <= PL_EN_MAX; en++) {
        for (size_t i = 0; (v = pl_enum_at(en, i)) != 0; i++) {
            for (size_t k = 0; (word = pl_enum_word(en, v, k)) != NULL; k++, n++) {
                assert_int_equal(pl_enum_read(en, word, strlen(word)), v);
                assert_int_equal(pl_enum_value(en, word), 0);
            }
            assert_int_equal(pl_enum_read(en, pl_enum_name(en, v), strlen(pl_enum_name(en, v))), v);
        }
    }
    assert_true(n > 25);
    assert_int_equal(pl_enum_read(PL_EN_SEVERITY, "s5", 2), 0);
    assert_int_equal(pl_enum_read(PL_EN_SEVERITY, "", 0), 0);
    assert_int_equal(pl_enum_read(PL_EN_MARKER, "Impact-Start", 12), PL_MARKER_IMPACT_START);
}

static void schema_every_factor_answers_a_question(void **state)
{
    int64_t v;

    (void)state;
    for (size_t i = 0; (v = pl_enum_at(PL_EN_FACTOR, i)) != 0; i++)
        assert_int_not_equal(pl_factor_questions(v), 0);
    assert_int_equal(pl_factor_questions(PL_FACTOR_CAPACITY), 1U << PL_QUESTION_WHY_HAPPENED);
    assert_int_equal(pl_factor_questions(PL_FACTOR_MONITORING_GAP),
                     1U << PL_QUESTION_WHY_UNDETECTED);
    assert_int_equal(pl_factor_questions(PL_FACTOR_ACCESS), 1U << PL_QUESTION_WHY_SLOW);
    assert_int_equal(pl_factor_questions(17), 0);
}

static void schema_kinds_hang_where_they_belong(void **state)
{
    (void)state;
    assert_true(pl_kind_fits(PL_KIND_EVENT, PL_KIND_REVIEW));
    assert_false(pl_kind_fits(PL_KIND_EVENT, PL_KIND_EVENT));
    assert_true(pl_kind_fits(PL_KIND_CAUSE, PL_KIND_CAUSE));
    assert_true(pl_kind_fits(PL_KIND_EVIDENCE, PL_KIND_ACTION));
    assert_true(pl_kind_fits(PL_KIND_CLAIM, PL_KIND_ACCOUNT));
    assert_true(pl_kind_fits(PL_KIND_COMMENT, PL_KIND_COMMENT));
    assert_true(pl_kind_fits(PL_KIND_COMMENT, PL_KIND_REVIEW));
    assert_false(pl_kind_fits(PL_KIND_COMMENT, PL_KIND_PARTICIPANT));
    assert_false(pl_kind_fits(PL_KIND_COMMENT, PL_KIND_ANCHOR));
    assert_false(pl_kind_fits(PL_KIND_REVIEW, PL_KIND_REVIEW));
    assert_false(pl_kind_fits(0, 1));
    assert_false(pl_kind_fits(1, 1000));
}

static void short_ids_go_both_ways(void **state)
{
    uint32_t kind = 0;
    int64_t no = 0;
    char out[PL_SHORT_ID_MAX];

    (void)state;
    assert_int_equal(pl_short_id_parse("E-9", 3, &kind, &no, NULL), 0);
    assert_int_equal(kind, PL_KIND_EVENT);
    assert_int_equal(no, 9);
    assert_int_equal(pl_short_id_parse("rev-2041", 8, &kind, &no, NULL), 0);
    assert_int_equal(kind, PL_KIND_REVIEW);
    for (uint32_t k = 1; k <= PL_KIND_MAX; k++) {
        pl_short_id_format(out, k, PL_NO_MAX);
        assert_int_equal(pl_short_id_parse(out, strlen(out), &kind, &no, NULL), 0);
        assert_int_equal(kind, k);
        assert_int_equal(no, PL_NO_MAX);
    }
    pl_short_id_format(out, PL_KIND_EVENT, 0);
    assert_string_equal(out, "E-?");
}

static void short_ids_are_refused_when_wrong(void **state)
{
    static const char *const wrong[] = {
        "",    "E",    "E-",   "E-0",           "E-01", "E--1", "-1",    "E-1 ", " E-1", "REVE-1",
        "X-1", "RE-1", "E-1x", "E-99999999999", "E-?",  "9",    "E-1-2", "EE-1", "E-+1", "E-1."};
    uint32_t kind;
    int64_t no;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pl_err e = {0};
        assert_int_equal(pl_short_id_parse(wrong[i], strlen(wrong[i]), &kind, &no, &e),
                         -PL_E_INVALID);
        assert_int_equal(e.code, PL_E_INVALID);
    }
}

/* A document of one event E-9 = {5, 1} and one user 3 = "bo". */
static bool fake_find_no(void *ctx, uint32_t kind, int64_t no, struct pl_eid *out)
{
    (void)ctx;
    *out = (struct pl_eid){5, 1};
    return kind == PL_KIND_EVENT && no == 9;
}

static bool fake_no_of(void *ctx, struct pl_eid eid, uint32_t *kind, int64_t *no)
{
    (void)ctx;
    *kind = PL_KIND_EVENT;
    *no = 9;
    return eid.client == 5 && eid.n == 1;
}

static int64_t fake_find_user(void *ctx, const char *handle)
{
    (void)ctx;
    return strcmp(handle, "bo") == 0 ? 3 : 0;
}

static const char *fake_user_name(void *ctx, int64_t user)
{
    (void)ctx;
    return user == 3 ? "bo" : NULL;
}

static const struct pl_names fake = {.find_no = fake_find_no,
                                     .no_of = fake_no_of,
                                     .find_user = fake_find_user,
                                     .user_name = fake_user_name};

static const struct pl_field *field(uint32_t kind, const char *name)
{
    const struct pl_field *f = pl_field_by_name(kind, name);

    assert_non_null(f);
    return f;
}

static void values_go_both_ways(void **state)
{
    static const struct {
        uint32_t kind;
        const char *name;
        const char *in;
        const char *out;
    } cases[] = {
        {PL_KIND_EVENT, "happened_at", "2026-03-01T14:05:09Z", "2026-03-01T14:05:09Z"},
        {PL_KIND_EVENT, "happened_at", "2026-03-01T15:05:09.25+01:00",
         "2026-03-01T14:05:09.250000Z"},
        {PL_KIND_ACTION, "due", "2026-03-31", "2026-03-31T00:00:00Z"},
        {PL_KIND_EVENT, "lens", "communication", "communication"},
        {PL_KIND_EVENT, "marker", "Impact-Start", "impact_start"},
        {PL_KIND_REVIEW, "severity", "2", "high"},
        {PL_KIND_REVIEW, "severity", "critical", "critical"},
        {PL_KIND_REVIEW, "severity", "S1", "critical"},
        {PL_KIND_REVIEW, "severity", "sev4", "low"},
        {PL_KIND_EVENT, "lens", "D", "detection"},
        {PL_KIND_EVENT, "marker", "ack", "triaged"},
        {PL_KIND_CAUSE, "question", "why", "why_happened"},
        {PL_KIND_ACTION, "impact", "3", "3"},
        {PL_KIND_EVENT, "source_skew_ms", "-1500", "-1500"},
        {PL_KIND_EVENT, "timely", "true", "yes"},
        {PL_KIND_EVENT, "clear", "no", "no"},
        {PL_KIND_ACTION, "owner", "@bo", "bo"},
        {PL_KIND_ACTION, "owner", "bo", "bo"},
        {PL_KIND_ACTION, "owner", "17", "17"},
        {PL_KIND_CLAIM, "event", "e-9", "E-9"},
        {PL_KIND_CLAIM, "event", "7f.3", "7f.3"},
        {PL_KIND_REVIEW, "title", "K\xC3\xB6ln down", "K\xC3\xB6ln down"},
        {PL_KIND_REVIEW, "impact_value", "-0.50", "-0.50"},
        {PL_KIND_REVIEW, "title", "none", ""},
        {PL_KIND_REVIEW, "severity", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pl_field *f = field(cases[i].kind, cases[i].name);
        struct pl_value v;
        struct pl_value again;
        struct pl_buf b;
        struct pl_err e = {0};
        pl_buf_init(&b, 1000);
        if (pl_field_parse(f, cases[i].in, strlen(cases[i].in), &fake, &v, &e) != 0)
            fail_msg("%s=%s: %s", cases[i].name, cases[i].in, e.text);
        assert_int_equal(pl_field_check_value(f, &v, NULL), 0);
        assert_int_equal(pl_field_format(f, &v, &fake, &b), 0);
        assert_int_equal(b.len, strlen(cases[i].out));
        if (b.len > 0)
            assert_memory_equal(b.data, cases[i].out, b.len);
        assert_int_equal(
            pl_field_parse(f, b.len > 0 ? (const char *)b.data : "", b.len, &fake, &again, NULL),
            0);
        assert_true(pl_value_eq(&v, &again));
        pl_value_release(&v);
        pl_value_release(&again);
        pl_buf_release(&b);
    }
}

static void values_are_refused_with_a_reason(void **state)
{
    static const struct {
        uint32_t kind;
        const char *name;
        const char *in;
        int code;
        const char *says;
    } cases[] = {
        {PL_KIND_REVIEW, "severity", "huge", PL_E_INVALID, "critical, high, medium, low"},
        {PL_KIND_EVENT, "happened_at", "yesterday", PL_E_INVALID, "2026-03-01T14:05:09Z"},
        {PL_KIND_EVENT, "happened_at", "1969-12-31T23:59:59Z", PL_E_INVALID, "happened_at"},
        {PL_KIND_EVENT, "happened_at", "2026-13-01", PL_E_INVALID, "happened_at"},
        {PL_KIND_ACTION, "impact", "4", PL_E_INVALID, "1 to 3"},
        {PL_KIND_ACTION, "impact", "two", PL_E_INVALID, "1 to 3"},
        {PL_KIND_ACTION, "owner", "nobody", PL_E_INVALID, "owner"},
        {PL_KIND_ACTION, "owner", "-3", PL_E_INVALID, "owner"},
        {PL_KIND_CLAIM, "event", "O-9", PL_E_INVALID, "wanted is event"},
        {PL_KIND_CLAIM, "event", "E-10", PL_E_NOENT, "E-10"},
        {PL_KIND_CLAIM, "event", "tree", PL_E_INVALID, "event"},
        {PL_KIND_EVENT, "timely", "maybe", PL_E_INVALID, "yes or no"},
        {PL_KIND_EVENT, "body", "x", PL_E_INVALID, "text"},
        {PL_KIND_EVENT, "tags", "x", PL_E_INVALID, "set"},
        {PL_KIND_REVIEW, "impact_value", "1e3", PL_E_INVALID, "decimal"},
        {PL_KIND_REVIEW, "impact_value", ".5", PL_E_INVALID, "decimal"},
        {PL_KIND_REVIEW, "impact_value", "5.", PL_E_INVALID, "decimal"},
        {PL_KIND_REVIEW, "impact_value", "007", PL_E_INVALID, "decimal"},
        {PL_KIND_REVIEW, "impact_value", "-", PL_E_INVALID, "decimal"},
        {PL_KIND_REVIEW, "title", "a\033[2Jb", PL_E_BAD_TEXT, "title"},
        {PL_KIND_REVIEW, "title", "a\nb", PL_E_INVALID, "one line"},
        {PL_KIND_REVIEW, "title", "a\xff", PL_E_BAD_TEXT, "title"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pl_field *f = field(cases[i].kind, cases[i].name);
        struct pl_value v = {.type = PL_VAL_NULL};
        struct pl_err e = {0};
        int rc = pl_field_parse(f, cases[i].in, strlen(cases[i].in), &fake, &v, &e);
        if (rc != -cases[i].code || strstr(e.text, cases[i].says) == NULL)
            fail_msg("%s=%s: %d %s", cases[i].name, cases[i].in, rc, e.text);
        assert_null(strchr(e.text, '\033'));
        assert_int_equal(v.type, PL_VAL_NULL);
    }
}

static void string_lengths_count_characters(void **state)
{
    const struct pl_field *f = field(PL_KIND_REVIEW, "title");
    char text[2 * 201 + 1];
    struct pl_value v;

    (void)state;
    for (size_t i = 0; i < 201; i++)
        memcpy(text + 2 * i, "\xC3\xA4", 2);
    assert_int_equal(pl_field_parse(f, text, 400, NULL, &v, NULL), 0);
    pl_value_release(&v);
    assert_int_equal(pl_field_parse(f, text, 402, NULL, &v, NULL), -PL_E_LIMIT);
}

static void stored_values_of_a_wrong_type_are_refused(void **state)
{
    struct pl_value i = pl_value_int(1);
    struct pl_value s = pl_value_str("x", 1);
    struct pl_value big = pl_value_int(99);
    struct pl_value null = {.type = PL_VAL_NULL};

    (void)state;
    assert_int_equal(pl_field_check_value(field(PL_KIND_REVIEW, "title"), &i, NULL), -PL_E_INVALID);
    assert_int_equal(pl_field_check_value(field(PL_KIND_REVIEW, "severity"), &s, NULL),
                     -PL_E_INVALID);
    assert_int_equal(pl_field_check_value(field(PL_KIND_REVIEW, "severity"), &big, NULL),
                     -PL_E_INVALID);
    assert_int_equal(pl_field_check_value(field(PL_KIND_REVIEW, "impact"), &s, NULL),
                     -PL_E_INVALID);
    assert_int_equal(pl_field_check_value(field(PL_KIND_REVIEW, "severity"), &null, NULL), 0);
    pl_value_release(&s);
}

static void elements_go_both_ways(void **state)
{
    struct pl_elem el;
    struct pl_eid eid;
    struct pl_buf b;
    char lots[PL_ELEM_MAX + 1];

    (void)state;
    pl_buf_init(&b, 100);
    pl_eid_to_elem((struct pl_eid){0x0102030405060708ULL, 0x090a0b0cU}, &el);
    assert_int_equal(el.len, 12);
    for (uint8_t i = 0; i < 12; i++)
        assert_int_equal(el.b[i], i + 1);
    assert_true(pl_eid_from_elem(&el, &eid));
    assert_true(pl_eid_eq(eid, (struct pl_eid){0x0102030405060708ULL, 0x090a0b0cU}));
    el.len = 11;
    assert_false(pl_eid_from_elem(&el, &eid));

    assert_int_equal(pl_field_parse_elem(field(PL_KIND_EVENT, "links"), "E-9", 3, &fake, &el, NULL),
                     0);
    assert_int_equal(pl_field_format_elem(field(PL_KIND_EVENT, "links"), &el, &fake, &b), 0);
    assert_memory_equal(b.data, "E-9", 3);
    assert_int_equal(
        pl_field_parse_elem(field(PL_KIND_ACTION, "causes"), "E-9", 3, &fake, &el, NULL),
        -PL_E_INVALID);
    assert_int_equal(
        pl_field_parse_elem(field(PL_KIND_REVIEW, "services"), "db", 2, NULL, &el, NULL), 0);
    assert_int_equal(el.len, 2);
    memset(lots, 'x', sizeof lots);
    assert_int_equal(
        pl_field_parse_elem(field(PL_KIND_REVIEW, "services"), lots, sizeof lots, NULL, &el, NULL),
        -PL_E_LIMIT);
    assert_int_equal(pl_field_parse_elem(field(PL_KIND_REVIEW, "services"), "", 0, NULL, &el, NULL),
                     -PL_E_INVALID);
    assert_int_equal(pl_field_parse_elem(field(PL_KIND_REVIEW, "title"), "x", 1, NULL, &el, NULL),
                     -PL_E_INVALID);
    pl_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schema_rows_are_consistent),
        cmocka_unit_test(schema_common_numbers_are_shared),
        cmocka_unit_test(schema_enums_go_both_ways),
        cmocka_unit_test(schema_words_are_read_and_lead_to_one_value),
        cmocka_unit_test(schema_every_factor_answers_a_question),
        cmocka_unit_test(schema_kinds_hang_where_they_belong),
        cmocka_unit_test(short_ids_go_both_ways),
        cmocka_unit_test(short_ids_are_refused_when_wrong),
        cmocka_unit_test(values_go_both_ways),
        cmocka_unit_test(values_are_refused_with_a_reason),
        cmocka_unit_test(string_lengths_count_characters),
        cmocka_unit_test(stored_values_of_a_wrong_type_are_refused),
        cmocka_unit_test(elements_go_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
