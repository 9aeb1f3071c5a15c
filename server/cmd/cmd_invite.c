// SPDX-License-Identifier: Apache-2.0
/*
 * Invites of facilitators. The message says what is wanted, the statement in it is what the person
 * signed: both must say the same before anything is asked of the database. The code exists in the
 * answer only; the database holds its hash.
 */
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/wire/limits.h"

#include "auth/signed.h"
#include "cmd/cmd.h"
#include "cmd/services.h"
#include "ops/config.h"
#include "store/repo_invite.h"

#define USES_MAX           20u
#define MINUTES_GROUP_MAX  60u
#define MINUTES_PERSON_MAX 10080u /* a week */

struct invite_call {
    struct call *call;
    char code[PL_INVITE_TEXT_SIZE]; /* wiped */
};

/* Who may not open a review does not learn from this whether there is one. */
static bool is_open(struct caller *c, uint32_t rid, uint64_t review)
{
    if (caller_seat(c, review) != NULL)
        return true;
    caller_fail(c, rid, review, PL_E_BAD_STATE, "review %llu is not open here",
                (unsigned long long)review);
    return false;
}

static int check_terms(const struct pl_invite_new *m, struct pl_err *e)
{
    bool is_group = m->uses > 1;
    unsigned most = is_group ? MINUTES_GROUP_MAX : MINUTES_PERSON_MAX;
    if (m->uses < 1 || m->uses > USES_MAX)
        return pl_fail(e, PL_E_INVALID, "an invite is for 1 to %u people", USES_MAX);
    if (m->minutes < 1 || m->minutes > most)
        return pl_fail(e, PL_E_INVALID, "an invite for %s may last 1 to %u minutes",
                       is_group ? "a group" : "a person", most);
    if (m->role < PL_ROLE_FACILITATOR || m->role > PL_ROLE_STAKEHOLDER)
        return pl_fail(e, PL_E_INVALID, "%u is not a role", m->role);
    if (is_group && m->role == PL_ROLE_FACILITATOR)
        return pl_fail(e, PL_E_INVALID, "a group is not invited as facilitators");
    if (is_group && (m->user_name[0] != '\0' || m->display_name[0] != '\0'))
        return pl_fail(e, PL_E_INVALID, "an invite for a group names nobody");
    if (!is_group && !pl_user_name_is_good(m->user_name))
        return pl_fail(e, PL_E_INVALID,
                       "a login name has small letters, digits, '.', '_', '-' and begins with a "
                       "letter or digit");
    if (!is_group && m->display_name[0] == '\0')
        return pl_fail(e, PL_E_INVALID, "the name to show is missing");
    return 0;
}

/* What was seen must be what the message asks for, in the one encoding there is. */
static int check_seen(const struct pl_invite_new *m, const struct pl_statement *s, struct pl_err *e)
{
    const struct pl_invite_terms terms = {
        .user_name = m->user_name,
        .display_name = m->display_name,
        .role = m->role,
        .uses = m->uses,
        .minutes = m->minutes,
    };
    struct pl_buf want;
    size_t n = 0;
    const uint8_t *salt = pl_seen_find(s, PL_SEEN_SALT, &n);
    pl_buf_init(&want, PL_STATEMENT_BYTES);
    int rc = pl_seen_invite(&terms, salt, &want);
    if (rc != 0 || want.len != s->seen_n || memcmp(want.data, s->seen, s->seen_n) != 0)
        rc = pl_fail(e, PL_E_INVALID, "the statement is of other terms than the message");
    pl_buf_release(&want);
    return rc;
}

static void invite_call_end(struct invite_call *i)
{
    pl_wipe(i->code, sizeof(i->code));
    pl_mem_free(PL_MEM_REQUEST, i);
}

static void on_added(void *ctx, int rc, uint64_t invite, int64_t expires_us, const struct pl_err *e)
{
    struct invite_call *i = ctx;
    if (rc < 0) {
        call_fail(i->call, -rc, "%s", e->text);
    } else {
        struct pl_msg m = {.type = PL_MSG_INVITE_CODE};
        m.u.invite_code.rid = call_rid(i->call);
        m.u.invite_code.invite = invite;
        m.u.invite_code.code = i->code;
        m.u.invite_code.expires_us = expires_us;
        call_reply(i->call, &m);
    }
    invite_call_end(i);
}

/* A fresh secret: the line that tells it, and its hash. */
static int make_code(const struct caller *c, bool is_group, char code[PL_INVITE_TEXT_SIZE],
                     uint8_t secret_sha256[PL_SHA256_BYTES], struct pl_err *e)
{
    struct pl_invite invite = *c->services->place;
    invite.kind = is_group ? PL_INVITE_GROUP : PL_INVITE_USER;
    pl_random_bytes(invite.secret, sizeof(invite.secret));
    pl_sha256(invite.secret, sizeof(invite.secret), secret_sha256);
    int rc = pl_invite_format(&invite, code, e);
    pl_wipe(&invite, sizeof(invite));
    return rc == 0 ? 0
                   : pl_fail(e, PL_E_CONFIG,
                             "this server does not know the address that an invite "
                             "should name: server.public_host");
}

static void begin(struct caller *c, const struct pl_invite_new *m, const struct signed_act *act)
{
    struct pl_err e;
    struct review_invite_new inv = {
        .review = m->review,
        .user_name = m->user_name,
        .display_name = m->display_name,
        .role = m->role,
        .uses = m->uses,
        .minutes = m->minutes,
        .by_user = c->user,
        .by_device = c->device,
        .act = signed_parts(act),
        .open_max = (uint32_t)c->services->config->invites_open,
        .hour_max = (uint32_t)c->services->config->invites_per_hour,
    };
    struct call *k = call_begin(c, m->rid);
    if (k == NULL)
        return;
    struct invite_call *i = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*i));
    i->call = k;
    int rc = make_code(c, m->uses > 1, i->code, inv.secret_sha256, &e);
    if (rc == 0) {
        rc = repo_review_invite_add(c->services->store, &inv, on_added, i);
        if (rc < 0)
            (void)pl_fail(&e, -rc, "%s", pl_error_info(rc)->title);
    }
    if (rc < 0) {
        call_fail(k, -rc, "%s", e.text);
        invite_call_end(i);
    }
}

void cmd_invite_new(struct caller *c, struct pl_msg *msg)
{
    const struct pl_invite_new *m = &msg->u.invite_new;
    const struct signed_act act = {m->statement, m->signature, {c->key, c->key_n}};
    struct pl_statement s;
    struct pl_err e;
    if (!is_open(c, m->rid, m->review))
        return;
    const struct signed_want want = {
        .kind = PL_SIGNED_INVITE,
        .organisation = c->services->place->root_pin,
        .review = m->review,
        .actor = c->user,
        .device = c->device,
        .now_us = pl_now_us(),
    };
    if (check_terms(m, &e) != 0 || signed_check(&want, &act, &s, &e) != 0 ||
        check_seen(m, &s, &e) != 0) {
        caller_fail(c, m->rid, 0, e.code, "%s", e.text);
        return;
    }
    begin(c, m, &act);
}

static void on_list(void *ctx, int rc, const struct pl_invite_row *rows, size_t n,
                    const struct pl_err *e)
{
    struct call *k = ctx;
    struct pl_invite_row items[PL_INVITES_MAX];
    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_INVITES_REPLY};
    n = n < PL_INVITES_MAX ? n : PL_INVITES_MAX;
    memcpy(items, rows, n * sizeof(items[0]));
    m.u.invites_reply.rid = call_rid(k);
    m.u.invites_reply.items = items;
    m.u.invites_reply.n = n;
    call_reply(k, &m);
}

void cmd_invites(struct caller *c, struct pl_msg *msg)
{
    const struct pl_invites *m = &msg->u.invites;
    struct call *k = is_open(c, m->rid, m->review) ? call_begin(c, m->rid) : NULL;
    if (k == NULL)
        return;
    int rc = repo_review_invites(c->services->store, m->review, c->user, on_list, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}

static void on_revoked(void *ctx, int rc, const struct pl_err *e)
{
    struct call *k = ctx;
    if (rc < 0) {
        call_fail(k, -rc, "%s", e->text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_DONE};
    m.u.done.rid = call_rid(k);
    call_reply(k, &m);
}

void cmd_invite_revoke(struct caller *c, struct pl_msg *msg)
{
    const struct pl_invite_revoke *m = &msg->u.invite_revoke;
    struct call *k = is_open(c, m->rid, m->review) ? call_begin(c, m->rid) : NULL;
    if (k == NULL)
        return;
    int rc = repo_review_invite_revoke(c->services->store, m, c->user, c->device, on_revoked, k);
    if (rc < 0)
        call_fail(k, -rc, "%s", pl_error_info(rc)->title);
}
