"""A run through the launch file: the real nodes, in lockstep, and what their recording tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.via_launch import changed_fields, schedule_text
from robot_meta.benchmarks.launched import LaunchedLegs
from robot_meta.benchmarks.legged.judge import Series
from robot_meta.benchmarks.legged.rows import ROWS, weights_path
from robot_meta.benchmarks.legged.run import RunConfig, loop_config
from robot_meta.benchmarks.legged.scenes import scene
from robot_meta.collection.decoders import decoder_of
from robot_meta.collection.run_reader import RunReader
from robot_meta.controller import ControllerConfig
from robot_meta.errors import RecordingFailed
from robot_meta.planning.walking import WalkingConfig
from robot_meta.robots.description import legged_description
from robot_meta.safety.reasons import Reason

LONGER = 1.0  # robot time that a launch goes on, since the recorder may lag behind, [s]


def launched(
    config: RunConfig,
    folder: Path,
    *,
    progress: Callable[[float], None] = lambda stamp: None,
) -> RunReader:
    """Run a scene through the launch file; the recording.

    Args:
        config: What is run.
        folder: Where parameters, log and recording go.
        progress: Called with each new stamp, [s].

    Raises:
        LaunchError: The launch ended early, or fell silent.
    """
    arguments = {
        "backend": "twin",
        "lockstep": "true",
        "robot": config.robot,
        "target": scene(config.split, config.scene, config.seed, config.timing).path_name,
    }
    with LaunchedLegs(folder, parameters_of(config), arguments) as legs:
        legs.wait_until(config.timing.end + LONGER, progress)
        legs.end()
        return legs.recording()


def parameters_of(config: RunConfig) -> dict[str, dict[str, Any]]:
    """The parameters with which the nodes do what `run` does in one process."""
    row, timing = ROWS[config.row], config.timing
    body: Any = scene(config.split, config.scene, config.seed, timing).body
    weights = weights_path(row, config.robot, Path(config.models))
    assert weights is not None
    loop = loop_config(config)
    return {
        "robot": {
            "twin.seed": config.seed,
            "twin.schedule": schedule_text(body, timing.change),
            "twin.sensors.pose_source": row.pose_source,
        },
        "controller": {
            "model": str(weights.resolve()),
            "adapter.kind": "none" if config.row == "static" else row.method,
            "change.hopeless": 0.0,  # rows are compared at what they do, not at when they give up
            **{f"adapter.{key}": value for key, value in config.settings.items()},
            "seed": loop.seed,
            **changed_fields(loop.planner, ControllerConfig().planner, "planner."),
            **changed_fields(loop.rollout, ControllerConfig().rollout, "rollout."),
            **changed_fields(config.walking, WalkingConfig(), "walking."),
        },
        "task": {
            "speed": timing.speed_in(config.scene),
            "duration": timing.end + 2.0,
            "start": 0.0,
        },
    }


def recorded_series(reader: RunReader, config: RunConfig) -> Series:
    """One value per period before the end; the robot is where its position source put it.

    Raises:
        RecordingFailed: The run has no target or no periods.
    """
    decoder = decoder_of(config.robot)
    count = config.timing.ticks(legged_description(config.robot).spec.control_dt)
    target = next(iter(reader.paths(decoder)), None)
    steps = list(reader.periods(decoder))[:count]
    if target is None or not steps:
        raise RecordingFailed(f"{reader.path} holds no target or no periods")
    stamp = np.array([observation.stamp for observation, _ in steps])
    reasons = [commanded.reason for _, commanded in steps]
    return Series(
        stamp=stamp,
        target=target.at(stamp),
        pose=np.array([observation.pose for observation, _ in steps]),
        command=np.array([commanded.velocity[1] for _, commanded in steps]),
        altered=np.array([float(commanded.altered) for _, commanded in steps]),
        falls=np.array(float(str(Reason.FALLEN) in reasons)),
    )
