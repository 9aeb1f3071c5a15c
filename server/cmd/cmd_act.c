// SPDX-License-Identifier: Apache-2.0
/*
 * Acts: a command of a person on a review, judged by server/review on the newest state while the
 * room builds a batch. The message is copied: it is judged later, and again after a lost batch.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "cmd/cmd.h"
#include "cmd/services.h"
#include "review/conduct.h"
#include "room/room.h"

struct act_call {
    struct call *call;
    struct pl_act act;
    char *text; /* owned; act.text */
    struct conduct_actor who;
};

static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    struct act_call *a = ctx;

    a->who.now_us = now_us;
    return conduct_judge(newest, &a->act, &a->who, cs, ops, e);
}

static void on_done(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct act_call *a = ctx;

    if (rc < 0) {
        call_fail(a->call, -rc, "%s", e != NULL ? e->text : pl_error_info(rc)->title);
    } else {
        struct pl_msg m = {.type = PL_MSG_DONE};
        m.u.done.rid = call_rid(a->call);
        m.u.done.rev = rev;
        call_reply(a->call, &m);
    }
    free(a->text);
    pl_mem_free(PL_MEM_REQUEST, a);
}

void cmd_act(struct caller *c, struct pl_msg *m)
{
    const struct pl_act *in = &m->u.act;

    /* Who may not open a review does not learn from an act whether there is one. */
    if (caller_seat(c, in->review) == NULL) {
        caller_fail(c, in->rid, in->review, PL_E_BAD_STATE, "review %llu is not open here",
                    (unsigned long long)in->review);
        return;
    }
    struct call *k = call_begin(c, in->rid);
    if (k == NULL)
        return;
    struct act_call *a = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof *a);
    a->call = k;
    a->act = m->u.act;
    a->text = pl_xstrdup(m->u.act.text);
    a->act.text = a->text;
    a->who = (struct conduct_actor){.user = c->user, .device = c->device};
    const struct rooms_act by = {.review = a->act.review, .user = c->user, .device = c->device};
    rooms_command(c->services->rooms, &by, judge, a, on_done, a);
}
