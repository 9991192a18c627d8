"""`robot-meta twin fit`: friction, delay and stiffness of the twin from a recorded run."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from tqdm import tqdm

from robot_meta.build import AdapterConfig, BuildConfig, build_dynamics
from robot_meta.collection.k_step import adapted_contexts, model_errors
from robot_meta.collection.run_reader import RunReader
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.model import Context
from robot_meta.robots.description import ArmDescription, arm_description, with_gains
from robot_meta.twin.identification import JointBehavior, errors, fit_behavior, nominal_behavior
from robot_meta.twin.plant import PlantConfig
from robot_meta.twin.segments import Segment, SegmentSimulator, segments_from
from robot_meta.types import Array, Commanded, Observation

BETTER = 0.8  # of the nominal twin's error, that a fit is worth its while

EPILOG = """examples:
  robot-meta twin fit out/runs/first --out my_twin.yaml
  robot-meta twin fit out/runs/first --model out/mine.safetensors
      also says how well that model predicts the run
  robot-meta launch arm.launch.xml params_file:=my_twin.yaml
      a twin that moves as the recorded robot did
The run should hold a minute or more of free motion of every joint, in contact with nothing and
with the load that the robot was told of: `robot-meta excite` records one. Half of the segments are
fitted, the table judges on the other half. A delay of the law and one of the readings look the
same, so the file names one delay for both.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta twin fit`."""
    args = _parser().parse_args(argv)
    run = RunReader(args.run)
    description = _recorded_arm(run, args.robot)
    spec = description.spec
    steps = list(run.steps(spec.joint_names, args.namespace))
    rng = np.random.default_rng(args.seed)
    segments = segments_from(spec, steps, args.periods, 2 * args.segments, rng)
    if len(segments) < 2:
        raise ValueError(
            f"want at least 2 segments of {args.periods} periods in motion, got {len(segments)}; "
            "record a longer run (`robot-meta excite`) or ask for shorter segments (--periods)"
        )
    fitted, judged = segments[::2], segments[1::2]
    of_model = (
        {} if args.model is None else _model_rows(args.model, description, steps, judged)
    )  # first, so that weights that do not fit are refused before the long search
    simulator = SegmentSimulator(description, PlantConfig().observation_delay)
    nominal = nominal_behavior(description)
    with tqdm(desc="fit", unit="pass") as bar:
        found = fit_behavior(simulator, fitted, nominal, bar.update)
    rows = {
        "nominal twin": errors(simulator, judged, nominal)[0],
        "fitted twin": errors(simulator, judged, found)[0],
        **of_model,
    }
    print(_changes(spec.joint_names, nominal, found))
    print(_table(rows, judged))
    print(_verdict(rows["nominal twin"], rows["fitted twin"], len(segments), 2 * args.segments))
    _write(args.out, found, run)
    print(f"written to {args.out}; launch with params_file:={args.out}")
    return 0


def _model_rows(
    path: Path,
    description: ArmDescription,
    steps: Sequence[tuple[Observation, Commanded]],
    judged: Sequence[Segment],
) -> dict[str, Array]:
    """Errors of a learned model, as it was trained and as it would have been adapted live.

    Raises:
        BadModelFile: The weights cannot be read.
        ModelMismatch: They were trained for another robot.
    """
    model, card = load_model(path)
    card.require_match(description.spec)
    still = [Context(params=model.params)] * len(judged)
    rows = {f"{path.stem}, as trained": model_errors(model, still, judged)}
    if card.method != "plain":
        kind = AdapterConfig(kind=card.method)
        config = BuildConfig(robot=card.robot, model=str(path), adapter=kind)
        _, adapter, _ = build_dynamics(config)
        stamps = [segment.stamp for segment in judged]
        contexts = adapted_contexts(model.space, adapter, steps, set(stamps))
        adapted = [contexts[stamp] for stamp in stamps]
        rows[f"{path.stem}, adapted"] = model_errors(model, adapted, judged)
    return rows


def _recorded_arm(run: RunReader, wanted: str | None) -> ArmDescription:
    """The arm of the run with the gains that drove it, as far as its manifest tells.

    Raises:
        ValueError: The run is of another robot than `wanted`.
    """
    nodes: dict[str, dict[str, Any]] = run.manifest.get("parameters", {})
    told = next((p for name, p in nodes.items() if name.rpartition("/")[2] == "robot"), {})
    recorded = told.get("robot", wanted or "fr3")
    if wanted not in (None, recorded):
        raise ValueError(
            f"{run.path} was recorded from robot '{recorded}', want '{wanted}'; leave --robot out"
        )
    description, backend = arm_description(recorded), told.get("backend", "")
    gains = [told.get(f"{backend}.{name}") or () for name in ("stiffness", "damping")]
    return dataclasses.replace(description, spec=with_gains(description.spec, *gains))


def _changes(names: Sequence[str], before: JointBehavior, after: JointBehavior) -> str:
    lines = [f"{'':<14}{'friction [Nm]':<18}{'viscous [Nms/rad]':<20}stiffness that acts"]
    pairs = [
        (before.friction, after.friction), (before.damping, after.damping),
        (before.gain, after.gain),
    ]  # fmt: skip
    for j, name in enumerate(names):
        cells = [f"{a[j]:.3f} -> {b[j]:.3f}" for a, b in pairs]
        lines.append(f"{name:<14}{cells[0]:<18}{cells[1]:<20}{cells[2]}")
    lines.append(f"delay         {1e3 * before.delay:.1f} -> {1e3 * after.delay:.1f} ms")
    return "\n".join(lines)


def _table(rows: dict[str, Array], judged: Sequence[Segment]) -> str:
    """Root mean square position error after 1, 5 and K periods, over joints and segments."""
    periods = len(judged[0].position) - 1
    shown = sorted({1, min(5, periods), periods})
    head = "".join(f"{f'k = {k}':>10}" for k in shown)
    lines = [
        f"position error after k periods, {len(judged)} segments kept apart, RMS [mrad]",
        f"{'':<32}{head}",
    ]
    for name, error in rows.items():
        figures = [1e3 * float(np.sqrt(np.mean(error[:, k - 1] ** 2))) for k in shown]
        lines.append(f"{name:<32}" + "".join(f"{figure:>10.3f}" for figure in figures))
    return "\n".join(lines)


def _verdict(nominal: Array, fitted: Array, found: int, wanted: int) -> str:
    """What a person should make of it."""
    lines = []
    if found < wanted:
        lines.append(
            f"the run holds only {found} of {wanted} such segments in motion without a lost period"
        )
    before, after = (float(np.mean(error[:, -1] ** 2)) ** 0.5 for error in (nominal, fitted))
    if after < BETTER * before:
        lines.append(f"the fitted twin is {before / after:.1f} times nearer to the run")
    else:
        lines.append(
            "the fitted twin is hardly nearer to the run than the nominal one: use that, or "
            "record more"
        )
    return "\n".join(lines)


def _write(path: Path, found: JointBehavior, run: RunReader) -> None:
    """A parameter file for the robot node."""
    content: dict[str, Any] = {}
    for name, value in found.parameters().items():
        *groups, leaf = name.split(".")
        place = content
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = value
    text = yaml.safe_dump({"/**/robot": {"ros__parameters": content}}, sort_keys=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"# Made by `robot-meta twin fit {run.path}`: with backend:=twin only.\n{text}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta twin fit",
        description="Find friction, delay and stiffness with which the twin moves as recorded.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="run folder, or the MCAP file in it")
    parser.add_argument(
        "--out", type=Path, default=Path("out/twin.yaml"), help="parameter file to write"
    )
    parser.add_argument("--model", type=Path, help="weights to compare with")
    parser.add_argument("--robot", help="robot type (default: as recorded)")
    parser.add_argument("--namespace", help="of the robot, where the run holds several")
    parser.add_argument(
        "--segments", type=_positive, default=32, help="to fit, and as many to judge on"
    )
    parser.add_argument(
        "--periods", type=_positive, default=20, help="control periods of a segment (K)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of segments")
    return parser


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"want a whole number of at least 1, got '{text}'")
    return int(text)
