"""Observe, adapt, plan: one tick of the controller, with no middleware inside.

    state   = what is measured now, and where the reference stands
    context = what the newest transitions say the body is like
    state'  = the model's view of the end of the period that is already decided
    plan    = the best imagined sequence from there, within what the guard will accept

The answer to a measurement at t is the reference for [t + T, t + 2T]: one period of latency,
always the same, on the robot and in the twin.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from robot_meta.contact import ContactConfig, ContactMonitor, Experience
from robot_meta.dynamics.action_history import ActionHistory
from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.admission import Admission
from robot_meta.dynamics.change import AdaptationMonitor
from robot_meta.dynamics.model import Context, DynamicsModel
from robot_meta.dynamics.rollout import RolloutConfig, make_rollout
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.window import Transition
from robot_meta.kinematics import KinematicChain
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import Planner
from robot_meta.planning.returns import make_returns
from robot_meta.planning.tool import ToolPositions
from robot_meta.planning.tracking import TrackingConfig, TrackingReward
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.safety.config import GuardConfig
from robot_meta.types import Array, Command, Commanded, Observation, RobotSpec, TargetPath


@dataclass(frozen=True, kw_only=True)
class ControllerConfig:
    """Settings of `Controller`; those of planner and adapter stand beside them."""

    seed: int = 0  # of the planner's random numbers
    threads: int = 1  # that share the candidates; another number makes runs differ in the last bit
    planner: MPPIConfig = field(default_factory=MPPIConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    contact: ContactConfig = field(default_factory=ContactConfig)

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"threads must be >= 1, got {self.threads}")


class Controller:
    """Keeps the tool on its target while the body changes.

    Args:
        spec: The robot, with the limits that its guard enforces.
        chain: Its kinematics.
        model: Dynamics trained for it.
        adapter: What fits the model to the newest transitions.
        planner: What searches the action sequence.
        config: Settings.
        guard: Settings of the robot's guard, which the plan stays within.
        monitor: What notices a change of the body, and one that cannot be adapted to.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        model: DynamicsModel,
        adapter: Adapter,
        planner: Planner,
        config: ControllerConfig,
        guard: GuardConfig,
        monitor: AdaptationMonitor | None = None,
    ) -> None:
        self.spec = spec
        self._planner, self._config = planner, config
        self._monitor: AdaptationMonitor | None = None
        self.set_dynamics(model, adapter, monitor)
        self._reward = TrackingReward(
            config=config.tracking,
            tool=ToolPositions(chain),
            home=_tensor(spec.home),
            lead_limit=_tensor(np.array(guard.lead_limit)),
            tool_speed=guard.tool_speed,
            control_dt=spec.control_dt,
        )
        self._horizon = config.planner.sampling.horizon
        self._target: TargetPath | None = None
        self._contact = ContactMonitor(config.contact, guard.contact_torque)
        self._diagnostics: dict[str, float] = {}
        self.reset()

    @property
    def reward(self) -> TrackingReward:
        """What plans are scored by."""
        return self._reward

    @property
    def context(self) -> Context | None:
        """What adaptation made of the model at the newest tick; None before the first."""
        return self._context

    @property
    def target(self) -> TargetPath | None:
        """Where the tool should be."""
        return self._target

    def set_target(self, target: TargetPath) -> None:
        """Follow `target` from now on."""
        self._target = target

    def set_guard(self, guard: GuardConfig) -> None:
        """Plan within `guard` from now on."""
        self._reward = dataclasses.replace(
            self._reward,
            lead_limit=_tensor(np.array(guard.lead_limit)),
            tool_speed=guard.tool_speed,
        )
        self._contact.set_limit(guard.contact_torque)

    def set_dynamics(
        self, model: DynamicsModel, adapter: Adapter, monitor: AdaptationMonitor | None
    ) -> None:
        """Know the robot in another way from now on, as if nothing had been learned yet."""
        if not isinstance(model.space, JointReferenceSpace):
            raise ValueError(
                "want a model of a robot that follows a joint reference, got one with "
                f"{type(model.space).__name__}"
            )
        stuck = self.cannot_adapt
        self._model, self._adapter, self._monitor = model, adapter, monitor
        self._experience = Experience(adapter, self._config.contact)
        self._space = model.space
        self._history = ActionHistory(model.space)
        self._rollout = make_rollout(model, self._config.rollout)
        self._admission = Admission(model.space, self.spec.limits)
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
        self._contact.reset()
        if self._monitor is not None:
            self._monitor.reset_episode()
        self._last, self._context = None, None

    def diagnostics(self) -> dict[str, float]:
        """Figures of the last tick: losses before and after the update, the plan, contact."""
        return dict(self._diagnostics)

    def act(
        self,
        observation: Observation,
        commanded: Commanded,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> Command:
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
            decided = _tensor(self._space.action(commanded.velocity[1]))
            start = self._model.predict(context, _tensor(state), decided)
            targets = self._upcoming_targets(observation.stamp)

            def score(states: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
                return self._reward.score(
                    self._space.position(states),
                    self._space.lead(states),
                    self._space.reference_velocity(states),
                    self._space.reference_velocity(start),
                    targets,
                )

            plan = self._planner.plan(
                make_returns(self._rollout.begin(context, start), score, self._config.threads),
                self._rng,
                admit=self._admission.begin(start, self._horizon),
                out_of_time=out_of_time,
            )
        wanted = plan[0].numpy().astype(float) * self._space.action_scale
        command = self._command(observation, commanded, wanted)
        self._diagnostics |= self._planner.diagnostics()
        return command

    def adapt(self, observation: Observation, commanded: Commanded) -> Context:
        """What the model is now: the first half of `act`, for whoever needs no plan.

        Raises:
            ValueError: The two do not belong together.
        """
        self._remember(observation, commanded)
        context = self._context = self._adapter.context()
        self._diagnostics = {
            **self._adapter.diagnostics(),
            **(self._monitor.diagnostics() if self._monitor is not None else {}),
            "contact": float(self._contact.active),
        }
        return context

    def observe(self, observation: Observation, commanded: Commanded) -> None:
        """Take in a period that is not answered, so that no transition is missed.

        Raises:
            ValueError: The two do not belong together.
        """
        self._remember(observation, commanded)

    def hold(self, observation: Observation, commanded: Commanded) -> Command:
        """The command that brakes and stays where the reference is."""
        return self._command(observation, commanded, np.zeros(self.spec.num_joints))

    def _remember(self, observation: Observation, commanded: Commanded) -> None:
        """Keep the state; the step that ended in it goes to the adapter, unless in contact."""
        if observation.stamp != commanded.stamp:
            raise ValueError(
                f"want the command of the period that the observation begins, got stamps "
                f"{observation.stamp} and {commanded.stamp}"
            )
        state = self._space.state(observation, commanded, self._history.before(commanded))
        last, self._last = self._last, (observation.stamp, state)
        begins = self._contact.update(observation.external_torque, commanded.reason)
        if begins:
            self._experience.touched()
        if last is None or self._contact.active:
            return
        stamp, previous = last
        gap = observation.stamp - stamp
        if not 0.0 < gap <= (self._adapter.window + 0.5) * self.spec.control_dt:
            self._experience.reset()
            if self._monitor is not None:
                self._monitor.reset_episode()
        if abs(gap - self.spec.control_dt) <= 0.5 * self.spec.control_dt:
            action = self._space.action(commanded.velocity[0])
            transition = Transition(previous, action, state)
            self._experience.add(transition)
            if self._monitor is not None and self._context is not None:
                since = self._monitor.update(self._context, transition)
                if since:
                    self._experience.body_changed(since)

    def _upcoming_targets(self, stamp: float) -> torch.Tensor:
        """Targets at the ends of the periods that the plan decides, (H, 3)."""
        assert self._target is not None
        periods = np.arange(2, self._horizon + 2)
        return _tensor(self._target.at(stamp + periods * self.spec.control_dt))

    def _command(self, observation: Observation, commanded: Commanded, wanted: Array) -> Command:
        position, velocity = commanded.position[1], commanded.velocity[1]
        low, high = safe_velocity_bounds(
            position, velocity, self.spec.limits, self.spec.control_dt
        )
        next_velocity = np.clip(wanted, low, np.maximum(low, high))
        return Command(
            stamp=observation.stamp,
            position=advance(position, velocity, next_velocity, self.spec.control_dt),
            velocity=next_velocity,
        )


def _tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.float32)
