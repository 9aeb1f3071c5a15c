// SPDX-License-Identifier: Apache-2.0
/*
 * Errors: one catalogue (errors.def), one way to fail.
 *
 * A fallible function returns 0 or a negative code (-PL_E_...) and, when it can explain itself,
 * takes a `struct pl_err *` as its last parameter. The struct lives on the caller's stack and may
 * be NULL. The text is for people; the code is stable and goes on the wire and into exit statuses.
 */
#ifndef PLIMSOLL_BASE_ERR_H
#define PLIMSOLL_BASE_ERR_H

#include <stdarg.h>

#define PL_ERR_TEXT_MAX 240

#define PL_MUST              __attribute__((warn_unused_result))
#define PL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum pl_code {
    PL_OK = 0,
#define PL_ERROR(name, wire, exit_status, token, title, suggestion) PL_E_##name = (wire),
#include "plimsoll/base/errors.def"
#undef PL_ERROR
};

/* What went wrong: a code of the catalogue and one line of text, always NUL-terminated. */
struct pl_err {
    int code; /* PL_E_..., positive; 0 when unset */
    char text[PL_ERR_TEXT_MAX];
};

/* Catalogue entry of a code. Never NULL: an unknown code gives the entry of PL_E_INTERNAL. */
struct pl_error_info {
    int code;
    int exit_status;        /* of `plimsoll` when this ends a verb (0-255) */
    const char *token;      /* stable snake_case name, e.g. "too_large" */
    const char *title;      /* short, for a user */
    const char *suggestion; /* what to do next */
};

/* Looks up `code`; accepts the positive code or its negation. */
const struct pl_error_info *pl_error_info(int code);

/* Formats the text, stores `code` (positive) and returns -code. `e` may be NULL. */
int pl_fail(struct pl_err *e, int code, const char *fmt, ...) PL_PRINTF(3, 4);

/* Same with a va_list. */
int pl_vfail(struct pl_err *e, int code, const char *fmt, va_list ap) PL_PRINTF(3, 0);

/* Prefixes context to an error that is going up ("while joining room 'x': ..."). Keeps the code. */
void pl_wrap(struct pl_err *e, const char *fmt, ...) PL_PRINTF(2, 3);

/* Clears code and text. */
void pl_err_init(struct pl_err *e);

/* Aborts with a message naming file and line: an invariant is broken. Not for input, not for I/O.
 */
_Noreturn void pl_bug(const char *file, int line, const char *what);

#define PL_ASSERT(cond) ((cond) ? (void)0 : pl_bug(__FILE__, __LINE__, #cond))
#define PL_BUG(what)    pl_bug(__FILE__, __LINE__, (what))
#ifdef NDEBUG
#define PL_DASSERT(cond) ((void)0)
#else
#define PL_DASSERT(cond) PL_ASSERT(cond)
#endif

#endif
