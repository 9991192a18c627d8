"""Which topics an arm is driven by; no ROS is imported here."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONTROLLERS = ("joint_trajectory", "forward_command", "target_joint", "target_pose")


@dataclass(frozen=True, kw_only=True)
class Ros2ControlConfig:
    """Which topics an arm is driven by.

    Attributes:
        controller: What listens: "joint_trajectory" or "forward_command" (the controllers of
            ros2_controllers), "target_joint" or "target_pose" (CRISP).
        command_topic: Where it listens.
        posture_topic: Beside "target_pose", where the same controller takes the joints that its
            null space keeps to; without it the arm's posture is left to the controller.
        state_topic: Where the arm's sensor_msgs/JointState comes from, with velocities.
        external_torque_topic: Where its external joint torques come from, as efforts; without it
            the guard feels no touch.
        joint_names: As the messages call the joints; empty for the names of the robot type.
        base_frame: Frame of "target_pose".
        rate: Commands per second, a divisor of 1000 [Hz].
        stiffness: Of the law behind the controller, as trained weights know it (J,), [Nm/rad];
            empty for that of the robot type.
        damping: Of that law, (J,), [Nm s/rad].
        connect_timeout: Longest wait for a first state and for a listening controller, [s].
    """

    controller: str = "joint_trajectory"
    command_topic: str = "/joint_trajectory_controller/joint_trajectory"
    posture_topic: str = ""
    state_topic: str = "/joint_states"
    external_torque_topic: str = ""
    joint_names: tuple[str, ...] = ()
    base_frame: str = "base"
    rate: float = 100.0
    stiffness: tuple[float, ...] = ()
    damping: tuple[float, ...] = ()
    connect_timeout: float = 10.0

    def __post_init__(self) -> None:
        if self.controller not in CONTROLLERS:
            raise ValueError(
                f"no controller '{self.controller}' is known; choose one of {list(CONTROLLERS)}"
            )
        if not self.command_topic or not self.state_topic:
            raise ValueError("command_topic and state_topic must be named")
        if self.state_topic == self.command_topic:
            raise ValueError(f"state_topic and command_topic are both '{self.state_topic}'")
        if self.posture_topic and self.controller != "target_pose":
            raise ValueError(
                f"posture_topic goes with controller 'target_pose', got '{self.controller}'"
            )
        if not self.rate > 0.0 or not math.isclose(1e3 / self.rate % 1.0, 0.0, abs_tol=1e-9):
            raise ValueError(f"rate must divide 1000 Hz, got {self.rate}")
        if not self.connect_timeout > 0.0:
            raise ValueError(f"connect_timeout must be > 0, got {self.connect_timeout}")
