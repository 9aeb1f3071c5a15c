// SPDX-License-Identifier: Apache-2.0
/*
 * proto/README.md is complete: every message, field, error and limit of the sources stands in it
 * with its number. Its worked examples are checked by test_readme_examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/base/file.h"
#include "plimsoll/wire/message.h"

#include "proto/wire/codec.h"

#define README     PL_SOURCE_DIR "/proto/README.md"
#define README_MAX (1u << 20)

static char *readme;

static int load_readme(void **state)
{
    struct pl_buf b;
    struct pl_err e;
    (void)state;
    if (pl_file_read_all(README, README_MAX, &b, &e) < 0)
        return -1;
    readme = pl_buf_steal(&b, NULL);
    return 0;
}

static int free_readme(void **state)
{
    (void)state;
    free(readme);
    return 0;
}

/* ---- completeness -----------------------------------------------------------------------------
 */

static void expect(const char *fmt, ...) PL_PRINTF(1, 2);

static void expect(const char *fmt, ...)
{
    char want[400];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(want, sizeof want, fmt, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof want - 1);
    if (strstr(readme, want) == NULL)
        fail_msg("proto/README.md lacks: %s", want);
}

static void readme_lists_every_message(void **state)
{
    (void)state;
#define PL_MESSAGE(name, number, proto, field, direction, state) \
    expect("\n| %u | `%s` | %s | %s |", number, #proto, #direction, #state);
#include "plimsoll/wire/messages.def"
#undef PL_MESSAGE
}

static const char *type_name(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_UINT32:
        return "uint32";
    case PROTOBUF_C_TYPE_UINT64:
        return "uint64";
    case PROTOBUF_C_TYPE_SINT64:
        return "sint64";
    case PROTOBUF_C_TYPE_FIXED64:
        return "fixed64";
    case PROTOBUF_C_TYPE_BOOL:
        return "bool";
    case PROTOBUF_C_TYPE_STRING:
        return "string";
    case PROTOBUF_C_TYPE_BYTES:
        return "bytes";
    case PROTOBUF_C_TYPE_MESSAGE:
        return ((const ProtobufCMessageDescriptor *)f->descriptor)->short_name;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    fail_msg("%s has a type that this test does not know", f->name);
    return "";
}

/* Under the heading of a message its fields, and those of the messages in it under theirs. */
static void expect_fields(const ProtobufCMessageDescriptor *d)
{
    char heading[80];
    (void)snprintf(heading, sizeof heading, "\n#### %s\n", d->short_name);
    const char *at = strstr(readme, heading);
    if (at == NULL)
        fail_msg("proto/README.md has no heading for %s", d->short_name);
    const char *next = strstr(at + 1, "\n#");
    size_t n = next != NULL ? (size_t)(next - at) : strlen(at);
    char *section = strndup(at, n);
    assert_non_null(section);
    for (unsigned i = 0; i < d->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &d->fields[i];
        char row[120];
        (void)snprintf(row, sizeof row, "\n| %u | `%s` | %s%s |", f->id, f->name,
                       f->label == PROTOBUF_C_LABEL_REPEATED ? "repeated " : "", type_name(f));
        if (strstr(section, row) == NULL)
            fail_msg("proto/README.md lacks under %s: %s", d->short_name, row + 1);
    }
    free(section);
}

static void readme_lists_every_field(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *todo[128];
    size_t n = 0;
    for (uint32_t type = 1; type < 128; type++)
        if (pl_codec_descriptor(type) != NULL)
            todo[n++] = pl_codec_descriptor(type);
    for (size_t i = 0; i < n; i++) {
        expect_fields(todo[i]);
        for (unsigned k = 0; k < todo[i]->n_fields; k++) {
            const ProtobufCFieldDescriptor *f = &todo[i]->fields[k];
            bool known = f->type != PROTOBUF_C_TYPE_MESSAGE;
            for (size_t j = 0; j < n && !known; j++)
                known = todo[j] == f->descriptor;
            assert_in_range(n, 0, 126);
            if (!known)
                todo[n++] = f->descriptor;
        }
    }
}

static void readme_lists_every_error(void **state)
{
    (void)state;
#define PL_ERROR(name, wire, exit_status, token, title, suggestion) \
    expect("\n| %d | `%s` | %s |", wire, token, title);
#include "plimsoll/base/errors.def"
#undef PL_ERROR
}

/* The value of "4096u" or "(20u * 1024u * 1024u)". False for a macro with arguments. */
static bool read_value(const char *s, uint64_t *value)
{
    *value = 1;
    bool any = false;
    for (; *s != '\0' && *s != '\n' && *s != '/'; s++) {
        uint64_t n = 0;
        if (*s < '0' || *s > '9')
            continue;
        for (; *s >= '0' && *s <= '9'; s++)
            n = n * 10 + (uint64_t)(*s - '0');
        *value *= n;
        any = true;
        s--;
    }
    return any;
}

static void readme_lists_every_limit(void **state)
{
    (void)state;
    struct pl_buf b;
    int count = 0;
    assert_int_equal(
        pl_file_read_all(PL_SOURCE_DIR "/include/plimsoll/wire/limits.h", README_MAX, &b, NULL), 0);
    char *text = pl_buf_steal(&b, NULL);
    for (char *p = strstr(text, "\n#define PL_"); p != NULL; p = strstr(p, "\n#define PL_")) {
        p += strlen("\n#define ");
        size_t n = strcspn(p, " (\n");
        uint64_t value;
        assert_true(read_value(p + n, &value));
        if (p[n] == '(')
            expect("\n| `%.*s` | 16 x n + 65536 |", (int)n, p);
        else
            expect("\n| `%.*s` | %llu |", (int)n, p, (unsigned long long)value);
        count++;
    }
    assert_in_range(count, 40, 200);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_lists_every_message),
        cmocka_unit_test(readme_lists_every_field),
        cmocka_unit_test(readme_lists_every_error),
        cmocka_unit_test(readme_lists_every_limit),
    };
    return cmocka_run_group_tests(tests, load_readme, free_readme);
}
