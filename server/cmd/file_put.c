// SPDX-License-Identifier: Apache-2.0
/*
 * The beginning of an upload: may this person read the review, may he write the entry as it stands
 * now, and does the database agree under its lock and within the quotas? Then it says how much of
 * this very file it holds already.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/doc/schema.h"

#include "cmd/files_int.h"
#include "ops/config.h"
#include "review/attach.h"
#include "room/room.h"
#include "store/repo_file.h"
#include "store/repo_log.h"

#define NAME_CAP (4u * PL_FILE_NAME_MAX + 1)

struct put_call {
    struct files *f;
    struct call *call;
    struct file_put put;
    char name[NAME_CAP];
    char *media_type; /* owned */
};

static void put_end(struct put_call *k, int rc, const struct pl_err *e)
{
    if (rc < 0)
        files_fail(k->f, k->call, rc, e);
    free(k->media_type);
    pl_mem_free(PL_MEM_REQUEST, k);
}

static void on_put(void *ctx, int rc, uint64_t file, uint64_t held, const struct pl_err *e)
{
    struct put_call *k = ctx;
    if (rc == 0) {
        struct pl_msg m = {.type = PL_MSG_FILE_READY};
        m.u.file_ready.rid = call_rid(k->call);
        m.u.file_ready.file = file;
        m.u.file_ready.offset = held;
        if (held > 0)
            k->f->stats.resumed++;
        else
            k->f->stats.begun++;
        call_reply(k->call, &m);
    }
    put_end(k, rc, e);
}

/* Only looks: nothing of the document changes. */
static int judge(void *ctx, const struct pl_doc *newest, int64_t now_us, struct pl_cs *cs,
                 uint64_t *ops, struct pl_err *e)
{
    struct put_call *k = ctx;
    (void)now_us;
    (void)cs;
    *ops = 0;
    return attach_may(newest, k->put.entry, k->put.user, &k->put.ops, e);
}

static void on_judged(void *ctx, int rc, uint64_t rev, const struct pl_err *e)
{
    struct put_call *k = ctx;
    (void)rev;
    if (rc == 0)
        rc = repo_file_put(k->f->store, &k->put, on_put, k);
    if (rc < 0)
        put_end(k, rc, e);
}

static void on_rights(void *ctx, int rc, uint32_t role, uint32_t status, uint32_t visibility)
{
    struct put_call *k = ctx;
    struct pl_err e;
    (void)status;
    pl_err_init(&e);
    /* Whoever may not read it does not learn whether there is such a review. */
    if (rc == 0 && role == 0 && visibility != PL_VISIBILITY_ORGANISATION)
        rc = -PL_E_PERM;
    if (rc == -PL_E_PERM || rc == -PL_E_NOENT)
        rc = pl_fail(&e, PL_E_PERM, "you are not a participant of this review");
    if (rc < 0) {
        put_end(k, rc, &e);
        return;
    }
    const struct rooms_act by = {
        .review = k->put.review, .user = k->put.user, .device = k->put.device};
    rooms_command(k->f->rooms, &by, judge, k, on_judged, k);
}

static int check(const struct files *f, const struct pl_file_put *m, struct pl_err *e)
{
    if (m->size == 0)
        return pl_fail(e, PL_E_INVALID, "the file is empty");
    if (m->size > f->conf->file_max)
        return pl_fail(e, PL_E_FILE_SIZE, "the file has %llu bytes, this server takes %llu",
                       (unsigned long long)m->size, (unsigned long long)f->conf->file_max);
    return 0;
}

void files_put(struct files *f, struct caller *c, const struct pl_file_put *m)
{
    struct pl_err e;
    pl_err_init(&e);
    int rc = check(f, m, &e);
    if (rc < 0) {
        files_count_refusal(f, rc);
        caller_fail(c, m->rid, 0, -rc, "%s", e.text);
        return;
    }
    struct call *call = call_begin(c, m->rid);
    if (call == NULL)
        return;
    struct put_call *k = pl_mem_calloc(PL_MEM_REQUEST, 1, sizeof(*k));
    (void)pl_file_name_safe(m->name, strlen(m->name), PL_FILE_NAME_MAX, k->name, sizeof(k->name));
    k->f = f;
    k->call = call;
    k->media_type =
        pl_xstrdup(m->media_type[0] != '\0' ? m->media_type : "application/octet-stream");
    k->put = (struct file_put){
        .review = m->review,
        .entry = m->entry,
        .user = c->user,
        .device = c->device,
        .name = k->name,
        .media_type = k->media_type,
        .size = m->size,
        .per_review = f->conf->files_per_review,
        .organisation = f->conf->files_organisation,
        .uploads_user = (uint32_t)f->conf->uploads_per_user,
        .uploads_device = (uint32_t)f->conf->uploads_per_device,
    };
    memcpy(k->put.sha256, m->sha256.p, sizeof(k->put.sha256));
    rc = repo_rights(f->store, m->review, c->user, on_rights, k);
    if (rc < 0)
        put_end(k, rc, NULL);
}
