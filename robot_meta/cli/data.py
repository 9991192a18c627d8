"""`robot-meta data`: look at recorded episodes, check them, take them out and in."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from robot_meta.benchmarks.markdown import table
from robot_meta.cli.actions import Actions
from robot_meta.cli.data_exchange import (
    FORMATS,
    count_exported,
    export_episodes,
    import_episodes,
)
from robot_meta.collection.recording import RUN_FILE
from robot_meta.collection.recording import repair as repair_run
from robot_meta.errors import StoreDamaged
from robot_meta.formats.checking import check_episodes
from robot_meta.formats.selection import EpisodeSelection, Selection
from robot_meta.formats.summary import EpisodeLine, StoreSummary, episode_line, summarize_store
from robot_meta.replay.inspection import SegmentReport, repair, verify
from robot_meta.replay.snapshot import Snapshot

EPILOG = f"""examples:
  robot-meta data info out/store
  robot-meta data ls out/store --task open_drawer
  robot-meta data export out/store out/drawer --format lerobot --task open_drawer
  robot-meta data import out/drawer out/other_store
  robot-meta data import out/runs/first out/store
  robot-meta data verify out/store
All but `import` and `repair` change nothing in a store and need no permission to write there.
`verify` ends with code {StoreDamaged.exit_code} where something that was acknowledged is damaged
or missing. A torn end is no damage: nobody was told that it is safe, and the next writer cuts it.
An export is verified too; it is made again rather than repaired.
`import` takes LeRobot data sets of version 3, what `export` wrote, and runs that were
recorded with `record:=FOLDER`; done twice, it is done once.
"""

HEAD = (
    *("episode", "task", "instruction", "who", "robot"),
    *("steps", "seconds", "marks", "cameras", ""),
)


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta data`."""
    return _actions().run(argv)


def _actions() -> Actions:
    actions = Actions(
        "data", "Look at recorded episodes, check them, take them out and in.", EPILOG
    )
    action = actions.add
    listing = action("ls", _ls, "one line per episode")
    listing.add_argument("--all", action="store_true", help="discarded ones too")
    info = action("info", _info, "what a store holds: episodes, hours, tasks, who, robots, bytes")
    exporting = action("export", _export, "write episodes in another format, all or nothing")
    verifying = action("verify", _verify, "check every row, and that episodes make sense")
    repairing = action("repair", _repair, "keep what is sound of a damaged store or run")
    for added in (listing, info, exporting, verifying, repairing):
        added.add_argument("path", type=Path, help="folder of the store")
    exporting.add_argument("target", type=Path, help="folder to make")
    exporting.add_argument("--format", choices=FORMATS, required=True)
    importing = action("import", import_episodes, "take episodes of another format into a store")
    importing.add_argument("source", type=Path, help="LeRobot data set, export in MCAP, or run")
    importing.add_argument("path", type=Path, help="folder of the store; made if need be")
    importing.add_argument("--robot", default="", help="of a run that does not say it")
    importing.add_argument("--task", default="", help="what a run was an attempt at")
    for added in (listing, exporting):
        added.add_argument("--task", default="", help="only attempts at this task")
        added.add_argument("--who", default="", help="only of this hand")
        added.add_argument("--episode", nargs="+", default=(), help="only these, by key")
    for added in (exporting, importing, verifying):
        added.add_argument("--quiet", action="store_true", help="no progress bar")
    return actions


def _selected(args: argparse.Namespace, discarded: bool = False) -> EpisodeSelection:
    selection = Selection(
        task=args.task, who=args.who, keys=tuple(args.episode), discarded=discarded
    )
    return EpisodeSelection(args.path, selection)


def _ls(args: argparse.Namespace) -> int:
    selection = _selected(args, args.all)
    lines = [_cells(episode_line(selection, episode)) for episode in selection.episodes]
    head = [
        "episode",
        "task",
        "instruction",
        "who",
        "robot",
        "steps",
        "seconds",
        "marks",
        "cameras",
        "",
    ]
    print("\n".join(table(head, lines)) if lines else "no episode")
    return 0


def _cells(line: EpisodeLine) -> list[str]:
    return [
        line.key,
        line.task,
        line.instruction,
        line.who,
        line.robot,
        str(line.steps),
        f"{line.seconds:.1f}",
        str(line.marks or ""),
        ", ".join(line.cameras),
        "discarded" if line.discarded else "",
    ]


def _info(args: argparse.Namespace) -> int:
    print(info(args.path))
    return 0


def info(path: Path) -> str:
    """What the store in `path` holds."""
    snapshot, found = Snapshot(path), summarize_store(path)
    fields = ", ".join(f"{name} ({width})" for name, width in snapshot.layout.fields)
    lines = [
        f"{found.episodes} episodes, {found.seconds / 3600.0:.2f} h, {found.steps} transitions of "
        f"{fields}",
        f"{found.size / 1e6:.1f} MB on disk in {len(snapshot.segments)} segments, "
        f"{snapshot.layout.row_bytes} B a transition",
    ]
    if found.filmed:
        lines.append(f"{found.filmed} episodes are filmed")
    if found.discarded:
        lines.append(f"{found.discarded} more episodes are discarded")
    rewards = sorted(folder.name for folder in (path / "rewards").glob("*"))
    if rewards:
        lines.append(f"rewards kept: {', '.join(rewards)}")
    return "\n".join([*lines, *_counts(found)])


def _counts(found: StoreSummary) -> list[str]:
    body = [
        [what, name or "(none)", str(count)]
        for what, counts in (("task", found.tasks), ("who", found.who), ("robot", found.robots))
        for name, count in sorted(counts.items())
    ]
    return table(["", "name", "episodes"], body) if body else []


def _export(args: argparse.Namespace) -> int:
    return export_episodes(_selected(args), args.target, args.format, args.quiet)


def _verify(args: argparse.Namespace) -> int:
    if (exported := count_exported(args.path, args.quiet)) is not None:
        print(f"{exported} exported episodes checked: whole, in order, as they were written")
        return 0
    found = verify(args.path)
    print(_counted(found))
    problems = [
        f"segment {report.name}: {_problem(report)}" for report in found if not report.sound
    ]
    episodes = len(EpisodeSelection(args.path, Selection(discarded=True)))
    with tqdm(total=episodes, desc="verify", unit="episode", disable=args.quiet) as bar:
        checked = list(check_episodes(args.path, bar.update))
    problems += [f"{problem.where}: {problem.what}" for problem in checked]
    print("\n".join([f"{episodes} episodes checked: {len(checked)} problems", *problems]))
    return StoreDamaged.exit_code if problems else 0


def _repair(args: argparse.Namespace) -> int:
    if args.path.is_file() or (args.path / RUN_FILE).is_file():
        run = args.path / RUN_FILE if args.path.is_dir() else args.path
        print(f"{run} is whole; {repair_run(run)} bytes of a torn end were cut off")
        return 0
    found = repair(args.path)
    lost = sum(report.missing + report.damaged for report in found)
    print(f"{_counted(found)}\nkept what is sound; {lost} transitions are gone")
    return 0


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
