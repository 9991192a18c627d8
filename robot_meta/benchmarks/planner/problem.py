"""What every library plans for: s′ = s + network(s, a), a quadratic cost, weights that change.

One planning step takes a new set of weights, draws candidates, rolls them out, scores them and
updates the plan, as a controller has to whose model adapts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics.difference_space import DifferenceSpace
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import Params, init_mlp
from robot_meta.dynamics.normalizer import Normalizer

STATE, ACTION = 18, 6
HIDDEN = {"256": (256, 256), "512": (512, 512, 512)}


@dataclass(frozen=True)
class Problem:
    """A planning problem.

    Attributes:
        hidden: Widths of the hidden layers.
        candidates: N.
        horizon: H.
        weights: Sets of parameters; planning step k takes number k, over and over.
        start: (S,).
    """

    hidden: tuple[int, ...]
    candidates: int
    horizon: int
    weights: list[Params]
    start: Tensor

    @property
    def model(self) -> NeuralDynamics:
        """The dynamics, with normalisers that do nothing."""
        sizes = STATE + ACTION, STATE
        inputs, deltas = (Normalizer(torch.zeros(n), torch.ones(n)) for n in sizes)
        space = DifferenceSpace(state_size=STATE, action_size=ACTION)
        return NeuralDynamics(space=space, params=self.weights[0], inputs=inputs, deltas=deltas)

    @property
    def operations(self) -> float:
        """Floating-point operations of the network in one planning step."""
        sizes = (STATE + ACTION, *self.hidden, STATE)
        products = sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
        return 2.0 * products * self.candidates * self.horizon


def make_problem(net: str, *, candidates: int, horizon: int, seed: int, sets: int = 8) -> Problem:
    """The problem with network `net`, a key of `HIDDEN`."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (STATE + ACTION, *HIDDEN[net], STATE)
    base = init_mlp(sizes, generator)
    weights = [
        {name: p + 0.01 * torch.randn(p.shape, generator=generator) for name, p in base.items()}
        for _ in range(sets)
    ]
    start = torch.randn(STATE, generator=generator)
    return Problem(HIDDEN[net], candidates, horizon, weights, start)


def cost(state: Tensor, action: Tensor) -> Tensor:
    """Quadratic cost, (...), of states (..., S) reached by actions (..., A)."""
    return state.square().sum(dim=-1) + 0.01 * action.square().sum(dim=-1)
