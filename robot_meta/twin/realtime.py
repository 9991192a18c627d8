"""The arm's twin in real time: the same robot, stepped once every millisecond."""

from __future__ import annotations

import time
from collections.abc import Callable

from robot_meta.robots.description import ArmDescription
from robot_meta.twin.desk.fingers import Fingers
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig, TwinSnapshot
from robot_meta.twin.pace import PacedTwin
from robot_meta.types import Array, Observation, Reference


class RealtimeTwin(PacedTwin[Observation, Reference]):
    """A `MujocoRobot` that moves by itself, at the pace of the monotonic clock.

    A reference that comes late is entered where its stamp says, so that periods join without a
    slip.

    Args:
        description: The arm.
        config: The twin; `realtime` must be set.
        clock: Monotonic time, [s].
        sleep: How the thread waits, [s].
    """

    def __init__(
        self,
        description: ArmDescription,
        config: TwinConfig,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not config.realtime:
            raise ValueError("this twin needs a configuration with realtime=True")
        self._robot = MujocoRobot(description, config)
        super().__init__(self._robot, clock=clock, sleep=sleep)

    def grip(self, width: float) -> None:
        """Move the fingers towards `width` between them, [m]; ignored while stopped."""
        self._require_connection()
        with self._lock:
            self._robot.grip(width)

    @property
    def fingers(self) -> Fingers | None:
        """Those of the hand, where they move (`scene.desk`)."""
        return self._robot.fingers

    def scene(self) -> Array | None:
        """What stands on the desk, (1 + D,), entries as in `SCENE`; None without one."""
        with self._lock:
            return self._robot.scene()

    def befall(self, incident: str) -> None:
        """Let one of `INCIDENTS` happen now; "" ends one that lasts."""
        with self._lock:
            self._robot.befall(incident)

    def hold_tool(self, held: bool) -> None:
        """Take hold of the tool where it is, or let it go."""
        with self._lock:
            self._robot.hold_tool(held)

    def snapshot(self) -> TwinSnapshot:
        """The true state now."""
        with self._lock:
            return self._robot.snapshot()


def open_twin(description: ArmDescription, config: TwinConfig) -> MujocoRobot | RealtimeTwin:
    """The twin that `config` asks for."""
    if config.realtime:
        return RealtimeTwin(description, config)
    return MujocoRobot(description, config)
