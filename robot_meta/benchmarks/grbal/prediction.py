"""How well an adapting model predicts recorded episodes in which the body changes.

Errors are per state entry in units of how much that entry changes from step to step in the
recorded episodes, so that they mean the same for every model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.window import Transition
from robot_meta.types import Array

MANY_STEPS = 10
STRIDE = 5  # every so many steps, many steps are predicted


@dataclass(frozen=True)
class Prediction:
    """What came of one episode of T steps.

    Attributes:
        one_step: Root mean square error of each step's prediction, (T,).
        many_steps: The same after `MANY_STEPS` imagined steps, (T,); NaN where not predicted.
        before: Mean squared error on the K steps that follow, without adaptation, per window.
        after: The same with what the steps before suggest.
    """

    one_step: Array
    many_steps: Array
    before: Array
    after: Array


def scale_of(episodes: list[EpisodeData]) -> Array:
    """Standard deviation of each state entry's change from step to step, (S,)."""
    changes = np.concatenate([np.diff(episode.state, axis=0) for episode in episodes])
    scale: Array = np.maximum(changes.std(axis=0), 1e-6)
    return scale


def predict_episode(
    model: NeuralDynamics,
    adapter: Adapter,
    episode: EpisodeData,
    scale: Array,
    *,
    first_window: int,
    query: int,
) -> Prediction:
    """Follow an episode step by step, always predicting before looking.

    Args:
        model: The model.
        adapter: Of that model; forgets what it saw before.
        episode: Recorded.
        scale: From `scale_of`.
        first_window: First step that query windows may begin at.
        query: K, their length.
    """
    adapter.reset_task()
    steps = len(episode.action)
    states = torch.as_tensor(episode.state).float()
    actions = torch.as_tensor(episode.action).float()
    unit = torch.as_tensor(scale).float()
    plain = Context(model.params)
    one_step, many_steps = np.full(steps, np.nan), np.full(steps, np.nan)
    before, after = [], []

    def error(context: Context, begin: int, end: int) -> float:
        with torch.no_grad():
            predicted = model.predict(context, states[begin:end], actions[begin:end])
        return _squared(predicted, states[begin + 1 : end + 1], unit)

    for t in range(steps):
        context = adapter.context()
        one_step[t] = np.sqrt(error(context, t, t + 1))
        if t % STRIDE == 0 and t + MANY_STEPS <= steps:
            many_steps[t] = np.sqrt(_imagined(model, context, states, actions, t, unit))
        if t >= first_window and (t - first_window) % query == 0 and t + query <= steps:
            before.append(error(plain, t, t + query))
            after.append(error(context, t, t + query))
        adapter.observe(Transition(episode.state[t], episode.action[t], episode.state[t + 1]))
    return Prediction(one_step, many_steps, np.array(before), np.array(after))


def _imagined(
    model: NeuralDynamics,
    context: Context,
    states: Tensor,
    actions: Tensor,
    begin: int,
    unit: Tensor,
) -> float:
    present = states[begin : begin + 1]
    with torch.no_grad():
        for t in range(begin, begin + MANY_STEPS):
            present = model.predict(context, present, actions[t : t + 1])
    end = begin + MANY_STEPS
    return _squared(present, states[end : end + 1], unit)


def _squared(predicted: Tensor, happened: Tensor, unit: Tensor) -> float:
    return float(((predicted - happened) / unit).square().mean())
