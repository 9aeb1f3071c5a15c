// SPDX-License-Identifier: Apache-2.0
/*
 * Moments of the past. The log holds every revision from the first on, so a document that is grown
 * from it is, byte for byte, what everybody saw then.
 */
#include "model/past.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

int past_parse(const char *s, struct past_point *out, struct pl_err *e)
{
    uint64_t rev = 0;
    int64_t at = 0;

    if (pl_parse_u64(s, &rev) == 0 && rev > 0) {
        *out = (struct past_point){.rev = rev};
        return 0;
    }
    if (pl_rfc3339_parse(s, strlen(s), &at, NULL) == 0) {
        if (at > pl_now_us())
            return pl_fail(e, PL_E_USAGE, "%.40s is in the future", s);
        *out = (struct past_point){.at_us = at};
        return 0;
    }
    return pl_fail(e, PL_E_USAGE,
                   "'%.60s' is neither a revision (120) nor a time with its zone "
                   "(2026-03-01T14:02:00Z)",
                   s);
}

bool past_is_beyond(const struct past_point *p, const struct pl_rev *r)
{
    return p->rev > 0 ? r->rev > p->rev : r->at_us > p->at_us;
}

int past_apply(struct pl_doc *d, const struct pl_rev *r, struct pl_err *e)
{
    struct pl_rev_meta meta = {
        .rev = r->rev, .user = r->user, .client = r->client, .at_us = r->at_us};

    if (r->rev != pl_doc_rev(d) + 1)
        return pl_fail(e, PL_E_BAD_STATE, "revision %llu came behind revision %llu",
                       (unsigned long long)r->rev, (unsigned long long)pl_doc_rev(d));
    return pl_doc_apply(d, &r->cs, &meta, e);
}

int past_check(const struct past_point *p, const struct pl_doc *d, uint64_t review, uint64_t head,
               struct pl_err *e)
{
    char at[PL_RFC3339_SIZE];
    uint64_t rev = pl_doc_rev(d);

    if (p->rev > 0 && rev != p->rev)
        return pl_fail(e, PL_E_NOENT, "REV-%llu has no revision %llu yet; it is at revision %llu",
                       (unsigned long long)review, (unsigned long long)p->rev,
                       (unsigned long long)(head > rev ? head : rev));
    if (rev == 0) {
        (void)pl_rfc3339_format(p->at_us, 0, 0, at);
        return pl_fail(e, PL_E_NOENT,
                       "REV-%llu did not exist at %s; 'plimsoll history REV-%llu --limit 1' tells "
                       "when it began",
                       (unsigned long long)review, at, (unsigned long long)review);
    }
    return 0;
}
