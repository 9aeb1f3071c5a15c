// SPDX-License-Identifier: Apache-2.0
/*
 * The pool is shuffled as it grows: each card changes places with a random one of all that are
 * there (the inside-out form of Fisher and Yates, with the kernel's random numbers), so every order
 * is equally likely at any moment.
 */
#include "review/card_round.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/secret.h"
#include "plimsoll/merge/orderkey.h"
#include "plimsoll/wire/limits.h"

#include "review/conduct.h"

#define POOL_BYTES_MAX (8u * 1024u * 1024u)
#define SENT_MAX       8u /* messages of one person: his devices, and connections that broke */
#define CARD_SLOTS     6u
#define BYTES_BUDGET   (200u * 1024u)
#define TOKEN_HEX      (2u * PL_CARD_TOKEN_BYTES)

struct card {
    char token[TOKEN_HEX + 1];
    uint32_t kind;
    uint32_t lens;
    char *text;
};

struct sender {
    uint64_t user;
    unsigned messages;
};

struct card_round {
    uint32_t round;
    struct sender *senders;
    size_t n_senders;
    struct card *pool;
    size_t n;
    size_t bytes;
};

struct card_round *card_round_new(uint32_t round)
{
    struct card_round *r = pl_xcalloc(1, sizeof *r);

    r->round = round;
    return r;
}

static void card_release(struct card *c)
{
    pl_wipe(c->text, strlen(c->text));
    free(c->text);
    pl_wipe(c, sizeof *c);
}

void card_round_free(struct card_round *r)
{
    if (r == NULL)
        return;
    card_round_drop(r, r->n);
    free(r->pool);
    free(r->senders);
    free(r);
}

uint32_t card_round_no(const struct card_round *r)
{
    return r->round;
}

unsigned card_round_people(const struct card_round *r)
{
    return (unsigned)r->n_senders;
}

size_t card_round_left(const struct card_round *r)
{
    return r->n;
}

/* --- handing over -------------------------------------------------------------------------------
 */

int card_round_check(const struct pl_doc *d, uint64_t user, uint32_t round, int64_t now_us,
                     int64_t *until_us, struct pl_err *e)
{
    const struct pl_entry *root = pl_doc_root(d);
    bool is_one = false;

    (void)pl_secret_card_people(d, user, &is_one);
    *until_us = pl_entry_int(root, PL_F_REVIEW_CARDS_UNTIL, 0);
    if (!is_one)
        return pl_fail(e, PL_E_PERM, "cards come from responders and stakeholders");
    if (*until_us <= now_us || pl_entry_int(root, PL_F_REVIEW_CARDS_ROUND, 0) != (int64_t)round)
        return pl_fail(e, PL_E_CONFLICT, "no cards are collected now; yours stay on your machine");
    return 0;
}

static void token_hex(const struct pl_card *c, char out[TOKEN_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < PL_CARD_TOKEN_BYTES; i++) {
        out[2 * i] = digits[c->token.p[i] >> 4];
        out[2 * i + 1] = digits[c->token.p[i] & 15];
    }
    out[TOKEN_HEX] = '\0';
}

static int check_card(const struct pl_card *c, struct pl_err *e)
{
    if (c->token.n != PL_CARD_TOKEN_BYTES)
        return pl_fail(e, PL_E_INVALID, "the token of a card has %u bytes", PL_CARD_TOKEN_BYTES);
    if (c->kind != 0 && pl_enum_name(PL_EN_OBSERVATION, c->kind) == NULL)
        return pl_fail(e, PL_E_INVALID, "%u is not a kind of observation", c->kind);
    if (c->lens != 0 && pl_enum_name(PL_EN_LENS, c->lens) == NULL)
        return pl_fail(e, PL_E_INVALID, "%u is not a lens", c->lens);
    if (c->text[strspn(c->text, " \t\n")] == '\0')
        return pl_fail(e, PL_E_INVALID, "a card without a text");
    return 0;
}

static struct sender *sender_of(struct card_round *r, uint64_t user)
{
    for (size_t i = 0; i < r->n_senders; i++) {
        if (r->senders[i].user == user)
            return &r->senders[i];
    }
    r->senders = pl_xrealloc(r->senders, r->n_senders + 1, sizeof *r->senders);
    r->senders[r->n_senders] = (struct sender){.user = user};
    return &r->senders[r->n_senders++];
}

static bool has_token(const struct card_round *r, const char *token)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->pool[i].token, token) == 0)
            return true;
    }
    return false;
}

static void put(struct card_round *r, const struct pl_card *in)
{
    struct card c = {.kind = in->kind, .lens = in->lens};

    token_hex(in, c.token);
    if (has_token(r, c.token))
        return;
    c.text = pl_xstrdup(in->text);
    r->bytes += sizeof c + strlen(c.text);
    r->pool = pl_xrealloc(r->pool, r->n + 1, sizeof *r->pool);
    size_t at = (size_t)pl_random_below(r->n + 1);
    if (at < r->n)
        r->pool[r->n] = r->pool[at];
    r->pool[at] = c;
    r->n++;
}

int card_round_take(struct card_round *r, uint64_t user, const struct pl_card *items, size_t n,
                    struct pl_err *e)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        int rc = check_card(&items[i], e);
        if (rc != 0)
            return rc;
        bytes += sizeof(struct card) + strlen(items[i].text);
    }
    if (r->bytes + bytes > POOL_BYTES_MAX)
        return pl_fail(e, PL_E_LIMIT, "this collection is full; your cards stay on your machine");
    struct sender *s = sender_of(r, user);
    if (s->messages >= SENT_MAX)
        return pl_fail(e, PL_E_LIMIT, "cards were handed over %u times", SENT_MAX);
    s->messages++;
    for (size_t i = 0; i < n; i++)
        put(r, &items[i]);
    return 0;
}

/* --- into the review ----------------------------------------------------------------------------
 */

struct search {
    const struct card_round *r;
    bool *known; /* per card of the pool */
    size_t n;
};

static void see_token(void *ctx, struct pl_entry *en)
{
    struct search *s = ctx;

    if (pl_entry_kind(en) != PL_KIND_OBSERVATION)
        return;
    const char *token = pl_entry_str(en, PL_F_OBSERVATION_CARD);
    for (size_t i = 0; token[0] != '\0' && i < s->n; i++)
        s->known[i] = s->known[i] || strcmp(token, s->r->pool[i].token) == 0;
}

static void put_int(struct pl_cs *cs, struct pl_eid eid, uint32_t field, int64_t v)
{
    struct pl_value val = pl_value_int(v);

    pl_cs_reg(cs, eid, field, &val);
}

static void put_card(struct pl_cs *cs, const struct card *c, struct pl_eid eid,
                     const struct pl_key *key)
{
    struct pl_value token = pl_value_str(c->token, TOKEN_HEX);
    struct pl_text empty;
    struct pl_op op;

    pl_cs_create(cs, eid, PL_KIND_OBSERVATION, PL_EID_ROOT, key);
    put_int(cs, eid, PL_F_OBSERVATION_ANONYMOUS, 1);
    if (c->kind != 0)
        put_int(cs, eid, PL_F_OBSERVATION_KIND, c->kind);
    if (c->lens != 0)
        put_int(cs, eid, PL_F_OBSERVATION_LENS, c->lens);
    pl_cs_reg(cs, eid, PL_F_OBSERVATION_CARD, &token);
    pl_value_release(&token);
    pl_text_init(&empty);
    pl_op_splice(&op, &empty, 0, 0, c->text, (uint32_t)strlen(c->text));
    pl_cs_text(cs, eid, PL_F_OBSERVATION_BODY, &op);
    pl_text_release(&empty);
}

static int place(const struct pl_doc *d, struct pl_eid eid, struct pl_key *last, bool *has_last,
                 struct pl_err *e)
{
    struct pl_key key;
    int rc = *has_last ? pl_key_between(&key, last, NULL, 0, eid.n, e)
                       : pl_doc_place_after(d, PL_EID_ROOT, NULL, true, eid, &key, e);

    *last = key;
    *has_last = rc == 0;
    return rc;
}

void card_round_close(const struct pl_doc *newest, uint32_t round, struct pl_cs *cs)
{
    const struct pl_entry *root = pl_doc_root(newest);
    const struct pl_value none = {.type = PL_VAL_NULL};

    if (pl_entry_int(root, PL_F_REVIEW_CARDS_ROUND, 0) == (int64_t)round &&
        pl_entry_reg(root, PL_F_REVIEW_CARDS_UNTIL)->type != PL_VAL_NULL)
        pl_cs_reg(cs, PL_EID_ROOT, PL_F_REVIEW_CARDS_UNTIL, &none);
}

int card_round_judge(const struct card_round *r, const struct pl_doc *newest, struct pl_cs *cs,
                     size_t *taken, struct pl_err *e)
{
    struct search s = {.r = r, .n = r->n};
    struct pl_eid eid = {0, conduct_fresh_eid(newest)};
    struct pl_key last;
    bool has_last = false;
    size_t bytes = 0;
    int rc = 0;

    *taken = 0;
    if (pl_entry_int(pl_doc_root(newest), PL_F_REVIEW_CARDS_ROUND, 0) != (int64_t)r->round)
        return pl_fail(e, PL_E_CONFLICT, "another collection has begun; your cards stay with you");
    s.known = pl_xcalloc(r->n + 1, sizeof *s.known);
    pl_doc_each(newest, see_token, &s);
    while (rc == 0 && *taken < r->n && cs->n + CARD_SLOTS < PL_CS_SLOTS_MAX &&
           bytes < BYTES_BUDGET) {
        const struct card *c = &r->pool[*taken];
        (*taken)++;
        if (s.known[*taken - 1])
            continue;
        rc = place(newest, eid, &last, &has_last, e);
        if (rc != 0)
            break;
        put_card(cs, c, eid, &last);
        bytes += strlen(c->text) + CARD_SLOTS * 32u;
        eid.n++;
    }
    free(s.known);
    if (rc == 0 && *taken == r->n)
        card_round_close(newest, r->round, cs);
    return rc;
}

void card_round_drop(struct card_round *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        card_release(&r->pool[i]);
    if (n < r->n)
        memmove(r->pool, &r->pool[n], (r->n - n) * sizeof *r->pool);
    r->n -= n;
}
