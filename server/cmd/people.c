// SPDX-License-Identifier: Apache-2.0
/*
 * Participants as entries of the review, written by the server. Whether the entry exists already
 * (somebody comes back) only the document knows: we try to make it, and change it when it is there.
 * Two changes of one person at once may be shown in the other order: after each we look again.
 */
#include "cmd/people.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#include "cmd/services.h"
#include "room/room.h"
#include "store/repo_log.h"

#define CORRECTIONS_MAX 5u

struct showing {
    const struct services *svc;
    struct people_change change; /* strings owned */
    people_cb_done cb;
    void *ctx;
    bool is_second_try;
    unsigned corrections;
    uint64_t rev; /* of the newest that was made */
};

struct pl_eid people_eid(uint64_t user)
{
    /* User numbers come from one sequence and stay far below 2^32. */
    return (struct pl_eid){.client = 0, .n = (uint32_t)user};
}

static void put_int(struct pl_cs *cs, struct pl_eid eid, uint32_t field, uint64_t v)
{
    struct pl_value val = pl_value_int((int64_t)v);
    pl_cs_reg(cs, eid, field, &val);
}

static void put_str(struct pl_cs *cs, struct pl_eid eid, uint32_t field, const char *s)
{
    struct pl_value val = pl_value_str(s, strlen(s));
    pl_cs_reg(cs, eid, field, &val);
    pl_value_release(&val);
}

static void put_fields(struct pl_cs *cs, const struct people_change *p)
{
    struct pl_eid eid = people_eid(p->user);
    const char *name = p->display_name[0] ? p->display_name : p->user_name;
    put_int(cs, eid, PL_F_PARTICIPANT_USER, p->user);
    put_str(cs, eid, PL_F_PARTICIPANT_NAME, name);
    put_str(cs, eid, PL_F_PARTICIPANT_HANDLE, p->user_name);
    put_int(cs, eid, PL_F_PARTICIPANT_ROLE, p->role);
    if (p->duty != 0)
        put_int(cs, eid, PL_F_PARTICIPANT_DUTY, p->duty);
}

int people_new_slots(struct pl_cs *cs, const struct people_change *p, struct pl_err *e)
{
    struct pl_key key;
    struct pl_eid eid = people_eid(p->user);
    /* All between the same bounds: the suffix keeps them apart and in the order of joining. */
    int rc = pl_key_between(&key, NULL, NULL, 0, eid.n, e);
    if (rc < 0)
        return rc;
    pl_cs_create(cs, eid, PL_KIND_PARTICIPANT, PL_EID_ROOT, &key);
    put_fields(cs, p);
    put_int(cs, eid, PL_F_PARTICIPANT_ATTENDANCE, PL_ATTENDANCE_EXPECTED);
    return 0;
}

static void finish(struct showing *w, int rc, uint64_t rev, const struct pl_err *e)
{
    if (w->cb)
        w->cb(w->ctx, rc, rev, e);
    free((void *)(uintptr_t)w->change.user_name);
    free((void *)(uintptr_t)w->change.display_name);
    pl_mem_free(PL_MEM_REQUEST, w);
}

static void submit(struct showing *w);

/* What stands in the table now. Another change may have been shown before ours, though it was made
 * after it: then ours is shown no longer. Whoever shows last looks last, so it ends right. */
static void on_role(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    struct showing *w = ctx;
    (void)status;
    (void)visibility;
    if (rc < 0 || role == w->change.role || ++w->corrections > CORRECTIONS_MAX) {
        finish(w, 0, w->rev, NULL);
        return;
    }
    w->change.role = role;
    w->change.duty = 0; /* not ours to say */
    w->is_second_try = true;
    submit(w);
}

static void on_rev(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct showing *w = ctx;
    if (rc == -PL_E_BADOP && !w->is_second_try && w->change.role != 0) {
        w->is_second_try = true;
        submit(w);
        return;
    }
    w->rev = rev;
    if (rc == 0 && repo_rights(w->svc->store, w->change.review, w->change.user, on_role, w) == 0)
        return;
    finish(w, rc, rev, e);
}

static void submit(struct showing *w)
{
    struct pl_cs cs;
    struct pl_err e;
    struct pl_eid eid = people_eid(w->change.user);
    pl_err_init(&e);
    pl_cs_init(&cs);
    if (w->change.role == 0) {
        pl_cs_dead(&cs, eid, true);
    } else if (w->is_second_try) {
        pl_cs_dead(&cs, eid, false);
        put_fields(&cs, &w->change);
    } else if (people_new_slots(&cs, &w->change, &e) < 0) {
        pl_cs_release(&cs);
        finish(w, -e.code, 0, &e);
        return;
    }
    const struct rooms_act act = {
        .review = w->change.review, .user = w->change.by_user, .device = w->change.by_device};
    rooms_server_rev(w->svc->rooms, &act, &cs, on_rev, w);
}

void people_show(const struct services *svc, const struct people_change *p, people_cb_done cb,
                 void *ctx)
{
    struct showing *w = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*w));
    w->svc = svc;
    w->change = *p;
    w->change.user_name = pl_xstrdup(p->user_name);
    w->change.display_name = pl_xstrdup(p->display_name);
    w->cb = cb;
    w->ctx = ctx;
    submit(w);
}
