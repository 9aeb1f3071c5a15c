// SPDX-License-Identifier: Apache-2.0
/*
 * A list to move in: headings, entries, fields. It is filled anew whenever what it shows changes,
 * and keeps what was selected by what it is, not by where it stood.
 */
#ifndef PLIMSOLL_CLIENT_UI_LIST_H
#define PLIMSOLL_CLIENT_UI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "plimsoll/doc/doc.h"

#include "ui/keymap.h"

enum item_type {
    ITEM_HEAD,  /* text; cannot be selected */
    ITEM_ENTRY, /* an entry */
    ITEM_FIELD  /* a field of an entry */
};

struct item {
    enum item_type type;
    struct pl_eid eid;
    const struct pl_field *field;
    const char *text; /* HEAD: static */
    int depth;
};

struct list {
    struct item *items;
    size_t n, cap;
    size_t at;  /* selected */
    size_t top; /* first one shown */
    int rows;   /* as last shown */
    struct item kept;
    bool has_kept;
};

void list_release(struct list *l);
/* Empties it, to be filled and settled. */
void list_begin(struct list *l);
void list_add(struct list *l, const struct item *it);
void list_settle(struct list *l);
/* Selects an item like this one, if there is one. */
bool list_select(struct list *l, const struct item *like);
const struct item *list_at(const struct list *l); /* NULL: nothing to select */
/* A command that moves; false when it does not. */
bool list_move(struct list *l, enum ui_cmd cmd);
/* Scrolls so that the selected item is in `rows` rows. */
void list_show(struct list *l, int rows);

#endif
