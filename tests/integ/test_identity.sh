#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Identity end to end: init, invite, join, what a stranger gets to see, revocation of a live
# connection, a server that is killed and finds its PostgreSQL again, the root's key going offline.
# Needs PostgreSQL and the openssl command. PL_BUILD: build folder.
set -u
build=${PL_BUILD:?PL_BUILD is not set}
server=$build/plimsolld
client=$build/plimsoll
if [ ! -x "$server" ] || [ ! -x "$client" ]; then
    echo "plimsolld and plimsoll are not built"
    exit 77
fi
command -v openssl >/dev/null || exit 77

work=$(mktemp -d /tmp/pl-identity-XXXXXX)
chmod 711 "$work" # as root, PostgreSQL's own user must get through
export PLIMSOLLD_DIR=$work/data
log=$work/server.log
pid=
port=

# Its exit status is the server's: a leak or a handle that is left shows there.
stop() {
    [ -n "$pid" ] || return 0
    kill "$pid" 2>/dev/null
    wait "$pid"
    local status=$?
    pid=
    return $status
}
# shellcheck disable=SC2317 # called by the trap
clean() {
    stop
    if [ -s "$work/data/pg/postmaster.pid" ]; then
        kill -QUIT "$(head -1 "$work/data/pg/postmaster.pid")" 2>/dev/null
    fi
    rm -rf "$work"
}
trap clean EXIT

fail() {
    echo "FAIL: $*"
    tail -20 "$log" 2>/dev/null
    exit 1
}
ok() { echo "ok: $*"; }

# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -ge $end ] && return 1
        sleep 0.05
    done
}

serve() {
    : >"$log"
    "$server" serve --set server.listen=127.0.0.1:"${1:-0}" --set limits.first_frame=60s \
        >>"$log" 2>&1 &
    pid=$!
    until_true 60 grep -q 'server\.ready' "$log" || fail "the server does not get ready"
    port=$(sed -nE 's/.*server\.ready.* port=([0-9]+).*/\1/p' "$log" | tail -1)
    [ -n "$port" ] || fail "no port in the log"
}

# as NAME ARGS...: the client of one person's machine
as() {
    local home=$work/$1
    shift
    PLIMSOLL_CONFIG_DIR=$home XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache \
        timeout 30 "$client" "$@"
}
invite() { "$server" invite "$@" --host 127.0.0.1 --port "$port" 2>/dev/null; }

# exits CODE COMMAND...
exits() {
    local want=$1
    shift
    "$@" >"$work/out" 2>&1
    local got=$?
    [ $got -eq "$want" ] || fail "'$*' exits $got, not $want: $(cat "$work/out")"
}

# ---- init -----------------------------------------------------------------------------------------
exits 3 "$server" serve
exits 0 "$server" init --name 'Example Org' --listen 127.0.0.1:7474
exits 0 "$server" init
exits 5 "$server" init --name 'Another Org'
mode=$(stat -c %a "$work/data")
[[ $mode == 700 || $mode == 710 ]] || fail "the data directory has mode $mode"
for key in root issuing server; do
    [ "$(stat -c %a "$work/data/tls/$key.key")" = 600 ] || fail "$key.key is not 0600"
done
openssl verify -x509_strict -CAfile "$work/data/tls/root.pem" \
    -untrusted "$work/data/tls/issuing.pem" "$work/data/tls/server.pem" >/dev/null ||
    fail "openssl does not verify the server's chain"
ok "init makes a complete directory, once"

serve
# ---- joining --------------------------------------------------------------------------------------
first=$(invite ana --name 'Ana Example')
[[ $first == plm1:127.0.0.1:$port:* ]] || fail "not an invite: $first"
exits 0 as ana join "$first"
as ana whoami >"$work/out" || fail "whoami: $(cat "$work/out")"
grep -q ana "$work/out" || fail "whoami does not say ana: $(cat "$work/out")"
[ "$(stat -c %a "$work/ana/profiles/default/device.key")" = 600 ] || fail "device.key is not 0600"
ok "an invite makes a device that is known"

exits 4 as eve join "$first"
changed=${first%??}00
exits 2 as eve join "$changed"
expired=$(invite ben --ttl 1s)
over_at=$(($(date +%s) + 2))
is_over() { [ "$(date +%s)" -ge "$over_at" ]; }
until_true 10 is_over
exits 4 as ben join "$expired"
ok "used, changed and expired invites are refused"

invite ben | as ben join - >/dev/null || fail "joining through standard input"
second=$(invite ana)
exits 0 as ana2 join "$second"
[ "$("$server" device list ana | wc -l)" = 2 ] || fail "ana has not two devices"
ok "a second device, and an invite through a pipe"

# ---- strangers ------------------------------------------------------------------------------------
talk() { timeout 10 openssl s_client -connect 127.0.0.1:"$port" "$@" </dev/null 2>&1; }
talk -tls1_2 | grep -q 'protocol version' || fail "TLS 1.2 is not refused as such"
talk -alpn h2 | grep -qi 'no application protocol' || fail "ALPN h2 is not refused as such"
talk -tls1_3 -groups ffdhe2048 | grep -q 'handshake failure' || fail "ffdhe2048 is taken"
name=d-$(openssl x509 -in "$work/data/tls/root.pem" -noout -pubkey |
    openssl pkey -pubin -outform DER | sha256sum | cut -c1-32).plimsoll.internal
key=$work/ana/profiles/default
talk -alpn plimsoll/1 -cert "$key/device.pem" -key "$key/device.key" -cert_chain "$key/device.pem" \
    -CAfile "$work/data/tls/root.pem" -verify_return_error -verify_hostname "$name" \
    -sess_out "$work/session" >"$work/out"
grep -q 'Verify return code: 0' "$work/out" || fail "openssl as ana: $(tail -5 "$work/out")"
[ -s "$work/session" ] && fail "the server gave a session ticket"
ok "strangers are refused, tickets are not given"

# ---- revocation of a live connection ---------------------------------------------------------------
# A pipe that stays open keeps openssl connected; it ends when the server closes.
mkfifo "$work/hold"
sleep 60 >"$work/hold" &
holder=$!
timeout 60 openssl s_client -connect 127.0.0.1:"$port" -alpn plimsoll/1 \
    -cert "$work/ana2/profiles/default/device.pem" -key "$work/ana2/profiles/default/device.key" \
    -cert_chain "$work/ana2/profiles/default/device.pem" <"$work/hold" >"$work/live" 2>&1 &
live=$!
until_true 10 grep -q 'Verify return code' "$work/live" || fail "openssl does not connect as ana2"
device=$("$server" device list ana --json | sed -nE 's/.*"id": "([0-9]+)".*/\1/p' | sort -n | tail -1)
gone() { ! kill -0 $live 2>/dev/null; }
gone && fail "openssl ended by itself: $(tail -3 "$work/live")"
exits 0 "$server" device revoke "$device"
until_true 4 gone || fail "the revoked device's connection lives on"
kill $holder 2>/dev/null
exits 4 as ana2 whoami
exits 0 as ana whoami
exits 3 "$server" device revoke 999
mkfifo "$work/hold2"
sleep 60 >"$work/hold2" &
holder=$!
timeout 60 openssl s_client -connect 127.0.0.1:"$port" -alpn plimsoll/1 \
    -cert "$work/ben/profiles/default/device.pem" -key "$work/ben/profiles/default/device.key" \
    -cert_chain "$work/ben/profiles/default/device.pem" <"$work/hold2" >"$work/live2" 2>&1 &
live=$!
until_true 10 grep -q 'Verify return code' "$work/live2" || fail "openssl does not connect as ben"
gone && fail "openssl ended by itself: $(tail -3 "$work/live2")"
exits 0 "$server" user disable ben
until_true 4 gone || fail "the disabled user's connection lives on"
grep -q 'why="access was taken away"' "$log" || fail "ben's connection ended for another reason"
kill $holder 2>/dev/null
exits 4 as ben whoami
exits 0 "$server" user enable ben
exits 0 as ben whoami
ok "revocation ends a live connection and keeps the device out"

# ---- killed ----------------------------------------------------------------------------------------
pg_before=$(head -1 "$work/data/pg/postmaster.pid")
kill -9 "$pid"
wait "$pid" 2>/dev/null
kill -0 "$pg_before" 2>/dev/null || fail "PostgreSQL died with the server"
serve "$port"
[ "$(head -1 "$work/data/pg/postmaster.pid")" = "$pg_before" ] || fail "PostgreSQL was started anew"
exits 0 as ana whoami
kill -9 "$pg_before"
known() { as ana whoami; }
until_true 30 known || fail "the server does not recover from a killed PostgreSQL"
[ "$(head -1 "$work/data/pg/postmaster.pid")" != "$pg_before" ] || fail "that is the dead one"
ok "killed server finds its PostgreSQL, killed PostgreSQL comes back"

# ---- the root's key leaves -------------------------------------------------------------------------
exits 0 "$server" root export --remove "$work/root-offline.pem"
[ -e "$work/data/tls/root.key" ] && fail "root.key is still there"
exits 3 "$server" root export "$work/again.pem"
# The keeper has a connection of its own, which may come back a moment later than the others.
cem_joins() { as cem join "$(invite cem)"; }
until_true 20 cem_joins || fail "cem does not join"
stop || fail "the server ends with status $?"
exits 0 "$server" user list
[ -e "$work/data/pg/postmaster.pid" ] && fail "PostgreSQL still runs after the last one left"
serve "$port"
exits 0 as cem whoami
ok "without the root's key everything works"

# ---- nothing secret in the database ----------------------------------------------------------------
stop || fail "the server ends with status $?"
secret=$(printf %s "${first##*:}" | cut -c1-60)
! grep -rqF "$secret" "$work/data/pg/base" "$log" || fail "an invite's text is on disk"
ok "no invite's text on the server's disk"
echo "all of identity holds"
