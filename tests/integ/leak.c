// SPDX-License-Identifier: Apache-2.0
/*
 * Somebody who may not read asks for everything all the same: each message that a client can send,
 * for every number that a review could have. Whatever comes back goes to a file, byte for byte as
 * it was decrypted; the script looks for what it has planted (test_leak.sh).
 *
 *   leak CONFIG_DIR OUT LAST_REVIEW CLIENT N
 *
 * CONFIG_DIR: whose profile. Numbers from 1 to LAST_REVIEW are tried. CLIENT and N: the entry that
 * has a file, which nobody could guess. Prints how many questions were refused and how many
 * answered; exit status 0 also for somebody who does not get in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/limits.h"

#include "net/trust.h"
#include "support/peer.h"

static struct peer peer;
static unsigned refused, answered;
static struct pl_eid with_file;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "leak: %s\n", what);
    exit(1);
}

static void ask(struct pl_msg *m, uint32_t *rid)
{
    struct pl_msg out;
    int rc = peer_ask(&peer, m, rid, &out);
    need(rc != -PL_E_CLOSED, "the server hung up on a good question");
    if (rc > 0)
        pl_msg_release(&out);
    answered += rc > 0;
    refused += rc <= 0;
}

/* Pages of the log, at any place. */
static void ask_history(uint64_t review)
{
    for (uint64_t from = 1; from <= 41; from += 10) {
        struct pl_msg m = {.type = PL_MSG_HISTORY};
        m.u.history.review = review;
        m.u.history.from_rev = from;
        m.u.history.limit = 10;
        ask(&m, &m.u.history.rid);
    }
}

static void ask_files(uint64_t review)
{
    struct pl_msg m = {.type = PL_MSG_FILE_GET};
    m.u.file_get.review = review;
    m.u.file_get.entry = with_file;
    ask(&m, &m.u.file_get.rid);
}

/* Before and after an Open, with a client number (to write) and without (to read). */
static void ask_review(uint64_t review)
{
    struct pl_msg people = {.type = PL_MSG_PEOPLE};
    struct pl_msg session = {.type = PL_MSG_SESSION};
    struct pl_msg draft = {.type = PL_MSG_DRAFT};
    struct pl_msg invites = {.type = PL_MSG_INVITES};
    struct pl_msg resync = {.type = PL_MSG_RESYNC};
    struct pl_msg vote = {.type = PL_MSG_VOTE};
    for (int i = 0; i < 3; i++) {
        int rc = i == 0 ? -1 : peer_review(&peer, review, i == 1 ? 0 : UINT64_C(0x77));
        answered += rc == 0;
        refused += i > 0 && rc != 0;
        people.u.people.review = review;
        ask(&people, &people.u.people.rid);
        session.u.session.review = review;
        ask(&session, &session.u.session.rid);
        draft.u.draft.review = review;
        ask(&draft, &draft.u.draft.rid);
        invites.u.invites.review = review;
        ask(&invites, &invites.u.invites.rid);
        resync.u.resync.review = review;
        if (rc != 0)
            ask(&resync, &resync.u.resync.rid);
        vote.u.vote.review = review;
        vote.u.vote.round = 1;
        vote.u.vote.entry = (struct pl_eid){.client = 1, .n = 1};
        ask(&vote, &vote.u.vote.rid);
        ask_history(review);
        ask_files(review);
        if (rc == 0) {
            struct pl_msg leave = {.type = PL_MSG_LEAVE};
            leave.u.leave.review = review;
            peer_send(&peer, &leave);
        }
    }
}

static void ask_over_all(uint64_t review)
{
    struct pl_msg list = {.type = PL_MSG_LIST};
    struct pl_msg actions = {.type = PL_MSG_ACTIONS};
    struct pl_msg metrics = {.type = PL_MSG_METRICS};
    list.u.list.after = review;
    list.u.list.limit = 100;
    ask(&list, &list.u.list.rid);
    actions.u.actions.review = review;
    actions.u.actions.limit = 100;
    actions.u.actions.text = "";
    ask(&actions, &actions.u.actions.rid);
    actions.u.actions.text = "planted";
    ask(&actions, &actions.u.actions.rid);
    metrics.u.metrics.after = review > 0 ? review + 1 : 0;
    metrics.u.metrics.limit = 100;
    metrics.u.metrics.service = "";
    ask(&metrics, &metrics.u.metrics.rid);
}

int main(int argc, char **argv)
{
    struct trust_profile profile;
    struct pl_err e;
    uint64_t last = 0;
    int64_t client = 0;
    int64_t n = 0;
    need(argc == 6 && pl_parse_u64(argv[3], &last) == 0 && pl_parse_i64(argv[4], &client) == 0 &&
             pl_parse_i64(argv[5], &n) == 0,
         "see the head of leak.c");
    with_file = (struct pl_eid){.client = (uint64_t)client, .n = (uint32_t)n};
    pl_err_init(&e);
    need(trust_load(argv[1], TRUST_DEFAULT, &profile, &e) == 0, e.text);
    struct pl_tls_ctx *tls = trust_tls_ctx(&profile, &e);
    FILE *tap = fopen(argv[2], "wb");
    need(tls != NULL && tap != NULL, "cannot begin");
    int rc = peer_open(&peer, tls, profile.host, profile.port);
    peer.tap = tap;
    if (rc == 0) {
        for (uint64_t review = 1; review <= last; review++)
            ask_review(review);
        for (uint64_t review = 0; review <= last; review++)
            ask_over_all(review);
    }
    (void)printf("%s, %u answered, %u refused\n", rc == 0 ? "in" : "not let in", answered, refused);
    peer_close(&peer);
    (void)fclose(tap);
    pl_tls_ctx_unref(tls);
    trust_release(&profile);
    return 0;
}
