"""Ends the processes of a launch whose runner died without doing so, by kill -9 for instance.

A program of its own, in a session of its own, that needs nothing but the standard library. The
runner holds the other end of its standard input and tells it which process groups there are:
`+ GROUP SIGTERM_TIMEOUT SIGKILL_TIMEOUT` and `- GROUP`, one a line. When that pipe closes,
whatever is left gets SIGINT, then SIGTERM, then SIGKILL, and the runner's folder (the first
argument) is removed.
"""

import os
import shutil
import signal
import sys
import time

_POLL = 0.05  # [s]


def alive(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def signal_group(group: int, number: int) -> None:
    """Send a signal to every process of a group; one that is gone needs none."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def end(groups: dict[int, tuple[float, float]]) -> None:
    """SIGINT, SIGTERM, SIGKILL, each group with its own pauses (seconds), until none is left."""
    start = time.monotonic()
    stages = {}
    for group, (until_term, until_kill) in groups.items():
        signal_group(group, signal.SIGINT)
        stages[group] = [(until_term, signal.SIGTERM), (until_term + until_kill, signal.SIGKILL)]
    while stages:
        time.sleep(_POLL)
        for group in [group for group in stages if not alive(group)]:
            del stages[group]
        for group, left in list(stages.items()):
            if time.monotonic() - start >= left[0][0]:
                signal_group(group, left.pop(0)[1])
                if not left:
                    del stages[group]


def main() -> None:
    """Follow the runner's notes until it is gone, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, tuple[float, float]] = {}
    for line in sys.stdin:
        sign, group, *pauses = line.split()
        if sign == "+":
            groups[int(group)] = (float(pauses[0]), float(pauses[1]))
        else:
            groups.pop(int(group), None)
    end({group: pauses for group, pauses in groups.items() if alive(group)})
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
