# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the integration scripts share: a throw-away server in a directory of its own with its
# private PostgreSQL, people who have joined it, waiting for conditions. Source it; then
#
#   rig NAME [init options]     makes $work and $data, removes everything at the end
#   serve I [serve options]     starts server process number I (1, 2 ...), on the same port each
#                               time; sets pid[I], port[I]; needs rig
#   join USER [USER ...]        devices under $work/USER
#   as USER ARGS...             plimsoll as that person
#
# PL_BUILD: build folder. PL_SERVER: another server program. KEEP=1 leaves $work behind.
set -u
build=${PL_BUILD:?PL_BUILD is not set}
server=${PL_SERVER-$build/plimsolld}
client=$build/plimsoll
if [ ! -x "$server" ] || [ ! -x "$client" ]; then
    echo "plimsolld and plimsoll are not built"
    exit 77
fi
pid=()
port=()
started=() # further processes of the test, ended with it
work=
data=

log_of() { echo "$work/server$1.log"; }

fail() {
    echo "FAIL: $*"
    [ -n "$work" ] && tail -n 15 "$work"/server*.log 2>/dev/null
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

alive() { [ -n "${1-}" ] && kill -0 "$1" 2>/dev/null; }
postmaster() { head -n 1 "$data/pg/postmaster.pid" 2>/dev/null; }

# shellcheck disable=SC2317 # called by the trap
clean() {
    local p
    for p in "${started[@]}" "${pid[@]}"; do
        alive "$p" && kill -CONT "$p" 2>/dev/null && kill -TERM "$p" 2>/dev/null
    done
    for p in "${started[@]}" "${pid[@]}"; do
        until_true 20 gone "$p" || kill -KILL "$p" 2>/dev/null
    done
    p=$(postmaster)
    if alive "$p"; then
        kill -CONT "$p" 2>/dev/null
        kill -QUIT "$p" 2>/dev/null
        until_true 10 gone "$p"
    fi
    [ -z "${KEEP-}" ] && rm -rf "$work"
}
gone() { ! alive "$1"; }

rig() {
    work=$(mktemp -d "/tmp/pl-$1-XXXXXX") || exit 1
    shift
    chmod 711 "$work" # as root, PostgreSQL's own user must get through
    data=$work/data
    export PLIMSOLLD_DIR=$data
    trap clean EXIT
    timeout 120 "$server" init --name 'Test' --listen 127.0.0.1:7474 "$@" >"$work/init.log" 2>&1 ||
        fail "init: $(cat "$work/init.log")"
}

is_ready() { grep -q 'server\.ready' "$(log_of "$1")"; }
# started_or_dead I
is_ready_or_dead() { is_ready "$1" || gone "${pid[$1]}"; }

serve_start() {
    local i=$1
    shift
    : >"$(log_of "$i")"
    # shellcheck disable=SC2086 # PL_WRAP may hold a command with arguments
    ${PL_WRAP-} "$server" serve --set server.listen=127.0.0.1:"${port[$i]:-0}" "$@" \
        >>"$(log_of "$i")" 2>&1 &
    pid[i]=$!
    disown "${pid[$i]}" # a killed server is no news for the shell
}

serve_wait() {
    local i=$1
    until_true "${2-60}" is_ready_or_dead "$i"
    is_ready "$i" || fail "server $i does not get ready"
    port[i]=$(sed -nE 's/.*server\.ready.* port=([0-9]+).*/\1/p' "$(log_of "$i")" | tail -n 1)
    [ -n "${port[$i]}" ] || fail "no port in the log of server $i"
}

serve() {
    serve_start "$@"
    serve_wait "$1" 60
}

as() {
    local home=$work/$1
    shift
    PLIMSOLL_CONFIG_DIR=$home XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache \
        timeout 60 "$client" "$@"
}

join() {
    local who
    for who in "$@"; do
        "$server" invite "$who" --host 127.0.0.1 --port "${port[1]}" 2>>"$work/invite.log" |
            as "$who" join - --timeout 50s >"$work/join.log" 2>&1 || fail "join $who: $(cat "$work/join.log")"
    done
}

# wants STATUS WHO ARGS...: stdout in $work/out, stderr in $work/err
wants() {
    local want=$1 got=0
    shift
    as "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "exit $got instead of $want: $*: $(cat "$work/err")"
}
# has FILE TEXT, lacks FILE TEXT: of what wants has left in $work, "out" or "err"
has() { grep -qF -- "$2" "$work/$1" || fail "no '$2' in: $(cat "$work/$1")"; }
lacks() { ! grep -qF -- "$2" "$work/$1" || fail "'$2' in: $(cat "$work/$1")"; }
# json FILE EXPRESSION: the file is one JSON object j of which the expression holds
json() {
    python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/$1" "$2" || fail "not $2: $(cat "$work/$1")"
}
# refused STATUS WORD WHO ARGS...: the exit status, and what is said has the word (a pattern)
refused() {
    local status=$1 word=$2 who=$3 got
    shift 3
    as "$who" "$@" >"$work/out" 2>&1
    got=$?
    [ $got = "$status" ] || fail "$who $*: exit $got, not $status: $(cat "$work/out")"
    grep -q -- "$word" "$work/out" || fail "$who $*: does not say '$word': $(cat "$work/out")"
}
# does WHO ARGS...: succeeds; all that it says in $work/out
does() {
    as "$@" >"$work/out" 2>&1 || fail "$*: $(cat "$work/out")"
}

# review_new OWNER TITLE [USER:ROLE ...]: prints its number
review_new() {
    local who=$1 title=$2 part=() p
    shift 2
    for p in "$@"; do
        part+=(--participant "$p")
    done
    as "$who" new --json "${part[@]}" "$title" >"$work/new.out" || return 1
    sed -nE 's/.*"(review|id)": *"?(REV-)?([0-9]+).*/\3/p' "$work/new.out" | head -n 1
}
