// SPDX-License-Identifier: Apache-2.0
/*
 * What the repo_*.c share with store.c. Nothing outside of this folder includes it.
 */
#ifndef PLIMSOLL_SERVER_STORE_INTERNAL_H
#define PLIMSOLL_SERVER_STORE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pgjob.h"
#include "store/store.h"

/* Queues a job on the writer that `review` is bound to, ordered by review, or on the reader with
 * the least to do. Takes the job; errors as pgpipe_submit, and -PL_E_UNAVAILABLE while closing. */
int store_submit_writer(struct store *s, uint64_t review, struct pg_job *take_job) PL_MUST;
int store_submit_reader(struct store *s, struct pg_job *take_job) PL_MUST;

/* The turn of a review (sql/0004_append.sql): kept after an append was behind, ended in the
 * database after an append that failed, or given back by the append itself (db false). */
void store_turn_keep(struct store *s, uint64_t review);
void store_turn_end(struct store *s, uint64_t review, bool db);
bool store_turn_is_kept(const struct store *s, uint64_t review);

/* Number of this process, for audit leaves; 0 for tools. */
uint32_t store_node(const struct store *s);

/* Counts an outcome of an append. */
void store_count_append(struct store *s, uint32_t revs, bool behind);

/* Is the connection up that hears of changes of rights? */
bool store_is_listening(const struct store *s);
/* What a poll saw of rights, as one number. While nobody listens, another one than before has
 * everybody checked again. */
void store_rights_seen(struct store *s, uint64_t mark);

/* "the database ..." errors for codes that the SQL functions return (numbers of errors.def): 0 for
 * 0, otherwise the negative code, with `what` in the text. */
int store_code(struct pl_err *e, uint32_t code, const char *what);

#endif
