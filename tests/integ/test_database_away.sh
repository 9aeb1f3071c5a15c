#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# PostgreSQL is away: stopped in the middle (SIGSTOP), then killed. Nothing is acknowledged
# meanwhile; what is typed is kept and said to be kept; everything comes back by itself, and what
# was kept arrives once. A watcher stays connected or comes back, and sees it.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"

rig away
serve 1
join ana
review=$(review_new ana 'Database away') || fail "new: $(cat "$work/new.out")"
[ -n "$review" ] || fail "no number of the review in: $(cat "$work/new.out")"

say() { as ana observe add --no-input --timeout 4s --col well "$review" "$@" >"$work/say.out" 2>"$work/say.err"; }
copy() { as ana export "$review" --as md >"$work/copy.md" 2>/dev/null; }
holds() { copy && [ "$(grep -c -- "$1" "$work/copy.md")" = 1 ]; }
lacks() { copy && ! grep -q -- "$1" "$work/copy.md"; }
watched() { [ "$(wc -l <"$work/watch.out")" -ge "$1" ]; }

PLIMSOLL_CONFIG_DIR=$work/ana XDG_STATE_HOME=$work/ana/watch-state "$client" watch "$review" \
    >"$work/watch.out" 2>"$work/watch.err" &
started+=($!)
watcher=$!
until_true 20 grep -q watching "$work/watch.err" || fail "watch: $(cat "$work/watch.err")"

say 'before the fault' || fail "observe: $(cat "$work/say.err")"
until_true 20 holds 'before the fault' || fail "the first edit is not there"
until_true 20 watched 1 || fail "the watcher sees nothing"
ok "an edit while all is well"

# ---- stopped in the middle ---------------------------------------------------------------------------
tree() { echo "$1" && pgrep -P "$1"; }
pm=$(postmaster)
mapfile -t all < <(tree "$pm")
kill -STOP "${all[@]}"
say 'while stopped'
status=$?
[ $status -ne 0 ] || fail "acknowledged while PostgreSQL was stopped"
grep -qi 'kept' "$work/say.err" || echo "note: $(cat "$work/say.err")"
kill -CONT "${all[@]}"
say --queue 'after the stop' || fail "observe --queue: $(cat "$work/say.err")"
until_true 40 holds 'after the stop' || { say 'again' || true; }
until_true 40 holds 'after the stop' || fail "it does not come back: $(cat "$work/say.err")"
ok "stopped: nothing acknowledged, comes back by itself"

# ---- killed ------------------------------------------------------------------------------------------
pm=$(postmaster)
mapfile -t all < <(tree "$pm")
kill -9 "${all[@]}"
say --queue 'while killed' || fail "observe --queue while PostgreSQL is dead: $(cat "$work/say.err")"
back() { as ana list >/dev/null 2>&1 && [ "$(postmaster)" != "$pm" ]; }
until_true 40 back || fail "no new PostgreSQL"
# the next time the journal's owner comes, it is sent
say 'after the kill' || fail "observe after the kill: $(cat "$work/say.err")"
until_true 40 holds 'after the kill' || fail "the edit after the kill is not there"
for text in 'before the fault' 'after the stop' 'after the kill'; do
    holds "$text" || fail "'$text' is not there exactly once"
done
alive "$watcher" || fail "the watcher has ended: $(cat "$work/watch.err")"
before=$(wc -l <"$work/watch.out")
say 'for the watcher' || fail "observe: $(cat "$work/say.err")"
until_true 40 watched $((before + 1)) || fail "the watcher sees nothing any more"
alive "${pid[1]}" || fail "the server has died"
ok "killed: PostgreSQL is started again, edits arrive once, the watcher is back"
