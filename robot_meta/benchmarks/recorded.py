"""From a recorded run to the series that plots and figures are made of."""

from __future__ import annotations

import numpy as np

from robot_meta.benchmarks.arm_payload.judge import Series
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import RecordingFailed
from robot_meta.robots.description import ArmDescription

_FIGURES = ("tick_ms", "loss_before", "loss_after")


def recorded_series(reader: RunReader, arm: ArmDescription, end: float) -> Series:
    """One value per tick before the stamp `end`; the tool is where the measured joints put it.

    Raises:
        RecordingFailed: The run has no target or no ticks.
    """
    target = next(iter(reader.targets()), None)
    steps = [step for step in reader.steps(arm.spec.joint_names) if step[0].stamp < end - 5e-4]
    if target is None or not steps:
        raise RecordingFailed(f"{reader.path} holds no target or no ticks")
    observations = [observation for observation, _ in steps]
    stamp = np.array([observation.stamp for observation in observations])
    told = reader.adaptation()
    figures = np.array([[told.get(float(t), {}).get(k, np.nan) for k in _FIGURES] for t in stamp])
    return Series(
        stamp=stamp,
        target=target.at(stamp),
        tool=arm.chain.tool_position_in_base(np.array([o.position for o in observations])),
        torque=np.array([observation.torque for observation in observations]),
        external_torque=np.array([o.external_torque for o in observations]),
        altered=np.array([float(commanded.altered) for _, commanded in steps]),
        act_ms=figures[:, 0],
        losses=figures[:, 1:],
    )
