"""Who shows how to run: the planner of the rivals on the simulator itself, body known.

From random actions alone it takes a model several hundred thousand steps until its planner has
seen what running is. What is measured here is adaptation, not exploration, so the episodes that
all rivals learn from show it.
"""

from __future__ import annotations

import mujoco
import numpy as np
import torch
from mujoco import rollout
from torch import Tensor

from robot_meta.benchmarks.environments.locomotion import Locomotion
from robot_meta.dynamics.window import Transition
from robot_meta.planning.planner import Planner
from robot_meta.types import Array

NOISE = 0.2  # standard deviation of what is added to each action, so that states vary
_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS


class Demonstrator:
    """Plans on the simulator, from the very state that it is in.

    Args:
        environment: Where it runs; the planner knows its body as it is.
        planner: What searches.
        seed: Of its random numbers.
    """

    def __init__(self, environment: Locomotion, planner: Planner, seed: int) -> None:
        self._environment, self._planner = environment, planner
        self._rng = np.random.default_rng(seed)
        self._imagined = mujoco.MjData(environment.model)

    def act(self, state: Array) -> Array:
        """First action of the best plan, and a little noise."""
        plan = self._planner.plan(self._returns, self._rng, admit=lambda actions: actions)
        action = plan[0].numpy() + NOISE * self._rng.standard_normal(plan.shape[1])
        return np.clip(action, -1.0, 1.0)

    def observe(self, transition: Transition) -> None:
        """It knows all there is to know."""

    def _returns(self, actions: Tensor) -> Tensor:
        """What action sequences (N, H, A) earn, (N,); rewards of speed add up to the distance."""
        environment = self._environment
        reward, wanted = environment.reward, actions.numpy().astype(np.float64)
        begin = np.empty(mujoco.mj_stateSize(environment.model, _STATE))
        mujoco.mj_getState(environment.model, environment.data, begin, _STATE)
        controls = np.repeat(environment.powered * wanted, environment.SUBSTEPS, axis=1)
        states, _ = rollout.rollout(environment.model, self._imagined, begin, controls)
        distance = np.array([self._place(end) for end in states[:, -1]]) - self._place(begin)
        effort = reward.effort * np.square(wanted).sum(axis=(1, 2))
        return torch.from_numpy(distance / reward.control_dt - effort).float()

    def _place(self, state: Array) -> float:
        """Centre of mass along x in a state of the simulator."""
        model, data = self._environment.model, self._imagined
        mujoco.mj_setState(model, data, state, _STATE)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        return float(data.subtree_com[model.body("torso").id][0])
