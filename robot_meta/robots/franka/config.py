"""How an FR3 is driven: gains, collision thresholds, timing."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class FrankaConfig:
    """Settings of `FrankaRobot`.

    Collision thresholds are the defaults of franka_ros2 (`franka_hardware`); `max_delta_tau` is
    that of CRISP, half the torque rate of libfranka (`kMaxTorqueRate`) in one millisecond, which
    leaves room for one lost packet; friction compensation is off, as in franky.

    Attributes:
        realtime: "ignore", or "enforce" to refuse a kernel without real-time scheduling.
        stiffness: Joint impedance K, (J,), [Nm/rad]; empty for the robot type's own.
        damping: Joint impedance D, (J,), [Nms/rad]; empty for the robot type's own.
        max_delta_tau: Largest change of a torque in one millisecond, [Nm].
        coriolis: Compensate Coriolis torques.
        friction_coulomb: Coulomb friction to compensate, (J,), [Nm].
        friction_viscous: Viscous friction to compensate, (J,), [Nms/rad].
        friction_max: Most that is compensated, (J,), [Nm].
        torque_contact: Joint torques reported as contact, (J,), [Nm].
        torque_collision: Joint torques that end in a reflex, (J,), [Nm].
        force_contact: Tool forces and torques reported as contact, (6,), [N], [Nm].
        force_collision: Tool forces and torques that end in a reflex, (6,), [N], [Nm].
        load_mass: Known load behind the flange, besides the tool, which is set in Desk, [kg].
        load_center: Its centre of mass in the flange frame, (3,), [m].
        load_inertia: Its inertia about that centre, (3, 3) row by row, [kg m^2].
        watchdog: Silence of the robot node after which the arm stops and stays, [s].
        connect_timeout: Longest wait for the robot's first answer, [s].
        lost_after: Silence of the driver's own process that counts as a lost robot, [s].
        gripper: Connect to the Franka hand.
    """

    realtime: str = "ignore"
    stiffness: tuple[float, ...] = ()
    damping: tuple[float, ...] = ()
    max_delta_tau: float = 0.5
    coriolis: bool = True
    friction_coulomb: tuple[float, ...] = (0.0,) * 7
    friction_viscous: tuple[float, ...] = (0.0,) * 7
    friction_max: tuple[float, ...] = (1.0,) * 7
    torque_contact: tuple[float, ...] = (25.0, 25.0, 22.0, 20.0, 19.0, 17.0, 14.0)
    torque_collision: tuple[float, ...] = (35.0, 35.0, 32.0, 30.0, 29.0, 27.0, 24.0)
    force_contact: tuple[float, ...] = (30.0, 30.0, 30.0, 25.0, 25.0, 25.0)
    force_collision: tuple[float, ...] = (40.0, 40.0, 40.0, 35.0, 35.0, 35.0)
    load_mass: float = 0.0
    load_center: tuple[float, ...] = (0.0,) * 3
    load_inertia: tuple[float, ...] = (0.0,) * 9
    watchdog: float = 0.1
    connect_timeout: float = 20.0
    lost_after: float = 1.0
    gripper: bool = False

    def __post_init__(self) -> None:
        if self.realtime not in ("ignore", "enforce"):
            raise ValueError(f"realtime must be 'ignore' or 'enforce', got '{self.realtime}'")
        for name in ("max_delta_tau", "watchdog", "connect_timeout", "lost_after"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        if not self.load_mass >= 0.0:
            raise ValueError(f"load_mass must be >= 0, got {self.load_mass}")
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, tuple):
                continue
            length = _LENGTHS.get(field.name, 7)
            optional = field.name in ("stiffness", "damping")
            if len(value) != length and not (optional and not value):
                raise ValueError(f"{field.name} must have {length} values, got {len(value)}")
            if not all(map(math.isfinite, value)):
                raise ValueError(f"{field.name} must be finite, got {value}")
            if min(value, default=0.0) < 0.0 and not field.name.startswith("load"):
                raise ValueError(f"{field.name} must be >= 0, got {value}")
        for kind in ("torque", "force"):
            contact, collision = (
                getattr(self, f"{kind}_contact"),
                getattr(self, f"{kind}_collision"),
            )
            if not all(low <= high for low, high in zip(contact, collision, strict=True)):
                raise ValueError(f"{kind}_contact must not exceed {kind}_collision")


_LENGTHS = {"force_contact": 6, "force_collision": 6, "load_center": 3, "load_inertia": 9}
