"""`robot-meta bench store`: every promise of the replay store, each beside a store without it."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.store import scale
from robot_meta.benchmarks.store.damage import flipped_bits, torn_tails
from robot_meta.benchmarks.store.disks import NoDisk, full_disk, read_only, small_disk
from robot_meta.benchmarks.store.kills import BufferedFiles, kill_rounds
from robot_meta.benchmarks.store.live import live
from robot_meta.benchmarks.store.power import power_cuts
from robot_meta.benchmarks.store.scale import drawing, fill, opening
from robot_meta.benchmarks.store.workload import Verdict
from robot_meta.replay.files import Files
from robot_meta.replay.records import Layout


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    kills: int
    cuts: int
    damages: int
    rows: int
    batches: int
    seconds: float


SIZES = {
    "quick": Size(kills=100, cuts=40, damages=20, rows=1_000_000, batches=500, seconds=4.0),
    "full": Size(kills=1000, cuts=500, damages=200, rows=10_000_000, batches=5000, seconds=60.0),
}


@dataclass(frozen=True)
class Fault:
    """One kind of trouble: what the store made of it, and what one without the rule would.

    Attributes:
        name: What was done.
        count: How often.
        wrong: What the store got wrong.
        control: What the control got wrong; None where there is nothing to leave out.
        without: What the control lacks.
        note: What else there is to say.
    """

    name: str
    count: int
    wrong: Verdict
    control: Verdict | None
    without: str
    note: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options beyond the common ones."""
    parser.add_argument(
        "--scratch", type=Path, help="folder on the disk to measure (default: OUT); 4 GB in full"
    )


def run(args: argparse.Namespace) -> Results:
    """Measure, print the tables, and leave nothing behind but the results."""
    size, seed = SIZES[args.profile], args.seed
    args.out.mkdir(parents=True, exist_ok=True)
    with _scratch(args.scratch or args.out) as folder:
        faults = list(_faults(folder, size, seed))
        metrics, rates = _figures(folder, size, seed)
    wrong = sum((fault.wrong for fault in faults), Verdict())
    metrics = {
        "acked_lost": wrong.lost,
        "duplicated": wrong.duplicated,
        "corrupt_returned": wrong.corrupt + metrics.pop("live_corrupt"),
        **metrics,
    }
    print(_text(faults, rates, metrics))
    rows = [_row(fault) for fault in faults] + rates
    return Results(name=args.name, profile=args.profile, seed=seed, metrics=metrics, rows=rows)


@contextlib.contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="store-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _faults(folder: Path, size: Size, seed: int) -> Iterator[Fault]:
    few = max(20, size.kills // 10)
    wrong, promised = kill_rounds(folder / "kills", size.kills, seed)
    control, _ = kill_rounds(folder / "kills-control", few, seed, BufferedFiles)
    note = f"{promised} acknowledged; control: {few} kills"
    yield Fault("kill -9", size.kills, wrong, control, "write before acknowledging", note)
    wrong, unchecked, promised = power_cuts(folder / "cuts", size.cuts, seed)
    control, _, _ = power_cuts(folder / "cuts-control", few, seed, honest=False)
    note = f"{promised} acknowledged; control: {few} cuts"
    yield Fault("power cut", size.cuts, wrong, control, "sync before acknowledging", note)
    yield Fault("power cut, same files", size.cuts, Verdict(), unchecked, "checksums")
    wrong, unchecked = torn_tails(folder / "torn", size.damages, seed)
    yield Fault("torn tail", size.damages, wrong, unchecked, "checksums")
    wrong, unchecked, noticed = flipped_bits(folder / "flipped", size.damages, seed)
    note = f"`verify` found {noticed} of {size.damages}"
    yield Fault("flipped bit", size.damages, wrong, unchecked, "checksums", note)
    yield from _disk_faults(folder, seed)


def _disk_faults(folder: Path, seed: int) -> Iterator[Fault]:
    try:
        with small_disk(folder / "disk") as disk:
            wrong = full_disk(disk, seed, Files)
        with small_disk(folder / "disk-control") as disk:
            control = full_disk(disk, seed, BufferedFiles)
        yield Fault("disk full", 2, wrong, control, "write before acknowledging")
        with small_disk(folder / "disk-read-only") as disk:
            wrong, told = read_only(disk, seed)
        note = "a writer is told" if told else "A WRITER IS NOT TOLD"
        yield Fault("read-only disk", 1, wrong, None, "", note)
    except NoDisk as reason:
        yield Fault("disk full, read-only disk", 0, Verdict(), None, "", f"skipped: {reason}")


def _figures(folder: Path, size: Size, seed: int) -> tuple[dict[str, float], list[dict[str, Any]]]:
    beside = live(folder / "live", size.seconds, seed)
    path = folder / "large"
    written = fill(path, size.rows, seed)
    cold_read, cold_write = opening(path, cold=True)
    warm_read, warm_write = opening(path, cold=False)
    drawn = drawing(path, size.batches, seed)
    rows = f"{size.rows // 1_000_000}m"
    rates = [{"sampling": name, **rate} for name, rate in drawn["rates"].items()]
    metrics = {
        "live_corrupt": beside.corrupt,
        "live_rows_read": beside.rows_read,
        "live_rate": beside.rate,
        "append_p99_ms": beside.append_p99_ms,
        "acknowledge_p50_ms": beside.acknowledge_p50_ms,
        "acknowledge_p99_ms": beside.acknowledge_p99_ms,
        "row_bytes": Layout.of(scale.FIELDS).row_bytes,
        f"written_rows_per_s_{rows}": written,
        f"recovery_s_{rows}": cold_write,
        f"reopen_s_{rows}": warm_write,
        f"open_s_{rows}": cold_read,
        f"open_warm_s_{rows}": warm_read,
        f"batches_per_s_{rows}": min(rate["batches_per_s"] for rate in rates),
        f"batches_per_cpu_s_{rows}": min(rate["batches_per_cpu_s"] for rate in rates),
        "rss_growth_mb": drawn["growth_mb"],
        "index_bytes_per_row": drawn["index_bytes_per_row"],
        "anonymous_bytes_per_row": drawn["anonymous_bytes_per_row"],
    }
    return metrics, rates


def _row(fault: Fault) -> dict[str, Any]:
    row: dict[str, Any] = {
        "fault": fault.name,
        "count": fault.count,
        "lost": fault.wrong.lost,
        "duplicated": fault.wrong.duplicated,
        "corrupt": fault.wrong.corrupt,
        "note": fault.note,
    }
    if fault.control is not None:
        row |= {
            "control_without": fault.without,
            "control_lost": fault.control.lost,
            "control_duplicated": fault.control.duplicated,
            "control_corrupt": fault.control.corrupt,
        }
    return row


def _text(faults: list[Fault], rates: list[dict[str, Any]], metrics: dict[str, float]) -> str:
    body = []
    for fault in faults:
        wrong, control = fault.wrong, fault.control
        body.append(
            [
                fault.name,
                str(fault.count),
                f"{wrong.lost} / {wrong.duplicated} / {wrong.corrupt}",
                f"{control.lost} / {control.duplicated} / {control.corrupt}" if control else "",
                fault.without,
                fault.note,
            ]
        )
    head = ["trouble", "times", "lost / twice / corrupt", "control", "which lacks", ""]
    lines = table(head, body) + [""]
    lines += table(
        ["sampling", "batches of 256 per s", "per s of processor"],
        [
            [r["sampling"], f"{r['batches_per_s']:.0f}", f"{r['batches_per_cpu_s']:.0f}"]
            for r in rates
        ],
    )
    lines += ["", *table(["figure", ""], [[key, f"{v:.4g}"] for key, v in metrics.items()])]
    return "\n".join(lines)
