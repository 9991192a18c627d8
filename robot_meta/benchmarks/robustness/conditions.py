"""What disturbs a run: a law that follows late, and samples that are lost or come late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.controller import Controller
from robot_meta.errors import StaleObservation
from robot_meta.twin.perturbations import Perturbations
from robot_meta.types import Command, Commanded, Observation

UNDISTURBED = "none"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One way to disturb a run; the defaults disturb nothing.

    Attributes:
        delay: Control periods by which the law follows the reference later.
        appears: Whether the delay appears while the arm moves; else it is there from the start.
        lost: Share of the samples that never reach the controller.
        late: Share of the samples that reach it one period late.
    """

    delay: float = 0.0
    appears: bool = False
    lost: float = 0.0
    late: float = 0.0

    def body(self, control_dt: float) -> Perturbations:
        """The body that this condition makes of the nominal one."""
        return Perturbations(command_delay=self.delay * control_dt)


CONDITIONS = {
    UNDISTURBED: Condition(),
    **{f"delay{n}": Condition(delay=n) for n in (1, 2, 3)},
    **{f"delay{n}_appears": Condition(delay=n, appears=True) for n in (1, 2, 3)},
    "drop": Condition(lost=0.2),
    "late": Condition(late=0.2),
}


class Unreliable:
    """A controller whose samples get lost or come late on their way to it.

    It does what the controller node does: a sample that a newer one overtakes is learned from
    and not answered, and without a new sample there is no answer.

    Args:
        controller: The controller.
        condition: Shares of lost and of late samples.
        rng: Decides which; every sample by itself.
    """

    def __init__(
        self, controller: Controller, condition: Condition, rng: np.random.Generator
    ) -> None:
        self._controller, self._condition, self._rng = controller, condition, rng
        self._held_up: list[tuple[Observation, Commanded]] = []

    def act(self, observation: Observation, commanded: Commanded) -> Command:
        """The answer to the newest sample that has come by now.

        Raises:
            StaleObservation: None has come since the last answer.
        """
        came, self._held_up = self._held_up, []
        chance = self._rng.uniform()
        if chance >= self._condition.lost + self._condition.late:
            came.append((observation, commanded))
        elif chance >= self._condition.lost:
            self._held_up.append((observation, commanded))
        if not came:
            period = self._controller.embodiment.control_dt
            raise StaleObservation(2.0 * period, max_age=period)
        *overtaken, newest = came
        for sample in overtaken:
            self._controller.observe(*sample)
        return self._controller.act(*newest)
