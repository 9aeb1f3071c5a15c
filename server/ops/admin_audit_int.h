// SPDX-License-Identifier: Apache-2.0
/*
 * What admin_audit.c and admin_export.c share.
 */
#ifndef PLIMSOLL_SERVER_OPS_ADMIN_AUDIT_INT_H
#define PLIMSOLL_SERVER_OPS_ADMIN_AUDIT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/tlog/note.h"

#include "audit/seal_file.h"
#include "audit/seal_tree.h"
#include "ops/admin_audit.h"
#include "ops/datadir.h"
#include "ops/local.h"
#include "store/repo_audit.h"

/* The log's state with its newest checkpoint, checked. */
struct audit_now {
    uint32_t epoch;
    uint64_t size;
    int64_t lag_us;
    char origin[PL_NOTE_NAME_SIZE];
    char vkey[PL_VKEY_SIZE];
    struct pl_checkpoint c; /* size 0: none yet */
    char note[SEAL_NOTE_MAX];
};

int audit_now_read(struct local *l, struct audit_now *out, struct pl_err *e) PL_MUST;

/* The root of the first `size` leaves, from the database. */
struct audit_edge {
    struct local_answer answer;
    bool bad;
    struct seal_edge edge;
};
int audit_root_at(struct local *l, uint32_t epoch, uint64_t size, struct pl_hash *root,
                  struct pl_err *e) PL_MUST;

#endif
