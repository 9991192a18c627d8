"""Where things are in a LeRobot data set, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

VERSION = "v3.0"
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
EPISODES = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEOS = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
CHUNK_FILES = 1000  # in a folder
DATA_MB, VIDEO_MB = 100, 200  # of a file, about

INDICES = ("timestamp", "frame_index", "episode_index", "index", "task_index")
"""Columns that every data set has: time within the episode, and places."""

COLUMNS = {"state": "observation.state", "requested": "action"}
"""Fields of the store that LeRobot has names for; every other field keeps its own."""

CAMERAS = "observation.images."
"""Prefix of the columns of what cameras saw."""

STAMP, ENDING = "stamp", "ending"
"""Columns of our own: the robot's clock, and the bits of the end of an episode."""

OURS = "robot_meta"
"""Prefix of the columns about an episode, and name of an entry of info, that are our own."""


def features(
    fields: Mapping[str, int],
    names: Mapping[str, Sequence[str]],
    cameras: Mapping[str, tuple[int, int]],
    rate: int,
) -> dict[str, dict[str, Any]]:
    """Type, shape and names of every column.

    Args:
        fields: Of the store, with their widths.
        names: Of the entries of fields, where they are known.
        cameras: Height and width of the pictures of each.
        rate: Steps in a second.
    """
    own = {
        COLUMNS.get(name, name): _feature("float32", width, names.get(name))
        for name, width in fields.items()
    }
    seen = {CAMERAS + name: _video(*size, rate) for name, size in cameras.items()}
    return {
        **own,
        **seen,
        STAMP: _feature("float64", 1),
        ENDING: _feature("int64", 1),
        **{name: _feature("int64", 1) for name in INDICES},
        "timestamp": _feature("float32", 1),
    }


def _feature(dtype: str, width: int, names: Sequence[str] | None = None) -> dict[str, Any]:
    known = list(names) if names is not None and len(names) == width else None
    return {"dtype": dtype, "shape": [width], "names": known}


def _video(height: int, width: int, rate: int) -> dict[str, Any]:
    about = {
        "video.height": height,
        "video.width": width,
        "video.codec": "h264",
        "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False,
        "video.fps": rate,
        "video.channels": 3,
        "has_audio": False,
    }
    names = ["height", "width", "channels"]
    return {"dtype": "video", "shape": [height, width, 3], "names": names, "info": about}


def info(
    columns: Mapping[str, Any], rate: int, robot: str, episodes: int, frames: int, tasks: int
) -> dict[str, Any]:
    """What `meta/info.json` says; LeRobot knows all of it."""
    return {
        "codebase_version": VERSION,
        "robot_type": robot,
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": CHUNK_FILES,
        "data_files_size_in_mb": DATA_MB,
        "video_files_size_in_mb": VIDEO_MB,
        "fps": rate,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA,
        "video_path": VIDEOS if any(f["dtype"] == "video" for f in columns.values()) else None,
        "features": dict(columns),
    }
