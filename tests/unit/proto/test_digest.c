// SPDX-License-Identifier: Apache-2.0
/*
 * The state hash: the documented bytes, written down here by hand and hashed in one piece, must
 * give what the slot functions give; defaults give nothing.
 */
#include "support/unit.h"

#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/merge/digest.h"

static const struct pl_eid eid = {0x1122334455667788, 0xa1a2a3a4};
#define EID "\x11\x22\x33\x44\x55\x66\x77\x88\xa1\xa2\xa3\xa4"

#define EXPECT(got, bytes)                                       \
    do {                                                         \
        uint64_t want_ = pl_xxh3_64((bytes), sizeof(bytes) - 1); \
        assert_true((got) == want_);                             \
    } while (0)

TEST(digest_is_over_documented_bytes)
{
    struct pl_eid parent = {7, 9};
    struct pl_key key = {.len = 4, .s = "a0.x"};
    struct pl_elem elem = {.len = 2, .b = {0xfe, 0x01}};
    struct pl_value num = pl_value_int(-2);
    struct pl_value str = pl_value_str("h\xc3\xa9", 3);
    struct pl_value ref = pl_value_eid(parent);
    EXPECT(pl_digest_create(eid, 5), "\x01" EID "\0\0\0\0"
                                     "\0"
                                     "\0\0\0\x05");
    EXPECT(pl_digest_dead(eid, true), "\x02" EID "\0\0\0\0"
                                      "\0"
                                      "\x01");
    EXPECT(pl_digest_place(eid, parent, &key), "\x03" EID "\0\0\0\0"
                                               "\0"
                                               "\0\0\0\0\0\0\0\x07\0\0\0\x09"
                                               "\x04"
                                               "a0.x");
    EXPECT(pl_digest_reg(eid, 258, &num), "\x04" EID "\0\0\x01\x02"
                                          "\0"
                                          "\x01"
                                          "\xff\xff\xff\xff\xff\xff\xff\xfe");
    EXPECT(pl_digest_reg(eid, 258, &str), "\x04" EID "\0\0\x01\x02"
                                          "\0"
                                          "\x02"
                                          "h\xc3\xa9");
    EXPECT(pl_digest_reg(eid, 258, &ref), "\x04" EID "\0\0\x01\x02"
                                          "\0"
                                          "\x03"
                                          "\0\0\0\0\0\0\0\x07\0\0\0\x09");
    EXPECT(pl_digest_elem(eid, 3, &elem, true), "\x05" EID "\0\0\0\x03"
                                                "\x02\xfe\x01"
                                                "\x01");
    pl_value_release(&str);
}

TEST(digest_of_text_ignores_where_the_gap_is)
{
    struct pl_text t;
    pl_text_init(&t);
    pl_text_assign(&t, "hello", 5);
    for (size_t gap = 0; gap <= 5; gap++) {
        pl_text_insert(&t, gap, "x", 1, 1);
        pl_text_delete(&t, gap, 1);
        EXPECT(pl_digest_text(eid, 1, &t), "\x06" EID "\0\0\0\x01"
                                           "\0"
                                           "hello");
    }
    pl_text_release(&t);
}

TEST(digest_is_zero_when_value_is_the_default)
{
    struct pl_value null = {.type = PL_VAL_NULL};
    struct pl_elem elem = {.len = 1, .b = {1}};
    struct pl_text empty;
    pl_text_init(&empty);
    assert_true(pl_digest_dead(eid, false) == 0);
    assert_true(pl_digest_reg(eid, 1, &null) == 0);
    assert_true(pl_digest_elem(eid, 1, &elem, false) == 0);
    assert_true(pl_digest_text(eid, 1, &empty) == 0);
    assert_true(pl_digest_text(eid, 1, NULL) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(digest_is_over_documented_bytes),
        UNIT(digest_of_text_ignores_where_the_gap_is),
        UNIT(digest_is_zero_when_value_is_the_default),
    };
    return RUN(tests);
}
