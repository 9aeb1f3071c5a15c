// SPDX-License-Identifier: Apache-2.0
/*
 * Help with the tool itself: doctor looks at this machine and the way to the server; completion and
 * help are made from the tables of verbs and of the schema.
 */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "cli/cli_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct pl_opt plain_opts[] = {CLI_COMMON};

struct exam {
    struct cli *c;
    struct cli_table *t;
    json_t *items;
    bool bad;
};

static void finding(struct exam *x, const char *what, bool ok, const char *detail)
{
    const char *row[] = {ok ? "ok" : "!!", what, detail};
    cli_table_row(x->t, row);
    (void)json_array_append_new(
        x->items, json_pack("{s:s, s:b, s:s}", "check", what, "ok", ok, "detail", detail));
    x->bad |= !ok;
}

static bool is_up(void *ctx)
{
    const struct cli *c = ctx;
    return client_link_state(c->client) == LINK_UP;
}

static void examine_server(struct exam *x, struct pl_err *e)
{
    struct cli *c = x->c;
    char text[1400];
    int rc = cli_connect(c, e);
    if (rc < 0) {
        finding(x, "profile", false, e->text);
        return;
    }
    (void)snprintf(text, sizeof(text), "%s, %s", c->profile.name, c->profile.dir);
    finding(x, "profile", true, text);
    int64_t days = (c->profile.cert_expires_us - pl_now_us()) / INT64_C(86400000000);
    (void)snprintf(text, sizeof(text), "valid for %lld days", (long long)days);
    finding(x, "device certificate", days > 0, text);
    uint64_t from = pl_mono_us();
    rc = cli_wait(c, is_up, c, c->timeout_ms, e);
    if (rc < 0) {
        finding(x, "server", false, e->text);
        return;
    }
    const struct pl_welcome *w = client_welcome(c->client);
    (void)snprintf(text, sizeof(text), "%s:%u answers in %llu ms; plimsolld %.40s, %.80s",
                   c->profile.host, (unsigned)c->profile.port,
                   (unsigned long long)((pl_mono_us() - from) / 1000), w->server_version,
                   w->organisation);
    finding(x, "server", true, text);
    int64_t skew = (w->server_us - pl_now_us()) / 1000000;
    (void)snprintf(text, sizeof(text), "%lld s between this clock and the server's",
                   (long long)skew);
    finding(x, "clock", skew > -30 && skew < 30, text);
}

static void examine_terminal(struct exam *x)
{
    char text[200];
    const char *term = getenv("TERM");
    const char *codeset = nl_langinfo(CODESET);
    finding(x, "locale", pl_str_eq(codeset, "UTF-8"), codeset);
    (void)snprintf(text, sizeof(text), "TERM=%.60s%s%s", term ? term : "",
                   getenv("TMUX") ? ", inside tmux" : "", getenv("SSH_TTY") ? ", over ssh" : "");
    finding(x, "terminal", term && !pl_str_eq(term, "dumb"), text);
}

static void examine_files(struct exam *x)
{
    char dir[1024];
    struct pl_err e;
    pl_err_init(&e);
    if (client_state_preset(dir, sizeof(dir), &e) < 0)
        finding(x, "journal", false, e.text);
    else
        finding(x, "journal", access(dir, F_OK) < 0 || access(dir, W_OK) == 0, dir);
}

static int run_doctor(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"", "CHECK", "DETAIL"};
    struct exam x = {.c = c, .t = cli_table_new(heads, COUNT(heads)), .items = json_array()};
    struct pl_err mine;
    (void)opts;
    (void)argc;
    (void)argv;
    pl_err_init(&mine);
    finding(&x, "plimsoll", true, PL_VERSION);
    examine_terminal(&x);
    examine_files(&x);
    examine_server(&x, &mine);
    json_t *j = cli_envelope(c, "doctor", 0);
    (void)json_object_set_new(j, "ok", json_boolean(!x.bad));
    (void)json_object_set_new(j, "items", x.items);
    int rc = cli_list_end(c, x.t, j, e);
    return rc < 0 ? rc : x.bad ? 9 : 0;
}

const struct cli_verb verb_doctor = {
    .opt = {"doctor", NULL, "look at this machine and the way to the server", plain_opts,
            COUNT(plain_opts), 0, 0},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll doctor\n  plimsoll doctor --json\n",
    .fields = "check,ok,detail",
    .run = run_doctor,
};

/* --- completion
 * ------------------------------------------------------------------------------------ */

static int run_completion(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    size_t n = 0;
    char *text = NULL;
    size_t size = 0;
    (void)opts;
    const char *shell = argc > 0 ? argv[0] : "bash";
    if (!pl_str_eq(shell, "bash") && !pl_str_eq(shell, "zsh") && !pl_str_eq(shell, "fish"))
        return pl_fail(e, PL_E_USAGE, "completion for bash, zsh or fish, not '%s'", shell);
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return pl_fail(e, PL_E_NOMEM, "no memory");
    struct pl_opt_verb *v = cli_opt_verbs(&n);
    if (pl_str_eq(shell, "fish")) {
        for (size_t i = 0; i < n; i++)
            (void)fprintf(f, "complete -c plimsoll -n __fish_use_subcommand -f -a '%s' -d '%s'\n",
                          v[i].name, v[i].summary);
    } else {
        if (pl_str_eq(shell, "zsh"))
            (void)fputs("autoload -U +X bashcompinit && bashcompinit\n", f);
        pl_opt_print_completion("plimsoll", v, n, f);
    }
    (void)fclose(f);
    free(v);
    cli_print(c, "%s", text);
    free(text);
    return 0;
}

const struct cli_verb verb_completion = {
    .opt = {"completion", "[bash|zsh|fish]", "print a completion script for a shell", plain_opts,
            COUNT(plain_opts), 0, 1},
    .opt_size = sizeof(struct cli_common),
    .examples =
        "  plimsoll completion bash > ~/.local/share/bash-completion/completions/plimsoll\n",
    .run = run_completion,
};

/* --- help
 * ------------------------------------------------------------------------------------------- */

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

static void help_exit_codes(struct cli *c)
{
    cli_print(c, "0    done (also when a list is empty)\n1    failure\n2    usage\n3    not found\n"
                 "4    not enrolled, or not allowed\n5    conflict: somebody changed it first\n"
                 "6    server unreachable, or no answer in time\n7    refused by a gate or a lock\n"
                 "8    done in part\n9    findings\n130  interrupted\n");
}

static void help_environment(struct cli *c)
{
    cli_print(c, "PLIMSOLL_PROFILE     profile to use (--profile)\n"
                 "PLIMSOLL_SERVER      address of the server (--server)\n"
                 "PLIMSOLL_CONFIG_DIR  instead of $XDG_CONFIG_HOME/plimsoll\n"
                 "PLIMSOLL_EDITOR      editor for shared texts; then VISUAL, EDITOR, vi\n"
                 "XDG_CONFIG_HOME, XDG_STATE_HOME\n"
                 "NO_COLOR             no colours in the full screen\n");
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

static int run_help(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    (void)opts;
    const char *topic = argc > 0 ? argv[0] : "";
    if (pl_str_eq(topic, "fields"))
        help_fields(c);
    else if (pl_str_eq(topic, "exit-codes"))
        help_exit_codes(c);
    else if (pl_str_eq(topic, "environment"))
        help_environment(c);
    else if (pl_str_eq(topic, "man"))
        return help_printed(c, NULL, e);
    else if (topic[0] == '\0')
        cli_print(c, "plimsoll --help            all verbs\n"
                     "plimsoll VERB --help       one of them\n"
                     "plimsoll help fields       fields of a review and of its entries\n"
                     "plimsoll help exit-codes\n"
                     "plimsoll help environment\n"
                     "plimsoll help keys         keys of the full screen\n"
                     "plimsoll help man          the verbs for plimsoll(1), in mdoc\n");
    else
        return help_verb(c, argc, argv, e);
    return 0;
}

const struct cli_verb verb_help = {
    .opt = {"help", "[VERB|TOPIC]", "a verb, or fields, exit-codes, environment, keys, man",
            plain_opts, COUNT(plain_opts), 0, 2},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll help fields\n  plimsoll help list\n",
    .run = run_help,
};
