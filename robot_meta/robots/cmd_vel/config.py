"""Which topics a walking robot is driven by; no ROS is imported here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class CmdVelConfig:
    """Which topics a walking robot, or a base, is driven by.

    Attributes:
        command_topic: Where it listens for velocities in its own frame.
        stamped: Send geometry_msgs/TwistStamped, as ros2_controllers wants it, instead of Twist.
        base_frame: Of stamped velocities.
        odom_topic: Where its nav_msgs/Odometry comes from, with velocities in its own frame.
        rate: Velocities sent per second, [Hz].
        max_odom_age: Longest between two odometries; then it counts as lost, [s].
        connect_timeout: Longest wait for a first odometry and for a listener, [s].
    """

    command_topic: str = "/cmd_vel"
    stamped: bool = False
    base_frame: str = "base_link"
    odom_topic: str = "/odom"
    rate: float = 20.0
    max_odom_age: float = 0.5
    connect_timeout: float = 10.0

    def __post_init__(self) -> None:
        if not self.command_topic or not self.odom_topic:
            raise ValueError("command_topic and odom_topic must be named")
        if self.command_topic == self.odom_topic:
            raise ValueError(f"command_topic and odom_topic are both '{self.odom_topic}'")
        for name in ("rate", "max_odom_age", "connect_timeout"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
