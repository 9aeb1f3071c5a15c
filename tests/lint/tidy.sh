#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy on every source of the programs, by .clang-tidy but without the analyzer, which takes
# minutes and does not understand uthash: `cmake --workflow --preset tidy` runs that as well.
# Needs a build made by clang, for its list of commands: PL_BUILD/../asan or build/asan.
set -u
cd "$(dirname "$0")/../.." || exit 1
commands=$(dirname "${PL_BUILD:-$PWD/build/dev}")/asan
[ -f "$commands/compile_commands.json" ] || cmake -S . -B "$commands" -G Ninja \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DPL_SANITIZE=address,undefined >/dev/null ||
    exit 1
# The generated schema must exist before the codec can be read.
ninja -C "$commands" -t targets all | sed -n 's/: CUSTOM_COMMAND$//p' | grep -E '\.pb-c\.h$|sql_embed\.c$' |
    xargs -r ninja -C "$commands" >/dev/null || exit 1
tool=$(command -v clang-tidy-14 || command -v clang-tidy) || exit 77
find proto server client -name '*.c' -print0 |
    xargs -0 -P "$(nproc)" -n 8 "$tool" -p "$commands" --quiet --checks='-clang-analyzer-*' \
        2>/dev/null | grep -E '(warning|error): ' | sed "s|$PWD/||" | sort -u |
    awk '{ print; bad = 1 } END { exit bad }'
