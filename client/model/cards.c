// SPDX-License-Identifier: Apache-2.0
/*
 * One answer to each collection. What is padded is the whole message: type and payload of its frame
 * are PL_CARDS_FRAME bytes, whatever is in it. A card is dropped here when the committed document
 * has its token, and never before.
 */
#include "model/cards.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/wire/limits.h"

#include "model/client_int.h"
#include "model/secrets.h"

#define WAIT_MS 150000 /* for the answer: longer than any collection */
#define PAD_MIN 16384u
#define FRAME   (PL_CARDS_FRAME + 4u) /* with the length before it */

struct packing {
    struct pl_card items[PL_CARDS_MAX];
    uint8_t tokens[PL_CARDS_MAX][PL_CARD_TOKEN_BYTES];
    uint8_t *pad; /* zeros */
    struct pl_msg msg;
};

bool cards_concerns(const struct pl_cs *cs)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind != PL_SLOT_REG)
            continue;
        if (pl_eid_is_root(s->eid) ? s->field == PL_F_REVIEW_CARDS_UNTIL
                                   : s->field == PL_F_OBSERVATION_CARD)
            return true;
    }
    return false;
}

/* --- dropping what has arrived ------------------------------------------------------------------
 */

struct arrived {
    const struct secrets *s;
    bool *is_there;
    bool any;
};

static void see_token(void *ctx, struct pl_entry *en)
{
    struct arrived *a = ctx;
    if (pl_entry_kind(en) != PL_KIND_OBSERVATION)
        return;
    const char *token = pl_entry_str(en, PL_F_OBSERVATION_CARD);
    for (size_t i = 0; token[0] && i < a->s->n; i++)
        if (pl_str_eq(token, a->s->cards[i].token))
            a->is_there[i] = a->any = true;
}

static int drop_arrived(void *ctx, struct secrets *s, struct pl_err *e)
{
    const struct review *r = ctx;
    struct arrived a = {.s = s};
    (void)e;
    if (s->n == 0)
        return 1;
    a.is_there = pl_xcalloc(s->n, sizeof(bool));
    pl_doc_each(sync_base(r->sync), see_token, &a);
    for (size_t i = s->n; i-- > 0;)
        if (a.is_there[i])
            secrets_remove(s, i);
    free(a.is_there);
    return a.any ? 0 : 1;
}

/* --- the message --------------------------------------------------------------------------------
 */

static bool unhex(const char *s, uint8_t out[PL_CARD_TOKEN_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < PL_CARD_TOKEN_BYTES; i++) {
        const char *hi = strchr(digits, s[2 * i]);
        const char *lo = strchr(digits, s[2 * i + 1]);
        if (!hi || !lo || !s[2 * i] || !s[2 * i + 1])
            return false;
        out[i] = (uint8_t)((hi - digits) << 4 | (lo - digits));
    }
    return true;
}

static size_t frame_size(const struct pl_msg *m)
{
    struct pl_buf b;
    pl_buf_init(&b, PL_FRAME_MAX_CLIENT + PL_FRAME_HEADER);
    size_t n = pl_msg_encode(m, &b, NULL) == 0 ? b.len : SIZE_MAX;
    pl_buf_release(&b);
    return n;
}

/* With at least 16 KiB of padding its own length always takes three bytes: exact at once. */
static void pad_to(struct packing *p, size_t frame)
{
    p->msg.u.cards.pad.n = PAD_MIN;
    size_t now = frame_size(&p->msg);
    PL_ASSERT(now <= frame);
    p->msg.u.cards.pad.n += frame - now;
}

static void pack(struct packing *p, const struct secrets *s)
{
    struct pl_cards *c = &p->msg.u.cards;
    c->items = p->items;
    for (size_t i = 0; i < s->n && c->n < PL_CARDS_MAX; i++) {
        struct pl_card *to = &p->items[c->n];
        *to = (struct pl_card){.token = {p->tokens[c->n], PL_CARD_TOKEN_BYTES},
                               .kind = s->cards[i].kind,
                               .lens = s->cards[i].lens,
                               .text = s->cards[i].text};
        if (!unhex(s->cards[i].token, p->tokens[c->n]))
            continue;
        c->n++;
        if (frame_size(&p->msg) + PAD_MIN + 8 > FRAME) {
            c->n--; /* it waits for the next collection */
            break;
        }
    }
    pad_to(p, FRAME);
}

static void on_reply(void *ctx, int rc, struct pl_msg *reply, const struct pl_err *e)
{
    struct review *r = ctx;
    (void)reply;
    if (rc < 0 && e->code == PL_E_CLOSED)
        r->cards_round = 0; /* the link went: again, if it still goes on */
    if (r->cards_done)
        r->cards_done(r->cards_ctx, rc, e);
}

static void hand_over(struct review *r, uint32_t round)
{
    struct secrets s;
    struct pl_err e;
    struct packing *p = pl_xcalloc(1, sizeof(*p));
    pl_err_init(&e);
    p->msg.type = PL_MSG_CARDS;
    p->msg.u.cards.review = r->id;
    p->msg.u.cards.round = round;
    /* The numbers of requests grow: with the next one the length is as it will be sent. */
    p->msg.u.cards.rid = r->client->next_rid + 1;
    p->pad = pl_xcalloc(1, PL_CARDS_PAD_MAX);
    p->msg.u.cards.pad.p = p->pad;
    if (secrets_load(r->client, r->id, &s, &e) < 0) {
        LOG_WARN(NULL, "cards.not_read", KV_ERR(&e));
        memset(&s, 0, sizeof(s)); /* an empty answer, as from everyone else */
    }
    pack(p, &s);
    r->cards_round = round;
    client_call(r->client, &p->msg, WAIT_MS, on_reply, r);
    secrets_release(&s);
    free(p->pad);
    free(p);
}

/* --- for writing without a connection -----------------------------------------------------------
 */

static int note(void *ctx, struct secrets *s, struct pl_err *e)
{
    const struct review *r = ctx;
    const struct pl_doc *d = sync_base(r->sync);
    const struct pl_welcome *w = client_welcome(r->client);
    struct secrets now = *s;
    (void)e;
    now.status = (uint32_t)pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STATUS, 0);
    now.people = pl_secret_card_people(d, w ? w->user : 0, &now.is_one);
    bool is_same = now.status == s->status && now.people == s->people && now.is_one == s->is_one;
    *s = now;
    return is_same ? 1 : 0;
}

void cards_note(struct review *r)
{
    struct pl_err e;
    pl_err_init(&e);
    if (!client_welcome(r->client) || pl_secret_is_draft(sync_base(r->sync)))
        return;
    if (secrets_change(r->client, r->id, note, r, &e) < 0)
        LOG_WARN(NULL, "cards.not_noted", KV_ERR(&e));
}

/* --- for review.c -------------------------------------------------------------------------------
 */

void cards_look(struct review *r)
{
    const struct pl_entry *root = pl_doc_root(sync_base(r->sync));
    struct pl_err e;
    pl_err_init(&e);
    if (!r->hands_cards)
        return;
    cards_note(r);
    if (secrets_change(r->client, r->id, drop_arrived, r, &e) < 0)
        LOG_WARN(NULL, "cards.not_dropped", KV_ERR(&e));
    uint32_t round = (uint32_t)pl_entry_int(root, PL_F_REVIEW_CARDS_ROUND, 0);
    bool is_open = pl_entry_reg(root, PL_F_REVIEW_CARDS_UNTIL)->type != PL_VAL_NULL;
    const struct pl_welcome *w = client_welcome(r->client);
    bool may = false;
    (void)pl_secret_card_people(sync_base(r->sync), w ? w->user : 0, &may);
    if (is_open && may && round != r->cards_round && r->is_connected)
        hand_over(r, round);
}

void cards_link_down(struct review *r)
{
    r->cards_round = 0;
    r->cards_due = r->hands_cards;
}

void review_hand_cards(struct review *r, cards_done_cb done, void *ctx)
{
    r->hands_cards = true;
    r->cards_done = done;
    r->cards_ctx = ctx;
    r->cards_due = true;
    client_schedule(r->client);
}
