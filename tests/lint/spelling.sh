#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Common misspellings in sources and texts. Words that are right: tests/lint/spelling.words.
set -u
cd "$(dirname "$0")/../.." || exit 1
codespell --quiet-level=2 --ignore-words=tests/lint/spelling.words \
    --skip='*/corpus/*,*/traces/*,*/postmortems/*,*.golden,*/golden/*,./build,LICENSE' \
    include proto server client sql tests deploy ./*.md ./*.txt
