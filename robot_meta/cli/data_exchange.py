"""The part of `robot-meta data` that takes episodes out to other formats, and in."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from robot_meta.collection.run_reader import RunReader
from robot_meta.collection.video.files import parts
from robot_meta.errors import BadDataset
from robot_meta.formats.lerobot.layout import CAMERAS
from robot_meta.formats.mcap.export import export_mcap
from robot_meta.formats.mcap.importing import (
    exported_episodes,
    import_mcap,
    is_exported,
    read_episode,
)
from robot_meta.formats.mcap.runs import import_run
from robot_meta.formats.selection import EpisodeSelection

FORMATS = ("lerobot", "mcap")


def export_episodes(selection: EpisodeSelection, target: Path, kind: str, quiet: bool) -> int:
    """Write episodes to `target` in one of `FORMATS`."""
    with _bar("export", len(selection), quiet) as bar:
        if kind == "mcap":
            count = export_mcap(selection, target, bar.update)
        else:
            from robot_meta.formats.lerobot.export import export_lerobot  # pyarrow is an extra

            count = export_lerobot(selection, target, bar.update)
    print(f"{len(selection)} episodes of {selection.store} are {count} episodes in {target}")
    if missing := _left_out(selection, target):
        why = "MCAP holds no videos" if kind == "mcap" else "not every episode was filmed alike"
        print(f"left out, since {why}: {', '.join(missing)}")
    return 0


def _left_out(selection: EpisodeSelection, target: Path) -> list[str]:
    """Cameras of which an export holds nothing."""
    cameras = {c for e in selection.episodes for c in parts(selection.store, e.key)}
    there = {path.name.removeprefix(CAMERAS) for path in target.glob("videos/*")}
    return sorted(cameras - there)


def import_episodes(args: argparse.Namespace) -> int:
    """Take what lies in `args.source` into the store `args.path`."""
    source, store = args.source, args.path
    if not source.exists():
        raise BadDataset(source, "there is nothing")
    if (source / "meta").is_dir():
        count = _import_lerobot(source, store, args.quiet)
    elif folders := exported_episodes(source):
        count = _import_mcap(folders, args)
    elif source.suffix == ".mcap":
        count = _import_run(source, args)
    else:
        raise BadDataset(source, "it is no LeRobot data set (no meta), no export and no run")
    print(f"{count} episodes of {source} are in {store}")
    return 0


def count_exported(path: Path, quiet: bool) -> int | None:
    """Episodes of an export, read to the last number; None where `path` is none.

    Raises:
        BadDataset: It is cut, or not what was written.
        StoreVersion: A newer version wrote it.
    """
    if (path / "meta").is_dir():
        from robot_meta.formats.lerobot.reader import LerobotReader  # pyarrow is an extra

        reader = LerobotReader(path)
        with _bar("verify", len(reader), quiet) as bar:
            for _ in reader:
                bar.update()
        return len(reader)
    folders = exported_episodes(path)
    if not (folders and is_exported(folders[0])):
        return None
    with _bar("verify", len(folders), quiet) as bar:
        for folder in folders:
            read_episode(folder)
            bar.update()
    return len(folders)


def _import_lerobot(source: Path, store: Path, quiet: bool) -> int:
    from robot_meta.formats.lerobot.importing import import_lerobot  # pyarrow is an extra
    from robot_meta.formats.lerobot.reader import LerobotReader

    reader = LerobotReader(source)
    if reader.left_out:
        print(f"left out, being neither numbers nor video: {', '.join(reader.left_out)}")
    with _bar("import", len(reader), quiet) as bar:
        return import_lerobot(reader, store, bar.update)


def _import_mcap(folders: list[Path], args: argparse.Namespace) -> int:
    if not is_exported(folders[0]):
        return _import_run(folders[0], args)
    with _bar("import", len(folders), args.quiet) as bar:
        return import_mcap(folders, args.path, bar.update)


def _import_run(source: Path, args: argparse.Namespace) -> int:
    run = RunReader(source)
    with _bar("import", None, args.quiet, "period") as bar:
        keys = import_run(run, args.path, robot=args.robot, task=args.task, progress=bar.update)
    return len(keys)


def _bar(what: str, total: int | None, quiet: bool, unit: str = "episode") -> tqdm[Iterable[int]]:
    return tqdm(total=total, desc=what, unit=unit, disable=quiet)
