// SPDX-License-Identifier: Apache-2.0
/*
 * Words for values of enumerations as people type them: the names of doc/fields.def and the other
 * words of doc/words.def, in either case, with '-' or '_'. Static tables; nothing fails but by 0.
 */
#include "doc_int.h"

#include "plimsoll/base/str.h"
#include "plimsoll/doc/schema.h"

static const struct {
    uint32_t en;
    int64_t value;
    const char *word;
} words[] = {
#define PL_WORD(ENUM, NAME, word) {PL_EN_##ENUM, PL_##ENUM##_##NAME, word},
#include "plimsoll/doc/words.def"
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool doc_word_is(const char *s, size_t n, const char *word)
{
    size_t i = 0;

    for (; i < n && word[i] != '\0'; i++) {
        char a = pl_ascii_lower(s[i]);
        if ((a == '-' ? '_' : a) != word[i])
            return false;
    }
    return i == n && word[i] == '\0';
}

int64_t pl_enum_read(uint32_t en, const char *s, size_t n)
{
    int64_t v;

    for (size_t i = 0; (v = pl_enum_at(en, i)) != 0; i++) {
        if (doc_word_is(s, n, pl_enum_name(en, v)))
            return v;
    }
    for (size_t i = 0; i < COUNT(words); i++) {
        if (words[i].en == en && doc_word_is(s, n, words[i].word))
            return words[i].value;
    }
    return 0;
}

const char *pl_enum_word(uint32_t en, int64_t value, size_t i)
{
    for (size_t at = 0; at < COUNT(words); at++) {
        if (words[at].en == en && words[at].value == value && i-- == 0)
            return words[at].word;
    }
    return NULL;
}
