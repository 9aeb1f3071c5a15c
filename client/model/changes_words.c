// SPDX-License-Identifier: Apache-2.0
/*
 * Phrases for changes. What people do by commands has words of its own ("locked event"); everything
 * else is said as field, old value, new value. Fields that only go with such a command are quiet.
 */
#include "model/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

/* `put` is said of a new value ("%s": the value), `take` when it is cleared or taken out of a set;
 * NULL: quiet. */
static const struct phrase {
    uint32_t kind, field;
    const char *put, *take;
} phrases[] = {
    {PL_KIND_REVIEW, PL_F_REVIEW_STATUS, "moved the review to %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_STATUS_REASON, "with the reason: %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_STAGE, "went to the stage %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_VISIBILITY, "made it readable to the %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_LOCKED, "locked the section %s", "unlocked the section %s"},
    {PL_KIND_REVIEW, PL_F_REVIEW_SEALED, "had the section %s written in private",
     "revealed the section %s"},
    {PL_KIND_REVIEW, PL_F_REVIEW_BALLOT, "opened a vote on the section %s", "closed the vote"},
    {PL_KIND_REVIEW, PL_F_REVIEW_BALLOT_DOTS, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_BALLOT_ROUND, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CARDS_UNTIL, "asked for anonymous cards until %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CARDS_ROUND, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_LEAD, "the lead is with %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_LEAD_OFFERED_TO, "offered the lead to %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_STAGE_ENDS_AT, "set the timer to end at %s", "stopped the timer"},
    {PL_KIND_REVIEW, PL_F_REVIEW_STAGE_STARTED_AT, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_FOCUS_STAGE, "asked everyone to the stage %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_FOCUS_ENTRY, "asked everyone to %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_FOCUS_AT, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_NEUTRALITY, "neutral facilitator: %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_NEUTRALITY_NOTE, "saying: %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_NEUTRALITY_BY, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_NEUTRALITY_ANSWER, "answering: %s", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_NEUTRALITY_ANSWER_BY, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_PACK_SENT_AT, "noted that the materials were sent", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CLOSE_ASKED_BY, "asked for the closing", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CLOSE_ASKED_AT, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CLOSED_BY, "confirmed the closing", NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_CLOSED_AT, NULL, NULL},
    {PL_KIND_REVIEW, PL_F_REVIEW_SESSION_STARTED_AT, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_DONE_BY, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_DONE_AT, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_VERIFIED_BY, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_VERIFIED_AT, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_EFFECT_BY, NULL, NULL},
    {PL_KIND_ACTION, PL_F_ACTION_EFFECT_AT, NULL, NULL},
};

static const struct {
    int64_t state;
    const char *text; /* "%s": the id */
} states[] = {
    {PL_STATE_COMMITTED, "committed to %s"},
    {PL_STATE_IN_PROGRESS, "began %s"},
    {PL_STATE_DONE, "marked %s done"},
    {PL_STATE_VERIFIED, "verified %s"},
    {PL_STATE_EFFECTIVE, "judged %s effective"},
    {PL_STATE_PARTLY_EFFECTIVE, "judged %s partly effective"},
    {PL_STATE_NOT_EFFECTIVE, "judged %s not effective"},
    {PL_STATE_CANNOT_TELL, "could not tell whether %s worked"},
    {PL_STATE_DROPPED, "dropped %s"},
    {PL_STATE_MERGED, "merged %s"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Fills the one "%s" of a phrase; words of enumerations are read without their underscores. */
static char *filled(const char *phrase, const char *value)
{
    const char *hole = strstr(phrase, "%s");
    if (!hole)
        return pl_xstrdup(phrase);
    return pl_xasprintf("%.*s%s%s", (int)(hole - phrase), phrase, value, hole + 2);
}

static char *spoken(const struct pl_field *f, const char *value)
{
    char *s = pl_xstrdup(value);
    for (char *p = s; f->type == PL_FT_ENUM && *p; p++)
        if (*p == '_')
            *p = ' ';
    return s;
}

static bool by_table(struct change *c)
{
    for (size_t i = 0; i < COUNT(phrases); i++) {
        const struct phrase *p = &phrases[i];
        bool is_put = c->to[0] != '\0';
        const char *phrase = is_put ? p->put : p->take;
        if (p->kind != c->entry_kind || p->field != c->field->number)
            continue;
        char *value = spoken(c->field, is_put ? c->to : c->from);
        c->is_quiet = phrase == NULL;
        c->words = phrase ? filled(phrase, value) : pl_xstrdup("");
        free(value);
        return true;
    }
    return false;
}

/* The sets of those who agree hold numbers of users; it is they themselves who changed it. */
static bool is_agreement(struct change *c)
{
    if (c->entry_kind != PL_KIND_CAUSE ||
        (c->field->number != PL_F_CAUSE_AGREED && c->field->number != PL_F_CAUSE_DISAGREED))
        return false;
    bool yes = c->field->number == PL_F_CAUSE_AGREED;
    c->words = pl_xasprintf("%s%s %s", c->kind == CHANGE_TAKE ? "took back: " : "",
                            yes ? "agrees to" : "does not agree to", c->id);
    return true;
}

static bool is_state(struct change *c)
{
    int64_t state = pl_enum_value(PL_EN_STATE, c->to);
    if (c->entry_kind != PL_KIND_ACTION || c->field->number != PL_F_ACTION_STATE)
        return false;
    for (size_t i = 0; i < COUNT(states); i++) {
        if (states[i].state == state) {
            c->words = filled(states[i].text, c->id);
            return true;
        }
    }
    return false;
}

static bool is_about_person(struct change *c, const struct pl_doc *now)
{
    const struct pl_entry *en = pl_doc_entry(now, c->eid);
    if (c->entry_kind != PL_KIND_PARTICIPANT || !en)
        return false;
    const char *name = pl_entry_str(en, PL_F_PARTICIPANT_NAME);
    switch (c->field->number) {
    case PL_F_PARTICIPANT_ROLE:
        c->words = pl_xasprintf("made %s %s", name, c->to);
        return true;
    case PL_F_PARTICIPANT_CALLED_AT:
        c->is_quiet = c->to[0] == '\0';
        c->words = pl_xasprintf("called on %s", name);
        return true;
    default:
        c->words = pl_xasprintf("%s, %s: %s -> %s", name, c->field->name,
                                c->from[0] ? c->from : "none", c->to[0] ? c->to : "none");
        return true;
    }
}

static void word_entry(struct change *c)
{
    bool is_person = c->entry_kind == PL_KIND_PARTICIPANT;
    const char *label = c->to[0] ? c->to : c->from;
    const char *what = is_person ? label : c->id;
    const char *colon = is_person || !label[0] ? "" : ": ";
    switch (c->kind) {
    case CHANGE_ADD:
        c->words = c->entry_kind == PL_KIND_WAIVER
                       ? pl_xasprintf("waived %s", label)
                       : pl_xasprintf("added %s%s%s", what, colon, is_person ? "" : label);
        break;
    case CHANGE_REMOVE:
        c->words = pl_xasprintf("removed %s%s%s", what, colon, is_person ? "" : label);
        break;
    case CHANGE_RESTORE:
        c->words = pl_xasprintf("restored %s%s%s", what, colon, is_person ? "" : label);
        break;
    case CHANGE_MOVE:
        c->words = pl_str_eq(c->from, c->to) ? pl_xasprintf("moved %s in its list", c->id)
                                             : pl_xasprintf("put %s under %s", c->id, c->to);
        break;
    case CHANGE_SET:
    case CHANGE_PUT:
    case CHANGE_TAKE:
    case CHANGE_TEXT:
        break;
    }
}

static void word_field(struct change *c)
{
    const char *name = c->field->name;
    const char *of = c->id;
    if (c->kind == CHANGE_TEXT)
        c->words = pl_xasprintf("%s %s: %s", of, name, c->diff);
    else if (c->kind == CHANGE_PUT)
        c->words = pl_xasprintf("%s %s: + %s", of, name, c->to);
    else if (c->kind == CHANGE_TAKE)
        c->words = pl_xasprintf("%s %s: - %s", of, name, c->from);
    else
        c->words = pl_xasprintf("%s %s: %s -> %s", of, name, c->from[0] ? c->from : "none",
                                c->to[0] ? c->to : "none");
}

void change_word(struct change *c, const struct pl_doc *now)
{
    if (!c->field) {
        word_entry(c);
        return;
    }
    if (c->field->number == PL_F_NO) {
        c->is_quiet = true;
        c->words = pl_xasprintf("numbered %s", c->id);
        return;
    }
    if (by_table(c) || is_agreement(c) || is_state(c) || is_about_person(c, now))
        return;
    if (c->field->flags & PL_FF_SERVER && pl_str_eq(c->field->name, "merged_into") && c->to[0])
        c->words = pl_xasprintf("merged %s into %s", c->id, c->to);
    else
        word_field(c);
}
