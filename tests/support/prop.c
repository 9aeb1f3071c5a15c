// SPDX-License-Identifier: Apache-2.0
/* See prop.h. */
#include "support/prop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"

static uint64_t from_env(const char *name, uint64_t otherwise)
{
    const char *s = getenv(name);
    uint64_t v = otherwise;

    if (s != NULL && pl_parse_u64(s, &v) != 0)
        v = otherwise;
    return v;
}

static void shrink(const struct prop *p, uint64_t seed, bool *on)
{
    size_t work = 0;

    for (unsigned i = 0; i < p->steps; i++) {
        on[i] = false;
        if (p->run(seed, on, &work) == NULL)
            on[i] = true;
    }
    const char *broken = p->run(seed, on, &work);
    (void)fprintf(stderr, "%s; steps left:", broken != NULL ? broken : "");
    for (unsigned i = 0; i < p->steps; i++) {
        if (on[i])
            (void)fprintf(stderr, " %u", i);
    }
    (void)fprintf(stderr, "\n");
}

int prop_main(const struct prop *p)
{
    uint64_t first = from_env("PL_SEED", 1);
    uint64_t cases = from_env("PL_CASES", p->cases);
    size_t work = 0;

    for (uint64_t seed = first; seed < first + cases; seed++) {
        bool on[PROP_STEPS_MAX];
        memset(on, true, sizeof on);
        const char *broken = p->run(seed, on, &work);
        if (broken != NULL) {
            (void)fprintf(stderr, "PL_SEED=%llu: %s\n", (unsigned long long)seed, broken);
            shrink(p, seed, on);
            return 1;
        }
    }
    (void)printf("%s: seed %llu, %llu cases, %zu %s\n", p->name, (unsigned long long)first,
                 (unsigned long long)cases, work, p->unit);
    return work > cases * p->least ? 0 : 1;
}
