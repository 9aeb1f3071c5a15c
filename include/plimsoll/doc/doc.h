// SPDX-License-Identifier: Apache-2.0
/*
 * The review as a document: entries in a tree, each with registers, sets and shared texts, changed
 * only by changesets. The same code runs in the server (the committed state), in the client (once
 * for the committed state, once for the view with local edits) and in the tests.
 *
 * Happy path: pl_doc_check() judges a changeset against the state (server, and client before it
 * sends), pl_doc_apply() applies it as one revision. Apply is atomic: it either fits whole or
 * changes nothing. The schema of sections and fields is doc/schema.h.
 */
#ifndef PLIMSOLL_DOC_DOC_H
#define PLIMSOLL_DOC_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/buf.h"
#include "plimsoll/base/err.h"
#include "plimsoll/doc/schema.h"
#include "plimsoll/merge/changeset.h"

struct pl_doc;
struct pl_entry; /* borrowed from the doc; valid until it is freed (entries are never destroyed) */

/* Who and when, as committed. Zeroed for local, uncommitted changes. */
struct pl_rev_meta {
    uint64_t rev;
    uint64_t user;
    uint64_t client; /* 0: the server itself */
    int64_t at_us;
};

/* A document at revision 0: only the root entry (kind PL_KIND_REVIEW). */
struct pl_doc *pl_doc_new(void);
void pl_doc_free(struct pl_doc *d); /* NULL ok */
struct pl_doc *pl_doc_dup(const struct pl_doc *d);

/* Judges `cs` against the present state: unknown entries, dead parents, cycles, base lengths, value
 * types and ranges, enumerations, limits, counts. `as_server` lets server-owned fields pass.
 * 0 or -PL_E_NOENT, DEADPARENT, CYCLE, BADOP, INVALID, BAD_TEXT, LIMIT, QUOTA with a reason that
 * names the entry and field. Never changes the document. */
int pl_doc_check(const struct pl_doc *d, const struct pl_cs *cs, bool as_server,
                 struct pl_err *e) PL_MUST;

/* Applies cs as one revision and sets the revision to meta->rev (when not 0). Structural misfit
 * (-PL_E_NOENT, -PL_E_BADOP) leaves the document unchanged. Does not judge meaning: that is
 * check's. */
int pl_doc_apply(struct pl_doc *d, const struct pl_cs *cs, const struct pl_rev_meta *meta,
                 struct pl_err *e) PL_MUST;

/* cs, applied before without meta (a local edit), is committed now: entries that it creates get who
 * and when, entries that it touches the time of the change, the document the revision (when not 0).
 * Unknown entries are passed over; no content changes. */
void pl_doc_settle(struct pl_doc *d, const struct pl_cs *cs, const struct pl_rev_meta *meta);

/* Reader for inversion and undo (merge/changeset.h) over this document. */
struct pl_state_view pl_doc_view(const struct pl_doc *d);

/* The revision that the document stands at. */
uint64_t pl_doc_rev(const struct pl_doc *d);
void pl_doc_set_rev(struct pl_doc *d, uint64_t rev);

/* State hash: XXH3-64 per slot, XORed (merge/digest.h). Kept incrementally; texts are rehashed only
 * when they changed since the last call. */
uint64_t pl_doc_digest(struct pl_doc *d);

/* Totals against the limits: bytes of all text, number of entries (dead ones included). */
size_t pl_doc_text_bytes(const struct pl_doc *d);
size_t pl_doc_entry_count(const struct pl_doc *d);

/* --- reading ----------------------------------------------------------------------- */

/* The review itself: never NULL. */
struct pl_entry *pl_doc_root(const struct pl_doc *d);
struct pl_entry *pl_doc_entry(const struct pl_doc *d, struct pl_eid eid); /* NULL if unknown */

/* The entry with short number `no` in `kind` (E-9, A-121 ...), or NULL. */
struct pl_entry *pl_doc_find_no(const struct pl_doc *d, uint32_t kind, int64_t no);

/* Identity, kind, where it hangs and in which order; dead: it was removed itself. */
struct pl_eid pl_entry_eid(const struct pl_entry *en);
uint32_t pl_entry_kind(const struct pl_entry *en);
struct pl_eid pl_entry_parent(const struct pl_entry *en);
const struct pl_key *pl_entry_key(const struct pl_entry *en);
bool pl_entry_is_dead(const struct pl_entry *en);
/* Neither it nor an ancestor is dead and it hangs from the root (cycles are cut, not followed). */
bool pl_entry_is_visible(const struct pl_doc *d, const struct pl_entry *en);
/* Creation: by whom and when (0 for local, uncommitted), and the last committed change. */
uint64_t pl_entry_created_by(const struct pl_entry *en);
/* Whose it is; 0: nobody's or not known. Who made it, but for what was written in private: that is
 * made by whoever reveals it, and names its author. A claim is its account's author's. */
uint64_t pl_entry_author(const struct pl_doc *d, const struct pl_entry *en);
int64_t pl_entry_created_us(const struct pl_entry *en);
int64_t pl_entry_changed_us(const struct pl_entry *en);

/* Register value; a null value when unset. Never NULL. */
const struct pl_value *pl_entry_reg(const struct pl_entry *en, uint32_t field);
int64_t pl_entry_int(const struct pl_entry *en, uint32_t field, int64_t if_null);
const char *pl_entry_str(const struct pl_entry *en, uint32_t field); /* "" when unset */
/* Text field, or NULL while never written. */
const struct pl_text *pl_entry_text(const struct pl_entry *en, uint32_t field);
/* The content of a text field, contiguous, borrowed until the next change; "" when unset. */
const char *pl_entry_cstr(const struct pl_entry *en, uint32_t field);
bool pl_entry_has(const struct pl_entry *en, uint32_t field, const void *elem, size_t n);
size_t pl_entry_set_count(const struct pl_entry *en, uint32_t field);
const struct pl_elem *pl_entry_set_at(const struct pl_entry *en, uint32_t field, size_t i);

/* Visible children of `parent` of one kind (0: any), in list order: events by happened_at first,
 * everything by (key, eid). Fills `out` with up to max entries, returns how many there are. */
size_t pl_doc_children(const struct pl_doc *d, struct pl_eid parent, uint32_t kind,
                       struct pl_entry **out, size_t max);
/* All visible entries of a kind in the whole document, in list order. */
size_t pl_doc_list(const struct pl_doc *d, uint32_t kind, struct pl_entry **out, size_t max);
/* Every entry, dead and unplaced too, in no order. */
void pl_doc_each(const struct pl_doc *d, void (*cb)(void *ctx, struct pl_entry *en), void *ctx);

/* A key for a new or moved entry as the last child (after == NULL), or right behind `after`. */
int pl_doc_place_after(const struct pl_doc *d, struct pl_eid parent, const struct pl_entry *after,
                       bool at_end, struct pl_eid for_eid, struct pl_key *out,
                       struct pl_err *e) PL_MUST;

/* --- snapshots --------------------------------------------------------------------- */

/* Whole state, all entries with tombstones, creation data and revision, in a versioned stable
 * binary form (documented in proto/doc/README.md). Decode checks everything; hostile input gives an
 * error and allocates at most in proportion to n. */
int pl_doc_encode(const struct pl_doc *d, struct pl_buf *out, struct pl_err *e) PL_MUST;
struct pl_doc *pl_doc_decode(const void *bytes, size_t n, struct pl_err *e);

/* --- rights and numbers ------------------------------------------------------------ */

/* Which kinds of permission (bits 1 << enum pl_perm_op of doc/perm.h) a changeset needs when `user`
 * makes it in this state. Bits that no role holds mark what only the server may write. */
uint64_t pl_doc_perm_ops(const struct pl_doc *d, const struct pl_cs *cs, uint64_t user);

/* Highest short number used in a kind; 0 when none. */
int64_t pl_doc_max_no(const struct pl_doc *d, uint32_t kind);

/* --- names ------------------------------------------------------------------------- */

/* Short ids and participants of this document, for pl_field_parse and pl_field_format. Borrows d.
 */
struct pl_names pl_doc_names(const struct pl_doc *d);
/* Name of a participant by user id, "" when not one; the role, 0 when not one (any more). */
const char *pl_doc_user_name(const struct pl_doc *d, int64_t user);
int64_t pl_doc_role(const struct pl_doc *d, int64_t user);

/* Priority of an action: what was set, else by its control (prevention critical, detection high,
 * process medium), else 0. */
int64_t pl_action_priority(const struct pl_entry *action);

/* What people call an entry by and can type back: its short id "E-9", a participant's handle, else
 * its raw id "7f.3" (while it has no number, and for kinds that get none). With NUL. */
#define PL_REF_MAX 72
void pl_entry_ref(const struct pl_entry *en, char out[PL_REF_MAX]);

/* One line that stands for the entry in lists: title or name, else the first line of its text; cut
 * at a character with an ellipsis to fit cap bytes, NUL included. Returns the length. */
size_t pl_entry_label(const struct pl_entry *en, char *out, size_t cap);

#endif
