// SPDX-License-Identifier: Apache-2.0
/*
 * See order.h.
 */
#include "keeper/order.h"

#include <string.h>

static int add_parts(const struct keeper_msg *m, struct pl_buf *out)
{
    int rc = pl_buf_add_byte(out, (uint8_t)m->n_parts);
    for (size_t i = 0; rc == 0 && i < m->n_parts; i++) {
        const struct pl_bytes *p = &m->parts[i];
        if (p->n > UINT16_MAX)
            return -PL_E_LIMIT;
        if ((rc = pl_buf_add_byte(out, (uint8_t)(p->n >> 8))) == 0 &&
            (rc = pl_buf_add_byte(out, (uint8_t)(p->n & 0xff))) == 0)
            rc = pl_buf_add(out, p->p, p->n);
    }
    return rc;
}

int keeper_msg_encode(const struct keeper_msg *m, struct pl_buf *out)
{
    PL_ASSERT(m->n_parts <= KEEPER_PARTS_MAX);
    int rc = pl_buf_add_byte(out, (uint8_t)m->what);
    if (rc == 0)
        rc = pl_buf_add_u32be(out, m->id);
    if (rc == 0)
        rc = pl_buf_add_u32be(out, m->code);
    for (size_t i = 0; rc == 0 && i < KEEPER_NUMBERS; i++)
        rc = pl_buf_add_u64be(out, m->n[i]);
    if (rc == 0)
        rc = add_parts(m, out);
    return rc == 0 && out->len <= KEEPER_MSG_MAX ? 0 : -PL_E_LIMIT;
}

static bool is_known(uint8_t what)
{
    return (what >= KEEPER_GO && what <= KEEPER_SERVER) ||
           (what >= KEEPER_READY && what <= KEEPER_STATE);
}

int keeper_msg_decode(const void *bytes, size_t n, struct keeper_msg *out)
{
    struct pl_reader r;
    memset(out, 0, sizeof(*out));
    pl_reader_init(&r, bytes, n);
    uint8_t what = pl_read_u8(&r);
    out->what = (enum keeper_what)what;
    out->id = pl_read_u32be(&r);
    out->code = pl_read_u32be(&r);
    for (size_t i = 0; i < KEEPER_NUMBERS; i++)
        out->n[i] = pl_read_u64be(&r);
    out->n_parts = pl_read_u8(&r);
    if (r.bad || !is_known(what) || out->n_parts > KEEPER_PARTS_MAX || n > KEEPER_MSG_MAX)
        return -PL_E_BAD_MESSAGE;
    for (size_t i = 0; i < out->n_parts; i++) {
        size_t len = (size_t)pl_read_u8(&r) << 8;
        len |= pl_read_u8(&r);
        out->parts[i] = (struct pl_bytes){pl_read_bytes(&r, len), len};
    }
    return r.bad || pl_reader_left(&r) != 0 ? -PL_E_BAD_MESSAGE : 0;
}
