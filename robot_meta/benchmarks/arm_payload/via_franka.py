"""`--backend franka`: rows and scenes through libfranka and the launch file, as time goes by.

A server of the robot's protocol stands for the arm; its payload has weight, its joints can be
weak. It has no torque sensors: nothing takes a load for a touch there.
"""

from __future__ import annotations

import argparse
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload import run as in_process
from robot_meta.benchmarks.arm_payload.judge import Series, judge
from robot_meta.benchmarks.arm_payload.metrics import Outcome
from robot_meta.benchmarks.arm_payload.rows import row_version
from robot_meta.benchmarks.arm_payload.run import RunConfig
from robot_meta.benchmarks.arm_payload.scenes import Timing, scene
from robot_meta.benchmarks.arm_payload.table import rows_of
from robot_meta.benchmarks.arm_payload.tuning import chosen_settings
from robot_meta.benchmarks.arm_payload.via_launch import KINDS, parameters_of
from robot_meta.benchmarks.franka.model import write_model
from robot_meta.benchmarks.franka.server import PYTHON, ProtocolServer, one_clock
from robot_meta.benchmarks.franka.stack import SMALL_MACHINE, StackRun, follow_path
from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.results import Results
from robot_meta.benchmarks.shards import run_shards
from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.config import FrankaConfig

SCENES = ("payload", "weak")
QUICK_ROWS = ("static", "adapted")
CHANGED = ("payload_mass", "payload_offset", "joint_gain")  # what the server can change


def run(args: argparse.Namespace, models: Path, version: str) -> Results:
    """Run what `args` ask for, one after the other, and print the table."""
    chosen = chosen_settings()
    rows = args.rows or (QUICK_ROWS if args.profile == "quick" else tuple(KINDS))
    unknown = [row for row in rows if row not in KINDS]
    if unknown:
        raise ValueError(f"through the nodes there are the rows {sorted(KINDS)}, got {unknown}")
    configs = [
        RunConfig(
            row=row,
            settings=chosen[row],
            split="test",
            scene=name,
            seed=seed,
            models=str(models),
            version=row_version(row, models, version),
        )
        for row in rows
        for name in args.scenes or SCENES
        for seed in range(args.seed, args.seed + (args.seeds or 1))
    ]
    work = partial(_run_shard, folder=args.out / "franka")
    results = run_shards(configs, work, args.out / "shards_franka", jobs=1)
    outcomes = [
        Outcome.from_result(config.row, config.scene, config.seed, result)
        for config, result in zip(configs, results, strict=True)
    ]
    keys = ("before_mm", "after_mm", "ratio", "recover_s", "rearmed", "stops")
    body = [
        [o.row, o.scene, str(o.seed), *(f"{o.figures[key]:.3g}" for key in keys)] for o in outcomes
    ]
    print("\n".join(table(["row", "scene", "seed", *keys], body)))
    metrics = {
        f"{row}_ratio": max(
            float(np.mean([o.figures["ratio"] for o in outcomes if (o.row, o.scene) == (row, s)]))
            for s in {o.scene for o in outcomes}
        )
        for row in rows
    }
    metrics["reflexes"] = sum(o.figures["reflexes"] for o in outcomes)
    return Results(
        name="arm-payload-franka",
        profile=args.profile,
        seed=args.seed,
        metrics=metrics,
        rows=rows_of(outcomes),
    )


def _run_shard(config: RunConfig, folder: Path) -> dict[str, Any]:
    """Figures and series of a run, as JSON can hold them."""
    place = folder / f"{config.row}-{config.scene}-{config.seed}-{int(time.time())}"
    place.mkdir(parents=True)
    model = write_model(arm_description(config.robot), place / "arm.xml")
    timing = config.timing
    with ProtocolServer(one_clock(PYTHON, model.resolve()), place / "server.log") as server:
        done = follow_path(
            place / "launched",
            timing.end - timing.start,
            watchdog=FrankaConfig().watchdog,
            parameters=_parameters(config),
            on_path=partial(_change_later, server, config),
        )
    series = series_of(done, timing)
    figures = judge(series, timing) | {
        "rearmed": float(done.rearmed),
        "stops": float(len(done.stops)),
        "reflexes": float(sum(reason.islower() for reason in done.stops)),
    }
    return {"figures": figures, "series": series.as_lists()}


def _parameters(config: RunConfig) -> dict[str, dict[str, Any]]:
    """As in the other benchmarks, with a planner for the machine that the server runs on too."""
    usual = parameters_of(config)
    controller = {
        key: value
        for key, value in usual["controller"].items()
        if not key.startswith("planner.sampling.")
    }
    return {"controller": controller | SMALL_MACHINE, "task": usual["task"]}


def _change_later(server: ProtocolServer, config: RunConfig, begin: float) -> None:
    """Change the body when its time comes; `begin` is that of the path, on the system's clock."""
    differences = scene(config.split, config.scene, config.seed).body.differences()
    unable = sorted(set(differences) - set(CHANGED))
    if unable:
        raise ValueError(f"the server cannot change {unable}; choose one of the scenes {SCENES}")
    body = dict(differences)
    if "payload_mass" in body:
        body.setdefault("payload_offset", (0.0, 0.0, 0.0))
    wait = begin + config.timing.change - config.timing.start - time.time()
    timer = threading.Timer(max(0.0, wait), server.change, [body])
    timer.daemon = True
    timer.start()


def series_of(done: StackRun, timing: Timing) -> Series:
    """One value per recorded period, from the approach to the end of the path.

    The tool is where the joints say, since they are measured without noise and the hand is stiff.
    """
    (target, *_) = done.reader.targets()
    shift = target.stamp[0] - timing.start
    steps = [
        (observation, commanded)
        for observation, commanded in done.reader.steps(done.description.spec.joint_names)
        if 0.0 <= observation.stamp - shift <= timing.end
    ]
    adaptation = done.reader.adaptation()
    stamp = np.array([observation.stamp for observation, _ in steps])
    told = [adaptation.get(float(t), {}) for t in stamp]
    position = np.array([observation.position for observation, _ in steps])
    return Series(
        stamp=stamp - shift,
        target=target.at(stamp),
        tool=done.description.chain.tool_position_in_base(position),
        torque=np.array([observation.torque for observation, _ in steps]),
        external_torque=np.array([observation.external_torque for observation, _ in steps]),
        altered=np.array([float(commanded.altered) for _, commanded in steps]),
        act_ms=np.array([values.get("tick_ms", 0.0) for values in told]),
        losses=np.array(
            [[values.get(key, np.nan) for key in in_process.DIAGNOSTICS] for values in told]
        ),
    )
