// SPDX-License-Identifier: Apache-2.0
/*
 * Statements (statement.h): bytes to struct and back, and what goes under the signature. Pure; the
 * bytes come from peers, so reading checks everything, and there is one encoding of each statement.
 */
#include "plimsoll/tls/statement.h"

#include <string.h>

#include "plimsoll/base/hash.h"

#define MAGIC      "PLS1"
#define MAGIC_N    4u
#define HASH_AT    (PL_STATEMENT_HEAD - PL_SHA256_BYTES)
#define FIELD_HEAD 4u

static int add_u16(struct pl_buf *out, uint32_t v)
{
    const uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return pl_buf_add(out, bytes, sizeof(bytes));
}

static uint32_t read_u16(struct pl_reader *r)
{
    uint32_t high = pl_read_u8(r);
    return high << 8 | pl_read_u8(r);
}

/* Fields with ascending tags to the last byte, the first of them the salt. */
static int check_seen(const uint8_t *seen, size_t n, struct pl_err *e)
{
    struct pl_reader r;
    uint32_t last = 0;
    pl_reader_init(&r, seen, n);
    while (pl_reader_left(&r) > 0) {
        if (pl_reader_left(&r) < FIELD_HEAD) {
            return pl_fail(e, PL_E_INVALID, "a statement that ends within a field");
        }
        uint32_t tag = read_u16(&r);
        uint32_t len = read_u16(&r);
        if (tag <= last || len > pl_reader_left(&r) ||
            (last == 0 && (tag != PL_SEEN_SALT || len != PL_STATEMENT_NONCE))) {
            return pl_fail(e, PL_E_INVALID, "field %u of a statement is out of its form", tag);
        }
        (void)pl_read_bytes(&r, len);
        last = tag;
    }
    return last != 0 ? 0 : pl_fail(e, PL_E_INVALID, "a statement without what was seen");
}

int pl_statement_encode(const struct pl_statement *s, struct pl_buf *out, struct pl_err *e)
{
    uint8_t sum[PL_SHA256_BYTES];
    int rc = check_seen(s->seen, s->seen_n, e);
    if (rc == 0 && s->kind > UINT16_MAX) {
        rc = pl_fail(e, PL_E_INVALID, "%u is no kind of statement", s->kind);
    }
    if (rc != 0) {
        return rc;
    }
    if (PL_STATEMENT_HEAD + s->seen_n > PL_STATEMENT_BYTES) {
        return pl_fail(e, PL_E_LIMIT, "a statement has at most %d bytes", PL_STATEMENT_BYTES);
    }
    pl_sha256(s->seen, s->seen_n, sum);
    if (pl_buf_add(out, MAGIC, MAGIC_N) != 0 || add_u16(out, s->kind) != 0 ||
        pl_buf_add(out, s->organisation, sizeof(s->organisation)) != 0 ||
        pl_buf_add_u64be(out, s->review) != 0 || pl_buf_add_u64be(out, s->object) != 0 ||
        pl_buf_add_u64be(out, s->actor) != 0 || pl_buf_add_u64be(out, s->device) != 0 ||
        pl_buf_add_u64be(out, (uint64_t)s->issued_us) != 0 ||
        pl_buf_add(out, s->nonce, sizeof(s->nonce)) != 0 ||
        pl_buf_add(out, sum, sizeof(sum)) != 0 || pl_buf_add(out, s->seen, s->seen_n) != 0) {
        return pl_fail(e, PL_E_LIMIT, "no room for a statement");
    }
    return 0;
}

int pl_statement_decode(const void *bytes, size_t n, struct pl_statement *out, struct pl_err *e)
{
    uint8_t sum[PL_SHA256_BYTES];
    struct pl_reader r;
    memset(out, 0, sizeof(*out));
    if (n <= PL_STATEMENT_HEAD || n > PL_STATEMENT_BYTES || memcmp(bytes, MAGIC, MAGIC_N) != 0) {
        return pl_fail(e, PL_E_INVALID, "not a statement of a kind that is known here");
    }
    pl_reader_init(&r, bytes, n);
    (void)pl_read_bytes(&r, MAGIC_N);
    out->kind = read_u16(&r);
    memcpy(out->organisation, pl_read_bytes(&r, PL_SPKI_HASH), PL_SPKI_HASH);
    out->review = pl_read_u64be(&r);
    out->object = pl_read_u64be(&r);
    out->actor = pl_read_u64be(&r);
    out->device = pl_read_u64be(&r);
    out->issued_us = (int64_t)pl_read_u64be(&r);
    memcpy(out->nonce, pl_read_bytes(&r, PL_STATEMENT_NONCE), PL_STATEMENT_NONCE);
    out->seen = (const uint8_t *)bytes + PL_STATEMENT_HEAD;
    out->seen_n = n - PL_STATEMENT_HEAD;
    pl_sha256(out->seen, out->seen_n, sum);
    if (memcmp(sum, (const uint8_t *)bytes + HASH_AT, sizeof(sum)) != 0) {
        return pl_fail(e, PL_E_INVALID, "a statement whose hash does not fit what was seen");
    }
    return check_seen(out->seen, out->seen_n, e);
}

int pl_seen_add(struct pl_buf *out, uint32_t tag, const void *bytes, size_t n)
{
    if (tag > UINT16_MAX || n > UINT16_MAX || add_u16(out, tag) != 0 ||
        add_u16(out, (uint32_t)n) != 0 || pl_buf_add(out, bytes, n) != 0) {
        return -PL_E_LIMIT;
    }
    return 0;
}

int pl_seen_add_u32(struct pl_buf *out, uint32_t tag, uint32_t v)
{
    const uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                              (uint8_t)v};
    return pl_seen_add(out, tag, bytes, sizeof(bytes));
}

const uint8_t *pl_seen_find(const struct pl_statement *s, uint32_t tag, size_t *n)
{
    struct pl_reader r;
    pl_reader_init(&r, s->seen, s->seen_n);
    while (pl_reader_left(&r) >= FIELD_HEAD) {
        uint32_t found = read_u16(&r);
        uint32_t len = read_u16(&r);
        if (len > pl_reader_left(&r)) {
            break;
        }
        const uint8_t *bytes = pl_read_bytes(&r, len);
        if (found == tag) {
            *n = len;
            return bytes;
        }
    }
    *n = 0;
    return NULL;
}

int pl_seen_invite(const struct pl_invite_terms *t, const uint8_t salt[PL_STATEMENT_NONCE],
                   struct pl_buf *out)
{
    if (pl_seen_add(out, PL_SEEN_SALT, salt, PL_STATEMENT_NONCE) != 0 ||
        pl_seen_add(out, PL_SEEN_USER_NAME, t->user_name, strlen(t->user_name)) != 0 ||
        pl_seen_add(out, PL_SEEN_DISPLAY_NAME, t->display_name, strlen(t->display_name)) != 0 ||
        pl_seen_add_u32(out, PL_SEEN_ROLE, t->role) != 0 ||
        pl_seen_add_u32(out, PL_SEEN_USES, t->uses) != 0 ||
        pl_seen_add_u32(out, PL_SEEN_MINUTES, t->minutes) != 0) {
        return -PL_E_LIMIT;
    }
    return 0;
}

int pl_seen_act(const struct pl_act_terms *t, const uint8_t salt[PL_STATEMENT_NONCE],
                struct pl_buf *out)
{
    uint8_t entry[12];
    for (int i = 0; i < 8; i++) {
        entry[i] = (uint8_t)(t->entry_client >> (56 - 8 * i));
    }
    for (int i = 0; i < 4; i++) {
        entry[8 + i] = (uint8_t)(t->entry_n >> (24 - 8 * i));
    }
    if (pl_seen_add(out, PL_SEEN_SALT, salt, PL_STATEMENT_NONCE) != 0 ||
        pl_seen_add_u32(out, PL_SEEN_ACT, t->act) != 0 ||
        pl_seen_add(out, PL_SEEN_ENTRY, entry, sizeof(entry)) != 0 ||
        pl_seen_add_u32(out, PL_SEEN_FIELD, t->field) != 0 ||
        pl_seen_add(out, PL_SEEN_SHOWN, t->shown, sizeof(t->shown)) != 0) {
        return -PL_E_LIMIT;
    }
    return 0;
}

int pl_statement_sign(const struct pl_key *k, const void *statement, size_t n,
                      uint8_t sig[PL_KEY_SIGNATURE_MAX], size_t *sig_n, struct pl_err *e)
{
    if (n <= PL_STATEMENT_HEAD) {
        return pl_fail(e, PL_E_INVALID, "not a statement");
    }
    return pl_key_sign(k, statement, PL_STATEMENT_HEAD, sig, sig_n, e);
}

int pl_statement_verify(const void *spki, size_t spki_n, const void *statement, size_t n,
                        const void *sig, size_t sig_n, struct pl_err *e)
{
    if (n <= PL_STATEMENT_HEAD) {
        return pl_fail(e, PL_E_INVALID, "not a statement");
    }
    return pl_key_verify(spki, spki_n, statement, PL_STATEMENT_HEAD, sig, sig_n, e);
}
