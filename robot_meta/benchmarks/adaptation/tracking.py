"""Closed loop: the tool follows a figure-eight, the body changes on the way, as in arm-payload."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from robot_meta.benchmarks.adaptation.contenders import Player
from robot_meta.benchmarks.arm_payload.judge import judge
from robot_meta.benchmarks.arm_payload.run import assemble, drive
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, Timing, scene, suite_scene
from robot_meta.controller import ControllerConfig
from robot_meta.robots.description import arm_description
from robot_meta.safety.guard import GuardConfig
from robot_meta.twin.splits import kinds

VALIDATION = "validation"


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """One player through one scene.

    Attributes:
        player: Who drives.
        split: Of bodies, or `VALIDATION` for the scenes that settings are chosen on.
        kind: Of body in the split, or name of the validation scene.
        seed: Of body, path, sensor noise and planner.
        timing: When things happen.
        robot: Robot type.
        version: Hash of the code.
    """

    player: Player
    split: str
    kind: str
    seed: int
    timing: Timing = field(default_factory=Timing)
    robot: str = "fr3"
    version: str = ""


def track(job: Tracking) -> dict[str, float]:
    """Figures of the run, as in arm-payload."""
    torch.set_num_threads(1)
    description = arm_description(job.robot)
    world = (scene if job.split == VALIDATION else suite_scene)(job.split, job.kind, job.seed)
    prepared = assemble(
        description,
        job.player.dynamics(),
        world,
        job.timing,
        ControllerConfig(seed=job.seed),
        GuardConfig(),
    )
    ticks = job.timing.ticks(description.spec.control_dt)
    return judge(drive(prepared, prepared.controller.act, ticks).series(), job.timing)


def scenes_of(splits: tuple[str, ...], count: int, seed: int) -> list[tuple[str, str]]:
    """Split and kind of the scenes of a seed: the nominal one, and up to `count` of each split.

    The next seed goes on with the kinds that this one has left out.
    """
    chosen = [(NOMINAL, NOMINAL)]
    for split in splits:
        names = kinds(split)
        some = min(count, len(names))
        chosen += [(split, names[(some * seed + i) % len(names)]) for i in range(some)]
    return chosen
