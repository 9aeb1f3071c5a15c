#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A disk that takes no more while somebody types: the screen says that it is not kept, offline, in
# the question before it ends, and in the message; and that it is saved as soon as the server has it.
set -u
export LC_ALL=C.UTF-8
# shellcheck source=tests/integ/lib.sh
. "$(dirname "$0")/../integ/lib.sh"

rig disk-full
serve 1
join ana
rev=$(review_new ana 'Checkout outage') || fail "no review"
as ana timeline add "REV-$rev" --at 2026-03-01T09:12:04Z 'alert fired' >"$work/out" || fail "no event"

# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# No file of hers may be longer than 16 or 32 KiB (shells count differently).
in_terminal ana 100 30 "trap '' XFSZ; ulimit -f 32; $(env_of ana) $client REV-$rev"
expect ana '1 Prep'
keys ana 2
expect ana 'alert fired'
keys ana Enter
expect ana 'E-1'
keys ana e
expect ana 'EDIT'
keys ana -l ' first'
expect ana '= saved'

kill -9 "${pid[1]}"
until_true 10 gone "${pid[1]}" || fail "the server lives"
expect ana 'OFFLINE'
keys ana -l ' second'
expect ana 'kept on this machine'
ok "what fits is kept, and said to be"

yes 'a line that needs room' | head -c 40000 >"$work/paste"
terminal load-buffer "$work/paste"
terminal paste-buffer -p -t ana
expect ana 'NOT KEPT'
expect ana 'ONLY IN MEMORY'
expect_not ana 'kept on this machine.'
ok "what the disk refuses is not said to be kept"

keys ana Escape
expect_not ana 'EDIT'
keys ana C-c
expect ana 'to quit loses them'
keys ana Escape
expect_not ana 'to quit loses them'
ok "the question before the end says it too"

serve 1
expect ana '= saved'
ok "saved by the server, in spite of the disk"
