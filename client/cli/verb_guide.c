// SPDX-License-Identifier: Apache-2.0
/*
 * What a facilitator can ask at a stage: all of it, or one prompt after the other. For a review it
 * is the stage that the session is in, and where one was is kept on this machine, so that the next
 * call shows the next prompt. The texts are part of the program; only a review needs the server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/coach/prompts.h"

#include "cli/cli_int.h"
#include "sync/rescue.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct guide_opts {
    struct cli_common common;
    const char *next;
};

static const struct pl_opt guide_opts[] = {
    CLI_COMMON,
    {0, "next", PL_OPT_MAYBE, offsetof(struct guide_opts, next), "N", NULL,
     "only the next prompt of a review's stage; of a stage, prompt N from 1 (again from the first "
     "behind the last)"},
};

static void add_stage(struct cli_table *t, json_t *items, int64_t stage, uint64_t next)
{
    size_t n = pl_prompt_count(stage);
    for (size_t i = 0; i < n; i++) {
        char number[24];
        if (next > 0 && i != (next - 1) % n)
            continue;
        (void)snprintf(number, sizeof(number), "%zu", i + 1);
        const char *row[] = {pl_prompt_stage_name(stage), number, pl_prompt(stage, i)};
        cli_table_row(t, row);
        (void)json_array_append_new(items, json_pack("{s:s, s:I, s:s}", "stage", row[0], "number",
                                                     (json_int_t)i + 1, "text", row[2]));
    }
}

/* --- where one was ------------------------------------------------------------------------------
 */

static int place_path(struct cli *c, uint64_t review, char *dir, char *path, size_t size,
                      struct pl_err *e)
{
    char state[1024], host[300], clean[256];
    int rc = client_state_preset(state, sizeof(state), e);
    if (rc < 0)
        return rc;
    client_host(c->client, host, sizeof(host));
    rescue_host_name(clean, sizeof(clean), host);
    (void)snprintf(dir, size, "%s/guide/%s", state, clean);
    int n = snprintf(path, size, "%s/%" PRIu64 ".txt", dir, review);
    return n > 0 && (size_t)n < size ? 0 : pl_fail(e, PL_E_IO, "a path is too long");
}

/* "stage number" of the prompt shown last; the one behind it, from 1, in *next. */
static void read_place(const char *path, int64_t stage, uint64_t *next)
{
    struct pl_buf b;
    char text[64];
    uint64_t of = 0;
    uint64_t last = 0;
    *next = 1;
    if (pl_file_read_all(path, sizeof(text) - 1, &b, NULL) == 0 && b.len > 0) {
        (void)pl_strlcpy(text, (const char *)b.data,
                         b.len + 1 < sizeof(text) ? b.len + 1 : sizeof(text));
        char *space = strchr(text, ' ');
        if (space && pl_parse_u64n(text, (size_t)(space - text), &of) == 0 &&
            pl_parse_u64(space + 1, &last) == 0 && (int64_t)of == stage)
            *next = last + 1;
    }
    pl_buf_release(&b);
}

static int keep_place(const char *dir, const char *path, int64_t stage, uint64_t number,
                      struct pl_err *e)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%lld %llu", (long long)stage, (unsigned long long)number);
    int rc = pl_mkdir_p(dir, 0700, e);
    return rc < 0 ? rc : pl_file_write_atomic(path, text, (size_t)n, 0600, e);
}

/* The stage of a review and, for the next prompt, its number. */
static int of_review(struct cli *c, const char *id, bool is_next, int64_t *stage, uint64_t *number,
                     struct pl_err *e)
{
    char dir[1600], path[1700];
    struct review *r = NULL;
    int rc = cli_open_named(c, id, true, &r, e);
    if (rc < 0)
        return rc;
    *stage = pl_entry_int(pl_doc_root(review_doc(r)), PL_F_REVIEW_STAGE, PL_STAGE_PREPARE);
    if (!is_next)
        return 0;
    rc = place_path(c, review_id(r), dir, path, sizeof(dir), e);
    if (rc < 0)
        return rc;
    read_place(path, *stage, number);
    size_t n = pl_prompt_count(*stage);
    if (n > 0)
        *number = (*number - 1) % n + 1;
    return keep_place(dir, path, *stage, *number, e);
}

/* --- the verb -----------------------------------------------------------------------------------
 */

static bool is_review(const char *s)
{
    uint32_t kind = 0;
    int64_t no = 0;
    return pl_short_id_parse(s, strlen(s), &kind, &no, NULL) == 0 && kind == PL_KIND_REVIEW;
}

/* What is asked for: a stage, or 0 for all; a prompt of it, or 0 for all. */
static int what(struct cli *c, const struct guide_opts *o, int argc, char **argv, int64_t *stage,
                uint64_t *number, struct pl_err *e)
{
    const char *asked = o->next && o->next[0] ? o->next : argc > 1 ? argv[1] : NULL;
    if (argc > 1 && !o->next)
        return pl_fail(e, PL_E_USAGE, "'%.40s' is one too many", argv[1]);
    if (asked && (pl_parse_u64(asked, number) < 0 || *number == 0))
        return pl_fail(e, PL_E_USAGE, "--next takes a number from 1, not '%.40s'", asked);
    if (argc > 0 && is_review(argv[0])) {
        bool is_next = o->next && !asked;
        return of_review(c, argv[0], is_next, stage, number, e);
    }
    *stage = argc > 0 ? pl_prompt_stage_find(argv[0]) : 0;
    if (argc > 0 && *stage == 0)
        return pl_fail(e, PL_E_USAGE,
                       "'%.40s' is neither a review nor a stage: prepare, timeline, analyse, "
                       "causes, actions, track, share",
                       argv[0]);
    if (o->next && *stage == 0)
        return pl_fail(e, PL_E_USAGE, "--next needs a review or a stage");
    if (o->next && !asked)
        *number = 1;
    return 0;
}

static int run_guide(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"STAGE", "N", "PROMPT"};
    const struct guide_opts *o = opts;
    int64_t stage = 0;
    uint64_t number = 0;
    int rc = what(c, o, argc, argv, &stage, &number, e);
    if (rc < 0)
        return rc;
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    for (int64_t i = 1; i <= PL_PROMPT_STAGES; i++)
        if (stage == 0 || stage == i)
            add_stage(t, items, i, number);
    json_t *j = cli_envelope(c, "guide", 0);
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_guide = {
    .opt = {"guide", "[REVIEW|STAGE]", "what a facilitator can ask, stage by stage", guide_opts,
            COUNT(guide_opts), 0, 2},
    .opt_size = sizeof(struct guide_opts),
    .fields = "stage,number,text",
    .examples = "  plimsoll guide timeline\n  plimsoll guide REV-1 --next\n"
                "  plimsoll guide causes --next=3\n",
    .run = run_guide,
};
