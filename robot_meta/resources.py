"""Where files that ship beside the code lie: `launch/`, `config/`, `models/`, `sim/`."""

from __future__ import annotations

import sys
from pathlib import Path

from robot_meta.errors import MissingAsset


def roots() -> list[Path]:
    """Folders that may hold them, the nearest first.

    In a source tree (and an editable install of it) that is the tree itself; an installed package
    lies at PREFIX/lib/pythonX.Y/site-packages and its data at PREFIX/share/robot_meta, for pip and
    for colcon alike.
    """
    package = Path(__file__).resolve().parent
    prefixes = [*package.parents, Path(sys.prefix)]
    tree = [package.parent] if (package.parent / "package.xml").is_file() else []
    return tree + [prefix / "share" / "robot_meta" for prefix in prefixes]


def resource(relative: str) -> Path:
    """The file or folder `relative`, such as "launch/arm.launch.xml".

    Raises:
        MissingAsset: It is neither in the source tree nor installed.
    """
    for root in roots():
        if (root / relative).exists():
            return root / relative
    raise MissingAsset(f"robot_meta's {relative}", "make setup, or colcon build and source it")
