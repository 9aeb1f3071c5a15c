// SPDX-License-Identifier: Apache-2.0
/*
 * A journal's name and its lock: STATE/journal/HOST/REVIEW.<n>.log beside REVIEW.<n>.lock. The lock
 * (flock) is advisory and goes with the process. On a file system without locks nothing is locked.
 */
#ifndef PLIMSOLL_CLIENT_SYNC_JOURNAL_SLOT_H
#define PLIMSOLL_CLIENT_SYNC_JOURNAL_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/base/err.h"

#define JOURNAL_PATH_MAX 1024

struct journal_slot {
    int lock_fd; /* -1: not held */
    char log[JOURNAL_PATH_MAX];
};

void journal_slot_init(struct journal_slot *s);
/* Makes the folder, takes the lock. -PL_E_BUSY: another process has it; -PL_E_IO. */
int journal_slot_lock(struct journal_slot *s, const char *state_dir, const char *host,
                      uint64_t review, int n, struct pl_err *e) PL_MUST;
void journal_slot_unlock(struct journal_slot *s);
/* Is there a log or a lock file of this slot? */
bool journal_slot_exists(const char *state_dir, const char *host, uint64_t review, int n);
/* Is the log of this path locked by some process? */
bool journal_slot_is_busy(const char *log);

#endif
