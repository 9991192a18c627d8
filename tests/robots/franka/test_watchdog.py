"""A stalled or dead robot node: the process beside it stops the arm and keeps holding it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from robot_meta.robots.franka.process import WATCHDOG
from robot_meta.robots.franka.wire import SharedState

pytestmark = pytest.mark.franka

OWNER = Path(__file__).with_name("owner.py")
SILENCE = 0.5  # the tests' watchdog; a busy machine stops healthy processes for longer than 0.1 s
PATIENCE_S = 120.0


class Witness:
    """The owner of an arm, and the memory in which the driver process tells how the arm is."""

    def __init__(self) -> None:
        self.owner = subprocess.Popen(
            [sys.executable, str(OWNER), str(SILENCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.driver, memory = map(int, self.owner.stdout.readline().split())
        except ValueError:
            self.end()
            raise
        descriptor = os.open(f"/proc/{self.driver}/fd/{memory}", os.O_RDWR)
        self._state = SharedState(descriptor)
        os.close(descriptor)

    def reading(self):
        return self._state.reading()

    def wait(self, condition):
        """The first reading for which `condition` holds."""
        end = time.monotonic() + PATIENCE_S
        while not condition(reading := self.reading()):
            assert time.monotonic() < end, reading
            time.sleep(0.0005)
        return reading

    def after(self, seconds):
        """The reading after so much of the robot's own time."""
        stamp = self.reading().stamp
        return self.wait(lambda reading: reading.stamp >= stamp + seconds)

    def last_life(self):
        return self._state.last_life

    def end(self):
        self.owner.send_signal(signal.SIGCONT)
        self.owner.kill()
        self.owner.communicate()


@pytest.fixture
def witness(franka_servers):
    franka_servers.use("franka-sim")
    witness = Witness()
    yield witness
    witness.end()
    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{witness.driver}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # the server takes one client at a time


def moving(reading):
    return abs(reading.velocity[6]) > 0.1


def test_a_stalled_owner_is_noticed_and_the_arm_stays_where_it_is(witness):
    witness.wait(moving)
    witness.owner.send_signal(signal.SIGSTOP)
    stopped = witness.wait(lambda reading: reading.stopped)
    assert stopped.stopped == WATCHDOG
    assert stopped.written - witness.last_life() >= SILENCE
    later, latest = witness.after(0.3), witness.after(0.1)
    assert later.in_control and latest.in_control  # held by the law, not let go
    np.testing.assert_array_equal(later.reference, stopped.reference)
    assert np.abs(latest.velocity).max() < 0.01
    np.testing.assert_allclose(latest.position, stopped.reference, atol=0.012)


def test_an_owner_that_wakes_up_again_moves_nothing_until_it_recovers(witness):
    witness.wait(moving)
    witness.owner.send_signal(signal.SIGSTOP)
    stopped = witness.wait(lambda reading: reading.stopped)
    witness.owner.send_signal(signal.SIGCONT)
    later = witness.after(0.5)
    assert later.stopped == WATCHDOG
    np.testing.assert_array_equal(later.reference, stopped.reference)
    witness.owner.stdin.write("recover\n")
    witness.owner.stdin.flush()
    assert witness.owner.stdout.readline().strip() == WATCHDOG
    assert witness.owner.stdout.readline().strip() == "True"
    assert not witness.wait(moving).stopped


def test_when_its_owner_dies_the_driver_lets_the_arm_go_gently_and_ends(witness):
    witness.wait(moving)
    witness.owner.kill()
    witness.wait(lambda reading: not Path(f"/proc/{witness.driver}").exists())
    assert not witness.reading().lost
