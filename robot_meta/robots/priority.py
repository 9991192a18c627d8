"""Running before everybody else: for processes that have to answer in time."""

from __future__ import annotations

import logging
import os

_log = logging.getLogger(__name__)
FIRST = 10  # above every ordinary process, below the interrupts of a real-time kernel (50)
SECOND = 1  # the same, but after those


def run_first(process: int | None = None, priority: int = FIRST) -> bool:
    """Let a process, and every thread that it starts from now on, run before ordinary ones.

    Args:
        process: Its number; None for this one.
        priority: Among those that run first (SCHED_FIFO), the higher the sooner.

    Returns:
        Whether this user may ask for that (`rtprio` in limits.conf).
    """
    process = os.getpid() if process is None else process
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        _log.info("no real-time priority for this user: a busy machine will cost packets")
        return False
    return True
