// SPDX-License-Identifier: Apache-2.0
/*
 * Inside cli/: the verb tables of the files verb_*.c, and what help and completion need.
 */
#ifndef PLIMSOLL_CLIENT_CLI_CLI_INT_H
#define PLIMSOLL_CLIENT_CLI_CLI_INT_H

#include <stdio.h>

#include "cli/cli.h"

/* The verbs' option tables as one array, for base/opt; free() it. */
struct pl_opt_verb *cli_opt_verbs(size_t *n);

/* --- argv.c */
/* Is JSON asked for in a command line that could not be read? Its error is JSON all the same. */
bool cli_argv_asks_json(int argc, char **argv);
/* How many words in front of the verb are options that every verb has. */
int cli_argv_options(int argc, char **argv);
/* Puts the verb's words in front of the options that came before them. */
void cli_argv_verb_first(char **argv, int options, int verb);

/* "500ms", "10s", "2m", "1h", "3d"; `option` is named in the error. */
int cli_parse_time(const char *s, const char *option, uint64_t *ms, struct pl_err *e) PL_MUST;

/* A value of an enumeration (PL_EN_...) by its name or another word for it; 0: it is none. */
int64_t cli_word(uint32_t en, const char *s);

/* Reads --json=FIELDS against what the verb has into c->fields; for "help" it prints them instead
 * and gives 1. -PL_E_USAGE names an unknown field. */
int cli_fields_choose(struct cli *c, const struct cli_verb *v, struct pl_err *e) PL_MUST;

/* At the end of a verb that went well: waits a moment for what the server says of its audit log;
 * -PL_E_ROLLBACK when that is not the one that this device has seen, else `rc`. */
int cli_await_log(struct cli *c, int rc, struct pl_err *e) PL_MUST;

/* For a word that is no verb: what does the same, or that nothing does yet; NULL: unknown. */
const char *cli_other_word(const char *word);

/* At the end of a verb that failed with `e`: writes what was typed and is nowhere else to a file,
 * and says so. */
void cli_keep_typed(struct cli *c, const struct pl_err *e);

/* Changes that the server of the profile in use refused, and that were not offered again. Starts
 * the client, without dialling, if it was not; 0 when there is no profile. */
size_t cli_refused_count(struct cli *c);

/* Without showing it. */
void cli_table_free(struct cli_table *t);

/* All verbs, a line for each; one of them. */
void cli_print_help(FILE *out);
void cli_print_verb_help(const struct cli_verb *v, FILE *out);

/* The verbs and their options in mdoc(7), for plimsoll(1). */
void cli_print_man(FILE *out);

/* Prints who one is, and one's devices. */
int cli_run_whoami(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e);
extern const struct cli_verb verb_device_list, verb_device_add, verb_device_revoke;
extern const struct cli_verb verb_device_rename;
extern const struct cli_verb verb_join, verb_whoami, verb_profile_list, verb_profile_use;
extern const struct cli_verb verb_attach_add, verb_attach_get, verb_attach_list,
    verb_materials_pack, verb_session_schedule;
extern const struct cli_verb verb_new, verb_list, verb_show, verb_set, verb_edit, verb_export;
extern const struct cli_verb verb_timeline_list, verb_timeline_add, verb_timeline_edit,
    verb_timeline_rm;
extern const struct cli_verb verb_observe_list, verb_observe_add, verb_observe_edit,
    verb_observe_rm;
extern const struct cli_verb verb_account_list, verb_account_add, verb_account_edit,
    verb_account_rm, verb_account_claim;
extern const struct cli_verb verb_card_list, verb_card_edit, verb_card_rm, verb_card_send;
extern const struct cli_verb verb_session_seal, verb_session_reveal, verb_session_cards;
extern const struct cli_verb verb_cause_list, verb_cause_add, verb_cause_edit, verb_cause_rm;
extern const struct cli_verb verb_actions_list, verb_actions_add, verb_actions_edit,
    verb_actions_rm;
extern const struct cli_verb verb_comment_list, verb_comment_add, verb_comment_reply,
    verb_comment_resolve, verb_comment_reopen, verb_comment_rm;
extern const struct cli_verb verb_people_list, verb_people_add, verb_people_rm, verb_people_role;
extern const struct cli_verb verb_invite_new, verb_invite_list, verb_invite_revoke;
extern const struct cli_verb verb_rule_list, verb_rule_add, verb_rule_rm, verb_agenda_list,
    verb_agenda_add, verb_agenda_rm;
extern const struct cli_verb verb_account_disagreements;
extern const struct cli_verb verb_status, verb_close, verb_visibility, verb_check;
extern const struct cli_verb verb_session_start, verb_session_end, verb_session_stage,
    verb_session_next, verb_session_timer, verb_session_lock, verb_session_unlock,
    verb_session_focus, verb_session_lead, verb_session_call, verb_session_pack;
extern const struct cli_verb verb_vote_open, verb_vote_cast, verb_vote_status, verb_vote_close,
    verb_merge, verb_observe_vote, verb_observe_group;
extern const struct cli_verb verb_attend, verb_rule_accept, verb_hand, verb_people_involved,
    verb_challenge, verb_answer, verb_cause_agree, verb_waive, verb_unwaive;
extern const struct cli_verb verb_actions_commit, verb_actions_accept, verb_actions_begin,
    verb_actions_done, verb_actions_drop, verb_actions_reopen, verb_actions_verify,
    verb_actions_effect, verb_actions_proof;
extern const struct cli_verb verb_inbox, verb_metrics;
extern const struct cli_verb verb_audit;
extern const struct cli_verb verb_watch, verb_history, verb_diff, verb_restore;
extern const struct cli_verb verb_link, verb_cause_link, verb_cause_tree;
extern const struct cli_verb verb_timeline_mark, verb_timeline_metrics, verb_timeline_gaps;
extern const struct cli_verb verb_journal_list, verb_journal_send, verb_journal_export,
    verb_journal_drop;
extern const struct cli_verb verb_guide, verb_coach, verb_coach_dismiss;
extern const struct cli_verb verb_journal_refused, verb_journal_offer;
extern const struct cli_verb verb_verify, verb_witness, verb_witness_keygen;
extern const struct cli_verb verb_doctor, verb_completion, verb_help;

#endif
