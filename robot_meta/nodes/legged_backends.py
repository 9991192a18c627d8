"""The walking robots that the robot node can drive, and its parameters.

A new way to reach one is a line in `BACKENDS` and what opens it; its own settings stand beside
those of the twin in `LeggedSettings`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.node import Node

from robot_meta.errors import BadConfig
from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.nodes.driven import PERTURBATIONS, Driven, Live, body_parameters
from robot_meta.nodes.legged_topics import LeggedTopics
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.robot_config import Backend, RobotNodeConfig
from robot_meta.nodes.schedule import LeggedScheduleConfig
from robot_meta.robots.description import LeggedDescription, legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.robots.robot import Driver
from robot_meta.safety.walking import WalkingGuardConfig
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.incidents import LeggedIncidentConfig

if TYPE_CHECKING:  # a real robot needs no MuJoCo
    from robot_meta.twin.legged.perturbations import LeggedPerturbations
    from robot_meta.twin.legged.robot import LeggedTwinConfig

LeggedDriver = Driver[LeggedObservation, VelocityReference]
NOT_OF_TWIN = ("body", "schedule")  # said elsewhere


@dataclass(frozen=True, kw_only=True)
class LeggedNodeConfig(RobotNodeConfig):
    """How a walking robot is driven."""

    def backends(self) -> Mapping[str, Backend]:
        """See `RobotNodeConfig`."""
        return BACKENDS


@dataclass(frozen=True, kw_only=True)
class LeggedSettings:
    """All parameters of the robot node of a walking robot, resolved."""

    node: LeggedNodeConfig
    guard: WalkingGuardConfig
    twin: LeggedTwinConfig | None = None


def declare(node: Node) -> LeggedSettings:
    """Declare the parameters of the robot node of a walking robot and read them.

    Raises:
        BadConfig: A value is wrong.
    """
    own = declare_config(node, LeggedNodeConfig())
    guard = declare_config(node, WalkingGuardConfig(), "guard.", live=True)
    twin = None
    if own.backend == "twin":
        from robot_meta.twin.legged.robot import LeggedTwinConfig

        twin = declare_config(node, LeggedTwinConfig(), "twin.", skip=NOT_OF_TWIN)
        body = declare_config(node, twin.body, PERTURBATIONS, live=True)
        schedule = declare_config(node, LeggedScheduleConfig(), "twin.")
        declare_config(node, LeggedIncidentConfig(), "twin.", live=True)
        twin = dataclasses.replace(twin, body=body, schedule=schedule.changes())
    return LeggedSettings(node=own, guard=guard, twin=twin)


def open_legs(node: Node) -> Driven:
    """The walking robot that the parameters of `node` ask for, behind its guard.

    Raises:
        RobotMetaError: A parameter is wrong, or the robot cannot be reached.
    """
    settings = declare(node)
    refuse_unknown(node)
    own = settings.node
    description = legged_description(own.robot, speed=own.speed)
    driver: Any = BACKENDS[own.backend].open(description, settings)
    guard = WalkingGuard(description.spec, settings.guard)
    live = [Live(settings.guard, "guard.", lambda before, now: guard.configure(now), limits=True)]
    if settings.twin is not None:
        body = settings.twin.body
        live += [
            body_parameters(body, driver.change, lambda now: _keep_ground(body, now)),
            Live(LeggedIncidentConfig(), "twin.", lambda before, now: driver.befall(now.incident)),
        ]
    return Driven(
        config=own,
        driver=driver,
        guard=guard,
        robot=GuardedDriver(driver, guard),
        topics=LeggedTopics(description.spec),
        live=live,
        body=(lambda: driver.body) if settings.twin is not None else None,
    )


def _keep_ground(before: LeggedPerturbations, now: LeggedPerturbations) -> None:
    if now.step_height != before.step_height:
        raise ValueError(
            f"step_height stays {before.step_height} m while the robot stands on the ground; "
            "give it when the node is started"
        )


def _open_twin(description: LeggedDescription, settings: LeggedSettings) -> LeggedDriver:
    from robot_meta.twin.legged.realtime import RealtimeLeggedTwin
    from robot_meta.twin.legged.robot import LeggedTwin

    if settings.twin is None:
        raise BadConfig("the twin has no settings")
    if settings.node.lockstep:
        return LeggedTwin(description, settings.twin)
    return RealtimeLeggedTwin(description, settings.twin)


BACKENDS = {"twin": Backend(_open_twin, simulated=True)}
