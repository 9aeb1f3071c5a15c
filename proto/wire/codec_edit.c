// SPDX-License-Identifier: Apache-2.0
/*
 * Revisions, opening a review, presence: proto/schema/edit.proto. Changesets are in codec_cs.c.
 */
#include "edit.pb-c.h"

#include "codec_fields.h"

/* clang-format off */
#define NACK(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(review) NUM(seq) NUM(code) NUM(at_rev) SHOWN(why, PL_STR_MAX)
#define OPEN(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(client) NUM(have)
#define OPENED(NUM, STR, SHOWN, BYTES, TEXT, EID)                                                   \
    NUM(rid) NUM(review) NUM(epoch) NUM(last_seq) NUM(last_rev) NUM(last_code)           \
    SHOWN(last_why, PL_STR_MAX) NUM(head) NUM(snapshot) NUM(role) NUM(status) NUM(perms)
#define LEAVE(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(review)
#define SNAPSHOT(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(review) NUM(rev) NUM(total) NUM(offset) BYTES(chunk, 0, PL_CHUNK_MAX)
#define SYNCED(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(review) NUM(rev)
#define RESYNC(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(rev) NUM(hash)
#define RIGHTS(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(review) NUM(role) NUM(status) NUM(perms) NUM(code) SHOWN(why, PL_STR_MAX)
/* clang-format on */

CODEC_MESSAGE(nack, nack, Nack, NACK)
CODEC_MESSAGE(open, open, Open, OPEN)
CODEC_MESSAGE(opened, opened, Opened, OPENED)
CODEC_MESSAGE(leave, leave, Leave, LEAVE)
CODEC_MESSAGE(snapshot, snapshot, Snapshot, SNAPSHOT)
CODEC_MESSAGE(synced, synced, Synced, SYNCED)
CODEC_MESSAGE(resync, resync, Resync, RESYNC)
CODEC_MESSAGE(rights, rights, Rights, RIGHTS)

/* Messages that carry a changeset: a list of numbers and the changeset in `cs`. */
#define CODEC_CHANGE(field, Proto, F)                                                      \
    int pl_codec_get_##field(void *to, const ProtobufCMessage *from, struct pl_get *c)     \
    {                                                                                      \
        struct pl_##field *out = to;                                                       \
        const Plimsoll__##Proto *m = (const void *)from;                                   \
        CODEC_GET_BODY(F)                                                                  \
        out->base = m->base_rev; /* protobuf-c keeps the name base for itself */           \
        struct pl_codec_cs cs = {&out->cs, &out->caret_after, &out->undo_of};              \
        return pl_codec_get_changeset(cs, m->cs == NULL ? NULL : &m->cs->base, c);         \
    }                                                                                      \
    ProtobufCMessage *pl_codec_put_##field(const void *from, struct pl_put *c)             \
    {                                                                                      \
        const struct pl_##field *in = from;                                                \
        Plimsoll__##Proto *m = pl_put_alloc(c, sizeof *m);                                 \
        if (m == NULL)                                                                     \
            return NULL;                                                                   \
        plimsoll__##field##__init(m);                                                      \
        CODEC_PUT_BODY(F)                                                                  \
        m->base_rev = in->base;                                                            \
        if (in->cs.n > PL_CHANGESET_SLOTS_MAX)                                             \
            pl_put_fail(c, PL_E_LIMIT, "slots", "too many");                               \
        m->cs = (void *)pl_codec_put_changeset(&in->cs, &in->caret_after, in->undo_of, c); \
        return c->rc < 0 ? NULL : &m->base;                                                \
    }

/* clang-format off */
#define SUBMIT(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(review) NUM(epoch) NUM(seq)
#define REV(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(review) NUM(rev) NUM(client) NUM(seq) NUM(user) NUM(at_us) NUM(hash)
/* clang-format on */

CODEC_CHANGE(submit, Submit, SUBMIT)
CODEC_CHANGE(rev, Rev, REV)

/* Messages that carry a caret. */
#define CODEC_CARET(field, Proto, F)                                                   \
    int pl_codec_get_##field(void *to, const ProtobufCMessage *from, struct pl_get *c) \
    {                                                                                  \
        struct pl_##field *out = to;                                                   \
        const Plimsoll__##Proto *m = (const void *)from;                               \
        CODEC_GET_BODY(F)                                                              \
        pl_codec_get_caret(&out->caret, (const void *)m->caret);                       \
        judge_##field(out, c);                                                         \
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
        m->caret = (void *)pl_codec_put_caret(&in->caret, c);                          \
        return c->rc < 0 ? NULL : &m->base;                                            \
    }

static void judge_presence(const struct pl_presence *p, struct pl_get *c)
{
    if (p->state < PL_PRESENT_READING || p->state > PL_PRESENT_AWAY)
        pl_get_fail(c, PL_E_BAD_MESSAGE, "state", "must be 1, 2 or 3");
}

/* A newer server may know states that we do not: the client shows them as reading. */
static void judge_peer(struct pl_peer *p, struct pl_get *c)
{
    if (c->reader == PL_SIDE_CLIENT && p->state > PL_PRESENT_AWAY)
        p->state = PL_PRESENT_READING;
}

/* clang-format off */
#define PRESENCE(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(review) NUM(rev) NUM(state) NUM(stage)
#define PEER(NUM, STR, SHOWN, BYTES, TEXT, EID)                                                        \
    NUM(review) NUM(client) NUM(user) SHOWN(name, PL_NAME_MAX) NUM(role) NUM(gone) NUM(rev) \
    NUM(state) NUM(stage)
/* clang-format on */

CODEC_CARET(presence, Presence, PRESENCE)
CODEC_CARET(peer, Peer, PEER)
