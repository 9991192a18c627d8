"""The page that `make demo` leaves behind: one self-contained HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from robot_meta.benchmarks.arm_payload import plots
from robot_meta.benchmarks.arm_payload.judge import RECOVERY_LEGEND, Series, recovery_text
from robot_meta.benchmarks.arm_payload.scenes import REFLEX_TORQUE, Scene, Timing
from robot_meta.benchmarks.demo_page import picture, table, write_page
from robot_meta.twin.perturbations import TWIN_ONLY

ABOUT = {
    "payload": "2 kg are put into the hand, off its centre",
    "weak": "joints 2 and 4 deliver 40 % of their feedback torque, and 1 kg is held",
    "dead": "joint 3 delivers no feedback torque at all",
}


@dataclass(frozen=True)
class DemoScene:
    """One scene with its runs.

    Attributes:
        scene: What happened to the arm.
        runs: What it did, by "adapted" and "static".
        figures: What came of it, the same keys.
    """

    scene: Scene
    runs: Mapping[str, Series]
    figures: Mapping[str, Mapping[str, float]]


def write_report(scenes: list[DemoScene], timing: Timing, path: Path) -> None:
    """Write the page to `path`."""
    parts = [
        f"<p>The tool follows a figure-eight. {timing.change:g} s after the start the body "
        "changes. Once the dynamics model adapts while the arm moves, once it does not; "
        "everything else is the same: guard, planner, path, noise. All runs went through the "
        "launch file, in lockstep; the tool is where the measured joints put it.</p>",
        _table(scenes, timing),
        *(_section(scene, timing) for scene in scenes),
        _tick_histogram(scenes),
    ]
    write_page("The arm whose body changes", parts, path)


def _table(scenes: list[DemoScene], timing: Timing) -> str:
    rows = []
    for item in scenes:
        for name, figures in item.figures.items():
            cells = [
                item.scene.name,
                name,
                f"{figures['before_mm']:.1f}",
                f"{figures['after_mm']:.1f}",
                f"× {figures['ratio']:.2f}",
                f"{figures['peak_mm']:.0f}",
                recovery_text(figures["recover_s"], timing),
            ]
            rows.append(cells)
    heads = (
        "scene",
        "controller",
        "RMS error before [mm]",
        "after [mm]",
        "after / before",
        "peak [mm]",
        "recovers in",
    )
    return table(heads, rows) + f"<p>{html.escape(RECOVERY_LEGEND)}</p>"


def _section(item: DemoScene, timing: Timing) -> str:
    changed = sorted(item.scene.body.differences())
    marks = [
        f"<span class='twin'><code>{name}</code> (twin only: no hand can do this to a real arm)"
        "</span>"
        if name in TWIN_ONLY
        else f"<code>{name}</code>"
        for name in changed
    ]
    name = item.scene.name
    return (
        f"<h2>{html.escape(name)}</h2><p>{html.escape(ABOUT.get(name, ''))}. "
        f"Changed: {', '.join(marks)}.</p>{picture(_figure(item, timing))}"
    )


def _figure(item: DemoScene, timing: Timing) -> Any:
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    (error, path), (losses, torque) = figure.subplots(2, 2)
    for name, series in item.runs.items():
        plots.draw_error(error, series, name)
    error.set_title("tracking error", fontsize=10)
    error.set_ylabel("tool error [mm]")
    error.legend(fontsize=8)
    plots.draw_paths(path, dict(sorted(item.runs.items(), reverse=True)), timing)
    path.set_title("tool path after the change, seen along x", fontsize=10)
    path.legend(fontsize=8)
    plots.draw_losses(losses, item.runs["adapted"])
    losses.set_title("adapted: loss on the newest window", fontsize=10)
    losses.legend(fontsize=8)
    _draw_torque(torque, item)
    for axis in (error, losses, torque):
        axis.axvline(timing.change, color="black", linewidth=0.8, linestyle=":")
        axis.set_xlabel("time [s]; the body changes at the dotted line")
    return figure


def _draw_torque(axis: Any, item: DemoScene) -> None:
    """Estimated external torque of each joint as a share of what triggers the arm's reflex."""
    series = item.runs["adapted"]
    shares = np.abs(series.external_torque) / REFLEX_TORQUE
    for joint in range(shares.shape[1]):
        axis.plot(series.stamp, shares[:, joint], linewidth=0.9, label=f"{joint + 1}")
    axis.axhline(1.0, color="#c0392b", linewidth=1.2)
    axis.set_ylim(0.0, 1.1)
    fault = " (twin-only fault)" if item.scene.twin_only else ""
    axis.set_title(f"external torque / reflex threshold, by joint{fault}", fontsize=10)
    axis.legend(fontsize=7, ncols=7)


def _tick_histogram(scenes: list[DemoScene]) -> str:
    ticks = np.concatenate([item.runs["adapted"].act_ms for item in scenes])
    ticks = ticks[np.isfinite(ticks)]
    if not len(ticks):
        return ""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    axis = figure.subplots()
    axis.hist(ticks, bins=60, color="#1f6fb4")
    axis.set_xlabel("time from measurement to command, adapted [ms]")
    axis.set_ylabel("ticks")
    p50, p99 = np.percentile(ticks, [50, 99])
    return (
        f"<h2>Tick time</h2><p>p50 {p50:.1f} ms, p99 {p99:.1f} ms of the 20 ms period; in "
        "lockstep the arm waits, and other runs share the machine.</p>" + picture(figure)
    )
