// SPDX-License-Identifier: Apache-2.0
/*
 * Files on their way in and out: one for the whole server process.
 *
 * Pieces of files wait in one queue for the database, and one of them at a time is under way, so
 * that edits, openings and lists find it free; a file never holds up anything but other files. The
 * queue is bounded in all and per connection; beyond, the answer is BUSY. A file that is complete
 * is read back and hashed, a few chunks at a turn, and then shown by a revision in the name of who
 * sent it. A timer drops uploads that nobody goes on with.
 */
#ifndef PLIMSOLL_SERVER_CMD_FILES_H
#define PLIMSOLL_SERVER_CMD_FILES_H

#include <stdint.h>
#include <uv.h>

#include "cmd/caller.h"

struct config;
struct files;
struct rooms;
struct store;

/* Everything is borrowed and must outlive it. */
struct files *files_new(uv_loop_t *loop, struct store *s, struct rooms *r,
                        const struct config *conf);
/* No more pieces, no more sweeps; before the rooms are freed. */
void files_stop(struct files *f);
/* After the loop has ended. */
void files_free(struct files *f);

/* Requests of a caller; each is answered once. The messages are copied. */
void files_put(struct files *f, struct caller *c, const struct pl_file_put *m);
void files_chunk(struct files *f, struct caller *c, const struct pl_file_chunk *m);
void files_end(struct files *f, struct caller *c, const struct pl_file_end *m);
void files_get(struct files *f, struct caller *c, const struct pl_file_get *m);

struct files_stats {
    uint64_t begun, resumed, finished; /* uploads */
    uint64_t bytes_in, bytes_out;
    uint64_t too_large, over_quota, too_many, no_right, wrong_sum, busy; /* refused, by reason */
    uint64_t expired, swept; /* uploads dropped, chunks deleted */
    unsigned queued;
};
void files_stats(const struct files *f, struct files_stats *out);

#endif
