"""A half-cheetah on slopes: up and down in training, other hills in the tests.

The ground is a profile along x, one height per 0.2 m, the same for all y; the robot starts in the
middle of it. Source: Nagabandi et al. 2019, released code.
Differs: the height field is compiled once, as high as the highest task, and filled to the height
of each; the robot starts as high above the ground beneath it as it does over the flat one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mujoco
import numpy as np

from robot_meta.benchmarks.environments.half_cheetah import HalfCheetah
from robot_meta.benchmarks.environments.tasks import TaskSet
from robot_meta.types import Array

ROWS, COLUMNS = 528, 500  # of the height field, along y and x
HALF_LENGTH, HALF_WIDTH, BASE = 50.0, 5.0, 0.1  # [m]
HIGHEST = 4.0  # [m]
START_COLUMN = COLUMNS // 2
SPAWN = 1.0  # of the torso above the ground, [m]


@dataclass(frozen=True, kw_only=True)
class Terrain:
    """Ramps of equal length, one behind the other, flat before and after.

    Attributes:
        height: From the lowest to the highest point, [m]; 0 is flat ground.
        slopes: Of each ramp, relative to each other; the sign says up or down.
        first_column: Where the first ramp begins.
        ramp_columns: Length of a ramp.
    """

    height: float = 0.0
    slopes: tuple[float, ...] = ()
    first_column: int = START_COLUMN
    ramp_columns: int = 15

    def __post_init__(self) -> None:
        if not 0.0 <= self.height <= HIGHEST:
            raise ValueError(f"height must be in [0, {HIGHEST}] m, got {self.height}")
        if (self.height > 0.0) != any(self.slopes):
            raise ValueError("hills need a height and a slope, flat ground neither")
        if self.first_column + len(self.slopes) * self.ramp_columns > COLUMNS:
            raise ValueError(f"{len(self.slopes)} ramps do not fit into {COLUMNS} columns")

    def profile(self) -> Array:
        """Heights over x, (COLUMNS,), [m]; the lowest is 0."""
        steps = np.zeros(COLUMNS)
        end = self.first_column + len(self.slopes) * self.ramp_columns
        steps[self.first_column : end] = np.repeat(self.slopes, self.ramp_columns)
        heights = np.cumsum(steps)
        heights -= heights.min()
        return heights * (self.height / heights.max()) if self.height else heights


def _ramps(rng: np.random.Generator) -> Terrain:
    signs = rng.choice([1.0, -1.0], size=6)
    signs[:2] = 1.0
    return Terrain(
        height=rng.uniform(0.2, 1.0),
        slopes=tuple(map(float, signs * rng.uniform(0.2, 0.6, size=6))),
        first_column=START_COLUMN + 5,
        ramp_columns=10,
    )


HILL = Terrain(height=0.6, slopes=(1.0, -1.0))
BASIN = Terrain(height=0.55, slopes=(-1.0, 1.0))
GENTLE = Terrain(height=1.0, slopes=(1.0,) * 6)
STEEP = Terrain(height=4.0, slopes=(1.0,) * 6)

_GRBAL = TaskSet(
    nominal=Terrain(),
    train=_ramps,
    held_out=(HILL, BASIN, GENTLE, STEEP),
    source="Nagabandi et al. 2019, released code",
)


def _mac(rng: np.random.Generator) -> Terrain:
    kinds = (lambda _: GENTLE, lambda _: Terrain(), _ramps, lambda _: HILL)
    return kinds[rng.integers(len(kinds))](rng)


_MAC = TaskSet(
    nominal=Terrain(),
    train=_mac,
    held_out=(BASIN, STEEP),
    source="arXiv:2210.03539 (MAC), released code",
)


class HalfCheetahTerrain(HalfCheetah[Terrain]):
    """A half-cheetah whose ground is another in every episode."""

    TASK_SETS: ClassVar[dict[str, TaskSet]] = {"published": _GRBAL, "mac": _MAC}

    def build(self) -> mujoco.MjSpec:
        """Gymnasium's model on a height field."""
        spec = super().build()
        spec.add_hfield(
            name="ground",
            nrow=ROWS,
            ncol=COLUMNS,
            size=[HALF_LENGTH, HALF_WIDTH, HIGHEST, BASE],
            userdata=np.linspace(0.0, 1.0, COLUMNS * ROWS),  # full height, so it is not rescaled
        )
        floor = spec.geom("floor")
        floor.type, floor.hfieldname = mujoco.mjtGeom.mjGEOM_HFIELD, "ground"
        spec.body("torso").pos = [0.0, 0.0, SPAWN]
        return spec

    def apply(self, task: Terrain) -> None:
        """Fill the height field."""
        self.model.hfield_data[:] = np.tile(task.profile() / HIGHEST, ROWS)

    def start_position(self) -> Array:
        """As high above the ground as on flat ground."""
        position = self.model.qpos0.copy()
        position[1] += self.task.profile()[START_COLUMN - 1]
        return position
