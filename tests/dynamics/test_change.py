"""The change detector on streams whose change is known, and the state it leads to."""

import dataclasses
import math

import numpy as np
import pytest

from robot_meta.dynamics.change import AdaptationMonitor, ChangeConfig, ChangeDetector
from robot_meta.dynamics.model import Context

CONFIG = ChangeConfig()


def surprises(rng, count, scale=1.0, outputs=14):
    """As of errors that are normal, `scale` times as wide as usual."""
    return scale**2 * rng.chisquare(outputs, count) / outputs


def alarms(values, config=CONFIG):
    detector = ChangeDetector(config)
    return [i for i, value in enumerate(values) if detector.update(value)]


def test_usual_errors_raise_no_alarm_in_ten_minutes(rng):
    assert alarms(surprises(rng, 30_000)) == []


def test_a_change_is_noticed_within_a_few_transitions(rng):
    for scale in (3.0, 5.0):
        for _ in range(20):
            stream = np.concatenate([surprises(rng, 100), surprises(rng, 30, scale)])
            assert 100 <= alarms(stream)[0] <= 106


def test_one_blow_is_no_change(rng):
    stream = surprises(rng, 200)
    stream[[50, 100, 150]] = 1e6
    assert alarms(stream) == []


def test_values_that_are_not_numbers_count_as_the_largest():
    assert alarms([math.nan] * 3) == [1]


def test_the_change_is_dated_to_its_first_transition(rng):
    detector = ChangeDetector(CONFIG)
    for value in surprises(rng, 100):
        assert detector.update(value) == 0
    assert [detector.update(50.0) for _ in range(2)] == [0, 2]


def test_worse_sensors_than_in_training_are_no_change(rng):
    stream = surprises(rng, 20_000, 2.0)
    assert len(alarms(stream[:200])) <= 1
    assert alarms(stream)[1:] == []


def test_a_change_is_noticed_with_worse_sensors_too(rng):
    stream = np.concatenate([surprises(rng, 300, 1.5), surprises(rng, 30, 6.0)])
    assert 300 <= alarms(stream)[0] <= 306


def test_more_of_the_same_is_no_other_change(rng):
    stream = np.concatenate([surprises(rng, 100), surprises(rng, 30, 5.0)])
    assert len(alarms(stream)) == 1


def test_the_monitor_predicts_with_the_context_of_the_tick_before(model, body):
    monitor = AdaptationMonitor(model, dataclasses.replace(CONFIG, span=4))
    context = Context(model.params)
    for step in body.steps(6, shift=0.0):
        monitor.update(context, step)
    assert monitor.diagnostics()["surprise"] == pytest.approx(0.0, abs=1e-6)
    for step in body.steps(3, shift=0.03):  # 3 std of the deltas, 10 of the noise
        monitor.update(context, step)
    assert monitor.diagnostics()["surprise"] == pytest.approx(100.0, rel=1e-2)
    assert monitor.alarms == 1
    knowing = {**model.params, "layer2.bias": model.params["layer2.bias"] + 3.0}
    monitor.update(Context(knowing), body.steps(1, shift=0.03)[0])
    assert monitor.diagnostics()["surprise"] == pytest.approx(0.0, abs=1e-3)


def test_cannot_adapt_needs_a_whole_span_of_failure_and_stays(model, body):
    monitor = AdaptationMonitor(model, dataclasses.replace(CONFIG, span=10, hopeless=15.0))
    context = Context(model.params)
    for i, step in enumerate(body.steps(10, shift=0.03)):
        monitor.update(context, step)
        assert monitor.cannot_adapt == (i == 9)
    monitor.reset_episode()
    for step in body.steps(20, shift=0.0):
        monitor.update(context, step)
    assert monitor.cannot_adapt
    monitor.resume()
    assert not monitor.cannot_adapt


@pytest.mark.parametrize("bad", [0.3, math.nan])
def test_a_few_late_ticks_do_not_make_a_body_hopeless(model, body, bad):
    """A period 5 ms too long looks 100 times as surprising as a body that changed."""
    monitor = AdaptationMonitor(model, dataclasses.replace(CONFIG, span=50, hopeless=15.0))
    context = Context(model.params)

    def feed(steps):
        for step in steps:
            monitor.update(context, step)
        return monitor.cannot_adapt

    late = [body.steps(1, shift=bad)[0] for _ in range(12)]
    assert not feed(body.steps(38, shift=0.0) + late), "12 of 50 are less than hopeless / most"
    assert feed([body.steps(1, shift=bad)[0]] * 2)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="usual < largest"):
        ChangeConfig(usual=20.0)
    with pytest.raises(ValueError, match="span >= 1"):
        ChangeConfig(span=0)
    with pytest.raises(ValueError, match="most > hopeless"):
        ChangeConfig(hopeless=60.0)
