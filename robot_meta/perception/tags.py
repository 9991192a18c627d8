"""Printed AprilTags: where they are in a picture, and how to print them.

Detection is OpenCV's, whose dictionaries contain the AprilTag families and which is kept up with
every release; the pose is the better one of the two that a square allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from robot_meta.perception.camera import Color, Intrinsics
from robot_meta.perception.poses import Pose
from robot_meta.perception.tag_corners import Grey, refined_corners
from robot_meta.types import Array

FAMILIES = {
    "16h5": cv2.aruco.DICT_APRILTAG_16h5,
    "25h9": cv2.aruco.DICT_APRILTAG_25h9,
    "36h10": cv2.aruco.DICT_APRILTAG_36h10,
    "36h11": cv2.aruco.DICT_APRILTAG_36h11,
}
_CELLS = {"16h5": 6, "25h9": 7, "36h10": 8, "36h11": 8}  # modules across the black square


@dataclass(frozen=True, kw_only=True)
class TagConfig:
    """Which tags are looked for.

    Attributes:
        ids: Numbers of the tags.
        size: Edge of the black square, [m].
        family: AprilTag family: "16h5", "25h9", "36h10" or "36h11".
        max_error: Between corners and their pose; a detection with a larger one is left out, [px].
    """

    ids: tuple[int, ...] = (0,)
    size: float = 0.08
    family: str = "36h11"
    max_error: float = 1.5

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {list(FAMILIES)}, got '{self.family}'")
        if not self.size > 0.0:
            raise ValueError(f"size must be > 0, got {self.size}")
        if not self.max_error > 0.0:
            raise ValueError(f"max_error must be > 0, got {self.max_error}")
        known = len(_dictionary(self.family).bytesList)
        if not self.ids or len(set(self.ids)) < len(self.ids):
            raise ValueError(f"ids must be different numbers, at least one, got {self.ids}")
        if not all(0 <= number < known for number in self.ids):
            raise ValueError(f"ids of {self.family} are 0 to {known - 1}, got {self.ids}")


class TagDetector:
    """Finds the tags of `config` in pictures.

    OpenCV tells where they are, to a pixel; then lines are fitted to the edges of each.
    """

    def __init__(self, config: TagConfig) -> None:
        self._config = config
        self._detector = cv2.aruco.ArucoDetector(_dictionary(config.family))
        half = config.size / 2.0
        # The order of corners that SOLVEPNP_IPPE_SQUARE asks for; x right, y up, z to the reader.
        self._corners = np.array(
            [[-half, half, 0.0], [half, half, 0.0], [half, -half, 0.0], [-half, -half, 0.0]]
        )

    def detect(self, color: Color, intrinsics: Intrinsics) -> dict[int, Pose]:
        """Where each tag that is seen is in the camera's optical frame, by its number.

        A number that is seen twice says nothing, and is left out.
        """
        grey = np.asarray(cv2.cvtColor(color, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        seen = _detect(self._detector, grey)
        numbers = [number for number, _ in seen]
        poses = {}
        for number, quad in seen:
            if number in self._config.ids and numbers.count(number) == 1:
                pose = self._pose(refined_corners(grey, quad), intrinsics)
                if pose is not None:
                    poses[number] = pose
        return poses

    def _pose(self, quad: Array, intrinsics: Intrinsics) -> Pose | None:
        """The better of the two poses that a square allows, None where neither explains it.

        The closed form is poor where the tag faces the camera; each solution is improved by least
        squares before they are compared.
        """
        lens = (intrinsics.matrix, np.array(intrinsics.distortion))
        _, turns, shifts, _ = cv2.solvePnPGeneric(
            self._corners, quad, *lens, flags=cv2.SOLVEPNP_IPPE_SQUARE
        )
        best, least = None, self._config.max_error
        for start in zip(turns, shifts, strict=True):
            turn, shift = cv2.solvePnPRefineLM(self._corners, quad, *lens, *start)
            seen, _ = cv2.projectPoints(self._corners, turn, shift, *lens)
            error = float(np.sqrt(np.mean((seen.reshape(4, 2) - quad) ** 2)))
            if error <= least:
                position: Array = np.array(shift, dtype=np.float64).reshape(3)
                rotation: Array = np.array(cv2.Rodrigues(turn)[0], dtype=np.float64)
                best, least = Pose(position=position, rotation=rotation), error
        return best


def tag_picture(number: int, family: str = "36h11", *, cell: int = 32) -> Grey:
    """Tag `number` with the white margin of one cell that it needs, grey, (P, P), to be printed.

    The edge of its black square is P minus two cells.

    Args:
        number: Of the tag in its family.
        family: See `TagConfig`.
        cell: Edge of one module, [px].
    """
    cells = _CELLS[family]
    square = cv2.aruco.generateImageMarker(_dictionary(family), number, cells * cell)
    card = cv2.copyMakeBorder(square, *(cell,) * 4, cv2.BORDER_CONSTANT, value=255)
    return np.asarray(card, dtype=np.uint8)


def card_size(size: float, family: str = "36h11") -> float:
    """Edge of the printed card, margin included, for a black square of `size` [m]."""
    return size * (_CELLS[family] + 2) / _CELLS[family]


def _detect(detector: cv2.aruco.ArucoDetector, grey: Grey) -> list[tuple[int, Array]]:
    """Number and corners (4, 2) of every tag in a picture."""
    quads, numbers, _ = detector.detectMarkers(grey)
    found = [] if numbers is None else [int(number) for number in numbers.reshape(-1)]
    return [
        (number, quad.reshape(4, 2).astype(float))
        for number, quad in zip(found, quads, strict=True)
    ]


def _dictionary(family: str) -> cv2.aruco.Dictionary:
    return cv2.aruco.getPredefinedDictionary(FAMILIES[family])
