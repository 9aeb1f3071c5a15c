// SPDX-License-Identifier: Apache-2.0
/*
 * Usage text, bash completion and manual sections from the tables of opt.h.
 */
#include <string.h>

#include "mdoc_int.h"
#include "plimsoll/base/opt.h"
#include "plimsoll/base/str.h"

/* The name of an option's value, or NULL when it takes none. */
static const char *value_name(const struct pl_opt *o)
{
    if (o->type == PL_OPT_FLAG || o->type == PL_OPT_COUNT)
        return NULL;
    bool is_number = o->type == PL_OPT_NUMBER || o->type == PL_OPT_SOME;

    return o->arg != NULL ? o->arg : is_number ? "N" : "VALUE";
}

/* "-f, --file FILE" */
static void option_text(const struct pl_opt *o, char *out, size_t size)
{
    const char *value = value_name(o);
    if (o->letter != 0)
        (void)snprintf(out, size, "-%c, --%s", o->letter, o->name);
    else
        (void)snprintf(out, size, "    --%s", o->name);
    if (value != NULL) {
        bool maybe = o->type == PL_OPT_MAYBE;
        (void)pl_strlcat(out, maybe ? "[=" : " ", size);
        (void)pl_strlcat(out, value, size);
        (void)pl_strlcat(out, maybe ? "]" : "", size);
    }
}

static size_t widest(const struct pl_opt_verb *v)
{
    size_t width = strlen("-h, --help");
    char text[80];
    for (size_t i = 0; i < v->count; i++) {
        option_text(&v->opts[i], text, sizeof text);
        if (strlen(text) > width)
            width = strlen(text);
    }
    return width;
}

static void print_choices(const struct pl_opt *o, FILE *out)
{
    for (int i = 0; o->type == PL_OPT_CHOICE && o->choices[i] != NULL; i++)
        (void)fprintf(out, "%s%s", i > 0 ? ", " : " (", o->choices[i]);
    if (o->type == PL_OPT_CHOICE)
        (void)fputc(')', out);
}

void pl_opt_print_usage(const char *program, const struct pl_opt_verb *v, FILE *out)
{
    int width = (int)widest(v);
    char text[80];
    (void)fprintf(out, "usage: %s%s%s [options]%s%s\n", program, v->name != NULL ? " " : "",
                  v->name != NULL ? v->name : "", v->args != NULL ? " " : "",
                  v->args != NULL ? v->args : "");
    (void)fprintf(out, "%s\n\n", v->summary);
    for (size_t i = 0; i < v->count; i++) {
        option_text(&v->opts[i], text, sizeof text);
        (void)fprintf(out, "  %-*s  %s", width, text, v->opts[i].help);
        print_choices(&v->opts[i], out);
        (void)fputc('\n', out);
    }
    (void)fprintf(out, "  %-*s  %s\n", width, "-h, --help", "Show this text");
}

void pl_opt_print_verbs(const char *program, const struct pl_opt_verb *verbs, size_t n, FILE *out)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++) {
        if (strlen(verbs[i].name) > width)
            width = strlen(verbs[i].name);
    }
    (void)fprintf(out, "usage: %s COMMAND [options]\n\n", program);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "  %-*s  %s\n", (int)width, verbs[i].name, verbs[i].summary);
    (void)fprintf(out, "\n%s COMMAND --help tells more.\n", program);
}

/* The first word of a verb, and is it the first verb that begins so? */
static size_t first_word(const struct pl_opt_verb *verbs, size_t i, bool *is_new)
{
    size_t n = strcspn(verbs[i].name, " ");
    *is_new = true;
    for (size_t k = 0; k < i; k++) {
        if (strcspn(verbs[k].name, " ") == n && memcmp(verbs[k].name, verbs[i].name, n) == 0)
            *is_new = false;
    }
    return n;
}

/* The second words of all verbs that begin with the first word of verb i. */
static void print_second_words(const struct pl_opt_verb *verbs, size_t n, size_t i, FILE *out)
{
    size_t len = strcspn(verbs[i].name, " ");
    (void)fprintf(out, "    %.*s)\n        second=\"", (int)len, verbs[i].name);
    for (size_t k = 0; k < n; k++) {
        bool same =
            strcspn(verbs[k].name, " ") == len && memcmp(verbs[k].name, verbs[i].name, len) == 0;
        if (same && verbs[k].name[len] == ' ')
            (void)fprintf(out, "%s ", verbs[k].name + len + 1);
    }
    (void)fputs("\"\n        ;;\n", out);
}

static void print_option_words(const struct pl_opt_verb *v, FILE *out)
{
    (void)fprintf(out, "    \"%s\"%s)\n        options=\"--help", v->name,
                  strchr(v->name, ' ') != NULL ? "" : "*");
    for (size_t i = 0; i < v->count; i++)
        (void)fprintf(out, " --%s", v->opts[i].name);
    (void)fputs("\"\n        ;;\n", out);
}

void pl_opt_print_completion(const char *program, const struct pl_opt_verb *verbs, size_t n,
                             FILE *out)
{
    bool is_new;
    (void)fprintf(out, "# bash completion for %s, generated from its option tables\n", program);
    (void)fprintf(out, "_%s()\n{\n", program);
    (void)fputs("    local cur=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]-}\n"
                "    local second=\"\" options=\"--help\" words=\"\"\n"
                "    COMPREPLY=()\n"
                "    case $first in\n",
                out);
    for (size_t i = 0; i < n; i++) {
        (void)first_word(verbs, i, &is_new);
        if (is_new)
            print_second_words(verbs, n, i, out);
    }
    (void)fputs("    esac\n    case \"$first ${COMP_WORDS[2]-}\" in\n", out);
    for (size_t pass = 0; pass < 2; pass++) { /* two words first: a case takes the first match */
        for (size_t i = 0; i < n; i++) {
            if ((strchr(verbs[i].name, ' ') == NULL) == (pass == 1))
                print_option_words(&verbs[i], out);
        }
    }
    (void)fputs("    esac\n    if ((COMP_CWORD == 1)); then\n        words=\"", out);
    for (size_t i = 0; i < n; i++) {
        size_t len = first_word(verbs, i, &is_new);
        if (is_new)
            (void)fprintf(out, "%.*s ", (int)len, verbs[i].name);
    }
    (void)fputs("--help\"\n"
                "    elif [[ $cur == -* ]]; then\n"
                "        words=$options\n"
                "    elif ((COMP_CWORD == 2)) && [[ -n $second ]]; then\n"
                "        words=$second\n"
                "    else\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                "        return\n"
                "    fi\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                "}\n",
                out);
    (void)fprintf(out, "complete -F _%s %s\n", program, program);
}

static void print_man_option(const struct pl_opt *o, FILE *out)
{
    const char *value = value_name(o);
    (void)fputs(".It ", out);
    if (o->letter != 0)
        (void)fprintf(out, "Fl %c , ", o->letter);
    (void)fputs("Fl -", out);
    for (const char *p = o->name; *p != '\0'; p++)
        (void)fprintf(out, *p == '-' ? "\\-" : "%c", *p);
    if (value != NULL) {
        bool maybe = o->type == PL_OPT_MAYBE;
        (void)fputs(maybe ? " Ns Oo = Ns Ar " : " Ar ", out);
        pl_mdoc_word(value, out);
        (void)fputs(maybe ? " Oc" : "", out);
    }
    (void)fputc('\n', out);
    pl_mdoc_text(o->help, out);
    for (int i = 0; o->type == PL_OPT_CHOICE && o->choices[i] != NULL; i++) {
        (void)fputs(i == 0 ? "One of\n.Cm \"" : " ,\n.Cm \"", out);
        pl_mdoc_word(o->choices[i], out);
        (void)fputc('"', out);
    }
    if (o->type == PL_OPT_CHOICE)
        (void)fputs(" .\n", out);
}

void pl_opt_print_man(const char *program, const struct pl_opt_verb *verbs, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct pl_opt_verb *v = &verbs[i];
        if (v->name != NULL) {
            (void)fputs(".Ss ", out);
            pl_mdoc_word(v->name, out);
            (void)fputc('\n', out);
        }
        (void)fprintf(out, ".Nm %s", program);
        if (v->name != NULL) {
            (void)fputs(" Cm \"", out);
            pl_mdoc_word(v->name, out);
            (void)fputc('"', out);
        }
        (void)fputs(" Op Ar options", out);
        if (v->args != NULL) {
            (void)fputs("\n.Ar \"", out);
            pl_mdoc_word(v->args, out);
            (void)fputc('"', out);
        }
        (void)fputs("\n.Pp\n", out);
        pl_mdoc_text(v->summary, out);
        if (v->count > 0)
            (void)fputs(".Bl -tag -width Ds\n", out);
        for (size_t k = 0; k < v->count; k++)
            print_man_option(&v->opts[k], out);
        if (v->count > 0)
            (void)fputs(".El\n", out);
    }
}
