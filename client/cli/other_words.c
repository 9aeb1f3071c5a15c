// SPDX-License-Identifier: Apache-2.0
/*
 * Words that people try as verbs and that are none: what does the same here, or that nothing does.
 */
#include "plimsoll/base/str.h"

#include "cli/cli_int.h"

static const struct {
    const char *word, *text;
} others[] = {
    {"file", "did you mean 'attach add', 'attach list' or 'attach get'?"},
    {"files", "did you mean 'attach list'?"},
    {"upload", "did you mean 'attach add'?"},
    {"download", "did you mean 'attach get'?"},
    {"search",
     "there is no search over all reviews yet: 'list' finds reviews, 'show REV-1' is one"},
    {"find", "there is no search over all reviews yet: 'list' finds reviews, 'show REV-1' is one"},
    {"publish", "lessons cannot be published yet: 'export' writes a review as Markdown or JSON"},
    {"feed", "there is no feed yet: 'inbox' is what waits for you, 'watch' follows one review"},
    {"audit", "proofs of the audit log are not there yet: 'history' says who changed what"},
    {"verify", "did you mean 'actions verify'?"},
    {"import", "did you mean 'new --from FILE.md'?"},
    {"log", "did you mean 'history'?"},
    {"login", "did you mean 'join'?"},
    {"review", "did you mean 'new', 'list' or 'show'?"},
    {"reviews", "did you mean 'list'?"},
    {"create", "did you mean 'new'?"},
    {"add", "add what? 'timeline add', 'observe add', 'cause add', 'actions add', 'people add'"},
    {"event", "did you mean 'timeline add' or 'timeline list'?"},
    {"events", "did you mean 'timeline list'?"},
    {"observation", "did you mean 'observe add' or 'observe list'?"},
    {"factor", "did you mean 'cause add' or 'cause list'?"},
    {"user", "did you mean 'people add' or 'people list'?"},
    {"participant", "did you mean 'people add' or 'people list'?"},
    {"figures", "did you mean 'metrics'?"},
    {"undo", "did you mean 'restore'? (in the full screen: u)"},
};

const char *cli_other_word(const char *word)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (pl_str_eq(others[i].word, word))
            return others[i].text;
    return NULL;
}
