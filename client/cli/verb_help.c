// SPDX-License-Identifier: Apache-2.0
/*
 * Help: topics that concern all verbs, and each verb's own. What can be made from the tables of the
 * verbs and of the schema is made from them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "plimsoll/base/str.h"
#include "plimsoll/doc/perm.h"
#include "plimsoll/doc/schema.h"

#include "cli/cli_int.h"

static const struct pl_opt plain_opts[] = {CLI_COMMON};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void help_fields(struct cli *c)
{
    for (uint32_t kind = 1; pl_kind_info(kind); kind++) {
        const struct pl_field *f = NULL;
        cli_print(c, "%s\n", pl_kind_name(kind));
        for (size_t i = 0; (f = pl_field_at(kind, i)); i++) {
            if (f->flags & PL_FF_SERVER)
                continue;
            cli_print(c, "  %-18s %s", f->name, f->label);
            for (size_t k = 0; f->type == PL_FT_ENUM && pl_enum_at(f->ref, k); k++)
                cli_print(c, "%s%s", k ? ", " : ": ", pl_enum_name(f->ref, pl_enum_at(f->ref, k)));
            cli_print(c, "\n");
        }
    }
}

/* Other words for what fields hold: those of doc/words.def, by enumeration. */
static void help_words(struct cli *c)
{
    const char *word = NULL;
    cli_print(c,
              "Names are what is stored, shown and exported; the words behind them may be typed,\n"
              "in either case, wherever the name may be. A timeline is seen through lenses: a\n"
              "lane is the column of one. Times to detect, triage, contain and recover are\n"
              "between the events that are marked so.\n");
    for (uint32_t en = 1; en <= PL_EN_MAX; en++) {
        bool has_head = false;
        for (size_t i = 0; pl_enum_at(en, i) != 0; i++) {
            int64_t v = pl_enum_at(en, i);
            if (!pl_enum_word(en, v, 0))
                continue;
            if (!has_head)
                cli_print(c, "\n%s\n", en == PL_EN_MARKER ? "mark (marker)" : pl_enum_title(en));
            has_head = true;
            cli_print(c, "  %-16s", pl_enum_name(en, v));
            for (size_t k = 0; (word = pl_enum_word(en, v, k)); k++)
                cli_print(c, "%s%s", k ? ", " : " ", word);
            cli_print(c, "\n");
        }
    }
}

static void help_roles(struct cli *c)
{
    char cells[4][8];
    int op = 0;
    cli_print(c, "F facilitator, R responder, S stakeholder\n\n%-44s  %-9s  %-10s  %-8s  %s\n", "",
              "preparing", "in_session", "tracking", "closed");
    for (size_t i = 0; (op = pl_perm_row(i, cells)) >= 0; i++)
        cli_print(c, "%-44s  %-9s  %-10s  %-8s  %s\n", pl_perm_words(op), cells[0], cells[1],
                  cells[2], cells[3]);
    cli_print(c, "\nStatus: 'plimsoll status REV-1'; roles: 'plimsoll people list REV-1'.\n"
                 "Back: 'plimsoll status REV-1 in_session --reason why'.\n");
}

static void help_exit_codes(struct cli *c)
{
    cli_print(c, "0    done (also when a list is empty)\n1    failure\n2    usage\n3    not found\n"
                 "4    not enrolled, or not allowed\n5    conflict: somebody changed it first\n"
                 "6    server unreachable, or no answer in time\n7    refused by a gate or a lock; "
                 "wording (coach --strict)\n"
                 "8    done in part\n9    findings (--fail-on, doctor)\n130  interrupted\n");
}

static void help_environment(struct cli *c)
{
    cli_print(c, "%s",
              "PLIMSOLL_PROFILE     profile to use (--profile)\n"
              "PLIMSOLL_SERVER      address of the server (--server)\n"
              "PLIMSOLL_CONFIG_DIR  instead of $XDG_CONFIG_HOME/plimsoll\n"
              "PLIMSOLL_EDITOR      editor for shared texts; then VISUAL, EDITOR, vi\n"
              "PLIMSOLL_MOUSE       on, off: the mouse in the full screen; else by the terminal\n"
              "PLIMSOLL_SYNC        on, off: synchronized updates; else the terminal is asked\n"
              "XDG_CONFIG_HOME      ~/.config: configuration, the key of this machine\n"
              "XDG_STATE_HOME       ~/.local/state: journals, what was refused\n"
              "NO_COLOR             no colours in the full screen\n"
              "TERM                 what the terminal can do\n");
}

static void help_json(struct cli *c)
{
    cli_print(
        c, "%s",
        "--json         one object: \"schema\" (its name and major number), then the verb's keys;\n"
        "               lists have \"items\", \"next\" (null: that was all) and \"warnings\"\n"
        "--json=A,B     of each item only these fields\n"
        "--json=help    which fields there are, for this verb\n"
        "--jsonl        one item a line, for streams (watch, history)\n"
        "Keys are snake_case and never missing (null), ids are strings, times are UTC with Z,\n"
        "durations end in _s and are seconds. Keys are added, none is taken away or changed\n"
        "within a major number.\n"
        "An error is one object on standard error, and standard output stays empty:\n"
        "  "
        "{\"schema\":\"plimsoll.error/"
        "1\",\"code\":\"usage\",\"message\":\"...\",\"hint\":\"...\",\"exit\":2,\n"
        "   \"request\":null,\"warnings\":[]}\n"
        "A change prints what it changed; with --queue or --offline \"queued\" says whether it\n"
        "still waits on this machine.\n");
}

static void help_formats(struct cli *c)
{
    cli_print(
        c, "%s",
        "Output of verbs\n"
        "  terminal     columns, cut to its width\n"
        "  pipe, --tsv  tab separated, no header, nothing cut, full ids, RFC 3339 times\n"
        "  --json       see 'plimsoll help json'\n"
        "  -o FILE      to a file, whole or not at all; never over one without --force\n"
        "A review as a file (export --as, show --format)\n"
        "  md           Markdown with the facts in front; reads well, and 'new --from' reads it\n"
        "  json         plimsoll.review/1, everything in it\n"
        "  text         for a terminal (show)\n"
        "  The same revision gives the same bytes.\n"
        "Input\n"
        "  -            standard input, where a text or a file is asked for\n"
        "  TIME         RFC 3339: 2026-03-01T09:12:04Z, with a zone or Z\n"
        "  DATE         that, or a day, 2026-12-01: until its end in UTC\n"
        "  ID           REV-1, REV-1/E-9, or A-121, which is known everywhere\n"
        "  FIELD=VALUE  'plimsoll help fields'; none clears, +x and -x for sets\n");
}

/* Where the manual is, and the verbs by name: nobody reads mdoc on a terminal. */
static void help_manual(struct cli *c)
{
    cli_print(c,
              "man plimsoll          the manual of this program: texts, files, every verb\n"
              "man plimsolld         the server\n"
              "man plimsolld.conf    its configuration\n"
              "Not installed? 'cmake --install' puts them there; without it, the verbs' part is\n"
              "  plimsoll help man | mandoc -T utf8 | less\n"
              "One verb, with examples: plimsoll VERB --help\n\n");
    for (size_t i = 0; cli_verbs[i]; i++)
        cli_print(c, "  %-21s  %s\n", cli_verbs[i]->opt.name, cli_verbs[i]->opt.summary);
}

/* The manual's section, or the help of a verb, as data. */
static int help_printed(struct cli *c, const struct cli_verb *v, struct pl_err *e)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return pl_fail(e, PL_E_NOMEM, "no memory");
    if (v)
        cli_print_verb_help(v, f);
    else
        cli_print_man(f);
    (void)fclose(f);
    cli_print(c, "%s", text);
    free(text);
    return 0;
}

static int help_verb(struct cli *c, int argc, char **argv, struct pl_err *e)
{
    char *words[] = {NULL, argv[0], argc > 1 ? argv[1] : NULL, NULL};
    int used = 0;
    const struct cli_verb *v = cli_verb_find(argc + 1, words, &used, e);
    return v ? help_printed(c, v, e) : -PL_E_USAGE;
}

/* A topic, or the help of a verb. */
static int run_help(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    const char *topic = argc > 0 ? argv[0] : "";
    if (pl_str_eq(topic, "fields"))
        help_fields(c);
    else if (pl_str_eq(topic, "words"))
        help_words(c);
    else if (pl_str_eq(topic, "roles"))
        help_roles(c);
    else if (pl_str_eq(topic, "exit-codes"))
        help_exit_codes(c);
    else if (pl_str_eq(topic, "environment"))
        help_environment(c);
    else if (pl_str_eq(topic, "json"))
        help_json(c);
    else if (pl_str_eq(topic, "formats"))
        help_formats(c);
    else if (pl_str_eq(topic, "man") && cli_is_for_eyes(c))
        help_manual(c);
    else if (pl_str_eq(topic, "man"))
        return help_printed(c, NULL, e);
    else if (topic[0] == '\0')
        cli_print(c, "plimsoll --help            all verbs\n"
                     "plimsoll VERB --help       one of them\n"
                     "plimsoll help fields       fields of a review and of its entries\n"
                     "plimsoll help words        short words for what fields hold: S1, D, ack ...\n"
                     "plimsoll help roles        who may do what in which status\n"
                     "plimsoll help formats      what is printed, read, written to files\n"
                     "plimsoll help json         what all --json output has in common\n"
                     "plimsoll help exit-codes\n"
                     "plimsoll help environment\n"
                     "plimsoll help keys         keys of the full screen\n"
                     "plimsoll help man          the manual pages; in a pipe the verbs as mdoc\n");
    else
        return help_verb(c, argc, argv, e);
    return 0;
}

const struct cli_verb verb_help = {
    .opt = {"help", "[VERB|TOPIC]",
            "a verb, or fields, words, roles, formats, json, exit-codes, environment, keys, man",
            plain_opts, COUNT(plain_opts), 0, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll help fields\n  plimsoll help list\n",
    .run = run_help,
};
