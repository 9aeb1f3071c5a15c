#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Public headers: each compiles alone, has the guard of its path, and documents every prototype: a
# comment stands right above it or above its paragraph.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0

while read -r header; do
    name=${header#include/}
    guard=${name//[\/.]/_}
    if ! grep -qx "#ifndef ${guard^^}" "$header"; then
        echo "$header: expected the guard ${guard^^}"
        status=1
    fi
    if ! printf '#include "%s"\nextern int unused;\n' "$name" |
        gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude -x c -; then
        echo "$header: does not compile alone"
        status=1
    fi
done < <(find include -name '*.h' | sort)

# shellcheck disable=SC2016
check='
FNR == 1 { documented = 0; depth = 0; comment = 0 }
/^$/ { documented = 0 }
/\/\*/ { documented = 1; comment = 1 }
/\*\// { comment = 0; if ($0 !~ /;/) next }
comment { next }
/^#/ { if (/\\$/) macro = 1; next }
macro { if (!/\\$/) macro = 0; next }
/^(struct|enum|union)[^(]*\{$/ || /^enum \{/ { depth = 1 }
/^\}/ { depth = 0; next }
depth { next }
/^[a-z_].*\(/ && !/^typedef/ && !documented {
    printf "%s:%d: no comment above %s\n", FILENAME, FNR, $0; bad = 1
}
END { exit bad }
'
find include -name '*.h' ! -name banned.h | sort | xargs awk "$check" || status=1
exit $status
