// SPDX-License-Identifier: Apache-2.0
/*
 * Opening a vote, counting it, and merging entries. The judge of `count` gets the sums that the
 * store took; the append that carries its revision deletes the choices, and fails when they are not
 * the ones that were summed up.
 *
 * An entry's counted dots are its own and those of everything merged into it, so a merge adds and
 * taking it back subtracts.
 */
#include "review/conduct_int.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/vote.h"
#include "plimsoll/wire/limits.h"

#define SLOTS_KEPT 8u   /* of a changeset, for the header */
#define MERGES_MAX 1000 /* of one chain: more is a circle */

static bool has_room(const struct conduct *c)
{
    return c->cs->n + SLOTS_KEPT < PL_CS_SLOTS_MAX;
}

static void put_votes(struct conduct *c, const struct pl_entry *en, int64_t votes)
{
    uint32_t field = pl_votes_field(pl_entry_kind(en));

    if (votes > 0)
        put_int(c, en, field, votes);
    else
        put_null(c, en, field);
}

/* --- ballot -------------------------------------------------------------------------------------
 */

struct choice {
    struct conduct *c;
    uint32_t kind;
    size_t open;     /* entries that can be voted on */
    size_t electors; /* people who may vote */
};

static void see_choice(void *ctx, struct pl_entry *en)
{
    struct choice *v = ctx;

    if (pl_entry_kind(en) == v->kind) {
        if (pl_entry_stays(v->c->d, en) == en)
            v->open++;
        if (has_room(v->c))
            put_null(v->c, en, pl_votes_field(v->kind)); /* of the vote before */
    } else if (pl_entry_kind(en) == PL_KIND_PARTICIPANT && !pl_entry_is_dead(en)) {
        int64_t role = pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0);
        if ((pl_perm_mask(role, v->c->status) & PL_PERM_BIT(PL_PERM_VOTE)) != 0)
            v->electors++;
    }
}

int act_ballot(struct conduct *c)
{
    struct choice v = {.c = c};
    int64_t dots = c->act->expect;
    int rc = need_range(c, PL_BALLOT_OBSERVATION, PL_BALLOT_ACTION, "ballot");

    if (rc != 0)
        return rc;
    if (dots < 1 || dots > 20)
        return pl_fail(c->e, PL_E_INVALID, "each person gets 1 to 20 dots");
    if (c->status != PL_STATUS_IN_SESSION)
        return pl_fail(c->e, PL_E_CONFLICT, "votes are held while the review is in session");
    if (pl_entry_int(c->root, PL_F_REVIEW_BALLOT, 0) != 0)
        return pl_fail(c->e, PL_E_CONFLICT, "a vote is open: count it first");
    v.kind = pl_ballot_kind(c->act->value);
    pl_doc_each(c->d, see_choice, &v);
    if (v.open == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "there is no %s to vote on", pl_kind_name(v.kind));
    if (v.electors < 2)
        return pl_fail(c->e, PL_E_GATE,
                       "fewer than two people could vote: the count would tell who chose what");
    put_int(c, c->root, PL_F_REVIEW_BALLOT, c->act->value);
    put_int(c, c->root, PL_F_REVIEW_BALLOT_DOTS, dots);
    put_int(c, c->root, PL_F_REVIEW_BALLOT_ROUND,
            pl_entry_int(c->root, PL_F_REVIEW_BALLOT_ROUND, 0) + 1);
    put_null(c, c->root, PL_F_REVIEW_BALLOT_VOTERS);
    put_null(c, c->root, PL_F_REVIEW_BALLOT_COUNTED);
    return 0;
}

/* --- count --------------------------------------------------------------------------------------
 */

struct counted {
    const struct pl_entry *en;
    int64_t dots;
};

struct count {
    struct counted *v;
    size_t n;
    size_t cap;
};

static void count_add(struct count *k, const struct pl_entry *en, int64_t dots)
{
    for (size_t i = 0; i < k->n; i++) {
        if (k->v[i].en == en) {
            k->v[i].dots += dots;
            return;
        }
    }
    if (k->n == k->cap) {
        k->cap = k->cap == 0 ? 64 : 2 * k->cap;
        k->v = pl_xrealloc(k->v, k->cap, sizeof *k->v);
    }
    k->v[k->n++] = (struct counted){en, dots};
}

/* The entry, and everything that it was merged into. Dots on what was removed are lost. */
static void count_row(const struct conduct *c, struct count *k, const struct pl_vote_row *row)
{
    const struct pl_entry *en = pl_doc_entry(c->d, row->entry);

    if (en == NULL || pl_entry_stays(c->d, en) == NULL)
        return;
    for (; en != NULL; en = pl_entry_merged_into(c->d, en))
        count_add(k, en, row->dots);
}

static int write_counts(struct conduct *c, const struct conduct_tally *t, uint32_t kind)
{
    struct count k = {0};
    int rc = 0;

    for (size_t i = 0; i < t->n; i++)
        count_row(c, &k, &t->items[i]);
    for (size_t i = 0; i < k.n && rc == 0; i++) {
        if (pl_entry_kind(k.v[i].en) != kind)
            continue;
        if (!has_room(c))
            rc = pl_fail(c->e, PL_E_LIMIT, "more entries have dots than one count can hold");
        else
            put_votes(c, k.v[i].en, k.v[i].dots);
    }
    free(k.v);
    return rc;
}

int act_count(struct conduct *c)
{
    const struct conduct_tally *t = c->who->tally;
    int64_t ballot = pl_entry_int(c->root, PL_F_REVIEW_BALLOT, 0);
    int64_t round = pl_entry_int(c->root, PL_F_REVIEW_BALLOT_ROUND, 0);

    if (ballot == 0 && c->act->value != 0 && c->act->value == round)
        return 0;
    if (ballot == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "no vote is open");
    if (c->act->value != 0 && c->act->value != round)
        return pl_fail(c->e, PL_E_CONFLICT, "the vote that is open is number %lld",
                       (long long)round);
    if (t == NULL || t->round != round)
        return pl_fail(c->e, PL_E_CONFLICT, "the votes could not be summed up; try again");
    int rc = write_counts(c, t, pl_ballot_kind(ballot));
    if (rc != 0)
        return rc;
    put_null(c, c->root, PL_F_REVIEW_BALLOT);
    put_int(c, c->root, PL_F_REVIEW_BALLOT_COUNTED, ballot);
    put_int(c, c->root, PL_F_REVIEW_BALLOT_VOTERS, t->voters);
    return 0;
}

/* --- merge --------------------------------------------------------------------------------------
 */

static void put_link(struct conduct *c, const struct pl_entry *en, uint32_t field, struct pl_eid to,
                     bool in)
{
    struct pl_elem el;

    pl_eid_to_elem(to, &el);
    if (pl_entry_has(en, field, el.b, el.len) != in)
        pl_cs_elem(c->cs, pl_entry_eid(en), field, el.b, el.len, in);
}

/* Adds dots to an entry and to what it was merged into. */
static void add_votes(struct conduct *c, const struct pl_entry *en, int64_t dots)
{
    for (int i = 0; en != NULL && dots != 0 && i < MERGES_MAX;
         i++, en = pl_entry_merged_into(c->d, en))
        put_votes(c, en, pl_entry_votes(en) + dots);
}

/* What the merged entry links to is linked from the one that stays, which links to it as well. */
static void take_links(struct conduct *c, const struct pl_entry *en, const struct pl_entry *stays)
{
    size_t n = pl_entry_set_count(en, PL_F_LINKS);

    put_link(c, stays, PL_F_LINKS, pl_entry_eid(en), true);
    for (size_t i = 0; i < n && has_room(c); i++) {
        struct pl_eid to;
        if (pl_eid_from_elem(pl_entry_set_at(en, PL_F_LINKS, i), &to) &&
            !pl_eid_eq(to, pl_entry_eid(stays)))
            put_link(c, stays, PL_F_LINKS, to, true);
    }
}

/* Actions that answer to a merged cause answer to the one that stays. */
static void take_actions(struct conduct *c, const struct pl_entry *cause,
                         const struct pl_entry *stays)
{
    struct pl_entry **v = pl_xcalloc(PL_ACTIONS_MAX, sizeof(struct pl_entry *));
    size_t n = pl_doc_list(c->d, PL_KIND_ACTION, v, PL_ACTIONS_MAX);
    struct pl_elem el;

    pl_eid_to_elem(pl_entry_eid(cause), &el);
    for (size_t i = 0; i < n && i < PL_ACTIONS_MAX && has_room(c); i++) {
        if (pl_entry_has(v[i], PL_F_ACTION_CAUSES, el.b, el.len))
            put_link(c, v[i], PL_F_ACTION_CAUSES, pl_entry_eid(stays), true);
    }
    free(v);
}

static int may_merge_action(const struct conduct *c, const struct pl_entry *en,
                            const struct pl_entry *stays)
{
    int64_t state = pl_entry_int(en, PL_F_ACTION_STATE, PL_STATE_IDEA);
    int64_t other = pl_entry_int(stays, PL_F_ACTION_STATE, PL_STATE_IDEA);

    if (state != PL_STATE_IDEA && state != PL_STATE_COMMITTED)
        return pl_fail(c->e, PL_E_CONFLICT,
                       "the action is %s now: only ideas and commitments merge",
                       pl_enum_name(PL_EN_STATE, state));
    if (other == PL_STATE_DROPPED)
        return pl_fail(c->e, PL_E_CONFLICT, "the action that would stay was dropped");
    return 0;
}

static int merge(struct conduct *c, const struct pl_entry *en, const struct pl_entry *stays)
{
    const struct pl_value to = pl_value_eid(pl_entry_eid(stays));
    uint32_t kind = pl_entry_kind(en);
    int rc = kind == PL_KIND_ACTION ? may_merge_action(c, en, stays) : 0;

    if (rc != 0)
        return rc;
    pl_cs_reg(c->cs, pl_entry_eid(en), pl_merged_field(kind), &to);
    if (kind == PL_KIND_ACTION)
        put_int(c, en, PL_F_ACTION_STATE, PL_STATE_MERGED);
    add_votes(c, stays, pl_entry_votes(en));
    take_links(c, en, stays);
    if (kind == PL_KIND_CAUSE)
        take_actions(c, en, stays);
    return 0;
}

/* The link to it goes; links that came with it stay, since nobody knows whose they are. */
static int unmerge(struct conduct *c, const struct pl_entry *en)
{
    const struct pl_entry *stays = pl_entry_merged_into(c->d, en);

    if (!pl_entry_is_merged(en))
        return pl_fail(c->e, PL_E_CONFLICT, "the entry was not merged");
    put_null(c, en, pl_merged_field(pl_entry_kind(en)));
    if (pl_entry_kind(en) == PL_KIND_ACTION)
        put_int(c, en, PL_F_ACTION_STATE, PL_STATE_IDEA);
    if (stays != NULL) {
        add_votes(c, stays, -pl_entry_votes(en));
        put_link(c, stays, PL_F_LINKS, pl_entry_eid(en), false);
    }
    return 0;
}

int act_merge(struct conduct *c)
{
    const struct pl_entry *en = need_entry(c, c->act->entry, 0);

    if (en == NULL)
        return -c->e->code;
    if (pl_ballot_of(pl_entry_kind(en)) == 0)
        return pl_fail(c->e, PL_E_INVALID, "only observations, causes and actions are merged");
    if (pl_eid_is_root(c->act->other))
        return unmerge(c, en);
    const struct pl_entry *stays = need_entry(c, c->act->other, pl_entry_kind(en));
    if (stays == NULL)
        return -c->e->code;
    if (stays == en)
        return pl_fail(c->e, PL_E_INVALID, "an entry cannot be merged into itself");
    if (pl_entry_merged_into(c->d, en) == stays)
        return 0;
    if (pl_entry_is_merged(en))
        return pl_fail(c->e, PL_E_CONFLICT, "the entry was merged already: take that back first");
    if (pl_entry_stays(c->d, stays) != stays)
        return pl_fail(c->e, PL_E_CONFLICT, "the entry that would stay was merged itself");
    return merge(c, en, stays);
}
