"""Corners of a dark square, exact to a fraction of a pixel: lines through its edges that meet.

Source: the edge refinement of AprilTag 3 (`refine_edges`).
Differs: points are weighted by the squared gradient, and the search is repeated once from the
better corners, which keeps squares exact whose edges run along rows of pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from robot_meta.types import Array

Grey = npt.NDArray[np.uint8]

_POINTS = np.linspace(0.08, 0.92, 24)  # along an edge, away from the rounded corners
_STEP = 0.25  # across it, [px]
_LEAST_REACH, _MOST_REACH = 1.5, 3.0  # of the search to both sides, [px]
_MODULES = 16.0  # the reach is this part of the edge, so that no cell inside the square is met
_OUTLIER = 1.0  # from the median of an edge, [px]
_PASSES = 2


def refined_corners(grey: Grey, corners: Array) -> Array:
    """Better corners (4, 2) of a dark square in a bright margin, in the same order, [px].

    As they came where an edge cannot be seen.
    """
    for _ in range(_PASSES):
        edges = zip(corners, np.roll(corners, -1, axis=0), strict=True)
        middle = corners.mean(axis=0)
        lines = [_line(grey, start, end, middle) for start, end in edges]
        found = [line for line in lines if line is not None]
        if len(found) < 4:
            return corners
        corners = np.array([_meeting(found[i - 1], found[i]) for i in range(4)])
    return corners


def _line(grey: Grey, start: Array, end: Array, middle: Array) -> tuple[Array, Array] | None:
    """A point and the direction of the edge near start to end; None where there is none."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / length
    outward = np.array([along[1], -along[0]])
    if outward @ (start - middle) < 0.0:
        outward = -outward
    reach = float(np.clip(length / _MODULES, _LEAST_REACH, _MOST_REACH))
    across = np.arange(-reach, reach + 1e-9, _STEP)
    points = start + _POINTS[:, None] * (end - start)
    places = (points[:, None] + across[:, None] * outward).astype(np.float32)
    seen = cv2.remap(grey, places[..., 0], places[..., 1], cv2.INTER_LINEAR).astype(float)
    weight = np.diff(seen, axis=1).clip(0.0) ** 2  # from dark to bright
    total = weight.sum(axis=1)
    bright = total > 0.0
    offset = weight[bright] @ (across[1:] - _STEP / 2.0) / total[bright]
    if not len(offset):
        return None
    near = np.abs(offset - np.median(offset)) < _OUTLIER
    if near.sum() < len(_POINTS) // 2:
        return None
    on_edge = points[bright][near] + offset[near, None] * outward
    centre = on_edge.mean(axis=0)
    direction: Array = np.linalg.svd(on_edge - centre)[2][0]
    return centre, direction


def _meeting(first: tuple[Array, Array], second: tuple[Array, Array]) -> Array:
    (a, u), (b, v) = first, second
    shares = np.linalg.solve(np.stack([u, -v], axis=1), b - a)
    meeting: Array = a + shares[0] * u
    return meeting
