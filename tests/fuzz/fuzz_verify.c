// SPDX-License-Identifier: Apache-2.0
/*
 * The verifier over an export of any bytes: the input is a list of files (length of the name 1,
 * name, length 2, bytes). It must end with findings or an error, whatever is there, and say so only
 * in texts of its own.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/verify/verify.h"

#define FILES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
    char name[256];
    const uint8_t *bytes;
    size_t n;
};

struct files {
    struct file v[FILES_MAX];
    size_t n;
    size_t told;
};

static int fuzz_read(void *ctx, const char *path, size_t max, struct pl_buf *out, struct pl_err *e)
{
    const struct files *f = ctx;
    pl_buf_init(out, max);
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->v[i].name, path) == 0) {
            return pl_buf_add(out, f->v[i].bytes, f->v[i].n);
        }
    }
    return pl_fail(e, PL_E_NOENT, "none");
}

static int fuzz_list(void *ctx, const char *path,
                     void (*each)(void *each_ctx, const char *name, bool is_dir), void *each_ctx,
                     struct pl_err *e)
{
    const struct files *f = ctx;
    size_t n = strlen(path);
    bool found = false;
    for (size_t i = 0; i < f->n; i++) {
        const char *name = f->v[i].name;
        if (strncmp(name, path, n) == 0 && name[n] == '/' && name[n + 1] != '\0') {
            char *part = pl_xstrndup(name + n + 1, strcspn(name + n + 1, "/"));
            if (part[0] != '\0') {
                each(each_ctx, part, name[n + 1 + strlen(part)] == '/');
            }
            free(part);
            found = true;
        }
    }
    return found ? 0 : pl_fail(e, PL_E_NOENT, "none");
}

static void on_finding(void *ctx, const struct pl_log_finding *f)
{
    struct files *all = ctx;
    all->told++;
    PL_ASSERT(pl_finding_code(f->kind)[0] != '\0' && pl_finding_what(f->kind)[0] != '\0');
    PL_ASSERT(f->file != NULL && f->why != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t pin[32];
    struct files *f = pl_xcalloc(1, sizeof(*f));
    size_t at = 0;
    while (f->n < FILES_MAX && size - at > 1) {
        struct file *x = &f->v[f->n];
        size_t name = data[at] % 100u;
        if (size - at - 1 < name + 2) {
            break;
        }
        memcpy(x->name, data + at + 1, name);
        at += 1 + name;
        x->n = (size_t)data[at] * 256 + data[at + 1];
        at += 2;
        x->n = x->n > size - at ? size - at : x->n;
        x->bytes = data + at;
        at += x->n;
        f->n++;
    }
    struct pl_verify_result r;
    struct pl_err e;
    struct pl_verify_options o = {.source = {f, fuzz_read, fuzz_list},
                                  .finding = on_finding,
                                  .pin = size % 2 == 0 ? pin : NULL,
                                  .state = f->n > 0 ? (const char *)f->v[0].bytes : NULL,
                                  .state_n = f->n > 0 ? f->v[0].n : 0,
                                  .ctx = f};
    struct pl_verify_since since = {"since", (const char *)data, size};
    o.since = &since;
    o.n_since = 1;
    if (pl_verify(&o, &r, &e) == 0) {
        PL_ASSERT(r.findings == f->told);
    }
    free(f);
    return 0;
}
