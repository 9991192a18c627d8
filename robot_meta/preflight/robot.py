"""Checks about a robot and what its guard allows, before it is armed."""

from __future__ import annotations

import importlib.metadata
import socket
from collections.abc import Sequence

from robot_meta.preflight.finding import FAIL, OK, WARN, Finding
from robot_meta.robots.cell import Cell, arm_in_cell
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.guard import Guard
from robot_meta.safety.reasons import Reason

FRANKA_PORT = 1337  # of libfranka's protocol


def home(name: str, cell: Cell) -> Finding:
    """The robot `name` may stand at home in `cell`: inside its limits, clear of what is there."""
    from robot_meta.twin.collision import SelfCollision

    description = arm_in_cell(name, cell)
    spec = description.spec
    distance = SelfCollision(description, cell.fixtures, rod=cell.tool.rod)
    guard = Guard(spec, description.chain, cell.guard(), distance)
    limits = spec.limits
    outside = [
        name
        for name, low, at, high in zip(
            spec.joint_names, limits.lower, spec.home, limits.upper, strict=True
        )
        if not low <= at <= high
    ]
    broken = f"{', '.join(outside)} out of range" if outside else guard.broken_at(spec.home)
    if broken:
        _, parts = distance.nearest(spec.home, cell.table.height)
        if broken == Reason.SELF_COLLISION and parts is not None:
            broken = f"{broken} ({parts[0]} and {parts[1]})"
        remedy = "mend workspace, table and fixtures in the file of this cell"
        return Finding(FAIL, "home", f"home breaks {broken}", remedy)
    x, y, z = description.chain.tool_position_in_base(spec.home)
    return Finding(OK, "home", f"tool at {x:.2f}, {y:.2f}, {z:.2f} m, inside the guard's limits")


def thresholds(guard: GuardConfig, franka: FrankaConfig) -> Finding:
    """The guard holds before the arm's own reflex ends all motion."""
    later = [
        f"joint {joint + 1}: {ours:g} Nm, reflex at {theirs:g} Nm"
        for joint, (ours, theirs) in enumerate(
            zip(guard.external_torque, franka.torque_collision, strict=True)
        )
        if ours > theirs
    ]
    reflex = min(franka.force_collision[:3])
    if guard.external_force > reflex:
        later.append(f"tool: {guard.external_force:g} N, reflex at {reflex:g} N")
    if later:
        text = f"the arm's reflex comes before the guard's hold ({'; '.join(later)})"
        remedy = "lower guard.external_torque or external_force, or raise franka.*_collision"
        return Finding(WARN, "thresholds", text, remedy)
    return Finding(OK, "thresholds", "the guard holds before the arm's reflex")


def franka_client() -> Finding:
    """The client library of a real FR3 is installed."""
    try:
        version = importlib.metadata.version("franky-control")
    except importlib.metadata.PackageNotFoundError:
        return Finding(FAIL, "franky", "not installed", "make setup-franka")
    text = f"franky {version}; the arm says at connecting whether its system version fits"
    return Finding(OK, "franky", text)


def reachable(address: str, port: int = FRANKA_PORT, timeout_s: float = 2.0) -> Finding:
    """Something answers at the robot's address."""
    if not address:
        return Finding(WARN, "address", "no --robot-ip, so the arm was not looked for")
    try:
        socket.create_connection((address, port), timeout_s).close()
    except OSError as error:
        text = f"{address}:{port} does not answer ({error.strerror or error})"
        remedy = "check cable, address and that FCI is active in Desk"
        return Finding(FAIL, "address", text, remedy)
    return Finding(OK, "address", f"{address} answers")


def obstacle(findings: Sequence[Finding]) -> str:
    """The first failure in one line, or ""."""
    for finding in findings:
        if finding.level == FAIL:
            return f"{finding.name}: {finding.text} -> {finding.remedy}"
    return ""
