"""The Franka hand: it homes, opens to a width, and grasps, while the arm goes on.

libfranka's calls return when the fingers stand still, and reading the hand waits for its next
message; so a thread of the driver process does both, and everybody else sees what it saw last.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from robot_meta.robots.gripper import FORCE, SPEED, TOLERANCE, GripperReading

POLL = 0.05  # [s]
GOODBYE = 0.5  # longest wait for the hand to stop when the process ends, [s]


class GripperThread(threading.Thread):
    """Does one task of the hand after the other; `reading` is how it stands.

    Args:
        connect: Makes the connection, a `franky.Gripper`.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__(name="gripper", daemon=True)
        self._connect = connect
        self._tasks: queue.Queue[tuple[str, dict[str, float]]] = queue.Queue()
        self._hand: Any = None
        self._stopping: Any = None  # the newest stop, under way or done
        self.reading = GripperReading()

    def do(self, task: str, **arguments: float) -> None:
        """Queue "homing", "move" (width, speed) or "grasp" (width, speed, force, ...).

        "look" does nothing.
        """
        if task != "look":
            self._tasks.put((task, arguments))

    def stop(self) -> None:
        """End the task that runs, at once, and forget the others; what is held stays held."""
        if not self._busy:
            return
        while True:
            try:
                self._tasks.get_nowait()
            except queue.Empty:
                break
            self._tasks.task_done()
        if self._hand is not None:
            self._stopping = self._hand.stop_async()

    def end(self) -> None:
        """Stop, and wait a little until the hand has heard of it."""
        self.stop()
        if self._stopping is not None:
            self._stopping.wait(GOODBYE)

    def state(self) -> dict[str, Any]:
        """The newest reading, as a message."""
        busy = self._busy
        return {**asdict(self.reading), "busy": busy}  # read later: it is that of the end

    def run(self) -> None:
        """Until the process ends."""
        try:
            self._hand = self._connect()
        except Exception as error:  # there is an arm without a hand
            self.reading = GripperReading(trouble=f"no hand answers ({_line(error)})")
            return
        succeeded: bool | None = None
        while True:
            trouble = ""
            try:
                task, arguments = self._tasks.get(timeout=POLL)
            except queue.Empty:
                self._look(succeeded, self.reading.trouble)
                continue
            try:
                succeeded = self._perform(task, arguments)
            except Exception as error:
                succeeded, trouble = False, _line(error)
            self._look(succeeded, trouble)
            self._tasks.task_done()

    def _perform(self, task: str, arguments: dict[str, float]) -> bool:
        future = getattr(self._hand, f"{task}_async")(**arguments)
        while not future.wait(POLL):
            self._look(self.reading.succeeded, "")
        return bool(future.get())

    @property
    def _busy(self) -> bool:
        return self.is_alive() and self._tasks.unfinished_tasks > 0

    def _look(self, succeeded: bool | None, trouble: str) -> None:
        try:
            state = self._hand.state
        except Exception as error:
            self.reading = GripperReading(trouble=_line(error))
            return
        self.reading = GripperReading(
            width=state.width,
            max_width=state.max_width,
            grasped=state.is_grasped,
            succeeded=succeeded,
            trouble=trouble,
        )


class FrankaGripper:
    """The hand as the driver's side sees it; tasks run while the arm moves.

    Args:
        ask: Sends a message to the driver process and returns its answer.
        tell: Sends one that has no answer, and waits for nothing.
    """

    def __init__(
        self,
        ask: Callable[[dict[str, Any]], dict[str, Any]],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._ask, self._tell = ask, tell

    def homing(self) -> None:
        """Find the ends of the fingers' range; needed once after the fingers were changed."""
        self._do("homing")

    def move(self, width: float, speed: float = SPEED) -> None:
        """Open or close to `width` [m] with `speed` [m/s]."""
        self._do("move", width=width, speed=speed)

    def grasp(
        self,
        width: float,
        force: float = FORCE,
        speed: float = SPEED,
        tolerance: float = TOLERANCE,
    ) -> None:
        """Close on something about `width` [m] wide and hold it with `force` [N].

        It counts as grasped when its width is within `tolerance` [m], libfranka's default.
        """
        self._do(
            "grasp",
            width=width,
            speed=speed,
            force=force,
            epsilon_inner=tolerance,
            epsilon_outer=tolerance,
        )

    def stop(self) -> None:
        """End what the hand does, and forget what it was to do next; waits for nothing."""
        self._tell({"do": "stop gripper"})

    def state(self) -> GripperReading:
        """How the hand stands."""
        return GripperReading(**self._ask({"do": "gripper", "task": "look", "with": {}}))

    def _do(self, task: str, **arguments: float) -> None:
        self._ask({"do": "gripper", "task": task, "with": arguments})


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
