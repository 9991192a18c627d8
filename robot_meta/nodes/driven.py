"""What the robot node drives: a robot of any kind behind its guard, opened from parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rclpy.node import Node

from robot_meta.nodes.robot_config import RobotNodeConfig
from robot_meta.nodes.robot_topics import RobotTopics
from robot_meta.robots.gate import Gate
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.state import Answer
from robot_meta.twin.body import Body

PERTURBATIONS = "twin.perturbations."


@dataclass(frozen=True)
class Live:
    """Parameters that may be set while the node runs.

    Attributes:
        config: Their values at start.
        prefix: Of their names.
        apply: Called with the old and the new values, with the lock of the robot.
        limits: Whether they are limits of the guard, which stay while the robot moves.
        validate: Raises `ValueError` for values that cannot be applied.
    """

    config: Any
    prefix: str
    apply: Callable[[Any, Any], None]
    limits: bool = False
    validate: Callable[[Any], object] = lambda config: None


class Beside(Protocol):
    """Topics besides those of the robot itself."""

    def publish(self, stamp: float) -> None:
        """Send out what there is to tell as of `stamp`, [s]."""


def body_parameters(
    body: Body,
    change: Callable[[str, Any], None],
    validate: Callable[[Any], object] = lambda config: None,
) -> Live:
    """The body of a twin as parameters.

    Only what was set is changed: a schedule may have changed the rest meanwhile.
    """

    def apply(before: Body, now: Body) -> None:
        for name, value in dataclasses.asdict(now).items():
            if value != getattr(before, name):
                change(name, value)

    return Live(body, PERTURBATIONS, apply, validate=validate)


@dataclass(frozen=True, kw_only=True)
class Driven:
    """A robot behind its guard.

    Attributes:
        config: What the node was told of it.
        driver: The robot, connected.
        guard: Its guard.
        robot: Both.
        topics: How it speaks.
        live: Parameters that may be set later.
        body: Reads how the body of a twin stands; None for other robots.
        unfit: Says why the robot would not move, however it is commanded, or ""; asked before it
            is armed.
        maneuvers: Ways that the guard plans by itself, each a service, such as "home".
        beside: Makes the topics of what else there is, such as a hand; it is given the node and
            what says why nothing may move now, or "". None where there is nothing.
    """

    config: RobotNodeConfig
    driver: Any
    guard: Gate[Any, Any, Any, Any]
    robot: GuardedDriver[Any, Any, Any, Any]
    topics: RobotTopics
    live: Sequence[Live] = ()
    body: Callable[[], Body] | None = None
    unfit: Callable[[], str] = lambda: ""
    maneuvers: Mapping[str, Callable[[], Answer]] = field(default_factory=dict)
    beside: Callable[[Node, Callable[[], str]], Beside] | None = None
