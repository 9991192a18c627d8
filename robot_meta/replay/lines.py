"""Lines of JSON that vouch for themselves: a checksum before each, one object a line."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

from robot_meta.replay.files import Files


def checked_line(content: Any) -> bytes:
    """The line for what JSON can carry."""
    text = json.dumps(content, sort_keys=True).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def checked_lines(data: bytes) -> tuple[list[Any], int]:
    """What the lines in `data` carry, and how many of them are torn or altered."""
    lines = data.split(b"\n")
    found, damaged = [], int(len(lines[-1]) > 0)  # the last line lacks its end
    for line in lines[:-1]:
        crc, _, text = line.partition(b" ")
        if crc == b"%08x" % zlib.crc32(text):
            found.append(json.loads(text))
        else:
            damaged += 1
    return found, damaged


def cut_torn_end(files: Files, path: Path) -> None:
    """Cut what a crash or a full disk left of a last line; nobody was told that it is safe."""
    data = path.read_bytes()
    sound = data.rfind(b"\n") + 1
    if sound < len(data):
        files.cut(path, sound)
