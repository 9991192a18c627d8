"""How wrong an adapter's model is after N transitions of a body that it has never met.

Each test episode has fixed anchors. The adapter begins anew, sees the N transitions right before
the anchor one by one, as it would on the robot, and what it makes of them is frozen:

    one step   mean over the next K steps of the squared error of each one's delta, from what was
               measured before it, in units of the delta's variance in the test set
    tool       RMS over the planner's horizon of the distance between the tool in the imagined and
               in the measured future, [mm], under the same actions

All N are judged on the same future, so that they differ by what was seen alone. As a control, the
N transitions come from another body's episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robot_meta.benchmarks.adaptation.contenders import Player
from robot_meta.benchmarks.adaptation.held_out import HeldOutEpisode
from robot_meta.dynamics.action_history import with_action_history
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.window import Transition
from robot_meta.planning.planner import SamplingConfig
from robot_meta.planning.tool import ToolPositions
from robot_meta.robots.description import arm_description
from robot_meta.types import Array

COUNTS = (0, 1, 2, 4, 8, 16, 32, 64)
STEPS = 12  # K
HORIZON = SamplingConfig().horizon
MOST = max(COUNTS)


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One player on many test episodes.

    Attributes:
        player: Who predicts.
        tests: On what; the scale of the errors comes from all of them.
        counts: N.
        anchors: Futures of each episode.
        shuffled: Whether the control is run too.
        version: Hash of the code.
    """

    player: Player
    tests: tuple[HeldOutEpisode, ...]
    counts: tuple[int, ...] = COUNTS
    anchors: int = 2
    shuffled: bool = True
    version: str = ""


def predict(job: Prediction) -> dict[str, Any]:
    """Errors of every test episode: one_step and tool_mm, (N, anchors) each; those of control."""
    torch.set_num_threads(1)
    model, adapter, _ = job.player.dynamics()
    episodes = episodes_for(model, job.tests)
    judge = Judge(model, delta_scale(model, episodes))
    others = _neighbours(job.tests)
    results: list[dict[str, Any]] = []
    for test, episode, other in zip(job.tests, episodes, others, strict=True):
        places = anchors(episode, job.anchors)
        found = {"split": test.split, "kind": test.kind, "index": test.index}
        errors = [
            [judge(seen(adapter, episode, place, n), episode, place) for place in places]
            for n in job.counts
        ]
        found |= _split(np.array(errors))
        if job.shuffled:
            wrong = [
                judge(seen(adapter, episodes[other], place, MOST), episode, place)
                for place in places
            ]
            found |= {f"shuffled_{key}": value for key, value in _split(np.array(wrong)).items()}
        results.append(found)
    return {"tests": results}


def episodes_for(model: NeuralDynamics, tests: Sequence[HeldOutEpisode]) -> list[EpisodeData]:
    """The episodes with states as the model knows them."""
    if not isinstance(model.space, JointReferenceSpace):
        raise ValueError(f"want a model of an arm, got one with {type(model.space).__name__}")
    return with_action_history(model.space, [test.load() for test in tests])


def anchors(episode: EpisodeData, count: int) -> list[int]:
    """First steps of the futures that an episode is judged on, evenly spread."""
    last = len(episode.action) - max(STEPS, HORIZON)
    if last < MOST:
        raise ValueError(
            f"want episodes of at least {MOST + max(STEPS, HORIZON)} steps, got one of "
            f"{len(episode.action)}"
        )
    return [int(place) for place in np.linspace(last, MOST, count).round()]


def seen(adapter: Adapter, episode: EpisodeData, place: int, count: int) -> Context:
    """What an adapter that knows nothing makes of the `count` transitions before `place`."""
    adapter.reset_task()
    context = adapter.context()
    for transition in transitions(episode, place - count, place):
        adapter.observe(transition)
        context = adapter.context()
    return context


def transitions(episode: EpisodeData, begin: int, end: int) -> list[Transition]:
    """Steps `begin` to `end` of an episode."""
    return [
        Transition(episode.state[t], episode.action[t], episode.state[t + 1])
        for t in range(begin, end)
    ]


def delta_scale(model: NeuralDynamics, episodes: list[EpisodeData]) -> Tensor:
    """Standard deviation of what is to be predicted of one step, (O,), over all episodes."""
    states = [torch.as_tensor(episode.state) for episode in episodes]
    deltas = torch.cat([model.space.delta(state[:-1], state[1:]) for state in states])
    return deltas.std(dim=0)


class Judge:
    """Compares what a frozen context says of a future with what was measured.

    Args:
        model: Space and normalisers.
        scale: Of the deltas, (O,).
        robot: Robot type.
    """

    def __init__(self, model: NeuralDynamics, scale: Tensor, robot: str = "fr3") -> None:
        if not isinstance(model.space, JointReferenceSpace):
            raise ValueError(f"want a model of an arm, got one with {type(model.space).__name__}")
        self._model, self._space, self._scale = model, model.space, scale
        self._tool = ToolPositions(arm_description(robot).chain)

    @torch.no_grad()
    def __call__(self, context: Context, episode: EpisodeData, place: int) -> tuple[float, float]:
        """One-step and tool error from the step `place` on."""
        model = self._model
        exact = torch.as_tensor(episode.state[place : place + STEPS + 1])
        state = exact.float()
        action = torch.as_tensor(episode.action[place : place + STEPS]).float()
        outputs = model.network_outputs(context, state[:-1], action)
        deltas = model.space.delta(exact[:-1], exact[1:])
        error = (model.deltas.denormalize(outputs) - deltas) / self._scale
        present, imagined = state[:1], []
        for h in range(HORIZON):
            present = model.predict(context, present, action[h : h + 1])
            imagined.append(present)
        apart = self._positions(torch.cat(imagined)) - self._positions(state[1 : HORIZON + 1])
        distance = apart.square().sum(dim=0)
        return float(error.square().mean()), 1e3 * float(distance.mean().sqrt())

    def _positions(self, state: Tensor) -> Tensor:
        return self._tool(self._space.position(state).T.contiguous())


def _neighbours(tests: tuple[HeldOutEpisode, ...]) -> list[int]:
    """For each test the next one of its split, which is of another body."""
    result = list(range(len(tests)))
    for split in {test.split for test in tests}:
        mine = [i for i, test in enumerate(tests) if test.split == split]
        for i, other in zip(mine, np.roll(mine, -1), strict=True):
            result[i] = int(other)
    return result


def _split(errors: Array) -> dict[str, Any]:
    """Errors (..., 2) as two lists."""
    return {"one_step": errors[..., 0].tolist(), "tool_mm": errors[..., 1].tolist()}
