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


class UnsupportedRobot(RobotMetaError):
    """A robot that this driver does not speak to, or another than the one that was asked for."""

    exit_code = 23


class RobotUnreachable(NotConnected):
    """Nothing answers at the robot's address."""

    exit_code = 24


class RobotInterfaceOff(NotConnected):
    """The robot's address refuses: its control interface is not switched on."""

    exit_code = 25


class VersionMismatch(NotConnected):
    """The robot's software and the driver's library speak different versions of the protocol."""

    exit_code = 26


class RobotBusy(NotConnected):
    """Another client has control of the robot."""

    exit_code = 27


class RobotNotReady(NotConnected):
    """The robot answers but may not move: brakes, user stop or guiding."""

    exit_code = 28


class NoRealtimeKernel(NotConnected):
    """Real time was asked for, and this kernel has none."""

    exit_code = 29


class StoreDamaged(RobotMetaError):
    """A file of a replay store is cut, missing or altered, beyond what a crash leaves behind."""

    exit_code = 30

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(
            f"{path}: {problem}. Copy it again if there is another copy; else `robot-meta data "
            "repair` keeps what is sound and tells what is not."
        )
        self.path, self.problem = path, problem


class StoreVersion(RobotMetaError):
    """A replay store was written by a newer version than this one."""

    exit_code = 31

    def __init__(self, path: object, found: object, known: int) -> None:
        super().__init__(
            f"{path} has format {found}, this version reads formats up to {known}. "
            "Update robot_meta; nothing was changed."
        )
        self.path, self.found, self.known = path, found, known


class StoreFull(RobotMetaError):
    """The disk holds no more; what a replay store acknowledged is on it."""

    exit_code = 32

    def __init__(self, path: object, acknowledged: int) -> None:
        super().__init__(
            f"no space left on the disk of {path}; the {acknowledged} transitions acknowledged "
            "since it was opened are safe. Free some space and open the store again."
        )
        self.path, self.acknowledged = path, acknowledged


class StoreRefused(RobotMetaError):
    """A replay store cannot be written: read-only folder, missing permission, failing disk."""

    exit_code = 33

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(
            f"cannot write to the store {path}: {problem}. Reading it needs no permission to "
            "write; to write, check owner, mode and mount of the folder."
        )
        self.path, self.problem = path, problem


class StoreBusy(RobotMetaError):
    """Another process writes to the replay store."""

    exit_code = 34

    def __init__(self, path: object) -> None:
        super().__init__(
            f"{path} is being written by another process. There is one writer at a time, and any "
            "number of readers; stop the other writer first."
        )
        self.path = path


class StoreMissing(RobotMetaError):
    """There is no replay store in the folder."""

    exit_code = 35

    def __init__(self, path: object) -> None:
        super().__init__(f"there is no store in {path} (no manifest, no segments)")
        self.path = path


class BadDataset(RobotMetaError):
    """Data in another format is cut, damaged, or not what it says it is."""

    exit_code = 36

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path}: {problem}. Nothing was changed; copy or export it again.")
        self.path, self.problem = path, problem


class DeviceUnavailable(RobotMetaError):
    """A device that a person drives the robot with is not there, or may not be read."""

    exit_code = 37


class CalibrationFailed(RobotMetaError):
    """Recorded poses do not tell where the camera is."""

    exit_code = 38


class MotionInterrupted(RobotMetaError):
    """The robot stopped following commands before the motion was over; nothing resumes it."""

    exit_code = 39


class LoginRefused(NotConnected):
    """The robot's web interface does not let this user in."""

    exit_code = 40
