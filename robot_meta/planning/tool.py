"""Where the tool is, for thousands of postures at once."""

from __future__ import annotations

import threading

import torch
from torch import Tensor

from robot_meta.kinematics import KinematicChain


class ToolPositions:
    """Forward kinematics of a chain as one small matrix product per joint.

    Walks from the tool to the base with one point p per posture. Turning joint j by θ and going
    over to the frame of joint j − 1 is linear in [x cos θ, y cos θ, x sin θ, y sin θ, z, 1]:

        p ← R [x cos θ − y sin θ, x sin θ + y cos θ, z] + o

    Args:
        chain: Its kinematics.
    """

    def __init__(self, chain: KinematicChain) -> None:
        rotation = torch.as_tensor(chain.offset_rotation, dtype=torch.float32)  # R, (J, 3, 3)
        self._tool = torch.as_tensor(chain.tool_position, dtype=torch.float32)
        zero = torch.zeros(len(rotation), 3)
        along_x, along_y, along_z = rotation.unbind(dim=2)
        origin = torch.as_tensor(chain.offset_position, dtype=torch.float32)
        columns = (along_x, along_y, along_y, -along_x, zero, zero, along_z, origin)
        self._maps = torch.stack(columns, dim=2)  # (J, 3, 8), of the rows of the points below
        self._memory = _Memory()

    def __call__(self, position: Tensor) -> Tensor:
        """Tool centre point in the base frame, (3, M), [m], for joint positions (J, M), [rad]."""
        cos, sin = torch.cos(position), torch.sin(position)
        points, behind = self._points_for(position.shape[1])
        points[4:7] = self._tool[:, None]
        result = torch.empty(3, position.shape[1])
        for j in reversed(range(len(position))):
            torch.mul(points[4:6], cos[j], out=points[0:2])
            torch.mul(points[4:6], sin[j], out=points[2:4])
            torch.mm(self._maps[j], points, out=behind[4:7] if j else result)
            points, behind = behind, points
        return result

    def _points_for(self, count: int) -> tuple[Tensor, Tensor]:
        """Two sets of rows [x cos, y cos, x sin, y sin, x, y, z, 1], (8, M) each."""
        memory = self._memory
        if memory.points.shape[2] != count:
            memory.points = torch.ones(2, 8, count)
        return memory.points[0], memory.points[1]


class _Memory(threading.local):
    """Points of the last call, for every thread that calls."""

    def __init__(self) -> None:
        self.points = torch.empty(2, 8, 0)
