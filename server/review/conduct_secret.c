// SPDX-License-Identifier: Apache-2.0
/*
 * Acts on what is written alone first: sealing a section, and opening a round in which anonymous
 * cards are handed over. Revealing is in conduct_reveal.c, the round itself in cards.c.
 */
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/secret.h"

#include "review/conduct_int.h"

#define SECOND_US INT64_C(1000000)

int act_seal(struct conduct *c)
{
    const struct pl_kind_info *k = pl_kind_by_name(c->act->text);

    if (k == NULL || (k->number != PL_KIND_ACCOUNT && k->number != PL_KIND_OBSERVATION))
        return pl_fail(c->e, PL_E_INVALID, "sealed can be 'account' or 'observation'");
    if (c->act->value != 1)
        return pl_fail(c->e, PL_E_INVALID, "a seal ends with 'session reveal' only");
    if (c->status > PL_STATUS_IN_SESSION)
        return pl_fail(c->e, PL_E_CONFLICT, "nobody writes an %s any more: the session is over",
                       k->name);
    put_elem(c, c->root, PL_F_REVIEW_SEALED, k->name, true);
    return 0;
}

int act_cards(struct conduct *c)
{
    int64_t until = pl_entry_int(c->root, PL_F_REVIEW_CARDS_UNTIL, 0);
    unsigned people = pl_secret_card_people(c->d, 0, NULL);
    int rc = need_range(c, 5, 120, "seconds");

    if (rc != 0)
        return rc;
    if (c->status != PL_STATUS_IN_SESSION)
        return pl_fail(c->e, PL_E_CONFLICT, "cards are collected while the review is in session");
    if (until > c->who->now_us)
        return pl_fail(c->e, PL_E_CONFLICT, "cards are being collected already");
    if (people < PL_CARD_PEOPLE_MIN)
        return pl_fail(c->e, PL_E_GATE,
                       "only %u people could be the author of a card: with fewer than %u "
                       "responders and stakeholders it would not be anonymous",
                       people, PL_CARD_PEOPLE_MIN);
    put_int(c, c->root, PL_F_REVIEW_CARDS_ROUND,
            pl_entry_int(c->root, PL_F_REVIEW_CARDS_ROUND, 0) % 100000 + 1);
    put_int(c, c->root, PL_F_REVIEW_CARDS_UNTIL, c->who->now_us + c->act->value * SECOND_US);
    return 0;
}
