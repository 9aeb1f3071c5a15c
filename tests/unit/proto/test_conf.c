// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration: every type at its limits, every fault with its line, printing that reads back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/conf.h"
#include "plimsoll/base/file.h"
#include "support/unit.h"

static const char *const formats[] = {"text", "json", NULL};

struct target {
    char *listen;
    char *name;
    bool strict;
    uint64_t users;
    uint64_t frame;
    uint64_t idle;
    int format;
};

static const struct pl_conf_opt opts[] = {
    PL_CONF_STR("net", "listen", struct target, listen, "0.0.0.0:7474", "Where to listen. Twice."),
    PL_CONF_NUM(PL_CONF_SIZE, "net", "frame_max", struct target, frame, "64 KiB", 1024, 1 << 20,
                "Largest frame"),
    PL_CONF_NUM(PL_CONF_DURATION, "net", "idle", struct target, idle, "30s", 1, 0,
                "How long a connection may say nothing before it is asked whether it is alive, "
                "which is a long sentence."),
    PL_CONF_STR("server", "name", struct target, name, NULL, ".Name"),
    PL_CONF_BOOL("server", "strict", struct target, strict, "yes", "Refuse unknown fields"),
    PL_CONF_NUM(PL_CONF_NUMBER, "server", "users_max", struct target, users, "200", 1, 10000,
                "People"),
    PL_CONF_ENUM("log", "format", struct target, format, "text", formats, "Form of a line"),
};
static const struct pl_conf_table table = {opts, sizeof opts / sizeof opts[0]};

static struct pl_err err;

static int parse(const char *text, struct target *t)
{
    memset(t, 0, sizeof *t);
    assert_int_equal(pl_conf_defaults(&table, t, &err), 0);
    return pl_conf_parse(&table, "f.conf", text, strlen(text), t, &err);
}

static void assert_refused(const char *text, const char *message)
{
    struct target t;
    int rc = parse(text, &t);
    pl_conf_release(&table, &t);
    assert_int_equal(rc, -PL_E_CONFIG);
    assert_string_equal(err.text, message);
}

TEST(conf_has_defaults_when_empty)
{
    struct target t;
    assert_int_equal(parse("", &t), 0);
    assert_string_equal(t.listen, "0.0.0.0:7474");
    assert_null(t.name);
    assert_true(t.strict && t.users == 200 && t.frame == 65536 && t.idle == 30000);
    assert_int_equal(t.format, 0);
    pl_conf_release(&table, &t);
    assert_null(t.listen);
    pl_conf_release(&table, &t);
}

TEST(conf_reads_values_when_well_formed)
{
    struct target t;
    assert_int_equal(
        parse("# comment\r\n[net]\r\nlisten = [::1]:9 ; why\nframe_max=16k\nidle=2m\n\n"
              "[server]\nname = Caf\xC3\xA9 = x\nstrict = OFF\nusers_max = 10000\n"
              "[log]\nformat = JSON",
              &t),
        0);
    assert_string_equal(t.listen, "[::1]:9");
    assert_string_equal(t.name, "Caf\xC3\xA9 = x");
    assert_false(t.strict);
    assert_true(t.users == 10000 && t.frame == 16384 && t.idle == 120000);
    assert_int_equal(t.format, 1);
    pl_conf_release(&table, &t);
}

TEST(conf_names_line_and_neighbour_when_unknown)
{
    assert_refused("[net]\n\nlisen = x\n",
                   "f.conf:3: unknown key 'lisen' in [net]; did you mean net.listen?");
    assert_refused("[log]\nusers_max = 3\n",
                   "f.conf:2: unknown key 'users_max' in [log]; did you mean server.users_max?");
    assert_refused("[server]\nqwertz = 3\n", "f.conf:2: unknown key 'qwertz' in [server]");
    assert_refused("[sever]\n", "f.conf:1: unknown section [sever]; did you mean [server]?");
    assert_refused("\n[metrics]\nx=1\n", "f.conf:2: unknown section [metrics]");
    assert_refused("users_max = 3\n", "f.conf:1: unknown section []");
}

TEST(conf_names_the_rule_when_a_value_is_wrong)
{
    assert_refused("[server]\nusers_max = 0\n",
                   "f.conf:2: server.users_max must be between 1 and 10000, not 0");
    assert_refused("[server]\nusers_max = many\n",
                   "f.conf:2: server.users_max is not a number: 'many'");
    assert_refused("[net]\nframe_max = 2 MiB\n",
                   "f.conf:2: net.frame_max must be between 1KiB and 1MiB, not 2 MiB");
    assert_refused("[net]\nframe_max = 2kB\n",
                   "f.conf:2: net.frame_max is not a size (such as 64 KiB): '2kB'");
    assert_refused("[net]\nframe_max = 18446744073709551615GiB\n",
                   "f.conf:2: net.frame_max is not a size (such as 64 KiB): "
                   "'18446744073709551615GiB'");
    assert_refused("[net]\nidle = 5 weeks\n",
                   "f.conf:2: net.idle is not a duration (such as 30s): '5 weeks'");
    assert_refused("[log]\nformat = xml\n",
                   "f.conf:2: log.format must be one of text | json, not 'xml'");
    assert_refused("[server]\nstrict = maybe\n",
                   "f.conf:2: server.strict must be yes or no, not 'maybe'");
    assert_refused("[server]\nname = a\x1b[1m\n",
                   "f.conf:2: server.name has characters that are not allowed");
}

TEST(conf_refuses_a_line_when_malformed)
{
    struct target t;
    char text[400];
    assert_refused("[server]\nname = a\nname = b\n", "f.conf:3: server.name is set a second time");
    assert_refused("[server]\nname = a\n more\n", "f.conf:3: the line begins with a blank");
    assert_refused("[server]\njust words\n", "f.conf:2: expected 'key = value'");
    assert_refused("[server\nname = a\n", "f.conf:1: expected [section]");
    (void)snprintf(text, sizeof text, "[server]\nname = %0*d\n", PL_CONF_LINE_MAX - 7, 1);
    assert_int_equal(parse(text, &t), 0);
    assert_int_equal(strlen(t.name), PL_CONF_LINE_MAX - 7);
    pl_conf_release(&table, &t);
    (void)snprintf(text, sizeof text, "[server]\nname = %0*d\n", PL_CONF_LINE_MAX - 6, 1);
    assert_refused(text, "f.conf:2: the line is too long");
    memset(&t, 0, sizeof t);
    assert_int_equal(pl_conf_parse(&table, "f.conf", "[server]\nna\0me=x\n", 17, &t, &err),
                     -PL_E_CONFIG);
    assert_string_equal(err.text, "f.conf:2: a NUL byte");
}

TEST(conf_sets_one_value_when_overridden)
{
    struct target t;
    assert_int_equal(parse("", &t), 0);
    assert_int_equal(pl_conf_set(&table, "net.idle", "1500ms", &t, &err), 0);
    assert_true(t.idle == 1500);
    assert_int_equal(pl_conf_set(&table, "server.name", "x", &t, &err), 0);
    assert_int_equal(pl_conf_set(&table, "server.name", "y ;z", &t, &err), -PL_E_CONFIG);
    assert_string_equal(t.name, "x");
    assert_int_equal(pl_conf_set(&table, "idle", "1", &t, &err), -PL_E_CONFIG);
    assert_int_equal(pl_conf_set(&table, "net.idl", "1", &t, &err), -PL_E_CONFIG);
    assert_non_null(strstr(err.text, "net.idle"));
    pl_conf_release(&table, &t);
}

/* Everything printed into new memory. */
static char *printed(void (*print)(FILE *out, const struct target *t), const struct target *t)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    print(out, t);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void print_values(FILE *out, const struct target *t)
{
    pl_conf_print(&table, t, out);
}

static void print_sample(FILE *out, const struct target *t)
{
    (void)t;
    pl_conf_print_sample(&table, out);
}

static void print_man(FILE *out, const struct target *t)
{
    (void)t;
    pl_conf_print_man(&table, out);
}

TEST(conf_reads_back_when_printed)
{
    struct target t;
    struct target back;
    assert_int_equal(parse("[net]\nidle = 90000ms\nframe_max = 1025\n[log]\nformat=json\n", &t), 0);
    char *text = printed(print_values, &t);
    assert_non_null(strstr(text, "idle = 90s\n"));
    assert_int_equal(parse(text, &back), 0);
    assert_true(back.idle == t.idle && back.frame == t.frame && back.format == t.format);
    assert_string_equal(back.listen, t.listen);
    assert_null(back.name);
    pl_conf_release(&table, &t);
    pl_conf_release(&table, &back);
    free(text);
}

TEST(conf_sample_and_manual_are_complete_when_printed)
{
    struct target t;
    char *sample = printed(print_sample, NULL);
    assert_int_equal(parse(sample, &t), 0);
    pl_conf_release(&table, &t);
    char *man = printed(print_man, NULL);
    for (size_t i = 0; i < table.count; i++) {
        assert_non_null(strstr(sample, opts[i].name));
        assert_non_null(strstr(man, opts[i].name));
    }
    assert_non_null(strstr(man, "\n\\&.Name.\n"));
    for (char *line = sample; line != NULL; line = strchr(line + 1, '\n'))
        assert_true(strcspn(line + 1, "\n") <= 80);
    free(sample);
    free(man);
}

TEST(conf_file_is_read_when_named)
{
    char path[] = "/tmp/plimsoll-conf-XXXXXX";
    struct target t = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(pl_fd_write_all(fd, "[server]\nusers_max = 5\n", 23, NULL), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(pl_conf_read(&table, path, &t, &err), 0);
    assert_true(t.users == 5);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pl_conf_read(&table, path, &t, &err), -PL_E_IO);
    assert_non_null(strstr(err.text, "No such file"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(conf_has_defaults_when_empty),
        UNIT(conf_reads_values_when_well_formed),
        UNIT(conf_names_line_and_neighbour_when_unknown),
        UNIT(conf_names_the_rule_when_a_value_is_wrong),
        UNIT(conf_refuses_a_line_when_malformed),
        UNIT(conf_sets_one_value_when_overridden),
        UNIT(conf_reads_back_when_printed),
        UNIT(conf_sample_and_manual_are_complete_when_printed),
        UNIT(conf_file_is_read_when_named),
    };
    return RUN(tests);
}
