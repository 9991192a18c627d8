"""What is published about each robot type: one JSON file per robot beside this module.

A file says of which kind its robot is: "arm", which is meant where nothing is said, or "legs".
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from robot_meta.errors import UnknownRobot
from robot_meta.kinematics import KinematicChain, rotation_from_quat_wxyz
from robot_meta.legged_types import LeggedSpec
from robot_meta.robots.legs import LegKinematics
from robot_meta.types import Array, JointLimits, Load, RobotSpec, VelocityCurve

KINDS = ("arm", "legs")


@dataclass(frozen=True, kw_only=True)
class ArmDescription:
    """An arm: its specification, its kinematics and where its tool sits on the flange."""

    spec: RobotSpec
    chain: KinematicChain
    flange_position: Array  # in the frame of the last joint, (3,), [m]


@dataclass(frozen=True, kw_only=True)
class LeggedDescription:
    """A walking robot: its specification and its legs."""

    spec: LeggedSpec
    legs: LegKinematics


def known_robots(kind: str = "arm") -> list[str]:
    """Names that `arm_description` accepts, or `legged_description` for the kind "legs"."""
    files = resources.files(__package__).iterdir()
    names = sorted(file.name[: -len(".json")] for file in files if file.name.endswith(".json"))
    return [name for name in names if _read(name).get("kind", "arm") == kind]


def kind_of(name: str) -> str:
    """Of which kind robot `name` is: "arm" or "legs".

    Raises:
        UnknownRobot: No file describes `name`.
    """
    known = {robot: kind for kind in KINDS for robot in known_robots(kind)}
    if name not in known:
        raise UnknownRobot(name, list(known))
    return known[name]


def arm_description(name: str, *, speed: float = 1.0) -> ArmDescription:
    """The published data of robot `name`, with velocities times `speed`.

    Raises:
        UnknownRobot: No file describes `name`.
    """
    if name not in known_robots():
        raise UnknownRobot(name, known_robots())
    data = _read(name)
    limits = _limits(data["limits"])
    spec = RobotSpec(
        name=data["name"],
        joint_names=tuple(data["joint_names"]),
        control_dt=data["control_dt"],
        reference_dt=data["reference_dt"],
        limits=limits if speed == 1.0 else limits.scaled(speed),
        home=np.array(data["home"]),
        stiffness=np.array(data["impedance"]["stiffness"]),
        damping=np.array(data["impedance"]["damping"]),
        tool_load=Load(mass=data["tool_load"]["mass"], center=tuple(data["tool_load"]["center"])),
    )
    chain = data["chain"]
    flange = np.array(chain["flange_position"], dtype=float)
    return ArmDescription(
        spec=spec,
        chain=KinematicChain(
            offset_position=np.array(chain["offset_position"], dtype=float),
            offset_rotation=np.array(
                [rotation_from_quat_wxyz(quat) for quat in chain["offset_quat_wxyz"]]
            ),
            tool_position=flange + np.array(chain["tool_position_in_flange"], dtype=float),
            tool_rotation=rotation_from_quat_wxyz(chain["tool_quat_wxyz_in_flange"]),
        ),
        flange_position=flange,
    )


def with_gains(spec: RobotSpec, stiffness: Sequence[float], damping: Sequence[float]) -> RobotSpec:
    """`spec` with the gains (J,) of the law that really drives the arm; empty ones stay.

    Raises:
        ValueError: Not one value per joint.
    """
    for name, values in (("stiffness", stiffness), ("damping", damping)):
        if len(values) not in (0, spec.num_joints):
            raise ValueError(f"want {spec.num_joints} values of {name}, got {list(values)}")
    return dataclasses.replace(
        spec,
        stiffness=np.array(stiffness) if len(stiffness) else spec.stiffness,
        damping=np.array(damping) if len(damping) else spec.damping,
    )


def legged_description(name: str, *, speed: float = 1.0) -> LeggedDescription:
    """The published data of the walking robot `name`, with commands up to `speed` of their limits.

    Raises:
        UnknownRobot: No file describes a walking robot `name`.
        ValueError: The speed is not in (0, 1].
    """
    if not 0.0 < speed <= 1.0:
        raise ValueError(f"speed must be in (0, 1], got {speed}")
    if name not in known_robots("legs"):
        raise UnknownRobot(name, known_robots("legs"))
    data = _read(name)
    command, impedance, legs = data["command"], data["impedance"], data["legs"]
    return LeggedDescription(
        spec=LeggedSpec(
            name=data["name"],
            joint_names=tuple(data["joint_names"]),
            control_dt=data["control_dt"],
            policy_dt=data["policy_dt"],
            command_lower=speed * np.array(command["lower"]),
            command_upper=speed * np.array(command["upper"]),
            command_acceleration=np.array(command["acceleration"]),
            stand=np.array(data["stand"]),
            stiffness=np.array(impedance["stiffness"]),
            damping=np.array(impedance["damping"]),
            torque_limit=np.array(data["torque"]["values"]),
            joint_lower=np.array(data["joints"]["lower"]),
            joint_upper=np.array(data["joints"]["upper"]),
        ),
        legs=LegKinematics(
            hip_position=np.array(legs["hip_position"]),
            thigh_offset=np.array(legs["thigh_offset"]),
            thigh=legs["thigh"],
            calf=legs["calf"],
        ),
    )


def _read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        resources.files(__package__).joinpath(f"{name}.json").read_text()
    )
    return data


def _limits(data: dict[str, Any]) -> JointLimits:
    def array(key: str, source: dict[str, Any]) -> Array:
        return np.array(source[key], dtype=float)

    plain = ("lower", "upper", "velocity", "acceleration", "jerk", "torque", "torque_rate")
    curve = ("lower", "upper", "offset", "deceleration")
    return JointLimits(
        **{key: array(key, data) for key in plain},
        velocity_curves=tuple(
            VelocityCurve(**{key: array(key, source) for key in curve})
            for source in data["velocity_curves"]
        ),
    )
