// SPDX-License-Identifier: Apache-2.0
/*
 * The error catalogue as a table, and the formatting of error texts. A text that does not fit is
 * cut at a whole character, so that it stays UTF-8 on its way to a terminal or the wire.
 */
#include "plimsoll/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/utf8.h"

static const struct pl_error_info catalogue[] = {
#define PL_ERROR(name, wire, exit_status, token, title, suggestion) \
    {(wire), (exit_status), (token), (title), (suggestion)},
#include "plimsoll/base/errors.def"
#undef PL_ERROR
};

const struct pl_error_info *pl_error_info(int code)
{
    if (code < 0)
        code = -code;
    for (size_t i = 0; i < sizeof catalogue / sizeof catalogue[0]; i++) {
        if (catalogue[i].code == code)
            return &catalogue[i];
    }
    return &catalogue[0];
}

/* Removes a character that was cut in its middle by a full buffer. */
static void drop_half_character(char *text)
{
    size_t n = strlen(text);
    size_t back = 0;
    while (back < 4 && back < n && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back == n)
        return;
    const char *lead = text + n - 1 - back;
    if ((unsigned char)*lead >= 0xC0 && !pl_utf8_is_valid(lead, back + 1))
        text[n - 1 - back] = '\0';
}

int pl_vfail(struct pl_err *e, int code, const char *fmt, va_list ap)
{
    if (code < 0)
        code = -code;
    PL_ASSERT(code != 0);
    if (e != NULL) {
        char text[PL_ERR_TEXT_MAX]; /* arguments may point into e->text */
        int n = vsnprintf(text, sizeof text, fmt, ap);
        if (n < 0)
            text[0] = '\0';
        if (n >= (int)sizeof text)
            drop_half_character(text);
        memcpy(e->text, text, sizeof text);
        e->code = code;
    }
    return -code;
}

int pl_fail(struct pl_err *e, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = pl_vfail(e, code, fmt, ap);
    va_end(ap);
    return rc;
}

void pl_wrap(struct pl_err *e, const char *fmt, ...)
{
    if (e == NULL)
        return;
    char text[PL_ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : strlen(text);
    n = snprintf(text + len, sizeof text - len, "%s%s", len > 0 ? ": " : "", e->text);
    if (n < 0 || (size_t)n >= sizeof text - len)
        drop_half_character(text);
    memcpy(e->text, text, sizeof text);
}

void pl_err_init(struct pl_err *e)
{
    e->code = 0;
    e->text[0] = '\0';
}

void pl_bug(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "plimsoll: bug at %s:%d: %s\n", file, line, what);
    (void)fflush(stderr);
    abort();
}
