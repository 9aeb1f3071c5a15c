// SPDX-License-Identifier: Apache-2.0
/*
 * Claims sorted by their event, compared event by event; the order by pairs of events that at least
 * two accounts speak about.
 */
#include "plimsoll/doc/disagree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/doc/durations.h"
#include "plimsoll/wire/limits.h"

#include "checks_int.h"

struct said {
    const struct pl_entry *claim;
    const struct pl_entry *account;
    const struct pl_entry *event;
    size_t account_no; /* in list order */
    int64_t event_us;
    bool is_timed;
    bool is_point; /* exact, or about */
    int64_t us;
    int64_t lo;
    int64_t hi;
};

/* The claims about one event. */
struct topic {
    const struct said *v;
    size_t n;
};

struct list {
    const struct pl_doc *d;
    struct pl_disagreement *out;
    size_t max;
    size_t n;
    struct pl_disagreement beyond; /* what does not fit is written here, and counted */
};

const char *pl_disagree_name(enum pl_disagree_kind kind)
{
    switch (kind) {
    case PL_DISAGREE_TIME:
        return "time";
    case PL_DISAGREE_ORDER:
        return "order";
    case PL_DISAGREE_CAUSE:
        return "cause";
    case PL_DISAGREE_KNEW:
        return "knew";
    }
    return "unknown";
}

bool pl_claim_span(const struct pl_entry *claim, int64_t *lo, int64_t *hi)
{
    const struct pl_value *v = pl_entry_reg(claim, PL_F_CLAIM_HAPPENED_AT);
    int64_t precision = pl_entry_int(claim, PL_F_CLAIM_PRECISION, PL_PRECISION_EXACT);
    int64_t band = 0;

    if (v->type != PL_VAL_INT)
        return false;
    if (precision == PL_PRECISION_ABOUT)
        band = pl_entry_int(claim, PL_F_CLAIM_PRECISION_S, 60) * CK_SECOND_US;
    *lo = precision == PL_PRECISION_BEFORE ? INT64_MIN : v->i - band;
    *hi = precision == PL_PRECISION_AFTER ? INT64_MAX : v->i + band;
    return true;
}

static struct pl_disagreement *add(struct list *l, enum pl_disagree_kind kind, const struct said *a,
                                   const struct said *b)
{
    struct pl_disagreement *x = l->n < l->max ? &l->out[l->n] : &l->beyond;

    l->n++;
    *x = (struct pl_disagreement){.kind = kind,
                                  .event = pl_entry_eid(a->event),
                                  .other_event = PL_EID_ROOT,
                                  .account = {pl_entry_eid(a->account), pl_entry_eid(b->account)},
                                  .claim = {pl_entry_eid(a->claim), pl_entry_eid(b->claim)}};
    return x;
}

/* --- one event ----------------------------------------------------------------------- */

/* "2026-03-01T10:16:00Z", "about ...", "before ...". */
static const char *say_time(const struct said *s, char out[64])
{
    int64_t precision = pl_entry_int(s->claim, PL_F_CLAIM_PRECISION, PL_PRECISION_EXACT);
    const char *name = pl_enum_name(PL_EN_PRECISION, precision);
    char at[40];

    (void)snprintf(out, 64, "%s%s%s", precision == PL_PRECISION_EXACT || name == NULL ? "" : name,
                   precision == PL_PRECISION_EXACT || name == NULL ? "" : " ", ck_time(at, s->us));
    return out;
}

static void compare_time(struct list *l, const struct said *a, const struct said *b)
{
    char id[3][PL_SHORT_ID_MAX];
    char at[2][64];
    char gap[32];
    int64_t us = a->hi < b->lo ? b->lo - a->hi : a->lo - b->hi;

    if (!a->is_timed || !b->is_timed || (a->hi >= b->lo && b->hi >= a->lo))
        return;
    pl_duration_format(gap, us);
    struct pl_disagreement *x = add(l, PL_DISAGREE_TIME, a, b);
    (void)snprintf(x->text, sizeof x->text,
                   "%s: %s says %s, %s says %s, %s more than their precision explains",
                   ck_id(id[0], a->event), ck_id(id[1], a->account), say_time(a, at[0]),
                   ck_id(id[2], b->account), say_time(b, at[1]), gap);
}

static const struct pl_entry *cause_of(const struct list *l, const struct said *s)
{
    const struct pl_value *v = pl_entry_reg(s->claim, PL_F_CLAIM_CAUSE);
    const struct pl_entry *en = v->type == PL_VAL_EID ? pl_doc_entry(l->d, v->eid) : NULL;

    for (unsigned i = 0; en != NULL && i < PL_DEPTH_MAX; i++) {
        const struct pl_value *into = pl_entry_reg(en, PL_F_CAUSE_MERGED_INTO);
        if (into->type != PL_VAL_EID)
            break;
        en = pl_doc_entry(l->d, into->eid);
    }
    return en != NULL && pl_entry_is_visible(l->d, en) ? en : NULL;
}

/* The same, or one stands somewhere below the other: then both can be right. */
static bool hang_together(const struct list *l, const struct pl_entry *a, const struct pl_entry *b)
{
    const struct pl_entry *pair[2] = {a, b};

    for (unsigned k = 0; k < 2; k++) {
        const struct pl_entry *at = pair[k];
        for (unsigned i = 0; at != NULL && i <= PL_DEPTH_MAX; i++) {
            if (at == pair[1 - k])
                return true;
            at = at == pl_doc_root(l->d) ? NULL : pl_doc_entry(l->d, pl_entry_parent(at));
        }
    }
    return false;
}

static void compare_cause(struct list *l, const struct said *a, const struct said *b)
{
    const struct pl_entry *x = cause_of(l, a);
    const struct pl_entry *y = cause_of(l, b);
    char id[5][PL_SHORT_ID_MAX];

    if (x == NULL || y == NULL || hang_together(l, x, y))
        return;
    struct pl_disagreement *dis = add(l, PL_DISAGREE_CAUSE, a, b);
    (void)snprintf(dis->text, sizeof dis->text, "%s: %s puts it down to %s, %s to %s",
                   ck_id(id[0], a->event), ck_id(id[1], a->account), ck_id(id[2], x),
                   ck_id(id[3], b->account), ck_id(id[4], y));
}

/* The ids of the accounts in `side` (by its topic's index), as far as they fit. */
static void list_side(const struct topic *t, const signed char *side, signed char which, char *out,
                      size_t cap)
{
    const struct pl_entry *last = NULL;
    char id[PL_SHORT_ID_MAX];

    out[0] = '\0';
    for (size_t i = 0; i < t->n; i++) {
        if (side[i] != which || t->v[i].account == last)
            continue;
        last = t->v[i].account;
        if (out[0] != '\0')
            (void)pl_strlcat(out, ", ", cap);
        (void)pl_strlcat(out, ck_id(id, last), cap);
    }
}

static const struct said *first_of(const struct topic *t, const signed char *side,
                                   signed char which)
{
    for (size_t i = 0; i < t->n; i++) {
        if (side[i] == which)
            return &t->v[i];
    }
    return NULL;
}

static void compare_knew(struct list *l, const struct topic *t, signed char *side)
{
    char id[PL_SHORT_ID_MAX];
    char yes[80];
    char no[80];

    for (size_t i = 0; i < t->n; i++) {
        int64_t knew = pl_entry_int(t->v[i].claim, PL_F_CLAIM_KNEW_THEN, -1);
        side[i] = (signed char)(knew < 0 ? 0 : (knew != 0 ? 1 : -1));
    }
    const struct said *a = first_of(t, side, 1);
    const struct said *b = first_of(t, side, -1);
    if (a == NULL || b == NULL || a->account == b->account)
        return;
    list_side(t, side, 1, yes, sizeof yes);
    list_side(t, side, -1, no, sizeof no);
    struct pl_disagreement *x = add(l, PL_DISAGREE_KNEW, a, b);
    (void)snprintf(x->text, sizeof x->text, "%s: known then to %s, not to %s", ck_id(id, a->event),
                   yes, no);
}

static void compare_topic(struct list *l, const struct topic *t, signed char *side)
{
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = i + 1; k < t->n; k++) {
            if (t->v[i].account == t->v[k].account)
                continue;
            compare_time(l, &t->v[i], &t->v[k]);
        }
    }
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = i + 1; k < t->n; k++) {
            if (t->v[i].account != t->v[k].account)
                compare_cause(l, &t->v[i], &t->v[k]);
        }
    }
    compare_knew(l, t, side);
}

/* --- two events ---------------------------------------------------------------------- */

/* 1: x before y, -1: after, 0: not said. Ends that are open prove nothing; two points do. */
static int order_of(const struct said *x, const struct said *y)
{
    if (!x->is_timed || !y->is_timed)
        return 0;
    if (x->is_point && y->is_point)
        return x->us < y->us ? 1 : (x->us > y->us ? -1 : 0);
    if (x->hi < y->lo)
        return 1;
    return y->hi < x->lo ? -1 : 0;
}

/* Both topics are sorted by account: each account's first claim with a time counts. */
static void compare_order(struct list *l, const struct topic *x, const struct topic *y,
                          signed char *side)
{
    char id[2][PL_SHORT_ID_MAX];
    char one[80];
    char two[80];
    size_t k = 0;

    for (size_t i = 0; i < x->n; i++) {
        side[i] = 0;
        while (k < y->n && (y->v[k].account_no < x->v[i].account_no ||
                            (y->v[k].account == x->v[i].account && !y->v[k].is_timed)))
            k++;
        if (k < y->n && y->v[k].account == x->v[i].account)
            side[i] = (signed char)order_of(&x->v[i], &y->v[k]);
    }
    const struct said *a = first_of(x, side, 1);
    const struct said *b = first_of(x, side, -1);
    if (a == NULL || b == NULL || a->account == b->account)
        return;
    list_side(x, side, 1, one, sizeof one);
    list_side(x, side, -1, two, sizeof two);
    struct pl_disagreement *dis = add(l, PL_DISAGREE_ORDER, a, b);
    dis->other_event = pl_entry_eid(y->v[0].event);
    (void)snprintf(dis->text, sizeof dis->text, "%s before %s for %s, the other way round for %s",
                   ck_id(id[0], x->v[0].event), ck_id(id[1], y->v[0].event), one, two);
}

/* --- all ----------------------------------------------------------------------------- */

static int by_event(const void *a, const void *b)
{
    const struct said *x = a;
    const struct said *y = b;

    if (x->event_us != y->event_us)
        return x->event_us < y->event_us ? -1 : 1;
    int c = pl_eid_cmp(pl_entry_eid(x->event), pl_entry_eid(y->event));
    if (c != 0)
        return c;
    if (x->account_no != y->account_no)
        return x->account_no < y->account_no ? -1 : 1;
    return pl_eid_cmp(pl_entry_eid(x->claim), pl_entry_eid(y->claim));
}

static size_t collect(const struct pl_doc *d, struct pl_entry **claims, size_t n, struct said *out)
{
    const struct pl_entry *account = NULL;
    size_t accounts = 0;
    size_t used = 0;

    /* Claims stand under their accounts in the list, so the accounts are counted on the way. */
    for (size_t i = 0; i < n; i++) {
        const struct pl_value *on = pl_entry_reg(claims[i], PL_F_CLAIM_EVENT);
        const struct pl_entry *event = on->type == PL_VAL_EID ? pl_doc_entry(d, on->eid) : NULL;
        const struct pl_entry *of = pl_doc_entry(d, pl_entry_parent(claims[i]));
        int64_t precision = pl_entry_int(claims[i], PL_F_CLAIM_PRECISION, PL_PRECISION_EXACT);
        if (of != account) {
            account = of;
            accounts++;
        }
        if (event == NULL || !pl_entry_is_visible(d, event))
            continue;
        struct said *s = &out[used++];
        *s = (struct said){.claim = claims[i], .account = of, .event = event};
        s->account_no = accounts;
        s->event_us = pl_entry_int(event, PL_F_EVENT_HAPPENED_AT, INT64_MAX);
        s->us = pl_entry_int(claims[i], PL_F_CLAIM_HAPPENED_AT, 0);
        s->is_timed = pl_claim_span(claims[i], &s->lo, &s->hi);
        s->is_point = precision == PL_PRECISION_EXACT || precision == PL_PRECISION_ABOUT;
    }
    return used;
}

/* Runs of one event that two accounts or more speak about. */
static size_t cut_topics(const struct said *v, size_t n, struct topic *out)
{
    size_t topics = 0;
    size_t from = 0;

    for (size_t i = 1; i <= n; i++) {
        if (i < n && v[i].event == v[from].event)
            continue;
        if (v[from].account != v[i - 1].account)
            out[topics++] = (struct topic){&v[from], i - from};
        from = i;
    }
    return topics;
}

size_t pl_disagreements(const struct pl_doc *d, struct pl_disagreement *out, size_t max)
{
    struct list l = {.d = d, .out = out, .max = max};
    size_t n = pl_doc_list(d, PL_KIND_CLAIM, NULL, 0);
    struct pl_entry **claims = NULL;
    struct said *v = NULL;
    struct topic *topics = NULL;
    signed char *side = NULL;

    if (n < 2)
        return 0;
    claims = pl_xcalloc(n, sizeof(struct pl_entry *));
    v = pl_xcalloc(n, sizeof *v);
    topics = pl_xcalloc(n, sizeof *topics);
    side = pl_xcalloc(n, sizeof *side);
    (void)pl_doc_list(d, PL_KIND_CLAIM, claims, n);
    n = collect(d, claims, n, v);
    qsort(v, n, sizeof *v, by_event);
    n = n > 0 ? cut_topics(v, n, topics) : 0;
    for (size_t i = 0; i < n; i++) {
        compare_topic(&l, &topics[i], side);
        for (size_t k = i + 1; k < n && k < PL_DISAGREE_EVENTS_MAX; k++)
            compare_order(&l, &topics[i], &topics[k], side);
    }
    free(side);
    free(topics);
    free(v);
    free(claims);
    return l.n;
}
