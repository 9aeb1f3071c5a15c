// SPDX-License-Identifier: Apache-2.0
/*
 * The hash of a slot. The bytes are those of digest.h; small values are laid out in one buffer and
 * hashed at once, strings and texts are streamed behind the slot id.
 */
#include "plimsoll/merge/digest.h"

#include <string.h>

#include <xxhash.h>

/* Slot id, then the largest value that goes in one piece: a place. */
#define ID_MAX    (1 + 8 + 4 + 4 + 1 + PL_ELEM_MAX)
#define VALUE_MAX (8 + 4 + 1 + PL_KEY_MAX)

struct bytes {
    uint8_t b[ID_MAX + VALUE_MAX];
    size_t n;
};

static void put_u8(struct bytes *o, unsigned v)
{
    o->b[o->n++] = (uint8_t)v;
}

static void put_u32(struct bytes *o, uint32_t v)
{
    for (unsigned shift = 32; shift > 0; shift -= 8)
        put_u8(o, v >> (shift - 8));
}

static void put_u64(struct bytes *o, uint64_t v)
{
    put_u32(o, (uint32_t)(v >> 32));
    put_u32(o, (uint32_t)v);
}

static void put_eid(struct bytes *o, struct pl_eid eid)
{
    put_u64(o, eid.client);
    put_u32(o, eid.n);
}

static void put_bytes(struct bytes *o, const void *bytes, uint8_t n)
{
    put_u8(o, n);
    memcpy(o->b + o->n, bytes, n);
    o->n += n;
}

/* The id of a slot without element. */
static struct bytes slot_id(enum pl_slot_kind kind, struct pl_eid eid, uint32_t field)
{
    struct bytes o;
    o.n = 0;
    put_u8(&o, kind);
    put_eid(&o, eid);
    put_u32(&o, field);
    put_u8(&o, 0);
    return o;
}

static uint64_t hash(const struct bytes *o)
{
    return XXH3_64bits(o->b, o->n);
}

/* The id, then two spans. */
static uint64_t hash_stream(const struct bytes *id, const void *a, size_t an, const void *b,
                            size_t bn)
{
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL)
        PL_BUG("out of memory");
    bool ok = XXH3_64bits_reset(state) == XXH_OK &&
              XXH3_64bits_update(state, id->b, id->n) == XXH_OK &&
              (an == 0 || XXH3_64bits_update(state, a, an) == XXH_OK) &&
              (bn == 0 || XXH3_64bits_update(state, b, bn) == XXH_OK);
    PL_ASSERT(ok);
    uint64_t h = XXH3_64bits_digest(state);
    (void)XXH3_freeState(state);
    return h;
}

uint64_t pl_digest_create(struct pl_eid eid, uint32_t kind)
{
    struct bytes o = slot_id(PL_SLOT_CREATE, eid, 0);
    put_u32(&o, kind);
    return hash(&o);
}

uint64_t pl_digest_dead(struct pl_eid eid, bool dead)
{
    if (!dead)
        return 0;
    struct bytes o = slot_id(PL_SLOT_DEAD, eid, 0);
    put_u8(&o, 1);
    return hash(&o);
}

uint64_t pl_digest_place(struct pl_eid eid, struct pl_eid parent, const struct pl_key *key)
{
    PL_ASSERT(key->len <= PL_KEY_MAX);
    struct bytes o = slot_id(PL_SLOT_PLACE, eid, 0);
    put_eid(&o, parent);
    put_bytes(&o, key->s, key->len);
    return hash(&o);
}

uint64_t pl_digest_reg(struct pl_eid eid, uint32_t field, const struct pl_value *v)
{
    struct bytes o = slot_id(PL_SLOT_REG, eid, field);
    switch (v->type) {
    case PL_VAL_NULL:
        return 0;
    case PL_VAL_INT:
        put_u8(&o, PL_VAL_INT);
        put_u64(&o, (uint64_t)v->i);
        return hash(&o);
    case PL_VAL_STR:
        put_u8(&o, PL_VAL_STR);
        return hash_stream(&o, v->str, v->str_len, NULL, 0);
    case PL_VAL_EID:
        put_u8(&o, PL_VAL_EID);
        put_eid(&o, v->eid);
        return hash(&o);
    }
    PL_BUG("value type");
}

uint64_t pl_digest_elem(struct pl_eid eid, uint32_t field, const struct pl_elem *elem, bool in)
{
    PL_ASSERT(elem->len <= PL_ELEM_MAX);
    if (!in)
        return 0;
    struct bytes o = slot_id(PL_SLOT_ELEM, eid, field);
    o.n--;
    put_bytes(&o, elem->b, elem->len);
    put_u8(&o, 1);
    return hash(&o);
}

uint64_t pl_digest_text(struct pl_eid eid, uint32_t field, const struct pl_text *t)
{
    if (t == NULL || pl_text_len(t) == 0)
        return 0;
    struct bytes id = slot_id(PL_SLOT_TEXT, eid, field);
    struct pl_text_spans s = pl_text_spans(t);
    return hash_stream(&id, s.a, s.a_len, s.b, s.b_len);
}
