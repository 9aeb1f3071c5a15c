// SPDX-License-Identifier: Apache-2.0
/*
 * Adding entries: what a kind cannot do without is asked for, everything else can be set later.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "ui/view.h"

/* Adds, and selects what was added; else the question stays, with what was typed. */
static void add(struct ui *ui, const struct act_field *fields, size_t n)
{
    struct rview *rv = &ui->rv;
    struct pl_eid eid = PL_EID_ROOT;
    struct pl_err e;
    pl_err_init(&e);
    int rc = rv->review ? act_add(rv->review, rv->add_kind, rv->add_parent, fields, n, &eid, &e)
                        : pl_fail(&e, PL_E_REVOKED, "the review is not open any more");
    if (rc < 0) {
        ui_say_error(ui, &e);
        prompt_again(&ui->prompt);
        return;
    }
    rv->is_stale = true;
    rview_refresh(ui);
    struct item like = {.type = ITEM_ENTRY, .eid = eid};
    (void)list_select(ui->view == VIEW_ENTRY ? &rv->fields : &rv->lists[rv->tab], &like);
    ui_say(ui, STYLE_TEXT, "added - u undo, Enter for its fields");
}

/* --- the text, asked for last
 * ----------------------------------------------------------------------- */

static void on_text(struct ui *ui, const char *text, size_t choice)
{
    struct rview *rv = &ui->rv;
    struct act_field f[2];
    size_t n = 0;
    (void)choice;
    if (!text || !text[0])
        return;
    bool has_title = rv->add_kind == PL_KIND_MATERIAL || rv->add_kind == PL_KIND_LESSON;
    f[n++] = (struct act_field){has_title ? "title" : "body", text};
    if (rv->add_kind == PL_KIND_EVENT)
        f[n++] = (struct act_field){"happened_at", rv->add_value};
    else if (rv->add_kind == PL_KIND_OBSERVATION)
        f[n++] = (struct act_field){"kind", rv->add_value};
    else if (rv->add_kind == PL_KIND_CAUSE && rv->add_value[0])
        f[n++] = (struct act_field){"question", rv->add_value};
    else if (rv->add_kind == PL_KIND_ACTION)
        f[n++] = (struct act_field){"state", "idea"};
    add(ui, f, n);
}

static void ask_text(struct ui *ui, const char *label)
{
    prompt_ask(&ui->prompt, label, "", on_text);
}

/* --- what comes before
 * ------------------------------------------------------------------------------ */

const char *rview_full_time(int64_t day_us, bool ends, const char *text, char *buf, size_t size)
{
    char day[PL_RFC3339_SIZE];
    size_t n = strlen(text);
    if (n == 10 && text[4] == '-') {
        (void)snprintf(buf, size, "%sT%s", text, ends ? "23:59:59Z" : "00:00:00Z");
        return buf;
    }
    if ((n != 5 && n != 8) || text[2] != ':')
        return text;
    (void)pl_rfc3339_format(day_us, 0, 0, day);
    (void)snprintf(buf, size, "%.10sT%s%sZ", day, text, n == 5 ? ":00" : "");
    return buf;
}

/* Judged here, before the sentence is asked for. */
static void on_time(struct ui *ui, const char *text, size_t choice)
{
    char full[80];
    int64_t us = 0;
    (void)choice;
    if (!text)
        return;
    const char *at =
        text[0] ? rview_full_time(ui->rv.add_day, false, text, full, sizeof(full)) : "";
    if (!text[0]) { /* nothing: now */
        us = pl_now_us();
    } else if (pl_rfc3339_parse(at, strlen(at), &us, NULL) < 0) {
        ui_say(ui, STYLE_LATE, "'%.40s' is not a time; write 09:18 or 2026-03-01T09:18:00Z (UTC)",
               text);
        prompt_again(&ui->prompt);
        return;
    }
    (void)pl_rfc3339_format(us, 0, us % 1000000 == 0 ? 0 : 6, full);
    (void)pl_strlcpy(ui->rv.add_value, full, sizeof(ui->rv.add_value));
    ask_text(ui, "What happened:");
}

static void on_word(struct ui *ui, const char *text, size_t choice)
{
    (void)choice;
    if (!text)
        return;
    (void)pl_strlcpy(ui->rv.add_value, text, sizeof(ui->rv.add_value));
    ask_text(ui, ui->rv.add_kind == PL_KIND_CAUSE ? "Cause:" : "Observation:");
}

static void ask_word(struct ui *ui, const char *label, uint32_t en)
{
    int64_t v = 0;
    prompt_menu(&ui->prompt, label, on_word);
    for (size_t i = 0; (v = pl_enum_at(en, i)) != 0; i++)
        prompt_option(&ui->prompt, pl_enum_name(en, v));
}

static void on_prepare_kind(struct ui *ui, const char *text, size_t choice)
{
    static const uint32_t kinds[] = {PL_KIND_MATERIAL, PL_KIND_RULE, PL_KIND_AGENDA};
    if (!text)
        return;
    ui->rv.add_kind = kinds[choice];
    ask_text(ui, choice == 0 ? "Title of the material:" : "Text:");
}

/* The time that most likely follows: that of the selected event, else now. */
static void ask_time(struct ui *ui)
{
    char at[PL_RFC3339_SIZE];
    const struct item *it = list_at(&ui->rv.lists[ui->rv.tab]);
    const struct pl_entry *en = it ? pl_doc_entry(review_doc(ui->rv.review), it->eid) : NULL;
    int64_t us = en && pl_entry_kind(en) == PL_KIND_EVENT
                     ? pl_entry_int(en, PL_F_EVENT_HAPPENED_AT, pl_now_us())
                     : pl_now_us();
    (void)pl_rfc3339_format(us, 0, 0, at);
    ui->rv.add_day = us;
    prompt_preset(&ui->prompt, "When:", at, on_time);
}

void rview_add(struct ui *ui, bool child)
{
    static const uint32_t kinds[UI_TABS] = {PL_KIND_MATERIAL, PL_KIND_EVENT,  PL_KIND_OBSERVATION,
                                            PL_KIND_CAUSE,    PL_KIND_ACTION, PL_KIND_ACTION,
                                            PL_KIND_LESSON};
    struct rview *rv = &ui->rv;
    const struct item *it = list_at(&rv->lists[rv->tab]);
    rv->add_kind = kinds[rv->tab];
    rv->add_parent = PL_EID_ROOT;
    rv->add_value[0] = '\0';
    if (rv->tab == 0) {
        prompt_menu(&ui->prompt, "Add", on_prepare_kind);
        prompt_option(&ui->prompt, "material");
        prompt_option(&ui->prompt, "ground rule");
        prompt_option(&ui->prompt, "agenda item");
    } else if (rv->tab == 1) {
        ask_time(ui);
    } else if (rv->tab == 2) {
        ask_word(ui, "Column", PL_EN_OBSERVATION);
    } else if (rv->tab == 3 && child && it) {
        rv->add_parent = it->eid;
        ask_text(ui, "Why was that:");
    } else if (rv->tab == 3) {
        ask_word(ui, "Question", PL_EN_QUESTION);
    } else {
        ask_text(ui, rv->tab == 6 ? "Title of the lesson:" : "Action:");
    }
}

void rview_comment(struct ui *ui, struct pl_eid on)
{
    const struct pl_entry *en = pl_doc_entry(review_doc(ui->rv.review), on);
    if (!en)
        return;
    if (pl_entry_kind(en) == PL_KIND_COMMENT)
        on = pl_entry_parent(en); /* an answer stands beside what it answers */
    ui->rv.add_kind = PL_KIND_COMMENT;
    ui->rv.add_parent = on;
    ask_text(ui, "Comment:");
}
