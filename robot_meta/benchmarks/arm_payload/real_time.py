"""The default row once more, with the clock running: the planner has to be done in time."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from robot_meta.benchmarks.arm_payload.judge import judge
from robot_meta.benchmarks.arm_payload.run import Prepared, Recording, RunConfig, prepare
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.twin.realtime import RealtimeTwin
from robot_meta.types import Command

MARGIN = 0.004  # of each period, kept for handing the command over, [s]


def metrics(config: RunConfig) -> dict[str, float]:
    """Figures of one run in real time, under keys that begin with `realtime_`."""
    recording, periods = run(config)
    figures = judge(recording.series(), config.timing)
    return {
        "realtime_ratio": figures["ratio"],
        "realtime_before_mm": figures["before_mm"],
        "realtime_tick_p50_ms": figures["act_p50_ms"],
        "realtime_tick_p99_ms": figures["act_p99_ms"],
        "realtime_period_ms": 1e3 * float(np.mean(periods)),
        "realtime_period_p99_ms": 1e3 * float(np.percentile(periods, 99)),
    }


def run(config: RunConfig) -> tuple[Recording, list[float]]:
    """Drive the scene at the pace of the clock; what happened, and the length of each period."""
    prepared = prepare(config, realtime=True)
    recording = Recording(prepared.path)
    periods: list[float] = []
    with RealtimeTwin(prepared.description, prepared.twin) as twin:
        guarded = prepared.armed(twin)
        _loop(prepared, guarded, twin, recording, periods, config.timing.end)
    return recording, periods


def _loop(
    prepared: Prepared,
    guarded: GuardedRobot,
    twin: RealtimeTwin,
    recording: Recording,
    periods: list[float],
    end: float,
) -> None:
    period = guarded.spec.control_dt
    command: Command | None = None
    last, due = None, time.perf_counter()
    while twin.time < end:
        wait = due - time.perf_counter()
        if wait > 0.0:
            time.sleep(wait)
        elif -wait > period:
            due = time.perf_counter()  # missed periods are not made up for in a burst
        begin = time.perf_counter()
        if last is not None:
            periods.append(begin - last)
        last = begin
        tick = guarded.tick(command)
        tool = twin.snapshot().tool_position
        deadline = due + period - MARGIN
        command = prepared.controller.act(
            tick.observation, tick.commanded, partial(_passed, deadline)
        )
        recording.add(tick, tool, time.perf_counter() - begin, prepared.controller.diagnostics())
        due += period


def _passed(deadline: float) -> bool:
    return time.perf_counter() > deadline
