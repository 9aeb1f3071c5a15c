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
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/wire/message.h"

#include "sync/rescue.h"

#define HEAD     "plimsoll-refused 1\n"
#define FILE_MAX (64u * 1024u * 1024u)
#define KEPT     ".cs"
#define OFFERED  ".offered"
#define SAID     ".said"
#define SAID_MAX (4u * 1024u * 1024u)

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

/* --- saying it again ----------------------------------------------------------------------------
 */

/* "X.cs" with another ending, for free(). */
static char *beside(const struct rescued *x, const char *ending)
{
    size_t n = strlen(x->path) - (sizeof KEPT - 1);
    return pl_xasprintf("%.*s%s", (int)n, x->path, ending);
}

/* A line of four numbers, each with a blank or the newline behind it. */
static bool read_said(const char *line, size_t n, struct pl_eid *about, struct pl_eid *said)
{
    uint64_t v[4];
    const char *end = line + n;

    for (size_t i = 0; i < 4; i++) {
        const char *stop = i < 3 ? memchr(line, ' ', (size_t)(end - line)) : end;
        if (stop == NULL || pl_parse_u64n(line, (size_t)(stop - line), &v[i]) != 0)
            return false;
        line = stop + (i < 3);
    }
    *about = (struct pl_eid){v[0], (uint32_t)v[1]};
    *said = (struct pl_eid){v[2], (uint32_t)v[3]};
    return v[1] <= UINT32_MAX && v[3] <= UINT32_MAX;
}

bool rescue_said(const struct rescued *x, struct pl_eid about, struct pl_eid *said)
{
    struct pl_buf b;
    char *path = beside(x, SAID);
    bool is_there = false;

    if (pl_file_read_all(path, SAID_MAX, &b, NULL) != 0)
        pl_buf_clear(&b);
    const char *at = (const char *)b.data;
    const char *end = b.len > 0 ? at + b.len : at;
    const char *line;
    size_t n = 0;
    while (at != end && (line = take_line(&at, end, &n)) != NULL) {
        struct pl_eid from, to;
        if (!read_said(line, n, &from, &to) || !pl_eid_eq(from, about))
            continue;
        *said = to; /* the last of an entry counts */
        is_there = true;
    }
    pl_buf_release(&b);
    free(path);
    return is_there;
}

int rescue_note_said(const struct rescued *x, struct pl_eid about, struct pl_eid said,
                     struct pl_err *e)
{
    struct pl_buf b;
    char *path = beside(x, SAID);

    if (pl_file_read_all(path, SAID_MAX, &b, NULL) != 0)
        pl_buf_clear(&b);
    int rc = pl_buf_printf(&b, "%" PRIu64 " %" PRIu32 " %" PRIu64 " %" PRIu32 "\n", about.client,
                           about.n, said.client, said.n);
    rc = rc == 0 ? pl_file_write_atomic(path, b.data, b.len, 0600, e)
                 : pl_fail(e, PL_E_LIMIT, "too much was said of %s", x->path);
    pl_buf_release(&b);
    free(path);
    return rc;
}

int rescue_mark_offered(struct rescued *x, struct pl_err *e)
{
    char *to = beside(x, OFFERED);
    char *said = beside(x, SAID);
    int rc = pl_file_move(x->path, to, e);

    if (rc == 0)
        (void)unlink(said);
    free(said);
    free(to);
    x->is_offered = rc == 0;
    return rc;
}
