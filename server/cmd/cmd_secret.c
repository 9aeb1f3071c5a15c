// SPDX-License-Identifier: Apache-2.0
/*
 * What is written alone first: where one's private draft is (made on first asking), and anonymous
 * cards, which are kept in memory until their collection ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"

#include "cmd/cards.h"
#include "cmd/cmd.h"
#include "cmd/first_rev.h"
#include "cmd/services.h"
#include "review/card_round.h"
#include "room/room.h"
#include "store/repo_draft.h"

/* --- Draft --------------------------------------------------------------------------------------
 */

struct opening {
    struct call *call;
    uint64_t review;
    struct review_create create; /* title is in `title` */
    char title[48];
    struct pl_buf body;
};

static void opening_end(struct opening *o)
{
    pl_buf_release(&o->body);
    free((void *)(uintptr_t)o->create.rows);
    pl_mem_free(PL_MEM_REQUEST, o);
}

static void opening_fail(struct opening *o, int code, const char *text)
{
    call_fail(o->call, code, "%s", text);
    opening_end(o);
}

static void opening_done(struct opening *o, uint64_t draft)
{
    struct pl_msg m = {.type = PL_MSG_DRAFT_REPLY};

    m.u.draft_reply.rid = call_rid(o->call);
    m.u.draft_reply.review = o->review;
    m.u.draft_reply.draft = draft;
    call_reply(o->call, &m);
    opening_end(o);
}

static void on_created(void *ctx, int rc, uint64_t draft, const struct pl_err *e)
{
    struct opening *o = ctx;

    if (rc < 0)
        opening_fail(o, -rc, e->text);
    else
        opening_done(o, draft);
}

static void on_reserved(void *ctx, int rc, uint64_t draft, uint32_t role, const struct pl_err *e)
{
    struct opening *o = ctx;
    struct caller *c = call_caller(o->call);
    struct pl_err mine;

    pl_err_init(&mine);
    if (rc < 0) {
        opening_fail(o, -rc, e->text);
        return;
    }
    if (rc == 1) {
        opening_done(o, draft);
        return;
    }
    if (c == NULL) {
        opening_fail(o, PL_E_CLOSED, "");
        return;
    }
    o->create.review = draft;
    if (first_rev_make(&o->create, c, role, o->review, &o->body, &mine) < 0) {
        opening_fail(o, mine.code, mine.text);
        return;
    }
    rc = repo_draft_create(c->services->store, &o->create, o->review, on_created, o);
    if (rc < 0)
        opening_fail(o, -rc, pl_error_info(rc)->title);
}

void cmd_draft(struct caller *c, struct pl_msg *m)
{
    struct call *call = call_begin(c, m->u.draft.rid);

    if (call == NULL)
        return;
    struct opening *o = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof *o);
    o->call = call;
    o->review = m->u.draft.review;
    pl_buf_init(&o->body, PL_FRAME_MAX_SERVER);
    (void)snprintf(o->title, sizeof o->title, "Private draft for REV-%llu",
                   (unsigned long long)o->review);
    o->create = (struct review_create){.user = c->user,
                                       .device = c->device,
                                       .title = o->title,
                                       .stage = PL_STAGE_PREPARE,
                                       .visibility = PL_VISIBILITY_PARTICIPANTS};
    int rc = repo_draft_reserve(c->services->store, o->review, c->user, on_reserved, o);
    if (rc < 0)
        opening_fail(o, -rc, pl_error_info(rc)->title);
}

/* --- Cards --------------------------------------------------------------------------------------
 */

struct handing {
    struct call *call;
    const struct services *services;
    uint64_t user;
    int64_t until_us;
    struct pl_cards msg; /* items owned */
};

static void handing_free(struct handing *h)
{
    for (size_t i = 0; i < h->msg.n; i++) {
        char *text = (char *)(uintptr_t)h->msg.items[i].text;
        pl_wipe(text, strlen(text));
        free(text);
        free((void *)(uintptr_t)h->msg.items[i].token.p);
    }
    free(h->msg.items);
    pl_mem_free(PL_MEM_REQUEST, h);
}

static struct handing *handing_new(struct caller *c, struct call *call, const struct pl_cards *m)
{
    struct handing *h = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof *h);

    h->call = call;
    h->services = c->services;
    h->user = c->user;
    h->msg = *m;
    h->msg.pad = (struct pl_bytes){0};
    h->msg.items = pl_xcalloc(m->n + 1, sizeof *m->items);
    for (size_t i = 0; i < m->n; i++) {
        struct pl_card *to = &h->msg.items[i];
        *to = m->items[i];
        to->text = pl_xstrdup(m->items[i].text);
        to->token.p = pl_xmemdup(m->items[i].token.p != NULL ? (const void *)m->items[i].token.p
                                                             : (const void *)"",
                                 m->items[i].token.n > 0 ? m->items[i].token.n : 1);
    }
    return h;
}

/* A look at the review: writes nothing. */
static int look(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                uint64_t *ops, struct pl_err *e)
{
    struct handing *h = ctx;

    (void)cs;
    *ops = 0; /* no right of a person's is asked for */
    return card_round_check(newest, h->user, h->msg.round, now_us, &h->until_us, e);
}

static void on_look(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct handing *h = ctx;

    (void)rev;
    if (rc < 0)
        call_fail(h->call, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
    else
        cards_take(h->services->cards, &h->msg, h->user, h->until_us, h->call);
    handing_free(h);
}

void cmd_cards(struct caller *c, struct pl_msg *m)
{
    const struct pl_cards *in = &m->u.cards;

    if (caller_seat(c, in->review) == NULL) {
        caller_fail(c, in->rid, in->review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)in->review);
        return;
    }
    struct call *call = call_begin(c, in->rid);
    if (call == NULL)
        return;
    const struct rooms_act nobody = {.review = in->review};
    struct handing *h = handing_new(c, call, in);
    rooms_command(c->services->rooms, &nobody, look, h, on_look, h);
}
