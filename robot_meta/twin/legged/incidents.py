"""What can befall a walking twin, so that people and programs can rehearse trouble."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from robot_meta.legged_types import LeggedObservation
from robot_meta.types import Array

FALL, POSE_JUMP, POSE_FROZEN, IMU_NAN = "fall", "pose_jump", "pose_frozen", "imu_nan"
LASTING = (POSE_FROZEN, IMU_NAN)  # until it is ended
LEGGED_INCIDENTS = (FALL, POSE_JUMP, *LASTING)
JUMP = np.array([1.0, 0.0, 0.0])  # [m, m, rad]
PUSH = np.array([60.0, 0.0, 0.0])  # that throws it over, [rad/s]


@dataclass(frozen=True, kw_only=True)
class LeggedIncidentConfig:
    """What befalls the twin now.

    Attributes:
        incident: "fall" (a push that throws it over), "pose_jump" (its position source moves by a
            metre, and stays there), "pose_frozen" (it tells the same position) or "imu_nan" (the
            inertial unit tells no numbers); the last two until this is empty again.
    """

    incident: str = ""

    def __post_init__(self) -> None:
        if self.incident and self.incident not in LEGGED_INCIDENTS:
            known = ", ".join(LEGGED_INCIDENTS)
            raise ValueError(f"no incident '{self.incident}'; choose one of {known}, or ''")


class SensorTrouble:
    """Spoils measurements."""

    def __init__(self) -> None:
        self._lasting, self._shift = "", np.zeros(3)
        self._pose: Array | None = None  # told last

    def befall(self, incident: str) -> None:
        """Let it happen from the next measurement on; "" ends what lasts."""
        if incident == POSE_JUMP:
            self._shift = self._shift + JUMP
        else:
            self._lasting = incident if incident in LASTING else ""

    def spoil(self, observation: LeggedObservation) -> LeggedObservation:
        """What is told instead of `observation`."""
        pose = observation.pose + self._shift
        if self._lasting == POSE_FROZEN and self._pose is not None:
            pose = np.array([*self._pose[:2], pose[2]])
        self._pose = pose
        spoiled = dataclasses.replace(observation, pose=pose)
        if self._lasting == IMU_NAN:
            unknown = np.full(2, np.nan)
            spoiled = dataclasses.replace(spoiled, attitude=unknown, rates=unknown)
        return spoiled
