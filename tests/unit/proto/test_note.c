// SPDX-License-Identifier: Apache-2.0
/*
 * Signed notes and checkpoints: the published examples of the format, and every way a note can be
 * wrong.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "plimsoll/tlog/note.h"

#include "support/unit.h"

/* The example of c2sp.org/signed-note. */
static const char foo_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char foo_note[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
/* That of Go's sumdb/note: what its published private key signs. */
static const char neumann_seed[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char neumann_key[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char neumann_text[] = "If you think cryptography is the answer to your problem,\n"
                                   "then you don't know what your problem is.\n";
static const char neumann_line[] =
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvq"
    "fqdngotpRZb6KE6RyyBwJnAM=\n";

static void neumann(struct pl_skey *k)
{
    uint8_t raw[33];
    size_t n = 0;
    assert_int_equal(sodium_base642bin(raw, sizeof(raw), neumann_seed, strlen(neumann_seed), NULL,
                                       &n, NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(n, 33);
    assert_int_equal(pl_skey_from_seed("PeterNeumann", raw[0], raw + 1, k, NULL), 0);
}

static int check(const char *note, const char *key, size_t *len)
{
    struct pl_vkey k;
    assert_int_equal(pl_vkey_parse(key, &k, NULL), 0);
    return pl_note_check(note, strlen(note), &k, len, NULL, NULL);
}

TEST(note_of_the_specification_is_accepted)
{
    size_t n = 0;
    assert_int_equal(check(foo_note, foo_key, &n), 0);
    assert_int_equal(n, strlen("This is an example message.\n"));
}

TEST(note_is_signed_as_others_sign_it)
{
    struct pl_skey k;
    struct pl_buf note;
    char vkey[PL_VKEY_SIZE];
    char want[1024];
    neumann(&k);
    pl_vkey_print(&k.pub, vkey);
    assert_string_equal(vkey, neumann_key);
    pl_buf_init(&note, PL_NOTE_MAX_BYTES);
    assert_int_equal(pl_note_sign(neumann_text, &k, &note, NULL), 0);
    (void)snprintf(want, sizeof(want), "%s\n%s", neumann_text, neumann_line);
    assert_int_equal(note.len, strlen(want));
    assert_memory_equal(note.data, want, note.len);
    pl_buf_release(&note);
}

TEST(note_is_refused_when_any_bit_is_turned)
{
    char note[sizeof(foo_note)];
    size_t n;
    for (size_t i = 0; i < sizeof(foo_note) - 1; i++) {
        memcpy(note, foo_note, sizeof(note));
        note[i] ^= 0x04;
        struct pl_vkey k;
        assert_int_equal(pl_vkey_parse(foo_key, &k, NULL), 0);
        assert_int_equal(pl_note_check(note, sizeof(note) - 1, &k, &n, NULL, NULL), -PL_E_INVALID);
    }
}

TEST(note_is_refused_when_its_form_is_wrong)
{
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        "text",
        "text\n",
        "text\n\n",
        "text\n\nno dash\n",
        "text\n\n\xe2\x80\x94 example.com/foo\n",
        "text\n\n\xe2\x80\x94 example.com/foo \n",
    };
    size_t n;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(check(bad[i], foo_key, &n), -PL_E_INVALID);
    }
    assert_int_equal(check(foo_note, neumann_key, &n), -PL_E_INVALID);
}

TEST(note_passes_over_signatures_of_others)
{
    char note[1024];
    size_t n;
    (void)snprintf(note, sizeof(note), "%s%s", foo_note, neumann_line);
    assert_int_equal(check(note, foo_key, &n), 0);
    /* One that claims to be his and is not. */
    assert_int_equal(check(note, neumann_key, &n), -PL_E_INVALID);
    (void)snprintf(note, sizeof(note), "%s\xe2\x80\x94 somebody Zm9v\n", foo_note);
    assert_int_equal(check(note, foo_key, &n), 0);
}

TEST(note_carries_the_time_of_a_witness)
{
    static const uint8_t seed[32] = {7};
    struct pl_skey log;
    struct pl_skey witness;
    struct pl_buf note;
    uint64_t when = 0;
    size_t n = 0;
    neumann(&log);
    assert_int_equal(
        pl_skey_from_seed("witness.example", PL_NOTE_COSIGNATURE, seed, &witness, NULL), 0);
    pl_buf_init(&note, PL_NOTE_MAX_BYTES);
    assert_int_equal(pl_note_sign(neumann_text, &log, &note, NULL), 0);
    assert_int_equal(pl_note_cosign(&note, &witness, 1700000000, NULL), 0);
    const char *s = (const char *)note.data;
    assert_int_equal(pl_note_check(s, note.len, &log.pub, &n, &when, NULL), 0);
    assert_int_equal(when, 0);
    assert_int_equal(pl_note_check(s, note.len, &witness.pub, &n, &when, NULL), 0);
    assert_int_equal(when, 1700000000);
    assert_int_equal(n, strlen(neumann_text));
    assert_int_equal(pl_note_cosign(&note, &log, 1, NULL), -PL_E_INVALID);
    pl_buf_release(&note);
}

TEST(vkey_is_refused_when_id_and_key_differ)
{
    static const char *const bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fob+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
    };
    struct pl_vkey k;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(pl_vkey_parse(bad[i], &k, NULL), -PL_E_INVALID);
    }
}

TEST(checkpoint_is_read_as_it_is_written)
{
    struct pl_checkpoint c = {.origin = "plimsoll.internal/acme/e1", .size = 70000};
    struct pl_checkpoint d;
    char text[PL_CHECKPOINT_SIZE];
    c.root = pl_tree_leaf("x", 1);
    pl_checkpoint_print(&c, text);
    assert_int_equal(pl_checkpoint_parse(text, strlen(text), &d, NULL), 0);
    assert_string_equal(d.origin, c.origin);
    assert_int_equal(d.size, c.size);
    assert_true(pl_hash_equal(&c.root, &d.root));
}

TEST(checkpoint_is_refused_when_its_form_is_wrong)
{
    static const char root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    static const char *const bad[] = {
        "%.0s",
        "origin\n1\n%.0s",
        "origin\n01\n%s\n",
        "origin\n-1\n%s\n",
        "origin\nx\n%s\n",
        "\n1\n%s\n",
        "origin\n1\n%s",
        "origin\n1\n%s\nmore\n",
        "origin\n1\nx%s\n",
        "origin\n9999999999999999999\n%s\n",
    };
    static const char nul[] = "ori\0gin\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    struct pl_checkpoint c;
    assert_int_equal(pl_checkpoint_parse(nul, sizeof(nul) - 1, &c, NULL), -PL_E_INVALID);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[256];
        size_t n = 0;
        for (const char *p = bad[i]; *p != '\0'; p++) {
            if (strncmp(p, "%s", 2) == 0) {
                memcpy(text + n, root, strlen(root));
                n += strlen(root);
                p++;
            } else if (strncmp(p, "%.0s", 4) == 0) {
                p += 3;
            } else {
                text[n++] = *p;
            }
        }
        assert_int_equal(pl_checkpoint_parse(text, n, &c, NULL), -PL_E_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(note_of_the_specification_is_accepted),
        UNIT(note_is_signed_as_others_sign_it),
        UNIT(note_is_refused_when_any_bit_is_turned),
        UNIT(note_is_refused_when_its_form_is_wrong),
        UNIT(note_passes_over_signatures_of_others),
        UNIT(note_carries_the_time_of_a_witness),
        UNIT(vkey_is_refused_when_id_and_key_differ),
        UNIT(checkpoint_is_read_as_it_is_written),
        UNIT(checkpoint_is_refused_when_its_form_is_wrong),
    };
    return RUN(tests);
}
