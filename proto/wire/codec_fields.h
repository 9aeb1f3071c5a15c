// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the two functions of a message from one list of its fields, for codec*.c.
 *
 * A list is a macro F(NUM, STR, SHOWN, BYTES, TEXT, EID) that names every field once:
 *   NUM(f)              integer or bool, copied
 *   STR(f, max)         one line of clean text, judged in both directions
 *   SHOWN(f, max)       the same when read; made to fit when sent
 *   BYTES(f, min, max)  byte range
 *   TEXT(f, max)        like STR, but of any number of lines
 *   EID(f)              id of an entry; absent on the wire means the root
 */
#ifndef PLIMSOLL_PROTO_WIRE_CODEC_FIELDS_H
#define PLIMSOLL_PROTO_WIRE_CODEC_FIELDS_H

#include "codec.h"

#define GET_NUM(f)             out->f = m->f;
#define GET_STR(f, max)        pl_get_str(c, &out->f, m->f, (max), #f);
#define GET_BYTES(f, min, max) pl_get_bytes(c, &out->f, &m->f, (min), (max), #f);
#define GET_TEXT(f, max)       pl_get_text(c, &out->f, m->f, (max), #f);
#define GET_EID(f)             out->f = pl_codec_get_eid((const void *)m->f);
#define PUT_NUM(f)             m->f = in->f;
#define PUT_STR(f, max)        m->f = pl_put_str(c, in->f, (max), #f);
#define PUT_SHOWN(f, max)      m->f = pl_put_shown(c, in->f, (max));
#define PUT_BYTES(f, min, max) m->f = pl_put_bytes(c, &in->f, (min), (max), #f);
#define PUT_TEXT(f, max)       m->f = pl_put_text(c, in->f, (max), #f);
#define PUT_EID(f)             m->f = (void *)pl_codec_put_eid(in->f, c);

/* Get and put for a message or row that is nothing but its list. Row functions are static. */
#define CODEC_GET_BODY(F) F(GET_NUM, GET_STR, GET_STR, GET_BYTES, GET_TEXT, GET_EID)
#define CODEC_PUT_BODY(F) F(PUT_NUM, PUT_STR, PUT_SHOWN, PUT_BYTES, PUT_TEXT, PUT_EID)

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

/* Requests for a page say how large, and neither nothing nor more than a reply may hold. */
#define CODEC_PAGE(field, Proto, F, most)                                              \
    int pl_codec_get_##field(void *to, const ProtobufCMessage *from, struct pl_get *c) \
    {                                                                                  \
        struct pl_##field *out = to;                                                   \
        const Plimsoll__##Proto *m = (const void *)from;                               \
        CODEC_GET_BODY(F)                                                              \
        if (m->limit < 1 || m->limit > (most))                                         \
            pl_get_fail(c, PL_E_LIMIT, "limit", "must be 1 to " #most);                \
        return c->rc;                                                                  \
    }                                                                                  \
    ProtobufCMessage *pl_codec_put_##field(const void *from, struct pl_put *c)         \
    {                                                                                  \
        const struct pl_##field *in = from;                                            \
        Plimsoll__##Proto *m = pl_put_alloc(c, sizeof *m);                             \
        if (m == NULL)                                                                 \
            return NULL;                                                               \
        plimsoll__##field##__init(m);                                                  \
        CODEC_PUT_BODY(F)                                                              \
        if (in->limit < 1 || in->limit > (most))                                       \
            pl_put_fail(c, PL_E_LIMIT, "limit", "must be 1 to " #most);                \
        return c->rc < 0 ? NULL : &m->base;                                            \
    }

/* Replies with rows: numbers and strings by list F, rows in `items`/`n_items` of the generated one,
 * `items`/`n` of ours. */
#define CODEC_ROWS(field, Proto, F, row, theirs, n_theirs, ours, most)                 \
    int pl_codec_get_##field(void *to, const ProtobufCMessage *from, struct pl_get *c) \
    {                                                                                  \
        struct pl_##field *out = to;                                                   \
        const Plimsoll__##Proto *m = (const void *)from;                               \
        CODEC_GET_BODY(F)                                                              \
        out->ours = pl_get_items(c, m->n_theirs, sizeof *out->ours);                   \
        if (c->rc < 0)                                                                 \
            return c->rc;                                                              \
        out->n = m->n_theirs;                                                          \
        for (size_t i = 0; i < out->n; i++)                                            \
            get_##row(&out->ours[i], m->theirs[i], c);                                 \
        return c->rc;                                                                  \
    }                                                                                  \
    ProtobufCMessage *pl_codec_put_##field(const void *from, struct pl_put *c)         \
    {                                                                                  \
        const struct pl_##field *in = from;                                            \
        Plimsoll__##Proto *m = pl_put_alloc(c, sizeof *m);                             \
        if (m == NULL)                                                                 \
            return NULL;                                                               \
        plimsoll__##field##__init(m);                                                  \
        CODEC_PUT_BODY(F)                                                              \
        if (in->n > (most))                                                            \
            pl_put_fail(c, PL_E_LIMIT, #ours, "more than " #most);                     \
        if (c->rc < 0)                                                                 \
            return NULL;                                                               \
        m->theirs = pl_put_alloc(c, (in->n + 1) * sizeof(void *));                     \
        for (size_t i = 0; c->rc == 0 && i < in->n; i++)                               \
            m->theirs[i] = put_##row(&in->ours[i], c);                                 \
        m->n_theirs = in->n;                                                           \
        return c->rc < 0 ? NULL : &m->base;                                            \
    }

#endif
