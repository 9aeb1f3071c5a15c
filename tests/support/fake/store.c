// SPDX-License-Identifier: Apache-2.0
/*
 * The store in memory: see store.h.
 */
#include "support/fake/store_int.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/wire/message.h"

/* --- the loop ------------------------------------------------------------------------------------
 */

static void on_idle_give(uv_idle_t *h)
{
    struct store *s = h->data;
    struct fake_answer *list = s->queue;
    struct fake_answer *a;

    s->queue = NULL;
    (void)uv_idle_stop(h);
    while ((a = list) != NULL) {
        DL_DELETE(list, a);
        s->counts.waiting--;
        a->give(s, a);
        free(a->verdicts);
        free(a->reviews);
        free(a);
    }
}

struct fake_answer *fake_answer_new(struct store *s,
                                    void (*give)(struct store *, struct fake_answer *), void *ctx)
{
    struct fake_answer *a = pl_xcalloc(1, sizeof *a);

    a->give = give;
    a->ctx = ctx;
    DL_APPEND(s->queue, a);
    s->counts.waiting++;
    if (!s->held)
        (void)uv_idle_start(&s->idle, on_idle_give);
    return a;
}

struct store *fake_store_new(uv_loop_t *loop)
{
    struct store *s = pl_xcalloc(1, sizeof *s);

    (void)uv_idle_init(loop, &s->idle);
    s->idle.data = s;
    s->up = true;
    s->numbers = 101;
    return s;
}

static void review_free(struct fake_review *r)
{
    struct fake_batch *b;
    struct fake_session *se;
    struct fake_snapshot *sn;

    while ((b = r->log) != NULL) {
        DL_DELETE(r->log, b);
        free(b);
    }
    while ((se = r->sessions) != NULL) {
        r->sessions = se->next;
        free(se->last_why);
        free(se);
    }
    while ((sn = r->snapshots) != NULL) {
        r->snapshots = sn->next;
        free(sn->bytes);
        free(sn);
    }
    free(r);
}

void fake_store_free(struct store *s)
{
    struct fake_review *r;
    struct fake_user *u;

    fake_hold(s, false);
    while (s->queue != NULL)
        (void)uv_run(s->idle.loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&s->idle, NULL);
    (void)uv_run(s->idle.loop, UV_RUN_DEFAULT);
    while ((r = s->reviews) != NULL) {
        s->reviews = r->next;
        review_free(r);
    }
    while ((u = s->users) != NULL) {
        s->users = u->next;
        free(u);
    }
    free(s);
}

/* --- for the test --------------------------------------------------------------------------------
 */

struct fake_review *fake_review_find(struct store *s, uint64_t id)
{
    struct fake_review *r = s->reviews;

    while (r != NULL && r->id != id)
        r = r->next;
    return r;
}

void fake_review(struct store *s, uint64_t review, uint32_t status, uint32_t visibility)
{
    struct fake_review *r = pl_xcalloc(1, sizeof *r);

    r->id = review;
    r->status = status;
    r->visibility = visibility;
    r->next = s->reviews;
    s->reviews = r;
}

void fake_role(struct store *s, uint64_t user, uint32_t role)
{
    struct fake_user *u = pl_xcalloc(1, sizeof *u);

    u->user = user;
    u->role = role;
    u->next = s->users;
    s->users = u;
}

uint32_t fake_role_of(const struct store *s, uint64_t user)
{
    for (const struct fake_user *u = s->users; u != NULL; u = u->next) {
        if (u->user == user)
            return u->role;
    }
    return PL_ROLE_FACILITATOR;
}

void fake_set_up(struct store *s, bool up)
{
    s->up = up;
}

void fake_next(struct store *s, enum fake_outcome outcome)
{
    s->next = outcome;
}

void fake_hold(struct store *s, bool hold)
{
    s->held = hold;
    if (hold)
        (void)uv_idle_stop(&s->idle);
    else if (s->queue != NULL)
        (void)uv_idle_start(&s->idle, on_idle_give);
}

struct fake_review *fake_review_must(struct store *s, uint64_t id)
{
    struct fake_review *r = fake_review_find(s, id);

    if (r == NULL)
        PL_BUG("no such review");
    return r;
}

uint64_t fake_head(struct store *s, uint64_t review)
{
    return fake_review_must(s, review)->head;
}

struct fake_counts fake_counts(const struct store *s)
{
    return s->counts;
}

struct fake_session *fake_session_of(struct fake_review *r, uint64_t client)
{
    struct fake_session *se = r->sessions;

    while (se != NULL && se->client != client)
        se = se->next;
    return se;
}

uint64_t fake_last_seq(struct store *s, uint64_t review, uint64_t client, uint32_t *code)
{
    const struct fake_session *se = fake_session_of(fake_review_must(s, review), client);

    *code = se != NULL ? se->last_code : 0;
    return se != NULL ? se->last_seq : 0;
}

void fake_spoil_snapshot(struct store *s, uint64_t review, bool bytes)
{
    struct fake_snapshot *sn = fake_review_must(s, review)->snapshots;

    if (bytes)
        sn->bytes[0] ^= 0x40;
    else
        sn->hash ^= 1;
}

void fake_log_add(struct fake_review *r, const uint8_t *body, size_t n, uint32_t revs)
{
    struct fake_batch *b = pl_xmalloc(sizeof *b + n);

    memset(b, 0, sizeof *b);
    memcpy(b + 1, body, n);
    b->b = (struct log_batch){.first_rev = r->head + 1,
                              .last_rev = r->head + revs,
                              .body = (const uint8_t *)(b + 1),
                              .n = n};
    r->head += revs;
    DL_APPEND(r->log, b);
}

void fake_other(struct store *s, uint64_t review, struct pl_cs *take_cs)
{
    struct fake_review *r = fake_review_must(s, review);
    struct pl_msg m = {.type = PL_MSG_REV};
    struct pl_buf frame;

    pl_buf_init(&frame, 1u << 20);
    m.u.rev = (struct pl_rev){.review = review, .rev = r->head + 1, .at_us = 1, .cs = *take_cs};
    PL_ASSERT(pl_msg_encode(&m, &frame, NULL) == 0);
    fake_log_add(r, frame.data, frame.len, 1);
    pl_buf_release(&frame);
    pl_cs_release(take_cs);
}

bool store_is_up(const struct store *s)
{
    return s->up;
}
