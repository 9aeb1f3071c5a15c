// SPDX-License-Identifier: Apache-2.0
/*
 * The verifier's own reader of leaves ("PLA1" version 1, see proto/README.md): a cursor that cannot
 * leave the bytes, and no form but the one.
 */
#include <string.h>

#include "verify_int.h"

#define LEAF_MAX 4096u

struct cursor {
    const uint8_t *p;
    size_t left;
    bool cut;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
    if (n > c->left) {
        c->cut = true;
        return NULL;
    }
    const uint8_t *p = c->p;
    c->p += n;
    c->left -= n;
    return p;
}

static uint64_t number(struct cursor *c, unsigned bytes)
{
    const uint8_t *p = take(c, bytes);
    uint64_t v = 0;
    for (unsigned i = 0; p != NULL && i < bytes; i++) {
        v = v * 256 + p[i];
    }
    return v;
}

/* Tags ascend; the number of fields is the one that was said. */
static const char *read_fields(struct cursor *c, uint64_t count)
{
    uint64_t least = 0; /* the next tag is at least this */
    for (; count > 0; count--) {
        uint64_t tag = number(c, 2);
        (void)take(c, (size_t)number(c, 2));
        if (c->cut) {
            return "a field is cut off";
        }
        if (tag < least) {
            return "its fields are out of order";
        }
        least = tag + 1;
    }
    return c->left == 0 ? NULL : "there are bytes behind its last field";
}

const char *vf_leaf_read(const uint8_t *b, size_t n, struct leaf *out)
{
    struct cursor c = {b, n, false};
    memset(out, 0, sizeof(*out));
    if (n > LEAF_MAX) {
        return "it is longer than 4096 bytes";
    }
    const uint8_t *magic = take(&c, 5);
    out->outcome = (unsigned)number(&c, 1);
    out->kind = (unsigned)number(&c, 2);
    out->stream = number(&c, 8);
    out->number = number(&c, 8);
    out->time_us = number(&c, 8);
    out->user = number(&c, 8);
    out->device = number(&c, 8);
    (void)number(&c, 4);
    out->prev = take(&c, HASH_BYTES);
    (void)take(&c, 16);
    out->commitment = take(&c, HASH_BYTES);
    uint64_t count = number(&c, 2);
    if (c.cut) {
        return "it is cut off";
    }
    if (memcmp(magic, "PLA1\x01", 5) != 0) {
        return "it does not begin with PLA1 and version 1";
    }
    if (out->outcome > 1) {
        return "its outcome is neither 0 nor 1";
    }
    if (out->time_us > INT64_MAX) {
        return "its time is before 1970";
    }
    out->fields = c.p;
    out->fields_n = c.left;
    return read_fields(&c, count);
}

const uint8_t *vf_leaf_field(const struct leaf *l, unsigned tag, size_t *n)
{
    struct cursor c = {l->fields, l->fields_n, false};
    while (c.left > 0 && !c.cut) {
        uint64_t t = number(&c, 2);
        size_t size = (size_t)number(&c, 2);
        const uint8_t *p = take(&c, size);
        if (p != NULL && t == tag) {
            *n = size;
            return p;
        }
    }
    return NULL;
}
