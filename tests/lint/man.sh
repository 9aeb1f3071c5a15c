#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Manual pages pass mandoc's linter.
set -u
cd "$(dirname "$0")/../.." || exit 1
pages=(deploy/man/*.[158])
if [ ! -e "${pages[0]}" ]; then
    echo "no manual pages"
    exit 77
fi
mandoc -T lint -W warning "${pages[@]}"
