#!/bin/sh
# Lint, then lanes of tests: what talks through ROS, what needs the one port of a Franka and what
# talks to a Go2 or needs a browser, one by one, then what can share the machine.
# `--all` adds the slow tests. Every lane runs, whatever happened before.
cd "$(dirname "$0")/.." || exit 1
skip="not slow and not hardware"
[ "${1:-}" = "--all" ] && skip="not hardware"

# One thread per process: the machine's cores go to processes, and results do not depend on them.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 MUJOCO_GL="${MUJOCO_GL:-egl}"
failed=""

lane() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

# Processes in real time share these cores with whatever else runs: what fails gets a second try.
patient() {
    .venv/bin/pytest -q -m "$1" && return 0
    echo "== once more: what failed"
    .venv/bin/pytest -q -m "$1" --last-failed --last-failed-no-failures none
}

lane lint .ci/lint.sh
lane ros patient "ros and not franka and not go2 and not browser and $skip"
lane franka patient "franka and $skip"
lane go2 patient "go2 and $skip"
.venv/bin/python .ci/browser.py
lane browser patient "browser and $skip"
lane tests .venv/bin/pytest -q -n 2 \
    -m "not ros and not franka and not go2 and not browser and $skip"

if [ -n "$failed" ]; then
    echo "== failed:$failed"
    exit 1
fi
