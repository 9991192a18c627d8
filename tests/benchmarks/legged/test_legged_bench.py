"""The benchmark of walking: what is run, what counts, and how it is judged."""

from __future__ import annotations

import json

import numpy as np
import pytest

from robot_meta.benchmarks.legged import plots, table, tuning
from robot_meta.benchmarks.legged.bench import PROFILES, configs_of
from robot_meta.benchmarks.legged.judge import Series, judge
from robot_meta.benchmarks.legged.metrics import TESTS, Outcome, counted, metrics_of
from robot_meta.benchmarks.legged.pi import PathPI
from robot_meta.benchmarks.legged.reach import ReachConfig, reach_shard
from robot_meta.benchmarks.legged.rows import ROWS
from robot_meta.benchmarks.legged.run import RunConfig, run, run_shard
from robot_meta.benchmarks.legged.scenes import (
    NOMINAL,
    NOMINAL_SLOW,
    PATHS,
    SEEN,
    SLOW,
    TEST_SCENES,
    VALIDATION_SCENES,
    Timing,
    scene,
)
from robot_meta.legged_types import LeggedObservation, VelocityCommanded
from robot_meta.planning.pose_paths import figure_eight
from robot_meta.resources import resource
from robot_meta.robots.description import legged_description
from robot_meta.twin.splits import LEGGED

TIMING = Timing(begin=2.0, change=4.0, settle=1.0, end=8.0)
SHORT = Timing(begin=0.5, change=2.0, settle=0.5, end=4.0)
SPEC = legged_description("go2").spec


def series(before, after, falls=0.0, timing=TIMING):
    """A walk with so much error before and after the change, [m]."""
    stamp = 0.1 * np.arange(timing.ticks(0.1))
    pose = np.zeros((len(stamp), 3))
    pose[:, 1] = np.where(stamp < timing.change - 1e-9, before, after)
    zeros = np.zeros((len(stamp), 3))
    return Series(
        stamp=stamp,
        target=zeros,
        pose=pose,
        command=zeros,
        altered=np.zeros(len(stamp)),
        falls=np.array(falls),
    )


def outcome(row, name, after, *, seed=0, falls=0.0):
    walked = series(0.02, after, falls)
    return Outcome(row, name, seed, judge(walked, TIMING), walked)


def outcomes(errors):
    """Of {scene: (static, adapted, mbde, pi)}, [m]."""
    rows = ("static", "adapted", "mbde", "pi")
    return [
        outcome(row, name, error)
        for name, each in errors.items()
        for row, error in zip(rows, each, strict=True)
    ]


def test_figures_are_those_of_the_times_they_name():
    figures = judge(series(0.02, 0.06), TIMING)
    assert figures["before_m"] == pytest.approx(0.02)
    assert figures["after_m"] == pytest.approx(0.06)
    assert figures["recover_s"] == 0.0  # within 5 cm of what it was
    assert judge(series(0.02, 0.2), TIMING)["recover_s"] == pytest.approx(4.0)  # never


def test_a_test_counts_only_where_the_static_row_fails():
    runs = outcomes(
        {
            NOMINAL: (0.02, 0.02, 0.02, 0.04),
            "weak_front": (0.08, 0.02, 0.04, 0.05),
            "payload": (0.03, 0.02, 0.03, 0.04),
        }
    )
    metrics = metrics_of(runs)
    assert counted(metrics) == ["weak_front"]
    assert metrics["tests_counted"] == 1.0
    assert metrics["static_growth_weak_front"] == pytest.approx(4.0)
    assert metrics["error_ratio_static_weak_front"] == pytest.approx(0.25)
    assert metrics["error_ratio_mbde_weak_front"] == pytest.approx(0.5)
    assert metrics["error_ratio_pi_weak_front"] == pytest.approx(0.4)
    assert metrics["nominal_ratio"] == pytest.approx(1.0)
    assert metrics["falls"] == 0.0
    text = table.markdown(runs, metrics, TIMING)
    assert "met     error_ratio_static_weak_front" in text
    assert "error_ratio_static_payload" not in text
    assert "not: payload" in text


def test_harm_on_known_bodies_and_falls_are_told():
    runs = outcomes({NOMINAL: (0.02, 0.02, 0.02, 0.04), SEEN: (0.02, 0.03, 0.02, 0.04)})
    runs.append(outcome("adapted", "dead_front", 0.5, falls=2.0))
    metrics = metrics_of(runs)
    assert metrics["nominal_ratio"] == pytest.approx(1.25)
    assert metrics["falls"] == 2.0
    text = table.markdown(runs, metrics, TIMING)
    assert "MISSED  nominal_ratio" in text
    assert "MISSED  falls" in text


def test_the_table_has_its_rows_and_pictures_are_drawn(tmp_path):
    runs = outcomes({NOMINAL: (0.02,) * 4, "weak_front": (0.08, 0.02, 0.04, 0.05)})
    rows = table.rows_of(runs)
    assert {(r["row"], r["scene"]) for r in rows} == {(o.row, o.scene) for o in runs}
    drawn = plots.write_all(runs, TIMING, tmp_path)
    assert {path.name for path in drawn} == {"paths.png", "error.png"}
    assert all(path.stat().st_size > 5000 for path in drawn)
    assert plots.write_all([], TIMING, tmp_path) == []


def test_test_scenes_are_the_held_out_bodies_and_seeds_change_path_and_body():
    assert set(TESTS) == set(LEGGED.held_out_bodies())
    for name in TESTS:
        assert scene("test", name, 0, TIMING).body == LEGGED.held_out_bodies()[name]
    assert {scene("test", NOMINAL, seed, TIMING).path_name for seed in range(3)} == set(PATHS)
    seen = [scene("test", SEEN, seed, TIMING).body for seed in range(6)]
    assert all(LEGGED.contains("train", body) for body in seen)
    assert len(set(seen)) == 6
    for name in LEGGED.kinds("validation"):
        assert name in VALIDATION_SCENES
        assert LEGGED.contains("validation", scene("validation", name, 3, TIMING).body)
    with pytest.raises(ValueError, match="choose one of"):
        scene("test", "weak_leg", 0, TIMING)


def test_what_cannot_be_fast_walks_slowly_and_so_does_what_it_is_compared_with():
    for name in TEST_SCENES:
        walked = scene("test", name, 2, TIMING)  # a line
        fast = walked.path.pose[-1, 0] > 1.01 * TIMING.slow_speed * (TIMING.end + 2.0)
        assert fast != (name in SLOW)
    runs = outcomes({NOMINAL: (0.04,) * 4, NOMINAL_SLOW: (0.02,) * 4, "response": (0.06,) * 4})
    assert metrics_of(runs)["static_growth_response"] == pytest.approx(3.0)


def test_a_run_without_time_to_judge_it_is_refused():
    with pytest.raises(ValueError, match="a second or more"):
        Timing(begin=3.0, change=3.5)


def test_every_row_with_settings_was_given_the_same_number_of_trials():
    numbers = {len(row.trials) for row in ROWS.values() if len(row.trials) > 1}
    assert len(numbers) == 1
    chosen = tuning.chosen_settings()
    for name, row in ROWS.items():
        assert dict(chosen[name]) in [dict(trial) for trial in row.trials] or name == "odometry"
    assert chosen["odometry"] == chosen["adapted"]


def test_the_trial_with_the_least_mean_error_is_chosen():
    trials = [{"settings": {}, "mean_m": mean} for mean in (0.05, 0.03, 0.04)]
    assert tuning.choose(trials) is trials[1]


def test_the_quick_profile_has_all_rows_that_bars_need_and_the_full_one_five_seeds():
    full = PROFILES["full"]
    assert full.seeds >= 5
    for row in ("static", "adapted", "mbde", "pi"):
        assert NOMINAL in PROFILES["quick"].scenes[row]
        assert full.scenes[row] == TEST_SCENES
    versions = dict.fromkeys(ROWS, "v")
    configs = configs_of(
        full, resource("models"), versions, seeds=[1, 2], rows=["pi"], scenes=[NOMINAL]
    )
    assert [(c.row, c.scene, c.seed) for c in configs] == [("pi", NOMINAL, 1), ("pi", NOMINAL, 2)]


def test_pi_follows_with_a_robot_that_does_what_it_is_told_and_removes_a_constant_drift():
    path = figure_eight(speed=0.35, duration=40.0)
    pose, drift = np.zeros(3), np.array([0.0, 0.08, 0.1])
    settings = {"position_gain": 1.5, "heading_gain": 2.0, "integral_gain": 0.6}
    pi = PathPI(SPEC, path, **settings)
    pending, velocity, errors = np.zeros(3), np.zeros(3), []
    for k in range(380):
        stamp = 0.1 * k
        errors.append(np.linalg.norm(pose[:2] - path.at(np.array([stamp]))[0, :2]))
        still = np.zeros(3)
        seen = LeggedObservation(
            stamp=stamp,
            pose=pose.copy(),
            velocity=still,
            attitude=np.zeros(2),
            rates=np.zeros(2),
            feet=np.ones(4),
            joint_position=SPEC.stand,
            joint_velocity=np.zeros(12),
            joint_torque=np.zeros(12),
        )
        told = VelocityCommanded(
            stamp=stamp, velocity=np.stack([velocity, pending]), altered=False, reason=""
        )
        answer = pi.act(seen, told)
        velocity, pending = pending, answer.velocity
        moving = velocity + drift
        c, s = np.cos(pose[2]), np.sin(pose[2])
        pose += 0.1 * np.array(
            [c * moving[0] - s * moving[1], s * moving[0] + c * moving[1], moving[2]]
        )
    assert max(errors[150:]) < 0.05
    assert max(errors[150:]) < 0.5 * max(errors)


@pytest.mark.sim
@pytest.mark.parametrize("row", ["pi", "adapted"])
def test_a_run_is_the_same_for_the_same_seed_and_its_shard_survives_json(row):
    config = RunConfig(
        row=row,
        settings=ROWS[row].trials[0],
        split="test",
        scene="imu_yaw",
        seed=2,
        models=str(resource("models")),
        timing=SHORT,
    )
    shard = json.loads(json.dumps(run_shard(config)))
    again = run(config)
    found = Series.from_lists(shard["series"])
    np.testing.assert_allclose(found.pose, again.pose, atol=6e-4)
    np.testing.assert_allclose(found.command, again.command, atol=6e-4)
    assert shard["figures"]["falls"] == 0.0
    assert len(found.stamp) == SHORT.ticks(SPEC.control_dt)


@pytest.mark.sim
def test_a_loaded_robot_goes_where_it_is_told_and_one_with_a_dead_leg_cannot_even_stand():
    loaded = reach_shard(ReachConfig(scene="payload", seed=1))
    assert loaded["stays_up"]
    np.testing.assert_allclose(loaded["velocity"], loaded["told"], atol=0.2)
    lame = reach_shard(ReachConfig(scene="dead_front", seed=0, standing=True))
    assert not any(lame["told"]) and not lame["stays_up"]
