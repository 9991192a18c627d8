"""What the teleop node drives, by the kind of robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from robot_meta.collection.decoding import commanded_from
from robot_meta.collection.legged_decoder import reference_from
from robot_meta.nodes.arm_topics import ArmTopics
from robot_meta.nodes.legged_topics import LeggedTopics
from robot_meta.nodes.robot_topics import RobotTopics
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.robots.description import legged_description
from robot_meta.teleoperation.clutch import Clutch
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.motion import MotionConfig, Teleoperator
from robot_meta.teleoperation.walking import WalkingTeleoperator


class Operator(Protocol):
    """Turns what a device says into commands."""

    clutch: Clutch
    share: float

    def faster(self, levels: int) -> None:
        """Go that many levels up, or down."""

    def command_for(self, commanded: Any, reading: Reading, following: bool) -> Any:
        """The command that answers the period `commanded`."""


@dataclass(frozen=True)
class Driving:
    """How a kind of robot is driven by a person.

    Attributes:
        operator: Makes the commands.
        control_dt: T, [s].
        topics: How the robot speaks.
        commanded_from: Reads `commanded`.
        use_limits: Takes the limits of the robot's guard; None where nobody has to know them.
        has_hand: Whether there may be a gripper.
    """

    operator: Operator
    control_dt: float
    topics: RobotTopics
    commanded_from: Callable[[Any], Any]
    use_limits: Callable[[Any], None] | None
    has_hand: bool


def drive_arm(robot: str, cell: str, speed: float, motion: MotionConfig) -> Driving:
    """An arm."""
    description = arm_in_cell(robot, read_cell(cell), speed=speed)
    spec, operator = description.spec, Teleoperator(description, motion)
    return Driving(
        operator,
        spec.control_dt,
        ArmTopics(spec, description.chain),
        lambda msg: commanded_from(msg, spec.joint_names),
        operator.use,
        has_hand=True,
    )


def drive_legs(robot: str, cell: str, speed: float, motion: MotionConfig) -> Driving:
    """A walking robot."""
    spec = legged_description(robot, speed=speed).spec
    operator = WalkingTeleoperator(spec, motion.share)
    topics = LeggedTopics(spec)
    return Driving(operator, spec.control_dt, topics, reference_from, None, has_hand=False)


KINDS = {"arm": drive_arm, "legs": drive_legs}
