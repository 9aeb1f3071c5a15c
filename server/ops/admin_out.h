// SPDX-License-Identifier: Apache-2.0
/*
 * A table on stdout in one of three forms: aligned with a header (terminal), tab separated without
 * (pipe), one JSON object (asked for).
 */
#ifndef PLIMSOLL_SERVER_OPS_ADMIN_OUT_H
#define PLIMSOLL_SERVER_OPS_ADMIN_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct out_table;

/* `columns` are JSON keys and, in upper case, headers; `schema` names the JSON form. Borrowed. */
struct out_table *out_table_new(const char *schema, const char *const *columns, size_t count,
                                bool json);

/* Adds the next cell of a row: text, a number (a string in JSON: ids are strings), a yes or no, a
 * time (0: never, null in JSON). Rows begin by themselves. */
void out_text(struct out_table *t, const char *s);
void out_id(struct out_table *t, uint64_t id);
void out_count(struct out_table *t, uint64_t n);
void out_bool(struct out_table *t, bool b);
void out_time(struct out_table *t, int64_t us);

/* Prints and frees. */
void out_table_end(struct out_table *t);

#endif
