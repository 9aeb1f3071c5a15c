// SPDX-License-Identifier: Apache-2.0
/*
 * The pre-scan: depth, counts, wire types, ranges, text, and the shapes that make protobuf-c take
 * many times the memory of the message. Depth is tested with a descriptor of our own, since the
 * schema has no message that contains itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/arena.h"
#include "plimsoll/wire/limits.h"
#include "plimsoll/wire/message.h"

#include "proto/wire/alloc.h"
#include "proto/wire/codec.h"
#include "proto/wire/verify.h"
#include "support/wire.h"

/* message Node { Node in = 1; repeated Node kids = 2; uint32 n = 3; bool b = 4; int32 i = 5;
 *                sint64 z = 6; fixed32 f = 7; string s = 9; bytes raw = 20; oneof { uint64 p = 21;
 *                string q = 22; } } */
struct node {
    ProtobufCMessage base;
    struct node *in;
    size_t n_kids;
    struct node **kids;
    uint32_t n;
    protobuf_c_boolean b;
    int32_t i;
    int64_t z;
    uint32_t f;
    char *s;
    ProtobufCBinaryData raw;
    int which;
    union {
        uint64_t p;
        char *q;
    } u;
};

static const ProtobufCMessageDescriptor node_descriptor;

#define FIELD(name, id, label, type, quantifier, member, sub, flags)            \
    {                                                                           \
        name, id, PROTOBUF_C_LABEL_##label, PROTOBUF_C_TYPE_##type, quantifier, \
            offsetof(struct node, member), sub, NULL, flags, 0, NULL, NULL      \
    }
#define WHICH offsetof(struct node, which)

static const ProtobufCFieldDescriptor node_fields[] = {
    FIELD("in", 1, NONE, MESSAGE, 0, in, &node_descriptor, 0),
    FIELD("kids", 2, REPEATED, MESSAGE, offsetof(struct node, n_kids), kids, &node_descriptor, 0),
    FIELD("n", 3, NONE, UINT32, 0, n, NULL, 0),
    FIELD("b", 4, NONE, BOOL, 0, b, NULL, 0),
    FIELD("i", 5, NONE, INT32, 0, i, NULL, 0),
    FIELD("z", 6, NONE, SINT64, 0, z, NULL, 0),
    FIELD("f", 7, NONE, FIXED32, 0, f, NULL, 0),
    FIELD("s", 9, NONE, STRING, 0, s, NULL, 0),
    FIELD("raw", 20, NONE, BYTES, 0, raw, NULL, 0),
    FIELD("p", 21, NONE, UINT64, WHICH, u.p, NULL, PROTOBUF_C_FIELD_FLAG_ONEOF),
    FIELD("q", 22, NONE, STRING, WHICH, u.q, NULL, PROTOBUF_C_FIELD_FLAG_ONEOF),
};

static const ProtobufCIntRange node_ranges[] = {{1, 0}, {9, 7}, {20, 8}, {0, 11}};

static const ProtobufCMessageDescriptor node_descriptor = {PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                                           "test.Node",
                                                           "Node",
                                                           "Node",
                                                           "test",
                                                           sizeof(struct node),
                                                           11,
                                                           node_fields,
                                                           NULL,
                                                           3,
                                                           node_ranges,
                                                           NULL,
                                                           NULL,
                                                           NULL,
                                                           NULL};

static const struct pl_verify_limit node_limits[] = {{&node_descriptor, 2, 4},
                                                     {&node_descriptor, 20, 8}};

static int verify_as(const struct pl_buf *b, bool refuse_unknown, struct pl_err *e)
{
    const struct pl_verify_rules rules = {node_limits, 2, PL_MSG_FIELDS_MAX, refuse_unknown};
    return pl_wire_verify(&node_descriptor, b->data, b->len, &rules, e);
}

static int verify(const struct pl_buf *b)
{
    return verify_as(b, true, NULL);
}

/* A nest of `depth` messages, the outermost one included. */
static int verify_depth(uint32_t depth)
{
    struct pl_buf b;
    pl_buf_init(&b, 1u << 20);
    for (uint32_t i = 1; i < depth; i++) {
        struct pl_buf outer;
        pl_buf_init(&outer, 1u << 20);
        raw_message(&outer, 1, &b);
        b = outer;
    }
    int rc = verify(&b);
    pl_buf_release(&b);
    return rc;
}

static void verify_limits_depth(void **state)
{
    (void)state;
    assert_int_equal(verify_depth(1), 0);
    assert_int_equal(verify_depth(PL_MSG_DEPTH_MAX - 1), 0);
    assert_int_equal(verify_depth(PL_MSG_DEPTH_MAX), 0);
    assert_int_equal(verify_depth(PL_MSG_DEPTH_MAX + 1), -PL_E_BAD_MESSAGE);
    assert_int_equal(verify_depth(2000), -PL_E_BAD_MESSAGE);
}

static void verify_limits_fields(void **state)
{
    (void)state;
    for (int delta = -1; delta <= 1; delta++) {
        struct pl_buf b;
        pl_buf_init(&b, 1u << 20);
        for (int i = 0; i < (int)PL_MSG_FIELDS_MAX + delta; i++)
            raw_number(&b, 99, 1);
        assert_int_equal(verify_as(&b, false, NULL), delta > 0 ? -PL_E_BAD_MESSAGE : 0);
        assert_int_equal(verify_as(&b, true, NULL), -PL_E_BAD_MESSAGE);
        pl_buf_release(&b);
    }
}

static int verify_bytes(const char *bytes, size_t n)
{
    uint8_t *copy = malloc(n + 1); /* reads beyond the end are noticed */
    assert_non_null(copy);
    memcpy(copy, bytes, n);
    struct pl_buf b = {.data = copy, .len = n};
    int rc = verify(&b);
    free(copy);
    return rc;
}

#define RAW(s) verify_bytes((s), sizeof(s) - 1)

static void verify_checks_numbers(void **state)
{
    (void)state;
    assert_int_equal(RAW(""), 0);
    assert_int_equal(RAW("\x18\x01"), 0);
    assert_int_equal(RAW("\x18\xff\xff\xff\xff\x0f"), 0);                 /* 2^32 - 1 */
    assert_int_equal(RAW("\x18\x80\x80\x80\x80\x10"), -PL_E_BAD_MESSAGE); /* 2^32 */
    assert_int_equal(RAW("\x18"), -PL_E_BAD_MESSAGE);                     /* cut off */
    assert_int_equal(RAW("\x18\x80"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x20\x01"), 0);
    assert_int_equal(RAW("\x20\x02"), -PL_E_BAD_MESSAGE); /* neither true nor false */
    assert_int_equal(RAW("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0); /* int32 -1 */
    assert_int_equal(RAW("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0);
    assert_int_equal(RAW("\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x30\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x3d\x01\x02\x03\x04"), 0);
    assert_int_equal(RAW("\x3d\x01\x02\x03"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x18\x01\x18\x01"), -PL_E_BAD_MESSAGE); /* given twice */
}

static void verify_checks_tags_and_wire_types(void **state)
{
    (void)state;
    assert_int_equal(RAW("\x00\x01"), -PL_E_BAD_MESSAGE);                     /* field 0 */
    assert_int_equal(RAW("\x80\x80\x80\x80\x10\x01"), -PL_E_BAD_MESSAGE);     /* 2^29 */
    assert_int_equal(RAW("\xff\xff\xff\xff\xff\x01\x01"), -PL_E_BAD_MESSAGE); /* endless tag */
    assert_int_equal(RAW("\x1a\x00"), -PL_E_BAD_MESSAGE); /* a number as bytes */
    assert_int_equal(RAW("\x08\x01"), -PL_E_BAD_MESSAGE); /* a message as a number */
    assert_int_equal(RAW("\x4d\x01\x02\x03\x04"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x0b\x0c"), -PL_E_BAD_MESSAGE); /* a group */
    assert_int_equal(RAW("\x1e\x01"), -PL_E_BAD_MESSAGE); /* wire types 6 and 7 */
    assert_int_equal(RAW("\x1f\x01"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\xc8\x06\x01"), -PL_E_BAD_MESSAGE); /* field 105 is not known */
    struct pl_buf b = {.data = (uint8_t[]){0xc8, 0x06, 0x01, 0xca, 0x06, 0x01, 'x'}, .len = 7};
    assert_int_equal(verify_as(&b, false, NULL), 0);
    b.data = (uint8_t[]){0xcb, 0x06, 0xcc, 0x06}; /* unknown group */
    b.len = 4;
    assert_int_equal(verify_as(&b, false, NULL), -PL_E_BAD_MESSAGE);
    b.data = (uint8_t[]){0xca, 0x06, 0x02, 'x'}; /* unknown, reaching over the end */
    assert_int_equal(verify_as(&b, false, NULL), -PL_E_BAD_MESSAGE);
}

static void verify_checks_lengths(void **state)
{
    (void)state;
    assert_int_equal(RAW("\x4a\x03"
                         "abc"),
                     0);
    assert_int_equal(RAW("\x4a\x04"
                         "abc"),
                     -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x4a\xff\xff\xff\xff\x0f"
                         "abc"),
                     -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x4a"), -PL_E_BAD_MESSAGE);
    /* A field inside a submessage that reaches over the submessage, not over the end. */
    assert_int_equal(RAW("\x0a\x02\x4a\x03"
                         "abc"),
                     -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\x0a\x02\x18\x80\x01"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\xa2\x01\x08"
                         "12345678"),
                     0);
    assert_int_equal(RAW("\xa2\x01\x09"
                         "123456789"),
                     -PL_E_LIMIT);
}

static void verify_checks_text(void **state)
{
    (void)state;
    struct pl_err e;
    assert_int_equal(RAW("\x4a\x05"
                         "\xc3\xa4\n\tb"),
                     0);
    assert_int_equal(RAW("\x4a\x03"
                         "a\0b"),
                     -PL_E_BAD_TEXT);
    assert_int_equal(RAW("\x4a\x02"
                         "a\xff"),
                     -PL_E_BAD_TEXT);
    assert_int_equal(RAW("\x4a\x03"
                         "\xed\xa0\x80"),
                     -PL_E_BAD_TEXT);
    assert_int_equal(RAW("\x4a\x01"
                         "\x1b"),
                     -PL_E_BAD_TEXT);
    assert_int_equal(RAW("\xa2\x01\x03"
                         "\0\x1b\xff"),
                     0); /* bytes are bytes */
    struct pl_buf b = {.data = (uint8_t[]){0x0a, 0x03, 0x4a, 0x01, 0x1b}, .len = 5};
    assert_int_equal(verify_as(&b, true, &e), -PL_E_BAD_TEXT);
    assert_string_equal(e.text, "Node.s: byte 0 is not clean text");
}

static void verify_counts_repeated_and_singular(void **state)
{
    (void)state;
    assert_int_equal(RAW("\x12\x00\x12\x00\x12\x00\x12\x00"), 0);
    assert_int_equal(RAW("\x12\x00\x12\x00\x12\x00\x12\x00\x12\x00"), -PL_E_LIMIT);
    /* Each message counts its own. */
    assert_int_equal(RAW("\x12\x04\x12\x00\x12\x00\x12\x00\x12\x00\x12\x00"), 0);
    assert_int_equal(RAW("\x0a\x00\x0a\x00"), -PL_E_BAD_MESSAGE);
    assert_int_equal(RAW("\xa8\x01\x01"), 0);
    assert_int_equal(RAW("\xa8\x01\x01\xb2\x01\x00"), -PL_E_BAD_MESSAGE); /* both of a oneof */
    assert_int_equal(RAW("\xb2\x01\x00\xa8\x01\x01"), -PL_E_BAD_MESSAGE);
}

/* ---- the shapes that multiply memory ---- */

/* Decodes; whatever the answer, no more than the budget is taken. */
static int expect_in_budget(uint32_t type, const struct pl_buf *b, enum pl_side reader)
{
    struct pl_msg m;
    struct pl_arena arena;
    size_t budget = PL_UNPACK_BUDGET(b->len);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, type, b->data, b->len, reader, &arena, NULL);
    assert_in_range(arena.used, 0, budget < PL_UNPACK_BUDGET_MAX ? budget : PL_UNPACK_BUDGET_MAX);
    if (rc == 0)
        pl_msg_release(&m);
    pl_arena_release(&arena);
    return rc;
}

static void repeat(struct pl_buf *b, const char *bytes, size_t n, size_t total)
{
    pl_buf_init(b, total);
    while (b->len + n <= total)
        assert_int_equal(pl_buf_add(b, bytes, n), 0);
}

static void verify_refuses_shapes_that_multiply_memory(void **state)
{
    (void)state;
    struct pl_buf b;
    struct pl_buf cs;
    /* Empty submessages: slots of a changeset in a Submit. */
    repeat(&cs, "\x0a\x00", 2, PL_CHANGESET_BYTES_MAX);
    pl_buf_init(&b, PL_FRAME_MAX_CLIENT);
    raw_message(&b, 5, &cs);
    assert_int_equal(expect_in_budget(PL_MSG_SUBMIT, &b, PL_SIDE_SERVER), -PL_E_LIMIT);
    pl_buf_release(&b);
    /* The same, from an evil server. */
    repeat(&b, "\x1a\x00", 2, PL_FRAME_MAX_SERVER - 2);
    assert_int_equal(expect_in_budget(PL_MSG_HISTORY_REPLY, &b, PL_SIDE_CLIENT), -PL_E_LIMIT);
    pl_buf_release(&b);
    repeat(&b, "\x12\x00", 2, PL_FRAME_MAX_SERVER - 2);
    assert_int_equal(expect_in_budget(PL_MSG_PEOPLE_REPLY, &b, PL_SIDE_CLIENT), -PL_E_LIMIT);
    pl_buf_release(&b);
    /* Unknown fields. */
    repeat(&b, "\x78\x01", 2, PL_FRAME_MAX_CLIENT - 2);
    assert_int_equal(expect_in_budget(PL_MSG_LEAVE, &b, PL_SIDE_SERVER), -PL_E_BAD_MESSAGE);
    pl_buf_release(&b);
    repeat(&b, "\x78\x01", 2, PL_FRAME_MAX_SERVER - 2);
    assert_int_equal(expect_in_budget(PL_MSG_SYNCED, &b, PL_SIDE_CLIENT), -PL_E_BAD_MESSAGE);
    pl_buf_release(&b);
    /* As many as the client takes: within the budget or refused by it, never more. */
    repeat(&b, "\x7a\x00", 2, 2u * PL_MSG_FIELDS_MAX_SERVER);
    (void)expect_in_budget(PL_MSG_SYNCED, &b, PL_SIDE_CLIENT);
    pl_buf_release(&b);
    /* Empty byte ranges and strings. */
    repeat(&b, "\x2a\x00", 2, PL_FRAME_MAX_SERVER - 2);
    assert_int_equal(expect_in_budget(PL_MSG_JOIN_WELCOME, &b, PL_SIDE_CLIENT), -PL_E_LIMIT);
    pl_buf_release(&b);
    /* A singular submessage again and again, the merge path. */
    repeat(&b, "\x2a\x00", 2, PL_FRAME_MAX_CLIENT - 2);
    assert_int_equal(expect_in_budget(PL_MSG_SUBMIT, &b, PL_SIDE_SERVER), -PL_E_BAD_MESSAGE);
    pl_buf_release(&b);
}

static void verify_refuses_unknown_at_every_level(void **state)
{
    (void)state;
    struct pl_buf slot;
    struct pl_buf cs;
    struct pl_buf b;
    pl_buf_init(&slot, 64);
    pl_buf_init(&cs, 64);
    pl_buf_init(&b, 64);
    raw_number(&slot, 1, 2);
    raw_number(&slot, 13, 1);
    raw_message(&cs, 1, &slot);
    raw_message(&b, 5, &cs);
    assert_int_equal(expect_in_budget(PL_MSG_SUBMIT, &b, PL_SIDE_SERVER), -PL_E_BAD_MESSAGE);
    pl_buf_clear(&b);
    pl_buf_init(&slot, 64);
    pl_buf_init(&cs, 64);
    raw_number(&slot, 1, 2);
    raw_number(&slot, 13, 1);
    raw_message(&cs, 1, &slot);
    raw_message(&b, 7, &cs);
    assert_int_equal(expect_in_budget(PL_MSG_REV, &b, PL_SIDE_CLIENT), 0);
    pl_buf_release(&b);
}

/* The library gets no memory at its k-th request, for every k. */
static void verify_allocator_may_fail_at_any_point(void **state)
{
    (void)state;
    struct pl_msg m;
    struct pl_buf b;
    pl_buf_init(&b, 1u << 16);
    assert_true(sample_message(&m, PL_MSG_REV));
    assert_int_equal(pl_msg_encode(&m, &b, NULL), 0);
    sample_release(&m);
    const ProtobufCMessageDescriptor *d = pl_codec_descriptor(PL_MSG_REV);
    bool done = false;
    for (size_t budget = 0; !done; budget += 16) {
        struct pl_arena arena;
        struct pl_alloc alloc;
        pl_arena_init(&arena, 1u << 20);
        pl_alloc_init(&alloc, &arena, budget);
        done = protobuf_c_message_unpack(d, &alloc.pb, b.len - 6, b.data + 6) != NULL;
        assert_true(arena.used <= budget);
        pl_arena_release(&arena);
        assert_true(budget < 1u << 20);
    }
    pl_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_limits_depth),
        cmocka_unit_test(verify_limits_fields),
        cmocka_unit_test(verify_checks_numbers),
        cmocka_unit_test(verify_checks_tags_and_wire_types),
        cmocka_unit_test(verify_checks_lengths),
        cmocka_unit_test(verify_checks_text),
        cmocka_unit_test(verify_counts_repeated_and_singular),
        cmocka_unit_test(verify_refuses_shapes_that_multiply_memory),
        cmocka_unit_test(verify_refuses_unknown_at_every_level),
        cmocka_unit_test(verify_allocator_may_fail_at_any_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
