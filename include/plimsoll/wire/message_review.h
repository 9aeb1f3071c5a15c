// SPDX-License-Identifier: Apache-2.0
/*
 * The second half of wire/message.h: structs of the messages of proto/schema/review.proto, for
 * running a review: acts, votes, cards, files, invites, actions and metrics over all reviews. The
 * same rules: strings are never NULL after decode, everything is borrowed, an absent entry id is
 * {0, 0}. `text` of an act and of a card may have several lines. Include wire/message.h, not this.
 */
#ifndef PLIMSOLL_WIRE_MESSAGE_REVIEW_H
#define PLIMSOLL_WIRE_MESSAGE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/merge/changeset.h"
#include "plimsoll/wire/bytes.h"

/* Times whose error bands a metric row carries, in the order of the enumeration of markers. */
#define PL_BANDS 5

/* clang-format off */
struct pl_act {
    uint32_t rid; uint64_t review; uint32_t act; struct pl_eid entry, other; int64_t value, expect;
    uint64_t user; const char *text; struct pl_bytes statement, signature;
};
struct pl_draft { uint32_t rid; uint64_t review; };
struct pl_draft_reply { uint32_t rid; uint64_t review, draft; };
struct pl_session { uint32_t rid; uint64_t review; };
struct pl_vote_row { struct pl_eid entry; uint32_t dots; };
struct pl_session_reply {
    uint32_t rid; uint64_t review; uint32_t sealed_accounts, sealed_observations, voters, cast;
    struct pl_vote_row *items; size_t n; uint32_t cards_waiting;
};
struct pl_vote { uint32_t rid; uint64_t review; uint32_t round; struct pl_eid entry; uint32_t dots; };
struct pl_card { struct pl_bytes token; uint32_t kind, lens; const char *text; };
struct pl_cards {
    uint32_t rid; uint64_t review; uint32_t round; struct pl_card *items; size_t n;
    struct pl_bytes pad;
};
struct pl_file_put {
    uint32_t rid; uint64_t review; struct pl_eid entry; const char *name, *media_type;
    uint64_t size; struct pl_bytes sha256;
};
struct pl_file_ready { uint32_t rid; uint64_t file, offset; };
struct pl_file_chunk { uint32_t rid; uint64_t file, offset; struct pl_bytes chunk; };
struct pl_file_end { uint32_t rid; uint64_t file; };
struct pl_file_get { uint32_t rid; uint64_t review; struct pl_eid entry; uint64_t offset; };
struct pl_file_data {
    uint32_t rid; uint64_t total, offset; struct pl_bytes sha256, chunk;
    const char *name, *media_type;
};
struct pl_invite_new {
    uint32_t rid; uint64_t review; const char *user_name, *display_name; uint32_t role, uses, minutes;
    struct pl_bytes statement, signature;
};
struct pl_invite_code { uint32_t rid; uint64_t invite; const char *code; int64_t expires_us; };
struct pl_invites { uint32_t rid; uint64_t review; };
struct pl_invite_row {
    uint64_t invite; const char *user_name; uint32_t role, uses_left, used;
    int64_t created_us, expires_us; uint64_t by_user;
};
struct pl_invites_reply { uint32_t rid; struct pl_invite_row *items; size_t n; };
struct pl_invite_revoke { uint32_t rid; uint64_t review, invite; };
#define PL_OWNER_ME UINT64_MAX /* actions.owner: whoever asks */
struct pl_actions {
    uint32_t rid, limit; uint64_t after_review; int64_t after_no; uint64_t review, owner, states;
    bool overdue; int64_t due_before_us, effect_due_before_us; const char *text;
};
struct pl_action_row {
    uint64_t review; const char *review_title; int64_t no; struct pl_eid entry; const char *label;
    uint32_t state, priority, control, kind, impact, feasibility; uint64_t owner;
    const char *owner_name; int64_t due_us; const char *tracker_key; int64_t done_us, verified_us;
    uint64_t verified_by; int64_t effect_due_us; uint32_t effect_result, evidence;
    int64_t created_us; const char *tracker_url; int64_t accepted_us;
};
struct pl_actions_reply { uint32_t rid; struct pl_action_row *items; size_t n; int64_t next_no; };
struct pl_metrics {
    uint32_t rid, limit; uint64_t after; int64_t from_us, to_us; uint32_t severity, kind;
    const char *service; uint32_t class;
};
struct pl_metric_row {
    uint64_t review; const char *title; uint32_t severity, kind, status;
    const char **services; size_t n_services; uint32_t classes;
    int64_t impact_start_us, detected_us, triaged_us, contained_us, recovered_us;
    uint32_t band_s[PL_BANDS]; int64_t session_us;
    uint32_t actions_open, actions_overdue, actions_verified, actions_effective, actions_total;
    int64_t oldest_open_us, closed_us; uint32_t na; int64_t created_us;
};
struct pl_metrics_reply { uint32_t rid; struct pl_metric_row *items; size_t n; uint64_t next; };
struct pl_news { uint64_t review; uint32_t kind; const char *text; uint64_t user; };
/* clang-format on */

#endif
