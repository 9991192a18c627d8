"""Stand, walk, fall, damp, recover, again and again, through the guard and its life cycle."""

import numpy as np
import pytest

from robot_meta.legged_types import VelocityCommand
from robot_meta.robots.body_estimate import UPRIGHT
from robot_meta.robots.description import legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.robots.walking_modes import Mode
from robot_meta.safety.reasons import Reason
from robot_meta.safety.state import State
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.robot import LeggedTwin

ROUNDS = 50
SHOVES = [[0, 22, 0], [30, 15, 0], [-30, 15, 0], [30, 30, 0], [-30, 25, 0]]  # [rad/s]
UP = 25  # periods from `recover` to standing


class Session:
    """A twin behind its guard, and somebody who commands it all the time."""

    def __init__(self):
        self.twin = LeggedTwin(legged_description("go2"))
        self.driver = GuardedDriver(self.twin, WalkingGuard(self.twin.spec))
        self.velocity, self.modes, self._last = np.zeros(3), [], None

    def run(self, periods):
        """Let periods pass, each with a command that answers the measurement before."""
        for _ in range(periods):
            command = None
            if self._last is not None:
                command = VelocityCommand(stamp=self._last, velocity=self.velocity)
            self._last = self.driver.tick(command).observation.stamp
            self.twin.step()
            self.modes.append(self.twin.mode)

    def shove_until_it_lies(self, shove):
        """It may get away once or twice: the policy is good."""
        for _ in range(8):
            if self.driver.state is not State.INACTIVE:
                self.twin.push(shove)
                self.run(3)

    def get_up(self):
        """What a person does; answers of `recover`."""
        self.driver.acknowledge()  # after three falls somebody has to
        return self.driver.recover()


@pytest.mark.sim
def test_it_stands_walks_falls_is_damped_and_recovers_every_time():
    session, rng, refused = Session(), np.random.default_rng(0), 0
    twin, driver = session.twin, session.driver
    session.run(5)
    for round_ in range(ROUNDS):
        assert driver.state is State.HOLD and twin.mode is Mode.WALK and twin.tilt < 0.2, round_
        assert driver.arm(), round_
        start = twin.true_pose
        session.velocity = np.array([rng.uniform(0.3, 0.8), 0.0, rng.uniform(-0.5, 0.5)])
        session.run(15)
        assert driver.state is State.RUNNING, (round_, driver.reason)
        assert np.linalg.norm((twin.true_pose - start)[:2]) > 0.15, round_
        session.shove_until_it_lies(np.array(SHOVES[round_ % len(SHOVES)], dtype=float))
        assert driver.state is State.INACTIVE, round_
        assert driver.reason in (Reason.FALLEN, Reason.REPEATED_REFLEXES), round_
        session.modes.clear()
        session.run(15)  # commands go on, and nothing comes of them
        assert set(session.modes) == {Mode.DAMP}, round_
        if twin.tilt > UPRIGHT:
            refused += 1
            assert not session.get_up(), round_
        twin.set_down()
        session.run(2)
        assert twin.mode is Mode.DAMP and driver.state is State.INACTIVE, round_
        assert session.get_up(), round_
        session.run(UP)
    assert refused > 5


@pytest.mark.sim
def test_a_stop_in_the_middle_of_a_walk_damps_and_stays():
    session = Session()
    session.run(3)
    assert session.driver.arm()
    session.velocity = np.array([0.6, 0.0, 0.0])
    session.run(10)
    session.driver.stop()
    session.run(20)
    assert session.driver.state is State.ESTOP and session.twin.mode is Mode.DAMP
    assert not session.driver.arm()
    assert session.driver.recover()
    session.run(UP)
    assert session.driver.state is State.HOLD and session.twin.mode is Mode.WALK
