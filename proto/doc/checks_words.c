// SPDX-License-Identifier: Apache-2.0
/*
 * The words of texts, kept from run to run: cut at everything that is neither letter nor digit,
 * ASCII letters made small, hashed. Other letters count as they are written.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/hash.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "checks_int.h"

#define WORD_MAX  64u
#define TEXT_SEEN 16384u /* bytes of a text that are looked at */

struct ck_words *ck_row(struct pl_checks *c, const struct pl_entry *en)
{
    struct pl_eid eid = pl_entry_eid(en);
    struct ck_words *w = NULL;
    struct ck_words key = {.id = {eid.client, eid.n}};

    HASH_FIND(hh, c->words, &key.id, sizeof key.id, w);
    if (w == NULL) {
        w = pl_xcalloc(1, sizeof *w);
        w->id = key.id;
        HASH_ADD(hh, c->words, id, sizeof w->id, w);
    }
    return w;
}

void ck_words_stale(struct pl_checks *c, const struct pl_entry *en)
{
    struct ck_words *w = ck_row(c, en);

    w->has_words = false;
    w->is_asked = false;
}

void ck_words_free(struct pl_checks *c)
{
    struct ck_words *w;
    struct ck_words *next;

    HASH_ITER (hh, c->words, w, next) {
        HASH_DEL(c->words, w);
        free(w);
    }
}

static bool is_word_byte(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           (unsigned char)ch >= 0x80;
}

/* Keeps the list sorted and without repetition. */
static void keep_word(struct ck_words *w, uint32_t word)
{
    unsigned at = 0;

    while (at < w->n && w->v[at] < word)
        at++;
    if (w->n == CK_WORDS || (at < w->n && w->v[at] == word))
        return;
    memmove(&w->v[at + 1], &w->v[at], (w->n - at) * sizeof w->v[0]);
    w->v[at] = word;
    w->n++;
}

static void cut_words(struct ck_words *w, const char *text)
{
    size_t len = strnlen(text, TEXT_SEEN);
    size_t i = 0;

    w->n = 0;
    w->hash = 0;
    while (i < len) {
        char word[WORD_MAX];
        size_t n = 0;
        for (; i < len && is_word_byte(text[i]); i++) {
            if (n < WORD_MAX)
                word[n++] = pl_ascii_lower(text[i]);
        }
        i++;
        if (n == 0)
            continue;
        uint64_t h = pl_xxh3_64(word, n);
        w->hash = pl_xxh3_64_seed(&h, sizeof h, w->hash);
        keep_word(w, (uint32_t)h);
    }
    w->has_words = true;
}

const struct ck_words *ck_words(struct pl_checks *c, const struct pl_entry *en)
{
    struct ck_words *w = ck_row(c, en);

    if (!w->has_words)
        cut_words(w, pl_entry_cstr(en, PL_F_BODY));
    return w;
}
