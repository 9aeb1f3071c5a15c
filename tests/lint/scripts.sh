#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Shell scripts pass shellcheck, whatever their names.
set -u
cd "$(dirname "$0")/../.." || exit 1
grep -rlIE '^#!.*\b(ba)?sh\b' tests deploy .ci sql --include='*' | sort |
    xargs shellcheck --external-sources --source-path=SCRIPTDIR
