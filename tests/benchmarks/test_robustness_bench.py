"""What disturbs a run, and what comes out of the runs."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from robot_meta.benchmarks import cli
from robot_meta.benchmarks.arm_payload.scenes import Timing
from robot_meta.benchmarks.robustness import bench
from robot_meta.benchmarks.robustness.conditions import (
    CONDITIONS,
    UNDISTURBED,
    Condition,
    Unreliable,
)
from robot_meta.benchmarks.robustness.run import ROWS, RunConfig, prepare, run_shard
from robot_meta.build import BuildConfig, build_controller
from robot_meta.controller import ControllerConfig
from robot_meta.errors import StaleObservation
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.robots.description import arm_description
from robot_meta.types import Commanded, Observation, TargetPath

ARM = arm_description("fr3")
HOME, DT = ARM.spec.home, ARM.spec.control_dt


def controller():
    sampling = SamplingConfig(num_samples=16, horizon=4)
    made = build_controller(
        BuildConfig(controller=ControllerConfig(planner=MPPIConfig(sampling=sampling)))
    )
    tool = ARM.chain.tool_position_in_base(HOME)
    made.set_target(TargetPath(stamp=np.zeros(1), position=tool[None] + 0.05))
    return made


def sample(tick):
    at_rest = Observation(
        stamp=tick * DT,
        position=HOME + 1e-3 * tick,
        velocity=np.zeros(7),
        torque=np.zeros(7),
        external_torque=np.zeros(7),
    )
    decided = Commanded(
        stamp=tick * DT,
        position=np.stack([HOME, HOME]),
        velocity=np.zeros((2, 7)),
        altered=False,
        reason="",
    )
    return at_rest, decided


def answers(made, condition, ticks):
    """Stamps of the samples that were answered, in periods; None where there was no answer."""
    unreliable = Unreliable(made, condition, np.random.default_rng(0))
    stamps = []
    for tick in range(ticks):
        try:
            stamps.append(round(unreliable.act(*sample(tick)).stamp / DT))
        except StaleObservation:
            stamps.append(None)
    return stamps


def test_without_disturbance_the_controller_answers_as_always():
    plain, wrapped = controller(), controller()
    unreliable = Unreliable(wrapped, Condition(), np.random.default_rng(0))
    for tick in range(5):
        np.testing.assert_array_equal(
            plain.act(*sample(tick)).velocity, unreliable.act(*sample(tick)).velocity
        )


def test_of_lost_samples_nothing_is_learned():
    made = controller()
    stamps = answers(made, Condition(lost=0.3), 40)
    lost = [tick for tick, stamp in enumerate(stamps) if stamp is None]
    assert 5 <= len(lost) <= 20
    assert all(stamp in (tick, None) for tick, stamp in enumerate(stamps))
    whole = sum(stamps[t] is not None and stamps[t - 1] is not None for t in range(1, 40))
    assert made.diagnostics()["window"] == whole


def test_late_samples_are_answered_late_or_learned_from():
    made = controller()
    stamps = answers(made, Condition(late=0.3), 40)
    assert all(stamp in (tick, tick - 1, None) for tick, stamp in enumerate(stamps))
    assert {tick - stamp for tick, stamp in enumerate(stamps) if stamp is not None} == {0, 1}
    assert stamps[-1] is not None
    assert made.diagnostics()["window"] == stamps[-1]  # no transition was missed


def test_the_same_seed_disturbs_alike():
    condition = Condition(lost=0.2, late=0.2)
    assert answers(controller(), condition, 30) == answers(controller(), condition, 30)


@pytest.mark.parametrize("name", ["delay2", "delay2_appears", "drop"])
def test_a_condition_makes_the_body_that_it_says(name):
    timing = Timing(change=3.0)
    prepared = prepare(
        RunConfig(row="default", condition=name, seed=0, models="models", timing=timing)
    )
    changes = {(c.name, c.stamp, c.value) for c in prepared.twin.schedule}
    expected = {
        "delay2": {("command_delay", 0.0, 2 * DT)},
        "delay2_appears": {("command_delay", 3.0, 2 * DT)},
        "drop": set(),
    }
    assert changes == expected[name]


def made_up(returns):
    """Results in which the undisturbed return is the first and others the second of a pair."""
    configs = [
        RunConfig(row="history", condition=condition, seed=seed, models="")
        for condition in CONDITIONS
        for seed in range(len(returns))
    ]
    figures = {"rms_mm": 1.0, "settled_mm": 1.0, "peak_mm": 2.0, "altered_share": 0.0}
    results = [{"return": returns[c.seed][c.condition != UNDISTURBED], **figures} for c in configs]
    return bench.rows_of(configs, results)


def test_losses_are_shares_of_the_undisturbed_return_of_the_same_seed():
    metrics = bench.metrics_of(made_up([(-1.0, -1.5), (-4.0, -4.0)]))
    assert metrics["delay1_loss"] == metrics["drop_loss_history"] == pytest.approx(0.25)
    assert {f"{c}_loss" for c in CONDITIONS if c != UNDISTURBED} <= set(metrics)
    text = bench.markdown(made_up([(-1.0, -1.5)]), metrics)
    assert "MISSED  drop_loss 0.250 (bar <= 0.1)" in text and "50.0 % (1.00 mm)" in text


@pytest.mark.sim
def test_the_command_leaves_figures_and_a_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "TIMING", Timing(period=1.0, change=1.6, settle=0.4))
    calm = {UNDISTURBED: CONDITIONS[UNDISTURBED], "drop": CONDITIONS["drop"]}
    monkeypatch.setattr(bench, "CONDITIONS", calm)
    argv = ["robustness", "--rows", "static", "--out", str(tmp_path), "--jobs", "1"]
    assert cli.main(argv) == 0
    content = json.loads((tmp_path / "results.json").read_text())
    assert content["metrics"]["undisturbed_return_static"] < 0.0
    assert "drop_loss_static" in content["metrics"]
    assert "| drop" in capsys.readouterr().out


@pytest.mark.sim
def test_the_same_run_gives_the_same_figures():
    timing = Timing(period=1.0, change=1.6, settle=0.4)
    config = RunConfig(row="default", condition="drop", seed=0, models="models", timing=timing)
    assert run_shard(config) == run_shard(dataclasses.replace(config))


def test_every_row_of_a_profile_is_known():
    assert bench.PRODUCT in ROWS
    assert all(set(profile.rows) <= set(ROWS) for profile in bench.PROFILES.values())
