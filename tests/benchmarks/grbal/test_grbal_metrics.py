"""Figures from known series."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.benchmarks.grbal.metrics import (
    Outcome,
    best_meta_learned,
    error_rise,
    interval,
    normalized,
    prediction_metrics,
    recovery_steps,
    second_visit_ratio,
)


def series(after, steps=200):
    return np.concatenate([np.full(steps, 1.0), after])


def test_the_error_rises_by_what_it_is_after_over_what_it_was_before():
    assert error_rise([series(np.full(200, 3.0))] * 2, 200) == pytest.approx(3.0)
    late = np.concatenate([np.full(100, 2.0), np.full(100, 50.0)])
    assert error_rise([series(late)], 200) == pytest.approx(2.0)  # the first 100 steps count


def test_recovery_waits_until_the_mean_of_the_newest_twenty_steps_is_small():
    at_once = series(np.full(100, 1.2))
    assert recovery_steps(at_once, 200) == 20
    spell = series(np.concatenate([np.full(10, 4.0), np.full(90, 1.0)]))
    # 20 newest: (10 - k) * 4 + (10 + k) * 1 <= 20 * 1.5, so k = 20 / 3, rounded up
    assert recovery_steps(spell, 200) == 27
    assert recovery_steps(series(np.full(100, 9.0)), 200) == 100  # never


def test_an_interval_is_that_of_students_t():
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert high - mean == pytest.approx(2.919986 / np.sqrt(3.0), rel=1e-4)  # t of 0.95, 2 dof
    assert mean - low == pytest.approx(high - mean)
    assert np.isnan(interval([1.0])[1])


def outcomes():
    def outcome(after, before=0.0, validation=0.0):
        return Outcome(after=(after,), before=(before,), validation=(validation,), prediction={})

    return {
        ("static", 0): outcome(20.0, before=110.0),
        ("grbal", 0): outcome(60.0, before=60.0, validation=1.0),
        ("last_layer", 0): outcome(80.0, validation=0.5),
        ("oracle", 0): outcome(110.0),
        ("random", 0): outcome(10.0, before=10.0),
    }


def test_returns_are_normalized_between_chance_and_the_oracle():
    found = outcomes()
    assert normalized(found, "grbal", 0, "after") == pytest.approx(0.5)
    assert normalized(found, "oracle", 0, "after") == 1.0
    assert normalized(found, "random", 0, "after") == 0.0
    assert normalized(found, "grbal", 0, "before") == pytest.approx(0.5)  # of the static model's


def test_the_best_adapter_is_chosen_by_validation_and_not_by_test_episodes():
    assert best_meta_learned(outcomes()) == "grbal"


def test_losses_are_compared_on_the_same_windows():
    one_step = [series(np.full(200, 2.0)).tolist()]
    predictions = {
        (name, 0): {"one_step": one_step, "before": [1.0, 1.0], "after": after, "returning": []}
        for name, after in (
            ("static", [1.0, 1.0]),
            ("mbde", [0.9, 0.9]),
            ("grbal", [0.2, 1.4]),
        )
    }
    metrics = prediction_metrics(predictions, "grbal", 200)
    assert metrics["post_vs_static"] == pytest.approx(0.8)
    assert metrics["post_better_share"] == 0.5
    assert metrics["static_error_rise"] == pytest.approx(2.0)


def test_a_body_that_is_remembered_errs_less_on_its_second_visit():
    def visit(excess):
        return np.concatenate([np.full(10, 1.0 + excess), np.full(10, 1.0)])

    episodes = [np.concatenate([visit(9.0), visit(4.0), visit(9.0), visit(1.0)])]
    assert second_visit_ratio([{"returning": episodes}]) == pytest.approx(0.25)
    same = [np.concatenate([visit(0.0), visit(4.0)] * 2)]
    assert second_visit_ratio([{"returning": same}]) == pytest.approx(1.0)
    # areas are averaged before they are divided, whoever's they are
    assert second_visit_ratio([{"returning": episodes}, {"returning": same}]) == pytest.approx(
        5 / 8
    )
