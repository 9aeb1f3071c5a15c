// SPDX-License-Identifier: Apache-2.0
/*
 * Editing one shared text of a review. Every change goes through model/acts.h into the local copy
 * and is seen at once; changes of others arrive through editor_changed, which carries my caret
 * along and keeps its row of the screen where it is.
 */
#ifndef PLIMSOLL_CLIENT_UI_EDITOR_H
#define PLIMSOLL_CLIENT_UI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#include "model/acts.h"
#include "ui/keymap.h"
#include "ui/screen.h"
#include "ui/textrows.h"
#include "ui/textview.h"

#define EDITOR_PASTE_MAX (1024u * 1024u)

struct editor {
    struct review *review; /* borrowed; NULL: not open */
    struct pl_eid eid;
    uint32_t field;
    size_t caret; /* scalars */
    size_t top;   /* byte offset of the first row on screen */
    int row;      /* row of the caret on screen, from 0 */
    int goal;     /* column that up and down keep, -1: none */
    int width, height;
    struct textrows rows;        /* of the text at this width */
    bool is_undoing, is_grouped; /* the next insert joins the typing before */
};

/* Somebody else's caret. */
struct editor_peer {
    uint32_t pos;
    const char *name; /* short */
    int person;       /* 0-5 */
    bool has_flag;    /* moved just now */
};

struct editor_area {
    int row, col, rows, cols;
};

/* Opens at the end of the text. */
void editor_open(struct editor *ed, struct review *r, struct pl_eid eid, uint32_t field);
void editor_close(struct editor *ed);

/* Types: at the caret, as part of the typing before unless the caret has moved. A paste is one step
 * of its own. */
int editor_type(struct editor *ed, const char *text, size_t n, struct pl_err *e) PL_MUST;
int editor_paste(struct editor *ed, const char *text, size_t n, struct pl_err *e) PL_MUST;

/* Scrolls, the caret keeps its row of the screen; puts the caret where somebody clicked. */
void editor_scroll(struct editor *ed, int rows);
void editor_click(struct editor *ed, int row, int col);

/* A command of the EDIT context. 1: it was one of the editor's. */
int editor_command(struct editor *ed, enum ui_cmd cmd, struct pl_err *e) PL_MUST;

/* The view of the review has changed, or is another document. */
void editor_changed(struct editor *ed, const struct pl_cs *cs, bool remote);
void editor_reset(struct editor *ed);

/* My caret, for presence. */
struct pl_caret editor_caret(const struct editor *ed);

/* Draws into the area. with_caret: places the hardware cursor. */
void editor_draw(struct editor *ed, struct screen *s, const struct editor_area *a,
                 const struct editor_peer *peers, size_t n_peers);
void editor_show(const struct pl_doc *d, struct pl_eid eid, uint32_t field, struct screen *s,
                 const struct editor_area *a);

#endif
