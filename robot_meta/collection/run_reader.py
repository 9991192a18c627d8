"""Reading a recorded run back into our types, without ROS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mcap.exceptions import McapError
from mcap.reader import make_reader
from rosbags.typesys import Stores, get_typestore

from robot_meta.collection.arm_decoder import ArmDecoder
from robot_meta.collection.decoder import (
    CommandedT,
    CommandT,
    Decoder,
    ObservationT,
    TargetT,
)
from robot_meta.collection.decoding import command_from, stamp_from
from robot_meta.collection.periods import PeriodJoiner
from robot_meta.collection.recording import MANIFEST, RUN_FILE, repair
from robot_meta.errors import RecordingFailed
from robot_meta.types import Command, Commanded, Observation, TargetPath


class RunReader:
    """A recorded run; one that was cut is repaired first.

    Args:
        path: Run folder, or the MCAP file in it.
        mend: Whether to repair it; if not, the file is not written to.

    Attributes:
        path: The MCAP file.
        manifest: What the run was made with; empty where there is no manifest.
        torn_bytes: How much was cut off its end by this repair.

    Raises:
        RecordingFailed: There is no such run, or it is still being recorded.
    """

    def __init__(self, path: Path, *, mend: bool = True) -> None:
        self.path = path / RUN_FILE if path.is_dir() else path
        self.torn_bytes = repair(self.path) if mend else 0
        manifest = self.path.with_name(MANIFEST)
        self.manifest: dict[str, Any] = (
            json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
        )
        self._types = get_typestore(Stores.ROS2_JAZZY)

    def topics(self) -> dict[str, int]:
        """Full name of every topic with a message, and how many."""
        counts: dict[str, int] = {}
        for topic, _, _, _ in self._records(None):
            counts[topic] = counts.get(topic, 0) + 1
        return counts

    def messages(self, topics: Sequence[str] | None = None) -> Iterator[tuple[str, Any, int]]:
        """(topic, message, stamp it came [ns]) in the order they came; None for all topics."""
        for topic, kind, data, stamp in self._records(topics):
            yield topic, self._types.deserialize_cdr(data, kind), stamp

    def periods(
        self,
        decoder: Decoder[ObservationT, CommandedT, CommandT, TargetT],
        namespace: str | None = None,
    ) -> Iterator[tuple[ObservationT, CommandedT]]:
        """Every period: what was measured at its start, and what was sent for it, by stamp.

        A period of which one of the messages is missing is left out. The state that a lockstep
        run repeats while it waits counts once.

        Args:
            decoder: Of the kind of robot that was recorded.
            namespace: Of the robot, such as "/left"; may be None where there is one robot.
        """
        base = self.base("joint_states", namespace)
        wanted = [base + name for name in decoder.period]
        joiner = PeriodJoiner(wanted)
        for topic, msg, _ in self.messages(wanted):
            if (parts := joiner.put(topic, msg)) is not None:
                yield decoder.step_from(parts)

    def paths(
        self,
        decoder: Decoder[ObservationT, CommandedT, CommandT, TargetT],
        namespace: str | None = None,
    ) -> Iterator[TargetT]:
        """Every target that was set."""
        topic = self.base("target", namespace) + "target"
        for _, msg, _ in self.messages([topic]):
            yield decoder.target_from(msg)

    def steps(
        self, joint_names: Sequence[str], namespace: str | None = None
    ) -> Iterator[tuple[Observation, Commanded]]:
        """The periods of an arm, its joint arrays in the order of `joint_names`."""
        return self.periods(ArmDecoder(joint_names), namespace)

    def targets(self, namespace: str | None = None) -> Iterator[TargetPath]:
        """The targets of an arm."""
        return self.paths(ArmDecoder(()), namespace)

    def commands(
        self, joint_names: Sequence[str], namespace: str | None = None
    ) -> Iterator[Command]:
        """Every command that the controller of an arm sent."""
        topic = self.base("command", namespace) + "command"
        for _, msg, _ in self.messages([topic]):
            yield command_from(msg, joint_names)

    def adaptation(self, namespace: str | None = None) -> dict[float, dict[str, float]]:
        """What the controller told of every period that it answered, by stamp [s]."""
        topic = self.base("adaptation", namespace) + "adaptation"
        return {
            stamp_from(msg.header.stamp): {
                value.key: float(value.value) for status in msg.status for value in status.values
            }
            for _, msg, _ in self.messages([topic])
        }

    def base(self, leaf: str, namespace: str | None) -> str:
        """The namespace that holds topic `leaf`, with a slash at its end."""
        if namespace is not None:
            return "/" + f"{namespace.strip('/')}/".lstrip("/")
        bases = {
            topic[: -len(leaf)] for topic in self.topics() if topic.rpartition("/")[2] == leaf
        }
        bases -= {f"{base}scene/" for base in bases}  # of what stands before that robot
        if len(bases) != 1:
            raise RecordingFailed(
                f"{self.path} holds '{leaf}' in {len(bases)} namespaces {sorted(bases)}; "
                "want exactly one, or give the namespace"
            )
        return bases.pop()

    def _records(self, topics: Sequence[str] | None) -> Iterator[tuple[str, str, bytes, int]]:
        with self.path.open("rb") as file:
            try:
                for schema, channel, message in make_reader(file).iter_messages(
                    topics, log_time_order=False
                ):
                    if schema is not None:
                        yield channel.topic, schema.name, message.data, message.log_time
            except McapError as error:
                raise RecordingFailed(f"{self.path} is damaged: {error}") from None
