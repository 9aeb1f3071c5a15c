// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration: INI files (inih) read into a struct by one table of options. Strict: an unknown
 * section or key, a value out of range, a key given twice or a line without '=' is an error that
 * names file and line, with the nearest known name as a suggestion. The same table prints a
 * commented sample and the section of the manual page.
 *
 *     static const struct pl_conf_opt opts[] = {
 *         PL_CONF_STR("net", "listen", struct config, listen, "0.0.0.0:7474", "Address ..."), ...
 */
#ifndef PLIMSOLL_BASE_CONF_H
#define PLIMSOLL_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plimsoll/base/err.h"

#define PL_CONF_FILE_MAX (256 * 1024) /* bytes of a file */
#define PL_CONF_LINE_MAX 199          /* bytes of a line, newline not counted (inih's buffer) */

enum pl_conf_type {
    PL_CONF_STRING,   /* char *, owned by the struct */
    PL_CONF_FLAG,     /* bool: yes/no, true/false, on/off, 1/0 */
    PL_CONF_NUMBER,   /* uint64_t between min and max */
    PL_CONF_SIZE,     /* uint64_t bytes: 64, 4K, 16 KiB, 1M, 2 GiB (powers of 1,024) */
    PL_CONF_DURATION, /* uint64_t milliseconds: 250ms, 5s, 2m, 1h, 1d; a bare number is seconds */
    PL_CONF_CHOICE,   /* int: index into choices */
};

struct pl_conf_opt {
    const char *section;
    const char *name;
    enum pl_conf_type type;
    size_t offset;              /* of the field in the target struct */
    const char *preset;         /* text of the default; NULL leaves a string NULL */
    uint64_t min, max;          /* for numbers, sizes, durations; max 0 means no upper bound */
    const char *const *choices; /* NULL-terminated */
    const char *help;           /* one or two sentences */
};

#define PL_CONF_STR(sec, key, type_, field, def, text)                                             \
    {                                                                                              \
        .section = (sec), .name = (key), .type = PL_CONF_STRING, .offset = offsetof(type_, field), \
        .preset = (def), .help = (text)                                                            \
    }
#define PL_CONF_BOOL(sec, key, type_, field, def, text)                                          \
    {                                                                                            \
        .section = (sec), .name = (key), .type = PL_CONF_FLAG, .offset = offsetof(type_, field), \
        .preset = (def), .help = (text)                                                          \
    }
#define PL_CONF_NUM(kind, sec, key, type_, field, def, lo, hi, text)                       \
    {                                                                                      \
        .section = (sec), .name = (key), .type = (kind), .offset = offsetof(type_, field), \
        .preset = (def), .min = (lo), .max = (hi), .help = (text)                          \
    }
#define PL_CONF_ENUM(sec, key, type_, field, def, names, text)                                     \
    {                                                                                              \
        .section = (sec), .name = (key), .type = PL_CONF_CHOICE, .offset = offsetof(type_, field), \
        .preset = (def), .choices = (names), .help = (text)                                        \
    }

/* The table and its length travel together. */
struct pl_conf_table {
    const struct pl_conf_opt *opts;
    size_t count;
};

/* Fills `target` (zeroed by the caller) with the defaults. */
int pl_conf_defaults(const struct pl_conf_table *t, void *target, struct pl_err *e) PL_MUST;

/* Reads a file over the present values. -PL_E_CONFIG with "path:line: ...", -PL_E_IO if it cannot
 * be read. After an error the target holds a mixture and must be released. */
int pl_conf_read(const struct pl_conf_table *t, const char *path, void *target,
                 struct pl_err *e) PL_MUST;

/* Same from memory; `name` stands for the path in messages. */
int pl_conf_parse(const struct pl_conf_table *t, const char *name, const char *text, size_t n,
                  void *target, struct pl_err *e) PL_MUST;

/* Sets one value, `key` being "section.name"; for overrides on the command line. */
int pl_conf_set(const struct pl_conf_table *t, const char *key, const char *value, void *target,
                struct pl_err *e) PL_MUST;

/* Frees the strings of `target` and sets them to NULL. */
void pl_conf_release(const struct pl_conf_table *t, void *target);

/* Prints a sample file: every option with its help, commented out at its default. */
void pl_conf_print_sample(const struct pl_conf_table *t, FILE *out);

/* Prints the present values as a file that reads back to the same. */
void pl_conf_print(const struct pl_conf_table *t, const void *target, FILE *out);

/* Prints the options as mdoc(7) lists, a subsection per section. */
void pl_conf_print_man(const struct pl_conf_table *t, FILE *out);

#endif
