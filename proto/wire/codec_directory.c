// SPDX-License-Identifier: Apache-2.0
/*
 * Finding and making reviews, people, history: proto/schema/directory.proto.
 */
#include "directory.pb-c.h"

#include "codec_fields.h"

/* clang-format off */
#define REVIEW_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                                \
    NUM(review) SHOWN(title, PL_TITLE_MAX) NUM(status) NUM(stage) NUM(severity) NUM(kind) \
    NUM(role) NUM(head) NUM(created_us) NUM(changed_us) NUM(attendance)    \
    NUM(rules_open)

#define PERSON(NUM, STR, SHOWN, BYTES, TEXT, EID)                                                 \
    NUM(user) SHOWN(user_name, PL_NAME_MAX) SHOWN(display_name, PL_NAME_MAX) NUM(role) \
    NUM(here)

#define DEVICE_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                  \
    NUM(device) SHOWN(name, PL_NAME_MAX) NUM(enrolled_us) NUM(last_seen_us) \
    NUM(expires_us) NUM(current)
/* clang-format on */

CODEC_ROW(review_row, review_row, ReviewRow, REVIEW_ROW)
CODEC_ROW(person, person, Person, PERSON)
CODEC_ROW(device_row, device_row, DeviceRow, DEVICE_ROW)

/* clang-format off */
#define CREATE(NUM, STR, SHOWN, BYTES, TEXT, EID)                                             \
    NUM(rid) BYTES(op_id, PL_OP_ID_BYTES, PL_OP_ID_BYTES) STR(title, PL_TITLE_MAX) \
    NUM(severity) NUM(kind)
#define CREATED(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review)
#define PEOPLE(NUM, STR, SHOWN, BYTES, TEXT, EID)  NUM(rid) NUM(review)
#define MEMBER_SET(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(review) STR(user_name, PL_NAME_MAX) NUM(role) NUM(duty)
#define DONE(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(rid) NUM(rev)
#define WHOAMI(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid)
#define DEVICE_INVITE(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid)
#define DEVICE(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(what) NUM(device) STR(name, PL_NAME_MAX)
/* clang-format on */

CODEC_MESSAGE(create, create, Create, CREATE)
CODEC_MESSAGE(created, created, Created, CREATED)
CODEC_MESSAGE(people, people, People, PEOPLE)
CODEC_MESSAGE(member_set, member_set, MemberSet, MEMBER_SET)
CODEC_MESSAGE(done, done, Done, DONE)
CODEC_MESSAGE(whoami, whoami, Whoami, WHOAMI)
CODEC_MESSAGE(device, device, Device, DEVICE)
CODEC_MESSAGE(device_invite, device_invite, DeviceInvite, DEVICE_INVITE)

/* clang-format off */
#define LIST(NUM, STR, SHOWN, BYTES, TEXT, EID)    NUM(rid) NUM(after) NUM(limit) NUM(mine)
#define HISTORY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(from_rev) NUM(limit)
/* clang-format on */

CODEC_PAGE(list, List, LIST, PL_LIST_MAX)
CODEC_PAGE(history, History, HISTORY, PL_HISTORY_MAX)

/* clang-format off */
#define LIST_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(rid) NUM(next)
#define PEOPLE_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid)
#define WHOAMI_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(user) SHOWN(user_name, PL_NAME_MAX) SHOWN(display_name, PL_NAME_MAX)
/* clang-format on */

CODEC_ROWS(list_reply, ListReply, LIST_REPLY, review_row, items, n_items, items, PL_LIST_MAX)
CODEC_ROWS(people_reply, PeopleReply, PEOPLE_REPLY, person, items, n_items, items, PL_PEOPLE_MAX)
CODEC_ROWS(whoami_reply, WhoamiReply, WHOAMI_REPLY, device_row, devices, n_devices, devices,
           PL_DEVICES_MAX)

int pl_codec_get_history_reply(void *to, const ProtobufCMessage *from, struct pl_get *c)
{
    struct pl_history_reply *out = to;
    const Plimsoll__HistoryReply *m = (const void *)from;
    out->rid = m->rid;
    out->review = m->review;
    out->next = m->next;
    out->revs = pl_get_items(c, m->n_revs, sizeof *out->revs);
    for (size_t i = 0; c->rc == 0 && i < m->n_revs; i++) {
        if (pl_codec_get_rev(&out->revs[i], &m->revs[i]->base, c) == 0)
            out->n++;
    }
    for (size_t i = 0; c->rc < 0 && i < out->n; i++)
        pl_cs_release(&out->revs[i].cs);
    return c->rc;
}

ProtobufCMessage *pl_codec_put_history_reply(const void *from, struct pl_put *c)
{
    const struct pl_history_reply *in = from;
    Plimsoll__HistoryReply *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__history_reply__init(m);
    m->rid = in->rid;
    m->review = in->review;
    m->next = in->next;
    if (in->n > PL_HISTORY_MAX)
        pl_put_fail(c, PL_E_LIMIT, "revs", "too many");
    if (c->rc < 0)
        return NULL;
    m->revs = pl_put_alloc(c, (in->n + 1) * sizeof(void *));
    for (size_t i = 0; c->rc == 0 && i < in->n; i++)
        m->revs[i] = (void *)pl_codec_put_rev(&in->revs[i], c);
    m->n_revs = in->n;
    return c->rc < 0 ? NULL : &m->base;
}
