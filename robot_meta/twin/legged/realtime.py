"""The twin of a walking robot in real time."""

from __future__ import annotations

from robot_meta.legged_types import LeggedObservation, VelocityReference
from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig
from robot_meta.twin.pace import PacedTwin


class RealtimeLeggedTwin(PacedTwin[LeggedObservation, VelocityReference]):
    """A `LeggedTwin` that walks by itself, one policy period after the other.

    Args:
        description: The robot.
        config: The twin.
    """

    def __init__(self, description: LeggedDescription, config: LeggedTwinConfig) -> None:
        self._robot = LeggedTwin(description, config)
        super().__init__(self._robot)

    def befall(self, incident: str) -> None:
        """Let one of `LEGGED_INCIDENTS` happen now; "" ends one that lasts."""
        with self._lock:
            self._robot.befall(incident)

    @property
    def body(self) -> LeggedPerturbations:
        """How it differs from the nominal robot now."""
        return self._robot.body
