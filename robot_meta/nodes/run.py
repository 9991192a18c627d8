"""The common life of a node process: start, spin, end; trouble becomes one line and a code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.utilities import ok, try_shutdown

from robot_meta.errors import BadConfig, RobotMetaError
from robot_meta.preflight.ros import security_is_on

RCLError = rclpy_implementation.RCLError
BAD_ARGUMENT = 2
SYSTEM_ERROR = 4


class Closeable(Protocol):
    """A node that has something to let go of; `failure` is what ended it from within."""

    failure: BaseException | None

    def close(self) -> None:
        """Stop what it runs and free what it holds; safe to call twice."""


def run(name: str, make_node: Callable[[], Node], argv: Sequence[str] | None = None) -> int:
    """Make the node, spin it until it is told to end, close it; the process's exit code.

    A node may have `close()` and `failure` (see `Closeable`). Raises nothing that a person could
    have caused: a `RobotMetaError` or a wrong value is printed in one line.
    """
    try:
        _init(argv)
        node = make_node()
        name = node.get_name()
        try:
            _spin(node)
            failure = getattr(node, "failure", None)
            if failure is not None:
                raise failure
        finally:
            if hasattr(node, "close"):
                node.close()
            node.destroy_node()
        return 0
    except RobotMetaError as error:
        return _complain(name, error, error.exit_code)
    except RCLError as error:
        if not ok():
            return 0  # told to end while it was still starting
        if security_is_on():
            return _complain(name, _refusal(error), BadConfig.exit_code)
        raise
    except ValueError as error:
        return _complain(name, error, BAD_ARGUMENT)
    except OSError as error:
        return _complain(name, error, SYSTEM_ERROR)
    finally:
        try_shutdown()


def _init(argv: Sequence[str] | None) -> None:
    # rclpy ends the context on Ctrl-C, which ends `_spin`. Python's own KeyboardInterrupt could
    # come between any two lines, of a file being written for example.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        rclpy.init(args=None if argv is None else list(argv))
    except RCLError as error:  # a bad command line or parameter file
        raise _refusal(error) from None


def _spin(node: Node) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while ok() and getattr(node, "failure", None) is None:
            executor.spin_once(timeout_sec=0.1)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown(timeout_sec=1.0)


def _complain(name: str, error: Exception, code: int) -> int:
    print(f"{name}: error: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
    return code


def _refusal(error: Exception) -> BadConfig:
    """What rcl would not start with, without the places in its own sources."""
    text = str(error).split(", at /")[0].removeprefix("failed to initialize rcl: ")
    if security_is_on():
        return BadConfig(
            f"ROS_SECURITY_ENABLE is set, and the middleware did not start ({text}). Source a "
            "ROS 2 with DDS security (the wheels have none), or fix the keystore"
        )
    return BadConfig(text)
