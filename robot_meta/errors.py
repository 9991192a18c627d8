"""Run-time trouble a caller may handle; each error carries its data as attributes.

Wrong arguments raise `ValueError` where they are given. Everything here is a `RobotMetaError`,
with the exit code that the command line returns for it (a table in the README).
"""

from __future__ import annotations

from collections.abc import Sequence


class RobotMetaError(Exception):
    """Base of all trouble that a caller may handle.

    Attributes:
        exit_code: What a command ends with when this error stops it; distinct per kind.
    """

    exit_code = 10


class StaleObservation(RobotMetaError):
    """A measurement is older than the caller may act on."""

    exit_code = 11

    def __init__(self, age: float, max_age: float) -> None:
        super().__init__(
            f"the newest observation is {age:.3f} s old, at most {max_age:.3f} s is allowed. "
            "Check that the robot node is running and that clocks agree."
        )
        self.age, self.max_age = age, max_age


class MissingJoint(RobotMetaError):
    """A joint the robot description expects is absent from a message."""

    exit_code = 12

    def __init__(self, name: str, available: Sequence[str]) -> None:
        super().__init__(
            f"joint '{name}' is not in the message; it has {list(available)}. "
            "Check the robot type against the driver's joint names and prefix."
        )
        self.name, self.available = name, tuple(available)


class PlanningFailed(RobotMetaError):
    """The planner found no action it can stand for."""

    exit_code = 13


class NotConnected(RobotMetaError):
    """A driver was used before it was connected, or after it lost its robot."""

    exit_code = 15


class UnknownRobot(RobotMetaError):
    """No robot of that name is described in this package."""

    exit_code = 16

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no robot '{name}' is known; choose one of {sorted(known)}")
        self.name, self.known = name, tuple(known)


class MissingAsset(RobotMetaError):
    """Robot model data is not installed."""

    exit_code = 17

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what} is not installed. Run: {remedy}")
        self.what, self.remedy = what, remedy


class BadModelFile(RobotMetaError):
    """A weights file is truncated, damaged or not of this project."""

    exit_code = 18

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem = path, problem


class ModelMismatch(RobotMetaError):
    """Weights were trained for another robot, gains, rate, load or layout than this one."""

    exit_code = 19

    def __init__(self, differences: dict[str, tuple[object, object]]) -> None:
        rows = "; ".join(
            f"{key}: the model has {model}, the robot has {robot}"
            for key, (model, robot) in differences.items()
        )
        super().__init__(f"the weights do not fit this robot ({rows}). Train or choose others.")
        self.differences = differences


class BadConfig(RobotMetaError):
    """A parameter file or argument names something that does not exist or has a wrong value."""

    exit_code = 20


class RecordingFailed(RobotMetaError):
    """The recorder can write no more; what it wrote stays readable."""

    exit_code = 21


class LaunchError(RobotMetaError):
    """A launch file cannot be run as written."""

    exit_code = 22
