"""Observe, adapt, plan: one tick of the controller, with no middleware inside.

    state   = what is measured now, and where the reference stands
    context = what the newest transitions say the body is like
    state'  = the model's view of the end of the period that is already decided
    plan    = the best imagined sequence from there, within what the guard will accept

The answer to a measurement at t is the reference for [t + T, t + 2T]: one period of latency,
always the same, on the robot and in the twin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic

import numpy as np
import torch

from robot_meta.contact import ContactConfig, Experience
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.change import AdaptationMonitor
from robot_meta.dynamics.model import Context, DynamicsModel
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.dynamics.window import Transition
from robot_meta.embodiments.arm import Arm
from robot_meta.embodiments.embodiment import (
    CommandedT,
    CommandT,
    Embodiment,
    ObservationT,
    TargetT,
    Touch,
)
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import Planner
from robot_meta.planning.returns import make_returns
from robot_meta.planning.tracking import TrackingConfig
from robot_meta.planning.walking import WalkingConfig
from robot_meta.types import Array, Command, Commanded, Observation, TargetPath


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Settings of `Controller`; those of adapter and embodiment stand beside them."""

    seed: int = 0  # of the planner's random numbers
    threads: int = 1  # that share the candidates; another number makes runs differ in the last bit
    planner: MPPIConfig = field(default_factory=MPPIConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"threads must be >= 1, got {self.threads}")


@dataclass(frozen=True, kw_only=True)
class ControllerConfig(LoopConfig):
    """The same with what belongs to an embodiment.

    Attributes:
        tracking: Of an arm: weights of the reward.
        contact: Of an arm: what follows a touch.
        walking: Of a walking robot: weights of the reward.
    """

    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    contact: ContactConfig = field(default_factory=ContactConfig)
    walking: WalkingConfig = field(default_factory=WalkingConfig)


class Controller(Generic[ObservationT, CommandedT, CommandT, TargetT]):
    """Keeps a robot on its target while its body changes.

    Args:
        embodiment: How the robot is driven, and what its plans are scored by.
        model: Dynamics trained for it.
        adapter: What fits the model to the newest transitions.
        planner: What searches the action sequence.
        config: Settings.
        monitor: What notices a change of the body, and one that cannot be adapted to.
    """

    def __init__(
        self,
        embodiment: Embodiment[ObservationT, CommandedT, CommandT, TargetT],
        model: DynamicsModel,
        adapter: Adapter,
        planner: Planner,
        config: LoopConfig,
        monitor: AdaptationMonitor | None = None,
    ) -> None:
        self.embodiment = embodiment
        self._planner, self._config = planner, config
        self._monitor: AdaptationMonitor | None = None
        self.set_dynamics(model, adapter, monitor)
        self._horizon = config.planner.sampling.horizon
        self._target: TargetT | None = None
        self._diagnostics: dict[str, float] = {}
        self.reset()

    @property
    def context(self) -> Context | None:
        """What adaptation made of the model at the newest tick; None before the first."""
        return self._context

    @property
    def target(self) -> Any:
        """Where the robot should be."""
        return self._target

    def set_target(self, target: TargetT) -> None:
        """Follow `target` from now on."""
        self._target = target

    def set_dynamics(
        self, model: DynamicsModel, adapter: Adapter, monitor: AdaptationMonitor | None
    ) -> None:
        """Know the robot in another way from now on, as if nothing had been learned yet.

        Raises:
            ValueError: It is a model of another kind of robot.
        """
        self.embodiment.use(model.space)
        stuck = self.cannot_adapt
        self._model, self._adapter, self._monitor = model, adapter, monitor
        self._experience = Experience(adapter, self.embodiment.contact)
        self._rollout = make_rollout(model, self._config.rollout)
        self._last: tuple[float, Array] | None = None
        self._context: Context | None = None
        if stuck and monitor is not None:
            monitor.cannot_adapt = True

    @property
    def cannot_adapt(self) -> bool:
        """Whether the model cannot follow what became of the body, so that the robot holds."""
        return self._monitor is not None and self._monitor.cannot_adapt

    def resume(self) -> None:
        """Go on after `cannot_adapt`, from the meta-learned model; a person decides this."""
        if self._monitor is not None:
            self._monitor.resume()
        self._experience.reset()
        self._adapter.reset_task()
        self._planner.reset()
        self._last, self._context = None, None

    def reset(self) -> None:
        """Begin a new episode: forget plan, window and the random numbers already drawn."""
        self._rng = np.random.default_rng(self._config.seed)
        self._planner.reset()
        self._experience.reset()
        self.embodiment.reset()
        if self._monitor is not None:
            self._monitor.reset_episode()
        self._last, self._context = None, None

    def diagnostics(self) -> dict[str, float]:
        """Figures of the last tick: losses before and after the update, the plan, contact."""
        return dict(self._diagnostics)

    def act(
        self,
        observation: ObservationT,
        commanded: CommandedT,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> CommandT:
        """The command that answers `observation`.

        Args:
            observation: Newest measurement.
            commanded: What the guard decided for the period that begins at the same stamp.
            out_of_time: Whether the tick is over, so that the best plan so far has to do.

        Raises:
            ValueError: No target yet, or the two do not belong together.
            PlanningFailed: The imagined returns are not finite.
        """
        if self._target is None:
            raise ValueError("no target: call set_target before act")
        context = self.adapt(observation, commanded)
        if self.cannot_adapt:
            return self.hold(observation, commanded)

        assert self._last is not None
        _, state = self._last
        with torch.inference_mode():
            decided = _tensor(self.embodiment.decided(commanded))
            start = self._model.predict(context, _tensor(state), decided)
            score, admit = self.embodiment.plan_for(
                self._target, observation.stamp, start, self._horizon
            )
            plan = self._planner.plan(
                make_returns(self._rollout.begin(context, start), score, self._config.threads),
                self._rng,
                admit=admit,
                out_of_time=out_of_time,
            )
        action = plan[0].numpy().astype(float)
        command = self.embodiment.answer(observation, commanded, action)
        self._diagnostics |= self._planner.diagnostics()
        return command

    def adapt(self, observation: ObservationT, commanded: CommandedT) -> Context:
        """What the model is now: the first half of `act`, for whoever needs no plan.

        Raises:
            ValueError: The two do not belong together.
        """
        self._remember(observation, commanded)
        context = self._context = self._adapter.context()
        self._diagnostics = {
            **self._adapter.diagnostics(),
            **(self._monitor.diagnostics() if self._monitor is not None else {}),
            **self.embodiment.diagnostics(),
        }
        return context

    def observe(self, observation: ObservationT, commanded: CommandedT) -> None:
        """Take in a period that is not answered, so that no transition is missed.

        Raises:
            ValueError: The two do not belong together.
        """
        self._remember(observation, commanded)

    def hold(self, observation: ObservationT, commanded: CommandedT) -> CommandT:
        """The command that comes to rest."""
        return self.embodiment.hold(observation, commanded)

    def _remember(self, observation: ObservationT, commanded: CommandedT) -> None:
        """Keep the state; the step that ended in it goes to the adapter, unless in contact."""
        if observation.stamp != commanded.stamp:
            raise ValueError(
                f"want the command of the period that the observation begins, got stamps "
                f"{observation.stamp} and {commanded.stamp}"
            )
        state = self.embodiment.state(observation, commanded)
        last, self._last = self._last, (observation.stamp, state)
        touch = self.embodiment.touch(observation, commanded)
        if touch is Touch.BEGINS:
            self._experience.touched()
        if last is None or touch is not Touch.NONE:
            return
        stamp, previous = last
        gap = observation.stamp - stamp
        if not 0.0 < gap <= (self._adapter.window + 0.5) * self.embodiment.control_dt:
            self._experience.reset()
            if self._monitor is not None:
                self._monitor.reset_episode()
        if abs(gap - self.embodiment.control_dt) <= 0.5 * self.embodiment.control_dt:
            transition = Transition(previous, self.embodiment.done(commanded), state)
            self._experience.add(transition)
            if self._monitor is not None and self._context is not None:
                since = self._monitor.update(self._context, transition)
                if since:
                    self._experience.body_changed(since)


class ArmController(Controller[Observation, Commanded, Command, TargetPath]):
    """The controller of an arm."""

    embodiment: Arm


def _tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.float32)
