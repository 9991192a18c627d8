"""What the table of adapters makes of made-up measurements."""

from __future__ import annotations

import json

import numpy as np
import pytest

from robot_meta.benchmarks.adaptation import comparisons, plots, table
from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.contenders import BLACK_BOX, CONTENDERS, DEFAULT, SHIPPED
from robot_meta.benchmarks.adaptation.findings import Findings, held_scenes
from robot_meta.benchmarks.adaptation.metrics import metrics_of, rows_of
from robot_meta.benchmarks.adaptation.prediction import COUNTS
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL
from robot_meta.benchmarks.results import Results, write_results

BODIES = 12
SCENES = [(NOMINAL, NOMINAL), *((split, kind) for split in SPLITS for kind in ("a", "b", "c"))]


def predictions(error, counts=COUNTS, shuffled=True):
    """Tests of every split whose error halves until the last N; `error(split)` is the last."""
    rng = np.random.default_rng(0)
    tests = []
    for split in SPLITS:
        for index in range(BODIES):
            last = error(split) * rng.uniform(0.8, 1.25)
            errors = [[last * 2.0**n] * 2 for n in reversed(range(len(counts)))]
            test = {"split": split, "kind": "a", "index": index}
            test |= {"one_step": errors, "tool_mm": errors}
            if shuffled:
                wrong = [3.0 * last] * 2
                test |= {"shuffled_one_step": wrong, "shuffled_tool_mm": wrong}
            tests.append(test)
    return tests


def figures(after_mm, altered_share=0.0):
    return {
        "before_mm": 1.0,
        "after_mm": after_mm,
        "ratio": after_mm,
        "overall_mm": after_mm,
        "altered_share": altered_share,
    }


def made_up(ood_factor=1.0, better=None):
    """All rows equally good but for black boxes, which err `ood_factor` as much out of the bodies.

    Args:
        ood_factor: See above.
        better: A row that errs half as much in closed loop.
    """
    findings = Findings()

    def factor(name, split):
        black = name in CONTENDERS and CONTENDERS[name].family == BLACK_BOX
        return ood_factor if black and split not in (SPLITS[0], NOMINAL) else 1.0

    for name in (*CONTENDERS, SHIPPED):
        for seed in (0, 1):
            findings.predictions[name, seed] = predictions(lambda split, n=name: factor(n, split))
            for place, (split, kind) in enumerate(SCENES):
                error = (1.0 + 0.1 * place) * factor(name, split) * (0.5 if name == better else 1)
                findings.tracks[name, split, kind, seed] = figures(error)
        findings.update_ms[name] = [1.0, 2.0]
    for contender in CONTENDERS.values():
        findings.trained[contender.trained, 0] = {"seconds": 5.0}
    findings.settings = {name: c.trials[0] for name, c in CONTENDERS.items()}
    for name in (DEFAULT, "none"):
        for bodies, error in ((5, 2.0), (50, 1.0)):
            findings.curve[name, bodies] = predictions(lambda s, e=error: e, COUNTS[-1:], False)
    for weighting, error in (("mean", 1.0), ("worst", 0.7)):
        tests = predictions(lambda s, e=error: e, COUNTS[-1:], False)
        findings.weighting[DEFAULT, weighting, 0] = tests
    return findings


def test_every_adapter_has_its_figures_in_every_split():
    metrics = metrics_of(made_up())
    for name in CONTENDERS:
        for split in SPLITS:
            for key in ("tool_mm_n0", "one_step_n64", "tracking_mm", "shuffled_ratio"):
                assert f"{key}_{name}_{split}" in metrics
        for key in ("update_ms_p99", "training_s", "tracking_score_mm"):
            assert f"{key}_{name}" in metrics
    assert metrics[f"tool_mm_n0_{DEFAULT}_interpolation"] == pytest.approx(
        2 ** (len(COUNTS) - 1) * metrics[f"tool_mm_n64_{DEFAULT}_interpolation"]
    )
    assert metrics[f"shuffled_ratio_none_{SPLITS[2]}"] == pytest.approx(3.0)
    assert metrics[f"bodies_5_tool_mm_none_{SPLITS[0]}"] == pytest.approx(
        2.0 * metrics[f"bodies_50_tool_mm_none_{SPLITS[0]}"]
    )
    for kind in ("mean", "worst"):
        assert metrics[f"worst_weighting_{kind}_{DEFAULT}_{SPLITS[0]}"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("factor", "verdict"), [(2.0, "supported"), (0.5, "refuted"), (1.0, "undecided")]
)
def test_the_hypothesis_gets_the_verdict_that_the_errors_speak_for(factor, verdict):
    findings = made_up(ood_factor=factor)
    for gap in (comparisons.prediction_gap, comparisons.tracking_gap):
        for pair in (comparisons.families(), comparisons.LITERAL):
            found = gap(findings, SPLITS[2], pair)
            assert found.value == pytest.approx(factor)
            if factor != 1.0:
                assert found.verdict == verdict
            else:
                assert found.low <= 1.0 <= found.high


def test_an_interval_that_touches_one_decides_nothing():
    assert comparisons.Interval(1.2, 0.9, 1.5).verdict == "undecided"


def test_a_ratio_of_single_scenes_decides_nothing():
    findings = made_up(ood_factor=9.0)
    findings.tracks = {key: f for key, f in findings.tracks.items() if key[2:] == ("a", 0)}
    found = comparisons.tracking_gap(findings, SPLITS[2])
    assert found.value == pytest.approx(9.0) and found.verdict == "undecided"


@pytest.mark.parametrize("better", ["recursive", "mixture"])
def test_who_drives_best_wins(better):
    findings = made_up(better=better)
    assert comparisons.winner(findings) == better
    metrics = metrics_of(findings)
    assert metrics["default_wins"] == float(better == DEFAULT)
    assert metrics[f"tracking_over_default_{better}"] == pytest.approx(0.5)


def test_the_default_is_told_when_it_wins():
    metrics = metrics_of(made_up(better=DEFAULT))
    assert metrics["default_wins"] == 1.0
    assert metrics["tracking_over_default_recursive"] == pytest.approx(2.0)


def test_shipped_weights_had_more_of_everything_and_cannot_win():
    assert comparisons.winner(made_up(better=SHIPPED)) != SHIPPED


def test_a_scene_counts_unless_the_guard_holds_every_row_there():
    findings = made_up()
    held = (SPLITS[1], "a", 0)
    plain = metrics_of(findings)
    for name, *_ in list(findings.tracks):
        findings.tracks[(name, *held)] = figures(500.0, altered_share=0.9)
    findings.tracks[(DEFAULT, SPLITS[1], "b", 0)] = figures(100.0, altered_share=0.9)
    assert held_scenes(findings) == {held}
    metrics = metrics_of(findings)
    key = f"tracking_mm_none_{SPLITS[1]}"
    assert metrics[key] == pytest.approx(plain[key], rel=0.2)
    assert metrics[f"tracking_worst_mm_{DEFAULT}_{SPLITS[1]}"] == pytest.approx(100.0)


def test_results_table_and_pictures_are_written(tmp_path):
    findings = made_up(better="recursive")
    metrics = metrics_of(findings)
    results = Results(
        name="adaptation", profile="quick", seed=0, metrics=metrics, rows=rows_of(findings)
    )
    content = json.loads(write_results(results, tmp_path).read_text())
    assert content["metrics"] == metrics
    text = table.markdown(findings, metrics)
    assert "Best in closed loop: recursive" in text
    assert all(name in text for name in (*CONTENDERS, SHIPPED))
    for path in plots.write_all(findings, tmp_path):
        assert path.stat().st_size > 5000
