// SPDX-License-Identifier: Apache-2.0
/*
 * Reviews: who takes part in which role, which status they are in, what was written into them. The
 * rights are those of doc/perm.def, judged by role and status as the log had them at that entry.
 */
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/perm.h"

#include "verify_int.h"

#define DUTY_MAX 8u
#define ERASED   44u /* field: commitments, one behind the other */

struct review *vf_review_find(struct verify *v, uint64_t id)
{
    struct review *r = NULL;
    HASH_FIND(hh, v->reviews, &id, sizeof(id), r);
    return r;
}

struct member *vf_member_find(struct verify *v, uint64_t review, uint64_t user)
{
    const struct member_key key = {review, user};
    struct member *m = NULL;
    HASH_FIND(hh, v->members, &key, sizeof(key), m);
    return m;
}

static struct member *member_get(struct verify *v, uint64_t review, uint64_t user)
{
    struct member *m = vf_member_find(v, review, user);
    if (m == NULL) {
        m = pl_xcalloc(1, sizeof(*m));
        m->key = (struct member_key){review, user};
        HASH_ADD(hh, v->members, key, sizeof(m->key), m);
    }
    return m;
}

struct review *vf_review_here(struct verify *v)
{
    struct review *r = vf_review_find(v, v->leaf->stream);
    if (r == NULL) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no review %llu",
                (unsigned long long)v->leaf->stream);
    }
    return r;
}

/* ---- rights -----------------------------------------------------------------------------------
 */

static uint64_t rights(unsigned role, unsigned status)
{
    enum {
        PREPARING = STATUS_PREPARING,
        IN_SESSION = STATUS_SESSION,
        TRACKING = STATUS_TRACKING,
        CLOSED = STATUS_CLOSED,
        FACILITATOR = ROLE_FACILITATOR,
        RESPONDER = ROLE_RESPONDER,
        STAKEHOLDER = ROLE_STAKEHOLDER,
    };
    static const struct {
        uint8_t op, status, role;
    } rows[] = {
#define PERM(op, status, role) {PL_PERM_##op, status, role},
#include "plimsoll/doc/perm.def"
    };
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].role == role && rows[i].status == status) {
            all |= PL_PERM_BIT(rows[i].op);
        }
    }
    return all;
}

bool vf_actor_may(struct verify *v, const struct review *r, uint64_t ops)
{
    if (!vf_actor_is_good(v)) {
        return false;
    }
    const struct member *m = vf_member_find(v, r->id, v->leaf->user);
    unsigned role = m == NULL ? 0 : m->role;
    uint64_t lacks = ops & ~rights(role, r->status);
    if (role == 0 || lacks != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE,
                "user %llu has role %u in review %llu, which is in status %u: no right %s",
                (unsigned long long)v->leaf->user, role, (unsigned long long)r->id, r->status,
                lacks == 0 ? "at all" : pl_perm_name(__builtin_ctzll(lacks)));
        return false;
    }
    return true;
}

/* ---- making one, taking part -------------------------------------------------------------------
 */

void vf_review_made(struct verify *v)
{
    struct review made = {.status = STATUS_PREPARING, .perm_epoch = 1, .id = v->leaf->stream};
    unsigned role = 0;
    if (!vf_take_u64(v, 16, &made.made_by) || !vf_take_u16(v, 18, &role) ||
        !vf_take_u64_or_0(v, 31, &made.draft_of)) {
        return;
    }
    (void)vf_actor_is_good(v);
    if (v->leaf->user == 0 || made.made_by != v->leaf->user || role != ROLE_FACILITATOR) {
        vf_find(v, PL_FINDING_ACT_ROLE, "a review is made by its first facilitator himself");
    }
    if (v->leaf->number != 0 || vf_review_find(v, made.id) != NULL) {
        vf_find(v, PL_FINDING_ACT_ORDER, "there is a review %llu already",
                (unsigned long long)made.id);
        return;
    }
    if (made.draft_of != 0) { /* a private draft: he has the role there that he has in the review */
        const struct member *of = vf_member_find(v, made.draft_of, made.made_by);
        role = of == NULL ? 0 : of->role;
        if (role == 0) {
            vf_find(v, PL_FINDING_ACT_ROLE,
                    "a draft for review %llu, in which user %llu takes no part",
                    (unsigned long long)made.draft_of, (unsigned long long)made.made_by);
        }
    }
    made.facilitators = role == ROLE_FACILITATOR ? 1 : 0;
    struct review *r = pl_xmemdup(&made, sizeof(made));
    HASH_ADD(hh, v->reviews, id, sizeof(r->id), r);
    member_get(v, r->id, r->made_by)->role = role;
}

/* Who has a private draft has the same role in it, and leaves it with the review. */
static void drafts_follow(struct verify *v, uint64_t review, uint64_t user, unsigned role)
{
    for (struct review *d = v->reviews; d != NULL; d = d->hh.next) {
        if (d->draft_of == review && d->made_by == user) {
            member_get(v, d->id, user)->role = role;
        }
    }
}

static void judge_member(struct verify *v, const struct review *r, const struct member *m,
                         uint64_t user, unsigned role)
{
    const struct leaf *l = v->leaf;
    const struct user *u = vf_user_find(v, user);
    if (l->user != 0 && vf_actor_is_good(v)) {
        const struct member *by = vf_member_find(v, r->id, l->user);
        if (by == NULL || by->role != ROLE_FACILITATOR || r->status == STATUS_CLOSED) {
            vf_find(v, PL_FINDING_ACT_ROLE,
                    "user %llu is no facilitator of review %llu, or it is closed",
                    (unsigned long long)l->user, (unsigned long long)r->id);
        }
        if (l->user == user) {
            vf_find(v, PL_FINDING_ACT_SELF, "user %llu changed the own role",
                    (unsigned long long)user);
        }
    }
    if (u == NULL || (!u->enabled && role != 0)) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no user %llu, or he was disabled",
                (unsigned long long)user);
    }
    if (r->draft_of != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE, "review %llu is a private draft",
                (unsigned long long)r->id);
    }
    if (m->role == ROLE_FACILITATOR && role != ROLE_FACILITATOR && r->facilitators <= 1) {
        vf_find(v, PL_FINDING_ACT_ORDER, "review %llu would have no facilitator",
                (unsigned long long)r->id);
    }
}

void vf_member(struct verify *v)
{
    struct review *r = vf_review_here(v);
    uint64_t user = 0;
    unsigned role = 0;
    unsigned before = 0;
    unsigned duty = 0;
    unsigned epoch = 0;
    if (r == NULL || !vf_take_u64(v, 16, &user) || !vf_take_u16(v, 18, &role) ||
        !vf_take_u16(v, 19, &before) || !vf_take_u16(v, 20, &duty) || !vf_take_u32(v, 26, &epoch)) {
        return;
    }
    struct member *m = member_get(v, r->id, user);
    judge_member(v, r, m, user, role);
    if (m->role != before || role > ROLE_STAKEHOLDER || duty > DUTY_MAX) {
        vf_find(v, PL_FINDING_ACT_ORDER, "user %llu had role %u, not %u, and gets %u",
                (unsigned long long)user, m->role, before, role);
    }
    if (epoch != r->perm_epoch + 1) {
        vf_find(v, PL_FINDING_ACT_ORDER, "it is change %u of who takes part, not %u",
                r->perm_epoch + 1, epoch);
    }
    r->perm_epoch = epoch;
    r->facilitators += role == ROLE_FACILITATOR ? 1 : 0;
    r->facilitators -= m->role == ROLE_FACILITATOR ? 1 : 0;
    m->role = role;
    m->duty = role == 0 ? 0 : duty;
    drafts_follow(v, r->id, user, role);
}

void vf_involved(struct verify *v)
{
    struct review *r = vf_review_here(v);
    uint64_t user = 0;
    unsigned is = 0;
    if (r == NULL || !vf_take_u64(v, 16, &user) || !vf_take_u16(v, 29, &is) ||
        !vf_actor_may(v, r, PL_PERM_BIT(PL_PERM_TAKE_PART))) {
        return;
    }
    const struct member *by = vf_member_find(v, r->id, v->leaf->user);
    if (user != v->leaf->user && by->role != ROLE_FACILITATOR) {
        vf_find(v, PL_FINDING_ACT_ROLE, "user %llu declared for user %llu",
                (unsigned long long)v->leaf->user, (unsigned long long)user);
    }
    if (user == v->leaf->user && is == 0 && by->role == ROLE_FACILITATOR) {
        vf_find(v, PL_FINDING_ACT_SELF, "a facilitator cleared himself");
    }
    member_get(v, r->id, user)->involved = is != 0;
}

/* ---- status -----------------------------------------------------------------------------------
 */

static void judge_closing(struct verify *v, const struct review *r, uint64_t revision)
{
    uint64_t asked = 0;
    vf_signature_due(v, revision, STATEMENT_CLOSE);
    if (!vf_take_u64(v, 34, &asked) || !vf_actor_may(v, r, PL_PERM_BIT(PL_PERM_CLOSE_CONFIRM))) {
        return;
    }
    const struct member *m = vf_member_find(v, r->id, asked);
    if (asked == v->leaf->user) {
        vf_find(v, PL_FINDING_ACT_SELF, "user %llu asked for the closing and confirmed it",
                (unsigned long long)asked);
    } else if (asked == 0 || m == NULL) {
        vf_find(v, PL_FINDING_ACT_ORDER, "nobody who takes part asked for the closing");
    }
}

void vf_status(struct verify *v)
{
    struct review *r = vf_review_here(v);
    uint64_t revision = 0;
    unsigned before = 0;
    unsigned after = 0;
    if (r == NULL || !vf_take_u64(v, 1, &revision) || !vf_take_u16(v, 32, &before) ||
        !vf_take_u16(v, 33, &after)) {
        return;
    }
    if (before != r->status || after < STATUS_PREPARING || after > before + 1 || after == before ||
        after > STATUS_CLOSED || r->draft_of != 0) {
        vf_find(v, PL_FINDING_ACT_ORDER, "from status %u to %u, in a review that is in status %u",
                before, after, r->status);
    }
    if (after == STATUS_CLOSED) {
        judge_closing(v, r, revision);
    } else {
        (void)vf_actor_may(v, r, PL_PERM_BIT(PL_PERM_FACILITATE));
    }
    r->status = after;
}

void vf_waived(struct verify *v)
{
    const struct review *r = vf_review_here(v);
    uint64_t revision = 0;
    if (r != NULL && vf_take_u64(v, 1, &revision) &&
        vf_actor_may(v, r, PL_PERM_BIT(PL_PERM_WAIVE))) {
        vf_signature_due(v, revision, STATEMENT_WAIVE);
    }
}

/* ---- what was written --------------------------------------------------------------------------
 */

void vf_revision(struct verify *v)
{
    struct review *r = vf_review_here(v);
    uint64_t revision = 0;
    uint64_t client = 0;
    uint64_t seq = 0;
    uint64_t ops = 0;
    if (r == NULL || !vf_take_u64(v, 1, &revision) || !vf_take_u64(v, 2, &client) ||
        !vf_take_u64(v, 3, &seq) || !vf_take_u64(v, 4, &ops)) {
        return;
    }
    if (revision != r->revision + 1) {
        vf_find(v, PL_FINDING_ACT_ORDER, "revision %llu after %llu", (unsigned long long)revision,
                (unsigned long long)r->revision);
    }
    r->revision = revision;
    if (client != 0 && v->leaf->user == 0) {
        vf_find(v, PL_FINDING_ACT_ACTOR, "a client's revision by nobody");
    } else if (client == 0 && ops == 0) { /* the server's own, in the name of whoever caused it */
        const struct user *u = vf_user_find(v, v->leaf->user);
        if (v->leaf->device != 0 || v->leaf->user == 0) {
            (void)vf_actor_is_good(v);
        } else if (u == NULL || !u->enabled) {
            vf_find(v, PL_FINDING_ACT_ACTOR, "in the name of user %llu, who has no access",
                    (unsigned long long)v->leaf->user);
        }
    } else {
        (void)vf_actor_may(v, r, ops);
    }
}

/* ---- erasure ----------------------------------------------------------------------------------
 */

void vf_erase_asked(struct verify *v)
{
    const struct review *r = vf_review_here(v);
    const struct asked_key key = {v->leaf->stream, v->leaf->number};
    if (r == NULL || !vf_actor_is_good(v)) {
        return;
    }
    const struct member *m = vf_member_find(v, r->id, v->leaf->user);
    if (v->leaf->user != 0 && (m == NULL || m->role == 0)) {
        vf_find(v, PL_FINDING_ACT_ROLE, "user %llu takes no part in the review",
                (unsigned long long)v->leaf->user);
    }
    struct asked *a = pl_xcalloc(1, sizeof(*a));
    a->key = key;
    HASH_ADD(hh, v->asked, key, sizeof(a->key), a);
}

void vf_erased(struct verify *v)
{
    size_t n = 0;
    uint64_t number = 0;
    struct asked *a = NULL;
    const uint8_t *p = vf_leaf_field(v->leaf, ERASED, &n);
    if (p == NULL || n % HASH_BYTES != 0 || !vf_take_u64(v, 60, &number)) {
        if (p == NULL || n % HASH_BYTES != 0) {
            vf_find(v, PL_FINDING_LEAF_FIELD, "kind 0602 without whole commitments in field 44");
        }
        return;
    }
    const struct asked_key key = {v->leaf->stream, number};
    HASH_FIND(hh, v->asked, &key, sizeof(key), a);
    if (a == NULL) {
        vf_find(v, PL_FINDING_ACT_SELF,
                "number %llu of this stream is not the request of a person to erase",
                (unsigned long long)number);
    }
    if (v->leaf->user != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE, "only the operator on the host erases");
    }
    for (size_t i = 0; i < n; i += HASH_BYTES) {
        vf_blob_erased(v, p + i);
    }
}
