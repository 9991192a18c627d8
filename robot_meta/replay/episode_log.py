"""What is known of the episodes in a segment: one line of JSON each, with a checksum before it.

The line of an episode is on disk before any of its transitions is acknowledged, in every segment
that holds some of them: a segment can be understood by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from robot_meta.replay.lines import checked_line, checked_lines
from robot_meta.replay.transitions import Episode


def lines_of(episodes: Iterable[Episode]) -> bytes:
    """The lines that `read_episodes` reads."""
    return b"".join(checked_line([e.number, e.key, e.task, e.about]) for e in episodes)


def read_episodes(path: Path) -> tuple[list[Episode], int]:
    """Episodes in a file, and how many of its lines are torn or altered."""
    try:
        found, damaged = checked_lines(path.read_bytes())
    except FileNotFoundError:
        return [], 0
    return [Episode(*content) for content in found], damaged
