"""What play keeps of a control period of each kind of robot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from robot_meta.collection.desk_state import NO_SCENE, recorded_state, state_names
from robot_meta.collection.steps import RecordedStep, Step, fields
from robot_meta.legged_types import LeggedObservation, VelocityCommanded
from robot_meta.robots.description import (
    ArmDescription,
    LeggedDescription,
    arm_description,
    kind_of,
    legged_description,
)
from robot_meta.types import Array, Commanded, Observation

_VELOCITY = slice(3, 6)  # in the state of a walk


class PeriodRecord(Protocol):
    """What is kept of a period.

    Attributes:
        control_dt: T, [s].
        action_size: A, of the velocity that is asked for.
        names: Of the entries of the state, S of them.
        fields: Names and widths of what the store keeps, `steps.fields`.
    """

    control_dt: float
    action_size: int
    names: list[str]
    fields: Mapping[str, int]

    def step(
        self, observation: Any, commanded: Any, requested: Array, scene: Array
    ) -> RecordedStep:
        """The period that begins with `observation`, in front of `scene`."""


class ArmRecord:
    """Joints, tool and, where there is one, the desk; asked for are joint velocities.

    Args:
        description: The arm.
        scene: Whether each period comes with a scene.
    """

    def __init__(self, description: ArmDescription, *, scene: bool = False) -> None:
        self._chain = description.chain
        self.control_dt = description.spec.control_dt
        self.action_size = joints = description.spec.num_joints
        self.names = state_names(joints, scene=scene)
        self.fields: Mapping[str, int] = fields(len(self.names), joints, joints)

    def step(
        self, observation: Observation, commanded: Commanded, requested: Array, scene: Array
    ) -> Step:
        """See `PeriodRecord`."""
        tool = self._chain.tool_position_in_base(observation.position)
        return Step(
            stamp=observation.stamp,
            state=recorded_state(observation.position, observation.velocity, tool, scene),
            requested=requested,
            commanded=commanded,
        )


@dataclass(frozen=True, kw_only=True)
class WalkingStep(RecordedStep):
    """A period of a walking robot.

    Attributes:
        commanded: What the guard really sent for it.
    """

    commanded: VelocityCommanded

    @property
    def reference(self) -> Array:
        """Velocity of the period before, (3,), [m/s, m/s, rad/s]."""
        before: Array = self.commanded.velocity[0]
        return before

    @property
    def sent(self) -> Array:
        """Velocity of this period, (3,), [m/s, m/s, rad/s]."""
        sent: Array = self.commanded.velocity[1]
        return sent

    def came_of_it(self, after: WalkingStep) -> Array:
        """Mean velocity of the period, (3,), [m/s, m/s, rad/s]."""
        return after.state[_VELOCITY]


class WalkRecord:
    """All that is measured of a walking robot; asked for are velocities of its body.

    The state is [x, y, heading | vx, vy, turning | roll, pitch and their rates | share of the
    period that each foot stood | joint positions | joint velocities], units as in
    `LeggedObservation`.

    Args:
        description: The robot.
    """

    def __init__(self, description: LeggedDescription) -> None:
        spec = description.spec
        self.control_dt, self.action_size = spec.control_dt, 3
        self.names = [
            *("x", "y", "heading", "vx", "vy", "turning"),
            *("roll", "pitch", "roll_rate", "pitch_rate"),
            *(f"{leg}_stands" for leg in spec.leg_names),
            *(f"{kind}{i + 1}" for kind in ("q", "dq") for i in range(spec.num_joints)),
        ]
        self.fields: Mapping[str, int] = fields(len(self.names), 3, 3, reference=3)

    def step(
        self,
        observation: LeggedObservation,
        commanded: VelocityCommanded,
        requested: Array,
        scene: Array = NO_SCENE,
    ) -> WalkingStep:
        """See `PeriodRecord`; there is no scene."""
        o = observation
        parts = [o.pose, o.velocity, o.attitude, o.rates, o.feet, o.joint_position]
        state = np.concatenate([*parts, o.joint_velocity])
        return WalkingStep(stamp=o.stamp, state=state, requested=requested, commanded=commanded)


def record_of(robot: str, *, scene: bool = False) -> PeriodRecord:
    """What is kept of a robot type, with or without a scene before it.

    Raises:
        UnknownRobot: No file describes it.
        ValueError: A scene before a robot that walks.
    """
    return _RECORDS[kind_of(robot)](robot, scene)


def _of_arm(robot: str, scene: bool) -> PeriodRecord:
    return ArmRecord(arm_description(robot), scene=scene)


def _of_legs(robot: str, scene: bool) -> PeriodRecord:
    if scene:
        raise ValueError(f"{robot} walks, and there is no desk for it: want scene 'table'")
    return WalkRecord(legged_description(robot))


_RECORDS: dict[str, Callable[[str, bool], PeriodRecord]] = {"arm": _of_arm, "legs": _of_legs}
