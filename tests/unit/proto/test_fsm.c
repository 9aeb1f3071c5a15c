// SPDX-License-Identifier: Apache-2.0
/*
 * State machines: edges, ages, unsound tables, the dump, and the abort on a missing edge.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plimsoll/base/fsm.h"
#include "support/unit.h"

enum { DOOR_CLOSED, DOOR_OPEN, DOOR_GONE, DOOR_COUNT };

static const struct pl_fsm_state door_states[] = {
    {"closed", PL_FSM_BIT(DOOR_OPEN) | PL_FSM_BIT(DOOR_GONE), PL_FSM_INITIAL},
    {"open", PL_FSM_BIT(DOOR_CLOSED), 0},
    {"gone", 0, PL_FSM_FINAL | PL_FSM_ERROR},
};
static const struct pl_fsm_table door = {"door", door_states, DOOR_COUNT};

TEST(fsm_moves_along_edges_when_allowed)
{
    struct pl_env_fake f;
    struct pl_fsm m;
    pl_env_fake_init(&f, 1);
    pl_fsm_init(&m, &door, DOOR_CLOSED, &f.env);
    pl_env_fake_advance_us(&f, 5000);
    assert_int_equal(pl_fsm_age_ms(&m), 5);
    assert_true(pl_fsm_can(&m, DOOR_OPEN));
    assert_false(pl_fsm_can(&m, DOOR_CLOSED));
    assert_false(pl_fsm_can(&m, 77));
    pl_fsm_move(&m, DOOR_OPEN);
    assert_string_equal(pl_fsm_name(&m), "open");
    assert_int_equal(pl_fsm_age_ms(&m), 0);
    pl_fsm_move(&m, DOOR_CLOSED);
    assert_false(pl_fsm_is_final(&m));
    pl_fsm_move(&m, DOOR_GONE);
    assert_true(pl_fsm_is_final(&m));
}

TEST(fsm_aborts_when_there_is_no_edge)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct pl_fsm m;
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        pl_fsm_init(&m, &door, DOOR_CLOSED, NULL);
        pl_fsm_move(&m, DOOR_CLOSED);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static bool sound(const struct pl_fsm_state *states, unsigned n)
{
    struct pl_fsm_table t = {"t", states, n};
    return pl_fsm_table_is_sound(&t);
}

TEST(fsm_tables_are_judged_when_checked)
{
    assert_true(pl_fsm_table_is_sound(&door));
    assert_false(sound(door_states, 2)); /* an edge out of the table */
    assert_false(sound(NULL, 0));
    struct pl_fsm_state no_start[] = {{"a", 2, 0}, {"b", 0, PL_FSM_FINAL}};
    assert_false(sound(no_start, 2));
    struct pl_fsm_state island[] = {{"a", 2, PL_FSM_INITIAL}, {"b", 1, 0}, {"c", 1, 0}};
    assert_false(sound(island, 3));
    struct pl_fsm_state dead_end[] = {{"a", 2, PL_FSM_INITIAL}, {"b", 0, 0}};
    assert_false(sound(dead_end, 2));
    struct pl_fsm_state final_goes_on[] = {{"a", 2, PL_FSM_INITIAL}, {"b", 1, PL_FSM_FINAL}};
    assert_false(sound(final_goes_on, 2));
}

TEST(fsm_prints_its_table_when_dumped)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    pl_fsm_dump(&door, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "machine door\n"
                              "  closed [initial] -> open gone\n"
                              "  open -> closed\n"
                              "  gone [final] [error] ->\n");
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        UNIT(fsm_moves_along_edges_when_allowed),
        UNIT(fsm_aborts_when_there_is_no_edge),
        UNIT(fsm_tables_are_judged_when_checked),
        UNIT(fsm_prints_its_table_when_dumped),
    };
    return RUN(tests);
}
