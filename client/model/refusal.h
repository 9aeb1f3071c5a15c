// SPDX-License-Identifier: Apache-2.0
/*
 * A refused change in words, for verbs and screens alike: what was tried and why it was not taken,
 * and what to do next.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_REFUSAL_H
#define PLIMSOLL_CLIENT_MODEL_REFUSAL_H

#include "model/client.h"

struct refusal {
    char why[PL_ERR_TEXT_MAX];  /* a sentence without a stop */
    char next[PL_ERR_TEXT_MAX]; /* the same; may be "" */
};

/* `why` and `lost` as the review's handler `refused` gets them, and while it runs: rights and
 * status are those of now. r: NULL when it is not open yet. */
void refusal_explain(struct refusal *out, struct review *r, int code, const char *why,
                     const struct pl_cs *lost);

/* What the error catalogue suggests for a code, with the review's id filled in (0: left as it is).
 */
void refusal_next(char out[PL_ERR_TEXT_MAX], int code, uint64_t review);

#endif
