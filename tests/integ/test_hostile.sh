#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Peers that break the rules against a real server: what hostile.c does, and what only another TLS
# library can: TLS 1.2, an unknown ALPN, plain text. Each gets a named error or a clean close, the
# server lives on, and a person at work in a review does not notice.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
hostile=$build/tests/integ/hostile
[ -x "$hostile" ] || exit 77
command -v openssl >/dev/null || exit 77

rig hostile
serve 1 --set limits.stall=3s --set limits.connections_per_device=20 --set limits.changesets_per_s=1000 \
    --set limits.edit_bytes_per_s=100MiB --set limits.handshakes_per_s=1000
join ana eve
"$server" device list eve --json >"$work/devices" || fail "device list"
device=$(sed -nE 's/.*"id": "?([0-9]+).*/\1/p' "$work/devices" | head -n 1)
"$server" device revoke "$device" >"$work/revoke" 2>&1 || fail "revoke: $(cat "$work/revoke")"

timeout 180 "$hostile" --config "$work/ana" --revoked "$work/eve" --pid "${pid[1]}" --stall-ms 3000 ||
    fail "hostile peers"

talk() { timeout 10 openssl s_client -connect 127.0.0.1:"${port[1]}" "$@" </dev/null 2>&1; }
talk -tls1_2 | grep -q 'protocol version' || fail "TLS 1.2 is not refused as such"
talk -alpn h2 | grep -qi 'no application protocol' || fail "an unknown ALPN is not refused as such"
ok "TLS 1.2 and an unknown ALPN"
exec 3<>"/dev/tcp/127.0.0.1/${port[1]}" || fail "connect"
# One write, by a process of its own: the server may have closed before a second one.
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >"$work/request"
cat "$work/request" >&3
timeout 8 cat <&3 >"$work/plain" 2>"$work/plain.err"
[ $? -ne 124 ] || fail "plain text is not answered by a close"
exec 3>&-
! grep -qi plimsoll "$work/plain" || fail "the server talks to plain text"
ok "plain text"

alive "${pid[1]}" || fail "the server has died"
as ana list >/dev/null || fail "ana cannot work any more"
kill -TERM "${pid[1]}"
until_true 30 gone "${pid[1]}" || fail "the server does not stop"
grep -q 'server\.stopped' "$(log_of 1)" || fail "the server did not stop in an orderly way"
ok "the server lived through all of it, and stopped without a leak"
