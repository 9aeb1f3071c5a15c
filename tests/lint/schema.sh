#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The schema keeps the rules that the wire relies on: no message contains itself, nesting stays in the
# limit, no maps, no proto3 `optional`, no repeated numbers. And what was given out stays given out:
# field numbers, message numbers and error codes are compared with tests/lint/schema.txt, where a
# line is added with a new field and never removed or changed.
#
# Usage: tests/lint/schema.sh [--update]    (--update appends what is new to the list)
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
list=$root/tests/lint/schema.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

complain() {
    echo "schema: $*" >&2
    status=1
}

# One statement a line, without comments.
for file in "$root"/proto/schema/*.proto; do
    sed -e 's://.*$::' "$file" | tr '\n' ' ' | sed -e 's:/\*[^*]*\*/::g' -e 's:[{};]:&\n:g' |
        sed -e 's:^ *::' -e 's:  *: :g' -e '/^$/d' \
            >>"$work/statements"
done

# "field MESSAGE NUMBER NAME TYPE", "bad ..." for what is forbidden.
awk '
    /^message / { message = $2; depth = 1; next }
    /^enum /    { print "bad", "enum", $2, "(unknown values would pass unchecked)"; next }
    /^oneof /   { depth++; next }
    /^}/        { if (--depth == 0) message = ""; next }
    /\{$/       { print "bad", "nested block in", message ": " $0; next }
    message == "" { next }
    /^reserved / { next }
    /^map ?</    { print "bad", "map in", message; next }
    /^optional / { print "bad", "optional in", message; next }
    {
        repeated = ""
        if ($1 == "repeated") { repeated = "repeated:"; sub(/^repeated /, "") }
        sub(/;$/, ""); sub(/ *\[.*$/, "")
        if (NF != 4 || $3 != "=" || $4 !~ /^[0-9]+$/) {
            print "bad", "statement in", message ": " $0
            next
        }
        scalar = "^(double|float|u?int(32|64)|sint(32|64)|s?fixed(32|64)|bool)$"
        if (repeated != "" && $1 ~ scalar) print "bad", "repeated number in", message "." $2
        if (++fields[message] > 64) print "bad", "more than 64 fields in", message
        if (repeated != "" && ++many[message] > 2) print "bad", "more than 2 repeated in", message
        if ((message, $4) in used) print "bad", "number", $4, "twice in", message
        used[message, $4] = 1
        print "field", message, $4, $2, repeated $1
    }
' "$work/statements" >"$work/parsed"

grep '^bad ' "$work/parsed" >"$work/bad" || true
while IFS= read -r line; do
    complain "${line#bad }"
done <"$work/bad"

# Depth by relaxation: a message that contains itself never settles.
awk -v max="$(sed -n 's/^#define PL_MSG_DEPTH_MAX *\([0-9]*\)u.*/\1/p' \
    "$root/include/plimsoll/wire/limits.h")" '
    $1 == "field" {
        depth[$2] = 1
        type = $5; sub(/^repeated:/, "", type)
        n++; from[n] = $2; to[n] = type
    }
    END {
        for (round = 0; round <= max; round++) {
            changed = 0
            for (i = 1; i <= n; i++)
                if (to[i] in depth && depth[from[i]] < depth[to[i]] + 1) {
                    depth[from[i]] = depth[to[i]] + 1
                    changed = 1
                }
            if (!changed) exit 0
        }
        for (m in depth) if (depth[m] > max) print m
    }
' "$work/parsed" >"$work/deep"
while IFS= read -r message; do
    [ -z "$message" ] || complain "message $message contains itself or nests too deeply"
done <"$work/deep"

# Everything that has a number for ever.
{
    grep '^field ' "$work/parsed" | sort -k2,2 -k3,3n
    sed -n 's/^PL_MESSAGE(\([A-Z_]*\), \([0-9]*\), \([A-Za-z]*\),.*/message \2 \1 \3/p' \
        "$root/include/plimsoll/wire/messages.def"
    sed -n 's/^PL_ERROR(\([A-Z_]*\), \([0-9]*\), [0-9]*, "\([a-z_]*\)",.*/error \2 \1 \3/p' \
        "$root/include/plimsoll/base/errors.def"
} >"$work/now"

if [ "${1:-}" = --update ]; then
    touch "$list"
    grep -vxF -f "$list" "$work/now" >"$work/new" || true
    cat "$work/new" >>"$list"
fi

# Same number, other meaning; and what is not in the list yet.
awk '
    function key() { return $1 == "field" ? $1 " " $2 " " $3 : $1 " " $2 }
    /^#/ || NF == 0 { next }
    FILENAME == ARGV[1] {
        if (key() in was) print "schema.txt has two lines for", key()
        was[key()] = $0
        next
    }
    !(key() in was)        { print "not in schema.txt yet (run with --update):", $0; next }
    was[key()] != $0       { print "was:", was[key()], "- is now:", $0, "(take a new number)" }
' "$list" "$work/now" >"$work/differences"
while IFS= read -r line; do
    [ -z "$line" ] || complain "$line"
done <"$work/differences"

[ "$status" = 0 ] && echo "schema: $(wc -l <"$work/now") numbers as listed"
exit "$status"
