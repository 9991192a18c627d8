"""Velocities of the tool as joint commands, solved by `mink` within what the guard admits."""

from __future__ import annotations

from dataclasses import dataclass

import mink
import numpy as np

from robot_meta.kinematics import quat_xyzw_from_rotation
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.scenes import TOOL_SITE, SceneConfig, build_arm_model
from robot_meta.types import Array, Command, Commanded

_DAMPING = 1e-4  # of the least squares, where the arm is stretched
_TRIES, _EXACT = 200, 1e-4  # of `posture`, steps and [m]


@dataclass(frozen=True, kw_only=True)
class CartesianConfig:
    """Settings of `CartesianAction`.

    Attributes:
        speed: Of the tool at an action of 1, [m/s]; just below the guard's default limit.
        turn_speed: Of its orientation at an action of 1, [rad/s].
        orientation_gain: Share of an orientation error that is made up for in one period.
        posture_gain: Share of the way back to the home posture that one period goes, where the
            tool leaves the choice.
        turn_lead: What is meant gets no further ahead of the tool by turning, [rad].
    """

    speed: float = 0.24
    turn_speed: float = 0.8
    orientation_gain: float = 0.3
    posture_gain: float = 0.02
    turn_lead: float = 0.3

    def __post_init__(self) -> None:
        for name in ("speed", "turn_speed", "turn_lead"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        for name in ("orientation_gain", "posture_gain"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")


class CartesianAction:
    """Turns normalized tool velocities into commands; the orientation stays unless it is turned.

    Every command begins where the reference stands, so a person who lets go and takes hold again
    causes no jump, and what the guard took away is not made up for.

    Args:
        description: The arm, with the limits that its guard enforces.
        config: Settings.
    """

    def __init__(self, description: ArmDescription, config: CartesianConfig | None = None) -> None:
        self._spec, self._chain = description.spec, description.chain
        self._config = config or CartesianConfig()
        self._configuration = mink.Configuration(build_arm_model(description, SceneConfig()))
        self._place = mink.FrameTask(TOOL_SITE, "site", position_cost=1.0, orientation_cost=0.0)
        self._turn = mink.FrameTask(
            TOOL_SITE,
            "site",
            position_cost=0.0,
            orientation_cost=0.3,
            gain=self._config.orientation_gain,
        )
        self._posture = mink.PostureTask(
            self._configuration.model, cost=1e-2, gain=self._config.posture_gain
        )
        self._posture.set_target(self._spec.home)
        self._bounds = _Bounds(self._spec.num_joints)
        self.engage(self._spec.home)

    def engage(self, position: Array) -> None:
        """Keep the orientation that the tool has where the reference stands, (J,), [rad]."""
        self._rotation = self._chain.joint_frames_in_base(position)[1][-1]

    def posture(self, tool: Array) -> Array:
        """Joint positions (J,) with the tool at `tool` (3,), [m], turned as at home.

        Raises:
            ValueError: It is out of reach.
        """
        self.engage(self._spec.home)
        position = self._spec.home
        limits = self._spec.limits
        for _ in range(_TRIES):
            self._aim(position, tool)
            self._bounds.set(0.2 * (limits.lower - position), 0.2 * (limits.upper - position))
            position = position + self._solve(1.0)
            origins, rotations = self._chain.joint_frames_in_base(position)
            turned = np.abs(rotations[-1] - self._rotation).max()
            if np.linalg.norm(origins[-1] - tool) < _EXACT and turned < 10.0 * _EXACT:
                return position
        raise ValueError(f"no posture has the tool at {tool}; it is out of reach")

    @property
    def rotation(self) -> Array:
        """How the tool is meant to be turned in the base frame, (3, 3)."""
        rotation: Array = self._rotation.copy()
        return rotation

    def command_for(self, commanded: Commanded, action: Array) -> Command:
        """The command that moves the tool as `action` says.

        Args:
            commanded: The period that it answers.
            action: Velocity of the tool in the base frame as a share of the settings' speed, (3,),
                or with its turning after it, (6,); clipped to [-1, 1].
        """
        if np.shape(action) not in ((3,), (6,)) or not np.isfinite(action).all():
            raise ValueError(f"want a finite action of 3 or 6 numbers, got {action}")
        dt, config = self._spec.control_dt, self._config
        position, velocity = commanded.position[1], commanded.velocity[1]
        action = np.clip(action, -1.0, 1.0)
        if len(action) == 6:
            self._turn_on(position, dt * config.turn_speed * action[3:])
        tool = self._chain.tool_position_in_base(position)
        self._aim(position, tool + dt * config.speed * action[:3])
        low, high = safe_velocity_bounds(position, velocity, self._spec.limits, dt)
        self._bounds.set(low, high)
        wanted = self._solve(dt)
        after: Array = np.clip(wanted, low, high)
        return Command(
            stamp=commanded.stamp,
            position=advance(position, velocity, after, dt),
            velocity=after,
        )

    def _turn_on(self, position: Array, turn: Array) -> None:
        """Turn what is meant by `turn` (3,), [rad], unless it gets too far ahead of the tool.

        Else an arm that cannot turn further would have to be turned back first by all that was
        asked in vain.
        """
        turned = mink.SO3.exp(turn).as_matrix() @ self._rotation
        now = self._chain.joint_frames_in_base(position)[1][-1]
        ahead, before = (
            float(np.linalg.norm(mink.SO3.from_matrix(meant @ now.T).log()))
            for meant in (turned, self._rotation)
        )
        if ahead <= max(before, self._config.turn_lead):
            self._rotation = turned

    def _aim(self, position: Array, tool: Array) -> None:
        """From joint positions (J,) to the tool at `tool` (3,), as it is meant to be turned."""
        self._configuration.update(position)
        self._place.set_target(mink.SE3.from_translation(tool))
        turned = mink.SO3(np.roll(quat_xyzw_from_rotation(self._rotation), 1))  # (w, x, y, z)
        self._turn.set_target(mink.SE3.from_rotation(turned))

    def _solve(self, dt: float) -> Array:
        """Joint velocities that come nearest to the aim in `dt` [s], (J,), [rad/s]."""
        tasks, limits = (self._place, self._turn, self._posture), (self._bounds,)
        return mink.solve_ik(
            self._configuration, tasks, dt, solver="daqp", damping=_DAMPING, limits=limits
        )


class _Bounds(mink.Limit):
    """Lowest and highest joint velocities, (J,), [rad/s]."""

    def __init__(self, joints: int) -> None:
        self._sides = np.vstack([np.eye(joints), -np.eye(joints)])
        self._room = np.zeros(2 * joints)

    def set(self, low: Array, high: Array) -> None:
        self._room = np.concatenate([high, -low])

    def compute_qp_inequalities(
        self, configuration: mink.Configuration, dt: float
    ) -> mink.Constraint:
        return mink.Constraint(G=self._sides, h=dt * self._room)
