"""A server that speaks the Franka's protocol, as a separate process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from robot_meta.errors import LaunchError, MissingAsset
from robot_meta.robots.priority import run_first
from robot_meta.twin.assets import fr3_path, sim_path

PORT = 1337  # libfranka knows no other
START_S = 120.0  # a busy machine needs long to load the model
PYTHON = Path(".venv-franka-sim/bin/python")  # make setup-franka-sim
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
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        run_first(self.process.pid)  # an arm does not share its computer with anybody
        end = time.monotonic() + START_S
        while not is_listening():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                text = log.read_text(errors="replace").splitlines()
                raise LaunchError(f"the server did not start: {' | '.join(text[-5:])}")
            time.sleep(0.2)

    def change(self, body: dict[str, Any]) -> None:
        """Make the body of a `one_clock` server another one, at once."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(body).encode() + b"\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """End it, however it is doing; safe to call twice."""
        if self.process.returncode is None:
            for number in (signal.SIGCONT, signal.SIGKILL):  # nothing of it is worth keeping
                os.killpg(self.process.pid, number)
            self.process.wait()
            if self.process.stdin is not None:
                self.process.stdin.close()

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


def one_clock(python: Path = PYTHON, model: Path | None = None) -> list[str]:
    """Command of a franka-sim whose time is that of its physics; it enforces motion limits.

    Args:
        python: Of the environment that franka-sim is installed in.
        model: MJCF of the arm; the FR3 without a hand if None.

    Raises:
        MissingAsset: franka-sim is not installed there.
    """
    if not python.exists():
        raise MissingAsset(f"the server's Python {python}", "make setup-franka-sim")
    return [
        str(python),
        str(sim_path("franka_server.py")),
        *([] if model is None else [str(model)]),
    ]


def is_listening() -> bool:
    """Whether the port is taken; asked of the system, since a client would count as the first."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    return any(int(row[1].split(":")[1], 16) == PORT and row[3] == "0A" for row in rows)
