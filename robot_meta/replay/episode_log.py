"""What is known of the episodes in a segment: one line of JSON each, with a checksum before it.

The line of an episode is on disk before any of its transitions is acknowledged, in every segment
that holds some of them: a segment can be understood by itself.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from pathlib import Path

from robot_meta.replay.transitions import Episode


def lines_of(episodes: Iterable[Episode]) -> bytes:
    """The lines that `read_episodes` reads."""
    lines = []
    for episode in episodes:
        text = json.dumps(
            [episode.number, episode.key, episode.task, episode.about], sort_keys=True
        ).encode()
        lines.append(b"%08x %s\n" % (zlib.crc32(text), text))
    return b"".join(lines)


def read_episodes(path: Path) -> tuple[list[Episode], int]:
    """Episodes in a file, and how many of its lines are torn or altered."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0
    episodes, damaged = [], int(len(lines[-1]) > 0)  # the last line lacks its end
    for line in lines[:-1]:
        crc, _, text = line.partition(b" ")
        if crc == b"%08x" % zlib.crc32(text):
            episodes.append(Episode(*json.loads(text)))
        else:
            damaged += 1
    return episodes, damaged
