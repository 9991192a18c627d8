"""Processes that run before ordinary ones."""

import os
import subprocess
import sys

from robot_meta.robots.priority import FIRST, SECOND, run_first


def test_a_process_runs_first_where_the_user_may_ask_for_that():
    command = [sys.executable, "-c", "print('up', flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        granted = run_first(process.pid, SECOND)
        assert (os.sched_getscheduler(process.pid) == os.SCHED_FIFO) == granted
        if granted:
            assert os.sched_getparam(process.pid).sched_priority == SECOND < FIRST
        process.stdin.write(b"\n")
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
