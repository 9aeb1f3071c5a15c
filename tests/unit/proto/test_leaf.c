// SPDX-License-Identifier: Apache-2.0
/*
 * Leaves of the audit log: bytes that stay what they are, and each malformed one refused.
 */
#include <string.h>

#include "plimsoll/tlog/leaf.h"

#include "support/unit.h"

static const uint8_t fields[] = {0, 16, 0, 8, 0, 0, 0, 0, 0, 0, 0, 42, 0, 18, 0, 2, 0, 1};

static struct pl_leaf sample(void)
{
    struct pl_leaf l = {
        .outcome = 1,
        .kind = 0x0102,
        .stream = 7,
        .number = 3,
        .time_us = INT64_C(1700000000000000),
        .user = 42,
        .device = UINT64_MAX,
        .node = 5,
        .n_fields = 2,
        .fields = fields,
        .fields_len = sizeof(fields),
    };
    memset(l.blind, 0xab, sizeof(l.blind));
    l.prev = pl_tree_leaf("p", 1);
    return l;
}

static void encode(const struct pl_leaf *l, struct pl_buf *out)
{
    pl_buf_init(out, 2 * PL_LEAF_MAX);
    assert_int_equal(pl_leaf_encode(l, out, NULL), 0);
}

TEST(leaf_is_read_as_it_is_written)
{
    struct pl_leaf l = sample();
    struct pl_leaf m;
    struct pl_buf a;
    struct pl_buf b;
    uint64_t user = 0;
    encode(&l, &a);
    assert_int_equal(a.len, PL_LEAF_HEAD + sizeof(fields));
    assert_memory_equal(a.data, "PLA1\x01\x01\x01\x02", 8);
    assert_int_equal(pl_leaf_decode(a.data, a.len, &m, NULL), 0);
    assert_int_equal(m.time_us, l.time_us);
    assert_int_equal(m.device, l.device);
    assert_true(pl_leaf_u64(&m, 16, &user));
    assert_int_equal(user, 42);
    assert_false(pl_leaf_u64(&m, 18, &user));
    assert_false(pl_leaf_u64(&m, 17, &user));
    encode(&m, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    pl_buf_release(&a);
    pl_buf_release(&b);
}

TEST(leaf_is_refused_at_every_length_but_its_own)
{
    struct pl_leaf l = sample();
    struct pl_leaf m;
    struct pl_buf a;
    encode(&l, &a);
    for (size_t n = 0; n < a.len; n++) {
        assert_int_equal(pl_leaf_decode(a.data, n, &m, NULL), -PL_E_INVALID);
    }
    assert_int_equal(pl_buf_add_byte(&a, 0), 0);
    assert_int_equal(pl_leaf_decode(a.data, a.len, &m, NULL), -PL_E_INVALID);
    pl_buf_release(&a);
}

TEST(leaf_is_refused_when_a_byte_is_out_of_range)
{
    static const struct {
        size_t at;
        uint8_t byte;
    } bad[] = {{0, 'X'}, {4, 2}, {5, 2}, {24, 0x80}, {133, 3}, {133, 1}, {135, 18}, {147, 16}};
    struct pl_leaf l = sample();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pl_leaf m;
        struct pl_buf a;
        encode(&l, &a);
        a.data[bad[i].at] = bad[i].byte;
        assert_int_equal(pl_leaf_decode(a.data, a.len, &m, NULL), -PL_E_INVALID);
        pl_buf_release(&a);
    }
}

TEST(leaf_is_not_written_when_it_could_not_be_read)
{
    static const uint8_t many[PL_LEAF_MAX];
    struct pl_leaf l = sample();
    struct pl_buf a;
    pl_buf_init(&a, 2 * PL_LEAF_MAX);
    l.n_fields = 1;
    assert_int_equal(pl_leaf_encode(&l, &a, NULL), -PL_E_INVALID);
    l = sample();
    l.outcome = 2;
    assert_int_equal(pl_leaf_encode(&l, &a, NULL), -PL_E_INVALID);
    l = sample();
    l.fields = many;
    l.fields_len = sizeof(many);
    assert_int_equal(pl_leaf_encode(&l, &a, NULL), -PL_E_LIMIT);
    pl_buf_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(leaf_is_read_as_it_is_written),
        UNIT(leaf_is_refused_at_every_length_but_its_own),
        UNIT(leaf_is_refused_when_a_byte_is_out_of_range),
        UNIT(leaf_is_not_written_when_it_could_not_be_read),
    };
    return RUN(tests);
}
