"""How much of everything each contender gets; the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from robot_meta.benchmarks.arm_payload.scenes import Timing
from robot_meta.dynamics.meta_training import MetaTrainingConfig

SPLITS = ("interpolation", "extrapolation", "unseen_kind")


def _training() -> MetaTrainingConfig:
    return MetaTrainingConfig(support=48, query=12, windows=76, steps=1200, inner_steps=1)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Data, training and tests.

    Attributes:
        bodies: Trained on, a tenth of them kept apart to choose the best parameters by.
        training: Of all contenders; method and seed are those of the contender and the run.
        validations: How often a training run is validated.
        curve: Numbers of bodies at which the curve is drawn.
        curve_training: Of each of its points.
        weighted: Methods that are also trained on the worst share of bodies.
        worst_share: That share.
        tests: Test bodies of each split for predictions, at least one of each kind.
        anchors: Places in each test episode that predictions begin at.
        scenes: Kinds of bodies of each split in closed loop, per seed; others at the next seed.
        timing: Of each run in closed loop.
        choices: Validation scenes that settings are chosen on; none takes the first trial.
        choice_timing: Of each of these runs.
        rounds: Of timing updates.
        seeds: Of training, and of the scenes in closed loop.
    """

    bodies: int = 400
    training: MetaTrainingConfig = field(default_factory=_training)
    validations: int = 6
    curve: tuple[int, ...] = (5, 10, 20, 50, 100, 200)
    curve_training: MetaTrainingConfig = field(
        default_factory=lambda: replace(_training(), steps=300, windows=38)
    )
    weighted: tuple[str, ...] = ("last_layer", "context")
    worst_share: float = 0.25
    tests: int = 18
    anchors: int = 2
    scenes: int = 4
    timing: Timing = field(default_factory=lambda: Timing(period=2.0, change=3.5))
    choices: tuple[str, ...] = ("payload", "three_weak_joints")
    choice_timing: Timing = field(default_factory=lambda: Timing(period=2.0, change=3.5))
    rounds: int = 20
    seeds: int = 2

    def __post_init__(self) -> None:
        least = (self.bodies, self.validations, self.tests, self.anchors, self.scenes, self.seeds)
        if min(least) < 1 or min(self.curve, default=1) < 1:
            raise ValueError("a budget needs at least one of everything")


def _tiny(training: MetaTrainingConfig, steps: int) -> MetaTrainingConfig:
    return replace(training, hidden=(64, 64), windows=16, steps=steps)


PROFILES = {
    "quick": Budget(
        bodies=40,
        training=_tiny(_training(), 150),
        validations=2,
        curve=(5, 20),
        curve_training=_tiny(_training(), 40),
        weighted=("last_layer",),
        tests=1,
        anchors=1,
        scenes=1,
        timing=Timing(period=1.0, change=1.8, settle=0.5),
        choices=(),
        rounds=3,
        seeds=1,
    ),
    "full": Budget(),
}
