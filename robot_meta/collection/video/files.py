"""Where the videos of a store lie: beside its segments, one folder per episode.

`STORE/videos/EPISODE/CAMERA.0.mp4`; an episode that is resumed goes on in `CAMERA.1.mp4`.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = "videos"
_PART = re.compile(r"(?P<camera>\w+)\.(?P<number>\d+)\.mp4")


def parts(store: Path, episode: str) -> dict[str, list[Path]]:
    """Files of an episode by camera, in order of time."""
    found: dict[str, list[tuple[int, Path]]] = {}
    folder = store / FOLDER / episode
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _PART.fullmatch(path.name)
        if match is not None:
            found.setdefault(match["camera"], []).append((int(match["number"]), path))
    return {camera: [path for _, path in sorted(found[camera])] for camera in sorted(found)}


def next_part(store: Path, episode: str, camera: str) -> Path:
    """The file that a camera goes on with; its folder is made."""
    before = parts(store, episode).get(camera, [])
    number = int(_number(before[-1])) + 1 if before else 0
    folder = store / FOLDER / episode
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{camera}.{number}.mp4"


def _number(path: Path) -> str:
    match = _PART.fullmatch(path.name)
    assert match is not None
    return match["number"]
