"""Figures of a run, on runs whose figures are known beforehand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.arm_payload.judge import Series, judge, recovery_text, recovery_time
from robot_meta.benchmarks.arm_payload.metrics import (
    Outcome,
    metrics_of,
    void_scenes,
    without_held,
)
from robot_meta.benchmarks.arm_payload.scenes import REFLEX_TORQUE, Timing
from robot_meta.benchmarks.arm_payload.tuning import choose

TIMING = Timing(period=2.0, change=4.0, settle=1.0)


def series(error_mm):
    """A run whose tool misses its target by `error_mm(t)` along x."""
    stamp = np.arange(TIMING.ticks(0.02)) * 0.02
    tool = np.zeros((len(stamp), 3))
    tool[:, 0] = 1e-3 * np.array([error_mm(t) for t in stamp])
    return Series(
        stamp=stamp,
        target=np.zeros_like(tool),
        tool=tool,
        torque=np.ones((len(stamp), 7)),
        external_torque=np.zeros((len(stamp), 7)),
        altered=np.zeros(len(stamp)),
        act_ms=np.linspace(5.0, 10.0, len(stamp)),
        losses=np.ones((len(stamp), 2)),
    )


def test_the_ratio_compares_the_round_before_with_the_round_from_one_second_after():
    # 100 mm outside of both windows must not count.
    run = series(lambda t: 2.0 if 2.0 <= t < 4.0 else 6.0 if t >= 5.0 else 100.0)
    figures = judge(run, TIMING)
    assert figures["before_mm"] == pytest.approx(2.0)
    assert figures["after_mm"] == pytest.approx(6.0)
    assert figures["ratio"] == pytest.approx(3.0)
    assert figures["peak_mm"] == pytest.approx(100.0)
    assert figures["effort_nm"] == pytest.approx(7.0)


def test_the_largest_share_of_a_reflex_torque_is_found_in_any_joint():
    torque = np.zeros((TIMING.ticks(0.02), 7))
    torque[50, 6] = -0.5 * REFLEX_TORQUE[6]
    torque[20, 0] = 0.25 * REFLEX_TORQUE[0]
    run = dataclasses.replace(series(lambda t: 1.0), external_torque=torque)
    assert judge(run, TIMING)["reflex_share"] == pytest.approx(0.5)


def test_recovery_ends_with_the_last_large_error():
    run = series(lambda t: 10.0 if 4.0 <= t < 5.2 else 1.0)
    assert recovery_time(run.stamp, 1e3 * run.error, TIMING) == pytest.approx(1.2, abs=0.03)


def test_an_error_that_stays_never_recovers_and_none_recovers_at_once():
    lasting, none = series(lambda t: 10.0 if t >= 4.0 else 1.0), series(lambda t: 1.0)
    assert recovery_time(lasting.stamp, 1e3 * lasting.error, TIMING) == TIMING.end - TIMING.change
    assert recovery_time(none.stamp, 1e3 * none.error, TIMING) == 0.0


@pytest.mark.parametrize(("after", "recovered"), [(2.9, True), (3.1, False)])
def test_an_error_within_a_millimetre_of_its_largest_before_has_recovered(after, recovered):
    run = series(lambda t: (2.0 if t < 3.0 else 0.5) if t < 4.0 else after)
    time = recovery_time(run.stamp, 1e3 * run.error, TIMING)
    assert time == (0.0 if recovered else TIMING.end - TIMING.change)
    assert (recovery_text(time, TIMING) == "never") != recovered


def test_series_survive_their_way_through_a_file():
    run = series(lambda t: 1.0 + t)
    again = Series.from_lists(run.as_lists())
    np.testing.assert_allclose(again.error, run.error, atol=1e-6)


def outcome(row, scene, seed, **figures):
    names = ("ratio", "peak_mm", "recover_s", "effort_nm", "altered_share", "reflex_share")
    values = {**dict.fromkeys(names, 0.0), "overall_mm": 1.0, **figures}
    return Outcome(row, scene, seed, values, series(lambda t: 1.0))


def test_metrics_average_over_seeds_and_then_take_the_worst_scene():
    metrics = metrics_of(
        [
            outcome("static", "nominal", 0, overall_mm=2.0),
            outcome("adapted", "nominal", 0, overall_mm=3.0),
            outcome("static", "payload", 0, ratio=6.0),
            outcome("static", "payload", 1, ratio=8.0),
            outcome("static", "weak", 0, ratio=3.0),
            outcome("adapted", "payload", 0, ratio=1.0, peak_mm=9.0),
            outcome("adapted", "payload", 1, ratio=1.4, peak_mm=5.0),
            outcome("adapted", "weak", 0, ratio=0.9, peak_mm=4.0),
        ]
    )
    assert metrics["static_ratio"] == 3.0 and metrics["static_ratio_payload"] == 7.0
    assert metrics["adapted_ratio"] == pytest.approx(1.2)
    assert metrics["peak_error_mm"] == 7.0 and metrics["peak_error_mm_weak"] == 4.0
    assert metrics["nominal_harm"] == 1.5 and metrics["nominal_error_mm"] == 3.0
    assert metrics["tick_p99_ms"] == pytest.approx(9.95, abs=0.01)


def test_a_scene_that_the_guard_holds_in_every_row_is_left_out_and_named():
    outcomes = [
        outcome("static", "unseen1", 3, altered_share=0.5, ratio=300.0),
        outcome("adapted", "unseen1", 3, altered_share=0.6, ratio=400.0),
        outcome("static", "payload", 3, altered_share=0.5, ratio=300.0),
        outcome("adapted", "payload", 3, altered_share=0.01, ratio=1.0),
        outcome("adapted", "payload", 4, altered_share=0.5, ratio=200.0),
        outcome("static", "payload", 4, altered_share=0.0, ratio=5.0),
    ]
    kept, held = without_held(outcomes)
    assert held == [("unseen1", 3)]
    assert kept == outcomes[2:]  # held in some rows only: that is their own doing


def test_a_scene_in_which_static_hardly_fails_is_void():
    outcomes = [outcome("static", "weak", 0, ratio=1.9), outcome("static", "dead", 0, ratio=2.1)]
    metrics = metrics_of(outcomes)
    assert void_scenes(metrics) == ["weak"] and metrics["void_scenes"] == 1.0


def test_a_trial_that_harms_the_nominal_arm_is_not_chosen():
    trials = [
        {"settings": "best but harmful", "nominal_mm": 1.5, "worst_ratio": 0.8},
        {"settings": "good", "nominal_mm": 1.02, "worst_ratio": 0.9},
        {"settings": "worse", "nominal_mm": 1.0, "worst_ratio": 2.0},
    ]
    assert choose(trials, static_nominal=1.0)["settings"] == "good"
    assert choose(trials[:1], static_nominal=1.0)["settings"] == "best but harmful"
