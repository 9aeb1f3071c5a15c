// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that read texts and names for what stands against the rest of the review: knowledge from
 * later, people and teams that nobody asked in, durations that the events do not bear out. They
 * would rather stay silent than be wrong: only short ids, handles with '@', the word "team" and
 * figures in a sentence about the whole outage are taken at their word.
 */
#include <stdio.h>
#include <string.h>

#include "plimsoll/base/str.h"

#include "checks_int.h"

#define WORD_MAX     64
#define TEXT_SEEN    65536u /* bytes of the impact that are looked at */
#define FINDINGS_MAX 100

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    c = pl_ascii_lower(c);
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool is_name_byte(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* --- T17 ----------------------------------------------------------------------------- */

/* When an event was known, else when it happened, at the near end of its error. */
static bool known_from(const struct pl_entry *en, int64_t *us)
{
    const struct pl_value *known = pl_entry_reg(en, PL_F_EVENT_KNOWN_AT);
    const struct pl_value *at = pl_entry_reg(en, PL_F_EVENT_HAPPENED_AT);

    if (known->type == PL_VAL_INT)
        *us = known->i;
    else if (at->type == PL_VAL_INT)
        *us = at->i;
    return known->type == PL_VAL_INT || at->type == PL_VAL_INT;
}

static void judge_mention(struct pl_checks *c, const struct pl_entry *en, int64_t no,
                          const struct pl_entry **last)
{
    const struct pl_entry *to = pl_doc_find_no(c->d, PL_KIND_EVENT, no);
    int64_t now = 0;
    int64_t later = 0;
    char id[2][PL_SHORT_ID_MAX];
    char at[40];

    if (to == NULL || to == en || to == *last || !pl_entry_is_visible(c->d, to) ||
        pl_entry_reg(to, PL_F_EVENT_KNOWN_AT)->type != PL_VAL_INT || !known_from(en, &now) ||
        !known_from(to, &later) || later <= now + pl_event_band_us(en, NULL))
        return;
    *last = to;
    (void)ck_add(c, 17, en, to, "%s speaks of %s, which was known at %s only", ck_id(id[0], en),
                 ck_id(id[1], to), ck_time(at, later));
}

/* Finds "E-9" as a word of its own. */
static void judge_text(struct pl_checks *c, const struct pl_entry *en, uint32_t field)
{
    const char *text = ck_has_text(en, field) ? pl_entry_cstr(en, field) : "";
    const struct pl_entry *last = NULL;

    for (const char *s = strstr(text, "E-"); s != NULL; s = strstr(s + 2, "E-")) {
        uint64_t no = 0;
        size_t n = 0;
        while (is_digit(s[2 + n]))
            n++;
        if ((s > text && is_name_byte(s[-1])) || n == 0 || n > 9 || is_letter(s[2 + n]) ||
            pl_parse_u64n(s + 2, n, &no) != 0)
            continue;
        judge_mention(c, en, (int64_t)no, &last);
    }
}

static void t17(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);

    for (size_t i = 0; i < n && c->found[17].n < FINDINGS_MAX; i++) {
        judge_text(c, v[i], PL_F_BODY);
        judge_text(c, v[i], PL_F_EVENT_KNOWN_THEN);
        judge_text(c, v[i], PL_F_EVENT_OPTIONS);
    }
}

/* --- T22 ----------------------------------------------------------------------------- */

static bool takes_part(struct pl_checks *c, const char *handle)
{
    static const char *const everybody[] = {"all", "channel", "everyone", "here", "team"};
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_PARTICIPANT, &n);

    for (size_t i = 0; i < sizeof everybody / sizeof everybody[0]; i++) {
        if (pl_strcasecmp(handle, everybody[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (pl_casefold_eq(handle, pl_entry_str(v[i], PL_F_PARTICIPANT_HANDLE)) ||
            pl_casefold_eq(handle, pl_entry_str(v[i], PL_F_PARTICIPANT_NAME)))
            return true;
    }
    return false;
}

/* A handle is what follows an '@' that begins a word: the actor is "@mira", "Mira (@mira)". */
static void t22(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];

    for (size_t i = 0; i < n && c->found[22].n < FINDINGS_MAX; i++) {
        const char *actor = pl_entry_str(v[i], PL_F_EVENT_ACTOR);
        const char *at = strchr(actor, '@');
        char handle[WORD_MAX * 4 + 1];
        size_t len = 0;
        if (at == NULL || (at > actor && is_name_byte(at[-1])))
            continue;
        while (len + 1 < sizeof handle && is_name_byte(at[1 + len]))
            len++;
        memcpy(handle, at + 1, len);
        handle[len] = '\0';
        if (len > 0 && !takes_part(c, handle))
            (void)ck_add(c, 22, v[i], NULL, "%s names @%.64s, who was not asked in",
                         ck_id(id, v[i]), handle);
    }
}

/* --- T23 ----------------------------------------------------------------------------- */

/* The word that says which team: the one in front of "team", else the one behind. Small letters. */
static bool team_of(const char *actor, char out[WORD_MAX])
{
    char words[2][WORD_MAX] = {"", ""};
    bool after = false;

    out[0] = '\0';
    while (*actor != '\0') {
        size_t n = 0;
        while (is_name_byte(actor[n]))
            n++;
        for (size_t i = 0; i < n && i + 1 < WORD_MAX; i++) {
            words[0][i] = pl_ascii_lower(actor[i]);
            words[0][i + 1] = '\0';
        }
        actor += n > 0 ? n : 1;
        if (n == 0)
            continue;
        if (after) {
            (void)pl_strlcpy(out, words[0], WORD_MAX);
            break;
        }
        after = pl_str_eq(words[0], "team");
        if (after && words[1][0] != '\0') {
            (void)pl_strlcpy(out, words[1], WORD_MAX);
            break;
        }
        (void)pl_strlcpy(words[1], words[0], WORD_MAX);
    }
    return out[0] != '\0';
}

static const char *whole_word(const char *team)
{
    static const char *const shorts[][2] = {{"comms", "communications"},
                                            {"communication", "communications"},
                                            {"ops", "operations"},
                                            {"sec", "security"},
                                            {"soc", "security"}};

    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++) {
        if (pl_str_eq(team, shorts[i][0]))
            return shorts[i][1];
    }
    return team;
}

static bool has_duty(struct pl_checks *c, const char *team)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_PARTICIPANT, &n);

    for (size_t i = 0; i < n; i++) {
        const char *duty = pl_enum_name(PL_EN_DUTY, pl_entry_int(v[i], PL_F_PARTICIPANT_DUTY, 0));
        const char *other = pl_entry_str(v[i], PL_F_PARTICIPANT_DUTY_OTHER);
        char small[WORD_MAX * 4 + 1];
        if (pl_entry_int(v[i], PL_F_PARTICIPANT_ATTENDANCE, 0) == PL_ATTENDANCE_DECLINED)
            continue;
        (void)pl_strlcpy(small, other, sizeof small);
        for (char *s = small; *s != '\0'; s++)
            *s = pl_ascii_lower(*s);
        if ((duty != NULL && pl_str_eq(duty, whole_word(team))) || strstr(small, team) != NULL)
            return true;
    }
    return false;
}

static void t23(struct pl_checks *c)
{
    size_t n;
    struct pl_entry **v = ck_list(c, PL_KIND_EVENT, &n);
    char id[PL_SHORT_ID_MAX];
    char team[WORD_MAX];

    for (size_t i = 0; i < n && c->found[23].n < FINDINGS_MAX; i++) {
        const char *actor = pl_entry_str(v[i], PL_F_EVENT_ACTOR);
        if (actor[0] != '\0' && team_of(actor, team) && !has_duty(c, team))
            (void)ck_add(c, 23, v[i], NULL,
                         "%s names the %s team, and nobody with that duty takes part",
                         ck_id(id, v[i]), team);
    }
}

/* --- T26 ----------------------------------------------------------------------------- */

struct stated {
    int64_t us;
    int64_t unit_us; /* of the smallest unit named */
    const char *from;
    size_t len;
};

static int64_t unit_of(const char *s, size_t n)
{
    static const struct {
        const char *names;
        int64_t us;
    } units[] = {{" s sec secs second seconds ", CK_SECOND_US},
                 {" m min mins minute minutes ", CK_MINUTE_US},
                 {" h hr hrs hour hours ", 60 * CK_MINUTE_US},
                 {" d day days ", CK_DAY_US}};
    char word[16] = " ";

    if (n == 0 || n > 10)
        return 0;
    for (size_t i = 0; i < n; i++)
        word[1 + i] = pl_ascii_lower(s[i]);
    word[n + 1] = ' ';
    word[n + 2] = '\0';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strstr(units[i].names, word) != NULL)
            return units[i].us;
    }
    return 0;
}

/* "45 minutes", "1h", "1.5 hours": moves *s behind it. Fractions to one digit. */
static bool read_amount(const char **s, int64_t *us, int64_t *unit)
{
    const char *p = *s;
    int64_t tenths = 0;
    size_t digits = 0;
    size_t n = 0;

    for (; is_digit(*p) && digits < 5; p++, digits++)
        tenths = tenths * 10 + (*p - '0');
    tenths *= 10;
    if (digits > 0 && p[0] == '.' && is_digit(p[1])) {
        tenths += p[1] - '0';
        p += 2;
    }
    while (*p == ' ' || *p == '-')
        p++;
    while (is_letter(p[n]))
        n++;
    *unit = digits > 0 && !is_digit(*p) ? unit_of(p, n) : 0;
    *us = tenths * (*unit / 10);
    *s = p + n;
    return *unit != 0;
}

/* A duration at s, of one or two amounts ("1 h 20 min", "1 hour and 20 minutes"). */
static bool read_duration(const char *s, struct stated *out)
{
    int64_t us = 0;
    int64_t unit = 0;
    const char *end = s;

    if (!read_amount(&end, &out->us, &out->unit_us))
        return false;
    const char *next = end + strspn(end, " ,");
    if (strncmp(next, "and ", 4) == 0)
        next += 4;
    if (read_amount(&next, &us, &unit) && unit < out->unit_us) {
        out->us += us;
        out->unit_us = unit;
        end = next;
    }
    out->from = s;
    out->len = (size_t)(end - s);
    return out->us > 0;
}

/* Is the sentence s[0, n) about the outage as a whole? */
static bool is_about_all(const char *s, size_t n)
{
    static const char *const cues[] = {"outage",      "downtime", "unavailable", "offline",
                                       "unreachable", "nobody",   "no one",      "lasted",
                                       "was down",    "were down"};
    char small[512];
    size_t len = n < sizeof small - 1 ? n : sizeof small - 1;

    for (size_t i = 0; i < len; i++)
        small[i] = pl_ascii_lower(s[i]);
    small[len] = '\0';
    for (size_t i = 0; i < sizeof cues / sizeof cues[0]; i++) {
        if (strstr(small, cues[i]) != NULL)
            return true;
    }
    return false;
}

/* Does one of the four durations bear it out, give or take a tenth, the rounding of what was
 * written, and the error of the events? True as well when none is recorded. */
static bool is_borne_out(const struct pl_checks *c, const struct stated *x)
{
    bool any = false;

    for (unsigned i = 0; i < PL_DURATION_MAX; i++) {
        const struct pl_duration *t = &c->durations[i];
        int64_t slack = t->us / 10;
        int64_t off = x->us > t->us ? x->us - t->us : t->us - x->us;
        if (t->state != PL_DURATION_RECORDED)
            continue;
        any = true;
        if (slack < x->unit_us / 2)
            slack = x->unit_us / 2;
        if (t->is_open || off <= slack + t->band_us)
            return true;
    }
    return !any;
}

/* "for 3 hours", "lasted 45 minutes", "of about 2 h": a small word in front of the figure. */
static bool is_told(const char *text, const char *at)
{
    static const char *const ways[] = {"for", "lasted", "took", "of", "about", "around", "some"};
    const char *end = at;
    const char *from;

    while (end > text && end[-1] == ' ')
        end--;
    from = end;
    while (from > text && is_letter(from[-1]))
        from--;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        size_t n = strlen(ways[i]);
        if ((size_t)(end - from) == n && pl_ascii_lower(from[0]) == ways[i][0] &&
            strncmp(from + 1, ways[i] + 1, n - 1) == 0)
            return true;
    }
    return false;
}

static void judge_sentence(struct pl_checks *c, const char *s, size_t n)
{
    struct stated x = {.us = 0};
    char whole[32];

    if (!is_about_all(s, n))
        return;
    for (const char *p = s; p < s + n; p++) {
        if (!is_digit(*p) || (p > s && (is_name_byte(p[-1]) || p[-1] == ':')))
            continue;
        if (!is_told(s, p) || !read_duration(p, &x))
            continue;
        if (!is_borne_out(c, &x)) {
            const struct pl_duration *t = &c->durations[PL_DURATION_RECOVER];
            pl_duration_format(whole, t->us);
            (void)ck_add(c, 26, NULL, NULL, "The impact says '%.*s'; by its events it took %s",
                         (int)(x.len < 40 ? x.len : 40), x.from,
                         t->state == PL_DURATION_RECORDED ? whole : "another time");
        }
        return;
    }
}

static void t26(struct pl_checks *c)
{
    const struct pl_entry *root = pl_doc_root(c->d);
    const char *s =
        ck_has_text(root, PL_F_REVIEW_IMPACT) ? pl_entry_cstr(root, PL_F_REVIEW_IMPACT) : "";
    const char *end = s + strnlen(s, TEXT_SEEN);

    while (s < end && c->found[26].n < FINDINGS_MAX) {
        const char *stop = s;
        while (stop < end && *stop != '\n' && *stop != '!' && *stop != '?' &&
               !(*stop == '.' && !is_digit(stop[1])))
            stop++;
        judge_sentence(c, s, (size_t)(stop - s));
        s = stop + 1;
    }
}

#define EVENTS (CK_SHAPE | CK_F(PL_F_NO))
#define TIMES                                                                                \
    (CK_F(PL_F_EVENT_HAPPENED_AT) | CK_F(PL_F_EVENT_KNOWN_AT) | CK_F(PL_F_EVENT_PRECISION) | \
     CK_F(PL_F_EVENT_PRECISION_S))
#define PEOPLE                            \
    {                                     \
        PL_KIND_PARTICIPANT, ~UINT64_C(0) \
    }

const struct ck_rule ck_rules_text[] = {
    {17,
     t17,
     {{PL_KIND_EVENT,
       EVENTS | TIMES | CK_F(PL_F_BODY) | CK_F(PL_F_EVENT_KNOWN_THEN) | CK_F(PL_F_EVENT_OPTIONS)}}},
    {22, t22, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_ACTOR)}, PEOPLE}},
    {23, t23, {{PL_KIND_EVENT, EVENTS | CK_F(PL_F_EVENT_ACTOR)}, PEOPLE}},
    {26,
     t26,
     {{PL_KIND_REVIEW, CK_F(PL_F_REVIEW_IMPACT) | CK_F(PL_F_REVIEW_NA_DETECT) |
                           CK_F(PL_F_REVIEW_NA_TRIAGE) | CK_F(PL_F_REVIEW_NA_CONTAIN) |
                           CK_F(PL_F_REVIEW_NA_RECOVER)},
      {PL_KIND_EVENT, EVENTS | TIMES | CK_F(PL_F_EVENT_MARKER)}}},
    {.check = 0},
};
