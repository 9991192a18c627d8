"""A stalled or dead process, whichever: the ones beside it make the robot stand, for good."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.go2

OWNER = Path(__file__).with_name("owner.py")
SILENCE = 2.0  # a busy machine stops healthy processes for longer than 0.3 s
PATIENCE_S = 60.0


class Witness:
    """The owner of a robot that walks, and the robot itself, which tells what became of it."""

    def __init__(self, server):
        server.calm_down()
        self.server = server
        self.owner = subprocess.Popen(
            [sys.executable, str(OWNER), str(server.domain), str(SILENCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.driver, self.watchdog = map(int, self.owner.stdout.readline().split())

    def wait(self, condition):
        """The first report for which `condition` holds."""
        end = time.monotonic() + PATIENCE_S
        while not condition(report := self.server.report()):
            assert time.monotonic() < end, report
            time.sleep(0.01)
        return report

    def later(self, seconds):
        """The report after so much of the robot's own time."""
        time_ = self.server.report()["time"]
        return self.wait(lambda report: report["time"] >= time_ + seconds)

    def end(self):
        for process in (self.owner.pid, self.driver, self.watchdog):
            try:
                os.kill(process, signal.SIGCONT)
            except ProcessLookupError:
                pass
        self.owner.kill()
        self.owner.communicate()
        end = time.monotonic() + PATIENCE_S
        while any(Path(f"/proc/{pid}").exists() for pid in (self.driver, self.watchdog)):
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def witness(go2_server):
    witness = Witness(go2_server)
    yield witness
    witness.end()


def walks(report):
    return any(report["velocity"])


def stands(report):
    return not walks(report)


def test_a_stalled_owner_is_noticed_and_walks_nobody_when_it_wakes_up(witness):
    witness.wait(walks)
    witness.owner.send_signal(signal.SIGSTOP)
    stood = witness.wait(stands)
    assert stood["requests"]["StopMove"] >= 1 and not stood["damps"]
    witness.owner.send_signal(signal.SIGCONT)
    later = witness.later(1.0)
    assert stands(later) and later["requests"]["Move"] == stood["requests"]["Move"]
    witness.owner.stdin.write("recover\n")
    witness.owner.stdin.flush()
    assert witness.owner.stdout.readline().strip() == "WATCHDOG"
    assert witness.owner.stdout.readline().strip() == "True"
    witness.wait(walks)


def test_a_stalled_driver_process_does_not_keep_the_watchdog_from_stopping_the_robot(witness):
    witness.wait(walks)
    os.kill(witness.driver, signal.SIGSTOP)
    stood = witness.wait(stands)
    os.kill(witness.driver, signal.SIGCONT)
    later = witness.later(1.0)
    assert stands(later) and later["requests"]["Move"] == stood["requests"]["Move"]


def test_a_stalled_watchdog_is_noticed_by_the_process_that_it_watches(witness):
    witness.wait(walks)
    os.kill(witness.watchdog, signal.SIGSTOP)
    witness.wait(stands)
    witness.later(0.5)  # until the owner knows
    witness.owner.stdin.write("recover\n")
    witness.owner.stdin.flush()
    assert witness.owner.stdout.readline().strip() == "WATCHDOG"
    assert witness.owner.stdout.readline().strip() == "False"  # nobody would watch


@pytest.mark.parametrize(
    "who",
    ["owner", *(pytest.param(who, marks=pytest.mark.slow) for who in ("driver", "watchdog"))],
)
def test_whoever_dies_the_robot_stands(witness, who):
    witness.wait(walks)
    os.kill(witness.owner.pid if who == "owner" else getattr(witness, who), signal.SIGKILL)
    witness.wait(stands)
    assert stands(witness.later(0.5))
