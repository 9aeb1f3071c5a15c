// SPDX-License-Identifier: Apache-2.0
/*
 * The codec, messages of proto/schema/review.proto: texts of several lines, ids of entries, rows,
 * and every limit at its edge. That each message comes back as it was is tested for all of them in
 * test_codec.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "support/wire.h"

#define ENTRY                    \
    {                            \
        0x1122334455667788ull, 7 \
    }

static uint8_t filler[PL_FRAME_MAX_CLIENT];

static enum pl_side reader_of(uint32_t type)
{
    return (pl_msg_info(type)->direction & PL_DIR_C2S) != 0 ? PL_SIDE_SERVER : PL_SIDE_CLIENT;
}

static int decode(struct pl_msg *m, uint32_t type, const struct pl_buf *payload,
                  struct pl_arena *arena)
{
    pl_arena_init(arena, PL_UNPACK_BUDGET_MAX);
    return pl_msg_decode(m, type, payload->data, payload->len, reader_of(type), arena, NULL);
}

/* Decodes a payload, says how it went, and forgets both. */
static int read_payload(uint32_t type, struct pl_buf *take_payload)
{
    struct pl_msg m;
    struct pl_arena arena;
    int rc = decode(&m, type, take_payload, &arena);
    pl_arena_release(&arena);
    pl_buf_release(take_payload);
    return rc;
}

/* Encodes and decodes; the result of the encoding. */
static int there_and_back(const struct pl_msg *m)
{
    struct pl_buf b;
    pl_buf_init(&b, 1u << 20);
    int rc = pl_msg_encode(m, &b, NULL);
    if (rc < 0) {
        assert_int_equal(b.len, 0);
        pl_buf_release(&b);
        return rc;
    }
    pl_buf_consume(&b, PL_FRAME_HEADER);
    assert_int_equal(read_payload(m->type, &b), 0);
    return 0;
}

/* What a message needs besides the field in question. */
static void add_needed(struct pl_buf *b, uint32_t type, uint32_t field)
{
    if (type == PL_MSG_FILE_PUT && field != 7)
        raw_bytes(b, 7, filler, PL_SHA256_BYTES);
    else if (type == PL_MSG_FILE_DATA && field != 4)
        raw_bytes(b, 4, filler, PL_SHA256_BYTES);
    else if (type == PL_MSG_FILE_CHUNK && field != 4)
        raw_bytes(b, 4, filler, 1);
    else if (type == PL_MSG_ACTIONS || type == PL_MSG_METRICS)
        raw_number(b, 2, 1);
}

/* A field with n characters of two bytes and `tail`; inside the first row when row is not 0. */
static int read_string(uint32_t type, uint32_t row, uint32_t field, size_t n, const char *tail)
{
    struct pl_buf text;
    struct pl_buf inner;
    struct pl_buf b;
    pl_buf_init(&text, 1u << 16);
    pl_buf_init(&inner, 1u << 16);
    pl_buf_init(&b, 1u << 16);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pl_buf_add_str(&text, "\xc3\xa4"), 0);
    assert_int_equal(pl_buf_add_str(&text, tail), 0);
    if (type == PL_MSG_CARDS)
        raw_bytes(&inner, 1, filler, PL_CARD_TOKEN_BYTES);
    raw_bytes(&inner, field, text.data, text.len);
    add_needed(&b, type, field);
    if (row != 0)
        raw_bytes(&b, row, inner.data, inner.len);
    else
        assert_int_equal(pl_buf_add(&b, inner.data, inner.len), 0);
    pl_buf_release(&inner);
    pl_buf_release(&text);
    return read_payload(type, &b);
}

static const struct {
    uint32_t type, row, field, max;
    bool has_lines;
} strings[] = {
    {PL_MSG_ACT, 0, 9, PL_NOTE_MAX, true},
    {PL_MSG_CARDS, 4, 4, PL_NOTE_MAX, true},
    {PL_MSG_FILE_PUT, 0, 4, PL_FILE_NAME_MAX, false},
    {PL_MSG_FILE_PUT, 0, 5, PL_MEDIA_TYPE_MAX, false},
    {PL_MSG_FILE_DATA, 0, 6, PL_FILE_NAME_MAX, false},
    {PL_MSG_FILE_DATA, 0, 7, PL_MEDIA_TYPE_MAX, false},
    {PL_MSG_INVITE_NEW, 0, 3, PL_NAME_MAX, false},
    {PL_MSG_INVITE_NEW, 0, 4, PL_NAME_MAX, false},
    {PL_MSG_INVITE_CODE, 0, 3, PL_STR_MAX, false},
    {PL_MSG_INVITES_REPLY, 2, 2, PL_NAME_MAX, false},
    {PL_MSG_ACTIONS, 0, 11, PL_TITLE_MAX, false},
    {PL_MSG_ACTIONS_REPLY, 2, 2, PL_TITLE_MAX, false},
    {PL_MSG_ACTIONS_REPLY, 2, 5, PL_TITLE_MAX, false},
    {PL_MSG_ACTIONS_REPLY, 2, 13, PL_NAME_MAX, false},
    {PL_MSG_ACTIONS_REPLY, 2, 15, PL_NAME_MAX, false},
    {PL_MSG_ACTIONS_REPLY, 2, 23, PL_STR_MAX, false},
    {PL_MSG_METRICS, 0, 8, PL_NAME_MAX, false},
    {PL_MSG_METRICS_REPLY, 2, 2, PL_TITLE_MAX, false},
    {PL_MSG_METRICS_REPLY, 2, 6, PL_NAME_MAX, false},
    {PL_MSG_NEWS, 0, 3, PL_NEWS_MAX, false},
};

static void codec_limits_strings_by_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        uint32_t type = strings[i].type;
        uint32_t row = strings[i].row;
        uint32_t field = strings[i].field;
        uint32_t max = strings[i].max;
        int lines = strings[i].has_lines ? 0 : -PL_E_BAD_TEXT;
        assert_int_equal(read_string(type, row, field, max - 1, ""), 0);
        assert_int_equal(read_string(type, row, field, max, ""), 0);
        assert_int_equal(read_string(type, row, field, max + 1, ""), -PL_E_LIMIT);
        assert_int_equal(read_string(type, row, field, 1, "a\nb\n"), lines);
        assert_int_equal(read_string(type, row, field, 1, "\ta\tb"), lines);
        assert_int_equal(read_string(type, row, field, 1, "\r\n"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\x1b[2J"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\x7f"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\xc2\x85"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\xc3"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\xed\xa0\x80"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\xc0\xaf"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, row, field, 1, "\xe2\x80\xae"), -PL_E_BAD_TEXT);
    }
}

static int read_bytes(uint32_t type, uint32_t row, uint32_t field, size_t n)
{
    struct pl_buf b;
    struct pl_buf inner;
    pl_buf_init(&b, 1u << 17);
    pl_buf_init(&inner, 1u << 17);
    add_needed(&b, type, field);
    raw_bytes(row != 0 ? &inner : &b, field, filler, n);
    if (row != 0)
        raw_bytes(&b, row, inner.data, inner.len);
    pl_buf_release(&inner);
    return read_payload(type, &b);
}

static void codec_limits_byte_ranges(void **state)
{
    (void)state;
    static const struct {
        uint32_t type, row, field, min, max;
    } ranges[] = {
        {PL_MSG_CARDS, 4, 1, PL_CARD_TOKEN_BYTES, PL_CARD_TOKEN_BYTES},
        {PL_MSG_CARDS, 0, 5, 0, PL_CARDS_PAD_MAX},
        {PL_MSG_FILE_PUT, 0, 7, PL_SHA256_BYTES, PL_SHA256_BYTES},
        {PL_MSG_FILE_CHUNK, 0, 4, 1, PL_CHUNK_MAX},
        {PL_MSG_FILE_DATA, 0, 4, PL_SHA256_BYTES, PL_SHA256_BYTES},
        {PL_MSG_FILE_DATA, 0, 5, 0, PL_CHUNK_MAX},
        {PL_MSG_ACT, 0, 10, 0, PL_STATEMENT_MAX},
        {PL_MSG_ACT, 0, 11, 0, PL_SIGNATURE_MAX},
        {PL_MSG_INVITE_NEW, 0, 8, 0, PL_STATEMENT_MAX},
        {PL_MSG_INVITE_NEW, 0, 9, 0, PL_SIGNATURE_MAX},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        uint32_t type = ranges[i].type;
        uint32_t row = ranges[i].row;
        uint32_t field = ranges[i].field;
        if (ranges[i].min > 0)
            assert_int_equal(read_bytes(type, row, field, ranges[i].min - 1), -PL_E_BAD_MESSAGE);
        assert_int_equal(read_bytes(type, row, field, ranges[i].min), 0);
        assert_int_equal(read_bytes(type, row, field, ranges[i].max), 0);
        assert_int_equal(read_bytes(type, row, field, ranges[i].max + 1), -PL_E_LIMIT);
    }
}

static int read_rows(uint32_t type, uint32_t field, size_t n)
{
    struct pl_buf b;
    struct pl_buf row;
    pl_buf_init(&b, 1u << 20);
    pl_buf_init(&row, 100);
    if (type == PL_MSG_CARDS)
        raw_bytes(&row, 1, filler, PL_CARD_TOKEN_BYTES);
    else
        raw_number(&row, 1, 0x0fffffff);
    if (type == PL_MSG_SESSION_REPLY)
        row.len = 0; /* its first field is no number */
    /* Rows that hold next to nothing take more than 16 times their bytes: give them a name. */
    if (type == PL_MSG_ACTIONS_REPLY || type == PL_MSG_METRICS_REPLY)
        raw_str(&row, 2, "Name resolution failed in the north");
    for (size_t i = 0; i < n; i++)
        raw_bytes(&b, field, row.data, row.len);
    pl_buf_release(&row);
    return read_payload(type, &b);
}

static void codec_limits_rows(void **state)
{
    (void)state;
    static const struct {
        uint32_t type, field, max;
    } rows[] = {
        {PL_MSG_SESSION_REPLY, 7, PL_VOTES_MAX},
        {PL_MSG_CARDS, 4, PL_CARDS_MAX},
        {PL_MSG_INVITES_REPLY, 2, PL_INVITES_MAX},
        {PL_MSG_ACTIONS_REPLY, 2, PL_ACTIONS_PAGE_MAX},
        {PL_MSG_METRICS_REPLY, 2, PL_METRICS_PAGE_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max - 1), 0);
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max), 0);
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max + 1), -PL_E_LIMIT);
    }
}

static int read_services(size_t n)
{
    struct pl_buf b;
    struct pl_buf row;
    pl_buf_init(&b, 1u << 16);
    pl_buf_init(&row, 1u << 16);
    for (size_t i = 0; i < n; i++)
        raw_str(&row, 6, "");
    raw_message(&b, 2, &row);
    return read_payload(PL_MSG_METRICS_REPLY, &b);
}

static void codec_limits_services_of_a_row(void **state)
{
    (void)state;
    assert_int_equal(read_services(PL_SERVICES_MAX - 1), 0);
    assert_int_equal(read_services(PL_SERVICES_MAX), 0);
    assert_int_equal(read_services(PL_SERVICES_MAX + 1), -PL_E_LIMIT);
    const char *names[PL_SERVICES_MAX + 1];
    for (size_t i = 0; i <= PL_SERVICES_MAX; i++)
        names[i] = "dns";
    struct pl_metric_row row = {.services = names, .n_services = PL_SERVICES_MAX};
    struct pl_msg m = {PL_MSG_METRICS_REPLY, {.metrics_reply = {1, &row, 1, 0}}};
    assert_int_equal(there_and_back(&m), 0);
    row.n_services++;
    assert_int_equal(there_and_back(&m), -PL_E_LIMIT);
}

static void codec_takes_full_pages(void **state)
{
    (void)state;
    static struct pl_action_row actions[PL_ACTIONS_PAGE_MAX + 1];
    static struct pl_metric_row metrics[PL_METRICS_PAGE_MAX + 1];
    static struct pl_invite_row invites[PL_INVITES_MAX + 1];
    const char *services[PL_SERVICES_MAX];
    for (size_t i = 0; i < PL_SERVICES_MAX; i++)
        services[i] = "resolver";
    for (size_t i = 0; i <= PL_ACTIONS_PAGE_MAX; i++) {
        actions[i] = (struct pl_action_row){.review = i, .no = (int64_t)i, .label = "Do it"};
        metrics[i] = (struct pl_metric_row){.review = i,
                                            .services = services,
                                            .n_services = PL_SERVICES_MAX,
                                            .band_s = {1, 1, 1, 1, 1}};
        invites[i].invite = i;
    }
    struct pl_msg a = {PL_MSG_ACTIONS_REPLY,
                       {.actions_reply = {1, actions, PL_ACTIONS_PAGE_MAX, 0}}};
    struct pl_msg b = {PL_MSG_METRICS_REPLY,
                       {.metrics_reply = {1, metrics, PL_METRICS_PAGE_MAX, 0}}};
    struct pl_msg c = {PL_MSG_INVITES_REPLY, {.invites_reply = {1, invites, PL_INVITES_MAX}}};
    assert_int_equal(there_and_back(&a), 0);
    assert_int_equal(there_and_back(&b), 0);
    assert_int_equal(there_and_back(&c), 0);
    a.u.actions_reply.n++;
    b.u.metrics_reply.n++;
    c.u.invites_reply.n++;
    assert_int_equal(there_and_back(&a), -PL_E_LIMIT);
    assert_int_equal(there_and_back(&b), -PL_E_LIMIT);
    assert_int_equal(there_and_back(&c), -PL_E_LIMIT);
}

/* Rows may be longer than a frame: whoever makes the page sends fewer. */
static void codec_refuses_a_page_when_it_exceeds_a_frame(void **state)
{
    (void)state;
    static struct pl_action_row actions[PL_ACTIONS_PAGE_MAX];
    char url[PL_STR_MAX + 1];
    memset(url, 'u', PL_STR_MAX);
    url[PL_STR_MAX] = '\0';
    for (size_t i = 0; i < PL_ACTIONS_PAGE_MAX; i++)
        actions[i].tracker_url = url;
    struct pl_msg m = {PL_MSG_ACTIONS_REPLY,
                       {.actions_reply = {1, actions, PL_ACTIONS_PAGE_MAX, 1}}};
    assert_int_equal(there_and_back(&m), -PL_E_TOO_LARGE);
    m.u.actions_reply.n = 100;
    assert_int_equal(there_and_back(&m), 0);
}

static void codec_limits_pages_asked_for(void **state)
{
    (void)state;
    static const struct {
        uint32_t limit;
        int rc;
    } cases[] = {{0, -PL_E_LIMIT}, {1, 0}, {200, 0}, {201, -PL_E_LIMIT}, {~0u, -PL_E_LIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_msg actions = {PL_MSG_ACTIONS, {.actions = {.limit = cases[i].limit}}};
        struct pl_msg metrics = {PL_MSG_METRICS, {.metrics = {.limit = cases[i].limit}}};
        assert_int_equal(there_and_back(&actions), cases[i].rc);
        assert_int_equal(there_and_back(&metrics), cases[i].rc);
        struct pl_buf b;
        pl_buf_init(&b, 100);
        raw_number(&b, 2, cases[i].limit);
        assert_int_equal(read_payload(PL_MSG_ACTIONS, &b), cases[i].rc);
        pl_buf_init(&b, 100);
        raw_number(&b, 2, cases[i].limit);
        assert_int_equal(read_payload(PL_MSG_METRICS, &b), cases[i].rc);
    }
}

static void codec_judges_what_is_sent(void **state)
{
    (void)state;
    struct pl_msg m = {PL_MSG_ACT, {.act = {.text = NULL}}};
    assert_int_equal(there_and_back(&m), 0);
    m.u.act.text = "two\nlines\tand a tab\n";
    assert_int_equal(there_and_back(&m), 0);
    m.u.act.text = "a\rb";
    assert_int_equal(there_and_back(&m), -PL_E_BAD_TEXT);
    m.u.act.text = "cut \xc3";
    assert_int_equal(there_and_back(&m), -PL_E_BAD_TEXT);
    char text[PL_NOTE_MAX + 2];
    memset(text, '\n', sizeof text);
    text[PL_NOTE_MAX + 1] = '\0';
    m.u.act.text = text;
    assert_int_equal(there_and_back(&m), -PL_E_LIMIT);
    text[PL_NOTE_MAX] = '\0';
    assert_int_equal(there_and_back(&m), 0);

    struct pl_msg chunk = {PL_MSG_FILE_CHUNK, {.file_chunk = {.chunk = {filler, 0}}}};
    assert_int_equal(there_and_back(&chunk), -PL_E_LIMIT);
    chunk.u.file_chunk.chunk.n = PL_CHUNK_MAX;
    assert_int_equal(there_and_back(&chunk), 0);
    struct pl_msg put = {PL_MSG_FILE_PUT, {.file_put = {.sha256 = {filler, PL_SHA256_BYTES - 1}}}};
    assert_int_equal(there_and_back(&put), -PL_E_LIMIT);
    put.u.file_put.sha256.n = PL_SHA256_BYTES;
    put.u.file_put.name = "two\nlines";
    assert_int_equal(there_and_back(&put), -PL_E_BAD_TEXT);
}

/* Cards of the longest texts do not fit into one frame; that is for the sender to see. */
static void codec_limits_cards_by_the_frame(void **state)
{
    (void)state;
    struct pl_card cards[PL_CARDS_MAX + 1];
    char text[PL_NOTE_MAX + 1];
    memset(text, 'c', PL_NOTE_MAX);
    text[PL_NOTE_MAX] = '\0';
    for (size_t i = 0; i <= PL_CARDS_MAX; i++)
        cards[i] = (struct pl_card){{filler, PL_CARD_TOKEN_BYTES}, 1, 2, text};
    struct pl_msg m = {PL_MSG_CARDS, {.cards = {1, 2, 3, cards, PL_CARDS_MAX, {filler, 20000}}}};
    assert_int_equal(there_and_back(&m), 0);
    m.u.cards.pad.n = 30000;
    assert_int_equal(there_and_back(&m), -PL_E_TOO_LARGE);
    m.u.cards.pad.n = 0;
    m.u.cards.n++;
    assert_int_equal(there_and_back(&m), -PL_E_LIMIT);
    m.u.cards.n = 0;
    m.u.cards.pad.n = PL_CARDS_PAD_MAX;
    assert_int_equal(there_and_back(&m), 0);
}

/* Encodes and decodes into *got, whose strings live in the arena. */
static void convey(const struct pl_msg *m, struct pl_msg *got, struct pl_arena *arena)
{
    struct pl_buf b;
    pl_buf_init(&b, 1u << 20);
    assert_int_equal(pl_msg_encode(m, &b, NULL), 0);
    pl_buf_consume(&b, PL_FRAME_HEADER);
    assert_int_equal(decode(got, m->type, &b, arena), 0);
    pl_buf_release(&b);
}

static void codec_keeps_values_of_an_act(void **state)
{
    (void)state;
    struct pl_arena arena;
    struct pl_msg got;
    struct pl_msg m = {PL_MSG_ACT,
                       {.act = {.rid = 7,
                                .review = 91,
                                .act = 3,
                                .entry = ENTRY,
                                .other = {0, ~0u},
                                .value = INT64_MIN,
                                .expect = -1,
                                .user = ~0ull,
                                .text = "a\n\tb"}}};
    convey(&m, &got, &arena);
    assert_int_equal(got.u.act.act, 3);
    assert_true(pl_eid_eq(got.u.act.entry, m.u.act.entry));
    assert_true(pl_eid_eq(got.u.act.other, m.u.act.other));
    assert_true(got.u.act.value == INT64_MIN);
    assert_true(got.u.act.expect == -1);
    assert_true(got.u.act.user == ~0ull);
    assert_string_equal(got.u.act.text, "a\n\tb");
    pl_arena_release(&arena);

    struct pl_msg none = {PL_MSG_ACT, {.act = {.act = 1}}};
    convey(&none, &got, &arena);
    assert_true(pl_eid_is_root(got.u.act.entry));
    assert_true(pl_eid_is_root(got.u.act.other));
    assert_string_equal(got.u.act.text, "");
    pl_arena_release(&arena);
}

static void codec_keeps_values_of_a_metric_row(void **state)
{
    (void)state;
    struct pl_arena arena;
    struct pl_msg got;
    struct pl_msg m;
    assert_true(sample_message(&m, PL_MSG_METRICS_REPLY));
    convey(&m, &got, &arena);
    assert_int_equal(got.u.metrics_reply.n, m.u.metrics_reply.n);
    for (size_t i = 0; i < got.u.metrics_reply.n; i++) {
        const struct pl_metric_row *a = &m.u.metrics_reply.items[i];
        const struct pl_metric_row *b = &got.u.metrics_reply.items[i];
        assert_int_equal(a->n_services, b->n_services);
        for (size_t k = 0; k < a->n_services; k++)
            assert_string_equal(a->services[k], b->services[k]);
        assert_memory_equal(a->band_s, b->band_s, sizeof a->band_s);
        assert_true(a->closed_us == b->closed_us && a->na == b->na && a->classes == b->classes);
    }
    pl_arena_release(&arena);

    struct pl_metric_row row = {.review = 1};
    struct pl_msg bare = {PL_MSG_METRICS_REPLY, {.metrics_reply = {1, &row, 1, 0}}};
    convey(&bare, &got, &arena);
    assert_memory_equal(got.u.metrics_reply.items[0].band_s, row.band_s, sizeof row.band_s);
    assert_int_equal(got.u.metrics_reply.items[0].n_services, 0);
    pl_arena_release(&arena);

    struct pl_msg ask = {PL_MSG_METRICS, {.metrics = {.limit = 5, .class = 3, .to_us = INT64_MIN}}};
    convey(&ask, &got, &arena);
    assert_int_equal(got.u.metrics.class, 3);
    assert_true(got.u.metrics.to_us == INT64_MIN);
    pl_arena_release(&arena);
}

/* The names of the person ride in the only message of a join, whose frame is small. */
static void codec_fits_names_into_a_join(void **state)
{
    (void)state;
    char name[4 * PL_NAME_MAX + 1];
    for (size_t i = 0; i < PL_NAME_MAX; i++)
        memcpy(name + 4 * i, "\xf0\x9f\x98\x80", 4);
    name[sizeof name - 1] = '\0';
    struct pl_msg m = {
        PL_MSG_JOIN_HELLO,
        {.join_hello = {{filler, PL_SECRET_BYTES}, {filler, PL_CSR_MAX}, name, name, name}}};
    assert_int_equal(there_and_back(&m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codec_limits_strings_by_characters),
        cmocka_unit_test(codec_limits_byte_ranges),
        cmocka_unit_test(codec_limits_rows),
        cmocka_unit_test(codec_limits_services_of_a_row),
        cmocka_unit_test(codec_takes_full_pages),
        cmocka_unit_test(codec_refuses_a_page_when_it_exceeds_a_frame),
        cmocka_unit_test(codec_limits_pages_asked_for),
        cmocka_unit_test(codec_judges_what_is_sent),
        cmocka_unit_test(codec_limits_cards_by_the_frame),
        cmocka_unit_test(codec_keeps_values_of_an_act),
        cmocka_unit_test(codec_keeps_values_of_a_metric_row),
        cmocka_unit_test(codec_fits_names_into_a_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
