"""What the arm is put through: bodies, paths and plants, apart for test and for validation.

Results are quoted on `test` alone. Hyper-parameters are chosen on `validation`: other bodies,
other paths, other seeds, and the plant that training used.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from robot_meta.planning.paths import figure_eight
from robot_meta.twin.perturbations import TWIN_ONLY, Perturbations
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.splits import draw, held_out_bodies, kinds
from robot_meta.types import Array, TargetPath

NOMINAL = "nominal"
FIXED = ("payload", "weak", "dead")
DRAWN = ("unseen1", "unseen2")
TEST_SCENES = (NOMINAL, *FIXED, *DRAWN)
VALIDATION_SCENES = (NOMINAL, "payload", "three_weak_joints", "very_weak_joint", "friction")

# Never seen in training or in validation: integrator, friction at rest, worse and older readings.
TEST_PLANT = PlantConfig(
    integrator="RK4",
    stiction=0.3,
    position_noise=4e-5,
    velocity_noise=4e-3,
    observation_delay=0.002,
)

_DRAWN_PERIOD = 6.0  # that the sizes of paths are drawn for, [s]

# External torques at which the arm's own reflex stops it, as franka_ros2 sets them by default
# (upper collision thresholds), [Nm].
REFLEX_TORQUE = (35.0, 35.0, 32.0, 30.0, 29.0, 27.0, 24.0)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When things happen, [s]; whole control periods.

    Attributes:
        start: When the path begins; until then the tool goes to its first point.
        period: One round of the path; also the length of both windows of judgement.
        change: When the body changes; the round before it is "before".
        settle: How long after the change "after" begins.
    """

    start: float = 1.0
    period: float = 6.0
    change: float = 9.0
    settle: float = 1.0

    @property
    def end(self) -> float:
        """End of the window "after", [s]."""
        return self.change + self.settle + self.period

    def ticks(self, control_dt: float) -> int:
        """Control periods of a whole run."""
        return round(self.end / control_dt)


@dataclass(frozen=True, kw_only=True)
class Eight:
    """Where a figure-eight lies and how large it is at a period of 6 s; base frame, [m].

    Attributes:
        offset: Where its branches cross, seen from the home tool point.
        wide: Half the extent of the whole figure.
        tall: Half the extent of each loop.
    """

    offset: tuple[float, float, float]
    wide: tuple[float, float, float]
    tall: tuple[float, float, float]

    def at_period(self, period: float) -> Eight:
        """The eight that is as fast as this one at another period, [s]."""
        factor = period / _DRAWN_PERIOD
        return Eight(
            offset=self.offset,
            wide=_rounded(factor * np.array(self.wide)),
            tall=_rounded(factor * np.array(self.tall)),
        )


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One run's world.

    Attributes:
        name: Short name, the suffix of its figures.
        body: What the body becomes at the change.
        plant: How the body is simulated and sensed, from the start.
        shape: The path.
    """

    name: str
    body: Perturbations
    plant: PlantConfig
    shape: Eight

    @property
    def twin_only(self) -> bool:
        """Whether the change is one that no hand could make to a real arm."""
        return not TWIN_ONLY.isdisjoint(self.body.differences())

    def path(self, home: Array, timing: Timing) -> TargetPath:
        """What the tool should follow, laid around its home point (3,); it outlasts the run."""
        shape = self.shape.at_period(timing.period)
        return figure_eight(
            home + np.array(shape.offset),
            wide=shape.wide,
            tall=shape.tall,
            period=timing.period,
            duration=timing.end + timing.period,
            start=timing.start,
        )


def scene(split: str, name: str, seed: int) -> Scene:
    """The scene of that name and seed; the same arguments always give the same scene.

    Args:
        split: "test" or "validation".
        name: One of `TEST_SCENES` or `VALIDATION_SCENES`.
        seed: Draws path and, where the scene leaves it open, the body.
    """
    if split not in ("test", "validation"):
        raise ValueError(f"split must be 'test' or 'validation', got '{split}'")
    names = TEST_SCENES if split == "test" else VALIDATION_SCENES
    if name not in names:
        raise ValueError(f"no scene '{name}' in {split}; choose one of {names}")
    body = _test_body(name, seed) if split == "test" else _validation_body(name, seed)
    return Scene(
        name=name,
        body=body,
        plant=TEST_PLANT if split == "test" else PlantConfig(),
        shape=_draw_shape(_rng(split, "path", seed)),
    )


def suite_scene(split: str, kind: str, seed: int) -> Scene:
    """A scene of the perturbation suite: one body of a split's kind on the test plant.

    Args:
        split: Of `twin/perturbation_splits.json`.
        kind: Kind of body in it, or `NOMINAL`.
        seed: Draws body and path, other ones than those of `scene`.
    """
    words = ("suite", split, kind, seed)
    return Scene(
        name=f"{split}_{kind}",
        body=Perturbations() if kind == NOMINAL else draw(split, _rng(*words), kind=kind),
        plant=TEST_PLANT,
        shape=_draw_shape(_rng("suite", "path", seed)),
    )


def _test_body(name: str, seed: int) -> Perturbations:
    if name == NOMINAL:
        return Perturbations()
    if name in FIXED:
        return held_out_bodies()[name]
    rng = _rng("test", "unseen", seed)
    chosen = rng.choice(kinds("unseen_kind"), size=len(DRAWN), replace=False)
    bodies = [draw("unseen_kind", rng, kind=str(kind)) for kind in chosen]
    return bodies[DRAWN.index(name)]


def _validation_body(name: str, seed: int) -> Perturbations:
    if name == NOMINAL:
        return Perturbations()
    split = "interpolation" if name == "friction" else "extrapolation"
    return draw(split, _rng("validation", name, seed), kind=name)


def _draw_shape(rng: np.random.Generator) -> Eight:
    """An eight near home that stays below 0.22 m/s at a period of 6 s."""
    offset = np.array([0.09, 0.0, -0.03]) + rng.uniform(-1.0, 1.0, 3) * [0.04, 0.05, 0.04]
    roll, pitch, yaw = rng.uniform(-1.0, 1.0, 3) * [0.4, 0.5, 0.5]
    size = rng.uniform(0.85, 1.0)
    turn = _about(2, yaw) @ _about(1, pitch) @ _about(0, roll)
    return Eight(
        offset=_rounded(offset),
        wide=_rounded(turn @ [0.0, 0.15 * size, 0.0]),
        tall=_rounded(turn @ [0.0, 0.0, 0.07 * size]),
    )


def _about(axis: int, angle: float) -> Array:
    """Rotation matrix about a base axis."""
    matrix = np.eye(3)
    i, j = [k for k in range(3) if k != axis]
    sine = np.sin(angle) if axis != 1 else -np.sin(angle)
    matrix[[i, j], [i, j]] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -sine, sine
    return matrix


def _rounded(vector: Array) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 4) for value in vector)
    return x, y, z


def _rng(*parts: str | int) -> np.random.Generator:
    """Randomness that belongs to these words alone."""
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))
