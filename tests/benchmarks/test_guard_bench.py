"""Trouble over the twin, ten times each, in real processes; and what the bench makes of it."""

import json
import math

import numpy as np
import pytest

from robot_meta.safety.reasons import Reason

pytest.importorskip("rclpy")

from robot_meta.benchmarks.guard import bench  # noqa: E402
from robot_meta.benchmarks.guard.bench import SIZES, blocks_of, figures, report  # noqa: E402
from robot_meta.benchmarks.guard.fuzz import violations  # noqa: E402
from robot_meta.benchmarks.guard.rig import Rig  # noqa: E402
from robot_meta.benchmarks.guard.trials import KINDS, run_trial  # noqa: E402
from robot_meta.benchmarks.shards import config_key  # noqa: E402

TRIALS = 10
# A busy machine must not look like trouble: nothing here is about the rules of silence.
PATIENT = {"guard.max_gap": 5.0, "guard.max_silence": 5.0, "recovery.reflex_limit": 0}


def row(kind, *, stopped=True, latency=0.01, control=False, **more):
    usual = {"recovered": True, "recovery": 0.5, "cleared_early": False, "disturbed": 0}
    return {
        "kind": kind,
        "stopped": stopped,
        "latency": latency,
        "control": control,
        **usual,
        **more,
    }


@pytest.fixture
def rig(tmp_path):
    with Rig(tmp_path / "rig", PATIENT) as rig:
        yield rig


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.realtime
def test_every_stop_stops_and_every_reflex_is_recovered_from(rig):
    rng = np.random.default_rng(0)
    kinds = ("reflex", "user stop", "e-stop", "robot silent")
    for kind in kinds:
        for number in range(TRIALS):
            trial = run_trial(rig, kind, number, rng)
            assert trial.stopped and trial.recovered, trial
            assert not trial.cleared_early, trial
            assert math.isfinite(trial.latency)
    control = run_trial(rig, "e-stop", 0, rng, control=True)
    assert not control.stopped and math.isnan(control.latency)


def test_the_figures_are_made_from_the_trials_that_count():
    rows = [
        row("reflex", latency=0.5),
        row("reflex", recovered=False),
        row("e-stop", latency=0.02),
        row("e-stop", latency=0.01, cleared_early=True),
        row("robot silent", latency=0.07),
        row("controller killed", stopped=False, latency=float("nan"), disturbed=2),
        row("e-stop", control=True, stopped=False, latency=float("nan")),
    ]
    found = figures(rows)
    assert found["trials"] == 6 and found["stopped_share"] == pytest.approx(5 / 6)
    assert found["control_stopped_share"] == 0.0
    assert found["recovery_share"] == 0.5 and found["recovery_mean_s"] == 0.5
    assert found["estop_p50_ms"] == pytest.approx(15.0) and found["estop_max_ms"] == 20.0
    assert found["silence_p95_ms"] == pytest.approx(70.0)
    assert found["cleared_while_pressed"] == 1 and found["repeated"] == 2
    text = report(rows, found)
    assert all(kind in text for kind in KINDS) and "0 of 1" in text


def test_the_fuzz_finds_nothing_but_where_a_rule_is_missing():
    assert violations(10, 0) == 0
    with np.errstate(all="ignore"):
        assert violations(10, 0, {Reason.JERK}) > 0


def test_the_full_profile_tries_every_kind_a_hundred_times_and_never_a_block_twice():
    blocks = blocks_of(SIZES["full"], 0)
    for kind in KINDS:
        judged = [block.trials.get(kind, 0) for block in blocks if not block.control]
        assert sum(judged) >= 100
    assert len({config_key(block) for block in blocks}) == len(blocks)


def test_a_run_goes_on_with_the_blocks_that_are_missing(tmp_path, monkeypatch):
    done = []

    def stand_in(block):
        done.append(block)
        if len(done) == 2:
            raise KeyboardInterrupt
        return {"trials": [row(kind) for kind in block.trials]}

    monkeypatch.setattr(bench, "run_block", stand_in)
    monkeypatch.setattr(bench, "violations", lambda *given: 0)
    arguments = type("Args", (), {"name": "guard", "profile": "quick", "seed": 0, "out": tmp_path})
    with pytest.raises(KeyboardInterrupt):
        bench.run(arguments)
    results = bench.run(arguments)
    assert len(done) == 1 + len(blocks_of(SIZES["quick"], 0))
    assert json.dumps(results.metrics) and results.metrics["fuzz_violations"] == 0
