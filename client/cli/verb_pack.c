// SPDX-License-Identifier: Apache-2.0
/*
 * The pack of materials: one folder with the review as Markdown, every file, and SHA256SUMS, which
 * `sha256sum -c` reads. A file that is there already with the right content is not fetched again,
 * so a pack that was broken off goes on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/render/markdown.h"
#include "plimsoll/wire/limits.h"

#include "cli/calendar.h"
#include "cli/cli_int.h"
#include "cli/file_step.h"
#include "cli/verb_entry.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define PATH_CAP   4096
#define NAME_CAP   230u
#define OUTPUT_MAX (64u * 1024u * 1024u)

static const struct pl_opt pack_opts[] = {CLI_COMMON};

struct pack {
    struct cli *c;
    struct review *r;
    const char *dir;
    struct pl_buf sums;
    json_t *items;
    size_t fetched;
};

static int add_sum(struct pack *p, const char *hex, const char *name, uint64_t size)
{
    (void)json_array_append_new(p->items, json_pack("{s:s, s:s, s:I}", "name", name, "sha256", hex,
                                                    "size", (json_int_t)size));
    int rc = pl_buf_add_str(&p->sums, hex);
    if (rc == 0)
        rc = pl_buf_add_str(&p->sums, "  ");
    if (rc == 0)
        rc = pl_buf_add_str(&p->sums, name);
    return rc < 0 ? rc : pl_buf_add_byte(&p->sums, '\n');
}

/* Is this content there already? */
static bool is_there(const char *path, const struct cli_file *f)
{
    uint8_t piece[8192];
    uint8_t sum[PL_SHA256_BYTES];
    char hex[2 * PL_SHA256_BYTES + 1];
    struct pl_sha256 h;
    size_t n = 0;
    FILE *in = fopen(path, "re");
    if (!in)
        return false;
    pl_sha256_init(&h);
    while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
        pl_sha256_update(&h, piece, n);
    bool good = !ferror(in);
    (void)fclose(in);
    pl_sha256_final(&h, sum);
    pl_hex_encode(sum, sizeof(sum), hex);
    return good && pl_str_eq(hex, f->sha256);
}

static int pack_file(struct pack *p, const struct pl_entry *en, struct pl_err *e)
{
    char id[PL_SHORT_ID_MAX];
    char safe[NAME_CAP];
    char name[NAME_CAP + PL_SHORT_ID_MAX + 1];
    char path[PATH_CAP];
    struct cli_file f;
    struct transfer_result done;
    if (!cli_file_of(en, &f))
        return 0;
    cli_entry_id(en, id);
    (void)pl_file_name_safe(f.name, strlen(f.name), PL_FILE_NAME_MAX, safe, sizeof(safe));
    (void)snprintf(name, sizeof(name), "%s-%s", id, safe);
    int rc = pl_path_join(path, sizeof(path), p->dir, name);
    if (rc < 0)
        return pl_fail(e, PL_E_LIMIT, "the path is too long");
    if (!is_there(path, &f)) {
        rc = cli_file_get(p->c, p->r, en, path, &done, e);
        p->fetched++;
    }
    return rc < 0 ? rc : add_sum(p, f.sha256, name, f.size);
}

static int write_text(struct pack *p, const char *name, const struct pl_buf *b, struct pl_err *e)
{
    char path[PATH_CAP];
    if (pl_path_join(path, sizeof(path), p->dir, name) < 0)
        return pl_fail(e, PL_E_LIMIT, "the path is too long");
    return pl_file_write_atomic(path, b->data, b->len, pl_file_mode_plain(), e);
}

static int pack_text(struct pack *p, const char *name, const struct pl_buf *b, struct pl_err *e)
{
    uint8_t sum[PL_SHA256_BYTES];
    char hex[2 * PL_SHA256_BYTES + 1];
    int rc = write_text(p, name, b, e);
    if (rc < 0)
        return rc;
    pl_sha256(b->data, b->len, sum);
    pl_hex_encode(sum, sizeof(sum), hex);
    return add_sum(p, hex, name, b->len);
}

static int pack_review(struct pack *p, struct pl_err *e)
{
    struct pl_buf b;
    pl_buf_init(&b, OUTPUT_MAX);
    int rc = pl_render_markdown(review_doc(p->r), &b, e);
    if (rc == 0)
        rc = pack_text(p, "review.md", &b, e);
    pl_buf_release(&b);
    return rc;
}

/* Only when something is planned. */
static int pack_calendar(struct pack *p, struct pl_err *e)
{
    struct pl_buf b;
    struct pl_err none;
    pl_buf_init(&b, OUTPUT_MAX);
    int rc = cli_calendar(p->c, review_doc(p->r), &b, &none);
    rc = rc < 0 ? 0 : pack_text(p, "review.ics", &b, e);
    pl_buf_release(&b);
    return rc;
}

static int pack_all(struct pack *p, struct pl_err *e)
{
    static const uint32_t kinds[] = {PL_KIND_MATERIAL, PL_KIND_EVIDENCE};
    const struct pl_doc *d = review_doc(p->r);
    int rc = pack_review(p, e);
    for (size_t k = 0; rc == 0 && k < COUNT(kinds); k++) {
        size_t n = pl_doc_list(d, kinds[k], NULL, 0);
        struct pl_eid *ids = pl_xcalloc(n + 1, sizeof(*ids));
        struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
        (void)pl_doc_list(d, kinds[k], all, n);
        for (size_t i = 0; i < n; i++)
            ids[i] = pl_entry_eid(all[i]);
        free(all);
        /* While files come others go on writing: entries are looked up again. */
        for (size_t i = 0; rc == 0 && i < n; i++) {
            const struct pl_entry *en = pl_doc_entry(review_doc(p->r), ids[i]);
            rc = en ? pack_file(p, en, e) : 0;
        }
        free(ids);
    }
    if (rc == 0)
        rc = pack_calendar(p, e);
    return rc < 0 ? rc : write_text(p, "SHA256SUMS", &p->sums, e);
}

static int run_pack(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    struct pack p = {.c = c, .dir = c->opt->output};
    (void)opts;
    (void)argc;
    c->out_is_mine = true;
    int rc = p.dir && !pl_str_eq(p.dir, "-") ? cli_open_named(c, argv[0], true, &p.r, e)
                                             : pl_fail(e, PL_E_USAGE, "where to? -o FOLDER");
    if (rc == 0)
        rc = pl_mkdir_p(p.dir, 0755, e);
    if (rc < 0)
        return rc;
    pl_buf_init(&p.sums, OUTPUT_MAX);
    p.items = json_array();
    rc = pack_all(&p, e);
    json_t *j = cli_envelope(c, "materials.pack", pl_doc_rev(review_doc(p.r)));
    (void)json_object_set_new(j, "folder", json_string(p.dir));
    (void)json_object_set_new(j, "items", p.items);
    if (rc < 0)
        json_decref(j);
    else if (!cli_json(c, j) && pl_buf_add(&c->out, p.sums.data, p.sums.len) < 0)
        c->out_failed = true;
    if (rc == 0)
        cli_say(c, "%zu fetched; 'session pack' notes that the materials were sent", p.fetched);
    pl_buf_release(&p.sums);
    return rc;
}

const struct cli_verb verb_materials_pack = {
    .opt = {"materials pack", "REVIEW",
            "review, files and SHA256SUMS in a folder (-o), to send to who comes", pack_opts,
            COUNT(pack_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll materials pack REV-1 -o pack && (cd pack && sha256sum -c SHA256SUMS)\n"
                "  plimsoll session pack REV-1   # note that they were sent\n",
    .fields = "name,sha256,size",
    .run = run_pack,
};
