// SPDX-License-Identifier: Apache-2.0
/*
 * The verifier's own reader of signed notes (c2sp.org/signed-note), keys, cosignatures
 * (c2sp.org/tlog-cosignature) and checkpoints (c2sp.org/tlog-checkpoint). Strict: there is one way
 * to write each of them. Ed25519 is libsodium's.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "plimsoll/base/str.h"

#include "verify_int.h"

#define DASH         "\xe2\x80\x94 "
#define DASH_N       4
#define NOTE_MAX     65536u
#define LINES_MAX    64
#define TYPE_LOG     1
#define TYPE_WITNESS 4

/* ---- base64 -----------------------------------------------------------------------------------
 */

static int digit(char c)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *p = c == '\0' ? NULL : strchr(all, c);
    return p == NULL ? -1 : (int)(p - all);
}

int vf_base64_read(const char *s, size_t n, uint8_t *out, size_t cap)
{
    size_t pad = n >= 2 && s[n - 2] == '=' ? 2 : n >= 1 && s[n - 1] == '=' ? 1 : 0;
    size_t len = 0;
    uint32_t acc = 0;
    unsigned bits = 0;
    if (n % 4 != 0 || n == 0 || n / 4 * 3 - pad > cap) {
        return -1;
    }
    for (size_t i = 0; i < n - pad; i++) {
        int d = digit(s[i]);
        if (d < 0) {
            return -1;
        }
        acc = (acc << 6 | (uint32_t)d) & 0xffffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[len++] = (uint8_t)(acc >> bits);
        }
    }
    /* what is left over must be zero: one form only */
    return (pad == 2 && s[n - 1] != '=') || (acc & ((1u << bits) - 1)) != 0 ? -1 : (int)len;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static bool is_name(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)s[i] <= ' ' || s[i] == '+' || s[i] == 0x7f) {
            return false;
        }
    }
    return n > 0 && n < PL_VERIFY_ORIGIN_MAX;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool vf_key_read(const char *s, size_t n, struct key *out)
{
    uint8_t raw[33];
    uint8_t hash[HASH_BYTES];
    struct pl_sha256 h;
    const char *plus = memchr(s, '+', n);
    memset(out, 0, sizeof(*out));
    size_t name_n = plus == NULL ? 0 : (size_t)(plus - s);
    if (plus == NULL || !is_name(s, name_n) || n - name_n < 10 || plus[9] != '+') {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        int hi = nibble(plus[1 + 2 * i]);
        int lo = nibble(plus[2 + 2 * i]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        out->id[i] = (uint8_t)(hi * 16 + lo);
    }
    if (vf_base64_read(plus + 10, n - name_n - 10, raw, sizeof(raw)) != (int)sizeof(raw) ||
        (raw[0] != TYPE_LOG && raw[0] != TYPE_WITNESS)) {
        return false;
    }
    memcpy(out->name, s, name_n);
    out->type = raw[0];
    memcpy(out->pub, raw + 1, 32);
    pl_sha256_init(&h);
    pl_sha256_update(&h, s, name_n);
    pl_sha256_update(&h, "\n", 1);
    pl_sha256_update(&h, raw, sizeof(raw));
    pl_sha256_final(&h, hash);
    return memcmp(hash, out->id, 4) == 0;
}

/* ---- notes ------------------------------------------------------------------------------------
 */

bool vf_note_read(const char *s, size_t n, struct note *out)
{
    if (n == 0 || n > NOTE_MAX || s[n - 1] != '\n') {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (((unsigned char)s[i] < ' ' && s[i] != '\n') || s[i] == 0x7f) {
            return false;
        }
    }
    for (size_t i = n - 1; i > 0; i--) {
        if (s[i] == '\n' && s[i - 1] == '\n') {
            *out = (struct note){s, s + i + 1, i, n - i - 1};
            return out->sigs_n > 0;
        }
    }
    return false;
}

/* A line "- NAME BASE64": does it name this key, and the bytes behind the key's id. */
static bool line_is_of(const char *s, size_t n, const struct key *k, uint8_t raw[76], size_t *raw_n)
{
    size_t name_n = strlen(k->name);
    if (n < DASH_N + name_n + 2 || memcmp(s, DASH, DASH_N) != 0 ||
        memcmp(s + DASH_N, k->name, name_n) != 0 || s[DASH_N + name_n] != ' ') {
        return false;
    }
    size_t head = DASH_N + name_n + 1;
    int len = vf_base64_read(s + head, n - head, raw, 76);
    if (len < 4 || memcmp(raw, k->id, 4) != 0) {
        return false;
    }
    *raw_n = (size_t)len;
    return true;
}

/* What an Ed25519 key of this type has signed: the text, of a witness with the time before it. */
static bool signature_holds(const struct note *n, const struct key *k, const uint8_t *raw,
                            size_t raw_n)
{
    struct pl_buf message;
    uint64_t when = 0;
    size_t at = k->type == TYPE_WITNESS ? 12 : 4;
    int rc = 0;
    if (raw_n != at + crypto_sign_ed25519_BYTES) {
        return false;
    }
    for (size_t i = 4; i < at; i++) {
        when = when << 8 | raw[i];
    }
    pl_buf_init(&message, NOTE_MAX + 64);
    if (k->type == TYPE_WITNESS) {
        rc = pl_buf_printf(&message, "cosignature/v1\ntime %llu\n", (unsigned long long)when);
    }
    if (rc == 0) {
        rc = pl_buf_add(&message, n->text, n->text_n);
    }
    bool good = rc == 0 && crypto_sign_ed25519_verify_detached(raw + at, message.data, message.len,
                                                               k->pub) == 0;
    pl_buf_release(&message);
    return good;
}

bool vf_note_is_signed(const struct note *n, const struct key *k)
{
    const char *s = n->sigs;
    const char *end = n->sigs + n->sigs_n;
    bool found = false;
    for (unsigned lines = 0; s < end; lines++) {
        uint8_t raw[76];
        size_t raw_n = 0;
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        if (lines == LINES_MAX || stop == NULL || memcmp(s, DASH, DASH_N) != 0) {
            return false;
        }
        if (line_is_of(s, (size_t)(stop - s), k, raw, &raw_n)) {
            if (!signature_holds(n, k, raw, raw_n)) {
                return false;
            }
            found = true;
        }
        s = stop + 1;
    }
    return found;
}

/* ---- checkpoints ------------------------------------------------------------------------------
 */

bool vf_checkpoint_read(const struct note *n, struct checkpoint *out)
{
    const char *end = n->text + n->text_n;
    const char *one = memchr(n->text, '\n', n->text_n);
    memset(out, 0, sizeof(*out));
    if (one == NULL || !is_name(n->text, (size_t)(one - n->text))) {
        return false;
    }
    const char *two = memchr(one + 1, '\n', (size_t)(end - one - 1));
    if (two == NULL || (one[1] == '0' && two - one != 2) ||
        pl_parse_u64n(one + 1, (size_t)(two - one - 1), &out->size) != 0) {
        return false;
    }
    const char *three = memchr(two + 1, '\n', (size_t)(end - two - 1));
    if (three == NULL || three + 1 != end ||
        vf_base64_read(two + 1, (size_t)(three - two - 1), out->root, HASH_BYTES) != HASH_BYTES) {
        return false;
    }
    memcpy(out->origin, n->text, (size_t)(one - n->text));
    return true;
}
