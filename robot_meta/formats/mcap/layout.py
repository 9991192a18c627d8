"""Topics of an exported episode, and their messages.

An exported episode is a run folder (`collection/recording.py`): `joint_states`, `commanded`,
`instruction` and `recording` as they are live, as far as the store keeps them, for tools that know
such topics; and every field bit for bit under `transition/`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from rosbags.typesys import Stores, get_typestore

from robot_meta.collection.decoding import NANOSECONDS
from robot_meta.replay.transitions import Batch

VERSION = 1
KIND = "robot_meta/episode"  # what a manifest begins to say of an exported episode
OURS = ("/episode", "/transition/")  # how topics begin that no robot has live
ABOUT = "/episode"  # JSON: what is known of the episode, its fields, how many steps, a checksum
STAMP, ENDING, STEP, FIELD = (
    "/transition/stamp",
    "/transition/ending",
    "/transition/step",
    "/transition/fields/",
)

FLOAT, INTEGER, TEXT = "std_msgs/msg/Float64", "std_msgs/msg/UInt32", "std_msgs/msg/String"
ARRAY, JOINTS = "std_msgs/msg/Float32MultiArray", "sensor_msgs/msg/JointState"
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"


class Messages:
    """Makes standard messages and writes them as middleware would, without ROS."""

    def __init__(self) -> None:
        self._store = get_typestore(Stores.ROS2_JAZZY)

    def of(self, kind: str, *fields: Any) -> bytes:
        """A message with these fields, serialized (CDR)."""
        return bytes(self._store.serialize_cdr(self._make(kind, *fields), kind))

    def array(self, label: str, values: npt.NDArray[np.float32]) -> bytes:
        """Float32MultiArray of one row of a field."""
        size = len(values)
        dimension = self._make("std_msgs/msg/MultiArrayDimension", label, size, size)
        layout = self._make("std_msgs/msg/MultiArrayLayout", [dimension], 0)
        return self.of(ARRAY, layout, values)

    def joint_state(
        self, stamp: int, names: Sequence[str], position: npt.NDArray[np.floating[Any]]
    ) -> bytes:
        """JointState of positions alone."""
        none = np.zeros(0)
        return self.of(JOINTS, self._header(stamp), list(names), _doubles(position), none, none)

    def commanded(
        self,
        stamp: int,
        names: Sequence[str],
        reference: npt.NDArray[np.floating[Any]],
        velocity: npt.NDArray[np.floating[Any]],
        period: int,
    ) -> bytes:
        """JointTrajectory: the reference (2J,) at the start, and its velocity at the end.

        The position at the end is not stored, and is left empty.
        """
        joints, none = len(names), np.zeros(0)
        begin, end = _doubles(reference), _doubles(velocity)
        points = [
            self._point(begin[:joints], begin[joints:], 0),
            self._point(none, end, period),
        ]
        return self.of(TRAJECTORY, self._header(stamp), list(names), points)

    def _point(self, position: Any, velocity: Any, after: int) -> Any:
        none = np.zeros(0)
        duration = self._make("builtin_interfaces/msg/Duration", *divmod(after, NANOSECONDS))
        kind = "trajectory_msgs/msg/JointTrajectoryPoint"
        return self._make(kind, position, velocity, none, none, duration)

    def _header(self, stamp: int) -> Any:
        time = self._make("builtin_interfaces/msg/Time", *divmod(stamp, NANOSECONDS))
        return self._make("std_msgs/msg/Header", time, "")

    def _make(self, kind: str, *fields: Any) -> Any:
        return self._store.types[kind](*fields)


def checksum(steps: Batch) -> int:
    """CRC-32 of all numbers of an episode; nothing else in the file vouches for them."""
    crc = 0
    for values in (steps.step, steps.stamp, steps.ending, *steps.values.values()):
        crc = zlib.crc32(np.ascontiguousarray(values).tobytes(), crc)
    return crc


def _doubles(values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
