#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every C file is as clang-format 14 writes it. To mend: clang-format -i FILE.
set -u
cd "$(dirname "$0")/../.." || exit 1
tool=$(command -v clang-format-14 || command -v clang-format) || exit 77
find include proto server client tests -name '*.[ch]' -print0 |
    xargs -0 -P "$(nproc)" -n 20 "$tool" --dry-run --Werror 2>&1 |
    grep -E 'error:' | sed 's/error: code should be clang-formatted.*/not formatted/' | sort -u |
    awk '{ print; bad = 1 } END { exit bad }'
