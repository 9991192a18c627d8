"""`robot-meta store`: look at a replay store, check every row of it, keep what is sound."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from robot_meta.benchmarks.markdown import table
from robot_meta.errors import StoreDamaged
from robot_meta.replay.inspection import SegmentReport, repair, verify
from robot_meta.replay.snapshot import Snapshot

EPILOG = f"""examples:
  robot-meta store info out/store
  robot-meta store verify out/store
`info` and `verify` change nothing and need no permission to write. `verify` ends with code
{StoreDamaged.exit_code} where something that was acknowledged is damaged or missing. A torn end is
no damage: nobody was told that it is safe, and the next writer cuts it off.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta store`."""
    parser = argparse.ArgumentParser(
        prog="robot-meta store",
        description="Look at a replay store, check every row of it, keep what is sound.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("info", "verify", "repair"))
    parser.add_argument("path", type=Path, help="folder of the store")
    args = parser.parse_args(argv)
    if args.action == "info":
        print(info(args.path))
        return 0
    if args.action == "repair":
        found = repair(args.path)
        lost = sum(report.missing + report.damaged for report in found)
        print(f"{_counted(found)}\nkept what is sound; {lost} transitions are gone")
        return 0
    found = verify(args.path)
    print(_counted(found))
    for report in found:
        if not report.sound:
            print(f"segment {report.name}: {_problem(report)}")
    return 0 if all(report.sound for report in found) else StoreDamaged.exit_code


def info(path: Path) -> str:
    """What the store in `path` holds."""
    snapshot = Snapshot(path)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    fields = ", ".join(f"{name} ({width})" for name, width in snapshot.layout.fields)
    tasks: dict[str, list[int]] = {}
    about = snapshot.episodes
    for episode, count in zip(
        snapshot.runs["episode"].tolist(), snapshot.runs["count"].tolist(), strict=True
    ):
        task = about[episode].task if episode in about else "?"
        rows = tasks.setdefault(task, [0, 0])
        rows[0] += count
    for episode in about.values():
        tasks.setdefault(episode.task, [0, 0])[1] += 1
    lines = [
        f"{len(snapshot)} transitions of {fields}",
        f"{len(about)} episodes in {len(snapshot.segments)} segments; {size / 1e6:.1f} MB on disk,"
        f" {snapshot.layout.row_bytes} B a transition",
    ]
    rewards = sorted(folder.name for folder in (path / "rewards").glob("*"))
    if rewards:
        lines.append(f"rewards kept: {', '.join(rewards)}")
    body = [[task or "(none)", str(n), str(count)] for task, (count, n) in sorted(tasks.items())]
    return "\n".join([*lines, *table(["task", "episodes", "transitions"], body)])


def _counted(found: list[SegmentReport]) -> str:
    rows = sum(report.rows for report in found)
    torn = sum(report.torn_bytes for report in found)
    unsound = sum(not report.sound for report in found)
    return (
        f"{rows} transitions in {len(found)} segments checked: {unsound} segments damaged, "
        f"{torn} bytes of a torn end"
    )


def _problem(report: SegmentReport) -> str:
    parts = [
        f"{report.missing} of {report.rows} transitions missing" if report.missing else "",
        f"{report.damaged} transitions altered" if report.damaged else "",
        "header, index or lines about episodes altered" if report.side_damage else "",
    ]
    return ", ".join(part for part in parts if part)
