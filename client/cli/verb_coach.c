// SPDX-License-Identifier: Apache-2.0
/*
 * The blame coach over a text from a file or standard input, which needs no server, or over a
 * review (verb_coach_review.c). Nothing is sent: what it says is for the one who asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/coach/coach.h"

#include "cli/cli_int.h"
#include "cli/verb_coach.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT_MAX (4u * 1024u * 1024u)
#define HITS_MAX 4096u /* findings that are shown */

struct coach_opts {
    struct cli_common common;
    struct pl_opt_list names;
    bool strict, mine;
};

static const struct pl_opt coach_opts[] = {
    CLI_COMMON,
    {0, "name", PL_OPT_LIST, offsetof(struct coach_opts, names), "NAME", NULL,
     "somebody that the text may name (may be repeated)"},
    {0, "strict", PL_OPT_FLAG, offsetof(struct coach_opts, strict), NULL, NULL,
     "exit 7 when there are findings"},
    {0, "mine", PL_OPT_FLAG, offsetof(struct coach_opts, mine), NULL, NULL,
     "of a review: every finding in what you wrote yourself"},
};

struct place {
    size_t at, line, line_start; /* byte; line from 1 and where it begins */
};

static void go_to(struct place *p, const char *text, size_t at)
{
    for (; p->at < at; p->at++) {
        if (text[p->at] == '\n') {
            p->line++;
            p->line_start = p->at + 1;
        }
    }
}

static void add_hit(struct cli_table *t, json_t *items, const char *text, struct place *p,
                    const struct pl_coach_hit *h)
{
    char where[48];
    char number[12];
    go_to(p, text, h->at.start);
    size_t column = pl_utf8_count(text + p->line_start, h->at.start - p->line_start) + 1;
    char *words = pl_xstrndup(text + h->at.start, h->at.end - h->at.start);
    for (char *s = words; *s; s++)
        if (*s == '\n' || *s == '\t' || *s == '\r')
            *s = ' ';
    (void)snprintf(where, sizeof(where), "%zu:%zu", p->line, column);
    (void)snprintf(number, sizeof(number), "%d", h->pattern->number);
    const char *row[] = {where, number, words, h->pattern->reason, h->pattern->rewrite};
    cli_table_row(t, row);
    json_t *j = json_pack("{s:I, s:I, s:i, s:s, s:s, s:s, s:s}", "line", (json_int_t)p->line,
                          "column", (json_int_t)column, "pattern", h->pattern->number, "kind",
                          pl_coach_kind_name(h->pattern->kind), "text", words, "reason",
                          h->pattern->reason, "rewrite", h->pattern->rewrite);
    (void)json_object_set_new(j, "replacement", h->has_fix ? json_string(h->fix) : json_null());
    (void)json_array_append_new(items, j);
    free(words);
}

static int report(struct cli *c, const char *text, size_t n, const struct coach_opts *o,
                  struct pl_err *e)
{
    static const char *const heads[] = {"PLACE", "N", "WORDS", "WHY", "INSTEAD"};
    struct pl_coach *coach = pl_coach_new(o->names.values, o->names.count);
    struct pl_coach_hit *hits = pl_xcalloc(HITS_MAX, sizeof(*hits));
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    struct place p = {.at = 0, .line = 1, .line_start = 0};
    size_t total = pl_coach_scan(coach, text, n, hits, HITS_MAX);
    for (size_t i = 0; i < total && i < HITS_MAX; i++)
        add_hit(t, items, text, &p, &hits[i]);
    pl_coach_free(coach);
    free(hits);
    json_t *j = cli_envelope(c, "coach", 0);
    (void)json_object_set_new(j, "count", json_integer((json_int_t)total));
    (void)json_object_set_new(j, "items", items);
    int rc = cli_list_end(c, t, j, e);
    return rc < 0 ? rc : o->strict && total > 0 ? 7 : 0;
}

/* "REV-1", unless a file has this name. */
static bool is_review(const char *s)
{
    uint32_t kind = 0;
    int64_t no = 0;
    return pl_short_id_parse(s, strlen(s), &kind, &no, NULL) == 0 && kind == PL_KIND_REVIEW &&
           !pl_file_exists(s);
}

static int run_coach(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct coach_opts *o = opts;
    if (argc > 0 && is_review(argv[0]))
        return cli_coach_review(c, argv[0], o->mine, o->strict, e);
    if (o->mine)
        return pl_fail(e, PL_E_USAGE, "--mine is of a review: plimsoll coach REV-1 --mine");
    bool is_input = argc == 0 || pl_str_eq(argv[0], "-");
    struct pl_buf b;
    int rc = is_input ? pl_fd_read_all(STDIN_FILENO, "standard input", TEXT_MAX, &b, e)
                      : pl_file_read_all(argv[0], TEXT_MAX, &b, e);
    if (rc == -PL_E_NOENT)
        c->hint = "Check the path of the file";
    const char *text = b.len ? (const char *)b.data : "";
    if (rc == 0 && !pl_utf8_is_valid(text, b.len))
        rc = pl_fail(e, PL_E_BAD_TEXT, "the text is not UTF-8");
    if (rc == 0 && memchr(text, '\0', b.len))
        rc = pl_fail(e, PL_E_BAD_TEXT, "it is not a text: it holds a zero byte");
    if (rc == 0)
        rc = report(c, text, b.len, opts, e);
    pl_buf_release(&b);
    return rc;
}

const struct cli_verb verb_coach = {
    .opt =
        {"coach", "[REVIEW|FILE|-]",
         "find wording that blames, and what to write instead; of a review, its facilitator gets "
         "the count per section",
         coach_opts, COUNT(coach_opts), 0, 1},
    .opt_size = sizeof(struct coach_opts),
    .fields = "line,column,pattern,kind,text,reason,rewrite,replacement,entry,field,finding,"
              "section,count",
    .examples = "  plimsoll coach REV-1\n  plimsoll coach REV-1 --mine\n  plimsoll coach "
                "draft.md\n  plimsoll coach --strict --name Mira < draft.md\n",
    .run = run_coach,
};
