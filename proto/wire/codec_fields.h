// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the two functions of a message from one list of its fields, for codec*.c.
 *
 * A list is a macro F(NUM, STR, SHOWN, BYTES) that names every field of the message once:
 *   NUM(f)              integer or bool, copied
 *   STR(f, max)         one line of clean text, judged in both directions
 *   SHOWN(f, max)       the same when read; made to fit when sent
 *   BYTES(f, min, max)  byte range
 */
#ifndef PLIMSOLL_PROTO_WIRE_CODEC_FIELDS_H
#define PLIMSOLL_PROTO_WIRE_CODEC_FIELDS_H

#include "codec.h"

#define GET_NUM(f)             out->f = m->f;
#define GET_STR(f, max)        pl_get_str(c, &out->f, m->f, (max), #f);
#define GET_BYTES(f, min, max) pl_get_bytes(c, &out->f, &m->f, (min), (max), #f);
#define PUT_NUM(f)             m->f = in->f;
#define PUT_STR(f, max)        m->f = pl_put_str(c, in->f, (max), #f);
#define PUT_SHOWN(f, max)      m->f = pl_put_shown(c, in->f, (max));
#define PUT_BYTES(f, min, max) m->f = pl_put_bytes(c, &in->f, (min), (max), #f);

/* Get and put for a message or row that is nothing but its list. Row functions are static. */
#define CODEC_GET_BODY(F) F(GET_NUM, GET_STR, GET_STR, GET_BYTES)
#define CODEC_PUT_BODY(F) F(PUT_NUM, PUT_STR, PUT_SHOWN, PUT_BYTES)

#define CODEC_MESSAGE(field, init, Proto, F)                                           \
    int pl_codec_get_##field(void *to, const ProtobufCMessage *from, struct pl_get *c) \
    {                                                                                  \
        struct pl_##field *out = to;                                                   \
        const Plimsoll__##Proto *m = (const void *)from;                               \
        CODEC_GET_BODY(F)                                                              \
        return c->rc;                                                                  \
    }                                                                                  \
    ProtobufCMessage *pl_codec_put_##field(const void *from, struct pl_put *c)         \
    {                                                                                  \
        const struct pl_##field *in = from;                                            \
        Plimsoll__##Proto *m = pl_put_alloc(c, sizeof *m);                             \
        if (m == NULL)                                                                 \
            return NULL;                                                               \
        plimsoll__##init##__init(m);                                                   \
        CODEC_PUT_BODY(F)                                                              \
        return c->rc < 0 ? NULL : &m->base;                                            \
    }

/* For rows: fills a struct that is there already. */
#define CODEC_ROW(field, init, Proto, F)                                                          \
    static void get_##field(struct pl_##field *out, const Plimsoll__##Proto *m, struct pl_get *c) \
    {                                                                                             \
        (void)c;                                                                                  \
        CODEC_GET_BODY(F)                                                                         \
    }                                                                                             \
    static Plimsoll__##Proto *put_##field(const struct pl_##field *in, struct pl_put *c)          \
    {                                                                                             \
        Plimsoll__##Proto *m = pl_put_alloc(c, sizeof *m);                                        \
        if (m == NULL)                                                                            \
            return NULL;                                                                          \
        plimsoll__##init##__init(m);                                                              \
        CODEC_PUT_BODY(F)                                                                         \
        return m;                                                                                 \
    }

#endif
