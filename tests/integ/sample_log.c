// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a made-up audit log (support/loggen) into a folder, for scripts that try the programs on
 * it: sample_log FOLDER EDITS prints the log's key; sample_log --pack EDITS prints its files as one
 * input of tests/fuzz/fuzz_verify.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/str.h"

#include "support/loggen.h"

static void pack(const struct loggen *g)
{
    for (size_t i = 0; i < g->n_files; i++) {
        const struct loggen_file *f = &g->files[i];
        (void)putchar((int)strlen(f->path));
        (void)fputs(f->path, stdout);
        (void)putchar((int)(f->bytes.len >> 8 & 0xff));
        (void)putchar((int)(f->bytes.len & 0xff));
        (void)fwrite(f->bytes.data, 1, f->bytes.len, stdout);
    }
}

int main(int argc, char **argv)
{
    struct loggen g;
    char vkey[PL_VKEY_SIZE];
    uint64_t edits = 0;
    if (argc != 3 || pl_parse_u64(argv[2], &edits) != 0) {
        (void)fprintf(stderr, "usage: sample_log FOLDER|--pack EDITS\n");
        return 2;
    }
    loggen_init(&g);
    loggen_story(&g, (size_t)edits);
    loggen_seal(&g);
    if (strcmp(argv[1], "--pack") == 0) {
        pack(&g);
    } else {
        loggen_save(&g, argv[1]);
        pl_vkey_print(&g.key.pub, vkey);
        (void)printf("%s\n", vkey);
    }
    loggen_release(&g);
    return 0;
}
