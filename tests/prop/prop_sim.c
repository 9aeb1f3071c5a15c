// SPDX-License-Identifier: Apache-2.0
/*
 * Runs the simulation of the protocol over many random schedules (PL_RUNS, first seed PL_SEED) and
 * makes a failing one smaller before it prints it. With --must-fail N one rule is broken (N = 1, 3,
 * 4, 5: client/sync/fault.h; 2: a store without the fence), and the program fails unless the
 * simulation notices.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plimsoll/base/mem.h"
#include "plimsoll/base/str.h"
#include "plimsoll/base/time.h"

#include "prop/sim/sim.h"
#include "support/opgen.h"
#include "sync/fault.h"

#define RUNS_DEFAULT   300
#define RUNS_MUST_FAIL 3000

static char doing[80]; /* for the signal handler: which seed was under way */

static void on_abort(int sig)
{
    (void)sig;
    (void)!write(STDERR_FILENO, doing, strlen(doing));
    _exit(99);
}

static void watch(uint64_t seed)
{
    (void)snprintf(doing, sizeof doing, "aborted in the run of seed %llu\n",
                   (unsigned long long)seed);
}

/* --- shrinking ----------------------------------------------------------------------------------
 */

static bool fails(const struct schedule *s, char why[400])
{
    struct sim_counts counts = {0};

    return !sim_run(s, &counts, why);
}

/* Leaves steps [from, from + n) out; false when the rest does not fail. */
static bool try_without(struct schedule *s, unsigned from, unsigned n, char why[400])
{
    struct schedule *less = pl_xmemdup(s, sizeof *s);
    char less_why[400];

    memmove(less->steps + from, less->steps + from + n, (s->n - from - n) * sizeof less->steps[0]);
    less->n = s->n - n;
    bool still = fails(less, less_why);
    if (still) {
        *s = *less;
        memcpy(why, less_why, 400);
    }
    free(less);
    return still;
}

static void shrink(struct schedule *s, char why[400])
{
    for (unsigned size = s->n / 2; size > 0; size /= 2) {
        for (unsigned from = 0; from + size <= s->n;) {
            if (!try_without(s, from, size, why))
                from += size;
        }
    }
}

static void report(struct schedule *s, char why[400])
{
    uint64_t seed = s->seed;
    char first[400];

    memcpy(first, why, sizeof first);
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, first);
    shrink(s, why);
    fprintf(stderr, "smallest: %u steps, %u clients, %u nodes: %s\n", s->n, s->set.clients,
            s->set.nodes, why);
    for (unsigned i = 0; i < s->n; i++) {
        const struct step *st = &s->steps[i];
        fprintf(stderr, "  {%u, %u, %u, %u, %u},\n", st->kind, st->a, st->b, st->c, st->d);
    }
    fprintf(stderr, "again: PL_SEED=%llu PL_RUNS=1\n", (unsigned long long)seed);
}

/* --- runs ---------------------------------------------------------------------------------------
 */

static void print_counts(const struct sim_counts *c, uint64_t us)
{
    printf("%llu runs, %llu steps, %llu revisions, %llu edits, %llu undos, %llu refused, "
           "%llu fenced, %llu resent, %llu duplicates, %llu behind, %llu snapshots, %llu crashes, "
           "%llu failovers, %llu typed pairs; %.1f s, %.0f runs/s\n",
           (unsigned long long)c->runs, (unsigned long long)c->steps, (unsigned long long)c->revs,
           (unsigned long long)c->edits, (unsigned long long)c->undos,
           (unsigned long long)c->refused, (unsigned long long)c->fenced,
           (unsigned long long)c->resends, (unsigned long long)c->duplicates,
           (unsigned long long)c->behind, (unsigned long long)c->snapshots,
           (unsigned long long)c->crashes, (unsigned long long)c->failovers,
           (unsigned long long)c->pairs, (double)us / 1e6, (double)c->runs * 1e6 / (double)us);
}

static int run_all(uint64_t seed, unsigned runs, unsigned fault)
{
    struct schedule *s = pl_xmalloc(sizeof *s);
    struct sim_counts counts = {0};
    uint64_t start = pl_mono_us();
    char why[400];
    bool ok = true;
    unsigned i;

    for (i = 0; i < runs && ok; i++) {
        watch(seed + i);
        schedule_make(s, seed + i);
        s->set.no_fence = fault == 2;
        ok = sim_run(s, &counts, why);
    }
    if (fault != 0 && ok)
        fprintf(stderr, "fault %u was not noticed in %u runs\n", fault, runs);
    else if (fault != 0)
        printf("fault %u noticed in run %u, seed %llu: %s\n", fault, i, (unsigned long long)s->seed,
               why);
    else if (!ok)
        report(s, why);
    print_counts(&counts, pl_mono_us() - start);
    free(s);
    return ok == (fault == 0) ? 0 : 1;
}

int main(int argc, char **argv)
{
    const struct sigaction act = {.sa_handler = on_abort};
    uint64_t fault = 0;

    (void)sigaction(SIGABRT, &act, NULL);
    if (argc == 3 && strcmp(argv[1], "--must-fail") == 0 && pl_parse_u64(argv[2], &fault) == 0) {
#ifdef PL_SYNC_FAULTS
        sync_fault = fault == 2 ? SYNC_FAULT_NONE : (enum sync_fault_kind)fault;
#else
        fprintf(stderr, "this build has no faults\n");
        return 2;
#endif
    }
    uint64_t seed = prop_seed("prop_sim");
    return run_all(seed, prop_runs(fault == 0 ? RUNS_DEFAULT : RUNS_MUST_FAIL), (unsigned)fault);
}
