// SPDX-License-Identifier: Apache-2.0
/*
 * Messages about files go to cmd/files.h, which all connections share.
 */
#include "cmd/cmd.h"
#include "cmd/files.h"
#include "cmd/services.h"

void cmd_file_put(struct caller *c, struct pl_msg *m)
{
    files_put(c->services->files, c, &m->u.file_put);
}

void cmd_file_chunk(struct caller *c, struct pl_msg *m)
{
    files_chunk(c->services->files, c, &m->u.file_chunk);
}

void cmd_file_end(struct caller *c, struct pl_msg *m)
{
    files_end(c->services->files, c, &m->u.file_end);
}

void cmd_file_get(struct caller *c, struct pl_msg *m)
{
    files_get(c->services->files, c, &m->u.file_get);
}
