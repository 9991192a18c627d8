"""How much of everything each rival gets; the same for all of them.

Most of the shared set is shown (demonstrator.py): on episodes in which the robot really runs, the
error of a plain model tells a dead motor from contacts that it does not know; after a set that was
mostly random the planner soon lay on its back, where hardly anything depends on the motors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from robot_meta.dynamics.meta_training import MetaTrainingConfig
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig


def _planner() -> MPPIConfig:
    return MPPIConfig(
        sampling=SamplingConfig(num_samples=48, horizon=15, iterations=1, knots=5, noise_std=0.7)
    )


def _demonstrator() -> MPPIConfig:
    return MPPIConfig(
        sampling=SamplingConfig(num_samples=32, horizon=15, iterations=2, knots=5, noise_std=0.7)
    )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Data, training and planning.

    Attributes:
        random_episodes: Of the set that all rivals share, under random actions.
        shown_episodes: Of that set, run by one who plans on the simulator itself.
        common_rounds: Rounds of which the plain model collects for all rivals.
        rounds: How often there is training and then collecting with what was learned.
        episodes: That are collected in every round.
        training_steps: Of each of these episodes, at most.
        validations: Evaluated episodes that the best adapter is chosen by.
        tests: Evaluated episodes that are reported.
        predicted: Test episodes of each required rival that all models predict.
        returns: Episodes in which the body changes to and fro, predicted as well.
        shorten: Factor by which evaluated episodes are shorter than the scenario says.
        training: Of each round; its method and seed are those of the rival and the run. The loss
            is that of single steps, as published.
        planner: Of every rival.
        demonstrator: Of who shows.
    """

    random_episodes: int = 20
    shown_episodes: int = 40
    common_rounds: int = 2
    rounds: int = 3
    episodes: int = 6
    training_steps: int = 500
    validations: int = 1
    tests: int = 2
    predicted: int = 1
    returns: int = 1
    shorten: int = 1
    training: MetaTrainingConfig = field(
        default_factory=lambda: MetaTrainingConfig(steps=2000, windows=24, imagined_weight=0.0)
    )
    planner: MPPIConfig = field(default_factory=_planner)
    demonstrator: MPPIConfig = field(default_factory=_demonstrator)

    def __post_init__(self) -> None:
        counts = (self.shared_episodes, self.episodes, self.validations, self.predicted)
        if min(*counts, self.shorten, self.training_steps) < 1:
            raise ValueError("a budget needs at least one episode of every kind")
        if not 0 <= self.common_rounds <= self.rounds or self.predicted > self.tests:
            raise ValueError(
                "want 0 <= common_rounds <= rounds and predicted <= tests, got "
                f"{self.common_rounds}, {self.rounds}, {self.predicted} and {self.tests}"
            )

    @property
    def shared_episodes(self) -> int:
        """Episodes that are there before anything is learned."""
        return self.random_episodes + self.shown_episodes

    @property
    def training_episodes(self) -> int:
        """Episodes that a rival has learned from in the end."""
        return self.shared_episodes + self.rounds * self.episodes
