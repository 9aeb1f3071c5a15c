// SPDX-License-Identifier: Apache-2.0
/*
 * From a frame to its handler: known type, right direction, right state, decoded within budget,
 * charged to the right rate. Anything else ends the session with a named error, because a peer that
 * breaks the protocol cannot be trusted with the next frame.
 */
#include <stdio.h>

#include "cmd/cmd.h"
#include "session/session_internal.h"

static bool fits_state(const struct session *s, const struct pl_msg_info *info)
{
    switch ((enum session_state)s->fsm.state) {
    case SESSION_JOINING:
        return info->state == PL_STATE_JOIN;
    case SESSION_HELLO:
        return info->state == PL_STATE_HELLO;
    case SESSION_READY:
        return info->state == PL_STATE_READY;
    case SESSION_HANDSHAKE:
    case SESSION_IDENTIFYING:
    case SESSION_ENDED:
        break;
    }
    return false;
}

static void charge(struct session *s, const struct pl_frame *f)
{
    if (f->type == PL_MSG_SUBMIT) {
        rate_take(&s->changesets, 1);
        rate_take(&s->bytes, (double)f->n);
    } else {
        bool is_light = f->type == PL_MSG_PRESENCE || f->type == PL_MSG_PONG ||
                        f->type == PL_MSG_FILE_CHUNK || f->type == PL_MSG_FILE_GET;
        rate_take(&s->requests, is_light ? 0.25 : 1);
    }
}

/* A type that nobody handles is as good as unknown, also when the schema has it. */
static bool is_handled(enum pl_msg_type type)
{
    return type == PL_MSG_HELLO || type == PL_MSG_JOIN_HELLO || cmd_find(type) != NULL;
}

static void handle(struct session *s, struct pl_msg *m)
{
    if (m->type == PL_MSG_HELLO) {
        handshake_hello(s, &m->u.hello);
        return;
    }
    if (m->type == PL_MSG_JOIN_HELLO) {
        handshake_join(s, &m->u.join_hello);
        return;
    }
    cmd_handler h = cmd_find(m->type);
    PL_ASSERT(h);
    h(&s->caller, m);
}

void router_frame(struct session *s, const struct pl_frame *f)
{
    char why[PL_ERR_TEXT_MAX];
    struct pl_err e;
    struct pl_msg m;
    const struct pl_msg_info *info = pl_msg_info(f->type);
    if (!info || !(info->direction & PL_DIR_C2S) || !is_handled(info->type)) {
        (void)snprintf(why, sizeof(why), "message type %u is not known here", f->type);
        session_drop(s, PL_E_UNKNOWN_MESSAGE, why);
        return;
    }
    if (!fits_state(s, info)) {
        (void)snprintf(why, sizeof(why), "%s does not fit in state %s", info->name,
                       pl_fsm_name(&s->fsm));
        session_drop(s, PL_E_BAD_STATE, why);
        return;
    }
    pl_err_init(&e);
    if (pl_msg_decode(&m, f->type, f->payload, f->n, PL_SIDE_SERVER, &s->arena, &e) < 0) {
        s->all->stats.bad_frames++;
        pl_arena_reset(&s->arena);
        session_drop(s, e.code, e.text);
        return;
    }
    charge(s, f);
    handle(s, &m);
    pl_msg_release(&m);
    pl_arena_reset(&s->arena);
}
