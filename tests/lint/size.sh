#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Sizes that keep code readable: files 600 lines (tests, which are lists, 1000), public headers 200
# (headers of one folder 300), functions 60 (100 with a comment "long: why" inside or right above, which is listed here),
# parameters 6 (the closing struct pl_err * is not counted; more with the same comment).
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0

while read -r lines file; do
    max=600
    [[ $file == tests/*.c ]] && max=1000
    [[ $file == *.h ]] && max=300
    [[ $file == include/* ]] && max=200
    if [ "$lines" -gt "$max" ]; then
        echo "$file: $lines lines, at most $max"
        status=1
    fi
done < <(find include proto server client tests -name '*.[ch]' | sort | xargs wc -l | grep -v ' total$')

# A function starts at a "{" in column 1 and ends at a "}" there (.clang-format sees to it).
# shellcheck disable=SC2016
check='
function commas(text,    i, c, depth, n) {
    sub(/^[^(]*\(/, "", text)
    depth = 0; n = 0
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "(") depth++
        else if (c == ")") { if (depth == 0) break; depth-- }
        else if (c == "," && depth == 0) n++
    }
    return n
}
FNR == 1 { inside = 0; head = ""; above = "" }
/^\{/ && head ~ /\(/ {
    inside = 1; start = FNR; why = above ~ /long:/ ? above : ""; name = head
    if (why == "" && commas(head) - (head ~ /struct pl_err \*e\)/) > 5) { printf "%s:%d: more than 6 parameters\n", FILENAME, FNR; bad = 1 }
    next
}
inside && /long:/ { why = $0 }
inside && /^\}/ {
    n = FNR - start + 1
    if (name ~ /^TEST\(/) sub(/^TEST\(/, "", name)
    sub(/[()].*/, "", name); sub(/.*[ *]/, "", name)
    if (n > 100 || (n > 60 && why == "")) {
        printf "%s:%d: %s has %d lines, at most 60\n", FILENAME, start, name, n; bad = 1
    } else if (n > 60) {
        sub(/.*long: */, "", why); sub(/ *\*\/.*/, "", why)
        printf "long  %s:%d: %s, %d lines: %s\n", FILENAME, start, name, n, why
    }
    inside = 0; head = ""; above = ""
    next
}
inside { next }
/^\/\*/ || /^ \*/ { above = above " " $0; next }
/^[A-Za-z_]/ { head = $0; next }
/^[ \t]/ { head = head " " $0; next }
/^$/ { head = ""; above = ""; next }
END { exit bad }
'
find proto server client tests -name '*.c' | sort | xargs awk "$check" || status=1
exit $status
