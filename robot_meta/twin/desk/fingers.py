"""The fingers of the hand in the twin: asked like any hand (`Gripper`), moved by physics."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator

import mujoco

from robot_meta.robots.gripper import FORCE, MAX_WIDTH, SPEED, TOLERANCE, GripperReading
from robot_meta.twin.desk.model import FINGERS, GRIP_FORCE

LEAD = 0.012  # how far the drive may be ahead of fingers that something blocks, [m]
REST, REST_SPEED = 0.05, 0.002  # slower than this for so long is at rest, [s], [m/s]
ACCURACY = 0.002  # of a width that was reached, [m]
SLIP = 0.01  # fingers that close further than this have lost what they held, [m]

Task = Generator[None, None, bool]


class Fingers:
    """Two fingers that are driven towards half of a width each.

    Tasks run one after the other, a step of each `update`. Asking and reading is allowed from any
    thread; `grip`, `reset` and `update` belong to the one that steps the physics.

    Args:
        model: With a `moving_hand`.
        data: Of that model.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data
        joints = [model.joint(f"hand/{name}") for name in FINGERS]
        self._places = [joint.qposadr[0] for joint in joints]
        self._speeds = [joint.dofadr[0] for joint in joints]
        self._drives = [model.actuator(f"hand/{name}").id for name in FINGERS]
        self._stiffness = float(model.actuator_gainprm[self._drives[0], 0])
        self._clear()

    _succeeded: bool | None

    def homing(self) -> None:
        """Open all the way."""
        self._tasks.append(self._moved(MAX_WIDTH, SPEED))

    def move(self, width: float, speed: float = SPEED) -> None:
        """Open or close to `width` [m] with `speed` [m/s]; ends at what is in between."""
        self._tasks.append(self._moved(width, speed))

    def grasp(
        self,
        width: float,
        force: float = FORCE,
        speed: float = SPEED,
        tolerance: float = TOLERANCE,
    ) -> None:
        """Close on something about `width` [m] wide and hold it with `force` [N]."""
        self._tasks.append(self._grasped(width, force, speed, tolerance))

    def stop(self) -> None:
        """Stand still and forget what was to come; what is held stays held."""
        self._stopping = True

    def state(self) -> GripperReading:
        """How they stand now."""
        width, held = self.width, self._held
        return GripperReading(
            width=width,
            max_width=MAX_WIDTH,
            grasped=held is not None and width > held - SLIP,
            busy=bool(self._tasks),
            succeeded=self._succeeded,
        )

    def reset(self) -> None:
        """Closed, with nothing to do."""
        self._clear()
        self._data.qpos[self._places] = 0.0
        self._aim(0.0, GRIP_FORCE)

    def show(self, width: float) -> None:
        """Stand `width` [m] apart, without physics."""
        self._data.qpos[self._places] = 0.5 * width

    def grip(self, width: float) -> None:
        """Forget all tasks and move at once towards `width` [m], with limited force."""
        self._clear()
        self._aim(min(max(width, 0.0), MAX_WIDTH), GRIP_FORCE)

    def update(self) -> None:
        """Go on with the task that runs; called once per period of the low-level law."""
        if self._stopping:
            self._stop()
        while self._tasks:
            try:
                next(self._tasks[0])
                return
            except StopIteration as ended:
                self._succeeded = bool(ended.value)
                self._tasks.popleft()

    @property
    def width(self) -> float:
        """Between them, [m]."""
        return float(self._data.qpos[self._places].sum())

    def _clear(self) -> None:
        self._tasks: deque[Task] = deque()
        self._stopping = False
        self._held: float | None = None  # width of what was grasped
        self._succeeded = None

    def _stop(self) -> None:
        self._stopping = False
        moves = self._speed > REST_SPEED  # a hand that is gripped at rest keeps what it holds
        if self._tasks or moves:
            self._aim(self.width, GRIP_FORCE)
        if self._tasks:
            self._tasks.clear()
            self._succeeded = False

    def _moved(self, width: float, speed: float) -> Task:
        self._held = None
        yield from self._drive(min(max(width, 0.0), MAX_WIDTH), speed, GRIP_FORCE)
        return abs(self.width - width) <= ACCURACY

    def _grasped(self, width: float, force: float, speed: float, tolerance: float) -> Task:
        self._held = None
        yield from self._drive(0.0, speed, force)
        self._aim(
            -2.0 * force / self._stiffness, force
        )  # so far beyond closed that all of it acts
        yield from self._until_at_rest()
        found = self.width
        held = found > ACCURACY and abs(found - width) <= tolerance
        self._held = found if held else None
        return held

    def _drive(self, goal: float, speed: float, force: float) -> Generator[None, None, None]:
        """Towards `goal` [m] with `speed` [m/s]; ends there, or where something is in the way."""
        aim, then = self.width, self._data.time
        slow_since = then
        while True:
            now = self._data.time
            step, then = speed * (now - then), now
            width = self.width
            aim += min(max(goal - aim, -step), step)
            led = min(max(aim, width - LEAD), width + LEAD)
            arrived, aim = led == goal or led != aim, led
            self._aim(aim, force)
            if not arrived or self._speed > REST_SPEED:
                slow_since = now
            if now - slow_since >= REST:
                return
            yield

    def _until_at_rest(self) -> Generator[None, None, None]:
        slow_since = self._data.time
        while self._data.time - slow_since < REST:
            yield
            if self._speed > REST_SPEED:
                slow_since = self._data.time

    @property
    def _speed(self) -> float:
        return float(abs(self._data.qvel[self._speeds]).sum())

    def _aim(self, width: float, force: float) -> None:
        """Drive towards `width` [m] with at most `force` [N] of each finger."""
        self._model.actuator_forcerange[self._drives] = -force, force
        self._data.ctrl[self._drives] = 0.5 * width
