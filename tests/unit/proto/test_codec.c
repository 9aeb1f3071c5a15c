// SPDX-License-Identifier: Apache-2.0
/*
 * The codec: every message there and back, cut off anywhere, with fields nobody knows, and every
 * limit at its edge. Changesets have their own test (test_codec_cs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "proto/wire/codec.h"
#include "support/wire.h"

#define TYPE_MAX 128u

static enum pl_side reader_of(uint32_t type)
{
    return (pl_msg_info(type)->direction & PL_DIR_C2S) != 0 ? PL_SIDE_SERVER : PL_SIDE_CLIENT;
}

static int decode(struct pl_msg *m, uint32_t type, const struct pl_buf *payload,
                  struct pl_arena *arena)
{
    return pl_msg_decode(m, type, payload->data, payload->len, reader_of(type), arena, NULL);
}

/* The payload of a message encoded, without its header. */
static void encode(const struct pl_msg *m, struct pl_buf *out)
{
    struct pl_err e;
    pl_err_init(&e);
    pl_buf_init(out, 1u << 20);
    if (pl_msg_encode(m, out, &e) < 0)
        fail_msg("%s", e.text);
    pl_buf_consume(out, PL_FRAME_HEADER);
}

static void sample_payload(uint32_t type, struct pl_buf *out)
{
    struct pl_msg m;
    assert_true(sample_message(&m, type));
    encode(&m, out);
    sample_release(&m);
}

#define EACH_TYPE(t)                        \
    for (uint32_t t = 1; t < TYPE_MAX; t++) \
        if (pl_msg_info(t) != NULL)

/* Does the payload hold every field of its message? So the examples leave nothing untested. */
static void expect_all_fields(uint32_t type, const struct pl_buf *b)
{
    const ProtobufCMessageDescriptor *d = pl_codec_descriptor(type);
    uint64_t seen = 0;
    struct pl_reader r;
    pl_reader_init(&r, b->data, b->len);
    while (pl_reader_left(&r) > 0) {
        uint64_t tag = pl_read_varint(&r);
        seen |= 1ull << (tag >> 3);
        if ((tag & 7) == 0)
            (void)pl_read_varint(&r);
        else
            (void)pl_read_bytes(&r, (tag & 7) == 1 ? 8 : (size_t)pl_read_varint(&r));
    }
    assert_int_equal(r.bad, 0);
    for (unsigned i = 0; i < d->n_fields; i++) {
        if ((seen >> d->fields[i].id & 1) == 0)
            fail_msg("the example of %s lacks %s", d->short_name, d->fields[i].name);
    }
}

static void codec_gives_every_message_back(void **state)
{
    (void)state;
    int count = 0;
    EACH_TYPE(type)
    {
        struct pl_buf a;
        struct pl_buf b;
        struct pl_msg m;
        struct pl_arena arena;
        pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
        sample_payload(type, &a);
        expect_all_fields(type, &a);
        assert_int_equal(decode(&m, type, &a, &arena), 0);
        assert_int_equal(m.type, type);
        encode(&m, &b);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
        pl_msg_release(&m);
        pl_buf_release(&a);
        pl_buf_release(&b);
        pl_arena_release(&arena);
        count++;
    }
    int listed = 0;
#define PL_MESSAGE(name, number, proto, field, direction, state) listed++;
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE
    assert_int_equal(count, listed);
}

static void codec_keeps_values_of_an_edit(void **state)
{
    (void)state;
    struct pl_buf b;
    struct pl_msg m;
    struct pl_msg want;
    struct pl_arena arena;
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    sample_payload(PL_MSG_SUBMIT, &b);
    assert_int_equal(decode(&m, PL_MSG_SUBMIT, &b, &arena), 0);
    assert_true(sample_message(&want, PL_MSG_SUBMIT));
    assert_true(pl_cs_eq(&m.u.submit.cs, &want.u.submit.cs));
    assert_int_equal(m.u.submit.base, 120);
    assert_int_equal(m.u.submit.epoch, 4);
    assert_int_equal(m.u.submit.undo_of, 2);
    assert_true(m.u.submit.caret_after.set);
    assert_int_equal(m.u.submit.caret_after.head, 13);
    pl_msg_release(&m);
    pl_msg_release(&m); /* twice does no harm */
    sample_release(&want);
    pl_buf_release(&b);
    pl_arena_release(&arena);
}

static void codec_gives_defaults_when_the_payload_is_empty(void **state)
{
    (void)state;
    EACH_TYPE(type)
    {
        struct pl_buf b = {0};
        struct pl_msg m;
        struct pl_arena arena;
        pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
        if (decode(&m, type, &b, &arena) == 0)
            pl_msg_release(&m);
        pl_arena_release(&arena);
    }
    struct pl_msg m;
    struct pl_arena arena;
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    assert_int_equal(pl_msg_decode(&m, PL_MSG_ERROR, NULL, 0, PL_SIDE_CLIENT, &arena, NULL), 0);
    assert_string_equal(m.u.error.text, "");
    assert_int_equal(pl_msg_decode(&m, PL_MSG_SUBMIT, NULL, 0, PL_SIDE_SERVER, &arena, NULL), 0);
    assert_true(pl_cs_is_empty(&m.u.submit.cs));
    assert_false(m.u.submit.caret_after.set);
    pl_arena_release(&arena);
}

static void codec_survives_when_cut_off_at_any_byte(void **state)
{
    (void)state;
    EACH_TYPE(type)
    {
        struct pl_buf b;
        sample_payload(type, &b);
        for (size_t n = 0; n < b.len; n++) {
            uint8_t *cut = malloc(n + 1); /* its end is watched */
            assert_non_null(cut);
            memcpy(cut, b.data, n);
            struct pl_buf part = {.data = cut, .len = n};
            struct pl_msg m;
            struct pl_arena arena;
            pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
            int rc = decode(&m, type, &part, &arena);
            if (rc == 0)
                pl_msg_release(&m); /* cut between two fields */
            else
                assert_true(rc == -PL_E_BAD_MESSAGE || rc == -PL_E_BADOP || rc == -PL_E_LIMIT);
            pl_arena_release(&arena);
            free(cut);
        }
        pl_buf_release(&b);
    }
}

static void codec_refuses_unknown_fields_for_the_server_only(void **state)
{
    (void)state;
    EACH_TYPE(type)
    {
        struct pl_buf b;
        sample_payload(type, &b);
        raw_str(&b, 15, "from the future");
        raw_fixed64(&b, 1000, 1);
        struct pl_msg m;
        struct pl_arena arena;
        pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
        int rc = decode(&m, type, &b, &arena);
        if (reader_of(type) == PL_SIDE_SERVER) {
            assert_int_equal(rc, -PL_E_BAD_MESSAGE);
        } else {
            assert_int_equal(rc, 0);
            pl_msg_release(&m);
        }
        pl_arena_release(&arena);
        pl_buf_release(&b);
    }
}

static void codec_refuses_what_goes_the_other_way(void **state)
{
    (void)state;
    struct pl_msg m;
    struct pl_arena arena;
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    EACH_TYPE(type)
    {
        struct pl_buf b;
        enum pl_side other = reader_of(type) == PL_SIDE_SERVER ? PL_SIDE_CLIENT : PL_SIDE_SERVER;
        sample_payload(type, &b);
        int rc = pl_msg_decode(&m, type, b.data, b.len, other, &arena, NULL);
        bool both = pl_msg_info(type)->direction == PL_DIR_BOTH;
        assert_int_equal(rc, both ? 0 : -PL_E_UNKNOWN_MESSAGE);
        pl_buf_release(&b);
    }
    static const uint32_t unknown[] = {0, 9, 15, 28, 67, 0xffff, UINT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_null(pl_msg_info(unknown[i]));
        assert_int_equal(pl_msg_decode(&m, unknown[i], "", 0, PL_SIDE_SERVER, &arena, NULL),
                         -PL_E_UNKNOWN_MESSAGE);
        struct pl_msg none = {.type = (enum pl_msg_type)unknown[i]};
        struct pl_buf b;
        pl_buf_init(&b, 100);
        assert_int_equal(pl_msg_encode(&none, &b, NULL), -PL_E_UNKNOWN_MESSAGE);
    }
    pl_arena_release(&arena);
}

/* A field of a message with a string of n characters of two bytes, read by whom it is for. */
static int read_string(uint32_t type, uint32_t field, size_t n, const char *tail)
{
    struct pl_buf text;
    struct pl_buf b;
    struct pl_msg m;
    struct pl_arena arena;
    pl_buf_init(&text, 1u << 16);
    pl_buf_init(&b, 1u << 16);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pl_buf_add_str(&text, "\xc3\xa4"), 0);
    assert_int_equal(pl_buf_add_str(&text, tail), 0);
    if (type == PL_MSG_JOIN_HELLO) {
        raw_str(&b, 1, "0123456789abcdef");
        raw_str(&b, 2, "csr");
    } else if (type == PL_MSG_CREATE) {
        raw_str(&b, 2, "0123456789abcdef");
    }
    raw_bytes(&b, field, text.data, text.len);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = decode(&m, type, &b, &arena);
    if (rc == 0)
        pl_msg_release(&m);
    pl_arena_release(&arena);
    pl_buf_release(&b);
    pl_buf_release(&text);
    return rc;
}

static const struct {
    uint32_t type, field, max;
} strings[] = {
    {PL_MSG_JOIN_HELLO, 3, PL_NAME_MAX},   {PL_MSG_JOIN_WELCOME, 2, PL_NAME_MAX},
    {PL_MSG_JOIN_WELCOME, 3, PL_NAME_MAX}, {PL_MSG_HELLO, 4, PL_NAME_MAX},
    {PL_MSG_WELCOME, 4, PL_NAME_MAX},      {PL_MSG_WELCOME, 5, PL_NAME_MAX},
    {PL_MSG_WELCOME, 7, PL_TITLE_MAX},     {PL_MSG_WELCOME, 9, PL_NAME_MAX},
    {PL_MSG_ERROR, 3, PL_STR_MAX},         {PL_MSG_GOAWAY, 2, PL_STR_MAX},
    {PL_MSG_OPENED, 7, PL_STR_MAX},        {PL_MSG_NACK, 5, PL_STR_MAX},
    {PL_MSG_RIGHTS, 6, PL_STR_MAX},        {PL_MSG_PEER, 4, PL_NAME_MAX},
    {PL_MSG_CREATE, 3, PL_TITLE_MAX},      {PL_MSG_MEMBER_SET, 3, PL_NAME_MAX},
    {PL_MSG_WHOAMI_REPLY, 3, PL_NAME_MAX}, {PL_MSG_WHOAMI_REPLY, 4, PL_NAME_MAX},
    {PL_MSG_JOIN_HELLO, 4, PL_NAME_MAX},   {PL_MSG_JOIN_HELLO, 5, PL_NAME_MAX},
};

static void codec_limits_strings_by_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        uint32_t type = strings[i].type;
        uint32_t field = strings[i].field;
        uint32_t max = strings[i].max;
        assert_int_equal(read_string(type, field, max - 1, ""), 0);
        assert_int_equal(read_string(type, field, max, ""), 0);
        assert_int_equal(read_string(type, field, max + 1, ""), -PL_E_LIMIT);
        assert_int_equal(read_string(type, field, 1, "\n"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\t"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\x1b[2J"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\xc3"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\xed\xa0\x80"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\xc0\xaf"), -PL_E_BAD_TEXT);
        assert_int_equal(read_string(type, field, 1, "\xe2\x80\xae"), -PL_E_BAD_TEXT);
    }
}

static int read_bytes(uint32_t type, uint32_t field, size_t n)
{
    static const uint8_t zeros[32768];
    struct pl_buf b;
    struct pl_msg m;
    struct pl_arena arena;
    pl_buf_init(&b, 1u << 17);
    if (type == PL_MSG_JOIN_HELLO && field == 2)
        raw_str(&b, 1, "0123456789abcdef");
    if (type == PL_MSG_JOIN_HELLO && field == 1)
        raw_str(&b, 2, "csr");
    raw_bytes(&b, field, zeros, n);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = decode(&m, type, &b, &arena);
    pl_arena_release(&arena);
    pl_buf_release(&b);
    return rc;
}

static void codec_limits_byte_ranges(void **state)
{
    (void)state;
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 1, PL_SECRET_BYTES - 1), -PL_E_BAD_MESSAGE);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 1, PL_SECRET_BYTES), 0);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 1, PL_SECRET_BYTES + 1), -PL_E_LIMIT);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 2, 0), -PL_E_BAD_MESSAGE);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 2, PL_CSR_MAX - 1), 0);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 2, PL_CSR_MAX), 0);
    assert_int_equal(read_bytes(PL_MSG_JOIN_HELLO, 2, PL_CSR_MAX + 1), -PL_E_LIMIT);
    assert_int_equal(read_bytes(PL_MSG_JOIN_WELCOME, 5, PL_CERT_MAX), 0);
    assert_int_equal(read_bytes(PL_MSG_JOIN_WELCOME, 5, PL_CERT_MAX + 1), -PL_E_LIMIT);
    assert_int_equal(read_bytes(PL_MSG_CREATE, 2, PL_OP_ID_BYTES - 1), -PL_E_BAD_MESSAGE);
    assert_int_equal(read_bytes(PL_MSG_CREATE, 2, PL_OP_ID_BYTES), 0);
    assert_int_equal(read_bytes(PL_MSG_CREATE, 2, PL_OP_ID_BYTES + 1), -PL_E_LIMIT);
    assert_int_equal(read_bytes(PL_MSG_SNAPSHOT, 5, PL_CHUNK_MAX - 1), 0);
    assert_int_equal(read_bytes(PL_MSG_SNAPSHOT, 5, PL_CHUNK_MAX), 0);
    assert_int_equal(read_bytes(PL_MSG_SNAPSHOT, 5, PL_CHUNK_MAX + 1), -PL_E_LIMIT);
}

static int read_rows(uint32_t type, uint32_t field, size_t n)
{
    struct pl_buf b;
    struct pl_msg m;
    struct pl_arena arena;
    pl_buf_init(&b, 1u << 20);
    for (size_t i = 0; i < n; i++)
        raw_bytes(&b, field, "\x08\x01", type == PL_MSG_JOIN_WELCOME ? 1 : 0);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = decode(&m, type, &b, &arena);
    if (rc == 0)
        pl_msg_release(&m);
    pl_arena_release(&arena);
    pl_buf_release(&b);
    return rc;
}

static void codec_limits_rows(void **state)
{
    (void)state;
    static const struct {
        uint32_t type, field, max;
    } rows[] = {
        {PL_MSG_LIST_REPLY, 2, PL_LIST_MAX},
        {PL_MSG_WHOAMI_REPLY, 5, PL_DEVICES_MAX},
        {PL_MSG_JOIN_WELCOME, 5, PL_CERTS_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max - 1), 0);
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max), 0);
        assert_int_equal(read_rows(rows[i].type, rows[i].field, rows[i].max + 1), -PL_E_LIMIT);
    }
    /* Empty rows take more memory than 16 times their two bytes: the budget says no before the
     * limit does. Full pages are tested as messages. */
    assert_int_equal(read_rows(PL_MSG_PEOPLE_REPLY, 2, PL_PEOPLE_MAX + 1), -PL_E_LIMIT);
    assert_int_equal(read_rows(PL_MSG_PEOPLE_REPLY, 2, PL_PEOPLE_MAX), -PL_E_BAD_MESSAGE);
    assert_int_equal(read_rows(PL_MSG_HISTORY_REPLY, 3, PL_HISTORY_MAX + 1), -PL_E_LIMIT);
}

/* Encodes, decodes and says how it went. */
static int there_and_back(const struct pl_msg *m)
{
    struct pl_buf b;
    struct pl_msg got;
    struct pl_arena arena;
    pl_buf_init(&b, 1u << 20);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_encode(m, &b, NULL);
    if (rc == 0) {
        pl_buf_consume(&b, PL_FRAME_HEADER);
        rc = decode(&got, m->type, &b, &arena);
        assert_int_equal(rc, 0);
        pl_msg_release(&got);
    } else {
        assert_int_equal(b.len, 0);
    }
    pl_buf_release(&b);
    pl_arena_release(&arena);
    return rc;
}

static void codec_takes_full_pages(void **state)
{
    (void)state;
    static struct pl_person people[PL_PEOPLE_MAX + 1];
    for (size_t i = 0; i <= PL_PEOPLE_MAX; i++)
        people[i] = (struct pl_person){i + 1, "somebody", "Some Body of Ours", 2, true};
    struct pl_msg m = {PL_MSG_PEOPLE_REPLY, {.people_reply = {1, people, PL_PEOPLE_MAX}}};
    assert_int_equal(there_and_back(&m), 0);
    m.u.people_reply.n++;
    assert_int_equal(there_and_back(&m), -PL_E_LIMIT);

    static struct pl_rev revs[PL_HISTORY_MAX + 1];
    for (size_t i = 0; i <= PL_HISTORY_MAX; i++) {
        revs[i] = (struct pl_rev){.review = 9, .rev = i + 1, .client = 7, .seq = i, .user = 5};
        revs[i].at_us = 1767225600000000;
        sample_keystroke(&revs[i].cs);
    }
    struct pl_msg h = {PL_MSG_HISTORY_REPLY, {.history_reply = {1, 9, revs, PL_HISTORY_MAX, 0}}};
    assert_int_equal(there_and_back(&h), 0);
    h.u.history_reply.n++;
    assert_int_equal(there_and_back(&h), -PL_E_LIMIT);
    for (size_t i = 0; i <= PL_HISTORY_MAX; i++)
        pl_cs_release(&revs[i].cs);
}

static void codec_limits_pages_asked_for(void **state)
{
    (void)state;
    static const struct {
        uint32_t limit;
        int list, history;
    } cases[] = {{0, -PL_E_LIMIT, -PL_E_LIMIT},
                 {1, 0, 0},
                 {PL_LIST_MAX, 0, 0},
                 {PL_LIST_MAX + 1, -PL_E_LIMIT, 0},
                 {PL_HISTORY_MAX, -PL_E_LIMIT, 0},
                 {PL_HISTORY_MAX + 1, -PL_E_LIMIT, -PL_E_LIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_msg list = {PL_MSG_LIST, {.list = {1, 0, cases[i].limit, false}}};
        struct pl_msg history = {PL_MSG_HISTORY, {.history = {1, 2, 3, cases[i].limit}}};
        assert_int_equal(there_and_back(&list), cases[i].list);
        assert_int_equal(there_and_back(&history), cases[i].history);
    }
}

static void codec_judges_what_is_sent(void **state)
{
    (void)state;
    char name[PL_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[PL_NAME_MAX + 1] = '\0';
    struct pl_msg m = {PL_MSG_MEMBER_SET, {.member_set = {1, 2, name, 1, 1}}};
    assert_int_equal(there_and_back(&m), -PL_E_LIMIT);
    name[PL_NAME_MAX] = '\0';
    assert_int_equal(there_and_back(&m), 0);
    m.u.member_set.user_name = "a\nb";
    assert_int_equal(there_and_back(&m), -PL_E_BAD_TEXT);
    m.u.member_set.user_name = NULL;
    assert_int_equal(there_and_back(&m), 0);
    struct pl_msg chunk = {PL_MSG_SNAPSHOT, {.snapshot = {.chunk = {(const uint8_t *)"", 0}}}};
    assert_int_equal(there_and_back(&chunk), 0);
    chunk.u.snapshot.chunk.n = PL_CHUNK_MAX + 1;
    assert_int_equal(there_and_back(&chunk), -PL_E_LIMIT);
    struct pl_msg join = {PL_MSG_JOIN_WELCOME, {.join_welcome = {.n_chain = PL_CHAIN_MAX + 1}}};
    assert_int_equal(there_and_back(&join), -PL_E_LIMIT);
    struct pl_msg presence = {PL_MSG_PRESENCE, {.presence = {.state = 4}}};
    struct pl_buf b;
    struct pl_arena arena;
    pl_arena_init(&arena, 4096);
    encode(&presence, &b);
    assert_int_equal(decode(&m, PL_MSG_PRESENCE, &b, &arena), -PL_E_BAD_MESSAGE);
    pl_buf_release(&b);
    pl_arena_release(&arena);
    assert_int_equal(PL_CHAIN_MAX, PL_CERTS_MAX);
}

static void expect_shown(const char *sent, const char *want)
{
    struct pl_buf b;
    struct pl_msg got;
    struct pl_arena arena;
    struct pl_msg m = {PL_MSG_ERROR, {.error = {.text = sent}}};
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    encode(&m, &b);
    assert_int_equal(decode(&got, PL_MSG_ERROR, &b, &arena), 0);
    assert_string_equal(got.u.error.text, want);
    pl_buf_release(&b);
    pl_arena_release(&arena);
}

static void codec_mends_texts_that_are_only_shown(void **state)
{
    (void)state;
    char text[PL_STR_MAX + 10];
    expect_shown("plain", "plain");
    expect_shown("two\nlines\tand a tab", "two lines and a tab");
    expect_shown("\x1b[2J", "\xef\xbf\xbd[2J");
    expect_shown("cut \xc3", "cut \xef\xbf\xbd");
    expect_shown("\xe2\x80\xae"
                 "abc",
                 "\xef\xbf\xbd"
                 "abc");
    memset(text, 't', sizeof text);
    text[PL_STR_MAX + 5] = '\0';
    char want[PL_STR_MAX + 1];
    memset(want, 't', PL_STR_MAX);
    want[PL_STR_MAX] = '\0';
    expect_shown(text, want);
}

static void codec_refuses_when_memory_is_spent(void **state)
{
    (void)state;
    EACH_TYPE(type)
    {
        struct pl_buf b;
        sample_payload(type, &b);
        int rc = -1;
        for (size_t max = 0; rc < 0; max += 16) {
            struct pl_msg m;
            struct pl_arena arena;
            pl_arena_init(&arena, max);
            rc = decode(&m, type, &b, &arena);
            if (rc == 0)
                pl_msg_release(&m);
            else
                assert_int_equal(rc, -PL_E_BAD_MESSAGE);
            pl_arena_release(&arena);
            assert_in_range(max, 0, PL_UNPACK_BUDGET(b.len));
        }
        pl_buf_release(&b);
    }
}

static void codec_leaves_the_output_alone_when_it_is_full(void **state)
{
    (void)state;
    EACH_TYPE(type)
    {
        struct pl_buf whole;
        struct pl_msg m;
        sample_payload(type, &whole);
        size_t size = whole.len + PL_FRAME_HEADER;
        assert_true(sample_message(&m, type));
        for (size_t max = 3; max <= size + 3; max++) {
            struct pl_buf b;
            pl_buf_init(&b, max);
            assert_int_equal(pl_buf_add(&b, "abc", 3), 0);
            int rc = pl_msg_encode(&m, &b, NULL);
            assert_int_equal(rc, max < size + 3 ? -PL_E_LIMIT : 0);
            assert_int_equal(b.len, rc < 0 ? 3 : size + 3);
            assert_memory_equal(b.data, "abc", 3);
            pl_buf_release(&b);
        }
        sample_release(&m);
        pl_buf_release(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codec_gives_every_message_back),
        cmocka_unit_test(codec_keeps_values_of_an_edit),
        cmocka_unit_test(codec_gives_defaults_when_the_payload_is_empty),
        cmocka_unit_test(codec_survives_when_cut_off_at_any_byte),
        cmocka_unit_test(codec_refuses_unknown_fields_for_the_server_only),
        cmocka_unit_test(codec_refuses_what_goes_the_other_way),
        cmocka_unit_test(codec_limits_strings_by_characters),
        cmocka_unit_test(codec_limits_byte_ranges),
        cmocka_unit_test(codec_limits_rows),
        cmocka_unit_test(codec_takes_full_pages),
        cmocka_unit_test(codec_limits_pages_asked_for),
        cmocka_unit_test(codec_judges_what_is_sent),
        cmocka_unit_test(codec_mends_texts_that_are_only_shown),
        cmocka_unit_test(codec_refuses_when_memory_is_spent),
        cmocka_unit_test(codec_leaves_the_output_alone_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
