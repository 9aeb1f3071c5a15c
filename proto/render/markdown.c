// SPDX-License-Identifier: Apache-2.0
/*
 * The review as Markdown (render/markdown.h): front matter, header, and the sections that hold
 * something. Actions, comments and the tail are in markdown_work.c.
 */
#include "plimsoll/render/markdown.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "markdown_int.h"

/* A string in quotes as YAML and JSON both read it. */
static void put_quoted(struct sink *s, const char *text)
{
    json_t *j = json_string(text);
    char *quoted = j != NULL ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

    if (quoted != NULL)
        put_safe(s, quoted, strlen(quoted));
    else
        s->rc = -PL_E_NOMEM;
    free(quoted);
    json_decref(j);
}

static void put_quoted_set(struct sink *s, const char *key, const struct pl_entry *en,
                           uint32_t field)
{
    size_t n = pl_entry_set_count(en, field);
    char text[PL_ELEM_MAX + 1];

    putf(s, "%s: [", key);
    for (size_t i = 0; i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(en, field, i);
        memcpy(text, el->b, el->len);
        text[el->len] = '\0';
        put(s, i > 0 ? ", " : "");
        put_quoted(s, text);
    }
    put(s, "]\n");
}

static void put_raw_enum(struct sink *s, const char *key, const struct pl_entry *en, uint32_t field)
{
    const struct pl_field *f = pl_field_find(pl_entry_kind(en), field);
    const char *name = pl_enum_name(f->ref, pl_entry_int(en, field, 0));

    if (name != NULL)
        putf(s, "%s: %s\n", key, name);
}

static void front_matter(struct sink *s, const struct pl_doc *d)
{
    const struct pl_entry *r = pl_doc_root(d);

    put(s, "---\nid: ");
    put_id(s, r);
    putf(s, "\nrev: %llu\ntitle: ", (unsigned long long)pl_doc_rev(d));
    put_quoted(s, pl_entry_str(r, PL_F_TITLE));
    put(s, "\n");
    put_raw_enum(s, "status", r, PL_F_REVIEW_STATUS);
    put_raw_enum(s, "stage", r, PL_F_REVIEW_STAGE);
    put_raw_enum(s, "kind", r, PL_F_REVIEW_KIND);
    put_raw_enum(s, "severity", r, PL_F_REVIEW_SEVERITY);
    put_quoted_set(s, "incidents", r, PL_F_REVIEW_INCIDENTS);
    put_quoted_set(s, "services", r, PL_F_REVIEW_SERVICES);
    put(s, "---\n\n");
}

void md_set(struct sink *s, const struct pl_entry *en, uint32_t field)
{
    size_t n = pl_entry_set_count(en, field);
    char text[PL_ELEM_MAX + 1];

    for (size_t i = 0; i < n; i++) {
        const struct pl_elem *el = pl_entry_set_at(en, field, i);
        memcpy(text, el->b, el->len);
        text[el->len] = '\0';
        put(s, i > 0 ? ", " : "");
        md_line(s, text);
    }
}

static void session_line(struct sink *s, const struct pl_entry *r)
{
    const struct pl_value *start = pl_entry_reg(r, PL_F_REVIEW_SESSION_START);
    int64_t minutes = pl_entry_int(r, PL_F_REVIEW_SESSION_MINUTES, 0);
    const char *place = pl_entry_str(r, PL_F_REVIEW_SESSION_PLACE);

    if (start->type == PL_VAL_NULL)
        return;
    put(s, "- **Session:** ");
    put_time(s, start);
    put(s, " UTC");
    if (minutes > 0)
        putf(s, ", %lld minutes", (long long)minutes);
    if (place[0] != '\0') {
        put(s, ", ");
        md_line(s, place);
    }
    put(s, "\n");
}

static void set_line(struct sink *s, const char *name, const struct pl_entry *r, uint32_t field)
{
    if (pl_entry_set_count(r, field) == 0)
        return;
    putf(s, "- **%s:** ", name);
    md_set(s, r, field);
    put(s, "\n");
}

static void enum_line(struct sink *s, const char *name, const struct pl_entry *en, uint32_t field)
{
    if (pl_entry_int(en, field, 0) == 0)
        return;
    putf(s, "- **%s:** ", name);
    put_enum(s, en, field);
    put(s, "\n");
}

static void said_line(struct sink *s, const char *name, const struct pl_entry *r, uint32_t field)
{
    const char *said = pl_entry_str(r, field);

    if (said[0] == '\0')
        return;
    putf(s, "- **%s:** ", name);
    md_line(s, said);
    put(s, "\n");
}

static void header(struct sink *s, const struct pl_doc *d)
{
    const struct pl_entry *r = pl_doc_root(d);
    const char *impact = pl_entry_cstr(r, PL_F_REVIEW_IMPACT);

    put(s, "# ");
    put_id(s, r);
    put(s, " ");
    md_line(s, pl_entry_str(r, PL_F_TITLE));
    put(s, "\n\n");
    enum_line(s, "Status", r, PL_F_REVIEW_STATUS);
    enum_line(s, "Kind", r, PL_F_REVIEW_KIND);
    enum_line(s, "Severity", r, PL_F_REVIEW_SEVERITY);
    set_line(s, "Incidents", r, PL_F_REVIEW_INCIDENTS);
    set_line(s, "Services", r, PL_F_REVIEW_SERVICES);
    set_line(s, "Recurrence of", r, PL_F_REVIEW_RECURRENCE_OF);
    if (pl_entry_str(r, PL_F_REVIEW_IMPACT_VALUE)[0] != '\0') {
        put(s, "- **Impact:** ");
        md_line(s, pl_entry_str(r, PL_F_REVIEW_IMPACT_VALUE));
        put(s, " ");
        md_line(s, pl_entry_str(r, PL_F_REVIEW_IMPACT_UNIT));
        put(s, "\n");
    }
    session_line(s, r);
    enum_line(s, "Neutral facilitator", r, PL_F_REVIEW_NEUTRALITY);
    said_line(s, "Neutrality, reason", r, PL_F_REVIEW_NEUTRALITY_NOTE);
    said_line(s, "Neutrality, answer", r, PL_F_REVIEW_NEUTRALITY_ANSWER);
    if (impact[0] != '\0') {
        put(s, "\n## Impact\n\n");
        md_block(s, impact, 0);
    }
}

static void participants(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_PARTICIPANT, &n);

    if (n > 0)
        put(s,
            "\n## Participants\n\n| Name | Role | Duty in the incident |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++) {
        put(s, "| ");
        md_cell(s, pl_entry_str(v[i], PL_F_PARTICIPANT_NAME));
        put(s, " | ");
        put_enum(s, v[i], PL_F_PARTICIPANT_ROLE);
        put(s, " | ");
        if (pl_entry_int(v[i], PL_F_PARTICIPANT_DUTY, 0) == PL_DUTY_OTHER)
            md_cell(s, pl_entry_str(v[i], PL_F_PARTICIPANT_DUTY_OTHER));
        else
            put_enum(s, v[i], PL_F_PARTICIPANT_DUTY);
        put(s, " |\n");
    }
    free(v);
}

void md_item(struct sink *s, const struct pl_entry *en, const char *note, unsigned indent)
{
    putf(s, "%*s- **", (int)indent, "");
    put_id(s, en);
    put(s, "** ");
    if (note != NULL && note[0] != '\0')
        putf(s, "(%s) ", note);
    md_after(s, pl_entry_cstr(en, PL_F_BODY), indent + 2);
}

static void plan(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_RULE, &n);

    if (n > 0)
        put(s, "\n## Ground rules\n\n");
    for (size_t i = 0; i < n; i++)
        md_item(s, v[i], NULL, 0);
    free(v);
    v = list_of(d, PL_KIND_AGENDA, &n);
    if (n > 0)
        put(s, "\n## Agenda\n\n");
    for (size_t i = 0; i < n; i++) {
        const char *stage = pl_enum_name(PL_EN_STAGE, pl_entry_int(v[i], PL_F_AGENDA_STAGE, 0));
        long long minutes = (long long)pl_entry_int(v[i], PL_F_AGENDA_MINUTES, 0);
        char note[64];
        (void)snprintf(note, sizeof note, "%s%s%lld minutes", stage != NULL ? stage : "",
                       stage != NULL ? ", " : "", minutes);
        md_item(s, v[i], minutes > 0 ? note : stage, 0);
    }
    free(v);
}

static void materials(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_MATERIAL, &n);

    if (n > 0)
        put(s, "\n## Materials\n\n");
    for (size_t i = 0; i < n; i++) {
        const char *body = pl_entry_cstr(v[i], PL_F_BODY);
        put(s, "- **");
        put_id(s, v[i]);
        put(s, "** ");
        put_enum(s, v[i], PL_F_MATERIAL_KIND);
        put(s, ": ");
        md_line(s, pl_entry_str(v[i], PL_F_TITLE));
        put(s, " ");
        md_line(s, pl_entry_str(v[i], PL_F_MATERIAL_URL));
        put(s, "\n");
        if (body[0] != '\0') {
            put(s, "\n  ");
            md_block(s, body, 2);
            put(s, "\n");
        }
    }
    free(v);
}

static void claims(struct sink *s, const struct pl_doc *d, const struct pl_entry *account)
{
    size_t n = 0;
    struct pl_entry **v = children_of(d, account, PL_KIND_CLAIM, &n);

    if (n > 0)
        put(s, "\n");
    for (size_t i = 0; i < n; i++) {
        const struct pl_entry *ev = pl_doc_entry(d, pl_entry_reg(v[i], PL_F_CLAIM_EVENT)->eid);
        const struct pl_value *knew = pl_entry_reg(v[i], PL_F_CLAIM_KNEW_THEN);
        put(s, "- ");
        if (ev != NULL && pl_entry_kind(ev) == PL_KIND_EVENT)
            put_id(s, ev);
        put(s, " at ");
        md_when(s, v[i], PL_F_CLAIM_HAPPENED_AT, PL_F_CLAIM_PRECISION, PL_F_CLAIM_PRECISION_S);
        if (knew->type == PL_VAL_INT)
            put(s, knew->i != 0 ? ", known then" : ", not known then");
        put(s, " ");
        md_after(s, pl_entry_cstr(v[i], PL_F_BODY), 2);
    }
    free(v);
}

static void accounts(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_ACCOUNT, &n);

    if (n > 0)
        put(s, "\n## Accounts\n");
    for (size_t i = 0; i < n; i++) {
        int64_t author = (int64_t)pl_entry_author(d, v[i]);
        put(s, "\n### ");
        put_id(s, v[i]);
        put(s, " ");
        md_line(s, pl_doc_user_name(d, author));
        put(s, "\n\n");
        md_block(s, pl_entry_cstr(v[i], PL_F_BODY), 0);
        claims(s, d, v[i]);
    }
    free(v);
}

void md_when(struct sink *s, const struct pl_entry *en, uint32_t at, uint32_t precision,
             uint32_t precision_s)
{
    int64_t p = pl_entry_int(en, precision, PL_PRECISION_EXACT);
    int64_t seconds = pl_entry_int(en, precision_s, 0);

    if (pl_entry_reg(en, at)->type == PL_VAL_NULL) {
        put(s, "?");
        return;
    }
    const char *name = pl_enum_name(PL_EN_PRECISION, p);
    if (p != PL_PRECISION_EXACT && name != NULL)
        putf(s, "%s ", name);
    put_time(s, pl_entry_reg(en, at));
    if (p == PL_PRECISION_ABOUT && seconds > 0)
        putf(s, " \xC2\xB1%lld s", (long long)seconds);
}

static void event_row(struct sink *s, const struct pl_entry *en)
{
    put(s, "| ");
    put_id(s, en);
    put(s, " | ");
    md_when(s, en, PL_F_EVENT_HAPPENED_AT, PL_F_EVENT_PRECISION, PL_F_EVENT_PRECISION_S);
    put(s, " | ");
    put_time(s, pl_entry_reg(en, PL_F_EVENT_KNOWN_AT));
    put(s, " | ");
    md_cell(s, pl_entry_cstr(en, PL_F_BODY));
    put(s, " | ");
    put_enum(s, en, PL_F_EVENT_LENS);
    put(s, " | ");
    put_enum(s, en, PL_F_EVENT_MARKER);
    put(s, " | ");
    md_cell(s, pl_entry_str(en, PL_F_EVENT_ACTOR));
    put(s, " | ");
    md_cell(s, pl_entry_str(en, PL_F_EVENT_SOURCE));
    put(s, " |\n");
}

/* What was known and open at a decision does not fit into a cell. */
static void decision(struct sink *s, const struct pl_entry *en)
{
    const char *known = pl_entry_cstr(en, PL_F_EVENT_KNOWN_THEN);
    const char *options = pl_entry_cstr(en, PL_F_EVENT_OPTIONS);

    if (known[0] == '\0' && options[0] == '\0')
        return;
    put(s, "\n### ");
    put_id(s, en);
    put(s, " as it looked then\n");
    if (known[0] != '\0') {
        put(s, "\nKnown then:\n\n");
        md_block(s, known, 0);
    }
    if (options[0] != '\0') {
        put(s, "\nOptions:\n\n");
        md_block(s, options, 0);
    }
    if (pl_entry_int(en, PL_F_EVENT_ASSESSMENT, 0) != 0) {
        put(s, "\nAssessment: ");
        put_enum(s, en, PL_F_EVENT_ASSESSMENT);
        put(s, "\n");
    }
}

static void timeline(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_EVENT, &n);

    if (n > 0)
        put(s, "\n## Timeline\n\nAll times are UTC. Known: when we came to know of it.\n\n"
               "| # | Happened | Known | What | Lens | Mark | Who | Source |\n"
               "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++)
        event_row(s, v[i]);
    for (size_t i = 0; i < n; i++)
        decision(s, v[i]);
    free(v);
}

static void observations_of(struct sink *s, const struct pl_doc *d, struct pl_entry *const *v,
                            size_t n, int64_t kind, const char *title)
{
    bool first = true;
    char note[96];

    for (size_t i = 0; i < n; i++) {
        if (pl_entry_int(v[i], PL_F_OBSERVATION_KIND, 0) != kind)
            continue;
        if (first)
            putf(s, "\n### %s\n\n", title);
        first = false;
        note[0] = '\0';
        md_note(note, sizeof note,
                pl_enum_name(PL_EN_LENS, pl_entry_int(v[i], PL_F_OBSERVATION_LENS, 0)));
        md_votes(d, v[i], note, sizeof note);
        md_item(s, v[i], note, 0);
    }
}

static void observations(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_OBSERVATION, &n);

    if (n > 0)
        put(s, "\n## Observations\n");
    observations_of(s, d, v, n, PL_OBSERVATION_WELL, "What went well");
    observations_of(s, d, v, n, PL_OBSERVATION_BADLY, "What went badly");
    observations_of(s, d, v, n, PL_OBSERVATION_SURPRISE, "What surprised us");
    observations_of(s, d, v, n, PL_OBSERVATION_LUCK, "Where we were lucky");
    observations_of(s, d, v, n, 0, "Not sorted");
    free(v);
}

int pl_render_markdown(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e)
{
    struct sink s;

    sink_init(&s, out);
    front_matter(&s, d);
    header(&s, d);
    participants(&s, d);
    plan(&s, d);
    materials(&s, d);
    accounts(&s, d);
    timeline(&s, d);
    observations(&s, d);
    md_causes(&s, d);
    md_actions(&s, d);
    md_waivers(&s, d);
    md_lessons(&s, d);
    md_comments(&s, d);
    return sink_end(&s, e);
}
