"""The table of adapters: what is run, and that nothing is run twice."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.adaptation import suite
from robot_meta.benchmarks.adaptation.budget import PROFILES, SPLITS, Budget
from robot_meta.benchmarks.adaptation.contenders import CONTENDERS, DEFAULT, SHIPPED, Player
from robot_meta.benchmarks.adaptation.held_out import collect, held_out_episodes
from robot_meta.benchmarks.adaptation.suite import Suite
from robot_meta.benchmarks.adaptation.tracking import scenes_of
from robot_meta.benchmarks.arm_payload.scenes import (
    NOMINAL,
    TEST_PLANT,
    TEST_SCENES,
    Timing,
    scene,
    suite_scene,
)
from robot_meta.build import AdapterConfig
from robot_meta.dynamics.meta_training import METHODS, MetaTrainingConfig
from robot_meta.twin.perturbations import Perturbations
from robot_meta.twin.splits import contains, kinds

SHORT = Timing(period=1.0, change=1.1, settle=0.2)
TRAINING = MetaTrainingConfig(hidden=(8,), support=16, query=12, windows=4, steps=2)
TINY = Budget(
    bodies=3,
    training=TRAINING,
    validations=1,
    curve=(2,),
    curve_training=TRAINING,
    weighted=(DEFAULT,),
    tests=1,
    anchors=1,
    scenes=1,
    timing=SHORT,
    choices=("payload",),
    choice_timing=SHORT,
    rounds=1,
    seeds=1,
)


def test_every_adapter_of_the_product_takes_part():
    for name, contender in CONTENDERS.items():
        assert contender.trained in METHODS
        for settings in contender.trials:
            assert AdapterConfig(kind=name, **settings).kind == name
    with pytest.raises(ValueError) as error:
        AdapterConfig(kind="no such kind")
    assert all(f"'{name}'" in str(error.value) for name in CONTENDERS)


def test_whoever_has_a_choice_has_the_same_number_of_trials():
    assert {len(c.trials) for c in CONTENDERS.values()} == {1, 3}


@pytest.mark.parametrize("profile", PROFILES)
def test_methods_differ_in_nothing_but_the_method(profile, tmp_path):
    budget = PROFILES[profile]
    assert budget.curve_training.support == budget.training.support
    assert budget.curve_training.query == budget.training.query
    assert set(budget.weighted) <= {c.trained for c in CONTENDERS.values()}


def test_held_out_bodies_are_of_their_split_and_not_of_training(tmp_path):
    for split in SPLITS:
        episodes = held_out_episodes(split, 6, tmp_path)
        assert {episode.kind for episode in episodes} == set(kinds(split))
        assert all(a.kind != b.kind for a, b in zip(episodes, episodes[1:], strict=False))


@pytest.mark.sim
def test_the_same_held_out_episode_is_the_same_data_and_another_index_is_not(tmp_path):
    first, _, _, other = held_out_episodes("extrapolation", 6, tmp_path)[:4]
    again = dataclasses.replace(first, folder=str(tmp_path / "again"))
    bodies = [collect(episode)["body"] for episode in (first, again, other)]
    assert bodies[0] == bodies[1] != bodies[2]
    assert contains("extrapolation", Perturbations(**bodies[0]))
    assert not contains("train", Perturbations(**bodies[0]))
    one, same, different = (episode.load() for episode in (first, again, other))
    np.testing.assert_array_equal(one.state, same.state)
    assert not np.allclose(one.state, different.state)


def test_all_kinds_of_bodies_are_driven_within_two_seeds():
    budget = PROFILES["full"]
    driven = [s for seed in range(budget.seeds) for s in scenes_of(SPLITS, budget.scenes, seed)]
    for split in SPLITS:
        assert {kind for s, kind in driven if s == split} == set(kinds(split))
    assert driven.count((NOMINAL, NOMINAL)) == budget.seeds


def test_scenes_of_the_suite_are_held_out_and_other_ones_than_those_of_arm_payload():
    others = [scene("test", name, seed).body for name in TEST_SCENES[1:] for seed in range(5)]
    for split in SPLITS:
        for kind in kinds(split):
            for seed in range(5):
                world = suite_scene(split, kind, seed)
                assert contains(split, world.body) and world.plant == TEST_PLANT
                assert world.body not in others
    assert suite_scene(NOMINAL, NOMINAL, 0).body == Perturbations()
    assert suite_scene(NOMINAL, NOMINAL, 0).shape != suite_scene(NOMINAL, NOMINAL, 1).shape


@pytest.mark.sim
def test_a_suite_measures_all_it_promises_and_is_not_run_twice(
    tmp_path, monkeypatch, untrained_models
):
    few = {DEFAULT: CONTENDERS[DEFAULT]}
    shipped = Player(
        name=SHIPPED,
        kind="gradient",
        weights=str(untrained_models / "fr3_gradient.safetensors"),
    )
    monkeypatch.setattr(suite, "CONTENDERS", few)
    monkeypatch.setattr(suite, "SPLITS", SPLITS[:1])
    monkeypatch.setattr(suite, "_shipped", lambda: shipped)

    def run():
        runs = Suite(TINY, data=tmp_path / "data", out=tmp_path / "out", first_seed=0, jobs=1)
        runs.run_table()
        runs.run_weighting()
        runs.run_curve()
        return runs.findings

    findings = run()
    rows = {*few, SHIPPED}
    assert {name for name, _ in findings.predictions} == rows
    assert {(row, split) for row, split, _, _ in findings.tracks} == {
        (row, split) for row in rows for split in (NOMINAL, SPLITS[0])
    }
    assert findings.settings[DEFAULT] in CONTENDERS[DEFAULT].trials
    assert set(findings.update_ms) == rows
    assert set(findings.curve) == {(name, 2) for name in few}
    assert set(findings.weighting) == {(DEFAULT, "mean", 0), (DEFAULT, "worst", 0)}
    plain, worst = (findings.weighting[DEFAULT, w, 0] for w in ("mean", "worst"))
    assert plain != worst
    for test in findings.predictions[DEFAULT, 0]:
        assert np.isfinite(test["tool_mm"]).all() and np.isfinite(test["one_step"]).all()
    for work in ("train", "predict", "track", "collect", "measure_speed"):
        monkeypatch.setattr(suite, work, None)  # to call it would fail
    assert run() == findings
