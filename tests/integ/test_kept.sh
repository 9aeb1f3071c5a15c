#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What was typed is kept, over a real server: with the server away it is found again and sent later,
# once; somebody who is removed from the review while he edits learns it and keeps his text; of a
# stakeholder's journal what is permitted arrives, and what is not is kept and can be offered as a
# comment.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig kept
serve 1
join fay ben cyd
rev=$(review_new fay 'Checkout outage' ben:responder cyd:stakeholder) || fail "no review"
review=REV-$rev

stop() {
    kill -TERM "${pid[1]}"
    until_true 30 gone "${pid[1]}" || fail "the server does not end"
}
# once TEXT: stands once in the timeline, as fay has it
once() { [ "$(as fay timeline list "$review" | grep -cF -- "$1")" = 1 ]; }

# --- no server --------------------------------------------------------------------------------------
wants 0 ben timeline add "$review" --at 2026-03-01T09:12:04Z 'alert fired'
stop
wants 6 ben timeline add "$review" --at 2026-03-01T09:20:00Z 'kept-one: the queue was low' --timeout 3s
has err 'kept: plimsoll journal list'
has err "'plimsoll journal send'"
wants 0 ben timeline edit "$review" E-1 'kept-two: the alert fired late' --queue
has err 'kept on this machine'
wants 0 ben journal list --json
json out 'sum(i["waiting"] for i in j["items"] if i["review"] == "'"$review"'") >= 2'
wants 0 ben journal export "$review"
has out 'kept-one: the queue was low'
has out 'kept-two: the '
wants 0 ben show "$review" --offline # one's own words are seen meanwhile
has out 'kept-one'
wants 6 ben journal send --timeout 3s
wants 0 ben journal list
has out "$review"
serve 1
once kept-one && fail "it has arrived before it was sent"
wants 0 ben journal send --json
json out 'all(i["sent"] for i in j["items"])'
once kept-one || fail "kept-one does not stand in the timeline: $(as fay timeline list "$review")"
once kept-two || fail "kept-two does not stand in the timeline"
wants 0 ben journal send
once kept-one || fail "kept-one was sent twice"
wants 0 ben journal list
lacks out "$review"
ok "no server: kept, found again, sent later, once"

# --- removed while editing --------------------------------------------------------------------------
command -v script >/dev/null || fail "no script(1)"
cat >"$work/editor" <<END
#!/bin/bash
echo 'removed-text: two paragraphs of work' >>"\$1"
touch "$work/editing"
for i in {1..600}; do
    [ ! -e "$work/go-on" ] || exit 0
    sleep 0.05
done
exit 1
END
chmod +x "$work/editor"
(
    export PLIMSOLL_EDITOR=$work/editor
    status=0
    SHELL=/bin/bash XDG_STATE_HOME=$work/ben/state PLIMSOLL_CONFIG_DIR=$work/ben \
        script -qec "'$client' edit '$review/E-1'" /dev/null >"$work/edit.err" </dev/null || status=$?
    echo "$status" >"$work/edit.status"
) &
started+=($!)
until_true 20 test -e "$work/editing" || fail "the editor was not opened: $(cat "$work/edit.err")"
wants 0 fay people rm "$review" ben
touch "$work/go-on"
until_true 30 test -s "$work/edit.status" || fail "edit does not end"
[ "$(cat "$work/edit.status")" = 4 ] || fail "edit ended with $(cat "$work/edit.status"): $(cat "$work/edit.err")"
grep -qiE 'access|removed|no longer' "$work/edit.err" || fail "does not say what happened: $(cat "$work/edit.err")"
grep -q 'Ask the facilitator' "$work/edit.err" || fail "does not say what to do: $(cat "$work/edit.err")"
grep -qi 'kept' "$work/edit.err" || fail "does not say that it is kept: $(cat "$work/edit.err")"
grep -rqF 'removed-text: two paragraphs' "$work/ben" || fail "the text is nowhere on ben's machine"
wants 0 fay show "$review/E-1"
lacks out 'removed-text'
ok "removed while editing: said, and the text kept"

# --- a stakeholder's journal ------------------------------------------------------------------------
wants 0 cyd comment add "$review" 'before it all' # the review is on this machine from now on
stop
echo 'mixed-impact: nobody could pay' >"$work/impact"
wants 0 cyd comment add "$review/E-1" 'mixed-comment: which alert?' --queue
wants 0 cyd timeline add "$review" --at 2026-03-01T09:40:00Z 'mixed-event: customers called' --queue
wants 0 cyd edit "$review.impact" --file "$work/impact" --queue
wants 0 cyd cause add "$review" --branch why 'mixed-cause: no limit' --queue
wants 0 cyd comment add "$review" 'mixed-last: thanks' --queue
serve 1
wants 8 cyd journal send # done in part
wants 0 fay show "$review" --comments
has out 'mixed-comment: which alert?'
has out 'mixed-last: thanks'
has out 'mixed-impact: nobody could pay'
lacks out 'mixed-event'
lacks out 'mixed-cause'
wants 0 cyd journal refused "$review" --json
json out 'len(j["items"]) == 2 and all(i["code"] == "not_allowed" and not i["offered"] for i in j["items"])'
for text in 'mixed-event: customers called' 'mixed-cause: no limit'; do
    grep -rqF -- "$text" "$work/cyd/state/plimsoll/rescue" || fail "'$text' is kept nowhere"
done
wants 0 cyd journal list
lacks out "$review"
wants 0 cyd journal offer "$review" 1 --as comment
wants 0 cyd journal offer "$review" 2 --as comment
wants 0 fay comment list "$review" --json
json out 'any("mixed-event: customers called" in i["body"] for i in j["items"])'
json out 'any("mixed-cause: no limit" in i["body"] for i in j["items"])'
wants 0 cyd journal refused "$review"
lacks out 'mixed-'
ok "a stakeholder's journal: what is permitted arrives, the rest is kept and offered as comments"
