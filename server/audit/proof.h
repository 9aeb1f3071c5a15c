// SPDX-License-Identifier: Apache-2.0
/*
 * Proofs from a tree that stands in the database: first what has to be read, then the proof from
 * what was read. Pure; the caller reads in between (repo_log_hashes).
 */
#ifndef PLIMSOLL_SERVER_AUDIT_PROOF_H
#define PLIMSOLL_SERVER_AUDIT_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/err.h"
#include "plimsoll/tlog/tree.h"

#include "store/repo_audit.h"

#define PROOF_NODES_MAX 160u

enum proof_kind { PROOF_LEAF, PROOF_GROWTH };

struct proof {
    enum proof_kind kind;
    uint64_t size; /* of the tree that is proved against */
    uint64_t at;   /* the leaf, or the older size */
    size_t n;
    struct {
        unsigned level;
        uint64_t index;
        struct pl_hash h;
    } node[PROOF_NODES_MAX];
};

/* Which nodes it takes: fills `p` and `runs`, one for each of p->n. -PL_E_INVALID: at >= size
 * (leaf), or at 0 or > size (growth). */
int proof_plan(struct proof *p, enum proof_kind kind, uint64_t size, uint64_t at,
               struct log_run runs[PROOF_NODES_MAX], struct pl_err *e) PL_MUST;

/* With what was read for the runs, in their order: the proof. -PL_E_INVALID when something is
 * missing. */
int proof_make(struct proof *p, const struct log_bytes *runs, size_t n, struct pl_proof *out,
               struct pl_err *e) PL_MUST;

#endif
