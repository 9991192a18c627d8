"""A camera beside the robot: 640x480 pictures at 30 Hz through DDS, published and received.

Run as `python -m robot_meta.benchmarks.franka.pictures publish|receive`; the receiver tells how
many came when its input ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from array import array

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from robot_meta.nodes import qos
from robot_meta.nodes.camera_node import COLOR
from robot_meta.robots import priority
from robot_meta.robots.closing import Closing

WIDTH, HEIGHT, RATE = 640, 480, 30.0  # RATE in [Hz]


class Pictures(Closing):
    """Both processes, until they are closed.

    Args:
        domain: ROS domain of the robot.

    Attributes:
        received: Pictures that arrived per second, once they are closed, [Hz].
    """

    def __init__(self, domain: int) -> None:
        self.received = 0.0
        self._publisher, self._receiver = (
            subprocess.Popen(
                [sys.executable, "-m", __name__, part],
                env={**os.environ, "ROS_DOMAIN_ID": str(domain)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for part in ("publish", "receive")
        )
        for process in (self._publisher, self._receiver):
            priority.run_first(process.pid, priority.SECOND)  # cameras have cores of their own

    def close(self) -> None:
        """End them and take in what arrived; safe to call twice."""
        if self._receiver.returncode is None:
            told, _ = self._receiver.communicate()
            self._publisher.communicate()
            self.received = float(told or 0.0)


def _publish(node: Node) -> None:
    message = Image(width=WIDTH, height=HEIGHT, step=3 * WIDTH, encoding="rgb8")
    message.data = array("B", os.urandom(3 * WIDTH * HEIGHT))  # of bytes it would copy each
    publisher = node.create_publisher(Image, f"{COLOR}/image_raw", qos.newest())
    node.create_timer(1.0 / RATE, lambda: publisher.publish(message))


def _receive(node: Node, arrived: list[float]) -> None:
    node.create_subscription(
        Image,
        f"{COLOR}/image_raw",
        lambda message: arrived.append(time.monotonic()),
        qos.picture(),
    )


def main(part: str) -> None:
    """Publish or receive until standard input ends."""
    rclpy.init()
    node = Node(f"pictures_{part}")
    arrived: list[float] = []
    if part == "publish":
        _publish(node)
    else:
        _receive(node, arrived)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    input_end = threading.Thread(target=sys.stdin.read, daemon=True)
    input_end.start()
    while input_end.is_alive():
        executor.spin_once(timeout_sec=0.1)
    if len(arrived) > 1:
        print((len(arrived) - 1) / (arrived[-1] - arrived[0]))


if __name__ == "__main__":
    main(sys.argv[1])
