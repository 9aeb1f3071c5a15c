// SPDX-License-Identifier: Apache-2.0
/*
 * Escaping for mdoc(7). See mdoc_int.h.
 */
#include "mdoc_int.h"

#include <stdbool.h>
#include <string.h>

static void put(char c, FILE *out)
{
    if (c == '\\') {
        (void)fputs("\\e", out);
    } else if (c == '-') {
        (void)fputs("\\-", out);
    } else {
        (void)fputc(c, out);
    }
}

void pl_mdoc_text(const char *text, FILE *out)
{
    size_t n = strlen(text);
    if (*text == '.' || *text == '\'')
        (void)fputs("\\&", out);
    for (size_t i = 0; i < n; i++) {
        /* It becomes a sentence, also where the usage has but a phrase. */
        bool lower = i == 0 && text[0] >= 'a' && text[0] <= 'z';
        put(lower ? (char)(text[0] - 'a' + 'A') : text[i], out);
        if (text[i] == '.' && text[i + 1] == ' ') {
            (void)fputc('\n', out);
            i++;
        }
    }
    (void)fputs(n > 0 && text[n - 1] == '.' ? "\n" : ".\n", out);
}

void pl_mdoc_word(const char *word, FILE *out)
{
    (void)fputs("\\&", out);
    for (; *word != '\0'; word++)
        put(*word, out);
}
