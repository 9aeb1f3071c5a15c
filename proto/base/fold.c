// SPDX-License-Identifier: Apache-2.0
/*
 * Unicode normal form and case folding by utf8proc, for comparing names. Works in pieces between
 * grapheme boundaries would be wrong for reordering marks, so the whole text is decomposed at
 * once; the caller's buffer limits how long it may be.
 */
#include "plimsoll/base/str.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

static int map(const char *s, size_t n, utf8proc_option_t options, struct pl_buf *out)
{
    if (n > out->max)
        return -PL_E_LIMIT;
    if (n == 0)
        return 0;
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &mapped,
                                        (utf8proc_option_t)(options | UTF8PROC_STABLE));
    if (len < 0)
        return len == UTF8PROC_ERROR_NOMEM ? -PL_E_LIMIT : -PL_E_BAD_TEXT;
    int rc = pl_buf_add(out, mapped, (size_t)len);
    free(mapped);
    return rc;
}

int pl_casefold(const char *s, size_t n, struct pl_buf *out)
{
    return map(s, n, (utf8proc_option_t)(UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD), out);
}

int pl_str_nfc(const char *s, size_t n, struct pl_buf *out)
{
    return map(s, n, UTF8PROC_COMPOSE, out);
}

bool pl_casefold_eq(const char *a, const char *b)
{
    struct pl_buf x;
    struct pl_buf y;
    bool equal = strcmp(a, b) == 0;
    if (equal)
        return true;
    pl_buf_init(&x, 64 * 1024);
    pl_buf_init(&y, 64 * 1024);
    if (pl_casefold(a, strlen(a), &x) == 0 && pl_casefold(b, strlen(b), &y) == 0)
        equal = x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
    pl_buf_release(&x);
    pl_buf_release(&y);
    return equal;
}
