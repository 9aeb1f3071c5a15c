// SPDX-License-Identifier: Apache-2.0
/*
 * Reading what was refused back: beside each rescue text stands the changeset itself, so that it
 * can be offered again in another form. Once offered it is kept under another ending, and never
 * offered twice.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/wire/message.h"

#include "sync/rescue.h"

#define HEAD     "plimsoll-refused 1\n"
#define FILE_MAX (64u * 1024u * 1024u)
#define KEPT     ".cs"
#define OFFERED  ".offered"

/* HEAD, then "code at_us\n", then the reason up to a newline, then the changeset. */
int rescue_encode(int code, int64_t at_us, const char *why, const struct pl_cs *lost,
                  struct pl_buf *out)
{
    int rc = pl_buf_add_str(out, HEAD);

    if (rc == 0)
        rc = pl_buf_printf(out, "%d %" PRId64 "\n", code, at_us);
    for (const char *p = why != NULL ? why : ""; rc == 0 && *p != '\0'; p++)
        rc = pl_buf_add_byte(out, *p == '\n' ? ' ' : (uint8_t)*p);
    if (rc == 0)
        rc = pl_buf_add_byte(out, '\n');
    return rc == 0 ? pl_cs_encode(lost, out, NULL) : rc;
}

/* The bytes up to a newline, which is passed over; NULL when there is none. */
static const char *take_line(const char **at, const char *end, size_t *n)
{
    const char *line = *at;
    const char *stop = memchr(line, '\n', (size_t)(end - line));

    if (stop == NULL)
        return NULL;
    *n = (size_t)(stop - line);
    *at = stop + 1;
    return line;
}

static int decode(const uint8_t *bytes, size_t n, struct rescued *out)
{
    const char *at = (const char *)bytes;
    const char *end = at + n;
    size_t len = 0;
    char numbers[64];
    const char *line;
    char *space;
    int64_t code = 0;

    if (n < sizeof HEAD || memcmp(at, HEAD, sizeof HEAD - 1) != 0)
        return -PL_E_BAD_MESSAGE;
    at += sizeof HEAD - 1;
    line = take_line(&at, end, &len);
    if (line == NULL || len >= sizeof numbers)
        return -PL_E_BAD_MESSAGE;
    (void)pl_strlcpy(numbers, line, len + 1);
    space = strchr(numbers, ' ');
    if (space == NULL)
        return -PL_E_BAD_MESSAGE;
    *space = '\0';
    if (pl_parse_i64(numbers, &code) != 0 || pl_parse_i64(space + 1, &out->at_us) != 0)
        return -PL_E_BAD_MESSAGE;
    out->code = (int)code;
    line = take_line(&at, end, &len);
    if (line == NULL)
        return -PL_E_BAD_MESSAGE;
    len = len < sizeof out->why ? len : sizeof out->why - 1;
    (void)pl_strlcpy(out->why, line, len + 1);
    return pl_cs_decode(&out->cs, at, (size_t)(end - at), NULL);
}

/* "7-20260301T140207-1.cs" */
static bool read_name(const char *name, uint64_t *review, bool *is_offered)
{
    const char *dash = strchr(name, '-');

    *is_offered = pl_str_ends(name, OFFERED);
    return dash != NULL && dash != name &&
           pl_parse_u64n(name, (size_t)(dash - name), review) == 0 &&
           (*is_offered || pl_str_ends(name, KEPT));
}

static void load(const char *dir, const char *name, struct rescued *out)
{
    struct pl_buf bytes;

    pl_cs_init(&out->cs);
    out->path = pl_xasprintf("%s/%s", dir, name);
    out->is_readable = pl_file_read_all(out->path, FILE_MAX, &bytes, NULL) == 0 && bytes.len > 0 &&
                       decode(bytes.data, bytes.len, out) == 0;
    pl_buf_release(&bytes);
}

static int by_name(const void *a, const void *b)
{
    const struct rescued *x = a;
    const struct rescued *y = b;

    if (x->review != y->review)
        return x->review < y->review ? -1 : 1;
    return strcmp(x->path, y->path);
}

int rescue_list(const char *state_dir, const char *host, uint64_t review, struct rescue_list *out,
                struct pl_err *e)
{
    char clean[256];
    struct dirent *de;
    DIR *d;

    memset(out, 0, sizeof *out);
    rescue_host_name(clean, sizeof clean, host);
    char *dir = pl_xasprintf("%s/rescue/%s", state_dir, clean);
    d = opendir(dir);
    int rc = d != NULL || errno == ENOENT
                 ? 0
                 : pl_fail(e, PL_E_IO, "cannot read %s: %s", dir, strerrordesc_np(errno));
    while (d != NULL && (de = readdir(d)) != NULL) {
        uint64_t of = 0;
        bool is_offered = false;
        if (!read_name(de->d_name, &of, &is_offered) || (review != 0 && of != review))
            continue;
        out->items = pl_xrealloc(out->items, out->n + 1, sizeof *out->items);
        struct rescued *x = &out->items[out->n++];
        memset(x, 0, sizeof *x);
        x->review = of;
        x->is_offered = is_offered;
        load(dir, de->d_name, x);
    }
    if (d != NULL)
        (void)closedir(d);
    free(dir);
    if (out->n > 0)
        qsort(out->items, out->n, sizeof *out->items, by_name);
    for (size_t i = 0; i < out->n; i++)
        out->items[i].number = i > 0 && out->items[i - 1].review == out->items[i].review
                                   ? out->items[i - 1].number + 1
                                   : 1;
    return rc;
}

void rescue_list_release(struct rescue_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->items[i].path);
        pl_cs_release(&l->items[i].cs);
    }
    free(l->items);
    memset(l, 0, sizeof *l);
}

int rescue_mark_offered(struct rescued *x, struct pl_err *e)
{
    size_t n = strlen(x->path) - (sizeof KEPT - 1);
    char *to = pl_xasprintf("%.*s%s", (int)n, x->path, OFFERED);
    int rc = pl_file_move(x->path, to, e);

    free(to);
    x->is_offered = rc == 0;
    return rc;
}
