// SPDX-License-Identifier: Apache-2.0
/*
 * Look-ups over prompts.def. Constant tables, no state; what does not exist is NULL or 0.
 */
#include "plimsoll/coach/prompts.h"

#include "plimsoll/base/str.h"

static const struct {
    int64_t stage;
    const char *text;
} prompts[] = {
#define PL_PROMPT(prompt_stage, prompt_text) \
    {.stage = PL_PROMPT_##prompt_stage, .text = (prompt_text)},
#define PL_EMPTY(section, text)
#include "plimsoll/coach/prompts.def"
#undef PL_PROMPT
#undef PL_EMPTY
};
#define PROMPTS (sizeof(prompts) / sizeof(prompts[0]))

static const struct {
    const char *section, *text;
} empty[] = {
#define PL_PROMPT(stage, text)
#define PL_EMPTY(empty_section, empty_text) {.section = (empty_section), .text = (empty_text)},
#include "plimsoll/coach/prompts.def"
#undef PL_PROMPT
#undef PL_EMPTY
};

static const char *const stages[PL_PROMPT_STAGES + 1] = {NULL,     "prepare", "timeline", "analyse",
                                                         "causes", "actions", "track",    "share"};

const char *pl_prompt(int64_t stage, size_t i)
{
    for (size_t k = 0; k < PROMPTS; k++)
        if (prompts[k].stage == stage && i-- == 0)
            return prompts[k].text;
    return NULL;
}

size_t pl_prompt_count(int64_t stage)
{
    size_t n = 0;
    for (size_t k = 0; k < PROMPTS; k++)
        n += prompts[k].stage == stage;
    return n;
}

const char *pl_prompt_stage_name(int64_t stage)
{
    return stage >= 1 && stage <= PL_PROMPT_STAGES ? stages[stage] : NULL;
}

int64_t pl_prompt_stage_find(const char *name)
{
    for (int64_t i = 1; i <= PL_PROMPT_STAGES; i++)
        if (pl_str_eq(stages[i], name))
            return i;
    return 0;
}

const char *pl_prompt_empty(const char *section)
{
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        if (pl_str_eq(empty[i].section, section))
            return empty[i].text;
    return NULL;
}
