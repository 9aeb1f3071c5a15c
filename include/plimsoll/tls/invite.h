// SPDX-License-Identifier: Apache-2.0
/*
 * Invites: one line that carries where the server is, the key of its root, and a secret that works
 * once (that for a group: as often as it says, and not for long):
 *
 *     plm1:HOST:PORT:CODE
 *     CODE = Crockford base 32 of 0x01 | kind | root pin (32) | secret (16) | check (2)
 *
 * check is the start of SHA-256 over the bytes before it: it catches slips of the hand, nothing
 * else. CODE has 84 characters. An IPv6 address stands in brackets. The text is a secret until it
 * has been used.
 */
#ifndef PLIMSOLL_TLS_INVITE_H
#define PLIMSOLL_TLS_INVITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tls/engine.h"

#define PL_INVITE_SECRET   16
#define PL_INVITE_HOST_MAX 253
#define PL_INVITE_CODE_LEN 84
/* "plm1:" + "[host]" + ":65535:" + code + NUL */
#define PL_INVITE_TEXT_SIZE (5 + PL_INVITE_HOST_MAX + 2 + 7 + PL_INVITE_CODE_LEN + 1)

enum pl_invite_kind {
    PL_INVITE_USER = 1,      /* a person who is new here */
    PL_INVITE_DEVICE = 2,    /* another device of a known person */
    PL_INVITE_RECOVERY = 3,  /* replaces all devices of a person */
    PL_INVITE_BOOTSTRAP = 4, /* the first person of an organisation */
    PL_INVITE_GROUP = 5,     /* several people who are new here; each gives his own names */
};

struct pl_invite {
    char host[PL_INVITE_HOST_MAX + 1]; /* name, IPv4 or IPv6 (without brackets) */
    uint16_t port;
    enum pl_invite_kind kind;
    uint8_t root_pin[PL_SPKI_HASH];
    uint8_t secret[PL_INVITE_SECRET];
};

/* Writes the text. -PL_E_INVALID for a host or port that cannot stand in one. */
int pl_invite_format(const struct pl_invite *i, char out[PL_INVITE_TEXT_SIZE],
                     struct pl_err *e) PL_MUST;

/* Reads n bytes of text; blanks around it are ignored, the code may be in lower case and hold
 * hyphens. -PL_E_INVITE with what is wrong with it (never with the secret) on anything else;
 * *out is wiped then. */
int pl_invite_parse(const char *text, size_t n, struct pl_invite *out, struct pl_err *e) PL_MUST;

/* May this be a login name? A small letter or digit, then at most 63 of these, '.', '_', '-'. */
bool pl_user_name_is_good(const char *s);

/* Splits "HOST:PORT" or "[IPV6]:PORT" or a bare HOST (port = preset then; 0 means that a port must
 * be given). The rules for hosts are those of an invite. -PL_E_INVALID otherwise. */
int pl_host_port_parse(const char *text, size_t n, uint16_t preset,
                       char host[PL_INVITE_HOST_MAX + 1], uint16_t *port, struct pl_err *e) PL_MUST;

#endif
