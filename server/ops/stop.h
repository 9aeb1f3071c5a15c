// SPDX-License-Identifier: Apache-2.0
/*
 * Being told to end while no loop runs: the start of the server blocks SIGTERM and SIGINT, and
 * whatever waits there looks now and then whether one of them waits too.
 */
#ifndef PLIMSOLL_SERVER_OPS_STOP_H
#define PLIMSOLL_SERVER_OPS_STOP_H

#include "plimsoll/base/err.h"

/* 0, or -PL_E_GOING_AWAY: a signal waits. Always 0 where these signals are not blocked: there they
 * act by themselves. `what` is what was waited for, for people. */
int stop_asked(const char *what, struct pl_err *e) PL_MUST;

/* Sleeps, whatever signals come. */
void stop_sleep_ms(unsigned ms);

#endif
