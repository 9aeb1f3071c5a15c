// SPDX-License-Identifier: Apache-2.0
/*
 * The reader of signed notes and checkpoints on any bytes, under a key that the published example
 * was signed with.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_vkey k;
    struct pl_err e;
    struct pl_checkpoint c;
    char text[PL_CHECKPOINT_SIZE];
    size_t n = 0;
    uint64_t when;
    PL_ASSERT(pl_vkey_parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
                            &k, &e) == 0);
    if (pl_note_check((const char *)data, size, &k, &n, &when, &e) == 0) {
        PL_ASSERT(n > 0 && n < size && data[n - 1] == '\n' && data[n] == '\n');
    }
    if (pl_checkpoint_parse((const char *)data, size, &c, &e) == 0) {
        pl_checkpoint_print(&c, text);
        PL_ASSERT(strlen(text) == size && memcmp(text, data, size) == 0);
    }
    char *s = pl_xstrndup((const char *)data, size);
    if (pl_vkey_parse(s, &k, &e) == 0) {
        char again[PL_VKEY_SIZE];
        pl_vkey_print(&k, again);
        PL_ASSERT(strncasecmp(again, s, strlen(again)) == 0);
    }
    free(s);
    return 0;
}
