"""How a kind of robot speaks on topics: the contract, and which kind a robot is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from robot_meta.collection.decoder import Decoder
from robot_meta.nodes.arm_topics import ArmTopics
from robot_meta.nodes.legged_topics import LeggedTopics
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.robots.description import kind_of, legged_description


class RobotTopics(Decoder[Any, Any, Any, Any], Protocol):
    """The messages of one kind of robot, both ways.

    Attributes:
        sent: Type of all that the robot sends at the start of a period, by topic; those of
            `period` among them.
        command: Type of `command`.
        begin: The topic of `period` from which a task knows time and place.
        asks_limits: Whether plans stay within limits that only the robot's guard knows.
    """

    sent: Mapping[str, type]
    command: type
    begin: str
    asks_limits: bool

    def period_msgs(self, observation: Any, commanded: Any) -> dict[str, Any]:
        """What the robot sends, by topic."""

    def command_msg(self, command: Any) -> Any:
        """What a controller asks for."""

    def no_command_msg(self, stamp: float) -> Any:
        """The answer of a controller that has none, so that lockstep does not wait."""

    def target_msg(self, target: Any) -> Any:
        """A path, each pose with its own time."""

    def at_rest(self) -> tuple[Any, Any, Any]:
        """A measurement of a robot at rest, what was decided for it, and a target."""


def topics_of(robot: str, cell: str = "") -> RobotTopics:
    """How `robot` speaks.

    Args:
        robot: Robot type.
        cell: File that says where an arm's tool point is; empty for that of the robot type.

    Raises:
        UnknownRobot: No file describes it.
    """
    return _KINDS[kind_of(robot)](robot, cell)


def _arm(robot: str, cell: str) -> RobotTopics:
    description = arm_in_cell(robot, read_cell(cell))
    return ArmTopics(description.spec, description.chain)


def _legs(robot: str, cell: str) -> RobotTopics:
    return LeggedTopics(legged_description(robot).spec)


_KINDS = {"arm": _arm, "legs": _legs}
