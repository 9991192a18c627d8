"""`robot-meta demo-legged`: a robot's body changes while it walks; with and without adaptation."""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from robot_meta.benchmarks.demo_runs import Progress, run_all
from robot_meta.benchmarks.legged import via_launch
from robot_meta.benchmarks.legged.demo_report import ABOUT, LeggedDemoScene, write_report
from robot_meta.benchmarks.legged.film import Walk, film
from robot_meta.benchmarks.legged.judge import judge
from robot_meta.benchmarks.legged.metrics import Outcome
from robot_meta.benchmarks.legged.run import RunConfig
from robot_meta.benchmarks.legged.scenes import Timing, scene
from robot_meta.benchmarks.legged.tuning import chosen_settings
from robot_meta.collection.decoders import decoder_of
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import NotConnected
from robot_meta.resources import resource
from robot_meta.robots.description import legged_description
from robot_meta.twin.legged.puppet import Stance

CONTROLLERS = ("adapted", "static")
ROBOT = "go2"
FILMED = (2.0, 7.0)  # before and after the change of the first scene, [s]


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta demo-legged`."""
    parser = argparse.ArgumentParser(
        prog="robot-meta demo-legged",
        description="The robot walks along a path, and midway its body changes: once with "
        "adaptation, once without. Through the launch file, with the real nodes.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out/demo-legged"), help="folder to write to"
    )
    parser.add_argument("--scenes", nargs="+", choices=list(ABOUT), default=list(ABOUT))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", type=Path, help="folder of the weights (default: shipped)")
    args = parser.parse_args(argv)
    timing, begin = Timing(), time.monotonic()
    folder = args.out / "runs"
    shutil.rmtree(folder, ignore_errors=True)
    models = args.models or resource("models")
    configs = {
        (name, row): RunConfig(
            row=row,
            settings=chosen_settings()[row],
            split="test",
            scene=name,
            seed=args.seed,
            models=str(models.resolve()),
            robot=ROBOT,
            timing=timing,
        )
        for name in args.scenes
        for row in CONTROLLERS
    }

    def one(name: str, row: str, progress: Progress) -> RunReader:
        place = folder / f"{name}-{row}"
        return via_launch.launched(configs[name, row], place, progress=progress)

    def outcome(name: str, row: str) -> Outcome:
        series = via_launch.recorded_series(readers[name, row], configs[name, row])
        return Outcome(row, name, args.seed, judge(series, timing), series)

    readers = run_all(args.scenes, CONTROLLERS, timing.end, one)
    scenes = [
        LeggedDemoScene(
            scene("test", name, args.seed, timing),
            {row: outcome(name, row) for row in CONTROLLERS},
        )
        for name in args.scenes
    ]
    print(_table(scenes))
    moving = _film({row: readers[args.scenes[0], row] for row in CONTROLLERS}, timing)
    report = args.out / "report.html"
    write_report(scenes, timing, moving, report)
    print(f"\n{time.monotonic() - begin:.0f} s. Plots: {report}")
    return 0


def _film(readers: Mapping[str, RunReader], timing: Timing) -> bytes:
    """The walks of a scene around its change, as a GIF; empty where nothing can be drawn."""
    description, decoder = legged_description(ROBOT), decoder_of(ROBOT)
    walks = {}
    for row, reader in readers.items():
        observations = [observation for observation, _ in reader.periods(decoder)]
        stamp = np.array([observation.stamp for observation in observations])
        target = next(reader.paths(decoder)).at(stamp)[:, :2]
        walks[row] = Walk(stamp, [Stance.of(o) for o in observations], target)
    begin, end = (
        round((timing.change + shift) / description.spec.control_dt)
        for shift in (-FILMED[0], FILMED[1])
    )
    os.environ.setdefault("MUJOCO_GL", "egl")  # MuJoCo reads it when it is imported: over there
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(film, description, walks, slice(begin, end)).result()
    except NotConnected as error:
        print(f"no pictures: {error}; see `robot-meta doctor`")
        return b""


def _table(scenes: Sequence[LeggedDemoScene]) -> str:
    lines = [
        "",
        "Distance from the path's moving point (RMS) before the change and from 2.5 s after it:",
        "",
        f"{'scene':<12}{'controller':<12}{'before':>10}{'after':>11}{'peak':>11}{'falls':>7}",
    ]
    for item in scenes:
        for row, outcome in item.outcomes.items():
            f = outcome.figures
            lines.append(
                f"{outcome.scene:<12}{row:<12}{100 * f['before_m']:7.1f} cm"
                f"{100 * f['after_m']:8.1f} cm{100 * f['peak_m']:8.1f} cm{f['falls']:7.0f}"
            )
    return "\n".join(lines)
