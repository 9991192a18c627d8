"""How far predictions of K periods are from what a recorded robot did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import torch

from robot_meta.dynamics.action_history import ActionHistory
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.space import StateSpace
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.window import Transition
from robot_meta.twin.segments import HISTORY, Segment
from robot_meta.types import Array, Commanded, Observation


def adapted_contexts(
    space: StateSpace,
    adapter: Adapter,
    steps: Iterable[tuple[Observation, Commanded]],
    stamps: Collection[float],
) -> dict[float, Context]:
    """What adaptation would have made of the model at `stamps`, from all that came before.

    Raises:
        ValueError: The model is of another kind of robot.
    """
    space = _joint_reference(space)
    history, contexts = ActionHistory(space), {}
    last: tuple[float, Array] | None = None
    for observation, commanded in steps:
        state = space.state(observation, commanded, history.before(commanded))
        if last is not None:
            gap = observation.stamp - last[0]
            if abs(gap - space.control_dt) < 0.5 * space.control_dt:
                action = space.action(commanded.velocity[0])
                adapter.observe(Transition(last[1], action, state))
            else:
                adapter.reset_episode()
        last = observation.stamp, state
        if observation.stamp in stamps:
            contexts[observation.stamp] = adapter.context()
    return contexts


def model_errors(
    model: NeuralDynamics, contexts: Sequence[Context], segments: Sequence[Segment]
) -> Array:
    """Predicted minus recorded joint positions.

    Args:
        model: Of a robot that follows a joint reference.
        contexts: The model as it is adapted at the begin of each segment.
        segments: Of a run, all of K periods.

    Returns:
        Error after each period, (segments, K, J), [rad].

    Raises:
        ValueError: The model is of another kind of robot.
    """
    space = _joint_reference(model.space)
    pairs = zip(segments, contexts, strict=True)
    return np.array([_errors(model, space, context, segment) for segment, context in pairs])


def _errors(
    model: NeuralDynamics, space: JointReferenceSpace, context: Context, segment: Segment
) -> Array:
    velocity = segment.reference_velocity  # (HISTORY + K + 1, J)
    begin = [
        segment.position[0],
        segment.velocity[0],
        segment.reference_position - segment.position[0],
        velocity[HISTORY],
        velocity[HISTORY - space.action_history : HISTORY][::-1].ravel(),
    ]
    state = _tensor(np.concatenate(begin))[None]
    predicted = []
    with torch.inference_mode():
        for action in _tensor(space.action(velocity[HISTORY + 1 :])):
            state = model.predict(context, state, action[None])
            predicted.append(space.position(state)[0].numpy())
    errors: Array = np.array(predicted, dtype=float) - segment.position[1:]
    return errors


def _joint_reference(space: StateSpace) -> JointReferenceSpace:
    if not isinstance(space, JointReferenceSpace) or space.action_history > HISTORY:
        raise ValueError(
            f"want a model of joint references with at most {HISTORY} past actions, got {space}"
        )
    return space


def _tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(array, dtype=torch.float32)
