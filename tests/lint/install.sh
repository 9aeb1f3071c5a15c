#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs into an empty folder and compares the list of files, with their modes, to
# tests/lint/install.golden. tests/lint/install.sh --update writes the list anew.
set -eu
cd "$(dirname "$0")/../.."
build=${PL_BUILD:-$PWD/build/dev}
if [ ! -x "$build/plimsolld" ] || [ ! -x "$build/plimsoll" ]; then
    echo "build both programs first: $build"
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(umask 022 && DESTDIR=$work/root cmake --install "$build" --prefix /usr >"$work/log")
(cd "$work/root" && find . ! -type d -printf '%M %p\n' | LC_ALL=C sort -k 2) >"$work/list"
bash -n "$work"/root/usr/share/bash-completion/completions/plimsoll
if [ "${1-}" = --update ]; then
    cp "$work/list" tests/lint/install.golden
    exit 0
fi
diff -u tests/lint/install.golden "$work/list"
