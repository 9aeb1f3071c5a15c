// SPDX-License-Identifier: Apache-2.0
/*
 * Reviews as a whole: new, list, set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/render/import.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- new
 * -------------------------------------------------------------------------------------------- */

struct new_opts {
    struct cli_common common;
    const char *sev, *kind, *from, *date;
    struct pl_opt_list incident, participants;
};

static const struct pl_opt new_opts[] = {
    CLI_COMMON,
    {0, "sev", PL_OPT_STRING, offsetof(struct new_opts, sev), "S1..S4", NULL,
     "severity: S1 critical, S2 high, S3 medium, S4 low"},
    {0, "kind", PL_OPT_STRING, offsetof(struct new_opts, kind), "KIND", NULL,
     "security, operations, near_miss, false_alarm"},
    {0, "from", PL_OPT_STRING, offsetof(struct new_opts, from), "FILE.md", NULL,
     "start from a post-mortem in Markdown"},
    {0, "date", PL_OPT_STRING, offsetof(struct new_opts, date), "YYYY-MM-DD", NULL,
     "day of times without a date in that file"},
    {0, "incident", PL_OPT_LIST, offsetof(struct new_opts, incident), "KEY", NULL,
     "reference of the incident; repeatable"},
    {0, "participant", PL_OPT_LIST, offsetof(struct new_opts, participants), "USER:ROLE", NULL,
     "responder or stakeholder to add; repeatable"},
};

static int take_created(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    (void)e;
    *(uint64_t *)ctx = m->u.created.review;
    return 0;
}

static int parse_severity(const char *s, uint32_t *out, struct pl_err *e)
{
    if (!s)
        return 0;
    int64_t v = cli_word(PL_EN_SEVERITY, s);
    if (v == 0)
        return pl_fail(e, PL_E_USAGE,
                       "--sev takes S1 to S4, or critical, high, medium, low, not '%.40s'", s);
    *out = (uint32_t)v;
    return 0;
}

static int parse_day(const char *s, int64_t *day, struct pl_err *e)
{
    char full[40];
    int64_t us = 0;
    (void)snprintf(full, sizeof(full), "%.20sT00:00:00Z", s);
    if (pl_rfc3339_parse(full, strlen(full), &us, NULL) < 0)
        return pl_fail(e, PL_E_USAGE, "--date takes a day like 2026-03-01, not '%s'", s);
    *day = us / INT64_C(86400000000);
    return 0;
}

static int read_import(const struct new_opts *o, struct pl_import *im, struct pl_err *e)
{
    struct pl_buf b;
    struct pl_import_opts io = {.date_day = INT64_MIN};
    int rc = o->date ? parse_day(o->date, &io.date_day, e) : 0;
    pl_buf_init(&b, PL_IMPORT_MAX);
    if (rc == 0)
        rc = pl_file_read_all(o->from, PL_IMPORT_MAX, &b, e);
    if (rc == 0)
        rc = pl_import_markdown((const char *)b.data, b.len, &io, im, e);
    pl_buf_release(&b);
    return rc;
}

struct emitting {
    struct review *r;
    struct pl_err *e;
};

static int emit(void *ctx, struct pl_cs *take_cs)
{
    struct emitting *m = ctx;
    int rc = review_edit(m->r, take_cs, false, m->e);
    pl_cs_release(take_cs);
    return rc;
}

/* Fills a new review: the document, then references. */
static int fill(struct cli *c, const struct new_opts *o, uint64_t id, const struct pl_import *im,
                struct pl_err *e)
{
    struct review *r = NULL;
    bool queued = false;
    int rc = cli_open(c, id, false, &r, e);
    if (rc == 0 && im) {
        struct emitting m = {r, e};
        uint32_t n = sync_next_eid(review_sync(r)).n;
        rc = pl_import_changesets(im, sync_client(review_sync(r)), &n, emit, &m);
    }
    for (size_t i = 0; rc == 0 && i < o->incident.count; i++) {
        struct act_field f = {"incidents", o->incident.values[i]};
        rc = act_set(r, PL_EID_ROOT, &f, 1, e);
    }
    return rc == 0 ? cli_settle(c, r, &queued, e) : rc;
}

static int add_participant(struct cli *c, uint64_t id, const char *spec, struct pl_err *e)
{
    char user[PL_NAME_MAX + 1];
    const char *colon = strchr(spec, ':');
    if (!colon || (size_t)(colon - spec) >= sizeof(user))
        return pl_fail(e, PL_E_USAGE, "--participant takes USER:ROLE, not '%s'", spec);
    (void)pl_strlcpy(user, spec, (size_t)(colon - spec) + 1);
    struct pl_msg m = {.type = PL_MSG_MEMBER_SET};
    m.u.member_set.review = id;
    m.u.member_set.user_name = user;
    m.u.member_set.role = (uint32_t)cli_word(PL_EN_ROLE, colon + 1);
    if (m.u.member_set.role == 0)
        return pl_fail(e, PL_E_USAGE, "'%s' is not a role: facilitator, responder, stakeholder",
                       colon + 1);
    return cli_call(c, &m, NULL, NULL, e);
}

/* As the schema takes it, so that the error names the field. */
static int check_title(const char *title, struct pl_err *e)
{
    const struct pl_field *f = pl_field_find(PL_KIND_REVIEW, PL_F_REVIEW_TITLE);
    const struct pl_names none = {.ctx = NULL};
    struct pl_value v;
    int rc = pl_field_parse(f, title, strlen(title), &none, &v, e);
    if (rc == 0)
        pl_value_release(&v);
    return rc;
}

static int create(struct cli *c, const struct new_opts *o, const char *title, uint64_t *id,
                  struct pl_err *e)
{
    struct pl_msg m = {.type = PL_MSG_CREATE};
    uint8_t op_id[16];
    pl_random_bytes(op_id, sizeof(op_id));
    m.u.create.op_id = (struct pl_bytes){op_id, sizeof(op_id)};
    m.u.create.title = title;
    m.u.create.kind = o->kind ? (uint32_t)cli_word(PL_EN_INCIDENT, o->kind) : 0;
    if (o->kind && m.u.create.kind == 0)
        return pl_fail(e, PL_E_USAGE,
                       "'%s' is not a kind: security, operations, near_miss, "
                       "false_alarm",
                       o->kind);
    int rc = check_title(title, e);
    if (rc == 0)
        rc = parse_severity(o->sev, &m.u.create.severity, e);
    return rc == 0 ? cli_call(c, &m, take_created, id, e) : rc;
}

/* What a new review gets at once: the document it starts from, references, people. */
static int furnish(struct cli *c, const struct new_opts *o, uint64_t id, const struct pl_import *im,
                   struct pl_err *e)
{
    int rc = 0;
    if (o->from || o->incident.count > 0)
        rc = fill(c, o, id, o->from ? im : NULL, e);
    for (size_t i = 0; rc == 0 && i < o->participants.count; i++)
        rc = add_participant(c, id, o->participants.values[i], e);
    if (rc < 0)
        pl_wrap(e, "REV-%llu was made, but", (unsigned long long)id);
    return rc;
}

/* A file of another kind becomes a review without a word of the incident in it. */
static void warn_import(struct cli *c, const char *from, const struct pl_import *im)
{
    if (im->events.n + im->observations.n + im->causes.n + im->actions.n > 0)
        return;
    cli_warn(
        c,
        "%.200s does not look like a post-mortem: no timeline%s; all of its text stands in the "
        "impact or in 'Rest of the imported document'",
        from, im->n_parts == 0 ? " and no known headings were found" : " was found");
}

static int run_new(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct new_opts *o = opts;
    struct pl_import im;
    uint64_t id = 0;
    memset(&im, 0, sizeof(im));
    int rc = o->from ? read_import(o, &im, e) : 0;
    if (rc == -PL_E_NOENT)
        c->hint = "Check the path of the file";
    char *title = argc > 0 ? cli_text(c, argc, argv, e) : pl_xstrdup(im.title ? im.title : "");
    if (rc == 0 && (!title || title[0] == '\0'))
        rc = pl_fail(e, PL_E_USAGE, "a review needs a title");
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = create(c, o, title, &id, e);
    if (argc > 0 && im.title) { /* the title that was asked for stays */
        free(im.title);
        im.title = pl_xstrdup("");
    }
    if (rc == 0)
        rc = furnish(c, o, id, &im, e);
    if (rc == 0 && o->from)
        warn_import(c, o->from, &im);
    if (rc == 0) {
        json_t *j = cli_envelope(c, "new", 0);
        (void)json_object_set_new(j, "id", json_sprintf("REV-%llu", (unsigned long long)id));
        (void)json_object_set_new(j, "title", json_string(title));
        if (!cli_json(c, j))
            cli_print(c, "REV-%llu\n", (unsigned long long)id);
    }
    free(title);
    pl_import_release(&im);
    return rc;
}

const struct cli_verb verb_new = {
    .opt = {"new", "TITLE", "start a review; you are its facilitator", new_opts, COUNT(new_opts), 0,
            -1},
    .opt_size = sizeof(struct new_opts),
    .examples = "  plimsoll new --sev S1 --incident INC-4711 'Checkout outage, 3 regions'\n"
                "  plimsoll new --from postmortem.md --participant ben:responder\n",
    .fields = "id,title",
    .run = run_new,
};

/* --- list
 * -------------------------------------------------------------------------------------------- */

struct list_opts {
    struct cli_common common;
    bool mine, all;
    uint64_t limit;
};

static const struct pl_opt list_opts[] = {
    CLI_COMMON,
    {0, "mine", PL_OPT_FLAG, offsetof(struct list_opts, mine), NULL, NULL,
     "only where you are a participant"},
    {0, "all", PL_OPT_FLAG, offsetof(struct list_opts, all), NULL, NULL, "all pages"},
    {0, "limit", PL_OPT_SOME, offsetof(struct list_opts, limit), "N", NULL, "at most N (100)"},
};

struct listing {
    struct cli_table *t;
    json_t *items;
    uint64_t next;
    uint64_t n;
};

static int take_rows(void *ctx, struct pl_msg *m, struct pl_err *e)
{
    struct listing *l = ctx;
    (void)e;
    for (size_t i = 0; i < m->u.list_reply.n; i++) {
        const struct pl_review_row *r = &m->u.list_reply.items[i];
        char id[32], changed[PL_RFC3339_SIZE], created[PL_RFC3339_SIZE];
        const char *sev = pl_enum_name(PL_EN_SEVERITY, r->severity);
        const char *status = pl_enum_name(PL_EN_STATUS, r->status);
        const char *stage = pl_enum_name(PL_EN_STAGE, r->stage);
        const char *role = pl_enum_name(PL_EN_ROLE, r->role);
        const char *kind = pl_enum_name(PL_EN_INCIDENT, r->kind);
        (void)snprintf(id, sizeof(id), "REV-%llu", (unsigned long long)r->review);
        (void)pl_rfc3339_format(r->changed_us, 0, 0, changed);
        (void)pl_rfc3339_format(r->created_us, 0, 0, created);
        const char *row[] = {id, r->title, sev, status, stage, role, changed};
        cli_table_row(l->t, row);
        (void)json_array_append_new(
            l->items, json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:s, s:s}", "id", id,
                                "title", r->title, "severity", sev, "kind", kind, "status", status,
                                "stage", stage, "role", role, "rev", (json_int_t)r->head,
                                "created_at", created, "changed_at", changed));
        l->n++;
    }
    l->next = m->u.list_reply.next;
    return 0;
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"ID", "TITLE", "SEV", "STATUS", "STAGE", "ROLE", "CHANGED"};
    const struct list_opts *o = opts;
    uint64_t want = o->limit ? o->limit : o->all ? UINT64_MAX : 100;
    struct listing l = {.n = 0};
    (void)argc;
    (void)argv;
    int rc = cli_connect(c, e);
    if (rc < 0)
        return rc;
    l.t = cli_table_new(heads, COUNT(heads));
    l.items = json_array();
    do {
        struct pl_msg m = {.type = PL_MSG_LIST};
        uint64_t left = want - l.n;
        m.u.list.after = l.next;
        m.u.list.limit = left < 200 ? (uint32_t)left : 200;
        m.u.list.mine = o->mine;
        rc = cli_call(c, &m, take_rows, &l, e);
    } while (rc == 0 && l.next != 0 && l.n < want);
    json_t *j = cli_envelope(c, "list", 0);
    (void)json_object_set_new(j, "items", l.items);
    (void)json_object_set_new(j, "next", l.next ? json_integer((json_int_t)l.next) : json_null());
    (void)json_object_set_new(j, "warnings", json_array());
    int end = cli_list_end(c, l.t, j, e);
    if (rc == 0 && l.n == 0)
        cli_say(c, "No review that you take part in. Start one with 'plimsoll new TITLE', or ask a "
                   "facilitator to add you");
    return rc < 0 ? rc : end;
}

const struct cli_verb verb_list = {
    .opt = {"list", NULL, "reviews that you can read, newest first", list_opts, COUNT(list_opts), 0,
            0},
    .opt_size = sizeof(struct list_opts),
    .examples = "  plimsoll list --mine\n  plimsoll list --json\n",
    .fields = "id,title,severity,kind,status,stage,role,rev,created_at,changed_at",
    .run = run_list,
};

/* --- set
 * -----------------------------------------------------------------------------------------------
 */

static const struct pl_opt set_opts[] = {CLI_COMMON};

const struct cli_verb verb_set = {
    .opt = {"set", "ID FIELD=VALUE...", "set fields of a review or an entry", set_opts,
            COUNT(set_opts), 2, -1},
    .opt_size = sizeof(struct cli_entry_opts),
    .examples = "  plimsoll set REV-1 severity=high services=+checkout\n"
                "  plimsoll set REV-1/E-9 marker=none\n"
                "  plimsoll set A-121 owner=ben due=2026-12-01T00:00:00Z\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = cli_entry_set,
};
