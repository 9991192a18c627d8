"""`robot-meta replay`: adapt to a recorded run again, and compare with what happened live."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch

from robot_meta.build import BuildConfig, build_controller
from robot_meta.collection.decoders import decoder_of
from robot_meta.collection.replay import replay
from robot_meta.collection.run_reader import RunReader
from robot_meta.errors import RecordingFailed
from robot_meta.nodes.fields import coerced, facts, replaced

TOLERANCE = 1e-5  # relative difference up to which two adaptations are the same
DIFFERS = 1  # exit code where they are not

EPILOG = """example:
  robot-meta replay out/runs/first
Weights, adapter and guard are those that the run was recorded with, unless told otherwise.
Exit code 1 says that the adapted weights differ from the live ones.
"""

ConfigT = TypeVar("ConfigT")


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta replay`."""
    args = _parser().parse_args(argv)
    torch.set_num_threads(1)  # as the controller node has it by default
    run = RunReader(args.run)
    namespace = args.namespace or run.manifest.get("namespace", "/")
    config = recorded_config(run, namespace)
    if args.model:
        config = dataclasses.replace(config, model=str(args.model))
    controller = build_controller(config)
    largest, count, last = 0.0, 0, None
    for last in replay(run, decoder_of(config.robot), controller, namespace):
        largest, count = max(largest, last.difference), count + 1
    if last is None:
        raise RecordingFailed(f"{run.path} holds no period at which the controller adapted")
    print(
        f"{count} updates of adapter '{config.adapter.kind}' until {last.stamp:.2f} s\n"
        f"last one: loss {last.figures.get('loss_before', float('nan')):.4g} before, "
        f"{last.figures.get('loss_after', float('nan')):.4g} after; the weights moved by "
        f"{last.figures.get('shift', 0.0):.4g}\n"
        f"largest relative difference from the live figures: {largest:.1e}"
    )
    return 0 if largest <= TOLERANCE else DIFFERS


def recorded_config(run: RunReader, namespace: str) -> BuildConfig:
    """What the live controller was made of, from the parameters in the manifest.

    Raises:
        RecordingFailed: The manifest knows nothing of a controller in `namespace`.
    """
    nodes: dict[str, dict[str, Any]] = run.manifest.get("parameters", {})
    base = namespace.rstrip("/")
    if f"{base}/controller" not in nodes:
        raise RecordingFailed(
            f"the manifest beside {run.path} knows no parameters of '{base}/controller', only of "
            f"{sorted(nodes)}"
        )
    given = nodes[f"{base}/controller"]
    config = _set(BuildConfig(), given, skip=("controller", "guard", "adapter"))
    adapter = _set(config.adapter, given, "adapter.")
    if not given.get("adapt", True):
        adapter = dataclasses.replace(adapter, kind="none")
    return dataclasses.replace(
        config,
        adapter=adapter,
        controller=_set(config.controller, given),
        guard=_set(config.guard, nodes.get(f"{base}/robot", {}), "guard."),
    )


def _set(
    defaults: ConfigT, given: Mapping[str, Any], prefix: str = "", skip: Sequence[str] = ()
) -> ConfigT:
    """`defaults` with those of its fields set that are parameters in `given`."""
    values = {
        fact.name: coerced(fact.kind, given[prefix + fact.name])
        for fact in facts(defaults, skip=skip)
        if prefix + fact.name in given
    }
    return replaced(defaults, values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta replay",
        description="Adapt to a recorded run again and compare with what happened live.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="run folder, or the MCAP file in it")
    parser.add_argument("--model", type=Path, help="weights file (default: as recorded)")
    parser.add_argument("--namespace", help="of the robot (default: as recorded)")
    return parser
