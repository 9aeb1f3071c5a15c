// SPDX-License-Identifier: Apache-2.0
/*
 * What people call things in one document: short ids of entries, names and handles of participants,
 * one line of text for lists. Everything is looked up in the document itself.
 */
#include "doc_int.h"

#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"

static bool find_no(void *ctx, uint32_t kind, int64_t no, struct pl_eid *out)
{
    const struct pl_entry *en = pl_doc_find_no(ctx, kind, no);

    if (en != NULL)
        *out = pl_entry_eid(en);
    return en != NULL;
}

static bool no_of(void *ctx, struct pl_eid eid, uint32_t *kind, int64_t *no)
{
    const struct pl_entry *en = pl_doc_entry(ctx, eid);

    if (en == NULL)
        return false;
    *kind = en->kind;
    *no = pl_entry_int(en, PL_F_NO, 0);
    return *no > 0;
}

static const struct pl_entry *participant_of(const struct pl_doc *d, int64_t user)
{
    for (uint32_t i = 0; i < d->root->kids_n; i++) {
        const struct pl_entry *en = d->root->kids[i];
        if (en->kind == PL_KIND_PARTICIPANT && pl_entry_int(en, PL_F_PARTICIPANT_USER, 0) == user)
            return en;
    }
    return NULL;
}

static int64_t find_user(void *ctx, const char *handle)
{
    const struct pl_doc *d = ctx;

    for (uint32_t i = 0; i < d->root->kids_n; i++) {
        const struct pl_entry *en = d->root->kids[i];
        if (en->kind == PL_KIND_PARTICIPANT && !en->dead &&
            (pl_strcasecmp(pl_entry_str(en, PL_F_PARTICIPANT_HANDLE), handle) == 0 ||
             pl_casefold_eq(pl_entry_str(en, PL_F_PARTICIPANT_NAME), handle)))
            return pl_entry_int(en, PL_F_PARTICIPANT_USER, 0);
    }
    return 0;
}

static const char *handle_of(void *ctx, int64_t user)
{
    const struct pl_entry *en = participant_of(ctx, user);
    const char *handle = en != NULL ? pl_entry_str(en, PL_F_PARTICIPANT_HANDLE) : "";

    if (handle[0] != '\0')
        return handle;
    return en != NULL && pl_entry_str(en, PL_F_PARTICIPANT_NAME)[0] != '\0'
               ? pl_entry_str(en, PL_F_PARTICIPANT_NAME)
               : NULL;
}

struct pl_names pl_doc_names(const struct pl_doc *d)
{
    /* The callbacks only read; their context is not const because others' may not be. */
    union {
        const struct pl_doc *in;
        void *out;
    } ctx = {.in = d};

    return (struct pl_names){.find_no = find_no,
                             .no_of = no_of,
                             .find_user = find_user,
                             .user_name = handle_of,
                             .ctx = ctx.out};
}

const char *pl_doc_user_name(const struct pl_doc *d, int64_t user)
{
    const struct pl_entry *en = participant_of(d, user);

    return en != NULL ? pl_entry_str(en, PL_F_PARTICIPANT_NAME) : "";
}

int64_t pl_doc_role(const struct pl_doc *d, int64_t user)
{
    const struct pl_entry *en = participant_of(d, user);

    return en != NULL && !en->dead ? pl_entry_int(en, PL_F_PARTICIPANT_ROLE, 0) : 0;
}

int64_t pl_action_priority(const struct pl_entry *action)
{
    int64_t set = pl_entry_int(action, PL_F_ACTION_PRIORITY, 0);

    if (set != 0)
        return set;
    switch (pl_entry_int(action, PL_F_ACTION_CONTROL, 0)) {
    case PL_CONTROL_PREVENTION:
        return PL_PRIORITY_CRITICAL;
    case PL_CONTROL_DETECTION:
        return PL_PRIORITY_HIGH;
    case PL_CONTROL_PROCESS:
        return PL_PRIORITY_MEDIUM;
    default:
        return 0;
    }
}

void pl_entry_ref(const struct pl_entry *en, char out[PL_REF_MAX])
{
    char id[PL_SHORT_ID_MAX];
    int64_t no = pl_entry_int(en, PL_F_NO, 0);
    const char *handle =
        en->kind == PL_KIND_PARTICIPANT ? pl_entry_str(en, PL_F_PARTICIPANT_HANDLE) : "";

    if (handle[0] != '\0') {
        (void)pl_strlcpy(out, handle, PL_REF_MAX);
    } else if (no > 0 || en->kind == PL_KIND_REVIEW) {
        pl_short_id_format(id, en->kind, no);
        (void)pl_strlcpy(out, id, PL_REF_MAX);
    } else {
        (void)snprintf(out, PL_REF_MAX, "%llx.%u", (unsigned long long)pl_entry_eid(en).client,
                       pl_entry_eid(en).n);
    }
}

/* The field that names an entry of a kind. */
static const char *label_source(const struct pl_entry *en)
{
    switch ((enum pl_kind)en->kind) {
    case PL_KIND_REVIEW:
    case PL_KIND_LESSON:
        return pl_entry_str(en, PL_F_TITLE);
    case PL_KIND_PARTICIPANT:
        return pl_entry_str(en, PL_F_PARTICIPANT_NAME);
    case PL_KIND_ANCHOR:
        return pl_entry_str(en, PL_F_ANCHOR_QUOTE);
    case PL_KIND_MATERIAL:
        if (pl_entry_str(en, PL_F_TITLE)[0] != '\0')
            return pl_entry_str(en, PL_F_TITLE);
        break;
    case PL_KIND_EVIDENCE:
        if (pl_entry_str(en, PL_F_EVIDENCE_REFERENCE)[0] != '\0')
            return pl_entry_str(en, PL_F_EVIDENCE_REFERENCE);
        break;
    case PL_KIND_WAIVER:
        return pl_entry_str(en, PL_F_WAIVER_REASON);
    case PL_KIND_NONE:
    case PL_KIND_RULE:
    case PL_KIND_AGENDA:
    case PL_KIND_ACCOUNT:
    case PL_KIND_EVENT:
    case PL_KIND_OBSERVATION:
    case PL_KIND_CAUSE:
    case PL_KIND_ACTION:
    case PL_KIND_COMMENT:
    case PL_KIND_CLAIM:
        break;
    }
    return pl_entry_cstr(en, PL_F_BODY);
}

size_t pl_entry_label(const struct pl_entry *en, char *out, size_t cap)
{
    static const char more[] = "\xE2\x80\xA6"; /* ... as one character */
    const char *s = label_source(en);

    if (cap == 0)
        return 0;
    s += strspn(s, " \t\n");
    size_t n = strcspn(s, "\n");
    while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
        n--;
    bool cut = n >= cap;
    if (cut) {
        n = cap > sizeof more ? cap - sizeof more : 0;
        while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
            n--;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = s[i] == '\t' ? ' ' : s[i];
    if (cut && n + sizeof more <= cap) {
        memcpy(out + n, more, sizeof more - 1);
        n += sizeof more - 1;
    }
    out[n] = '\0';
    return n;
}
