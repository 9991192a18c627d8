"""What a driver and processes of its own exchange: memory that all can see, and messages.

A record lies in memory that several processes map. Its writer never waits, and its readers get
the newest one without waiting: a counter that is odd while something is being written tells them
to look again.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from robot_meta import errors
from robot_meta.errors import NotConnected, RobotMetaError
from robot_meta.types import Array

GOODBYE = 5.0  # longest that a process may take to let go of its robot, [s]
_TEXT = 320  # bytes of a text
_MESSAGE = 1 << 17  # longest message, bytes
_TRIES = 1000  # a writer needs microseconds; one that was frozen half way never ends
_Copied = TypeVar("_Copied")
_Way = TypeVar("_Way", bound="Channel")


class SharedRecord:
    """A row of numbers and some texts that one process writes whole and others read whole.

    Args:
        memory: Where it lies.
        floats: How many numbers.
        texts: How many texts.
        offset: Of its first byte in the memory, a multiple of 8.
    """

    def __init__(self, memory: mmap.mmap, floats: int, texts: int, offset: int = 0) -> None:
        self._counter = np.frombuffer(memory, np.int64, 1, offset)
        self._floats = np.frombuffer(memory, np.float64, floats, offset + 8)
        start = offset + 8 + 8 * floats
        self._texts = [
            np.frombuffer(memory, f"S{_TEXT}", 1, start + i * _TEXT) for i in range(texts)
        ]
        self.end = start + texts * _TEXT
        self._newest: tuple[Array, list[str]] | None = None

    def write(self, floats: Sequence[float] | Array, *texts: str) -> None:
        """Replace it; one process only may do so."""
        with self.writing():
            self._floats[:] = floats
            for place, text in zip(self._texts, texts, strict=True):
                place[0] = text.encode()[:_TEXT]

    def read(self) -> tuple[Array, list[str]] | None:
        """The newest numbers and texts, the last good ones if a writer froze; None before."""
        if self._counter[0]:
            copied = self.whole(
                lambda: (
                    self._floats.copy(),
                    [bytes(text[0]).decode(errors="replace") for text in self._texts],
                )
            )
            self._newest = copied if copied is not None else self._newest
        return self._newest

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What is written inside belongs together."""
        self._counter[0] += 1
        yield
        self._counter[0] += 1

    def whole(self, copy: Callable[[], _Copied]) -> _Copied | None:
        """What `copy` copies, not mixed with what is being written; None if its writer froze."""
        for _ in range(_TRIES):
            before = int(self._counter[0])
            copied = copy()
            if before % 2 == 0 and before == int(self._counter[0]):
                return copied
        return None


class Signs:
    """Moments that processes tell each other, each written by one of them; 0 for never.

    Args:
        memory: Where they lie.
        names: What they are called.
        offset: Of the first byte, a multiple of 8.
    """

    def __init__(self, memory: mmap.mmap, names: Sequence[str], offset: int) -> None:
        self._times = {
            name: np.frombuffer(memory, np.float64, 1, offset + 8 * i)
            for i, name in enumerate(names)
        }

    def set(self, name: str, moment: float | None = None) -> None:
        """Make it `moment`, now by default, monotonic clock of this machine, [s]."""
        self._times[name][0] = time.monotonic() if moment is None else moment

    def __getitem__(self, name: str) -> float:
        """The moment of a sign, [s]."""
        return float(self._times[name][0])

    def age(self, name: str) -> float:
        """How long ago it was, [s]."""
        return time.monotonic() - self[name]


class Channel:
    """Whole messages in both directions, in order: requests and answers."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def send(self, message: dict[str, Any]) -> None:
        """Send a request or an answer.

        Raises:
            OSError: The other side is gone.
        """
        self.send_bytes(b"J" + json.dumps(message).encode())

    def send_bytes(self, data: bytes) -> None:
        """Send a message of another kind, whose first byte is not a J."""
        self._end.sendall(data)

    def receive(self, timeout: float) -> Any:
        """The next message, None when there is none within `timeout` [s].

        Raises:
            EOFError: The other side is gone.
        """
        self._end.settimeout(timeout)  # 0 does not wait at all
        try:
            data = self._end.recv(_MESSAGE)
        except (BlockingIOError, TimeoutError):
            return None
        except OSError:
            data = b""
        finally:
            self._end.settimeout(None)
        if not data:
            raise EOFError
        return json.loads(data[1:]) if data[:1] == b"J" else self.unpack(data)

    def unpack(self, data: bytes) -> Any:
        """The message of another kind that was sent as `data`."""
        raise ValueError(f"unknown kind of message {data[:1]!r}")

    def close(self) -> None:
        """Let go of it; the other side is told."""
        self._end.close()


class OwnProcess(Generic[_Way]):
    """A Python process beside the driver: `python -m MODULE CHANNEL MEMORY`, and the way to it.

    Args:
        module: What it runs.
        memory: Descriptor of the memory that it maps.
        channel: Kind of the channel.
    """

    def __init__(self, module: str, memory: int, channel: type[_Way]) -> None:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel = channel(here)
        numbers = (there.fileno(), memory)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, numbers)],
            stdin=subprocess.DEVNULL,
            pass_fds=numbers,
            start_new_session=True,
        )
        there.close()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def require(self) -> None:
        """Raise unless it runs.

        Raises:
            NotConnected: It ended.
        """
        if self._process.poll() is not None:
            raise NotConnected(
                f"the driver process ended with {self._process.returncode}; start the driver again"
            )

    def ask(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Its answer to a request.

        Raises:
            NotConnected: It ended, or does not answer within `timeout` [s].
        """
        self.require()
        try:
            self.channel.send(message)
            answer = self.channel.receive(timeout)
        except (OSError, EOFError):
            raise NotConnected("the driver process ended; start the driver again") from None
        if answer is None:
            raise NotConnected(f"the driver process gave no answer within {timeout:.0f} s")
        assert isinstance(answer, dict)
        return answer

    def end(self) -> None:
        """Close the channel, which ends it; kill it if it takes too long."""
        self.channel.close()
        try:
            self._process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


class Runs(Protocol):
    """What a process of a driver's own does."""

    def run(self) -> None:
        """Go on until the driver closes the channel."""


def serve(channel: Channel, begin: Callable[[dict[str, Any]], Runs]) -> int:
    """Be such a process: begin as the first message says, and run; the exit code.

    Errors of this project while it begins go to the driver, as `error` and `text`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that commands
    try:
        setup = channel.receive(10.0)
        if not isinstance(setup, dict):
            return 2
        process = begin(setup)
    except RobotMetaError as error:
        with suppress(OSError):  # a driver that waited too long is gone
            channel.send({"error": type(error).__name__, "text": str(error)})
        return error.exit_code
    except EOFError:
        return 0
    process.run()
    return 0


def require_success(answer: dict[str, Any]) -> None:
    """Raise the error that a process met while it began, if that is its answer."""
    if "error" in answer:
        kind: type[RobotMetaError] = getattr(errors, answer["error"])
        error = kind.__new__(kind)  # what it is made of stayed on the other side
        error.args = (answer["text"],)
        raise error


def shared_memory(name: str, size: int) -> int:
    """Descriptor of a fresh piece of memory that other processes can inherit."""
    descriptor = os.memfd_create(name, 0)
    os.ftruncate(descriptor, size)
    return descriptor
