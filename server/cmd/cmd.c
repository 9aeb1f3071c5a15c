// SPDX-License-Identifier: Apache-2.0
/*
 * The table of handlers, and the two messages that need no module of their own.
 */
#include "cmd/cmd.h"

#include <stddef.h>

#include "plimsoll/base/time.h"

static const struct {
    enum pl_msg_type type;
    cmd_handler handler;
} table[] = {
    {PL_MSG_FILE_PUT, cmd_file_put},
    {PL_MSG_FILE_CHUNK, cmd_file_chunk},
    {PL_MSG_FILE_END, cmd_file_end},
    {PL_MSG_FILE_GET, cmd_file_get},
    {PL_MSG_SUBMIT, cmd_submit},
    {PL_MSG_PRESENCE, cmd_presence},
    {PL_MSG_PING, cmd_ping},
    {PL_MSG_PONG, cmd_pong},
    {PL_MSG_OPEN, cmd_open},
    {PL_MSG_LEAVE, cmd_leave},
    {PL_MSG_RESYNC, cmd_resync},
    {PL_MSG_LIST, cmd_list},
    {PL_MSG_CREATE, cmd_create},
    {PL_MSG_PEOPLE, cmd_people},
    {PL_MSG_WHOAMI, cmd_whoami},
    {PL_MSG_DEVICE, cmd_device},
    {PL_MSG_DEVICE_INVITE, cmd_device_invite},
    {PL_MSG_MEMBER_SET, cmd_member_set},
    {PL_MSG_HISTORY, cmd_history},
    {PL_MSG_ACT, cmd_act},
    {PL_MSG_SESSION, cmd_session},
    {PL_MSG_VOTE, cmd_vote},
    {PL_MSG_ACTIONS, cmd_actions},
    {PL_MSG_METRICS, cmd_metrics},
    {PL_MSG_DRAFT, cmd_draft},
    {PL_MSG_CARDS, cmd_cards},
    {PL_MSG_INVITE_NEW, cmd_invite_new},
    {PL_MSG_INVITES, cmd_invites},
    {PL_MSG_INVITE_REVOKE, cmd_invite_revoke},
    {PL_MSG_AUDIT, cmd_audit},
    {PL_MSG_AUDIT_PROOF, cmd_audit_proof},
    {PL_MSG_AUDIT_GROWTH, cmd_audit_growth},
};

cmd_handler cmd_find(enum pl_msg_type type)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].type == type)
            return table[i].handler;
    return NULL;
}

void cmd_ping(struct caller *c, struct pl_msg *m)
{
    struct pl_msg reply = {.type = PL_MSG_PONG};
    reply.u.pong.token = m->u.ping.token;
    reply.u.pong.server_us = pl_now_us();
    c->ops->send(c, &reply);
}

void cmd_pong(struct caller *c, struct pl_msg *m)
{
    /* The session has counted it as a sign of life; there is nothing else to do. */
    (void)c;
    (void)m;
}
