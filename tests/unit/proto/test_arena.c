// SPDX-License-Identifier: Apache-2.0
/*
 * The arena: alignment, the budget at n-1, n, n+1, reset and reuse.
 */
#include <string.h>

#include "plimsoll/base/arena.h"
#include "support/unit.h"

TEST(arena_gives_aligned_memory_when_asked_odd_sizes)
{
    struct pl_arena a;
    pl_arena_init(&a, 1 << 20);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = pl_arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, (int)n, n);
    }
    pl_arena_release(&a);
}

TEST(arena_keeps_its_budget_when_spent)
{
    struct pl_arena a;
    pl_arena_init(&a, 4096);
    assert_non_null(pl_arena_alloc(&a, 4080));
    assert_null(pl_arena_alloc(&a, 17));
    assert_non_null(pl_arena_alloc(&a, 16));
    assert_int_equal(a.used, 4096);
    assert_null(pl_arena_alloc(&a, 1));
    pl_arena_reset(&a);
    assert_null(pl_arena_alloc(&a, 4097));
    assert_null(pl_arena_alloc(&a, SIZE_MAX));
    assert_null(pl_arena_alloc(&a, SIZE_MAX - 15));
    assert_non_null(pl_arena_alloc(&a, 4096));
    pl_arena_release(&a);
}

TEST(arena_gives_nothing_when_its_budget_is_zero)
{
    struct pl_arena a;
    pl_arena_init(&a, 0);
    assert_null(pl_arena_alloc(&a, 0));
    assert_null(pl_arena_strdup(&a, "", 0));
    pl_arena_release(&a);
}

TEST(arena_copies_when_asked)
{
    struct pl_arena a;
    pl_arena_init(&a, 1000);
    char *s = pl_arena_strdup(&a, "incident", 3);
    assert_string_equal(s, "inc");
    assert_memory_equal(pl_arena_dup(&a, "a\0b", 3), "a\0b", 3);
    assert_non_null(pl_arena_dup(&a, NULL, 0));
    assert_null(pl_arena_strdup(&a, "x", SIZE_MAX));
    pl_arena_release(&a);
}

TEST(arena_keeps_one_block_when_reset)
{
    struct pl_arena a;
    pl_arena_init(&a, 10 << 20);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2000; i++)
            assert_non_null(pl_arena_alloc(&a, 100));
        pl_arena_reset(&a);
        assert_int_equal(a.used, 0);
        assert_non_null(a.head);
    }
    assert_non_null(pl_arena_alloc(&a, 1 << 20));
    pl_arena_reset(&a);
    assert_null(a.head); /* an outsize block is not kept */
    pl_arena_release(&a);
}

TEST(arena_release_is_harmless_when_zeroed)
{
    struct pl_arena a;
    memset(&a, 0, sizeof a);
    pl_arena_release(&a);
    pl_arena_reset(&a);
    assert_null(pl_arena_alloc(&a, 1));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(arena_gives_aligned_memory_when_asked_odd_sizes),
        UNIT(arena_keeps_its_budget_when_spent),
        UNIT(arena_gives_nothing_when_its_budget_is_zero),
        UNIT(arena_copies_when_asked),
        UNIT(arena_keeps_one_block_when_reset),
        UNIT(arena_release_is_harmless_when_zeroed),
    };
    return RUN(tests);
}
