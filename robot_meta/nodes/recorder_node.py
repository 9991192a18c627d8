"""Writes every topic of its namespace into a run folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSReliabilityPolicy
from rclpy.utilities import get_rmw_implementation_identifier

import robot_meta
from robot_meta.collection.provenance import git_commit
from robot_meta.collection.recording import RunWriter
from robot_meta.errors import RecordingFailed
from robot_meta.nodes import qos
from robot_meta.nodes.parameter_snapshot import ParameterSnapshot
from robot_meta.nodes.params import declare_config, refuse_unknown
from robot_meta.nodes.run import run
from robot_meta.nodes.topics import TOPICS
from robot_meta.robots.description import kind_of

_PICTURES = tuple(topic.name for topic in TOPICS if not topic.recorded)  # in any namespace
_PARAMETER_EVENTS = "/parameter_events"  # so that a body changed live can be told from the run


@dataclass(frozen=True, kw_only=True)
class RecorderConfig:
    """Where to and how often.

    Attributes:
        robot: Robot type, whose kind says what its topics carry.
        folder: Run folder, made by the recorder; empty for out/runs/DATE_TIME.
        flush_period: Most that a kill can lose, [s].
        sync_period: Most that a power cut can lose, [s].
        search_period: How often new topics are looked for, [s].
        all_namespaces: Record the whole graph instead of this node's namespace.
        note: Free text for the manifest.
    """

    robot: str = "fr3"
    folder: str = ""
    flush_period: float = 0.25
    sync_period: float = 0.8
    search_period: float = 0.5
    all_namespaces: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if not (0.0 < self.flush_period <= 1.0 and 0.0 < self.sync_period <= 1.0):
            raise ValueError(
                "want flush_period and sync_period in (0, 1], got "
                f"{self.flush_period} and {self.sync_period}"
            )
        if not self.search_period > 0.0:
            raise ValueError(f"search_period must be > 0, got {self.search_period}")


class RecorderNode(Node):
    """Subscribes to whatever its namespace publishes, /diagnostics and /clock.

    The topics of this package are subscribed to before anybody publishes them, so that a run in
    lockstep, which waits for its recorder, is complete from the first message on.
    """

    def __init__(self) -> None:
        super().__init__("recorder")
        self.failure: BaseException | None = None
        self._config = declare_config(self, RecorderConfig())
        refuse_unknown(self)
        folder = Path(
            self._config.folder or f"out/runs/{datetime.now().strftime('%Y%m%d_%H%M%S')}"
        )
        self._writer = RunWriter(folder, self._manifest())
        self._heard: dict[str, Any] = {}
        self._best_effort: set[str] = set()
        kind = kind_of(self._config.robot)
        for topic in TOPICS:
            if topic.recorded and kind in topic.robots:
                self._subscribe(self.resolve_topic_name(topic.name), topic.kind, topic.latched)
        self._subscribe(_PARAMETER_EVENTS, "rcl_interfaces/msg/ParameterEvent", False)
        self._snapshot = ParameterSnapshot(self, self.get_namespace(), self._note)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # simulated time may stand still
        self.create_timer(self._config.search_period, self._search, clock=steady)
        self.create_timer(self._config.flush_period, self._flush, clock=steady)
        self.create_timer(self._config.sync_period, self._sync, clock=steady)
        self.get_logger().info(f"recording to {self._writer.path}")

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _manifest(self) -> dict[str, Any]:
        return {
            "format": "robot_meta/run 1",
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            "note": self._config.note,
            "namespace": self.get_namespace(),
            "command_line": sys.argv[1:],
            "version": robot_meta.__version__,
            "commit": git_commit(),
            "python": sys.version.split()[0],
            "rmw": get_rmw_implementation_identifier(),
            "packages": _versions("numpy", "torch", "mujoco", "rclpy", "mcap"),
        }

    def _search(self) -> None:
        """Take in nodes and topics that have appeared, and publishers that offer less."""
        self._snapshot.look()
        base = "/" if self._config.all_namespaces else self.get_namespace().rstrip("/") + "/"
        for topic, kinds in self.get_topic_names_and_types():
            left_out = topic == "/rosout" or topic.endswith(_PICTURES)
            if left_out or not (topic.startswith(base) or topic in self._heard):
                continue
            offers = self.get_publishers_info_by_topic(topic)
            if not offers or len(kinds) != 1:
                continue
            best_effort = any(
                offer.qos_profile.reliability == QoSReliabilityPolicy.BEST_EFFORT
                for offer in offers
            )
            if topic in self._heard and best_effort <= (topic in self._best_effort):
                continue
            latched = all(
                offer.qos_profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL
                for offer in offers
            )
            self._subscribe(topic, kinds[0], latched, best_effort)

    def _subscribe(self, topic: str, kind: str, latched: bool, best_effort: bool = False) -> None:
        previous = self._heard.pop(topic, None)
        if previous is not None:
            self.destroy_subscription(previous)
        message = message_class(kind)
        if message is None or not self._writer.knows(kind):
            self.get_logger().warning(f"{topic} is not recorded: type {kind} is not known here")
            self._heard[topic] = None
            return
        profile = qos.latched() if latched else qos.state()
        profile.depth = qos.RECORDER_DEPTH
        if best_effort:
            profile.reliability = QoSReliabilityPolicy.BEST_EFFORT
            self._best_effort.add(topic)
        self._heard[topic] = self.create_subscription(
            message,
            topic,
            lambda data: self._write(topic, kind, data),  # type: ignore[arg-type]
            profile,
            raw=True,
        )

    def _note(self, node: str, parameters: dict[str, Any]) -> None:
        self._guarded(lambda: self._writer.add_parameters(node, parameters))

    def _write(self, topic: str, kind: str, data: bytes) -> None:
        now = self.get_clock().now().nanoseconds
        self._guarded(lambda: self._writer.write(topic, kind, data, now))

    def _flush(self) -> None:
        self._guarded(self._writer.flush)

    def _sync(self) -> None:
        self._guarded(self._writer.sync)

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do it; the first failure ends the node."""
        if self.failure is None:
            try:
                act()
            except RecordingFailed as error:
                self.failure = error


def message_class(kind: str) -> Any | None:
    """The class of message type `kind`; None where its package is not installed."""
    package, _, name = kind.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name, None)
    except ModuleNotFoundError:
        return None


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = ""
    return found


def main() -> int:
    """Run the node."""
    return run("recorder", RecorderNode)
