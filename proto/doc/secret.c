// SPDX-License-Identifier: Apache-2.0
/*
 * Sealed sections, private drafts, anonymous cards: who may write what where. See doc/secret.h.
 */
#include "plimsoll/doc/secret.h"

#include <string.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/hash.h"
#include "plimsoll/doc/perm.h"

bool pl_secret_is_draft(const struct pl_doc *d)
{
    return pl_entry_int(pl_doc_root(d), PL_F_REVIEW_DRAFT_OF, 0) != 0;
}

bool pl_secret_is_sealed(const struct pl_doc *d, uint32_t kind)
{
    const char *name = pl_kind_name(kind);

    return pl_entry_has(pl_doc_root(d), PL_F_REVIEW_SEALED, name, strlen(name));
}

/* --- in a draft ---------------------------------------------------------------------------------
 */

static int judge_draft_slot(const struct pl_doc *d, const struct pl_slot *s, struct pl_err *e)
{
    if (pl_eid_is_root(s->eid))
        return pl_fail(e, PL_E_INVALID, "a private draft holds entries only");
    if (s->kind == PL_SLOT_CREATE && s->create_kind != PL_KIND_ACCOUNT &&
        s->create_kind != PL_KIND_CLAIM && s->create_kind != PL_KIND_OBSERVATION)
        return pl_fail(e, PL_E_INVALID,
                       "a private draft takes accounts, claims and observations; put the %s into "
                       "REV-%lld itself",
                       pl_kind_name(s->create_kind),
                       (long long)pl_entry_int(pl_doc_root(d), PL_F_REVIEW_DRAFT_OF, 0));
    if (s->kind == PL_SLOT_TEXT && pl_op_result_len(&s->op) > PL_DRAFT_TEXT_MAX)
        return pl_fail(e, PL_E_LIMIT, "a text of a private draft has at most %u characters",
                       PL_DRAFT_TEXT_MAX);
    return 0;
}

/* Elements that a set will have at most. */
static size_t set_after(const struct pl_doc *d, const struct pl_cs *cs, const struct pl_slot *s)
{
    const struct pl_entry *en = pl_doc_entry(d, s->eid);
    size_t n = en != NULL ? pl_entry_set_count(en, s->field) : 0;

    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *o = cs->slots[i];
        if (o->kind == PL_SLOT_ELEM && o->flag && o->field == s->field && pl_eid_eq(o->eid, s->eid))
            n++;
    }
    return n;
}

static int judge_draft(const struct pl_doc *d, const struct pl_cs *cs, struct pl_err *e)
{
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        int rc = judge_draft_slot(d, s, e);
        if (rc != 0)
            return rc;
        if (s->kind == PL_SLOT_ELEM && s->flag && set_after(d, cs, s) > PL_DRAFT_SET_MAX)
            return pl_fail(e, PL_E_LIMIT, "a set of a private draft has at most %u elements",
                           PL_DRAFT_SET_MAX);
    }
    return 0;
}

int pl_secret_check(const struct pl_doc *d, const struct pl_cs *cs, struct pl_err *e)
{
    if (pl_secret_is_draft(d))
        return judge_draft(d, cs, e);
    if (pl_entry_set_count(pl_doc_root(d), PL_F_REVIEW_SEALED) == 0)
        return 0;
    for (uint32_t i = 0; i < cs->n; i++) {
        const struct pl_slot *s = cs->slots[i];
        if (s->kind != PL_SLOT_CREATE || !pl_secret_is_sealed(d, s->create_kind))
            continue;
        const char *kind = pl_kind_name(s->create_kind);
        return pl_fail(e, PL_E_SEALED,
                       "each %s is written in private until the reveal: 'plimsoll %s add' puts it "
                       "into your draft (message Draft)",
                       kind, s->create_kind == PL_KIND_OBSERVATION ? "observe" : kind);
    }
    return 0;
}

/* --- ids ----------------------------------------------------------------------------------------
 */

struct pl_eid pl_secret_eid(uint64_t draft, struct pl_eid in_draft)
{
    uint8_t hash[PL_SHA256_BYTES];
    uint8_t in[24] = "PLD1";
    struct pl_eid out = {.client = 0, .n = 1};

    for (unsigned i = 0; i < 8; i++) {
        in[4 + i] = (uint8_t)(draft >> (56 - 8 * i));
        in[12 + i] = (uint8_t)(in_draft.client >> (56 - 8 * i));
    }
    for (unsigned i = 0; i < 4; i++)
        in[20 + i] = (uint8_t)(in_draft.n >> (24 - 8 * i));
    pl_sha256(in, sizeof in, hash);
    for (unsigned i = 0; i < 8; i++)
        out.client = out.client << 8 | hash[i];
    if (out.client == 0) /* that is the server's own */
        out.client = 1;
    return out;
}

/* --- anonymous cards ----------------------------------------------------------------------------
 */

struct counting {
    const struct pl_doc *d;
    uint64_t user;
    unsigned n;
    bool is_one;
};

static void count_one(void *ctx, struct pl_entry *en)
{
    struct counting *c = ctx;

    if (pl_entry_kind(en) != PL_KIND_PARTICIPANT || !pl_entry_is_visible(c->d, en))
        return;
    int64_t role = pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0);
    if ((pl_perm_mask(role, PL_STATUS_IN_SESSION) & PL_PERM_BIT(PL_PERM_CARD)) == 0)
        return;
    c->n++;
    if (pl_entry_int(en, PL_F_PARTICIPANT_USER, 0) == (int64_t)c->user)
        c->is_one = true;
}

unsigned pl_secret_card_people(const struct pl_doc *d, uint64_t user, bool *is_one)
{
    struct counting c = {.d = d, .user = user};

    pl_doc_each(d, count_one, &c);
    if (is_one != NULL)
        *is_one = user != 0 && c.is_one;
    return c.n;
}
