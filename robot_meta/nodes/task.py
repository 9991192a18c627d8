"""The contract of a task: which path a kind of robot is given, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """When a path is given, to which robot.

    Attributes:
        robot: Robot type.
        cell: File that says where an arm's tool point is; empty for that of the robot type.
        start: When the path begins, counted from the moment the robot follows commands, [s].
        wait_until_running: False counts from the first measurement that is heard instead.
    """

    robot: str = "fr3"
    cell: str = ""
    start: float = 1.0
    wait_until_running: bool = True

    def __post_init__(self) -> None:
        if not self.start >= 0.0:
            raise ValueError(f"start must be >= 0, got {self.start}")


class Task(Protocol):
    """What a robot should do."""

    @property
    def config(self) -> TaskConfig:
        """What was asked for."""

    @property
    def path(self) -> str:
        """Name of the path."""

    def target(self, msg: Any, start: float) -> Any:
        """The path.

        Args:
            msg: What the robot tells of time and place (`RobotTopics.begin`).
            start: Stamp at which it begins, [s].
        """
