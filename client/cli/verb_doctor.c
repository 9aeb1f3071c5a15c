// SPDX-License-Identifier: Apache-2.0
/*
 * Help with the tool itself: doctor looks at this machine and the way to the server; completion is
 * made from the tables of verbs and of the schema.
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
