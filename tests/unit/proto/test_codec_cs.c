// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets on the wire: what a slot may carry, order, keys, values, text ops, limits. Slots are
 * made by hand, since the builders cannot make wrong ones.
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

#include "support/wire.h"

#define KEY "a0.00000000001000001"

/* A slot by hand: only what is set is written. */
struct raw_slot {
    uint32_t kind;
    uint32_t n; /* of the entry id */
    uint32_t field;
    const char *elem;
    size_t elem_len;
    struct pl_buf *value; /* released */
    bool flag;
    uint32_t create_kind;
    bool parent;
    const char *key;
    uint32_t base_len;
    const char *comps;
    size_t comps_len;
};

static void add_slot(struct pl_buf *cs, const struct raw_slot *s)
{
    struct pl_buf b;
    pl_buf_init(&b, 1u << 21);
    if (s->kind != 0)
        raw_number(&b, 1, s->kind);
    raw_fixed64(&b, 2, 77);
    raw_number(&b, 3, s->n);
    if (s->field != 0)
        raw_number(&b, 4, s->field);
    if (s->elem != NULL)
        raw_bytes(&b, 5, s->elem, s->elem_len);
    if (s->value != NULL)
        raw_message(&b, 6, s->value);
    if (s->flag)
        raw_number(&b, 7, 1);
    if (s->create_kind != 0)
        raw_number(&b, 8, s->create_kind);
    if (s->parent) {
        struct pl_buf eid;
        pl_buf_init(&eid, 32);
        raw_fixed64(&eid, 1, 77);
        raw_number(&eid, 2, 1);
        raw_message(&b, 9, &eid);
    }
    if (s->key != NULL)
        raw_str(&b, 10, s->key);
    if (s->base_len != 0)
        raw_number(&b, 11, s->base_len);
    if (s->comps != NULL)
        raw_bytes(&b, 12, s->comps, s->comps_len);
    raw_message(cs, 1, &b);
}

/* Takes the changeset in as a Submit; also the journal's way, which must agree. */
static int submit(struct pl_buf *take_cs)
{
    struct pl_buf b;
    struct pl_msg m;
    struct pl_arena arena;
    struct pl_cs cs;
    pl_buf_init(&b, 1u << 21);
    raw_number(&b, 1, 9);
    int stored = pl_cs_decode(&cs, take_cs->data, take_cs->len, NULL);
    if (stored == 0)
        pl_cs_release(&cs);
    raw_message(&b, 5, take_cs);
    pl_arena_init(&arena, PL_UNPACK_BUDGET_MAX);
    int rc = pl_msg_decode(&m, PL_MSG_SUBMIT, b.data, b.len, PL_SIDE_SERVER, &arena, NULL);
    if (rc == 0)
        pl_msg_release(&m);
    if (rc != -PL_E_LIMIT)
        assert_int_equal(rc, stored);
    pl_arena_release(&arena);
    pl_buf_release(&b);
    return rc;
}

static int submit_slot(struct raw_slot s)
{
    struct pl_buf cs;
    pl_buf_init(&cs, 1u << 21);
    add_slot(&cs, &s);
    return submit(&cs);
}

static void cs_takes_each_kind_with_what_belongs_to_it(void **state)
{
    (void)state;
    assert_int_equal(submit_slot((struct raw_slot){.kind = 1, .create_kind = 2, .key = KEY}), 0);
    assert_int_equal(
        submit_slot((struct raw_slot){.kind = 1, .create_kind = 2, .parent = true, .key = KEY}), 0);
    assert_int_equal(submit_slot((struct raw_slot){.kind = 2}), 0);
    assert_int_equal(submit_slot((struct raw_slot){.kind = 2, .flag = true}), 0);
    assert_int_equal(submit_slot((struct raw_slot){.kind = 3, .parent = true, .key = KEY}), 0);
    assert_int_equal(submit_slot((struct raw_slot){.kind = 4, .field = 9}), 0);
    assert_int_equal(
        submit_slot((struct raw_slot){.kind = 5, .field = 9, .elem = "x", .elem_len = 1}), 0);
    assert_int_equal(
        submit_slot((struct raw_slot){
            .kind = 6, .field = 9, .base_len = 4, .comps = "\x01\x12", .comps_len = 2}),
        0);
}

static void cs_refuses_what_does_not_belong_to_a_kind(void **state)
{
    (void)state;
    for (uint32_t kind = 1; kind <= 6; kind++) {
        bool place = kind == 1 || kind == 3;
        bool field = kind >= 4;
        struct raw_slot ok = {.kind = kind,
                              .create_kind = kind == 1 ? 2 : 0,
                              .key = place ? KEY : NULL,
                              .field = field ? 9 : 0,
                              .elem = kind == 5 ? "x" : NULL,
                              .elem_len = 1,
                              .base_len = kind == 6 ? 4 : 0,
                              .comps = kind == 6 ? "\x01\x12" : NULL,
                              .comps_len = 2};
        assert_int_equal(submit_slot(ok), 0);
        struct raw_slot bad = ok;
        bad.field = 9;
        assert_int_equal(submit_slot(bad), field ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.elem = "x";
        assert_int_equal(submit_slot(bad), kind == 5 ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.flag = true;
        assert_int_equal(submit_slot(bad), kind == 2 || kind == 5 ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.create_kind = 3;
        assert_int_equal(submit_slot(bad), kind == 1 ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.parent = true;
        assert_int_equal(submit_slot(bad), place ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.key = KEY;
        assert_int_equal(submit_slot(bad), place ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.base_len = 5;
        assert_int_equal(submit_slot(bad), kind == 6 ? 0 : -PL_E_BADOP);
        bad = ok;
        bad.comps = "\x01\x12";
        assert_int_equal(submit_slot(bad), kind == 6 ? 0 : -PL_E_BADOP);
        struct pl_buf value;
        pl_buf_init(&value, 64);
        raw_number(&value, 1, 4);
        bad = ok;
        bad.value = &value;
        assert_int_equal(submit_slot(bad), kind == 4 ? 0 : -PL_E_BADOP);
    }
    assert_int_equal(submit_slot((struct raw_slot){.kind = 0}), -PL_E_BADOP);
    assert_int_equal(submit_slot((struct raw_slot){.kind = 7}), -PL_E_BADOP);
    assert_int_equal(submit_slot((struct raw_slot){.kind = UINT32_MAX}), -PL_E_BADOP);
}

static int submit_two(uint32_t n1, uint32_t field1, uint32_t n2, uint32_t field2)
{
    struct pl_buf cs;
    pl_buf_init(&cs, 4096);
    add_slot(&cs, &(struct raw_slot){.kind = 4, .n = n1, .field = field1});
    add_slot(&cs, &(struct raw_slot){.kind = 4, .n = n2, .field = field2});
    return submit(&cs);
}

static void cs_slots_must_ascend(void **state)
{
    (void)state;
    assert_int_equal(submit_two(1, 9, 1, 10), 0);
    assert_int_equal(submit_two(1, 9, 2, 1), 0);
    assert_int_equal(submit_two(1, 9, 1, 9), -PL_E_BADOP);
    assert_int_equal(submit_two(1, 9, 1, 8), -PL_E_BADOP);
    assert_int_equal(submit_two(2, 9, 1, 10), -PL_E_BADOP);
    struct pl_buf texts; /* the same text twice, with lengths that do not fit each other */
    pl_buf_init(&texts, 4096);
    struct raw_slot text = {
        .kind = 6, .field = 9, .base_len = 4, .comps = "\x01\x12", .comps_len = 2};
    add_slot(&texts, &text);
    add_slot(&texts, &text);
    assert_int_equal(submit(&texts), -PL_E_BADOP);
    struct pl_buf cs; /* elements order as bytes, a prefix first */
    pl_buf_init(&cs, 4096);
    add_slot(&cs, &(struct raw_slot){.kind = 5, .field = 9, .elem = "a", .elem_len = 1});
    add_slot(&cs, &(struct raw_slot){.kind = 5, .field = 9, .elem = "aa", .elem_len = 2});
    add_slot(&cs, &(struct raw_slot){.kind = 5, .field = 9, .elem = "\xff", .elem_len = 1});
    assert_int_equal(submit(&cs), 0);
}

static void cs_keys_must_be_well_formed(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a0", ".", "a0 .1", "a0.b/c", "a\xc3\xa4.x", "a.b.c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct raw_slot s = {.kind = 3, .key = bad[i]};
        assert_int_equal(submit_slot(s), -PL_E_BADOP);
    }
    assert_int_equal(submit_slot((struct raw_slot){.kind = 3}), -PL_E_BADOP);
    char key[PL_KEY_MAX + 2];
    for (int delta = -1; delta <= 1; delta++) {
        size_t n = (size_t)(PL_KEY_MAX + delta);
        memset(key, '1', n);
        memcpy(key, "a0.", 3);
        key[n] = '\0';
        assert_int_equal(submit_slot((struct raw_slot){.kind = 3, .key = key}),
                         delta > 0 ? -PL_E_BADOP : 0);
    }
}

static void cs_elements_have_limits(void **state)
{
    (void)state;
    static const char bytes[PL_ELEM_MAX + 1] = "e";
    struct raw_slot s = {.kind = 5, .field = 9, .elem = bytes};
    assert_int_equal(submit_slot(s), -PL_E_BADOP);
    s.elem_len = 1;
    assert_int_equal(submit_slot(s), 0);
    s.elem_len = PL_ELEM_MAX;
    assert_int_equal(submit_slot(s), 0);
    s.elem_len = PL_ELEM_MAX + 1;
    assert_int_equal(submit_slot(s), -PL_E_BADOP);
}

static int submit_string(size_t n, const char *tail)
{
    struct pl_buf value;
    struct pl_buf text;
    pl_buf_init(&value, 1u << 14);
    pl_buf_init(&text, 1u << 14);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pl_buf_add_str(&text, "\xc3\xa4"), 0);
    assert_int_equal(pl_buf_add_str(&text, tail), 0);
    raw_bytes(&value, 2, text.data, text.len);
    pl_buf_release(&text);
    return submit_slot((struct raw_slot){.kind = 4, .field = 9, .value = &value});
}

static void cs_values_have_limits(void **state)
{
    (void)state;
    assert_int_equal(submit_string(PL_STR_MAX - 1, ""), 0);
    assert_int_equal(submit_string(PL_STR_MAX, ""), 0);
    assert_int_equal(submit_string(PL_STR_MAX, "x"), -PL_E_LIMIT);
    assert_int_equal(submit_string(0, ""), 0);
    assert_int_equal(submit_string(1, "\n"), -PL_E_BAD_TEXT);
    assert_int_equal(submit_string(1, "\x1b"), -PL_E_BAD_TEXT);
    struct pl_buf cs;
    struct pl_buf slot;
    pl_buf_init(&cs, 4096);
    pl_buf_init(&slot, 4096);
    raw_number(&slot, 1, 4);
    raw_number(&slot, 4, 9);
    raw_bytes(&slot, 6, "", 0); /* a value that has none */
    raw_message(&cs, 1, &slot);
    assert_int_equal(submit(&cs), -PL_E_BADOP);
    pl_buf_init(&slot, 4096); /* two values at once */
    pl_buf_init(&cs, 4096);
    raw_number(&slot, 1, 4);
    raw_number(&slot, 4, 9);
    raw_bytes(&slot, 6, "\x08\x02\x12\x01x", 5);
    raw_message(&cs, 1, &slot);
    assert_int_equal(submit(&cs), -PL_E_BAD_MESSAGE);
}

static int submit_op(uint32_t base_len, const char *comps, size_t n)
{
    return submit_slot((struct raw_slot){
        .kind = 6, .field = 9, .base_len = base_len, .comps = comps, .comps_len = n});
}

#define OP(base, s) submit_op((base), (s), sizeof(s) - 1)

static void cs_text_ops_must_be_canonical(void **state)
{
    (void)state;
    assert_int_equal(OP(4, "\x02\x08\x05x"), 0);            /* retain 2, insert 1 */
    assert_int_equal(OP(4, "\x02\x10\x05x"), 0);            /* at the end */
    assert_int_equal(OP(4, "\x02\x14\x05x"), -PL_E_BADOP);  /* past the end */
    assert_int_equal(OP(4, "\x01\x12"), 0);                 /* delete all */
    assert_int_equal(OP(4, "\x01\x16"), -PL_E_BADOP);       /* more than there is */
    assert_int_equal(OP(4, "\x02\x0a\x05x"), -PL_E_BADOP);  /* delete before insert */
    assert_int_equal(OP(4, "\x02\x05\x05xy"), -PL_E_BADOP); /* two inserts */
    assert_int_equal(OP(4, "\x01\x08"), -PL_E_BADOP);       /* trailing retain */
    assert_int_equal(OP(4, "\x01\x02"), -PL_E_BADOP);       /* zero */
    assert_int_equal(OP(4, "\x01\x07"), -PL_E_BADOP);       /* kind 3 */
    assert_int_equal(OP(4, "\x01\x09xyz"), -PL_E_BADOP);    /* text too long */
    assert_int_equal(OP(4, "\x01\x09x"), -PL_E_BADOP);      /* text too short */
    assert_int_equal(OP(4, "\x01\x05\x1b"), -PL_E_BAD_TEXT);
    assert_int_equal(OP(4, "\x01\x05\xff"), -PL_E_BAD_TEXT);
    assert_int_equal(OP(4, "\x00"), -PL_E_BADOP); /* changes nothing */
    assert_int_equal(OP(4, ""), -PL_E_BADOP);
    assert_int_equal(submit_op(PL_TEXT_FIELD_MAX - 1, "\x01\x05x", 3), 0);
    assert_int_equal(submit_op(PL_TEXT_FIELD_MAX, "\x01\x05x", 3), 0);
    assert_int_equal(submit_op(PL_TEXT_FIELD_MAX + 1, "\x01\x05x", 3), -PL_E_LIMIT);
}

static int submit_count(uint32_t n)
{
    struct pl_buf cs;
    pl_buf_init(&cs, 1u << 20);
    for (uint32_t i = 0; i < n; i++)
        add_slot(&cs, &(struct raw_slot){.kind = 2, .n = i});
    return submit(&cs);
}

static void cs_has_limits_of_slots_and_bytes(void **state)
{
    (void)state;
    assert_int_equal(submit_count(0), 0); /* what a rebase emptied must still be answered */
    assert_int_equal(submit_count(PL_CHANGESET_SLOTS_MAX - 1), 0);
    assert_int_equal(submit_count(PL_CHANGESET_SLOTS_MAX), 0);
    assert_int_equal(submit_count(PL_CHANGESET_SLOTS_MAX + 1), -PL_E_LIMIT);
    assert_int_equal(PL_CHANGESET_SLOTS_MAX, PL_CS_SLOTS_MAX);
    struct pl_cs cs;
    struct pl_op op;
    char *text = malloc(PL_CHANGESET_BYTES_MAX);
    assert_non_null(text);
    memset(text, 't', PL_CHANGESET_BYTES_MAX);
    for (uint32_t left = 100; left-- > 0;) {
        uint32_t n = PL_CHANGESET_BYTES_MAX - left;
        struct pl_buf b;
        pl_buf_init(&b, 1u << 17);
        pl_cs_init(&cs);
        pl_op_init(&op, 0);
        pl_op_insert(&op, text, n, n);
        pl_cs_text(&cs, (struct pl_eid){77, 1}, 3, &op);
        assert_int_equal(pl_cs_encode(&cs, &b, NULL), 0);
        size_t size = b.len;
        assert_int_equal(submit(&b), size > PL_CHANGESET_BYTES_MAX ? -PL_E_LIMIT : 0);
        pl_cs_release(&cs);
    }
    free(text);
}

static void cs_undo_marks_are_checked(void **state)
{
    (void)state;
    for (uint64_t undo = 0; undo <= 3; undo++) {
        struct pl_buf cs;
        pl_buf_init(&cs, 4096);
        raw_number(&cs, 3, undo);
        assert_int_equal(submit(&cs), undo > 2 ? -PL_E_BAD_MESSAGE : 0);
    }
}

static void cs_comes_back_from_a_journal(void **state)
{
    (void)state;
    struct pl_cs a;
    struct pl_cs b;
    struct pl_buf bytes;
    pl_buf_init(&bytes, 1u << 16);
    sample_changeset(&a);
    assert_int_equal(pl_cs_encode(&a, &bytes, NULL), 0);
    assert_int_equal(pl_cs_decode(&b, bytes.data, bytes.len, NULL), 0);
    assert_true(pl_cs_eq(&a, &b));
    pl_cs_release(&b);
    for (size_t n = 0; n < bytes.len; n++) {
        if (pl_cs_decode(&b, bytes.data, n, NULL) == 0)
            pl_cs_release(&b); /* cut between two slots */
    }
    struct pl_buf tight;
    pl_buf_init(&tight, bytes.len - 1);
    assert_int_equal(pl_cs_encode(&a, &tight, NULL), -PL_E_LIMIT);
    assert_int_equal(tight.len, 0);
    pl_buf_release(&tight);
    pl_buf_release(&bytes);
    pl_cs_release(&a);
    pl_buf_init(&bytes, 64);
    assert_int_equal(pl_cs_encode(&a, &bytes, NULL), 0); /* empty */
    assert_int_equal(bytes.len, 0);
    assert_int_equal(pl_cs_decode(&b, bytes.data, 0, NULL), 0);
    assert_true(pl_cs_is_empty(&b));
    pl_buf_release(&bytes);
}

/* What a client composed in a day without the server does not fit into one Submit. */
static void cs_of_a_journal_may_be_longer_than_a_message(void **state)
{
    (void)state;
    struct pl_cs a;
    struct pl_cs b;
    struct pl_buf bytes;
    pl_buf_init(&bytes, 1u << 20);
    pl_cs_init(&a);
    for (uint32_t i = 0; i < 3000; i++)
        pl_cs_dead(&a, (struct pl_eid){77, i}, true);
    assert_int_equal(pl_cs_encode(&a, &bytes, NULL), 0);
    assert_int_equal(pl_cs_decode(&b, bytes.data, bytes.len, NULL), 0);
    assert_true(pl_cs_eq(&a, &b));
    struct pl_msg m = {PL_MSG_SUBMIT, {.submit = {.cs = a}}};
    assert_int_equal(pl_msg_encode(&m, &bytes, NULL), -PL_E_LIMIT);
    pl_cs_release(&a);
    pl_cs_release(&b);
    pl_buf_release(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cs_takes_each_kind_with_what_belongs_to_it),
        cmocka_unit_test(cs_refuses_what_does_not_belong_to_a_kind),
        cmocka_unit_test(cs_slots_must_ascend),
        cmocka_unit_test(cs_keys_must_be_well_formed),
        cmocka_unit_test(cs_elements_have_limits),
        cmocka_unit_test(cs_values_have_limits),
        cmocka_unit_test(cs_text_ops_must_be_canonical),
        cmocka_unit_test(cs_has_limits_of_slots_and_bytes),
        cmocka_unit_test(cs_undo_marks_are_checked),
        cmocka_unit_test(cs_comes_back_from_a_journal),
        cmocka_unit_test(cs_of_a_journal_may_be_longer_than_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
