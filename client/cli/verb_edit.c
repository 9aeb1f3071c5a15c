// SPDX-License-Identifier: Apache-2.0
/*
 * Shared text through an editor or a file: what comes back is merged into what others wrote
 * meanwhile, never put over it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"
#include "cli/verb_entry.h"

struct edit_opts {
    struct cli_common common;
    const char *file, *field;
    bool append;
    uint64_t if_rev;
};

static const struct pl_opt edit_opts[] = {
    CLI_COMMON,
    {0, "file", PL_OPT_STRING, offsetof(struct edit_opts, file), "FILE|-", NULL,
     "take the text from a file instead of an editor"},
    {0, "field", PL_OPT_STRING, offsetof(struct edit_opts, field), "FIELD", NULL,
     "which text (body; impact for a review)"},
    {0, "append", PL_OPT_FLAG, offsetof(struct edit_opts, append), NULL, NULL,
     "add at the end instead of replacing"},
    {0, "if-rev", PL_OPT_NUMBER, offsetof(struct edit_opts, if_rev), "N", NULL,
     "only if the review is at revision N, else exit 5"},
};

#define TEXT_MAX (4u * 1024u * 1024u)

static char *read_file(struct cli *c, const char *path, struct pl_err *e)
{
    struct pl_buf b;
    if (pl_str_eq(path, "-")) {
        char *dash[] = {(char[]){'-', '\0'}};
        return cli_text(c, 1, dash, e);
    }
    pl_buf_init(&b, TEXT_MAX);
    int rc = pl_file_read_all(path, TEXT_MAX - 1, &b, e);
    if (rc < 0) {
        pl_buf_release(&b);
        return NULL;
    }
    if (b.len && memchr(b.data, '\0', b.len)) {
        (void)pl_fail(e, PL_E_BAD_TEXT, "%s is not a text: it holds a zero byte", path);
        pl_buf_release(&b);
        return NULL;
    }
    return b.len ? pl_buf_steal(&b, NULL) : pl_xstrdup("");
}

/* Runs $VISUAL or $EDITOR on the file and waits. The variable may hold options, so a shell takes it
 * apart, as git and others do; the file name is passed as an argument, not as part of the text. */
static int run_editor(const char *path, struct pl_err *e)
{
    const char *editor = getenv("PLIMSOLL_EDITOR");
    if (!editor || !editor[0])
        editor = getenv("VISUAL");
    if (!editor || !editor[0])
        editor = getenv("EDITOR");
    if (!editor || !editor[0])
        editor = "vi";
    char *script = pl_xasprintf("%s \"$1\"", editor);
    /* Ctrl-C in an editor is the editor's: it must not end us and leave the text behind. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction preset = {.sa_handler = SIG_DFL};
    struct sigaction old_int;
    struct sigaction old_quit;
    (void)sigaction(SIGINT, &ignore, &old_int);
    (void)sigaction(SIGQUIT, &ignore, &old_quit);
    pid_t pid = fork();
    if (pid == 0) {
        (void)sigaction(SIGINT, &old_int, NULL);
        (void)sigaction(SIGQUIT, &old_quit, NULL);
        (void)sigaction(SIGPIPE, &preset, NULL);
        (void)execl("/bin/sh", "sh", "-c", script, "sh", path, (char *)NULL);
        _exit(127);
    }
    free(script);
    int status = 0;
    int failed = pid < 0 ? errno : 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    (void)sigaction(SIGINT, &old_int, NULL);
    (void)sigaction(SIGQUIT, &old_quit, NULL);
    if (failed)
        return pl_fail(e, PL_E_IO, "cannot start an editor: %s", strerror(failed));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return pl_fail(e, PL_E_IO, "the editor '%s' did not end well; nothing was changed", editor);
    return 0;
}

#define EDIT_PATH "/tmp/plimsoll-XXXXXX.md"

/* The file stays when something fails after it was written: what was typed is in it. Its name comes
 * back in `path`, "" when there is none. */
static char *edit_in_editor(struct cli *c, const char *text, char path[sizeof(EDIT_PATH)],
                            struct pl_err *e)
{
    char *out = NULL;
    size_t n = strlen(text);
    (void)pl_strlcpy(path, EDIT_PATH, sizeof(EDIT_PATH));
    int fd = mkstemps(path, 3);
    if (fd < 0) {
        (void)pl_fail(e, PL_E_IO, "no temporary file: %s", strerror(errno));
        path[0] = '\0';
        return NULL;
    }
    int rc = pl_fd_write_all(fd, text, n, e);
    (void)close(fd);
    if (rc < 0) {
        (void)unlink(path);
        path[0] = '\0';
    } else if (run_editor(path, e) == 0) {
        out = read_file(c, path, e);
    }
    if (out) { /* editors end a file with a newline; the text did not have it */
        size_t len = strlen(out);
        if (len > 0 && out[len - 1] == '\n' && (n == 0 || text[n - 1] != '\n'))
            out[len - 1] = '\0';
    }
    return out;
}

/* piped: what --file - gave, or NULL; taken. */
static char *new_text(struct cli *c, const struct edit_opts *o, char *piped, const char *base,
                      char path[sizeof(EDIT_PATH)], struct pl_err *e)
{
    if (!o->file && (c->opt->no_input || !isatty(STDIN_FILENO))) {
        (void)pl_fail(e, PL_E_USAGE, "no terminal for an editor: give --file FILE or --file -");
        return NULL;
    }
    char *text = piped     ? piped
                 : o->file ? read_file(c, o->file, e)
                           : edit_in_editor(c, o->append ? "" : base, path, e);
    if (!text || !o->append)
        return text;
    const char *gap = base[0] && base[strlen(base) - 1] != '\n' ? "\n" : "";
    char *all = pl_xasprintf("%s%s%s", base, gap, text);
    free(text);
    return all;
}

/* "REV-1/A-7.finish_test": cuts the field off the id and returns it; NULL when none is named. */
static const char *cut_field(char *id)
{
    char *dot = strchr(id, '.');
    if (!dot)
        return NULL;
    *dot = '\0';
    return dot + 1;
}

/* Opens the review, and finds the entry and the text of it that are meant. */
static int open_text(struct cli *c, const struct edit_opts *o, int argc, char **argv,
                     struct review **r, struct pl_eid *eid, struct pl_err *e)
{
    struct pl_entry *en = NULL;
    int rc = cli_entry_open(c, argc, argv, false, r, &en, e);
    if (rc < 0)
        return rc;
    uint64_t rev = pl_doc_rev(sync_base(review_sync(*r)));
    if (o->if_rev && o->if_rev != rev)
        return pl_fail(e, PL_E_CONFLICT, "the review is at revision %llu", (unsigned long long)rev);
    *eid = en ? pl_entry_eid(en) : PL_EID_ROOT;
    return 0;
}

/* The field that is meant by --field or behind the id; *field NULL: the usual one. */
static int choose_field(const struct edit_opts *o, int argc, char **argv, const char **field,
                        struct pl_err *e)
{
    const char *named = cut_field(argv[0]);
    if (!named && argc > 1)
        named = cut_field(argv[1]);
    if (named && o->field && !pl_str_eq(named, o->field))
        return pl_fail(e, PL_E_USAGE, "--field %.40s and .%.40s: which?", o->field, named);
    *field = o->field ? o->field : named;
    return 0;
}

/* The text field of this name (NULL: impact of the review, body of an entry), or NULL. */
static const struct pl_field *text_field(const struct pl_entry *en, const char *name,
                                         struct pl_err *e)
{
    if (!name)
        name = pl_eid_is_root(pl_entry_eid(en)) ? "impact" : "body";
    const struct pl_field *f = pl_field_by_name(pl_entry_kind(en), name);
    if (f && f->type == PL_FT_TEXT)
        return f;
    (void)pl_fail(e, PL_E_INVALID, "'%s' is not a text of %s", name,
                  pl_kind_name(pl_entry_kind(en)));
    return NULL;
}

static int run_edit(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct edit_opts *o = opts;
    struct review *r = NULL;
    struct pl_eid eid = PL_EID_ROOT;
    bool queued = false;
    const char *name = NULL;
    int rc = choose_field(o, argc, argv, &name, e);
    if (rc < 0)
        return rc;
    /* First of all: whatever happens, what came through a pipe is not lost. */
    bool is_pipe = o->file && pl_str_eq(o->file, "-");
    char *piped = is_pipe ? read_file(c, o->file, e) : NULL;
    if (is_pipe && !piped)
        return -e->code;
    rc = open_text(c, o, argc, argv, &r, &eid, e);
    const struct pl_entry *en = rc == 0 ? pl_doc_entry(review_doc(r), eid) : NULL;
    const struct pl_field *f = en ? text_field(en, name, e) : NULL;
    if (!f) {
        free(piped);
        return rc < 0 ? rc : -e->code;
    }
    char *base = pl_xstrdup(pl_entry_cstr(en, f->number));
    char path[sizeof(EDIT_PATH)] = "";
    char *text = new_text(c, o, piped, base, path, e);
    rc = text ? 0 : -e->code;
    if (rc == -PL_E_NOENT)
        c->hint = "Check the path of the file";
    if (rc == 0)
        rc = act_rewrite(r, eid, f->number, base, text, e);
    if (rc < 0 && path[0])
        cli_say(c, "your text is kept in %s", path);
    else if (path[0])
        (void)unlink(path); /* the journal has it now */
    if (rc == 0)
        rc = cli_settle(c, r, &queued, e);
    if (rc == 0)
        rc = cli_entry_result(c, r, eid, queued, e);
    free(base);
    free(text);
    return rc;
}

const struct cli_verb verb_edit = {
    .opt = {"edit", "ID[.FIELD] [ENTRY]",
            "edit a shared text in your editor; merged when it comes back", edit_opts,
            sizeof(edit_opts) / sizeof(edit_opts[0]), 1, 2},
    .opt_size = sizeof(struct edit_opts),
    .examples = "  plimsoll edit REV-1/F-3\n"
                "  plimsoll edit REV-1/A-7.finish_test\n"
                "  plimsoll edit REV-1 --field impact --file impact.md\n"
                "  echo 'seen again at 11:02' | plimsoll edit REV-1/E-9 --append --file -\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_edit,
};
