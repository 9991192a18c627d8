"""Contact is no change of the body: what was felt of it must not be learned.

A touch shows first as motion that the model did not expect, and looks like a body that has just
changed; only when the torque has grown does it prove to be a touch. So what was learned since is
taken back, and so is the alarm that made the adapter forget what it knew before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from robot_meta.dynamics.adapter import Adapter
from robot_meta.dynamics.window import Transition
from robot_meta.safety.reasons import TOUCH
from robot_meta.types import Array


@dataclass(frozen=True, kw_only=True)
class ContactConfig:
    """What follows when the robot touches something, which is no reason to relearn the body."""

    rewind: int = 5  # periods of adaptation taken back when contact begins
    doubt: int = 50  # periods before contact in which a change of the body was the touch itself
    release: int = 25  # periods without contact after which adaptation goes on

    def __post_init__(self) -> None:
        if min(self.rewind, self.doubt, self.release) < 0:
            raise ValueError(
                f"want rewind, doubt and release >= 0, got {self.rewind}, {self.doubt}, "
                f"{self.release}"
            )


class ContactMonitor:
    """Tells contact from a changed body by the external torque, its own view and the guard's."""

    def __init__(self, config: ContactConfig, limit: tuple[float, ...]) -> None:
        self._config = config
        self.set_limit(limit)
        self.reset()

    def set_limit(self, limit: tuple[float, ...]) -> None:
        """External torque that is contact, (J,), [Nm]."""
        self._limit = np.array(limit)

    def reset(self) -> None:
        """No contact."""
        self._since: int | None = None
        self.active = False

    def update(self, external_torque: Array, reason: str = "") -> bool:
        """Take in (J,) [Nm] and the guard's reason; whether contact begins with this measurement.

        The guard holds at a force on the tool that each joint may feel less than the limit.
        """
        if (np.abs(external_torque) > self._limit).any() or reason in TOUCH:
            begins = not self.active
            self.active, self._since = True, 0
            return begins
        if self.active:
            assert self._since is not None
            self._since += 1
            self.active = self._since < self._config.release
        return False


class Experience:
    """What an adapter is told, and what is taken back of it.

    Args:
        adapter: Who is told.
        config: How much is taken back when contact begins.
    """

    def __init__(self, adapter: Adapter, config: ContactConfig) -> None:
        self._adapter, self._config = adapter, config
        self._told: deque[Transition] = deque(maxlen=adapter.window + config.doubt)
        self.reset()

    def reset(self) -> None:
        """Time was interrupted."""
        self._adapter.reset_episode()
        self._told.clear()
        self._before: list[Transition] = []
        self._age = 0  # transitions since the alarm

    def add(self, transition: Transition) -> None:
        """The newest transition."""
        self._adapter.observe(transition)
        self._told.append(transition)
        self._age += 1

    def body_changed(self, since: int) -> None:
        """The newest `since` transitions are of a changed body, or of a touch."""
        told = list(self._told)
        self._before, self._age = told[: max(0, len(told) - since)], 0
        self._adapter.body_changed(since)

    def touched(self) -> None:
        """Contact begins: take back the newest transitions, or all since a change in doubt."""
        if self._before and self._age <= self._config.doubt:
            self._adapter.body_changed(0)
            told, self._before = self._before, []
            self._told.clear()
            for transition in told[-self._adapter.window :]:
                self.add(transition)
        else:
            self._adapter.forget_newest(self._config.rewind)
