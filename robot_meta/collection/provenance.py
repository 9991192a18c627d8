"""What a recording was made with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import robot_meta


def git_commit() -> str:
    """Commit of the source tree that runs, with "+" where files differ; "" outside of one."""
    here = str(Path(robot_meta.__file__).parent)
    try:
        commit = subprocess.run(
            ["git", "-C", here, "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5.0,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return commit.stdout.strip() if commit.returncode == 0 else ""
