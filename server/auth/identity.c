// SPDX-License-Identifier: Apache-2.0
/*
 * See identity.h. A question is owned by the list until it is answered; while the store works on it
 * the store's callback holds the pointer, so a question whose asker has gone (identity_free) lives
 * on as an orphan until that callback.
 */
#include "auth/identity.h"

#include <stdbool.h>
#include <string.h>

#include <utlist.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"

#include "auth/defer.h"
#include "store/repo_identity.h"

#define ASK_AGAIN_MAX 5

struct question {
    struct question *next, *prev;
    struct defer_task task;
    struct identity *identity; /* NULL: orphan */
    uint8_t spki[PL_SPKI_HASH];
    identity_find_cb cb;
    void *ctx;
    uint64_t revocations; /* seen when the store was asked */
    unsigned asked;
    int failed; /* what the task answers */
};

struct identity {
    struct store *store;
    struct defer *defer;
    struct question *questions;
    uint64_t revocations; /* heard of so far */
};

struct identity *identity_new(uv_loop_t *loop, struct store *store)
{
    struct identity *i = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*i));
    i->store = store;
    i->defer = defer_new(loop);
    return i;
}

/* Calls back. `unknown` wears one text for every reason that the peer must not tell apart. */
static void answer(struct question *q, int rc, const struct identity_who *who)
{
    struct pl_err e;
    pl_err_init(&e);
    if (rc == -PL_E_AUTH) {
        (void)pl_fail(&e, PL_E_AUTH, "this device is not known here");
    } else if (rc != 0) {
        (void)pl_fail(&e, -rc, "the server cannot look this device up now");
    }
    DL_DELETE(q->identity->questions, q);
    q->identity = NULL;
    q->cb(q->ctx, rc, who, &e);
}

static void on_task(struct defer_task *task)
{
    struct question *q =
        (struct question *)(void *)((char *)task - offsetof(struct question, task));
    answer(q, q->failed, NULL);
    pl_mem_free(PL_MEM_AUTH, q);
}

static void ask(struct question *q);

static int judge(const struct device_row *d, int rc)
{
    switch (rc) {
    case 0:
        return d->expires_us > pl_now_us() ? 0 : -PL_E_AUTH;
    case -PL_E_AUTH:
    case -PL_E_REVOKED:
        return -PL_E_AUTH;
    default:
        return -PL_E_UNAVAILABLE;
    }
}

static void on_device(void *ctx, int rc, const struct device_row *d, const struct pl_err *e)
{
    (void)e;
    struct question *q = ctx;
    if (q->identity == NULL) {
        pl_mem_free(PL_MEM_AUTH, q);
        return;
    }
    rc = judge(d, rc);
    if (rc == 0 && q->revocations != q->identity->revocations) {
        if (q->asked < ASK_AGAIN_MAX) {
            ask(q);
            return;
        }
        rc = -PL_E_UNAVAILABLE;
    }
    struct identity_who who = {0};
    if (rc == 0) {
        who = (struct identity_who){
            .device = d->device,
            .user = d->user,
            .user_name = d->user_name,
            .display_name = d->display_name,
            .cert_expires_us = d->expires_us,
        };
    }
    answer(q, rc, rc == 0 ? &who : NULL);
    pl_mem_free(PL_MEM_AUTH, q);
}

static void ask(struct question *q)
{
    q->asked++;
    q->revocations = q->identity->revocations;
    if (repo_device_find(q->identity->store, q->spki, on_device, q) != 0) {
        q->failed = -PL_E_UNAVAILABLE;
        q->task.run = on_task;
        defer_post(q->identity->defer, &q->task);
    }
}

void identity_find(struct identity *i, const uint8_t spki[PL_SPKI_HASH], identity_find_cb cb,
                   void *ctx)
{
    struct question *q = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*q));
    q->identity = i;
    memcpy(q->spki, spki, PL_SPKI_HASH);
    q->cb = cb;
    q->ctx = ctx;
    DL_APPEND(i->questions, q);
    ask(q);
}

static void on_touched(void *ctx, int rc, const struct pl_err *e)
{
    (void)ctx;
    (void)rc;
    (void)e;
}

void identity_touch(struct identity *i, uint64_t device)
{
    (void)!repo_device_touch(i->store, device, on_touched, NULL);
}

void identity_revoked(struct identity *i, uint64_t device, uint64_t user)
{
    (void)device;
    (void)user;
    i->revocations++;
}

void identity_free(struct identity *i)
{
    if (i == NULL) {
        return;
    }
    defer_free(i->defer);
    while (i->questions != NULL) {
        answer(i->questions, -PL_E_UNAVAILABLE, NULL);
    }
    pl_mem_free(PL_MEM_AUTH, i);
}
