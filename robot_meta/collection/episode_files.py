"""Episodes on disk: one npz without pickle per episode, written all or nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.errors import BadModelFile


def save_episode(path: Path, episode: EpisodeData, about: dict[str, Any]) -> None:
    """Write an episode and what is known `about` it."""
    partial = path.with_suffix(".partial.npz")
    text = np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)
    np.savez(partial, state=episode.state, action=episode.action, about=text)
    partial.replace(path)


def load_episode(path: Path) -> tuple[EpisodeData, dict[str, Any]]:
    """Read what `save_episode` wrote.

    Raises:
        BadModelFile: The file is truncated or not an episode.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            about = json.loads(data["about"].tobytes().decode())
            return EpisodeData(data["state"], data["action"]), about
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        problem = f"not an episode or damaged ({error}); delete it and collect again"
        raise BadModelFile(path, problem) from None
