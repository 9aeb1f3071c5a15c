// SPDX-License-Identifier: Apache-2.0
/*
 * Facilitators who cheat with invites: each spoilt InviteNew must be refused with the error that it
 * deserves, and a good one must work. The client model makes the connection, the messages are built
 * here.
 *
 *   invites --config DIR --review N --known USER --other DIR
 *
 * --known: somebody who is enrolled. --other: profile of somebody else, whose key signs what it
 * should not. Prints one line a case; exit status 0 if all went as they must.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/tls/statement.h"
#include "plimsoll/wire/limits.h"

#include "model/client.h"
#include "net/trust.h"

#define PATIENCE_MS 20000
#define MINUTE_US   INT64_C(60000000)

static uv_loop_t loop;
static struct trust_profile profile;
static struct trust_profile other;
static struct client *client;
static uint64_t review_no;
static const char *known;
static int failures;

static struct {
    bool done;
    int rc;
    char text[PL_ERR_TEXT_MAX];
    char code[512];
} got;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "invites: %s\n", what);
    exit(1);
}

static void until_done(void)
{
    while (!got.done && uv_run(&loop, UV_RUN_ONCE) != 0) {
    }
    need(got.done, "an answer that does not come");
}

/* --- a message that can be spoilt ---------------------------------------------------------------
 */

struct draft {
    struct pl_invite_new m;
    struct pl_statement st;
    struct pl_invite_terms terms; /* of the statement */
    const struct trust_profile *signer;
    struct pl_buf seen, bytes;
    uint8_t sig[PL_KEY_SIGNATURE_MAX];
    size_t sig_n;
};

static void draft_begin(struct draft *d, const char *user_name)
{
    memset(d, 0, sizeof(*d));
    d->m.review = review_no;
    d->m.user_name = user_name;
    d->m.display_name = "Somebody";
    d->m.role = PL_ROLE_RESPONDER;
    d->m.uses = 1;
    d->m.minutes = 60;
    d->signer = &profile;
    d->st.kind = PL_SIGNED_INVITE;
    memcpy(d->st.organisation, profile.root_pin, sizeof(d->st.organisation));
    d->st.review = review_no;
    d->st.actor = profile.user;
    d->st.device = profile.device;
    d->st.issued_us = pl_now_us();
    pl_random_bytes(d->st.nonce, sizeof(d->st.nonce));
}

static void draft_terms(struct draft *d)
{
    d->terms = (struct pl_invite_terms){d->m.user_name, d->m.display_name, d->m.role, d->m.uses,
                                        d->m.minutes};
}

static void draft_sign(struct draft *d)
{
    uint8_t salt[PL_STATEMENT_NONCE];
    struct pl_err e;
    pl_random_bytes(salt, sizeof(salt));
    pl_buf_init(&d->seen, PL_STATEMENT_BYTES);
    pl_buf_init(&d->bytes, PL_STATEMENT_BYTES);
    need(pl_seen_invite(&d->terms, salt, &d->seen) == 0, "terms");
    d->st.seen = d->seen.data;
    d->st.seen_n = d->seen.len;
    struct pl_key *key = pl_key_from_pem(d->signer->key_pem, &e);
    need(key != NULL && pl_statement_encode(&d->st, &d->bytes, &e) == 0 &&
             pl_statement_sign(key, d->bytes.data, d->bytes.len, d->sig, &d->sig_n, &e) == 0,
         "signing");
    pl_key_free(key);
    d->m.statement = (struct pl_bytes){d->bytes.data, d->bytes.len};
    d->m.signature = (struct pl_bytes){d->sig, d->sig_n};
}

static void draft_end(struct draft *d)
{
    pl_buf_release(&d->seen);
    pl_buf_release(&d->bytes);
}

static void on_reply(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    (void)ctx;
    got.done = true;
    got.rc = rc;
    (void)pl_strlcpy(got.text, rc < 0 ? e->text : "", sizeof(got.text));
    if (rc == 0 && reply->type == PL_MSG_INVITE_CODE)
        (void)pl_strlcpy(got.code, reply->u.invite_code.code, sizeof(got.code));
}

static void send_it(const struct draft *d)
{
    struct pl_msg m = {.type = PL_MSG_INVITE_NEW};
    m.u.invite_new = d->m;
    memset(&got, 0, sizeof(got));
    client_call(client, &m, PATIENCE_MS, on_reply, NULL);
    until_done();
}

static void expect(const char *name, int want, const char *text)
{
    bool good = got.rc == want && (text == NULL || strstr(got.text, text) != NULL);
    (void)printf("%s: %s: %s: %s\n", good ? "ok" : "FAIL", name,
                 got.rc == 0 ? "done" : pl_error_info(got.rc)->token, got.text);
    failures += !good;
}

/* --- cases --------------------------------------------------------------------------------------
 */

enum spoil {
    SPOIL_NOTHING,
    SPOIL_KNOWN,
    SPOIL_NO_STATEMENT,
    SPOIL_NO_SIGNATURE,
    SPOIL_BYTE,
    SPOIL_SIGNATURE,
    SPOIL_ROLE,
    SPOIL_USES,
    SPOIL_MINUTES,
    SPOIL_NAME,
    SPOIL_REVIEW,
    SPOIL_KIND,
    SPOIL_ORGANISATION,
    SPOIL_ACTOR,
    SPOIL_DEVICE,
    SPOIL_OLD,
    SPOIL_FUTURE,
    SPOIL_KEY,
    SPOIL_OTHERS_NAME,
    SPOIL_GARBAGE,
    SPOIL_LONGER,
    SPOIL_GROUP_NAMED,
    SPOIL_GROUP_LONG,
    SPOIL_GROUP_BIG,
    SPOIL_GROUP_FACILITATORS,
    SPOIL_END
};

static const struct {
    const char *name;
    int rc;
    const char *text;
} cases[SPOIL_END] = {
    [SPOIL_NOTHING] = {"a good one", 0, NULL},
    [SPOIL_KNOWN] = {"takeover of a person who is enrolled", -PL_E_CONFLICT,
                     "enrolled here already"},
    [SPOIL_NO_STATEMENT] = {"no statement", -PL_E_SIGNATURE, "must be signed"},
    [SPOIL_NO_SIGNATURE] = {"no signature", -PL_E_SIGNATURE, "must be signed"},
    [SPOIL_BYTE] = {"a byte of the signed head changed", -PL_E_SIGNATURE, "signature"},
    [SPOIL_SIGNATURE] = {"a byte of the signature changed", -PL_E_SIGNATURE, "signature"},
    [SPOIL_ROLE] = {"signed for another role", -PL_E_INVALID, "terms"},
    [SPOIL_USES] = {"signed for more people", -PL_E_INVALID, "terms"},
    [SPOIL_MINUTES] = {"signed for another time", -PL_E_INVALID, "terms"},
    [SPOIL_NAME] = {"signed for another name", -PL_E_INVALID, "terms"},
    [SPOIL_REVIEW] = {"signed for another review", -PL_E_INVALID, "review"},
    [SPOIL_KIND] = {"signed as another act", -PL_E_INVALID, "kind"},
    [SPOIL_ORGANISATION] = {"signed for another server", -PL_E_INVALID, "organisation"},
    [SPOIL_ACTOR] = {"in the name of another person", -PL_E_INVALID, "person"},
    [SPOIL_DEVICE] = {"in the name of another device", -PL_E_INVALID, "device"},
    [SPOIL_OLD] = {"signed a quarter of an hour ago", -PL_E_CLOCK, "minutes"},
    [SPOIL_FUTURE] = {"signed in the future", -PL_E_CLOCK, "minutes"},
    [SPOIL_KEY] = {"signed with somebody else's key", -PL_E_SIGNATURE, "signature"},
    [SPOIL_OTHERS_NAME] = {"a login name that cannot be", -PL_E_INVALID, "login name"},
    [SPOIL_GARBAGE] = {"garbage as statement", -PL_E_INVALID, "statement"},
    [SPOIL_LONGER] = {"a statement with something behind it", -PL_E_INVALID, NULL},
    [SPOIL_GROUP_NAMED] = {"a group with a name", -PL_E_INVALID, "names nobody"},
    [SPOIL_GROUP_LONG] = {"a group for more than an hour", -PL_E_INVALID, "minutes"},
    [SPOIL_GROUP_BIG] = {"a group of 21", -PL_E_INVALID, "people"},
    [SPOIL_GROUP_FACILITATORS] = {"a group of facilitators", -PL_E_INVALID, "facilitators"},
};

/* Before the statement is made: what it says. */
static void spoil_statement(struct draft *d, enum spoil how)
{
    if (how == SPOIL_ROLE)
        d->terms.role = PL_ROLE_STAKEHOLDER;
    if (how == SPOIL_USES)
        d->terms.uses = 20;
    if (how == SPOIL_MINUTES)
        d->terms.minutes++;
    if (how == SPOIL_NAME)
        d->terms.user_name = "else";
    if (how == SPOIL_REVIEW)
        d->st.review++;
    if (how == SPOIL_KIND)
        d->st.kind = PL_SIGNED_ERASE;
    if (how == SPOIL_ORGANISATION)
        d->st.organisation[0] ^= 1;
    if (how == SPOIL_ACTOR)
        d->st.actor = other.user;
    if (how == SPOIL_DEVICE)
        d->st.device = other.device;
    if (how == SPOIL_OLD)
        d->st.issued_us -= 15 * MINUTE_US;
    if (how == SPOIL_FUTURE)
        d->st.issued_us += 15 * MINUTE_US;
    if (how == SPOIL_KEY)
        d->signer = &other;
}

/* What is asked for. */
static void spoil_message(struct draft *d, enum spoil how)
{
    if (how == SPOIL_KNOWN)
        d->m.user_name = known;
    if (how == SPOIL_OTHERS_NAME)
        d->m.user_name = "Not Good";
    if (how < SPOIL_GROUP_NAMED)
        return;
    d->m.uses = how == SPOIL_GROUP_BIG ? 21 : 5;
    d->m.minutes = how == SPOIL_GROUP_LONG ? 61 : 30;
    d->m.role = how == SPOIL_GROUP_FACILITATORS ? PL_ROLE_FACILITATOR : PL_ROLE_RESPONDER;
    if (how != SPOIL_GROUP_NAMED)
        d->m.user_name = d->m.display_name = "";
}

/* After it was signed: the bytes. */
static void spoil_bytes(struct draft *d, enum spoil how)
{
    static uint8_t garbage[300];
    if (how == SPOIL_NO_STATEMENT)
        d->m.statement.n = 0;
    if (how == SPOIL_NO_SIGNATURE)
        d->m.signature.n = 0;
    if (how == SPOIL_BYTE)
        d->bytes.data[80] ^= 1; /* of the nonce */
    if (how == SPOIL_SIGNATURE)
        d->sig[10] ^= 1;
    if (how == SPOIL_GARBAGE) {
        pl_random_bytes(garbage, sizeof(garbage));
        d->m.statement = (struct pl_bytes){garbage, sizeof(garbage)};
    }
    if (how == SPOIL_LONGER) {
        need(pl_buf_add(&d->bytes, "\0\7\0\0", 4) == 0, "a longer statement");
        d->m.statement = (struct pl_bytes){d->bytes.data, d->bytes.len};
    }
}

static void run_case(enum spoil how)
{
    struct draft d;
    char name[32];
    (void)snprintf(name, sizeof(name), "cheat%d", (int)how);
    draft_begin(&d, name);
    spoil_message(&d, how);
    draft_terms(&d);
    spoil_statement(&d, how);
    draft_sign(&d);
    spoil_bytes(&d, how);
    send_it(&d);
    expect(cases[how].name, cases[how].rc, cases[how].text);
    draft_end(&d);
}

static void run_replay(void)
{
    struct draft d;
    draft_begin(&d, ""); /* a group: a name would be taken the second time */
    d.m.display_name = "";
    d.m.uses = 2;
    draft_terms(&d);
    draft_sign(&d);
    send_it(&d);
    expect("before the replay", 0, NULL);
    send_it(&d);
    expect("the same statement again", -PL_E_CONFLICT, "used before");
    draft_end(&d);
}

static void run_unopened(void)
{
    struct draft d;
    draft_begin(&d, "unopened");
    d.m.review = d.st.review = review_no + 1;
    draft_terms(&d);
    draft_sign(&d);
    send_it(&d);
    expect("a review that is not open", -PL_E_BAD_STATE, "not open");
    draft_end(&d);
}

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    need(rc == 0, rc < 0 ? e->text : "");
    got.done = true;
}

static void on_link(void *ctx, enum link_state state, int code, const char *why, int64_t retry_ms)
{
    (void)ctx;
    (void)code;
    (void)retry_ms;
    need(state != LINK_STOPPED, why);
}

static void on_closed(void *ctx)
{
    (void)ctx;
}

static void parse(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"review", required_argument, NULL, 'r'},
                                            {"known", required_argument, NULL, 'k'},
                                            {"other", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    struct pl_err e;
    for (int c = 0; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c')
            need(trust_load(optarg, TRUST_DEFAULT, &profile, &e) == 0, "--config");
        else if (c == 'o')
            need(trust_load(optarg, TRUST_DEFAULT, &other, &e) == 0, "--other");
        else if (c == 'k')
            known = optarg;
        else
            need(c == 'r' && pl_parse_u64(optarg, &review_no) == 0, "--review");
    }
    need(profile.host[0] && other.host[0] && known && review_no, "all options are needed");
}

int main(int argc, char **argv)
{
    static const struct client_handlers quiet = {.link = on_link};
    static const struct review_handlers handlers = {.opened = on_opened};
    const struct client_options options = {0};
    struct review *review = NULL;
    struct pl_err e;
    parse(argc, argv);
    need(uv_loop_init(&loop) == 0, "loop");
    need(client_new(&client, &loop, &profile, &options, &quiet, &e) == 0, "client");
    need(review_open(&review, client, review_no, true, &handlers, &e) == 0, "review");
    until_done();
    for (int how = 0; how < SPOIL_END; how++)
        run_case((enum spoil)how);
    run_replay();
    run_unopened();
    review_close(review);
    client_close(client, on_closed, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    need(uv_loop_close(&loop) == 0, "something is left in the loop");
    trust_release(&profile);
    trust_release(&other);
    return failures == 0 ? 0 : 1;
}
