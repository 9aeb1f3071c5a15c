// SPDX-License-Identifier: Apache-2.0
/*
 * Between conf.c (files and tables), conf_value.c (one value) and conf_print.c (output).
 */
#ifndef PLIMSOLL_BASE_CONF_INT_H
#define PLIMSOLL_BASE_CONF_INT_H

#include <stddef.h>

#include "plimsoll/base/conf.h"

/* Parses `text` into the option's field; -PL_E_CONFIG says what would be allowed. */
int pl_conf_value_set(const struct pl_conf_opt *o, const char *text, void *target,
                      struct pl_err *e) PL_MUST;

/* Writes the field as text that pl_conf_value_set takes; false when it is an unset string. */
bool pl_conf_value_text(const struct pl_conf_opt *o, const void *target, char *out, size_t size);

/* What a value looks like, for the manual: "yes | no", "number", "size", ... */
void pl_conf_value_syntax(const struct pl_conf_opt *o, char *out, size_t size);

#endif
