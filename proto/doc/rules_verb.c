// SPDX-License-Identifier: Apache-2.0
/*
 * Which command writes what no edit writes: said in every refusal, so that nobody has to look for
 * it. Fields that the server keeps for itself (numbers, names, hashes) have none.
 */
#include "rules_int.h"

#include <stddef.h>

struct verb {
    uint32_t kind;
    uint32_t field;
    const char *verb;
};

#define REVIEW(F, verb)                       \
    {                                         \
        PL_KIND_REVIEW, PL_F_REVIEW_##F, verb \
    }
#define PERSON(F, verb)                                 \
    {                                                   \
        PL_KIND_PARTICIPANT, PL_F_PARTICIPANT_##F, verb \
    }
#define ACTION(F, verb)                       \
    {                                         \
        PL_KIND_ACTION, PL_F_ACTION_##F, verb \
    }

static const struct verb verbs[] = {
    REVIEW(STATUS, "plimsoll status"),
    REVIEW(STATUS_REASON, "plimsoll status"),
    REVIEW(STAGE, "plimsoll session stage"),
    REVIEW(VISIBILITY, "plimsoll visibility"),
    REVIEW(NEUTRALITY, "plimsoll challenge and plimsoll answer"),
    REVIEW(NEUTRALITY_NOTE, "plimsoll challenge and plimsoll answer"),
    REVIEW(NEUTRALITY_BY, "plimsoll challenge and plimsoll answer"),
    REVIEW(NEUTRALITY_ANSWER, "plimsoll answer"),
    REVIEW(NEUTRALITY_ANSWER_BY, "plimsoll answer"),
    REVIEW(LEAD, "plimsoll session lead"),
    REVIEW(LEAD_OFFERED_TO, "plimsoll session lead"),
    REVIEW(STAGE_ENDS_AT, "plimsoll session timer"),
    REVIEW(STAGE_STARTED_AT, "plimsoll session timer"),
    REVIEW(LOCKED, "plimsoll session lock"),
    REVIEW(FOCUS_STAGE, "plimsoll session focus"),
    REVIEW(FOCUS_ENTRY, "plimsoll session focus"),
    REVIEW(FOCUS_AT, "plimsoll session focus"),
    REVIEW(PACK_SENT_AT, "plimsoll session pack"),
    REVIEW(CLOSE_ASKED_BY, "plimsoll status"),
    REVIEW(CLOSE_ASKED_AT, "plimsoll status"),
    REVIEW(CLOSED_AT, "plimsoll close"),
    REVIEW(CLOSED_BY, "plimsoll close"),
    REVIEW(SESSION_STARTED_AT, "plimsoll session start"),
    PERSON(USER, "plimsoll people add"),
    PERSON(ROLE, "plimsoll people role"),
    PERSON(ATTENDANCE, "plimsoll attend"),
    PERSON(RULES_ACCEPTED_AT, "plimsoll rule accept"),
    PERSON(INVOLVED, "plimsoll people involved"),
    PERSON(INVOLVED_NOTE, "plimsoll people involved"),
    PERSON(HAND_AT, "plimsoll hand"),
    PERSON(CALLED_AT, "plimsoll session call"),
    {PL_KIND_CAUSE, PL_F_CAUSE_AGREED, "plimsoll cause agree"},
    {PL_KIND_CAUSE, PL_F_CAUSE_DISAGREED, "plimsoll cause agree"},
    ACTION(STATE_REASON, "the commands of its life (actions drop, verify --reject, reopen)"),
    ACTION(MERGED_INTO, "the command that merges two entries"),
    ACTION(FOLLOW_UP, "plimsoll actions effect --follow-up"),
    ACTION(DONE_BY, "plimsoll actions done"),
    ACTION(DONE_AT, "plimsoll actions done"),
    ACTION(VERIFIED_BY, "plimsoll actions verify"),
    ACTION(VERIFIED_AT, "plimsoll actions verify"),
    ACTION(EFFECT_RESULT, "plimsoll actions effect"),
    ACTION(EFFECT_VALUE, "plimsoll actions effect"),
    ACTION(EFFECT_NOTE, "plimsoll actions effect"),
    ACTION(EFFECT_BY, "plimsoll actions effect"),
    ACTION(EFFECT_AT, "plimsoll actions effect"),
    ACTION(ACCEPTED_AT, "plimsoll actions accept"),
    {PL_KIND_WAIVER, PL_F_WAIVER_CHECK, "plimsoll waive"},
    {PL_KIND_WAIVER, PL_F_WAIVER_ENTRY, "plimsoll waive"},
    {PL_KIND_WAIVER, PL_F_WAIVER_REASON, "plimsoll waive"},
};

const char *pl_rules_verb(uint32_t kind, uint32_t field)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (verbs[i].kind == kind && verbs[i].field == field)
            return verbs[i].verb;
    }
    return NULL;
}
