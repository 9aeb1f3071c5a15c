// SPDX-License-Identifier: Apache-2.0
/*
 * Allocation helpers and the counters by tag.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "support/unit.h"

TEST(mem_copies_when_asked)
{
    char *a = pl_xstrdup("plimsoll");
    char *b = pl_xstrndup("plimsoll", 4);
    char *c = pl_xstrndup("ab", 4);
    char *d = pl_xmemdup("a\0b", 3);
    char *e = pl_xasprintf("%s-%d", "n", 5);
    assert_string_equal(a, "plimsoll");
    assert_string_equal(b, "plim");
    assert_string_equal(c, "ab");
    assert_memory_equal(d, "a\0b", 3);
    assert_string_equal(e, "n-5");
    free(a);
    free(b);
    free(c);
    free(d);
    free(e);
}

TEST(mem_gives_something_to_free_when_empty)
{
    void *a = pl_xmalloc(0);
    void *b = pl_xcalloc(0, 8);
    void *c = pl_xrealloc(NULL, 4, 0);
    void *d = pl_xmemdup(NULL, 0);
    c = pl_xrealloc(c, 100, 10);
    memset(c, 1, 1000);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(d);
    free(a);
    free(b);
    free(c);
    free(d);
}

TEST(mem_counts_by_tag_when_tagged)
{
    struct pl_mem_stat before = pl_mem_stat_get(PL_MEM_ROOM);
    unsigned char *p = pl_mem_calloc(PL_MEM_ROOM, 10, 100);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    struct pl_mem_stat during = pl_mem_stat_get(PL_MEM_ROOM);
    assert_int_equal(during.count, before.count + 1);
    assert_true(during.bytes >= before.bytes + 1000);
    assert_int_equal(pl_mem_stat_get(PL_MEM_VIEW).count, 0);
    pl_mem_free(PL_MEM_ROOM, p);
    pl_mem_free(PL_MEM_ROOM, NULL);
    assert_int_equal(pl_mem_stat_get(PL_MEM_ROOM).count, before.count);
    assert_int_equal(pl_mem_stat_get(PL_MEM_ROOM).bytes, before.bytes);
}

TEST(mem_tags_have_names_when_listed)
{
    for (int i = 0; i < PL_MEM_TAG_COUNT; i++)
        assert_non_null(pl_mem_tag_name((enum pl_mem_tag)i));
    assert_string_equal(pl_mem_tag_name(PL_MEM_SESSION), "session");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(mem_copies_when_asked),
        UNIT(mem_gives_something_to_free_when_empty),
        UNIT(mem_counts_by_tag_when_tagged),
        UNIT(mem_tags_have_names_when_listed),
    };
    return RUN(tests);
}
