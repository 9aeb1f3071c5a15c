// SPDX-License-Identifier: Apache-2.0
/*
 * From "TLS is up" to "we know who this is": ALPN decides between joining and working. The device
 * key is looked up in the registry before a single byte of the peer is parsed.
 */
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/wire/version.h"

#include "auth/enrol.h"
#include "auth/identity.h"
#include "cmd/people.h"
#include "cmd/services.h"
#include "session/session_internal.h"

struct lookup {
    struct session *session;         /* NULL: the session has gone */
    const struct services *services; /* outlive every session */
};

static struct lookup *ask(struct session *s)
{
    struct lookup *l = pl_mem_calloc(PL_MEM_SESSION, 1, sizeof(*l));
    l->session = s;
    l->services = s->all->services;
    s->lookup = l;
    return l;
}

/* Ends the question; the session that asked, or NULL. */
static struct session *answered(struct lookup *l)
{
    struct session *s = l->session;
    if (s)
        s->lookup = NULL;
    pl_mem_free(PL_MEM_SESSION, l);
    return s;
}

void handshake_forget(struct session *s)
{
    if (s->lookup)
        s->lookup->session = NULL;
    s->lookup = NULL;
}

static unsigned count_of(const struct sessions *all, uint64_t device, uint64_t user)
{
    unsigned n = 0;
    for (const struct session *s = all->list; s; s = s->next)
        if (s->fsm.state != SESSION_ENDED &&
            ((device && s->caller.device == device) || (user && s->caller.user == user)))
            n++;
    return n;
}

static void on_identity(void *ctx, int rc, const struct identity_who *who, const struct pl_err *e)
{
    struct session *s = answered(ctx);
    if (!s)
        return;
    if (rc < 0) {
        session_drop(s, -rc, e ? e->text : pl_error_info(rc)->title);
        return;
    }
    const struct sessions_options *o = &s->all->opt;
    if (count_of(s->all, who->device, 0) >= o->per_device ||
        count_of(s->all, 0, who->user) >= o->per_user) {
        session_drop(s, PL_E_BUSY, "too many connections of this device or person");
        return;
    }
    s->caller.device = who->device;
    s->caller.user = who->user;
    if (!stream_peer_key(s->stream, s->caller.key, &s->caller.key_n))
        s->caller.key_n = 0;
    s->cert_expires_us = who->cert_expires_us;
    (void)pl_strlcpy(s->caller.user_name, who->user_name, sizeof(s->caller.user_name));
    (void)pl_strlcpy(s->caller.display_name, who->display_name, sizeof(s->caller.display_name));
    pl_log_ctx_set(&s->log, KV_U("user", who->user));
    pl_log_ctx_set(&s->log, KV_U("device", who->device));
    pl_frame_reader_set_max(&s->reader, PL_FRAME_MAX_EARLY);
    session_enter(s, SESSION_HELLO);
    session_regulate(s, pl_mono_ms());
}

void handshake_begin(struct session *s)
{
    uint8_t spki[PL_SPKI_HASH];
    if (pl_str_eq(stream_alpn(s->stream), PL_ALPN_JOIN)) {
        session_enter(s, SESSION_JOINING);
        return;
    }
    session_enter(s, SESSION_IDENTIFYING);
    if (!pl_str_eq(stream_alpn(s->stream), PL_ALPN_EDIT) || !stream_peer_spki(s->stream, spki)) {
        session_drop(s, PL_E_AUTH, "this device is not known here");
        return;
    }
    s->is_paused = true;
    stream_pause(s->stream);
    identity_find(s->all->services->identity, spki, on_identity, ask(s));
}

static void on_rechecked(void *ctx, int rc, const struct identity_who *who, const struct pl_err *e)
{
    struct session *s = answered(ctx);
    (void)who;
    if (!s)
        return;
    if (rc == -PL_E_AUTH)
        session_drop(s, PL_E_REVOKED, "access was taken away");
    else if (rc < 0)
        s->must_recheck = true; /* no answer is no permission to forget the question */
    (void)e;
}

void handshake_recheck(struct session *s)
{
    uint8_t spki[PL_SPKI_HASH];
    bool is_known = s->fsm.state == SESSION_HELLO || s->fsm.state == SESSION_READY;
    if (!s->must_recheck || !is_known || s->lookup || !stream_peer_spki(s->stream, spki))
        return;
    s->must_recheck = false;
    identity_find(s->all->services->identity, spki, on_rechecked, ask(s));
}

void handshake_hello(struct session *s, const struct pl_hello *h)
{
    struct pl_err e;
    uint32_t version = 0;
    pl_err_init(&e);
    struct pl_version_range own = {PL_VERSION_MIN, PL_VERSION_MAX};
    struct pl_version_range peer = {h->version_min, h->version_max};
    int rc = pl_version_pick(own, peer, &version, &e);
    if (rc < 0) {
        session_drop(s, -rc, e.text);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_WELCOME};
    m.u.welcome = (struct pl_welcome){
        .version = version,
        .features = pl_features_common(PL_FEATURES_KNOWN, h->features),
        .user = s->caller.user,
        .user_name = s->caller.user_name,
        .display_name = s->caller.display_name,
        .device = s->caller.device,
        .organisation = s->all->opt.organisation,
        .server_us = pl_now_us(),
        .server_version = PL_VERSION,
        .cert_expires_us = s->cert_expires_us,
    };
    pl_frame_reader_set_max(&s->reader, PL_FRAME_MAX_CLIENT);
    session_enter(s, SESSION_READY);
    s->all->stats.ready++;
    session_send(s, &m);
    identity_touch(s->all->services->identity, s->caller.device);
    LOG_INFO(&s->log, "session.ready", KV_S("client", h->client_version));
    if (s->all->going_away)
        session_drop(s, PL_E_GOING_AWAY, "the server is being restarted");
}

/* The membership is in force since the invite was redeemed; this lets the others see it. */
static void show_participant(const struct services *services, const struct pl_join_welcome *w)
{
    struct people_change p = {
        .review = w->review,
        .user = w->user,
        .user_name = w->user_name,
        .display_name = w->display_name,
        .role = w->role,
        .by_user = w->user,
        .by_device = w->device,
    };
    if (w->review != 0)
        people_show(services, &p, NULL, NULL);
}

static void on_enrolled(void *ctx, int rc, const struct pl_join_welcome *w, const struct pl_err *e)
{
    struct lookup *l = ctx;
    if (rc == 0)
        show_participant(l->services, w);
    struct session *s = answered(l);
    if (!s)
        return;
    if (rc < 0) {
        session_drop(s, -rc, e ? e->text : pl_error_info(rc)->title);
        return;
    }
    struct pl_msg m = {.type = PL_MSG_JOIN_WELCOME};
    m.u.join_welcome = *w;
    session_send(s, &m);
    LOG_INFO(&s->log, "session.joined", KV_U("user", w->user), KV_U("device", w->device));
    s->is_ending = true;
    stream_close(s->stream, PL_E_CLOSED, "joined", true);
}

void handshake_join(struct session *s, const struct pl_join_hello *j)
{
    if (s->got_join) {
        session_drop(s, PL_E_BAD_STATE, "one JoinHello is enough");
        return;
    }
    s->got_join = true;
    struct enrol_request r = {
        .secret = j->secret,
        .csr_der = j->csr_der,
        .device_name = j->device_name,
        .user_name = j->user_name,
        .display_name = j->display_name,
        .source_key = stream_source_key(s->stream),
    };
    enrol_redeem(s->all->services->enrol, &r, on_enrolled, ask(s));
}
