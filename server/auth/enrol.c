// SPDX-License-Identifier: Apache-2.0
/*
 * See enrol.h. A request travels: limits -> form -> keeper -> answer. Every failure before the
 * keeper is answered a loop turn later. A request whose asker has gone (enrol_free) is an orphan
 * until the keeper hands it back.
 */
#include "auth/enrol.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/wire/limits.h"

#include "auth/defer.h"
#include "keeper/keeper.h"

#define HASH_FUNCTION(key, n, hash) ((hash) = pl_map_hash((key), (n)))
#include <uthash.h>
#include <utlist.h>

#define MINUTE_MS    60000.0
#define SOURCES_TIDY 1024u /* beyond: forget addresses that have been quiet for a minute */

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
    struct keeper *keeper;
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
    int failed;                /* what the task answers */
    char why[PL_ERR_TEXT_MAX]; /* the keeper's words, for a name that cannot be */
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

struct enrol *enrol_new(uv_loop_t *loop, struct keeper *keeper, const struct enrol_limits *limits)
{
    struct enrol *en = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*en));
    en->loop = loop;
    en->keeper = keeper;
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
    pl_mem_free(PL_MEM_AUTH, r);
}

static void fail_later(struct request *r, int rc)
{
    r->failed = rc;
    r->task.run = on_task;
    defer_post(r->enrol->defer, &r->task);
}

/* ---- the way of a request ----------------------------------------------------------------------
 */

static int as_refusal(int rc)
{
    switch (-rc) {
    case PL_E_INVITE:
    case PL_E_INVALID:
    case PL_E_CONFLICT:
    case PL_E_QUOTA:
    case PL_E_BUSY:
    case PL_E_SLOW_DOWN:
        return rc;
    default:
        return -PL_E_UNAVAILABLE;
    }
}

static void on_joined(void *ctx, int rc, const struct keeper_answer *a, const struct pl_err *e)
{
    struct request *r = ctx;
    if (r->enrol == NULL) {
        pl_mem_free(PL_MEM_AUTH, r);
        return;
    }
    struct pl_join_welcome w = {0};
    if (rc == 0) {
        w = (struct pl_join_welcome){
            .user = a->user,
            .user_name = a->user_name,
            .display_name = a->display_name,
            .device = a->device,
            .review = a->review,
            .role = a->role,
        };
        for (size_t i = 0; i < a->chain->n && i < PL_CHAIN_MAX; i++) {
            w.chain_der[i] = (struct pl_bytes){a->chain->der[i].data, a->chain->der[i].len};
            w.n_chain = i + 1;
        }
    } else if (rc == -PL_E_INVALID || rc == -PL_E_CONFLICT) {
        (void)pl_strlcpy(r->why, e->text, sizeof(r->why));
    }
    answer(r, rc == 0 ? 0 : as_refusal(rc), rc == 0 ? &w : NULL);
    pl_mem_free(PL_MEM_AUTH, r);
}

static bool is_good_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && strpbrk(name, "\n\t") == NULL && pl_utf8_is_clean(name, n, NULL) &&
           pl_utf8_count(name, n) <= PL_NAME_MAX;
}

/* 0 when the keeper will call back. */
static int begin(struct request *r, const struct enrol_request *in)
{
    struct enrol *en = r->enrol;
    if (!take_token(en, in->source_key)) {
        return -PL_E_SLOW_DOWN;
    }
    if (en->in_flight > en->limits.in_flight) {
        return -PL_E_BUSY;
    }
    struct pl_csr *csr = pl_csr_parse(in->csr_der.p, in->csr_der.n, NULL);
    bool is_good = csr != NULL && in->secret.n == PL_INVITE_SECRET && is_good_name(in->device_name);
    pl_csr_free(csr);
    if (!is_good) {
        return -PL_E_BAD_MESSAGE;
    }
    const struct keeper_joining j = {
        .secret = in->secret.p,
        .secret_n = in->secret.n,
        .csr_der = in->csr_der.p,
        .csr_n = in->csr_der.n,
        .device_name = in->device_name,
        .user_name = in->user_name != NULL ? in->user_name : "",
        .display_name = in->display_name != NULL ? in->display_name : "",
    };
    keeper_join(en->keeper, &j, on_joined, r);
    return 0;
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
