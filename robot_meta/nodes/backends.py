"""The arms that the robot node can drive, and its parameters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rclpy.node import Node

from robot_meta.errors import BadConfig
from robot_meta.nodes.driven import PERTURBATIONS
from robot_meta.nodes.params import declare_config
from robot_meta.nodes.robot_config import Backend, RobotNodeConfig
from robot_meta.nodes.schedule import ScheduleConfig
from robot_meta.robots.cell import Cell, arm_in_cell, read_cell
from robot_meta.robots.description import ArmDescription
from robot_meta.robots.fake import FakeRobot
from robot_meta.robots.fixture import Fixture
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot
from robot_meta.robots.priority import run_first
from robot_meta.robots.robot import Robot
from robot_meta.robots.ros2_control.config import Ros2ControlConfig
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.twin.incidents import IncidentConfig

if TYPE_CHECKING:  # a fake robot needs no MuJoCo
    from robot_meta.twin.mujoco_robot import TwinConfig

NOT_OF_TWIN = (  # said elsewhere
    "schedule",
    "realtime",
    "limits",
    "perturbations",
    "desk",
    "layout_seed",
    "fixtures",
    "load",
    "rod",
)
SCENES = ("table", "desk")


@dataclass(frozen=True, kw_only=True)
class ArmNodeConfig(RobotNodeConfig):
    """What else is to be said of an arm.

    Attributes:
        robot_ip: Address of a real robot.
        cell: File that says what is around the arm and at its end, such as config/cell.yaml; empty
            for the defaults.
        scene: What stands before the twin: "table", or "desk" with a drawer, a sliding door, a
            knob, a button, a switch, two blocks, and fingers that can take hold of them.
        desk_seed: Which of all desks, -1 for the nominal one.
        limits: "enforce" for a twin that goes into reflex where the real arm would, or "ignore".
        self_collision: Measure how near the arm comes to itself; needs MuJoCo and the arm's model.
    """

    robot_ip: str = ""
    cell: str = ""
    scene: str = "table"
    desk_seed: int = -1
    limits: str = "ignore"
    self_collision: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if BACKENDS[self.backend].has_address and not self.robot_ip:
            raise ValueError(f"backend '{self.backend}' needs robot_ip, the address in Desk")
        if self.scene not in SCENES:
            raise ValueError(f"scene must be one of {list(SCENES)}, got '{self.scene}'")
        if self.scene != "table" and self.backend != "twin":
            raise ValueError(
                f"only the twin has a scene '{self.scene}'; backend '{self.backend}' has what is "
                "there"
            )
        if self.limits not in ("ignore", "enforce"):
            raise ValueError(f"limits must be 'ignore' or 'enforce', got '{self.limits}'")

    def backends(self) -> Mapping[str, Backend]:
        """See `RobotNodeConfig`."""
        return BACKENDS


@dataclass(frozen=True)
class Settings:
    """All parameters of the robot node of an arm, resolved."""

    node: ArmNodeConfig
    cell: Cell
    guard: GuardConfig
    recovery: RecoveryConfig
    twin: TwinConfig | None
    franka: FrankaConfig
    ros2_control: Ros2ControlConfig


def declare(node: Node) -> Settings:
    """Declare the parameters of the robot node of an arm and read them.

    Raises:
        BadConfig: A value is wrong.
    """
    own = declare_config(node, ArmNodeConfig())
    cell = read_cell(own.cell)
    guard = declare_config(node, cell.guard(), "guard.", live=True)
    recovery = declare_config(node, RecoveryConfig(), "recovery.")
    twin = None
    if own.scene == "desk" and cell.table.height != 0.0:
        raise BadConfig(
            f"cell {own.cell}: the desk's top is at the height of the base: table.height must be "
            f"0, got {cell.table.height}"
        )
    if own.backend == "twin":
        from robot_meta.twin.mujoco_robot import TwinConfig
        from robot_meta.twin.scenes import SceneConfig

        defaults = TwinConfig(
            realtime=not own.lockstep,
            limits=own.limits,
            scene=SceneConfig.in_cell(cell, desk=own.scene == "desk", layout_seed=own.desk_seed),
        )
        twin = declare_config(node, defaults, "twin.", skip=NOT_OF_TWIN)
        body = declare_config(node, defaults.perturbations, PERTURBATIONS, live=True)
        schedule = declare_config(node, ScheduleConfig(), "twin.")
        declare_config(node, IncidentConfig(), "twin.", live=True)
        twin = dataclasses.replace(twin, perturbations=body, schedule=schedule.changes())
    franka = cell.franka()
    if own.backend == "franka":
        franka = declare_config(node, franka, "franka.")
    topics = Ros2ControlConfig()
    if own.backend == "ros2_control":
        topics = declare_config(node, topics, "ros2_control.")
        _refuse_own_topic(node, topics.state_topic)
    return Settings(own, cell, guard, recovery, twin, franka, topics)


def _refuse_own_topic(node: Node, state_topic: str) -> None:
    """The arm's states must not be heard where this node publishes its own."""
    own = node.resolve_topic_name("joint_states")
    if node.resolve_topic_name(state_topic) == own:
        raise BadConfig(
            f"the arm's states are on {own}, where this node publishes its own; give our nodes a "
            "namespace, such as namespace:=meta, or set ros2_control.state_topic"
        )


def open_robot(settings: Settings) -> tuple[ArmDescription, Robot]:
    """The robot that the settings ask for, connected, and what is known of it since."""
    node = settings.node
    description = arm_in_cell(node.robot, settings.cell, speed=node.speed)
    robot = BACKENDS[node.backend].open(description, settings)
    return dataclasses.replace(description, spec=robot.spec), robot


def make_guard(description: ArmDescription, settings: Settings) -> Guard:
    """The guard that the settings ask for.

    Raises:
        BadConfig: The limits do not fit the robot.
    """
    clearance = None
    if settings.node.self_collision:
        from robot_meta.twin.collision import SelfCollision

        fixtures = [*settings.cell.fixtures, *_furniture(description, settings.node)]
        clearance = SelfCollision(description, fixtures, rod=settings.cell.tool.rod)
    elif settings.cell.fixtures:
        raise BadConfig(f"cell {settings.node.cell} has fixtures, which need self_collision")
    try:
        return Guard(
            description.spec,
            description.chain,
            settings.guard,
            clearance,
            recovery=settings.recovery,
        )
    except ValueError as error:
        raise BadConfig(f"parameters 'guard.*': {error}") from None


def _furniture(description: ArmDescription, node: ArmNodeConfig) -> tuple[Fixture, ...]:
    """What stands on the desk, if there is one."""
    if node.scene != "desk":
        return ()
    from robot_meta.twin.desk.layout import desk_layout
    from robot_meta.twin.desk.standing import standing_parts

    return standing_parts(description, desk_layout(node.desk_seed))


def _open_twin(description: ArmDescription, settings: Settings) -> Any:
    from robot_meta.twin.realtime import open_twin

    if settings.twin is None:
        raise BadConfig("the twin has no settings")
    return open_twin(description, settings.twin)


def _open_fake(description: ArmDescription, settings: Settings) -> Robot:
    return FakeRobot(description.spec, realtime=not settings.node.lockstep)


def _open_franka(description: ArmDescription, settings: Settings) -> Robot:
    run_first()  # a period that begins late is a jolt: the law runs out of samples
    return FrankaRobot(description, settings.node.robot_ip, settings.franka)


def _open_ros2_control(description: ArmDescription, settings: Settings) -> Robot:
    from robot_meta.robots.ros2_control.driver import Ros2ControlRobot

    return Ros2ControlRobot(description, settings.ros2_control)


BACKENDS = {
    "twin": Backend(_open_twin, simulated=True),
    "fake": Backend(_open_fake, simulated=True),
    "franka": Backend(_open_franka, simulated=False, has_address=True),
    "ros2_control": Backend(_open_ros2_control, simulated=False),
}
