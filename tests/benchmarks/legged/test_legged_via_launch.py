"""The real nodes, over real messages, send a walking robot what the loop in one process sends."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot_meta.benchmarks.legged import via_launch
from robot_meta.benchmarks.legged.rows import ROWS
from robot_meta.benchmarks.legged.run import RunConfig, run
from robot_meta.benchmarks.legged.scenes import Timing
from robot_meta.collection.decoders import decoder_of
from robot_meta.formats.mcap.runs import import_run
from robot_meta.formats.selection import EpisodeSelection
from robot_meta.resources import resource

BRIEF = Timing(begin=0.5, change=2.0, settle=0.5, end=5.0)


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.parametrize(("row", "seed"), [("adapted", 0), ("static", 1)])
def test_launched_nodes_send_legs_the_same_commands_bit_for_bit(row, seed, tmp_path):
    config = RunConfig(
        row=row,
        settings=ROWS[row].trials[0],
        split="test",
        scene="weak_front",
        seed=seed,
        models=str(resource("models")),
        timing=BRIEF,
    )
    reader = via_launch.launched(config, tmp_path)
    there = via_launch.recorded_series(reader, config)
    (target,) = reader.paths(decoder_of("go2"))
    here = run(config, target)
    assert len(here.stamp) == 50
    np.testing.assert_array_equal(there.stamp, here.stamp)
    np.testing.assert_array_equal(there.command, here.command)
    assert np.abs(here.command).max() > 0.1
    assert np.hypot(*(there.pose - here.pose)[:, :2].T).max() < 0.05
    (key,) = import_run(reader, tmp_path / "store")
    (walk,) = EpisodeSelection(tmp_path / "store")
    assert walk.episode.key == key and walk.episode.about["config"]["robot"] == "go2"
    commanded = walk.steps.values["commanded"][: len(here.command)]
    np.testing.assert_allclose(commanded, here.command, atol=1e-3)
