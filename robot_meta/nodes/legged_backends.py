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
from robot_meta.robots.cmd_vel.config import CmdVelConfig
from robot_meta.robots.description import LeggedDescription, legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.driver import Go2Robot
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
NOT_OF_GO2 = ("interface",)


@dataclass(frozen=True, kw_only=True)
class LeggedNodeConfig(RobotNodeConfig):
    """How a walking robot is driven.

    Attributes:
        interface: Network interface of this machine that a Go2 is on, such as "eth0"; "lo" for
            `robot-meta twin go2-server`.
    """

    interface: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if BACKENDS[self.backend].has_address and not self.interface:
            raise ValueError(
                f"backend '{self.backend}' needs interface, the network interface of this machine "
                "that the robot is on, such as eth0"
            )

    def backends(self) -> Mapping[str, Backend]:
        """See `RobotNodeConfig`."""
        return BACKENDS


@dataclass(frozen=True, kw_only=True)
class LeggedSettings:
    """All parameters of the robot node of a walking robot, resolved."""

    node: LeggedNodeConfig
    guard: WalkingGuardConfig
    twin: LeggedTwinConfig | None
    go2: Go2Config
    cmd_vel: CmdVelConfig


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
    go2, topics = Go2Config(interface=own.interface), CmdVelConfig()
    if own.backend == "go2":
        go2 = declare_config(node, go2, "go2.", skip=NOT_OF_GO2)
    if own.backend == "cmd_vel":
        topics = declare_config(node, topics, "cmd_vel.")
        _refuse_own_topic(node, topics.odom_topic)
    return LeggedSettings(node=own, guard=guard, twin=twin, go2=go2, cmd_vel=topics)


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
        unfit=driver.unfit if isinstance(driver, Go2Robot) else _fit,
        body=(lambda: driver.body) if settings.twin is not None else None,
    )


def _fit() -> str:
    """Of robots that walk whenever they are commanded."""
    return ""


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


def _refuse_own_topic(node: Node, odom_topic: str) -> None:
    """The robot's odometry must not be heard where this node publishes its own."""
    if node.resolve_topic_name(odom_topic) == node.resolve_topic_name("odom"):
        raise BadConfig(
            f"the robot's odometry is on {node.resolve_topic_name('odom')}, where this node "
            "publishes its own; give our nodes a namespace, such as namespace:=meta, or set "
            "cmd_vel.odom_topic"
        )


def _open_go2(description: LeggedDescription, settings: LeggedSettings) -> LeggedDriver:
    go2 = settings.go2
    if go2.level == "low" and not go2.policy:
        from robot_meta.twin.assets import go2_policy_path

        go2 = dataclasses.replace(go2, policy=str(go2_policy_path()))
    return Go2Robot(description, go2)


def _open_cmd_vel(description: LeggedDescription, settings: LeggedSettings) -> LeggedDriver:
    from robot_meta.robots.cmd_vel.driver import CmdVelRobot

    return CmdVelRobot(description.spec, settings.cmd_vel)


BACKENDS = {
    "twin": Backend(_open_twin, simulated=True),
    "go2": Backend(_open_go2, simulated=False, has_address=True),
    "cmd_vel": Backend(_open_cmd_vel, simulated=False),
}
