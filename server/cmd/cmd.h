// SPDX-License-Identifier: Apache-2.0
/*
 * The handlers of messages, one thin file per group. A handler takes what it needs out of the
 * message (it may move a changeset), and answers through the caller; it never keeps pointers into
 * the message. The router has already checked direction, state and rate.
 */
#ifndef PLIMSOLL_SERVER_CMD_CMD_H
#define PLIMSOLL_SERVER_CMD_CMD_H

#include "cmd/caller.h"

typedef void (*cmd_handler)(struct caller *c, struct pl_msg *m);

/* Reviews: open, leave, edit, presence, resync. */
void cmd_open(struct caller *c, struct pl_msg *m);
void cmd_leave(struct caller *c, struct pl_msg *m);
void cmd_submit(struct caller *c, struct pl_msg *m);
void cmd_presence(struct caller *c, struct pl_msg *m);
void cmd_resync(struct caller *c, struct pl_msg *m);

/* Finding and making reviews. */
void cmd_list(struct caller *c, struct pl_msg *m);
void cmd_create(struct caller *c, struct pl_msg *m);

/* People. */
void cmd_people(struct caller *c, struct pl_msg *m);
void cmd_member_set(struct caller *c, struct pl_msg *m);
void cmd_whoami(struct caller *c, struct pl_msg *m);
void cmd_device(struct caller *c, struct pl_msg *m);
void cmd_device_invite(struct caller *c, struct pl_msg *m);

/* History. */
void cmd_history(struct caller *c, struct pl_msg *m);

/* Questions over all reviews. */
void cmd_actions(struct caller *c, struct pl_msg *m);
void cmd_metrics(struct caller *c, struct pl_msg *m);

/* Commands of doc/acts.def. */
void cmd_act(struct caller *c, struct pl_msg *m);

/* A running session: how far it is, one's own dots. */
void cmd_session(struct caller *c, struct pl_msg *m);
void cmd_vote(struct caller *c, struct pl_msg *m);

/* What is written alone first: drafts, anonymous cards. */
void cmd_draft(struct caller *c, struct pl_msg *m);
void cmd_cards(struct caller *c, struct pl_msg *m);

/* Invites of facilitators. */
void cmd_invite_new(struct caller *c, struct pl_msg *m);
void cmd_invites(struct caller *c, struct pl_msg *m);
void cmd_invite_revoke(struct caller *c, struct pl_msg *m);

/* cmd_audit.c */
void cmd_audit(struct caller *c, struct pl_msg *m);
void cmd_audit_proof(struct caller *c, struct pl_msg *m);
void cmd_audit_growth(struct caller *c, struct pl_msg *m);

/* Files of materials and evidence. */
void cmd_file_put(struct caller *c, struct pl_msg *m);
void cmd_file_chunk(struct caller *c, struct pl_msg *m);
void cmd_file_end(struct caller *c, struct pl_msg *m);
void cmd_file_get(struct caller *c, struct pl_msg *m);

/* Liveness. */
void cmd_ping(struct caller *c, struct pl_msg *m);
void cmd_pong(struct caller *c, struct pl_msg *m);

/* Handler of a message type, or NULL. */
cmd_handler cmd_find(enum pl_msg_type type);

#endif
