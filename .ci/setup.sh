#!/bin/sh
# Find a supported Python and hand over to setup.py. `PYTHON=/path/to/python` chooses one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
elif [ -n "${ROS_DISTRO:-}" ]; then
    candidates=python3 # the one that ROS 2 was built for
else
    candidates="python3 python3.12 python3.11 python3.10"
fi
for candidate in $candidates; do
    if supported "$candidate"; then
        # Another environment's ROS wheels leave this marker, and would not load their own libraries.
        exec env -u _ROS_WHEELS_BOOTSTRAP_COMPLETE "$candidate" "$here/setup.py" "$@"
    fi
done

set -- $candidates
found=$("$1" --version 2>&1) || found="no $1"
echo "set-up: error: robot_meta needs Python 3.10, 3.11 or 3.12, found $found." >&2
echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name one:" >&2
echo "    make setup PYTHON=/path/to/python3.12" >&2
exit 3
