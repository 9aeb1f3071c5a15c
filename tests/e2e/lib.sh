# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work and client come from tests/integ/lib.sh
#
# What the scripts in tmux share, on top of tests/integ/lib.sh (source it after `rig`):
#
#   open_as WHO COLUMNS ROWS [CLIENT ARGS]   a terminal of that name with the client in it
#   keys WHO KEY...                          as tmux send-keys
#   click WHO COLUMN ROW [BUTTON]            a press and a release, from 1; 64 and 65 are the wheel
#   screen WHO, shows WHO TEXT, expect WHO TEXT, lacks WHO TEXT
#   client_of WHO                            the process id of the client there
#   flag WHO NAME                            a tmux format: alternate_on, mouse_sgr_flag ...
set -u
command -v tmux >/dev/null || exit 77
export LC_ALL=C.UTF-8

terminal() { tmux -u -L "plimsoll-$$" -f /dev/null "$@"; }
started_clean=$(trap -p EXIT)
trap 'terminal kill-server 2>/dev/null; clean' EXIT
[ -n "$started_clean" ] || fail "no clean-up"

in_terminal() {
    local who=$1 columns=$2 rows=$3
    shift 3
    terminal new-session -d -s "$who" -x "$columns" -y "$rows" "$*"
}
# The environment of a person, as words for a shell.
env_of() { echo "PLIMSOLL_CONFIG_DIR=$work/$1 XDG_STATE_HOME=$work/$1/state"; }
# A shell stays between tmux and the client: tmux wakes a child of its own that a test has stopped.
open_as() {
    local who=$1 columns=$2 rows=$3
    shift 3
    in_terminal "$who" "$columns" "$rows" "$(env_of "$who") $client $*; exit \$?"
}
screen() { terminal capture-pane -p -t "$1"; }
# A wrapped text is one text: blanks and line ends do not count.
shows() { screen "$1" | tr -d ' \n' | grep -qF -- "${2// /}"; }
lacks() { ! shows "$@"; }
flag() { terminal display-message -p -t "$1" "#{$2}"; }
# The process of the client in a terminal.
client_of() {
    local p
    p=$(flag "$1" pane_pid)
    [ "$(cat "/proc/$p/comm")" = plimsoll ] || p=$(pgrep -P "$p" -x plimsoll)
    echo "$p"
}
keys() {
    local who=$1
    shift
    terminal send-keys -t "$who" "$@"
}
click() {
    local who=$1 column=$2 row=$3 button=${4-0}
    terminal send-keys -t "$who" -l $'\e'"[<$button;$column;${row}M"
    [ "$button" -ge 64 ] || terminal send-keys -t "$who" -l $'\e'"[<$button;$column;${row}m"
}
expect() {
    until_true "${3-20}" shows "$1" "$2" || {
        screen "$1"
        fail "$1 does not see '$2'"
    }
}
expect_not() {
    until_true 20 lacks "$1" "$2" || {
        screen "$1"
        fail "$1 still sees '$2'"
    }
}
