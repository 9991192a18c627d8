"""Which action sequences a plan may be made of: those whose reference obeys the limits.

The guard applies the same rule (`safe_velocity_bounds`), so what is planned is sent as it is. The
model has no part in it: the reference moves by arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.reference import advance, safe_velocity_bounds, velocity_step
from robot_meta.types import Array, JointLimits

Admit = Callable[[Tensor], Tensor]
"""The admissible sequences nearest to the given ones, (N, H, J) to (N, H, J)."""


class Admission:
    """Brings action sequences inside the limits.

    Args:
        space: Layout of state and action.
        limits: Of the reference.
        dtype: Of the sequences.
    """

    def __init__(
        self, space: JointReferenceSpace, limits: JointLimits, dtype: torch.dtype = torch.float32
    ) -> None:
        self._space = space
        columns = limits.converted(lambda array: torch.as_tensor(array, dtype=dtype)[:, None])
        self._columns = columns  # (J, 1) each, against (J, N)
        step: Tensor = velocity_step(columns, space.control_dt)
        self._steps = torch.stack((-step, step))  # (2, J, 1)
        self._fastest = torch.as_tensor(columns.velocity)
        self._free_speed: Array = limits.velocity.clip(None, space.action_scale)
        self._free = free_range(limits, self._free_speed, space.control_dt)

    def begin(self, state: Tensor, horizon: int) -> Admit:
        """What admits sequences of up to `horizon` periods that begin in `state` (S,)."""
        space = self._space
        velocity = space.reference_velocity(state)
        reference = space.position(state) + space.lead(state)
        far = self._far_from_ends(reference.numpy(), velocity.numpy(), horizon)

        def admit(actions: Tensor) -> Tensor:
            wanted = actions.permute(1, 2, 0) * space.action_scale  # (H, J, N)
            lowest, highest = torch.aminmax(actions)
            if far and len(wanted) <= horizon and -1.0 <= lowest and highest <= 1.0:
                admitted = self._within_steps(wanted, velocity[:, None])
            else:
                admitted = self._within_bounds(wanted, reference[:, None], velocity[:, None])
            return admitted.permute(2, 0, 1) / space.action_scale

        return admit

    def _within_steps(self, wanted: Tensor, velocity: Tensor) -> Tensor:
        """Where no position limit is near: only the change of velocity and its size count."""
        admitted = torch.clamp(wanted, -self._fastest, self._fastest)
        for following in admitted:
            lowest, highest = velocity + self._steps
            torch.clamp(following, lowest, highest, out=following)
            velocity = following
        return admitted

    def _within_bounds(self, wanted: Tensor, reference: Tensor, velocity: Tensor) -> Tensor:
        admitted = torch.empty_like(wanted)
        period = self._space.control_dt
        for target, following in zip(wanted, admitted, strict=True):
            low, high = safe_velocity_bounds(reference, velocity, self._columns, period)
            torch.clamp(target, low, high, out=following)
            reference = advance(reference, velocity, following, period)
            velocity = following
        return admitted

    def _far_from_ends(self, reference: Array, velocity: Array, horizon: int) -> bool:
        """Whether no actions in [-1, 1] can come where position shapes the bounds."""
        travel = horizon * self._space.control_dt * self._free_speed
        lower, upper = self._free
        return bool(
            (np.abs(velocity) <= self._free_speed).all()
            and (reference - travel >= lower).all()
            and (reference + travel <= upper).all()
        )


def free_range(limits: JointLimits, speed: Array, control_dt: float) -> tuple[Array, Array]:
    """(lowest, highest) position where speeds up to `speed` (J,) feel no end of range, (J,) [rad].

    Found by halving the way from the middle of the range to its ends; empty, that is with the
    lowest at the upper limit, where even the middle is not free.
    """
    step = velocity_step(limits, control_dt)

    def free(position: Array) -> Array:
        """Which joints are, (J,)."""
        speeds = np.stack([speed, -speed])
        low, high = safe_velocity_bounds(position, speeds, limits, control_dt)
        as_low = low <= (speeds - step).clip(-limits.velocity)
        as_high = high >= (speeds + step).clip(None, limits.velocity)
        both: Array = (as_low & as_high).all(axis=0)
        return both

    middle = 0.5 * (limits.lower + limits.upper)
    ends = []
    for end in (limits.lower, limits.upper):
        inside, outside = middle, np.array(end)
        for _ in range(_HALVINGS):
            between = 0.5 * (inside + outside)
            is_free = free(between)
            inside, outside = (
                np.where(is_free, between, inside),
                np.where(is_free, outside, between),
            )
        ends.append(inside)
    is_free = free(middle)
    return np.where(is_free, ends[0], limits.upper), np.where(is_free, ends[1], limits.lower)


_HALVINGS = 40
