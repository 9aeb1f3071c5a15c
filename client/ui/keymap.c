// SPDX-License-Identifier: Apache-2.0
/*
 * The table of keys.def as arrays.
 */
#include "ui/keymap.h"

#include <string.h>

static const struct {
    unsigned contexts;
    const char *shown, *hint, *text;
} commands[] = {
    {0, "", "", ""},
#define UI_CMD(NAME, contexts, shown, hint, text) {contexts, shown, hint, text},
#include "ui/keys.def"
};

static const struct {
    enum ui_cmd command;
    uint32_t key;
    unsigned mods;
} keys[] = {
#define UI_KEY(NAME, key, mods) {CMD_##NAME, key, mods},
#include "ui/keys.def"
};

enum ui_cmd keymap_find(unsigned context, uint32_t key, unsigned mods)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (keys[i].key == key && keys[i].mods == mods &&
            (commands[keys[i].command].contexts & context))
            return keys[i].command;
    return CMD_NONE;
}

/* The next hint that fits behind `at`; its length, 0 at the end. */
static size_t next_hint(unsigned context, size_t width, size_t at, size_t *i, char *out,
                        size_t size)
{
    for (++*i; *i < CMD_COUNT; ++*i) {
        if (!(commands[*i].contexts & context) || !commands[*i].hint[0])
            continue;
        int n = snprintf(out, size, " %s %s ", commands[*i].shown, commands[*i].hint);
        if (n > 0 && (size_t)n < size && at + (size_t)n <= width)
            return (size_t)n;
    }
    return 0;
}

void keymap_hints(unsigned context, int width, char *out, size_t size)
{
    char one[64];
    size_t at = 0;
    size_t i = 0;
    size_t n = 0;
    size_t room = (size_t)width < size ? (size_t)width : size - 1;
    while ((n = next_hint(context, room, at, &i, one, sizeof(one))) > 0) {
        memcpy(out + at, one, n);
        at += n;
    }
    out[at] = '\0';
}

enum ui_cmd keymap_hint_at(unsigned context, int width, int col)
{
    char one[64];
    size_t at = 0;
    size_t i = 0;
    size_t n = 0;
    while ((n = next_hint(context, (size_t)width, at, &i, one, sizeof(one))) > 0) {
        at += n;
        if (col >= 0 && (size_t)col < at)
            return (enum ui_cmd)i;
    }
    return CMD_NONE;
}

bool keymap_help(unsigned context, size_t i, const char **shown, const char **text)
{
    for (size_t c = 1; c < CMD_COUNT; c++) {
        if (!(commands[c].contexts & context) || !commands[c].text[0])
            continue;
        if (i-- == 0) {
            *shown = commands[c].shown;
            *text = commands[c].text;
            return true;
        }
    }
    return false;
}

void keymap_print(FILE *out)
{
    static const struct {
        unsigned context;
        const char *name;
    } parts[] = {{CTX_HOME, "Home"},           {CTX_REVIEW, "Review"},   {CTX_ENTRY, "Entry"},
                 {CTX_EDIT, "Editing a text"}, {CTX_PROMPT, "One line"}, {CTX_MENU, "Choice"}};
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        const char *shown = NULL;
        const char *text = NULL;
        (void)fprintf(out, "%s%s\n", p ? "\n" : "", parts[p].name);
        for (size_t i = 0; keymap_help(parts[p].context, i, &shown, &text); i++)
            (void)fprintf(out, "  %-11s %s\n", shown, text);
    }
}
