// SPDX-License-Identifier: Apache-2.0
/*
 * Every operation by every kind of person in each status, over the network, held against
 * doc/perm.def. Each operation has something that a real client could send; who may must get it
 * done, or be told that something else is in the way; who may not must be told just that.
 *
 *   matrix CONFIG_DIR_OF_SCRIPT REVIEW FAC RES STA NON REM
 *
 * The last five are names of folders in the first one, with the profiles of a facilitator,
 * responder, stakeholder, somebody who takes no part, and somebody who was removed. The program
 * goes through the operations whenever a line comes on its standard input, and answers each with a
 * line: the script moves the review on meanwhile. Exit status 0 if all went as it must.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/act.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#include "net/trust.h"
#include "support/peer.h"

enum { FAC, RES, STA, NON, REM, PEOPLE };

#define CLIENT_OF(i) (UINT64_C(0x5100) + (uint64_t)(i))

static const char *const names[PEOPLE] = {"facilitator", "responder", "stakeholder", "no part",
                                          "removed"};
static const int64_t roles[PEOPLE] = {1, 2, 3, 0, 0};
static struct trust_profile profile[PEOPLE];
static struct pl_tls_ctx *tls[PEOPLE];
static struct peer peer[PEOPLE];
static uint64_t review;
static uint32_t fresh = 100; /* numbers of new entries; below: those of the preparation */
static unsigned cells, allowed, done, failures;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "matrix: %s\n", what);
    exit(1);
}

/* --- changesets ---------------------------------------------------------------------------------
 */

static struct pl_eid entry(int who, uint32_t n)
{
    return (struct pl_eid){.client = CLIENT_OF(who), .n = n};
}

static void make(struct pl_cs *cs, struct pl_eid eid, uint32_t kind, struct pl_eid parent)
{
    struct pl_key key;
    struct pl_err e;
    need(pl_key_between(&key, NULL, NULL, eid.client, eid.n, &e) == 0, "order key");
    pl_cs_create(cs, eid, kind, parent, &key);
}

static void put(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);
    pl_cs_reg(cs, eid, field, &val);
}

static void put_str(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value val = pl_value_str(s, strlen(s));
    pl_cs_reg(cs, eid, field, &val);
    pl_value_release(&val);
}

static void put_body(struct pl_cs *cs, struct pl_eid eid)
{
    struct pl_op op;
    pl_op_init(&op, 0);
    pl_op_insert(&op, "text", 4, 4);
    pl_cs_text(cs, eid, PL_F_BODY, &op);
}

static int make_one(int who, uint32_t kind, uint32_t field, int64_t v)
{
    struct pl_cs cs;
    struct pl_eid eid = entry(who, fresh++);
    pl_cs_init(&cs);
    make(&cs, eid, kind, PL_EID_ROOT);
    if (field != 0)
        put(&cs, eid, field, v);
    if (kind != PL_KIND_EVENT && kind != PL_KIND_MATERIAL && kind != PL_KIND_LESSON)
        put_body(&cs, eid);
    return peer_submit(&peer[who], &cs);
}

static int change(int who, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    put(&cs, eid, field, v);
    return peer_submit(&peer[who], &cs);
}

static int change_str(int who, uint32_t field, const char *v)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    put_str(&cs, PL_EID_ROOT, field, v);
    return peer_submit(&peer[who], &cs);
}

/* Away and back again: the entry is there for the next. */
static int remove_one(int who, struct pl_eid eid)
{
    struct pl_cs cs;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, true);
    int rc = peer_submit(&peer[who], &cs);
    if (rc != 0)
        return rc;
    pl_cs_init(&cs);
    pl_cs_dead(&cs, eid, false);
    return peer_submit(&peer[who], &cs);
}

/* --- requests -----------------------------------------------------------------------------------
 */

static int act(int who, uint32_t number, struct pl_eid eid, int64_t value, const char *text)
{
    struct pl_msg m = {.type = PL_MSG_ACT};
    struct pl_msg out;
    m.u.act.review = review;
    m.u.act.act = number;
    m.u.act.entry = eid;
    m.u.act.value = value;
    m.u.act.text = text;
    int rc = peer_ask(&peer[who], &m, &m.u.act.rid, &out);
    if (rc > 0)
        pl_msg_release(&out);
    return rc > 0 ? 0 : rc;
}

static int read_history(int who)
{
    struct pl_msg m = {.type = PL_MSG_HISTORY};
    struct pl_msg out;
    m.u.history.review = review;
    m.u.history.limit = 10;
    int rc = peer_ask(&peer[who], &m, &m.u.history.rid, &out);
    if (rc > 0)
        pl_msg_release(&out);
    return rc > 0 ? 0 : rc;
}

static int set_member(int who)
{
    struct pl_msg m = {.type = PL_MSG_MEMBER_SET};
    struct pl_msg out;
    m.u.member_set.review = review;
    m.u.member_set.user_name = "nobody-here";
    m.u.member_set.role = PL_ROLE_RESPONDER;
    int rc = peer_ask(&peer[who], &m, &m.u.member_set.rid, &out);
    if (rc > 0)
        pl_msg_release(&out);
    return rc > 0 ? 0 : rc;
}

/* --- the operations -----------------------------------------------------------------------------
 */

/* Somebody else than `who`, whose entries the preparation has made. */
static int other(int who)
{
    return who == RES ? FAC : RES;
}

/* Entries of the preparation, of each person: an event of communication (1), an action that is an
 * idea and his own by owner, but for the facilitator (2), a comment (3). */
#define EVENT   1u
#define ACTION  2u
#define COMMENT 3u
#define CAUSE   4u /* of the responder */

/* long: one operation a line pair */
static int attempt(int op, int who)
{
    switch (op) {
    case PL_PERM_READ:
        return read_history(who);
    case PL_PERM_HEADER:
        return change(who, PL_EID_ROOT, PL_F_REVIEW_SEVERITY, 2);
    case PL_PERM_SERVICES: {
        struct pl_cs cs;
        pl_cs_init(&cs);
        pl_cs_elem(&cs, PL_EID_ROOT, PL_F_REVIEW_SERVICES, "shop", 4, true);
        return peer_submit(&peer[who], &cs);
    }
    case PL_PERM_IMPACT:
        return change_str(who, PL_F_REVIEW_IMPACT_UNIT, "orders");
    case PL_PERM_PLAN:
        return make_one(who, PL_KIND_RULE, 0, 0);
    case PL_PERM_MATERIAL:
        return make_one(who, PL_KIND_MATERIAL, PL_F_MATERIAL_KIND, PL_MATERIAL_LINK);
    case PL_PERM_ACCOUNT:
        return make_one(who, PL_KIND_ACCOUNT, 0, 0);
    case PL_PERM_CONTENT:
        return make_one(who, PL_KIND_OBSERVATION, PL_F_OBSERVATION_KIND, PL_OBSERVATION_WELL);
    case PL_PERM_NOTE_EVENT:
        return make_one(who, PL_KIND_EVENT, PL_F_EVENT_LENS, PL_LENS_COMMUNICATION);
    case PL_PERM_COMMENT:
        return make_one(who, PL_KIND_COMMENT, 0, 0);
    case PL_PERM_REMOVE_OWN:
        return remove_one(who, entry(who, EVENT));
    case PL_PERM_REMOVE_ANY:
        return remove_one(who, entry(other(who), EVENT));
    case PL_PERM_ACTION_PROPOSE:
        return make_one(who, PL_KIND_ACTION, PL_F_ACTION_IMPACT, 2);
    case PL_PERM_ACTION_EDIT:
        return change(who, entry(other(who), ACTION), PL_F_ACTION_IMPACT, 3);
    case PL_PERM_ACTION_COMMIT:
        return act(who, PL_ACT_COMMIT, entry(FAC, ACTION), 0, "");
    case PL_PERM_ACTION_PROGRESS:
        return act(who, PL_ACT_START, entry(who, ACTION), 0, "");
    case PL_PERM_ACTION_ACCEPT:
        return act(who, PL_ACT_ACCEPT, entry(who, ACTION), 0, "");
    case PL_PERM_ACTION_VERIFY:
        return act(who, PL_ACT_VERIFY, entry(FAC, ACTION), 0, "not yet");
    case PL_PERM_ACTION_EFFECT:
        return act(who, PL_ACT_EFFECT, entry(FAC, ACTION), PL_RESULT_EFFECTIVE, "");
    case PL_PERM_LESSON:
        return make_one(who, PL_KIND_LESSON, 0, 0);
    case PL_PERM_FACILITATE:
        return act(who, PL_ACT_VISIBILITY, PL_EID_ROOT, PL_VISIBILITY_PARTICIPANTS, "");
    case PL_PERM_CONDUCT:
        return act(who, PL_ACT_TIMER, PL_EID_ROOT, 0, "");
    case PL_PERM_WAIVE:
        return act(who, PL_ACT_UNWAIVE, entry(FAC, ACTION), 0, "");
    case PL_PERM_VOTE:
        return act(who, PL_ACT_AGREE, entry(RES, CAUSE), 1, "");
    case PL_PERM_TAKE_PART:
        return act(who, PL_ACT_HAND, PL_EID_ROOT, 1, "");
    case PL_PERM_CHALLENGE:
        return act(who, PL_ACT_CHALLENGE, PL_EID_ROOT, 0, "");
    case PL_PERM_CLOSE_CONFIRM:
        return act(who, PL_ACT_CLOSE, PL_EID_ROOT, 0, "no");
    case PL_PERM_OWNER_ONLY: { /* somebody else's comment */
        struct pl_cs cs;
        struct pl_op text;
        pl_op_init(&text, 4);
        pl_op_insert(&text, "x", 1, 1);
        pl_cs_init(&cs);
        pl_cs_text(&cs, entry(other(who), COMMENT), PL_F_BODY, &text);
        return peer_submit(&peer[who], &cs);
    }
    case PL_PERM_SERVER:
        return change(who, PL_EID_ROOT, PL_F_REVIEW_STATUS, PL_STATUS_CLOSED);
    default:
        return 1; /* cards and invites: the script has them */
    }
}

/* What is in the way of somebody who may: not a right. */
static bool is_other_reason(int rc)
{
    return rc == -PL_E_CONFLICT || rc == -PL_E_GATE || rc == -PL_E_INVALID || rc == -PL_E_NOENT;
}

static void judge(int op, int who, int64_t status, int rc)
{
    bool may = roles[who] != 0 && op < PL_PERM_OWNER_ONLY &&
               (pl_perm_mask(roles[who], status) & PL_PERM_BIT(op)) != 0;
    bool is_edit = op == PL_PERM_SERVER; /* refused by the shape of the field before anything */
    bool good = may ? rc == 0 || is_other_reason(rc)
                    : rc == -PL_E_PERM || rc == -PL_E_REVOKED || (is_edit && rc != 0) ||
                          (roles[who] == 0 && rc == -PL_E_BAD_STATE); /* it is not open there */
    cells++;
    allowed += may;
    done += may && rc == 0;
    failures += !good;
    if (!good)
        (void)fprintf(stderr, "FAIL: status %lld, %s, %s: %s: %s\n", (long long)status,
                      pl_perm_name(op), names[who], rc == 0 ? "done" : pl_error_info(rc)->token,
                      rc == 0 ? "" : peer[who].err.text);
}

/* --- people
 * ---------------------------------------------------------------------------------------
 */

static void prepare(void)
{
    for (int who = FAC; who <= STA; who++) {
        struct pl_cs cs;
        pl_cs_init(&cs);
        make(&cs, entry(who, EVENT), PL_KIND_EVENT, PL_EID_ROOT);
        put(&cs, entry(who, EVENT), PL_F_EVENT_LENS, PL_LENS_COMMUNICATION);
        make(&cs, entry(who, ACTION), PL_KIND_ACTION, PL_EID_ROOT);
        put_body(&cs, entry(who, ACTION));
        if (who != FAC)
            put(&cs, entry(who, ACTION), PL_F_ACTION_OWNER, (int64_t)profile[who].user);
        make(&cs, entry(who, COMMENT), PL_KIND_COMMENT, PL_EID_ROOT);
        put_body(&cs, entry(who, COMMENT));
        if (who == RES) {
            make(&cs, entry(who, CAUSE), PL_KIND_CAUSE, PL_EID_ROOT);
            put_body(&cs, entry(who, CAUSE));
            put(&cs, entry(who, CAUSE), PL_F_CAUSE_CLASS, PL_CLASS_TECHNICAL);
        }
        need(peer_submit(&peer[who], &cs) == 0, peer[who].err.text);
    }
}

/* All connect anew, so that nobody works with what he was told before. */
static int64_t come(void)
{
    int64_t status = 0;
    for (int who = 0; who < PEOPLE; who++) {
        need(peer_open(&peer[who], tls[who], profile[who].host, profile[who].port) == 0,
             peer[who].err.text);
        int rc = peer_review(&peer[who], review, CLIENT_OF(who));
        if (roles[who] != 0)
            need(rc == 0 && peer[who].role == roles[who], peer[who].err.text);
        else
            need(rc == -PL_E_PERM, "a review opens for somebody who takes no part");
        status = roles[who] != 0 ? peer[who].status : status;
    }
    return status;
}

static void go_through(bool is_first)
{
    int64_t status = come();
    unsigned before = failures;
    if (is_first)
        prepare();
    for (int op = 0; op <= PL_PERM_SERVER; op++) {
        for (int who = 0; who < PEOPLE; who++) {
            int rc = strcmp(pl_perm_name(op), "unknown") != 0 ? attempt(op, who) : 1;
            if (rc <= 0)
                judge(op, who, status, rc);
        }
    }
    for (int who = 0; who < PEOPLE; who++)
        judge(PL_PERM_CONDUCT, who, status, set_member(who));
    for (int who = 0; who < PEOPLE; who++)
        peer_close(&peer[who]);
    (void)printf("status %lld: %u cells so far, %u of them allowed (%u done, the others for "
                 "another reason not), %u wrong here\n",
                 (long long)status, cells, allowed, done, failures - before);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct pl_err e;
    char dir[TRUST_PATH_MAX];
    char line[16];
    bool is_first = true;
    need(argc == 3 + PEOPLE && pl_parse_u64(argv[2], &review) == 0, "see the head of matrix.c");
    pl_err_init(&e);
    for (int who = 0; who < PEOPLE; who++) {
        (void)snprintf(dir, sizeof(dir), "%s/%s", argv[1], argv[3 + who]);
        need(trust_load(dir, TRUST_DEFAULT, &profile[who], &e) == 0, e.text);
        tls[who] = trust_tls_ctx(&profile[who], &e);
        need(tls[who] != NULL, e.text);
    }
    for (; fgets(line, sizeof(line), stdin) != NULL; is_first = false)
        go_through(is_first);
    for (int who = 0; who < PEOPLE; who++) {
        pl_tls_ctx_unref(tls[who]);
        trust_release(&profile[who]);
    }
    return failures > 0;
}
