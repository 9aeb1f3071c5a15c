// SPDX-License-Identifier: Apache-2.0
/*
 * Checks T01 to T36 (doc/checks.def): what a review still lacks or contradicts, as a view of the
 * document that is derived and never typed.
 *
 * A pl_checks follows one document: after each applied changeset call pl_checks_touch with it, and
 * pl_checks_run before reading. Run costs what the changes since the last run touch, not the whole
 * review; from scratch and step by step give the same findings in the same order (a property test
 * says so). T14 depends on the clock too and takes `now_us` of the run; T12 asks the machine's zone
 * database for the zones that events name.
 */
#ifndef PLIMSOLL_DOC_CHECKS_H
#define PLIMSOLL_DOC_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/doc/doc.h"

#define PL_CHECK_MAX 36

enum pl_check_severity { PL_CHECK_INFO = 1, PL_CHECK_WARNING = 2, PL_CHECK_ERROR = 3 };

struct pl_check_info {
    uint32_t number; /* 1..36 */
    const char *id;  /* "T01" */
    enum pl_check_severity severity;
    const char *title; /* what is wrong, one line */
    const char *mend;  /* how to mend it, one line, with the verb that does it */
};
const struct pl_check_info *pl_check_info(uint32_t number); /* NULL when there is none; static */
uint32_t pl_check_by_id(const char *id);                    /* "T05", case does not matter; 0 */

struct pl_finding {
    uint32_t check;
    enum pl_check_severity severity;
    struct pl_eid entry; /* what it is about; root: the whole review */
    struct pl_eid other; /* second entry of a contradiction; root: none */
    bool is_waived;      /* by a waiver for the check, or for the check and this entry */
    const char *mend;    /* instead of the check's, for what is missing here; static, or NULL */
    char text[200];      /* specific: names short ids, times, what is missing */
};

/* Windows in days after `recovered` by severity 1-4 (index 0: unset): not before, warn, late. */
struct pl_window {
    uint16_t not_before_days[5];
    uint16_t warn_days[5];
    uint16_t late_days[5];
};
/* Day 2, 7, 14 for all severities. */
void pl_window_preset(struct pl_window *w);

struct pl_checks;

/* Follows `d` (borrowed, must outlive it). window: copied; NULL: the preset. */
struct pl_checks *pl_checks_new(const struct pl_doc *d, const struct pl_window *window);
void pl_checks_free(struct pl_checks *c); /* NULL ok */

/* cs was applied to the document. NULL: anything may have changed. */
void pl_checks_touch(struct pl_checks *c, const struct pl_cs *cs);

/* Brings the findings up to date. */
void pl_checks_run(struct pl_checks *c, int64_t now_us);

/* Findings in order of check, then of time of the event or order of entries; borrowed until the
 * next run. */
size_t pl_checks_count(const struct pl_checks *c);
const struct pl_finding *pl_checks_at(const struct pl_checks *c, size_t i);

#define PL_MEND_MAX 400

/* How to mend a finding of `d`, one line: commands with the ids filled in. When the status of the
 * review forbids what they do, it says how to go back, or how to waive. Cut when it is longer than
 * cap (PL_MEND_MAX is enough). */
void pl_finding_mend(const struct pl_doc *d, const struct pl_finding *f, char *out, size_t cap);

/* --- gates --------------------------------------------------------------------------------------
 */

/* Moves of the status that a gate guards (doc/gates in review.md terms): preparing -> in_session,
 * in_session -> tracking, tracking -> closed. Back is always open. What stands in the way is
 * findings (severity ERROR here, also of T24 and T36 on the first gate, not waived) and conditions
 * that are no check (no facilitator, no responder, no rules, no session time; actions not in a
 * final state, effectiveness checks not done). */
struct pl_block {
    uint32_t check;         /* 0: a condition that cannot be waived */
    struct pl_eid entry;    /* root: the whole review */
    char text[200];         /* what blocks */
    char mend[PL_MEND_MAX]; /* what to do about it */
};

/* Fills `out` with up to max blocks, returns how many there are; 0: the gate is open. Run the
 * checks first: findings and lists of entries are those of the last run. A move that is no gate
 * (same status, back) gives 0; a move that skips a status is blocked by one block that says so. */
size_t pl_gate(const struct pl_checks *c, const struct pl_doc *d, int64_t to_status, int64_t now_us,
               struct pl_block *out, size_t max);

#endif
