"""How a Go2 is driven: network, level of control, timing."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("high", "low")
POSE_SOURCES = ("sport", "legs")
# Bits of the two bytes in which the remote tells its buttons, lowest first.
BUTTONS = ["R1", "L1", "start", "select", "R2", "L2", "F1", "F2"]
BUTTONS += ["A", "B", "X", "Y", "up", "right", "down", "left"]


@dataclass(frozen=True, kw_only=True)
class Go2Config:
    """Settings of `Go2Robot`.

    Attributes:
        interface: Network interface that the robot is on, such as "eth0"; "lo" for the twin's
            server.
        domain: DDS domain; 0 on the robot.
        level: "high" lets the robot's own motion service walk; "low" commands its motors from a
            walking policy, which has only been tried in the twin.
        policy: Walking policy of level "low", ONNX; the robot node takes the twin's for "".
        pose_source: "sport" for the odometry of the motion service, "legs" for what legs and
            inertial unit add up to; level "low" has no other.
        foot_force: Reading of a foot that counts as standing on it.
        dead_man: Button of the remote that tells that somebody watches.
        silence: Time without a command after which a walking robot is stopped, three control
            periods, [s].
        lowcmd_silence: Time without a motor command after which the motors are damped, [s].
        lowcmd_rate: Motor commands per second at level "low", [Hz].
        fallen: Angle between the trunk's and the vertical axis that is a fall, [rad].
        stand_up: How long getting up takes, [s].
        connect_timeout: Longest wait for the robot's first message and its services, [s].
        answer_timeout: Longest wait for the answer of a service, [s].
        lost_after: Time without a message of the robot after which it counts as lost, [s].
    """

    interface: str = "eth0"
    domain: int = 0
    level: str = "high"
    policy: str = ""
    pose_source: str = "sport"
    foot_force: float = 20.0
    dead_man: str = "R2"
    silence: float = 0.3
    lowcmd_silence: float = 0.05
    lowcmd_rate: float = 500.0
    fallen: float = 1.0
    stand_up: float = 2.5
    connect_timeout: float = 10.0
    answer_timeout: float = 2.0
    lost_after: float = 0.5

    def __post_init__(self) -> None:
        for name, known in (("level", LEVELS), ("pose_source", POSE_SOURCES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, got '{getattr(self, name)}'")
        if self.dead_man not in BUTTONS:
            raise ValueError(f"dead_man must be one of {BUTTONS}, got '{self.dead_man}'")
        if self.level == "low" and self.pose_source != "legs":
            raise ValueError(
                "pose_source must be 'legs' at level 'low': the motion service, whose odometry "
                "'sport' is, does not run there"
            )
        if not 0 <= self.domain <= 232:
            raise ValueError(f"domain must be within 0 and 232, got {self.domain}")
        for name in (
            "foot_force",
            "silence",
            "lowcmd_silence",
            "lowcmd_rate",
            "fallen",
            "stand_up",
            "connect_timeout",
            "answer_timeout",
            "lost_after",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
