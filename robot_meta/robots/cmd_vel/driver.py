"""The driver of robots behind `cmd_vel` and `odom`: any quadruped or base, our guard in front.

The velocity of the guard is sent at a fixed rate. Where none comes for three control periods,
zero is sent; where this whole process stalls, nothing is sent any more, and it is the robot's own
time-out on `cmd_vel` that stops it: make sure that it has one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.qos import QoSProfile, QoSReliabilityPolicy

from robot_meta.errors import NotConnected
from robot_meta.kinematics import rotation_from_quat_wxyz
from robot_meta.legged_types import LeggedObservation, LeggedSpec, VelocityReference
from robot_meta.robots.body_estimate import TurnCounter, attitude, check_velocity
from robot_meta.robots.closing import Closing
from robot_meta.robots.cmd_vel.config import CmdVelConfig
from robot_meta.robots.topic_node import TopicNode
from robot_meta.types import Array

LISTENER_LOST = "LISTENER_LOST"  # nobody listens to the velocities any more
SILENCE = 3  # control periods without a velocity after which it is told to stand
UNKNOWN_FEET = 0.5  # share of a period that each foot of a trot stands, which is not measured
_EXACT = 1e-6  # stamps are as equal as this, [s]


class CmdVelRobot(Closing):
    """A robot behind topics. It is told to stand from the moment it is connected.

    Its feet and joints are not known: the feet count as standing half of the time, the joints as
    those of standing.

    Args:
        spec: The robot.
        config: Its topics.
        context: Of ROS; the default one, started if need be, where None.

    Raises:
        NotConnected: No odometry comes, or nobody listens to velocities.
    """

    def __init__(
        self, spec: LeggedSpec, config: CmdVelConfig | None = None, context: Context | None = None
    ) -> None:
        self.spec = spec
        self._config = config = config if config is not None else CmdVelConfig()
        self._lock = threading.Lock()
        self._turns = TurnCounter()
        self._rows: deque[Array] = deque()  # stamp, pose, velocity, attitude, rates
        self._came = self._told = 0.0  # the newest odometry and velocity, monotonic clock, [s]
        self._trouble = ""
        self._velocity, self._stopped = np.zeros(3), ""
        self._topics = TopicNode(context)
        node = self._topics.node
        kind = TwistStamped if config.stamped else Twist
        self._sends = node.create_publisher(kind, config.command_topic, QoSProfile(depth=1))
        any_source = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
        node.create_subscription(Odometry, config.odom_topic, self._on_odometry, any_source)
        self._topics.listen()
        try:
            if not self._topics.wait(self._is_there, config.connect_timeout):
                raise NotConnected(self._what_is_missing(kind))
        except BaseException:
            self.close()
            raise
        self._topics.send(1.0 / config.rate, self._stream)

    def observe(self) -> LeggedObservation:
        """Means over the newest control period; never waits for the robot."""
        if self._topics.closed.is_set():
            raise NotConnected("the robot's topics are closed; make a new driver")
        with self._lock:
            age, rows = time.perf_counter() - self._came, np.array(self._rows)
        if age > self._config.max_odom_age:
            raise NotConnected(
                f"no odometry came on {self._config.odom_topic} for {age:.1f} s; "
                + (self._trouble or "check the robot and the network")
            )
        mean = rows.mean(axis=0)
        joints = self.spec.num_joints
        return LeggedObservation(
            stamp=float(rows[-1, 0]),
            pose=rows[-1, 1:4],
            velocity=mean[4:7],
            attitude=mean[7:9],
            rates=mean[9:11],
            feet=np.full(self.spec.num_legs, UNKNOWN_FEET),
            joint_position=self.spec.stand.copy(),
            joint_velocity=np.zeros(joints),
            joint_torque=np.zeros(joints),
        )

    def command(self, reference: VelocityReference) -> None:
        """Walk with `reference` from now on; ignored, after the same checks, while stopped."""
        self.observe()
        check_velocity(reference)
        with self._lock:
            self._told = time.perf_counter()
            if not self._stopped:
                self._velocity = np.array(reference.velocity, dtype=float)

    @property
    def stopped(self) -> str:
        """Why it is stopped, "" when it is not."""
        return self._stopped

    def stop(self, reason: str) -> None:
        """Stand until `recover`; the first reason counts."""
        with self._lock:
            if not self._topics.closed.is_set() and not self._stopped:
                self._stopped, self._velocity = reason or "STOP", np.zeros(3)

    def recover(self) -> bool:
        """Clear a stop; not while nobody listens."""
        self.observe()
        if not self._stopped:
            return True
        if not self._sends.get_subscription_count():
            return False
        with self._lock:
            self._stopped, self._velocity = "", np.zeros(3)
        return True

    def close(self) -> None:
        """Tell it to stand, and disconnect; safe to call twice."""
        if not self._topics.closed.is_set():
            self.stop("CLOSED")
            if self._topics.node.context.ok():  # or Ctrl-C took ROS away, and its time-out counts
                self._sends.publish(self._message(np.zeros(3)))
        self._topics.close()

    def _on_odometry(self, msg: Odometry) -> None:
        q, twist = msg.pose.pose.orientation, msg.twist.twist
        place, linear, angular = msg.pose.pose.position, twist.linear, twist.angular
        stamp = msg.header.stamp.sec + 1e-9 * msg.header.stamp.nanosec
        quat = np.array([q.w, q.x, q.y, q.z])
        moving = np.array([linear.x, linear.y, linear.z])
        turning = np.array([angular.x, angular.y, angular.z])
        numbers = np.concatenate([[stamp, place.x, place.y], quat, moving, turning])
        if not np.isfinite(numbers).all() or abs(np.linalg.norm(quat) - 1.0) > 0.1:
            self._trouble = f"what comes is not finite or not turned by a unit: {numbers.tolist()}"
            return
        rotation = rotation_from_quat_wxyz(quat / np.linalg.norm(quat))
        roll, pitch, heading = attitude(rotation)
        c, s = np.cos(heading), np.sin(heading)
        vx, vy, _ = rotation @ moving
        with self._lock:
            if self._rows and stamp <= self._rows[-1][0]:
                if time.perf_counter() - self._came <= self._config.max_odom_age:
                    return  # late, or repeated
                self._rows.clear()  # its clock began anew
            pose = [place.x, place.y, self._turns.count(heading)]
            level = [c * vx + s * vy, c * vy - s * vx, turning[2]]
            row = [stamp, *pose, *level, roll, pitch, *turning[:2]]
            self._rows.append(np.array(row))
            while self._rows[0][0] <= stamp - self.spec.control_dt + _EXACT:
                self._rows.popleft()
            self._came, self._trouble = time.perf_counter(), ""

    def _stream(self, missed: int) -> None:
        """Send the velocity that counts now."""
        if not self._sends.get_subscription_count():
            self.stop(LISTENER_LOST)
        with self._lock:
            if time.perf_counter() - self._told > SILENCE * self.spec.control_dt:
                self._velocity = np.zeros(3)
            velocity = self._velocity
        self._sends.publish(self._message(velocity))

    def _message(self, velocity: Array) -> Any:
        twist = Twist()
        twist.linear.x, twist.linear.y, twist.angular.z = map(float, velocity)
        if not self._config.stamped:
            return twist
        msg = TwistStamped(twist=twist)
        msg.header.frame_id = self._config.base_frame
        msg.header.stamp = self._topics.node.get_clock().now().to_msg()
        return msg

    def _is_there(self) -> bool:
        return bool(self._rows) and self._sends.get_subscription_count() > 0

    def _what_is_missing(self, kind: type) -> str:
        config, waited = self._config, f"for {self._config.connect_timeout:g} s"
        if not self._rows:
            return (
                f"no odometry came on {config.odom_topic} {waited}"
                + (f" ({self._trouble})" if self._trouble else "")
                + f". Is the robot's driver running? Topics of that type: "
                f"{self._topics.topics_of(Odometry)}"
            )
        other = Twist if config.stamped else TwistStamped
        return (
            f"nobody listened on {config.command_topic} {waited}. Topics of type "
            f"{kind.__name__}: {self._topics.topics_of(kind)}; of {other.__name__} (set "
            f"cmd_vel.stamped to {not config.stamped}): {self._topics.topics_of(other)}"
        )
