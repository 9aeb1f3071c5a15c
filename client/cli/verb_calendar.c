// SPDX-License-Identifier: Apache-2.0
/*
 * The plan of the session, and the calendar file. When the session falls outside of the window
 * after the recovery that the checks know (T36), that is said at once and nothing is refused: the
 * gate does that, unless it is waived.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/doc/checks.h"
#include "plimsoll/render/ical.h"

#include "cli/calendar.h"
#include "cli/cli_int.h"
#include "cli/verb_act.h"

#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define CALENDAR_MAX (16u * 1024u * 1024u)
#define CHECK_WINDOW 36 /* T36 */

struct schedule_opts {
    struct cli_common common;
    const char *at, *length, *place, *ics;
};

#define OPT(long_name, field, arg, help)                                                    \
    {                                                                                       \
        0, long_name, PL_OPT_STRING, offsetof(struct schedule_opts, field), arg, NULL, help \
    }

static const struct pl_opt schedule_opts[] = {
    CLI_COMMON,
    OPT("at", at, "TIME", "when it starts (RFC 3339, e.g. 2026-03-05T14:00:00+01:00)"),
    OPT("for", length, "TIME", "how long: 60m, 2h"),
    OPT("place", place, "TEXT", "room or address of the call"),
    OPT("ics", ics, "FILE",
        "write the calendar file too (never over an existing one without "
        "--force)"),
};

int cli_calendar(struct cli *c, const struct pl_doc *d, struct pl_buf *out, struct pl_err *e)
{
    char realm[40];
    char hex[2 * 8 + 1];
    /* The root's pin is the same for everyone of an organisation, whatever the server is called. */
    pl_hex_encode(c->profile.root_pin, 8, hex);
    (void)snprintf(realm, sizeof(realm), "%s.plimsoll", hex);
    return pl_render_ical(d, realm, out, e);
}

static void warn_window(struct cli *c, const struct pl_doc *d)
{
    struct pl_checks *ck = pl_checks_new(d, NULL);
    pl_checks_touch(ck, NULL);
    pl_checks_run(ck, pl_now_us());
    for (size_t i = 0; i < pl_checks_count(ck); i++) {
        const struct pl_finding *f = pl_checks_at(ck, i);
        if (f->check == CHECK_WINDOW && !f->is_waived)
            cli_warn(c, "%s", f->text);
    }
    pl_checks_free(ck);
}

static int write_calendar(struct cli *c, const struct pl_doc *d, const char *path, struct pl_err *e)
{
    struct pl_buf b;
    pl_buf_init(&b, CALENDAR_MAX);
    int rc = cli_calendar(c, d, &b, e);
    if (rc == 0 && c->opt->force)
        rc = pl_file_write_atomic(path, b.data, b.len, pl_file_mode_plain(), e);
    else if (rc == 0)
        rc = pl_file_write_new(path, b.data, b.len, pl_file_mode_plain(), e);
    pl_buf_release(&b);
    return rc;
}

static int plan(struct cli *c, struct review *r, const struct schedule_opts *o, bool *queued,
                struct pl_err *e)
{
    struct act_field f[3];
    char minutes[24];
    int64_t m = 0;
    size_t n = 0;
    int rc = o->length ? cli_act_minutes(o->length, "--for", &m, e) : 0;
    if (rc < 0)
        return rc;
    (void)snprintf(minutes, sizeof(minutes), "%lld", (long long)m);
    if (o->at)
        f[n++] = (struct act_field){"session_start", o->at};
    if (o->length)
        f[n++] = (struct act_field){"session_minutes", minutes};
    if (o->place)
        f[n++] = (struct act_field){"session_place", o->place};
    rc = act_set(r, PL_EID_ROOT, f, n, e);
    return rc < 0 ? rc : cli_settle(c, r, queued, e);
}

static void show(struct cli *c, const struct pl_doc *d, bool queued)
{
    char start[PL_RFC3339_SIZE] = "";
    const struct pl_entry *root = pl_doc_root(d);
    const struct pl_value *v = pl_entry_reg(root, PL_F_REVIEW_SESSION_START);
    int64_t minutes = pl_entry_int(root, PL_F_REVIEW_SESSION_MINUTES, 0);
    const char *place = pl_entry_str(root, PL_F_REVIEW_SESSION_PLACE);
    if (v->type == PL_VAL_INT)
        (void)pl_rfc3339_format(v->i, 0, 0, start);
    json_t *j = cli_envelope(c, "session.schedule", pl_doc_rev(d));
    (void)json_object_set_new(j, "start", start[0] ? json_string(start) : json_null());
    (void)json_object_set_new(j, "minutes", minutes > 0 ? json_integer(minutes) : json_null());
    (void)json_object_set_new(j, "place", json_string(place));
    (void)json_object_set_new(j, "queued", json_boolean(queued));
    if (!cli_json(c, j))
        cli_print(c, "%s\t%lld\t%s\n", start, (long long)minutes, place);
}

static int run_schedule(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct schedule_opts *o = opts;
    struct review *r = NULL;
    bool queued = false;
    bool changes = o->at || o->length || o->place;
    (void)argc;
    int rc = cli_open_named(c, argv[0], !changes, &r, e);
    if (rc == 0 && changes)
        rc = plan(c, r, o, &queued, e);
    if (rc == 0 && o->ics)
        rc = write_calendar(c, review_doc(r), o->ics, e);
    if (rc < 0)
        return rc;
    warn_window(c, review_doc(r));
    show(c, review_doc(r), queued);
    return 0;
}

const struct cli_verb verb_session_schedule = {
    .opt = {"session schedule", "REVIEW",
            "plan the session; says when it falls out of its window after the recovery",
            schedule_opts, COUNT(schedule_opts), 1, 1},
    .opt_size = sizeof(struct schedule_opts),
    .examples = "  plimsoll session schedule REV-1 --at 2026-03-05T14:00:00Z --for 60m\n"
                "  plimsoll session schedule REV-1 --ics session.ics\n",
    .fields = "start,minutes,place,queued",
    .run = run_schedule,
};
