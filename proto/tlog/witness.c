// SPDX-License-Identifier: Apache-2.0
/*
 * The witness (tlog/witness.h). The order of the checks is that of the specification: whoever asks
 * with an old size that is behind is told the present one only after the log has signed for it.
 */
#include "plimsoll/tlog/witness.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#define B64         sodium_base64_VARIANT_ORIGINAL
#define PROOF_LINES 63
#define HASH_B64    44 /* characters of a hash in base64 */
#define PRIVATE     "PRIVATE+KEY+"

/* ---- requests ---------------------------------------------------------------------------------
 */

static bool read_hash(const char *s, size_t n, struct pl_hash *out)
{
    char again[HASH_B64 + 1];
    size_t len = 0;
    if (n != HASH_B64 ||
        sodium_base642bin(out->b, sizeof(out->b), s, n, NULL, &len, NULL, B64) != 0 ||
        len != sizeof(out->b)) {
        return false;
    }
    (void)sodium_bin2base64(again, sizeof(again), out->b, sizeof(out->b), B64);
    return memcmp(again, s, n) == 0; /* there is one way to write it */
}

static bool read_old(const char *s, size_t n, uint64_t *old)
{
    return n > 4 && memcmp(s, "old ", 4) == 0 && (s[4] != '0' || n == 5) &&
           pl_parse_u64n(s + 4, n - 4, old) == 0 && *old <= PL_TREE_MAX;
}

/* "old N", the proof, the empty line; *at: what follows. */
static bool read_head(const char *s, size_t n, uint64_t *old, struct pl_proof *p, size_t *at)
{
    bool is_first = true;
    p->n = 0;
    for (*at = 0; *at < n;) {
        const char *line = s + *at;
        const char *stop = memchr(line, '\n', n - *at);
        if (stop == NULL) {
            return false;
        }
        size_t len = (size_t)(stop - line);
        *at += len + 1;
        if (is_first) {
            if (!read_old(line, len, old)) {
                return false;
            }
            is_first = false;
        } else if (len == 0) {
            return *at < n;
        } else if (p->n == PROOF_LINES || !read_hash(line, len, &p->h[p->n++])) {
            return false;
        }
    }
    return false;
}

/* ---- judging ----------------------------------------------------------------------------------
 */

static enum pl_witness_status no(enum pl_witness_status status, struct pl_err *e, const char *why)
{
    (void)pl_fail(e, PL_E_INVALID, "%s", why);
    return status;
}

/* The text of a note ends where its last empty line begins. */
static size_t text_of(const char *note, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        if (note[i] == '\n' && note[i - 1] == '\n') {
            return i;
        }
    }
    return 0;
}

static enum pl_witness_status judge_growth(const struct pl_checkpoint *last, uint64_t old,
                                           const struct pl_checkpoint *next,
                                           const struct pl_proof *p, struct pl_err *e)
{
    if (old > next->size) {
        return no(PL_WITNESS_BAD, e, "the old size is greater than the new one");
    }
    if (old != last->size) {
        (void)pl_fail(e, PL_E_CONFLICT,
                      "the last checkpoint signed here has %llu entries, not %llu",
                      (unsigned long long)last->size, (unsigned long long)old);
        return PL_WITNESS_CONFLICT;
    }
    if (old == 0 && next->size > 0) {
        return p->n == 0
                   ? PL_WITNESS_SIGN
                   : no(PL_WITNESS_PROOF, e, "from an empty log on there is nothing to prove");
    }
    struct pl_hash from = old == 0 ? pl_tree_empty() : last->root;
    if (old == next->size && !pl_hash_equal(&from, &next->root)) {
        return no(PL_WITNESS_CONFLICT, e, "the log has signed two roots for one size");
    }
    return pl_tree_check_growth(old, next->size, &from, &next->root, p, e) == 0 ? PL_WITNESS_SIGN
                                                                                : PL_WITNESS_PROOF;
}

enum pl_witness_status pl_witness_judge(const struct pl_vkey *log, const struct pl_checkpoint *last,
                                        const char *body, size_t n, struct pl_checkpoint *next,
                                        size_t *note_at, struct pl_err *e)
{
    struct pl_proof proof;
    uint64_t old = 0;
    size_t text_n = 0;
    if (n > PL_WITNESS_BODY_MAX || !read_head(body, n, &old, &proof, note_at)) {
        return no(PL_WITNESS_BAD, e, "not a request: old size, proof, empty line, checkpoint");
    }
    const char *note = body + *note_at;
    size_t note_n = n - *note_at;
    if (pl_checkpoint_parse(note, text_of(note, note_n), next, e) != 0) {
        return PL_WITNESS_BAD;
    }
    if (strcmp(next->origin, log->name) != 0) {
        (void)pl_fail(e, PL_E_NOENT, "this is a witness of %s, not of %s", log->name, next->origin);
        return PL_WITNESS_UNKNOWN;
    }
    if (pl_note_check(note, note_n, log, &text_n, NULL, e) != 0) {
        return PL_WITNESS_UNSIGNED;
    }
    return judge_growth(last, old, next, &proof, e);
}

int pl_witness_line(const char *note, size_t n, const struct pl_skey *k, uint64_t time_s,
                    struct pl_buf *out, struct pl_err *e)
{
    struct pl_buf b;
    pl_buf_init(&b, PL_NOTE_MAX_BYTES + 512);
    int rc = pl_buf_add(&b, note, n);
    if (rc == 0) {
        rc = pl_note_cosign(&b, k, time_s, e);
    }
    if (rc == 0) {
        rc = pl_buf_add(out, b.data + n, b.len - n);
    }
    pl_buf_release(&b);
    return rc;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

void pl_skey_print(const struct pl_skey *k, char out[PL_SKEY_SIZE])
{
    uint8_t raw[33];
    char text[sodium_base64_ENCODED_LEN(sizeof(raw), B64)];
    raw[0] = k->pub.type;
    memcpy(raw + 1, k->secret, 32); /* libsodium keeps seed and public key in it */
    (void)sodium_bin2base64(text, sizeof(text), raw, sizeof(raw), B64);
    (void)snprintf(out, PL_SKEY_SIZE, PRIVATE "%s+%02x%02x%02x%02x+%s\n", k->pub.name, k->pub.id[0],
                   k->pub.id[1], k->pub.id[2], k->pub.id[3], text);
    pl_wipe(raw, sizeof(raw));
    pl_wipe(text, sizeof(text));
}

int pl_skey_parse(const char *s, struct pl_skey *out, struct pl_err *e)
{
    uint8_t raw[33];
    char name[PL_NOTE_NAME_SIZE];
    char again[PL_SKEY_SIZE];
    size_t len = 0;
    int rc = -PL_E_INVALID;
    const char *plus =
        strncmp(s, PRIVATE, strlen(PRIVATE)) == 0 ? strchr(s + strlen(PRIVATE), '+') : NULL;
    const char *b64 = plus == NULL ? NULL : strchr(plus + 1, '+');
    size_t name_n = plus == NULL ? 0 : (size_t)(plus - s) - strlen(PRIVATE);
    if (b64 != NULL && name_n < sizeof(name) &&
        sodium_base642bin(raw, sizeof(raw), b64 + 1, strcspn(b64 + 1, "\n"), NULL, &len, NULL,
                          B64) == 0 &&
        len == sizeof(raw)) {
        memcpy(name, s + strlen(PRIVATE), name_n);
        name[name_n] = '\0';
        rc = pl_skey_from_seed(name, raw[0], raw + 1, out, NULL);
    }
    if (rc == 0) { /* the id belongs to it, and nothing follows */
        pl_skey_print(out, again);
        rc = strcmp(again, s) == 0 ? 0 : -PL_E_INVALID;
        pl_wipe(again, sizeof(again));
    }
    pl_wipe(raw, sizeof(raw));
    return rc == 0 ? 0 : pl_fail(e, PL_E_INVALID, "not a signing key (PRIVATE+KEY+NAME+ID+KEY)");
}
