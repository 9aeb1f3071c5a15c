#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The verbs against a real server: what they print plain and as JSON, exit statuses, what is kept
# without a server and sent later, what damaged journals do. Contents are checked, not only statuses.
. "$(dirname "$0")/lib.sh"

rig verbs
serve 1
join ana ben
rev=$(review_new ana 'Checkout outage' ben:responder) || fail "new"
review=REV-$rev

# --- data -------------------------------------------------------------------------------------
long=$(printf 'long %.0s' {1..200})end
wants 0 ana timeline add "$review" --at 2026-03-01T09:12:04Z "$long"
has out E-1
wants 0 ana timeline list "$review"
has out "$long" # never cut in a pipe
wants 0 ana timeline list "$review" --json
json out 'j["items"][0]["id"] == "E-1" and j["next"] is None and j["warnings"] == []'
wants 0 ana timeline list "$review" --json=id,happened_at
json out 'j["items"] == [{"id": "E-1", "happened_at": "2026-03-01T09:12:04Z"}]'
wants 0 ana list --json=help
has out severity
wants 0 ana show "$review" --section event --json
json out 'j["section"] == "event" and len(j["items"]) == 1'
wants 0 ana show "$review"
has out 2026-03-01T09:12:04Z
for verb in list whoami "people list $review" "history $review" "observe list $review" \
    "cause list $review" "actions list" "comment list $review" "journal list" "profile list"; do
    # shellcheck disable=SC2086 # words
    wants 0 ana $verb --json
    json out 'j["schema"].startswith("plimsoll.") and j["warnings"] == []'
done
wants 0 ana export "$review"
cp "$work/out" "$work/first"
wants 0 ana export "$review"
cmp -s "$work/out" "$work/first" || fail "the same revision gave other bytes"
ok "data, plain and as JSON"

# --- exit statuses ----------------------------------------------------------------------------
wants 2 ana list --bogus --json
json err 'j["schema"] == "plimsoll.error/1" and j["exit"] == 2 and j["code"] == "usage"'
wants 2 ana list --json=titles
has err "did you mean 'title'"
wants 3 ana show REV-9999
wants 3 ana people add REV-9999 ben
has err REV-9999
wants 4 ben people add "$review" ana
wants 5 ana edit "$review" --if-rev 1 --file /dev/null
wants 6 ana list --server 127.0.0.1:1 --json
json err 'j["exit"] == 6 and "refused" in j["message"]'
as ana export "$review" 2>"$work/err" | true
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || [ "$status" = 141 ] || fail "a closed pipe gave $status"
[ -s "$work/err" ] && fail "a closed pipe is not quiet"
wants 7 ana session start "$review" --json
json err 'j["exit"] == 7 and j["schema"] == "plimsoll.error/1"'
wants 2 ana timeline add "$review" --at yesterday 'when was it'
has err '--at'
grep -q happened_at "$work/err" && fail "an option's error names a field: $(cat "$work/err")"
wants 2 ana timeline edit "$review" E-1 --set happened_at=yesterday
has err 'happened_at'
ok "exit statuses"

# --- nothing is done without a word, nothing is said that is not so ----------------------------
role() { as ana people list "$review" | awk -F'\t' -v who="$1" '$1 == who { print $3 }'; }
join cyd
wants 0 ana people add "$review" cyd --role stakeholder
wants 2 ana people role "$review" cyd
has err --duty
wants 0 ana people role "$review" cyd --duty observer
[ "$(role cyd)" = stakeholder ] || fail "--duty changed the role to $(role cyd)"
wants 0 ana show "$review" --section participant --json
json out '[i["duty"] for i in j["items"] if i["handle"] == "cyd"] == ["observer"]'
wants 0 ana people role "$review" cyd --role responder
[ "$(role cyd)" = responder ] || fail "--role did not change the role: $(role cyd)"
wants 3 ana people role "$review" nobody --duty scribe

wants 0 ana timeline add "$review" --at 2026-03-01T09:20:00Z --mark detect 'seen'
seen=$(cat "$work/out")
wants 5 ana timeline mark start "$review/$seen"
has err "$seen bears 'detected'"
has err --replace
wants 0 ana timeline mark detect "$review/$seen"
wants 0 ana timeline mark detect "$review/E-1" --move
has err "$seen is not marked detected"
wants 5 ana timeline mark start "$review/E-1" --move
wants 0 ana timeline mark start "$review/E-1" --replace
has err 'E-1 is not marked detected'

wants 2 ana cause list "$review" --class tech
has err 'technical, process, people'
wants 0 ana cause list "$review" --class human
wants 2 ana observe list "$review" --col bad
has err 'badly'
wants 2 ana set "$review" title=
has err 'title'
wants 2 ana set "$review" title=none
wants 0 ana show "$review" --json
json out 'j["review"]["title"] == "Checkout outage"'
wants 2 ana list --limit 0
wants 2 ana actions list --limit 0
wants 2 ana history "$review" --limit 0
wants 0 ana actions add "$review" --due 2020-01-02 --owner ben --json 'page on lag'
json out 'len(j["warnings"]) == 1 and "past" in j["warnings"][0]'
wants 0 ana actions add "$review" --due 2096-01-02 --json 'page on lag' # far, not past
json out 'j["warnings"] == []'

wants 0 ana session reveal "$review" account
has err 'nothing was revealed'
grep -q 'all drafts' "$work/err" && fail "says that drafts were revealed: $(cat "$work/err")"
wants 5 ana export "$review" -o "$work/first"
has err --force
wants 3 ana new --from "$work/none.md"
has err path
grep -q 'removed for good' "$work/err" && fail "a wrong hint: $(cat "$work/err")"
wants 0 ben challenge "$review" 'owns the service'
has err 'cannot start before'
ok "nothing silent: roles, marks, filters, dates; hints fit"

# --- without a server -------------------------------------------------------------------------
from=$SECONDS
wants 0 ana set "$review" severity=high --server 127.0.0.1:1 --queue --json
json out 'j["queued"] is True and j["item"]["severity"] == "high"'
[ $((SECONDS - from)) -le 4 ] || fail "--queue waited for a server that refuses"
wants 0 ana journal list --json
json out 'j["items"][0]["waiting"] > 0'
wants 6 ana journal send --server 127.0.0.1:1
wants 0 ana journal send --json
json out 'j["items"][0]["sent"] is True'
wants 0 ben show "$review" --json
json out 'j["review"]["severity"] == "high"'
wants 0 ana set "$review" severity=low --offline --json
json out 'j["queued"] is True'
wants 0 ana journal send
log=$(find "$work/ana/state" -name '*.log' -path '*journal*' | head -n 1)
printf 'garbage' | dd of="$log" conv=notrunc status=none || fail "no journal to damage"
wants 0 ana set "$review" severity=medium --json
json out '"damaged" in j["warnings"][0]'
ok "queue, send, damaged journals"

# Two journals wait; one of them is refused: the other is sent all the same.
other=REV-$(review_new ben 'Not for long' ana:responder) || fail "new"
wants 0 ana timeline add "$other" --at 2026-03-01T10:00:00Z 'first' # she has a copy
wants 0 ana timeline add "$other" --at 2026-03-01T10:01:00Z 'too late' --offline
wants 0 ana set "$review" severity=high --offline
wants 0 ben people rm "$other" ana
wants 8 ana journal send --json
json out 'sorted(i["sent"] for i in j["items"]) == [False, True]'
wants 0 ben show "$review" --json
json out 'j["review"]["severity"] == "high"'
ok "sending goes on behind what fails, and says so"

# --- edit -------------------------------------------------------------------------------------
# While the editor is open somebody else writes into the same text; both is there afterwards.
wants 0 ana edit "$review" --field impact --file - <<<'one two three'
cat >"$work/editor" <<EOF
#!/bin/bash
echo 'four' | env PLIMSOLL_CONFIG_DIR=$work/ben XDG_STATE_HOME=$work/ben/state \
    $client edit $review --field impact --append --file - || exit 1
sed -i 's/two/TWO/' "\$1"
EOF
chmod +x "$work/editor"
timeout 60 script -qefc "env PLIMSOLL_CONFIG_DIR=$work/ana XDG_STATE_HOME=$work/ana/state \
    PLIMSOLL_EDITOR=$work/editor $client edit $review --field impact" /dev/null \
    </dev/null >"$work/out" 2>&1 || fail "edit in a terminal: $(cat "$work/out")"
wants 0 ben show "$review" --json
json out '"one TWO three" in j["review"]["impact"] and "four" in j["review"]["impact"]'
ok "a text that comes back from an editor is merged"

# --- help -------------------------------------------------------------------------------------
wants 0 ana help
has out 'help keys'
wants 0 ana completion bash
bash -n "$work/out" || fail "the completion does not parse"
for topic in fields formats json exit-codes environment keys man; do
    wants 0 ana help $topic
    [ -s "$work/out" ] || fail "help $topic says nothing"
done
ok "help"

# Every verb has examples, and whatever they lead to, none is wrong use.
cat >"$work/plimsoll" <<EOF
#!/bin/bash
exec timeout 3 $client "\$@"
EOF
printf '#!/bin/sh\ncat >/dev/null\n' >"$work/dot" # of Graphviz
chmod +x "$work/plimsoll" "$work/dot"
run_example() {
    cd "$work/examples" &&
        PATH=$work:$PATH PLIMSOLL_CONFIG_DIR=$work/ana XDG_STATE_HOME=$work/ana/state \
            HOME=$work/examples PLIMSOLL_EDITOR=true bash -o pipefail -c "$1" \
            </dev/null >"$work/out" 2>"$work/err"
}
mkdir -p "$work/examples/.local/share/bash-completion/completions"
echo 'text' >"$work/examples/impact.md"
wants 0 ana --help
mapfile -t verbs < <(sed -nE 's/^  ([a-z][a-z ]*[a-z])  .*/\1/p' "$work/out")
[ "${#verbs[@]}" -gt 40 ] || fail "verbs: ${verbs[*]}"
examples=0
wrong=0
for verb in "${verbs[@]}"; do
    # shellcheck disable=SC2086 # words
    wants 0 ana $verb --help
    mapfile -t lines < <(sed -n '/^Examples:/,$p' "$work/out" |
        sed -nE -e ':whole; /\\$/ { N; s/\\\n *//; b whole }' -e 's/^  (.*)/\1/p')
    [ "${#lines[@]}" -gt 0 ] || fail "$verb has no example"
    for line in "${lines[@]}"; do
        [ "$verb" != join ] || continue # an invite is used once
        (run_example "$line")
        got=$?
        if [ $got = 2 ] || [ $got -ge 125 ]; then
            echo "exit $got: $line: $(cat "$work/err")"
            wrong=$((wrong + 1))
        fi
        examples=$((examples + 1))
    done
done
[ $wrong = 0 ] || fail "$wrong examples are wrong use"
ok "$examples examples of ${#verbs[@]} verbs"
