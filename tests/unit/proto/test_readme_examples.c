// SPDX-License-Identifier: Apache-2.0
/*
 * The worked examples of proto/README.md are made here by the code that runs, and compared: they
 * cannot be wrong. With PL_README_UPDATE=1 in the environment the examples in the file are replaced
 * by the right ones. What else the page must hold is checked by test_readme.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/merge/digest.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/tls/statement.h"
#include "plimsoll/wire/frame.h"
#include "plimsoll/wire/message.h"

#include "proto/wire/codec.h"

#define README     PL_SOURCE_DIR "/proto/README.md"
#define README_MAX (1u << 20)
#define DEPTH_MAX  8
#define HEX_COLUMN 34

static char *readme;

/* ---- writing examples -------------------------------------------------------------------------
 */

static void say(struct pl_buf *out, const char *fmt, ...) PL_PRINTF(2, 3);

static void say(struct pl_buf *out, const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof line - 1);
    assert_int_equal(pl_buf_add(out, line, (size_t)n), 0);
}

static void say_hex(struct pl_buf *out, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        say(out, "%s%02x", i > 0 ? " " : "", p[i]);
}

/* Hexadecimal, then blanks up to the column of the explanation. */
static void say_hex_padded(struct pl_buf *out, int indent, const void *bytes, size_t n)
{
    say(out, "%*s", indent, "");
    say_hex(out, bytes, n);
    int width = indent + (int)(n * 3) - 1;
    say(out, "%*s", width < HEX_COLUMN ? HEX_COLUMN - width : 2, "");
}

static void say_content(struct pl_buf *out, const ProtobufCFieldDescriptor *f, const uint8_t *p,
                        size_t n)
{
    if (f->type == PROTOBUF_C_TYPE_STRING)
        say(out, "\"%.*s\"", (int)n, (const char *)p);
    else if (n > 0 && pl_utf8_is_clean(p, n, NULL) && p[0] >= 'a')
        say(out, "bytes \"%.*s\"", (int)n, (const char *)p);
    else
        say(out, "%zu bytes", n);
}

static void say_number(struct pl_buf *out, const ProtobufCFieldDescriptor *f, struct pl_reader *r)
{
    uint64_t v = 0;
    if (f->type == PROTOBUF_C_TYPE_FIXED64) {
        const uint8_t *p = pl_read_bytes(r, 8);
        for (int i = 8; i-- > 0;)
            v = v << 8 | p[i];
        say(out, "0x%llx", (unsigned long long)v);
        return;
    }
    v = pl_read_varint(r);
    if (f->type == PROTOBUF_C_TYPE_SINT64)
        say(out, "%lld", (long long)((int64_t)(v >> 1) ^ -(int64_t)(v & 1)));
    else if (f->type == PROTOBUF_C_TYPE_BOOL)
        say(out, "%s", v != 0 ? "true" : "false");
    else
        say(out, "%llu", (unsigned long long)v);
}

struct level {
    const ProtobufCMessageDescriptor *d;
    const uint8_t *end;
};

/* One line a field: its bytes, its name, its value; what is in a submessage is indented. */
static void say_message(struct pl_buf *out, const ProtobufCMessageDescriptor *d, const void *bytes,
                        size_t n)
{
    struct level stack[DEPTH_MAX] = {{d, (const uint8_t *)bytes + n}};
    int depth = 1;
    struct pl_reader r;
    pl_reader_init(&r, bytes, n);
    while (depth > 0) {
        const struct level *l = &stack[depth - 1];
        if (r.p == l->end) {
            depth--;
            continue;
        }
        const uint8_t *start = r.p;
        uint64_t tag = pl_read_varint(&r);
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field(l->d, (unsigned)(tag >> 3));
        assert_non_null(f);
        struct pl_buf value;
        pl_buf_init(&value, 4096);
        size_t len = 0;
        bool is_message = f->type == PROTOBUF_C_TYPE_MESSAGE;
        if ((tag & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
            len = (size_t)pl_read_varint(&r);
            if (is_message)
                say(&value, "%zu bytes:", len);
            else
                say_content(&value, f, pl_read_bytes(&r, len), len);
        } else {
            say_number(&value, f, &r);
        }
        say_hex_padded(out, 2 * (depth - 1), start, (size_t)(r.p - start));
        say(out, "%s = %.*s\n", f->name, (int)value.len, (const char *)value.data);
        pl_buf_release(&value);
        assert_int_equal(r.bad, 0);
        if (is_message) {
            assert_in_range(depth, 1, DEPTH_MAX - 1);
            stack[depth++] = (struct level){f->descriptor, r.p + len};
        }
    }
}

static void say_frame(struct pl_buf *out, const struct pl_msg *m)
{
    struct pl_buf b;
    pl_buf_init(&b, 4096);
    assert_int_equal(pl_msg_encode(m, &b, NULL), 0);
    say_hex_padded(out, 0, b.data, 4);
    say(out, "length %zu: type and payload\n", b.len - 4);
    say_hex_padded(out, 0, b.data + 4, 2);
    say(out, "type %u: %s\n", m->type, pl_msg_info(m->type)->name);
    say_message(out, pl_codec_descriptor(m->type), b.data + PL_FRAME_HEADER,
                b.len - PL_FRAME_HEADER);
    pl_buf_release(&b);
}

/* ---- the examples -----------------------------------------------------------------------------
 */

#define CLIENT 0x1122334455667788ull
#define EVENT  ((struct pl_eid){CLIENT, 7})

static void ex_ping(struct pl_buf *out)
{
    struct pl_msg m = {PL_MSG_PING, {.ping = {0x0102030405060708ull}}};
    say_frame(out, &m);
}

static void ex_hello(struct pl_buf *out)
{
    struct pl_msg m = {PL_MSG_HELLO, {.hello = {1, 1, 0, "example 1.0"}}};
    say_frame(out, &m);
}

static void keystroke(struct pl_cs *out)
{
    struct pl_op op;
    pl_cs_init(out);
    pl_op_init(&op, 2000);
    pl_op_retain(&op, 1234);
    pl_op_insert(&op, "x", 1, 1);
    pl_cs_text(out, EVENT, 3, &op);
}

static void ex_submit(struct pl_buf *out)
{
    struct pl_msg m = {PL_MSG_SUBMIT,
                       {.submit = {.review = 91,
                                   .epoch = 4,
                                   .seq = 17,
                                   .base = 120,
                                   .caret_after = {true, EVENT, 3, 1235, 1235}}}};
    keystroke(&m.u.submit.cs);
    say_frame(out, &m);
    pl_msg_release(&m);
}

static void ex_rev(struct pl_buf *out)
{
    struct pl_msg m = {PL_MSG_REV,
                       {.rev = {.review = 91,
                                .rev = 121,
                                .client = CLIENT,
                                .seq = 17,
                                .user = 5,
                                .at_us = 1767225600000000,
                                .base = 120}}};
    keystroke(&m.u.rev.cs);
    say_frame(out, &m);
    pl_msg_release(&m);
}

static void ex_changeset(struct pl_buf *out)
{
    struct pl_cs cs;
    struct pl_op op;
    struct pl_key key;
    struct pl_buf b;
    pl_cs_init(&cs);
    pl_op_init(&op, 0);
    pl_op_insert(&op, "Pager fires", 11, 11);
    assert_int_equal(pl_key_between(&key, NULL, NULL, CLIENT, 7, NULL), 0);
    pl_cs_create(&cs, EVENT, PL_KIND_EVENT, PL_EID_ROOT, &key);
    pl_cs_text(&cs, EVENT, PL_F_BODY, &op);
    struct pl_value v = pl_value_int(1767225600000000);
    pl_cs_reg(&cs, EVENT, PL_F_EVENT_HAPPENED_AT, &v);
    pl_cs_elem(&cs, EVENT, PL_F_TAGS, "dns", 3, true);
    pl_buf_init(&b, 4096);
    assert_int_equal(pl_cs_encode(&cs, &b, NULL), 0);
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field(pl_codec_descriptor(PL_MSG_SUBMIT), 5);
    say_message(out, f->descriptor, b.data, b.len);
    pl_buf_release(&b);
    pl_cs_release(&cs);
}

/* An op by its parts: "r2", "iabc", "d1", ended by NULL. */
static void make_op(struct pl_op *op, uint32_t base_len, const char *const *parts)
{
    pl_op_init(op, base_len);
    for (; *parts != NULL; parts++) {
        const char *arg = *parts + 1;
        uint64_t n = 0;
        if (**parts == 'i') {
            size_t len = strlen(arg);
            pl_op_insert(op, arg, (uint32_t)len, (uint32_t)pl_utf8_count(arg, len));
            continue;
        }
        assert_int_equal(pl_parse_u64(arg, &n), 0);
        if (**parts == 'r')
            pl_op_retain(op, (uint32_t)n);
        else
            pl_op_delete(op, (uint32_t)n, NULL, 0);
    }
}

static void say_op(struct pl_buf *out, const struct pl_op *op)
{
    static const char *const verbs[] = {"retain", "insert", "delete"};
    struct pl_op_iter it;
    struct pl_comp c;
    const char *between = "";
    pl_op_iter_init(&it, op);
    while (pl_op_iter_next(&it, &c)) {
        if (c.kind == PL_INSERT)
            say(out, "%sinsert \"%.*s\"", between, (int)c.nbytes, (const char *)c.bytes);
        else
            say(out, "%s%s %u", between, verbs[c.kind], c.n);
        between = ", ";
    }
    if (between[0] == '\0')
        say(out, "nothing");
}

static char *apply(const char *text, const struct pl_op *first, const struct pl_op *second)
{
    struct pl_text t;
    pl_text_init(&t);
    pl_text_assign(&t, text, strlen(text));
    assert_int_equal(pl_op_apply(first, &t, NULL), 0);
    if (second != NULL)
        assert_int_equal(pl_op_apply(second, &t, NULL), 0);
    char *out = pl_text_dup(&t);
    pl_text_release(&t);
    return out;
}

static void ex_ops(struct pl_buf *out)
{
    static const struct {
        const char *text;
        const char *const parts[6];
    } cases[] = {
        {"Hello", {"r5", "i!"}},
        {"Hello", {"d1", "r3", "iy"}},
        {"Gr\xc3\xbc\xc3\x9f\x65", {"r2", "ioe", "d1"}},
        {"abc", {"r1", "i\xf0\x9f\x98\x80", "d2"}},
        {"", {"inew"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_op op;
        struct pl_buf b;
        size_t n = strlen(cases[i].text);
        make_op(&op, (uint32_t)pl_utf8_count(cases[i].text, n), cases[i].parts);
        char *after = apply(cases[i].text, &op, NULL);
        pl_buf_init(&b, 256);
        assert_int_equal(pl_op_encode(&op, &b), 0);
        say(out, "%s\"%s\", base_len %u: ", i > 0 ? "\n" : "", cases[i].text, op.base_len);
        say_op(out, &op);
        say(out, "  ->  \"%s\"\n    ", after);
        say_hex(out, b.data, b.len);
        say(out, "\n");
        free(after);
        pl_buf_release(&b);
        pl_op_release(&op);
    }
}

static void ex_transform(struct pl_buf *out)
{
    static const struct {
        const char *text;
        const char *const earlier[6];
        const char *const later[6];
    } cases[] = {
        {"ab", {"r1", "iX"}, {"r1", "iY"}},   {"ab", {"r1", "iX"}, {"d2"}},
        {"abcd", {"r1", "d2"}, {"r2", "iY"}}, {"abcd", {"r1", "d2"}, {"r2", "d2"}},
        {"abcd", {"iX", "d1"}, {"iY", "d2"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pl_op earlier;
        struct pl_op later;
        struct pl_op earlier2;
        struct pl_op later2;
        uint32_t n = (uint32_t)strlen(cases[i].text);
        make_op(&earlier, n, cases[i].earlier);
        make_op(&later, n, cases[i].later);
        pl_op_transform(&later, &earlier, &later2, &earlier2);
        char *one = apply(cases[i].text, &earlier, &later2);
        char *two = apply(cases[i].text, &later, &earlier2);
        assert_string_equal(one, two);
        say(out, "%s\"%s\"\n  earlier   ", i > 0 ? "\n" : "", cases[i].text);
        say_op(out, &earlier);
        say(out, "\n  later     ");
        say_op(out, &later);
        say(out, "\n  later'    ");
        say_op(out, &later2);
        say(out, "\n  earlier'  ");
        say_op(out, &earlier2);
        say(out, "\n  result    \"%s\"\n", one);
        free(one);
        free(two);
        pl_op_release(&earlier);
        pl_op_release(&later);
        pl_op_release(&earlier2);
        pl_op_release(&later2);
    }
}

static void say_key(struct pl_buf *out, const char *what, struct pl_key *key,
                    const struct pl_key *lo, const struct pl_key *hi, uint32_t counter)
{
    assert_int_equal(pl_key_between(key, lo, hi, CLIENT, counter, NULL), 0);
    say(out, "%-28s %.*s\n", what, key->len, key->s);
}

static void ex_keys(struct pl_buf *out)
{
    struct pl_key a;
    struct pl_key b;
    struct pl_key c;
    struct pl_key d;
    struct pl_key k;
    say_key(out, "A, the first", &a, NULL, NULL, 1);
    say_key(out, "B, after A", &b, &a, NULL, 2);
    say_key(out, "C, between A and B", &c, &a, &b, 3);
    say_key(out, "D, between A and C", &d, &a, &c, 4);
    say_key(out, "E, before A", &k, NULL, &a, 5);
    assert_true(pl_key_cmp(&k, &a) < 0 && pl_key_cmp(&a, &d) < 0 && pl_key_cmp(&d, &c) < 0 &&
                pl_key_cmp(&c, &b) < 0);
}

/* The bytes in front of the value of a slot, as digest.h says. */
static void hash_slot(struct pl_buf *b, uint8_t kind, uint32_t field, const char *elem)
{
    pl_buf_init(b, 256);
    assert_int_equal(pl_buf_add_byte(b, kind), 0);
    assert_int_equal(pl_buf_add_u64be(b, CLIENT), 0);
    assert_int_equal(pl_buf_add_u32be(b, 7), 0);
    assert_int_equal(pl_buf_add_u32be(b, field), 0);
    assert_int_equal(pl_buf_add_byte(b, (uint8_t)strlen(elem)), 0);
    assert_int_equal(pl_buf_add_str(b, elem), 0);
}

static uint64_t say_hash(struct pl_buf *out, const char *what, struct pl_buf *take, uint64_t want)
{
    uint64_t h = pl_xxh3_64(take->data, take->len);
    assert_int_equal(h, want);
    say(out, "%s\n    ", what);
    say_hex(out, take->data, take->len);
    say(out, "\n    %016llx\n", (unsigned long long)h);
    pl_buf_release(take);
    return h;
}

static void ex_hash(struct pl_buf *out)
{
    struct pl_buf b;
    struct pl_key key;
    assert_int_equal(pl_key_between(&key, NULL, NULL, CLIENT, 7, NULL), 0);
    hash_slot(&b, PL_SLOT_CREATE, 0, "");
    assert_int_equal(pl_buf_add_u32be(&b, PL_KIND_EVENT), 0);
    uint64_t sum = say_hash(out, "created as an event", &b, pl_digest_create(EVENT, PL_KIND_EVENT));
    hash_slot(&b, PL_SLOT_PLACE, 0, "");
    assert_int_equal(pl_buf_add(&b, "\0\0\0\0\0\0\0\0\0\0\0\0", 12), 0);
    assert_int_equal(pl_buf_add_byte(&b, key.len), 0);
    assert_int_equal(pl_buf_add(&b, key.s, key.len), 0);
    sum ^= say_hash(out, "its place under the root", &b, pl_digest_place(EVENT, PL_EID_ROOT, &key));
    struct pl_value v = pl_value_int(-2);
    hash_slot(&b, PL_SLOT_REG, 19, "");
    assert_int_equal(pl_buf_add(&b, "\1\xff\xff\xff\xff\xff\xff\xff\xfe", 9), 0);
    sum ^= say_hash(out, "register 19 = -2", &b, pl_digest_reg(EVENT, 19, &v));
    v = pl_value_str("ops", 3);
    hash_slot(&b, PL_SLOT_REG, 16, "");
    assert_int_equal(pl_buf_add(&b, "\2ops", 4), 0);
    sum ^= say_hash(out, "register 16 = \"ops\"", &b, pl_digest_reg(EVENT, 16, &v));
    pl_value_release(&v);
    struct pl_elem elem = {.len = 3, .b = "dns"};
    hash_slot(&b, PL_SLOT_ELEM, 4, "dns");
    assert_int_equal(pl_buf_add_byte(&b, 1), 0);
    sum ^= say_hash(out, "\"dns\" is in set 4", &b, pl_digest_elem(EVENT, 4, &elem, true));
    struct pl_text t;
    pl_text_init(&t);
    pl_text_assign(&t, "Pager", 5);
    hash_slot(&b, PL_SLOT_TEXT, 3, "");
    assert_int_equal(pl_buf_add_str(&b, "Pager"), 0);
    sum ^= say_hash(out, "text 3 = \"Pager\"", &b, pl_digest_text(EVENT, 3, &t));
    pl_text_release(&t);
    say(out, "a review with nothing but this entry\n    %016llx\n", (unsigned long long)sum);
}

static void ex_snapshot(struct pl_buf *out)
{
    struct pl_doc *d = pl_doc_new();
    struct pl_cs cs;
    struct pl_key key;
    struct pl_op op;
    struct pl_buf b;
    struct pl_rev_meta meta = {.rev = 3, .user = 5, .client = CLIENT, .at_us = 1000};
    assert_int_equal(pl_key_between(&key, NULL, NULL, CLIENT, 7, NULL), 0);
    pl_cs_init(&cs);
    pl_cs_create(&cs, EVENT, PL_KIND_EVENT, PL_EID_ROOT, &key);
    pl_op_init(&op, 0);
    pl_op_insert(&op, "Pager", 5, 5);
    pl_cs_text(&cs, EVENT, PL_F_BODY, &op);
    pl_cs_elem(&cs, EVENT, PL_F_TAGS, "dns", 3, true);
    struct pl_value v = pl_value_int(2);
    pl_cs_reg(&cs, EVENT, PL_F_EVENT_LENS, &v);
    assert_int_equal(pl_doc_apply(d, &cs, &meta, NULL), 0);
    pl_buf_init(&b, 4096);
    assert_int_equal(pl_doc_encode(d, &b, NULL), 0);
    static const struct {
        size_t n;
        const char *what;
    } parts[] = {
        {4, "PLDS"},
        {1, "version 1"},
        {1, "revision 3"},
        {1, "two entries"},
        {9, "entry {0, 0}: the root"},
        {2, "kind 1 (review), not dead"},
        {3, "made by user 0, made and changed at 0"},
        {3, "no registers, no set elements, no texts"},
        {9, "entry {0x1122334455667788, 7}"},
        {2, "kind 7 (event), not dead"},
        {9, "under the root"},
        {1 + 20, "its order key, 20 bytes"},
        {5, "made by user 5, made and changed at 1000"},
        {4, "one register: 14, an integer, 2"},
        {6, "one set element: of field 4, \"dns\""},
        {8, "one text: field 3, \"Pager\""},
    };
    size_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_in_range(at + parts[i].n, 0, b.len);
        say_hex_padded(out, 0, b.data + at, parts[i].n);
        say(out, "%s\n", parts[i].what);
        at += parts[i].n;
    }
    assert_int_equal(at, b.len); /* all of it is explained */
    pl_buf_release(&b);
    pl_cs_release(&cs);
    pl_doc_free(d);
}

static void ex_invite(struct pl_buf *out)
{
    struct pl_invite i = {.host = "review.example.org", .port = 7474, .kind = PL_INVITE_USER};
    char text[PL_INVITE_TEXT_SIZE];
    char pin[2 * PL_SPKI_HASH + 1];
    char secret[2 * PL_INVITE_SECRET + 1];
    for (size_t k = 0; k < PL_SPKI_HASH; k++)
        i.root_pin[k] = (uint8_t)k;
    for (size_t k = 0; k < PL_INVITE_SECRET; k++)
        i.secret[k] = (uint8_t)(0xf0 + k);
    assert_int_equal(pl_invite_format(&i, text, NULL), 0);
    pl_hex_encode(i.root_pin, PL_SPKI_HASH, pin);
    pl_hex_encode(i.secret, PL_INVITE_SECRET, secret);
    say(out, "root pin     %s\nsecret       %s\nkind         1\n", pin, secret);
    say(out, "invite       %s\n", text);
    say(out, "server name  d-%.32s.plimsoll.internal\n", pin);
}

/* The private key of RFC 8410, 10.3: Ed25519 signs the same bytes always the same way. */
#define EXAMPLE_KEY                                                      \
    "-----BEGIN PRIVATE KEY-----\n"                                      \
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
    "-----END PRIVATE KEY-----\n"

static void say_part(struct pl_buf *out, const struct pl_buf *b, size_t at, size_t n,
                     const char *what)
{
    say_hex_padded(out, 0, b->data + at, n);
    say(out, "%s\n", what);
}

static void ex_statement(struct pl_buf *out)
{
    static const uint8_t salt[PL_STATEMENT_NONCE] = {0xa0, 0xa1, 0xa2, 0xa3};
    const struct pl_invite_terms terms = {"ben", "Ben Example", 2, 1, 4320};
    struct pl_statement s = {.kind = PL_SIGNED_INVITE,
                             .review = 91,
                             .actor = 5,
                             .device = 3,
                             .issued_us = INT64_C(1767225600000000)};
    struct pl_buf seen;
    struct pl_buf b;
    uint8_t sig[PL_KEY_SIGNATURE_MAX];
    uint8_t spki[PL_KEY_DER_MAX];
    size_t sig_n = 0;
    size_t spki_n = 0;
    pl_buf_init(&seen, PL_STATEMENT_BYTES);
    pl_buf_init(&b, PL_STATEMENT_BYTES);
    for (size_t k = 0; k < PL_SPKI_HASH; k++)
        s.organisation[k] = (uint8_t)k;
    memset(s.nonce, 0xcc, sizeof s.nonce);
    assert_int_equal(pl_seen_invite(&terms, salt, &seen), 0);
    s.seen = seen.data;
    s.seen_n = seen.len;
    assert_int_equal(pl_statement_encode(&s, &b, NULL), 0);
    struct pl_key *key = pl_key_from_pem(EXAMPLE_KEY, NULL);
    assert_non_null(key);
    assert_int_equal(pl_statement_sign(key, b.data, b.len, sig, &sig_n, NULL), 0);
    assert_int_equal(pl_key_public(key, spki, &spki_n, NULL), 0);
    pl_key_free(key);
    say_part(out, &b, 0, 4, "PLS1");
    say_part(out, &b, 4, 2, "kind 1: invite");
    say_part(out, &b, 6, 32, "organisation");
    say_part(out, &b, 38, 8, "review 91");
    say_part(out, &b, 46, 8, "object: none");
    say_part(out, &b, 54, 8, "by user 5");
    say_part(out, &b, 62, 8, "on device 3");
    say_part(out, &b, 70, 8, "2026-01-01T00:00:00Z");
    say_part(out, &b, 78, 16, "nonce");
    say_part(out, &b, 94, 32, "SHA-256 of the rest");
    say_part(out, &b, 126, 20, "salt");
    say_part(out, &b, 146, 7, "login name \"ben\"");
    say_part(out, &b, 153, 15, "name to show \"Ben Example\"");
    say_part(out, &b, 168, 8, "role 2");
    say_part(out, &b, 176, 8, "one use");
    say_part(out, &b, 184, 8, "4320 minutes");
    assert_int_equal(b.len, 192);
    say(out, "public key (SubjectPublicKeyInfo)\n    ");
    say_hex(out, spki, spki_n);
    say(out, "\nsignature (Ed25519) of the first 126 bytes\n    ");
    say_hex(out, sig, sig_n);
    say(out, "\n");
    pl_buf_release(&seen);
    pl_buf_release(&b);
}

static const struct {
    const char *name;
    void (*write)(struct pl_buf *out);
} examples[] = {
    {"ping", ex_ping},           {"hello", ex_hello},
    {"submit", ex_submit},       {"rev", ex_rev},
    {"changeset", ex_changeset}, {"text-ops", ex_ops},
    {"transform", ex_transform}, {"order-keys", ex_keys},
    {"state-hash", ex_hash},     {"snapshot", ex_snapshot},
    {"invite", ex_invite},       {"statement", ex_statement},
};

/* Where an example stands in the file: behind its marker and the fence. */
static char *find_example(const char *name, char **end)
{
    char marker[80];
    (void)snprintf(marker, sizeof marker, "<!-- example: %s -->\n```text\n", name);
    char *at = strstr(readme, marker);
    if (at == NULL)
        fail_msg("proto/README.md has no example %s", name);
    at += strlen(marker);
    *end = strstr(at, "```\n");
    assert_non_null(*end);
    return at;
}

static void replace_example(char *at, const char *end, const struct pl_buf *right)
{
    struct pl_buf b;
    pl_buf_init(&b, README_MAX);
    assert_int_equal(pl_buf_add(&b, readme, (size_t)(at - readme)), 0);
    assert_int_equal(pl_buf_add(&b, right->data, right->len), 0);
    assert_int_equal(pl_buf_add_str(&b, end), 0);
    free(readme);
    readme = pl_buf_steal(&b, NULL);
}

static void readme_examples_are_right(void **state)
{
    (void)state;
    bool update = getenv("PL_README_UPDATE") != NULL;
    struct pl_buf file;
    assert_int_equal(pl_file_read_all(README, README_MAX, &file, NULL), 0);
    readme = pl_buf_steal(&file, NULL);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct pl_buf right;
        char *end;
        pl_buf_init(&right, 1u << 16);
        examples[i].write(&right);
        char *at = find_example(examples[i].name, &end);
        bool same = (size_t)(end - at) == right.len && memcmp(at, right.data, right.len) == 0;
        if (!same && update)
            replace_example(at, end, &right);
        else if (!same)
            fail_msg("example %s of proto/README.md must read:\n%.*s", examples[i].name,
                     (int)right.len, (const char *)right.data);
        pl_buf_release(&right);
    }
    if (update) {
        FILE *f = fopen(README, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(readme, 1, strlen(readme), f), strlen(readme));
        assert_int_equal(fclose(f), 0);
    }
    free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_examples_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
