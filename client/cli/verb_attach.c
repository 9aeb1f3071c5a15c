// SPDX-License-Identifier: Apache-2.0
/*
 * Files of a review: attach to a material (made on the way, when none is named) or to evidence,
 * list, fetch with their checksum, and the whole pack of materials in a folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/utf8.h"
#include "plimsoll/wire/limits.h"

#include "cli/cli_int.h"
#include "cli/file_step.h"
#include "cli/verb_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATH_CAP 4096

struct attach_opts {
    struct cli_common common;
    const char *title, *kind, *name, *type;
};

#define OPT(long_name, field, arg, help)                                                  \
    {                                                                                     \
        0, long_name, PL_OPT_STRING, offsetof(struct attach_opts, field), arg, NULL, help \
    }

static const struct pl_opt plain_opts[] = {CLI_COMMON};
static const struct pl_opt add_opts[] = {
    CLI_COMMON,
    OPT("title", title, "TEXT", "title of the new material; the file's name when nothing is said"),
    OPT("kind", kind, "KIND", "timeline, log, rca, metrics, link, file"),
    OPT("name", name, "NAME", "name under which others see the file"),
    OPT("type", type, "TYPE", "media type; by the name when nothing is said"),
};

/* --- add ----------------------------------------------------------------------------------------
 */

/* A material of mine with this title that has no file yet: an upload that was broken off. */
static struct pl_entry *find_unfinished(const struct pl_doc *d, uint64_t user, const char *title)
{
    struct cli_file f;
    struct pl_entry *found = NULL;
    size_t n = pl_doc_list(d, PL_KIND_MATERIAL, NULL, 0);
    struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
    (void)pl_doc_list(d, PL_KIND_MATERIAL, all, n);
    for (size_t i = 0; i < n; i++)
        if (pl_entry_created_by(all[i]) == user && !cli_file_of(all[i], &f) &&
            pl_entry_str(all[i], PL_F_MATERIAL_URL)[0] == '\0' &&
            pl_str_eq(pl_entry_str(all[i], PL_F_MATERIAL_TITLE), title))
            found = all[i];
    free(all);
    return found;
}

static int make_material(struct cli *c, struct review *r, const struct attach_opts *o,
                         const char *path, struct pl_eid *eid, struct pl_err *e)
{
    char name[4 * PL_FILE_NAME_MAX + 1];
    bool queued = false;
    const char *from = o->name ? o->name : path;
    (void)pl_file_name_safe(from, strlen(from), PL_FILE_NAME_MAX, name, sizeof(name));
    const char *title = o->title ? o->title : name;
    const struct pl_entry *old = find_unfinished(review_doc(r), c->profile.user, title);
    if (old) {
        *eid = pl_entry_eid(old);
        return 0;
    }
    const struct act_field f[] = {{"title", title}, {"kind", o->kind ? o->kind : "file"}};
    int rc = act_add(r, PL_KIND_MATERIAL, PL_EID_ROOT, f, COUNT(f), eid, e);
    return rc < 0 ? rc : cli_settle(c, r, &queued, e);
}

static int check_path(struct cli *c, const char *path, struct pl_err *e)
{
    uint64_t size = 0;
    int fd = transfer_open_file(path, &size, e);
    if (fd < 0) {
        c->hint = "Check the path of the file, and whether you may read it";
        return fd;
    }
    (void)close(fd);
    return 0;
}

static int run_add(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    const struct attach_opts *o = opts;
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct pl_eid eid = PL_EID_ROOT;
    struct transfer_result done;
    uint64_t id = 0;
    const char *name = NULL;
    (void)argc;
    int rc = check_path(c, argv[1], e); /* before a material is made for nothing */
    if (rc == 0)
        rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && name && (o->title || o->kind))
        rc = pl_fail(e, PL_E_USAGE, "--title and --kind are for a new material; use 'set' here");
    if (rc == 0 && c->opt->offline)
        rc = pl_fail(e, PL_E_UNREACHABLE, "files need the server; leave --offline out");
    if (rc == 0)
        rc = cli_open(c, id, name != NULL, &r, e);
    if (rc == 0 && name)
        rc = act_find(review_doc(r), name, 0, &en, e);
    if (rc == 0 && en)
        eid = pl_entry_eid(en);
    else if (rc == 0)
        rc = make_material(c, r, o, argv[1], &eid, e);
    const struct cli_upload u = {r, eid, argv[1], o->name, o->type};
    if (rc == 0)
        rc = cli_file_put(c, &u, &done, e);
    return rc < 0 ? rc : cli_entry_result(c, r, eid, false, e);
}

const struct cli_verb verb_attach_add = {
    .opt = {"attach add", "REVIEW[/ENTRY] FILE",
            "attach a file to a material or evidence; without one a material is made", add_opts,
            COUNT(add_opts), 2, 2},
    .opt_size = sizeof(struct attach_opts),
    .examples = "  plimsoll attach add REV-1 graph.png --title 'Errors by minute' --kind metrics\n"
                "  plimsoll attach add REV-1/M-2 trace.log   # goes on after a broken upload\n",
    .fields_kind = PL_KIND_MATERIAL,
    .run = run_add,
};

/* --- list ---------------------------------------------------------------------------------------
 */

static void list_one(const struct pl_doc *d, const struct pl_entry *en, struct cli_table *t,
                     json_t *items)
{
    char id[PL_SHORT_ID_MAX];
    char label[400];
    char size[24] = "";
    struct cli_file f;
    const char *kind = pl_entry_kind(en) == PL_KIND_MATERIAL
                           ? pl_enum_name(PL_EN_MATERIAL, pl_entry_int(en, PL_F_MATERIAL_KIND, 0))
                           : "evidence";
    bool has = cli_file_of(en, &f);
    cli_entry_id(en, id);
    (void)pl_entry_label(en, label, sizeof(label));
    if (has)
        (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)f.size);
    const char *url = has ? f.name : "";
    if (!has && pl_entry_kind(en) == PL_KIND_MATERIAL)
        url = pl_entry_str(en, PL_F_MATERIAL_URL);
    const char *row[] = {id, kind, size, f.sha256, url, label};
    cli_table_row(t, row);
    (void)json_array_append_new(items, cli_entry_json(d, en));
}

static int run_list(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    static const char *const heads[] = {"ID", "KIND", "SIZE", "SHA-256", "FILE", "TITLE"};
    static const uint32_t kinds[] = {PL_KIND_MATERIAL, PL_KIND_EVIDENCE};
    struct review *r = NULL;
    (void)opts;
    (void)argc;
    int rc = cli_open_named(c, argv[0], true, &r, e);
    if (rc < 0)
        return rc;
    const struct pl_doc *d = review_doc(r);
    struct cli_table *t = cli_table_new(heads, COUNT(heads));
    json_t *j = cli_envelope(c, "attach.list", pl_doc_rev(d));
    json_t *items = json_array();
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct cli_file f;
        size_t n = pl_doc_list(d, kinds[k], NULL, 0);
        struct pl_entry **all = pl_xcalloc(n + 1, sizeof(struct pl_entry *));
        (void)pl_doc_list(d, kinds[k], all, n);
        for (size_t i = 0; i < n; i++)
            if (kinds[k] == PL_KIND_MATERIAL || cli_file_of(all[i], &f))
                list_one(d, all[i], t, items);
        free(all);
    }
    (void)json_object_set_new(j, "items", items);
    return cli_list_end(c, t, j, e);
}

const struct cli_verb verb_attach_list = {
    .opt = {"attach list", "REVIEW", "materials, and evidence that has a file", plain_opts,
            COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll attach list REV-1\n"
                "  plimsoll attach list REV-1 --json=id,file_name,file_size,file_sha256\n",
    .fields_kind = PL_KIND_REVIEW,
    .run = run_list,
};

/* --- get ----------------------------------------------------------------------------------------
 */

static int run_get(struct cli *c, void *opts, int argc, char **argv, struct pl_err *e)
{
    char path[PATH_CAP];
    char sum[2 * PL_SHA256_BYTES + 1];
    struct review *r = NULL;
    struct pl_entry *en = NULL;
    struct transfer_result done;
    struct cli_file f;
    uint64_t id = 0;
    const char *name = NULL;
    (void)opts;
    (void)argc;
    c->out_is_mine = true;
    int rc = cli_connect(c, e);
    if (rc == 0)
        rc = cli_split_id(c, argv[0], &id, &name, e);
    if (rc == 0 && !name)
        rc = pl_fail(e, PL_E_USAGE, "which file? write REV-1/M-2");
    if (rc == 0)
        rc = cli_open(c, id, true, &r, e);
    if (rc == 0)
        rc = act_find(review_doc(r), name, 0, &en, e);
    if (rc == 0) {
        (void)cli_file_of(en, &f);
        rc = cli_file_place(c->opt->output, f.name, path, sizeof(path), e);
    }
    if (rc == 0)
        rc = cli_file_get(c, r, en, path, &done, e);
    if (rc < 0)
        return rc;
    pl_hex_encode(done.sha256, sizeof(done.sha256), sum);
    json_t *j = cli_envelope(c, "attach.get", pl_doc_rev(review_doc(r)));
    (void)json_object_set_new(j, "path", json_string(path));
    (void)json_object_set_new(j, "size", json_integer((json_int_t)done.size));
    (void)json_object_set_new(j, "sha256", json_string(sum));
    (void)json_object_set_new(j, "resumed_at", json_integer((json_int_t)done.resumed_at));
    if (!cli_json(c, j))
        cli_print(c, "%s  %s\n", sum, path);
    return 0;
}

const struct cli_verb verb_attach_get = {
    .opt = {"attach get", "REVIEW/ENTRY",
            "fetch a file; it gets its name (-o FILE or FOLDER) when its checksum is right",
            plain_opts, COUNT(plain_opts), 1, 1},
    .opt_size = sizeof(struct cli_common),
    .examples = "  plimsoll attach get REV-1/M-2 -o graph.png\n"
                "  plimsoll attach get REV-1/M-2 | sha256sum -c\n",
    .run = run_get,
};
