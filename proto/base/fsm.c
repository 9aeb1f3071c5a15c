// SPDX-License-Identifier: Apache-2.0
/*
 * State tables: check, move, print. The happy path is pl_fsm_move; everything else serves tests,
 * administration and documentation.
 */
#include "plimsoll/base/fsm.h"

#include "plimsoll/base/err.h"
#include "plimsoll/base/log.h"

void pl_fsm_init(struct pl_fsm *f, const struct pl_fsm_table *table, unsigned initial,
                 const struct pl_env *env)
{
    PL_ASSERT(initial < table->count && (table->states[initial].flags & PL_FSM_INITIAL) != 0);
    f->table = table;
    f->env = env != NULL ? env : pl_env_system();
    f->state = initial;
    f->since_ms = pl_env_mono_ms(f->env);
}

bool pl_fsm_can(const struct pl_fsm *f, unsigned next)
{
    return next < f->table->count && (f->table->states[f->state].to & PL_FSM_BIT(next)) != 0;
}

void pl_fsm_move(struct pl_fsm *f, unsigned next)
{
    const struct pl_fsm_table *t = f->table;
    if (!pl_fsm_can(f, next)) {
        LOG_ERR(NULL, "fsm.no_edge", KV_S("machine", t->name), KV_S("from", pl_fsm_name(f)),
                KV_S("to", next < t->count ? t->states[next].name : "?"));
        PL_BUG("no such edge in a state machine");
    }
    LOG_TRACE(NULL, "fsm.move", KV_S("machine", t->name), KV_S("from", pl_fsm_name(f)),
              KV_S("to", t->states[next].name), KV_U("after_ms", pl_fsm_age_ms(f)));
    f->state = next;
    f->since_ms = pl_env_mono_ms(f->env);
}

const char *pl_fsm_name(const struct pl_fsm *f)
{
    return f->table->states[f->state].name;
}

uint64_t pl_fsm_age_ms(const struct pl_fsm *f)
{
    return pl_env_mono_ms(f->env) - f->since_ms;
}

bool pl_fsm_is_final(const struct pl_fsm *f)
{
    return (f->table->states[f->state].flags & PL_FSM_FINAL) != 0;
}

bool pl_fsm_table_is_sound(const struct pl_fsm_table *table)
{
    uint64_t all = 0;
    uint64_t reached = 0;
    if (table->count == 0 || table->count > PL_FSM_STATES_MAX)
        return false;
    for (unsigned i = 0; i < table->count; i++)
        all |= PL_FSM_BIT(i);
    for (unsigned i = 0; i < table->count; i++) {
        const struct pl_fsm_state *s = &table->states[i];
        if (s->name == NULL || (s->to & ~all) != 0)
            return false;
        if ((s->flags & PL_FSM_FINAL) != 0 && s->to != 0)
            return false;
        if ((s->flags & PL_FSM_FINAL) == 0 && s->to == 0)
            return false;
        if ((s->flags & PL_FSM_INITIAL) != 0)
            reached |= PL_FSM_BIT(i);
    }
    /* each round adds at least one state, or it is the last */
    for (unsigned round = 0; round < table->count; round++) {
        for (unsigned i = 0; i < table->count; i++) {
            if ((reached & PL_FSM_BIT(i)) != 0)
                reached |= table->states[i].to;
        }
    }
    return reached == all;
}

void pl_fsm_dump(const struct pl_fsm_table *table, FILE *out)
{
    (void)fprintf(out, "machine %s\n", table->name);
    for (unsigned i = 0; i < table->count; i++) {
        const struct pl_fsm_state *s = &table->states[i];
        (void)fprintf(out, "  %s%s%s%s ->", s->name,
                      (s->flags & PL_FSM_INITIAL) != 0 ? " [initial]" : "",
                      (s->flags & PL_FSM_FINAL) != 0 ? " [final]" : "",
                      (s->flags & PL_FSM_ERROR) != 0 ? " [error]" : "");
        for (unsigned j = 0; j < table->count; j++) {
            if ((s->to & PL_FSM_BIT(j)) != 0)
                (void)fprintf(out, " %s", table->states[j].name);
        }
        (void)fputc('\n', out);
    }
}
