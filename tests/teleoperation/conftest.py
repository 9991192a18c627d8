"""An arm behind its guard that a person drives, period by period."""

import contextlib
import os

import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.state import State
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.motion import MotionConfig, Teleoperator

ARM = arm_description("fr3")


class Driven:
    """A robot without physics, its guard, and the teleoperator in the controller's place."""

    def __init__(self, config=None, guard=None, arm=ARM, clearance=None):
        self.guard_config, self.arm = guard or GuardConfig(), arm
        own = Guard(arm.spec, arm.chain, self.guard_config, clearance)
        self.robot = GuardedRobot(FakeRobot(arm.spec), own)
        self.teleoperator = Teleoperator(arm, config or MotionConfig(share=1.0))
        self.teleoperator.use(self.guard_config)
        self.commanded, self.command = [], None
        self.period(Reading())
        assert self.robot.arm()

    def period(self, reading):
        """One period; what the guard sent for it."""
        commanded = self.robot.tick(self.command).commanded
        following = self.robot.state is State.RUNNING
        self.command = self.teleoperator.command_for(commanded, reading, following)
        self.robot.step()
        self.commanded.append(commanded)
        return commanded

    def periods(self, reading, count):
        return [self.period(reading) for _ in range(count)]

    def push(self, velocity, count):
        """Hold on and push; velocity is a share of full speed, 3 or 6 numbers."""
        six = np.zeros(6)
        six[: len(velocity)] = velocity
        return self.periods(Reading(engaged=True, velocity=six), count)

    def let_go(self, count):
        return self.periods(Reading(), count)

    @property
    def tool(self):
        return self.arm.chain.tool_position_in_base(self.commanded[-1].position[1])

    @property
    def rotation(self):
        return self.arm.chain.joint_frames_in_base(self.commanded[-1].position[1])[1][-1]

    def reasons(self, since=0):
        return {commanded.reason for commanded in self.commanded[since:]} - {""}


@pytest.fixture(scope="session")
def driven():
    return Driven


@pytest.fixture
def nobody():
    """A context in which root, who may read everything, is a user who may not."""

    @contextlib.contextmanager
    def become():
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return become


@pytest.fixture(scope="session")
def arm():
    return ARM
