// SPDX-License-Identifier: Apache-2.0
/*
 * Words for what the server refused. The server says little, so that it tells nobody more than he
 * may know; this machine has the review and can say which right was missing, who has it, when, and
 * which command helps.
 */
#include "model/refusal.h"

#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

void refusal_next(char out[PL_ERR_TEXT_MAX], int code, uint64_t review)
{
    static const char word[] = "REVIEW";
    const char *s = pl_error_info(code)->suggestion;
    const char *at = review != 0 ? strstr(s, word) : NULL;
    char id[PL_SHORT_ID_MAX];

    (void)pl_strlcpy(out, s, PL_ERR_TEXT_MAX);
    if (!at)
        return;
    pl_short_id_format(id, PL_KIND_REVIEW, (int64_t)review);
    out[at - s] = '\0';
    (void)pl_strlcat(out, id, PL_ERR_TEXT_MAX);
    (void)pl_strlcat(out, at + sizeof(word) - 1, PL_ERR_TEXT_MAX);
}

/* "your role does not allow this" becomes what was tried, and who may do it when. */
static void explain_role(struct refusal *out, struct review *r, const struct pl_cs *lost)
{
    struct sync_status st;
    char rev[PL_SHORT_ID_MAX];
    uint64_t ops = pl_doc_perm_ops(review_doc(r), lost, review_user(r));

    sync_status(review_sync(r), &st);
    int op = pl_perm_missing(ops, pl_perm_mask(st.role, st.status));
    pl_short_id_format(rev, PL_KIND_REVIEW, (int64_t)review_id(r));
    if (op >= 0)
        pl_perm_explain(out->why, sizeof(out->why), op, st.role, st.status, rev);
}

void refusal_explain(struct refusal *out, struct review *r, int code, const char *why,
                     const struct pl_cs *lost)
{
    (void)pl_strlcpy(out->why, why[0] ? why : pl_error_info(code)->title, sizeof(out->why));
    refusal_next(out->next, code, r ? review_id(r) : 0);
    if (code == PL_E_PERM && r && lost)
        explain_role(out, r, lost);
}
