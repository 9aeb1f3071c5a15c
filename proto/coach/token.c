// SPDX-License-Identifier: Apache-2.0
/*
 * A text cut into sentences of words, in one pass. What is exempt never becomes words: lines that
 * start with '>', fenced code; code in backticks and speech between double quotation marks become
 * one opaque word each, so that "`deploy.sh` failed to start" keeps its subject.
 *
 * A single line break does not end a sentence, a blank line, a list item or a heading does.
 * "didn't" is two words, "Tom's" is "tom" with a mark. Ids, paths and numbers are opaque.
 *
 * Closing marks are looked for once and remembered, so hostile text costs linear time too.
 */
#include <string.h>

#include "plimsoll/base/utf8.h"

#include "coach_int.h"

enum quote { Q_BACKTICK, Q_STRAIGHT, Q_CURLY, Q_ANGLE };
static const char *const closers[] = {"`", "\"", "\xE2\x80\x9D", "\xC2\xBB"};

void coach_text_init(struct coach_text *t, const struct coach_vocab *v, const char *text, size_t n)
{
    memset(t, 0, sizeof(*t));
    t->vocab = v;
    t->p = (const uint8_t *)text;
    t->n = n < PL_COACH_TEXT_MAX ? n : PL_COACH_TEXT_MAX;
    t->is_line_start = true;
    t->new_paragraph = true;
}

static uint32_t peek(const struct coach_text *t, size_t at)
{
    return at < t->n ? t->p[at] : '\n';
}

/* Goes on to byte `to`, counting characters. */
static void skip_to(struct coach_text *t, size_t to)
{
    while (t->at < to) {
        uint32_t c = 0;
        t->at += t->p[t->at] < 0x80 ? 1 : pl_utf8_decode(t->p + t->at, t->p + t->n, &c);
        t->char_at++;
    }
}

static size_t line_end(const struct coach_text *t, size_t at)
{
    const uint8_t *p = at < t->n ? memchr(t->p + at, '\n', t->n - at) : NULL;
    return p ? (size_t)(p - t->p) : t->n;
}

/* --- lines ------------------------------------------------------------------------------------ */

static size_t fence_at(const struct coach_text *t, size_t at, uint32_t mark)
{
    size_t n = 0;
    while (peek(t, at + n) == mark)
        n++;
    return n >= 3 ? n : 0;
}

/* From the line of an opening fence to behind its closing one, or the end of the text. */
static void skip_fence(struct coach_text *t, uint32_t mark, size_t length)
{
    size_t at = line_end(t, t->at);
    while (at < t->n) {
        size_t line = ++at;
        while (peek(t, line) == ' ')
            line++;
        at = line_end(t, line);
        if (fence_at(t, line, mark) >= length)
            break;
    }
    skip_to(t, at);
}

/* Does the line begin a new block: list item, heading, table row? */
static bool is_block(const struct coach_text *t, size_t at)
{
    uint32_t c = peek(t, at);
    if (c == '#' || c == '|')
        return true;
    if ((c == '-' || c == '*' || c == '+') && (peek(t, at + 1) == ' ' || peek(t, at + 1) == '\t'))
        return true;
    size_t digits = at;
    while (peek(t, digits) >= '0' && peek(t, digits) <= '9' && digits < at + 9)
        digits++;
    return digits > at && (peek(t, digits) == '.' || peek(t, digits) == ')') &&
           peek(t, digits + 1) == ' ';
}

/* At the start of a line: passes what is exempt. True when a sentence cannot go on across it. */
static bool start_line(struct coach_text *t)
{
    size_t at = t->at;
    t->is_line_start = false;
    while (peek(t, at) == ' ' || peek(t, at) == '\t' || peek(t, at) == '\r')
        at++;
    uint32_t c = peek(t, at);
    if (c == '>') {
        skip_to(t, line_end(t, at));
        return true;
    }
    if (c == '`' || c == '~') {
        size_t length = fence_at(t, at, c);
        if (length > 0) {
            skip_fence(t, c, length);
            return true;
        }
    }
    skip_to(t, at < t->n ? at : t->n);
    if (c == '\n') {
        t->new_paragraph = true;
        return true;
    }
    return is_block(t, at);
}

/* Where the paragraph that `at` lies in ends: the next blank line. */
static size_t paragraph_end(struct coach_text *t)
{
    if (t->paragraph_end > t->at)
        return t->paragraph_end;
    size_t at = t->at;
    while (at < t->n) {
        at = line_end(t, at);
        size_t next = at + 1;
        while (next < t->n && (t->p[next] == ' ' || t->p[next] == '\t' || t->p[next] == '\r'))
            next++;
        if (next >= t->n || t->p[next] == '\n' || t->p[next] == '>')
            break;
        at = next;
    }
    t->paragraph_end = at < t->n ? at : t->n;
    return t->paragraph_end;
}

/* --- what is opaque --------------------------------------------------------------------------- */

/* The closing mark of a kind behind `from`, in this paragraph; 0 when there is none. */
static size_t closing(struct coach_text *t, enum quote q, size_t from)
{
    size_t length = strlen(closers[q]);
    if (t->next_quote[q] < from) {
        const uint8_t *hit =
            from < t->n ? memmem(t->p + from, t->n - from, closers[q], length) : NULL;
        t->next_quote[q] = hit ? (size_t)(hit - t->p) : t->n;
    }
    return t->next_quote[q] < paragraph_end(t) ? t->next_quote[q] + length : 0;
}

static struct coach_word *add_word(struct coach_text *t, struct coach_sentence *s, size_t start,
                                   size_t char_start)
{
    struct coach_word *w = &s->words[s->count++];
    memset(w, 0, sizeof(*w));
    w->start = (uint32_t)start;
    w->char_start = (uint32_t)char_start;
    w->end = (uint32_t)t->at;
    w->char_end = (uint32_t)t->char_at;
    w->is_cut = t->cut;
    w->is_colon = t->colon;
    t->cut = false;
    t->colon = false;
    return w;
}

static void add_opaque(struct coach_text *t, struct coach_sentence *s, size_t end, uint64_t more)
{
    size_t start = t->at;
    size_t char_start = t->char_at;
    skip_to(t, end);
    add_word(t, s, start, char_start)->classes = COACH_IS(OPAQUE) | more;
}

/* An opening mark of `bytes` bytes: the whole becomes one word, or the mark is passed over. */
static void take_quoted(struct coach_text *t, struct coach_sentence *s, enum quote q, size_t bytes)
{
    size_t end = closing(t, q, t->at + bytes);
    if (end > 0)
        add_opaque(t, s, end, q == Q_BACKTICK ? COACH_IS(MACHINE) : COACH_IS(QUOTED));
    else
        skip_to(t, t->at + bytes);
}

static size_t run_end(const struct coach_text *t)
{
    size_t at = t->at;
    while (at < t->n && t->p[at] > ' ' && !strchr("\"<>()[]{},;`", t->p[at]))
        at++;
    while (at > t->at + 1 && strchr(".:!?'*", t->p[at - 1]))
        at--;
    return at;
}

static bool is_ascii_alnum(uint32_t c)
{
    return c < 0x80 && coach_is_alnum(c);
}

/* Does what stands behind a word make it an id, a path, an address? */
static bool goes_on(const struct coach_text *t, size_t at)
{
    uint32_t c = peek(t, at);
    uint32_t d = peek(t, at + 1);
    if (c == '_' || c == '\\' || c == '=')
        return true;
    if (c == '.' || c == '@')
        return is_ascii_alnum(d);
    if (c == ':')
        return d == '/' || d == ':' || (d >= '0' && d <= '9');
    return c == '/' && !(d >= 'a' && d <= 'z') && !(d >= 'A' && d <= 'Z');
}

/* --- words ------------------------------------------------------------------------------------ */

struct spelled {
    char text[COACH_WORD_MAX];
    size_t n; /* may be beyond: a word too long to be known */
    bool has_capital, has_digit, has_small;
    size_t apostrophe, apostrophe_at, apostrophe_char; /* in text; byte and character of the text */
};

static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == 0x2019;
}

/* Reads letters, digits and inner apostrophes from t->at on; leaves t behind them. */
static void spell(struct coach_text *t, struct spelled *w)
{
    memset(w, 0, sizeof(*w));
    while (t->at < t->n) {
        uint32_t c = 0;
        uint32_t next = 0;
        char folded[12];
        bool is_upper = false;
        size_t k = pl_utf8_decode(t->p + t->at, t->p + t->n, &c);
        if (is_apostrophe(c) && w->n > 0 && t->at + k < t->n) {
            (void)pl_utf8_decode(t->p + t->at + k, t->p + t->n, &next);
            if (!coach_is_alnum(next) || w->apostrophe)
                break;
            w->apostrophe = w->n;
            w->apostrophe_at = t->at;
            w->apostrophe_char = t->char_at;
        } else if (coach_is_alnum(c)) {
            size_t m = coach_fold(c, folded, &is_upper);
            if (w->n + m <= sizeof(w->text))
                memcpy(w->text + w->n, folded, m);
            w->has_capital |= is_upper && w->n == 0;
            w->has_small |= !is_upper && !(c >= '0' && c <= '9');
            w->has_digit |= c >= '0' && c <= '9';
            w->n += m;
        } else {
            break;
        }
        t->at += k;
        t->char_at++;
    }
}

static void look_up(struct coach_text *t, struct coach_word *w, const char *text, size_t n,
                    bool has_capital)
{
    coach_vocab_find(t->vocab, text, n, w);
    if (has_capital)
        w->classes |= COACH_IS(CAPITAL);
    else if (w->classes & COACH_IS(COMMON))
        w->classes &= ~COACH_IS(NAME);
}

/* The part behind an apostrophe, when it is a word of its own. */
static const char *second_word(const char *tail, size_t n, size_t *length)
{
    static const char *const pairs[][2] = {
        {"t", "not"}, {"ve", "have"}, {"re", "are"}, {"m", "am"}, {"ll", "will"}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strlen(pairs[i][0]) == n && memcmp(pairs[i][0], tail, n) == 0) {
            *length = strlen(pairs[i][1]);
            return pairs[i][1];
        }
    }
    return NULL;
}

/* "didn't": did, not. "Tom's": tom, with OWN. */
static void add_contracted(struct coach_text *t, struct coach_sentence *s, const struct spelled *w,
                           const size_t start[2])
{
    size_t head = w->apostrophe;
    size_t length = 0;
    const char *more = second_word(w->text + head, w->n - head, &length);
    struct coach_word *first = add_word(t, s, start[0], start[1]);
    if (!more || s->count == COACH_WORDS_MAX) {
        look_up(t, first, w->text, head, w->has_capital);
        if (w->n - head == 1 && w->text[head] == 's')
            first->classes |= COACH_IS(OWN);
        return;
    }
    size_t split_at = w->apostrophe_at;
    size_t split_char = w->apostrophe_char;
    const char *text = w->text;
    if (more[0] == 'n' && head > 1 && text[head - 1] == 'n') {
        head--;
        split_at--;
        split_char--;
        if (head == 2 && (memcmp(text, "ca", 2) == 0 || memcmp(text, "wo", 2) == 0)) {
            text = text[0] == 'c' ? "can" : "will";
            head = strlen(text);
        }
    }
    look_up(t, first, text, head, w->has_capital);
    first->end = (uint32_t)split_at;
    first->char_end = (uint32_t)split_char;
    look_up(t, add_word(t, s, split_at, split_char), more, length, false);
}

static void take_word(struct coach_text *t, struct coach_sentence *s, bool is_handle)
{
    struct spelled w;
    size_t start[2] = {t->at, t->char_at};
    if (is_handle)
        skip_to(t, t->at + 1);
    spell(t, &w);
    if (w.has_digit || (!is_handle && goes_on(t, t->at))) {
        size_t end = run_end(t);
        skip_to(t, end);
        add_word(t, s, start[0], start[1])->classes =
            COACH_IS(OPAQUE) | (w.has_small ? COACH_IS(MACHINE) : COACH_IS(DET));
        return;
    }
    if (w.apostrophe && w.n <= sizeof(w.text)) {
        add_contracted(t, s, &w, start);
        return;
    }
    struct coach_word *word = add_word(t, s, start[0], start[1]);
    look_up(t, word, w.text, w.n, w.has_capital);
    if (is_handle)
        word->classes |= COACH_IS(NAME);
}

/* --- sentences -------------------------------------------------------------------------------- */

/* A mark that is neither a word nor a quotation: true when it ends the sentence. */
static bool take_mark(struct coach_text *t, uint32_t c, size_t length)
{
    uint32_t before = t->at > 0 ? t->p[t->at - 1] : ' ';
    skip_to(t, t->at + length);
    uint32_t next = peek(t, t->at);
    bool is_open = next <= ' ' || next == '"' || next == ')' || next >= 0x80 || next == '*';
    switch (c) {
    case '.':
    case '!':
    case '?':
        return is_open;
    case ';':
        return true;
    case ':':
        t->cut = true;
        t->colon = true;
        return false;
    case '-':
        t->cut |= before <= ' ' || next <= ' ';
        return false;
    case ',':
    case '(':
    case ')':
    case '[':
    case ']':
    case 0x2013:
    case 0x2014:
    case 0x2026:
        t->cut = true;
        return false;
    default:
        return false;
    }
}

static bool take_quote(struct coach_text *t, struct coach_sentence *s, uint32_t c, size_t length)
{
    switch (c) {
    case '`':
        take_quoted(t, s, Q_BACKTICK, length);
        return true;
    case '"':
        take_quoted(t, s, Q_STRAIGHT, length);
        return true;
    case 0x201C:
        take_quoted(t, s, Q_CURLY, length);
        return true;
    case 0xAB:
        take_quoted(t, s, Q_ANGLE, length);
        return true;
    default:
        return false;
    }
}

/* One step forward; true when the sentence ends here. */
static bool step(struct coach_text *t, struct coach_sentence *s)
{
    uint32_t c = 0;
    if (t->is_line_start && start_line(t))
        return true;
    if (t->at >= t->n)
        return true;
    size_t length = pl_utf8_decode(t->p + t->at, t->p + t->n, &c);
    uint32_t next = peek(t, t->at + length);
    if (c == '\n') {
        skip_to(t, t->at + 1);
        t->is_line_start = true;
        return false;
    }
    if (take_quote(t, s, c, length))
        return false;
    if ((c == '/' || c == '-' || c == '$' || c == '~') && (t->at == 0 || t->p[t->at - 1] <= ' ') &&
        (is_ascii_alnum(next) || next == c || next == '/')) {
        if (c != '-' || next != '-' || peek(t, t->at + 2) > ' ') {
            add_opaque(t, s, run_end(t), COACH_IS(MACHINE));
            return false;
        }
    }
    if (coach_is_alnum(c) || (c == '@' && is_ascii_alnum(next))) {
        take_word(t, s, c == '@');
        return false;
    }
    if (c == '_') {
        add_opaque(t, s, run_end(t), COACH_IS(MACHINE));
        return false;
    }
    return take_mark(t, c, length);
}

static bool is_text(const struct coach_text *t, const struct coach_word *w, const char *text)
{
    size_t n = strlen(text);
    if (w->end - w->start != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((t->p[w->start + i] | 32) != (uint8_t)text[i])
            return false;
    return true;
}

/* "no one", "every one": the second word is somebody. */
static bool is_some_one(const struct coach_text *t, const struct coach_word *w)
{
    return is_text(t, w, "one") && (is_text(t, w - 1, "no") || is_text(t, w - 1, "any") ||
                                    is_text(t, w - 1, "every") || is_text(t, w - 1, "some"));
}

/* What words become by the word before them, and what the sentence has in all. */
static void finish(const struct coach_text *t, struct coach_sentence *s)
{
    s->classes = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct coach_word *w = &s->words[i];
        if (i > 0 && !w->is_cut && w->classes & COACH_IS(TEAM) &&
            s->words[i - 1].classes & (COACH_IS(ATTACKER) | COACH_IS(CRIME)))
            w->classes = (w->classes & ~COACH_PERSON) | COACH_IS(ATTACKER);
        if (i > 0 && !w->is_cut && is_some_one(t, w))
            w->classes = COACH_IS(SOME);
        s->classes |= w->classes;
    }
}

bool coach_text_next(struct coach_text *t, struct coach_sentence *s)
{
    s->count = 0;
    s->is_fresh = t->new_paragraph;
    t->new_paragraph = false;
    t->cut = false;
    t->colon = false;
    while (t->at < t->n) {
        bool ends = step(t, s);
        if (s->count == 0) {
            s->is_fresh |= t->new_paragraph;
            t->new_paragraph = false;
            t->cut &= !ends;
            t->colon &= !ends;
            continue;
        }
        /* room for the two words of a contraction */
        if (ends || s->count + 2 > COACH_WORDS_MAX)
            break;
    }
    finish(t, s);
    return s->count > 0;
}
