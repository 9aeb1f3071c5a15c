// SPDX-License-Identifier: Apache-2.0
/*
 * Ops: canonical building, the wire form byte by byte, refusals, application, and the rows of the
 * transform table with the tie rule. Random cases are in tests/prop.
 */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/merge/op.h"

static uint32_t number(const char *s)
{
    uint64_t v = 0;
    assert_int_equal(pl_parse_u64(s, &v), 0);
    return (uint32_t)v;
}

/* Builds an op from a line such as "=3 +abc -2" on a text of `len` scalars. */
static void build(struct pl_op *op, uint32_t len, const char *line)
{
    char word[64];
    int used = 0;
    pl_op_init(op, len);
    for (; sscanf(line, "%63s%n", word, &used) == 1; line += used) {
        uint32_t n = (uint32_t)strlen(word + 1);
        if (word[0] == '+')
            pl_op_insert(op, word + 1, n, n);
        else if (word[0] == '-')
            pl_op_delete(op, number(word + 1), NULL, 0);
        else
            pl_op_retain(op, number(word + 1));
    }
}

static void expect(const struct pl_op *op, const char *line)
{
    char got[256] = "";
    size_t n = 0;
    struct pl_op_iter it;
    struct pl_comp c;
    for (pl_op_iter_init(&it, op); pl_op_iter_next(&it, &c);) {
        const char *space = n == 0 ? "" : " ";
        if (c.kind == PL_INSERT)
            n += (size_t)snprintf(got + n, sizeof got - n, "%s+%.*s", space, (int)c.nbytes,
                                  (const char *)c.bytes);
        else
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%c%u", space,
                                  c.kind == PL_DELETE ? '-' : '=', c.n);
    }
    assert_string_equal(got, line);
}

static void expect_built(const char *line, const char *want)
{
    struct pl_op op;
    build(&op, 100, line);
    expect(&op, want);
    pl_op_release(&op);
}

TEST(op_is_canonical_when_built)
{
    expect_built("", "");
    expect_built("=5", "");
    expect_built("=2 =3 +a", "=5 +a");
    expect_built("+a +b =0 +c", "+abc");
    expect_built("-1 -2 +a", "+a -3");
    expect_built("+a -1 +b -1 =4", "+ab -2");
    expect_built("=1 -1 +x =1 -1 +y =9", "=1 +x -1 =1 +y -1");
    expect_built("+aaaaaaaaaaaaaaaa =1 +bbbbbbbbbbbbbbbb =1 -1 =1 +c", /* leaves the struct */
                 "+aaaaaaaaaaaaaaaa =1 +bbbbbbbbbbbbbbbb =1 -1 =1 +c");
}

TEST(op_copies_and_moves_when_small_or_large)
{
    static const char *const lines[] = {"=1 +a",
                                        "+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa =1 -1 =1 +b =3 -1"};
    for (unsigned i = 0; i < 2; i++) {
        struct pl_op a;
        struct pl_op b;
        struct pl_op c;
        build(&a, 50, lines[i]);
        pl_op_copy(&b, &a);
        pl_op_move(&c, &a);
        assert_true(pl_op_is_noop(&a));
        assert_true(pl_op_eq(&b, &c));
        expect(&c, lines[i]);
        pl_op_release(&a);
        pl_op_release(&b);
        pl_op_release(&c);
        assert_true(pl_op_is_noop(&c));
    }
    struct pl_op zeroed = {0};
    pl_op_release(&zeroed);
}

TEST(op_encodes_to_documented_bytes_when_typed)
{
    struct pl_op op;
    struct pl_buf b;
    pl_op_init(&op, 300);
    pl_op_retain(&op, 100);
    pl_op_insert(&op, "\xc3\xa9x", 3, 2);
    pl_op_delete(&op, 1, NULL, 0);
    pl_buf_init(&b, 100);
    assert_int_equal(pl_op_encode(&op, &b), 0);
    /* 3 components; 100 << 2 | 0 = 400; 2 << 2 | 1; 1 << 2 | 2; text */
    const uint8_t want[] = {3, 0x90, 0x03, 9, 6, 0xc3, 0xa9, 'x'};
    assert_int_equal(b.len, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    pl_buf_release(&b);
    pl_buf_init(&b, 7);
    assert_int_equal(pl_op_encode(&op, &b), -PL_E_LIMIT);
    assert_int_equal(b.len, 0);
    pl_buf_release(&b);
    pl_op_release(&op);
}

struct refusal {
    const char *bytes;
    size_t n;
    uint32_t base_len;
    int code;
};

TEST(op_is_refused_when_wire_form_is_wrong)
{
    /* long: one table of faults */
#define CASE(bytes, base_len, code)              \
    {                                            \
        bytes, sizeof(bytes) - 1, base_len, code \
    }
    static const struct refusal cases[] = {
        CASE("", 5, PL_E_BADOP),         /* nothing */
        CASE("\x01", 5, PL_E_BADOP),     /* count without component */
        CASE("\x80", 5, PL_E_BADOP),     /* half a varint */
        CASE("\x01\x05", 5, PL_E_BADOP), /* insert without its text */
        CASE("\x01\x05"
             "ab",
             5, PL_E_BADOP), /* too much text */
        CASE("\x01\x01"
             "a",
             5, PL_E_BADOP),                 /* insert of nothing */
        CASE("\x01\x07", 5, PL_E_BADOP),     /* no such kind */
        CASE("\x01\x04", 5, PL_E_BADOP),     /* trailing retain */
        CASE("\x02\x04\x04", 5, PL_E_BADOP), /* retain twice */
        CASE("\x02\x05\x05"
             "ab",
             5, PL_E_BADOP), /* insert twice */
        CASE("\x02\x06\x05"
             "a",
             5, PL_E_BADOP),                 /* insert behind delete */
        CASE("\x01\x1a", 5, PL_E_BADOP),     /* delete 6 of 5 */
        CASE("\x02\x14\x06", 5, PL_E_BADOP), /* retain 5, delete 1 of 5 */
        CASE("\x02\x18\x05"
             "a",
             5, PL_E_BADOP), /* retain 6 of 5, insert */
        CASE("\x02\x84\x00\x05"
             "a",
             5, PL_E_BADOP), /* varint longer than needed */
        CASE("\x81\x00\x05"
             "a",
             5, PL_E_BADOP), /* same, in the count */
        CASE("\x02\x80\x80\x80\x80\x80\x01\x05"
             "a",
             5, PL_E_BADOP), /* more than 32 bits */
        CASE("\x02\xfc\xff\xff\xff\x7f\x05"
             "a",
             5, PL_E_BADOP),                            /* same, just so */
        CASE("\x01\x05\x1b", 5, PL_E_BAD_TEXT),         /* ESC */
        CASE("\x01\x05\x7f", 5, PL_E_BAD_TEXT),         /* DEL */
        CASE("\x01\x05\xc3", 5, PL_E_BAD_TEXT),         /* half a scalar */
        CASE("\x01\x05\xc0\x80", 5, PL_E_BAD_TEXT),     /* overlong */
        CASE("\x01\x05\xed\xa0\x80", 5, PL_E_BAD_TEXT), /* surrogate */
        CASE("\x01\x05\xe2\x80\xae", 5, PL_E_BAD_TEXT), /* bidi override */
        CASE("\x01\x09\xc3\xa9", 5, PL_E_BADOP),        /* 2 scalars said, 1 given */
        CASE("\x01\x05"
             "a",
             UINT32_MAX, PL_E_LIMIT),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_op op;
        struct pl_err e = {0};
        int rc = pl_op_decode(&op, cases[i].base_len, cases[i].bytes, cases[i].n, &e);
        if (rc != -cases[i].code)
            print_message("case %zu\n", i);
        assert_int_equal(rc, -cases[i].code);
        assert_int_equal(e.code, cases[i].code);
    }
}

TEST(op_decodes_when_form_is_right)
{
    static const char bytes[] = "\x05\x04\x05\x06\x08\x06\xe4\xba\x8b";
    struct pl_op op;
    struct pl_err e;
    assert_int_equal(pl_op_decode(&op, 5, bytes, sizeof bytes - 1, &e), 0);
    expect(&op, "=1 +\xe4\xba\x8b -1 =2 -1");
    assert_false(op.has_deleted);
    assert_int_equal(pl_op_result_len(&op), 4);
    pl_op_release(&op);
    assert_int_equal(pl_op_decode(&op, 5, "\0", 1, &e), 0);
    assert_true(pl_op_is_noop(&op));
    pl_op_release(&op);
}

TEST(op_applies_and_keeps_deleted_text_when_asked)
{
    struct pl_text t;
    struct pl_op op;
    struct pl_op inverse;
    struct pl_err e;
    pl_text_init(&t);
    pl_text_assign(&t, "h\xc3\xa9llo world", 12);
    build(&op, 11, "=1 -4 +i =1 -1 +W");
    assert_int_equal(pl_op_apply_fill(&op, &t, &e), 0);
    assert_string_equal(pl_text_cstr(&t), "hi World");
    assert_int_equal(op.del_len, 6);
    assert_memory_equal(op.del, "\xc3\xa9llow", 6);
    pl_op_invert(&inverse, &op);
    assert_int_equal(pl_op_apply(&inverse, &t, &e), 0);
    assert_string_equal(pl_text_cstr(&t), "h\xc3\xa9llo world");
    pl_op_release(&op);
    pl_op_release(&inverse);
    pl_text_release(&t);
}

TEST(op_changes_nothing_when_length_differs)
{
    struct pl_text t;
    struct pl_op op;
    struct pl_err e;
    pl_text_init(&t);
    pl_text_assign(&t, "abc", 3);
    build(&op, 4, "+x");
    assert_int_equal(pl_op_apply(&op, &t, &e), -PL_E_BADOP);
    assert_int_equal(pl_op_fill(&op, &t, &e), -PL_E_BADOP);
    assert_string_equal(pl_text_cstr(&t), "abc");
    pl_op_release(&op);
    build(&op, 3, "=2 -2");
    assert_int_equal(pl_op_apply_fill(&op, &t, &e), -PL_E_BADOP);
    assert_string_equal(pl_text_cstr(&t), "abc");
    pl_op_release(&op);
    pl_text_release(&t);
}

TEST(op_splices_when_given_a_place)
{
    struct pl_text t;
    struct pl_op op;
    pl_text_init(&t);
    pl_text_assign(&t, "abcdef", 6);
    pl_op_splice(&op, &t, 2, 3, "x", 1);
    expect(&op, "=2 +x -3");
    assert_true(op.has_deleted);
    assert_memory_equal(op.del, "cde", 3);
    pl_op_release(&op);
    pl_op_splice(&op, &t, 6, 0, NULL, 0);
    assert_true(pl_op_is_noop(&op));
    pl_op_release(&op);
    pl_text_release(&t);
}

/* later, earlier, later', earlier' on a text of ten scalars. */
static const char *const rows[][4] = {
    {"=2 +a", "=5 +b", "=2 +a", "=6 +b"},
    {"=5 +a", "=2 +b", "=6 +a", "=2 +b"},
    {"=3 +a", "=3 +b", "=3 +a", "=4 +b"},          /* tie: the later goes left */
    {"=3 +a -2", "=3 +b", "=3 +a =1 -2", "=4 +b"}, /* and deletes behind the other's */
    {"=3 -2", "=3 +b", "=4 -2", "=3 +b"},
    {"=3 +a", "=1 -4", "=1 +a", "=1 -2 =1 -2"}, /* typed inside a deletion: stays */
    {"=1 -4", "=3 +b", "=1 -2 =1 -2", "=1 +b"},
    {"=2 -4", "=4 -4", "=2 -2", "=2 -2"}, /* deleted by both: once */
    {"=4 -4", "=2 -4", "=2 -2", "=2 -2"},
    {"=2 -2", "=2 -2", "", ""},
    {"=2 -2", "=4 -2", "=2 -2", "=2 -2"},
    {"+a -10", "+b -10", "+a", "=1 +b"},
    {"=2 +a -1", "=3 +b", "=2 +a -1", "=3 +b"}, /* replace, typed right behind it */
    {"=3 +b", "=2 +a -1", "=3 +b", "=2 +a -1"},
    {"", "=2 +b", "", "=2 +b"},
};

TEST(op_transforms_by_the_table)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pl_op a;
        struct pl_op b;
        struct pl_op a2;
        struct pl_op b2;
        build(&a, 10, rows[i][0]);
        build(&b, 10, rows[i][1]);
        pl_op_transform(&a, &b, &a2, &b2);
        expect(&a2, rows[i][2]);
        expect(&b2, rows[i][3]);
        assert_int_equal(a2.base_len, pl_op_result_len(&b));
        assert_int_equal(b2.base_len, pl_op_result_len(&a));
        pl_op_release(&a);
        pl_op_release(&b);
        pl_op_release(&a2);
        pl_op_release(&b2);
    }
}

/* first, second, both on a text of ten scalars. */
static const char *const sums[][3] = {
    {"=2 +a", "=3 +b", "=2 +ab"},
    {"=2 +a", "=2 +b", "=2 +ba"},
    {"=2 +abc", "=3 -1", "=2 +ac"},
    {"=2 +abc", "=3 +x -1", "=2 +axc"},
    {"=2 +a", "=2 -1", ""},
    {"=2 +a", "=1 -3", "=1 -2"},
    {"=2 -1", "=1 -1", "=1 -2"},
    {"=2 -1", "=2 -1", "=2 -2"},
    {"=2 -1", "=2 +x", "=2 +x -1"},
    {"=2 +a", "=7 +b", "=2 +a =4 +b"},
    {"=7 +a", "=2 +b", "=2 +b =5 +a"},
    {"=7 +a -1", "=2 +b -2", "=2 +b -2 =3 +a -1"},
    {"=2 +aaaaaaaaaaaaaaaa", "=5 +bbbbbbbbbbbbbbbb", "=2 +aaabbbbbbbbbbbbbbbbaaaaaaaaaaaaa"},
    {"+x =2 -1", "-1 =2 +y -7", "=2 +y -8"},
    {"", "=1 +a", "=1 +a"},
    {"=1 +a", "", "=1 +a"},
};

TEST(op_composes_what_follows)
{
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        struct pl_op a;
        struct pl_op b;
        struct pl_op both;
        build(&a, 10, sums[i][0]);
        build(&b, pl_op_result_len(&a), sums[i][1]);
        pl_op_compose(&both, &a, &b);
        expect(&both, sums[i][2]);
        pl_op_append(&a, &b);
        assert_true(pl_op_eq(&a, &both));
        pl_op_release(&a);
        pl_op_release(&b);
        pl_op_release(&both);
    }
}

TEST(op_maps_positions_by_affinity)
{
    struct pl_op op;
    build(&op, 10, "=3 +abc =2 +x -2");
    assert_int_equal(pl_op_map_pos(&op, 0, PL_LEFT), 0);
    assert_int_equal(pl_op_map_pos(&op, 3, PL_LEFT), 3);
    assert_int_equal(pl_op_map_pos(&op, 3, PL_RIGHT), 6);
    assert_int_equal(pl_op_map_pos(&op, 4, PL_LEFT), 7);
    assert_int_equal(pl_op_map_pos(&op, 5, PL_LEFT), 8);
    assert_int_equal(pl_op_map_pos(&op, 5, PL_RIGHT), 9);
    assert_int_equal(pl_op_map_pos(&op, 6, PL_LEFT), 9); /* its character is gone */
    assert_int_equal(pl_op_map_pos(&op, 7, PL_LEFT), 9);
    assert_int_equal(pl_op_map_pos(&op, 10, PL_RIGHT), 12);
    pl_op_release(&op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(op_is_canonical_when_built),
        UNIT(op_copies_and_moves_when_small_or_large),
        UNIT(op_encodes_to_documented_bytes_when_typed),
        UNIT(op_is_refused_when_wire_form_is_wrong),
        UNIT(op_decodes_when_form_is_right),
        UNIT(op_applies_and_keeps_deleted_text_when_asked),
        UNIT(op_changes_nothing_when_length_differs),
        UNIT(op_splices_when_given_a_place),
        UNIT(op_transforms_by_the_table),
        UNIT(op_composes_what_follows),
        UNIT(op_maps_positions_by_affinity),
    };
    return RUN(tests);
}
