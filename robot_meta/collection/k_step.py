"""How far predictions of K periods are from what a recorded robot did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.twin.segments import HISTORY, Segment
from robot_meta.types import Array


def model_errors(model: NeuralDynamics, segments: Sequence[Segment]) -> Array:
    """Predicted minus recorded joint positions of a model as it was trained, not adapted.

    Args:
        model: Of a robot that follows a joint reference.
        segments: Of a run, all of K periods.

    Returns:
        Error after each period, (segments, K, J), [rad].

    Raises:
        ValueError: The model predicts something else.
    """
    space = model.space
    if not isinstance(space, JointReferenceSpace) or space.action_history > HISTORY:
        raise ValueError(
            f"want a model of joint references with at most {HISTORY} past actions, got {space}"
        )
    velocity = np.array([s.reference_velocity for s in segments])  # (B, HISTORY + K + 1, J)
    past = velocity[:, HISTORY - space.action_history : HISTORY][:, ::-1]
    begin = np.concatenate(
        [
            np.array([s.position[0] for s in segments]),
            np.array([s.velocity[0] for s in segments]),
            np.array([s.reference_position - s.position[0] for s in segments]),
            velocity[:, HISTORY],
            past.reshape(len(segments), -1),
        ],
        axis=1,
    )
    actions = space.action(velocity[:, HISTORY + 1 :])  # (B, K, A)
    state, context = _tensor(begin), Context(params=model.params)
    predicted = []
    with torch.inference_mode():
        for action in _tensor(actions).unbind(dim=1):
            state = model.predict(context, state, action)
            predicted.append(space.position(state).numpy())
    recorded = np.array([s.position[1:] for s in segments])
    errors: Array = np.stack(predicted, axis=1).astype(float) - recorded
    return errors


def _tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(array, dtype=torch.float32)
