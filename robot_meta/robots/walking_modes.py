"""What the joints of a walking robot are told: to walk, to get up, to lie down, to give way."""

from __future__ import annotations

from enum import Enum

import numpy as np

from robot_meta.legged_types import LeggedSpec
from robot_meta.robots.body_estimate import Felt
from robot_meta.robots.walking_policy import WalkingPolicy
from robot_meta.types import Array

FOLD_S, STAND_UP_S = 0.8, 1.2  # from anywhere to folded legs, from there to standing, [s]
DAMPING = 3.0  # of every joint while damped, [Nms/rad]
_FOLDED = (0.0, 1.36, -2.65)  # joints of a leg that is folded, [rad]


class Mode(Enum):
    """What the joints do."""

    WALK = "walk"  # the policy walks, or stands at zero velocity
    DAMP = "damp"  # no position is held, every motion is braked
    STAND_UP = "stand up"  # fold the legs from where they are, then stand, then WALK
    LIE_DOWN = "lie down"  # from where the joints are to lying, then DAMP


class Legs:
    """The law of the joints in every mode.

    Args:
        spec: The robot.
        policy: How it walks.
    """

    def __init__(self, spec: LeggedSpec, policy: WalkingPolicy) -> None:
        self._spec, self._policy = spec, policy
        self.reset()

    def reset(self) -> None:
        """Stand, and forget what was."""
        self._mode = Mode.WALK
        self._policy.reset()

    @property
    def mode(self) -> Mode:
        """What the joints do."""
        return self._mode

    def enter(self, mode: Mode, joint_position: Array) -> None:
        """Do something else from now on, with the joints at `joint_position` (J,), [rad]."""
        self._mode, self._passed, self._from = mode, 0.0, joint_position
        self._policy.reset()

    def law(self, felt: Felt, command: Array) -> tuple[Array, Array, Array]:
        """Targets [rad], stiffness [Nm/rad] and damping [Nms/rad] of a policy period, (J,) each.

        Args:
            felt: What the policy sees.
            command: Velocity ahead, to the left, turning, (3,), [m/s, m/s, rad/s].
        """
        spec = self._spec
        stiffness, damping = spec.stiffness, spec.damping
        if self._mode is Mode.WALK:
            targets = self._policy.targets(
                felt.angular_velocity,
                felt.gravity,
                felt.joint_position,
                felt.joint_velocity,
                command,
            )
        elif self._mode is Mode.DAMP:
            return damped(spec)
        else:
            self._passed += spec.policy_dt
            folded = folded_legs(spec)
            fold = min(1.0, self._passed / FOLD_S)
            targets = self._from + fold * (folded - self._from)
            stiffness, damping = 3.0 * stiffness, 3.0 * damping
            if self._mode is Mode.STAND_UP:
                rise = np.clip((self._passed - FOLD_S) / STAND_UP_S, 0.0, 1.0)
                targets = targets + rise * (spec.stand - folded)
                if rise == 1.0:
                    self._mode = Mode.WALK
            elif fold == 1.0:
                self._mode = Mode.DAMP
        return targets, stiffness, damping


def folded_legs(spec: LeggedSpec) -> Array:
    """Joints of a robot that lies on its belly, (J,), [rad]."""
    return np.tile(_FOLDED, spec.num_legs)


def damped(spec: LeggedSpec) -> tuple[Array, Array, Array]:
    """Targets, stiffness and damping of joints that give way."""
    return spec.stand, np.zeros(spec.num_joints), np.full(spec.num_joints, DAMPING)
