"""What the tool and the links do along sampled joint paths: workspace, tool speed, distances."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from robot_meta.kinematics import KinematicChain
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.types import Array

Mask = npt.NDArray[np.bool_]

Clearance = Callable[[Array, float], float]
"""Smallest distance [m] between parts of the arm, and from them to a table of the given height in
the base frame [m], over all postures (n, J)."""

THICKNESS = 0.15  # no part of the arm reaches further beyond its chain than this, [m]


def joint_reach(chain: KinematicChain) -> Array:
    """For each joint, how far from its axis the tool can be at most, (J,), [m]."""
    lengths = np.linalg.norm(np.vstack([chain.offset_position[1:], chain.tool_position]), axis=1)
    return np.cumsum(lengths[::-1])[::-1]


def tool_positions(chain: KinematicChain, position: Array) -> Array:
    """Tool centre point, (3, t), [m], for joint positions (t, J), [rad].

    The same walk as `KinematicChain.tool_position_in_base`, three times as fast on numpy: turning
    about z is a product of complex numbers.
    """
    turns = np.exp(1j * position.T)  # (J, t)
    point = np.broadcast_to(chain.tool_position[:, None], (3, len(position)))
    for j in reversed(range(chain.num_joints)):
        plane = (point[0] + 1j * point[1]) * turns[j]
        turned = np.empty(point.shape)
        turned[0], turned[1], turned[2] = plane.real, plane.imag, point[2]
        point = chain.offset_rotation[j] @ turned + chain.offset_position[j][:, None]
    return point


class PathJudge:
    """Tells which of several sampled joint paths keep the Cartesian rules at every sample.

    Args:
        chain: Kinematics of the arm.
        config: Limits.
        reference_dt: Spacing of the samples, [s].
        clearance: Distances of the arm to itself and to the table; None where none are known.
        disabled: Rules that do not count.
    """

    def __init__(
        self,
        chain: KinematicChain,
        config: GuardConfig,
        reference_dt: float,
        clearance: Clearance | None,
        disabled: Collection[Reason] = (),
    ) -> None:
        self._chain, self._config, self._dt = chain, config, reference_dt
        self._lower = np.array(config.workspace_lower)
        self._lower[2] = config.floor
        self._lower = self._lower[:, None, None]
        self._upper = np.array(config.workspace_upper)[:, None, None]
        self._workspace = Reason.WORKSPACE not in disabled
        self._speed = Reason.TOOL_SPEED not in disabled
        self._clearance = clearance if Reason.SELF_COLLISION not in disabled else None
        self._reach = joint_reach(chain) + THICKNESS
        self._anchor: tuple[Array, float] | None = None  # a posture and its distance

    def broken(self, start: Array, paths: Array) -> list[Reason | None]:
        """The first rule that each path (C, t, J) from `start` (J,) breaks, or None."""
        reasons: list[Reason | None] = [None] * len(paths)
        if self._workspace or self._speed:
            count, samples, joints = paths.shape
            begin = np.broadcast_to(start, (count, 1, joints))
            flat = np.concatenate([begin, paths], axis=1).reshape(-1, joints)
            tool = tool_positions(self._chain, flat).reshape(3, count, samples + 1)
            if self._workspace:
                inside = (tool[..., 1:] >= self._lower) & (tool[..., 1:] <= self._upper)
                _note(reasons, np.all(inside, axis=(0, 2)), Reason.WORKSPACE)
            if self._speed:
                moves = tool[..., 1:] - tool[..., :-1]
                squares = (moves * moves).sum(axis=0)
                limit = (self._config.tool_speed * self._dt) ** 2
                _note(reasons, np.all(squares <= limit, axis=1), Reason.TOOL_SPEED)
        if self._clearance is not None:
            for index, path in enumerate(paths):
                if reasons[index] is None and not self._is_clear(path):
                    reasons[index] = Reason.SELF_COLLISION
        return reasons

    def _is_clear(self, path: Array) -> bool:
        """Whether every posture of a path (t, J) keeps its distance.

        From a posture with distance d, no distance changes by more than Σ reachⱼ |Δqⱼ|; only
        postures that this does not vouch for are measured.
        """
        assert self._clearance is not None
        wanted = self._config.self_distance
        unknown = path
        if self._anchor is not None:
            unknown = unknown[~self._covered(unknown, *self._anchor)]
        while len(unknown):
            posture = unknown[len(unknown) // 2]
            distance = float(self._clearance(posture[None], self._config.table_height))
            if not distance >= wanted:
                return False
            self._anchor = (posture, distance)
            covered = self._covered(unknown, posture, distance)
            covered[len(unknown) // 2] = True
            unknown = unknown[~covered]
        return True

    def _covered(self, path: Array, posture: Array, distance: float) -> Mask:
        moved = np.abs(path - posture) @ self._reach
        covered: Mask = moved <= distance - self._config.self_distance
        return covered


def _note(reasons: list[Reason | None], kept: npt.ArrayLike, reason: Reason) -> None:
    for index in np.flatnonzero(np.logical_not(kept)):
        if reasons[index] is None:
            reasons[index] = reason
