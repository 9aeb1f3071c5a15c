// SPDX-License-Identifier: Apache-2.0
/*
 * Forbidden functions become compile errors. The build force-includes this file into every source
 * of ours, so nobody includes it by hand. The headers that declare the functions come first:
 * a macro must not meet their declarations. Library functions that only block are declared with
 * the error attribute instead; a source that runs before the loop is built with
 * PL_ALLOW_BLOCKING_PQ (see CMakeLists.txt). tests/lint/banned.sh covers what a macro cannot.
 */
#ifndef PLIMSOLL_BASE_BANNED_H
#define PLIMSOLL_BASE_BANNED_H

#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PL_BANNED(func) sorry_##func##_is_banned_see_base_banned_h

/* No bound on what is written: use pl_strlcpy, snprintf, pl_buf. */
#undef strcpy
#define strcpy(...) PL_BANNED(strcpy)
#undef strcat
#define strcat(...) PL_BANNED(strcat)
#undef strncpy
#define strncpy(...) PL_BANNED(strncpy)
#undef strncat
#define strncat(...) PL_BANNED(strncat)
#undef sprintf
#define sprintf(...) PL_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) PL_BANNED(vsprintf)
#undef gets
#define gets(...) PL_BANNED(gets)

/* Hidden state or silent errors: use base/str.h, base/time.h, base/rng.h. */
#undef strtok
#define strtok(...) PL_BANNED(strtok)
#undef strtok_r
#define strtok_r(...) PL_BANNED(strtok_r)
#undef atoi
#define atoi(...) PL_BANNED(atoi)
#undef atol
#define atol(...) PL_BANNED(atol)
#undef gmtime
#define gmtime(...) PL_BANNED(gmtime)
#undef localtime
#define localtime(...) PL_BANNED(localtime)
#undef ctime
#define ctime(...) PL_BANNED(ctime)
#undef asctime
#define asctime(...) PL_BANNED(asctime)
#undef rand
#define rand(...) PL_BANNED(rand)
#undef srand
#define srand(...) PL_BANNED(srand)

/* Unsafe by design: mkstemp, heap, posix_spawn or libuv, sigaction. */
#undef mktemp
#define mktemp(...) PL_BANNED(mktemp)
#undef alloca
#define alloca(...) PL_BANNED(alloca)
#undef system
#define system(...) PL_BANNED(system)
#undef popen
#define popen(...) PL_BANNED(popen)
#undef signal
#define signal(...) PL_BANNED(signal)

/* Loops are explicit; the database must never block the loop. */
struct uv_loop_s;
struct uv_loop_s *uv_default_loop(void) __attribute__((error("uv_default_loop is banned")));

#ifndef PL_ALLOW_BLOCKING_PQ
struct pg_conn;
struct pg_result;
struct pg_result *PQexec(struct pg_conn *conn, const char *query)
    __attribute__((error("PQexec blocks the loop")));
struct pg_result *PQexecParams(struct pg_conn *conn, const char *command, int nParams,
                               const unsigned *paramTypes, const char *const *paramValues,
                               const int *paramLengths, const int *paramFormats, int resultFormat)
    __attribute__((error("PQexecParams blocks the loop")));
struct pg_result *PQprepare(struct pg_conn *conn, const char *stmtName, const char *query,
                            int nParams, const unsigned *paramTypes)
    __attribute__((error("PQprepare blocks the loop")));
#endif

#endif
