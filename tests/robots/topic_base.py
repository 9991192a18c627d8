"""A quadruped behind topics, run as a process of its own: it follows `cmd_vel`, tells `odom`.

python topic_base.py KIND [MODE]
    KIND   Twist or TwistStamped, which it listens to
    MODE   deaf: nobody listens; mute: no odometry; dying: odometry ends after a while;
           twisted: orientations that are none

It follows its command after a lag of 0.1 s, stands when it hears none for half a second, and
tells where it is 50 times a second. It stands turned and away from the origin at first.
"""

import math
import sys

import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

DT, LAG, PATIENCE = 0.02, 0.1, 0.5
LIFE = 300  # odometries of one that dies


class TopicBase(Node):
    def __init__(self, kind, mode=""):
        super().__init__("base")
        self._mode = mode
        self._wanted, self._velocity = [0.0] * 3, [0.0] * 3
        self._pose = [1.0, -2.0, 3.0]  # nearly half a turn: headings will leap
        self._heard, self._told = -math.inf, 0
        if mode != "deaf":
            message = {"Twist": Twist, "TwistStamped": TwistStamped}[kind]
            self.create_subscription(message, "/base/cmd_vel", self._on_command, 1)
        self._odom = self.create_publisher(Odometry, "/base/odom", 1)
        self.create_timer(DT, self._step)

    def _now(self):
        return 1e-9 * self.get_clock().now().nanoseconds

    def _on_command(self, msg):
        twist = msg.twist if isinstance(msg, TwistStamped) else msg
        self._wanted = [twist.linear.x, twist.linear.y, twist.angular.z]
        self._heard = self._now()

    def _step(self):
        wanted = self._wanted if self._now() - self._heard < PATIENCE else [0.0] * 3
        share = DT / LAG
        self._velocity = [v + share * (w - v) for v, w in zip(self._velocity, wanted, strict=True)]
        (x, y, heading), (vx, vy, turn) = self._pose, self._velocity
        c, s = math.cos(heading), math.sin(heading)
        self._pose = [x + DT * (c * vx - s * vy), y + DT * (s * vx + c * vy), heading + DT * turn]
        self._told += 1
        if self._mode == "mute" or (self._mode == "dying" and self._told > LIFE):
            return
        msg = Odometry()
        msg.header.stamp = self.get_clock().now().to_msg()
        place, q, twist = msg.pose.pose.position, msg.pose.pose.orientation, msg.twist.twist
        place.x, place.y = self._pose[:2]
        q.w, q.z = math.cos(self._pose[2] / 2), math.sin(self._pose[2] / 2)
        if self._mode == "twisted":
            q.w = q.z = 0.0
        twist.linear.x, twist.linear.y, twist.angular.z = self._velocity
        self._odom.publish(msg)


if __name__ == "__main__":
    rclpy.init()
    try:
        rclpy.spin(TopicBase(*sys.argv[1:]))
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()
