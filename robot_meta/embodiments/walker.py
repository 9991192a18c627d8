"""A walking robot that is driven by velocities and follows a path on the ground."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from robot_meta.contact import ContactConfig
from robot_meta.dynamics.space import StateSpace
from robot_meta.dynamics.velocity_space import VelocityCommandSpace
from robot_meta.embodiments.embodiment import Score, Touch
from robot_meta.legged_types import (
    LeggedObservation,
    LeggedSpec,
    PosePath,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.planning.planner import Admit
from robot_meta.planning.walking import WalkingConfig, walking_reward
from robot_meta.types import Array


class Walker:
    """Keeps the robot on its path by the velocity that its walking policy is told.

    Args:
        spec: The robot, with the limits that its guard enforces.
        walking: Weights of the reward.
    """

    def __init__(self, spec: LeggedSpec, walking: WalkingConfig) -> None:
        self.spec, self.control_dt = spec, spec.control_dt
        self.contact = ContactConfig()  # none is ever noticed
        self._walking = walking

    def use(self, space: StateSpace) -> None:
        """See `Embodiment`."""
        if not isinstance(space, VelocityCommandSpace) or space.num_legs != self.spec.num_legs:
            raise ValueError(
                f"want a model of a robot with {self.spec.num_legs} legs that follows velocity "
                f"commands, got one with {space}"
            )
        self._space = space
        scale = np.array(space.command_scale)
        step = self.spec.command_acceleration * self.control_dt / scale
        self._lower, self._upper, self._step = (
            _tensor(x)
            for x in (self.spec.command_lower / scale, self.spec.command_upper / scale, step)
        )

    def reset(self) -> None:
        """See `Embodiment`: nothing is kept."""

    def state(self, observation: LeggedObservation, commanded: VelocityCommanded) -> Array:
        """See `Embodiment`."""
        return self._space.state(observation, commanded.velocity[0])

    def done(self, commanded: VelocityCommanded) -> Array:
        """See `Embodiment`."""
        return self._space.action(commanded.velocity[0])

    def decided(self, commanded: VelocityCommanded) -> Array:
        """See `Embodiment`."""
        return self._space.action(commanded.velocity[1])

    def touch(self, observation: LeggedObservation, commanded: VelocityCommanded) -> Touch:
        """See `Embodiment`: nothing tells a push from a changed body here."""
        return Touch.NONE

    def plan_for(
        self, target: PosePath, stamp: float, start: Tensor, horizon: int
    ) -> tuple[Score, Admit]:
        """See `Embodiment`."""
        periods = np.arange(2, horizon + 2)  # ends of those that the plan decides
        targets = _tensor(target.at(stamp + periods * self.control_dt))
        before = self._space.last_action(start)

        def score(states: Tensor, actions: Tensor) -> Tensor:
            pose = self._space.pose(states)
            return walking_reward(self._walking, pose, actions, before, targets)

        def admit(actions: Tensor) -> Tensor:
            admitted = torch.minimum(torch.maximum(actions, self._lower), self._upper)
            last = before
            for action in admitted.unbind(dim=1):
                near = torch.minimum(torch.maximum(action, last - self._step), last + self._step)
                action.copy_(near)
                last = action
            return admitted

        return score, admit

    def answer(
        self, observation: LeggedObservation, commanded: VelocityCommanded, action: Array
    ) -> VelocityCommand:
        """See `Embodiment`."""
        velocity = action * np.array(self._space.command_scale)
        return VelocityCommand(stamp=observation.stamp, velocity=velocity)

    def hold(
        self, observation: LeggedObservation, commanded: VelocityCommanded
    ) -> VelocityCommand:
        """See `Embodiment`: stand still."""
        return VelocityCommand(stamp=observation.stamp, velocity=np.zeros(3))

    def diagnostics(self) -> dict[str, float]:
        """None of its own."""
        return {}


def _tensor(array: Array) -> Tensor:
    return torch.as_tensor(np.asarray(array), dtype=torch.float32)
