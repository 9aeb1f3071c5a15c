// SPDX-License-Identifier: Apache-2.0
/*
 * The walk: a stack of at most PL_MSG_DEPTH_MAX levels, one per message being read. A level ends
 * where its length says; a field never reaches over that end. Stricter than protobuf asks: an
 * encoder never repeats a singular field, never sends a bool of 2 or a 33-bit uint32, so whoever
 * does is refused instead of being read in one of several ways.
 */
#include "verify.h"

#include "plimsoll/base/utf8.h"
#include "plimsoll/wire/limits.h"

#define FIELDS_PER_MESSAGE   64u
#define REPEATED_PER_MESSAGE 2u
#define TAG_BYTES            5u
#define VARINT_BYTES         10u
#define TAG_MAX              ((1u << 29) - 1)

struct level {
    const ProtobufCMessageDescriptor *d;
    const uint8_t *end;
    uint64_t seen; /* bit per field of the descriptor */
    uint32_t repeated_index[REPEATED_PER_MESSAGE];
    uint32_t repeated_count[REPEATED_PER_MESSAGE];
    uint32_t n_repeated;
};

struct walk {
    const uint8_t *p;
    const struct pl_verify_rules *rules;
    struct pl_err *e;
    uint32_t fields;
    uint32_t depth; /* levels in use */
    struct level level[PL_MSG_DEPTH_MAX];
};

static struct level *top(struct walk *w)
{
    return &w->level[w->depth - 1];
}

static int refuse(struct walk *w, int code, const ProtobufCFieldDescriptor *f, const char *what)
{
    return pl_fail(w->e, code, "%s%s%s: %s", top(w)->d->short_name, f != NULL ? "." : "",
                   f != NULL ? f->name : "", what);
}

/* Reads a varint of at most `most` bytes; false if it is longer, cut off or beyond 64 bits. */
static bool read_varint(struct walk *w, unsigned most, uint64_t *v)
{
    const uint8_t *p = w->p;
    const uint8_t *end = top(w)->end;
    uint64_t x = 0;
    for (unsigned i = 0; i < most && p < end; i++) {
        uint8_t b = *p++;
        if (i == VARINT_BYTES - 1 && b > 1)
            return false;
        x |= (uint64_t)(b & 0x7f) << (7 * i);
        if ((b & 0x80) == 0) {
            w->p = p;
            *v = x;
            return true;
        }
    }
    return false;
}

static int enter(struct walk *w, const ProtobufCMessageDescriptor *d, const uint8_t *end)
{
    if (w->depth == PL_MSG_DEPTH_MAX)
        return refuse(w, PL_E_BAD_MESSAGE, NULL, "nested too deeply");
    PL_ASSERT(d->n_fields <= FIELDS_PER_MESSAGE);
    struct level *l = &w->level[w->depth++];
    l->d = d;
    l->end = end;
    l->seen = 0;
    l->n_repeated = 0;
    return 0;
}

/* Index of the field with this number in d, or -1. Numbers mostly run from 1 without a gap. */
static int find_field(const ProtobufCMessageDescriptor *d, uint32_t id)
{
    if (id - 1 < d->n_fields && d->fields[id - 1].id == id)
        return (int)(id - 1);
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(d, id);
    return f != NULL ? (int)(f - d->fields) : -1;
}

static const struct pl_verify_limit *find_limit(const struct walk *w,
                                                const ProtobufCMessageDescriptor *d, uint32_t id)
{
    for (size_t i = 0; i < w->rules->n_limits; i++) {
        const struct pl_verify_limit *l = &w->rules->limits[i];
        if (l->message == d && l->field == id)
            return l;
    }
    return NULL;
}

static int count_repeated(struct walk *w, uint32_t index)
{
    struct level *l = top(w);
    const ProtobufCFieldDescriptor *f = &l->d->fields[index];
    uint32_t i = 0;
    while (i < l->n_repeated && l->repeated_index[i] != index)
        i++;
    if (i == l->n_repeated) {
        PL_ASSERT(i < REPEATED_PER_MESSAGE);
        l->repeated_index[i] = index;
        l->repeated_count[i] = 0;
        l->n_repeated++;
    }
    const struct pl_verify_limit *limit = find_limit(w, l->d, f->id);
    PL_ASSERT(limit != NULL);
    if (++l->repeated_count[i] > limit->max)
        return pl_fail(w->e, PL_E_LIMIT, "%s.%s: more than %u", l->d->short_name, f->name,
                       limit->max);
    return 0;
}

/* A singular field comes once, and of a oneof only one field. */
static int count_singular(struct walk *w, uint32_t index)
{
    struct level *l = top(w);
    const ProtobufCFieldDescriptor *f = &l->d->fields[index];
    if ((l->seen >> index & 1) != 0)
        return refuse(w, PL_E_BAD_MESSAGE, f, "given twice");
    if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        for (unsigned i = 0; i < l->d->n_fields; i++) {
            const ProtobufCFieldDescriptor *o = &l->d->fields[i];
            if ((l->seen >> i & 1) != 0 && (o->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                o->quantifier_offset == f->quantifier_offset)
                return refuse(w, PL_E_BAD_MESSAGE, f, "two values where one fits");
        }
    }
    l->seen |= 1ull << index;
    return 0;
}

/* The wire type of a field of this type. */
static unsigned wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    }
    PL_BUG("unknown field type");
}

/* Largest varint that the library reads without cutting bits off. */
static uint64_t varint_max(ProtobufCType type)
{
    if (type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_SINT32)
        return UINT32_MAX;
    return type == PROTOBUF_C_TYPE_BOOL ? 1 : UINT64_MAX;
}

static int take_length(struct walk *w, const ProtobufCFieldDescriptor *f, size_t *n)
{
    uint64_t length;
    if (!read_varint(w, TAG_BYTES, &length))
        return refuse(w, PL_E_BAD_MESSAGE, f, "bad length");
    if (length > (uint64_t)(top(w)->end - w->p))
        return refuse(w, PL_E_BAD_MESSAGE, f, "reaches over the end");
    *n = (size_t)length;
    return 0;
}

/* Steps over a value of wire type `wire`; *v gets a varint. Length-prefixed ones are not for here.
 */
static int take_number(struct walk *w, const ProtobufCFieldDescriptor *f, unsigned wire,
                       uint64_t *v)
{
    size_t left = (size_t)(top(w)->end - w->p);
    size_t n = wire == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
    *v = 0;
    if (wire == PROTOBUF_C_WIRE_TYPE_VARINT)
        return read_varint(w, VARINT_BYTES, v) ? 0 : refuse(w, PL_E_BAD_MESSAGE, f, "bad varint");
    if (wire != PROTOBUF_C_WIRE_TYPE_64BIT && wire != PROTOBUF_C_WIRE_TYPE_32BIT)
        return refuse(w, PL_E_BAD_MESSAGE, f, "unknown wire type");
    if (left < n)
        return refuse(w, PL_E_BAD_MESSAGE, f, "cut off");
    w->p += n;
    return 0;
}

static int skip_unknown(struct walk *w, uint32_t id, unsigned wire)
{
    if (w->rules->refuse_unknown)
        return pl_fail(w->e, PL_E_BAD_MESSAGE, "%s: field %u is not known", top(w)->d->short_name,
                       id);
    if (wire != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        uint64_t v;
        return take_number(w, NULL, wire, &v);
    }
    size_t n;
    int rc = take_length(w, NULL, &n);
    if (rc == 0)
        w->p += n;
    return rc;
}

/* The content of a string, a byte range or a message; a message is entered, not stepped over. */
static int take_content(struct walk *w, const ProtobufCFieldDescriptor *f)
{
    size_t n;
    int rc = take_length(w, f, &n);
    if (rc < 0)
        return rc;
    if (f->label != PROTOBUF_C_LABEL_REPEATED && w->rules->n_limits > 0) {
        const struct pl_verify_limit *limit = find_limit(w, top(w)->d, f->id);
        if (limit != NULL && n > limit->max)
            return pl_fail(w->e, PL_E_LIMIT, "%s.%s: %zu bytes exceed the limit of %u",
                           top(w)->d->short_name, f->name, n, limit->max);
    }
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return enter(w, f->descriptor, w->p + n);
    size_t bad_at;
    if (f->type == PROTOBUF_C_TYPE_STRING && !pl_utf8_is_clean(w->p, n, &bad_at))
        return pl_fail(w->e, PL_E_BAD_TEXT, "%s.%s: byte %zu is not clean text",
                       top(w)->d->short_name, f->name, bad_at);
    w->p += n;
    return 0;
}

static int take_field(struct walk *w)
{
    uint64_t tag;
    if (!read_varint(w, TAG_BYTES, &tag))
        return refuse(w, PL_E_BAD_MESSAGE, NULL, "bad tag");
    uint64_t id = tag >> 3;
    unsigned wire = (unsigned)(tag & 7);
    if (id == 0 || id > TAG_MAX)
        return refuse(w, PL_E_BAD_MESSAGE, NULL, "bad field number");
    if (++w->fields > w->rules->fields_max)
        return refuse(w, PL_E_BAD_MESSAGE, NULL, "too many fields");
    int index = find_field(top(w)->d, (uint32_t)id);
    if (index < 0)
        return skip_unknown(w, (uint32_t)id, wire);
    const ProtobufCFieldDescriptor *f = &top(w)->d->fields[index];
    if (wire != wire_type_of(f->type))
        return refuse(w, PL_E_BAD_MESSAGE, f, "wrong wire type");
    int rc = f->label == PROTOBUF_C_LABEL_REPEATED ? count_repeated(w, (uint32_t)index)
                                                   : count_singular(w, (uint32_t)index);
    if (rc < 0)
        return rc;
    if (wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return take_content(w, f);
    uint64_t v;
    rc = take_number(w, f, wire, &v);
    if (rc == 0 && v > varint_max(f->type))
        return refuse(w, PL_E_BAD_MESSAGE, f, "value out of range");
    return rc;
}

int pl_wire_verify(const ProtobufCMessageDescriptor *d, const void *bytes, size_t n,
                   const struct pl_verify_rules *rules, struct pl_err *e)
{
    if (n == 0)
        return 0;
    struct walk w; /* levels are set when they are entered */
    w.p = bytes;
    w.rules = rules;
    w.e = e;
    w.fields = 0;
    w.depth = 0;
    int rc = enter(&w, d, w.p + n);
    while (rc == 0) {
        while (w.p == top(&w)->end) {
            if (--w.depth == 0)
                return 0;
        }
        rc = take_field(&w);
    }
    return rc;
}
