#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Manual pages pass mandoc's linter, and what they and the sample configuration say of options is what
# the programs say. tests/lint/man.sh --update writes those parts anew.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${PL_BUILD:-$PWD/build/dev}
pages=(deploy/man/*.[158])
status=0
if [ ! -x "$build/plimsolld" ] || [ ! -x "$build/plimsoll" ]; then
    echo "build both programs first: $build"
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The page with the lines between its two marks printed by the program that the first mark names.
renewed() {
    local line
    while IFS= read -r line; do
        case $line in
        '.\" begin generated: '*)
            read -ra command <<<"${line#*: }"
            printf '%s\n' "$line"
            "$build/${command[0]}" "${command[@]:1}" || return 1
            while IFS= read -r line && [ "$line" != '.\" end generated' ]; do :; done
            ;;
        esac
        printf '%s\n' "$line"
    done <"$1"
}

# settle FILE MADE: compares, or replaces with --update
settle() {
    if [ "$update" = yes ]; then
        cmp -s "$1" "$2" || cp "$2" "$1"
    elif ! diff -u "$1" "$2"; then
        echo "$1: not what the programs say; tests/lint/man.sh --update"
        status=1
    fi
}

update=no
[ "${1-}" != --update ] || update=yes
for page in "${pages[@]}"; do
    grep -q '^.\\" begin generated: ' "$page" || { echo "$page: no generated part"; status=1; }
    renewed "$page" >"$work/page" || { echo "$page: the program failed"; status=1; continue; }
    settle "$page" "$work/page"
done
"$build/plimsolld" help config >"$work/sample" || status=1
settle deploy/conf/plimsolld.conf.sample "$work/sample"
mandoc -T lint -W warning "${pages[@]}" || status=1
exit $status
