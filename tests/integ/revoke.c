// SPDX-License-Identifier: Apache-2.0
/*
 * Rights that end while their holder edits: on two server processes of one database at once, a
 * person writes as fast as answers come, and somewhere in between he is removed from the review, or
 * his device is revoked, or he is disabled. After the end nothing of his may stand in the log, and
 * no connection or review of his may stay open for longer than a second on any process.
 *
 *   revoke DIR REVIEW FAC VICTIM PORT1 PORT2 PLIMSOLLD PSQL_CONNINFO
 *
 * DIR holds the folders of both people. PL_RUNS rounds (preset 12), PL_SEED: the same delays again.
 * PLIMSOLLD_DIR is the server's. Prints what it has measured; exit status 0 if all held.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#include "net/trust.h"
#include "support/peer.h"

#define NODES    2
#define ROUND_MS 15000
#define LATE_MS  1000u

enum { REMOVE, REVOKE, DISABLE, KINDS };
static const char *const kinds[KINDS] = {"removed", "device revoked", "disabled"};

static struct trust_profile fac, victim;
static struct pl_tls_ctx *fac_tls, *victim_tls;
static uint16_t port[NODES];
static uint64_t review;
static const char *plimsolld, *conninfo;
static struct pl_prng rng;
static uint32_t fresh = 1;
static unsigned failures;

/* What the rounds came to. */
static struct {
    unsigned rounds, edits, early, late, leaks;
    int64_t slowest_ms;
} sum;

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "revoke: %s\n", what);
    exit(1);
}

static void nap_us(uint64_t most)
{
    const struct timespec t = {.tv_nsec = (long)pl_prng_below(&rng, most + 1) * 1000};
    (void)nanosleep(&t, NULL);
}

/* --- other programs -----------------------------------------------------------------------------
 */

static pid_t start(const char *const argv[])
{
    pid_t pid = 0;
    posix_spawn_file_actions_t quiet;
    need(posix_spawn_file_actions_init(&quiet) == 0 &&
             posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0) == 0,
         "spawn");
    need(posix_spawnp(&pid, argv[0], &quiet, NULL, (char *const *)(uintptr_t)argv, environ) == 0,
         argv[0]);
    (void)posix_spawn_file_actions_destroy(&quiet);
    return pid;
}

static void run(const char *const argv[])
{
    int status = -1;
    pid_t pid = start(argv);
    need(waitpid(pid, &status, 0) == pid && status == 0, argv[0]);
}

/* One number out of the database. */
static int64_t ask_sql(const char *sql)
{
    int out[2];
    char text[64] = "";
    int64_t v = 0;
    int status = -1;
    pid_t pid = 0;
    posix_spawn_file_actions_t to;
    const char *const argv[] = {"psql", "-qXAt", conninfo, "-c", "SET ROLE plm_owner",
                                "-c",   sql,     NULL};
    need(pipe(out) == 0 && posix_spawn_file_actions_init(&to) == 0 &&
             posix_spawn_file_actions_adddup2(&to, out[1], 1) == 0 &&
             posix_spawn_file_actions_addclose(&to, out[0]) == 0,
         "pipe");
    need(posix_spawnp(&pid, argv[0], &to, NULL, (char *const *)(uintptr_t)argv, environ) == 0,
         "psql");
    (void)posix_spawn_file_actions_destroy(&to);
    (void)close(out[1]);
    size_t n = 0;
    for (ssize_t k; n + 1 < sizeof(text); n += (size_t)k) {
        k = read(out[0], text + n, sizeof(text) - 1 - n);
        if (k <= 0)
            break;
    }
    (void)close(out[0]);
    need(waitpid(pid, &status, 0) == pid && status == 0, sql);
    text[strcspn(text, "\n")] = '\0';
    need(pl_parse_i64(text[0] ? text : "0", &v) == 0, text);
    return v;
}

/* --- a round ------------------------------------------------------------------------------------
 */

struct round {
    int kind;
    struct peer fac;
    struct peer victim[NODES];
    bool is_gone[NODES];
    int64_t gone_us[NODES]; /* when it was noticed; of who is shut out, the end of the connection */
    pid_t pid;              /* of the program that takes the right away */
    uint64_t ended_ms;      /* when that was through; 0: not yet */
};

static void begin_end(struct round *r)
{
    char device[32];
    (void)snprintf(device, sizeof(device), "%llu", (unsigned long long)victim.device);
    const char *const revoke[] = {plimsolld, "device", "revoke", device, NULL};
    const char *const disable[] = {plimsolld, "user", "disable", victim.user_name, NULL};
    struct pl_msg m = {.type = PL_MSG_MEMBER_SET};
    if (r->kind == REVOKE)
        r->pid = start(revoke);
    if (r->kind == DISABLE)
        r->pid = start(disable);
    if (r->kind != REMOVE)
        return;
    m.u.member_set.rid = ++r->fac.rid;
    m.u.member_set.review = review;
    m.u.member_set.user_name = victim.user_name;
    peer_send(&r->fac, &m);
}

/* Is it through by now? */
static void look_for_end(struct round *r)
{
    struct pl_msg m;
    int status = 0;
    if (r->ended_ms != 0)
        return;
    if (r->kind != REMOVE && waitpid(r->pid, &status, WNOHANG) == r->pid) {
        need(status == 0, "plimsolld");
        r->ended_ms = pl_mono_ms();
    }
    while (r->kind == REMOVE && r->ended_ms == 0 && peer_next(&r->fac, &m, 0) == 1) {
        need(m.type != PL_MSG_ERROR, m.u.error.text);
        if (m.type == PL_MSG_DONE)
            r->ended_ms = pl_mono_ms();
        pl_msg_release(&m);
    }
}

static int edit(struct peer *p)
{
    struct pl_cs cs;
    struct pl_key key;
    struct pl_err e;
    const struct pl_eid eid = {.client = p->client, .n = fresh++};
    need(pl_key_between(&key, NULL, NULL, eid.client, eid.n, &e) == 0, "order key");
    pl_cs_init(&cs);
    pl_cs_create(&cs, eid, PL_KIND_OBSERVATION, PL_EID_ROOT, &key);
    return peer_submit(p, &cs);
}

/* A person or device that is shut out is not only refused: his connections end. */
static void await_close(struct round *r)
{
    for (int i = 0; i < NODES; i++) {
        struct pl_msg m;
        int rc;
        while ((rc = peer_next(&r->victim[i], &m, ROUND_MS)) == 1)
            pl_msg_release(&m);
        need(rc == -1, "a connection that does not end");
        r->gone_us[i] = pl_now_us();
    }
}

static void write_until_gone(struct round *r)
{
    uint64_t from = pl_mono_ms();
    unsigned before = sum.edits;
    bool is_begun = false;
    uint64_t delay = pl_prng_below(&rng, 30);
    while (!r->is_gone[0] || !r->is_gone[1] || r->ended_ms == 0) {
        for (int i = 0; i < NODES; i++) {
            if (!r->is_gone[i] && edit(&r->victim[i]) != 0) {
                r->is_gone[i] = true;
                r->gone_us[i] = pl_now_us();
            } else if (!r->is_gone[i]) {
                sum.edits++;
            }
            nap_us(2000);
            if (!is_begun && pl_mono_ms() - from >= delay) {
                is_begun = true;
                begin_end(r);
            }
            look_for_end(r);
        }
        need(pl_mono_ms() - from < (uint64_t)ROUND_MS,
             "the victim can still write after a quarter of a minute");
    }
    sum.early += sum.edits > before;
    if (r->kind != REMOVE)
        await_close(r);
}

#define ENDED_AT \
    "(SELECT max(at_us) FROM plm.audit_event WHERE kind IN (515, 262, 264))" /* 0203 0106 0108 */

/* How long after its end, as the log has it, the right was still worth something. */
static void judge_times(const struct round *r)
{
    int64_t ended_us = ask_sql("SELECT " ENDED_AT);
    for (int i = 0; i < NODES; i++) {
        int64_t late = (r->gone_us[i] - ended_us) / 1000;
        sum.slowest_ms = late > sum.slowest_ms ? late : sum.slowest_ms;
        if (late <= LATE_MS)
            continue;
        sum.late++;
        (void)fprintf(stderr, "FAIL: %s: process %d let go after %lld ms\n", kinds[r->kind], i + 1,
                      (long long)late);
    }
}

/* In the log: nothing of his behind the event that ended it. */
static void judge_log(const struct round *r)
{
    char sql[512];
    (void)snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM plm.audit_event e WHERE e.review = %llu AND e.kind = 769 AND"
        " e.actor = %llu AND e.at_us > " ENDED_AT,
        (unsigned long long)review, (unsigned long long)victim.user);
    int64_t after = ask_sql(sql);
    if (after == 0)
        return;
    failures++;
    (void)fprintf(stderr, "FAIL: %s: %lld revisions behind it\n", kinds[r->kind], (long long)after);
}

/* After it is over for him, what others write does not reach him any more. */
static void judge_news(struct round *r)
{
    struct pl_msg m;
    need(edit(&r->fac) == 0, r->fac.err.text);
    uint64_t rev = r->fac.rev;
    for (int i = 0; i < NODES; i++) {
        while (peer_next(&r->victim[i], &m, 50) == 1) {
            bool is_new = m.type == PL_MSG_REV && m.u.rev.review == review && m.u.rev.rev >= rev;
            sum.leaks += is_new;
            pl_msg_release(&m);
        }
    }
}

static void restore(const struct round *r)
{
    const char *const enable[] = {plimsolld, "user", "enable", victim.user_name, NULL};
    struct pl_msg m = {.type = PL_MSG_MEMBER_SET};
    struct pl_msg out;
    char sql[128];
    struct peer p = r->fac;
    if (r->kind == DISABLE)
        run(enable);
    if (r->kind == REVOKE) {
        (void)snprintf(sql, sizeof(sql), "UPDATE plm.device SET revoked_us = NULL WHERE id = %llu",
                       (unsigned long long)victim.device);
        (void)ask_sql(sql);
    }
    if (r->kind != REMOVE)
        return;
    m.u.member_set.review = review;
    m.u.member_set.user_name = victim.user_name;
    m.u.member_set.role = PL_ROLE_RESPONDER;
    need(peer_ask(&p, &m, &m.u.member_set.rid, &out) > 0, p.err.text);
    pl_msg_release(&out);
}

static void come(struct peer *p, struct pl_tls_ctx *tls, int node, uint64_t client)
{
    uint64_t until = pl_mono_ms() + ROUND_MS;
    int rc;
    do { /* what was restored is known to all processes in a moment */
        rc = peer_open(p, tls, "127.0.0.1", port[node]);
        if (rc == 0)
            rc = peer_review(p, review, client);
        if (rc == 0)
            return;
        peer_close(p);
        nap_us(50000);
    } while (pl_mono_ms() < until);
    need(false, p->err.text);
}

static void go(int kind)
{
    static struct round r;
    memset(&r, 0, sizeof(r));
    r.kind = kind;
    come(&r.fac, fac_tls, (int)pl_prng_below(&rng, NODES), pl_random_u64() | 1);
    for (int i = 0; i < NODES; i++)
        come(&r.victim[i], victim_tls, i, pl_random_u64() | 1);
    write_until_gone(&r);
    judge_times(&r);
    judge_log(&r);
    judge_news(&r);
    restore(&r);
    for (int i = 0; i < NODES; i++)
        peer_close(&r.victim[i]);
    peer_close(&r.fac);
    sum.rounds++;
}

static struct pl_tls_ctx *load(struct trust_profile *p, const char *dir, const char *who)
{
    struct pl_err e;
    char path[TRUST_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, who);
    need(trust_load(path, TRUST_DEFAULT, p, &e) == 0, e.text);
    struct pl_tls_ctx *tls = trust_tls_ctx(p, &e);
    need(tls != NULL, e.text);
    return tls;
}

static uint64_t number(const char *text, uint64_t preset)
{
    uint64_t v = preset;
    need(text == NULL || pl_parse_u64(text, &v) == 0, "a number");
    return v;
}

int main(int argc, char **argv)
{
    need(argc == 9, "see the head of revoke.c");
    uint64_t runs = number(getenv("PL_RUNS"), 12);
    uint64_t seed = number(getenv("PL_SEED"), pl_random_u64());
    review = number(argv[2], 0);
    fac_tls = load(&fac, argv[1], argv[3]);
    victim_tls = load(&victim, argv[1], argv[4]);
    port[0] = (uint16_t)number(argv[5], 0);
    port[1] = (uint16_t)number(argv[6], 0);
    plimsolld = argv[7];
    conninfo = argv[8];
    pl_prng_init(&rng, seed);
    (void)printf("seed %llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < runs; i++)
        go((int)pl_prng_below(&rng, KINDS));
    (void)printf("%u rounds, %u edits before the end (in %u rounds), slowest to let go or close "
                 "%lld ms, %u too "
                 "late, %u revisions shown afterwards\n",
                 sum.rounds, sum.edits, sum.early, (long long)sum.slowest_ms, sum.late, sum.leaks);
    pl_tls_ctx_unref(fac_tls);
    pl_tls_ctx_unref(victim_tls);
    trust_release(&fac);
    trust_release(&victim);
    return failures + sum.late + sum.leaks > 0;
}
