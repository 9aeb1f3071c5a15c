// SPDX-License-Identifier: Apache-2.0
/*
 * Start: configuration, log, private cluster, schema, store, rooms, identities, listener. Stop, in
 * steps with a deadline each: DRAIN (no new connections, everyone is told), FLUSH (appends under
 * way get their outcome), FAREWELL (goodbyes leave), STOP (store, loop). Every step logs what it
 * waits for. A loop that cannot be closed at the end is a leak, and aborts.
 */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/engine.h"

#include "auth/enrol.h"
#include "auth/identity.h"
#include "certificate.h"
#include "cmd/cards.h"
#include "cmd/drafts.h"
#include "cmd/files.h"
#include "cmd/people.h"
#include "cmd/services.h"
#include "keeper/keeper.h"
#include "net/listener.h"
#include "net/net.h"
#include "ops/config.h"
#include "ops/datadir.h"
#include "ops/pgcluster.h"
#include "ops/place.h"
#include "ops/sdnotify.h"
#include "ops/stop.h"
#include "room/room.h"
#include "session/session.h"
#include "store/migrate.h"
#include "store/store.h"

#define RECONNECT_MS 2000
#define RECOVERY_MS  60000 /* of our PostgreSQL, at the start */

enum stop_step { STOP_NOT, STOP_FLUSH, STOP_FAREWELL, STOP_STORE, STOP_DONE };

struct server {
    const char *dir;
    const struct config *conf;
    char *const *args;
    uv_loop_t loop;
    uv_signal_t sigterm, sigint, sighup;
    uv_timer_t deadline;
    struct pgcluster *pg;
    struct pgcluster_watch *pg_watch;
    char conninfo[2 * DATADIR_PATH_MAX];
    struct certificate *certificate;
    struct store *store;
    struct rooms *rooms;
    struct keeper *keeper;
    struct identity *identity;
    struct enrol *enrol;
    struct drafts *drafts;
    struct cards *cards;
    struct net *net;
    struct listener *listener;
    struct sessions *sessions;
    struct files *files;
    struct services services;
    struct pl_invite place; /* what invites name */
    enum stop_step step;
    bool was_up;
};

/* --- the database's news ---------------------------------------------------------------------- */

static void on_store_up(void *ctx)
{
    struct server *s = ctx;
    LOG_INFO(NULL, "store.up");
    rooms_store_up(s->rooms);
    if (!s->was_up && s->step == STOP_NOT) {
        s->was_up = true;
        sdnotify_ready();
        LOG_INFO(NULL, "server.ready", KV_I("port", listener_port(s->listener)));
    }
}

static void on_store_down(void *ctx, const char *why)
{
    struct server *s = ctx;
    LOG_WARN(NULL, "store.down", KV_S("why", why));
    rooms_store_down(s->rooms);
}

static void on_store_hint(void *ctx, uint64_t review, uint64_t head)
{
    struct server *s = ctx;
    rooms_hint(s->rooms, review, head);
}

static void on_store_revoked(void *ctx, uint64_t device, uint64_t user)
{
    struct server *s = ctx;
    identity_revoked(s->identity, device, user);
    sessions_revoked(s->sessions, device, user);
    rooms_rights_changed(s->rooms, user, device);
}

/* --- the rooms' news ----------------------------------------------------------------------------
 */

static void on_room_open(void *ctx, uint64_t review)
{
    struct server *s = ctx;
    people_mend(&s->services, review);
}

/* --- stopping -----------------------------------------------------------------------------------
 */

static void step_to(struct server *s, enum stop_step step, uint64_t ms);

static void on_rooms_closed(void *ctx)
{
    struct server *s = ctx;
    if (s->step == STOP_FLUSH)
        step_to(s, STOP_FAREWELL, 3000);
}

static void on_store_closed(void *ctx)
{
    struct server *s = ctx;
    s->store = NULL;
    drafts_free(s->drafts);
    s->drafts = NULL;
    step_to(s, STOP_DONE, 0);
}

static void on_keeper_closed(void *ctx)
{
    struct server *s = ctx;
    s->keeper = NULL;
    store_close(s->store, on_store_closed, s);
}

static void on_rooms_freed(void *ctx)
{
    struct server *s = ctx;
    s->rooms = NULL;
    s->services.rooms = NULL; /* answers of the store may still come */
    drafts_stop(s->drafts);
    cards_free(s->cards);
    s->cards = NULL;
    enrol_free(s->enrol);
    identity_free(s->identity);
    certificate_free(s->certificate);
    s->enrol = NULL;
    s->identity = NULL;
    s->certificate = NULL;
    keeper_close(s->keeper, on_keeper_closed, s);
}

static void on_net_closed(void *ctx)
{
    struct server *s = ctx;
    s->net = NULL;
    sessions_free(s->sessions);
    s->sessions = NULL;
    if (s->step < STOP_STORE)
        step_to(s, STOP_STORE, 5000);
}

static void on_deadline(uv_timer_t *t)
{
    struct server *s = t->data;
    struct rooms_stats rs;
    switch (s->step) {
    case STOP_FLUSH:
        rooms_stats(s->rooms, &rs);
        LOG_WARN(NULL, "server.stop_late", KV_S("step", "flush"), KV_U("queued", rs.queued));
        step_to(s, STOP_FAREWELL, 3000);
        break;
    case STOP_FAREWELL:
    case STOP_STORE:
        LOG_ERR(NULL, "server.stop_stuck", KV_I("step", s->step));
        _exit(1);
    case STOP_NOT:
    case STOP_DONE:
        break;
    }
}

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void step_to(struct server *s, enum stop_step step, uint64_t ms)
{
    s->step = step;
    if (ms > 0)
        (void)uv_timer_start(&s->deadline, on_deadline, ms, 0);
    else
        (void)uv_timer_stop(&s->deadline);
    switch (step) {
    case STOP_FLUSH:
        rooms_close(s->rooms, on_rooms_closed, s);
        break;
    case STOP_FAREWELL:
        net_close(s->net, on_net_closed, s);
        break;
    case STOP_STORE:
        files_stop(s->files);
        rooms_free(s->rooms, on_rooms_freed, s);
        break;
    case STOP_DONE:
        pgcluster_watch_free(s->pg_watch);
        close_handle((uv_handle_t *)&s->sigterm);
        close_handle((uv_handle_t *)&s->sigint);
        close_handle((uv_handle_t *)&s->sighup);
        close_handle((uv_handle_t *)&s->deadline);
        break;
    case STOP_NOT:
        break;
    }
}

static void on_stop_signal(uv_signal_t *h, int signum)
{
    struct server *s = h->data;
    if (s->step != STOP_NOT) {
        LOG_WARN(NULL, "server.stop_now", KV_I("signal", signum));
        _exit(1);
    }
    LOG_INFO(NULL, "server.stopping", KV_I("signal", signum));
    sdnotify_stopping();
    listener_close(s->listener, NULL, NULL);
    s->listener = NULL;
    sessions_go_away(s->sessions, RECONNECT_MS, "the server is being restarted");
    step_to(s, STOP_FLUSH, s->conf->shutdown_ms);
}

static void on_reload(uv_signal_t *h, int signum)
{
    struct server *s = h->data;
    struct pl_err e;
    (void)signum;
    pl_err_init(&e);
    if (pl_log_reopen(&e) < 0)
        LOG_WARN(NULL, "log.reopen_failed", KV_ERR(&e));
    if (s->certificate)
        certificate_look(s->certificate);
}

/* --- starting -----------------------------------------------------------------------------------
 */

static int open_log(const struct config *c, struct pl_err *e)
{
    struct pl_log_options log = {.level = (enum pl_log_level)c->log_level, .json = c->log_json};
    return pl_log_open(&log, e);
}

/* With a login that cannot migrate, an administrator has done it. */
static int migrate(struct server *s, struct pl_err *e)
{
    char conninfo[sizeof(s->conninfo)];
    int rc = datadir_conninfo_as(s->dir, s->conf, NULL, conninfo, sizeof(conninfo), e);
    if (rc == 0 && s->conf->url && migrate_check(s->conninfo, NULL, NULL) == 0)
        return 0;
    return rc == 0 ? migrate_run(conninfo, NULL, e) : rc;
}

/* Our own PostgreSQL may crash at any moment, also in this one, and recovers by itself. */
static int migrate_patiently(struct server *s, struct pl_err *e)
{
    uint64_t begun = pl_mono_ms();
    int rc = migrate(s, e);
    while (rc == -PL_E_UNAVAILABLE && s->pg && pl_mono_ms() - begun < RECOVERY_MS) {
        LOG_INFO(NULL, "pg.waiting", KV_ERR(e));
        stop_sleep_ms(100);
        pl_err_init(e);
        rc = pgcluster_wait(s->pg, e);
        if (rc == 0)
            rc = migrate(s, e);
    }
    return rc;
}

static int open_database(struct server *s, struct pl_err *e)
{
    int rc = datadir_conninfo(s->dir, s->conf, s->conninfo, sizeof(s->conninfo), e);
    if (rc == 0 && !s->conf->url)
        rc = pgcluster_acquire(s->dir, &s->pg, e);
    if (rc == 0)
        rc = migrate_patiently(s, e);
    if (rc == 0 && s->pg)
        s->pg_watch = pgcluster_watch_new(&s->loop, s->pg);
    return rc;
}

static void on_new_certificate(void *ctx, struct pl_tls_ctx *tls)
{
    struct server *s = ctx;
    if (s->listener)
        listener_set_tls(s->listener, tls);
}

static int load_tls(struct server *s, struct pl_err *e)
{
    const struct certificate_options o = {
        .dir = s->dir, .keeper = s->keeper, .changed = on_new_certificate, .ctx = s};
    keeper_go(s->keeper);
    return certificate_new(&s->certificate, &s->loop, &o, s->place.root_pin, e);
}

static int start_keeper(struct server *s, struct pl_err *e)
{
    const struct keeper_options o = {.args = s->args};
    return keeper_start(&s->keeper, &s->loop, &o, e);
}

static int open_store(struct server *s, struct pl_err *e)
{
    const struct config *c = s->conf;
    struct store_options so = {
        .conninfo = s->conninfo,
        .writers = (unsigned)c->writers,
        .readers = (unsigned)c->readers,
        .queue_max = (unsigned)c->queue_max,
        .statement_ms = (unsigned)c->statement_ms,
        .deadline_ms = (unsigned)c->deadline_ms,
    };
    struct store_handlers h = {
        .up = on_store_up,
        .down = on_store_down,
        .hint = on_store_hint,
        .revoked = on_store_revoked,
        .ctx = s,
    };
    struct rooms_options ro = {
        .ring_revs = (unsigned)c->ring_revisions,
        .ring_bytes = c->ring_bytes,
        .snapshot_revs = (unsigned)c->snapshot_revisions,
        .snapshot_bytes = c->snapshot_bytes,
        .idle_close_ms = (unsigned)c->room_idle_ms,
        .queue_bytes = c->queue_bytes,
    };
    struct enrol_limits el = {
        .per_source_per_min = (unsigned)c->joins_per_minute_per_address,
        .total_per_min = (unsigned)c->joins_per_minute,
    };
    int rc = store_open(&s->store, &s->loop, &so, &h, e);
    if (rc < 0)
        return rc;
    s->rooms = rooms_new(&s->loop, s->store, &ro);
    s->identity = identity_new(&s->loop, s->store);
    s->enrol = enrol_new(&s->loop, s->keeper, &el);
    s->files = files_new(&s->loop, s->store, s->rooms, c);
    s->drafts = drafts_new(s->store, s->rooms);
    s->cards = cards_new(&s->loop, s->rooms);
    s->services = (struct services){
        .dir = s->dir,
        .store = s->store,
        .rooms = s->rooms,
        .identity = s->identity,
        .enrol = s->enrol,
        .config = c,
        .place = &s->place,
        .drafts = s->drafts,
        .cards = s->cards,
        .files = s->files,
    };
    rooms_on_open(s->rooms, on_room_open, s);
    return 0;
}

static int open_network(struct server *s, struct pl_err *e)
{
    const struct config *c = s->conf;
    struct sessions_options so = {
        .per_user = (unsigned)c->connections_per_user,
        .per_device = (unsigned)c->connections_per_device,
        .changesets_per_s = (unsigned)c->changesets_per_s,
        .requests_per_s = (unsigned)c->requests_per_s,
        .bytes_per_s = c->edit_bytes_per_s,
        .first_frame_ms = (unsigned)c->first_frame_ms,
        .join_ms = (unsigned)c->join_ms,
        .ping_ms = (unsigned)c->ping_ms,
        .organisation = c->organisation,
    };
    struct net_limits nl = {
        .connections = (unsigned)c->connections,
        .connections_per_source = (unsigned)c->connections_per_address,
        .half_open = (unsigned)c->half_open,
        .half_open_per_source = (unsigned)c->half_open_per_address,
        .handshakes_per_s = (unsigned)c->handshakes_per_s,
        .handshake_ms = (unsigned)c->handshake_ms,
        .stall_ms = (unsigned)c->stall_ms,
    };
    s->sessions = sessions_new(&s->services, &so);
    s->net = net_new(&s->loop, &nl);
    struct listener_options lo = {
        .address = c->listen,
        .tls = certificate_tls(s->certificate),
        .handlers = session_stream_handlers(),
        .attach = session_attach,
        .attach_ctx = s->sessions,
    };
    int rc = listener_open(&s->listener, s->net, &lo, e);
    if (rc == 0) {
        const struct place_wish wish = {.listen_port = (uint16_t)listener_port(s->listener)};
        if (place_choose(&wish, c, &s->place, e) != 0)
            LOG_WARN(NULL, "server.no_address_for_invites", KV_ERR(e));
    }
    return rc;
}

/* A connection is a descriptor, and the usual soft limit of 1024 is below our own limits. */
static void raise_descriptors(void)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur == l.rlim_max)
        return;
    l.rlim_cur = l.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &l) != 0)
        LOG_WARN(NULL, "server.descriptors", KV_S("why", strerror(errno)));
}

/* While the start waits for the database no loop runs: what asks us to stop is looked for. */
static void hold_signals(int how)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(how, &set, NULL);
}

static int watch_signals(struct server *s, struct pl_err *e)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &ignore, NULL) < 0)
        return pl_fail(e, PL_E_INTERNAL, "cannot ignore SIGPIPE");
    uv_signal_t *h[3] = {&s->sigterm, &s->sigint, &s->sighup};
    int num[3] = {SIGTERM, SIGINT, SIGHUP};
    uv_signal_cb cb[3] = {on_stop_signal, on_stop_signal, on_reload};
    for (int i = 0; i < 3; i++) {
        PL_ASSERT(uv_signal_init(&s->loop, h[i]) == 0);
        h[i]->data = s;
        PL_ASSERT(uv_signal_start(h[i], cb[i], num[i]) == 0);
    }
    PL_ASSERT(uv_timer_init(&s->loop, &s->deadline) == 0);
    s->deadline.data = s;
    return 0;
}

static int start(struct server *s, struct pl_err *e)
{
    int rc = open_log(s->conf, e);
    raise_descriptors();
    if (rc == 0)
        rc = watch_signals(s, e);
    hold_signals(SIG_BLOCK);
    if (rc == 0)
        rc = start_keeper(s, e);
    if (rc == 0)
        rc = open_database(s, e);
    hold_signals(SIG_UNBLOCK);
    if (rc == 0)
        rc = load_tls(s, e);
    if (rc == 0)
        rc = open_store(s, e);
    if (rc == 0)
        rc = open_network(s, e);
    return rc;
}

int server_run(const struct server_options *o, struct pl_err *e)
{
    struct server s;
    memset(&s, 0, sizeof(s));
    s.dir = o->dir;
    s.conf = o->config;
    s.args = o->args;
    if (uv_loop_init(&s.loop) < 0)
        return pl_fail(e, PL_E_INTERNAL, "no event loop");
    int rc = start(&s, e);
    if (rc < 0) {
        /* Nothing has been promised to anyone yet: the process ends, the kernel cleans up. */
        pgcluster_release(s.pg);
        if (rc != -PL_E_GOING_AWAY)
            return rc;
        LOG_INFO(NULL, "server.stopped", KV_S("why", e->text));
        return 0;
    }
    LOG_INFO(NULL, "server.listening", KV_I("port", listener_port(s.listener)));
    (void)uv_run(&s.loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&s.loop) == 0);
    files_free(s.files);
    pgcluster_release(s.pg);
    LOG_INFO(NULL, "server.stopped");
    return 0;
}
