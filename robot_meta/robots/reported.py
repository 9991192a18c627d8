"""Limits that a robot reports about itself, and the tightest of two sources."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ElementTree

import numpy as np

from robot_meta.errors import UnsupportedRobot
from robot_meta.types import Array, JointLimits, VelocityCurve


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportedLimits:
    """What a URDF says of each joint; (J,)."""

    lower: Array  # [rad]
    upper: Array  # [rad]
    velocity: Array  # [rad/s]
    torque: Array  # [Nm]
    curve: VelocityCurve | None  # where the description has one


def reported_limits(urdf: str, robot: str) -> ReportedLimits:
    """The limits in a robot's own description.

    Franka's descriptions carry the velocity curve in `position_based_velocity_limits`, which ends
    at the joint's `limit`, and narrower ends of the range in `safety_controller`.

    Raises:
        UnsupportedRobot: It describes another robot than `robot`, or no arm at all.
    """
    try:
        root = ElementTree.fromstring(urdf)
    except ElementTree.ParseError as error:
        raise UnsupportedRobot(f"the robot's description of itself is no URDF: {error}") from None
    if root.get("name") != robot:
        raise UnsupportedRobot(
            f"this is a '{root.get('name')}', and '{robot}' was asked for: set robot:= to what "
            "stands there"
        )
    rows = [joint for joint in root.findall("joint") if joint.get("type") == "revolute"]
    if not rows or any(joint.find("limit") is None for joint in rows):
        raise UnsupportedRobot(f"the description of '{robot}' has joints without limits")

    def values(tag: str, attribute: str) -> Array | None:
        found = [joint.find(tag) for joint in rows]
        texts = [None if element is None else element.get(attribute) for element in found]
        return None if None in texts else np.array([float(text or 0.0) for text in texts])

    lower, upper = values("limit", "lower"), values("limit", "upper")
    velocity, torque = values("limit", "velocity"), values("limit", "effort")
    if lower is None or upper is None or velocity is None or torque is None:
        raise UnsupportedRobot(f"the description of '{robot}' has incomplete limits")
    offset = values("position_based_velocity_limits", "velocity_offset")
    deceleration = values("position_based_velocity_limits", "deceleration_limit")
    curve = None
    if offset is not None and deceleration is not None:
        curve = VelocityCurve(lower=lower, upper=upper, offset=offset, deceleration=deceleration)
    soft_lower = values("safety_controller", "soft_lower_limit")
    soft_upper = values("safety_controller", "soft_upper_limit")
    return ReportedLimits(
        lower=lower if soft_lower is None else np.maximum(lower, soft_lower),
        upper=upper if soft_upper is None else np.minimum(upper, soft_upper),
        velocity=velocity,
        torque=torque,
        curve=curve,
    )


def tightest(limits: JointLimits, reported: ReportedLimits) -> JointLimits:
    """`limits` where they are stricter, `reported` where those are; curves count together."""
    if len(reported.lower) != len(limits.lower):
        raise UnsupportedRobot(
            f"the robot has {len(reported.lower)} joints, {len(limits.lower)} were expected"
        )
    curves = limits.velocity_curves
    return dataclasses.replace(
        limits,
        lower=np.maximum(limits.lower, reported.lower),
        upper=np.minimum(limits.upper, reported.upper),
        velocity=np.minimum(limits.velocity, reported.velocity),
        torque=np.minimum(limits.torque, reported.torque),
        velocity_curves=curves if reported.curve is None else (*curves, reported.curve),
    )
