"""Where a camera sits, from pairs of tool poses and poses of one tag: hand-eye calibration.

A camera on the tool looks at a tag that lies still; a camera that stands looks at a tag on the
tool. Both are A X = X B with the tool's motions A and the tag's motions B.
Source: Park & Martin 1994, as `cv2.calibrateHandEye` has it; then least squares over all pairs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from scipy.optimize import least_squares

from robot_meta.errors import BadConfig, CalibrationFailed
from robot_meta.perception.poses import Pose, angle, distance
from robot_meta.types import Array

LEAST_PAIRS = 5
_LEAST_TURN = 0.1  # smallest singular value of the tool's turns; 0 where they share one axis
_WORST_MM, _WORST_DEGREES = 10.0, 2.0  # of one pair from the others
_LEVER = 0.1  # arm at which a turn counts like a shift, [m]

Mount = Literal["tool", "base"]


@dataclass(frozen=True, kw_only=True)
class PosePair:
    """One posture: the tool in the base frame, and the tag in the camera's optical frame."""

    tool_in_base: Pose
    tag_in_camera: Pose


@dataclass(frozen=True, kw_only=True)
class HandEye:
    """Where the camera is, and how well the pairs agree on it.

    Attributes:
        camera: Optical frame in the tool or in the base, as the mount is.
        position_error: Root mean square of the tag's place over the pairs, [m].
        angle_error: The same of its turn, [rad].
    """

    camera: Pose
    position_error: float
    angle_error: float


def solve_hand_eye(pairs: Sequence[PosePair], mount: Mount) -> HandEye:
    """The camera's place from pairs.

    Args:
        pairs: At least five, with turns of the tool about two axes.
        mount: What carries the camera: "tool", or "base" where the tool carries the tag.

    Raises:
        CalibrationFailed: Too few pairs, turns that do not tell, or pairs that contradict.
    """
    if len(pairs) < LEAST_PAIRS:
        raise CalibrationFailed(f"want at least {LEAST_PAIRS} pairs of poses, got {len(pairs)}")
    hands = [p.tool_in_base if mount == "tool" else p.tool_in_base.inverse for p in pairs]
    tags = [p.tag_in_camera for p in pairs]
    for poses, whose in ((hands, "the tool"), (tags, "the tag, as the camera sees it,")):
        if _turning(poses) < _LEAST_TURN:
            raise CalibrationFailed(
                f"{whose} turns too little, or about one axis only: between the pairs, turn the "
                "tool by 20 degrees and more about two different axes"
            )
    rotation, position = cv2.calibrateHandEye(
        [h.rotation for h in hands],
        [h.position for h in hands],
        [t.rotation for t in tags],
        [t.position for t in tags],
        method=cv2.CALIB_HAND_EYE_PARK,
    )
    shift: Array = np.array(position, dtype=np.float64).reshape(3)
    turn: Array = np.array(rotation, dtype=np.float64)
    camera = _improved(hands, tags, Pose(position=shift, rotation=turn))
    return _judged(hands, tags, camera)


def _turning(poses: Sequence[Pose]) -> float:
    """How well the turns between poses fix all three axes; 0 where one stays free."""
    turns = [a.rotation.T @ b.rotation - np.eye(3) for a, b in combinations(poses, 2)]
    return float(np.linalg.svd(np.concatenate(turns))[1][-1] / np.sqrt(len(turns)))


def _improved(hands: Sequence[Pose], tags: Sequence[Pose], start: Pose) -> Pose:
    """Least squares over the camera's place and the tag's, from the closed form."""

    def moved(pose: Pose, step: Array) -> Pose:
        turn, _ = cv2.Rodrigues(step[3:] / _LEVER)
        return Pose(position=pose.position + step[:3], rotation=pose.rotation @ turn)

    target = hands[0] @ start @ tags[0]

    def errors(step: Array) -> Array:
        camera, place = moved(start, step[:6]), moved(target, step[6:])
        rows = []
        for hand, tag in zip(hands, tags, strict=True):
            off = place.inverse @ hand @ camera @ tag
            turn, _ = cv2.Rodrigues(off.rotation)
            rows += [off.position, _LEVER * turn.reshape(3)]
        return np.concatenate(rows)

    found = least_squares(errors, np.zeros(12), loss="huber", f_scale=0.003)
    return moved(start, found.x[:6])


def _judged(hands: Sequence[Pose], tags: Sequence[Pose], camera: Pose) -> HandEye:
    """The result with its errors; a pair that contradicts all others is named."""
    places = [hand @ camera @ tag for hand, tag in zip(hands, tags, strict=True)]
    middle = min(places, key=lambda place: sum(distance(place, other) for other in places))
    shifts = np.array([distance(place, middle) for place in places])
    turns = np.array([angle(place, middle) for place in places])
    worst = int(
        np.argmax(np.maximum(1e3 * shifts / _WORST_MM, np.degrees(turns) / _WORST_DEGREES))
    )
    if 1e3 * shifts[worst] > _WORST_MM or np.degrees(turns[worst]) > _WORST_DEGREES:
        raise CalibrationFailed(
            f"the pairs contradict each other: pair {worst + 1} of {len(places)} is "
            f"{1e3 * shifts[worst]:.1f} mm and {np.degrees(turns[worst]):.1f} degrees off. Check "
            "the tag's size and number, and that tag and camera did not move on their mounts"
        )
    return HandEye(
        camera=camera,
        position_error=float(np.sqrt(np.mean(shifts**2))),
        angle_error=float(np.sqrt(np.mean(turns**2))),
    )


class PairCollector:
    """Takes a pair whenever the tool stands still somewhere new.

    Args:
        still: How long the tool has to rest before a picture counts, [s].
    """

    def __init__(self, *, still: float = 0.5) -> None:
        self._still = still
        self._tool: list[tuple[float, Pose]] = []
        self.pairs: list[PosePair] = []

    def add_tool(self, stamp: float, tool_in_base: Pose) -> None:
        """The tool was there at that time [s]; a stamp that runs back starts anew."""
        if self._tool and stamp < self._tool[-1][0]:
            self._tool = []
        kept = stamp - 4.0 * self._still
        self._tool = [*(e for e in self._tool if e[0] >= kept), (stamp, tool_in_base)]

    def add_tag(self, stamp: float, tag_in_camera: Pose) -> bool:
        """The tag was seen at that time [s]; whether that made a pair."""
        rest = [pose for when, pose in self._tool if stamp - self._still <= when <= stamp]
        covered = self._tool and self._tool[0][0] <= stamp - self._still
        if not covered or len(rest) < 2 or not all(_near(rest[0], pose) for pose in rest):
            return False
        if any(not _elsewhere(rest[-1], pair.tool_in_base) for pair in self.pairs):
            return False
        self.pairs.append(PosePair(tool_in_base=rest[-1], tag_in_camera=tag_in_camera))
        return True


def _near(a: Pose, b: Pose) -> bool:
    return distance(a, b) < 0.001 and angle(a, b) < np.radians(0.3)


def _elsewhere(a: Pose, b: Pose) -> bool:
    return distance(a, b) > 0.03 or angle(a, b) > np.radians(8.0)


def save_pairs(path: Path, pairs: Sequence[PosePair], mount: Mount) -> None:
    """Write pairs as JSON, so that they can be solved again."""
    rows = [{"tool": _plain(p.tool_in_base), "tag": _plain(p.tag_in_camera)} for p in pairs]
    path.write_text(json.dumps({"mount": mount, "pairs": rows}, indent=1) + "\n")


def load_pairs(path: Path) -> tuple[list[PosePair], Mount]:
    """Pairs that `save_pairs` wrote.

    Raises:
        BadConfig: The file is no such file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        pairs = [
            PosePair(tool_in_base=_pose(row["tool"]), tag_in_camera=_pose(row["tag"]))
            for row in data["pairs"]
        ]
        mount = data["mount"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadConfig(f"{path} holds no pairs of poses: {error!r}") from None
    if mount not in ("tool", "base"):
        raise BadConfig(f"{path}: mount must be 'tool' or 'base', got '{mount}'")
    return pairs, mount


def _plain(pose: Pose) -> dict[str, list[float]]:
    return {"position": pose.position.tolist(), "quat_xyzw": pose.quat_xyzw.tolist()}


def _pose(data: Any) -> Pose:
    pose = Pose.from_quat_xyzw(data["position"], data["quat_xyzw"])
    if not (np.isfinite(pose.position).all() and np.isfinite(pose.rotation).all()):
        raise ValueError("a pose is not finite")
    return pose
