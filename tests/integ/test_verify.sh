#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# plimsoll verify and plimsoll witness as programs, over a made-up log: exit statuses, JSON, what is
# kept on disk, two witnesses at once.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
sample=$build/tests/integ/sample_log
[ -x "$sample" ] || {
    echo "sample_log is not built"
    exit 77
}
work=$(mktemp -d /tmp/pl-verify-XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
export HOME=$work

# expect STATUS COMMAND...
expect() {
    local want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$want" ] || fail "exit $got, not $want: $* ($(cat "$work/out" "$work/err"))"
}

key=$("$sample" "$work/log" 300)
expect 0 "$client" verify --key "$key" "$work/log"
grep -q '0 findings' "$work/err" || fail "no summary: $(cat "$work/err")"
expect 0 "$client" verify "$work/log"
grep -q 'taken from the export itself' "$work/err" || fail "the export's own key is not told"
ok "a log in order: exit 0"

expect 1 "$client" verify --key "$key" "$work/nothing"
expect 2 "$client" verify --key nonsense "$work/log"
cp -r "$work/log" "$work/bad"
printf 'x' | dd of="$work/bad/tile/0/000" bs=1 seek=77 conv=notrunc status=none
expect 9 "$client" verify --key "$key" --json "$work/bad"
jq -e '.ok == false and .findings == 1 and .items[0].code == "tile.differs"
       and .items[0].file == "tile/0/000"' <"$work/out" >/dev/null || fail "JSON: $(cat "$work/out")"
ok "findings: exit 9, named in JSON"

# ---- witness ---------------------------------------------------------------------------------------
expect 0 "$client" witness keygen witness.example/w --key "$work/w.key"
vkey=$(cat "$work/out")
[ "$(stat -c %a "$work/w.key")" = 600 ] || fail "the key may be read by others"
expect 5 "$client" witness keygen witness.example/w --key "$work/w.key"
sign() { # sign STATUS: the request is in $work/request
    expect "$1" "$client" witness --state "$work/last" --key "$work/w.key" --log "$key" <"$work/request"
}
{ printf 'old 0\n\n' && cat "$work/log/checkpoint"; } >"$work/request"
sign 0
cp "$work/out" "$work/line"
cmp <(head -n 3 "$work/log/checkpoint") "$work/last" || fail "not kept: $(cat "$work/last")"
{ cat "$work/log/checkpoint" "$work/line"; } >"$work/cosigned"
cp -r "$work/log" "$work/seen"
cp "$work/cosigned" "$work/seen/checkpoint"
printf 'log %s\nwitness w %s\nquorum w\n' "$key" "$vkey" >"$work/policy"
expect 0 "$client" verify --policy "$work/policy" "$work/seen"
expect 9 "$client" verify --policy "$work/policy" "$work/log"
grep -q '^note.quorum' "$work/out" || fail "no quorum was asked for: $(cat "$work/out")"
ok "a witness signs, and its signature is asked for"

sign 5 # old 0 again
size=$(sed -n 2p "$work/log/checkpoint")
[ "$(cat "$work/out")" = "$size" ] || fail "the size is not told: $(cat "$work/out")"
{ printf 'old %s\n\n' "$size" && cat "$work/log/checkpoint"; } >"$work/request"
sign 0 # the same once more
{ printf 'old %s\n\n' "$size" && sed 2s/./9/ "$work/log/checkpoint"; } >"$work/request"
sign 4
{ printf 'old %s\n\n' "$size" && sed 1s/test/rest/ "$work/log/checkpoint"; } >"$work/request"
sign 3
printf 'old x\n' >"$work/request"
sign 2
"$sample" "$work/longer" 400 >/dev/null # a log that does not continue the first
{ printf 'old %s\n\n' "$size" && cat "$work/longer/checkpoint"; } >"$work/request"
sign 7
[ "$(sed -n 2p "$work/last")" = "$size" ] || fail "a refused checkpoint was kept"
printf 'rubbish' >"$work/last"
sign 1
ok "each refusal has its exit status"

rm -f "$work/last"
pids=()
for i in 1 2 3 4 5 6; do
    { printf 'old 0\n\n' && cat "$work/longer/checkpoint"; } |
        "$client" witness --state "$work/last" --key "$work/w.key" --log "$key" >"$work/out$i" 2>/dev/null &
    pids+=($!)
done
signed=0
for p in "${pids[@]}"; do
    wait "$p" && signed=$((signed + 1))
done
[ "$signed" = 1 ] || fail "$signed of six at once were signed"
ok "of several at once one is signed"
