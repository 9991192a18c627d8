"""Bringing an arm on a server home, through the guard as everything that moves."""

from __future__ import annotations

import dataclasses
import time

import numpy as np

from robot_meta.errors import LaunchError
from robot_meta.kinematics import KinematicChain
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.franka.driver import FrankaRobot
from robot_meta.robots.guarded import GuardedRobot, Tick
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.types import Command

SPEED, GAIN = 0.5, 3.0  # of each joint: at most, [rad/s]; per distance, [1/s]
ACCELERATION = 2.0  # [rad/s^2]
REST = 0.3  # until the arm has come to rest, [s]
PATIENCE = 60.0  # of the robot's own time, [s]


def bring_home(robot: FrankaRobot, chain: KinematicChain, near: float = 1e-3) -> None:
    """Move to `robot.spec.home` and wait until the arm stands; stopped and recovered then.

    Args:
        robot: The driver, connected to a server.
        chain: Kinematics of the arm.
        near: What counts as home, [rad].

    Raises:
        LaunchError: The guard does not let it go there.
    """
    patient = GuardConfig(max_gap=5.0, max_silence=5.0)  # of a busy machine
    config = dataclasses.replace(patient, workspace_lower=(-0.5, -0.75, 0.02))
    guarded = GuardedRobot(robot, Guard(robot.spec, chain, config))
    spec = robot.spec
    if robot.stopped:  # by a reflex before this client came
        robot.recover()
    tick = guarded.tick(None)
    answer = guarded.arm()
    if not answer:
        raise LaunchError(f"the arm cannot go home: {answer.message}")
    begin = goal = tick.observation.stamp
    while np.abs(tick.commanded.position[1] - spec.home).max() > near:
        goal += spec.control_dt
        wait_until(robot, goal)
        tick = guarded.tick(_towards_home(guarded, tick), goal)
        if goal > begin + PATIENCE or guarded.reason:
            raise LaunchError(f"the arm does not come home: {guarded.reason or 'too slow'}")
    wait_until(robot, goal + REST)
    robot.stop("AT HOME")
    robot.recover()


def _towards_home(robot: GuardedRobot, tick: Tick) -> Command:
    spec, position, velocity = robot.spec, tick.commanded.position[1], tick.commanded.velocity[1]
    wanted = np.clip(GAIN * (spec.home - position), -SPEED, SPEED)
    low, high = safe_velocity_bounds(position, velocity, spec.limits, spec.control_dt)
    step = ACCELERATION * spec.control_dt
    wanted = np.clip(np.clip(wanted, velocity - step, velocity + step), low, high)
    return Command(
        stamp=tick.observation.stamp,
        position=advance(position, velocity, wanted, spec.control_dt),
        velocity=wanted,
    )


def wait_until(robot: FrankaRobot, stamp: float) -> None:
    """Until the robot's own time is `stamp` [s], however long that takes."""
    while robot.observe().stamp < stamp - 1e-9:
        time.sleep(0.0005)
