// SPDX-License-Identifier: Apache-2.0
/*
 * Running a review: acts, votes, cards, files, invites, actions and metrics over all reviews:
 * proto/schema/review.proto. What a number may be is for the handlers to say, so that a person who
 * is wrong about one gets an answer and keeps the connection.
 */
#include "review.pb-c.h"

#include "plimsoll/base/hash.h"

#include "codec_fields.h"

/* clang-format off */
#define ACT(NUM, STR, SHOWN, BYTES, TEXT, EID)                                             \
    NUM(rid) NUM(review) NUM(act) EID(entry) EID(other) NUM(value) NUM(expect) NUM(user)   \
    TEXT(text, PL_NOTE_MAX) BYTES(statement, 0, PL_STATEMENT_MAX)                          \
    BYTES(signature, 0, PL_SIGNATURE_MAX)
#define DRAFT(NUM, STR, SHOWN, BYTES, TEXT, EID)       NUM(rid) NUM(review)
#define DRAFT_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(draft)
#define SESSION(NUM, STR, SHOWN, BYTES, TEXT, EID)     NUM(rid) NUM(review)
#define VOTE(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(review) NUM(round) EID(entry) NUM(dots)
#define NEWS(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(review) NUM(kind) SHOWN(text, PL_NEWS_MAX) NUM(user)

#define FILE_PUT(NUM, STR, SHOWN, BYTES, TEXT, EID)                                \
    NUM(rid) NUM(review) EID(entry) STR(name, PL_FILE_NAME_MAX)                    \
    STR(media_type, PL_MEDIA_TYPE_MAX) NUM(size)                                   \
    BYTES(sha256, PL_SHA256_BYTES, PL_SHA256_BYTES)
#define FILE_READY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(file) NUM(offset)
#define FILE_CHUNK(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(file) NUM(offset) BYTES(chunk, 1, PL_CHUNK_MAX)
#define FILE_END(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(rid) NUM(file)
#define FILE_GET(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(rid) NUM(review) EID(entry) NUM(offset)
#define FILE_DATA(NUM, STR, SHOWN, BYTES, TEXT, EID)                                \
    NUM(rid) NUM(total) NUM(offset) BYTES(sha256, PL_SHA256_BYTES, PL_SHA256_BYTES) \
    BYTES(chunk, 0, PL_CHUNK_MAX) SHOWN(name, PL_FILE_NAME_MAX)                     \
    SHOWN(media_type, PL_MEDIA_TYPE_MAX)

#define INVITE_NEW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                     \
    NUM(rid) NUM(review) STR(user_name, PL_NAME_MAX) STR(display_name, PL_NAME_MAX)       \
    NUM(role) NUM(uses) NUM(minutes) BYTES(statement, 0, PL_STATEMENT_MAX)                \
    BYTES(signature, 0, PL_SIGNATURE_MAX)
#define INVITE_CODE(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(invite) STR(code, PL_STR_MAX) NUM(expires_us)
#define INVITES(NUM, STR, SHOWN, BYTES, TEXT, EID)       NUM(rid) NUM(review)
#define INVITE_REVOKE(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(review) NUM(invite)
/* clang-format on */

CODEC_MESSAGE(act, act, Act, ACT)
CODEC_MESSAGE(draft, draft, Draft, DRAFT)
CODEC_MESSAGE(draft_reply, draft_reply, DraftReply, DRAFT_REPLY)
CODEC_MESSAGE(session, session, Session, SESSION)
CODEC_MESSAGE(vote, vote, Vote, VOTE)
CODEC_MESSAGE(news, news, News, NEWS)
CODEC_MESSAGE(file_put, file_put, FilePut, FILE_PUT)
CODEC_MESSAGE(file_ready, file_ready, FileReady, FILE_READY)
CODEC_MESSAGE(file_chunk, file_chunk, FileChunk, FILE_CHUNK)
CODEC_MESSAGE(file_end, file_end, FileEnd, FILE_END)
CODEC_MESSAGE(file_get, file_get, FileGet, FILE_GET)
CODEC_MESSAGE(file_data, file_data, FileData, FILE_DATA)
CODEC_MESSAGE(invite_new, invite_new, InviteNew, INVITE_NEW)
CODEC_MESSAGE(invite_code, invite_code, InviteCode, INVITE_CODE)
CODEC_MESSAGE(invites, invites, Invites, INVITES)
CODEC_MESSAGE(invite_revoke, invite_revoke, InviteRevoke, INVITE_REVOKE)

/* clang-format off */
#define VOTE_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID) EID(entry) NUM(dots)
#define CARD(NUM, STR, SHOWN, BYTES, TEXT, EID)               \
    BYTES(token, PL_CARD_TOKEN_BYTES, PL_CARD_TOKEN_BYTES)    \
    NUM(kind) NUM(lens) TEXT(text, PL_NOTE_MAX)
#define INVITE_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                    \
    NUM(invite) SHOWN(user_name, PL_NAME_MAX) NUM(role) NUM(uses_left) NUM(used)         \
    NUM(created_us) NUM(expires_us) NUM(by_user)
#define ACTION_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                       \
    NUM(review) SHOWN(review_title, PL_TITLE_MAX) NUM(no) EID(entry)                        \
    SHOWN(label, PL_TITLE_MAX) NUM(state) NUM(priority) NUM(control) NUM(kind) NUM(impact)  \
    NUM(feasibility) NUM(owner) SHOWN(owner_name, PL_NAME_MAX) NUM(due_us)                  \
    SHOWN(tracker_key, PL_NAME_MAX) NUM(done_us) NUM(verified_us) NUM(verified_by)          \
    NUM(effect_due_us) NUM(effect_result) NUM(evidence) NUM(created_us)                     \
    SHOWN(tracker_url, PL_STR_MAX) NUM(accepted_us)
/* clang-format on */

CODEC_ROW(vote_row, vote_row, VoteRow, VOTE_ROW)
CODEC_ROW(card, card, Card, CARD)
CODEC_ROW(invite_row, invite_row, InviteRow, INVITE_ROW)
CODEC_ROW(action_row, action_row, ActionRow, ACTION_ROW)

/* clang-format off */
#define SESSION_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID)                             \
    NUM(rid) NUM(review) NUM(sealed_accounts) NUM(sealed_observations) NUM(voters)   \
    NUM(cast) NUM(cards_waiting)
#define CARDS(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(review) NUM(round) BYTES(pad, 0, PL_CARDS_PAD_MAX)
#define INVITES_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid)
#define ACTIONS_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(next_no)
/* clang-format on */

CODEC_ROWS(session_reply, SessionReply, SESSION_REPLY, vote_row, items, n_items, items,
           PL_VOTES_MAX)
CODEC_ROWS(cards, Cards, CARDS, card, items, n_items, items, PL_CARDS_MAX)
CODEC_ROWS(invites_reply, InvitesReply, INVITES_REPLY, invite_row, items, n_items, items,
           PL_INVITES_MAX)
CODEC_ROWS(actions_reply, ActionsReply, ACTIONS_REPLY, action_row, items, n_items, items,
           PL_ACTIONS_PAGE_MAX)

/* clang-format off */
#define ACTIONS(NUM, STR, SHOWN, BYTES, TEXT, EID)                                           \
    NUM(rid) NUM(limit) NUM(after_review) NUM(after_no) NUM(review) NUM(owner) NUM(states)   \
    NUM(overdue) NUM(due_before_us) NUM(effect_due_before_us) STR(text, PL_TITLE_MAX)
#define METRICS(NUM, STR, SHOWN, BYTES, TEXT, EID)                                       \
    NUM(rid) NUM(limit) NUM(after) NUM(from_us) NUM(to_us) NUM(severity) NUM(kind)       \
    STR(service, PL_NAME_MAX)
/* clang-format on */

CODEC_PAGE(actions, Actions, ACTIONS, PL_ACTIONS_PAGE_MAX)

/* Like the others, but that protobuf-c calls the field `class` otherwise. */
int pl_codec_get_metrics(void *to, const ProtobufCMessage *from, struct pl_get *c)
{
    struct pl_metrics *out = to;
    const Plimsoll__Metrics *m = (const void *)from;
    CODEC_GET_BODY(METRICS)
    out->class = m->class_;
    if (m->limit < 1 || m->limit > PL_METRICS_PAGE_MAX)
        pl_get_fail(c, PL_E_LIMIT, "limit", "must be 1 to 200");
    return c->rc;
}

ProtobufCMessage *pl_codec_put_metrics(const void *from, struct pl_put *c)
{
    const struct pl_metrics *in = from;
    Plimsoll__Metrics *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__metrics__init(m);
    CODEC_PUT_BODY(METRICS)
    m->class_ = in->class;
    if (in->limit < 1 || in->limit > PL_METRICS_PAGE_MAX)
        pl_put_fail(c, PL_E_LIMIT, "limit", "must be 1 to 200");
    return c->rc < 0 ? NULL : &m->base;
}

/* ---- metrics ----------------------------------------------------------------------------------
 */

/* clang-format off */
#define METRIC_ROW(NUM, STR, SHOWN, BYTES, TEXT, EID)                                       \
    NUM(review) SHOWN(title, PL_TITLE_MAX) NUM(severity) NUM(kind) NUM(status) NUM(classes) \
    NUM(impact_start_us) NUM(detected_us) NUM(triaged_us) NUM(contained_us)                 \
    NUM(recovered_us) NUM(session_us) NUM(actions_open) NUM(actions_overdue)                \
    NUM(actions_verified) NUM(actions_effective) NUM(actions_total) NUM(oldest_open_us)     \
    NUM(closed_us) NUM(na) NUM(created_us)
#define METRICS_REPLY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(rid) NUM(next)
/* clang-format on */

static void get_bands(uint32_t out[PL_BANDS], const Plimsoll__Bands *m)
{
    if (m == NULL)
        return;
    const uint32_t bands[PL_BANDS] = {m->impact_start, m->detected, m->triaged, m->contained,
                                      m->recovered};
    for (size_t i = 0; i < PL_BANDS; i++)
        out[i] = bands[i];
}

static Plimsoll__Bands *put_bands(const uint32_t in[PL_BANDS], struct pl_put *c)
{
    if ((in[0] | in[1] | in[2] | in[3] | in[4]) == 0)
        return NULL;
    Plimsoll__Bands *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__bands__init(m);
    m->impact_start = in[0];
    m->detected = in[1];
    m->triaged = in[2];
    m->contained = in[3];
    m->recovered = in[4];
    return m;
}

static void get_metric_row(struct pl_metric_row *out, const Plimsoll__MetricRow *m,
                           struct pl_get *c)
{
    CODEC_GET_BODY(METRIC_ROW)
    get_bands(out->band_s, m->band_s);
    out->services = pl_get_items(c, m->n_services, sizeof *out->services);
    if (c->rc < 0)
        return;
    out->n_services = m->n_services;
    for (size_t i = 0; i < m->n_services; i++)
        pl_get_str(c, &out->services[i], m->services[i], PL_NAME_MAX, "services");
}

static Plimsoll__MetricRow *put_metric_row(const struct pl_metric_row *in, struct pl_put *c)
{
    Plimsoll__MetricRow *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__metric_row__init(m);
    CODEC_PUT_BODY(METRIC_ROW)
    m->band_s = put_bands(in->band_s, c);
    if (in->n_services > PL_SERVICES_MAX)
        pl_put_fail(c, PL_E_LIMIT, "services", "too many");
    if (c->rc < 0)
        return NULL;
    m->services = pl_put_alloc(c, (in->n_services + 1) * sizeof *m->services);
    if (m->services == NULL)
        return NULL;
    m->n_services = in->n_services;
    for (size_t i = 0; i < in->n_services; i++)
        m->services[i] = pl_put_shown(c, in->services[i], PL_NAME_MAX);
    return m;
}

CODEC_ROWS(metrics_reply, MetricsReply, METRICS_REPLY, metric_row, items, n_items, items,
           PL_METRICS_PAGE_MAX)
