#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The plan of the session and the calendar file, over a real server: the window after the recovery is
# warned about, the file is the same for everybody and every time, changes keep identifiers and raise
# the sequence, and a library for calendars, where there is one, reads it as it was meant.
set -u
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/lib.sh"
rig calendar
serve 1
join fay ben cyd
rev=REV-$(review_new fay 'Checkout; outage, long' ben:responder cyd:stakeholder) || fail "no review"

does() { as "$@" >"$work/out" 2>"$work/err" || fail "$*: $(cat "$work/out" "$work/err")"; }
has_not() { ! grep -qF -- "$2" "$work/$1" || fail "'$2' is in: $(cat "$work/$1")"; }

refused 3 'no session is planned' fay export "$rev" --as ics
refused 4 'responder' ben session schedule "$rev" --at 2026-03-05T14:00:00Z
does fay session schedule "$rev" --at 2026-03-05T14:00:00+01:00 --for 90m --place 'Room 4; left, up'
has out '2026-03-05T13:00:00Z	90'
does fay timeline add "$rev" --at 2026-03-01T10:00:00Z --mark recover 'all is well again'
does fay session schedule "$rev" --at 2026-03-02T10:00:00Z
has err 'too early'
does fay session schedule "$rev" --at 2026-03-12T10:00:00Z
has err 'memories fade'
does fay session schedule "$rev" --at 2026-03-20T10:00:00Z --json
python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not (j["start"] == "2026-03-20T10:00:00Z" and j["minutes"] == 90
              and any("late" in w for w in j["warnings"])))' "$work/out" || fail "$(cat "$work/out")"
does fay session schedule "$rev" --at 2026-03-05T13:00:00Z
has_not err 'early'
has_not err 'late'
ok "planned, with a word about the window"

does ben actions add "$rev" --owner ben --due 2026-04-01T00:00:00Z \
    --finish 'an alert within 5 minutes' --control detection 'Größe des Rückstands überwachen, damit ein Stau auffällt; auch nachts und an Wochenenden'
does fay set "$rev/A-1" tracker_key=OPS-7 tracker_url=https://tracker.example/OPS-7
does fay export "$rev" --as ics
cp "$work/out" "$work/first.ics"
has first.ics 'BEGIN:VEVENT'
has_not first.ics 'VTODO' # an idea is no promise
does cyd export "$rev" --as ics
cmp -s "$work/first.ics" "$work/out" || fail "another file for another person"
does fay session schedule "$rev" --ics "$work/session.ics"
cmp -s "$work/first.ics" "$work/session.ics" || fail "two files of one revision differ"
refused 5 'session.ics' fay session schedule "$rev" --ics "$work/session.ics"
does fay session schedule "$rev" --ics "$work/session.ics" --force
does fay session schedule "$rev" --place 'Room 5'
does fay export "$rev" --as ics
diff <(grep -a ^UID "$work/first.ics") <(grep -a ^UID "$work/out") >/dev/null || fail "another UID"
before=$(grep -a -m1 ^SEQUENCE "$work/first.ics" | tr -dc 0-9)
after=$(grep -a -m1 ^SEQUENCE "$work/out" | tr -dc 0-9)
[ "$after" -gt "$before" ] || fail "sequence $before, then $after"
LC_ALL=C awk -v RS='\r\n' 'length > 75 || /\n/ { bad = 1 } END { exit bad }' "$work/out" ||
    fail "a line is too long, or does not end with CRLF"
ok "the calendar file is stable"

reader=
for py in python3 /usr/bin/python3; do
    "$py" -c 'import icalendar' 2>/dev/null && reader=$py && break
done
if [ -n "$reader" ]; then
    "$reader" - "$work/out" <<'PY' || fail "read by a library, it is something else"
import datetime, icalendar, sys
raw = open(sys.argv[1], "rb").read()
cal = icalendar.Calendar.from_ical(raw)
event, = cal.walk("VEVENT")
assert str(event["SUMMARY"]) == "Checkout; outage, long", event["SUMMARY"]
assert str(event["LOCATION"]) == "Room 5"
utc = datetime.timezone.utc
assert event["DTSTART"].dt == datetime.datetime(2026, 3, 5, 13, tzinfo=utc)
assert event["DTEND"].dt == datetime.datetime(2026, 3, 5, 14, 30, tzinfo=utc)
assert not any(c.errors for c in cal.walk()), [c.errors for c in cal.walk()]
assert "Who takes part:\n- " in str(event["DESCRIPTION"])
PY
    ok "a library reads it as it was meant"
else
    echo "skipped: python3-icalendar is not installed"
fi

does cyd attend "$rev" yes
does ben attend "$rev" no
does fay people list "$rev" --json
python3 -c 'import json, sys
j = {i["user"]: i["attendance"] for i in json.load(open(sys.argv[1]))["items"]}
sys.exit(j != {"fay": "expected", "ben": "declined", "cyd": "accepted"})' "$work/out" || fail "$(cat "$work/out")"
ok "who comes"
