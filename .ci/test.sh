#!/bin/sh
# Lint, then lanes of tests: what talks through ROS and what needs the one port of a Franka, one by
# one, then what can share the machine.
# `--all` adds the slow tests and the browser. Every lane runs, whatever happened before.
cd "$(dirname "$0")/.." || exit 1
skip="not slow and not browser and not hardware"
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

lane lint .ci/lint.sh
lane ros .venv/bin/pytest -q -m "ros and not franka and $skip"
lane franka .venv/bin/pytest -q -m "franka and $skip"
lane tests .venv/bin/pytest -q -n 2 -m "not ros and not franka and $skip"

if [ -n "$failed" ]; then
    echo "== failed:$failed"
    exit 1
fi
