// SPDX-License-Identifier: Apache-2.0
/*
 * A journal of any bytes: reading it, playing it and describing what waits in it must not crash,
 * and what was loaded must hold together. Checksums would keep a fuzzer out, so the first byte
 * chooses: the file as it is, or its parts (u16be length, payload) with records made around them.
 */
#include <stdint.h>
#include <stdlib.h>

#include "plimsoll/base/buf.h"

#include "sync/journal_file.h"
#include "sync/rescue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void wrap_parts(struct pl_buf *file, const uint8_t *data, size_t size)
{
    struct pl_reader r;
    enum journal_kind kind = JOURNAL_WHOLE;

    pl_reader_init(&r, data, size);
    if (journal_put_magic(file) != 0)
        return;
    while (pl_reader_left(&r) > 2) {
        size_t n = (size_t)pl_read_u8(&r) << 8;
        n |= pl_read_u8(&r);
        if (n > pl_reader_left(&r))
            n = pl_reader_left(&r);
        const uint8_t *p = pl_read_bytes(&r, n);
        if (journal_put_record(file, kind, file->len, p, n) != 0)
            return;
        kind = JOURNAL_EVENTS;
    }
}

static void load(const uint8_t *bytes, size_t n)
{
    const struct sync_handlers none = {0};
    struct pl_err e = {0};
    size_t good = 0;
    bool misfit = false;
    struct sync *s = journal_load(bytes, n, &none, &good, &misfit);

    if (good > n || (s != NULL && !misfit && !sync_invariant_holds(s, &e)))
        abort();
    if (s != NULL) {
        struct pl_buf out;
        pl_buf_init(&out, 1u << 24);
        if (sync_save(s, &out, NULL) == 0) {
            struct sync *again = sync_load(out.data, out.len, &none, NULL);
            if (again == NULL && !misfit)
                abort();
            sync_free(again);
        }
        pl_buf_release(&out);
    }
    sync_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_buf file;

    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        load(data + 1, size - 1);
        return 0;
    }
    pl_buf_init(&file, 1u << 22);
    wrap_parts(&file, data + 1, size - 1);
    load(file.data, file.len);
    pl_buf_release(&file);
    return 0;
}
