// SPDX-License-Identifier: Apache-2.0
/*
 * The second half of the Markdown renderer: the tree of causes, actions with their details, lessons
 * and comments. Trees are walked as the flat lists in order that the document gives; the depth of
 * an entry is counted upwards.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/doc/checks.h"
#include "plimsoll/doc/vote.h"

#include "markdown_int.h"

#define DEPTH_SHOWN 12 /* deeper nesting is shown at this depth */

/* How many entries of its own kind hang above an entry. */
static unsigned depth_of(const struct pl_doc *d, const struct pl_entry *en)
{
    unsigned depth = 0;

    for (const struct pl_entry *up = pl_doc_entry(d, pl_entry_parent(en));
         up != NULL && pl_entry_kind(up) == pl_entry_kind(en) && depth < DEPTH_SHOWN;
         up = pl_doc_entry(d, pl_entry_parent(up)))
        depth++;
    return depth;
}

void md_note(char *note, size_t cap, const char *word)
{
    size_t at = strlen(note);

    if (word != NULL && word[0] != '\0')
        (void)snprintf(note + at, cap - at, "%s%s", at > 0 ? ", " : "", word);
}

void md_votes(const struct pl_doc *d, const struct pl_entry *en, char *note, size_t cap)
{
    long long votes = (long long)pl_entry_votes(en);
    const struct pl_entry *into = pl_entry_merged_into(d, en);
    char word[PL_SHORT_ID_MAX + 16];

    if (votes > 0) {
        (void)snprintf(word, sizeof word, "%lld %s", votes, votes == 1 ? "dot" : "dots");
        md_note(note, cap, word);
    }
    if (into != NULL) {
        char id[PL_SHORT_ID_MAX];
        pl_short_id_format(id, pl_entry_kind(into), pl_entry_int(into, PL_F_NO, 0));
        (void)snprintf(word, sizeof word, "merged into %s", id);
        md_note(note, cap, word);
    }
}

static void cause_note(const struct pl_doc *d, const struct pl_entry *en, char *note, size_t cap)
{
    note[0] = '\0';
    md_note(note, cap, pl_enum_name(PL_EN_QUESTION, pl_entry_int(en, PL_F_CAUSE_QUESTION, 0)));
    md_note(note, cap, pl_enum_name(PL_EN_CLASS, pl_entry_int(en, PL_F_CAUSE_CLASS, 0)));
    md_note(note, cap, pl_enum_name(PL_EN_FACTOR, pl_entry_int(en, PL_F_CAUSE_FACTOR, 0)));
    md_note(note, cap, pl_enum_name(PL_EN_CAUSE_ROLE, pl_entry_int(en, PL_F_CAUSE_ROLE, 0)));
    for (char *p = note; *p != '\0'; p++) {
        if (*p == '_')
            *p = ' ';
    }
    md_votes(d, en, note, cap);
}

void md_causes(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_CAUSE, &n);

    if (n > 0)
        put(s, "\n## Causes\n\n");
    for (size_t i = 0; i < n; i++) {
        char note[128];
        cause_note(d, v[i], note, sizeof note);
        md_item(s, v[i], note, depth_of(d, v[i]) * 2);
    }
    free(v);
}

/* --- actions ----------------------------------------------------------------------- */

static void action_row(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    const char *priority = pl_enum_name(PL_EN_PRIORITY, pl_action_priority(en));
    char label[240];

    (void)pl_entry_label(en, label, sizeof label);
    put(s, "| ");
    put_id(s, en);
    put(s, " | ");
    md_cell(s, label);
    put(s, " | ");
    put_enum(s, en, PL_F_ACTION_CONTROL);
    put(s, " | ");
    put(s, priority != NULL ? priority : "");
    put(s, " | ");
    md_cell(s, pl_doc_user_name(d, pl_entry_int(en, PL_F_ACTION_OWNER, 0)));
    put(s, " | ");
    put_time(s, pl_entry_reg(en, PL_F_ACTION_DUE));
    put(s, " | ");
    put_enum(s, en, PL_F_ACTION_STATE);
    put(s, " |\n");
}

static void str_line(struct sink *s, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    putf(s, "- **%s:** ", name);
    md_after(s, text, 2);
}

static void measure_line(struct sink *s, const struct pl_entry *en)
{
    const char *unit = pl_entry_str(en, PL_F_ACTION_MEASURE_UNIT);

    if (pl_entry_str(en, PL_F_ACTION_MEASURE_WHAT)[0] == '\0')
        return;
    put(s, "- **Measure:** ");
    md_line(s, pl_entry_str(en, PL_F_ACTION_MEASURE_WHAT));
    put(s, ", from ");
    md_line(s, pl_entry_str(en, PL_F_ACTION_MEASURE_BASELINE));
    put(s, " to ");
    md_line(s, pl_entry_str(en, PL_F_ACTION_MEASURE_TARGET));
    put(s, " ");
    md_line(s, unit);
    put(s, "\n");
}

static void causes_line(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    size_t n = pl_entry_set_count(en, PL_F_ACTION_CAUSES);
    bool first = true;

    for (size_t i = 0; i < n; i++) {
        struct pl_eid eid;
        const struct pl_entry *cause =
            pl_eid_from_elem(pl_entry_set_at(en, PL_F_ACTION_CAUSES, i), &eid)
                ? pl_doc_entry(d, eid)
                : NULL;
        if (cause == NULL || !pl_entry_is_visible(d, cause))
            continue;
        put(s, first ? "- **Causes:** " : ", ");
        put_id(s, cause);
        first = false;
    }
    if (!first)
        put(s, "\n");
}

static void evidence_lines(struct sink *s, const struct pl_doc *d, const struct pl_entry *action)
{
    size_t n = 0;
    struct pl_entry **v = children_of(d, action, PL_KIND_EVIDENCE, &n);

    for (size_t i = 0; i < n; i++) {
        put(s, "- **Evidence:** ");
        put_enum(s, v[i], PL_F_EVIDENCE_KIND);
        put(s, " ");
        md_line(s, pl_entry_str(v[i], PL_F_EVIDENCE_REFERENCE));
        put(s, " ");
        md_after(s, pl_entry_cstr(v[i], PL_F_BODY), 2);
    }
    free(v);
}

static void action_details(struct sink *s, const struct pl_doc *d, const struct pl_entry *en)
{
    put(s, "\n### ");
    put_id(s, en);
    put(s, "\n\n");
    md_block(s, pl_entry_cstr(en, PL_F_BODY), 0);
    put(s, "\n");
    if (pl_entry_int(en, PL_F_ACTION_KIND, 0) != 0) {
        put(s, "- **Kind:** ");
        put_enum(s, en, PL_F_ACTION_KIND);
        put(s, "\n");
    }
    char votes[64] = "";
    md_votes(d, en, votes, sizeof votes);
    str_line(s, "Vote", votes);
    str_line(s, "Finish test", pl_entry_cstr(en, PL_F_ACTION_FINISH_TEST));
    measure_line(s, en);
    causes_line(s, d, en);
    str_line(s, "Tracker", pl_entry_str(en, PL_F_ACTION_TRACKER_KEY));
    str_line(s, "Tracker address", pl_entry_str(en, PL_F_ACTION_TRACKER_URL));
    str_line(s, "Not in a tracker", pl_entry_str(en, PL_F_ACTION_UNTRACKED_REASON));
    str_line(s, "Reason", pl_entry_str(en, PL_F_ACTION_STATE_REASON));
    str_line(s, "Reason of the priority", pl_entry_str(en, PL_F_ACTION_PRIORITY_REASON));
    evidence_lines(s, d, en);
    if (pl_entry_int(en, PL_F_ACTION_EFFECT_RESULT, 0) != 0) {
        put(s, "- **Effectiveness:** ");
        put_enum(s, en, PL_F_ACTION_EFFECT_RESULT);
        put(s, " ");
        md_line(s, pl_entry_str(en, PL_F_ACTION_EFFECT_VALUE));
        put(s, "\n");
    }
    str_line(s, "Effectiveness, note", pl_entry_cstr(en, PL_F_ACTION_EFFECT_NOTE));
}

void md_actions(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_ACTION, &n);

    if (n > 0)
        put(s, "\n## Actions\n\n| # | Action | Control | Priority | Owner | Due | State |\n"
               "| --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < n; i++)
        action_row(s, d, v[i]);
    for (size_t i = 0; i < n; i++)
        action_details(s, d, v[i]);
    free(v);
}

/* --- waived checks ----------------------------------------------------------------- */

void md_waivers(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_WAIVER, &n);

    if (n > 0)
        put(s, "\n## Waived checks\n\n");
    for (size_t i = 0; i < n; i++) {
        const char *check = pl_entry_str(v[i], PL_F_WAIVER_CHECK);
        const struct pl_check_info *info = pl_check_info(pl_check_by_id(check));
        const struct pl_value *on = pl_entry_reg(v[i], PL_F_WAIVER_ENTRY);
        const struct pl_entry *en = on->type == PL_VAL_EID ? pl_doc_entry(d, on->eid) : NULL;
        put(s, "- **");
        put_id(s, v[i]);
        put(s, "** ");
        md_line(s, check);
        if (info != NULL)
            putf(s, " (%s)", info->title);
        if (en != NULL && !pl_eid_is_root(on->eid)) {
            put(s, " for ");
            put_id(s, en);
        }
        if (pl_entry_int(v[i], PL_F_WAIVER_BY, 0) != 0) {
            put(s, ", waived by ");
            md_line(s, pl_doc_user_name(d, pl_entry_int(v[i], PL_F_WAIVER_BY, 0)));
        }
        if (pl_entry_reg(v[i], PL_F_WAIVER_AT)->type == PL_VAL_INT) {
            put(s, ", ");
            put_time(s, pl_entry_reg(v[i], PL_F_WAIVER_AT));
        }
        put(s, ": ");
        md_line(s, pl_entry_str(v[i], PL_F_WAIVER_REASON));
        put(s, "\n");
    }
    free(v);
}

/* --- lessons and comments ---------------------------------------------------------- */

void md_lessons(struct sink *s, const struct pl_doc *d)
{
    static const struct {
        uint32_t field;
        const char *title;
    } parts[] = {
        {PL_F_LESSON_SUMMARY, "Summary"},     {PL_F_LESSON_WHAT_HAPPENED, "What happened"},
        {PL_F_LESSON_DETECTION, "Detection"}, {PL_F_LESSON_FACTORS, "Contributing factors"},
        {PL_F_LESSON_WENT_WELL, "Went well"}, {PL_F_LESSON_WENT_BADLY, "Went badly"},
        {PL_F_LESSON_LESSONS, "Lessons"},     {PL_F_LESSON_ACTIONS, "Recommended actions"},
    };
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_LESSON, &n);

    if (n > 0)
        put(s, "\n## Lessons to share\n");
    for (size_t i = 0; i < n; i++) {
        put(s, "\n### ");
        put_id(s, v[i]);
        put(s, " ");
        md_line(s, pl_entry_str(v[i], PL_F_TITLE));
        put(s, "\n");
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++) {
            const char *text = pl_entry_cstr(v[i], parts[k].field);
            if (text[0] == '\0')
                continue;
            putf(s, "\n%s:\n\n", parts[k].title);
            md_block(s, text, 0);
        }
    }
    free(v);
}

void md_comments(struct sink *s, const struct pl_doc *d)
{
    size_t n = 0;
    struct pl_entry **v = list_of(d, PL_KIND_COMMENT, &n);

    if (n > 0)
        put(s, "\n## Comments\n\n");
    for (size_t i = 0; i < n; i++) {
        unsigned indent = depth_of(d, v[i]) * 2;
        const struct pl_entry *on = pl_doc_entry(d, pl_entry_parent(v[i]));
        struct pl_value at = pl_value_int(pl_entry_created_us(v[i]));
        putf(s, "%*s- **", (int)indent, "");
        put_id(s, v[i]);
        put(s, "** ");
        if (indent == 0 && on != NULL) {
            put(s, "on ");
            put_id(s, on);
            put(s, ", ");
        }
        md_line(s, pl_doc_user_name(d, (int64_t)pl_entry_created_by(v[i])));
        if (at.i != 0) {
            put(s, ", ");
            put_time(s, &at);
        }
        put(s, pl_entry_int(v[i], PL_F_COMMENT_RESOLVED, 0) != 0 ? ", resolved: " : ": ");
        md_after(s, pl_entry_cstr(v[i], PL_F_BODY), indent + 2);
    }
    free(v);
}
