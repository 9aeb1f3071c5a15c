// SPDX-License-Identifier: Apache-2.0
/*
 * Checks of where events come from: bursts of one source, guessed zones, sources whose clocks
 * differ, times out of memory, the same event twice. They work on what an event says of its source
 * and on its words, which are kept from run to run (struct ck_words).
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/zone.h"

#include "checks_int.h"

#define CROWD         20 /* events of one source in a minute that are still read one by one */
#define FINDINGS_MAX  100
#define TWINS_US      (2 * CK_MINUTE_US)
#define NEIGHBOURS    32 /* events looked at behind each other for twins */
#define PAIRS_MIN     3  /* events that two sources must share */
#define DRIFT_MIN_US  (20 * CK_SECOND_US)
#define DRIFT_MAX_US  (15 * 60 * CK_MINUTE_US)
#define DRIFT_BAND_US (2 * CK_SECOND_US)
#define ROUND_MIN     5

/* An event by its source. */
struct heard {
    uint64_t source; /* hash of its name */
    uint64_t words;  /* hash of its text */
    int64_t us;
    const struct pl_entry *en;
};

static bool time_of(const struct pl_entry *en, int64_t *us)
{
    const struct pl_value *v = pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT);

    *us = v->type == PL_VAL_INT ? v->i : 0;
    return v->type == PL_VAL_INT;
}

static int cmp_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : (a > b ? 1 : 0);
}

static int by_source(const void *a, const void *b)
{
    const struct heard *x = a;
    const struct heard *y = b;
    int c = cmp_u64(x->source, y->source);

    if (c != 0)
        return c;
    if (x->us != y->us)
        return x->us < y->us ? -1 : 1;
    return pl_eid_cmp(pl_entry_eid(x->en), pl_entry_eid(y->en));
}

static int by_words(const void *a, const void *b)
{
    int c = cmp_u64(((const struct heard *)a)->words, ((const struct heard *)b)->words);

    return c != 0 ? c : by_source(a, b);
}

/* The events that have a source and a time; the caller frees. */
static struct heard *collect(struct pl_checks *c, bool with_words, size_t *n)
{
    size_t all;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &all);
    struct heard *out = pl_xcalloc(all + 1, sizeof *out);

    *n = 0;
    for (size_t i = 0; i < all; i++) {
        const char *source = pl_entry_str(v[i], PL_F_EVENT_SOURCE);
        struct heard *h = &out[*n];
        if (ck_is_blank(source) || !time_of(v[i], &h->us))
            continue;
        h->source = pl_xxh3_64(source, strlen(source));
        h->words = with_words ? ck_words(c, v[i])->hash : 0;
        h->en = v[i];
        (*n)++;
    }
    return out;
}

/* --- T10 ----------------------------------------------------------------------------- */

/* The burst that begins at v[from]: everything of its source within a minute of the one before it
 * that still is part of a crowd. */
static size_t burst_end(const struct heard *v, size_t n, size_t from)
{
    size_t end = from + CROWD;

    while (end + 1 < n && v[end + 1].source == v[from].source &&
           v[end + 1].us - v[end + 1 - CROWD].us <= CK_MINUTE_US)
        end++;
    return end;
}

static void t10(struct pl_checks *c)
{
    size_t n;
    struct heard *v = collect(c, false, &n);
    char id[2][PL_SHORT_ID_MAX];

    qsort(v, n, sizeof *v, by_source);
    for (size_t i = 0; i + CROWD < n; i++) {
        if (v[i + CROWD].source != v[i].source || v[i + CROWD].us - v[i].us > CK_MINUTE_US)
            continue;
        size_t end = burst_end(v, n, i);
        (void)ck_add(c, 10, v[i].en, v[end].en, "%zu events of '%.60s' in a crowd, %s to %s",
                     end - i + 1, pl_entry_str(v[i].en, PL_F_EVENT_SOURCE), ck_id(id[0], v[i].en),
                     ck_id(id[1], v[end].en));
        i = end;
    }
    free(v);
}

/* --- T11 ----------------------------------------------------------------------------- */

static void t11(struct pl_checks *c)
{
    static const char tag[] = "zone-guessed";
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_has(v[i], PL_F_TAGS, tag, sizeof tag - 1))
            (void)ck_add(c, 11, v[i], NULL, "%s was noted without a zone, which was guessed",
                         ck_id(id, v[i]));
    }
}

/* --- T12 ----------------------------------------------------------------------------- */

/* NULL when it is not known here, or when the review names too many. */
static const struct pl_zone *zone_of(struct pl_checks *c, const char *name)
{
    for (unsigned i = 0; i < c->n_zones; i++) {
        if (pl_str_eq(c->zones[i].name, name))
            return c->zones[i].z;
    }
    if (c->n_zones == CK_ZONES)
        return NULL;
    struct ck_zone *z = &c->zones[c->n_zones++];
    (void)pl_strlcpy(z->name, name, sizeof z->name);
    z->z = pl_zone_open(z->name, NULL);
    return z->z;
}

static bool has_name(const char *const *names, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (pl_str_eq(names[i], name))
            return true;
    }
    return false;
}

/* Forgets zones that are not among the first ones of the list: which there is room for must not
 * depend on those that were named before. */
static void forget_zones(struct pl_checks *c, struct pl_entry *const *v, size_t n)
{
    const char *names[CK_ZONES];
    unsigned wanted = 0;
    unsigned kept = 0;
    int64_t us;

    for (size_t i = 0; i < n && wanted < CK_ZONES; i++) {
        const char *name = pl_entry_str(v[i], PL_F_EVENT_SOURCE_ZONE);
        if (name[0] != '\0' && time_of(v[i], &us) && !has_name(names, wanted, name))
            names[wanted++] = name;
    }
    for (unsigned i = 0; i < c->n_zones; i++) {
        if (has_name(names, wanted, c->zones[i].name))
            c->zones[kept++] = c->zones[i];
        else
            pl_zone_free(c->zones[i].z);
    }
    c->n_zones = kept;
}

static void t12(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];
    int64_t us;

    forget_zones(c, v, n);
    for (size_t i = 0; i < n; i++) {
        const char *name = pl_entry_str(v[i], PL_F_EVENT_SOURCE_ZONE);
        if (name[0] == '\0' || !time_of(v[i], &us))
            continue;
        const struct pl_zone *z = zone_of(c, name);
        enum pl_zone_hour hour = z == NULL ? PL_ZONE_PLAIN : pl_zone_hour(z, us);
        if (hour == PL_ZONE_REPEATED)
            (void)ck_add(c, 12, v[i], NULL, "%s: the clocks of %.64s showed this time twice",
                         ck_id(id, v[i]), name);
        else if (hour == PL_ZONE_SKIPPED)
            (void)ck_add(c, 12, v[i], NULL,
                         "%s: the clocks of %.64s had just been put forward; a time noted in the "
                         "hour they left out comes out here",
                         ck_id(id, v[i]), name);
    }
}

/* --- T13 ----------------------------------------------------------------------------- */

/* Two sources tell the same: how much later the second does. */
struct shift {
    uint64_t a;
    uint64_t b;
    int64_t us;
    const struct pl_entry *one;
    const struct pl_entry *other;
};

static int by_pair(const void *a, const void *b)
{
    const struct shift *x = a;
    const struct shift *y = b;
    int c = cmp_u64(x->a, y->a);

    if (c == 0)
        c = cmp_u64(x->b, y->b);
    if (c != 0)
        return c;
    if (x->us != y->us)
        return x->us < y->us ? -1 : 1;
    return pl_eid_cmp(pl_entry_eid(x->one), pl_entry_eid(y->one));
}

/* A text that two sources tell once each; more of it would not say which belongs to which. */
static size_t find_shifts(const struct heard *v, size_t n, struct shift *out)
{
    size_t found = 0;
    size_t from = 0;

    for (size_t i = 1; i <= n; i++) {
        if (i < n && v[i].words == v[from].words)
            continue;
        int64_t us = i - from == 2 ? v[from + 1].us - v[from].us : 0;
        if (v[from].words != 0 && v[from].source != v[i - 1].source && us > -DRIFT_MAX_US &&
            us < DRIFT_MAX_US && i - from == 2)
            out[found++] =
                (struct shift){v[from].source, v[from + 1].source, us, v[from].en, v[from + 1].en};
        from = i;
    }
    return found;
}

/* Shifts of one pair of sources, sorted: are most of them the same? */
static void judge_shifts(struct pl_checks *c, const struct shift *v, size_t n)
{
    int64_t middle = v[n / 2].us;
    int64_t distance = middle < 0 ? -middle : middle;
    size_t same = 0;
    char by[32];
    bool is_later = middle > 0;

    for (size_t i = 0; i < n; i++)
        same += v[i].us >= middle - DRIFT_BAND_US && v[i].us <= middle + DRIFT_BAND_US;
    if (n < PAIRS_MIN || distance < DRIFT_MIN_US || same < PAIRS_MIN || same * 3 < n * 2)
        return;
    const struct pl_entry *early = is_later ? v[n / 2].one : v[n / 2].other;
    const struct pl_entry *late = is_later ? v[n / 2].other : v[n / 2].one;
    pl_duration_format(by, distance);
    (void)ck_add(c, 13, early, late, "'%.50s' tells %zu events %s later than '%.50s'",
                 pl_entry_str(late, PL_F_EVENT_SOURCE), same, by,
                 pl_entry_str(early, PL_F_EVENT_SOURCE));
}

static void t13(struct pl_checks *c)
{
    size_t n;
    struct heard *v = collect(c, true, &n);
    struct shift *shifts = pl_xcalloc(n + 1, sizeof *shifts);
    size_t from = 0;

    qsort(v, n, sizeof *v, by_words);
    n = n > 0 ? find_shifts(v, n, shifts) : 0;
    qsort(shifts, n, sizeof *shifts, by_pair);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && shifts[i].a == shifts[from].a && shifts[i].b == shifts[from].b)
            continue;
        judge_shifts(c, &shifts[from], i - from);
        from = i;
    }
    free(shifts);
    free(v);
}

/* --- T15 ----------------------------------------------------------------------------- */

static bool is_exact(const struct pl_entry *en)
{
    int64_t p = pl_entry_int(en, PL_F_EVENT_PRECISION, PL_PRECISION_EXACT);

    return p == PL_PRECISION_EXACT;
}

static void judge_person(struct pl_checks *c, struct pl_entry **v, size_t n, size_t at)
{
    uint64_t user = pl_entry_created_by(v[at]);
    size_t events = 0;
    size_t round = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t us = 0;
        if (pl_entry_created_by(v[i]) != user || !is_exact(v[i]) || !time_of(v[i], &us))
            continue;
        events++;
        round += us % (30 * CK_MINUTE_US) == 0;
    }
    if (events >= ROUND_MIN && round == events)
        (void)ck_add(c, 15, v[at], NULL,
                     "All %zu times of %.64s are full or half hours: out of memory?", events,
                     pl_doc_user_name(c->d, (int64_t)user)[0] != '\0'
                         ? pl_doc_user_name(c->d, (int64_t)user)
                         : "one person");
}

/* Each person once; many events have few people. */
static void t15(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    uint64_t seen[16];
    size_t people = 0;

    for (size_t i = 0; i < n && people < 16; i++) {
        uint64_t user = pl_entry_created_by(v[i]);
        int64_t us = 0;
        bool known = user == 0 || !is_exact(v[i]) || !time_of(v[i], &us);
        for (size_t k = 0; k < people && !known; k++)
            known = seen[k] == user;
        if (known)
            continue;
        seen[people++] = user;
        judge_person(c, v, n, i);
    }
}

/* --- T20 ----------------------------------------------------------------------------- */

/* Four of five words are the same. Both lists are sorted. */
static bool is_alike(const struct ck_words *a, const struct ck_words *b)
{
    unsigned same = 0;
    unsigned i = 0;
    unsigned k = 0;

    if (a->hash == b->hash && a->n > 0)
        return true;
    if (a->n < 3 || b->n < 3 || a->n * 5 < b->n * 4 || b->n * 5 < a->n * 4)
        return false;
    while (i < a->n && k < b->n) {
        if (a->v[i] == b->v[k]) {
            same++;
            i++;
            k++;
        } else if (a->v[i] < b->v[k]) {
            i++;
        } else {
            k++;
        }
    }
    return same * 5 >= (a->n + b->n - same) * 4;
}

static void t20(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    const struct ck_words *past[NEIGHBOURS];
    char id[2][PL_SHORT_ID_MAX];
    size_t found = 0;

    for (size_t i = 0; i < n && found < FINDINGS_MAX; i++) {
        int64_t us = 0;
        past[i % NEIGHBOURS] = ck_words(c, v[i]);
        if (!time_of(v[i], &us))
            break; /* events without a time are the last */
        for (size_t back = 1; back < NEIGHBOURS && back <= i; back++) {
            const struct pl_entry *en = v[i - back];
            if (us - pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, 0) > TWINS_US)
                break;
            if (!is_alike(past[i % NEIGHBOURS], past[(i - back) % NEIGHBOURS]))
                continue;
            (void)ck_add(c, 20, v[i], en, "%s tells almost the same as %s", ck_id(id[0], v[i]),
                         ck_id(id[1], en));
            found++;
            break;
        }
    }
}

#define EVENTS (CK_SHAPE | CK_F(PL_F_NO) | CK_F(PL_F_EVENT_HAPPENED_AT))

const struct ck_rule ck_rules_source[] = {
    {10, t10, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_SOURCE)}}},
    {11, t11, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_TAGS)}}},
    {12, t12, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_SOURCE_ZONE)}}},
    {13, t13, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_SOURCE) | CK_F(PL_F_BODY)}}},
    {15,
     t15,
     {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_PRECISION)},
      {PL_KIND_PARTICIPANT, CK_SHAPE | CK_F(PL_F_PARTICIPANT_USER) | CK_F(PL_F_PARTICIPANT_NAME) |
                                CK_F(PL_F_PARTICIPANT_HANDLE)}}},
    {20, t20, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_BODY)}}},
    {.check = 0},
};
