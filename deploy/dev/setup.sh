#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what building and testing needs on Debian 12: deploy/dev/setup.sh [build|test|browser]
# "build" is enough for the two programs, "test" (the default) adds what tests/run needs, "browser"
# adds Chromium. Does nothing when all is there; otherwise it needs root or sudo.
set -eu

build=(ca-certificates clang cmake gcc libc6-dev libinih-dev libjansson-dev libncurses-dev libpq-dev
    libprotobuf-c-dev libsodium-dev libssl-dev libutf8proc-dev libuv1-dev libxxhash-dev make
    ninja-build pkg-config postgresql protobuf-c-compiler uthash-dev)
check=(clang-format clang-tidy codespell git golang-go golang-golang-x-mod-dev jq libclang-rt-14-dev
    libcmocka-dev libvterm-dev llvm-14 locales mandoc openssl procps python3 python3-icalendar shellcheck socat tmux)
browser=(chromium)

case ${1-test} in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" "${check[@]}") ;;
browser) wanted=("${build[@]}" "${check[@]}" "${browser[@]}") ;;
*)
    echo "usage: $0 [build|test|browser]" >&2
    exit 2
    ;;
esac

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1 || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: as root, please: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}" >&2
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
    -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
"${apt[@]}" update >/dev/null || echo "setup: cannot refresh the package lists, trying all the same" >&2
"${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null
