"""Every benchmark leaves the same kind of file behind."""

from __future__ import annotations

import json

import pytest

from robot_meta.benchmarks import cli
from robot_meta.benchmarks.results import Results, write_results


def test_the_file_has_all_the_keys_of_the_contract(tmp_path):
    results = Results(
        name="arm-payload", profile="quick", seed=3, metrics={"a": 1.5}, rows=[{"row": "static"}]
    )
    content = json.loads(write_results(results, tmp_path / "new").read_text())
    assert set(content) == {"name", "profile", "seed", "machine", "metrics", "rows"}
    assert content["metrics"] == {"a": 1.5} and content["seed"] == 3
    assert content["rows"] == [{"row": "static"}]
    assert content["machine"]["cores"] >= 1
    assert {"cpu", "python", "numpy", "torch", "mujoco", "commit"} <= set(content["machine"])


def test_a_figure_that_is_not_finite_becomes_null_so_that_any_json_reader_can_read_it(tmp_path):
    results = Results(name="n", profile="quick", seed=0, metrics={"a": float("nan")})
    text = write_results(results, tmp_path).read_text()
    assert json.loads(text, parse_constant=pytest.fail)["metrics"] == {"a": None}


def test_a_metric_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="metrics must be numbers"):
        Results(name="n", profile="quick", seed=0, metrics={"a": "high"})


def test_the_command_runs_the_benchmark_and_writes_where_it_was_told(tmp_path, monkeypatch):
    seen = {}

    class Measured:
        @staticmethod
        def add_arguments(parser):
            parser.add_argument("--depth", type=int)

        @staticmethod
        def run(args):
            seen.update(vars(args))
            return Results(name=args.name, profile=args.profile, seed=args.seed, metrics={})

    monkeypatch.setattr(cli.importlib, "import_module", lambda name: Measured)
    argv = ["arm-payload", "--seed", "4", "--depth", "2", "--out", str(tmp_path), "--jobs", "1"]
    assert cli.main(argv) == 0
    assert seen["seed"] == 4 and seen["depth"] == 2 and seen["profile"] == "quick"
    assert json.loads((tmp_path / "results.json").read_text())["name"] == "arm-payload"


def test_an_unknown_benchmark_is_refused_with_the_choices(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["arm-paylod"])
    assert end.value.code == 2
    assert "arm-payload" in capsys.readouterr().err
