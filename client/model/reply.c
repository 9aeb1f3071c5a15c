// SPDX-License-Identifier: Apache-2.0
/*
 * Requests and their answers. A server that answers in another kind is told of by name: taken for
 * what it is not, its members would be read as others.
 */
#include "model/reply.h"

#include <stddef.h>

static const struct {
    enum pl_msg_type request, reply;
} pairs[] = {
    {PL_MSG_LIST, PL_MSG_LIST_REPLY},
    {PL_MSG_CREATE, PL_MSG_CREATED},
    {PL_MSG_PEOPLE, PL_MSG_PEOPLE_REPLY},
    {PL_MSG_MEMBER_SET, PL_MSG_DONE},
    {PL_MSG_WHOAMI, PL_MSG_WHOAMI_REPLY},
    {PL_MSG_HISTORY, PL_MSG_HISTORY_REPLY},
    {PL_MSG_ACT, PL_MSG_DONE},
    {PL_MSG_VOTE, PL_MSG_DONE},
    {PL_MSG_CARDS, PL_MSG_DONE},
    {PL_MSG_DRAFT, PL_MSG_DRAFT_REPLY},
    {PL_MSG_SESSION, PL_MSG_SESSION_REPLY},
    {PL_MSG_FILE_PUT, PL_MSG_FILE_READY},
    {PL_MSG_FILE_CHUNK, PL_MSG_FILE_READY},
    {PL_MSG_FILE_END, PL_MSG_DONE},
    {PL_MSG_FILE_GET, PL_MSG_FILE_DATA},
    {PL_MSG_INVITE_NEW, PL_MSG_INVITE_CODE},
    {PL_MSG_INVITES, PL_MSG_INVITES_REPLY},
    {PL_MSG_INVITE_REVOKE, PL_MSG_DONE},
    {PL_MSG_DEVICE, PL_MSG_DONE},
    {PL_MSG_DEVICE_INVITE, PL_MSG_INVITE_CODE},
    {PL_MSG_ACTIONS, PL_MSG_ACTIONS_REPLY},
    {PL_MSG_METRICS, PL_MSG_METRICS_REPLY},
    {PL_MSG_AUDIT, PL_MSG_AUDIT_REPLY},
    {PL_MSG_AUDIT_PROOF, PL_MSG_AUDIT_PROOF_REPLY},
    {PL_MSG_AUDIT_GROWTH, PL_MSG_AUDIT_GROWTH_REPLY},
};
#define N_PAIRS (sizeof(pairs) / sizeof(pairs[0]))

enum pl_msg_type reply_type(enum pl_msg_type request)
{
    for (size_t i = 0; i < N_PAIRS; i++)
        if (pairs[i].request == request)
            return pairs[i].reply;
    return PL_MSG_NONE;
}

bool reply_is_one(enum pl_msg_type type)
{
    for (size_t i = 0; i < N_PAIRS; i++)
        if (pairs[i].reply == type)
            return true;
    return false;
}

int reply_check(enum pl_msg_type request, const struct pl_msg *m, struct pl_err *e)
{
    if (m->type == reply_type(request))
        return 0;
    return pl_fail(e, PL_E_BAD_MESSAGE, "the server answered %s with %s",
                   pl_msg_info(request)->name, pl_msg_info(m->type)->name);
}
