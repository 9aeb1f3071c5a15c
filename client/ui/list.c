// SPDX-License-Identifier: Apache-2.0
/*
 * Selection by identity. What was selected and is gone leaves its place to what stands there now.
 */
#include "ui/list.h"

#include <stdlib.h>

#include "plimsoll/base/mem.h"

void list_release(struct list *l)
{
    free(l->items);
    *l = (struct list){.n = 0};
}

const struct item *list_at(const struct list *l)
{
    return l->at < l->n && l->items[l->at].type != ITEM_HEAD ? &l->items[l->at] : NULL;
}

void list_begin(struct list *l)
{
    const struct item *it = list_at(l);
    l->has_kept = it != NULL;
    if (it)
        l->kept = *it;
    l->n = 0;
}

void list_add(struct list *l, const struct item *it)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->items = pl_xrealloc(l->items, l->cap, sizeof(*l->items));
    }
    l->items[l->n++] = *it;
}

bool list_select(struct list *l, const struct item *like)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct item *it = &l->items[i];
        if (it->type == like->type && it->field == like->field && pl_eid_eq(it->eid, like->eid)) {
            l->at = i;
            return true;
        }
    }
    return false;
}

/* The nearest item that can be selected, from `at` on in one direction, else in the other. */
static void land(struct list *l, bool down)
{
    size_t at = l->at < l->n ? l->at : l->n > 0 ? l->n - 1 : 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = at; i < l->n; i = down ? i + 1 : i - 1)
            if (l->items[i].type != ITEM_HEAD) {
                l->at = i;
                return;
            }
        down = !down;
    }
    l->at = 0;
}

void list_settle(struct list *l)
{
    if (!l->has_kept || !list_select(l, &l->kept))
        land(l, true);
}

static void go(struct list *l, size_t to)
{
    bool down = to > l->at;
    l->at = to;
    land(l, down);
}

bool list_move(struct list *l, enum ui_cmd cmd)
{
    size_t page = l->rows > 2 ? (size_t)l->rows - 1 : 1;
    size_t last = l->n > 0 ? l->n - 1 : 0;
    size_t step = cmd == CMD_PAGE_UP || cmd == CMD_PAGE_DOWN   ? page
                  : cmd == CMD_HALF_UP || cmd == CMD_HALF_DOWN ? (page + 1) / 2
                                                               : 1;
    if (cmd == CMD_DOWN || cmd == CMD_PAGE_DOWN || cmd == CMD_HALF_DOWN)
        go(l, l->at + step < l->n ? l->at + step : last);
    else if (cmd == CMD_UP || cmd == CMD_PAGE_UP || cmd == CMD_HALF_UP)
        go(l, l->at > step ? l->at - step : 0);
    else if (cmd == CMD_HOME)
        go(l, 0);
    else if (cmd == CMD_END)
        go(l, last);
    else
        return false;
    return true;
}

void list_show(struct list *l, int rows)
{
    size_t n = rows > 0 ? (size_t)rows : 1;
    l->rows = rows;
    /* The heading above the first item comes along. */
    size_t first = l->at;
    while (first > 0 && l->items[first - 1].type == ITEM_HEAD)
        first--;
    if (first < l->top)
        l->top = first;
    if (l->at >= l->top + n)
        l->top = l->at - n + 1;
    if (l->top + n > l->n)
        l->top = l->n > n ? l->n - n : 0;
}
