"""What a lab decides about safety; the limits of the robot itself stand in its `RobotSpec`."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class GuardConfig:
    """Settings of `Guard`. They may change only while the robot is not armed.

    Torque and force limits are the upper thresholds of franka_ros2, joints 5 to 7 below the torque
    that their motors have.
    """

    workspace_lower: tuple[float, ...] = (0.05, -0.75, 0.02)  # box of the tool point, base, [m]
    workspace_upper: tuple[float, ...] = (0.85, 0.75, 1.10)  # its other corner, [m]
    table_height: float = 0.0  # top of the table in the base frame, [m]
    table_distance: float = 0.01  # the tool point stays this far above it, [m]
    tool_speed: float = 0.25  # of the tool point of the reference, [m/s]
    self_distance: float = 0.02  # between parts of the arm, where a distance is known, [m]
    lead_limit: tuple[float, ...] = (0.15,) * 7  # |reference − position|, (J,), [rad]
    yield_speed: float = 0.15  # the reference follows a pushed robot this fast at most, [rad/s]
    external_torque: tuple[float, ...] = (35.0, 35.0, 32.0, 30.0, 11.0, 11.0, 11.0)  # HOLD, [Nm]
    external_force: float = 40.0  # at the tool, estimated; HOLD before it is reached, [N]
    touch_delay: float = 0.035  # how old the reading of the external torque is, [s]
    contact_torque: tuple[float, ...] = (25.0, 25.0, 25.0, 25.0, 10.0, 10.0, 6.0)  # contact, [Nm]
    contact_speed: float = 0.3  # of the joints' references in contact, [rad/s]
    jump_position: float = 0.05  # largest surprise in a commanded position, [rad]
    position_gain: float = 0.1  # share of a position error that is made up for in one period
    max_command_age: int = 3  # periods between the observation and the use of its answer
    coast_periods: int = 1  # periods without a command before braking begins
    max_silence: float = 0.1  # time without an accepted command before HOLD, [s]
    max_gap: float = 0.1  # largest step of observation stamps, [s]
    max_repeats: int = 2  # periods that the driver may repeat one measurement

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            values = value if isinstance(value, tuple) else (value,)
            if not all(math.isfinite(v) for v in values):
                raise ValueError(f"{field.name} must be finite, got {value}")
        for name in ("workspace_lower", "workspace_upper"):
            if len(getattr(self, name)) != 3:
                raise ValueError(f"{name} must be x, y, z in m, got {getattr(self, name)}")
        if not all(a < b for a, b in zip(self.workspace_lower, self.workspace_upper, strict=True)):
            raise ValueError(
                f"workspace_lower must be below workspace_upper, got {self.workspace_lower} and "
                f"{self.workspace_upper}"
            )
        if self.floor >= self.workspace_upper[2]:
            raise ValueError(f"table_height {self.table_height} leaves no room in the workspace")
        positive = ("tool_speed", "yield_speed", "contact_speed", "external_force")
        for name in (*positive, "jump_position", "max_silence", "max_gap"):
            if getattr(self, name) <= 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        for name in ("lead_limit", "external_torque", "contact_torque"):
            if not all(value > 0.0 for value in getattr(self, name)):
                raise ValueError(f"{name} must be > 0 for every joint, got {getattr(self, name)}")
        for name in (
            "table_distance",
            "self_distance",
            "touch_delay",
            "coast_periods",
            "max_repeats",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be >= 0, got {getattr(self, name)}")
        if self.max_command_age < 1:
            raise ValueError(f"max_command_age must be >= 1, got {self.max_command_age}")
        if not 0.0 <= self.position_gain <= 1.0:
            raise ValueError(f"position_gain must be in [0, 1], got {self.position_gain}")

    @property
    def floor(self) -> float:
        """Lowest height of the tool point, [m]."""
        return max(self.workspace_lower[2], self.table_height + self.table_distance)

    def require_joints(self, num_joints: int) -> None:
        """Raise unless there is one value per joint where there has to be."""
        for name in ("lead_limit", "external_torque", "contact_torque"):
            if len(getattr(self, name)) != num_joints:
                raise ValueError(
                    f"{name} must have {num_joints} values, one per joint, got "
                    f"{len(getattr(self, name))}"
                )
