// SPDX-License-Identifier: Apache-2.0
/*
 * What the option table says, for people: a sample file, the present values, the manual.
 */
#include <stdbool.h>
#include <string.h>

#include "conf_int.h"
#include "mdoc_int.h"
#include "plimsoll/base/conf.h"

#define TEXT_SIZE (PL_CONF_LINE_MAX + 1)

/* Starts a section unless the option before belongs to it. */
static bool opens_section(const struct pl_conf_table *t, size_t i)
{
    return i == 0 || strcmp(t->opts[i].section, t->opts[i - 1].section) != 0;
}

/* A comment wrapped at 80 columns. */
static void print_comment(const char *text, FILE *out)
{
    while (*text != '\0') {
        size_t n = strlen(text);
        if (n > 76) {
            n = 76;
            while (n > 1 && text[n] != ' ')
                n--;
        }
        (void)fprintf(out, "# %.*s\n", (int)n, text);
        text += n;
        while (*text == ' ')
            text++;
    }
}

void pl_conf_print_sample(const struct pl_conf_table *t, FILE *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct pl_conf_opt *o = &t->opts[i];
        if (opens_section(t, i))
            (void)fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", o->section);
        (void)fputc('\n', out);
        print_comment(o->help, out);
        (void)fprintf(out, "#%s = %s\n", o->name, o->preset != NULL ? o->preset : "");
    }
}

void pl_conf_print(const struct pl_conf_table *t, const void *target, FILE *out)
{
    char text[TEXT_SIZE];
    for (size_t i = 0; i < t->count; i++) {
        const struct pl_conf_opt *o = &t->opts[i];
        if (opens_section(t, i))
            (void)fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", o->section);
        if (pl_conf_value_text(o, target, text, sizeof text))
            (void)fprintf(out, "%s = %s\n", o->name, text);
        else
            (void)fprintf(out, "#%s =\n", o->name);
    }
}

void pl_conf_print_man(const struct pl_conf_table *t, FILE *out)
{
    char syntax[TEXT_SIZE];
    for (size_t i = 0; i < t->count; i++) {
        const struct pl_conf_opt *o = &t->opts[i];
        if (opens_section(t, i)) {
            (void)fprintf(out, "%s.Ss Section ", i > 0 ? ".El\n" : "");
            pl_mdoc_word(o->section, out);
            (void)fputs("\n.Bl -tag -width Ds\n", out);
        }
        pl_conf_value_syntax(o, syntax, sizeof syntax);
        (void)fputs(".It Cm ", out);
        pl_mdoc_word(o->name, out);
        (void)fputs(" = Ar \"", out);
        pl_mdoc_word(syntax, out);
        (void)fputs("\"\n", out);
        pl_mdoc_text(o->help, out);
        if (o->preset != NULL && *o->preset != '\0') {
            (void)fputs("The default is\n.Ql \"", out);
            pl_mdoc_word(o->preset, out);
            (void)fputs("\" .\n", out);
        }
    }
    if (t->count > 0)
        (void)fputs(".El\n", out);
}
