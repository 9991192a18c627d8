"""The page that `make demo-legged` leaves behind: one self-contained HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from robot_meta.benchmarks.demo_page import moving_picture, picture, table, write_page
from robot_meta.benchmarks.legged.metrics import Outcome
from robot_meta.benchmarks.legged.plots import draw_error, draw_path
from robot_meta.benchmarks.legged.scenes import Scene, Timing

ABOUT = {
    "response": "the robot walks and turns half as fast as it is told to",
    "imu_yaw": "the inertial unit sits turned by 15 degrees about the vertical axis",
    "payload": "6 kg are put on the trunk, off its centre: twice the most that was trained with",
}


@dataclass(frozen=True)
class LeggedDemoScene:
    """One scene with its runs.

    Attributes:
        scene: What happened to the robot.
        outcomes: What came of it, by "adapted" and "static".
    """

    scene: Scene
    outcomes: Mapping[str, Outcome]


def write_report(
    scenes: Sequence[LeggedDemoScene], timing: Timing, film: bytes, path: Path
) -> None:
    """Write the page to `path`; `film` is a GIF of the first scene, or empty."""
    moving = (
        f"<p>The first scene around its change, drawn from its recording; blue: the path, "
        f"orange: where the robot was.</p>{moving_picture(film)}"
        if film
        else "<p>Nothing can be drawn on this machine; see <code>robot-meta doctor</code>.</p>"
    )
    parts = [
        f"<p>It walks along a path at {timing.speed:g} m/s, or at {timing.slow_speed:g} m/s "
        f"where its changed body cannot be fast. {timing.change:g} s after the start its body "
        "changes. Once the dynamics model adapts while it walks, once it does not; "
        "everything else is the same: guard, planner, path, noise. All runs went through the "
        "launch file, in lockstep; the robot is where its position source put it, which has 5 mm "
        "of noise.</p>",
        moving,
        _table(scenes, timing),
        *(_section(item, timing) for item in scenes),
    ]
    write_page("The robot that keeps its line", parts, path)


def _table(scenes: Sequence[LeggedDemoScene], timing: Timing) -> str:
    heads = (
        "scene",
        "controller",
        "RMS distance before [cm]",
        f"from {timing.settle:g} s after [cm]",
        "peak [cm]",
        "falls",
    )
    rows = [
        [
            outcome.scene,
            row,
            f"{100 * outcome.figures['before_m']:.1f}",
            f"{100 * outcome.figures['after_m']:.1f}",
            f"{100 * outcome.figures['peak_m']:.0f}",
            f"{outcome.figures['falls']:.0f}",
        ]
        for item in scenes
        for row, outcome in item.outcomes.items()
    ]
    return table(heads, rows)


def _section(item: LeggedDemoScene, timing: Timing) -> str:
    name = next(iter(item.outcomes.values())).scene
    changes = ", ".join(
        f"<code>{field} {html.escape(str(value))}</code>"
        for field, value in item.scene.body.differences().items()
    )
    return (
        f"<h2>{html.escape(name)}</h2><p>{html.escape(ABOUT[name])}. Changed: {changes}.</p>"
        f"{picture(_figure(item, timing))}"
    )


def _figure(item: LeggedDemoScene, timing: Timing) -> Any:
    """The paths from above, and the error over time."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    path, error = figure.subplots(1, 2)
    for outcome in reversed(list(item.outcomes.values())):
        draw_path(path, outcome, timing)
        draw_error(error, outcome, timing)
    path.set_aspect("equal", adjustable="datalim")
    path.set_title(f"{item.scene.path_name} from above, after the change [m]", fontsize=10)
    error.set_title("distance from the path's moving point, over one second [m]", fontsize=10)
    error.set_xlabel("time [s]; the body changes at the dotted line")
    for axis in (path, error):
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    return figure
