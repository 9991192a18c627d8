"""The hand of the robot on topics: what it shall do comes in, how it stands goes out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from robot_meta.errors import NotConnected
from robot_meta.nodes import messages, qos
from robot_meta.robots.gripper import FORCE, MAX_WIDTH, SPEED, TOLERANCE, Gripper

MAX_SPEED, MAX_FORCE = 0.1, 70.0  # of the Franka hand, [m/s], [N]
PERIOD = 0.1  # of its state, [s]
FINGERS = "fingers"  # the one joint: the width between them


class GripperTopics:
    """Subscribes `gripper_command`, publishes `gripper_state`, serves `gripper_homing`.

    A command is a JointState: position is the width [m], velocity the speed [m/s]; with an effort
    [N] the hand grasps, without one it moves. Missing speeds are the hand's usual one. Grasping at
    width 0 takes hold of whatever is between the fingers.

    Args:
        node: Whose topics they are.
        gripper: The hand.
        refusal: Why nothing may move now, or "".
    """

    def __init__(self, node: Node, gripper: Gripper, refusal: Callable[[], str]) -> None:
        self._node, self._gripper, self._refusal = node, gripper, refusal
        self._state = node.create_publisher(JointState, "gripper_state", qos.state())
        node.create_subscription(JointState, "gripper_command", self._on_command, qos.newest())
        node.create_service(Trigger, "gripper_homing", self._on_homing)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        node.create_timer(PERIOD, self._publish, clock=steady)

    def _on_command(self, msg: JointState) -> None:
        try:
            width, speed, force = task_from(msg)
        except ValueError as error:
            self._node.get_logger().warning(f"gripper_command refused: {error}")
            return
        refusal = self._refusal()
        if refusal:
            self._node.get_logger().warning(f"gripper_command refused: {refusal}")
        elif force is None:
            self._gripper.move(width, speed)
        else:
            tolerance = TOLERANCE if width > 0.0 else MAX_WIDTH
            self._gripper.grasp(width, force, speed, tolerance)

    def _on_homing(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.message = self._refusal()
        response.success = not response.message
        if response.success:
            self._gripper.homing()
        return response

    def _publish(self) -> None:
        try:
            reading = self._gripper.state()
        except NotConnected:
            return  # the arm is lost with it, and that is told
        msg = JointState(name=[FINGERS], position=[reading.width], effort=[float(reading.grasped)])
        msg.header.stamp = messages.time_msg(self._node.get_clock().now().nanoseconds * 1e-9)
        msg.header.frame_id = reading.trouble or ("BUSY" if reading.busy else "")
        self._state.publish(msg)


def task_from(msg: JointState) -> tuple[float, float, float | None]:
    """Width [m], speed [m/s] and force [N], None for a plain move.

    Raises:
        ValueError: A value is missing, not finite or beyond what the hand can do.
    """
    if len(msg.position) != 1 or len(msg.velocity) > 1 or len(msg.effort) > 1:
        raise ValueError("want one position (the width) and at most one velocity and effort")
    width = float(msg.position[0])
    speed = float(msg.velocity[0]) if len(msg.velocity) else SPEED
    force = float(msg.effort[0]) if len(msg.effort) else None
    numbers = [width, speed, FORCE if force is None else force]
    if not np.isfinite(numbers).all():
        raise ValueError(f"want finite numbers, got {numbers}")
    if not 0.0 <= width <= MAX_WIDTH:
        raise ValueError(f"want a width in [0, {MAX_WIDTH}] m, got {width}")
    if not 0.0 < speed <= MAX_SPEED:
        raise ValueError(f"want a speed in (0, {MAX_SPEED}] m/s, got {speed}")
    if force is not None and not 0.0 < force <= MAX_FORCE:
        raise ValueError(f"want a force in (0, {MAX_FORCE}] N, got {force}")
    return width, speed, force
