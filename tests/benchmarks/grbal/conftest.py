"""A budget with which the whole benchmark takes seconds; its figures mean nothing."""

from __future__ import annotations

import argparse

import pytest

from robot_meta.benchmarks.grbal.bench import run_full
from robot_meta.benchmarks.grbal.budget import Budget
from robot_meta.dynamics.meta_training import MetaTrainingConfig
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig

PLANNER = MPPIConfig(
    sampling=SamplingConfig(num_samples=4, horizon=3, iterations=1, knots=2, noise_std=0.7)
)
TINY = Budget(
    random_episodes=2,
    shown_episodes=1,
    common_rounds=1,
    rounds=2,
    episodes=1,
    training_steps=20,
    validations=1,
    tests=1,
    predicted=1,
    returns=1,
    shorten=16,
    training=MetaTrainingConfig(hidden=(8,), support=4, query=4, steps=5, windows=8),
    planner=PLANNER,
    demonstrator=PLANNER,
)


@pytest.fixture(scope="session")
def tiny():
    return TINY


@pytest.fixture(scope="session")
def arguments(tmp_path_factory):
    """What the command line would have said."""
    out = tmp_path_factory.mktemp("grbal")
    return argparse.Namespace(
        profile="full", seed=0, seeds=2, jobs=1, out=out,
        scenarios=["ant_leg"], rows=["last_layer", "mixture"], version=None,
        models=out / "shipped", ship=out / "shipped",
    )  # fmt: skip


@pytest.fixture(scope="session")
def results(arguments, tiny):
    """Of a complete run."""
    return run_full(arguments, tiny)
