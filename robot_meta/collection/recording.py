"""A run on disk: one MCAP file and a manifest, readable however the writing ended.

Messages are appended one after the other as they came (CDR, `ros2msg` schemas: Foxglove
and rosbags read them). A killed writer loses what it had not flushed, a power cut what was not
synced, and either leaves a torn tail; `repair` cuts it and closes the file in place, needing a few
bytes of disk at most.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from mcap.data_stream import RecordBuilder
from mcap.records import DataEnd, Footer
from mcap.writer import CompressionType, Writer
from rosbags.typesys import Stores, get_typestore

from robot_meta.errors import RecordingFailed

RUN_FILE, MANIFEST = "run.mcap", "manifest.json"
MAGIC = b"\x89MCAP0\r\n"
_HEADER, _FOOTER, _DATA_END = 0x01, 0x02, 0x0F
_LAST_OPCODE = 0x0F
_ZEROS = 512  # at the end of a file, more than any whole message ends with
_BUFFER = 1 << 18  # bytes held back at most between two calls of `flush`


class RunWriter:
    """Appends serialized messages to a new run folder.

    Args:
        folder: Made here; must not hold a run yet.
        manifest: What the run was made with; values that JSON can carry.

    Raises:
        RecordingFailed: The folder cannot be written, or holds a run already.
    """

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.path = folder / RUN_FILE
        self.messages, self._closed = 0, False
        self._manifest = {**manifest, "parameters": {}}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._write_manifest()
        except FileExistsError:
            raise RecordingFailed(f"{folder} holds a run already; give another folder") from None
        except OSError as error:
            raise RecordingFailed(f"cannot record to {folder}: {error.strerror}") from None
        self._stream = _AppendStream(self._file)
        self._writer = Writer(
            self._stream,  # type: ignore[arg-type]
            use_chunking=False,
            compression=CompressionType.NONE,
        )
        self._types = get_typestore(Stores.ROS2_JAZZY)
        self._schemas: dict[str, int] = {}
        self._channels: dict[tuple[str, str], int] = {}
        self._writer.start(profile="ros2", library="robot_meta")
        self._writer.add_metadata("manifest", {k: str(v) for k, v in manifest.items()})
        self.flush()

    def add_parameters(self, node: str, parameters: Mapping[str, Any]) -> None:
        """Note in the manifest with which parameters a node runs.

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        self._manifest["parameters"] |= {node: dict(parameters)}
        try:
            self._write_manifest()
        except OSError as error:
            raise self._failed(error) from None

    def _write_manifest(self) -> None:
        """Write it anew, all or nothing."""
        path = self.path.with_name(MANIFEST)
        partial = path.with_name(MANIFEST + ".partial")
        text = json.dumps(self._manifest, indent=2, sort_keys=True, default=str)
        with partial.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)

    def knows(self, kind: str) -> bool:
        """Whether the definition of message type `kind` is at hand, so that it can be recorded."""
        return kind in self._types.fielddefs

    def write(self, topic: str, kind: str, data: bytes, stamp: int) -> None:
        """Append one serialized message.

        Args:
            topic: Full name of the topic.
            kind: Message type, such as "sensor_msgs/msg/JointState".
            data: CDR with its header, as middleware hands it over.
            stamp: When it came, [ns].

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        try:
            self._writer.add_message(self._channel(topic, kind), stamp, data, stamp, self.messages)
        except OSError as error:
            raise self._failed(error) from None
        self.messages += 1

    def flush(self) -> None:
        """Hand everything to the operating system; a kill after that loses none of it.

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        try:
            self._stream.flush()
        except OSError as error:
            raise self._failed(error) from None

    def sync(self) -> None:
        """Put everything on the disk; a power cut after that loses none of it.

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        try:
            self._stream.flush()
            os.fdatasync(self._file)
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Finish the file; safe to call twice and after an error.

        Raises:
            RecordingFailed: The disk is full or gone.
        """
        if self._closed:
            return
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._stream.flush()
            os.fsync(self._file)
        except OSError as error:
            raise self._failed(error) from None
        self._closed = True
        os.close(self._file)

    def _channel(self, topic: str, kind: str) -> int:
        if (topic, kind) not in self._channels:
            if kind not in self._schemas:
                definition, _ = self._types.generate_msgdef(kind, ros_version=2)
                self._schemas[kind] = self._writer.register_schema(
                    kind, "ros2msg", definition.encode()
                )
            self._channels[topic, kind] = self._writer.register_channel(
                topic, "cdr", self._schemas[kind]
            )
        return self._channels[topic, kind]

    def _failed(self, error: OSError) -> RecordingFailed:
        """Give the file up, closed as soundly as the disk allows."""
        if not self._closed:
            self._closed = True
            os.close(self._file)
            with contextlib.suppress(OSError, RecordingFailed):  # opening it later repairs it
                repair(self.path)
        return RecordingFailed(
            f"cannot write {self.path}: {error.strerror}. What was written stays readable; free "
            "some space and start a new run."
        )


class _AppendStream:
    """The part of a binary file that an MCAP writer needs, over a file descriptor."""

    def __init__(self, file: int) -> None:
        self._file, self._written, self._pending = file, 0, bytearray()

    def write(self, data: bytes) -> int:
        self._pending += data
        if len(self._pending) >= _BUFFER:
            self.flush()
        return len(data)

    def tell(self) -> int:
        return self._written + len(self._pending)

    def flush(self) -> None:
        while self._pending:
            count = os.write(self._file, self._pending)
            self._written += count
            del self._pending[:count]


def _sync_folder(folder: Path) -> None:
    """Make the names of new files in `folder` outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def repair(path: Path) -> int:
    """Close a cut MCAP file in place; the number of torn bytes that were removed.

    A sound file is left untouched, so repairing twice is repairing once.

    Raises:
        RecordingFailed: It is no MCAP file, or is being recorded at this moment.
    """
    try:
        with path.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RecordingFailed(f"{path} is being recorded; stop the recorder") from None
            end, complete = _sound_end(file)
            if end == 0:
                raise RecordingFailed(f"{path} is not an MCAP file, or lost its very beginning")
            if complete:
                return 0
            size = file.seek(0, os.SEEK_END)
            file.truncate(end)
            file.seek(end)
            file.write(_tail())
            return size - end
    except FileNotFoundError:
        raise RecordingFailed(f"there is no recording {path}") from None


def _sound_end(file: BinaryIO) -> tuple[int, bool]:
    """Where the last whole record of data ends, and whether the file is complete there."""
    size = _size_without_zeros(file)
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        return 0, False
    end = 0
    place = len(MAGIC)
    while True:
        head = file.read(9)
        if len(head) < 9:
            return end, False
        opcode, length = struct.unpack("<BQ", head)
        place += 9 + length
        first = end == 0
        if place > size or opcode == 0 or opcode > _LAST_OPCODE or first != (opcode == _HEADER):
            return end, False
        if opcode == _DATA_END:
            return end, _closed_after(file, place, size)
        end = place
        file.seek(place)


def _size_without_zeros(file: BinaryIO) -> int:
    """Size of the file but for a long run of zeros at its end, which power loss leaves."""
    size = file.seek(0, os.SEEK_END)
    end = size
    while end > 0:
        begin = max(0, end - _BUFFER)
        file.seek(begin)
        used = len(file.read(end - begin).rstrip(b"\0"))
        end = begin + used
        if used:
            break
    return end if size - end >= _ZEROS else size


def _closed_after(file: BinaryIO, place: int, size: int) -> bool:
    """Whether a summary, a footer and the magic end the file after `place`."""
    while place + 9 <= size:
        file.seek(place)
        opcode, length = struct.unpack("<BQ", file.read(9))
        place += 9 + length
        if opcode == _FOOTER:
            file.seek(place)
            return file.read() == MAGIC
    return False


def _tail() -> bytes:
    """End of data and a footer without a summary; readers then scan the file."""
    builder = RecordBuilder()
    DataEnd(data_section_crc=0).write(builder)
    Footer(summary_start=0, summary_offset_start=0, summary_crc=0).write(builder)
    return bytes(builder.end()) + MAGIC  # type: ignore[no-untyped-call]
