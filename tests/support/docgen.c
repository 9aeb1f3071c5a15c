// SPDX-License-Identifier: Apache-2.0
/* See docgen.h. Times lie around SAMPLE_T0, users among those of the sample review. */
#include "support/docgen.h"

#include <string.h>

#include "support/sample.h"

static void note_id(void *ctx, struct pl_entry *en)
{
    struct docgen *g = ctx;

    if (g->n < DOCGEN_IDS)
        g->ids[g->n++] = pl_entry_eid(en);
}

void docgen_look(struct docgen *g)
{
    g->n = 0;
    pl_doc_each(g->d, note_id, g);
}

struct pl_eid docgen_id(struct docgen *g)
{
    return g->ids[pl_prng_below(&g->r, g->n)];
}

struct pl_value docgen_value(struct docgen *g, const struct pl_field *f)
{
    static const char *const words[] = {"T02", "T18",          "T34",     "12",      "u1",
                                        "u2",  "Ana Ferreira", "@nobody", "red team"};
    const char *s = words[pl_prng_below(&g->r, 9)];
    size_t n = 0;

    if (pl_prng_one_in(&g->r, 6))
        return (struct pl_value){.type = PL_VAL_NULL};
    switch (f->type) {
    case PL_FT_ENUM:
        while (pl_enum_at(f->ref, n) != 0)
            n++;
        return pl_value_int(pl_enum_at(f->ref, pl_prng_below(&g->r, n)));
    case PL_FT_STR:
        if (strstr(f->name, "zone") != NULL)
            return pl_value_str("Europe/Berlin", 13);
        return pl_value_str(s, strlen(s));
    case PL_FT_DEC:
        return pl_value_str("12", 2);
    case PL_FT_EID:
        return pl_value_eid(docgen_id(g));
    case PL_FT_TIME:
        if (pl_prng_one_in(&g->r, 8)) /* in the hour that Berlin's clocks left out that month */
            return pl_value_int(INT64_C(1774747800000000) +
                                pl_prng_range(&g->r, -5, 5) * 600000000LL);
        return pl_value_int(SAMPLE_T0 + pl_prng_range(&g->r, -40, 80) * 600000000LL);
    case PL_FT_INT:
        return pl_value_int(pl_prng_range(&g->r, f->min, f->min + 9));
    case PL_FT_USER:
        return pl_value_int(pl_prng_range(&g->r, 1, 4));
    case PL_FT_BOOL:
    case PL_FT_TEXT:
    case PL_FT_SET_EID:
    case PL_FT_SET_STR:
        break;
    }
    return pl_value_int(1);
}

static void put_text(struct docgen *g, struct pl_cs *cs, const struct pl_entry *en, uint32_t field)
{
    static const char *const texts[] = {"human error", "a manual task", "x", "",
                                        "As E-2 says, the outage lasted for 3 hours."};
    static const struct pl_text empty = {0};
    const struct pl_text *t = pl_entry_text(en, field);
    const char *s = texts[pl_prng_below(&g->r, 5)];
    struct pl_op op;

    if (t == NULL)
        t = &empty;
    pl_op_splice(&op, t, 0, (uint32_t)pl_text_len(t), s, (uint32_t)strlen(s));
    pl_cs_text(cs, pl_entry_eid(en), field, &op);
}

static void put_field(struct docgen *g, struct pl_cs *cs)
{
    const struct pl_entry *en = pl_doc_entry(g->d, docgen_id(g));
    const struct pl_field *f;
    struct pl_elem el = {.len = 8, .b = "response"};
    struct pl_value v;
    size_t n = 0;

    while (pl_field_at(pl_entry_kind(en), n) != NULL)
        n++;
    f = pl_field_at(pl_entry_kind(en), pl_prng_below(&g->r, n));
    if (f->type == PL_FT_TEXT) {
        if (pl_cs_find(cs, PL_SLOT_TEXT, pl_entry_eid(en), f->number, NULL) == NULL)
            put_text(g, cs, en, f->number);
    } else if (pl_field_is_set(f)) {
        if (f->type == PL_FT_SET_EID)
            pl_eid_to_elem(docgen_id(g), &el);
        else if (pl_prng_one_in(&g->r, 2))
            el = (struct pl_elem){.len = 12, .b = "zone-guessed"};
        pl_cs_elem(cs, pl_entry_eid(en), f->number, el.b, el.len, !pl_prng_one_in(&g->r, 3));
    } else {
        v = docgen_value(g, f);
        pl_cs_reg(cs, pl_entry_eid(en), f->number, &v);
        pl_value_release(&v);
    }
}

void docgen_slot(struct docgen *g, struct pl_cs *cs)
{
    struct pl_eid eid = {1, g->next};
    uint32_t kind = (uint32_t)pl_prng_range(&g->r, 2, PL_KIND_MAX);
    struct pl_eid parent = PL_EID_ROOT;
    struct pl_key key = {.len = 2, .s = "a5"};

    switch (pl_prng_below(&g->r, 9)) {
    case 0:
        for (unsigned i = 0;
             i < 20 && !pl_kind_fits(kind, pl_entry_kind(pl_doc_entry(g->d, parent))); i++)
            parent = docgen_id(g);
        key.s[1] = (char)('1' + pl_prng_below(&g->r, 8));
        pl_cs_create(cs, eid, kind, parent, &key);
        g->next++;
        return;
    case 1:
        pl_cs_dead(cs, docgen_id(g), pl_prng_one_in(&g->r, 2));
        return;
    case 2:
        eid = docgen_id(g);
        key.s[1] = (char)('1' + pl_prng_below(&g->r, 8));
        parent = pl_prng_one_in(&g->r, 2) ? docgen_id(g) : PL_EID_ROOT;
        pl_cs_place(cs, eid, parent, &key);
        return;
    default:
        put_field(g, cs);
        return;
    }
}
