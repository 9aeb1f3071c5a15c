// SPDX-License-Identifier: Apache-2.0
/* Pieces of the Markdown import, private to proto/render. */
#ifndef PLIMSOLL_PROTO_RENDER_IMPORT_INT_H
#define PLIMSOLL_PROTO_RENDER_IMPORT_INT_H

#include "plimsoll/base/buf.h"
#include "plimsoll/render/import.h"

/* A date, a clock time or both at the beginning of a text. */
struct stamp {
    bool has_date;
    bool has_year; /* else `day` is of year 0 of the caller: month and mday count */
    int64_t day;   /* days since 1970 */
    int month;
    int mday;
    bool has_clock;
    int second; /* of the day */
    bool has_zone;
    int offset_min;
    size_t len; /* bytes read, with marks and separators behind it */
};

/* Reads a stamp at s; false when there is none. */
bool stamp_read(const char *s, size_t n, struct stamp *out);
/* Finds the first full date (with year) anywhere, with the clock behind it if there is one. */
bool stamp_find(const char *s, size_t n, struct stamp *out);
/* Looks for a zone named in a sentence like "All times in PST". */
bool zone_find(const char *s, size_t n, int *offset_min);

/* What a heading announces. */
enum part {
    PART_NONE,
    PART_SUMMARY,
    PART_IMPACT,
    PART_TIMELINE,
    PART_WELL,
    PART_BADLY,
    PART_LUCK,
    PART_SURPRISE,
    PART_LESSONS,
    PART_CAUSES,
    PART_ACTIONS,
    PART_REST
};

enum part part_of_heading(const char *s, size_t n);

#define NO_DAY INT64_MIN

/* The state of the pass over the lines. */
struct reader {
    struct pl_import *im;
    struct pl_buf intro; /* text before any part */
    struct pl_buf summary;
    struct pl_buf impact;
    struct pl_buf rest;
    struct pl_buf item; /* the open item */
    bool open;
    bool is_paragraph; /* the open item is no list item */
    struct pl_import_item next;
    enum part part;
    enum part parts[7]; /* of the headings above, by level */
    unsigned level;     /* of the last heading */
    bool by_label;      /* the part was chosen by a bold label */
    size_t list_indent; /* of the section's first list item; SIZE_MAX: none yet */
    size_t text_indent; /* where the text of the open item begins */
    bool in_code;       /* the line is of fenced code: it stays a line */
    bool blank;         /* an empty line stands before this one */
    char fence;         /* '`' or '~' inside fenced code */
    size_t fence_len;
    int64_t day; /* of the last stamp; NO_DAY: unknown */
    int last_second;
    int offset_min;
    int rc;
};

/* --- import_item.c: text that becomes items ------------------------------------------ */

void import_add(struct reader *r, struct pl_buf *b, const char *s, size_t n);
/* A line behind what is there, with an empty line between if there was one. */
void import_add_line(struct reader *r, struct pl_buf *b, const char *s, size_t n);
/* Takes a buffer's text, without blanks and empty lines around it. */
char *import_take_text(struct pl_buf *b);
/* The list that a part's items go to; NULL for parts of plain text. */
struct pl_import_list *import_list_for(struct pl_import *im, enum part part, uint32_t *kind);
void import_close_item(struct reader *r);
/* Starts an event if the line carries a stamp: at its beginning, or a full one inside. */
bool import_open_event(struct reader *r, const char *s, size_t n);
void import_continue_item(struct reader *r, const char *s, size_t n);
/* A line of a part that has items. */
void import_item_line(struct reader *r, const char *s, size_t n);
bool import_is_table_rule(const char *s, size_t n);
void import_table_row(struct reader *r, const char *s, size_t n);
size_t import_indent_of(const char *s, size_t n);
/* Length of a list marker with its blanks at s ("- ", "12. ", "* "), 0 if there is none. */
size_t import_marker_len(const char *s, size_t n);

/* --- import_tidy.c: what the whole timeline tells ------------------------------------- */

/* Sets markers, and takes away what another event of the same minute says. */
void import_tidy(struct pl_import *im);

#endif
