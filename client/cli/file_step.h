// SPDX-License-Identifier: Apache-2.0
/*
 * Blocking steps with files: up and down, with progress on a terminal, going on after a lost link.
 */
#ifndef PLIMSOLL_CLIENT_CLI_FILE_STEP_H
#define PLIMSOLL_CLIENT_CLI_FILE_STEP_H

#include "cli/cli.h"
#include "model/transfer.h"

/* What a material or evidence shows of its file; borrowed from the document. */
struct cli_file {
    const char *name, *type, *sha256;
    uint64_t size;
};
bool cli_file_of(const struct pl_entry *en, struct cli_file *out);

/* Uploads `path` to an entry of an open review and waits until the review shows it. name, type:
 * NULL: by the path. */
struct cli_upload {
    struct review *r;
    struct pl_eid entry;
    const char *path, *name, *type;
};
int cli_file_put(struct cli *c, const struct cli_upload *u, struct transfer_result *out,
                 struct pl_err *e) PL_MUST;

/* Downloads the file of an entry to `path`; with --force over what is there. */
int cli_file_get(struct cli *c, struct review *r, const struct pl_entry *en, const char *path,
                 struct transfer_result *out, struct pl_err *e) PL_MUST;

/* Where a file goes when --output names nothing or a folder: its own name, made safe. */
int cli_file_place(const char *output, const char *name, char *out, size_t size,
                   struct pl_err *e) PL_MUST;

#endif
