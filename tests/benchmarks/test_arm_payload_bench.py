"""The benchmark of the arm from its command to its files."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from robot_meta.benchmarks import cli
from robot_meta.benchmarks.arm_payload import bench
from robot_meta.benchmarks.arm_payload.judge import Series
from robot_meta.benchmarks.arm_payload.metrics import Outcome, metrics_of
from robot_meta.benchmarks.arm_payload.rows import ROWS, row_version
from robot_meta.benchmarks.arm_payload.run import RunConfig, run
from robot_meta.benchmarks.arm_payload.scenes import Timing
from robot_meta.benchmarks.arm_payload.tuning import chosen_settings
from robot_meta.build import AdapterConfig
from robot_meta.dynamics.files import load_model
from robot_meta.resources import resource

BRIEF = Timing(period=1.0, change=1.6, settle=0.4)
KEYS = (
    "static_ratio adapted_ratio grbal_ratio mbde_ratio observer_ratio identified_ratio "
    "stiff_ratio rigid_ratio nominal_harm nominal_error_mm peak_error_mm recover_s tick_p99_ms "
    "altered_share"
).split()


def made_up(config):
    ticks = 20
    series = Series(
        stamp=np.arange(ticks) * 0.02,
        target=np.zeros((ticks, 3)),
        tool=np.zeros((ticks, 3)),
        torque=np.zeros((ticks, 7)),
        external_torque=np.zeros((ticks, 7)),
        altered=np.zeros(ticks),
        act_ms=np.ones(ticks),
        losses=np.ones((ticks, 2)),
    )
    names = "ratio overall_mm peak_mm recover_s effort_nm altered_share reflex_share".split()
    return Outcome(config.row, config.scene, config.seed, dict.fromkeys(names, 1.0), series)


@pytest.mark.parametrize("profile", ["quick", "full"])
def test_every_promised_key_comes_out_of_every_profile(profile, tmp_path):
    configs = bench.configs_of(bench.PROFILES[profile], tmp_path, "v", seeds=[0])
    metrics = metrics_of([made_up(config) for config in configs])
    assert set(KEYS) <= set(metrics)
    per_scene = {"static_ratio_weak", "adapted_ratio_dead", "peak_error_mm_payload"}
    assert per_scene <= set(metrics)


def test_a_run_is_told_apart_by_everything_it_depends_on(tmp_path):
    profile = bench.PROFILES["full"]
    configs = bench.configs_of(profile, tmp_path, "v", seeds=range(5))
    assert len(configs) == len(ROWS) * 6 * 5
    assert len({repr(config) for config in configs}) == len(configs)


def test_new_weights_make_new_runs_of_the_rows_that_use_them(tmp_path):
    weights = tmp_path / "fr3_plain.safetensors"
    weights.write_bytes(b"old")
    before = {name: row_version(name, tmp_path, "code") for name in ROWS}
    assert before == {name: row_version(name, tmp_path, "code") for name in ROWS}
    weights.write_bytes(b"new")
    after = {name: row_version(name, tmp_path, "code") for name in ROWS}
    assert after["static"] != before["static"]
    assert after["adapted"] == before["adapted"]  # its weights are others
    assert row_version("adapted", tmp_path, "other") != after["adapted"]


def test_every_row_that_has_a_choice_has_the_same_number_of_trials():
    counts = {len(row.trials) for row in ROWS.values() if len(row.trials) > 1}
    assert len(counts) == 1
    for row in ROWS.values():
        assert len({repr(trial) for trial in row.trials}) == len(row.trials)


def test_what_is_used_is_one_of_the_trials():
    for name, settings in chosen_settings().items():
        assert dict(settings) in [dict(trial) for trial in ROWS[name].trials]


def test_the_product_adapts_as_validation_chose():
    default = AdapterConfig()
    assert default.kind == "last_layer"
    for name, value in chosen_settings()["adapted"].items():
        assert getattr(default, name) == value, name


def test_learned_rows_share_network_data_and_training_steps():
    folder = resource("models")
    cards = {
        row.model: load_model(folder / f"fr3_{file}.safetensors")[1].training
        for row, file in (
            (ROWS["static"], "plain"),
            (ROWS["adapted"], "last_layer"),
            (ROWS["subspace"], "subspace"),
            (ROWS["grbal"], "gradient"),
            (ROWS["stiff"], "plain_stiff"),
        )
    }
    reference = cards["plain"]
    for name, training in cards.items():
        own = ("method", "support", "windows", "components", "subspace")  # the method's own
        config, same = (
            {key: value for key, value in card["config"].items() if key not in own}
            for card in (training, reference)
        )
        assert config == same, name
        assert training["transitions"] == reference["transitions"], name
        data = {**training["data"]["twin"], "stiffness_scale": 1.0}
        assert data == {**reference["data"]["twin"], "stiffness_scale": 1.0}, name


@pytest.mark.sim
@pytest.mark.parametrize("row", list(ROWS))
def test_every_row_drives_the_arm(row, untrained_models):
    config = RunConfig(
        row=row,
        settings=ROWS[row].trials[0],
        split="test",
        scene="payload",
        seed=0,
        models=str(untrained_models),
        timing=BRIEF,
    )
    recording = run(config, ticks=12)
    series = recording.series()
    assert len(series.stamp) == 12 and np.isfinite(series.tool).all()
    assert np.linalg.norm(series.tool[-1] - series.tool[0]) > 1e-3


@pytest.mark.sim
def test_the_same_seed_gives_the_same_commands_and_another_seed_does_not(untrained_models):
    config = RunConfig(
        row="adapted",
        settings=ROWS["adapted"].trials[0],
        split="test",
        scene="weak",
        seed=0,
        models=str(untrained_models),
        timing=BRIEF,
    )

    def velocities(config):
        return [tick.commanded.velocity for tick in run(config, ticks=10).ticks]

    np.testing.assert_array_equal(velocities(config), velocities(config))
    other = velocities(dataclasses.replace(config, seed=1))
    assert not np.array_equal(velocities(config), other)


@pytest.mark.sim
def test_the_command_writes_results_table_and_pictures(untrained_models, tmp_path, monkeypatch):
    short = dataclasses.replace(bench.PROFILES["quick"], timing=BRIEF)
    monkeypatch.setitem(bench.PROFILES, "quick", short)
    argv = ["arm-payload", "--out", str(tmp_path), "--models", str(untrained_models)]
    argv += ["--rows", "static", "adapted", "--scenes", "nominal", "payload", "--jobs", "1"]
    assert cli.main(argv) == 0
    content = json.loads((tmp_path / "results.json").read_text())
    assert {"static_ratio_payload", "adapted_ratio_payload", "nominal_harm", "period_ms"} <= set(
        content["metrics"]
    )
    assert [(row["row"], row["scene"]) for row in content["rows"]] == [
        ("static", "nominal"),
        ("static", "payload"),
        ("adapted", "nominal"),
        ("adapted", "payload"),
    ]
    assert "adapted" in (tmp_path / "table.md").read_text()
    for name in ("error.png", "paths.png", "losses.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
