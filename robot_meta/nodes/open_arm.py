"""What the robot node drives where its robot is an arm."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from robot_meta.nodes.arm_topics import ArmTopics
from robot_meta.nodes.backends import declare, make_guard, open_robot
from robot_meta.nodes.cell_topics import CellTopics, find_gripper
from robot_meta.nodes.driven import Driven, Live, body_parameters
from robot_meta.nodes.params import refuse_unknown
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.twin.incidents import IncidentConfig


def open_arm(node: Node) -> Driven:
    """The arm that the parameters of `node` ask for, behind its guard.

    Raises:
        RobotMetaError: A parameter is wrong, or the robot cannot be reached.
    """
    settings = declare(node)
    refuse_unknown(node)
    description, driver = open_robot(settings)
    guard = make_guard(description, settings)
    gripper = find_gripper(settings, driver)
    robot = GuardedRobot(driver, guard, gripper)
    twin: Any = driver  # a twin can do more than a `Robot`
    live = [Live(settings.guard, "guard.", lambda before, now: guard.configure(now), limits=True)]
    if settings.twin is not None:
        live += [
            body_parameters(settings.twin.perturbations, twin.change),
            Live(IncidentConfig(), "twin.", lambda before, now: twin.befall(now.incident)),
        ]
    return Driven(
        config=settings.node,
        driver=driver,
        robot=robot,
        guard=guard,
        topics=ArmTopics(description.spec, description.chain),
        live=live,
        body=(lambda: twin.snapshot().perturbations) if settings.twin is not None else None,
        maneuvers={"retreat": robot.retreat, "home": robot.home},
        beside=lambda node, refusal: CellTopics(node, settings, driver, gripper, refusal),
    )
