#!/bin/sh
# Lanes. Tests that talk through ROS mostly wait, so several share the machine, each in a ROS domain
# of its own; those that judge by the clock come alone. What needs the one port of a Franka and what
# talks to a Go2 run side by side, then lint and what needs a browser; last what keeps cores busy.
# `--all` adds the slow tests. Every lane runs, whatever happened before.
cd "$(dirname "$0")/.." || exit 1
skip="not slow and not hardware"
[ "${1:-}" = "--all" ] && skip="not hardware"

# One thread per process: the machine's cores go to processes, and results do not depend on them.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 MUJOCO_GL="${MUJOCO_GL:-egl}"
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

# lane NAME COMMAND...
lane() {
    name=$1
    shift
    begin=$(date +%s)
    echo "== $name"
    "$@" || echo "$name" >>"$kept/failed"
    echo "== $name: $(($(date +%s) - begin)) s"
}

# The same at the same time as others; what it says is kept in one piece until `together`.
beside() {
    lane "$@" >"$kept/$1.said" 2>&1 &
}

# together NAME...: wait for lanes that run beside each other.
together() {
    wait
    for name; do cat "$kept/$name.said"; done
}

# patient MARK MARKS [OPTION...]: tests with MARKS in the files that name MARK, since collecting all
# takes longer than some lanes. Processes in real time share these cores with whatever else runs, so
# what fails gets a second try, alone.
patient() {
    marks="$2 and $skip"
    cache="cache_dir=.pytest_cache/$1"
    files=$(grep -rlw --include="*.py" "mark.$1" tests)
    shift 2
    .venv/bin/pytest -q -o "$cache" -m "$marks" "$@" $files && return 0
    echo "== once more: what failed"
    .venv/bin/pytest -q -o "$cache" -m "$marks" --last-failed --last-failed-no-failures none $files
}

usual="not franka and not go2 and not browser"
lane ros patient ros "ros and not realtime and $usual" -n 3 --dist loadfile
lane realtime patient realtime "realtime and $usual"
beside franka patient franka "franka"
beside go2 patient go2 "go2"
together franka go2
.venv/bin/python .ci/browser.py
beside lint .ci/lint.sh
beside browser patient browser "browser"
together lint browser
lane tests .venv/bin/pytest -q -n 2 -m "not ros and $usual and $skip"

if [ -e "$kept/failed" ]; then
    echo "== failed: $(tr '\n' ' ' <"$kept/failed")"
    exit 1
fi
