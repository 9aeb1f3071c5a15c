// SPDX-License-Identifier: Apache-2.0
/*
 * The words that the coach knows: vocab.def, the words of the rules, and people's names, in one
 * open-addressing table that is filled once and then only read. Words are compared folded: small
 * letters, without marks, so that "LUCIA" is "Lucía".
 *
 * Stems ("careless...") live in a second table and are found by hashing every beginning of a word
 * on the way to its end. When a table is full, which only names can bring about, more are left out.
 */
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "coach_int.h"

#define SLOTS     8192u /* a power of two */
#define WORDS_MAX (SLOTS / 2)
#define STEMS     256u

struct entry {
    uint64_t classes;
    uint32_t hash;
    uint16_t id; /* 0: the slot is free */
    uint8_t length;
    char text[COACH_WORD_MAX];
};

struct coach_vocab {
    struct entry words[SLOTS];
    struct entry stems[STEMS];
    size_t word_count, stem_count, names;
    uint64_t stem_lengths; /* bit n: there is a stem of n bytes */
    uint16_t next_id;
};

/* FNV-1a, 32 bits (Fowler, Noll, Vo): it gives the hash of every beginning for nothing. Names are
 * the only foreign keys, and there are at most PL_COACH_NAMES_MAX of them. */
#define HASH_START 2166136261u
static uint32_t hash_more(uint32_t h, char c)
{
    return (h ^ (uint8_t)c) * 16777619u;
}

static uint32_t hash_of(const char *s, size_t n)
{
    uint32_t h = HASH_START;
    for (size_t i = 0; i < n; i++)
        h = hash_more(h, s[i]);
    return h;
}

static size_t slot_of(const struct entry *table, size_t size, uint32_t h, const char *s, size_t n)
{
    size_t i = (h ^ h >> 15) & (size - 1);
    while (table[i].id != 0 &&
           (table[i].hash != h || table[i].length != n || memcmp(table[i].text, s, n) != 0))
        i = (i + 1) & (size - 1);
    return i;
}

static uint16_t add(struct coach_vocab *v, struct entry *e, const char *s, size_t n)
{
    if (e->id == 0) {
        PL_ASSERT(n > 0 && n <= COACH_WORD_MAX);
        memcpy(e->text, s, n);
        e->length = (uint8_t)n;
        e->hash = hash_of(s, n);
        e->id = v->next_id++;
    }
    return e->id;
}

uint16_t coach_vocab_add(struct coach_vocab *v, const char *word, size_t n, uint64_t classes)
{
    struct entry *e = &v->words[slot_of(v->words, SLOTS, hash_of(word, n), word, n)];
    if (e->id == 0)
        PL_ASSERT(++v->word_count <= WORDS_MAX);
    e->classes |= classes;
    return add(v, e, word, n);
}

uint16_t coach_vocab_add_stem(struct coach_vocab *v, const char *stem, size_t n)
{
    struct entry *e = &v->stems[slot_of(v->stems, STEMS, hash_of(stem, n), stem, n)];
    if (e->id == 0)
        PL_ASSERT(++v->stem_count <= STEMS / 2);
    v->stem_lengths |= UINT64_C(1) << n;
    return add(v, e, stem, n);
}

size_t coach_vocab_count(const struct coach_vocab *v)
{
    return v->next_id;
}

/* --- filling ---------------------------------------------------------------------------------- */

static bool ends_with(const char *s, size_t n, const char *end)
{
    size_t k = strlen(end);
    return n >= k && memcmp(s + n - k, end, k) == 0;
}

static void add_plural(struct coach_vocab *v, const char *s, size_t n, uint64_t classes)
{
    char word[COACH_WORD_MAX];
    const char *end = "s";
    if (n + 2 > sizeof(word))
        return;
    memcpy(word, s, n);
    if (ends_with(s, n, "y") && n > 1 && !strchr("aeou", s[n - 2])) {
        n--;
        end = "ies";
    } else if (ends_with(s, n, "s") || ends_with(s, n, "x") || ends_with(s, n, "ch") ||
               ends_with(s, n, "sh")) {
        end = "es";
    }
    for (; *end != '\0'; end++)
        word[n++] = *end;
    (void)coach_vocab_add(v, word, n, classes | COACH_IS(PLURAL));
}

static void add_list(struct coach_vocab *v, const char *list, uint64_t classes, bool nouns)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        if (n > 0) {
            (void)coach_vocab_add(v, list, n, classes);
            if (nouns)
                add_plural(v, list, n, classes);
        }
        list += n + (list[n] == ' ');
    }
}

struct coach_vocab *coach_vocab_new(void)
{
    struct coach_vocab *v = pl_xcalloc(1, sizeof(*v));
    v->next_id = 1;
#define WORDS(class, list) add_list(v, list, COACH_IS(class), false);
#define NOUNS(class, list) add_list(v, list, COACH_IS(class), true);
#include "vocab.def"
#undef WORDS
#undef NOUNS
    return v;
}

void coach_vocab_free(struct coach_vocab *v)
{
    free(v);
}

/* --- folding ---------------------------------------------------------------------------------- */

bool coach_is_alnum(uint32_t scalar)
{
    if (scalar < 0x80)
        return (scalar >= '0' && scalar <= '9') || ((scalar | 32) >= 'a' && (scalar | 32) <= 'z');
    static const unsigned letters = 1u << UTF8PROC_CATEGORY_LU | 1u << UTF8PROC_CATEGORY_LL |
                                    1u << UTF8PROC_CATEGORY_LT | 1u << UTF8PROC_CATEGORY_LM |
                                    1u << UTF8PROC_CATEGORY_LO | 1u << UTF8PROC_CATEGORY_MN |
                                    1u << UTF8PROC_CATEGORY_MC | 1u << UTF8PROC_CATEGORY_ND;
    return letters >> utf8proc_category((utf8proc_int32_t)scalar) & 1;
}

size_t coach_fold(uint32_t scalar, char out[12], bool *is_upper)
{
    utf8proc_int32_t parts[4];
    int boundary = 0;
    if (scalar < 0x80) {
        *is_upper = scalar >= 'A' && scalar <= 'Z';
        out[0] = (char)(*is_upper ? scalar + 32 : scalar);
        return 1;
    }
    utf8proc_category_t kind = utf8proc_category((utf8proc_int32_t)scalar);
    *is_upper = kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LT;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)scalar, parts, 3,
        (utf8proc_option_t)(UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK),
        &boundary);
    size_t n = 0;
    for (utf8proc_ssize_t i = 0; i < count && i < 3; i++) {
        uint8_t bytes[4];
        size_t k = pl_utf8_encode((uint32_t)parts[i], bytes);
        memcpy(out + n, bytes, k);
        n += k;
    }
    return n;
}

/* --- names ------------------------------------------------------------------------------------ */

/* Particles of names say nothing about who is meant. */
static bool is_particle(const char *s, size_t n)
{
    static const char *const list[] = {"de",  "da",  "di",  "del", "della", "van", "von",
                                       "der", "den", "la",  "le",  "el",    "al",  "bin",
                                       "ibn", "dos", "das", "du",  "of",    "the", "and",
                                       "dr",  "mr",  "ms",  "mrs", "zu",    "ter"};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (strlen(list[i]) == n && memcmp(list[i], s, n) == 0)
            return true;
    return false;
}

static void add_name_word(struct coach_vocab *v, const char *s, size_t n)
{
    if (n < 2 || is_particle(s, n) || v->names >= PL_COACH_NAMES_MAX)
        return;
    struct entry *e = &v->words[slot_of(v->words, SLOTS, hash_of(s, n), s, n)];
    if (e->classes & COACH_IS(NAME))
        return;
    if (e->id == 0 && v->word_count + 1 > WORDS_MAX)
        return;
    /* A known word that is a name as well, or one of a rule, is a name only with its capital. */
    uint64_t common = e->id != 0 ? COACH_IS(COMMON) : 0;
    v->names++;
    (void)coach_vocab_add(v, s, n, COACH_IS(NAME) | common);
}

void coach_vocab_add_name(struct coach_vocab *v, const char *name)
{
    const uint8_t *p = (const uint8_t *)name;
    const uint8_t *end = p + strlen(name);
    char word[COACH_WORD_MAX];
    size_t n = 0;
    while (p <= end) {
        uint32_t c = ' ';
        bool is_upper = false;
        char folded[12];
        p += p < end ? pl_utf8_decode(p, end, &c) : 1;
        if (coach_is_alnum(c)) {
            size_t k = coach_fold(c, folded, &is_upper);
            if (n + k <= sizeof(word))
                memcpy(word + n, folded, k);
            n += k;
            continue;
        }
        if (n > 0 && n <= sizeof(word))
            add_name_word(v, word, n);
        n = 0;
    }
}

/* --- looking up ------------------------------------------------------------------------------- */

/* What an ending tells of a word that is not in the list. */
static uint64_t ending(const char *s, size_t n)
{
    if (n >= 5 && ends_with(s, n, "ing"))
        return COACH_IS(ING);
    if (n >= 4 && ends_with(s, n, "ed"))
        return COACH_IS(PP);
    if (n >= 4 && ends_with(s, n, "ly"))
        return COACH_IS(ADV);
    return 0;
}

void coach_vocab_find(const struct coach_vocab *v, const char *word, size_t n, struct coach_word *w)
{
    uint32_t h = HASH_START;
    w->id = 0;
    w->stem = 0;
    w->classes = 0;
    if (n == 0 || n > COACH_WORD_MAX)
        return;
    for (size_t i = 0; i < n; i++) {
        h = hash_more(h, word[i]);
        if (v->stem_lengths >> (i + 1) & 1) {
            const struct entry *e = &v->stems[slot_of(v->stems, STEMS, h, word, i + 1)];
            if (e->id != 0)
                w->stem = e->id;
        }
    }
    const struct entry *e = &v->words[slot_of(v->words, SLOTS, h, word, n)];
    w->id = e->id;
    w->classes = e->classes | ending(word, n);
}
