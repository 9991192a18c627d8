"""A server that speaks the Franka's protocol, as a separate process."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from robot_meta.errors import LaunchError
from robot_meta.twin.assets import fr3_path

PORT = 1337  # libfranka knows no other
START_S = 120.0  # a busy machine needs long to load the model
PROGRAM = Path(".venv-franka-sim/bin/run-franka-sim-server")  # make setup-franka-sim
ENFORCING = ("--enforce-motion-limits",)
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")  # it lives in an environment of its own


class ProtocolServer:
    """Starts `command` and waits until it listens; leaving the block ends it.

    Args:
        command: Program and arguments.
        log: Where its output goes.
    """

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.command, self.log = tuple(command), log
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                self.command,
                env={**environment, "FR3_MJCF": str(fr3_path()), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + START_S
        while not is_listening():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                text = log.read_text(errors="replace").splitlines()
                raise LaunchError(f"the server did not start: {' | '.join(text[-5:])}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it, however it is doing; safe to call twice."""
        if self.process.returncode is None:
            for number in (signal.SIGCONT, signal.SIGKILL):  # nothing of it is worth keeping
                os.killpg(self.process.pid, number)
            self.process.wait()

    def __enter__(self) -> ProtocolServer:
        """The server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()


def is_listening() -> bool:
    """Whether the port is taken; asked of the system, since a client would count as the first."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return any(int(row[1].split(":")[1], 16) == PORT and row[3] == "0A" for row in rows)
