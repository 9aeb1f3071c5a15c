// SPDX-License-Identifier: Apache-2.0
/*
 * See certificate.h. A renewal that fails is tried again at the next look; as long as the old
 * certificate is good nobody notices but the log.
 */
#include "certificate.h"

#include <string.h>

#include "plimsoll/base/log.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/time.h"
#include "plimsoll/tls/x509.h"

#include "keeper/keeper.h"
#include "ops/datadir.h"

#define LOOK_MS  3600000u
#define AGAIN_MS 60000u /* after a renewal that failed */
#define US_PER_S INT64_C(1000000)

struct certificate {
    struct certificate_options opt;
    uv_timer_t timer;
    struct pl_tls_ctx *tls;
    int64_t expires_us;
    bool is_asking; /* the keeper has our order */
    bool is_over;
    bool is_closed;
};

static void maybe_free(struct certificate *c)
{
    if (c->is_closed && !c->is_asking) {
        pl_tls_ctx_unref(c->tls);
        pl_mem_free(PL_MEM_AUTH, c);
    }
}

static void take(struct certificate *c, struct pl_tls_ctx *take_tls, int64_t expires_us)
{
    bool is_first = c->tls == NULL;
    pl_tls_ctx_unref(c->tls);
    c->tls = take_tls;
    c->expires_us = expires_us;
    if (!is_first) {
        LOG_INFO(NULL, "tls.server_certificate_taken");
        c->opt.changed(c->opt.ctx, c->tls);
    }
}

/* What is on disk becomes the context, if it is another than before. */
static int load(struct certificate *c, uint8_t root_pin[PL_SPKI_HASH], struct pl_err *e)
{
    struct datadir_tls t;
    int rc = datadir_tls_load(c->opt.dir, &t, e);
    if (rc == 0 && (c->tls == NULL || t.server_expires_us != c->expires_us)) {
        struct pl_tls_ctx *tls = pl_tls_server_ctx(t.server_chain, t.server_key, t.issuing, e);
        rc = tls != NULL ? 0 : -PL_E_CONFIG;
        if (rc == 0)
            take(c, tls, t.server_expires_us);
    }
    if (rc == 0 && root_pin != NULL)
        memcpy(root_pin, t.root_pin, PL_SPKI_HASH);
    datadir_tls_release(&t);
    return rc;
}

static void on_timer(uv_timer_t *t)
{
    certificate_look(t->data);
}

static void on_renewed(void *ctx, int rc, const struct keeper_answer *a, const struct pl_err *e)
{
    struct certificate *c = ctx;
    struct pl_err own;
    pl_err_init(&own);
    c->is_asking = false;
    if (c->is_over) {
        maybe_free(c);
        return;
    }
    if (rc == 0) {
        rc = datadir_tls_put_chain(c->opt.dir, a->chain, &own);
        if (rc == 0)
            rc = load(c, NULL, &own);
        e = &own;
    }
    if (rc == 0) {
        LOG_INFO(NULL, "tls.server_certificate_renewed");
    } else {
        LOG_ERR(NULL, "tls.server_certificate_not_renewed", KV_ERR(e));
        PL_ASSERT(uv_timer_start(&c->timer, on_timer, AGAIN_MS, LOOK_MS) == 0);
    }
}

static int ask(struct certificate *c, struct pl_err *e)
{
    struct datadir_tls t;
    struct pl_buf csr;
    struct pl_key *key = NULL;
    pl_buf_init(&csr, PL_CSR_MAX);
    int rc = datadir_tls_load(c->opt.dir, &t, e);
    if (rc == 0) {
        key = pl_key_from_pem(t.server_key, e);
        rc = key != NULL ? pl_csr_make(key, &csr, e) : -PL_E_CONFIG;
    }
    if (rc == 0) {
        c->is_asking = true;
        keeper_renew_server(c->opt.keeper, csr.data, csr.len, on_renewed, c);
    }
    pl_key_free(key);
    pl_buf_release(&csr);
    datadir_tls_release(&t);
    return rc;
}

void certificate_look(struct certificate *c)
{
    struct pl_err e;
    pl_err_init(&e);
    PL_ASSERT(uv_timer_start(&c->timer, on_timer, LOOK_MS, LOOK_MS) == 0);
    int rc = load(c, NULL, &e);
    bool is_short = c->expires_us - pl_now_us() < DATADIR_RENEW_S * US_PER_S;
    if (rc == 0 && is_short && !c->is_asking)
        rc = ask(c, &e);
    if (rc != 0)
        LOG_ERR(NULL, "tls.server_certificate_not_renewed", KV_ERR(&e));
}

int certificate_new(struct certificate **out, uv_loop_t *loop, const struct certificate_options *o,
                    uint8_t root_pin[PL_SPKI_HASH], struct pl_err *e)
{
    struct certificate *c = pl_mem_calloc(PL_MEM_AUTH, 1, sizeof(*c));
    c->opt = *o;
    int rc = load(c, root_pin, e);
    if (rc != 0) {
        pl_mem_free(PL_MEM_AUTH, c);
        return rc;
    }
    PL_ASSERT(uv_timer_init(loop, &c->timer) == 0);
    c->timer.data = c;
    PL_ASSERT(uv_timer_start(&c->timer, on_timer, 0, LOOK_MS) == 0);
    *out = c;
    return 0;
}

struct pl_tls_ctx *certificate_tls(const struct certificate *c)
{
    return c->tls;
}

static void on_closed(uv_handle_t *h)
{
    struct certificate *c = h->data;
    c->is_closed = true;
    maybe_free(c);
}

void certificate_free(struct certificate *c)
{
    if (c == NULL)
        return;
    c->is_over = true;
    uv_close((uv_handle_t *)&c->timer, on_closed);
}
