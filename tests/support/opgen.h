// SPDX-License-Identifier: Apache-2.0
/*
 * Random ops for property tests, in a form that shrinks.
 *
 * A recipe says how to build an op on a text of any length: counts that are too large are cut. So
 * parts of it can be taken away, and what is left still makes an op. Texts are short and the
 * alphabet is small (with scalars of 1 to 4 bytes): collisions must be likely.
 */
#ifndef TESTS_SUPPORT_OPGEN_H
#define TESTS_SUPPORT_OPGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/base/rng.h"
#include "plimsoll/merge/op.h"

#define RECIPE_STEPS 6
#define RECIPE_CHARS 4
#define SOURCE_CHARS 14

/* Retain, insert or delete; what an insert inserts is text[0, n). */
struct recipe_step {
    enum pl_comp_kind kind;
    uint32_t n;
    uint8_t text[RECIPE_CHARS]; /* indexes of the alphabet */
};

struct recipe {
    unsigned steps;
    struct recipe_step step[RECIPE_STEPS];
};

/* A text to start from. */
struct source {
    unsigned n;
    uint8_t text[SOURCE_CHARS]; /* indexes of the alphabet */
};

void source_random(struct source *s, struct pl_prng *r);
void recipe_random(struct recipe *rc, struct pl_prng *r);

/* Makes the text, the op on a text of `len`; with `t` the op gets its deleted text. */
void source_build(const struct source *s, struct pl_text *out_uninit);
void recipe_build(const struct recipe *rc, uint32_t len, const struct pl_text *t,
                  struct pl_op *out_uninit);

/* Makes it a little smaller in way number `way` (0, 1, ...); false when there is no such way. */
bool source_shrink(struct source *s, unsigned way);
bool recipe_shrink(struct recipe *rc, unsigned way);

/* How much there is to shrink. */
size_t source_size(const struct source *s);
size_t recipe_size(const struct recipe *rc);

/* Printed to stderr, on one line. */
void source_print(const char *name, const struct source *s);
void recipe_print(const char *name, const struct recipe *rc);
void op_print(const char *name, const struct pl_op *op);

/* Is the op in canonical form, and does it survive encoding and decoding? NULL or what is wrong. */
const char *op_fault(const struct pl_op *op);

/* Is the deleted text that op carries that of t? */
bool op_deleted_is_right(const struct pl_op *op, const struct pl_text *t);

bool text_eq(const struct pl_text *a, const struct pl_text *b);

/* Seed and number of runs from PL_SEED and PL_RUNS (a fresh seed is drawn and printed). */
uint64_t prop_seed(const char *program);
unsigned prop_runs(unsigned if_unset);

#endif
