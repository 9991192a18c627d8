"""Long benchmarks go on where they were stopped."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures.process import BrokenProcessPool

import pytest

from robot_meta.benchmarks.shards import config_key, run_shards, source_hash

WORK = r"""
import os
import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    number: int
    folder: str
    fail: bool = False


def square(config):
    '''Counts its calls in a file, so that runs in other processes are seen too.'''
    if config.fail:
        raise RuntimeError("stopped half-way")
    with open(f"{config.folder}/calls", "a") as file:
        file.write(f"{config.number}\n")
    return {"square": config.number**2}


def die(config):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    """A module that other processes can import too."""
    (tmp_path / "shard_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shard_work", raising=False)
    return importlib.import_module("shard_work")


def calls(folder):
    path = folder / "calls"
    return sorted(map(int, path.read_text().split())) if path.exists() else []


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_configs(tmp_path, work, jobs):
    configs = [work.Config(number, str(tmp_path)) for number in (3, 1, 2)]
    results = run_shards(configs, work.square, tmp_path / "shards", jobs=jobs)
    assert [result["square"] for result in results] == [9, 1, 4]


def test_what_was_done_before_a_crash_is_not_done_again(tmp_path, work):
    done = [work.Config(number, str(tmp_path)) for number in (1, 2)]
    with pytest.raises(RuntimeError, match="half-way"):
        run_shards(
            [*done, work.Config(3, str(tmp_path), fail=True)],
            work.square,
            tmp_path / "shards",
            jobs=1,
        )
    assert calls(tmp_path) == [1, 2]
    results = run_shards(
        [*done, work.Config(4, str(tmp_path))], work.square, tmp_path / "shards", jobs=1
    )
    assert [result["square"] for result in results] == [1, 4, 16]
    assert calls(tmp_path) == [1, 2, 4]


def test_equal_configs_run_once(tmp_path, work):
    config = work.Config(5, str(tmp_path))
    results = run_shards([config, config], work.square, tmp_path / "shards", jobs=1)
    assert [result["square"] for result in results] == [25, 25]
    assert calls(tmp_path) == [5]


def test_any_difference_of_a_config_is_another_run(tmp_path, work):
    assert config_key(work.Config(1, "a")) != config_key(work.Config(1, "b"))
    assert config_key(work.Config(1, "a")) == config_key(work.Config(1, "a"))


def test_changed_code_gives_another_hash(tmp_path, work):
    file = tmp_path / "deep" / "code.py"
    file.parent.mkdir()
    file.write_text("a = 1\n")
    before = source_hash([tmp_path])
    file.write_text("a = 2\n")
    assert source_hash([tmp_path]) != before


def test_a_process_that_is_killed_is_an_error_and_not_a_wait(tmp_path, work):
    configs = [work.Config(number, str(tmp_path)) for number in (1, 2)]
    with pytest.raises(BrokenProcessPool):
        run_shards(configs, work.die, tmp_path / "shards", jobs=2)
