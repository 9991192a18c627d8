"""The ROS node inside a driver whose robot is a set of topics."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node


class TopicNode:
    """A node with a thread that listens, and one that sends where there is something to send.

    Args:
        context: Of ROS; the default one, started if need be, where None.

    Attributes:
        node: For publishers and subscriptions.
        closed: Set once it is closed.
    """

    def __init__(self, context: Context | None) -> None:
        self._own_context = context is None and not rclpy.ok()
        if self._own_context:
            rclpy.init()
        self.node = Node("robot_driver", context=context, use_global_arguments=False)
        self.closed = threading.Event()
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self.node)
        self._threads: list[threading.Thread] = []

    def listen(self) -> None:
        """Call subscriptions back from now on."""
        self._start(self._listen, "listen")

    def send(self, period: float, due: Callable[[int], None]) -> None:
        """Call `due` at every multiple of `period` [s], told how many before it were missed."""
        self._start(lambda: self._send(period, due), "send")

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until `condition` holds; whether it did within `timeout` [s]."""
        end = time.perf_counter() + timeout
        while not condition():
            if time.perf_counter() > end:
                return False
            time.sleep(0.01)
        return True

    def topics_of(self, kind: type) -> list[str]:
        """Topics that exist of a message type."""
        package, _, _ = kind.__module__.partition(".")
        wanted = f"{package}/msg/{kind.__name__}"
        return sorted(t for t, kinds in self.node.get_topic_names_and_types() if wanted in kinds)

    def close(self) -> None:
        """End threads and node; safe to call twice."""
        if self.closed.is_set():
            return
        self.closed.set()
        self._executor.wake()
        for thread in self._threads:
            thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        if self._own_context:
            rclpy.try_shutdown()

    def _start(self, work: Callable[[], None], name: str) -> None:
        self._threads.append(threading.Thread(target=work, name=name, daemon=True))
        self._threads[-1].start()

    def _listen(self) -> None:
        while not self.closed.is_set():
            try:
                self._executor.spin_once(timeout_sec=0.1)
            except ExternalShutdownException:
                return

    def _send(self, period: float, due: Callable[[int], None]) -> None:
        at = time.perf_counter()
        while not self.closed.wait(max(0.0, at - time.perf_counter())):
            missed = max(0, math.floor((time.perf_counter() - at) / period))
            try:
                due(missed)
            except Exception:  # RCLError, which has no public name
                if self.node.context.ok():
                    raise
                return  # ROS was shut down, as by Ctrl-C
            at += period * (1 + missed)
