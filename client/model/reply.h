// SPDX-License-Identifier: Apache-2.0
/*
 * Which message answers which request (the table "Requests" of proto/README.md). Asked in one
 * place, where answers come in (client.c): whoever gets an answer may rely on its kind.
 */
#ifndef PLIMSOLL_CLIENT_MODEL_REPLY_H
#define PLIMSOLL_CLIENT_MODEL_REPLY_H

#include <stdbool.h>

#include "plimsoll/base/err.h"
#include "plimsoll/wire/message.h"

/* The answer to a request, but for Error, which may answer all; PL_MSG_NONE for what is no request.
 */
enum pl_msg_type reply_type(enum pl_msg_type request);

/* Does it answer some request, so that it begins with the request's number? Error not counted. */
bool reply_is_one(enum pl_msg_type type);

/* -PL_E_BAD_MESSAGE, which names both, when `m` is not the answer to such a request. */
int reply_check(enum pl_msg_type request, const struct pl_msg *m, struct pl_err *e) PL_MUST;

#endif
