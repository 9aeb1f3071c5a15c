// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets as they stand in journals and in the log. What decodes is in order, encodes to bytes
 * that decode to the same, and composes with itself transformed over itself without breaking.
 */
#include <stdint.h>
#include <string.h>

#include "plimsoll/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct pl_cs *cs)
{
    for (uint32_t i = 1; i < cs->n; i++)
        PL_ASSERT(pl_slot_cmp(cs->slots[i - 1], cs->slots[i]) < 0);
}

static void check_again(const struct pl_cs *cs)
{
    struct pl_buf b;
    struct pl_cs again;
    pl_buf_init(&b, 64u << 20);
    PL_ASSERT(pl_cs_encode(cs, &b, NULL) == 0);
    PL_ASSERT(pl_cs_decode(&again, b.data, b.len, NULL) == 0);
    PL_ASSERT(pl_cs_eq(cs, &again));
    pl_cs_release(&again);
    pl_buf_release(&b);
}

/* Two people make the same change: TP1 says that both ways give one result. */
static void check_transform(const struct pl_cs *cs)
{
    struct pl_cs later;
    struct pl_cs earlier;
    pl_cs_copy(&later, cs);
    pl_cs_copy(&earlier, cs);
    if (pl_cs_transform(&later, &earlier, NULL) == 0) {
        struct pl_cs one;
        struct pl_cs two;
        pl_cs_copy(&one, cs);
        pl_cs_copy(&two, cs);
        if (pl_cs_compose(&one, &later, NULL) == 0 && pl_cs_compose(&two, &earlier, NULL) == 0)
            PL_ASSERT(pl_cs_eq(&one, &two));
        check_order(&one);
        check_again(&later);
        pl_cs_release(&one);
        pl_cs_release(&two);
    }
    pl_cs_release(&later);
    pl_cs_release(&earlier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_cs cs;
    struct pl_err e;
    pl_err_init(&e);
    if (size > 1u << 16)
        return 0;
    if (pl_cs_decode(&cs, data, size, &e) < 0) {
        PL_ASSERT(e.code != 0 && e.text[0] != '\0');
        return 0;
    }
    check_order(&cs);
    check_again(&cs);
    check_transform(&cs);
    pl_cs_release(&cs);
    return 0;
}
