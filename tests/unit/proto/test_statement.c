// SPDX-License-Identifier: Apache-2.0
/*
 * Statements: one encoding, everything else refused; signatures by both kinds of key.
 */
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/tls/statement.h"

#include "support/unit.h"

static const uint8_t salt[PL_STATEMENT_NONCE] = {1, 2,  3,  4,  5,  6,  7,  8,
                                                 9, 10, 11, 12, 13, 14, 15, 16};

static void make(struct pl_buf *seen, struct pl_buf *out, struct pl_statement *s)
{
    const struct pl_invite_terms terms = {"ben", "Ben Example", 2, 1, 4320};
    struct pl_err e;
    pl_buf_init(seen, PL_STATEMENT_BYTES);
    pl_buf_init(out, PL_STATEMENT_BYTES);
    assert_int_equal(pl_seen_invite(&terms, salt, seen), 0);
    *s = (struct pl_statement){.kind = PL_SIGNED_INVITE,
                               .review = 91,
                               .actor = 0x1122334455667788u,
                               .device = 3,
                               .issued_us = INT64_C(1767225600000000),
                               .seen = seen->data,
                               .seen_n = seen->len};
    memset(s->organisation, 0xaa, sizeof(s->organisation));
    memset(s->nonce, 0xbb, sizeof(s->nonce));
    assert_int_equal(pl_statement_encode(s, out, &e), 0);
}

TEST(statement_survives_the_round_trip)
{
    struct pl_buf seen;
    struct pl_buf out;
    struct pl_statement s;
    struct pl_statement got;
    struct pl_err e;
    size_t n = 0;
    make(&seen, &out, &s);
    assert_int_equal(out.len, PL_STATEMENT_HEAD + seen.len);
    assert_memory_equal(out.data, "PLS1\0\1", 6);
    assert_int_equal(pl_statement_decode(out.data, out.len, &got, &e), 0);
    assert_int_equal(got.kind, PL_SIGNED_INVITE);
    assert_memory_equal(got.organisation, s.organisation, sizeof(s.organisation));
    assert_int_equal(got.review, 91);
    assert_int_equal(got.object, 0);
    assert_true(got.actor == s.actor && got.device == 3 && got.issued_us == s.issued_us);
    assert_memory_equal(got.nonce, s.nonce, sizeof(s.nonce));
    const uint8_t *name = pl_seen_find(&got, PL_SEEN_DISPLAY_NAME, &n);
    assert_int_equal(n, 11);
    assert_memory_equal(name, "Ben Example", 11);
    const uint8_t *minutes = pl_seen_find(&got, PL_SEEN_MINUTES, &n);
    assert_int_equal(n, 4);
    assert_memory_equal(minutes, "\0\0\x10\xe0", 4);
    assert_null(pl_seen_find(&got, 99, &n));
    assert_int_equal(n, 0);
    pl_buf_release(&seen);
    pl_buf_release(&out);
}

TEST(every_other_byte_and_length_is_refused)
{
    struct pl_buf seen;
    struct pl_buf out;
    struct pl_statement s;
    struct pl_statement got;
    struct pl_err e;
    make(&seen, &out, &s);
    for (size_t n = 0; n < out.len; n++) {
        assert_int_equal(pl_statement_decode(out.data, n, &got, &e), -PL_E_INVALID);
    }
    for (size_t i = PL_STATEMENT_HEAD - PL_SHA256_BYTES; i < out.len; i++) {
        out.data[i] ^= 1; /* the hash, or what it is of */
        assert_int_equal(pl_statement_decode(out.data, out.len, &got, &e), -PL_E_INVALID);
        out.data[i] ^= 1;
    }
    out.data[3] = '2';
    assert_int_equal(pl_statement_decode(out.data, out.len, &got, &e), -PL_E_INVALID);
    uint8_t big[PL_STATEMENT_BYTES + 1] = "PLS1";
    assert_int_equal(pl_statement_decode(big, sizeof(big), &got, &e), -PL_E_INVALID);
    pl_buf_release(&seen);
    pl_buf_release(&out);
}

/* One field and a hash that fits it. */
static int decode_seen(const void *seen, size_t n)
{
    uint8_t bytes[PL_STATEMENT_HEAD + 128] = "PLS1";
    struct pl_statement got;
    assert_true(n <= 128);
    memcpy(bytes + PL_STATEMENT_HEAD, seen, n);
    pl_sha256(seen, n, bytes + PL_STATEMENT_HEAD - PL_SHA256_BYTES);
    return pl_statement_decode(bytes, PL_STATEMENT_HEAD + n, &got, NULL);
}

#define SALT    \
    "\0\1\0\20" \
    "0123456789abcdef"

TEST(what_was_seen_has_one_form)
{
    static const struct {
        const char *bytes;
        size_t n;
        int rc;
    } cases[] = {
        {SALT, 20, 0},
        {SALT "\0\2\0\0", 24, 0},
        {SALT "\0\2\0\1a\0\4\0\0", 29, 0},
        {SALT "\0\2\0\1", 24, -PL_E_INVALID},         /* cut */
        {SALT "\0\2\0", 23, -PL_E_INVALID},           /* cut */
        {SALT "\0\4\0\0\0\2\0\0", 28, -PL_E_INVALID}, /* not ascending */
        {SALT "\0\2\0\0\0\2\0\0", 28, -PL_E_INVALID}, /* twice */
        {"\0\2\0\0", 4, -PL_E_INVALID},               /* no salt */
        {"\0\1\0\1x", 5, -PL_E_INVALID},              /* too little salt */
        {"\0\0\0\0" SALT, 24, -PL_E_INVALID},         /* tag 0 */
        {"", 0, -PL_E_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(decode_seen(cases[i].bytes, cases[i].n), cases[i].rc);
    }
    struct pl_buf out;
    struct pl_err e;
    struct pl_statement s = {.kind = 1, .seen = (const uint8_t *)"\0\2\0\0", .seen_n = 4};
    pl_buf_init(&out, PL_STATEMENT_BYTES);
    assert_int_equal(pl_statement_encode(&s, &out, &e), -PL_E_INVALID);
    s.seen = (const uint8_t *)SALT;
    s.seen_n = 20;
    s.kind = 65536;
    assert_int_equal(pl_statement_encode(&s, &out, &e), -PL_E_INVALID);
    assert_int_equal(out.len, 0);
    pl_buf_release(&out);
}

static void check_signatures(const struct pl_key *key, const struct pl_key *other)
{
    struct pl_buf seen;
    struct pl_buf st;
    struct pl_statement s;
    struct pl_err e;
    uint8_t sig[PL_KEY_SIGNATURE_MAX];
    uint8_t spki[PL_KEY_DER_MAX];
    size_t sig_n = 0;
    size_t spki_n = 0;
    make(&seen, &st, &s);
    assert_int_equal(pl_key_public(key, spki, &spki_n, &e), 0);
    assert_int_equal(pl_statement_sign(key, st.data, st.len, sig, &sig_n, &e), 0);
    assert_int_equal(pl_statement_verify(spki, spki_n, st.data, st.len, sig, sig_n, &e), 0);
    for (size_t i = 0; i < PL_STATEMENT_HEAD; i++) {
        st.data[i] ^= 0x80;
        assert_int_equal(pl_statement_verify(spki, spki_n, st.data, st.len, sig, sig_n, &e),
                         -PL_E_INVALID);
        st.data[i] ^= 0x80;
    }
    for (size_t i = 0; i < sig_n; i++) {
        sig[i] ^= 1;
        assert_int_equal(pl_statement_verify(spki, spki_n, st.data, st.len, sig, sig_n, &e),
                         -PL_E_INVALID);
        sig[i] ^= 1;
        assert_int_equal(pl_statement_verify(spki, spki_n, st.data, st.len, sig, i, &e),
                         -PL_E_INVALID);
    }
    for (size_t i = 0; i < spki_n; i++) {
        assert_int_equal(pl_statement_verify(spki, i, st.data, st.len, sig, sig_n, &e),
                         -PL_E_INVALID);
    }
    assert_int_equal(pl_key_public(other, spki, &spki_n, &e), 0);
    assert_int_equal(pl_statement_verify(spki, spki_n, st.data, st.len, sig, sig_n, &e),
                     -PL_E_INVALID);
    assert_int_equal(pl_statement_verify(spki, spki_n, st.data, 5, sig, sig_n, &e), -PL_E_INVALID);
    assert_int_equal(pl_statement_sign(key, st.data, 5, sig, &sig_n, &e), -PL_E_INVALID);
    pl_buf_release(&seen);
    pl_buf_release(&st);
}

TEST(signatures_of_both_kinds_of_key)
{
    static const char ed25519[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n";
    struct pl_err e;
    struct pl_key *a = pl_key_new(&e);
    struct pl_key *b = pl_key_new(&e);
    struct pl_key *c = pl_key_from_pem(ed25519, &e);
    assert_true(a && b && c);
    check_signatures(a, b);
    check_signatures(c, a);
    check_signatures(b, c);
    pl_key_free(a);
    pl_key_free(b);
    pl_key_free(c);
}

TEST(login_names)
{
    char longest[66];
    static const char *const good[] = {"a", "0", "ana.b_c-d", "7up"};
    static const char *const bad[] = {"", ".a", "_a", "-a", "Ana", "a b", "a\n", "\xc3\xa4", "a/b"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(pl_user_name_is_good(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(pl_user_name_is_good(bad[i]));
    memset(longest, 'a', sizeof(longest));
    longest[65] = '\0';
    assert_false(pl_user_name_is_good(longest));
    longest[64] = '\0';
    assert_true(pl_user_name_is_good(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(statement_survives_the_round_trip),
        UNIT(every_other_byte_and_length_is_refused),
        UNIT(what_was_seen_has_one_form),
        UNIT(signatures_of_both_kinds_of_key),
        UNIT(login_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
