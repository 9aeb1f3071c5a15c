// SPDX-License-Identifier: Apache-2.0
/*
 * Examples with recognisable values. Everything aborts on failure: a test that cannot build its
 * example has nothing to say.
 */
#include "support/wire.h"

#include <string.h>

#include "plimsoll/merge/orderkey.h"

static void must(int rc)
{
    PL_ASSERT(rc >= 0);
}

void raw_varint(struct pl_buf *b, uint64_t v)
{
    must(pl_buf_add_varint(b, v));
}

void raw_tag(struct pl_buf *b, uint32_t field, unsigned wire)
{
    raw_varint(b, (uint64_t)field << 3 | wire);
}

void raw_number(struct pl_buf *b, uint32_t field, uint64_t v)
{
    raw_tag(b, field, 0);
    raw_varint(b, v);
}

void raw_fixed64(struct pl_buf *b, uint32_t field, uint64_t v)
{
    raw_tag(b, field, 1);
    for (unsigned i = 0; i < 8; i++)
        must(pl_buf_add_byte(b, (uint8_t)(v >> (8 * i))));
}

void raw_bytes(struct pl_buf *b, uint32_t field, const void *bytes, size_t n)
{
    raw_tag(b, field, 2);
    raw_varint(b, n);
    must(pl_buf_add(b, bytes, n));
}

void raw_str(struct pl_buf *b, uint32_t field, const char *s)
{
    raw_bytes(b, field, s, strlen(s));
}

void raw_message(struct pl_buf *b, uint32_t field, struct pl_buf *take_inner)
{
    raw_bytes(b, field, take_inner->data, take_inner->len);
    pl_buf_release(take_inner);
}

void sample_changeset(struct pl_cs *out)
{
    const struct pl_eid event = {0x1122334455667788ull, 7};
    const struct pl_eid other = {0x99aabbccddeeff00ull, 8};
    struct pl_key key;
    struct pl_err e;
    must(pl_key_between(&key, NULL, NULL, event.client, 3, &e));
    pl_cs_init(out);
    pl_cs_create(out, event, 1, PL_EID_ROOT, &key);
    pl_cs_dead(out, event, false);
    pl_cs_dead(out, other, true);
    pl_cs_place(out, event, other, &key);
    struct pl_value v = pl_value_int(-42);
    pl_cs_reg(out, event, 10, &v);
    v = pl_value_eid(other);
    pl_cs_reg(out, event, 11, &v);
    v = pl_value_str("https://example.org/ticket/\xc3\xa4", 29);
    pl_cs_reg(out, event, 12, &v);
    pl_value_release(&v);
    pl_cs_reg(out, event, 13, &v); /* null */
    pl_cs_elem(out, event, 4, "network", 7, true);
    pl_cs_elem(out, event, 4, "\0\xff", 2, false);
    struct pl_op op;
    pl_op_init(&op, 100);
    pl_op_retain(&op, 5);
    pl_op_insert(&op, "Gr\xc3\xbc\xc3\x9f\x65 \xf0\x9f\x98\x80\n", 13, 8);
    pl_op_delete(&op, 3, NULL, 0);
    pl_op_retain(&op, 1);
    pl_op_delete(&op, 90, NULL, 0);
    pl_cs_text(out, event, 3, &op);
}

void sample_keystroke(struct pl_cs *out)
{
    struct pl_op op;
    pl_cs_init(out);
    pl_op_init(&op, 2000);
    pl_op_retain(&op, 1234);
    pl_op_insert(&op, "x", 1, 1);
    pl_cs_text(out, (struct pl_eid){0x1122334455667788ull, 7}, 3, &op);
}

#define BYTES(s)                            \
    {                                       \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }
#define CARET                                                                               \
    {                                                                                       \
        .set = true, .eid = {0x1122334455667788ull, 7}, .field = 3, .anchor = 5, .head = 13 \
    }

static struct pl_review_row rows[] = {
    {91, "DNS outage", 1, 2, 3, 1, 2, 900, 1767225600000000, 1767225601000000, 2, true},
    {90, "Gro\xc3\x9f\x65r Ausfall", 2, 3, 4, 2, 1, 901, 1767225602000000, 1767225603000000, 0,
     false},
};
static struct pl_person persons[] = {{5, "ana", "Ana", 2, true}, {6, "bo", "Bo", 1, true}};
static struct pl_device_row devices[] = {{9, "laptop", 10, 11, 12, true}};
static struct pl_rev revs[2];

#define ENTRY                    \
    {                            \
        0x1122334455667788ull, 7 \
    }
#define OTHER                      \
    {                              \
        0x99aabbccddeeff00ull, ~0u \
    }
#define LINES "First line, Gr\xc3\xbc\xc3\x9f\x65\n\tsecond line \xf0\x9f\x98\x80\n"
#define HASH  "0123456789abcdef\0\xff\x80hijklmnopqrst"

static struct pl_vote_row votes[] = {{ENTRY, 3}, {OTHER, 20}};
static struct pl_card cards[] = {{BYTES("0123456789abcdef"), 1, 7, LINES},
                                 {BYTES("\0\xff\x80\x31\x34\x35\x36\x37"
                                        "89abcdef"),
                                  ~0u, ~0u, "one"}};
static struct pl_invite_row invites[] = {
    {~0ull, "ana", 2, 1, 19, INT64_MIN, INT64_MAX, 0x8877665544332211ull}};
static struct pl_action_row actions[] = {
    {91,
     "DNS outage",
     12,
     ENTRY,
     "Alert when the queue grows",
     3,
     1,
     2,
     6,
     3,
     2,
     5,
     "Ana",
     1767225600000000,
     "OPS-12",
     1767225601000000,
     1767225602000000,
     6,
     1767225603000000,
     2,
     4,
     1767225604000000,
     "https://example.org/OPS-12",
     1767225605000000},
    {~0ull,     "t",   INT64_MAX, OTHER, "l", ~0u,       ~0u, ~0u,
     ~0u,       ~0u,   ~0u,       ~0ull, "o", INT64_MIN, "k", INT64_MIN,
     INT64_MAX, ~0ull, INT64_MIN, ~0u,   ~0u, INT64_MAX, "u", INT64_MIN},
};
static const char *services[] = {"dns", "mail"};
static struct pl_metric_row metrics[] = {
    {91,
     "DNS outage",
     1,
     2,
     3,
     services,
     2,
     0xe,
     1767225600000000,
     1767225601000000,
     1767225602000000,
     1767225603000000,
     1767225604000000,
     {1, 2, 3, 4, 5},
     1767225605000000,
     6,
     7,
     8,
     9,
     30,
     1767225606000000,
     1767225607000000,
     0xf,
     1767225608000000},
    {~0ull,     "t",       ~0u,       ~0u,       ~0u,       services,  1,
     ~0u,       INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, {~0u, ~0u, ~0u, ~0u, ~0u},
     INT64_MAX, ~0u,       ~0u,       ~0u,       ~0u,       ~0u,       INT64_MIN,
     INT64_MAX, ~0u,       INT64_MIN},
};

static void sample_rev(struct pl_rev *out)
{
    *out = (struct pl_rev){.review = 91,
                           .rev = 128,
                           .client = 0x1122334455667788ull,
                           .seq = 17,
                           .user = 5,
                           .at_us = 1767225600000000,
                           .caret_after = CARET,
                           .undo_of = 1,
                           .hash = 0xfeedfacecafebeefull,
                           .base = 120};
    sample_changeset(&out->cs);
}

static bool sample_edit(struct pl_msg *m)
{
    if (m->type == PL_MSG_SUBMIT) {
        m->u.submit = (struct pl_submit){
            .review = 91, .epoch = 4, .seq = 17, .base = 120, .caret_after = CARET, .undo_of = 2};
        sample_changeset(&m->u.submit.cs);
    } else if (m->type == PL_MSG_REV) {
        sample_rev(&m->u.rev);
    } else if (m->type == PL_MSG_HISTORY_REPLY) {
        sample_rev(&revs[0]);
        sample_rev(&revs[1]);
        m->u.history_reply = (struct pl_history_reply){8, 91, revs, 2, 300};
    } else {
        return false;
    }
    return true;
}

static const struct pl_msg plain[] = {
    {PL_MSG_JOIN_HELLO,
     {.join_hello = {BYTES("0123456789abcdef"),
                     BYTES("0\x82"
                           "csr"),
                     "laptop", "ana", "Ana"}}},
    {PL_MSG_JOIN_WELCOME,
     {.join_welcome = {5, "ana", "Ana", 9, {BYTES("leaf"), BYTES("ca"), BYTES("root")}, 3, 91, 2}}},
    {PL_MSG_HELLO, {.hello = {1, 2, 0x8000000000000001ull, "plimsoll 0.1.0"}}},
    {PL_MSG_WELCOME,
     {.welcome = {1, 1, 5, "ana", "Ana", 9, "Example Org", 1767225600000000, "0.1.0", 1}}},
    {PL_MSG_ERROR, {.error = {7, 40, "no", true, 91}}},
    {PL_MSG_PING, {.ping = {0x123456789abcdefull}}},
    {PL_MSG_PONG, {.pong = {0x123456789abcdefull, 1767225600000000}}},
    {PL_MSG_GOAWAY, {.goaway = {1500, "restart"}}},
    {PL_MSG_OPEN, {.open = {7, 91, 0x1122334455667788ull, 120}}},
    {PL_MSG_OPENED, {.opened = {7, 91, 4, 16, 119, 20, "why", 128, true, 2, 3, 0xffff}}},
    {PL_MSG_LEAVE, {.leave = {91}}},
    {PL_MSG_NACK, {.nack = {91, 17, 20, 128, "why"}}},
    {PL_MSG_SNAPSHOT, {.snapshot = {91, 128, 5, 1, BYTES("ap\0le")}}},
    {PL_MSG_SYNCED, {.synced = {91, 128}}},
    {PL_MSG_RESYNC, {.resync = {7, 91, 128, 0xfeedfacecafebeefull}}},
    {PL_MSG_RIGHTS, {.rights = {91, 2, 3, 0xffff, 41, "why"}}},
    {PL_MSG_PRESENCE, {.presence = {91, 128, CARET, PL_PRESENT_TYPING, 3}}},
    {PL_MSG_PEER, {.peer = {91, 1, 5, "Ana", 2, true, 128, CARET, PL_PRESENT_AWAY, 3}}},
    {PL_MSG_LIST, {.list = {7, 80, 200, true}}},
    {PL_MSG_LIST_REPLY, {.list_reply = {7, rows, 2, 90}}},
    {PL_MSG_CREATE, {.create = {7, BYTES("0123456789abcdef"), "DNS outage", 3, 1}}},
    {PL_MSG_CREATED, {.created = {7, 91}}},
    {PL_MSG_PEOPLE, {.people = {7, 91}}},
    {PL_MSG_PEOPLE_REPLY, {.people_reply = {7, persons, 2}}},
    {PL_MSG_MEMBER_SET, {.member_set = {7, 91, "ana", 2, 1}}},
    {PL_MSG_DONE, {.done = {7, 129}}},
    {PL_MSG_WHOAMI, {.whoami = {7}}},
    {PL_MSG_WHOAMI_REPLY, {.whoami_reply = {7, 5, "ana", "Ana", devices, 1}}},
    {PL_MSG_HISTORY, {.history = {7, 91, 100, 500}}},
    {PL_MSG_ACT,
     {.act = {7, 91, 3, ENTRY, OTHER, INT64_MIN, INT64_MAX, ~0ull, LINES, BYTES("what is signed"),
              BYTES("0\x44")}}},
    {PL_MSG_DRAFT, {.draft = {7, 91}}},
    {PL_MSG_DRAFT_REPLY, {.draft_reply = {7, 91, ~0ull}}},
    {PL_MSG_SESSION, {.session = {7, 91}}},
    {PL_MSG_SESSION_REPLY, {.session_reply = {7, 91, 1, 2, 9, 4, votes, 2, 11}}},
    {PL_MSG_VOTE, {.vote = {7, 91, 2, ENTRY, 3}}},
    {PL_MSG_CARDS, {.cards = {7, 91, 2, cards, 2, BYTES("\0\0\0")}}},
    {PL_MSG_FILE_PUT, {.file_put = {7, 91, ENTRY, "graph.png", "image/png", ~0ull, BYTES(HASH)}}},
    {PL_MSG_FILE_READY, {.file_ready = {7, 5, 16384}}},
    {PL_MSG_FILE_CHUNK, {.file_chunk = {7, 5, 16384, BYTES("\x89PNG\0")}}},
    {PL_MSG_FILE_END, {.file_end = {7, 5}}},
    {PL_MSG_FILE_GET, {.file_get = {7, 91, ENTRY, 16384}}},
    {PL_MSG_FILE_DATA,
     {.file_data = {7, ~0ull, 16384, BYTES(HASH), BYTES("\x89PNG\0"), "graph.png", "image/png"}}},
    {PL_MSG_INVITE_NEW,
     {.invite_new = {7, 91, "ana", "Ana", 2, 1, 60, BYTES("what is signed"), BYTES("0\x44")}}},
    {PL_MSG_INVITE_CODE,
     {.invite_code = {7, 12, "plm1:review.example.org:7474:040G0", 1767225600000000}}},
    {PL_MSG_INVITES, {.invites = {7, 91}}},
    {PL_MSG_INVITES_REPLY, {.invites_reply = {7, invites, 1}}},
    {PL_MSG_INVITE_REVOKE, {.invite_revoke = {7, 91, 12}}},
    {PL_MSG_DEVICE, {.device = {7, 2, 12, "laptop"}}},
    {PL_MSG_DEVICE_INVITE, {.device_invite = {7}}},
    {PL_MSG_ACTIONS,
     {.actions = {7, 200, 91, 12, 90, PL_OWNER_ME, ~0ull, true, INT64_MIN, INT64_MAX, "dns"}}},
    {PL_MSG_ACTIONS_REPLY, {.actions_reply = {7, actions, 2, 12}}},
    {PL_MSG_METRICS, {.metrics = {7, 200, 91, INT64_MIN, INT64_MAX, 1, 2, "dns", 3}}},
    {PL_MSG_METRICS_REPLY, {.metrics_reply = {7, metrics, 2, 90}}},
    {PL_MSG_AUDIT, {.audit = {7, 41, 12, 500}}},
    {PL_MSG_AUDIT_REPLY, {.audit_reply = {7, 41, 14, BYTES("\0\1a\0\1b")}}},
    {PL_MSG_AUDIT_PROOF, {.audit_proof = {7, 41, 12}}},
    {PL_MSG_AUDIT_PROOF_REPLY,
     {.audit_proof_reply = {7, 99, BYTES(HASH), BYTES("note\n"), BYTES(HASH)}}},
    {PL_MSG_AUDIT_GROWTH, {.audit_growth = {7, 100}}},
    {PL_MSG_AUDIT_GROWTH_REPLY,
     {.audit_growth_reply = {7, "log+00+A", BYTES("note\n"), BYTES(HASH), 180000}}},
    {PL_MSG_NEWS, {.news = {91, 1, "Cards are being collected", 5}}},
};

bool sample_message(struct pl_msg *out, uint32_t type)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (plain[i].type == type) {
            *out = plain[i];
            return true;
        }
    }
    memset(out, 0, sizeof *out);
    out->type = (enum pl_msg_type)type;
    return sample_edit(out);
}

void sample_release(struct pl_msg *m)
{
    pl_msg_release(m);
}
