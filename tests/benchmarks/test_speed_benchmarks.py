"""The speed benchmarks run, count right, and compare what they say they compare."""

import argparse
import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.control_loop import bench as control_loop
from robot_meta.benchmarks.planner import bench as planner
from robot_meta.benchmarks.planner import reach, timed
from robot_meta.benchmarks.planner.contestants import STOCK
from robot_meta.benchmarks.timing import interleaved, ratio_of_medians


def arguments(**more):
    return argparse.Namespace(profile="quick", seed=0, jobs=1, **more)


def test_contestants_take_turns_and_the_first_step_of_a_turn_is_not_counted():
    calls = {"a": 0, "b": 0}

    def counting(name):
        def step(number):
            calls[name] += 1

        return step

    seconds = interleaved({name: counting(name) for name in calls}, rounds=3, per_round=2, seed=0)
    assert calls == {"a": 12, "b": 12}  # 3 rounds and one to warm up, of 1 + 2 steps
    assert all(times.shape == (3, 2) and (times >= 0.0).all() for times in seconds.values())


def test_the_interval_of_a_ratio_holds_the_ratio():
    rng = np.random.default_rng(0)
    slow, fast = 2.0 + 0.1 * rng.random((30, 3)), 1.0 + 0.1 * rng.random((30, 3))
    ratio, low, high = ratio_of_medians(slow, fast, seed=0)
    assert low < ratio < high and ratio == pytest.approx(2.0, rel=0.05) and high - low < 0.1


def test_missed_deadlines_are_counted():
    figures = control_loop.figures_of(np.array([1.0, 19.9, 20.1, 51.0]))
    assert figures["miss_20ms"] == 0.5 and figures["miss_50ms"] == 0.25


def test_the_planner_benchmark_measures_ours_and_checks_its_arithmetic(monkeypatch, tmp_path):
    monkeypatch.setattr(
        planner, "PROFILES", {"quick": planner.Profile(rounds=1, per_round=1, reach_seeds=1)}
    )
    fewest = {name: (make, few[:1]) for name, (make, few) in reach._PLANNERS.items()}
    monkeypatch.setattr(reach, "_PLANNERS", fewest)
    results = planner.run(arguments(candidates=64, horizon=3, out=tmp_path))
    for net in ("256", "512"):
        assert results.metrics[f"fp32_error_{net}"] < 1e-6
        assert results.metrics[f"bf16_rank_{net}"] > 0.995  # few candidates, short plans
        assert results.metrics[f"ms_{net}_ours fp32"] > 0.0
    assert "ours bf16" in (tmp_path / "table.md").read_text()
    assert (tmp_path / "planner.png").stat().st_size > 10_000


@pytest.mark.sim
def test_the_control_loop_benchmark_covers_its_configurations(monkeypatch, tmp_path):
    small = {
        name: dataclasses.replace(config, candidates=32, horizon=4, window=4)
        for name, config in control_loop.CONFIGS.items()
    }
    assert set(small) == {"500x15", "1000x20", "ens5_1000x20"}
    monkeypatch.setattr(control_loop, "CONFIGS", small)
    monkeypatch.setattr(control_loop, "MOTION_TICKS", 12)
    results = control_loop.run(arguments(ticks=3, out=tmp_path))
    for run in small:
        for key in ("p99_ms", "miss_20ms", "miss_50ms"):
            assert f"{key}_{run}" in results.metrics and f"{key}_{run}_loaded" in results.metrics
    assert "ens5_1000x20_loaded" in (tmp_path / "table.md").read_text()
    assert (tmp_path / "control_loop.png").stat().st_size > 10_000


def test_the_ceiling_is_what_a_step_of_nothing_but_products_would_reach():
    seconds = {STOCK: np.full((2, 2), 0.040), "ours bf16": np.full((2, 2), 0.020)}
    figures = timed._figures("ours bf16", seconds, {"fp32": 0.020, "bf16": 0.010}, seed=0)
    assert figures["ceiling"] == pytest.approx(4.0)
    assert figures["times_stock"] == pytest.approx(2.0)
    assert figures["limit_pct"] == pytest.approx(50.0)


def test_points_of_the_cost_table_differ_from_the_base_in_one_way():
    base = vars(control_loop.CONFIGS["500x15"])
    for config in control_loop.cost_configs().values():
        assert sum(base[key] != value for key, value in vars(config).items()) == 1
