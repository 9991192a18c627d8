"""The control loop inside one process: the robot waits for the answer to every measurement.

The real nodes run the same order over topics (robot node, controller node), so the same seed gives
the same commands, bit for bit, here and there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from robot_meta.errors import RobotMetaError
from robot_meta.robots.guarded import (
    CommandedT,
    CommandT,
    GuardedDriver,
    ObservationT,
    ReferenceT,
    Tick,
)
from robot_meta.types import Command, Commanded, Observation

Act = Callable[[Observation, Commanded], Command]
"""What an arm's controller answers to a measurement and to the period that begins with it."""


def lockstep(
    guarded: GuardedDriver[ObservationT, CommandT, ReferenceT, CommandedT],
    act: Callable[[ObservationT, CommandedT], CommandT],
    ticks: int,
) -> Iterator[Tick[ObservationT, ReferenceT, CommandedT]]:
    """Run `ticks` control periods and yield each one before the robot moves through it.

    Tick k measures, lets the guard decide the period from the command of tick k − 1, and asks
    `act` for the next one. Where `act` raises a `RobotMetaError` there is no command, and the
    guard does what it does when a controller falls silent.

    Args:
        guarded: A robot that has `step()`, armed, behind its guard.
        act: The controller.
        ticks: Control periods to run.
    """
    command: CommandT | None = None
    for _ in range(ticks):
        tick = guarded.tick(command)
        try:
            command = act(tick.observation, tick.commanded)
        except RobotMetaError:
            command = None
        yield tick
        guarded.step()
