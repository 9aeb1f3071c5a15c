// SPDX-License-Identifier: Apache-2.0
/*
 * Inside ui/: the state of the screens, and what their files offer each other.
 *
 * There are two levels, home and one review; in a review a list per tab, an entry with its fields,
 * and at most one text that is being edited (the editor lies over both). Events change the state
 * and mark it dirty; once per turn of the loop what is dirty is painted.
 */
#ifndef PLIMSOLL_CLIENT_UI_VIEW_H
#define PLIMSOLL_CLIENT_UI_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "model/acts.h"
#include "model/client.h"
#include "ui/editor.h"
#include "ui/hits.h"
#include "ui/input.h"
#include "ui/list.h"
#include "ui/prompt.h"
#include "ui/screen.h"
#include "ui/term.h"
#include "ui/ui.h"

struct refusal;

enum ui_view { VIEW_HOME, VIEW_REVIEW, VIEW_ENTRY };
enum ui_page { PAGE_NONE, PAGE_HELP, PAGE_KEPT }; /* lies over the view */

#define UI_PEERS         64
#define UI_TABS          7
#define UI_FLAG_MS       2000
#define UI_MESSAGE       320
#define UI_NEVER         UINT64_MAX
#define UI_KEPT_MAX      (256u * 1024u)       /* of texts that are in files as well */
#define UI_KEPT_ONLY_MAX (8u * 1024u * 1024u) /* of texts that are only here; then they are cut */
#define UI_MIN_ROWS      8
#define UI_MIN_COLS      40

struct home_row {
    uint64_t id;
    char *title;
    uint32_t severity, status, stage, role;
    int64_t changed_us;
};

struct home {
    struct home_row *rows;
    size_t n, at, top;
    int shown;
    bool is_loaded, is_asking;
    char new_title[PROMPT_TEXT];
};

/* Somebody else who is here, as screens show him. */
struct ui_peer {
    uint64_t client, user;
    uint64_t moved_ms, seen_ms;
    struct pl_caret last; /* as told */
    uint32_t stage;
    char name[64]; /* first word of the name */
    char letter[8];
    int person;
};

struct rview {
    struct review *review;
    uint64_t id;
    bool is_open;    /* a copy is here */
    bool is_opening; /* to be loaded, once a frame says so */
    unsigned tab;    /* 0-6 */
    struct list lists[UI_TABS];
    struct list fields; /* of the entry */
    struct pl_eid entry;
    bool is_stale; /* lists are to be filled anew */
    struct ui_peer peers[UI_PEERS];
    size_t n_peers;
    struct editor editor;
    /* the entry that is being added, the field that is being asked for */
    uint32_t add_kind;
    struct pl_eid add_parent;
    char add_value[64];
    int64_t add_day; /* a time of day without a date is of this day */
    const struct pl_field *ask_field;
    struct pl_eid ask_eid;
    /* What was refused in this run, of whichever review, as a page; how many of it nobody has seen;
     * how many of the texts are in no file. May hold the only copy: lives until the end. */
    struct pl_buf kept;
    unsigned n_refused, n_only_here;
};

struct ui {
    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_timer_t wake, esc;
    struct term *term;
    struct screen *screen;
    struct input input;
    struct trust_profile profile;
    struct client *client;
    struct prompt prompt;
    enum ui_view view;
    struct home home;
    struct rview rv;
    char message[UI_MESSAGE];
    enum style message_style;
    uint64_t message_until; /* ms of the loop; 0: until the next one; or UI_NEVER */
    /* painting */
    bool is_dirty, is_soft_dirty, paint_all;
    enum ui_page page;
    size_t page_top;
    uint64_t painted_ms, wake_at;
    struct pl_buf frame;
    /* the link */
    bool was_up, is_down;
    int64_t down_since_us;
    char link_why[200];
    bool link_stopped;
    uint64_t unsaved_ms; /* when something was last seen that is not durable */
    /* the mouse */
    struct hits hits;
    int hints_cols;
    uint64_t click_ms;
    int click_row, click_view;
    /* typing into a list */
    unsigned strays;
    uint64_t stray_ms, deaf_until;
    /* the end */
    bool is_quitting, is_over;
    uint64_t quit_at;
    int rc;
    struct pl_err err;
};

/* --- app.c, paint.c, loop.c */
void ui_dirty(struct ui *ui);
/* Wants a new frame at this time (ms of the loop) at the latest. */
void ui_wake_at(struct ui *ui, uint64_t ms);
uint64_t ui_now(const struct ui *ui);
void ui_say(struct ui *ui, enum style st, const char *fmt, ...) PL_PRINTF(3, 4);
void ui_say_error(struct ui *ui, const struct pl_err *e);
unsigned ui_context(const struct ui *ui);
void ui_command(struct ui *ui, enum ui_cmd cmd);
void ui_event(void *ctx, const struct input_event *ev);
void ui_quit(struct ui *ui);
void ui_paint(struct ui *ui);
/* Tells others where I am. */
void ui_presence(struct ui *ui);

/* --- mouse.c */
void ui_mouse(struct ui *ui, const struct input_event *ev);

/* --- page.c */
void page_help(struct ui *ui);
/* What was refused; says so when there is nothing. */
void page_kept(struct ui *ui);
/* A refusal has come: puts it on that page and says so until somebody looks. */
void page_refused(struct ui *ui, const struct refusal *said, const struct pl_cs *lost);
void page_event(struct ui *ui, const struct input_event *ev);
void page_mouse(struct ui *ui, const struct input_event *ev);
void page_draw(struct ui *ui, const struct editor_area *a);

/* --- view_home.c */
void home_ask(struct ui *ui); /* reads the list anew */
void home_command(struct ui *ui, enum ui_cmd cmd);
void home_draw(struct ui *ui, const struct editor_area *a);
void home_release(struct home *h);

/* --- view_review.c */
/* Goes there; the journal, which may be long, is read after a frame has been painted. */
void rview_open(struct ui *ui, uint64_t id);
void rview_load(struct ui *ui);
void rview_leave(struct ui *ui); /* home; what is not sent keeps the review open behind */
void rview_close(struct ui *ui);
void rview_command(struct ui *ui, enum ui_cmd cmd);
void rview_refresh(struct ui *ui); /* fills lists anew, if stale */
void rview_draw(struct ui *ui, const struct editor_area *a);
const char *rview_tab_name(unsigned tab);
/* One line of an entry, as in lists, without its id, for a board of `cols` columns: what matters of
 * its kind ("03-01 09:18:31 detection"), and that with its label. */
void rview_entry_meta(const struct pl_doc *d, const struct pl_entry *en, int cols, char *out,
                      size_t size);
void rview_entry_line(const struct pl_doc *d, const struct pl_entry *en, int cols, char *out,
                      size_t size);
/* The id before it: "E-9"; "" for participants, whose handle stands in the line. */
void rview_entry_id(const struct pl_entry *en, char out[PL_SHORT_ID_MAX]);
void rview_draw_item(struct ui *ui, const struct item *it, const struct editor_area *line,
                     bool is_at);
void rview_draw_list(struct ui *ui, struct list *l, const struct editor_area *a);

/* --- view_add.c: adding entries */
void rview_add(struct ui *ui, bool child);
/* "09:18" and "09:18:31" are of the day of `day_us`; a date alone is its begin, or its end; UTC.
 * Gives buf, or `text` itself when it is neither. */
const char *rview_full_time(int64_t day_us, bool ends, const char *text, char *buf, size_t size);
void rview_comment(struct ui *ui, struct pl_eid on);

/* --- view_entry.c */
void entry_open(struct ui *ui, struct pl_eid eid, bool edit);
void entry_command(struct ui *ui, enum ui_cmd cmd);
void entry_fill(struct ui *ui);
void entry_draw(struct ui *ui, const struct editor_area *a);
void entry_draw_editor(struct ui *ui, const struct editor_area *a);
/* Edits a field: text in the editor, choices in a menu, everything else in a line. */
void entry_edit_field(struct ui *ui, struct pl_eid eid, const struct pl_field *f);
void entry_edit_text(struct ui *ui, struct pl_eid eid);
/* The value of a field as a line. */
void entry_value(const struct pl_doc *d, const struct pl_entry *en, const struct pl_field *f,
                 char *out, size_t size);

/* --- status.c */
void status_draw_top(struct ui *ui, int cols);
bool status_draw_banner(struct ui *ui, int row, int cols);
void status_peer(struct ui *ui, const struct pl_peer *p);
struct ui_peer *status_peer_find(struct ui *ui, uint64_t client);
size_t status_unsent(const struct ui *ui);
/* NULL, or why what is typed is only in memory. */
const char *status_trouble(const struct ui *ui);
/* The carets of others in the text that is being edited. */
size_t status_carets(struct ui *ui, struct editor_peer *out, size_t max);

#endif
