"""The walking policy: what a velocity command comes to in joint targets, 50 times a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from robot_meta.errors import BadModelFile
from robot_meta.legged_types import LeggedSpec
from robot_meta.types import Array

# Scales of observation and action, as the policy was trained (rl_sar, robot_lab, Go2).
_ANGULAR_VELOCITY, _JOINT_VELOCITY = 0.25, 0.05
_ACTION = (0.125, 0.25, 0.25)
_CLIP = 100.0


class WalkingPolicy:
    """A network from what the robot feels and is told to joint targets.

    Args:
        path: ONNX file, (1, 9 + 3J) to (1, J).
        spec: The robot.

    Raises:
        BadModelFile: The file is missing or damaged, or a policy of another kind of robot.
    """

    def __init__(self, path: Path, spec: LeggedSpec) -> None:
        if not path.is_file():
            raise BadModelFile(path, "does not exist")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library's own kinds of errors have no common base
            reason = str(error).splitlines()[0]
            raise BadModelFile(path, f"not a policy that can be read ({reason})") from None
        wanted = [[1, 9 + 3 * spec.num_joints], [1, spec.num_joints]]
        found = [x.shape for x in (*session.get_inputs(), *session.get_outputs())]
        if found != wanted:
            raise BadModelFile(
                path, f"want a policy of {spec.name} with shapes {wanted}, got {found}"
            )
        self._session, self._input = session, session.get_inputs()[0].name
        self._stand = spec.stand
        self._scale = np.tile(_ACTION, spec.num_legs)
        self.reset()

    def reset(self) -> None:
        """Forget the last action."""
        self._last = np.zeros(len(self._stand))

    def targets(
        self,
        angular_velocity: Array,
        gravity: Array,
        joint_position: Array,
        joint_velocity: Array,
        command: Array,
    ) -> Array:
        """Joint targets for the next period, (J,), [rad].

        Args:
            angular_velocity: Of the trunk in its own frame, (3,), [rad/s].
            gravity: Direction of gravity there, (3,), a unit vector.
            joint_position: (J,), [rad].
            joint_velocity: (J,), [rad/s].
            command: Velocity ahead, to the left, turning, (3,), [m/s, m/s, rad/s].
        """
        seen = np.concatenate(
            [
                angular_velocity * _ANGULAR_VELOCITY,
                gravity,
                command,
                joint_position - self._stand,
                joint_velocity * _JOINT_VELOCITY,
                self._last,
            ]
        )
        rows = np.clip(seen, -_CLIP, _CLIP).astype(np.float32)[None]
        (action,) = self._session.run(None, {self._input: rows})
        self._last = np.clip(action[0].astype(float), -_CLIP, _CLIP)
        targets: Array = self._stand + self._last * self._scale
        return targets
