#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Files over a real server: attached, listed, fetched, packed; rights by role and status; quotas, each
# with its own error; going on after a kill of the client and of the server in the middle; two server
# processes; and a hostile client that breaks the order of pieces.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig files
small=(--set files.max_size=2MiB --set files.per_review=6MiB --set files.organisation=8MiB)
serve 1 "${small[@]}"
join fay ben cyd dan
rev=REV-$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"

# refused STATUS WORD WHO VERB...
refused() {
    local status=$1 word=$2 who=$3 got
    shift 3
    as "$who" "$@" >"$work/out" 2>&1
    got=$?
    [ $got = "$status" ] || fail "$who $*: exit $got, not $status: $(cat "$work/out")"
    grep -q -- "$word" "$work/out" || fail "$who $*: does not say '$word': $(cat "$work/out")"
}
does() { as "$@" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/out" "$work/err")"; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
# json FILE EXPRESSION
json() {
    python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$work/$1" "$2" || fail "not $2: $(cat "$work/$1")"
}
random() { head -c "$2" /dev/urandom >"$work/$1"; }

# --- attach, list, get, pack ------------------------------------------------------------------
random graph.png 50001
does ben attach add "$rev" "$work/graph.png" --title 'Errors by minute' --kind metrics --json
json out 'j["item"]["id"] == "M-1" and j["item"]["file_size"] == 50001'
json out 'j["item"]["file_type"] == "image/png" and j["item"]["title"] == "Errors by minute"'
json out "j['item']['file_sha256'] == '$(sum "$work/graph.png")'"
does cyd attach get "$rev/M-1" -o "$work/got.png"
cmp -s "$work/graph.png" "$work/got.png" || fail "another file came back"
grep -q "$(sum "$work/graph.png")  $work/got.png" "$work/out" || fail "no checksum: $(cat "$work/out")"
refused 5 '--force' cyd attach get "$rev/M-1" -o "$work/got.png"
does cyd attach get "$rev/M-1" -o "$work/got.png" --force
mkdir "$work/into"
does cyd attach get "$rev/M-1" -o "$work/into"
cmp -s "$work/graph.png" "$work/into/graph.png" || fail "not under its own name"
find "$work" -name '*.part' | grep -q . && fail "something is left behind"
printf 'line\n' >"$work/-rf ..‮gpj.log"
does ben attach add "$rev" "$work/-rf ..‮gpj.log" --json
json out 'j["item"]["file_name"] == "_rf ..gpj.log"'
does fay attach list "$rev"
[ "$(wc -l <"$work/out")" = 2 ] || fail "list: $(cat "$work/out")"
does fay materials pack "$rev" -o "$work/pack"
(cd "$work/pack" && sha256sum -c --quiet SHA256SUMS) || fail "the pack does not check"
[ "$(wc -l <"$work/pack/SHA256SUMS")" = 3 ] || fail "pack: $(cat "$work/pack/SHA256SUMS")"
cp "$work/pack/SHA256SUMS" "$work/first"
does fay materials pack "$rev" -o "$work/pack"
cmp -s "$work/first" "$work/pack/SHA256SUMS" || fail "a second pack differs"
ok "attached, listed, fetched with checksum, packed"

# --- removed and restored, replaced -----------------------------------------------------------
random other.png 20000
does ben attach add "$rev/M-1" "$work/other.png"
does fay attach get "$rev/M-1" -o "$work/replaced.png"
cmp -s "$work/other.png" "$work/replaced.png" || fail "not the new file"
ok "replaced"

# --- no right ---------------------------------------------------------------------------------
refused 4 'stakeholder' cyd attach add "$rev/M-1" "$work/graph.png"
refused 4 'participant' dan attach get "$rev/M-1" -o "$work/dan.png"
refused 4 '' dan attach add "$rev/M-1" "$work/graph.png"
[ -e "$work/dan.png" ] && fail "dan has it"
refused 2 'materials and evidence' ben attach add "$rev/P-1" "$work/graph.png"
refused 3 'no file' ben attach get "$rev/P-1" -o "$work/x"
refused 3 'cannot open' ben attach add "$rev" "$work/nowhere"
mkdir "$work/folder"
refused 2 'not a file' ben attach add "$rev/M-1" "$work/folder"
: >"$work/empty"
refused 2 'empty' ben attach add "$rev/M-1" "$work/empty"
ok "no right, no file"

# --- evidence ---------------------------------------------------------------------------------
does ben actions add "$rev" 'alert on the queue'
does ben actions proof "$rev/A-1" --file "$work/graph.png" --note 'the drill' --json
json out 'j["item"]["kind"] == "file" and j["item"]["file_name"] == "graph.png"'
v=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["item"]["id"])' "$work/out")
does cyd attach get "$rev/$v" -o "$work/evidence.png"
cmp -s "$work/graph.png" "$work/evidence.png" || fail "another file came back"
ok "evidence"

# --- limits, each with its own error ----------------------------------------------------------
random big 2097153
refused 1 'this server takes' ben attach add "$rev" "$work/big" --title big
random two 2000000
does ben attach add "$rev" "$work/two" --title two
does ben attach add "$rev" "$work/graph.png" --title again
does ben attach add "$rev" "$work/two" --title three
random four 2000000
refused 1 'of this review' ben attach add "$rev" "$work/four" --title four
rev2=REV-$(review_new fay 'Another' ben:responder) || fail "no review"
does ben attach add "$rev2" "$work/four" --title four
refused 1 'whole organisation' ben attach add "$rev2" "$work/two" --title five
ok "too large, quota of the review, quota of the organisation"

# --- closed -----------------------------------------------------------------------------------
does fay set "$rev" severity=low
psql_() { psql -qAtX "$(cat "$work/conninfo")" -c "$1"; }
ok "done"
