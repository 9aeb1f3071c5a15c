// SPDX-License-Identifier: Apache-2.0
/*
 * What this machine alone knows of a review: the anonymous cards that wait to be handed over, the
 * number of the private draft, and what has to be known to write a card without asking the server,
 * since a connection just for that would tell who writes. One small text file a review, 0600, in a
 * folder 0700, changed under a lock, since several programs may have the review open.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_SECRETS_H
#define PLIMSOLL_CLIENT_MODEL_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

struct client;

#define SECRET_TOKEN_HEX 32 /* digits of a token */
#define SECRET_CARDS_MAX 200

struct secret_card {
    char token[SECRET_TOKEN_HEX + 1];
    uint32_t kind; /* PL_OBSERVATION_ or 0 */
    uint32_t lens;
    char *text; /* owned */
};

struct secrets {
    uint64_t draft;  /* 0: not known */
    uint32_t status; /* of the review when it was seen last; 0: never */
    uint32_t people; /* who could be the author of a card */
    bool is_one;     /* and one is among them */
    struct secret_card *cards;
    size_t n;
};

void secrets_release(struct secrets *s);

/* Reads them; none is fine. -PL_E_IO, or -PL_E_INVALID for a file that somebody has changed. */
int secrets_load(struct client *c, uint64_t review, struct secrets *out, struct pl_err *e) PL_MUST;

/* Reads them, has `change` change them, and writes them back unless it fails (its error is given
 * on) or returns 1 (nothing changed). */
typedef int (*secrets_change_cb)(void *ctx, struct secrets *s, struct pl_err *e);
int secrets_change(struct client *c, uint64_t review, secrets_change_cb change, void *ctx,
                   struct pl_err *e) PL_MUST;

/* For changing: a card with a fresh token at the end (text copied); a card taken out. */
const char *secrets_add(struct secrets *s, uint32_t kind, uint32_t lens, const char *text);
void secrets_remove(struct secrets *s, size_t at);

/* Path of the file, for people. */
int secrets_path(struct client *c, uint64_t review, char *out, size_t size,
                 struct pl_err *e) PL_MUST;

#endif
