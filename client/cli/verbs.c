// SPDX-License-Identifier: Apache-2.0
/*
 * The list of verbs, in the order in which help shows them, and finding one in a command line.
 */
#include <stdlib.h>

#include "plimsoll/base/mem.h"

#include "cli/cli_int.h"

const struct cli_verb *const cli_verbs[] = {
    &verb_join,
    &verb_whoami,
    &verb_device_list,
    &verb_device_add,
    &verb_device_revoke,
    &verb_device_rename,
    &verb_profile_list,
    &verb_profile_use,
    &verb_new,
    &verb_list,
    &verb_show,
    &verb_set,
    &verb_edit,
    &verb_status,
    &verb_check,
    &verb_waive,
    &verb_unwaive,
    &verb_close,
    &verb_visibility,
    &verb_session_schedule,
    &verb_session_start,
    &verb_session_stage,
    &verb_session_next,
    &verb_session_timer,
    &verb_session_lock,
    &verb_session_unlock,
    &verb_session_focus,
    &verb_session_lead,
    &verb_session_call,
    &verb_session_pack,
    &verb_session_seal,
    &verb_session_reveal,
    &verb_session_cards,
    &verb_session_end,
    &verb_vote_open,
    &verb_vote_cast,
    &verb_vote_status,
    &verb_vote_close,
    &verb_merge,
    &verb_attend,
    &verb_rule_list,
    &verb_rule_add,
    &verb_rule_rm,
    &verb_rule_accept,
    &verb_agenda_list,
    &verb_agenda_add,
    &verb_agenda_rm,
    &verb_hand,
    &verb_challenge,
    &verb_answer,
    &verb_account_list,
    &verb_account_add,
    &verb_account_edit,
    &verb_account_rm,
    &verb_account_claim,
    &verb_account_disagreements,
    &verb_attach_list,
    &verb_attach_add,
    &verb_attach_get,
    &verb_materials_pack,
    &verb_timeline_list,
    &verb_timeline_add,
    &verb_timeline_edit,
    &verb_timeline_rm,
    &verb_timeline_mark,
    &verb_timeline_metrics,
    &verb_timeline_gaps,
    &verb_observe_list,
    &verb_observe_add,
    &verb_observe_edit,
    &verb_observe_vote,
    &verb_observe_group,
    &verb_observe_rm,
    &verb_card_list,
    &verb_card_edit,
    &verb_card_rm,
    &verb_card_send,
    &verb_cause_list,
    &verb_cause_add,
    &verb_cause_edit,
    &verb_cause_rm,
    &verb_cause_agree,
    &verb_cause_tree,
    &verb_cause_link,
    &verb_link,
    &verb_actions_list,
    &verb_actions_add,
    &verb_actions_edit,
    &verb_actions_rm,
    &verb_actions_commit,
    &verb_actions_accept,
    &verb_actions_begin,
    &verb_actions_proof,
    &verb_actions_done,
    &verb_actions_verify,
    &verb_actions_effect,
    &verb_actions_drop,
    &verb_actions_reopen,
    &verb_inbox,
    &verb_metrics,
    &verb_comment_list,
    &verb_comment_add,
    &verb_comment_reply,
    &verb_comment_resolve,
    &verb_comment_reopen,
    &verb_comment_rm,
    &verb_people_list,
    &verb_people_add,
    &verb_people_rm,
    &verb_people_role,
    &verb_people_involved,
    &verb_invite_new,
    &verb_invite_list,
    &verb_invite_revoke,
    &verb_watch,
    &verb_history,
    &verb_audit,
    &verb_diff,
    &verb_restore,
    &verb_export,
    &verb_journal_list,
    &verb_journal_send,
    &verb_journal_export,
    &verb_journal_drop,
    &verb_journal_refused,
    &verb_journal_offer,
    &verb_guide,
    &verb_coach,
    &verb_coach_dismiss,
    &verb_verify,
    &verb_witness,
    &verb_witness_keygen,
    &verb_doctor,
    &verb_completion,
    &verb_help,
    NULL,
};

static size_t verb_count(void)
{
    size_t n = 0;
    while (cli_verbs[n])
        n++;
    return n;
}

struct pl_opt_verb *cli_opt_verbs(size_t *n)
{
    *n = verb_count();
    struct pl_opt_verb *v = pl_xcalloc(*n + 1, sizeof(*v));
    for (size_t i = 0; i < *n; i++)
        v[i] = cli_verbs[i]->opt;
    return v;
}

const struct cli_verb *cli_verb_find(int argc, char *const *argv, int *used, struct pl_err *e)
{
    size_t n = 0;
    struct pl_opt_verb *v = cli_opt_verbs(&n);
    const struct pl_opt_verb *hit = pl_opt_find_verb(v, n, argc, argv, used, e);
    const char *other = hit || argc < 2 ? NULL : cli_other_word(argv[1]);
    if (other)
        (void)pl_fail(e, PL_E_USAGE, "unknown command '%.40s'; %s", argv[1], other);
    if (!hit && argc > 1 && argv[1][0] == '-')
        (void)pl_fail(
            e, PL_E_USAGE,
            "unknown option '%.60s' in front of the verb; those of one verb stand behind it",
            argv[1]);
    const struct cli_verb *verb = hit ? cli_verbs[hit - v] : NULL;
    free(v);
    return verb;
}
