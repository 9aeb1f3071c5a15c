// SPDX-License-Identifier: Apache-2.0
/*
 * Asking: one line of text, or one of several words. One question at a time; the answer comes by a
 * callback, which may ask the next.
 */
#ifndef PLIMSOLL_CLIENT_UI_PROMPT_H
#define PLIMSOLL_CLIENT_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/keymap.h"
#include "ui/screen.h"

struct ui;

/* text: the line, NULL when cancelled; choice: index of the option of a menu. */
typedef void (*prompt_cb)(struct ui *ui, const char *text, size_t choice);

#define PROMPT_TEXT    2048
#define PROMPT_OPTIONS 48

struct prompt {
    bool is_open, is_menu;
    bool is_again;  /* asked again: the message says what was wrong with the answer */
    bool is_preset; /* nothing was done to the text yet, and typing replaces it */
    char label[160];
    char text[PROMPT_TEXT];
    size_t n, caret;
    const char *options[PROMPT_OPTIONS]; /* static or living as long as the question */
    size_t n_options, at;
    int shown_row;   /* of the first option that is on screen */
    size_t shown_at; /* which one that is */
    prompt_cb done;
};

void prompt_ask(struct prompt *p, const char *label, const char *initial, prompt_cb done);
/* The same with an answer that is taken as it is or replaced: the first text typed or rubbed out
 * takes the whole of it; moving in it keeps it for editing. */
void prompt_preset(struct prompt *p, const char *label, const char *preset, prompt_cb done);

/* From `done`, when the answer was not taken: the question stays open with what was typed. Not for
 * menus, and not after another question was asked. */
void prompt_again(struct prompt *p);

void prompt_menu(struct prompt *p, const char *label, prompt_cb done);
void prompt_option(struct prompt *p, const char *option);

/* Text typed or pasted; line ends become blanks. In a menu it picks by the first letter. */
void prompt_type(struct prompt *p, struct ui *ui, const char *text, size_t n);
void prompt_command(struct prompt *p, struct ui *ui, enum ui_cmd cmd);

/* A click on a row: takes the option that stands there. */
void prompt_click(struct prompt *p, struct ui *ui, int row);

/* The line at a row, or the menu in the rows above it. */
void prompt_draw(struct prompt *p, struct screen *s, int row, int cols, int top);

#endif
