"""Test bodies, paths and plants are seen by no training and by no choice of hyper-parameters."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.benchmarks.arm_payload.scenes import (
    NOMINAL,
    TEST_SCENES,
    VALIDATION_SCENES,
    Timing,
    scene,
)
from robot_meta.benchmarks.arm_payload.tuning import VALIDATION_SEED
from robot_meta.robots.description import arm_description
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.splits import contains

SEEDS = range(20)
TEST_BODIES = [
    scene("test", name, seed).body for name in TEST_SCENES if name != NOMINAL for seed in SEEDS
]
VALIDATION_BODIES = [
    scene("validation", name, VALIDATION_SEED + seed).body
    for name in VALIDATION_SCENES
    if name != NOMINAL
    for seed in SEEDS
]


@pytest.mark.parametrize("split", ["train", "interpolation", "extrapolation"])
def test_no_test_body_could_have_been_drawn_for_training_or_validation(split):
    assert not any(contains(split, body) for body in TEST_BODIES)


def test_no_validation_body_is_a_test_body():
    assert not any(body in TEST_BODIES for body in VALIDATION_BODIES)
    assert not any(contains("unseen_kind", body) for body in VALIDATION_BODIES)


def test_every_seed_draws_two_different_unseen_kinds():
    for seed in SEEDS:
        first, second = (scene("test", name, seed).body for name in ("unseen1", "unseen2"))
        assert contains("unseen_kind", first) and contains("unseen_kind", second)
        assert set(first.differences()) != set(second.differences())


def test_test_paths_and_validation_paths_differ():
    tests = {scene("test", NOMINAL, seed).shape for seed in SEEDS}
    others = {scene("validation", NOMINAL, VALIDATION_SEED + seed).shape for seed in SEEDS}
    assert len(tests) == len(SEEDS) and not tests & others


def test_only_the_test_plant_differs_from_the_one_of_training():
    assert scene("validation", NOMINAL, 0).plant == PlantConfig()
    plant = scene("test", NOMINAL, 0).plant
    assert plant.integrator != PlantConfig().integrator
    assert plant.stiction > PlantConfig().stiction
    assert plant.position_noise > PlantConfig().position_noise
    assert plant.observation_delay > PlantConfig().observation_delay


@pytest.mark.parametrize("seed", SEEDS)
def test_paths_stay_below_the_tool_speed_that_the_guard_allows(seed):
    timing = Timing()
    arm = arm_description("fr3")
    home = arm.chain.tool_position_in_base(arm.spec.home)
    path = scene("test", NOMINAL, seed).path(home, timing)
    speed = np.linalg.norm(np.diff(path.position, axis=0), axis=1) / np.diff(path.stamp)
    assert speed.max() < 0.22
    assert path.stamp[0] == timing.start and path.stamp[-1] >= timing.end


def test_the_path_repeats_itself_in_both_windows():
    timing = Timing()
    path = scene("test", NOMINAL, 3).path(np.zeros(3), timing)
    begin = timing.change - timing.period
    times = begin + np.linspace(0.0, timing.period, 50)
    np.testing.assert_allclose(path.at(times), path.at(times + timing.period), atol=1e-9)


def test_the_change_falls_on_a_control_boundary():
    for timing in (Timing(), Timing(period=4.0, change=6.5)):
        periods = np.array([timing.change, timing.end, timing.period]) / 0.02
        np.testing.assert_allclose(periods, periods.round(), atol=1e-9)


def test_an_unknown_scene_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="no scene 'heavy' in test; choose one of .*payload"):
        scene("test", "heavy", 0)
