// SPDX-License-Identifier: Apache-2.0
/*
 * See stop.h.
 */
#include "ops/stop.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

int stop_asked(const char *what, struct pl_err *e)
{
    sigset_t waiting;
    if (sigpending(&waiting) != 0 ||
        (sigismember(&waiting, SIGTERM) != 1 && sigismember(&waiting, SIGINT) != 1)) {
        return 0;
    }
    return pl_fail(e, PL_E_GOING_AWAY, "told to stop while waiting for %s", what);
}

void stop_sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}
