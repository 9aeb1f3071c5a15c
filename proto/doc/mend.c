// SPDX-License-Identifier: Apache-2.0
/*
 * How to mend a finding or a block, as commands that can be typed: the ids stand in place of REV
 * and ID, and what the status forbids is said with the way round it. Pure text; a line that is too
 * long is cut.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"

#include "checks_int.h"

/* Is s[0, n) a word of its own at `at`? */
static bool is_word(const char *s, size_t at, const char *word, size_t n)
{
    const char *ends = " /.:,;=";

    return strncmp(s + at, word, n) == 0 && (at == 0 || strchr(ends, s[at - 1]) != NULL) &&
           strchr(ends, s[at + n]) != NULL;
}

void ck_fill(char *out, size_t cap, const char *mend, const struct pl_doc *d,
             const struct pl_entry *en)
{
    char rev[PL_SHORT_ID_MAX];
    char id[PL_SHORT_ID_MAX];
    char one[2] = "";

    (void)ck_id(rev, pl_doc_root(d));
    if (en != NULL)
        (void)ck_id(id, en);
    for (size_t at = 0; mend[at] != '\0';) {
        if (is_word(mend, at, "REV", 3)) {
            (void)pl_strlcat(out, rev, cap);
            at += 3;
            /* What is about the review has no entry to name. */
            at += en == NULL && mend[at] == '/' && is_word(mend, at + 1, "ID", 2) ? 3 : 0;
        } else if (en != NULL && is_word(mend, at, "ID", 2)) {
            (void)pl_strlcat(out, id, cap);
            at += 2;
        } else {
            one[0] = mend[at++];
            (void)pl_strlcat(out, one, cap);
        }
    }
}

/* What one must be allowed to do to mend it. */
static int need_of(uint32_t check)
{
    switch (check) {
    case 22:
    case 23:
    case 24:
        return PL_PERM_FACILITATE;
    case 28:
        return PL_PERM_IMPACT;
    case 34:
    case 35:
        return PL_PERM_ACTION_EDIT;
    case 36:
        return PL_PERM_HEADER;
    default:
        return PL_PERM_CONTENT;
    }
}

void pl_finding_mend(const struct pl_doc *d, const struct pl_finding *f, char *out, size_t cap)
{
    const struct pl_entry *en = pl_eid_is_root(f->entry) ? NULL : pl_doc_entry(d, f->entry);
    const struct pl_check_info *info = pl_check_info(f->check);
    int64_t status = pl_entry_int(pl_doc_root(d), PL_F_REVIEW_STATUS, PL_STATUS_PREPARING);
    uint64_t may = pl_perm_mask(PL_ROLE_FACILITATOR, status);
    char tail[128];

    out[0] = '\0';
    if (info == NULL)
        return;
    bool is_shut = (may & PL_PERM_BIT(need_of(f->check))) == 0;
    if (is_shut)
        ck_fill(out, cap, "First go back: plimsoll status REV in_session --reason 'why'. Then ", d,
                en);
    ck_fill(out, cap, f->mend != NULL ? f->mend : info->mend, d, en);
    if (!is_shut || (may & PL_PERM_BIT(PL_PERM_WAIVE)) == 0)
        return;
    (void)snprintf(tail, sizeof tail, ". Or a facilitator: plimsoll waive REV %s%s --reason 'why'",
                   info->id, en != NULL ? " --entry ID" : "");
    ck_fill(out, cap, tail, d, en);
}
