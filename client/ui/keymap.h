// SPDX-License-Identifier: Apache-2.0
/*
 * Commands and keys of the screens, from keys.def: which command a key means where, the hint line,
 * the help page.
 */
#ifndef PLIMSOLL_CLIENT_UI_KEYMAP_H
#define PLIMSOLL_CLIENT_UI_KEYMAP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ui/input.h"

/* Where a key is pressed. */
#define CTX_HOME   1u
#define CTX_REVIEW 2u
#define CTX_ENTRY  4u
#define CTX_EDIT   8u
#define CTX_PROMPT 16u
#define CTX_MENU   32u
#define CTX_BROWSE (CTX_HOME | CTX_REVIEW | CTX_ENTRY)

enum ui_cmd {
    CMD_NONE = 0,
#define UI_CMD(NAME, contexts, shown, hint, text) CMD_##NAME,
#include "ui/keys.def"
    CMD_COUNT
};

/* The command of a key in a context, or CMD_NONE. */
enum ui_cmd keymap_find(unsigned context, uint32_t key, unsigned mods);

/* "Esc done  Ctrl-_ undo ...": as many hints as fit into `width` columns. */
void keymap_hints(unsigned context, int width, char *out, size_t size);

/* The command of the hint at a column of that line, or CMD_NONE. */
enum ui_cmd keymap_hint_at(unsigned context, int width, int col);

/* Lines of help, i from 0; false at the end. */
bool keymap_help(unsigned context, size_t i, const char **shown, const char **text);

/* The whole table, for `plimsoll help keys` and the manual. */
void keymap_print(FILE *out);

#endif
