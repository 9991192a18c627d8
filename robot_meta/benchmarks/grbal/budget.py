"""How much of everything each rival gets; the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from robot_meta.dynamics.meta_training import MetaTrainingConfig
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig


def _planner() -> MPPIConfig:
    return MPPIConfig(
        sampling=SamplingConfig(num_samples=250, horizon=12, iterations=2, knots=6, noise_std=0.7)
    )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Data, training and planning.

    Attributes:
        random_episodes: Of the set that all rivals of a seed share, under random actions.
        rounds: How often a rival trains and then collects with what it has learned.
        episodes: That it collects in every round.
        oracle_factor: How many times as many episodes the oracle collects.
        validations: Evaluated episodes that the best adapter is chosen by.
        tests: Evaluated episodes that are reported.
        shorten: Factor by which episodes are shorter than the scenario says.
        training: Of each round; its method and seed are those of the rival and the run. The loss
            is that of single steps, as published.
        planner: Of every rival.
    """

    random_episodes: int = 12
    rounds: int = 3
    episodes: int = 6
    oracle_factor: int = 2
    validations: int = 2
    tests: int = 4
    shorten: int = 1
    training: MetaTrainingConfig = field(
        default_factory=lambda: MetaTrainingConfig(steps=2000, windows=96, imagined_weight=0.0)
    )
    planner: MPPIConfig = field(default_factory=_planner)

    def __post_init__(self) -> None:
        least = (self.random_episodes, self.episodes, self.validations, self.tests, self.shorten)
        if min(least) < 1 or self.rounds < 0 or self.oracle_factor < 1:
            raise ValueError("a budget needs at least one episode of every kind, and rounds >= 0")

    @property
    def training_episodes(self) -> int:
        """Episodes that a rival has learned from in the end."""
        return self.random_episodes + self.rounds * self.episodes
