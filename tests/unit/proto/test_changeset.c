// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets: order and replacement of slots, the rows of the transform table that are not text,
 * refusals that change nothing, and inversion. Random cases are in tests/prop.
 */
#include "support/unit.h"

#include <string.h>

#include "plimsoll/merge/changeset.h"

static const struct pl_eid one = {1, 1};
static const struct pl_eid two = {1, 2};
static const struct pl_eid far = {2, 0};
static const struct pl_key some_key = {.len = 4, .s = "a0.x"};

static void put_text(struct pl_cs *cs, struct pl_eid eid, uint32_t len, uint32_t pos,
                     const char *ins)
{
    struct pl_op op;
    uint32_t n = (uint32_t)strlen(ins);
    pl_op_init(&op, len);
    pl_op_retain(&op, pos);
    pl_op_insert(&op, ins, n, n);
    pl_cs_text(cs, eid, 3, &op);
    assert_true(pl_op_is_noop(&op)); /* taken */
}

static void put_int(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t i)
{
    struct pl_value v = pl_value_int(i);
    pl_cs_reg(cs, eid, field, &v);
}

static int64_t get_int(const struct pl_cs *cs, struct pl_eid eid, uint32_t field)
{
    const struct pl_slot *s = pl_cs_find(cs, PL_SLOT_REG, eid, field, NULL);
    assert_non_null(s);
    return s->value.i;
}

TEST(changeset_is_sorted_when_built_in_any_order)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    assert_true(pl_cs_is_empty(&cs));
    pl_cs_elem(&cs, two, 4, "b", 1, true);
    put_text(&cs, far, 0, 0, "x");
    pl_cs_elem(&cs, two, 4, "", 0, true);
    put_int(&cs, one, 2, 5);
    pl_cs_elem(&cs, two, 4, "ab", 2, true);
    put_int(&cs, one, 1, 5);
    pl_cs_dead(&cs, two, true);
    pl_cs_create(&cs, one, 9, PL_EID_ROOT, &some_key);
    pl_cs_place(&cs, two, one, &some_key);
    assert_int_equal(cs.n, 9);
    for (uint32_t i = 1; i < cs.n; i++) {
        assert_true(pl_slot_cmp(cs.slots[i - 1], cs.slots[i]) < 0);
        assert_true(pl_slot_cmp(cs.slots[i], cs.slots[i - 1]) > 0);
    }
    assert_int_equal(cs.slots[0]->kind, PL_SLOT_CREATE);
    assert_int_equal(cs.slots[8]->kind, PL_SLOT_TEXT);
    struct pl_elem ab = {.len = 2, .b = "ab"};
    assert_ptr_equal(pl_cs_find(&cs, PL_SLOT_ELEM, two, 4, &ab), cs.slots[6]);
    assert_null(pl_cs_find(&cs, PL_SLOT_ELEM, two, 5, &ab));
    pl_cs_release(&cs);
    pl_cs_release(&cs);
}

TEST(changeset_keeps_one_value_when_slot_is_put_twice)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    put_int(&cs, one, 2, 5);
    put_int(&cs, one, 2, 6);
    put_text(&cs, one, 3, 3, "a");
    put_text(&cs, one, 4, 4, "b");
    put_text(&cs, two, 3, 3, ""); /* a no-op is not kept */
    assert_int_equal(cs.n, 2);
    assert_int_equal(get_int(&cs, one, 2), 6);
    const struct pl_slot *s = pl_cs_find(&cs, PL_SLOT_TEXT, one, 3, NULL);
    assert_int_equal(s->op.ins_len, 2);
    struct pl_op undo;
    pl_op_init(&undo, 5);
    pl_op_retain(&undo, 3);
    pl_op_delete(&undo, 2, NULL, 0);
    pl_cs_text(&cs, one, 3, &undo);
    assert_null(pl_cs_find(&cs, PL_SLOT_TEXT, one, 3, NULL));
    pl_cs_release(&cs);
}

TEST(changeset_is_equal_when_copied_and_empty_when_moved)
{
    struct pl_cs a;
    struct pl_cs b;
    struct pl_cs c;
    struct pl_value v = pl_value_str("some text", 9);
    pl_cs_init(&a);
    pl_cs_reg(&a, one, 1, &v);
    put_text(&a, one, 0, 0, "a text that is longer than what fits into the struct");
    pl_cs_create(&a, far, 4, one, &some_key);
    pl_cs_copy(&b, &a);
    assert_true(pl_cs_eq(&a, &b));
    pl_cs_move(&c, &a);
    assert_true(pl_cs_is_empty(&a));
    assert_true(pl_cs_eq(&c, &b));
    put_int(&b, one, 1, 3);
    assert_false(pl_cs_eq(&c, &b));
    pl_value_release(&v);
    assert_int_equal(v.type, PL_VAL_NULL);
    pl_cs_release(&a);
    pl_cs_release(&b);
    pl_cs_release(&c);
}

TEST(changeset_lets_the_later_win_when_slots_are_equal)
{
    struct pl_cs later;
    struct pl_cs earlier;
    struct pl_err e;
    pl_cs_init(&later);
    pl_cs_init(&earlier);
    put_int(&later, one, 1, 10);
    pl_cs_dead(&later, one, false);
    pl_cs_place(&later, one, far, &some_key);
    pl_cs_elem(&later, one, 4, "x", 1, true);
    put_int(&earlier, one, 1, 20);
    put_int(&earlier, one, 2, 21);
    pl_cs_dead(&earlier, one, true);
    pl_cs_place(&earlier, one, two, &some_key);
    pl_cs_elem(&earlier, one, 4, "x", 1, false);
    pl_cs_elem(&earlier, one, 4, "y", 1, true);
    struct pl_cs rebased;
    pl_cs_copy(&rebased, &later);
    assert_int_equal(pl_cs_rebase(&rebased, &earlier, &e), 0);
    assert_true(pl_cs_eq(&rebased, &later));
    assert_int_equal(pl_cs_transform(&later, &earlier, &e), 0);
    assert_true(pl_cs_eq(&rebased, &later));
    assert_int_equal(get_int(&later, one, 1), 10);
    assert_int_equal(earlier.n, 2); /* what the later did not touch */
    assert_int_equal(get_int(&earlier, one, 2), 21);
    pl_cs_release(&rebased);
    pl_cs_release(&later);
    pl_cs_release(&earlier);
}

TEST(changeset_puts_the_later_text_left_when_places_are_equal)
{
    struct pl_cs later;
    struct pl_cs earlier;
    struct pl_err e;
    pl_cs_init(&later);
    pl_cs_init(&earlier);
    put_text(&later, one, 5, 2, "L");
    put_text(&earlier, one, 5, 2, "E");
    put_text(&earlier, two, 5, 2, "untouched");
    assert_int_equal(pl_cs_transform(&later, &earlier, &e), 0);
    const struct pl_slot *l = pl_cs_find(&later, PL_SLOT_TEXT, one, 3, NULL);
    const struct pl_slot *r = pl_cs_find(&earlier, PL_SLOT_TEXT, one, 3, NULL);
    assert_int_equal(pl_op_map_pos(&l->op, 2, PL_RIGHT), 3);
    assert_int_equal(pl_op_map_pos(&r->op, 3, PL_RIGHT), 4);
    assert_int_equal(l->op.base_len, 6);
    assert_int_equal(earlier.n, 2);
    pl_cs_release(&later);
    pl_cs_release(&earlier);
}

TEST(changeset_changes_nothing_when_pair_is_refused)
{
    struct pl_cs a;
    struct pl_cs b;
    struct pl_cs a_before;
    struct pl_cs b_before;
    struct pl_err e = {0};
    for (unsigned i = 0; i < 2; i++) {
        pl_cs_init(&a);
        pl_cs_init(&b);
        put_int(&a, one, 1, 1);
        put_int(&b, one, 1, 2);
        put_int(&b, one, 2, 2);
        if (i == 0) {
            pl_cs_create(&a, two, 1, one, &some_key);
            pl_cs_create(&b, two, 1, one, &some_key);
        } else {
            put_text(&a, two, 5, 1, "x");
            put_text(&b, two, 7, 1, "x");
        }
        pl_cs_copy(&a_before, &a);
        pl_cs_copy(&b_before, &b);
        assert_int_equal(pl_cs_transform(&a, &b, &e), -PL_E_BADOP);
        assert_int_equal(pl_cs_rebase(&a, &b, &e), -PL_E_BADOP);
        assert_int_equal(pl_cs_compose(&a, &b, &e), -PL_E_BADOP);
        assert_int_equal(e.code, PL_E_BADOP);
        assert_true(pl_cs_eq(&a, &a_before));
        assert_true(pl_cs_eq(&b, &b_before));
        pl_cs_release(&a);
        pl_cs_release(&b);
        pl_cs_release(&a_before);
        pl_cs_release(&b_before);
    }
}

/* A state in which `one` exists with the text "abc", register 1 = 7, at some_key under the root. */
static bool see_reg(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_value **v)
{
    static const struct pl_value seven = {.type = PL_VAL_INT, .i = 7};
    static const struct pl_value null = {.type = PL_VAL_NULL};
    (void)ctx;
    *v = field == 1 ? &seven : &null;
    return pl_eid_eq(eid, one);
}

static bool see_place(void *ctx, struct pl_eid eid, struct pl_eid *parent,
                      const struct pl_key **key)
{
    (void)ctx;
    *parent = PL_EID_ROOT;
    *key = &some_key;
    return pl_eid_eq(eid, one);
}

static bool see_dead(void *ctx, struct pl_eid eid, bool *dead)
{
    (void)ctx;
    *dead = false;
    return pl_eid_eq(eid, one);
}

static bool see_elem(void *ctx, struct pl_eid eid, uint32_t field, const struct pl_elem *el,
                     bool *in)
{
    (void)ctx;
    (void)field;
    *in = el->b[0] == 'i';
    return pl_eid_eq(eid, one);
}

static const struct pl_text *see_text(void *ctx, struct pl_eid eid, uint32_t field)
{
    (void)field;
    return pl_eid_eq(eid, one) ? ctx : NULL;
}

TEST(changeset_is_undone_by_its_inverse)
{
    struct pl_text abc;
    struct pl_cs cs;
    struct pl_cs inverse;
    struct pl_op op;
    struct pl_err e;
    pl_text_init(&abc);
    pl_text_assign(&abc, "abc", 3);
    struct pl_state_view before = {see_reg, see_place, see_dead, see_elem, see_text, &abc};
    pl_cs_init(&cs);
    put_int(&cs, one, 1, 9);
    put_int(&cs, one, 2, 9);
    pl_cs_dead(&cs, one, true);
    pl_cs_place(&cs, one, far, &some_key);
    pl_cs_elem(&cs, one, 4, "in", 2, false);
    pl_cs_elem(&cs, one, 4, "out", 3, true);
    pl_op_init(&op, 3);
    pl_op_retain(&op, 1);
    pl_op_delete(&op, 2, NULL, 0);
    pl_cs_text(&cs, one, 3, &op);
    pl_cs_create(&cs, two, 9, one, &some_key);
    put_text(&cs, two, 0, 0, "in the new one");
    pl_cs_invert(&inverse, &cs, &before);
    assert_int_equal(inverse.n, 8); /* the new entry needs only its removal */
    assert_int_equal(get_int(&inverse, one, 1), 7);
    assert_int_equal(pl_cs_find(&inverse, PL_SLOT_REG, one, 2, NULL)->value.type, PL_VAL_NULL);
    assert_false(pl_cs_find(&inverse, PL_SLOT_DEAD, one, 0, NULL)->flag);
    assert_true(pl_cs_find(&inverse, PL_SLOT_DEAD, two, 0, NULL)->flag);
    assert_true(pl_eid_is_root(pl_cs_find(&inverse, PL_SLOT_PLACE, one, 0, NULL)->parent));
    const struct pl_slot *text = pl_cs_find(&inverse, PL_SLOT_TEXT, one, 3, NULL);
    assert_int_equal(text->op.ins_len, 2);
    assert_memory_equal(text->op.ins.inl, "bc", 2);
    assert_int_equal(pl_cs_fill_deleted(&cs, &before, &e), 0);
    assert_true(pl_cs_find(&cs, PL_SLOT_TEXT, one, 3, NULL)->op.has_deleted);
    pl_text_assign(&abc, "abcd", 4);
    assert_int_equal(pl_cs_fill_deleted(&cs, &before, &e), -PL_E_BADOP);
    pl_cs_release(&cs);
    pl_cs_release(&inverse);
    pl_text_release(&abc);
}

TEST(value_is_equal_only_to_its_like)
{
    struct pl_value v[] = {{.type = PL_VAL_NULL}, pl_value_int(0),      pl_value_int(1),
                           pl_value_str("", 0),   pl_value_str("a", 1), pl_value_eid(one),
                           pl_value_eid(two)};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        struct pl_value copy;
        pl_value_copy(&copy, &v[i]);
        for (size_t k = 0; k < sizeof v / sizeof v[0]; k++)
            assert_int_equal(pl_value_eq(&copy, &v[k]), i == k);
        pl_value_release(&copy);
    }
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
        pl_value_release(&v[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(changeset_is_sorted_when_built_in_any_order),
        UNIT(changeset_keeps_one_value_when_slot_is_put_twice),
        UNIT(changeset_is_equal_when_copied_and_empty_when_moved),
        UNIT(changeset_lets_the_later_win_when_slots_are_equal),
        UNIT(changeset_puts_the_later_text_left_when_places_are_equal),
        UNIT(changeset_changes_nothing_when_pair_is_refused),
        UNIT(changeset_is_undone_by_its_inverse),
        UNIT(value_is_equal_only_to_its_like),
    };
    return RUN(tests);
}
