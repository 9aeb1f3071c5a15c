// SPDX-License-Identifier: Apache-2.0
/*
 * A folder as a source of files, and the search for files below tile/ that belong to no tile of the
 * tree. Tiles at the right edge of an older size may lie there (c2sp.org/tlog-tiles keeps them for
 * whoever still has an older checkpoint): such a one must be the beginning of what follows it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plimsoll/base/file.h"
#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"

#include "verify_int.h"

#define DIR_PATH_MAX 4096

/* ---- a folder ---------------------------------------------------------------------------------
 */

static int dir_read(void *ctx, const char *path, size_t max, struct pl_buf *out, struct pl_err *e)
{
    char full[DIR_PATH_MAX];
    pl_buf_init(out, max);
    if (pl_path_join(full, sizeof(full), ctx, path) != 0) {
        return pl_fail(e, PL_E_IO, "the path is too long: %.100s", path);
    }
    return pl_file_read_all(full, max, out, e);
}

static int dir_list(void *ctx, const char *path,
                    void (*each)(void *each_ctx, const char *name, bool is_dir), void *each_ctx,
                    struct pl_err *e)
{
    char full[DIR_PATH_MAX];
    if (pl_path_join(full, sizeof(full), ctx, path) != 0) {
        return pl_fail(e, PL_E_IO, "the path is too long: %.100s", path);
    }
    DIR *d = opendir(full);
    if (d == NULL) {
        return pl_fail(e, errno == ENOENT ? PL_E_NOENT : PL_E_IO, "%.100s: %s", full,
                       strerror(errno));
    }
    for (struct dirent *x = readdir(d); x != NULL; x = readdir(d)) {
        struct stat st;
        if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0) {
            bool is_dir =
                fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
            each(each_ctx, x->d_name, is_dir);
        }
    }
    (void)closedir(d);
    return 0;
}

struct pl_verify_source pl_verify_dir(const char *path)
{
    /* the functions above only read it */
    return (struct pl_verify_source){(void *)(uintptr_t)path, dir_read, dir_list};
}

int vf_read_file(struct verify *v, const char *path, struct pl_buf *out, struct pl_err *e)
{
    return v->o->source.read(v->o->source.ctx, path, PL_VERIFY_FILE_MAX, out, e);
}

int vf_read_maybe(struct verify *v, const char *path, struct pl_buf *out, bool *is_there,
                  struct pl_err *e)
{
    struct pl_err why;
    int rc = vf_read_file(v, path, out, &why);
    *is_there = rc == 0;
    if (rc == -PL_E_TOO_LARGE) {
        *is_there = true; /* it is there, and not what it should be: cut off is wrong as well */
        return 0;
    }
    return rc == 0 || rc == -PL_E_NOENT ? 0 : pl_fail(e, why.code, "%s", why.text);
}

/* ---- what does not belong there ----------------------------------------------------------------
 */

struct walk {
    char **paths; /* folders that are still to be looked into; of `files`: what was found */
    size_t n, cap;
    const char *folder; /* the one that is being listed */
    struct walk *files;
};

static void push(struct walk *w, const char *folder, const char *name)
{
    if (w->n == w->cap) {
        w->cap = w->cap * 2 + 64;
        w->paths = pl_xrealloc(w->paths, w->cap, sizeof(*w->paths));
    }
    w->paths[w->n++] = pl_xasprintf("%s/%s", folder, name);
}

static void on_name(void *ctx, const char *name, bool is_dir)
{
    struct walk *w = ctx;
    push(is_dir ? w : w->files, w->folder, name);
}

/* "tile/entries/x001/234.p/5" and the like; only in the form that tile_path writes. */
static bool tile_parse(const char *path, int *level, uint64_t *index, unsigned *width)
{
    char again[PATH_MAX_];
    uint64_t n = 0;
    const char *s = path + strlen("tile/");
    const char *slash = strchr(s, '/');
    *level = -1;
    *index = 0;
    *width = TILE_WIDTH;
    if (slash == NULL) {
        return false;
    }
    if (strncmp(s, "entries/", 8) != 0) {
        if (pl_parse_u64n(s, (size_t)(slash - s), &n) != 0 || n >= TILE_LEVELS) {
            return false;
        }
        *level = (int)n;
    }
    for (s = slash + 1; *s != '\0' && *s != '.'; s++) {
        if (*s >= '0' && *s <= '9' && *index < UINT64_MAX / 100) {
            *index = *index * 10 + (uint64_t)(*s - '0');
        } else if (*s != 'x' && *s != '/') {
            return false;
        }
    }
    if (*s == '.') {
        if (strncmp(s, ".p/", 3) != 0 || pl_parse_u64(s + 3, &n) != 0 || n == 0 ||
            n >= TILE_WIDTH) {
            return false;
        }
        *width = (unsigned)n;
    }
    vf_tile_path(*level, *index, *width, again);
    return strcmp(again, path) == 0;
}

/* An older right edge: it must be the beginning of the tile that has grown out of it. */
static int check_edge(struct verify *v, const char *path, const char *grown, struct pl_err *e)
{
    struct pl_buf a;
    struct pl_buf b;
    bool has_a = false;
    bool has_b = false;
    int rc = vf_read_maybe(v, path, &a, &has_a, e);
    int rc2 = vf_read_maybe(v, grown, &b, &has_b, rc == 0 ? e : NULL);
    if (rc == 0 && rc2 == 0 && has_a && has_b &&
        (a.len > b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0))) {
        vf_find_in(v, PL_FINDING_TILE_DIFFERS, path, "it is not the beginning of %s", grown);
    }
    pl_buf_release(&a);
    pl_buf_release(&b);
    return rc != 0 ? rc : rc2;
}

static int check_path(struct verify *v, const char *path, struct pl_err *e)
{
    int level = 0;
    uint64_t index = 0;
    unsigned width = 0;
    char grown[PATH_MAX_];
    if (!tile_parse(path, &level, &index, &width)) {
        vf_find_in(v, PL_FINDING_FILE_STRAY, path, "its name is not that of a tile");
        return 0;
    }
    unsigned of = level < 0 ? 0 : (unsigned)level;
    bool is_full = index < v->tiles[of];
    bool is_edge = index == v->tiles[of] && width <= v->in_tile[of];
    if ((width == TILE_WIDTH && !is_full) || (width < TILE_WIDTH && !is_full && !is_edge)) {
        vf_find_in(v, PL_FINDING_FILE_STRAY, path, "the tree has no such tile");
        return 0;
    }
    unsigned now = is_full ? TILE_WIDTH : v->in_tile[of];
    if (width == now) {
        return 0; /* compared already */
    }
    vf_tile_path(level, index, now, grown);
    return check_edge(v, path, grown, e);
}

int vf_check_stray_tiles(struct verify *v, struct pl_err *e)
{
    struct walk files = {0};
    struct walk folders = {.files = &files};
    int rc = 0;
    push(&folders, "tile", "");
    folders.paths[0][strlen("tile")] = '\0';
    while (rc == 0 && folders.n > 0) {
        char *folder = folders.paths[--folders.n];
        folders.folder = folder;
        rc = v->o->source.list(v->o->source.ctx, folder, on_name, &folders, e);
        if (rc == -PL_E_NOENT) {
            rc = 0; /* an empty log has no tiles */
        }
        free(folder);
    }
    for (size_t i = 0; i < files.n; i++) {
        if (rc == 0) {
            rc = check_path(v, files.paths[i], e);
        }
        free(files.paths[i]);
    }
    while (folders.n > 0) {
        free(folders.paths[--folders.n]);
    }
    free(files.paths);
    free(folders.paths);
    return rc;
}
