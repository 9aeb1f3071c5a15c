// SPDX-License-Identifier: Apache-2.0
/*
 * Signed notes (tlog/note.h). Ed25519 and base64 are libsodium's.
 */
#include "plimsoll/tlog/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#define DASH       "\xe2\x80\x94 " /* U+2014 and a blank open each signature line */
#define DASH_LEN   4
#define SIG_LEN    64
#define KEY_ID_LEN 4
#define TIME_LEN   8
#define B64        sodium_base64_VARIANT_ORIGINAL
#define RAW_MAX    (KEY_ID_LEN + TIME_LEN + SIG_LEN)
#define MESSAGE    (PL_NOTE_MAX_BYTES + 64)

/* Base64 that has one form only: libsodium also reads some bytes above 0x7f, as if they were
 * letters. */
static bool from_base64(const char *s, size_t n, uint8_t *out, size_t cap, size_t *len)
{
    char again[sodium_base64_ENCODED_LEN(RAW_MAX, B64)];
    if (cap > RAW_MAX || sodium_base642bin(out, cap, s, n, NULL, len, NULL, B64) != 0) {
        return false;
    }
    (void)sodium_bin2base64(again, sizeof(again), out, *len, B64);
    return strlen(again) == n && memcmp(again, s, n) == 0;
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
    return n > 0 && n < PL_NOTE_NAME_SIZE;
}

static void key_id(const struct pl_vkey *k, uint8_t out[KEY_ID_LEN])
{
    const uint8_t middle[2] = {'\n', k->type};
    uint8_t hash[PL_SHA256_BYTES];
    struct pl_sha256 s;
    pl_sha256_init(&s);
    pl_sha256_update(&s, k->name, strlen(k->name));
    pl_sha256_update(&s, middle, sizeof(middle));
    pl_sha256_update(&s, k->key, sizeof(k->key));
    pl_sha256_final(&s, hash);
    memcpy(out, hash, KEY_ID_LEN);
}

int pl_skey_from_seed(const char *name, uint8_t type, const uint8_t seed[32], struct pl_skey *out,
                      struct pl_err *e)
{
    memset(out, 0, sizeof(*out));
    if (!is_name(name, strlen(name)) || (type != PL_NOTE_ED25519 && type != PL_NOTE_COSIGNATURE)) {
        return pl_fail(e, PL_E_INVALID, "not a name and type for a key of a log: %.60s", name);
    }
    (void)pl_strlcpy(out->pub.name, name, sizeof(out->pub.name));
    out->pub.type = type;
    (void)crypto_sign_ed25519_seed_keypair(out->pub.key, out->secret, seed);
    key_id(&out->pub, out->pub.id);
    return 0;
}

void pl_vkey_print(const struct pl_vkey *k, char out[PL_VKEY_SIZE])
{
    uint8_t raw[33];
    char text[sodium_base64_ENCODED_LEN(sizeof(raw), B64)];
    raw[0] = k->type;
    memcpy(raw + 1, k->key, sizeof(k->key));
    (void)sodium_bin2base64(text, sizeof(text), raw, sizeof(raw), B64);
    (void)snprintf(out, PL_VKEY_SIZE, "%s+%02x%02x%02x%02x+%s", k->name, k->id[0], k->id[1],
                   k->id[2], k->id[3], text);
}

int pl_vkey_parse(const char *s, struct pl_vkey *out, struct pl_err *e)
{
    uint8_t raw[33];
    uint8_t id[KEY_ID_LEN];
    size_t n = 0;
    const char *hex = strchr(s, '+');
    memset(out, 0, sizeof(*out));
    const char *b64 = hex == NULL ? NULL : strchr(hex + 1, '+');
    if (b64 == NULL || !is_name(s, (size_t)(hex - s)) || b64 - hex != 9 ||
        sodium_hex2bin(out->id, sizeof(out->id), hex + 1, 8, NULL, &n, NULL) != 0 ||
        n != KEY_ID_LEN || !from_base64(b64 + 1, strlen(b64 + 1), raw, sizeof(raw), &n) ||
        n != sizeof(raw)) {
        return pl_fail(e, PL_E_INVALID, "not a key of a log (NAME+ID+KEY): %.80s", s);
    }
    memcpy(out->name, s, (size_t)(hex - s));
    out->type = raw[0];
    memcpy(out->key, raw + 1, sizeof(out->key));
    key_id(out, id);
    if (memcmp(id, out->id, sizeof(id)) != 0) {
        return pl_fail(e, PL_E_INVALID, "the id in the key of %s belongs to another key",
                       out->name);
    }
    if (out->type != PL_NOTE_ED25519 && out->type != PL_NOTE_COSIGNATURE) {
        return pl_fail(e, PL_E_INVALID, "the key of %s is of a type that is not known", out->name);
    }
    return 0;
}

/* ---- signing ----------------------------------------------------------------------------------
 */

/* What an Ed25519 key of this type signs for a text. */
static int message_of(const struct pl_vkey *k, const char *text, size_t n, uint64_t time_s,
                      struct pl_buf *out)
{
    int rc = 0;
    pl_buf_init(out, MESSAGE);
    if (k->type == PL_NOTE_COSIGNATURE) {
        rc = pl_buf_printf(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    }
    return rc == 0 ? pl_buf_add(out, text, n) : rc;
}

static int add_line(const char *text, size_t n, const struct pl_skey *k, uint64_t time_s,
                    struct pl_buf *out, struct pl_err *e)
{
    uint8_t raw[KEY_ID_LEN + TIME_LEN + SIG_LEN];
    char b64[sodium_base64_ENCODED_LEN(sizeof(raw), B64)];
    struct pl_buf message;
    size_t at = KEY_ID_LEN;
    memcpy(raw, k->pub.id, KEY_ID_LEN);
    if (k->pub.type == PL_NOTE_COSIGNATURE) {
        for (unsigned i = 0; i < TIME_LEN; i++) {
            raw[at++] = (uint8_t)(time_s >> (56 - 8 * i));
        }
    }
    int rc = message_of(&k->pub, text, n, time_s, &message);
    if (rc == 0) {
        (void)crypto_sign_ed25519_detached(raw + at, NULL, message.data, message.len, k->secret);
        (void)sodium_bin2base64(b64, sizeof(b64), raw, at + SIG_LEN, B64);
        rc = pl_buf_printf(out, DASH "%s %s\n", k->pub.name, b64);
    }
    pl_buf_release(&message);
    return rc == 0 ? 0 : pl_fail(e, PL_E_LIMIT, "a note has at most %u bytes", PL_NOTE_MAX_BYTES);
}

static bool is_text(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (((unsigned char)s[i] < ' ' && s[i] != '\n') || s[i] == 0x7f) {
            return false;
        }
    }
    return n > 0 && s[n - 1] == '\n';
}

int pl_note_sign(const char *text, const struct pl_skey *k, struct pl_buf *out, struct pl_err *e)
{
    size_t n = strlen(text);
    if (!is_text(text, n) || k->pub.type != PL_NOTE_ED25519) {
        return pl_fail(e, PL_E_INVALID, "the text of a note is lines, the last one whole");
    }
    if (n > PL_NOTE_MAX_BYTES - 512 || pl_buf_add(out, text, n) != 0 ||
        pl_buf_add_byte(out, '\n') != 0) {
        return pl_fail(e, PL_E_LIMIT, "a note has at most %u bytes", PL_NOTE_MAX_BYTES);
    }
    return add_line(text, n, k, 0, out, e);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* The text ends with the last empty line. */
static int split(const char *note, size_t n, size_t *text_len, struct pl_err *e)
{
    if (n <= PL_NOTE_MAX_BYTES && is_text(note, n)) {
        for (size_t i = n - 1; i > 0; i--) {
            if (note[i] == '\n' && note[i - 1] == '\n') {
                *text_len = i;
                return i + 1 < n ? 0 : pl_fail(e, PL_E_INVALID, "the note has no signature");
            }
        }
    }
    return pl_fail(e, PL_E_INVALID, "not a signed note");
}

int pl_note_cosign(struct pl_buf *note, const struct pl_skey *k, uint64_t time_s, struct pl_err *e)
{
    size_t n;
    int rc = split((const char *)note->data, note->len, &n, e);
    if (rc != 0) {
        return rc;
    }
    if (k->pub.type != PL_NOTE_COSIGNATURE) {
        return pl_fail(e, PL_E_INVALID, "%s is not the key of a witness", k->pub.name);
    }
    char *text = pl_xstrndup((const char *)note->data, n);
    rc = add_line(text, n, k, time_s, note, e);
    free(text);
    return rc;
}

struct line {
    const char *name;
    size_t name_len;
    uint8_t raw[KEY_ID_LEN + TIME_LEN + SIG_LEN];
    size_t raw_len;
};

/* One signature line without its newline. Signatures of kinds that we do not know may be longer
 * than ours: raw_len is 0 then. */
static bool read_line(const char *s, size_t n, struct line *out)
{
    if (n < DASH_LEN || memcmp(s, DASH, DASH_LEN) != 0) {
        return false;
    }
    out->name = s + DASH_LEN;
    const char *blank = memchr(out->name, ' ', n - DASH_LEN);
    if (blank == NULL) {
        return false;
    }
    out->name_len = (size_t)(blank - out->name);
    size_t left = n - DASH_LEN - out->name_len - 1;
    if (!from_base64(blank + 1, left, out->raw, sizeof(out->raw), &out->raw_len)) {
        out->raw_len = 0;
    }
    return is_name(out->name, out->name_len) && left > 0;
}

static bool is_of(const struct line *l, const struct pl_vkey *k)
{
    return l->raw_len > KEY_ID_LEN && l->name_len == strlen(k->name) &&
           memcmp(l->name, k->name, l->name_len) == 0 && memcmp(l->raw, k->id, KEY_ID_LEN) == 0;
}

static bool is_good(const struct line *l, const struct pl_vkey *k, const char *text, size_t n,
                    uint64_t *time_s)
{
    size_t at = KEY_ID_LEN + (k->type == PL_NOTE_COSIGNATURE ? TIME_LEN : 0);
    struct pl_buf message;
    uint64_t t = 0;
    for (size_t i = KEY_ID_LEN; i < at && i < l->raw_len; i++) {
        t = t << 8 | l->raw[i];
    }
    bool good = l->raw_len == at + SIG_LEN && message_of(k, text, n, t, &message) == 0;
    if (good) {
        good = crypto_sign_ed25519_verify_detached(l->raw + at, message.data, message.len,
                                                   k->key) == 0;
        pl_buf_release(&message);
    }
    if (time_s != NULL) {
        *time_s = t;
    }
    return good;
}

int pl_note_check(const char *note, size_t n, const struct pl_vkey *k, size_t *text_len,
                  uint64_t *time_s, struct pl_err *e)
{
    unsigned lines = 0;
    bool found = false;
    int rc = split(note, n, text_len, e);
    for (size_t at = rc == 0 ? *text_len + 1 : n; at < n;) {
        struct line l;
        size_t len = (size_t)((const char *)memchr(note + at, '\n', n - at) - (note + at));
        if (++lines > PL_NOTE_SIGS_MAX || !read_line(note + at, len, &l)) {
            return pl_fail(e, PL_E_INVALID, "line %u of the note's signatures is malformed", lines);
        }
        if (is_of(&l, k)) {
            if (!is_good(&l, k, note, *text_len, time_s)) {
                return pl_fail(e, PL_E_INVALID, "the signature of %s is false", k->name);
            }
            found = true;
        }
        at += len + 1;
    }
    if (rc == 0 && !found) {
        rc = pl_fail(e, PL_E_INVALID, "the note is not signed by %s", k->name);
    }
    return rc;
}

/* ---- checkpoints ------------------------------------------------------------------------------
 */

void pl_checkpoint_print(const struct pl_checkpoint *c, char out[PL_CHECKPOINT_SIZE])
{
    char root[sodium_base64_ENCODED_LEN(PL_SHA256_BYTES, B64)];
    (void)sodium_bin2base64(root, sizeof(root), c->root.b, sizeof(c->root.b), B64);
    (void)snprintf(out, PL_CHECKPOINT_SIZE, "%s\n%llu\n%s\n", c->origin,
                   (unsigned long long)c->size, root);
}

int pl_checkpoint_parse(const char *text, size_t n, struct pl_checkpoint *out, struct pl_err *e)
{
    const char *end = text + n;
    const char *line[3];
    size_t len[3];
    size_t got = 0;
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < 3; i++) {
        const char *nl = text < end ? memchr(text, '\n', (size_t)(end - text)) : NULL;
        if (nl == NULL) {
            return pl_fail(e, PL_E_INVALID, "a checkpoint has three lines");
        }
        line[i] = text;
        len[i] = (size_t)(nl - text);
        text = nl + 1;
    }
    if (text != end || !is_text(line[0], len[0] + 1) || len[0] == 0 ||
        len[0] >= sizeof(out->origin)) {
        return pl_fail(e, PL_E_INVALID, "a checkpoint is an origin, a size and a root");
    }
    memcpy(out->origin, line[0], len[0]);
    if (pl_parse_u64n(line[1], len[1], &out->size) != 0 || out->size > PL_TREE_MAX ||
        (len[1] > 1 && line[1][0] == '0')) {
        return pl_fail(e, PL_E_INVALID, "the size of the checkpoint is not a number");
    }
    if (!from_base64(line[2], len[2], out->root.b, sizeof(out->root.b), &got) ||
        got != sizeof(out->root.b)) {
        return pl_fail(e, PL_E_INVALID, "the root of the checkpoint is not 32 bytes in base64");
    }
    return 0;
}
