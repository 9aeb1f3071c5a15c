// SPDX-License-Identifier: Apache-2.0
/*
 * See file_step.h. A refused connection is no end here: who has sent half a file waits for the
 * server to come back.
 */
#include "cli/file_step.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"

#define A_DAY_MS     86400000u
#define SHOWN_MS     10000u
#define PROGRESS_MS  200u
#define NAME_MAX_LEN 240u /* bytes; file systems take 255, and ".part" comes behind */

struct waiting {
    struct cli *c;
    const char *what;
    bool is_done, is_shown;
    uint64_t shown_ms;
    int rc;
    struct transfer_result *out;
    struct pl_err *e;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
    struct waiting *w = ctx;
    const struct cli_common *o = w->c->opt;
    uint64_t now = uv_now(&w->c->loop);
    if (o->quiet || o->json || o->jsonl || !isatty(STDERR_FILENO))
        return;
    if (done < total && now - w->shown_ms < PROGRESS_MS)
        return;
    w->shown_ms = now;
    w->is_shown = true;
    (void)fprintf(stderr, "\r%s %.1f of %.1f MB (%u%%)\033[K", w->what, (double)done / 1e6,
                  (double)total / 1e6, (unsigned)(done * 100 / (total ? total : 1)));
    (void)fflush(stderr);
}

static void on_ended(void *ctx, int rc, const struct transfer_result *r, const struct pl_err *e)
{
    struct waiting *w = ctx;
    w->is_done = true;
    w->rc = rc;
    *w->out = *r;
    if (rc < 0)
        (void)pl_fail(w->e, e->code, "%s", e->text);
    if (w->is_shown)
        (void)fputc('\n', stderr);
}

static bool has_ended(void *ctx)
{
    const struct waiting *w = ctx;
    return w->is_done;
}

static int finish(struct waiting *w, struct transfer *t, struct pl_err *e)
{
    bool was_patient = w->c->is_patient;
    w->c->is_patient = true;
    int rc = cli_wait(w->c, has_ended, w, A_DAY_MS, e);
    w->c->is_patient = was_patient;
    if (!w->is_done)
        transfer_cancel(t);
    return w->is_done ? w->rc : rc;
}

bool cli_file_of(const struct pl_entry *en, struct cli_file *out)
{
    uint32_t kind = pl_entry_kind(en);
    if (kind == PL_KIND_MATERIAL)
        *out = (struct cli_file){pl_entry_str(en, PL_F_MATERIAL_FILE_NAME),
                                 pl_entry_str(en, PL_F_MATERIAL_FILE_TYPE),
                                 pl_entry_str(en, PL_F_MATERIAL_FILE_SHA256),
                                 (uint64_t)pl_entry_int(en, PL_F_MATERIAL_FILE_SIZE, 0)};
    else if (kind == PL_KIND_EVIDENCE)
        *out = (struct cli_file){pl_entry_str(en, PL_F_EVIDENCE_FILE_NAME),
                                 pl_entry_str(en, PL_F_EVIDENCE_FILE_TYPE),
                                 pl_entry_str(en, PL_F_EVIDENCE_FILE_SHA256),
                                 (uint64_t)pl_entry_int(en, PL_F_EVIDENCE_FILE_SIZE, 0)};
    else
        *out = (struct cli_file){"", "", "", 0};
    return out->sha256[0] != '\0';
}

struct showing {
    struct review *r;
    struct pl_eid entry;
    char sha256[2 * PL_SHA256_BYTES + 1];
};

static bool is_shown(void *ctx)
{
    const struct showing *s = ctx;
    struct cli_file f;
    const struct pl_entry *en = pl_doc_entry(review_doc(s->r), s->entry);
    return en == NULL || (cli_file_of(en, &f) && pl_str_eq(f.sha256, s->sha256));
}

int cli_file_put(struct cli *c, const struct cli_upload *u, struct transfer_result *out,
                 struct pl_err *e)
{
    struct transfer *t = NULL;
    struct pl_err none;
    struct waiting w = {.c = c, .what = "sent", .out = out, .e = e};
    const struct transfer_options o = {.review = review_id(u->r),
                                       .entry = u->entry,
                                       .path = u->path,
                                       .name = u->name,
                                       .media_type = u->type};
    const struct transfer_handlers h = {on_progress, on_ended, &w};
    if (c->opt->offline)
        return pl_fail(e, PL_E_UNREACHABLE, "files need the server; leave --offline out");
    int rc = transfer_put(&t, c->client, &o, &h, e);
    if (rc == 0)
        rc = finish(&w, t, e);
    if (rc < 0)
        return rc;
    struct showing s = {.r = u->r, .entry = u->entry};
    pl_hex_encode(out->sha256, sizeof(out->sha256), s.sha256);
    /* It is durable; that the revision arrives here too is only for what is printed. */
    if (cli_wait(c, is_shown, &s, SHOWN_MS, &none) < 0)
        cli_warn(c, "the file is there; the revision that shows it is not here yet");
    return 0;
}

int cli_file_get(struct cli *c, struct review *r, const struct pl_entry *en, const char *path,
                 struct transfer_result *out, struct pl_err *e)
{
    struct transfer *t = NULL;
    struct cli_file f;
    char id[PL_SHORT_ID_MAX];
    struct waiting w = {.c = c, .what = "fetched", .out = out, .e = e};
    const struct transfer_handlers h = {on_progress, on_ended, &w};
    pl_short_id_format(id, pl_entry_kind(en), pl_entry_int(en, PL_F_NO, 0));
    if (!cli_file_of(en, &f))
        return pl_fail(e, PL_E_NOENT, "%s has no file; 'plimsoll attach list' shows which have",
                       id);
    if (c->opt->offline)
        return pl_fail(e, PL_E_UNREACHABLE, "files need the server; leave --offline out");
    const struct transfer_options o = {.review = review_id(r),
                                       .entry = pl_entry_eid(en),
                                       .path = path,
                                       .force = c->opt->force,
                                       .sha256_hex = f.sha256,
                                       .size = f.size};
    int rc = transfer_get(&t, c->client, &o, &h, e);
    return rc < 0 ? rc : finish(&w, t, e);
}

int cli_file_place(const char *output, const char *name, char *out, size_t size, struct pl_err *e)
{
    char safe[NAME_MAX_LEN + 1];
    struct stat st;
    if (output && pl_str_eq(output, "-"))
        return pl_fail(e, PL_E_USAGE,
                       "a file is checked before it gets its name: -o FILE or -o FOLDER, not -");
    if (output && (stat(output, &st) < 0 || !S_ISDIR(st.st_mode))) {
        if (pl_strlcpy(out, output, size) >= size)
            return pl_fail(e, PL_E_LIMIT, "the path is too long");
        return 0;
    }
    /* The server has made it safe; a client does not rely on that. */
    (void)pl_file_name_safe(name, strlen(name), PL_FILE_NAME_MAX, safe, sizeof(safe));
    if (pl_path_join(out, size, output ? output : ".", safe) < 0)
        return pl_fail(e, PL_E_LIMIT, "the path is too long");
    return 0;
}
