// SPDX-License-Identifier: Apache-2.0
/*
 * What a facilitator can ask at a stage. Needs no server; the texts are part of the program.
 */
#include <stdio.h>

#include "plimsoll/base/str.h"
#include "plimsoll/coach/prompts.h"

#include "cli/cli_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct guide_opts {
    struct cli_common common;
    uint64_t next;
};

static const struct pl_opt guide_opts[] = {
    CLI_COMMON,
    {0, "next", PL_OPT_NUMBER, offsetof(struct guide_opts, next), "N", NULL,
     "only prompt N of the stage, from 1; it starts again behind the last"},
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

static int run_guide(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"STAGE", "N", "PROMPT"};
    const struct guide_opts *o = opts;
    int64_t stage = argc > 0 ? pl_prompt_stage_find(argv[0]) : 0;
    if (argc > 0 && stage == 0)
        return pl_fail(e, PL_E_USAGE,
                       "no stage is called '%s': prepare, timeline, analyse, causes, actions, "
                       "track, share",
                       argv[0]);
    if (o->next > 0 && stage == 0)
        return pl_fail(e, PL_E_USAGE, "--next needs a stage");
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *items = json_array();
    for (int64_t i = 1; i <= PL_PROMPT_STAGES; i++)
        if (stage == 0 || stage == i)
            add_stage(t, items, i, o->next);
    json_t *j = cli_envelope(c, "guide", 0);
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_guide = {
    .opt = {"guide", "[STAGE]", "what a facilitator can ask, stage by stage", guide_opts,
            COUNT(guide_opts), 0, 1},
    .opt_size = sizeof(struct guide_opts),
    .fields = "stage,number,text",
    .examples = "  plimsoll guide timeline\n  plimsoll guide causes --next 3\n",
    .run = run_guide,
};
