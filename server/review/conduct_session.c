// SPDX-License-Identifier: Apache-2.0
/*
 * Acts on the review as a whole: status and closing, stage and timer, locks, waivers. A forward
 * move passes its gate or names the checks that block it; going back needs a reason.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/doc/checks.h"
#include "plimsoll/doc/rules.h"

#include "review/conduct_int.h"

#define MINUTE_US INT64_C(60000000)

static void clear_timer(struct conduct *c)
{
    put_null(c, c->root, PL_F_REVIEW_STAGE_STARTED_AT);
    put_null(c, c->root, PL_F_REVIEW_STAGE_ENDS_AT);
}

static int conflict(const struct conduct *c, const char *what, const char *now)
{
    return pl_fail(c->e, PL_E_CONFLICT, "%s is %s now", what, now != NULL ? now : "unset");
}

#define BLOCKS_SHOWN 8

/* "T01 no start of impact; T31 ...; and 3 more", as far as an error has room. */
static int tell_blocks(const struct conduct *c, const struct pl_block *v, size_t shown, size_t n)
{
    char text[PL_ERR_TEXT_MAX - 24];
    size_t len = 0;
    size_t told = 0;

    for (size_t i = 0; i < shown; i++) {
        const struct pl_check_info *info = pl_check_info(v[i].check);
        char one[256];
        int k = snprintf(one, sizeof one, "%s%s%s%s", len > 0 ? "; " : "",
                         info != NULL ? info->id : "", info != NULL ? " " : "", v[i].text);
        if (k < 0 || (size_t)k >= sizeof one || len + (size_t)k >= sizeof text)
            break;
        memcpy(text + len, one, (size_t)k);
        len += (size_t)k;
        told++;
    }
    text[len] = '\0';
    if (told == 0)
        return pl_fail(c->e, PL_E_GATE, "%s", v[0].text);
    if (told < n)
        return pl_fail(c->e, PL_E_GATE, "%s; and %zu more", text, n - told);
    return pl_fail(c->e, PL_E_GATE, "%s", text);
}

/* Is the gate to this status open? */
static int judge_gate(const struct conduct *c, int64_t to)
{
    struct pl_block v[BLOCKS_SHOWN];
    struct pl_checks *checks = pl_checks_new(c->d, NULL);

    pl_checks_run(checks, c->who->now_us);
    size_t n = pl_gate(checks, c->d, to, c->who->now_us, v, BLOCKS_SHOWN);
    int rc = n == 0 ? 0 : tell_blocks(c, v, n < BLOCKS_SHOWN ? n : BLOCKS_SHOWN, n);
    pl_checks_free(checks);
    return rc;
}

/* Closing is asked for here, and granted by a second person. */
static int go_on(struct conduct *c)
{
    int rc = judge_gate(c, c->act->value);

    if (rc != 0)
        return rc;
    if (c->act->value == PL_STATUS_CLOSED) {
        if (pl_entry_int(c->root, PL_F_REVIEW_CLOSE_ASKED_BY, 0) == 0) {
            put_int(c, c->root, PL_F_REVIEW_CLOSE_ASKED_BY, (int64_t)c->who->user);
            put_int(c, c->root, PL_F_REVIEW_CLOSE_ASKED_AT, c->who->now_us);
        }
        return 0;
    }
    put_int(c, c->root, PL_F_REVIEW_STATUS, c->act->value);
    if (c->act->value == PL_STATUS_IN_SESSION &&
        pl_entry_int(c->root, PL_F_REVIEW_SESSION_STARTED_AT, 0) == 0)
        put_int(c, c->root, PL_F_REVIEW_SESSION_STARTED_AT, c->who->now_us);
    return put_line(c, c->root, PL_F_REVIEW_STATUS_REASON, c->act->text);
}

int act_status(struct conduct *c)
{
    const struct pl_act *a = c->act;
    int rc = need_range(c, PL_STATUS_PREPARING, PL_STATUS_CLOSED, "status");

    if (rc != 0)
        return rc;
    if (a->value == c->status)
        return 0;
    if (a->expect != c->status)
        return conflict(c, "the status", pl_enum_name(PL_EN_STATUS, c->status));
    if (pl_entry_int(c->root, PL_F_REVIEW_BALLOT, 0) != 0)
        return pl_fail(c->e, PL_E_GATE, "a vote is open: count it first");
    if (a->value > c->status)
        return go_on(c);
    rc = need_text(c, "going back needs a reason");
    if (rc == 0)
        rc = put_line(c, c->root, PL_F_REVIEW_STATUS_REASON, a->text);
    put_int(c, c->root, PL_F_REVIEW_STATUS, a->value);
    put_null(c, c->root, PL_F_REVIEW_CLOSE_ASKED_BY);
    put_null(c, c->root, PL_F_REVIEW_CLOSE_ASKED_AT);
    put_null(c, c->root, PL_F_REVIEW_CLOSED_AT);
    put_null(c, c->root, PL_F_REVIEW_CLOSED_BY);
    return rc;
}

int act_close(struct conduct *c)
{
    int64_t asked = pl_entry_int(c->root, PL_F_REVIEW_CLOSE_ASKED_BY, 0);
    int rc = need_range(c, 0, 1, "close");

    if (rc != 0)
        return rc;
    if (asked == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "nobody has asked to close the review");
    if (c->act->value == 0) {
        rc = need_text(c, "declining needs a reason");
        if (rc == 0)
            rc = put_line(c, c->root, PL_F_REVIEW_STATUS_REASON, c->act->text);
        put_null(c, c->root, PL_F_REVIEW_CLOSE_ASKED_BY);
        put_null(c, c->root, PL_F_REVIEW_CLOSE_ASKED_AT);
        return rc;
    }
    if (asked == (int64_t)c->who->user)
        return pl_fail(c->e, PL_E_PERM, "closing needs a second person: you asked for it");
    rc = judge_gate(c, PL_STATUS_CLOSED);
    if (rc != 0)
        return rc;
    put_int(c, c->root, PL_F_REVIEW_STATUS, PL_STATUS_CLOSED);
    put_int(c, c->root, PL_F_REVIEW_CLOSED_AT, c->who->now_us);
    put_int(c, c->root, PL_F_REVIEW_CLOSED_BY, (int64_t)c->who->user);
    return 0;
}

int act_visibility(struct conduct *c)
{
    int rc = need_range(c, PL_VISIBILITY_PARTICIPANTS, PL_VISIBILITY_ORGANISATION, "visibility");

    if (rc == 0)
        put_int(c, c->root, PL_F_REVIEW_VISIBILITY, c->act->value);
    return rc;
}

int act_stage(struct conduct *c)
{
    int64_t now = pl_entry_int(c->root, PL_F_REVIEW_STAGE, 0);
    int rc = need_range(c, PL_STAGE_PREPARE, PL_STAGE_SHARE, "stage");

    if (rc != 0 || c->act->value == now)
        return rc;
    if (c->act->expect != now)
        return conflict(c, "the stage", pl_enum_name(PL_EN_STAGE, now));
    put_int(c, c->root, PL_F_REVIEW_STAGE, c->act->value);
    clear_timer(c);
    return 0;
}

int act_timer(struct conduct *c)
{
    int rc = need_range(c, 0, 480, "minutes");

    if (rc != 0)
        return rc;
    if (c->act->value == 0) {
        clear_timer(c);
        return 0;
    }
    put_int(c, c->root, PL_F_REVIEW_STAGE_STARTED_AT, c->who->now_us);
    put_int(c, c->root, PL_F_REVIEW_STAGE_ENDS_AT, c->who->now_us + c->act->value * MINUTE_US);
    return 0;
}

int act_extend(struct conduct *c)
{
    int64_t ends = pl_entry_int(c->root, PL_F_REVIEW_STAGE_ENDS_AT, 0);
    int rc = need_range(c, 1, 120, "minutes");

    if (rc != 0)
        return rc;
    if (ends == 0)
        return pl_fail(c->e, PL_E_CONFLICT, "no timer runs: start one");
    if (ends < c->who->now_us)
        ends = c->who->now_us;
    put_int(c, c->root, PL_F_REVIEW_STAGE_ENDS_AT, ends + c->act->value * MINUTE_US);
    return 0;
}

int act_lock(struct conduct *c)
{
    const struct pl_kind_info *k = pl_kind_by_name(c->act->text);
    int rc = need_range(c, 0, 1, "lock");

    if (rc == 0 && (k == NULL || pl_rules_section(k->number) != k->number))
        rc = pl_fail(c->e, PL_E_INVALID, "there is no section of that name to lock");
    if (rc == 0)
        put_elem(c, c->root, PL_F_REVIEW_LOCKED, k->name, c->act->value == 1);
    return rc;
}

int act_focus(struct conduct *c)
{
    int rc = need_range(c, PL_STAGE_PREPARE, PL_STAGE_SHARE, "stage");

    if (rc != 0)
        return rc;
    if (pl_eid_is_root(c->act->entry)) {
        put_null(c, c->root, PL_F_REVIEW_FOCUS_ENTRY);
    } else {
        if (need_entry(c, c->act->entry, 0) == NULL)
            return -c->e->code;
        struct pl_value v = pl_value_eid(c->act->entry);
        pl_cs_reg(c->cs, PL_EID_ROOT, PL_F_REVIEW_FOCUS_ENTRY, &v);
    }
    put_int(c, c->root, PL_F_REVIEW_FOCUS_STAGE, c->act->value);
    put_int(c, c->root, PL_F_REVIEW_FOCUS_AT, c->who->now_us);
    return 0;
}

int act_pack(struct conduct *c)
{
    put_int(c, c->root, PL_F_REVIEW_PACK_SENT_AT, c->who->now_us);
    return 0;
}

/* "T05 the reason": the check and what follows it, or NULL when it begins with none. */
static const struct pl_check_info *check_of(const char *text, const char **reason)
{
    char id[8] = "";
    size_t n = strcspn(text, " \t\n");

    if (n < sizeof id)
        memcpy(id, text, n);
    *reason = text + n + strspn(text + n, " \t\n");
    return pl_check_info(pl_check_by_id(id));
}

struct waiver_search {
    const struct conduct *c;
    const char *id;
    bool is_found;
};

static void see_waiver(void *ctx, struct pl_entry *en)
{
    struct waiver_search *s = ctx;

    if (pl_entry_kind(en) != PL_KIND_WAIVER || !pl_entry_is_visible(s->c->d, en))
        return;
    const struct pl_value *on = pl_entry_reg(en, PL_F_WAIVER_ENTRY);
    struct pl_eid eid = on->type == PL_VAL_EID ? on->eid : PL_EID_ROOT;
    if (strcmp(pl_entry_str(en, PL_F_WAIVER_CHECK), s->id) == 0 && pl_eid_eq(eid, s->c->act->entry))
        s->is_found = true;
}

static bool is_waived(const struct conduct *c, const char *id)
{
    struct waiver_search s = {.c = c, .id = id};

    pl_doc_each(c->d, see_waiver, &s);
    return s.is_found;
}

static void put_new_str(struct conduct *c, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value v = pl_value_str(s, strlen(s));

    for (uint32_t i = 0; i < v.str_len; i++) {
        if (v.str[i] == '\n' || v.str[i] == '\t') /* the reason may have had lines */
            v.str[i] = ' ';
    }
    pl_cs_reg(c->cs, eid, field, &v);
    pl_value_release(&v);
}

int act_waive(struct conduct *c)
{
    const char *reason = NULL;
    const struct pl_check_info *check = check_of(c->act->text, &reason);
    const struct pl_eid eid = {0, conduct_fresh_eid(c->d)};
    struct pl_key key;

    if (check == NULL)
        return pl_fail(c->e, PL_E_INVALID, "name a check first, such as T05: 'check' lists them");
    if (reason[0] == '\0')
        return pl_fail(c->e, PL_E_INVALID, "waiving %s needs a reason", check->id);
    if (!pl_eid_is_root(c->act->entry) && need_entry(c, c->act->entry, 0) == NULL)
        return -c->e->code;
    if (is_waived(c, check->id))
        return 0;
    int rc = pl_doc_place_after(c->d, PL_EID_ROOT, NULL, true, eid, &key, c->e);
    if (rc != 0)
        return rc;
    pl_cs_create(c->cs, eid, PL_KIND_WAIVER, PL_EID_ROOT, &key);
    put_new_str(c, eid, PL_F_WAIVER_CHECK, check->id);
    put_new_str(c, eid, PL_F_WAIVER_REASON, reason);
    struct pl_value v = pl_value_int((int64_t)c->who->user);
    pl_cs_reg(c->cs, eid, PL_F_WAIVER_BY, &v);
    v = pl_value_int(c->who->now_us);
    pl_cs_reg(c->cs, eid, PL_F_WAIVER_AT, &v);
    if (!pl_eid_is_root(c->act->entry)) {
        v = pl_value_eid(c->act->entry);
        pl_cs_reg(c->cs, eid, PL_F_WAIVER_ENTRY, &v);
    }
    return 0;
}

int act_unwaive(struct conduct *c)
{
    const struct pl_entry *en = need_entry(c, c->act->entry, PL_KIND_WAIVER);

    if (en == NULL)
        return -c->e->code;
    pl_cs_dead(c->cs, pl_entry_eid(en), true);
    return 0;
}
