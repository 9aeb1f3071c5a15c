// SPDX-License-Identifier: Apache-2.0
/*
 * Pages of History, one behind the other, until the log ends or its reader has seen enough.
 */
#include "cli/past.h"

#define PAGE 500

struct walk {
    cli_rev see;
    void *ctx;
    uint64_t next;
    bool is_over;
};

static int take_page(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct walk *w = ctx;
    const struct pl_history_reply *h = &m->u.history_reply;
    int rc = 0;

    w->next = h->next;
    for (size_t i = 0; rc == 0 && i < h->n; i++)
        rc = w->see(w->ctx, &h->revs[i], e);
    w->is_over = rc > 0;
    return rc < 0 ? rc : 0;
}

int cli_past_walk(struct cli *c, uint64_t review, uint64_t from, cli_rev see, void *ctx,
                  struct pl_err *e)
{
    struct walk w = {.see = see, .ctx = ctx, .next = from > 0 ? from : 1};
    int rc = 0;

    while (rc == 0 && w.next != 0 && !w.is_over) {
        struct pl_msg m = {.type = PL_MSG_HISTORY};
        uint64_t asked = w.next;
        m.u.history.review = review;
        m.u.history.from_rev = asked;
        m.u.history.limit = PAGE;
        rc = cli_call(c, &m, take_page, &w, e);
        if (rc == 0 && w.next != 0 && w.next <= asked)
            rc = pl_fail(e, PL_E_BAD_MESSAGE, "the history does not go on");
    }
    return rc;
}

struct growing {
    struct pl_doc *doc;
    struct past_point to;
};

static int grow(void *ctx, const struct pl_rev *r, struct pl_err *e)
{
    struct growing *g = ctx;

    if (past_is_beyond(&g->to, r))
        return 1;
    return past_apply(g->doc, r, e);
}

int cli_past_doc(struct cli *c, uint64_t review, const char *at, uint64_t head, struct pl_doc **out,
                 struct pl_err *e)
{
    struct growing g = {0};
    int rc = past_parse(at, &g.to, e);

    if (rc < 0)
        return rc;
    g.doc = pl_doc_new();
    rc = cli_past_walk(c, review, 1, grow, &g, e);
    if (rc == 0)
        rc = past_check(&g.to, g.doc, review, head, e);
    if (rc < 0)
        pl_doc_free(g.doc);
    else
        *out = g.doc;
    return rc;
}
