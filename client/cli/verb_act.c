// SPDX-License-Identifier: Apache-2.0
/*
 * The common part of commands. A refusal by a gate comes back with the server's words, which name
 * the checks; the verb `check` shows all of them with how to mend each.
 */
#include "cli/verb_act.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/sign_act.h"

int cli_act_open(struct cli *c, const char *id, enum pl_act_no act, struct cli_act *out,
                 struct pl_err *e)
{
    uint64_t review = 0;
    const char *name = NULL;
    memset(out, 0, sizeof(*out));
    out->c = c;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, id, &review, &name, e);
    if (rc == 0)
        rc = cli_open(c, review, true, &out->r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(out->r), name, 0, &out->entry, e);
    if (rc < 0)
        return rc;
    out->msg.review = review;
    out->msg.act = act;
    out->msg.entry = out->entry ? pl_entry_eid(out->entry) : PL_EID_ROOT;
    out->msg.other = PL_EID_ROOT;
    out->msg.text = "";
    return 0;
}

int cli_act_user(struct cli_act *a, const char *handle, struct pl_err *e)
{
    struct pl_names names = pl_doc_names(review_doc(a->r));
    const char *who = pl_str_eq(handle, "me") ? a->c->profile.user_name : handle;
    int64_t user = names.find_user ? names.find_user(names.ctx, who) : 0;
    if (user == 0)
        return pl_fail(e, PL_E_NOENT, "%s takes no part in REV-%llu; see 'plimsoll people list'",
                       who, (unsigned long long)a->msg.review);
    a->msg.user = (uint64_t)user;
    return 0;
}

int cli_act_minutes(const char *s, const char *what, int64_t *minutes, struct pl_err *e)
{
    uint64_t n = 0;
    uint64_t ms = 0;
    if (pl_parse_u64(s, &n) == 0 && n <= 100000) {
        *minutes = (int64_t)n;
        return 0;
    }
    int rc = cli_parse_time(s, what, &ms, e);
    if (rc < 0 || ms % 60000 != 0 || ms == 0)
        rc = pl_fail(e, PL_E_USAGE, "%s is counted in whole minutes: 15, 15m, 1h; not '%.40s'",
                     what, s);
    *minutes = (int64_t)(ms / 60000);
    return rc;
}

static int take_done(void *ctx, struct pl_msg *reply, struct pl_err *e)
{
    uint64_t *rev = ctx;
    (void)e;
    *rev = reply->u.done.rev;
    return 0;
}

static int sign(struct cli_act *a, struct cli_sign *s, struct pl_act *m, struct pl_err *e)
{
    *s = (struct cli_sign){.c = a->c,
                           .d = review_doc(a->r),
                           .review = a->msg.review,
                           .kind = pl_act_signed(a->msg.act, a->msg.value),
                           .what = pl_act_info(a->msg.act)->name,
                           .shown = {a->msg.act, a->msg.entry, 0, a->msg.text}};
    int rc = cli_sign(s, e);
    m->statement = (struct pl_bytes){s->result.statement.data, s->result.statement.len};
    m->signature = (struct pl_bytes){s->result.signature, s->result.signature_n};
    return rc;
}

static int say_done(const struct cli_act *a, json_t *proof, uint64_t rev, const char *said)
{
    struct cli *c = a->c;
    json_t *j = cli_envelope(c, "act", rev);
    (void)json_object_set_new(j, "review",
                              json_sprintf("REV-%llu", (unsigned long long)a->msg.review));
    (void)json_object_set_new(j, "act", json_string(pl_act_info(a->msg.act)->name));
    if (proof)
        (void)json_object_set_new(j, "signed", json_incref(proof));
    if (!cli_json(c, j) && said[0])
        cli_say(c, "%s%s", said, proof ? "; signed" : "");
    return 0;
}

int cli_act_send(struct cli_act *a, const char *said, struct pl_err *e)
{
    struct cli *c = a->c;
    struct pl_msg m = {.type = PL_MSG_ACT};
    struct cli_sign s;
    uint64_t rev = 0;
    m.u.act = a->msg;
    bool is_signed = pl_act_signed(a->msg.act, a->msg.value) != 0;
    int rc = is_signed ? sign(a, &s, &m.u.act, e) : 0;
    if (rc == 0)
        rc = cli_call(c, &m, take_done, &rev, e);
    json_t *proof = is_signed && rc == 0 ? cli_sign_json(&s) : NULL;
    if (is_signed)
        sign_release(&s.result);
    if (rc == 0)
        rc = say_done(a, proof, rev, said);
    json_decref(proof);
    return rc;
}
