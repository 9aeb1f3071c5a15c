// SPDX-License-Identifier: Apache-2.0
/*
 * See helper.h. An order travels: form -> what it rests on, and that signature -> database (used
 * up, registered) -> certificate, in memory -> database (noted, logged) -> answer. Whatever fails
 * on the way answers with the reason, and what was signed is dropped.
 */
#include "keeper/helper.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <utlist.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/invite.h"
#include "plimsoll/tls/statement.h"

#include "audit/seal_key.h"
#include "audit/sealer.h"
#include "keeper/ca.h"
#include "keeper/line.h"
#include "keeper/spawn.h"
#include "ops/alive.h"
#include "ops/config.h"
#include "ops/datadir.h"
#include "store/repo_identity.h"
#include "store/repo_keeper.h"
#include "store/store.h"

#define STATE_MS   1000u
#define US_PER_S   INT64_C(1000000)
#define ORDERS_MAX 128u

struct helper {
    const struct helper_options *opt;
    uv_loop_t loop;
    uv_timer_t tick;
    struct line *line;
    struct ca *ca;
    uint8_t server_spki[PL_SPKI_HASH];
    struct store *store;   /* NULL before GO, and after the end */
    struct sealer *sealer; /* the same */
    uint8_t seed[SEAL_SEED];
    bool has_store;
    bool is_ending;
    uint64_t issued;
    int alive;
    char said[ALIVE_LINE_MAX];
    struct order *orders;
    unsigned n_orders;
};

struct order {
    struct order *next, *prev;
    struct helper *helper;
    uint32_t id;
    struct pl_csr *csr;
    uint8_t spki[PL_SPKI_HASH];
    struct invite_redeem redeem; /* of a join; its strings are the three below */
    char *names[3];
    struct keeper_msg done; /* numbers and names of the answer */
    struct pl_chain chain;
};

/* ---- answers
 * --------------------------------------------------------------------------------------
 */

static void say(struct helper *h, const struct keeper_msg *m)
{
    if (h->line != NULL && line_send(h->line, m) != 0)
        LOG_WARN(NULL, "keeper.answer_lost", KV_U("order", m->id));
}

static struct pl_bytes bytes_of(const char *text)
{
    return (struct pl_bytes){(const uint8_t *)text, strlen(text)};
}

static void refuse(struct helper *h, uint32_t id, int rc, const char *why)
{
    const struct keeper_msg m = {
        .what = KEEPER_DONE,
        .id = id,
        .code = (uint32_t)-rc,
        .parts = {bytes_of(why)},
        .n_parts = 1,
    };
    say(h, &m);
}

static void drop(struct order *o)
{
    DL_DELETE(o->helper->orders, o);
    o->helper->n_orders--;
    for (size_t i = 0; i < 3; i++)
        free(o->names[i]);
    pl_csr_free(o->csr);
    pl_chain_release(&o->chain);
    pl_mem_free(PL_MEM_AUTH, o);
}

static void fail(struct order *o, int rc, const char *why)
{
    LOG_WARN(NULL, "keeper.refuses", KV_S("code", pl_error_info(rc)->token), KV_S("why", why));
    refuse(o->helper, o->id, rc, why);
    drop(o);
}

static void succeed(struct order *o)
{
    struct keeper_msg *m = &o->done;
    m->what = KEEPER_DONE;
    m->id = o->id;
    m->parts[0] = bytes_of(o->names[0] != NULL ? o->names[0] : "");
    m->parts[1] = bytes_of(o->names[1] != NULL ? o->names[1] : "");
    m->n_parts = 2;
    for (size_t i = 0; i < o->chain.n && m->n_parts < KEEPER_PARTS_MAX; i++)
        m->parts[m->n_parts++] = (struct pl_bytes){o->chain.der[i].data, o->chain.der[i].len};
    o->helper->issued++;
    LOG_INFO(NULL, "keeper.issued", KV_U("device", m->n[1]));
    say(o->helper, m);
    drop(o);
}

/* ---- the way of an order
 * --------------------------------------------------------------------------
 */

static void on_noted(void *ctx, int rc, const struct pl_err *e)
{
    struct order *o = ctx;
    if (rc == 0)
        succeed(o);
    else
        fail(o, rc == -PL_E_AUTH || rc == -PL_E_SLOW_DOWN ? rc : -PL_E_UNAVAILABLE, e->text);
}

/* The certificate is made: it counts when it is noted. */
static void note(struct order *o)
{
    uint8_t sum[PL_SHA256_BYTES];
    struct pl_cert_info info;
    struct pl_err e;
    int rc = pl_cert_info(o->chain.der[0].data, o->chain.der[0].len, &info, &e);
    pl_sha256(o->chain.der[0].data, o->chain.der[0].len, sum);
    if (rc == 0) {
        const struct keeper_note n = {
            .device = o->done.n[1],
            .spki_sha256 = o->spki,
            .cert_sha256 = sum,
            .expires_us = info.not_after_us,
            .hour_max = (uint32_t)o->helper->opt->config->certificates_per_hour,
        };
        rc = repo_keeper_note(o->helper->store, &n, on_noted, o);
    }
    if (rc != 0)
        fail(o, -PL_E_UNAVAILABLE, "the database takes no note");
}

static void sign_device(struct order *o, int64_t expires_us)
{
    struct pl_err e;
    const struct pl_device_cert spec = {
        .device = o->done.n[1],
        .now_s = pl_now_us() / US_PER_S,
        .expires_s = expires_us / US_PER_S,
    };
    pl_err_init(&e);
    if (ca_device(o->helper->ca, o->csr, &spec, &o->chain, &e) != 0)
        fail(o, -PL_E_INTERNAL, e.text);
    else
        note(o);
}

static void on_redeemed(void *ctx, int rc, const struct invite_result *r, const struct pl_err *e)
{
    struct order *o = ctx;
    if (rc != 0) {
        fail(o, rc, e->text);
        return;
    }
    for (size_t i = 0; i < 3; i++)
        free(o->names[i]);
    o->names[0] = pl_xstrdup(r->user_name);
    o->names[1] = pl_xstrdup(r->display_name);
    o->names[2] = NULL;
    o->done.n[0] = r->user;
    o->done.n[1] = r->device;
    o->done.n[2] = r->review;
    o->done.n[3] = r->role;
    sign_device(o, r->expires_us);
}

/* Does what was seen say what the invite grants? */
static bool is_granted(const struct pl_statement *s, const struct keeper_grant *g)
{
    size_t salt_n = 0;
    size_t minutes_n = 0;
    const uint8_t *salt = pl_seen_find(s, PL_SEEN_SALT, &salt_n);
    const uint8_t *minutes = pl_seen_find(s, PL_SEEN_MINUTES, &minutes_n);
    struct pl_reader r;
    struct pl_buf want;
    if (salt == NULL || salt_n != PL_STATEMENT_NONCE || minutes == NULL || minutes_n != 4)
        return false;
    pl_reader_init(&r, minutes, minutes_n);
    const struct pl_invite_terms terms = {
        .user_name = g->user_name,
        .display_name = g->display_name,
        .role = g->role,
        .uses = g->uses,
        .minutes = pl_read_u32be(&r),
    };
    pl_buf_init(&want, PL_STATEMENT_BYTES);
    bool same = pl_seen_invite(&terms, salt, &want) == 0 && want.len == s->seen_n &&
                memcmp(want.data, s->seen, s->seen_n) == 0;
    pl_buf_release(&want);
    return same;
}

static bool is_their_act(const struct helper *h, const struct keeper_grant *g)
{
    uint8_t bytes[PL_STATEMENT_BYTES];
    struct pl_statement s;
    const struct signed_bytes *a = &g->act;
    size_t n = a->head.n + a->seen.n;
    if (!g->is_their_key || a->head.n != PL_STATEMENT_HEAD || n > sizeof(bytes))
        return false;
    memcpy(bytes, a->head.p, a->head.n);
    memcpy(bytes + a->head.n, a->seen.p, a->seen.n);
    return pl_statement_decode(bytes, n, &s, NULL) == 0 && s.kind == PL_SIGNED_INVITE &&
           s.review == g->review && s.actor == g->by_user && s.device == g->by_device &&
           memcmp(s.organisation, ca_root_pin(h->ca), PL_SPKI_HASH) == 0 && is_granted(&s, g) &&
           pl_statement_verify(a->key.p, a->key.n, bytes, n, a->signature.p, a->signature.n,
                               NULL) == 0;
}

static void on_looked(void *ctx, int rc, const struct keeper_grant *g, const struct pl_err *e)
{
    struct order *o = ctx;
    if (rc != 0) {
        fail(o, -PL_E_UNAVAILABLE, e->text);
        return;
    }
    if (g->act.head.n > 0 && !is_their_act(o->helper, g)) {
        LOG_ERR(NULL, "keeper.forged_invite", KV_U("review", g->review), KV_U("by", g->by_user));
        fail(o, -PL_E_INVITE, "the invite was not signed by its maker");
        return;
    }
    if (repo_invite_redeem(o->helper->store, &o->redeem, on_redeemed, o) != 0)
        fail(o, -PL_E_UNAVAILABLE, "the database does not answer");
}

static void join(struct order *o, const struct keeper_msg *m)
{
    for (size_t i = 0; i < 3; i++)
        o->names[i] = pl_xstrndup((const char *)m->parts[2 + i].p, m->parts[2 + i].n);
    o->redeem.device_name = o->names[0];
    o->redeem.user_name = o->names[1];
    o->redeem.display_name = o->names[2];
    o->redeem.expires_us = pl_now_us() + PL_DEVICE_DAYS * PL_DAY_S * US_PER_S;
    pl_sha256(m->parts[0].p, m->parts[0].n, o->redeem.secret_sha256);
    memcpy(o->redeem.spki_sha256, o->spki, sizeof(o->redeem.spki_sha256));
    if (repo_keeper_look(o->helper->store, o->redeem.secret_sha256, on_looked, o) != 0)
        fail(o, -PL_E_UNAVAILABLE, "the database does not answer");
}

static void sign_server(struct order *o)
{
    struct pl_err e;
    pl_err_init(&e);
    if (memcmp(o->spki, o->helper->server_spki, PL_SPKI_HASH) != 0)
        fail(o, -PL_E_AUTH, "that is not the key of this server");
    else if (ca_server(o->helper->ca, o->csr, pl_now_us() / US_PER_S, &o->chain, &e) != 0)
        fail(o, -PL_E_INTERNAL, e.text);
    else
        note(o);
}

static bool is_well_formed(const struct keeper_msg *m)
{
    switch (m->what) {
    case KEEPER_JOIN:
        return m->n_parts == 5 && m->parts[0].n == PL_INVITE_SECRET && m->parts[2].n > 0;
    case KEEPER_SERVER:
        return m->n_parts == 1;
    case KEEPER_GO:
    case KEEPER_RENEW:
    case KEEPER_READY:
    case KEEPER_REFUSED:
    case KEEPER_DONE:
    case KEEPER_STATE:
        break;
    }
    return false;
}

static void take_order(struct helper *h, const struct keeper_msg *m)
{
    if (h->store == NULL || h->n_orders >= ORDERS_MAX) {
        refuse(h, m->id, -PL_E_UNAVAILABLE, "the keeper has no database yet");
        return;
    }
    const struct pl_bytes *csr = &m->parts[m->what == KEEPER_JOIN ? 1 : 0];
    struct pl_csr *request = is_well_formed(m) ? pl_csr_parse(csr->p, csr->n, NULL) : NULL;
    if (request == NULL) {
        refuse(h, m->id, -PL_E_BAD_MESSAGE, "the order is malformed");
        return;
    }
    struct order *o = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*o));
    o->helper = h;
    o->id = m->id;
    o->csr = request;
    pl_csr_spki(request, o->spki);
    DL_APPEND(h->orders, o);
    h->n_orders++;
    if (m->what == KEEPER_JOIN)
        join(o, m);
    else
        sign_server(o);
}

/* ---- the database
 * ---------------------------------------------------------------------------------
 */

static void on_up(void *ctx)
{
    struct helper *h = ctx;
    h->has_store = true;
    LOG_INFO(NULL, "keeper.database_up");
}

static void on_down(void *ctx, const char *why)
{
    struct helper *h = ctx;
    h->has_store = false;
    LOG_WARN(NULL, "keeper.database_down", KV_S("why", why));
}

static int open_store(struct helper *h, struct pl_err *e)
{
    const struct config *c = h->opt->config;
    char conninfo[2 * DATADIR_PATH_MAX];
    int rc = datadir_conninfo_as(h->opt->dir, c, "plm_ca", conninfo, sizeof(conninfo), e);
    const struct store_options options = {
        .conninfo = conninfo,
        .writers = 1,
        .readers = 1,
        .queue_max = ORDERS_MAX,
        .statement_ms = (unsigned)c->statement_ms,
        .deadline_ms = (unsigned)c->deadline_ms,
        .role = "plm_ca",
        .plain = true,
    };
    const struct store_handlers handlers = {.up = on_up, .down = on_down, .ctx = h};
    return rc != 0 ? rc : store_open(&h->store, &h->loop, &options, &handlers, e);
}

static void on_alarm(void *ctx, const char *code, const char *text)
{
    (void)ctx;
    LOG_ERR(NULL, "log.alarm", KV_S("what", code), KV_S("why", text));
}

static int open_sealer(struct helper *h, struct pl_err *e)
{
    char conninfo[2 * DATADIR_PATH_MAX];
    char dir[DATADIR_PATH_MAX + 16];
    char deployment[SEAL_ORIGIN_SIZE];
    const struct config *c = h->opt->config;
    seal_deployment(ca_root_pin(h->ca), deployment);
    (void)snprintf(dir, sizeof(dir), "%s/" SEAL_DIR, h->opt->dir);
    const struct sealer_config sc = {
        .conninfo = conninfo,
        .dir = dir,
        .deployment = deployment,
        .seed = h->seed,
        .alarm = on_alarm,
        .ctx = h,
    };
    int rc = datadir_conninfo_as(h->opt->dir, c, "plm_seal", conninfo, sizeof(conninfo), e);
    return rc != 0 ? rc : sealer_new(&h->loop, &sc, &h->sealer, e);
}

static void go(struct helper *h)
{
    struct pl_err e;
    pl_err_init(&e);
    if (h->store != NULL)
        return;
    if (open_store(h, &e) != 0)
        LOG_ERR(NULL, "keeper.no_database", KV_ERR(&e));
    if (open_sealer(h, &e) != 0)
        LOG_ERR(NULL, "keeper.no_sealer", KV_ERR(&e));
    pl_wipe(h->seed, sizeof(h->seed)); /* the sealer has its copy */
}

/* ---- the line
 * -------------------------------------------------------------------------------------
 */

static void describe_log(const struct helper *h, char *out, size_t size)
{
    struct sealer_state s = {.condition = SEALER_AWAY};
    if (h->sealer != NULL)
        sealer_state(h->sealer, &s);
    switch (s.condition) {
    case SEALER_AWAY:
        (void)pl_strlcpy(out, "log not sealed: no database", size);
        break;
    case SEALER_STANDBY:
        (void)pl_strlcpy(out, "log sealed by another process", size);
        break;
    case SEALER_WORKING:
        (void)snprintf(out, size, "log sealed to %llu, %llu s behind", (unsigned long long)s.sealed,
                       (unsigned long long)(s.lag_us / US_PER_S));
        break;
    case SEALER_REFUSING:
        (void)snprintf(out, size, "LOG ALARM: %.70s", s.why);
        break;
    }
}

static void tell_state(struct helper *h)
{
    const struct keeper_msg m = {.what = KEEPER_STATE, .n = {h->has_store ? 1 : 0, h->issued}};
    if (line_send(h->line, &m) != 0)
        LOG_DEBUG(NULL, "keeper.state_not_told");
    char line[ALIVE_LINE_MAX];
    char log[ALIVE_LINE_MAX / 2];
    describe_log(h, log, sizeof(log));
    (void)snprintf(line, sizeof(line), "database %s, %llu certificates issued, %s",
                   h->has_store ? "there" : "away", (unsigned long long)h->issued, log);
    if (strcmp(line, h->said) != 0) {
        (void)pl_strlcpy(h->said, line, sizeof(h->said));
        alive_put(h->alive, line);
    }
}

static void on_tick(uv_timer_t *t)
{
    tell_state(t->data);
}

static void on_store_closed(void *ctx)
{
    struct helper *h = ctx;
    h->store = NULL;
}

static void on_sealer_stopped(void *ctx)
{
    struct helper *h = ctx;
    sealer_free(h->sealer);
    h->sealer = NULL;
}

/* The serving process has gone, or wants no more. Orders under way are answered by the store as it
 * closes, to nobody. */
static void on_ended(void *ctx)
{
    struct helper *h = ctx;
    if (h->is_ending)
        return;
    h->is_ending = true;
    line_close(h->line);
    h->line = NULL;
    uv_close((uv_handle_t *)&h->tick, NULL);
    if (h->store != NULL)
        store_close(h->store, on_store_closed, h);
    if (h->sealer != NULL)
        sealer_stop(h->sealer, on_sealer_stopped, h);
}

static void on_message(void *ctx, const struct keeper_msg *m)
{
    struct helper *h = ctx;
    switch (m->what) {
    case KEEPER_GO:
        go(h);
        break;
    case KEEPER_JOIN:
    case KEEPER_RENEW:
    case KEEPER_SERVER:
        take_order(h, m);
        break;
    case KEEPER_READY:
    case KEEPER_REFUSED:
    case KEEPER_DONE:
    case KEEPER_STATE:
        on_ended(h);
        break;
    }
}

/* ---- begin
 * ----------------------------------------------------------------------------------------
 */

static int load_keys(struct helper *h, struct pl_err *e)
{
    struct datadir_ca files;
    int rc = datadir_ca_load(h->opt->dir, &files, e);
    if (rc == 0) {
        const struct ca_material m = {files.issuing, files.issuing_key, files.root};
        h->ca = ca_new(&m, e);
        rc = h->ca != NULL ? 0 : -PL_E_CONFIG;
    }
    if (rc == 0) {
        char dir[DATADIR_PATH_MAX + 16];
        (void)snprintf(dir, sizeof(dir), "%s/" SEAL_DIR, h->opt->dir);
        rc = seal_key_read(dir, h->seed, e);
    }
    memcpy(h->server_spki, files.server_spki, sizeof(h->server_spki));
    datadir_ca_release(&files);
    return rc;
}

static int say_first_word(struct helper *h, int rc, const struct pl_err *e)
{
    struct keeper_msg m = {.what = KEEPER_READY};
    if (rc != 0) {
        m = (struct keeper_msg){.what = KEEPER_REFUSED,
                                .code = (uint32_t)-rc,
                                .parts = {{(const uint8_t *)e->text, strlen(e->text)}},
                                .n_parts = 1};
    }
    return line_send(h->line, &m);
}

int helper_run(const struct helper_options *o, struct pl_err *e)
{
    static const struct line_handlers handlers = {on_message, on_ended};
    struct pl_log_options log = {.level = (enum pl_log_level)o->config->log_level,
                                 .json = o->config->log_json};
    struct helper h = {.opt = o, .alive = -1};
    int rc = keeper_harden(o->fd, e);
    if (rc != 0 || (rc = pl_log_open(&log, e)) != 0)
        return rc;
    if (uv_loop_init(&h.loop) < 0)
        return pl_fail(e, PL_E_INTERNAL, "no event loop");
    PL_ASSERT(uv_timer_init(&h.loop, &h.tick) == 0);
    h.tick.data = &h;
    h.line = line_open(&h.loop, o->fd, &handlers, &h);
    rc = load_keys(&h, e);
    if (rc == 0)
        rc = alive_open(o->dir, &h.alive, e);
    int told = say_first_word(&h, rc, e);
    if (rc != 0 || told != 0)
        on_ended(&h);
    else
        PL_ASSERT(uv_timer_start(&h.tick, on_tick, 0, STATE_MS) == 0);
    (void)uv_run(&h.loop, UV_RUN_DEFAULT);
    PL_ASSERT(uv_loop_close(&h.loop) == 0);
    ca_free(h.ca);
    alive_close(o->dir, h.alive);
    return rc;
}
