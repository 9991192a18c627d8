"""Excites the arm in the controller's place: every motion passes the guard of the robot node."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from rclpy.node import Node
from rclpy.utilities import try_shutdown
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from robot_meta.collection.decoding import commanded_from
from robot_meta.collection.gradual import GradualConfig, GradualExcitation, standing
from robot_meta.errors import MotionInterrupted, RobotMetaError
from robot_meta.nodes import messages, qos
from robot_meta.nodes.guard_limits import GuardLimits
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.robots.cell import arm_in_cell, read_cell
from robot_meta.safety.config import GuardConfig
from robot_meta.types import Command, Commanded

TELL_EVERY = 10.0  # how often progress is told, in the robot's time, [s]


@dataclass(frozen=True, kw_only=True)
class ExciterConfig:
    """Which robot is excited, and how.

    Attributes:
        robot: Robot type.
        cell: File that says where the tool point is; empty for that of the robot type.
        speed_scale: Share of the robot's velocity limits that its guard allows.
        lockstep: Whether the robot waits for every answer.
        limits_of: Robot node that tells what its guard enforces.
        seed: Of the motion.
        excitation: The motion.
    """

    robot: str = "fr3"
    cell: str = ""
    speed_scale: float = 1.0
    lockstep: bool = False
    limits_of: str = "robot"
    seed: int = 0
    excitation: GradualConfig = field(default_factory=GradualConfig)

    def __post_init__(self) -> None:
        if not 0.0 < self.speed_scale <= 1.0:
            raise ValueError(f"speed_scale must be in (0, 1], got {self.speed_scale}")


class ExciterNode(Node):
    """Answers every period with the next reference of the excitation, from `arm` on.

    It ends when the motion is over and the robot holds where it began, and fails at any other hold
    or stop: nothing resumes by itself.

    Subscribes: commanded (JointTrajectory), state (String).
    Publishes: command (JointTrajectory).
    Calls: hold (Trigger), once, at the end.
    """

    def __init__(self) -> None:
        super().__init__("exciter")
        self.failure: MotionInterrupted | None = None
        self._config = declare_config(self, ExciterConfig())
        refuse_unknown(self)
        cell = read_cell(self._config.cell)
        description = arm_in_cell(self._config.robot, cell, speed=self._config.speed_scale)
        self._spec, self._chain = description.spec, description.chain
        self._motion: GradualExcitation | None = None
        self._newest: JointTrajectory | None = None
        self._answer: Command | None = None
        self._running = self._hold_asked = False
        self._periods = self._altered = 0
        lockstep = self._config.lockstep
        self._command = self.create_publisher(
            JointTrajectory, "command", qos.command(self._spec.control_dt, lockstep=lockstep)
        )
        self.create_subscription(JointTrajectory, "commanded", self._on_commanded, qos.newest())
        self.create_subscription(String, "state", self._on_state, qos.latched())
        self._hold = self.create_client(Trigger, "hold")
        self._limits = GuardLimits(self, self._config.limits_of, self._on_limits)
        self.get_logger().info(
            f"{self._config.excitation.duration:.0f} s of motion once the robot is armed; "
            "the service `hold` or the software stop ends it"
        )

    def _on_limits(self, limits: GuardConfig) -> None:
        if self._motion is None:
            self._motion = GradualExcitation(
                self._spec,
                self._chain,
                self._config.excitation,
                np.random.default_rng(self._config.seed),
                limits.tool_speed,
            )
        if self._newest is not None:
            self._on_commanded(self._newest)

    def _on_commanded(self, msg: JointTrajectory) -> None:
        self._newest = msg
        if self._motion is None or self.failure is not None:
            return
        try:
            commanded = commanded_from(msg, self._spec.joint_names)
        except (RobotMetaError, ValueError) as error:
            self.get_logger().warning(str(error), throttle_duration_sec=1.0)
            return  # silence: the guard holds
        if self._answer is None or commanded.stamp != self._answer.stamp:
            self._answer = self._next(self._motion, commanded)
        elif not self._config.lockstep:
            return
        self._command.publish(
            messages.command_msg(self._answer, self._spec.joint_names, self._spec.control_dt)
        )

    def _next(self, motion: GradualExcitation, commanded: Commanded) -> Command:
        """Stand until the guard follows; then move, and tell how it goes."""
        if motion.elapsed == 0.0 and commanded.altered:
            return standing(commanded, self._spec)
        if motion.arrived:
            self._ask_for_hold()
            return standing(commanded, self._spec)
        self._periods += 1
        self._altered += commanded.altered
        dt = self._spec.control_dt
        if round(motion.elapsed / dt) % round(TELL_EVERY / dt) == 0:
            self._tell(motion.elapsed)
        return motion.act(commanded)

    def _ask_for_hold(self) -> None:
        if not self._hold_asked and self._hold.service_is_ready():
            self._hold_asked = True
            self._hold.call_async(Trigger.Request())

    def _on_state(self, msg: String) -> None:
        if msg.data.startswith("RUNNING"):
            self._running = True
            return
        if not self._running:
            return  # not armed yet
        if self._hold_asked:
            self.get_logger().info(
                f"done: the arm holds where it began; the guard altered {self._altered} of "
                f"{self._periods} periods"
            )
            try_shutdown(context=self.context)
            return
        elapsed = self._motion.elapsed if self._motion is not None else 0.0
        self.failure = MotionInterrupted(
            f"'{msg.data}' after {elapsed:.1f} s of {self._config.excitation.duration:.1f} s. "
            "What was recorded is kept; look at the robot, then start the command again"
        )

    def _tell(self, elapsed: float) -> None:
        config = self._config.excitation
        self.get_logger().info(
            f"{min(elapsed, config.duration):.0f} s of {config.duration:.0f} s, at "
            f"{config.share(elapsed):.0%} of the final speed; the guard altered {self._altered} "
            f"of {self._periods} periods"
        )


def main() -> int:
    """Run the node."""
    return run("exciter", ExciterNode)
