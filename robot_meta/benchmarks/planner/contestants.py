"""Planning steps of this library and of others, stock and tuned by us, on the same problem.

Every contestant is a function of the step number k, which also says which weights are new.
pytorch-mppi, pytorch-icem and mbrl take part where they are installed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from robot_meta.benchmarks.planner.problem import ACTION, STATE, Problem, cost
from robot_meta.dynamics.model import Context
from robot_meta.dynamics.network import Params, mlp, num_layers
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.planning.returns import make_returns

Step = Callable[[int], object]
"""One whole planning step, number k."""

STOCK, TUNED = "pytorch-mppi", ("pytorch-mppi, oneDNN", "pytorch-mppi, bf16 weights")
_NOISE, _ELITES = 0.3, 10


def ours(problem: Problem, precision: str, threads: int) -> Step:
    """MPPI with five knots; the threads share the candidates, as torch's share each operation."""
    sampling = SamplingConfig(
        num_samples=problem.candidates,
        horizon=problem.horizon,
        iterations=1,
        knots=min(5, problem.horizon),
        noise_std=_NOISE,
    )
    planner = MPPI(MPPIConfig(sampling=sampling), ACTION)
    rollout = make_rollout(problem.model, RolloutConfig(precision=precision, device="cpu"))
    rng = np.random.default_rng(0)

    def step(k: int) -> Tensor:
        context = Context(problem.weights[k % len(problem.weights)])
        imagine = rollout.begin(context, problem.start)
        returns = make_returns(imagine, lambda states, actions: -cost(states, actions), threads)
        return planner.plan(returns, rng, admit=lambda actions: actions)

    return step


def peers(problem: Problem) -> dict[str, Step]:
    """Those of the other libraries that are installed."""
    found: dict[str, Step] = {}
    if importlib.util.find_spec("pytorch_mppi"):
        found[STOCK] = _pytorch_mppi(problem, mlp)
        found[TUNED[0]] = _through_onednn(_pytorch_mppi(problem, mlp))
        found[TUNED[1]] = _pytorch_mppi(problem, _mlp_bf16, prepare=_rounded)
    if importlib.util.find_spec("pytorch_icem"):
        found["pytorch-icem"] = _pytorch_icem(problem)
    if importlib.util.find_spec("mbrl"):
        found["mbrl MPPI"] = _mbrl_mppi(problem)
    return found


def _pytorch_mppi(
    problem: Problem,
    network: Callable[[Params, Tensor], Tensor],
    prepare: Callable[[Params], Params] = lambda params: params,
) -> Step:
    from pytorch_mppi import MPPI as Peer

    params: Params = {}
    peer = Peer(
        lambda state, action: state + network(params, torch.cat([state, action], dim=-1)),
        cost,
        STATE,
        _NOISE**2 * torch.eye(ACTION),
        num_samples=problem.candidates,
        horizon=problem.horizon,
        u_min=-torch.ones(ACTION),
        u_max=torch.ones(ACTION),
    )

    @torch.inference_mode()
    def step(k: int) -> object:
        params.update(prepare(problem.weights[k % len(problem.weights)]))
        return peer.command(problem.start)

    return step


def _pytorch_icem(problem: Problem, iterations: int = 5) -> Step:
    from pytorch_icem import iCEM as Peer

    params: Params = {}
    peer = Peer(
        lambda state, action: state + mlp(params, torch.cat([state, action], dim=-1)),
        lambda states, actions: cost(states, actions).sum(dim=-1),
        STATE,
        1,  # 0.1.0 takes the rank of sigma for its length, and so refuses more than one action
        sigma=torch.full((1,), _NOISE),
        num_samples=problem.candidates // iterations,
        num_elites=_ELITES,
        horizon=problem.horizon,
        warmup_iters=iterations,
        online_iters=iterations,
    )
    peer.nu, peer.sigma = ACTION, torch.full((ACTION,), _NOISE)
    peer.reset()

    @torch.inference_mode()
    def step(k: int) -> object:
        params.update(problem.weights[k % len(problem.weights)])
        return peer.command(problem.start)

    return step


def _mbrl_mppi(problem: Problem) -> Step:
    from mbrl.planning.trajectory_opt import MPPIOptimizer

    bounds = np.ones((problem.horizon, ACTION))
    peer = MPPIOptimizer(
        num_iterations=1,
        population_size=problem.candidates,
        gamma=1.0,
        sigma=_NOISE,
        beta=0.7,
        lower_bound=(-bounds).tolist(),
        upper_bound=bounds.tolist(),
        device=torch.device("cpu"),
    )

    @torch.inference_mode()
    def step(k: int) -> object:
        params = problem.weights[k % len(problem.weights)]

        def returns(actions: Tensor) -> Tensor:
            state = problem.start.expand(len(actions), -1)
            total = torch.zeros(len(actions))
            for action in actions.unbind(dim=1):
                state = state + mlp(params, torch.cat([state, action], dim=-1))
                total -= cost(state, action)
            return total

        return peer.optimize(returns)

    return step


def _rounded(params: Params) -> Params:
    return {name: value.bfloat16() for name, value in params.items()}


def _mlp_bf16(params: Params, inputs: Tensor) -> Tensor:
    hidden = inputs.bfloat16()
    for i in range(num_layers(params)):
        if i:
            hidden = functional.silu(hidden)
        hidden = functional.linear(hidden, params[f"layer{i}.weight"], params[f"layer{i}.bias"])
    return hidden.float()


def _through_onednn(step: Step) -> Step:
    def routed(k: int) -> object:
        with _reduced_precision_allowed():
            return step(k)

    return routed


@contextmanager
def _reduced_precision_allowed() -> Iterator[None]:
    """Let float32 products go through oneDNN, which may round to bfloat16 where that is faster."""
    settings = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = settings.fp32_precision
    settings.fp32_precision = "bf16"
    try:
        yield
    finally:
        settings.fp32_precision = before
