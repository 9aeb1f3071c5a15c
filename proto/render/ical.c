// SPDX-License-Identifier: Apache-2.0
/*
 * See render/ical.h.
 */
#include "plimsoll/render/ical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/text.h"

#include "sink.h"

#define FOLD_AT      75u
#define REALM_MAX    100u
#define DEFAULT_MIN  60
#define MINUTE_US    INT64_C(60000000)
#define DESCRIBE_MAX (1u << 20)

/* --- lines --------------------------------------------------------------------------------------
 */

/* Bytes at p that stay together: a character, or an escaped one. */
static size_t unit(const uint8_t *p, const uint8_t *end)
{
    uint32_t c = 0;
    if (*p == '\\' && p + 1 < end)
        return 2;
    return pl_utf8_decode(p, end, &c);
}

static void fold(struct sink *s, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    size_t column = 0;
    while (p < end) {
        size_t k = unit(p, end);
        if (column + k > FOLD_AT) {
            put(s, "\r\n ");
            column = 1;
        }
        put_bytes(s, (const char *)p, k);
        column += k;
        p += k;
    }
    put(s, "\r\n");
}

static int add_escaped(struct pl_buf *line, const struct pl_buf *text)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < text->len; i++) {
        uint8_t c = text->data[i];
        if (c == '\n') {
            rc = pl_buf_add(line, "\\n", 2);
            continue;
        }
        if (c == '\\' || c == ';' || c == ',')
            rc = pl_buf_add_byte(line, '\\');
        if (rc == 0)
            rc = pl_buf_add_byte(line, c);
    }
    return rc;
}

static void text_line(struct sink *s, const char *name, const char *text, size_t n)
{
    struct pl_buf clean;
    struct pl_buf line;
    pl_buf_init(&clean, 3 * n + 1);
    pl_buf_init(&line, strlen(name) + 2 + 6 * n);
    int rc = pl_text_safe(text, n, &clean);
    if (rc == 0)
        rc = pl_buf_add_str(&line, name);
    if (rc == 0)
        rc = pl_buf_add_byte(&line, ':');
    if (rc == 0)
        rc = add_escaped(&line, &clean);
    if (rc == 0)
        fold(s, line.data, line.len);
    else if (s->rc == 0)
        s->rc = rc;
    pl_buf_release(&clean);
    pl_buf_release(&line);
}

int pl_ical_text(const char *name, const char *text, size_t n, struct pl_buf *out)
{
    struct sink s;
    sink_init(&s, out);
    text_line(&s, name, text, n);
    return sink_end(&s, NULL);
}

static void text(struct sink *s, const char *name, const char *value)
{
    if (value[0] != '\0')
        text_line(s, name, value, strlen(value));
}

static void time_line(struct sink *s, const char *name, int64_t us)
{
    struct pl_civil c;
    pl_civil_from_us(us, 0, &c);
    putf(s, "%s:%04d%02d%02dT%02d%02d%02dZ\r\n", name, c.year, c.month, c.day, c.hour, c.minute,
         c.second);
}

/* Only what is surely an address may stand unescaped. */
static void url_line(struct sink *s, const char *url)
{
    char line[16];
    struct pl_buf b;
    if (!pl_str_starts(url, "https://") && !pl_str_starts(url, "http://"))
        return;
    for (const char *p = url; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p) != NULL)
            return;
    pl_buf_init(&b, strlen(url) + sizeof(line));
    int rc = pl_buf_add_str(&b, "URL:");
    if (rc == 0)
        rc = pl_buf_add_str(&b, url);
    if (rc == 0)
        fold(s, b.data, b.len);
    pl_buf_release(&b);
}

/* --- the document -------------------------------------------------------------------------------
 */

struct calendar {
    struct sink *s;
    const struct pl_doc *d;
    const char *realm;
    long long no;       /* of the review */
    int64_t changed_us; /* last change of the document */
    size_t parts;
};

static void see_change(void *ctx, struct pl_entry *en)
{
    struct calendar *c = ctx;
    if (pl_entry_changed_us(en) > c->changed_us)
        c->changed_us = pl_entry_changed_us(en);
}

/* What every component begins with; `what` tells the entries of a review apart. */
static void begin(struct calendar *c, const char *component, const char *what)
{
    struct pl_buf line;
    char number[64];
    (void)snprintf(number, sizeof(number), "UID:rev-%lld-", c->no);
    pl_buf_init(&line, 300);
    int rc = pl_buf_add_str(&line, number);
    if (rc == 0)
        rc = pl_buf_add_str(&line, what);
    if (rc == 0)
        rc = pl_buf_add_byte(&line, '@');
    if (rc == 0)
        rc = pl_buf_add_str(&line, c->realm);
    putf(c->s, "BEGIN:%s\r\n", component);
    if (rc == 0)
        fold(c->s, line.data, line.len);
    else
        c->s->rc = rc;
    pl_buf_release(&line);
    time_line(c->s, "DTSTAMP", c->changed_us);
    putf(c->s, "SEQUENCE:%llu\r\n", (unsigned long long)pl_doc_rev(c->d));
    c->parts++;
}

static void end(struct calendar *c, const char *component)
{
    putf(c->s, "CATEGORIES:REV-%lld\r\nEND:%s\r\n", c->no, component);
}

/* One line for each entry of a kind. */
static void describe(struct sink *s, const struct pl_doc *d, uint32_t kind, const char *head)
{
    char label[400];
    size_t n = 0;
    struct pl_entry **all = list_of(d, kind, &n);
    if (n > 0)
        putf(s, "%s:\n", head);
    for (size_t i = 0; i < n; i++) {
        (void)pl_entry_label(all[i], label, sizeof(label));
        put(s, "- ");
        put(s, label);
        if (kind == PL_KIND_PARTICIPANT) {
            put(s, " (");
            put_enum(s, all[i], PL_F_PARTICIPANT_ROLE);
            put(s, ")");
        }
        put(s, "\n");
    }
    free(all);
}

static void session_text(struct calendar *c)
{
    struct pl_buf b;
    struct sink s;
    pl_buf_init(&b, DESCRIBE_MAX);
    sink_init(&s, &b);
    putf(&s, "Lessons-learned session of REV-%lld.\n", c->no);
    describe(&s, c->d, PL_KIND_AGENDA, "Agenda");
    describe(&s, c->d, PL_KIND_RULE, "Ground rules");
    describe(&s, c->d, PL_KIND_PARTICIPANT, "Who takes part");
    if (s.rc == 0 && b.len > 0)
        text_line(c->s, "DESCRIPTION", (const char *)b.data, b.len - 1);
    pl_buf_release(&b);
}

static void session(struct calendar *c)
{
    const struct pl_entry *r = pl_doc_root(c->d);
    const struct pl_value *start = pl_entry_reg(r, PL_F_REVIEW_SESSION_START);
    int64_t minutes = pl_entry_int(r, PL_F_REVIEW_SESSION_MINUTES, DEFAULT_MIN);
    const char *place = pl_entry_str(r, PL_F_REVIEW_SESSION_PLACE);
    if (start->type != PL_VAL_INT)
        return;
    begin(c, "VEVENT", "session");
    time_line(c->s, "DTSTART", start->i);
    time_line(c->s, "DTEND", start->i + minutes * MINUTE_US);
    text(c->s, "SUMMARY", pl_entry_str(r, PL_F_TITLE));
    text(c->s, "LOCATION", place);
    url_line(c->s, place);
    session_text(c);
    put(c->s, "STATUS:CONFIRMED\r\n");
    end(c, "VEVENT");
}

static const char *todo_status(int64_t state)
{
    switch (state) {
    case PL_STATE_COMMITTED:
        return "NEEDS-ACTION";
    case PL_STATE_IN_PROGRESS:
        return "IN-PROCESS";
    case PL_STATE_DROPPED:
    case PL_STATE_MERGED:
        return "CANCELLED";
    default:
        return "COMPLETED";
    }
}

static void summary(struct calendar *c, const struct pl_entry *a, const char *before)
{
    char label[400];
    char id[PL_SHORT_ID_MAX];
    char line[480];
    (void)pl_entry_label(a, label, sizeof(label));
    pl_short_id_format(id, PL_KIND_ACTION, pl_entry_int(a, PL_F_NO, 0));
    (void)snprintf(line, sizeof(line), "%s%s %s", before, id, label);
    text(c->s, "SUMMARY", line);
}

static void todo_tail(struct calendar *c, const struct pl_entry *a)
{
    static const int priorities[] = {
        [PL_PRIORITY_CRITICAL] = 1, [PL_PRIORITY_HIGH] = 3, [PL_PRIORITY_MEDIUM] = 5};
    int64_t p = pl_action_priority(a);
    if (p >= PL_PRIORITY_CRITICAL && p <= PL_PRIORITY_MEDIUM)
        putf(c->s, "PRIORITY:%d\r\n", priorities[p]);
    text(c->s, "CONTACT", pl_doc_user_name(c->d, pl_entry_int(a, PL_F_ACTION_OWNER, 0)));
    url_line(c->s, pl_entry_str(a, PL_F_ACTION_TRACKER_URL));
    end(c, "VTODO");
}

static void time_if(struct sink *s, const char *name, const struct pl_entry *en, uint32_t field)
{
    const struct pl_value *v = pl_entry_reg(en, field);
    if (v->type == PL_VAL_INT)
        time_line(s, name, v->i);
}

static void action(struct calendar *c, const struct pl_entry *a, const char *what)
{
    int64_t state = pl_entry_int(a, PL_F_ACTION_STATE, PL_STATE_IDEA);
    begin(c, "VTODO", what);
    time_if(c->s, "DUE", a, PL_F_ACTION_DUE);
    if (pl_str_eq(todo_status(state), "COMPLETED"))
        time_if(c->s, "COMPLETED", a, PL_F_ACTION_DONE_AT);
    summary(c, a, "");
    text(c->s, "DESCRIPTION", pl_entry_cstr(a, PL_F_ACTION_FINISH_TEST));
    putf(c->s, "STATUS:%s\r\n", todo_status(state));
    todo_tail(c, a);
}

static void effect(struct calendar *c, const struct pl_entry *a, const char *what)
{
    char of[64];
    bool judged =
        pl_entry_int(a, PL_F_ACTION_EFFECT_RESULT, PL_RESULT_CANNOT_TELL) != PL_RESULT_CANNOT_TELL;
    (void)snprintf(of, sizeof(of), "%s-effect", what);
    begin(c, "VTODO", of);
    time_if(c->s, "DUE", a, PL_F_ACTION_EFFECT_DUE);
    if (judged)
        time_if(c->s, "COMPLETED", a, PL_F_ACTION_EFFECT_AT);
    summary(c, a, "Did it work? ");
    text(c->s, "DESCRIPTION", pl_entry_str(a, PL_F_ACTION_MEASURE_WHAT));
    putf(c->s, "STATUS:%s\r\n", judged ? "COMPLETED" : "NEEDS-ACTION");
    todo_tail(c, a);
}

static void actions(struct calendar *c)
{
    size_t n = 0;
    char what[64];
    struct pl_entry **all = list_of(c->d, PL_KIND_ACTION, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t state = pl_entry_int(all[i], PL_F_ACTION_STATE, PL_STATE_IDEA);
        if (state == PL_STATE_IDEA)
            continue; /* nobody has promised it */
        (void)snprintf(what, sizeof(what), "action-%lld",
                       (long long)pl_entry_int(all[i], PL_F_NO, 0));
        action(c, all[i], what);
        if (state >= PL_STATE_VERIFIED && state <= PL_STATE_CANNOT_TELL &&
            pl_entry_reg(all[i], PL_F_ACTION_EFFECT_DUE)->type == PL_VAL_INT)
            effect(c, all[i], what);
    }
    free(all);
}

static bool is_realm(const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", s[i]) ==
            NULL)
            return false;
    return n > 0 && n <= REALM_MAX;
}

int pl_render_ical(const struct pl_doc *d, const char *realm, struct pl_buf *out, struct pl_err *e)
{
    struct sink s;
    struct calendar c = {.s = &s, .d = d, .realm = realm};
    if (!is_realm(realm))
        return pl_fail(e, PL_E_INVALID, "a realm is made of letters, digits, dots and hyphens");
    c.no = (long long)pl_entry_int(pl_doc_root(d), PL_F_NO, 0);
    pl_doc_each(d, see_change, &c);
    sink_init(&s, out);
    putf(&s, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Plimsoll//Review//EN\r\n"
             "CALSCALE:GREGORIAN\r\n");
    session(&c);
    actions(&c);
    put(&s, "END:VCALENDAR\r\n");
    if (c.parts == 0 && s.rc == 0) {
        out->len = s.start;
        return pl_fail(e, PL_E_NOENT, "no session is planned and no action was committed to");
    }
    return sink_end(&s, e);
}
