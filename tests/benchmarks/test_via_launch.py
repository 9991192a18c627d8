"""The real nodes, over real messages, send what the loop in one process sends."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import yaml

from robot_meta.benchmarks.arm_payload import via_launch
from robot_meta.benchmarks.arm_payload.rows import ROWS
from robot_meta.benchmarks.arm_payload.run import RunConfig, run
from robot_meta.benchmarks.arm_payload.scenes import TEST_SCENES, scene
from robot_meta.benchmarks.launched import parameter_file
from robot_meta.nodes.backends import ScheduleConfig
from robot_meta.safety.config import GuardConfig
from robot_meta.twin.perturbations import Perturbations, changes_to


def config_of(name, models):
    return RunConfig(
        row="adapted",
        settings=ROWS["adapted"].trials[0],
        split="test",
        scene=name,
        seed=0,
        models=str(models),
        timing=via_launch.BRIEF,
    )


def or_slow(name):
    """Scenes differ in a schedule that all of them tell in one way: two stand for the others."""
    return pytest.param(name, marks=() if name in ("payload", "unseen2") else pytest.mark.slow)


@pytest.mark.ros
@pytest.mark.sim
@pytest.mark.parametrize("name", [or_slow(name) for name in TEST_SCENES])
def test_launched_nodes_send_the_same_commands_bit_for_bit(name, untrained_models, tmp_path):
    config = config_of(name, untrained_models)
    here = [tick.commanded for tick in run(config).ticks]
    there = via_launch.launched_commands(config, tmp_path)
    verdict = via_launch.compare(here, there)
    assert verdict == {"ticks": 150, "identical": True, "first_difference": -1}


@pytest.mark.ros
@pytest.mark.sim
def test_limits_given_to_the_robot_node_alone_shape_the_plan_as_in_one_process(
    untrained_models, tmp_path
):
    usual = config_of("nominal", untrained_models)
    slow = dataclasses.replace(usual, guard=GuardConfig(tool_speed=0.05))
    assert "tool_speed" not in str(via_launch.parameters_of(slow)["controller"])
    here = [tick.commanded for tick in run(slow).ticks]
    there = via_launch.launched_commands(slow, tmp_path)
    assert via_launch.compare(here, there)["identical"]
    assert not via_launch.compare(here, [tick.commanded for tick in run(usual).ticks])["identical"]


@pytest.mark.parametrize("name", TEST_SCENES)
def test_the_schedule_survives_its_way_through_a_parameter(name):
    body = scene("test", name, 3).body
    text = via_launch.schedule_text(body, 1.6)
    read, wanted = ScheduleConfig(schedule=text).changes(), changes_to(body, stamp=1.6)
    again = Perturbations()
    for change in read:
        again = again.changed(change.name, change.value)
    assert again == body
    assert [(c.stamp, c.name) for c in read] == [(c.stamp, c.name) for c in wanted]


def test_numbers_survive_their_way_through_a_parameter_file():
    values = {"small": 4e-05, "long": 0.1 + 0.2, "whole": 3.0, "many": (1.0, 2.5e-9), "count": 7}
    text = parameter_file({"robot": values})
    read = yaml.safe_load(text)["/**/robot"]["ros__parameters"]
    assert read == {**values, "many": [1.0, 2.5e-9]}
    assert isinstance(read["whole"], float) and isinstance(read["count"], int)
    assert "e-" not in text


def test_a_comparison_finds_the_first_tick_that_differs(untrained_models):
    ticks = [tick.commanded for tick in run(config_of("nominal", untrained_models), 4).ticks]
    moved = dataclasses.replace(ticks[2], velocity=np.nextafter(ticks[2].velocity, 1.0))
    verdict = via_launch.compare(ticks, [*ticks[:2], moved, ticks[3]])
    assert verdict == {"ticks": 4, "identical": False, "first_difference": 2}
    assert not via_launch.compare(ticks, ticks[:3])["identical"]
