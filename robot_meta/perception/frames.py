"""What is fixed where: a tree of frames from a file, checked before anybody believes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_meta.errors import BadConfig
from robot_meta.perception.poses import IDENTITY, Pose

TOOL = "tool"  # moves with the arm: the only frame that may carry others without being in the file
_KEYS = {"parent", "position", "quat_xyzw"}
_UNIT = 1e-3  # how far from 1 the length of a quaternion may be


@dataclass(frozen=True, kw_only=True)
class Transform:
    """A frame and the one that carries it."""

    parent: str
    child: str
    pose: Pose  # of the child in the parent


class FrameTree:
    """Static transforms with one root.

    Args:
        root: Frame that carries all others, but for those on the tool.
        transforms: One per frame.

    Raises:
        BadConfig: A frame is carried twice, by an unknown frame, or by itself.
    """

    def __init__(self, root: str, transforms: list[Transform]) -> None:
        self.root = root
        self._by_child = {transform.child: transform for transform in transforms}
        known = sorted({root, TOOL, *self._by_child})
        if len(self._by_child) < len(transforms):
            raise BadConfig("a frame has two transforms")
        for name in (root, TOOL):
            if name in self._by_child:
                raise BadConfig(f"frame '{name}' has a transform; nothing fixed may carry it")
        for transform in transforms:
            if transform.parent not in known:
                raise BadConfig(
                    f"frame '{transform.child}' hangs on '{transform.parent}', which is not "
                    f"there; there are {known}"
                )
            self._require_end(transform.child)

    @property
    def transforms(self) -> list[Transform]:
        """All of them, as they were given."""
        return list(self._by_child.values())

    def place(self, frame: str) -> tuple[str, Pose]:
        """What carries `frame` in the end (root or tool), and its pose there.

        Raises:
            BadConfig: There is no such frame.
        """
        pose = IDENTITY
        while frame not in (self.root, TOOL):
            if frame not in self._by_child:
                known = sorted({self.root, TOOL, *self._by_child})
                raise BadConfig(f"no frame '{frame}' in the tree; there are {known}")
            transform = self._by_child[frame]
            frame, pose = transform.parent, transform.pose @ pose
        return frame, pose

    def moved(self, frame: str, carrier: str, pose: Pose) -> FrameTree:
        """The tree with `frame` at `pose` on `carrier` (root or tool).

        What lies between stays as it is: the part that is mounted moves, such as camera_link for
        the optical frame in it.

        Raises:
            BadConfig: There is no such frame, or no such carrier.
        """
        part, inside = frame, IDENTITY
        self.place(frame)
        while self._by_child[part].parent not in (self.root, TOOL):
            inside = self._by_child[part].pose @ inside
            part = self._by_child[part].parent
        mounted = Transform(parent=carrier, child=part, pose=pose @ inside.inverse)
        return FrameTree(
            self.root, [mounted if t.child == part else t for t in self._by_child.values()]
        )

    def _require_end(self, frame: str) -> None:
        seen = [frame]
        while frame not in (self.root, TOOL):
            frame = self._by_child[frame].parent if frame in self._by_child else self.root
            if frame in seen:
                raise BadConfig(f"frames hang on themselves: {' on '.join([*seen, frame])}")
            seen.append(frame)


def load_frames(path: Path) -> FrameTree:
    """The tree in a YAML file such as config/frames.yaml.

    Raises:
        BadConfig: The file cannot be read or says something that cannot be.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadConfig(f"{path}: {error}") from None
    try:
        return _tree(data)
    except BadConfig as error:
        raise BadConfig(f"{path}: {error}") from None


def save_frames(path: Path, tree: FrameTree) -> None:
    """Write a tree as `load_frames` reads it."""
    transforms = {
        t.child: {
            "parent": t.parent,
            "position": [round(v, 6) for v in t.pose.position.tolist()],
            "quat_xyzw": [round(v, 6) for v in t.pose.quat_xyzw.tolist()],
        }
        for t in tree.transforms
    }
    data = {"root": tree.root, "transforms": transforms}
    path.write_text(yaml.safe_dump(data, sort_keys=False, default_flow_style=None))


def _tree(data: Any) -> FrameTree:
    if not isinstance(data, Mapping) or set(data) != {"root", "transforms"}:
        raise BadConfig("want the keys root and transforms, see config/frames.yaml")
    if not isinstance(data["transforms"], Mapping):
        raise BadConfig("want transforms as `frame: {parent, position, quat_xyzw}`")
    transforms = [_transform(str(name), entry) for name, entry in data["transforms"].items()]
    return FrameTree(str(data["root"]), transforms)


def _transform(child: str, entry: Any) -> Transform:
    if not isinstance(entry, Mapping) or set(entry) != _KEYS:
        given = sorted(entry) if isinstance(entry, Mapping) else entry
        raise BadConfig(f"frame '{child}' wants {sorted(_KEYS)}, got {given}")
    if not child.replace("_", "a").isalnum():
        raise BadConfig(f"'{child}' is no name for a frame: want letters, digits and '_'")
    position = _numbers(child, "position", entry["position"], 3)
    quat = _numbers(child, "quat_xyzw", entry["quat_xyzw"], 4)
    length = float(np.linalg.norm(quat))
    if abs(length - 1.0) > _UNIT:
        raise BadConfig(
            f"frame '{child}': quat_xyzw must have length 1, got {length:.4g}; the order is "
            "x, y, z, w"
        )
    return Transform(
        parent=str(entry["parent"]), child=child, pose=Pose.from_quat_xyzw(position, quat)
    )


def _numbers(child: str, key: str, value: Any, count: int) -> list[float]:
    good = isinstance(value, list) and len(value) == count
    if not good or not all(isinstance(v, int | float) and np.isfinite(v) for v in value):
        raise BadConfig(f"frame '{child}': want {count} numbers for {key}, got {value!r}")
    return [float(v) for v in value]
