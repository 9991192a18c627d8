"""What one check of `robot-meta doctor` found, and how it looks into a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

OK, WARN, FAIL = "OK", "WARN", "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        level: OK; WARN when only what the line names is concerned; FAIL when the main job is.
        name: Of the check.
        text: What was found.
        remedy: What to type about it; empty when there is nothing to do.
    """

    level: str
    name: str
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Probe:
    """How a piece of Python ended in a process of its own.

    Attributes:
        ok: It ended by itself, without an error.
        answer: The last line it printed.
        trouble: The last line of its error output, or how it was ended.
    """

    ok: bool
    answer: str
    trouble: str


def probe(code: str, extra: Mapping[str, str] | None = None, timeout_s: float = 60.0) -> Probe:
    """Run `code` in a fresh Python, so that a crash or a hang in a library stays there."""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, **(extra or {})}
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Probe(False, "", f"no answer within {timeout_s:.0f} s")
    answer = (done.stdout.strip().splitlines() or [""])[-1]
    trouble = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
    return Probe(done.returncode == 0, answer, "" if done.returncode == 0 else trouble)
