// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the checks, private to proto/doc: a check is a function that reads the document and
 * adds its findings, and a row that says which fields it reads. It runs again only when one of
 * those changed, so a keystroke costs the checks that read that text and no others.
 */
#ifndef PLIMSOLL_PROTO_DOC_CHECKS_INT_H
#define PLIMSOLL_PROTO_DOC_CHECKS_INT_H

#include "plimsoll/base/hash.h"

#ifndef HASH_FUNCTION
#define HASH_FUNCTION(k, n, h) ((h) = pl_map_hash((k), (n)))
#endif
#include <uthash.h>

#include "plimsoll/doc/checks.h"
#include "plimsoll/doc/durations.h"

#define CK_SECOND_US INT64_C(1000000)
#define CK_MINUTE_US (60 * CK_SECOND_US)
#define CK_DAY_US    (INT64_C(1440) * CK_MINUTE_US)

#define CK_DISAGREEMENTS 256u /* findings of T21 at most */

/* Bit of a field in a mask; bit 0: which entries of the kind there are, where and in what order. */
#define CK_F(field) (UINT64_C(1) << (field))
#define CK_SHAPE    UINT64_C(1)

struct pl_coach;
struct pl_disagreement;
struct pl_zone;

/* A zone that events name, read once; z is NULL when this machine does not know it. */
#define CK_ZONES 16
struct ck_zone {
    char name[65];
    struct pl_zone *z;
};

struct ck_found {
    struct pl_finding *v;
    size_t n;
    size_t cap;
};

struct ck_list {
    struct pl_entry **v;
    size_t n;
    size_t cap;
    bool fresh;
};

struct pl_checks {
    const struct pl_doc *d;
    struct pl_window window;
    int64_t now_us;
    bool all;                         /* everything may have changed */
    uint64_t dirty[PL_KIND_MAX + 1];  /* fields that changed since the last run, by kind */
    int64_t due_us[PL_CHECK_MAX + 1]; /* when the clock alone makes a check worth running again */
    struct ck_list lists[PL_KIND_MAX + 1];
    struct ck_found found[PL_CHECK_MAX + 1];
    struct pl_duration durations[PL_DURATION_MAX];
    struct ck_words *words;                /* uthash, by entry */
    struct pl_disagreement *disagreements; /* room for CK_DISAGREEMENTS; NULL till there is one */
    struct ck_zone zones[CK_ZONES];
    unsigned n_zones;
    struct pl_coach *coach; /* with the names of the participants; made when first needed */
};

/* What is kept of an entry's text, so that a keystroke costs that one text: its words (hashes,
 * sorted, the first CK_WORDS different ones) for events, the coach's verdict for causes. */
#define CK_WORDS 24
struct ck_words {
    struct {
        uint64_t client;
        uint64_t n;
    } id; /* no padding: its bytes are the key */
    UT_hash_handle hh;
    bool has_words;
    bool is_asked; /* is_person holds */
    bool is_person;
    unsigned n;
    uint32_t v[CK_WORDS];
    uint64_t hash; /* of all words in their order, whatever stands between; 0: none */
};

struct ck_read {
    uint32_t kind;
    uint64_t fields;
};

#define CK_READS 5
struct ck_rule {
    uint32_t check;
    void (*run)(struct pl_checks *c);
    struct ck_read reads[CK_READS];
};

/* Ends each table: a row with check 0. */
extern const struct ck_rule ck_rules_time[];
extern const struct ck_rule ck_rules_people[];
extern const struct ck_rule ck_rules_cause[];
extern const struct ck_rule ck_rules_source[];
extern const struct ck_rule ck_rules_text[];

/* Visible entries of a kind in list order, borrowed until the document changes. */
struct pl_entry **ck_list(struct pl_checks *c, uint32_t kind, size_t *n);

/* The words of an entry's body, kept until the text changes. The row of a cause (ck_row) has no
 * words unless asked for. Borrowed, never NULL. */
const struct ck_words *ck_words(struct pl_checks *c, const struct pl_entry *en);
struct ck_words *ck_row(struct pl_checks *c, const struct pl_entry *en);
void ck_words_stale(struct pl_checks *c, const struct pl_entry *en); /* its text changed */
void ck_words_free(struct pl_checks *c);                             /* all of them */

/* Adds a finding; entry and other NULL: the whole review, none. */
struct pl_finding *ck_add(struct pl_checks *c, uint32_t check, const struct pl_entry *entry,
                          const struct pl_entry *other, const char *fmt, ...) PL_PRINTF(5, 6);

/* Short id of an entry, and a time in UTC to the second. Return `out`. */
const char *ck_id(char out[PL_SHORT_ID_MAX], const struct pl_entry *en);
const char *ck_time(char out[40], int64_t us);

/* Adds `mend` to `out` with the short ids in place of REV and ID; "REV/ID" without an entry is the
 * review alone. */
void ck_fill(char *out, size_t cap, const char *mend, const struct pl_doc *d,
             const struct pl_entry *en);

/* Nothing but blanks? Has a text field any content? */
bool ck_is_blank(const char *s);
bool ck_has_text(const struct pl_entry *en, uint32_t field);

/* Is the action committed to: neither an idea nor dropped nor merged? */
bool ck_is_committed(const struct pl_entry *action);

#endif
