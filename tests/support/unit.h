// SPDX-License-Identifier: Apache-2.0
/*
 * What every unit test includes instead of cmocka.h: cmocka needs four headers before itself.
 * Test functions are named <module>_<does_what>_when_<condition> and listed with UNIT(name).
 */
#ifndef PLIMSOLL_TESTS_SUPPORT_UNIT_H
#define PLIMSOLL_TESTS_SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNIT(function) cmocka_unit_test(function)
/* A test without the unused parameter: TEST(buf_grows_when_full) { ... } */
#define TEST(function) static void function(void **unused_state __attribute__((unused)))
/* Runs a static table of tests as main's result. */
#define RUN(tests) cmocka_run_group_tests((tests), NULL, NULL)

#endif
