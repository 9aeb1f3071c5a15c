// SPDX-License-Identifier: Apache-2.0
/*
 * Joining, greeting, liveness, errors: proto/schema/session.proto.
 */
#include "session.pb-c.h"

#include "codec_fields.h"

/* clang-format off */
#define JOIN_HELLO(NUM, STR, SHOWN, BYTES, TEXT, EID)          \
    BYTES(secret, PL_SECRET_BYTES, PL_SECRET_BYTES) \
    BYTES(csr_der, 1, PL_CSR_MAX)                   \
    STR(device_name, PL_NAME_MAX)                   \
    STR(user_name, PL_NAME_MAX)                     \
    STR(display_name, PL_NAME_MAX)

#define HELLO(NUM, STR, SHOWN, BYTES, TEXT, EID)                                                \
    NUM(version_min) NUM(version_max) NUM(features) STR(client_version, PL_NAME_MAX)

#define WELCOME(NUM, STR, SHOWN, BYTES, TEXT, EID)                                            \
    NUM(version) NUM(features) NUM(user) SHOWN(user_name, PL_NAME_MAX)             \
    SHOWN(display_name, PL_NAME_MAX) NUM(device) SHOWN(organisation, PL_TITLE_MAX) \
    NUM(server_us) SHOWN(server_version, PL_NAME_MAX) NUM(cert_expires_us)

#define ERROR(NUM, STR, SHOWN, BYTES, TEXT, EID) \
    NUM(rid) NUM(code) SHOWN(text, PL_STR_MAX) NUM(fatal) NUM(review)

#define PING(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(token)
#define PONG(NUM, STR, SHOWN, BYTES, TEXT, EID)   NUM(token) NUM(server_us)
#define GOAWAY(NUM, STR, SHOWN, BYTES, TEXT, EID) NUM(reconnect_after_ms) SHOWN(text, PL_STR_MAX)
/* clang-format on */

CODEC_MESSAGE(join_hello, join_hello, JoinHello, JOIN_HELLO)
CODEC_MESSAGE(hello, hello, Hello, HELLO)
CODEC_MESSAGE(welcome, welcome, Welcome, WELCOME)
CODEC_MESSAGE(error, error, Error, ERROR)
CODEC_MESSAGE(ping, ping, Ping, PING)
CODEC_MESSAGE(pong, pong, Pong, PONG)
CODEC_MESSAGE(goaway, go_away, GoAway, GOAWAY)

/* clang-format off */
#define JOIN_WELCOME(NUM, STR, SHOWN, BYTES, TEXT, EID)                                 \
    NUM(user) SHOWN(user_name, PL_NAME_MAX) SHOWN(display_name, PL_NAME_MAX) \
    NUM(device) NUM(review) NUM(role)
/* clang-format on */

int pl_codec_get_join_welcome(void *to, const ProtobufCMessage *from, struct pl_get *c)
{
    struct pl_join_welcome *out = to;
    const Plimsoll__JoinWelcome *m = (const void *)from;
    CODEC_GET_BODY(JOIN_WELCOME)
    PL_ASSERT(m->n_chain_der <= PL_CHAIN_MAX);
    out->n_chain = m->n_chain_der;
    for (size_t i = 0; i < m->n_chain_der; i++)
        pl_get_bytes(c, &out->chain_der[i], &m->chain_der[i], 1, PL_CERT_MAX, "chain_der");
    return c->rc;
}

ProtobufCMessage *pl_codec_put_join_welcome(const void *from, struct pl_put *c)
{
    const struct pl_join_welcome *in = from;
    Plimsoll__JoinWelcome *m = pl_put_alloc(c, sizeof *m);
    if (m == NULL)
        return NULL;
    plimsoll__join_welcome__init(m);
    CODEC_PUT_BODY(JOIN_WELCOME)
    if (in->n_chain > PL_CHAIN_MAX)
        pl_put_fail(c, PL_E_LIMIT, "chain_der", "too many");
    if (c->rc < 0)
        return NULL;
    m->chain_der = pl_put_alloc(c, (in->n_chain + 1) * sizeof *m->chain_der);
    if (m->chain_der == NULL)
        return NULL;
    m->n_chain_der = in->n_chain;
    for (size_t i = 0; i < in->n_chain; i++)
        m->chain_der[i] = pl_put_bytes(c, &in->chain_der[i], 1, PL_CERT_MAX, "chain_der");
    return c->rc < 0 ? NULL : &m->base;
}
