// SPDX-License-Identifier: Apache-2.0
/*
 * One review: seven tabs by stage, a list in each. Lists are filled from the document whenever it
 * changed, and keep the selected item.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "model/cards.h"
#include "model/refusal.h"
#include "ui/cell.h"
#include "ui/view.h"

#define DEPTH_MAX 32

const char *rview_tab_name(unsigned tab)
{
    static const char *const names[UI_TABS] = {"Prep",    "Time",  "Well/Not", "Causes",
                                               "Actions", "Track", "Share"};
    return tab < UI_TABS ? names[tab] : "";
}

/* --- filling lists
 * ---------------------------------------------------------------------------------- */

static void add_head(struct list *l, const char *text)
{
    struct item it = {.type = ITEM_HEAD, .text = text};
    list_add(l, &it);
}

typedef bool (*entry_filter)(const struct pl_entry *en, int64_t value);

/* Entries of a kind, with a heading when there are any. */
static size_t add_kind(struct list *l, const struct pl_doc *d, uint32_t kind, const char *head,
                       entry_filter filter, int64_t value)
{
    size_t n = pl_doc_list(d, kind, NULL, 0);
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    size_t shown = 0;
    n = pl_doc_list(d, kind, all, n);
    for (size_t i = 0; i < n; i++) {
        struct item it = {.type = ITEM_ENTRY, .eid = pl_entry_eid(all[i])};
        if (filter && !filter(all[i], value))
            continue;
        if (shown++ == 0 && head)
            add_head(l, head);
        list_add(l, &it);
    }
    free(all);
    return shown;
}

static void add_root_fields(struct list *l, const struct pl_doc *d, bool share)
{
    const struct pl_entry *root = pl_doc_root(d);
    const struct pl_field *f;
    for (size_t i = 0; (f = pl_field_at(PL_KIND_REVIEW, i)) != NULL; i++) {
        struct item it = {.type = ITEM_FIELD, .eid = PL_EID_ROOT, .field = f};
        bool is_shared = f->number == PL_F_REVIEW_VISIBILITY || f->number == PL_F_REVIEW_STATUS ||
                         f->number == PL_F_REVIEW_TITLE;
        if (share && !is_shared)
            continue;
        if ((f->flags & PL_FF_SERVER) && (f->number == PL_F_NO || pl_field_is_set(f) ||
                                          pl_entry_reg(root, f->number)->type == PL_VAL_NULL))
            continue;
        list_add(l, &it);
    }
}

static bool is_of_kind(const struct pl_entry *en, int64_t value)
{
    return pl_entry_int(en, PL_F_OBSERVATION_KIND, 0) == value;
}

static bool is_tracked(const struct pl_entry *en, int64_t value)
{
    (void)value;
    return pl_entry_int(en, PL_F_ACTION_STATE, 0) >= PL_STATE_COMMITTED;
}

struct level {
    struct pl_entry **all;
    size_t n, at;
};

static void causes_of(struct level *lv, const struct pl_doc *d, struct pl_eid parent)
{
    size_t n = pl_doc_children(d, parent, PL_KIND_CAUSE, NULL, 0);
    lv->all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    lv->n = pl_doc_children(d, parent, PL_KIND_CAUSE, lv->all, n);
    lv->at = 0;
}

/* The tree of causes, depth first, without recursion. */
static void add_causes(struct list *l, const struct pl_doc *d)
{
    struct level levels[DEPTH_MAX];
    int depth = 0;
    causes_of(&levels[0], d, PL_EID_ROOT);
    while (depth >= 0) {
        struct level *lv = &levels[depth];
        if (lv->at == lv->n) {
            free(lv->all);
            depth--;
            continue;
        }
        struct item it = {
            .type = ITEM_ENTRY, .eid = pl_entry_eid(lv->all[lv->at++]), .depth = depth};
        list_add(l, &it);
        if (depth + 1 < DEPTH_MAX)
            causes_of(&levels[++depth], d, it.eid);
    }
}

static void fill_prepare(struct list *l, const struct pl_doc *d)
{
    add_head(l, "Review");
    add_root_fields(l, d, false);
    (void)add_kind(l, d, PL_KIND_PARTICIPANT, "People", NULL, 0);
    (void)add_kind(l, d, PL_KIND_MATERIAL, "Materials", NULL, 0);
    (void)add_kind(l, d, PL_KIND_RULE, "Ground rules", NULL, 0);
    (void)add_kind(l, d, PL_KIND_AGENDA, "Agenda", NULL, 0);
    (void)add_kind(l, d, PL_KIND_ACCOUNT, "Accounts", NULL, 0);
}

static void fill(struct list *l, const struct pl_doc *d, unsigned tab)
{
    list_begin(l);
    if (tab == 0) {
        fill_prepare(l, d);
    } else if (tab == 1) {
        (void)add_kind(l, d, PL_KIND_EVENT, NULL, NULL, 0);
    } else if (tab == 2) {
        (void)add_kind(l, d, PL_KIND_OBSERVATION, "Went well", is_of_kind, PL_OBSERVATION_WELL);
        (void)add_kind(l, d, PL_KIND_OBSERVATION, "Did not", is_of_kind, PL_OBSERVATION_BADLY);
        (void)add_kind(l, d, PL_KIND_OBSERVATION, "Surprising", is_of_kind,
                       PL_OBSERVATION_SURPRISE);
        (void)add_kind(l, d, PL_KIND_OBSERVATION, "Luck", is_of_kind, PL_OBSERVATION_LUCK);
        (void)add_kind(l, d, PL_KIND_OBSERVATION, "No column yet", is_of_kind, 0);
    } else if (tab == 3) {
        add_causes(l, d);
    } else if (tab == 4) {
        (void)add_kind(l, d, PL_KIND_ACTION, NULL, NULL, 0);
    } else if (tab == 5) {
        (void)add_kind(l, d, PL_KIND_ACTION, NULL, is_tracked, 0);
    } else {
        add_head(l, "Review");
        add_root_fields(l, d, true);
        (void)add_kind(l, d, PL_KIND_LESSON, "Lessons", NULL, 0);
    }
    list_settle(l);
}

void rview_refresh(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    if (!rv->is_stale || !rv->is_open || rv->editor.review)
        return;
    rv->is_stale = false;
    fill(&rv->lists[rv->tab], review_doc(rv->review), rv->tab);
    if (ui->view == VIEW_ENTRY)
        entry_fill(ui);
}

/* --- the review's news
 * ------------------------------------------------------------------------------ */

static void on_opened(void *ctx, int rc, const struct pl_err *e)
{
    struct ui *ui = ctx;
    struct rview *rv = &ui->rv;
    if (rc < 0) {
        rview_close(ui); /* else it would hold its journal, and come back to us with the rights */
        ui->view = VIEW_HOME;
        ui_say_error(ui, e);
        home_ask(ui);
        return;
    }
    rv->is_open = true;
    rv->is_stale = true;
    int64_t stage = pl_entry_int(pl_doc_root(review_doc(rv->review)), PL_F_REVIEW_STAGE, 1);
    rv->tab = stage >= 1 && stage <= UI_TABS ? (unsigned)stage - 1 : 0;
    ui_presence(ui);
    ui_dirty(ui);
}

/* What I look at may have gone. */
static void check_places(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    const struct pl_doc *d = review_doc(rv->review);
    bool edits = rv->editor.review != NULL;
    struct pl_eid eid = edits ? rv->editor.eid : rv->entry;
    if (!edits && ui->view != VIEW_ENTRY)
        return;
    const struct pl_entry *en = pl_doc_entry(d, eid);
    if (en && pl_entry_is_visible(d, en))
        return;
    if (edits)
        editor_close(&rv->editor);
    if (ui->view == VIEW_ENTRY)
        ui->view = VIEW_REVIEW;
    ui_say(ui, STYLE_LATE,
           "The entry was removed; nothing of its text is lost, u or its author "
           "can bring it back");
}

static void on_changed(void *ctx, const struct pl_cs *cs, const struct pl_rev *rev, bool remote)
{
    struct ui *ui = ctx;
    (void)rev;
    editor_changed(&ui->rv.editor, cs, remote);
    if (ui->rv.is_open)
        check_places(ui);
    ui->rv.is_stale = true;
    if (remote)
        ui->is_soft_dirty = true;
    else
        ui_dirty(ui);
}

static void on_reset(void *ctx)
{
    struct ui *ui = ctx;
    editor_reset(&ui->rv.editor);
    if (ui->rv.is_open)
        check_places(ui);
    ui->rv.is_stale = true;
    ui_dirty(ui);
}

static void on_refused(void *ctx, int code, const char *why, const struct pl_cs *lost)
{
    struct ui *ui = ctx;
    struct refusal said;
    refusal_explain(&said, ui->rv.review, code, why, lost);
    page_refused(ui, &said, lost);
}

static void on_status(void *ctx)
{
    struct ui *ui = ctx;
    ui->is_soft_dirty = true;
}

static void on_peer(void *ctx, const struct pl_peer *p)
{
    struct ui *ui = ctx;
    status_peer(ui, p);
    ui->is_soft_dirty = true;
}

static void on_journal(void *ctx, bool ok, const char *why)
{
    struct ui *ui = ctx;
    if (ok)
        ui_say(ui, STYLE_OK, "What is typed is kept on this machine again");
    else
        ui_say(ui, STYLE_LATE, "Not kept on this machine: %.200s", why);
}

static void on_undo_skipped(void *ctx, struct pl_eid eid, uint32_t field, uint64_t user)
{
    struct ui *ui = ctx;
    (void)eid;
    (void)field;
    ui_say(ui, STYLE_TEXT, "Not undone: %s has changed the same thing since",
           pl_doc_user_name(review_doc(ui->rv.review), (int64_t)user));
}

/* --- opening and leaving
 * ---------------------------------------------------------------------------- */

void rview_open(struct ui *ui, uint64_t id)
{
    struct rview *rv = &ui->rv;
    ui->view = VIEW_REVIEW;
    if (rv->review && rv->id == id)
        return;
    if (rv->review)
        rview_close(ui);
    rv->id = id;
    rv->tab = 0;
    rv->is_open = false;
    rv->is_opening = true;
    rv->n_peers = 0;
    for (size_t i = 0; i < UI_TABS; i++)
        list_release(&rv->lists[i]);
    ui_dirty(ui);
}

void rview_load(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    struct pl_err e;
    struct review_handlers h = {.opened = on_opened,
                                .changed = on_changed,
                                .reset = on_reset,
                                .refused = on_refused,
                                .status = on_status,
                                .peer = on_peer,
                                .undo_skipped = on_undo_skipped,
                                .journal = on_journal,
                                .ctx = ui};
    pl_err_init(&e);
    rv->is_opening = false;
    if (review_open(&rv->review, ui->client, rv->id, false, &h, &e) < 0) {
        rv->review = NULL;
        ui->view = VIEW_HOME;
        ui_say_error(ui, &e);
        home_ask(ui);
        return;
    }
    review_hand_cards(rv->review, NULL, NULL);
    review_hurry(rv->review); /* keys that were typed meanwhile are for it */
    const char *aside = rv->review ? review_damaged_path(rv->review) : NULL;
    if (aside)
        ui_say(ui, STYLE_LATE, "The journal was damaged; as it was it is kept in %.200s",
               aside[0] ? aside : "its place");
}

void rview_close(struct ui *ui)
{
    struct rview *rv = &ui->rv;
    struct review *r = rv->review;
    editor_close(&rv->editor);
    rv->review = NULL;
    rv->is_open = false;
    rv->n_peers = 0;
    review_close(r);
}

void rview_leave(struct ui *ui)
{
    size_t n = status_unsent(ui);
    ui->view = VIEW_HOME;
    ui->rv.is_opening = false;
    if (n > 0)
        ui_say(ui, STYLE_SOON, "%zu changes of REV-%llu are %s and sent as soon as it goes", n,
               (unsigned long long)ui->rv.id, status_trouble(ui) ? "only in memory" : "kept here");
    home_ask(ui);
}

/* --- commands
 * --------------------------------------------------------------------------------------- */

static void open_item(struct ui *ui, const struct item *it, bool edit)
{
    if (!it)
        return;
    if (it->type == ITEM_FIELD)
        entry_edit_field(ui, it->eid, it->field);
    else
        entry_open(ui, it->eid, edit);
}

static void remove_item(struct ui *ui, const struct item *it)
{
    struct pl_err e;
    char id[PL_REF_MAX];
    pl_err_init(&e);
    if (!it || it->type != ITEM_ENTRY)
        return;
    const struct pl_entry *en = pl_doc_entry(review_doc(ui->rv.review), it->eid);
    pl_entry_ref(en, id);
    if (act_remove(ui->rv.review, it->eid, true, &e) < 0)
        ui_say_error(ui, &e);
    else
        ui_say(ui, STYLE_TEXT, "removed %s - u undo", id);
}

static void undo(struct ui *ui, bool redo)
{
    struct pl_err e;
    pl_err_init(&e);
    int rc = redo ? review_redo(ui->rv.review, &e) : review_undo(ui->rv.review, &e);
    if (rc < 0)
        ui_say_error(ui, &e);
    else
        ui_say(ui, STYLE_TEXT, rc == 0 ? "nothing to %s" : "%s done", redo ? "redo" : "undo");
}

static void go_tab(struct ui *ui, unsigned tab)
{
    ui->rv.tab = tab % UI_TABS;
    if (ui->message_style == STYLE_LATE && ui->message_until != UI_NEVER)
        ui->message[0] = '\0'; /* an error of another tab */
    ui->rv.is_stale = true;
}

void rview_command(struct ui *ui, enum ui_cmd cmd)
{
    struct rview *rv = &ui->rv;
    struct list *l = &rv->lists[rv->tab];
    if (cmd == CMD_BACK) {
        rview_leave(ui);
        return;
    }
    if (!rv->is_open)
        return;
    rview_refresh(ui);
    const struct item *it = list_at(l);
    if (list_move(l, cmd))
        return;
    if (cmd >= CMD_TAB_1 && cmd <= CMD_TAB_7)
        go_tab(ui, (unsigned)(cmd - CMD_TAB_1));
    else if (cmd == CMD_TAB_NEXT || cmd == CMD_TAB_PREVIOUS)
        go_tab(ui, rv->tab + (cmd == CMD_TAB_NEXT ? 1 : UI_TABS - 1));
    else if (cmd == CMD_ENTER || cmd == CMD_EDIT)
        open_item(ui, it, cmd == CMD_EDIT);
    else if (cmd == CMD_ADD || cmd == CMD_ADD_CHILD)
        rview_add(ui, cmd == CMD_ADD_CHILD);
    else if (cmd == CMD_REMOVE)
        remove_item(ui, it);
    else if (cmd == CMD_COMMENT && it && it->type == ITEM_ENTRY)
        rview_comment(ui, it->eid);
    else if (cmd == CMD_UNDO || cmd == CMD_REDO)
        undo(ui, cmd == CMD_REDO);
}
