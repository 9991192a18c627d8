"""Parameters that the robot node has whatever it drives, and what a backend is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from robot_meta.robots.robot import Driver


@dataclass(frozen=True)
class Backend:
    """One way to reach a robot: how it is opened, whether it is only simulated, has an address.

    `open` takes the robot's description and the settings of its kind.
    """

    open: Callable[[Any, Any], Driver[Any, Any]]
    simulated: bool
    has_address: bool = False


@dataclass(frozen=True, kw_only=True)
class RobotNodeConfig(ABC):
    """Which robot, and how it is driven; each kind of robot has its own `backends`.

    Attributes:
        backend: What moves; see `robot`.
        robot: Robot type. An arm is reached as "twin" (physics), "fake" (follows its reference
            after a short lag), "franka" (a real FR3) or "ros2_control" (any arm whose controllers
            listen to topics); a walking robot as "twin", "go2" (a Go2 over its motion service) or
            "cmd_vel" (any that listens to `cmd_vel` and tells its `odom`).
        lockstep: The robot moves only after the command for its last stamp has come; it publishes
            /clock.
        arm_on_start: Follow commands from the first one on; simulated backends only.
        speed_scale: Share of the velocity limits that may be used; 0 for 1.0 in simulation and 0.2
            on a real robot.
        stop_topics: Where stop devices say whether they are pressed, one topic per device; none is
            released by another. `page_estop` is that of the operator's page.
        heartbeat_required: Stop when `estop_heartbeat` falls silent.
        heartbeat_timeout: The longest silence of it, [s].
        estop_proof: A real robot is armed only after the software stop has been pressed once and
            was seen to work.
        allow_open_network: A real robot may be armed although anybody in the network can command
            it (see `robot-meta doctor --robot`).
        wait_for: Names of nodes that have to listen before time begins in lockstep.
    """

    backend: str = "twin"
    robot: str = "fr3"
    lockstep: bool = False
    arm_on_start: bool = False
    speed_scale: float = 0.0
    stop_topics: tuple[str, ...] = ("estop", "page_estop")
    heartbeat_required: bool = False
    heartbeat_timeout: float = 0.3
    estop_proof: bool = True
    allow_open_network: bool = False
    wait_for: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        table = self.backends()
        if self.backend not in table:
            raise ValueError(
                f"no backend '{self.backend}' in this version; choose one of {list(table)}"
            )
        real = not self.simulated
        if real and self.lockstep:
            raise ValueError(
                f"backend '{self.backend}' moves a real robot, which waits for nobody"
            )
        if not 0.0 <= self.speed_scale <= 1.0:
            raise ValueError(f"speed_scale must be in [0, 1], got {self.speed_scale}")
        if not self.stop_topics or len(set(self.stop_topics)) < len(self.stop_topics):
            raise ValueError(f"stop_topics must be one name per device, got {self.stop_topics}")
        if not self.heartbeat_timeout > 0.0:
            raise ValueError(f"heartbeat_timeout must be > 0, got {self.heartbeat_timeout}")
        if self.arm_on_start and real:
            raise ValueError(
                f"arm_on_start is for simulation; backend '{self.backend}' moves a real robot: "
                "call the service `arm` when everybody is clear of it"
            )

    @abstractmethod
    def backends(self) -> Mapping[str, Backend]:
        """What `backend` may be."""

    @property
    def simulated(self) -> bool:
        """Whether nothing real moves."""
        return self.backends()[self.backend].simulated

    @property
    def speed(self) -> float:
        """Share of the velocity limits that is really used."""
        if self.speed_scale:
            return self.speed_scale
        return 1.0 if self.simulated else 0.2
