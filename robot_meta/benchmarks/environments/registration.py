"""The environments under their names, for `gymnasium.make`."""

from __future__ import annotations

import gymnasium

_PACKAGE = "robot_meta.benchmarks.environments"

# Name: where it is, steps of an episode.
ENVIRONMENTS = {
    "robot_meta/HalfCheetahJoint-v0": (f"{_PACKAGE}.half_cheetah:HalfCheetahJoint", 1000),
    "robot_meta/HalfCheetahTerrain-v0": (f"{_PACKAGE}.terrain:HalfCheetahTerrain", 1000),
    "robot_meta/HalfCheetahPier-v0": (f"{_PACKAGE}.pier:HalfCheetahPier", 1000),
    "robot_meta/AntLeg-v0": (f"{_PACKAGE}.ant:AntLeg", 500),
}


def register() -> None:
    """Make the environments known to gymnasium; once is enough, twice does no harm."""
    for name, (entry_point, steps) in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(name, entry_point=entry_point, max_episode_steps=steps)
