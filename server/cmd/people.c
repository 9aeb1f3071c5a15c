// SPDX-License-Identifier: Apache-2.0
/*
 * Participants as entries of the review, written by the server. What has to be written is judged on
 * the newest document: a new entry, what differs in one that is there, or nothing. Two changes of
 * one person at once may be shown in the other order: after each we look again. A process that died
 * between the table and the document leaves them different: when a review opens they are compared.
 */
#include "cmd/people.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/doc/doc.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/orderkey.h"

#include "cmd/services.h"
#include "room/room.h"
#include "store/repo_log.h"
#include "store/repo_review.h"

#define CORRECTIONS_MAX 5u

struct showing {
    const struct services *svc;
    struct people_change change; /* strings owned */
    people_cb_done cb;
    void *ctx;
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

static const char *name_of(const struct people_change *p)
{
    return p->display_name[0] ? p->display_name : p->user_name;
}

static void put_fields(struct pl_cs *cs, const struct people_change *p)
{
    struct pl_eid eid = people_eid(p->user);
    put_int(cs, eid, PL_F_PARTICIPANT_USER, p->user);
    put_str(cs, eid, PL_F_PARTICIPANT_NAME, name_of(p));
    put_str(cs, eid, PL_F_PARTICIPANT_HANDLE, p->user_name);
    put_int(cs, eid, PL_F_PARTICIPANT_ROLE, p->role);
    if (p->duty != 0)
        put_int(cs, eid, PL_F_PARTICIPANT_DUTY, p->duty);
}

static bool is_as_shown(const struct pl_entry *en, const struct people_change *p)
{
    return pl_entry_int(en, PL_F_PARTICIPANT_USER, 0) == (int64_t)p->user &&
           pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0) == (int64_t)p->role &&
           (p->duty == 0 || pl_entry_int(en, PL_F_PARTICIPANT_DUTY, 0) == (int64_t)p->duty) &&
           strcmp(pl_entry_str(en, PL_F_PARTICIPANT_NAME), name_of(p)) == 0 &&
           strcmp(pl_entry_str(en, PL_F_PARTICIPANT_HANDLE), p->user_name) == 0;
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
    if (rc < 0 || role == w->change.role || w->svc->rooms == NULL ||
        ++w->corrections > CORRECTIONS_MAX) {
        finish(w, 0, w->rev, NULL);
        return;
    }
    w->change.role = role;
    w->change.duty = 0; /* not ours to say */
    submit(w);
}

static void on_rev(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct showing *w = ctx;
    w->rev = rev;
    if (rc == 0 && repo_rights(w->svc->store, w->change.review, w->change.user, on_role, w) == 0)
        return;
    finish(w, rc, rev, e);
}

/* Leaves cs empty where the document shows it already. */
static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    const struct people_change *p = &((struct showing *)ctx)->change;
    struct pl_eid eid = people_eid(p->user);
    const struct pl_entry *en = pl_doc_entry(newest, eid);
    bool is_here = en != NULL && pl_entry_is_visible(newest, en);

    (void)now_us;
    *ops = 0; /* the table has decided */
    if (p->role == 0) {
        if (is_here)
            pl_cs_dead(cs, eid, true);
        return 0;
    }
    if (en == NULL)
        return people_new_slots(cs, p, e);
    if (is_here && is_as_shown(en, p))
        return 0;
    if (!is_here)
        pl_cs_dead(cs, eid, false);
    put_fields(cs, p);
    return 0;
}

static void submit(struct showing *w)
{
    const struct rooms_act act = {
        .review = w->change.review, .user = w->change.by_user, .device = w->change.by_device};
    rooms_command(w->svc->rooms, &act, judge, w, on_rev, w);
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

/* --- what a process that died has not shown ------------------------------------------------------
 */

struct mending {
    const struct services *svc;
    uint64_t review;
};

static void mend_one(const struct mending *w, const struct pl_person *p, uint32_t role)
{
    const struct people_change change = {.review = w->review,
                                         .user = p->user,
                                         .user_name = p->user_name,
                                         .display_name = p->display_name,
                                         .role = role};

    LOG_DEBUG(NULL, "people.differs", KV_U("review", w->review), KV_U("user", p->user),
              KV_U("role", role));
    people_show(w->svc, &change, NULL, NULL);
}

static bool takes_part(const struct pl_person *rows, size_t n, uint64_t user)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].user == user)
            return true;
    }
    return false;
}

static void mend_those_gone(const struct mending *w, const struct pl_doc *d,
                            const struct pl_person *rows, size_t n)
{
    size_t shown = pl_doc_list(d, PL_KIND_PARTICIPANT, NULL, 0);
    struct pl_entry **v = pl_xcalloc(shown + 1, sizeof(struct pl_entry *));

    (void)pl_doc_list(d, PL_KIND_PARTICIPANT, v, shown);
    for (size_t i = 0; i < shown; i++) {
        const struct pl_person p = {.user = (uint64_t)pl_entry_int(v[i], PL_F_PARTICIPANT_USER, 0),
                                    .user_name = pl_entry_str(v[i], PL_F_PARTICIPANT_HANDLE),
                                    .display_name = pl_entry_str(v[i], PL_F_PARTICIPANT_NAME)};
        if (pl_eid_cmp(pl_entry_eid(v[i]), people_eid(p.user)) == 0 && !takes_part(rows, n, p.user))
            mend_one(w, &p, 0);
    }
    free(v);
}

/* A change that is under way just now is shown by its own process; ours comes to nothing then. */
static void on_members(void *ctx, int rc, const struct pl_person *rows, size_t n,
                       const struct pl_err *e)
{
    struct mending *w = ctx;
    const struct pl_doc *d =
        rc == 0 && w->svc->rooms != NULL ? rooms_doc(w->svc->rooms, w->review) : NULL;

    (void)e; /* tried again when the review opens the next time */
    for (size_t i = 0; d != NULL && i < n; i++) {
        const struct pl_entry *en = pl_doc_entry(d, people_eid(rows[i].user));
        if (en == NULL || !pl_entry_is_visible(d, en) ||
            pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0) != (int64_t)rows[i].role)
            mend_one(w, &rows[i], rows[i].role);
    }
    if (d != NULL)
        mend_those_gone(w, d, rows, n);
    pl_mem_free(PL_MEM_REQUEST, w);
}

void people_mend(const struct services *svc, uint64_t review)
{
    const struct pl_doc *d = rooms_doc(svc->rooms, review);

    /* A private draft has one person for good. */
    if (d == NULL || pl_entry_int(pl_doc_root(d), PL_F_REVIEW_DRAFT_OF, 0) != 0)
        return;
    struct mending *w = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*w));
    w->svc = svc;
    w->review = review;
    if (repo_people(svc->store, review, 0, on_members, w) != 0)
        pl_mem_free(PL_MEM_REQUEST, w);
}
