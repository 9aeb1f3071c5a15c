#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What base/banned.h cannot catch, and rules about the text of the sources itself.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0

# deny PATTERN WHY FILTER: no source line matches, comments of one line and the filtered paths aside
deny() {
    local hits
    hits=$(grep -rnE --include='*.[ch]' "$1" include proto server client tests |
        grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' | grep -vE "$3")
    if [ -n "$hits" ]; then
        echo "$hits"
        echo "    ^ $2"
        status=1
    fi
}

none='^$'
deny '\bstrto(l|ul|ll|ull|imax|umax)\(' 'numbers are parsed by base/str.h' '^proto/base/str\.c:'
deny '\bPQ[a-z]\w+\(' 'only server/store talks to the database' \
    '^(server/store/|tests/|include/plimsoll/base/banned\.h)'
deny '\bSSL_\w+\(' 'only proto/tls uses the SSL API' '^(proto/tls/|tests/)'
deny '\buv_default_loop\(' 'loops are explicit' '^include/plimsoll/base/banned\.h'
deny '(^|[^_a-zA-Z])assert\(' 'PL_ASSERT stays on in release' "$none"
deny '\b(TODO|FIXME|XXX|HACK)\b' 'finish it or leave it out' "$none"
deny '^typedef (struct|union|enum)' 'struct tags, no typedefs' "$none"
deny $'\t' 'four spaces, no tabs' "$none"
deny '__attribute__\(\(cleanup' 'one idiom: a single out: label' "$none"
deny '\b(setjmp|longjmp)\(' 'no jumps between functions' "$none"
# (nanosleep is the pause of a loop that asks again, before any event loop runs)
deny '\b(sleep|usleep)\(' 'wait for a condition' "$none"

# One label a function, named out or fail.
# shellcheck disable=SC2016
labels='
FNR == 1 { n = 0 }
/^[a-z_]+:$/ {
    if ($0 != "out:" && $0 != "fail:") { printf "%s:%d: label %s\n", FILENAME, FNR, $0; bad = 1 }
    if (++n > 1) { printf "%s:%d: a second label, split the function\n", FILENAME, FNR; bad = 1 }
}
/^\}/ { n = 0 }
END { exit bad }
'
find proto server client tests -name '*.c' | sort | xargs awk "$labels" || status=1

# Every source says its licence, then what it is for.
# shellcheck disable=SC2016
heads='
(FNR == 1 && $0 != "// SPDX-License-Identifier: Apache-2.0") || (FNR == 2 && $0 !~ /^\/\*/) {
    printf "%s: begins without licence line and block comment\n", FILENAME; bad = 1
}
FNR == 2 { nextfile }
END { exit bad }
'
find include proto server client tests -name '*.[ch]' | sort | xargs awk "$heads" || status=1
unsigned=$(find sql proto/schema tests deploy .ci -name '*.sql' -o -name '*.proto' -o -name '*.sh' | sort |
    xargs grep -L 'SPDX-License-Identifier: Apache-2.0')
if [ -n "$unsigned" ]; then
    echo "$unsigned"
    echo "    ^ no licence line"
    status=1
fi
exit $status
