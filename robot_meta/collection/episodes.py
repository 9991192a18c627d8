"""From what a robot measured and was sent to the episodes that dynamics are trained on."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.types import Commanded, Observation


def episodes_from(
    space: JointReferenceSpace, ticks: Iterable[tuple[Observation, Commanded]]
) -> list[EpisodeData]:
    """Unbroken stretches of at least one step; a gap in the stamps begins a new episode.

    Args:
        space: Layout of state and action.
        ticks: Measurement and decided period of each tick, in order of time.
    """
    episodes: list[EpisodeData] = []
    stretch: list[np.ndarray] = []
    last = None

    def finish() -> None:
        if len(stretch) > 1:
            states = np.array(stretch)
            velocities = states[1:, 3 * space.num_joints :]
            episodes.append(EpisodeData(states, space.action(velocities)))
        stretch.clear()

    for observation, commanded in ticks:
        if last is not None:
            gap = observation.stamp - last
            if abs(gap - space.control_dt) > 0.5 * space.control_dt:
                finish()
        stretch.append(space.state(observation, commanded))
        last = observation.stamp
    finish()
    return episodes
