"""The whole benchmark, from the first random step to the table, with a budget of seconds."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from robot_meta.benchmarks import cli
from robot_meta.benchmarks.environments.ant import AntBody
from robot_meta.benchmarks.grbal import bench, stages
from robot_meta.benchmarks.grbal.job import COMMON, ORACLE, Job, owner, trained
from robot_meta.benchmarks.grbal.jobs import work
from robot_meta.benchmarks.grbal.learning import known_episodes
from robot_meta.benchmarks.grbal.methods import METHODS, REQUIRED
from robot_meta.benchmarks.results import write_results
from robot_meta.collection.episode_files import load_episode
from robot_meta.errors import MissingAsset

KEYS = (
    "static_error_rise", "error_recovery_steps", "return_adapted", "gain_static", "gain_mbde",
    "nominal_loss", "post_vs_static", "post_better_share", "grbal_gain_static",
    "grbal_gain_mbde",
)  # fmt: skip
PREDICTION_KEYS = (
    "static_error_rise", "error_recovery_steps", "post_vs_static", "second_visit_ratio",
    "plain_second_visit_ratio",
)  # fmt: skip


@pytest.fixture
def start(arguments, tiny):
    return Job(
        kind="random",
        scenario="ant_leg",
        seed=0,
        player=COMMON,
        budget=tiny,
        folder=str(arguments.out / "shards" / "files"),
        version=bench.code_version(),
    )


def test_every_key_is_there_with_its_environment_and_its_interval(results, arguments):
    for key in (*KEYS, *PREDICTION_KEYS):
        assert np.isfinite(results.metrics[f"{key}_ant_leg"]), key
    for key in ("gain_static", "gain_mbde", "nominal_loss"):
        low, high = (results.metrics[f"{key}_{end}_ant_leg"] for end in ("low", "high"))
        assert low <= results.metrics[f"{key}_ant_leg"] <= high
    assert results.metrics["grbal_gain_static"] == results.metrics["grbal_gain_static_ant_leg"]
    written = json.loads(write_results(results, arguments.out).read_text())
    assert written["name"] == "grbal"


def test_every_rival_has_a_row_and_one_of_the_meta_learned_is_the_best(results):
    rows = {row["row"]: row for row in results.rows}
    assert set(rows) == {*REQUIRED, "last_layer", "mixture", "oracle", "random"}
    (best,) = (row["row"] for row in results.rows if row["best"])
    assert METHODS[best].meta_learned
    assert rows["oracle"]["normalized_after"] == pytest.approx(1.0)
    assert rows["random"]["normalized_after"] == pytest.approx(0.0)
    assert rows["grbal"]["tick_p99_ms"] > rows["grbal"]["adapt_p50_ms"] > 0.0


def test_a_table_and_a_picture_are_left_behind(results, arguments):
    text = (arguments.out / "table.md").read_text()
    assert "ant_leg" in text and "last_layer" in text and "gain_mbde" in text
    assert (arguments.out / "recovery_ant_leg.png").stat().st_size > 1000


def test_a_second_run_repeats_nothing(results, arguments, tiny, monkeypatch):
    def no_work(job):
        raise AssertionError(f"{job} is done already")

    monkeypatch.setattr(stages, "work", no_work)
    assert bench.run_full(arguments, tiny).metrics == results.metrics


def test_seeds_that_are_done_need_nothing_but_the_archive(
    results, arguments, tiny, monkeypatch, tmp_path
):
    def no_work(job):
        raise AssertionError(f"{job} is done already")

    monkeypatch.setattr(stages, "work", no_work)
    args = copy.copy(arguments)
    args.ship = None  # there are no weights to ship
    shutil.move(args.out / "shards", tmp_path)
    try:
        assert bench.run_full(args, tiny).metrics == results.metrics
    finally:
        shutil.rmtree(args.out / "shards")
        shutil.move(tmp_path / "shards", args.out)


def test_what_is_shipped_predicts_again_without_training(results, arguments):
    args = copy.copy(arguments)
    args.profile = "quick"
    quick = bench.run(args)
    for key in PREDICTION_KEYS:
        assert np.isfinite(quick.metrics[f"{key}_ant_leg"])
    assert {row["row"] for row in quick.rows} >= {"static", "mbde", "grbal"}
    before = quick.metrics["post_vs_static_ant_leg"]
    assert bench.run(args).metrics["post_vs_static_ant_leg"] == before


def test_without_shipped_weights_it_says_how_to_make_them(arguments, tmp_path):
    args = copy.copy(arguments)
    args.profile, args.models = "quick", tmp_path
    with pytest.raises(MissingAsset, match="--profile full --ship"):
        bench.run(args)


def test_all_rivals_learn_from_equally_much(results, start, tiny):
    shards = [json.loads(p.read_text()) for p in Path(start.folder).parent.glob("*.json")]
    final = {
        (s["config"]["player"], s["config"]["seed"]): s["result"]["episodes"]
        for s in shards
        if s["config"]["kind"] == "round" and s["config"]["round"] == tiny.rounds
    }
    assert {player for player, _ in final} == {*REQUIRED, "last_layer", "mixture", ORACLE}
    assert set(final.values()) == {tiny.training_episodes}


def test_rivals_share_the_first_episodes_and_then_collect_their_own(results, start, tiny):
    known = {
        player: known_episodes(start.other(kind="round", player=player, round=tiny.rounds))
        for player in ("static", "grbal", ORACLE)
    }
    assert len(known["grbal"]) == tiny.training_episodes
    for index in range(tiny.shared_episodes + tiny.common_rounds * tiny.episodes):
        assert (known["static"][index].state == known["grbal"][index].state).all()
    assert not (known["static"][-1].state[1:] == known["grbal"][-1].state[1:]).all()
    assert not (known["static"][0].state == known[ORACLE][0].state).all()


def test_the_oracle_knows_nothing_but_the_body_after_the_change(results, start):
    for job in (
        owner(start.other(kind="random", player=ORACLE)),
        owner(start.other(kind="round", player=ORACLE)),
    ):
        _, about = load_episode(job.files() / "000.npz")
        assert about["task"] == {**dataclasses.asdict(AntBody()), "crippled": [3]}
    learned_from = known_episodes(start.other(kind="round", player=ORACLE))
    first, _ = load_episode(owner(start.other(kind="random", player=ORACLE)).episode_file())
    assert (learned_from[0].state == first.state).all()


def test_evaluated_episodes_begin_alike_for_every_player(results, start):
    states = [
        load_episode(start.other(kind="evaluate", player=player).files() / "000.npz")[0].state[0]
        for player in ("static", "grbal", "random")
    ]
    assert (states[0] == states[1]).all() and (states[0] == states[2]).all()


def test_a_changed_budget_is_another_job(start, tiny):
    other = dataclasses.replace(start, budget=dataclasses.replace(tiny, rounds=3))
    assert other.files() != start.files()
    assert start.other(kind="random").files() == start.files()


def test_the_command_line_offers_it(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["grbal", "--help"])
    assert stopped.value.code == 0
    assert "cheetah_pier" in capsys.readouterr().out


@pytest.mark.parametrize("player", METHODS)
def test_every_rival_can_be_trained_saved_and_run(player, tiny, tmp_path):
    budget = dataclasses.replace(tiny, common_rounds=0, rounds=0)
    start = Job(
        kind="random", scenario="cheetah_pier", seed=0, player=COMMON, budget=budget,
        folder=str(tmp_path),
    )  # fmt: skip
    work(owner(start))
    work(owner(start.other(kind="show")))
    assert work(start.other(kind="round", player=player))["episodes"] == 3
    figures = work(start.other(kind="evaluate", player=player))
    assert np.isfinite([figures["return_before"], figures["return_after"]]).all()
    model, adapter = trained(start.other(kind="evaluate", player=player))
    assert adapter.context().params.keys() == model.params.keys()
