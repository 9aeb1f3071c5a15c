// SPDX-License-Identifier: Apache-2.0
/*
 * The configuration parser: any bytes are refused with a message or give values that print to a
 * file which reads back to the same values.
 */
#include <stdlib.h>
#include <string.h>

#include "plimsoll/base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const formats[] = {"text", "json", NULL};

struct target {
    char *name;
    char *path;
    bool flag;
    uint64_t number, size, time;
    int format;
};

static const struct pl_conf_opt opts[] = {
    PL_CONF_STR("a", "name", struct target, name, NULL, "Name"),
    PL_CONF_STR("a", "path", struct target, path, "/x", "Path"),
    PL_CONF_BOOL("b", "flag", struct target, flag, "no", "Flag"),
    PL_CONF_NUM(PL_CONF_NUMBER, "b", "number", struct target, number, "1", 0, 0, "Number"),
    PL_CONF_NUM(PL_CONF_SIZE, "b", "size", struct target, size, "1K", 0, 0, "Size"),
    PL_CONF_NUM(PL_CONF_DURATION, "b", "time", struct target, time, "1s", 0, 0, "Time"),
    PL_CONF_ENUM("b", "format", struct target, format, "text", formats, "Format"),
};
static const struct pl_conf_table table = {opts, sizeof opts / sizeof opts[0]};

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_round_trip(const struct target *t)
{
    struct target back = {0};
    struct pl_err e;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    PL_ASSERT(out != NULL);
    pl_conf_print(&table, t, out);
    (void)fclose(out);
    PL_ASSERT(pl_conf_parse(&table, "printed", text, n, &back, &e) == 0);
    PL_ASSERT(same_text(t->name, back.name) && same_text(t->path, back.path));
    PL_ASSERT(t->flag == back.flag && t->number == back.number && t->size == back.size);
    PL_ASSERT(t->time == back.time && t->format == back.format);
    pl_conf_release(&table, &back);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct target t = {0};
    struct pl_err e;
    PL_ASSERT(pl_conf_defaults(&table, &t, &e) == 0);
    int rc = pl_conf_parse(&table, "input", (const char *)data, n, &t, &e);
    if (rc == 0)
        check_round_trip(&t);
    else
        PL_ASSERT(rc == -PL_E_CONFIG && e.code == PL_E_CONFIG && e.text[0] != '\0');
    pl_conf_release(&table, &t);
    return 0;
}
