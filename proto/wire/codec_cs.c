// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets between pl_cs and their protobuf form. Reading judges everything that can be judged
 * without the document: slots strictly ascending, kinds known, nothing set that does not belong to
 * a kind, keys well formed, text ops canonical with clean inserts. The fit to the document is
 * pl_doc_check's. A decoded changeset owns heap memory; a failed one leaves none behind.
 */
#include <string.h>

#include "edit.pb-c.h"

#include "plimsoll/merge/orderkey.h"

#include "codec.h"

/* What a slot kind carries; anything else must be absent. */
enum {
    HAS_FIELD = 1,
    HAS_ELEM = 2,
    HAS_VALUE = 4,
    HAS_FLAG = 8,
    HAS_KIND = 16,
    HAS_PLACE = 32,
    HAS_TEXT = 64
};

static const uint8_t parts_of[] = {
    [PL_SLOT_CREATE] = HAS_KIND | HAS_PLACE,
    [PL_SLOT_DEAD] = HAS_FLAG,
    [PL_SLOT_PLACE] = HAS_PLACE,
    [PL_SLOT_REG] = HAS_FIELD | HAS_VALUE,
    [PL_SLOT_ELEM] = HAS_FIELD | HAS_ELEM | HAS_FLAG,
    [PL_SLOT_TEXT] = HAS_FIELD | HAS_TEXT,
};

#define N_KINDS (sizeof parts_of / sizeof parts_of[0])

static unsigned parts_given(const Plimsoll__Slot *m)
{
    unsigned parts = 0;
    if (m->field != 0)
        parts |= HAS_FIELD;
    if (m->elem.len > 0)
        parts |= HAS_ELEM;
    if (m->value != NULL)
        parts |= HAS_VALUE;
    if (m->flag)
        parts |= HAS_FLAG;
    if (m->create_kind != 0)
        parts |= HAS_KIND;
    if (m->parent != NULL || m->key[0] != '\0')
        parts |= HAS_PLACE;
    if (m->base_len != 0 || m->comps.len > 0)
        parts |= HAS_TEXT;
    return parts;
}

static struct pl_eid get_eid(const Plimsoll__Eid *m)
{
    return m == NULL ? PL_EID_ROOT : (struct pl_eid){m->client, m->n};
}

struct pl_eid pl_codec_get_eid(const ProtobufCMessage *in)
{
    return get_eid((const void *)in);
}

static void get_value(struct pl_value *out, const Plimsoll__Value *m, struct pl_get *c)
{
    if (m == NULL) /* zeroed: null */
        return;
    const char *s;
    switch (m->v_case) {
    case PLIMSOLL__VALUE__V_I:
        *out = pl_value_int(m->i);
        return;
    case PLIMSOLL__VALUE__V_EID:
        *out = pl_value_eid(get_eid(m->eid));
        return;
    case PLIMSOLL__VALUE__V_S:
        pl_get_str(c, &s, m->s, PL_STR_MAX, "value");
        if (c->rc == 0)
            *out = pl_value_str(s, strlen(s));
        return;
    case PLIMSOLL__VALUE__V__NOT_SET:
    case _PLIMSOLL__VALUE__V__CASE_IS_INT_SIZE:
        break;
    }
    pl_get_fail(c, PL_E_BADOP, "value", "neither number, text nor link");
}

static void get_place(struct pl_slot *out, const Plimsoll__Slot *m, struct pl_get *c)
{
    size_t n = strlen(m->key);
    int rc = pl_key_check(m->key, n, c->e);
    if (rc < 0 || n > PL_KEY_MAX) {
        c->rc = -PL_E_BADOP;
        if (c->e != NULL)
            c->e->code = PL_E_BADOP;
        return;
    }
    out->parent = get_eid(m->parent);
    out->key.len = (uint8_t)n;
    memcpy(out->key.s, m->key, n);
}

static void get_elem(struct pl_slot *out, const Plimsoll__Slot *m, struct pl_get *c)
{
    if (m->elem.len < 1 || m->elem.len > PL_ELEM_MAX) {
        pl_get_fail(c, PL_E_BADOP, "elem", "must have 1 to 64 bytes");
        return;
    }
    out->elem.len = (uint8_t)m->elem.len;
    memcpy(out->elem.b, m->elem.data, m->elem.len);
}

static void get_text(struct pl_slot *out, const Plimsoll__Slot *m, struct pl_get *c)
{
    if (m->base_len > PL_TEXT_FIELD_MAX) {
        pl_get_fail(c, PL_E_LIMIT, "base_len", "longer than a text may be");
        return;
    }
    if (m->comps.len == 0) { /* also: no bytes, no pointer */
        pl_get_fail(c, PL_E_BADOP, "comps", "missing");
        return;
    }
    c->rc = pl_op_decode(&out->op, m->base_len, m->comps.data, m->comps.len, c->e);
    if (c->rc == 0 && pl_op_is_noop(&out->op)) {
        pl_op_release(&out->op);
        pl_get_fail(c, PL_E_BADOP, "comps", "an edit that changes nothing");
    }
}

/* Fills a zeroed slot; on failure it owns nothing. */
static int get_slot(struct pl_slot *out, const Plimsoll__Slot *m, struct pl_get *c)
{
    if (m->kind >= N_KINDS || parts_of[m->kind] == 0)
        return pl_fail(c->e, PL_E_BADOP, "slot kind %u is not known", m->kind);
    unsigned parts = parts_of[m->kind];
    if ((parts_given(m) & ~parts) != 0)
        return pl_fail(c->e, PL_E_BADOP, "a slot of kind %u with what does not belong to it",
                       m->kind);
    out->kind = (enum pl_slot_kind)m->kind;
    out->eid = (struct pl_eid){m->eid_client, m->eid_n};
    out->field = m->field;
    out->create_kind = m->create_kind;
    out->flag = m->flag;
    if ((parts & HAS_PLACE) != 0)
        get_place(out, m, c);
    else if ((parts & HAS_ELEM) != 0)
        get_elem(out, m, c);
    else if ((parts & HAS_VALUE) != 0)
        get_value(&out->value, m->value, c);
    else if ((parts & HAS_TEXT) != 0)
        get_text(out, m, c);
    return c->rc;
}

void pl_codec_get_caret(struct pl_caret *out, const ProtobufCMessage *in)
{
    const Plimsoll__Caret *m = (const void *)in;
    if (m == NULL)
        return;
    *out = (struct pl_caret){
        .set = true,
        .eid = {m->eid_client, m->eid_n},
        .field = m->field,
        .anchor = m->anchor,
        .head = m->head,
    };
}

int pl_codec_get_changeset(struct pl_codec_cs out, const ProtobufCMessage *in, struct pl_get *c)
{
    const Plimsoll__Changeset *m = (const void *)in;
    pl_cs_init(out.cs);
    if (m == NULL)
        return c->rc;
    if (out.caret_after != NULL) {
        pl_codec_get_caret(out.caret_after, (const void *)m->caret_after);
        *out.undo_of = m->undo_of;
    }
    if (m->undo_of > 2)
        pl_get_fail(c, PL_E_BAD_MESSAGE, "undo_of", "must be 0, 1 or 2");
    for (size_t i = 0; c->rc == 0 && i < m->n_s; i++) {
        struct pl_slot slot;
        memset(&slot, 0, sizeof slot);
        c->rc = get_slot(&slot, m->s[i], c);
        if (c->rc < 0)
            break;
        if (out.cs->n > 0 && pl_slot_cmp(out.cs->slots[out.cs->n - 1], &slot) >= 0) {
            pl_get_fail(c, PL_E_BADOP, "slots", "not in ascending order");
            pl_value_release(&slot.value);
            pl_op_release(&slot.op);
            break;
        }
        pl_cs_put(out.cs, &slot);
    }
    if (c->rc < 0)
        pl_cs_release(out.cs);
    return c->rc;
}

static Plimsoll__Eid *put_eid(struct pl_eid eid, struct pl_put *c)
{
    Plimsoll__Eid *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__eid__init(m);
    m->client = eid.client;
    m->n = eid.n;
    return m;
}

ProtobufCMessage *pl_codec_put_eid(struct pl_eid eid, struct pl_put *c)
{
    return pl_eid_is_root(eid) ? NULL : (void *)put_eid(eid, c);
}

static Plimsoll__Value *put_value(const struct pl_value *in, struct pl_put *c)
{
    if (in->type == PL_VAL_NULL)
        return NULL;
    Plimsoll__Value *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__value__init(m);
    switch (in->type) {
    case PL_VAL_NULL:
        break;
    case PL_VAL_INT:
        m->v_case = PLIMSOLL__VALUE__V_I;
        m->i = in->i;
        break;
    case PL_VAL_STR:
        m->v_case = PLIMSOLL__VALUE__V_S;
        m->s = pl_put_str(c, in->str, PL_STR_MAX, "value");
        break;
    case PL_VAL_EID:
        m->v_case = PLIMSOLL__VALUE__V_EID;
        m->eid = put_eid(in->eid, c);
        break;
    }
    return m;
}

static void put_place(Plimsoll__Slot *m, const struct pl_slot *in, struct pl_put *c)
{
    if (!pl_eid_is_root(in->parent))
        m->parent = put_eid(in->parent, c);
    char *key = pl_put_alloc(c, (size_t)in->key.len + 1);
    if (key == NULL)
        return;
    memcpy(key, in->key.s, in->key.len);
    key[in->key.len] = '\0';
    m->key = key;
}

static void put_text(Plimsoll__Slot *m, const struct pl_op *op, struct pl_put *c)
{
    /* Count, components (a 32-bit count and two bits of kind in 5 bytes), inserted text. */
    size_t most = 5 + 5 * (size_t)op->ncomps + op->ins_len;
    struct pl_buf out = {.data = pl_put_alloc(c, most), .len = 0, .cap = most, .max = most};
    if (out.data == NULL)
        return;
    if (pl_op_encode(op, &out) < 0) {
        pl_put_fail(c, PL_E_LIMIT, "comps", "too long");
        return;
    }
    m->base_len = op->base_len;
    m->comps = (ProtobufCBinaryData){out.len, out.data};
}

static void put_slot(Plimsoll__Slot *m, const struct pl_slot *in, struct pl_put *c)
{
    plimsoll__slot__init(m);
    m->kind = in->kind;
    m->eid_client = in->eid.client;
    m->eid_n = in->eid.n;
    switch (in->kind) {
    case PL_SLOT_CREATE:
        m->create_kind = in->create_kind;
        put_place(m, in, c);
        break;
    case PL_SLOT_DEAD:
        m->flag = in->flag;
        break;
    case PL_SLOT_PLACE:
        put_place(m, in, c);
        break;
    case PL_SLOT_REG:
        m->field = in->field;
        m->value = put_value(&in->value, c);
        break;
    case PL_SLOT_ELEM:
        m->field = in->field;
        m->flag = in->flag;
        m->elem = (ProtobufCBinaryData){in->elem.len, (uint8_t *)in->elem.b};
        break;
    case PL_SLOT_TEXT:
        m->field = in->field;
        put_text(m, &in->op, c);
        break;
    }
}

ProtobufCMessage *pl_codec_put_caret(const struct pl_caret *in, struct pl_put *c)
{
    if (in == NULL || !in->set)
        return NULL;
    Plimsoll__Caret *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__caret__init(m);
    m->eid_client = in->eid.client;
    m->eid_n = in->eid.n;
    m->field = in->field;
    m->anchor = in->anchor;
    m->head = in->head;
    return &m->base;
}

ProtobufCMessage *pl_codec_put_changeset(const struct pl_cs *cs, const struct pl_caret *caret_after,
                                         uint32_t undo_of, struct pl_put *c)
{
    /* One piece: the changeset, the pointers, the slots. */
    size_t pointers = cs->n * sizeof(Plimsoll__Slot *);
    Plimsoll__Changeset *m = pl_put_alloc(c, sizeof *m);
    Plimsoll__Slot **s = pl_put_alloc(c, pointers + 1);
    Plimsoll__Slot *slots = pl_put_alloc(c, cs->n * sizeof *slots + 1);
    if (m == NULL || s == NULL || slots == NULL)
        return NULL;
    plimsoll__changeset__init(m);
    for (uint32_t i = 0; i < cs->n; i++) {
        s[i] = &slots[i];
        put_slot(s[i], cs->slots[i], c);
    }
    m->s = s;
    m->n_s = cs->n;
    m->caret_after = (void *)pl_codec_put_caret(caret_after, c);
    m->undo_of = undo_of;
    return c->rc < 0 ? NULL : &m->base;
}
