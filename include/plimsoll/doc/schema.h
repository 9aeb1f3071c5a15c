// SPDX-License-Identifier: Apache-2.0
/*
 * The schema of a review, made from doc/fields.def: constants, look-ups by number and by name, and
 * the text form of values as people type and read them on the command line.
 *
 * All look-ups are over static tables, borrow nothing and never fail otherwise than by NULL or 0.
 * Parsing judges one value against its field (type, range, enumeration, clean text, length), not
 * against a document; links and users go through the callbacks of struct pl_names.
 */
#ifndef PLIMSOLL_DOC_SCHEMA_H
#define PLIMSOLL_DOC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/merge/changeset.h"

/* PL_KIND_EVENT ... 0 is no kind. */
enum pl_kind {
    PL_KIND_NONE = 0,
#define PL_KIND(NAME, number, name, prefix, parents, max, label) PL_KIND_##NAME = (number),
#include "plimsoll/doc/fields.def"
    PL_KIND_MAX = 16
};

/* PL_EN_STATUS ... */
enum pl_enum_id {
    PL_EN_NONE = 0,
#define PL_ENUM(NAME, number, name) PL_EN_##NAME = (number),
#include "plimsoll/doc/fields.def"
    PL_EN_MAX = 29
};

/* PL_STATUS_PREPARING ... ; 0 (or a null register) is unset. */
enum pl_enum_value {
    PL_ENUM_UNSET = 0,
#define PL_EVAL(ENUM, NAME, number, name) PL_##ENUM##_##NAME = (number),
#include "plimsoll/doc/fields.def"
    PL_ENUM_VALUE_MAX = 63
};

/* PL_F_EVENT_HAPPENED_AT ... ; unique per kind. */
enum pl_field_no {
    PL_F_NONE = 0,
    PL_F_NO = 1,    /* short number, in every kind */
    PL_F_TITLE = 2, /* where the kind has one */
    PL_F_BODY = 3,
    PL_F_TAGS = 4,
    PL_F_LINKS = 5,
#define PL_FIELD(KIND, NAME, number, name, type, ref, min, max, flags, label) \
    PL_F_##KIND##_##NAME = (number),
#include "plimsoll/doc/fields.def"
    PL_F_NUMBER_MAX = 63
};

/* How a field is held. Registers: INT, ENUM, TIME, BOOL and USER in an integer value, STR and DEC
 * in a string value, EID in a link value. TEXT is shared text. SET_* are sets of elements. */
enum pl_field_type {
    PL_FT_INT = 1, /* min..max */
    PL_FT_ENUM,
    PL_FT_TIME, /* microseconds since 1970, UTC */
    PL_FT_BOOL, /* 0, 1; null: not said */
    PL_FT_STR,  /* one line */
    PL_FT_DEC,  /* a decimal number as text: -12.50; exact, no exponent */
    PL_FT_TEXT,
    PL_FT_EID,
    PL_FT_USER,    /* user id, > 0 */
    PL_FT_SET_EID, /* element: client big-endian 64, n big-endian 32 */
    PL_FT_SET_STR  /* element: the text, 1..64 bytes, one line */
};

#define PL_FF_SERVER 1U /* only the server writes it */

#define PL_NO_MAX     1000000000LL
#define PL_INT_MAX    1000000000000000LL
#define PL_TIME_MAX   253402300799999999LL /* end of the year 9999 */
#define PL_TEXT_CHARS 1048576LL

struct pl_field {
    uint32_t kind;
    uint32_t number;
    const char *name;
    enum pl_field_type type;
    uint32_t ref;
    int64_t min;
    int64_t max;
    uint32_t flags;
    const char *label;
};

struct pl_kind_info {
    uint32_t number;
    const char *name;
    const char *prefix;
    uint32_t parents; /* bits 1 << kind */
    uint32_t max;
    const char *label;
};

/* Kinds: by number or name; NULL when there is none. */
const struct pl_kind_info *pl_kind_info(uint32_t kind);
const struct pl_kind_info *pl_kind_by_name(const char *name);
/* By prefix of short ids ("E", "REV"), case does not matter. */
const struct pl_kind_info *pl_kind_by_prefix(const char *prefix, size_t n);
const char *pl_kind_name(uint32_t kind); /* "unknown" when there is none */
bool pl_kind_fits(uint32_t kind, uint32_t parent_kind);

/* Fields: by number, by name (exact), and all of a kind in table order (i from 0; NULL at the end).
 */
const struct pl_field *pl_field_find(uint32_t kind, uint32_t number);
const struct pl_field *pl_field_by_name(uint32_t kind, const char *name);
const struct pl_field *pl_field_at(uint32_t kind, size_t i);
bool pl_field_is_set(const struct pl_field *f);
bool pl_field_is_reg(const struct pl_field *f);

/* Enumerations: name of a value (NULL when not one), value of a name (0 when not one), i-th value
 * in table order (0 at the end), name of the enumeration itself. */
const char *pl_enum_name(uint32_t en, int64_t value);
int64_t pl_enum_value(uint32_t en, const char *name);
int64_t pl_enum_at(uint32_t en, size_t i);
const char *pl_enum_title(uint32_t en);

/* What a person typed for a value: its name or one of the other words of doc/words.def, in either
 * case, with '-' or '_'; 0 when it is neither. The i-th of these other words, NULL at the end. */
int64_t pl_enum_read(uint32_t en, const char *s, size_t n);
const char *pl_enum_word(uint32_t en, int64_t value, size_t i);

/* Which questions (bits 1 << PL_QUESTION_...) a cause's factor answers; `other` answers all. */
uint32_t pl_factor_questions(int64_t factor);
/* Of which class (PL_CLASS_...) a factor is when it answers `question`; 0: of any. */
int64_t pl_factor_class(int64_t factor, int64_t question);

/* --- short ids ---------------------------------------------------------------------------------
 */

#define PL_SHORT_ID_MAX 16

/* "E-9", "REV-2041". Case does not matter, no spaces, no leading zero, number 1..PL_NO_MAX. */
int pl_short_id_parse(const char *s, size_t n, uint32_t *kind, int64_t *no,
                      struct pl_err *e) PL_MUST;
/* Writes it with NUL; "E-?" while it has no number. */
void pl_short_id_format(char out[PL_SHORT_ID_MAX], uint32_t kind, int64_t no);

/* --- values as text -----------------------------------------------------------------------------
 */

/* What values refer to. Every pointer may be NULL; then links can only be written as "7f.3" (client
 * in hex, dot, counter) and users as their number. */
struct pl_names {
    bool (*find_no)(void *ctx, uint32_t kind, int64_t no, struct pl_eid *out);
    bool (*no_of)(void *ctx, struct pl_eid eid, uint32_t *kind, int64_t *no);
    int64_t (*find_user)(void *ctx, const char *handle); /* 0: nobody */
    const char *(*user_name)(void *ctx, int64_t user);   /* borrowed; NULL: unknown */
    void *ctx;
};

/* Judges a register value as it is stored; null always passes. -PL_E_INVALID, -PL_E_BAD_TEXT or
 * -PL_E_LIMIT with a reason naming the field. */
int pl_field_check_value(const struct pl_field *f, const struct pl_value *v,
                         struct pl_err *e) PL_MUST;
/* The same for an element of a set. */
int pl_field_check_elem(const struct pl_field *f, const struct pl_elem *el,
                        struct pl_err *e) PL_MUST;

/* Reads a register from what a person typed: enumerations by pl_enum_read, times in RFC 3339,
 * yes/no, users by number or handle, links by short id; "none" or nothing clears it. `out` is
 * written only on success, the caller releases it. The error lists what is allowed. `names` may be
 * NULL. Not for TEXT and sets. */
int pl_field_parse(const struct pl_field *f, const char *s, size_t n, const struct pl_names *names,
                   struct pl_value *out, struct pl_err *e) PL_MUST;
/* One element of a set, in the same forms. */
int pl_field_parse_elem(const struct pl_field *f, const char *s, size_t n,
                        const struct pl_names *names, struct pl_elem *out,
                        struct pl_err *e) PL_MUST;

/* The way back: appends what pl_field_parse reads; nothing for null. -PL_E_LIMIT. */
int pl_field_format(const struct pl_field *f, const struct pl_value *v,
                    const struct pl_names *names, struct pl_buf *out) PL_MUST;
int pl_field_format_elem(const struct pl_field *f, const struct pl_elem *el,
                         const struct pl_names *names, struct pl_buf *out) PL_MUST;

/* Links as elements of SET_EID. Decode is false on a wrong length. */
void pl_eid_to_elem(struct pl_eid eid, struct pl_elem *out);
bool pl_eid_from_elem(const struct pl_elem *el, struct pl_eid *out);

#endif
