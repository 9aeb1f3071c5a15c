// SPDX-License-Identifier: Apache-2.0
/*
 * Entries by verb: adding, changing and removing for timeline, observe, cause, actions and others.
 * One piece of code over a table of options, since the schema knows what each field takes.
 */
#include "cli/verb_entry.h"

#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "cli/cli_int.h"
#include "cli/verb_secret.h"

static int add_one(struct cli *c, struct review *r, uint32_t kind, const struct cli_entry_opts *o,
                   const char *text, struct pl_eid *eid, struct pl_err *e)
{
    const struct cli_mark_how how = {.move = o->move, .also = o->also};
    struct cli_fields fs = {.n = 0};
    struct pl_eid parent = PL_EID_ROOT;
    int rc = kind == PL_KIND_ACTION ? cli_field_put(&fs, "state", "idea", e) : 0;
    if (rc == 0)
        rc = cli_entry_fields(c, o, &fs, e);
    if (rc == 0)
        rc = cli_mark_make_room(c, r, NULL, o->mark, &how, e);
    if (rc == 0 && o->parent) {
        struct pl_entry *en = NULL;
        rc = act_find(review_doc(r), o->parent, kind == PL_KIND_CAUSE ? kind : 0, &en, e);
        if (rc == 0)
            parent = pl_entry_eid(en);
    }
    if (rc == 0)
        rc = cli_field_put(&fs, "body", text, e);
    if (rc == 0)
        rc = act_add(r, kind, parent, fs.f, fs.n, eid, e);
    if (rc == 0)
        cli_event_warn(c, r, *eid, &fs);
    else
        cli_fields_say_option(&fs, e);
    cli_fields_release(&fs);
    return rc;
}

/* Of these kinds each is short: from standard input there is one a line. */
static bool is_by_line(uint32_t kind, int argc, char **argv)
{
    bool is_short = kind == PL_KIND_OBSERVATION || kind == PL_KIND_RULE || kind == PL_KIND_AGENDA;
    return is_short && argc == 2 && pl_str_eq(argv[1], "-");
}

/* A line that would not be taken is told before the first is added, so that nothing is left half
 * done. */
static int check_lines(const char *text, struct pl_err *e)
{
    size_t bad = 0;
    size_t line = 1;
    if (pl_utf8_is_clean(text, strlen(text), &bad))
        return 0;
    for (size_t i = 0; i < bad; i++)
        line += text[i] == '\n';
    return pl_fail(e, PL_E_BAD_TEXT, "line %zu has a character that is not allowed in a text",
                   line);
}

/* What one call adds. */
struct adding {
    struct cli *c;
    struct review *r;
    uint32_t kind;
    const struct cli_entry_opts *o;
    struct pl_eid *eids;
    size_t n;
};

static int add_text(struct adding *a, const char *text, struct pl_err *e)
{
    a->eids = pl_xrealloc(a->eids, a->n + 1, sizeof(*a->eids));
    int rc = add_one(a->c, a->r, a->kind, a->o, text, &a->eids[a->n], e);
    a->n += rc == 0;
    return rc;
}

/* Each line that is not blank. */
static int add_lines(struct adding *a, char *text, struct pl_err *e)
{
    int rc = 0;
    for (char *rest = text; rc == 0 && rest;) {
        const char *line = strsep(&rest, "\n");
        if (line[strspn(line, " \t")] != '\0')
            rc = add_text(a, line, e);
    }
    return rc;
}

static int settle_added(struct adding *a, struct pl_err *e)
{
    bool queued = false;
    int rc = cli_settle(a->c, a->r, &queued, e);
    return rc == 0 ? cli_entries_result(a->c, a->r, a->eids, a->n, queued, e) : rc;
}

int cli_entry_add(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    struct adding a = {.c = c, .kind = kind, .o = o};
    uint64_t id = 0;
    bool by_line = is_by_line(kind, argc, argv);
    int rc = cli_review_id(argv[0], &id, e);
    char *text = rc == 0 ? cli_text(c, argc - 1, argv + 1, e) : NULL;
    if (rc == 0 && !text)
        return -PL_E_TOO_LARGE;
    if (rc == 0 && text[strspn(text, " \t\n")] == '\0')
        rc = pl_fail(e, PL_E_USAGE, "say what: a text, or - to read it from standard input");
    if (rc == 0 && o->anonymous && o->set.count > 0)
        rc = pl_fail(e, PL_E_USAGE, "an anonymous card has a text and --col, nothing else");
    if (rc == 0 && o->anonymous) {
        rc = cli_card_add(c, id, o->col, text, e);
        free(text);
        return rc;
    }
    if (rc == 0 && by_line)
        rc = check_lines(text, e);
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_open_to_add(c, id, kind, &a.r, e);
    if (rc == 0)
        rc = by_line ? add_lines(&a, text, e) : add_text(&a, text, e);
    if (rc == 0)
        rc = settle_added(&a, e);
    free(a.eids);
    free(text);
    return rc;
}

int cli_entry_open(struct cli *c, int argc, char **argv, bool read_only, struct review **r,
                   struct pl_entry **en, struct pl_err *e)
{
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    *en = NULL;
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name && argc > 1)
        name = argv[1];
    if (rc == 0)
        rc = cli_open(c, id, read_only, r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(*r), name, 0, en, e);
    return rc;
}

/* "timeline rm F-1" is a slip, not a wish. */
static int check_kind(const struct pl_entry *en, const char *name, uint32_t kind, struct pl_err *e)
{
    uint32_t is = pl_entry_kind(en);
    if (is == kind)
        return 0;
    return pl_fail(e, PL_E_USAGE,
                   "%.40s is of kind %s, not %s; use the verb for it, or 'plimsoll set'", name,
                   pl_kind_name(is), pl_kind_name(kind));
}

/* Opens the review and finds the entry of "REV E-9" or "REV/E-9". */
static int open_entry(struct cli *c, int *argc, char ***argv, uint32_t kind, struct review **r,
                      struct pl_entry **en, struct pl_err *e)
{
    uint64_t id = 0;
    const char *name = NULL;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, (*argv)[0], &id, &name, e);
    (*argc)--;
    (*argv)++;
    if (rc == 0 && !name) {
        if (*argc < 1)
            return pl_fail(e, PL_E_USAGE, "say which: REV-2041 E-9");
        name = (*argv)[0];
        (*argc)--;
        (*argv)++;
    }
    if (rc == 0)
        rc = cli_open(c, id, false, r, e);
    if (rc == 0)
        rc = act_find(review_doc(*r), name, 0, en, e);
    return rc == 0 ? check_kind(*en, name, kind, e) : rc;
}

static int settle_and_show(struct cli *c, struct review *r, struct pl_eid eid, struct pl_err *e)
{
    bool queued = false;
    int rc = cli_settle(c, r, &queued, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, queued, e);
}

/* Under another entry of its kind, or with "none" to stand alone. */
static int put_under(struct review *r, struct pl_eid eid, const char *parent, uint32_t kind,
                     struct pl_err *e)
{
    struct pl_entry *en = NULL;
    int rc = pl_str_eq(parent, "none") ? 0 : act_find(review_doc(r), parent, kind, &en, e);
    return rc < 0 ? rc : act_move(r, eid, en ? pl_entry_eid(en) : PL_EID_ROOT, NULL, e);
}

int cli_entry_edit(struct cli *c, void *opts, int argc, char **argv, uint32_t kind,
                   struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    const struct cli_mark_how how = {.move = o->move, .also = o->also};
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct cli_fields fs = {.n = 0};
    int rc = open_entry(c, &argc, &argv, kind, &r, &en, e);
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = cli_entry_fields(c, o, &fs, e);
    char *text = rc == 0 && argc > 0 ? cli_text(c, argc, argv, e) : NULL;
    if (rc == 0 && argc > 0 && !text)
        rc = -PL_E_TOO_LARGE;
    if (rc == 0 && text)
        rc = cli_field_put(&fs, "body", text, e);
    if (rc == 0 && fs.n == 0 && !o->parent)
        rc = pl_fail(e, PL_E_USAGE, "nothing to change: give --set FIELD=VALUE or a new text");
    if (rc == 0 && o->parent)
        rc = put_under(r, eid, o->parent, kind, e);
    if (rc == 0)
        rc = cli_mark_make_room(c, r, en, o->mark, &how, e);
    if (rc == 0)
        rc = act_set(r, eid, fs.f, fs.n, e);
    if (rc == 0)
        cli_event_warn(c, r, eid, &fs);
    else
        cli_fields_say_option(&fs, e);
    if (rc == 0)
        rc = settle_and_show(c, r, eid, e);
    cli_fields_release(&fs);
    free(text);
    return rc;
}

int cli_entry_rm(struct cli *c, void *opts, int argc, char **argv, uint32_t kind, struct pl_err *e)
{
    const struct cli_entry_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    int rc = open_entry(c, &argc, &argv, kind, &r, &en, e);
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    if (rc == 0)
        rc = act_remove(r, eid, !o->restore, e);
    return rc < 0 ? rc : settle_and_show(c, r, eid, e);
}

int cli_entry_set(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct cli_fields fs = {.n = 0};
    uint64_t id = 0;
    const char *name = NULL;
    (void)opts;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0)
        rc = cli_open(c, id, false, &r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(r), name, 0, &en, e);
    else if (rc == 0)
        en = pl_doc_root(review_doc(r));
    struct pl_eid eid = rc == 0 ? pl_entry_eid(en) : PL_EID_ROOT;
    for (int i = 1; rc == 0 && i < argc; i++)
        rc = cli_entry_assignment(&fs, argv[i], e);
    if (rc == 0)
        rc = act_set(r, eid, fs.f, fs.n, e);
    if (rc == 0)
        cli_event_warn(c, r, eid, &fs);
    if (rc == 0)
        rc = settle_and_show(c, r, eid, e);
    cli_fields_release(&fs);
    return rc;
}
