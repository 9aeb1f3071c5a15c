// SPDX-License-Identifier: Apache-2.0
/*
 * From argv to exit status: reads the verb's options, runs it, writes its data whole or not at all,
 * and says errors the same way everywhere.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/render/text.h"

#include "cli/cli_int.h"

#define OUT_MAX (256u * 1024u * 1024u)

/* --- errors
 * ------------------------------------------------------------------------------------------ */

#define STATUS_PIPE 141 /* 128 + SIGPIPE, as if it had ended us */

static void print_json_error(const struct pl_err *e, const char *text, const char *hint,
                             json_t *warnings)
{
    const struct pl_error_info *i = pl_error_info(e->code);
    json_t *j =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:n, s:o}", "schema", "plimsoll.error/1", "code",
                  i->token, "message", text[0] ? text : i->title, "hint", hint, "exit",
                  i->exit_status, "request", "warnings", warnings ? warnings : json_array());
    if (!j)
        return;
    (void)json_dumpf(j, stderr, JSON_COMPACT);
    (void)fputc('\n', stderr);
    json_decref(j);
}

/* hint: NULL for what the code suggests. warnings: stolen; NULL ok. */
static int report(const struct pl_err *e, bool json, const char *hint, json_t *warnings)
{
    const struct pl_error_info *i = pl_error_info(e->code);
    if (!hint)
        hint = i->suggestion;
    /* Others' words may be in it, and it may have been cut in the middle of a character. */
    struct pl_buf safe;
    pl_buf_init(&safe, 4096);
    if (pl_text_safe(e->text, strlen(e->text), &safe) < 0)
        pl_buf_clear(&safe);
    char *text = pl_buf_steal(&safe, NULL);
    if (json) {
        print_json_error(e, text, hint, warnings);
    } else {
        json_decref(warnings);
        (void)fprintf(stderr, "plimsoll: %s\n", text[0] ? text : i->title);
        if (hint[0])
            (void)fprintf(stderr, "  %s.\n", hint);
    }
    free(text);
    return i->exit_status;
}

/* --- one run
 * ------------------------------------------------------------------------------------------- */

int cli_parse_time(const char *s, const char *option, uint64_t *ms, struct pl_err *e)
{
    char *end = NULL;
    double v = strtod(s, &end);
    double unit = 0;
    if (pl_str_eq(end, "ms"))
        unit = 1;
    else if (pl_str_eq(end, "s") || *end == '\0')
        unit = 1000;
    else if (pl_str_eq(end, "m"))
        unit = 60000;
    else if (pl_str_eq(end, "h"))
        unit = 3600000;
    else if (pl_str_eq(end, "d"))
        unit = 86400000;
    if (end == s || unit == 0 || !(v > 0) || v * unit > 31 * 86400000.0)
        return pl_fail(e, PL_E_USAGE, "%s takes a time like 500ms, 10s or 2m, not '%s'", option, s);
    *ms = (uint64_t)(v * unit);
    return 0;
}

static void on_client_closed(void *ctx)
{
    struct cli *c = ctx;
    c->client = NULL;
}

static void cli_release(struct cli *c)
{
    if (c->has_loop) {
        if (c->client)
            client_close(c->client, on_client_closed, c);
        uv_close((uv_handle_t *)&c->timer, NULL);
        (void)uv_run(&c->loop, UV_RUN_DEFAULT);
        PL_ASSERT(uv_loop_close(&c->loop) == 0);
    }
    trust_release(&c->profile);
    pl_buf_release(&c->out);
}

static int write_out(struct cli *c, struct pl_err *e)
{
    const struct cli_common *o = c->opt;
    if (c->out_failed)
        return pl_fail(e, PL_E_LIMIT, "the output is too large");
    if (o->output && !c->out_is_mine && !pl_str_eq(o->output, "-")) {
        if (o->force)
            return pl_file_write_atomic(o->output, c->out.data, c->out.len, pl_file_mode_plain(),
                                        e);
        int rc = pl_file_write_new(o->output, c->out.data, c->out.len, pl_file_mode_plain(), e);
        if (rc == -PL_E_CONFLICT)
            c->hint = "--force writes over it";
        return rc;
    }
    if (c->out.len == 0)
        return 0;
    if (fwrite(c->out.data, 1, c->out.len, stdout) != c->out.len || fflush(stdout) != 0) {
        c->out_gone = errno == EPIPE;
        return pl_fail(e, PL_E_IO, "cannot write to standard output: %s", strerror(errno));
    }
    return 0;
}

static int run_verb(struct cli *c, const struct cli_verb *v, int argc, char **argv,
                    struct pl_err *e)
{
    const struct cli_common *o = c->opt;
    struct pl_log_options log = {.level = o->verbose > 1   ? PL_LOG_TRACE
                                          : o->verbose > 0 ? PL_LOG_DEBUG
                                                           : PL_LOG_ERR};
    int rc = pl_log_open(&log, e);
    if (rc == 0)
        rc = cli_parse_time(o->timeout ? o->timeout : "10s", "--timeout", &c->timeout_ms, e);
    if (rc == 0)
        rc = cli_fields_choose(c, v, e);
    if (rc == 0)
        rc = v->run(c, (void *)(uintptr_t)o, argc, argv, e);
    else if (rc > 0)
        rc = 0; /* the fields were shown instead */
    if (rc >= 0)
        rc = cli_await_log(c, rc, e);
    /* Data of a verb that failed half way is no data; findings and partial results are. */
    if (rc >= 0) {
        int written = write_out(c, e);
        if (written < 0)
            rc = written;
    }
    return rc;
}

/* Runs the verb whose options are read; its exit status. */
static int run_and_report(const struct cli_verb *v, void *opts, int argc, char **argv)
{
    struct cli c;
    struct pl_err e;
    memset(&c, 0, sizeof(c));
    pl_err_init(&e);
    c.opt = opts;
    c.verb = v->opt.name;
    pl_buf_init(&c.out, OUT_MAX);
    int rc = run_verb(&c, v, argc, argv, &e);
    if (rc < 0)
        cli_keep_typed(&c, &e);
    free(c.typed);
    cli_release(&c);
    if (c.out_gone)
        rc = STATUS_PIPE;
    json_decref(c.fields);
    if (rc < 0)
        return report(&e, cli_wants_json(&c), c.hint, c.warnings);
    json_decref(c.warnings);
    return rc;
}

/* What was printed without a verb's help must have arrived, too. */
static int printed(void)
{
    if (fflush(stdout) == 0)
        return 0;
    return errno == EPIPE ? STATUS_PIPE : 1;
}

/* Nothing but options, and no terminal for the full screen. */
static int report_no_verb(bool has_options, bool json)
{
    struct pl_err e;
    pl_err_init(&e);
    (void)pl_fail(&e, PL_E_USAGE, "%s",
                  has_options
                      ? "options alone are no command; the full screen takes its profile and "
                        "server from PLIMSOLL_PROFILE and PLIMSOLL_SERVER"
                      : "the full screen needs a terminal, and here is none; use a verb");
    int status = report(&e, json, NULL, NULL);
    if (!json)
        (void)fputc('\n', stderr);
    if (!json)
        cli_print_help(stderr);
    return status;
}

int cli_main(int argc, char **argv)
{
    struct pl_err e;
    int used = 0;
    int first = 0;
    pl_err_init(&e);
    bool json = cli_argv_asks_json(argc, argv);
    int lead = cli_argv_options(argc, argv);
    const char *word = lead + 1 < argc ? argv[lead + 1] : NULL;
    if (!word)
        return report_no_verb(lead > 0, json);
    if (pl_str_eq(word, "-h") || pl_str_eq(word, "--help")) {
        cli_print_help(stdout);
        return printed();
    }
    if (pl_str_eq(word, "--version")) {
        (void)printf("plimsoll %s\n", PL_VERSION);
        return printed();
    }
    const struct cli_verb *v = cli_verb_find(argc - lead, argv + lead, &used, &e);
    if (!v)
        return report(&e, json, NULL, NULL);
    cli_argv_verb_first(argv + 1, lead, used);
    void *opts = pl_xcalloc(1, v->opt_size);
    int rc = pl_opt_parse(&v->opt, argc - used, argv + used, opts, &first, &e);
    int status = 0;
    if (rc == PL_OPT_HELP_SEEN) {
        cli_print_verb_help(v, stdout);
        status = printed();
    } else if (rc < 0 && !pl_str_eq(((struct cli_common *)opts)->json, "help")) {
        status = report(&e, json, NULL, NULL);
    } else if (rc < 0) { /* which fields there are one may ask without operands */
        status = run_and_report(v, opts, 0, NULL);
    } else {
        status = run_and_report(v, opts, argc - used - first, argv + used + first);
    }
    free(opts);
    return status;
}
