// SPDX-License-Identifier: Apache-2.0
/*
 * People, devices, invites: the stream of the organisation. Nobody acts without a device that was
 * enrolled by an invite and not revoked; user and device 0 are the operator on the server's host.
 */
#include <string.h>

#include "plimsoll/base/mem.h"

#include "verify_int.h"

#define INVITE_DEVICE  2u /* a further device of the same person */
#define INVITE_RECOVER 3u /* the older devices are revoked when it is used */

#define FIND(head, key, x) HASH_FIND(hh, v->head, &(key), sizeof(key), x)

struct user *vf_user_find(struct verify *v, uint64_t id)
{
    struct user *u = NULL;
    FIND(users, id, u);
    return u;
}

struct device *vf_device_find(struct verify *v, uint64_t id)
{
    struct device *d = NULL;
    FIND(devices, id, d);
    return d;
}

static struct invite *invite_find(struct verify *v, uint64_t id)
{
    struct invite *i = NULL;
    FIND(invites, id, i);
    return i;
}

bool vf_actor_is_good(struct verify *v)
{
    const struct leaf *l = v->leaf;
    const struct user *u = vf_user_find(v, l->user);
    const struct device *d = vf_device_find(v, l->device);
    if (l->user == 0 && l->device == 0) {
        return true;
    }
    const char *wrong = u == NULL            ? "is not enrolled"
                        : !u->enabled        ? "was disabled before"
                        : d == NULL          ? "acted by a device that was never enrolled"
                        : d->user != l->user ? "acted by somebody else's device"
                        : d->revoked         ? "acted by a device that was revoked before"
                                             : NULL;
    if (wrong != NULL) {
        vf_find(v, PL_FINDING_ACT_ACTOR, "user %llu, device %llu: the person %s",
                (unsigned long long)l->user, (unsigned long long)l->device, wrong);
    }
    return wrong == NULL;
}

/* ---- people -----------------------------------------------------------------------------------
 */

void vf_user_added(struct verify *v)
{
    uint64_t id = 0;
    uint64_t by = 0;
    if (!vf_take_u64(v, 16, &id) || !vf_take_u64_or_0(v, 21, &by)) {
        return;
    }
    if (v->leaf->user != 0 && vf_actor_is_good(v)) { /* a facilitator's invite made this person */
        const struct invite *i = invite_find(v, by);
        if (i == NULL || i->by_user != v->leaf->user) {
            vf_find(v, PL_FINDING_ACT_ROLE,
                    "user %llu was added by invite %llu, which is not one of user %llu",
                    (unsigned long long)id, (unsigned long long)by,
                    (unsigned long long)v->leaf->user);
        }
    }
    if (id == 0 || vf_user_find(v, id) != NULL) {
        vf_find(v, PL_FINDING_ACT_ORDER, "there is a user %llu already", (unsigned long long)id);
        return;
    }
    struct user *u = pl_xcalloc(1, sizeof(*u));
    u->id = id;
    u->enabled = true;
    HASH_ADD(hh, v->users, id, sizeof(u->id), u);
}

static void set_enabled(struct verify *v, bool enabled)
{
    uint64_t id = 0;
    if (!vf_take_u64(v, 16, &id)) {
        return;
    }
    struct user *u = vf_user_find(v, id);
    if (v->leaf->user != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE,
                "only the operator on the host enables and disables people");
    }
    if (u == NULL) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no user %llu", (unsigned long long)id);
        return;
    }
    if (u->enabled == enabled) {
        vf_find(v, PL_FINDING_ACT_ORDER, "user %llu was so before", (unsigned long long)id);
    }
    u->enabled = enabled;
}

void vf_user_enabled(struct verify *v)
{
    set_enabled(v, true);
}

void vf_user_disabled(struct verify *v)
{
    set_enabled(v, false);
}

/* ---- invites ----------------------------------------------------------------------------------
 */

/* A facilitator's own invite (kinds 1 and 5 with a review); else one of the operator, or for a
 * further device of one's own. */
static void judge_invite(struct verify *v, const struct invite *i)
{
    const struct leaf *l = v->leaf;
    if (l->user == 0 || !vf_actor_is_good(v)) {
        return;
    }
    if (i->kind == INVITE_DEVICE && i->review == 0 && i->user == l->user) {
        return;
    }
    const struct review *r = vf_review_find(v, i->review);
    const struct member *m = vf_member_find(v, i->review, l->user);
    if (r == NULL || r->draft_of != 0) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "an invite into review %llu, which is none",
                (unsigned long long)i->review);
    } else if (m == NULL || m->role != ROLE_FACILITATOR || r->status == STATUS_CLOSED) {
        vf_find(v, PL_FINDING_ACT_ROLE,
                "user %llu is no facilitator of review %llu, or it is closed",
                (unsigned long long)l->user, (unsigned long long)i->review);
    }
    if (i->user != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE, "a facilitator's invite into the place of user %llu",
                (unsigned long long)i->user);
    }
}

void vf_invite_issued(struct verify *v)
{
    struct invite i = {.uses = 1};
    uint64_t id = 0;
    size_t n;
    if (!vf_take_u16(v, 18, &i.role) || !vf_take_u64(v, 21, &id) || !vf_take_u16(v, 22, &i.kind) ||
        !vf_take_u64(v, 24, &i.review) || !vf_take_u64_or_0(v, 16, &i.user) ||
        !vf_take_u64_or_0(v, 28, &i.end_us) ||
        (vf_leaf_field(v->leaf, 25, &n) != NULL && !vf_take_u16(v, 25, &i.uses))) {
        return;
    }
    judge_invite(v, &i);
    if (i.role > ROLE_STAKEHOLDER || (i.review == 0) != (i.role == 0) ||
        (i.uses > 1 && i.role == ROLE_FACILITATOR)) {
        vf_find(v, PL_FINDING_ACT_ORDER, "an invite as role %u, for %u uses", i.role, i.uses);
    }
    if (id == 0 || invite_find(v, id) != NULL) {
        vf_find(v, PL_FINDING_ACT_ORDER, "there is an invite %llu already", (unsigned long long)id);
        return;
    }
    i.id = id;
    i.by_user = v->leaf->user;
    i.by_device = v->leaf->device;
    struct invite *x = pl_xmemdup(&i, sizeof(i));
    HASH_ADD(hh, v->invites, id, sizeof(x->id), x);
}

/* The event comes with the device that it makes: who redeems cannot be enrolled before. */
void vf_invite_redeemed(struct verify *v)
{
    uint64_t user = 0;
    uint64_t id = 0;
    if (!vf_take_u64(v, 16, &user) || !vf_take_u64(v, 21, &id)) {
        return;
    }
    struct invite *i = invite_find(v, id);
    if (i == NULL) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no invite %llu", (unsigned long long)id);
        return;
    }
    if (i->revoked || i->used >= i->uses) {
        vf_find(v, PL_FINDING_ACT_ORDER, "invite %llu was %s before", (unsigned long long)id,
                i->revoked ? "withdrawn" : "used up");
    }
    if ((i->user != 0 && i->user != user) || user != v->leaf->user) {
        vf_find(v, PL_FINDING_ACT_ROLE, "invite %llu is for user %llu, not %llu",
                (unsigned long long)id, (unsigned long long)i->user, (unsigned long long)user);
    }
    const struct review *r = vf_review_find(v, i->review);
    const struct member *m = vf_member_find(v, i->review, i->by_user);
    if (i->by_user != 0 && r != NULL &&
        (m == NULL || m->role != ROLE_FACILITATOR || r->status == STATUS_CLOSED)) {
        vf_find(v, PL_FINDING_ACT_ROLE,
                "invite %llu was used when user %llu could not invite any more",
                (unsigned long long)id, (unsigned long long)i->by_user);
    }
    i->used++;
    v->joining_user = user;
    v->joining_device = v->leaf->device;
}

void vf_invite_revoked(struct verify *v)
{
    uint64_t id = 0;
    if (!vf_take_u64(v, 21, &id) || !vf_actor_is_good(v)) {
        return;
    }
    struct invite *i = invite_find(v, id);
    if (i == NULL) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no invite %llu", (unsigned long long)id);
        return;
    }
    const struct member *m = vf_member_find(v, i->review, v->leaf->user);
    if (v->leaf->user != 0 && v->leaf->user != i->by_user &&
        (m == NULL || m->role != ROLE_FACILITATOR)) {
        vf_find(v, PL_FINDING_ACT_ROLE,
                "invite %llu is neither user %llu's nor of a review he facilitates",
                (unsigned long long)id, (unsigned long long)v->leaf->user);
    }
    i->revoked = true;
}

/* ---- devices ----------------------------------------------------------------------------------
 */

void vf_device_enrolled(struct verify *v)
{
    uint64_t user = 0;
    uint64_t id = 0;
    const uint8_t *key;
    if (!vf_take_u64(v, 16, &user) || !vf_take_u64(v, 17, &id) ||
        (key = vf_take_bytes(v, 23, HASH_BYTES)) == NULL) {
        return;
    }
    const struct user *u = vf_user_find(v, user);
    if (u == NULL || !u->enabled) {
        vf_find(v, PL_FINDING_ACT_ACTOR, "a device for user %llu, who is not enrolled or disabled",
                (unsigned long long)user);
    }
    if (v->joining_user != user || v->joining_device != id) {
        vf_find(v, PL_FINDING_ACT_ROLE, "device %llu was enrolled without an invite",
                (unsigned long long)id);
    }
    v->joining_user = v->joining_device = 0;
    if (id == 0 || vf_device_find(v, id) != NULL) {
        vf_find(v, PL_FINDING_ACT_ORDER, "there is a device %llu already", (unsigned long long)id);
        return;
    }
    struct device *d = pl_xcalloc(1, sizeof(*d));
    d->id = id;
    d->user = user;
    memcpy(d->key, key, HASH_BYTES);
    HASH_ADD(hh, v->devices, id, sizeof(d->id), d);
}

void vf_device_rekeyed(struct verify *v)
{
    uint64_t user = 0;
    uint64_t id = 0;
    const uint8_t *key;
    if (!vf_take_u64(v, 16, &user) || !vf_take_u64(v, 17, &id) ||
        (key = vf_take_bytes(v, 23, HASH_BYTES)) == NULL) {
        return;
    }
    struct device *d = vf_device_find(v, id);
    if (d == NULL || d->user != user || d->revoked) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "device %llu is not one of user %llu, or was revoked",
                (unsigned long long)id, (unsigned long long)user);
        return;
    }
    memcpy(d->key, key, HASH_BYTES);
}

void vf_device_revoked(struct verify *v)
{
    uint64_t user = 0;
    uint64_t id = 0;
    if (!vf_take_u64(v, 16, &user) || !vf_take_u64(v, 17, &id) || !vf_actor_is_good(v)) {
        return;
    }
    struct device *d = vf_device_find(v, id);
    if (d == NULL || d->user != user) {
        vf_find(v, PL_FINDING_ACT_UNKNOWN, "there is no device %llu of user %llu",
                (unsigned long long)id, (unsigned long long)user);
        return;
    }
    if (v->leaf->user != 0 && v->leaf->user != user) {
        vf_find(v, PL_FINDING_ACT_ROLE, "user %llu revoked a device of user %llu",
                (unsigned long long)v->leaf->user, (unsigned long long)user);
    }
    if (d->revoked) {
        vf_find(v, PL_FINDING_ACT_ORDER, "device %llu was revoked before", (unsigned long long)id);
    }
    d->revoked = true;
}

/* ---- the log itself ----------------------------------------------------------------------------
 */

void vf_pin(struct verify *v)
{
    const uint8_t *pin = vf_take_bytes(v, 46, 32);
    if (v->leaf->user != 0) {
        vf_find(v, PL_FINDING_ACT_ROLE, "only the operator on the host sets the pin");
    }
    if (pin == NULL) {
        return;
    }
    if (v->o->pin != NULL && memcmp(v->o->pin, pin, 32) != 0) {
        vf_find(v, PL_FINDING_SIGN_KEY,
                "the log says another pin of the organisation than was given");
    }
    memcpy(v->pin, pin, 32);
    v->has_pin = true;
}
