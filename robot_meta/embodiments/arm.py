"""An arm whose joints follow a reference and whose tool follows a path."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from torch import Tensor

from robot_meta.contact import ContactConfig, ContactMonitor
from robot_meta.dynamics.action_history import ActionHistory
from robot_meta.dynamics.admission import Admission
from robot_meta.dynamics.space import StateSpace
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.embodiments.embodiment import Score, Touch
from robot_meta.kinematics import KinematicChain
from robot_meta.planning.planner import Admit
from robot_meta.planning.tool import ToolPositions
from robot_meta.planning.tracking import TrackingConfig, TrackingReward
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.safety.config import GuardConfig
from robot_meta.types import Array, Command, Commanded, Observation, RobotSpec, TargetPath


class Arm:
    """Keeps the tool on its target by the velocity of the joint reference.

    Args:
        spec: The robot, with the limits that its guard enforces.
        chain: Its kinematics.
        guard: Settings of the robot's guard, which the plan stays within.
        tracking: Weights of the reward.
        contact: What follows a touch.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        guard: GuardConfig,
        tracking: TrackingConfig,
        contact: ContactConfig,
    ) -> None:
        self.spec, self.control_dt, self.contact = spec, spec.control_dt, contact
        self._reward = TrackingReward(
            config=tracking,
            tool=ToolPositions(chain),
            home=_tensor(spec.home),
            lead_limit=_tensor(np.array(guard.lead_limit)),
            tool_speed=guard.tool_speed,
            control_dt=spec.control_dt,
        )
        self._contact = ContactMonitor(contact, guard.contact_torque)

    @property
    def reward(self) -> TrackingReward:
        """What plans are scored by."""
        return self._reward

    def set_guard(self, guard: GuardConfig) -> None:
        """Plan within `guard` from now on."""
        self._reward = dataclasses.replace(
            self._reward,
            lead_limit=_tensor(np.array(guard.lead_limit)),
            tool_speed=guard.tool_speed,
        )
        self._contact.set_limit(guard.contact_torque)

    def use(self, space: StateSpace) -> None:
        """See `Embodiment`."""
        if not isinstance(space, JointReferenceSpace):
            raise ValueError(
                "want a model of a robot that follows a joint reference, got one with "
                f"{type(space).__name__}"
            )
        self._space = space
        self._history = ActionHistory(space)
        self._admission = Admission(space, self.spec.limits)

    def reset(self) -> None:
        """See `Embodiment`: no contact."""
        self._contact.reset()

    def state(self, observation: Observation, commanded: Commanded) -> Array:
        """See `Embodiment`."""
        return self._space.state(observation, commanded, self._history.before(commanded))

    def done(self, commanded: Commanded) -> Array:
        """See `Embodiment`."""
        return self._space.action(commanded.velocity[0])

    def decided(self, commanded: Commanded) -> Array:
        """See `Embodiment`."""
        return self._space.action(commanded.velocity[1])

    def touch(self, observation: Observation, commanded: Commanded) -> Touch:
        """See `Embodiment`: by the external torque and by the guard's verdict."""
        if self._contact.update(observation.external_torque, commanded.reason):
            return Touch.BEGINS
        return Touch.LASTS if self._contact.active else Touch.NONE

    def plan_for(
        self, target: TargetPath, stamp: float, start: Tensor, horizon: int
    ) -> tuple[Score, Admit]:
        """See `Embodiment`."""
        periods = np.arange(2, horizon + 2)  # ends of those that the plan decides
        targets = _tensor(target.at(stamp + periods * self.control_dt))

        def score(states: Tensor, actions: Tensor) -> Tensor:
            return self._reward.score(
                self._space.position(states),
                self._space.lead(states),
                self._space.reference_velocity(states),
                self._space.reference_velocity(start),
                targets,
            )

        return score, self._admission.begin(start, horizon)

    def answer(self, observation: Observation, commanded: Commanded, action: Array) -> Command:
        """See `Embodiment`."""
        return self._command(observation, commanded, action * self._space.action_scale)

    def hold(self, observation: Observation, commanded: Commanded) -> Command:
        """See `Embodiment`: brake and stay where the reference is."""
        return self._command(observation, commanded, np.zeros(self.spec.num_joints))

    def diagnostics(self) -> dict[str, float]:
        """Whether it is in contact."""
        return {"contact": float(self._contact.active)}

    def _command(self, observation: Observation, commanded: Commanded, wanted: Array) -> Command:
        position, velocity = commanded.position[1], commanded.velocity[1]
        low, high = safe_velocity_bounds(position, velocity, self.spec.limits, self.control_dt)
        next_velocity = np.clip(wanted, low, np.maximum(low, high))
        return Command(
            stamp=observation.stamp,
            position=advance(position, velocity, next_velocity, self.control_dt),
            velocity=next_velocity,
        )


def _tensor(array: Array) -> torch.Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.float32)
