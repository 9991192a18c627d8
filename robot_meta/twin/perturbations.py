"""What can be different about a body: one list for training, tests, demo and benchmarks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from robot_meta.twin.body import Body, Change

Vector = tuple[float, float, float]
Joints = tuple[float, ...]

# What no hand can do to a real arm: these faults exist in the twin alone.
TWIN_ONLY = frozenset(
    {
        "joint_gain",
        "friction_scale",
        "damping_scale",
        "joint_bias",
        "command_delay",
        "observation_delay",
    }
)
MAX_DELAY = 0.1  # [s]


@dataclass(frozen=True, kw_only=True)
class Perturbations(Body):
    """How the body differs from the nominal one; the defaults are no difference.

    Attributes:
        payload_mass: Mass held by the hand, unknown to gravity compensation, [kg].
        payload_offset: Its centre in the tool frame, [m].
        joint_gain: Share of the feedback torque that each actuator delivers; gravity compensation
            is not affected, so that a dead joint floats instead of falling.
        friction_scale: Factor on each joint's Coulomb friction.
        damping_scale: Factor on each joint's viscous friction.
        joint_bias: Torque added to each joint, [Nm].
        joint_spring: Stiffness of a spring that pulls each joint towards home, [Nm/rad].
        tool_drag: Viscous drag on the tool point, [Ns/m].
        tool_force: Force on the tool point, base frame, [N].
        tool_offset: Where the true tool point lies, seen from the believed one, tool frame, [m].
        base_tilt: How far the base leans, as roll and pitch, [rad].
        command_delay: How much later the law follows the reference, [s].
        observation_delay: How much older the readings are than by the plant's own delay, [s].
    """

    payload_mass: float = 0.0
    payload_offset: Vector = (0.0, 0.0, 0.0)
    joint_gain: Joints = (1.0,) * 7
    friction_scale: Joints = (1.0,) * 7
    damping_scale: Joints = (1.0,) * 7
    joint_bias: Joints = (0.0,) * 7
    joint_spring: Joints = (0.0,) * 7
    tool_drag: float = 0.0
    tool_force: Vector = (0.0, 0.0, 0.0)
    tool_offset: Vector = (0.0, 0.0, 0.0)
    base_tilt: tuple[float, float] = (0.0, 0.0)
    command_delay: float = 0.0
    observation_delay: float = 0.0

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        "payload_mass": (0.0, 20.0),
        "joint_gain": (0.0, 2.0),
        "friction_scale": (0.0, 100.0),
        "damping_scale": (0.0, 1000.0),
        "joint_spring": (0.0, 1000.0),
        "tool_drag": (0.0, 500.0),
        "base_tilt": (-math.pi, math.pi),
        "command_delay": (0.0, MAX_DELAY),
        "observation_delay": (0.0, MAX_DELAY),
    }


FIELDS = Perturbations.names()


class ScheduledChange(Change):
    """One field of an arm's body that changes while the twin runs."""

    BODY = Perturbations


def changes_to(perturbations: Perturbations, *, stamp: float) -> tuple[ScheduledChange, ...]:
    """The schedule that turns the nominal body into `perturbations` at `stamp`."""
    return ScheduledChange.all_at(stamp, perturbations)
