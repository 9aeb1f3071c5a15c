// SPDX-License-Identifier: Apache-2.0
/*
 * Replaying: each event is judged by what the log said before it, then changes that. The table says
 * which stream an event belongs to and whether it carries a signature itself. Refusals (outcome
 * denied) change nothing. Kinds that this version does not know are counted and passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "verify_int.h"

enum place { ORGANISATION, REVIEW, ANYWHERE };

struct event {
    unsigned kind;
    enum place place;
    unsigned statement; /* of the signature that the leaf itself carries; 0: none */
    bool may_lack;      /* the signature is only there when a person acts */
    void (*run)(struct verify *v);
};

static void vf_nothing(struct verify *v)
{
    (void)v;
}

static void vf_genesis(struct verify *v)
{
    if (v->leaf->number != 0) {
        vf_find(v, PL_FINDING_GENESIS, "the log began before");
    }
}

static const struct event events[] = {
    {0x0101, ORGANISATION, STATEMENT_INVITE, true, vf_invite_issued},
    {0x0102, ORGANISATION, 0, false, vf_invite_redeemed},
    {0x0103, ORGANISATION, 0, false, vf_invite_revoked},
    {0x0104, ORGANISATION, 0, false, vf_device_enrolled},
    {0x0105, ORGANISATION, STATEMENT_RENEW, false, vf_device_rekeyed},
    {0x0106, ORGANISATION, 0, false, vf_device_revoked},
    {0x0107, ORGANISATION, 0, false, vf_user_enabled},
    {0x0108, ORGANISATION, 0, false, vf_user_disabled},
    {0x0109, ORGANISATION, 0, false, vf_user_added},
    {0x010a, ORGANISATION, 0, false, vf_nothing}, /* certificate issued */
    {0x0201, REVIEW, 0, false, vf_review_made},
    {0x0203, REVIEW, 0, false, vf_member},
    {0x0204, REVIEW, 0, false, vf_involved},
    {0x0206, REVIEW, 0, false, vf_status},
    {0x0207, REVIEW, 0, false, vf_waived},
    {0x0208, REVIEW, 0, false, vf_nothing}, /* a waiver taken back */
    {0x0210, REVIEW, 0, false, vf_signed},  /* it calls check_signature itself */
    {0x0301, REVIEW, 0, false, vf_revision},
    {0x0601, REVIEW, STATEMENT_ERASE, false, vf_erase_asked},
    {0x0602, REVIEW, 0, false, vf_erased},
    {0x0603, ANYWHERE, 0, false, vf_nothing}, /* legal hold on, off */
    {0x0604, ANYWHERE, 0, false, vf_nothing},
    {0x0605, ORGANISATION, 0, false, vf_nothing}, /* a person's name was erased */
    {0x0606, ORGANISATION, 0, false, vf_nothing}, /* the log was exported */
    {0x0701, ORGANISATION, 0, false, vf_genesis},
    {0x0702, ORGANISATION, 0, false, vf_epoch},
    {0x0703, ORGANISATION, 0, false, vf_nothing}, /* a key of the log */
    {0x0705, ORGANISATION, 0, false, vf_pin},
};

static const struct event actions = {0x0400, REVIEW, 0, false, vf_action};

static const struct event *event_of(unsigned kind)
{
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i].kind == kind) {
            return &events[i];
        }
    }
    return (kind >= 0x0401 && kind <= 0x040b) || kind == 0x0420 ? &actions : NULL;
}

int vf_replay(struct verify *v, struct pl_err *e)
{
    const struct leaf *l = v->leaf;
    const struct event *ev = event_of(l->kind);
    size_t n;
    int rc = 0;
    if (v->index == 0 && l->kind != 0x0701 && l->kind != 0x0702) {
        vf_find(v, PL_FINDING_GENESIS, "entry 0 is of kind %04x, not 0701 or 0702", l->kind);
    }
    if (l->outcome != 0) {
        return 0;
    }
    if (ev == NULL) {
        v->unknown_kinds++;
        return 0;
    }
    if ((ev->place == ORGANISATION && l->stream != 0) || (ev->place == REVIEW && l->stream == 0)) {
        vf_find(v, PL_FINDING_ACT_PLACE, "kind %04x in stream %llu", l->kind,
                (unsigned long long)l->stream);
        return 0;
    }
    if (ev->statement != 0 &&
        (!ev->may_lack || l->user != 0 || vf_leaf_field(l, 0x7001, &n) != NULL)) {
        /* an invite for a further device of one's own is not signed: field 22 says 2 */
        const uint8_t *kind = vf_leaf_field(l, 22, &n);
        bool own = ev->may_lack && kind != NULL && n == 2 && kind[0] == 0 && kind[1] == 2;
        rc = own ? 0 : vf_check_signature(v, ev->statement, e);
    }
    if (rc == 0 && l->kind == 0x0210) {
        rc = vf_check_signature(v, 0, e);
    }
    if (rc == 0) {
        ev->run(v);
    }
    return rc;
}

/* ---- fields -----------------------------------------------------------------------------------
 */

const uint8_t *vf_take_bytes(struct verify *v, unsigned tag, size_t n)
{
    size_t have = 0;
    const uint8_t *p = vf_leaf_field(v->leaf, tag, &have);
    if (p == NULL) {
        vf_find(v, PL_FINDING_LEAF_FIELD, "kind %04x without field %u", v->leaf->kind, tag);
        return NULL;
    }
    if (have != n) {
        vf_find(v, PL_FINDING_LEAF_FIELD, "field %u of kind %04x has %zu bytes, not %zu", tag,
                v->leaf->kind, have, n);
        return NULL;
    }
    return p;
}

static bool take_number(struct verify *v, unsigned tag, size_t n, uint64_t *out)
{
    const uint8_t *p = vf_take_bytes(v, tag, n);
    *out = 0;
    for (size_t i = 0; p != NULL && i < n; i++) {
        *out = *out << 8 | p[i];
    }
    return p != NULL;
}

bool vf_take_u64(struct verify *v, unsigned tag, uint64_t *out)
{
    return take_number(v, tag, 8, out);
}

bool vf_take_u32(struct verify *v, unsigned tag, unsigned *out)
{
    uint64_t x;
    bool good = take_number(v, tag, 4, &x);
    *out = (unsigned)x;
    return good;
}

bool vf_take_u16(struct verify *v, unsigned tag, unsigned *out)
{
    uint64_t x;
    bool good = take_number(v, tag, 2, &x);
    *out = (unsigned)x;
    return good;
}

bool vf_take_u64_or_0(struct verify *v, unsigned tag, uint64_t *out)
{
    size_t n;
    *out = 0;
    return vf_leaf_field(v->leaf, tag, &n) == NULL || vf_take_u64(v, tag, out);
}

/* ---- end --------------------------------------------------------------------------------------
 */

#define FREE_ALL(type, head)               \
    do {                                   \
        struct type *x;                    \
        struct type *next;                 \
        HASH_ITER (hh, v->head, x, next) { \
            HASH_DEL(v->head, x);          \
            free(x);                       \
        }                                  \
    } while (0)

void vf_replay_release(struct verify *v)
{
    FREE_ALL(stream, streams);
    FREE_ALL(missing, missing);
    FREE_ALL(user, users);
    FREE_ALL(device, devices);
    FREE_ALL(invite, invites);
    FREE_ALL(review, reviews);
    FREE_ALL(member, members);
    FREE_ALL(action, actions);
    FREE_ALL(asked, asked);
    FREE_ALL(unsigned_act, unsigned_acts);
    FREE_ALL(nonce, nonces);
}
