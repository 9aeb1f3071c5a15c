// SPDX-License-Identifier: Apache-2.0
/*
 * What a facilitator can ask or do, stage by stage, and the line that an empty section shows. The
 * texts are in prompts.def; a review never stores them, so they may change between versions.
 */
#ifndef PLIMSOLL_COACH_PROMPTS_H
#define PLIMSOLL_COACH_PROMPTS_H

#include <stddef.h>
#include <stdint.h>

#define PL_PROMPT_MAX 160 /* characters of a text */

/* The numbers are those of the enumeration `stage` in doc/fields.def. */
enum pl_prompt_stage {
    PL_PROMPT_PREPARE = 1,
    PL_PROMPT_TIMELINE,
    PL_PROMPT_ANALYSE,
    PL_PROMPT_CAUSES,
    PL_PROMPT_ACTIONS,
    PL_PROMPT_TRACK,
    PL_PROMPT_SHARE,
};
#define PL_PROMPT_STAGES 7

/* Prompt i (from 0) of a stage (1-7), or NULL when there is none. Constant text. */
const char *pl_prompt(int64_t stage, size_t i);

/* How many prompts a stage has; 0 for a number that is no stage. */
size_t pl_prompt_count(int64_t stage);

/* "prepare" to "share", or NULL. */
const char *pl_prompt_stage_name(int64_t stage);

/* The number of a stage by its name, 0 when there is none. */
int64_t pl_prompt_stage_find(const char *name);

/* What to show where a section ("event", "cause": names of kinds) has no entries; NULL when there
 * is nothing to say. */
const char *pl_prompt_empty(const char *section);

#endif
