"""Runs the processes of a plan until all have ended, or one that is required has."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from robot_meta.launching.child import Child
from robot_meta.launching.output import Lines, Screen
from robot_meta.launching.plan import Plan

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL = 0.05  # [s], how late a signal or a respawn may be
_CHUNK = 65536


def run(plan: Plan, screen: Screen | None = None) -> int:
    """Start everything, wait, end everything.

    Returns:
        The exit code of the required process that ended the launch. Else 0 when a person ended it,
        or the code of the first process that failed by itself.
    """
    screen = Screen() if screen is None else screen
    for message in plan.messages:
        screen.info(message)
    if plan.shutdown is not None:
        screen.info(f"nothing is started: {plan.shutdown}")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="robot_meta_launch_"))
    with guarding(folder) as guardian:
        return Runner(plan, screen, folder, guardian).run()


class Runner:
    """The loop: output in, signals out, deaths noticed."""

    def __init__(self, plan: Plan, screen: Screen, folder: Path, guardian: Any) -> None:
        self._screen, self._folder, self._guardian = screen, folder, guardian
        self._children = [Child(process) for process in plan.processes]
        self._due: dict[Child, float] = dict.fromkeys(self._children, 0.0)  # to be started, when
        self._watched: set[Child] = set()  # those the guardian knows
        self._selector = selectors.DefaultSelector()
        self._files = 0
        self._signals: list[int] = []
        self._stopping = False
        self._result = 0

    def run(self) -> int:
        """Until nothing is left; returns the exit code of the launch."""
        with self._signal_handlers():
            while self._due or self._watched:
                self._start_due()
                self._read(_POLL)
                self._handle_signals()
                for child in list(self._watched):
                    self._look_after(child)
        self._selector.close()
        return self._result

    def _start_due(self) -> None:
        for child in [c for c, when in self._due.items() if when <= time.monotonic()]:
            del self._due[child]
            try:
                child.start(self._write_parameters, self._screen.coloured)
            except OSError as error:
                self._screen.error(f"{child.process.label} cannot be started: {error}")
                self._note_failure(child, 127)
                continue
            process = child.process
            self._watched.add(child)
            self._tell(f"+ {child.group} {process.sigterm_timeout} {process.sigkill_timeout}")
            for pipe in child.pipes:
                self._selector.register(pipe, selectors.EVENT_READ, (child, Lines()))
            self._screen.info(f"{process.label} started, process {child.group}")
            if self._stopping:
                child.interrupt()

    def _look_after(self, child: Child) -> None:
        """Notice its death, push its end along, forget it when nothing of it is left."""
        if child.poll():
            self._on_exit(child)
            child.interrupt()  # whatever it left behind
        name = child.escalate()
        if name is not None:
            self._screen.error(f"{child.process.label} is still there: sent {name}")
        if child.gone:
            self._watched.remove(child)
            self._tell(f"- {child.group}")
            for pipe in child.pipes:
                self._read_pipe(pipe)
                if not pipe.closed:
                    self._close(pipe)
            self._respawn(child)

    def _on_exit(self, child: Child) -> None:
        label, code = child.process.label, child.exit_code
        assert code is not None
        if code == 0 or self._stopping:
            self._screen.info(f"{label} ended with exit code {code}")
        else:
            self._screen.error(f"{label} died with exit code {code}")
        if self._stopping:
            return
        if child.process.required:
            self._result = code
            self._stop(f"{label} is required")
        elif not self._may_respawn(child):
            self._note_failure(child, code)

    def _note_failure(self, child: Child, code: int) -> None:
        if self._stopping:
            return
        self._result = self._result or code
        if child.process.required:
            self._result = code
            self._stop(f"{child.process.label} is required")

    def _may_respawn(self, child: Child) -> bool:
        process = child.process
        most = process.respawn_max_retries
        return process.respawn and (most < 0 or child.starts <= most) and not process.required

    def _respawn(self, child: Child) -> None:
        if self._stopping or not self._may_respawn(child):
            return
        delay = child.process.respawn_delay
        self._screen.info(f"{child.process.label} is started again in {delay:g} s")
        self._due[child] = time.monotonic() + delay

    def _stop(self, reason: str) -> None:
        self._stopping = True
        self._due.clear()
        self._screen.info(f"ending all: {reason}")
        for child in self._watched:
            child.interrupt()

    def _handle_signals(self) -> None:
        signals, self._signals = self._signals, []
        for number in signals:
            if not self._stopping:
                self._result = 0
                self._stop(f"got {signal.Signals(number).name}")
                continue
            for child in self._watched:
                if child.escalate(at_once=True):
                    self._screen.info(f"again: sent SIGTERM to {child.process.label}")

    def _read(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                os.read(key.fd, _CHUNK)  # a signal woke us
            else:
                self._read_pipe(key.fileobj)

    def _read_pipe(self, pipe: Any) -> None:
        """Show what is there; at its end close it."""
        while not pipe.closed:
            try:
                data = os.read(pipe.fileno(), _CHUNK)
            except BlockingIOError:
                return
            self._show(pipe, data)
            if not data:
                self._close(pipe)
            if len(data) < _CHUNK:
                return

    def _show(self, pipe: Any, data: bytes) -> None:
        child, lines = self._selector.get_key(pipe).data
        for line in lines.feed(data):
            self._screen.line(child.process.label, line)

    def _close(self, pipe: Any) -> None:
        self._selector.unregister(pipe)
        pipe.close()

    def _tell(self, line: str) -> None:
        try:
            self._guardian.write(line + "\n")
            self._guardian.flush()
        except BrokenPipeError:
            self._screen.error("the guardian process is gone: kill -9 would leave orphans now")

    def _write_parameters(self, content: dict[str, Any]) -> Path:
        self._files += 1
        path = self._folder / f"parameters_{self._files}.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        """Collect stop signals, and let them and dying children wake the loop."""

        def collect(number: int, _frame: FrameType | None) -> None:
            self._signals.append(number)

        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        self._selector.register(reader, selectors.EVENT_READ, None)
        before = {number: signal.signal(number, collect) for number in _STOP_SIGNALS}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.unregister(reader)
            reader.close()
            writer.close()


@contextmanager
def guarding(folder: Path) -> Iterator[Any]:
    """A process that ends the others should this one be killed, then removes `folder`."""
    program = Path(__file__).with_name("guardian.py")
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(program), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as process:
        try:
            yield process.stdin
        finally:
            if process.stdin is not None and process.poll() is None:
                process.stdin.close()
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)
