"""What happens in a run: a path, and what the robot becomes while it walks along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import PosePath
from robot_meta.planning.pose_paths import figure_eight, line, square
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.splits import LEGGED

NOMINAL, NOMINAL_SLOW = "nominal", "nominal_slow"  # nothing changes, at either speed
SEEN = "seen"  # a body like those trained on, another for every seed
SLOW = (NOMINAL_SLOW, "dead_front", "dead_rear", "response")  # walks that cannot be fast
PATHS: dict[str, Callable[..., PosePath]] = {
    "figure_eight": figure_eight,
    "square": square,
    "line": line,
}
TEST_SCENES = (NOMINAL, NOMINAL_SLOW, SEEN, *LEGGED.held_out_bodies())
VALIDATION_SCENES = (NOMINAL, NOMINAL_SLOW, *LEGGED.kinds("validation"))


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When things happen in a run, [s].

    Attributes:
        begin: From when on errors before the change count.
        change: When the robot becomes another.
        settle: How long after that its errors begin to count.
        end: When the run ends.
        speed: Of the path, [m/s].
        slow_speed: Of the path in the scenes `SLOW`, [m/s]: what a robot with a dead leg, or one
            that walks at half of what it is told, can still reach.
    """

    begin: float = 3.0
    change: float = 7.0
    settle: float = 2.5
    end: float = 20.0
    speed: float = 0.4
    slow_speed: float = 0.25

    def __post_init__(self) -> None:
        if not self.begin + 1.0 < self.change < self.change + self.settle < self.end - 1.0:
            raise ValueError(f"want a second or more before and after the change, got {self}")

    def speed_in(self, scene: str) -> float:
        """Speed of the path of a scene, [m/s]."""
        return self.slow_speed if scene in SLOW else self.speed

    def ticks(self, control_dt: float) -> int:
        """Control periods of a run."""
        return round(self.end / control_dt)


@dataclass(frozen=True)
class Scene:
    """What the robot becomes, and the path that it follows."""

    body: LeggedPerturbations
    path_name: str
    path: PosePath


def scene(split: str, name: str, seed: int, timing: Timing) -> Scene:
    """A scene of "test" or "validation"; the seed says which path, and draws the body.

    Raises:
        ValueError: No such split or scene.
    """
    known = {"test": TEST_SCENES, "validation": VALIDATION_SCENES}
    if name not in known.get(split, ()):
        raise ValueError(f"split '{split}' has no scene '{name}'; choose one of {known}")
    rng = np.random.default_rng((seed, 11))
    if name in (NOMINAL, NOMINAL_SLOW):
        body = LeggedPerturbations()
    elif name == SEEN:
        # Rough ground cannot come while the robot walks.
        kinds = [kind for kind in LEGGED.kinds("train") if kind != "steps"]
        body = LEGGED.draw("train", rng, kind=kinds[seed % len(kinds)])
    elif split == "test":
        body = LEGGED.held_out_bodies()[name]
    else:
        body = LEGGED.draw("validation", rng, kind=name)
    path_name = list(PATHS)[seed % len(PATHS)]
    path = PATHS[path_name](speed=timing.speed_in(name), duration=timing.end + 2.0)
    return Scene(body, path_name, path)
