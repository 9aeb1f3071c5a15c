// SPDX-License-Identifier: Apache-2.0
/*
 * State machines as tables. A module has an enum of states and one static const table that names
 * each state and the states it may go to; pl_fsm_move asserts the edge, stamps the time and logs
 * at trace. A move that is not in the table is a bug of ours and aborts: input must be checked
 * with pl_fsm_can first.
 */
#ifndef PLIMSOLL_BASE_FSM_H
#define PLIMSOLL_BASE_FSM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plimsoll/base/env.h"

#define PL_FSM_STATES_MAX 64

/* The mask of one state, for `to`. */
#define PL_FSM_BIT(state) (UINT64_C(1) << (unsigned)(state))

enum pl_fsm_flag {
    PL_FSM_INITIAL = 1, /* a machine may start here */
    PL_FSM_FINAL = 2,   /* nothing leads out */
    PL_FSM_ERROR = 4,   /* reached by failure */
};

/* One row per state, in the order of the enum. */
struct pl_fsm_state {
    const char *name;
    uint64_t to;    /* PL_FSM_BIT of each state that may follow */
    unsigned flags; /* PL_FSM_... */
};

struct pl_fsm_table {
    const char *name; /* of the machine, e.g. "session" */
    const struct pl_fsm_state *states;
    unsigned count;
};

/* Embedded by its owner. */
struct pl_fsm {
    const struct pl_fsm_table *table;
    const struct pl_env *env;
    unsigned state;
    uint64_t since_ms; /* monotonic, of the last move */
};

/* Starts in `initial`, which must be flagged so. `env` NULL means the system's clock. */
void pl_fsm_init(struct pl_fsm *f, const struct pl_fsm_table *table, unsigned initial,
                 const struct pl_env *env);

/* Does an edge lead from the present state to `next`? */
bool pl_fsm_can(const struct pl_fsm *f, unsigned next);

/* Takes the edge; aborts if there is none. */
void pl_fsm_move(struct pl_fsm *f, unsigned next);

/* Name and age of the present state. */
const char *pl_fsm_name(const struct pl_fsm *f);
uint64_t pl_fsm_age_ms(const struct pl_fsm *f);

/* Is the present state flagged final? */
bool pl_fsm_is_final(const struct pl_fsm *f);

/* Checks a table: names set, edges within count, final states without edges, one initial state or
 * more, and every state reachable from an initial one. For unit tests. */
bool pl_fsm_table_is_sound(const struct pl_fsm_table *table);

/* Prints the table as text, a line per state: `name [flags] -> a b c`. */
void pl_fsm_dump(const struct pl_fsm_table *table, FILE *out);

#endif
