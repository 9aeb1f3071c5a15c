// SPDX-License-Identifier: Apache-2.0
/*
 * Votes and merges (doc/vote.h): one table of the kinds that have them.
 */
#include "plimsoll/doc/vote.h"

#define MERGES_MAX 1000 /* of one chain: more is a circle */

static const struct {
    uint32_t kind, votes, merged;
} kinds[] = {
    [PL_BALLOT_OBSERVATION] = {PL_KIND_OBSERVATION, PL_F_OBSERVATION_VOTES,
                               PL_F_OBSERVATION_MERGED_INTO},
    [PL_BALLOT_CAUSE] = {PL_KIND_CAUSE, PL_F_CAUSE_VOTES, PL_F_CAUSE_MERGED_INTO},
    [PL_BALLOT_ACTION] = {PL_KIND_ACTION, PL_F_ACTION_VOTES, PL_F_ACTION_MERGED_INTO},
};

#define BALLOTS (int64_t)(sizeof kinds / sizeof kinds[0])

uint32_t pl_ballot_kind(int64_t ballot)
{
    return ballot > 0 && ballot < BALLOTS ? kinds[ballot].kind : 0;
}

int64_t pl_ballot_of(uint32_t kind)
{
    for (int64_t b = 1; b < BALLOTS; b++) {
        if (kinds[b].kind == kind)
            return b;
    }
    return 0;
}

uint32_t pl_votes_field(uint32_t kind)
{
    return kinds[pl_ballot_of(kind)].votes;
}

uint32_t pl_merged_field(uint32_t kind)
{
    return kinds[pl_ballot_of(kind)].merged;
}

int64_t pl_entry_votes(const struct pl_entry *en)
{
    uint32_t field = pl_votes_field(pl_entry_kind(en));

    return field != 0 ? pl_entry_int(en, field, 0) : 0;
}

bool pl_entry_is_merged(const struct pl_entry *en)
{
    uint32_t field = pl_merged_field(pl_entry_kind(en));

    return field != 0 && pl_entry_reg(en, field)->type == PL_VAL_EID;
}

struct pl_entry *pl_entry_merged_into(const struct pl_doc *d, const struct pl_entry *en)
{
    if (!pl_entry_is_merged(en))
        return NULL;
    struct pl_entry *to =
        pl_doc_entry(d, pl_entry_reg(en, pl_merged_field(pl_entry_kind(en)))->eid);
    return to != NULL && pl_entry_kind(to) == pl_entry_kind(en) ? to : NULL;
}

const struct pl_entry *pl_entry_stays(const struct pl_doc *d, const struct pl_entry *en)
{
    for (int i = 0; i < MERGES_MAX && en != NULL; i++) {
        if (!pl_entry_is_merged(en))
            return pl_entry_is_visible(d, en) ? en : NULL;
        en = pl_entry_merged_into(d, en);
    }
    return NULL;
}
