"""Where packages, their shared files and their executables are, with and without a ROS install."""

from __future__ import annotations

import os
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path

PACKAGE = "robot_meta"
_ENTRY = Path(__file__).with_name("entry.py")


def source_root() -> Path | None:
    """The source tree this package runs from, None where it was installed."""
    root = Path(__file__).resolve().parents[2]
    manifest = root / "package.xml"
    if manifest.is_file() and f"<name>{PACKAGE}</name>" in manifest.read_text(encoding="utf-8"):
        return root
    return None


def ament_prefix(package: str) -> Path | None:
    """The prefix of a package that ROS's own index knows, from AMENT_PREFIX_PATH."""
    for folder in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if folder and _has_marker(Path(folder), package):
            return Path(folder)
    return None


def prefix(package: str) -> Path:
    """The install prefix of a package; this Python's own counts too, since wheels land there."""
    found = ament_prefix(package)
    if found is None and _has_marker(Path(sys.prefix), package):
        found = Path(sys.prefix)
    if found is None:
        raise ValueError(
            f"package '{package}' is not found; AMENT_PREFIX_PATH is "
            f"{os.environ.get('AMENT_PREFIX_PATH', '')!r}"
        )
    return found


def share(package: str) -> Path:
    """The shared files of a package: installed by ROS, in this source tree, or from a wheel."""
    if package == PACKAGE and ament_prefix(package) is None:
        root = source_root()
        if root is not None:
            return root
    return prefix(package) / "share" / package


def executable(package: str, name: str) -> list[str]:
    """The command that starts a package's executable.

    `lib/<package>/<name>` of the ament index, as `ros2 run` has it; without one, the console
    script of that name which the Python distribution declares.
    """
    found = ament_prefix(package) or Path(sys.prefix)
    path = shutil.which(name, path=str(found / "lib" / package))
    if path is not None:
        return [path]
    points = entry_points(package)
    if name not in points:
        known = f"it has {', '.join(sorted(points))}" if points else "no such package is installed"
        raise ValueError(f"package '{package}' has no executable '{name}'; {known}")
    return [sys.executable, str(_ENTRY), points[name]]


def entry_points(package: str) -> dict[str, str]:
    """Console scripts of a Python distribution as `name: "module:function"`."""
    if package == PACKAGE:
        nodes = Path(__file__).resolve().parents[1] / "nodes"
        return {
            path.stem.removesuffix("_node"): f"{PACKAGE}.nodes.{path.stem}:main"
            for path in sorted(nodes.glob("*_node.py"))
        }
    try:
        distribution = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return {}
    return {p.name: p.value for p in distribution.entry_points if p.group == "console_scripts"}


def launch_file(name: str, package: str = PACKAGE) -> Path:
    """A launch file by path, or by bare name from the `launch` folder of a package."""
    path = Path(name)
    if path.is_file():
        return path.resolve()
    folder = share(package) / "launch"
    if path.name == name and (folder / name).is_file():
        return (folder / name).resolve()
    known = sorted(p.name for p in folder.glob("*.launch.*")) if folder.is_dir() else []
    raise ValueError(f"no launch file '{name}' here; {folder} has {', '.join(known) or 'none'}")


def _has_marker(folder: Path, package: str) -> bool:
    if not re.fullmatch(r"\w[\w-]*", package):
        return False
    return (folder / "share/ament_index/resource_index/packages" / package).is_file()
