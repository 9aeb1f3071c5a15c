// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the judge of acts, private to server/review/conduct*.c: one function per act, all of
 * the same shape. Each adds to the changeset what is not so already, or refuses with a reason. The
 * role was judged before; what depends on the document is judged here.
 */
#ifndef PLIMSOLL_SERVER_REVIEW_CONDUCT_INT_H
#define PLIMSOLL_SERVER_REVIEW_CONDUCT_INT_H

#include "review/conduct.h"

struct conduct {
    const struct pl_doc *d;
    const struct pl_act *act;
    const struct conduct_actor *who;
    struct pl_cs *cs;
    struct pl_err *e;
    const struct pl_entry *root;
    const struct pl_entry *self; /* the actor's participant entry */
    int64_t status;
};

typedef int (*conduct_cb)(struct conduct *c);

/* --- conduct.c: writing, only what differs */
void put_int(struct conduct *c, const struct pl_entry *en, uint32_t field, int64_t v);
void put_null(struct conduct *c, const struct pl_entry *en, uint32_t field);
void put_elem(struct conduct *c, const struct pl_entry *en, uint32_t field, const char *s, bool in);
/* One line, without the blanks around it; empty clears. -PL_E_LIMIT, BAD_TEXT. */
int put_line(struct conduct *c, const struct pl_entry *en, uint32_t field, const char *s);
/* -PL_E_INVALID when the act brings no text; `what` says which. */
int need_text(const struct conduct *c, const char *what);
int need_range(const struct conduct *c, int64_t min, int64_t max, const char *what);
/* The participant with this user number, or NULL. */
const struct pl_entry *person(const struct pl_doc *d, uint64_t user);
/* A visible entry of the kind (0: any), or NULL with the reason. */
const struct pl_entry *need_entry(const struct conduct *c, struct pl_eid eid, uint32_t kind);

/* --- conduct_session.c */
int act_status(struct conduct *c);
int act_close(struct conduct *c);
int act_visibility(struct conduct *c);
int act_stage(struct conduct *c);
int act_timer(struct conduct *c);
int act_extend(struct conduct *c);
int act_lock(struct conduct *c);
int act_focus(struct conduct *c);
int act_pack(struct conduct *c);
int act_waive(struct conduct *c);
int act_unwaive(struct conduct *c);

/* --- conduct_vote.c */
int act_ballot(struct conduct *c);
int act_count(struct conduct *c);
int act_merge(struct conduct *c);

/* --- conduct_secret.c */
int act_seal(struct conduct *c);
int act_cards(struct conduct *c);

/* --- conduct_reveal.c */
int act_reveal(struct conduct *c);

/* --- conduct_people.c */
int act_offer_lead(struct conduct *c);
int act_take_lead(struct conduct *c);
int act_call(struct conduct *c);
int act_involve(struct conduct *c);
int act_challenge(struct conduct *c);
int act_answer(struct conduct *c);
int act_attend(struct conduct *c);
int act_rules(struct conduct *c);
int act_hand(struct conduct *c);
int act_agree(struct conduct *c);

/* --- conduct_action.c */
int act_accept(struct conduct *c);
int act_commit(struct conduct *c);
int act_start(struct conduct *c);
int act_done(struct conduct *c);
int act_drop(struct conduct *c);
int act_verify(struct conduct *c);
int act_effect(struct conduct *c);
int act_reopen(struct conduct *c);

#endif
