"""What a Go2 tells of itself while nobody moves it.

`inspect` runs in a process of its own (`preflight/go2.py`), so that Cyclone DDS stays out of those
that speak ROS. It asks the robot for nothing but which motion service runs.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass

from robot_meta.errors import NotConnected, RobotMetaError, UnsupportedRobot
from robot_meta.robots.description import legged_description
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.hearing import POLL
from robot_meta.robots.go2.sdk import LOW_STATE, SPORT_STATE, Bus
from robot_meta.robots.go2.state import Go2State, require_model


@dataclass(frozen=True, kw_only=True)
class Go2Facts:
    """What was heard of a robot.

    Attributes:
        trouble: Why nothing was, "" where it was; then all else means nothing.
        other_robot: Why its joints are not those of the robot type, "" where they are.
        service: Motion service that runs, "" for none; None where the robot did not answer.
        mode: What the motion service says that the robot does; None where it said nothing.
        charge: State of charge of its battery, 0 to 1.
        voltage: Of its battery, [V].
        hottest: Temperature of its hottest motor, [°C].
        remote: Whether a remote is switched on.
        version: Two numbers that the firmware tells of itself; zeros where it does not.
    """

    trouble: str = ""
    other_robot: str = ""
    service: str | None = None
    mode: int | None = None
    charge: float = 0.0
    voltage: float = 0.0
    hottest: float = 0.0
    remote: bool = False
    version: tuple[int, int] = (0, 0)

    @classmethod
    def from_json(cls, text: str) -> Go2Facts:
        """From what `show` printed."""
        values = json.loads(text)
        return cls(**{**values, "version": tuple(values["version"])})


def inspect(robot: str, config: Go2Config) -> Go2Facts:
    """Listen to a robot, for `config.connect_timeout` at most; it stays as it is.

    Args:
        robot: Robot type.
        config: Where it is.
    """
    try:
        bus = Bus(config.domain, config.interface)
        switcher = bus.switcher(config.answer_timeout)
    except RobotMetaError as error:
        return Go2Facts(trouble=str(error))
    low = bus.reader(LOW_STATE, bus.go.LowState_)
    sport = bus.reader(SPORT_STATE, bus.go.SportModeState_)
    description = legged_description(robot)
    state, message, mode = Go2State(description, config), None, None
    end = time.monotonic() + config.connect_timeout
    while time.monotonic() < end and (state.observation is None or mode is None):
        if (told := sport.take()) is not None:
            mode = int(told.mode)
        if (newest := low.take()) is not None:
            message = newest
            state.take(message)
        time.sleep(POLL)
    if message is None or state.observation is None or state.observation.vitals is None:
        return Go2Facts(trouble=f"nothing came on {LOW_STATE}")
    try:
        service: str | None = switcher.running()
    except NotConnected:
        service = None
    other_robot = ""
    try:
        require_model(state.observation.joint_position, description.spec)
    except UnsupportedRobot as error:
        other_robot = str(error)
    vitals = state.observation.vitals
    return Go2Facts(
        other_robot=other_robot,
        service=service,
        mode=mode,
        charge=vitals.charge,
        voltage=vitals.voltage,
        hottest=float(vitals.temperature.max()),
        remote=vitals.dead_man is not None,
        version=(int(message.version[0]), int(message.version[1])),
    )


def show(robot: str, **config: object) -> None:
    """Print what `inspect` finds as one line of JSON."""
    facts = inspect(robot, dataclasses.replace(Go2Config(), **config))  # type: ignore[arg-type]
    print(json.dumps(dataclasses.asdict(facts)))
