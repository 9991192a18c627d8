"""Past actions for models whose state holds them: of a running robot, and of stored episodes."""

from __future__ import annotations

import numpy as np

from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.types import Array, Commanded


class ActionHistory:
    """Reference velocities of the last n periods, as far as the guard told of them.

    Every message tells the velocity at both ends of its period, so that a single one that was lost
    leaves no hole. Longer holes are bridged by a straight line; before the first message the
    reference counts as having moved steadily.

    Args:
        space: Of the model; says n.
    """

    def __init__(self, space: JointReferenceSpace) -> None:
        self._period, self._count = space.control_dt, space.action_history
        self._known: list[tuple[float, Array]] = []  # (stamp, velocity (J,)), oldest first

    def before(self, commanded: Commanded) -> Array:
        """Velocities at the starts of the n periods before this one, newest first, (n J,)."""
        if not self._count:
            return np.zeros(0)
        stamp, half = commanded.stamp, 0.5 * self._period
        if self._known and stamp < self._known[-1][0] - self._period - half:
            self._known.clear()  # time ran back
        known = [(at, velocity) for at, velocity in self._known if at < stamp - half]
        known.append((stamp, commanded.velocity[0]))
        wanted = stamp - self._period * np.arange(1, self._count + 1)
        stamps = np.array([at for at, _ in known])
        columns = np.array([velocity for _, velocity in known]).T
        past = np.array([np.interp(wanted, stamps, column) for column in columns])  # (J, n)
        oldest = wanted[-1] - half
        while len(known) > 1 and known[1][0] < oldest:
            known.pop(0)
        self._known = [*known, (stamp + self._period, commanded.velocity[1])]
        return past.T.reshape(-1)


def with_action_history(
    space: JointReferenceSpace, episodes: list[EpisodeData]
) -> list[EpisodeData]:
    """Episodes of states without past actions as ones with them, each n steps shorter.

    Args:
        space: Of the model to train; says n. An episode of up to n steps leaves nothing.
        episodes: With states [q, dq, r − q, v], (T + 1, 4J).

    Raises:
        ValueError: The states are of another kind.
    """
    return [_extended(space, e) for e in episodes if len(e.action) > space.action_history]


def _extended(space: JointReferenceSpace, episode: EpisodeData) -> EpisodeData:
    n, j = space.action_history, space.num_joints
    if episode.state.shape[1] != 4 * j:
        raise ValueError(f"want states of {4 * j} numbers, got {episode.state.shape[1]}")
    velocity, length = episode.state[:, 3 * j :], len(episode.state) - n
    past = [velocity[n - i : n - i + length] for i in range(1, n + 1)]
    return EpisodeData(np.hstack([episode.state[n:], *past]), episode.action[n:])
