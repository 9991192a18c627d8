"""`robot-meta demo`: the arm's body changes while it draws; with and without adaptation."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from robot_meta.benchmarks.arm_payload import via_launch
from robot_meta.benchmarks.arm_payload.judge import (
    RECOVERY_LEGEND,
    Series,
    judge,
    recovery_text,
)
from robot_meta.benchmarks.arm_payload.run import RunConfig
from robot_meta.benchmarks.arm_payload.scenes import FIXED, Timing, scene
from robot_meta.benchmarks.arm_payload.tuning import chosen_settings
from robot_meta.benchmarks.demo_report import ABOUT, DemoScene, write_report
from robot_meta.benchmarks.demo_runs import Progress, run_all
from robot_meta.benchmarks.launched import LaunchedArm
from robot_meta.benchmarks.recorded import recorded_series
from robot_meta.resources import resource
from robot_meta.robots.description import arm_description

CONTROLLERS = ("adapted", "static")
VIEW_PORT = 8080
LOADING = 8.0  # that the nodes and the view get to load before the live run begins, [s]
ROBOT = "fr3"


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta demo`."""
    parser = argparse.ArgumentParser(
        prog="robot-meta demo",
        description="The tool follows a figure-eight, and midway the body changes: once with "
        "adaptation, once without. Through the launch file, with the real nodes.",
    )
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="folder to write to")
    parser.add_argument("--scenes", nargs="+", choices=FIXED, default=list(FIXED))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", type=Path, help="folder of the weights (default: shipped)")
    parser.add_argument(
        "--view",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also show the first scene live in the browser, in real time",
    )
    args = parser.parse_args(argv)
    timing = Timing()
    begin = time.monotonic()
    folder = args.out / "runs"
    shutil.rmtree(folder, ignore_errors=True)
    models = args.models or resource("models")
    if args.view:
        _show(_config(args.scenes[0], "adapted", args.seed, timing, models), folder)
    scenes = _run_all(args.scenes, args.seed, timing, folder, models)
    print(_table(scenes, timing))
    report = args.out / "report.html"
    write_report(scenes, timing, report)
    print(f"\n{time.monotonic() - begin:.0f} s. Plots: {report}")
    return 0


def _run_all(
    names: Sequence[str], seed: int, timing: Timing, folder: Path, models: Path
) -> list[DemoScene]:
    """Every scene with both controllers."""

    def one(name: str, row: str, progress: Progress) -> Series:
        return _launch(_config(name, row, seed, timing, models), folder, progress)

    done = run_all(names, CONTROLLERS, timing.end, one)
    scenes = []
    for name in names:
        runs = {row: done[name, row] for row in CONTROLLERS}
        figures = {row: judge(series, timing) for row, series in runs.items()}
        scenes.append(DemoScene(scene("test", name, seed), runs, figures))
    return scenes


def _config(name: str, row: str, seed: int, timing: Timing, models: Path) -> RunConfig:
    return RunConfig(
        row=row,
        settings=chosen_settings()[row],
        split="test",
        scene=name,
        seed=seed,
        models=str(models.resolve()),
        robot=ROBOT,
        timing=timing,
    )


def _launch(config: RunConfig, folder: Path, progress: Progress) -> Series:
    """One launch in lockstep, from start to end; what its recording tells."""
    parameters = via_launch.parameters_of(config)
    place = folder / f"{config.scene}-{config.row}"
    arguments = {**via_launch.LOCKSTEP, "adapt": str(config.row != "static").lower()}
    with LaunchedArm(place, parameters, arguments) as arm:
        arm.wait_until(config.timing.end, progress)
        arm.end()
        return recorded_series(arm.recording(), arm_description(ROBOT), config.timing.end)


def _show(config: RunConfig, folder: Path) -> None:
    """The scene in real time, for whoever opens the page."""
    timing = config.timing
    print(f"Live at http://127.0.0.1:{VIEW_PORT}, adapted: {ABOUT[config.scene]}.")
    parameters = via_launch.parameters_of(config)
    del parameters["robot"]["twin.schedule"]  # robot time runs while the other nodes still load
    parameters["task"]["start"] = LOADING
    body = scene(config.split, config.scene, config.seed).body.differences()
    arguments = {"backend": "twin", "arm_on_start": "true", "view": "true"}
    with LaunchedArm(folder / "live", parameters, arguments) as arm:
        zero = arm.wait_for_target() - timing.start
        with tqdm(total=timing.end, desc="live", ncols=80, mininterval=1.0) as bar:
            bar.bar_format = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s"

            def progress(stamp: float) -> None:
                bar.update(max(0.0, min(stamp - zero, timing.end) - bar.n))

            arm.wait_until(zero + timing.change, progress)
            arm.set_parameters("robot", {f"twin.perturbations.{k}": v for k, v in body.items()})
            arm.wait_until(zero + timing.end, progress)


def _table(scenes: Sequence[DemoScene], timing: Timing) -> str:
    lines = [
        "",
        "Tool error (RMS) in the round before the change and in a round from 1 s after it:",
        "",
        f"{'scene':<9}{'controller':<12}{'before':>9}{'after':>10}{'ratio':>8}"
        f"{'peak':>10}{'recovers in':>13}",
    ]
    for item in scenes:
        for row, figures in item.figures.items():
            recovers = recovery_text(figures["recover_s"], timing)
            lines.append(
                f"{item.scene.name:<9}{row:<12}{figures['before_mm']:6.1f} mm"
                f"{figures['after_mm']:7.1f} mm{figures['ratio']:8.2f}"
                f"{figures['peak_mm']:7.1f} mm{recovers:>13}"
            )
    return "\n".join([*lines, "", RECOVERY_LEGEND])
