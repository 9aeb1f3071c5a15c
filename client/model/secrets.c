// SPDX-License-Identifier: Apache-2.0
/*
 * The file of secrets: a line "plimsoll secrets 1", then "draft NUMBER", "seen STATUS PEOPLE 0|1"
 * and a line "card TOKEN KIND LENS TEXT" for each card, in whose text \n, \t and \\ stand for
 * newline, tab and backslash. It holds no times. An empty one is removed.
 */
#include "model/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/rng.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"

#include "model/client_int.h"
#include "sync/rescue.h"

#define HEAD     "plimsoll secrets 1\n"
#define FILE_MAX (8u * 1024u * 1024u)

void secrets_release(struct secrets *s)
{
    while (s->n > 0)
        secrets_remove(s, s->n - 1);
    free(s->cards);
    *s = (struct secrets){0};
}

void secrets_remove(struct secrets *s, size_t at)
{
    free(s->cards[at].text);
    memmove(&s->cards[at], &s->cards[at + 1], (s->n - at - 1) * sizeof(*s->cards));
    s->n--;
}

static struct secret_card *add_empty(struct secrets *s)
{
    s->cards = pl_xrealloc(s->cards, s->n + 1, sizeof(*s->cards));
    memset(&s->cards[s->n], 0, sizeof(*s->cards));
    return &s->cards[s->n++];
}

const char *secrets_add(struct secrets *s, uint32_t kind, uint32_t lens, const char *text)
{
    uint8_t raw[SECRET_TOKEN_HEX / 2];
    struct secret_card *c = add_empty(s);
    pl_random_bytes(raw, sizeof(raw));
    pl_hex_encode(raw, sizeof(raw), c->token);
    c->kind = kind;
    c->lens = lens;
    c->text = pl_xstrdup(text);
    return c->token;
}

/* --- as text ------------------------------------------------------------------------------------
 */

static int put_text(struct pl_buf *b, const char *s)
{
    int rc = 0;
    for (; rc == 0 && *s; s++) {
        const char *out = *s == '\n' ? "\\n" : *s == '\t' ? "\\t" : *s == '\\' ? "\\\\" : NULL;
        rc = out ? pl_buf_add_str(b, out) : pl_buf_add(b, s, 1);
    }
    return rc;
}

static int encode(const struct secrets *s, struct pl_buf *b)
{
    int rc = pl_buf_add_str(b, HEAD);
    if (rc == 0 && s->draft != 0)
        rc = pl_buf_printf(b, "draft %llu\n", (unsigned long long)s->draft);
    if (rc == 0 && s->status != 0)
        rc = pl_buf_printf(b, "seen %u %u %d\n", s->status, s->people, s->is_one ? 1 : 0);
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        const struct secret_card *c = &s->cards[i];
        rc = pl_buf_printf(b, "card %s %u %u ", c->token, c->kind, c->lens);
        if (rc == 0)
            rc = put_text(b, c->text);
        if (rc == 0)
            rc = pl_buf_add_str(b, "\n");
    }
    return rc;
}

static char *get_text(const char *s)
{
    char *out = pl_xcalloc(strlen(s) + 1, 1);
    char *to = out;
    for (; *s; s++) {
        if (*s == '\\' && s[1])
            *to++ = *++s == 'n' ? '\n' : *s == 't' ? '\t' : *s;
        else
            *to++ = *s;
    }
    return out;
}

static bool get_number(char **at, uint64_t *out)
{
    char *word = strsep(at, " ");
    return word && pl_parse_u64(word, out) == 0;
}

static bool get_card(struct secrets *s, char *at)
{
    char *token = strsep(&at, " ");
    uint64_t kind = 0;
    uint64_t lens = 0;
    if (!token || strlen(token) != SECRET_TOKEN_HEX || !get_number(&at, &kind) ||
        !get_number(&at, &lens) || !at || kind > 100 || lens > 100 || s->n >= SECRET_CARDS_MAX)
        return false;
    char *text = get_text(at);
    if (!pl_utf8_is_clean(text, strlen(text), NULL)) {
        free(text);
        return false;
    }
    struct secret_card *c = add_empty(s);
    (void)pl_strlcpy(c->token, token, sizeof(c->token));
    c->kind = (uint32_t)kind;
    c->lens = (uint32_t)lens;
    c->text = text;
    return true;
}

static bool get_seen(struct secrets *s, char *at)
{
    uint64_t status = 0;
    uint64_t people = 0;
    uint64_t is_one = 0;
    if (!get_number(&at, &status) || !get_number(&at, &people) || !get_number(&at, &is_one) ||
        status > 100 || people > 100000 || is_one > 1)
        return false;
    s->status = (uint32_t)status;
    s->people = (uint32_t)people;
    s->is_one = is_one == 1;
    return true;
}

static bool decode(struct secrets *s, char *text)
{
    if (!pl_str_starts(text, HEAD))
        return false;
    char *at = text + strlen(HEAD);
    char *line = NULL;
    while ((line = strsep(&at, "\n")) != NULL) {
        bool good = line[0] == '\0' ||
                    (pl_str_starts(line, "draft ") && pl_parse_u64(line + 6, &s->draft) == 0) ||
                    (pl_str_starts(line, "seen ") && get_seen(s, line + 5)) ||
                    (pl_str_starts(line, "card ") && get_card(s, line + 5));
        if (!good)
            return false;
    }
    return true;
}

/* --- the file -----------------------------------------------------------------------------------
 */

int secrets_path(struct client *c, uint64_t review, char *out, size_t size, struct pl_err *e)
{
    char host[PL_INVITE_HOST_MAX + 40];
    char safe[PL_INVITE_HOST_MAX + 40];
    client_journal_host(c, host, sizeof(host));
    rescue_host_name(safe, sizeof(safe), host);
    int n = snprintf(out, size, "%s/secrets/%s-REV-%llu", c->state_dir, safe,
                     (unsigned long long)review);
    if (n < 0 || (size_t)n >= size)
        return pl_fail(e, PL_E_LIMIT, "the path of the state folder is too long");
    return 0;
}

static int load(const char *path, struct secrets *out, struct pl_err *e)
{
    struct pl_buf b;
    int rc = pl_file_read_all(path, FILE_MAX, &b, e);
    *out = (struct secrets){0};
    if (rc == -PL_E_NOENT) {
        pl_err_init(e);
        rc = 0;
    } else if (rc == 0 && !decode(out, (char *)b.data)) {
        rc = pl_fail(e, PL_E_INVALID, "%s is not as plimsoll wrote it; put it aside", path);
    }
    pl_buf_release(&b);
    if (rc < 0)
        secrets_release(out);
    return rc;
}

int secrets_load(struct client *c, uint64_t review, struct secrets *out, struct pl_err *e)
{
    char path[CLIENT_PATH_MAX];
    int rc = secrets_path(c, review, path, sizeof(path), e);
    return rc < 0 ? rc : load(path, out, e);
}

static int store(const char *path, const struct secrets *s, struct pl_err *e)
{
    struct pl_buf b;
    if (s->n == 0 && s->draft == 0 && s->status == 0) {
        if (unlink(path) < 0 && errno != ENOENT)
            return pl_fail(e, PL_E_IO, "%s: %s", path, strerror(errno));
        return 0;
    }
    pl_buf_init(&b, FILE_MAX);
    int rc = encode(s, &b);
    if (rc < 0)
        rc = pl_fail(e, PL_E_LIMIT, "too many cards");
    else
        rc = pl_file_write_atomic(path, b.data, b.len, 0600, e);
    pl_buf_release(&b);
    return rc;
}

/* The lock is a file of its own, since the other one is replaced. */
static int lock(const char *path, int *fd, struct pl_err *e)
{
    char name[CLIENT_PATH_MAX + 8];
    (void)snprintf(name, sizeof(name), "%s.lock", path);
    char *slash = strrchr(name, '/');
    *slash = '\0';
    int rc = pl_mkdir_p(name, 0700, e);
    *slash = '/';
    if (rc < 0)
        return rc;
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0 || flock(*fd, LOCK_EX) < 0) {
        rc = pl_fail(e, PL_E_IO, "%s: %s", name, strerror(errno));
        if (*fd >= 0)
            (void)close(*fd);
    }
    return rc;
}

int secrets_change(struct client *c, uint64_t review, secrets_change_cb change, void *ctx,
                   struct pl_err *e)
{
    char path[CLIENT_PATH_MAX];
    struct secrets s;
    int fd = -1;
    int rc = secrets_path(c, review, path, sizeof(path), e);
    if (rc == 0)
        rc = lock(path, &fd, e);
    if (rc < 0)
        return rc;
    rc = load(path, &s, e);
    if (rc == 0) {
        rc = change(ctx, &s, e);
        if (rc == 0)
            rc = store(path, &s, e);
        secrets_release(&s);
    }
    (void)close(fd);
    return rc < 0 ? rc : 0;
}
