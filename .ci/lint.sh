#!/bin/sh
# Style and types. Runs all three, then says whether any complained.
cd "$(dirname "$0")/.." || exit 1
status=0
.venv/bin/ruff check --quiet . || status=1
.venv/bin/ruff format --check --quiet . || status=1
.venv/bin/mypy || status=1
exit $status
