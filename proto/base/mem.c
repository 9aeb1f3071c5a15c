// SPDX-License-Identifier: Apache-2.0
/*
 * Allocation that aborts instead of failing, and the counters by tag. Sizes are asked from the
 * allocator (malloc_usable_size), so that no header is needed and free() stays usable.
 */
#include "plimsoll/base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/err.h"

struct counter {
    atomic_uint_fast64_t count;
    atomic_uint_fast64_t bytes;
};

static struct counter counters[PL_MEM_TAG_COUNT];

static const char *const names[PL_MEM_TAG_COUNT] = {
#define PL_MEM_TAG(name, label) [PL_MEM_##name] = (label),
    PL_MEM_TAGS
#undef PL_MEM_TAG
};

static void *checked(void *p)
{
    if (p == NULL)
        PL_BUG("out of memory");
    return p;
}

void *pl_xmalloc(size_t n)
{
    return checked(malloc(n > 0 ? n : 1));
}

void *pl_xcalloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    return checked(calloc(count, size));
}

void *pl_xrealloc(void *p, size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    return checked(reallocarray(p, count, size));
}

char *pl_xstrdup(const char *s)
{
    return pl_xmemdup(s, strlen(s) + 1);
}

char *pl_xstrndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = pl_xmalloc(len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void *pl_xmemdup(const void *bytes, size_t n)
{
    void *copy = pl_xmalloc(n);
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

char *pl_xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    return checked(n < 0 ? NULL : text);
}

void *pl_mem_calloc(enum pl_mem_tag tag, size_t count, size_t size)
{
    PL_ASSERT((unsigned)tag < PL_MEM_TAG_COUNT);
    void *p = pl_xcalloc(count, size);
    atomic_fetch_add_explicit(&counters[tag].count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters[tag].bytes, malloc_usable_size(p), memory_order_relaxed);
    return p;
}

void pl_mem_free(enum pl_mem_tag tag, void *p)
{
    PL_ASSERT((unsigned)tag < PL_MEM_TAG_COUNT);
    if (p == NULL)
        return;
    atomic_fetch_sub_explicit(&counters[tag].bytes, malloc_usable_size(p), memory_order_relaxed);
    atomic_fetch_sub_explicit(&counters[tag].count, 1, memory_order_relaxed);
    free(p);
}

struct pl_mem_stat pl_mem_stat_get(enum pl_mem_tag tag)
{
    PL_ASSERT((unsigned)tag < PL_MEM_TAG_COUNT);
    struct pl_mem_stat s = {
        .count = atomic_load_explicit(&counters[tag].count, memory_order_relaxed),
        .bytes = atomic_load_explicit(&counters[tag].bytes, memory_order_relaxed),
    };
    return s;
}

const char *pl_mem_tag_name(enum pl_mem_tag tag)
{
    PL_ASSERT((unsigned)tag < PL_MEM_TAG_COUNT);
    return names[tag];
}
