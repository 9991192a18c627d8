"""The controller's whole tick, adapting and planning, on recorded motion of the arm."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robot_meta.collection.excitation import Excitation, ExcitationConfig
from robot_meta.collection.lockstep import lockstep
from robot_meta.dynamics.adapter import Adapter, NoAdapter
from robot_meta.dynamics.admission import Admission
from robot_meta.dynamics.gradient import GradientAdapter
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.network import init_mlp
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.window import Transition
from robot_meta.planning.ensemble import trajectory_sampling
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import Returns, SamplingConfig
from robot_meta.planning.returns import make_returns
from robot_meta.planning.tool import ToolPositions
from robot_meta.planning.tracking import TrackingConfig, TrackingReward
from robot_meta.robots.description import ArmDescription
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.config import GuardConfig
from robot_meta.safety.guard import Guard
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig

ADAPTERS: dict[str, Callable[[NeuralDynamics, int], Adapter]] = {
    "last_layer": lambda model, window: LastLayerAdapter(model, window),
    "gradient": lambda model, window: GradientAdapter(model, window),
    "none": lambda model, window: NoAdapter(model, window),
}


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """One size of controller.

    Attributes:
        candidates: N.
        horizon: H.
        hidden: Widths of the network's hidden layers.
        members: Models in the ensemble; each candidate follows one of them.
        adapter: Key of `ADAPTERS`; every member has its own.
        window: M.
        precision: See `RolloutConfig`.
        threads: See `ControllerConfig`.
    """

    candidates: int = 500
    horizon: int = 15
    hidden: tuple[int, ...] = (256, 256)
    members: int = 1
    adapter: str = "last_layer"
    window: int = 16
    precision: str = "auto"
    threads: int = 1


def recorded(description: ArmDescription, ticks: int, seed: int) -> list[Transition]:
    """Transitions of an excited nominal twin."""
    with MujocoRobot(description, TwinConfig(seed=seed)) as twin:
        guarded = GuardedRobot(twin, Guard(description.spec, description.chain, GuardConfig()))
        guarded.arm()
        rng = np.random.default_rng(seed)
        moves = Excitation(description.spec, ExcitationConfig(), rng)
        space = _space(description)
        states = [
            space.state(tick.observation, tick.commanded)
            for tick in lockstep(guarded, moves.act, ticks)
        ]
    joints = space.num_joints
    return [
        Transition(before, space.action(after[3 * joints :]), after)
        for before, after in zip(states[:-1], states[1:], strict=True)
    ]


class Loop:
    """Adapts and plans once per tick, as `Controller` does.

    Args:
        config: Its size.
        description: The arm.
        model: Dynamics; where `config.hidden` is not its size, a random network takes its place.
        seed: Of random numbers and networks.
    """

    def __init__(
        self, config: LoopConfig, description: ArmDescription, model: NeuralDynamics, seed: int
    ) -> None:
        spec, guard = description.spec, GuardConfig()
        models = [_resized(model, config.hidden, seed + e) for e in range(config.members)]
        self._models = models
        self._adapters = [ADAPTERS[config.adapter](m, config.window) for m in models]
        rollout_config = RolloutConfig(precision=config.precision)
        self._rollouts = [make_rollout(m, rollout_config) for m in models]
        sampling = SamplingConfig(
            num_samples=config.candidates, horizon=config.horizon, iterations=1
        )
        self._horizon, self._threads = config.horizon, config.threads
        self._planner = MPPI(MPPIConfig(sampling=sampling), spec.num_joints)
        self._rng = np.random.default_rng(seed)
        self._space = _space(description)
        self._admission = Admission(self._space, spec.limits)
        self._reward = TrackingReward(
            config=TrackingConfig(),
            tool=ToolPositions(description.chain),
            home=torch.as_tensor(spec.home).float(),
            lead_limit=torch.as_tensor(guard.lead_limit).float(),
            tool_speed=guard.tool_speed,
            control_dt=spec.control_dt,
        )
        home = description.chain.tool_position_in_base(spec.home)
        self._targets = torch.as_tensor(home).float().expand(config.horizon, 3)

    def tick(self, transition: Transition) -> Tensor:
        """Take the newest transition in; the plan from its end, (H, A)."""
        for adapter in self._adapters:
            adapter.observe(transition)
        contexts = [adapter.context() for adapter in self._adapters]
        with torch.inference_mode():
            state = torch.as_tensor(transition.next_state).float()
            action = torch.as_tensor(transition.action).float()
            start = self._models[0].predict(contexts[0], state, action)

            def score(states: Tensor, actions: Tensor) -> Tensor:
                space = self._space
                return self._reward.score(
                    space.position(states),
                    space.lead(states),
                    space.reference_velocity(states),
                    space.reference_velocity(start),
                    self._targets,
                )

            members: list[Returns] = [
                make_returns(rollout.begin(context, start), score, self._threads)
                for rollout, context in zip(self._rollouts, contexts, strict=True)
            ]
            return self._planner.plan(
                trajectory_sampling(members),
                self._rng,
                admit=self._admission.begin(start, self._horizon),
            )


def _space(description: ArmDescription) -> JointReferenceSpace:
    spec = description.spec
    return JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)


def _resized(model: NeuralDynamics, hidden: tuple[int, ...], seed: int) -> NeuralDynamics:
    """A copy of `model`, its weights a little changed, or random where its size differs."""
    generator = torch.Generator().manual_seed(seed)
    sizes = (model.space.feature_size, *hidden, model.space.delta_size)
    params = init_mlp(sizes, generator)
    for name, value in model.params.items():
        if name in params and params[name].shape == value.shape:
            params[name] = value * (1.0 + 0.01 * torch.randn(value.shape, generator=generator))
    return dataclasses.replace(model, params=params, extras={})
