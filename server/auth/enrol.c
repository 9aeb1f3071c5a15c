// SPDX-License-Identifier: Apache-2.0
/*
 * See enrol.h. A request travels: limits -> form -> store (redeem) -> CA (issue) -> answer. Every
 * failure before the store is answered a loop turn later. A request whose asker has gone
 * (enrol_free) is an orphan until the store or the CA hands it back.
 */
#include "auth/enrol.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/wire/limits.h"

#include "auth/ca.h"
#include "auth/defer.h"
#include "store/repo_identity.h"

#define HASH_FUNCTION(key, n, hash) ((hash) = pl_map_hash((key), (n)))
#include <uthash.h>
#include <utlist.h>

#define US_PER_S       INT64_C(1000000)
#define MINUTE_MS      60000.0
#define SOURCES_TIDY   1024u /* beyond: forget addresses that have been quiet for a minute */
#define NAME_BYTES_MAX (4 * PL_NAME_MAX + 1)

struct bucket {
    double tokens;
    uint64_t at_ms;
};

struct source {
    uint8_t key[ENROL_SOURCE_KEY];
    struct bucket bucket;
    UT_hash_handle hh;
};

struct enrol {
    uv_loop_t *loop;
    struct store *store;
    struct ca *ca;
    struct defer *defer;
    struct enrol_limits limits;
    struct bucket total;
    struct source *sources;
    struct request *requests;
    unsigned in_flight;
};

struct request {
    struct request *next, *prev;
    struct defer_task task;
    struct enrol *enrol; /* NULL: orphan */
    enrol_cb cb;
    void *ctx;
    int failed; /* what the task answers */
    struct pl_csr *csr;
    uint64_t user, device, review;
    uint32_t role;
    char user_name[NAME_BYTES_MAX];
    char display_name[NAME_BYTES_MAX];
    char why[PL_ERR_TEXT_MAX]; /* the store's words, for a name that cannot be */
};

/* --- limits ------------------------------------------------------------------------------------
 */

static void refill(struct bucket *b, unsigned per_min, uint64_t now_ms)
{
    b->tokens += (double)(now_ms - b->at_ms) * per_min / MINUTE_MS;
    b->at_ms = now_ms;
    if (b->tokens > per_min) {
        b->tokens = per_min;
    }
}

static void forget_quiet(struct enrol *en, uint64_t now_ms)
{
    struct source *s;
    struct source *tmp;
    HASH_ITER (hh, en->sources, s, tmp) {
        refill(&s->bucket, en->limits.per_source_per_min, now_ms);
        if (s->bucket.tokens >= en->limits.per_source_per_min) {
            HASH_DEL(en->sources, s);
            free(s);
        }
    }
}

/* May this address try now? An address is remembered only when the total allowed it, so the total
 * bounds the table. */
static bool take_token(struct enrol *en, const uint8_t *key)
{
    uint64_t now_ms = uv_now(en->loop);
    struct source *s = NULL;
    HASH_FIND(hh, en->sources, key, ENROL_SOURCE_KEY, s);
    if (s != NULL) {
        refill(&s->bucket, en->limits.per_source_per_min, now_ms);
        if (s->bucket.tokens < 1.0) {
            return false;
        }
    }
    refill(&en->total, en->limits.total_per_min, now_ms);
    if (en->total.tokens < 1.0) {
        return false;
    }
    if (s == NULL) {
        if (HASH_COUNT(en->sources) >= SOURCES_TIDY) {
            forget_quiet(en, now_ms);
        }
        s = pl_xcalloc(1, sizeof(*s));
        memcpy(s->key, key, ENROL_SOURCE_KEY);
        s->bucket = (struct bucket){.tokens = en->limits.per_source_per_min, .at_ms = now_ms};
        HASH_ADD(hh, en->sources, key, ENROL_SOURCE_KEY, s);
    }
    s->bucket.tokens -= 1.0;
    en->total.tokens -= 1.0;
    return true;
}

struct enrol *enrol_new(uv_loop_t *loop, struct store *store, struct ca *ca,
                        const struct enrol_limits *limits)
{
    struct enrol *en = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*en));
    en->loop = loop;
    en->store = store;
    en->ca = ca;
    en->defer = defer_new(loop);
    if (limits != NULL) {
        en->limits = *limits;
    }
    struct enrol_limits *l = &en->limits;
    l->per_source_per_min = l->per_source_per_min != 0 ? l->per_source_per_min : 60;
    l->total_per_min = l->total_per_min != 0 ? l->total_per_min : 300;
    l->in_flight = l->in_flight != 0 ? l->in_flight : 64;
    en->total = (struct bucket){.tokens = l->total_per_min, .at_ms = uv_now(loop)};
    return en;
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void request_free(struct request *r)
{
    pl_csr_free(r->csr);
    pl_mem_free(PL_MEM_AUTH, r);
}

/* One text per code: what exactly is wrong with an invite stays here. */
static const char *refusal_text(const struct request *r, int rc)
{
    if (r->why[0] != '\0') {
        return r->why;
    }
    switch (-rc) {
    case PL_E_INVITE:
        return "the invite is not valid";
    case PL_E_BAD_MESSAGE:
        return "the request to join is malformed";
    case PL_E_SLOW_DOWN:
        return "too many attempts to join; wait a minute";
    case PL_E_BUSY:
        return "too many people are joining at this moment";
    case PL_E_QUOTA:
        return "this person has as many devices as they may, or the review as many participants";
    default:
        return "the server cannot enrol devices now";
    }
}

/* Calls back and takes the request off the list; the caller frees it or leaves it as an orphan. */
static void answer(struct request *r, int rc, const struct pl_join_welcome *w)
{
    struct pl_err e;
    pl_err_init(&e);
    if (rc != 0) {
        (void)pl_fail(&e, -rc, "%s", refusal_text(r, rc));
    }
    DL_DELETE(r->enrol->requests, r);
    r->enrol->in_flight--;
    r->enrol = NULL;
    r->cb(r->ctx, rc, w, &e);
}

static void on_task(struct defer_task *task)
{
    struct request *r = (struct request *)(void *)((char *)task - offsetof(struct request, task));
    answer(r, r->failed, NULL);
    request_free(r);
}

static void fail_later(struct request *r, int rc)
{
    r->failed = rc;
    r->task.run = on_task;
    defer_post(r->enrol->defer, &r->task);
}

static void on_issued(void *ctx, int rc, const struct pl_chain *chain, const struct pl_err *e)
{
    (void)e;
    struct request *r = ctx;
    if (r->enrol == NULL) {
        request_free(r);
        return;
    }
    if (rc != 0) {
        answer(r, -PL_E_UNAVAILABLE, NULL);
        request_free(r);
        return;
    }
    struct pl_join_welcome w = {
        .user = r->user,
        .user_name = r->user_name,
        .display_name = r->display_name,
        .device = r->device,
        .review = r->review,
        .role = r->role,
    };
    for (size_t i = 0; i < chain->n && i < PL_CHAIN_MAX; i++) {
        w.chain_der[i] = (struct pl_bytes){chain->der[i].data, chain->der[i].len};
        w.n_chain = i + 1;
    }
    answer(r, 0, &w);
    request_free(r);
}

/* --- the way of a request ----------------------------------------------------------------------
 */

static int as_refusal(int rc)
{
    switch (-rc) {
    case PL_E_INVITE:
    case PL_E_INVALID:
    case PL_E_CONFLICT:
    case PL_E_QUOTA:
    case PL_E_BUSY:
        return rc;
    default:
        return -PL_E_UNAVAILABLE;
    }
}

static void on_redeemed(void *ctx, int rc, const struct invite_result *res, const struct pl_err *e)
{
    struct request *r = ctx;
    if (r->enrol == NULL) {
        request_free(r);
        return;
    }
    if (rc != 0) {
        if (rc == -PL_E_INVALID || rc == -PL_E_CONFLICT) {
            (void)pl_strlcpy(r->why, e->text, sizeof(r->why));
        }
        answer(r, as_refusal(rc), NULL);
        request_free(r);
        return;
    }
    r->user = res->user;
    r->device = res->device;
    r->review = res->review;
    r->role = res->role;
    (void)pl_strlcpy(r->user_name, res->user_name, sizeof(r->user_name));
    (void)pl_strlcpy(r->display_name, res->display_name, sizeof(r->display_name));
    const struct pl_device_cert spec = {
        .device = res->device,
        .now_s = pl_now_us() / US_PER_S,
        .expires_s = res->expires_us / US_PER_S,
    };
    ca_issue_device(r->enrol->ca, r->csr, &spec, on_issued, r);
}

static bool is_good_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && strpbrk(name, "\n\t") == NULL && pl_utf8_is_clean(name, n, NULL) &&
           pl_utf8_count(name, n) <= PL_NAME_MAX;
}

/* 0 when the store will call back. */
static int begin(struct request *r, const struct enrol_request *in)
{
    struct enrol *en = r->enrol;
    if (!take_token(en, in->source_key)) {
        return -PL_E_SLOW_DOWN;
    }
    if (en->in_flight > en->limits.in_flight) {
        return -PL_E_BUSY;
    }
    r->csr = pl_csr_parse(in->csr_der.p, in->csr_der.n, NULL);
    if (r->csr == NULL || in->secret.n != PL_INVITE_SECRET || !is_good_name(in->device_name)) {
        return -PL_E_BAD_MESSAGE;
    }
    struct invite_redeem redeem = {
        .device_name = in->device_name,
        .user_name = in->user_name != NULL ? in->user_name : "",
        .display_name = in->display_name != NULL ? in->display_name : "",
        .expires_us = pl_now_us() + PL_DEVICE_DAYS * PL_DAY_S * US_PER_S,
    };
    pl_sha256(in->secret.p, in->secret.n, redeem.secret_sha256);
    pl_csr_spki(r->csr, redeem.spki_sha256);
    return repo_invite_redeem(en->store, &redeem, on_redeemed, r) == 0 ? 0 : -PL_E_UNAVAILABLE;
}

void enrol_redeem(struct enrol *en, const struct enrol_request *in, enrol_cb cb, void *ctx)
{
    struct request *r = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*r));
    r->enrol = en;
    r->cb = cb;
    r->ctx = ctx;
    DL_APPEND(en->requests, r);
    en->in_flight++;
    int rc = begin(r, in);
    if (rc != 0) {
        fail_later(r, rc);
    }
}

void enrol_free(struct enrol *en)
{
    if (en == NULL) {
        return;
    }
    defer_free(en->defer);
    while (en->requests != NULL) {
        answer(en->requests, -PL_E_UNAVAILABLE, NULL);
    }
    struct source *s;
    struct source *tmp;
    HASH_ITER (hh, en->sources, s, tmp) {
        HASH_DEL(en->sources, s);
        free(s);
    }
    pl_mem_free(PL_MEM_AUTH, en);
}
