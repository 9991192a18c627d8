"""What the arm is put through: bodies, paths and plants, apart for test and for validation.

Results are quoted on `test` alone. Hyper-parameters are chosen on `validation`: other bodies,
other paths, other seeds, and the plant that training used.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from robot_meta.planning.paths import FigureEight, figure_eight
from robot_meta.robots.description import ArmDescription
from robot_meta.twin.perturbations import TWIN_ONLY, Perturbations
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.splits import draw, held_out_bodies, kinds
from robot_meta.types import TargetPath

NOMINAL = "nominal"
FIXED = ("payload", "weak", "dead")
DRAWN = ("unseen1", "unseen2")
TEST_SCENES = (NOMINAL, *FIXED, *DRAWN)
VALIDATION_SCENES = (NOMINAL, "payload", "two_weak_joints", "very_weak_joint", "friction")

# Never seen in training or in validation: integrator, friction at rest, worse and older readings.
TEST_PLANT = PlantConfig(
    integrator="Euler",
    stiction=0.3,
    position_noise=4e-5,
    velocity_noise=4e-3,
    observation_delay=0.002,
)

# Torques at which the arm's own reflex stops it: what franka_ros sets by default
# (franka_control/config/franka_control_node.yaml, nominal upper torque thresholds), [Nm].
REFLEX_TORQUE = (20.0, 20.0, 18.0, 18.0, 16.0, 14.0, 12.0)


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When things happen, [s]; whole control periods.

    Attributes:
        period: One round of the path; also the length of both windows of judgement.
        change: When the body changes; the round before it is "before".
        settle: How long after the change "after" begins.
    """

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
    shape: FigureEight

    @property
    def twin_only(self) -> bool:
        """Whether the change is one that no hand could make to a real arm."""
        return not TWIN_ONLY.isdisjoint(self.body.differences())

    def path(self, description: ArmDescription, timing: Timing) -> TargetPath:
        """What the tool should follow; begins at rest where the arm stands at first."""
        start = description.chain.tool_position_in_base(description.spec.home)
        return figure_eight(self.shape, start, timing.end + 1.0)


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


def _draw_shape(rng: np.random.Generator) -> FigureEight:
    """An eight near home that stays below 0.22 m/s at a period of 6 s."""
    center = np.array([0.42, 0.0, 0.46]) + rng.uniform(-1.0, 1.0, 3) * [0.04, 0.05, 0.04]
    turn = rng.uniform(-1.0, 1.0, 3) * [0.4, 0.5, 0.5]
    size = rng.uniform(0.85, 1.0)
    return FigureEight(
        center=tuple(float(value) for value in center.round(4)),
        width=round(0.15 * size, 4),
        height=round(0.07 * size, 4),
        turn=tuple(float(value) for value in turn.round(4)),
        settle=3.0,
    )


def _rng(*parts: str | int) -> np.random.Generator:
    """Randomness that belongs to these words alone."""
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))
